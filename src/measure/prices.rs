//! What shoppers paid.

use super::tally::{Count, add_all, ratio};
use super::{Better, Family, Metric, Per};
use crate::history::{Census, Fact, FactMask};
use crate::units::{SimTime, US_PER_WEEK};
use std::any::Any;

const METRICS: [Metric; 4] = [
    Metric {
        name: "price_index",
        unit: "ratio",
        better: Better::Lower,
        says: "What shoppers paid over what the products were worth on the market at large.",
        formula: "mean over orders of price / the product's reference price in the week of the order",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "gmv",
        unit: "EUR",
        better: Better::Higher,
        says: "Gross merchandise value: what was ordered, before cancellations and refunds.",
        formula: "sum of the prices of all orders",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "gmv_net",
        unit: "EUR",
        better: Better::Higher,
        says: "What was ordered less what was paid back, in the week when it was paid back.",
        formula: "gmv − prices of cancelled orders − prices of returned units",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "order_value",
        unit: "EUR/order",
        better: Better::None,
        says: "What an order costs on average.",
        formula: "gmv / orders",
        source: "direct",
        weekly: true,
    },
];

/// Prices paid.
///
/// The reference price moves by the week and only the census knows it, so cents are summed by (week,
/// product) and divided when asked for: a whole number until then.
#[derive(Debug, Default)]
pub struct Prices {
    cents: Vec<Vec<u64>>,
    orders: Count,
    gross: Count,
    refunds: Count,
}

impl Prices {
    /// Σ price/reference over the orders of one week.
    fn relative(&self, week: usize, census: &Census) -> f64 {
        let at = SimTime(week as u64 * US_PER_WEEK);
        let cents = self.cents.get(week).map_or(&[][..], Vec::as_slice);
        let sold = census.products.iter().zip(cents).filter(|&(_, &cents)| cents > 0);
        sold.map(|(card, &cents)| cents as f64 / 100.0 / card.reference_eur(at)).sum()
    }

    fn all(&self, relative: f64, read: impl Fn(&Count) -> u64) -> Vec<Option<f64>> {
        let (orders, gross, refunds) = (read(&self.orders), read(&self.gross), read(&self.refunds));
        let eur = |cents: f64| cents / 100.0;
        vec![
            (orders > 0).then(|| relative / orders as f64),
            Some(eur(gross as f64)),
            Some(eur(gross as f64 - refunds as f64)),
            ratio(gross, orders).map(eur),
        ]
    }
}

impl Family for Prices {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::BOUGHT.and(FactMask::CANCELLED).and(FactMask::RETURNED)
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[
            ("price_index", Per::Order),
            ("gmv", Per::Market),
            ("gmv_net", Per::Market),
            ("order_value", Per::Order),
        ]
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Bought { order } => {
                let cents = u64::from(order.price_cents);
                let (week, product) = (at.week() as usize, order.product.index());
                if self.cents.len() <= week {
                    self.cents.resize(week + 1, Vec::new());
                }
                let row = &mut self.cents[week];
                if row.len() <= product {
                    row.resize((product + 1).next_power_of_two(), 0);
                }
                row[product] += cents;
                self.gross.add(cents);
                self.orders.add(1);
            }
            Fact::Cancelled { order } | Fact::Returned { order, .. } => {
                self.refunds.add(u64::from(order.price_cents));
            }
            _ => {}
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            if self.cents.len() < other.cents.len() {
                self.cents.resize(other.cents.len(), Vec::new());
            }
            for (mine, theirs) in self.cents.iter_mut().zip(&mut other.cents) {
                add_all(mine, theirs);
                // A shard has no more to say about a week that was joined: don't keep it 52 times.
                *theirs = Vec::new();
            }
            self.orders.absorb(&mut other.orders);
            self.gross.absorb(&mut other.gross);
            self.refunds.absorb(&mut other.refunds);
        }
    }

    fn close_week(&mut self, week: u32, census: &Census) -> Vec<Option<f64>> {
        let values = self.all(self.relative(week as usize, census), Count::week);
        for count in [&mut self.orders, &mut self.gross, &mut self.refunds] {
            count.close_week();
        }
        values
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let relative = (0..self.cents.len()).map(|week| self.relative(week, census)).sum();
        self.all(relative, Count::run)
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Fact, FactSink, ReturnReason};
    use crate::measure::fixture::{Town, at};
    use crate::measure::recorder::Recorder;

    /// The town's products have references of 100 and 200 EUR that fall by 10 % a week.
    #[test]
    fn index_and_values_by_hand() {
        let town = Town::new(2, 0);
        let mut recorder = Recorder::full();
        for (day, product, cents) in [(1.0, 0, 9_000), (2.0, 1, 22_000)] {
            let order = town.order(0, product, cents, 1);
            recorder.take(at(day), &Fact::Bought { order });
        }
        let first = recorder.close_week(0, &town.census);
        let order = town.order(1, 0, 9_900, 1);
        recorder.take(at(8.0), &Fact::Bought { order });
        recorder.take(at(9.0), &Fact::Cancelled { order });
        let back = town.order(0, 0, 9_000, 1);
        recorder.take(at(9.5), &Fact::Returned { order: back, reason: ReturnReason::Defect });
        let second = recorder.close_week(1, &town.census);

        let near = |got: Option<f64>, expected: f64| {
            let got = got.unwrap();
            assert!((got - expected).abs() < 1e-9, "got {got}, expected {expected}");
        };
        near(first.get("price_index"), (0.9 + 1.1) / 2.0);
        near(first.get("gmv"), 310.0);
        near(first.get("order_value"), 155.0);
        near(second.get("price_index"), 99.0 / 90.0);
        near(second.get("gmv"), 99.0);
        near(second.get("gmv_net"), -90.0);
        near(town.value(&recorder, "price_index"), (0.9 + 1.1 + 1.1) / 3.0);
        near(town.value(&recorder, "gmv"), 409.0);
        near(town.value(&recorder, "gmv_net"), 220.0);
        near(town.value(&recorder, "order_value"), 409.0 / 3.0);
    }
}
