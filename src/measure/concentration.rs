//! How few sellers have how much of the sales. An order is one unit, so shares are of units sold;
//! orders called off later count, for they were won all the same.

use super::shares::Shares;
use super::tally::{Column, Lives};
use super::{Better, Family, Metric};
use crate::history::{Census, Fact, FactMask};
use crate::units::SimTime;
use std::any::Any;

const METRICS: [Metric; 4] = [
    Metric {
        name: "gini",
        unit: "ratio",
        better: Better::None,
        says: "How unequally sales are shared among sellers: 0 if all sell alike, near 1 if one sells all.",
        formula: "Σ(2i − n − 1)x_i / (n Σx), x the orders of the n sellers live at any time, ascending",
        source: "Gini 1912; the form is Sen, On Economic Inequality, 1973",
        weekly: true,
    },
    Metric {
        name: "hhi",
        unit: "points",
        better: Better::None,
        says: "Concentration of sales as competition authorities count it: 10,000 is a monopoly.",
        formula: "10⁴ Σp², p a seller's share of orders",
        source: "Herfindahl 1950, Hirschman 1945; US Merger Guidelines 2023, 2.1",
        weekly: true,
    },
    Metric {
        name: "top10_share",
        unit: "ratio",
        better: Better::None,
        says: "Share of all orders that went to the ten sellers with most.",
        formula: "orders of the ten largest sellers / orders",
        source: "concentration ratio CR10, standard",
        weekly: true,
    },
    Metric {
        name: "effective_sellers",
        unit: "sellers",
        better: Better::None,
        says: "How many sellers of equal size would make a market as concentrated as this one.",
        formula: "1/Σp², p a seller's share of orders",
        source: "numbers equivalent, Adelman 1969",
        weekly: true,
    },
];

/// Concentration of sales.
#[derive(Debug, Default)]
pub struct Concentration {
    orders: Column,
    lives: Lives,
}

impl Family for Concentration {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::BOUGHT.and(Lives::WANTS)
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Bought { order } => self.orders.add(order.seller.index(), 1),
            _ => self.lives.observe(at, fact),
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.orders.absorb(&mut other.orders);
            self.lives.absorb(&mut other.lives);
        }
    }

    fn close_week(&mut self, week: u32, census: &Census) -> Vec<Option<f64>> {
        let sellers = self.lives.in_week(week, census);
        let shares = Shares::of(sellers.map(|seller| self.orders.week(seller.index())));
        self.orders.close_week();
        Shares::values(shares).to_vec()
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let sellers = self.lives.ever(census);
        let shares = Shares::of(sellers.map(|seller| self.orders.run(seller.index())));
        Shares::values(shares).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use crate::measure::fixture::Town;
    use crate::measure::recorder::Recorder;
    use crate::units::SellerId;

    /// Sales of .6, .3, .1 by the sellers from the start and none by the one that joined; leads that
    /// never went live don't count.
    #[test]
    fn counts_everybody_who_was_live_and_nobody_else() {
        let town = Town::new(3, 3);
        let mut recorder = Recorder::full();
        town.joins(&mut recorder, 8.0, 3);
        for (seller, orders) in [(0, 6), (1, 3), (2, 1)] {
            for _ in 0..orders {
                town.sells(&mut recorder, 9.0, seller);
            }
        }
        let get = |name: &str| town.value(&recorder, name);
        assert!((get("gini").unwrap() - 0.5).abs() < 1e-12);
        assert!((get("hhi").unwrap() - 4_600.0).abs() < 1e-9);
        assert_eq!(get("top10_share"), Some(1.0));
        assert!((get("effective_sellers").unwrap() - 1.0 / 0.46).abs() < 1e-12);
    }

    /// Who left before the week began is not among its sellers.
    #[test]
    fn a_week_has_its_own_sellers() {
        let town = Town::new(4, 1);
        let mut recorder = Recorder::full();
        town.sells(&mut recorder, 1.0, 0);
        town.exits(&mut recorder, 2.0, SellerId(3));
        let first = recorder.close_week(0, &town.census);
        town.sells(&mut recorder, 8.0, 0);
        let second = recorder.close_week(1, &town.census);
        assert_eq!(first.get("gini"), Some(0.75));
        assert!((second.get("gini").unwrap() - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(town.value(&recorder, "gini"), Some(0.75));
    }
}
