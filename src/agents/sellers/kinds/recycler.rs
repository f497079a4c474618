//! Recycler: takes devices apart and sells the parts that still work.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Sourcing, pick};
use super::{Asked, Business, Desk, Shop, Stocking};
use crate::protocol::{Notice, Outbox};
use crate::rng::{binomial, poisson};

/// How a recycler gets stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecyclerStock {
    /// Days between two batches of devices to take apart [days].
    #[garde(range(min = 1, max = 365))]
    pub batch_every_days: u32,
    /// Parts that a device holds [parts/device].
    #[garde(range(min = 1, max = 1000))]
    pub parts_a_device: u32,
    /// Share of parts that still work [ratio].
    #[garde(range(min = 0.001, max = 1.0))]
    pub sound: f64,
    /// Days of supply on the shelf when it opens [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub opening_days: f64,
    /// Most days of supply that it keeps of a part; what is over is scrapped [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub cover_days: f64,
}

impl Stocking for RecyclerStock {
    fn taste(&self, is_part: bool, _: bool) -> f64 {
        if is_part { 1.0 } else { 0.0 }
    }

    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing> {
        Box::new(Shop::new(Recycler { stock: self.clone(), asked: Asked::default() }, cost_share))
    }
}

/// A dismantling bench: parts come in bundles, one device at a time, so its stock arrives in clumps.
struct Recycler {
    stock: RecyclerStock,
    asked: Asked,
}

impl Business for Recycler {
    fn opening(&self) -> (f64, f64) {
        (self.stock.opening_days, self.stock.cover_days)
    }

    fn hear(&mut self, notice: &Notice) {
        self.asked.hear(notice);
    }

    fn day(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        let batch = (desk.day.day + desk.me.seller.0).is_multiple_of(self.stock.batch_every_days);
        if !batch || desk.day.shelf.is_empty() {
            return;
        }
        let mut draws = desk.own_draws();
        let parts = f64::from(self.stock.parts_a_device) * self.stock.sound;
        let wanted = desk.total_rate() * f64::from(self.stock.batch_every_days);
        let devices = poisson(&mut draws, wanted / parts);
        let mut taken = vec![0; desk.day.shelf.len()];
        // It picks devices that hold what is asked for.
        let asked = std::mem::take(&mut self.asked);
        let weights = desk
            .day
            .shelf
            .iter()
            .map(|line| desk.rate(line) * asked.weight(line.product, desk.day.urgency));
        for _ in 0..devices {
            for _ in 0..binomial(&mut draws, self.stock.parts_a_device, self.stock.sound) {
                taken[pick(weights.clone(), draws.unit())] += 1;
            }
        }
        for (line, units) in desk.day.shelf.iter().zip(taken) {
            let units = desk.room(line, self.stock.cover_days).min(units);
            desk.shelve(line.product, units, desk.unit_cost(line), out);
        }
    }
}
