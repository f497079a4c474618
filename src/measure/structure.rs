//! How many sellers there are and how many compete for a product.

use super::tally::{Count, Lives};
use super::{Better, Family, Metric};
use crate::history::{Census, Fact, FactMask};
use crate::units::{ProductId, SellerId, SimTime};
use std::any::Any;
use std::collections::BTreeMap;

const METRICS: [Metric; 3] = [
    Metric {
        name: "live_sellers",
        unit: "sellers",
        better: Better::None,
        says: "How many sellers are live at the end; suspended ones count, those who left do not.",
        formula: "live at the start + went live − left",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "exits",
        unit: "sellers",
        better: Better::None,
        says: "How many live sellers left or were removed.",
        formula: "number of exits",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "offers_per_product",
        unit: "offers",
        better: Better::None,
        says: "How many sellers list a product, over all countries, in or out of stock, at the end.",
        formula: "median over products with an offer of the offers listed by sellers who are live",
        source: "direct; median 20 in measured data (model.md)",
        weekly: true,
    },
];

/// Market structure.
#[derive(Debug, Default)]
pub struct Structure {
    exits: Count,
    lives: Lives,
    /// Listed less delisted. A difference, and not a flag, because a shard that hears of the second
    /// alone must be able to say so; a pair, because a seller may leave with its offers standing.
    listed: BTreeMap<(ProductId, SellerId), i64>,
}

impl Structure {
    fn list(&mut self, product: ProductId, seller: SellerId, step: i64) {
        let slot = self.listed.entry((product, seller)).or_default();
        *slot += step;
        if *slot == 0 {
            self.listed.remove(&(product, seller));
        }
    }

    fn offers_per_product(&self, census: &Census) -> Option<f64> {
        let mut offers = vec![0_u64; census.products.len()];
        for (&(product, seller), &listed) in &self.listed {
            if listed > 0 && self.lives.exit(seller).is_none() {
                offers[product.index()] += 1;
            }
        }
        median(offers.into_iter().filter(|&n| n > 0).collect())
    }

    fn all(&self, exits: u64, census: &Census) -> Vec<Option<f64>> {
        let live = self.lives.now(census) as f64;
        vec![Some(live), Some(exits as f64), self.offers_per_product(census)]
    }
}

fn median(mut numbers: Vec<u64>) -> Option<f64> {
    numbers.sort_unstable();
    let middle = numbers.len() / 2;
    let upper = *numbers.get(middle)? as f64;
    Some(if numbers.len() % 2 == 1 { upper } else { (numbers[middle - 1] as f64 + upper) / 2.0 })
}

impl Family for Structure {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::LISTED.and(FactMask::DELISTED).and(Lives::WANTS)
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Listed { seller, product, .. } => self.list(product, seller, 1),
            Fact::Delisted { seller, product, .. } => self.list(product, seller, -1),
            _ => {
                self.exits.add(u64::from(matches!(fact, Fact::Exited { .. })));
                self.lives.observe(at, fact);
            }
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.exits.absorb(&mut other.exits);
            self.lives.absorb(&mut other.lives);
            for ((product, seller), step) in std::mem::take(&mut other.listed) {
                self.list(product, seller, step);
            }
        }
    }

    fn close_week(&mut self, _: u32, census: &Census) -> Vec<Option<f64>> {
        let values = self.all(self.exits.week(), census);
        self.exits.close_week();
        values
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        self.all(self.exits.run(), census)
    }
}

#[cfg(test)]
mod tests {
    use super::median;
    use crate::history::{Fact, FactSink};
    use crate::measure::fixture::{Town, at};
    use crate::measure::recorder::Recorder;
    use crate::units::{ProductId, SellerId};

    #[test]
    fn offers_of_those_who_are_there() {
        let town = Town::new(4, 1);
        let mut recorder = Recorder::full();
        let price_cents = 100;
        for (seller, product) in [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1)] {
            let (seller, product) = (SellerId(seller), ProductId(product));
            recorder.take(at(0.0), &Fact::Listed { seller, product, price_cents });
        }
        assert_eq!(town.value(&recorder, "offers_per_product"), Some(2.5));
        town.joins(&mut recorder, 0.5, 4);
        assert_eq!(town.value(&recorder, "live_sellers"), Some(5.0));
        let gone = Fact::Delisted { seller: SellerId(0), product: ProductId(1), units: 3 };
        recorder.take(at(1.0), &gone);
        town.exits(&mut recorder, 2.0, SellerId(3));
        assert_eq!(town.value(&recorder, "offers_per_product"), Some(3.0));
        assert_eq!(town.value(&recorder, "live_sellers"), Some(4.0));
        assert_eq!(recorder.close_week(0, &town.census).get("exits"), Some(1.0));
        assert_eq!(recorder.close_week(1, &town.census).get("exits"), Some(0.0));
        assert_eq!(town.value(&recorder, "exits"), Some(1.0));
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![4]), Some(4.0));
        assert_eq!(median(vec![9, 1, 4]), Some(4.0));
        assert_eq!(median(vec![9, 1, 4, 5]), Some(4.5));
    }
}
