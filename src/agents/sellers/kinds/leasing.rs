//! Leasing company: fleets come back from their lease in waves, few models at a time.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Profile, SellerDay, Sourcing};
use super::{Asked, Desk, Stocking, round_by_chance};
use crate::protocol::{Notice, Outbox};
use crate::units::ProductId;

/// How a leasing company gets stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeasingStock {
    /// Mean days between two fleets [days].
    #[garde(range(min = 1.0, max = 365.0))]
    pub every_days: f64,
    /// By how much a gap between two fleets may be longer or shorter than the mean, over the mean
    /// [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub spread: f64,
    /// Share of its catalogue that one fleet consists of [ratio].
    #[garde(range(min = 0.001, max = 1.0))]
    pub models: f64,
    /// Days over which a fleet is tested and put on the shelf [days].
    #[garde(range(min = 1, max = 365))]
    pub release_days: u32,
    /// Days of supply of a product above which it sells a fleet elsewhere [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub cover_days: f64,
}

impl Stocking for LeasingStock {
    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing> {
        Box::new(Leasing {
            stock: self.clone(),
            cost_share,
            next: None,
            fleet: Vec::new(),
            asked: Asked::default(),
        })
    }
}

/// Units of one model that are back and not yet on the shelf.
struct Batch {
    product: ProductId,
    units: u32,
    days_left: u32,
}

/// A depot: contracts end when they end, whatever sells.
struct Leasing {
    stock: LeasingStock,
    cost_share: f64,
    // When the next fleet is due, in days; `None` before the first day.
    next: Option<f64>,
    fleet: Vec<Batch>,
    asked: Asked,
}

impl Leasing {
    /// A fleet comes back: each model in it with the days of supply that make up, in the mean, for
    /// the fleets it is not in.
    fn take_back(&mut self, desk: Desk<'_>) {
        let shelf = desk.day.shelf;
        let n = shelf.len() as f64;
        let chosen = (self.stock.models * n).ceil().max(1.0);
        // What was asked for comes first: of the leases that are about to end, those are ended.
        let mut dealt: Vec<(bool, u32, usize)> = (0..shelf.len())
            .map(|i| {
                let product = shelf[i].product;
                (!self.asked.contains(product), desk.draws(product).next_u32(), i)
            })
            .collect();
        dealt.sort_unstable();
        self.asked.clear();
        for &(_, _, i) in &dealt[..(chosen as usize).min(shelf.len())] {
            let line = &shelf[i];
            let mut draws = desk.draws(line.product);
            let _order_of_dealing = draws.next_u32();
            let mean = desk.rate(line) * self.stock.every_days * n / chosen;
            let waiting: u32 =
                self.fleet.iter().filter(|b| b.product == line.product).map(|b| b.units).sum();
            let room = desk.room(line, self.stock.cover_days).saturating_sub(waiting);
            let units = round_by_chance(mean, &mut draws).min(room);
            let days_left = self.stock.release_days;
            self.fleet.push(Batch { product: line.product, units, days_left });
        }
    }

    /// Puts a day's worth of each batch on the shelf.
    fn release(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        for batch in &mut self.fleet {
            // A product taken off sale keeps its batch waiting.
            let Some(line) = desk.line(batch.product) else { continue };
            let units = batch.units.div_ceil(batch.days_left.max(1));
            batch.units -= units;
            batch.days_left = batch.days_left.saturating_sub(1);
            desk.shelve(batch.product, units, desk.unit_cost(line), out);
        }
        self.fleet.retain(|batch| batch.units > 0);
    }
}

impl Sourcing for Leasing {
    fn hear(&mut self, notice: &Notice) {
        self.asked.hear(notice);
    }

    fn wake(&mut self, me: &Profile, day: &SellerDay<'_>, out: &mut Outbox) {
        let desk = Desk::new(me, day, self.cost_share);
        let now = f64::from(day.day);
        // It comes to the marketplace because it has a fleet to sell.
        let due = self.next.unwrap_or(now);
        if due < now + 1.0 {
            self.take_back(desk);
            let off = self.stock.spread * (2.0 * desk.own_draws().unit() - 1.0);
            self.next = Some(due + self.stock.every_days * (1.0 + off));
        }
        self.release(desk, out);
    }
}
