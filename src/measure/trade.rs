//! Who sold what to whom: the rows of `trade.csv`. No metric of its own.

use super::{Family, Metric};
use crate::history::{Census, Fact, FactMask};
use crate::units::{Cents, CountryId, KindId, ProductId, SellerId, SimTime};
use serde::{Deserialize, Serialize};
use std::any::Any;

/// What one kind of sellers sold of one category to one country.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TradeRow {
    /// What business the sellers are.
    pub kind: String,
    /// What they sold.
    pub category: String,
    /// Where it went: the country of the buyers.
    pub country: String,
    /// Orders in the run.
    pub orders: u64,
    /// Sum of the prices of these orders, before cancellations and refunds [EUR].
    pub gmv_eur: f64,
}

/// What is kept of an order until the week is over.
#[derive(Debug, Clone, Copy)]
struct Sale {
    seller: SellerId,
    product: ProductId,
    price_cents: u32,
    country: CountryId,
}

/// Orders and their prices [cents].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    orders: u64,
    cents: u64,
}

/// Kinds that a seller can be of, those that scenarios give included.
const KINDS: usize = KindId::ALL.len() + 1;

/// Orders by kind, category and country.
///
/// A fact names the seller and the product, and only the census knows of which kind and category they
/// are; so the orders of a week are kept as they are, and counted when it ends.
#[derive(Debug, Default)]
pub struct Trade {
    open: Vec<Sale>,
    sums: Vec<Sum>,
}

/// Adds sales to sums by kind, category and country, the country running fastest.
fn add(sums: &mut Vec<Sum>, sales: &[Sale], census: &Census) {
    let (categories, countries) = (census.categories.len(), census.countries.len());
    sums.resize(KINDS * categories * countries, Sum::default());
    for sale in sales {
        let kind = census.sellers[sale.seller.index()].kind.index();
        let category = census.products[sale.product.index()].category.index();
        let sum = &mut sums[(kind * categories + category) * countries + sale.country.index()];
        sum.orders += 1;
        sum.cents += u64::from(sale.price_cents);
    }
}

impl Trade {
    /// Everything that was sold, by kind, category and country; what nobody sold is left out.
    pub fn rows(&self, census: &Census) -> Vec<TradeRow> {
        let mut sums = self.sums.clone();
        add(&mut sums, &self.open, census);
        let (categories, countries) = (census.categories.len(), census.countries.len());
        let kinds = KindId::ALL.into_iter().chain([KindId::Given]);
        let names = kinds.flat_map(|kind| {
            (0..categories).flat_map(move |c| (0..countries).map(move |to| (kind, c, to)))
        });
        let sold = names.zip(sums).filter(|(_, sum)| sum.orders > 0);
        let row = |((kind, category, country), sum): ((KindId, usize, usize), Sum)| TradeRow {
            kind: kind.name().to_string(),
            category: census.categories[category].clone(),
            country: census.countries[country].clone(),
            orders: sum.orders,
            gmv_eur: Cents(sum.cents as i64).eur(),
        };
        sold.map(row).collect()
    }
}

impl Family for Trade {
    fn metrics(&self) -> &'static [Metric] {
        &[]
    }

    fn wants(&self) -> FactMask {
        FactMask::BOUGHT
    }

    fn observe(&mut self, _: SimTime, fact: &Fact<'_>) {
        if let Fact::Bought { order } = *fact {
            let (seller, product, country) = (order.seller, order.product, order.country);
            self.open.push(Sale { seller, product, price_cents: order.price_cents, country });
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.open.append(&mut other.open);
            if self.sums.len() < other.sums.len() {
                self.sums.resize(other.sums.len(), Sum::default());
            }
            for (mine, theirs) in self.sums.iter_mut().zip(std::mem::take(&mut other.sums)) {
                mine.orders += theirs.orders;
                mine.cents += theirs.cents;
            }
        }
    }

    fn close_week(&mut self, _: u32, census: &Census) -> Vec<Option<f64>> {
        add(&mut self.sums, &self.open, census);
        self.open.clear();
        Vec::new()
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Fact, FactSink};
    use crate::measure::fixture::{Town, at};
    use crate::measure::recorder::Recorder;
    use crate::units::CountryId;

    #[test]
    fn sales_by_hand() {
        let mut town = Town::new(4, 0);
        town.census.categories.push("tablets".to_string());
        town.census.products[1].category = crate::units::CategoryId(1);
        let mut recorder = Recorder::full();
        // Sellers 0 and 3 are factories, 1 is a repairer.
        for (day, seller, product, country) in [(1.0, 0, 0, 0), (8.0, 3, 0, 0), (9.0, 1, 1, 1)] {
            if day == 8.0 {
                recorder.close_week(0, &town.census);
            }
            let mut order = town.order(seller, product, 10_050, 1);
            order.country = CountryId(country);
            recorder.take(at(day), &Fact::Bought { order });
        }
        let rows = recorder.trade_rows(&town.census);
        let told = |n: usize| {
            let row: &super::TradeRow = &rows[n];
            (&row.kind[..], &row.category[..], &row.country[..], row.orders, row.gmv_eur)
        };
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(told(0), ("factory", "phones", "France", 2, 201.0));
        assert_eq!(told(1), ("repairer", "tablets", "España", 1, 100.5));
    }
}
