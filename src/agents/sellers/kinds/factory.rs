//! Factory: reconditions at an industrial scale, a steady number of units a day, of what is short.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Sourcing, pick};
use super::{Asked, Business, Desk, Shop, Stocking};
use crate::protocol::{Notice, Outbox, Request};
use crate::units::{Cents, ProductId};

/// How a factory gets stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactoryStock {
    /// Units it can make a day over its long-run supply [ratio].
    #[garde(range(min = 0.01, max = 10.0))]
    pub capacity: f64,
    /// Days of supply on the shelf when it opens [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub opening_days: f64,
    /// Most days of supply that it keeps of a product [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub cover_days: f64,
    /// Share of the capacity its own shelf leaves idle that makes lots for others instead [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub surplus: f64,
    /// Days between two lots of surplus [days].
    #[garde(range(min = 1, max = 365))]
    pub surplus_every_days: u32,
    /// What it asks for a unit of a lot, over the reference price [ratio].
    #[garde(range(min = 0.01, max = 2.0))]
    pub lot_price: f64,
    /// What a unit of a lot costs it, over the reference price [ratio].
    #[garde(range(min = 0.0, max = 2.0))]
    pub lot_cost: f64,
}

impl Stocking for FactoryStock {
    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing> {
        let factory = Factory {
            stock: self.clone(),
            made: 0.0,
            swept: 0.0,
            idle: 0.0,
            held: BTreeMap::new(),
            asked: Asked::default(),
        };
        Box::new(Shop::new(factory, cost_share))
    }
}

/// A line that makes the same number of units every day. Its planner gives each product a share of
/// the day by how much it lacks, so a catalogue's best sellers take over the line.
struct Factory {
    stock: FactoryStock,
    // Fractions of a unit left over: of the line, of the sharing-out, and of idle capacity.
    made: f64,
    swept: f64,
    idle: f64,
    // Units of lots that found no buyer.
    held: BTreeMap<ProductId, u32>,
    asked: Asked,
}

impl Factory {
    /// Shares today's units out; what the shelf does not need stays idle.
    fn produce(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        self.made += desk.total_rate() * self.stock.capacity;
        let units = self.made.floor();
        self.made -= units;
        let rooms: Vec<u32> = (desk.day.shelf.iter())
            .map(|line| {
                // What is held for want of a buyer goes first.
                let held = self.held.get(&line.product).copied().unwrap_or(0);
                desk.room(line, self.stock.cover_days).saturating_sub(held)
            })
            .collect();
        let needs: Vec<f64> = (desk.day.shelf.iter().zip(&rooms))
            .map(|(line, &room)| {
                self.asked.weight(line.product, desk.day.urgency) * f64::from(room)
            })
            .collect();
        let wanted: f64 = needs.iter().sum();
        let share = if wanted > 0.0 { (units / wanted).min(1.0) } else { 0.0 };
        let mut given = 0.0;
        for ((line, need), room) in desk.day.shelf.iter().zip(needs).zip(rooms) {
            self.swept += need * share;
            // A hair is added because shares of a whole number may sum to just below it.
            let whole = (self.swept + 1e-9).floor().min(f64::from(room));
            self.swept = (self.swept - whole).min(1.0);
            given += whole;
            self.shelve_held(desk, line.product, out);
            desk.shelve(line.product, whole as u32, desk.unit_cost(line), out);
        }
        self.asked.clear();
        self.idle += (units - given).max(0.0) * self.stock.surplus;
    }

    /// Puts what was held of a product back on the shelf as far as it fits.
    fn shelve_held(&mut self, desk: Desk<'_>, product: ProductId, out: &mut Outbox) {
        let Some(line) = desk.line(product) else { return };
        if let Some(units) = self.held.get_mut(&product) {
            let fits = desk.room(line, self.stock.cover_days).min(*units);
            *units -= fits;
            let cost = desk.reference_eur(line) * self.stock.lot_cost;
            desk.shelve(product, fits, Cents::from_eur(cost), out);
        }
        self.held.retain(|_, units| *units > 0);
    }

    /// Offers what it holds, or else a new lot of one product out of idle capacity.
    fn offer_surplus(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        let shelf = desk.day.shelf;
        if self.held.is_empty() && self.idle >= 1.0 && !shelf.is_empty() {
            let u = desk.own_draws().unit();
            let line = &shelf[pick(shelf.iter().map(|line| desk.rate(line)), u)];
            // No more than a shelf of it: a lot that nobody wants must not swamp the factory.
            let units = (self.idle.floor() as u32).min(desk.most(line, self.stock.cover_days));
            self.held.insert(line.product, units);
        }
        // Capacity is of its day: what was not used for a lot by now is gone.
        self.idle = self.idle.fract();
        let waiting = std::mem::take(&mut self.held);
        for (product, units) in waiting {
            match desk.line(product) {
                Some(line) => {
                    let price = desk.reference_eur(line) * self.stock.lot_price;
                    let unit_price = Cents::from_eur(price);
                    out.say(desk.me.seller, Request::OfferLot { product, units, unit_price });
                }
                None => {
                    self.held.insert(product, units);
                }
            }
        }
    }
}

impl Business for Factory {
    fn opening(&self) -> (f64, f64) {
        (self.stock.opening_days, self.stock.cover_days)
    }

    fn hear(&mut self, notice: &Notice) {
        match *notice {
            Notice::LotUnsold { product, units, .. } => {
                *self.held.entry(product).or_default() += units;
            }
            _ => self.asked.hear(notice),
        }
    }

    fn lot_cost(&self, unit_price: Cents) -> Cents {
        Cents::from_eur(unit_price.eur() * self.stock.lot_cost / self.stock.lot_price)
    }

    fn day(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        self.produce(desk, out);
        if (desk.day.day + desk.me.seller.0).is_multiple_of(self.stock.surplus_every_days) {
            self.offer_surplus(desk, out);
        }
    }
}
