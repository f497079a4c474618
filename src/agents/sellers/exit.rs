//! Exit: a seller keeps books, and gives up after too many weeks of losing money.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Cents, ProductId};

/// Months of 30 days, as fees are charged, in a week: by how much of a fee each week is burdened.
const MONTHS_PER_WEEK: f64 = 7.0 / 30.0;

/// When a seller gives up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExitSpec {
    /// Weeks of negative margin in a row after which it leaves [weeks].
    #[garde(range(min = 1, max = 10_000))]
    pub weeks: u32,
    /// Loss in a week that it puts up with: no more than this does not count [EUR/week].
    #[garde(range(min = 0.0, max = 1e6))]
    pub tolerated_loss: f64,
}

/// A seller's books of the week: revenue − cost of goods − commission − carriers − fees. A monthly fee burdens
/// the weeks of its month alike, so that a fee does not make one loss in four.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Books {
    // This week's revenue less commission, cost of goods and carriers [cents].
    margin: f64,
    // Fees not yet spread over weeks, and what each week bears of them [cents].
    fee_left: f64,
    fee_per_week: f64,
    // Mean cost of the units in stock [cents], in the order of products.
    cost: Vec<(ProductId, f64)>,
    // Begun to sell, or to pay fees.
    begun: bool,
    losing_weeks: u32,
}

impl Books {
    /// Units came in at a price; `stock` were there already.
    pub fn stocked(&mut self, product: ProductId, stock: u32, units: u32, unit_cost: Cents) {
        let (old, new) = (f64::from(stock), f64::from(units));
        let at = self.place(product);
        if self.cost.get(at).is_none_or(|&(other, _)| other != product) {
            self.cost.insert(at, (product, unit_cost.0 as f64));
        }
        let (_, cost) = &mut self.cost[at];
        if old + new > 0.0 {
            *cost = (*cost * old + unit_cost.0 as f64 * new) / (old + new);
        }
    }

    /// A unit was sold; `shares` of its price are the commission and what care for orders costs, and
    /// its carrier gets `parcel`. What it cost is booked by [`Books::gone`].
    pub fn sold(&mut self, price: Cents, shares: f64, parcel: Cents) {
        self.begun = true;
        self.margin += price.0 as f64 * (1.0 - shares) - parcel.0 as f64;
    }

    /// Units left the shelf since the last waking, at their mean cost: once a day, as orders are many.
    pub fn gone(&mut self, product: ProductId, units: u32) {
        let known = self.cost.get(self.place(product)).filter(|&&(other, _)| other == product);
        let cost = known.map_or(0.0, |&(_, cost)| cost);
        self.margin -= cost * f64::from(units);
    }

    /// Where a product's cost is, or belongs.
    fn place(&self, product: ProductId) -> usize {
        self.cost.partition_point(|&(other, _)| other < product)
    }

    /// Money went back, and the commission with it. The unit is written off: it comes back used, or
    /// it never left and its cost stays; then its carrier does not get `parcel`.
    pub fn refunded(&mut self, price: Cents, commission: f64, parcel: Cents) {
        self.margin -= price.0 as f64 * (1.0 - commission) - parcel.0 as f64;
    }

    /// A lot went to another seller.
    pub fn lot_sold(&mut self, units: u32, unit_price: Cents, unit_cost: Cents) {
        self.begun = true;
        self.margin += f64::from(units) * (unit_price.0 - unit_cost.0) as f64;
    }

    /// A month's fee was charged.
    pub fn fee_charged(&mut self, fee: Cents) {
        self.begun = true;
        self.fee_left += fee.0 as f64;
        self.fee_per_week = fee.0 as f64 * MONTHS_PER_WEEK;
    }

    /// Closes a week: its margin [EUR], and whether this was one losing week too many.
    pub fn close_week(&mut self, spec: Option<&ExitSpec>) -> (f64, bool) {
        let fee = self.fee_per_week.min(self.fee_left);
        self.fee_left -= fee;
        let margin = (self.margin - fee) / 100.0;
        self.margin = 0.0;
        let Some(spec) = spec else { return (margin, false) };
        if !self.begun || margin >= -spec.tolerated_loss {
            self.losing_weeks = 0;
        } else {
            self.losing_weeks += 1;
        }
        (margin, self.losing_weeks >= spec.weeks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: ProductId = ProductId(3);
    const SPEC: ExitSpec = ExitSpec { weeks: 3, tolerated_loss: 0.0 };

    #[test]
    fn a_week_adds_up() {
        let mut books = Books::default();
        books.stocked(PHONE, 0, 2, Cents(10_000));
        books.stocked(PHONE, 2, 2, Cents(14_000));
        // Mean cost 120; three sold at 150 with 10 % commission, for 5 EUR a parcel; one refunded after
        // it came, one before it left; 60 EUR of fee for 30 days.
        books.sold(Cents(15_000), 0.10, Cents(500));
        books.sold(Cents(15_000), 0.12, Cents(500));
        books.sold(Cents(15_000), 0.10, Cents(500));
        books.gone(PHONE, 3);
        books.refunded(Cents(15_000), 0.10, Cents(0));
        books.refunded(Cents(15_000), 0.10, Cents(500));
        books.fee_charged(Cents(6_000));
        let (margin, _) = books.close_week(Some(&SPEC));
        let expected = (15.0 - 5.0) + (12.0 - 5.0) + (15.0 - 5.0) - 135.0 - (135.0 - 5.0) - 14.0;
        assert!((margin - expected).abs() < 1e-9, "margin {margin}");
    }

    #[test]
    fn it_gives_up_after_the_last_of_the_losing_weeks_in_a_row() {
        let mut books = Books::default();
        assert!((0..50).all(|_| !books.close_week(Some(&SPEC)).1), "idle weeks do not count");
        let mut weeks = 0;
        let mut leaves = false;
        while !leaves && weeks < 100 {
            if weeks % 4 == 0 {
                books.fee_charged(Cents(5_000));
            }
            if weeks == 2 {
                // One good week starts the count again.
                books.sold(Cents(90_000), 0.10, Cents(0));
            }
            leaves = books.close_week(Some(&SPEC)).1;
            weeks += 1;
        }
        assert_eq!(weeks, 6);
        assert!(!books.close_week(None).1, "nobody leaves where there is no rule");
    }

    #[test]
    fn a_fee_is_spread_over_its_month_and_can_be_tolerated() {
        let mut books = Books::default();
        books.fee_charged(Cents(6_000));
        let weeks: Vec<f64> = (0..6).map(|_| books.close_week(None).0).collect();
        assert!((weeks[0] + 14.0).abs() < 1e-9 && (weeks[3] + 14.0).abs() < 1e-9, "{weeks:?}");
        assert!(
            (weeks.iter().sum::<f64>() + 60.0).abs() < 1e-9,
            "the fee is borne once: {weeks:?}"
        );
        let patient = ExitSpec { weeks: 1, tolerated_loss: 14.01 };
        books.fee_charged(Cents(6_000));
        assert!(!books.close_week(Some(&patient)).1);
        books.refunded(Cents(100), 0.0, Cents(0));
        assert!(books.close_week(Some(&patient)).1);
    }
}
