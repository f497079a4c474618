//! Repairer: a small workshop that mends what comes in, a few units a week.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Sourcing;
use super::{Business, Desk, Shop, Stocking};
use crate::protocol::Outbox;
use crate::rng::poisson;

/// How a repairer gets stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairerStock {
    /// Days a week that the workshop is open, from Monday [days/week].
    #[garde(range(min = 1, max = 7))]
    pub days_a_week: u32,
    /// Days of supply on the shelf when it opens [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub opening_days: f64,
    /// Most days of supply that it keeps of a product [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub cover_days: f64,
    /// How readily it lists spare parts, over whole devices [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub parts: f64,
}

impl Stocking for RepairerStock {
    fn taste(&self, is_part: bool, _: bool) -> f64 {
        if is_part { self.parts } else { 1.0 }
    }

    /// It cannot make what is short.
    fn hears_requests(&self) -> bool {
        false
    }

    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing> {
        Box::new(Shop::new(Repairer { stock: self.clone() }, cost_share))
    }
}

/// A workbench: chance decides how many devices come in and which. It cannot make what is short, so
/// it does not hear requests for stock; it only turns away what it has plenty of.
struct Repairer {
    stock: RepairerStock,
}

impl Business for Repairer {
    fn opening(&self) -> (f64, f64) {
        (self.stock.opening_days, self.stock.cover_days)
    }

    fn day(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        if desk.day.day % 7 >= self.stock.days_a_week || desk.day.shelf.is_empty() {
            return;
        }
        let rest = 7.0 / f64::from(self.stock.days_a_week);
        for line in desk.day.shelf {
            // A Poisson number of devices, each of a model by chance, is a Poisson number of each model.
            let mended = poisson(&mut desk.draws(line.product), desk.rate(line) * rest);
            let units = desk.room(line, self.stock.cover_days).min(mended);
            desk.shelve(line.product, units, desk.unit_cost(line), out);
        }
    }
}
