//! Certified reseller: buys from individuals at a price it bids, tests, repairs, cleans, resells.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Sourcing;
use super::{Business, Desk, Shop, Stocking};
use crate::protocol::{Notice, Outbox};
use crate::rng::poisson;
use crate::units::Cents;

/// How a certified reseller gets stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifiedStock {
    /// What it bids individuals at first, over its target price; at this bid its supply is the
    /// usual [ratio].
    #[garde(range(min = 0.01, max = 2.0))]
    pub bid: f64,
    /// Lowest bid over its target price [ratio].
    #[garde(range(min = 0.01, max = 2.0))]
    pub bid_min: f64,
    /// Highest bid over its target price [ratio].
    #[garde(range(min = 0.01, max = 2.0))]
    pub bid_max: f64,
    /// How supply answers the bid: units go with the bid to this power [power].
    #[garde(range(min = 0.0, max = 20.0))]
    pub elasticity: f64,
    /// What testing, repairing and cleaning a unit costs, over its target price [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub refurbish: f64,
    /// How often it thinks about its bid [days].
    #[garde(range(min = 1, max = 365))]
    pub bid_every_days: u32,
    /// By how much it raises or lowers its bid at a time [ratio].
    #[garde(range(min = 0.0, max = 0.9))]
    pub bid_step: f64,
    /// Days of supply on the shelf below which it bids more [days].
    #[garde(range(min = 0.0, max = 3650.0))]
    pub low_days: f64,
    /// Days of supply on the shelf above which it bids less [days].
    #[garde(range(min = 0.0, max = 3650.0))]
    pub high_days: f64,
    /// Days of supply on the shelf when it opens [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub opening_days: f64,
    /// Most days of supply that it keeps of a product [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub cover_days: f64,
    /// Share of them who buy and sell in a shop and send nothing abroad; the rest is
    /// online [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub shops: f64,
}

impl Stocking for CertifiedStock {
    fn shops(&self) -> f64 {
        self.shops
    }

    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing> {
        // What a unit costs is the bid and the work, so the general share of cost plays no part.
        Box::new(Shop::new(Certified { stock: self.clone(), bid: self.bid }, cost_share))
    }
}

/// A counter where individuals sell: the bid is its only lever, and it follows what sells.
struct Certified {
    stock: CertifiedStock,
    bid: f64,
}

impl Certified {
    fn raise(&mut self, steps: f64) {
        let wish = self.bid * (1.0 + self.stock.bid_step * steps);
        self.bid = wish.max(self.stock.bid_min).min(self.stock.bid_max);
    }
}

impl Business for Certified {
    fn opening(&self) -> (f64, f64) {
        (self.stock.opening_days, self.stock.cover_days)
    }

    fn hear(&mut self, notice: &Notice) {
        if let Notice::RestockAsked { .. } = notice {
            self.raise(1.0);
        }
    }

    fn day(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        if (desk.day.day + desk.me.seller.0).is_multiple_of(self.stock.bid_every_days) {
            let stock: u32 = desk.day.shelf.iter().map(|line| line.stock).sum();
            let days = f64::from(stock) / desk.total_rate();
            if days < self.stock.low_days {
                self.raise(1.0);
            } else if days > self.stock.high_days {
                self.raise(-1.0);
            }
        }
        let answer = libm::pow(self.bid / self.stock.bid, self.stock.elasticity);
        for line in desk.day.shelf {
            let room = desk.room(line, self.stock.cover_days);
            if room > 0 {
                let mean = desk.rate(line) * answer;
                let units = poisson(&mut desk.draws(line.product), mean).min(room);
                let cost = line.target.eur() * (self.bid + self.stock.refurbish);
                desk.shelve(line.product, units, Cents::from_eur(cost), out);
            }
        }
    }
}
