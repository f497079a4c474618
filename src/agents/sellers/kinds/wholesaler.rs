//! Wholesaler: large, rare lots; part of each is for traders, the rest for its own shelf.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Profile, SellerDay, Sourcing};
use super::{Asked, Desk, Stocking, round_by_chance};
use crate::protocol::{Notice, Outbox, Request};
use crate::rng::exponential;
use crate::units::{Cents, ProductId};

/// How a wholesaler gets stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WholesalerStock {
    /// Mean days between two arrivals; the gaps are exponential [days].
    #[garde(range(min = 1.0, max = 365.0))]
    pub every_days: f64,
    /// Share of its catalogue that one arrival holds [ratio].
    #[garde(range(min = 0.001, max = 1.0))]
    pub models: f64,
    /// Units it brings in for traders, over those for its own shelf [ratio].
    #[garde(range(min = 0.0, max = 20.0))]
    pub trade: f64,
    /// What it asks for a unit of a lot, over the reference price [ratio].
    #[garde(range(min = 0.01, max = 2.0))]
    pub lot_price: f64,
    /// What a unit of a lot costs it, over the reference price [ratio].
    #[garde(range(min = 0.0, max = 2.0))]
    pub lot_cost: f64,
    /// Days of supply on the shelf when it opens [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub opening_days: f64,
    /// Days of supply of a product above which it takes on no more of it [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub cover_days: f64,
}

impl Stocking for WholesalerStock {
    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing> {
        Box::new(Wholesaler {
            stock: self.clone(),
            cost_share,
            next: None,
            unsold: BTreeMap::new(),
            asked: Asked::default(),
        })
    }
}

/// A warehouse that fills by the container and empties by the lot.
struct Wholesaler {
    stock: WholesalerStock,
    cost_share: f64,
    // When the next arrival is due, in days; `None` before the first day.
    next: Option<f64>,
    // Units that no trader took, on their way to the shelf.
    unsold: BTreeMap<ProductId, u32>,
    asked: Asked,
}

impl Wholesaler {
    /// Takes an arrival in: each model in it with the days of supply that make up, in the mean, for
    /// the arrivals it is not in.
    fn arrive(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        let n = desk.day.shelf.len() as f64;
        let chosen = (self.stock.models * n).ceil().max(1.0);
        // Models are dealt without repetition: the k of n with the smallest draws.
        // Those that were asked for are ordered for sure.
        let mut lots: Vec<(bool, u32, usize)> = (0..desk.day.shelf.len())
            .map(|i| {
                let product = desk.day.shelf[i].product;
                (!self.asked.contains(product), desk.draws(product).next_u32(), i)
            })
            .collect();
        lots.sort_unstable();
        self.asked.clear();
        for &(_, _, i) in &lots[..(chosen as usize).min(lots.len())] {
            let line = &desk.day.shelf[i];
            let mut draws = desk.draws(line.product);
            let days = self.stock.every_days * n / chosen;
            let mean = desk.rate(line) * days;
            // Nothing is taken on of what there is plenty of, not even for trade.
            let waiting = self.unsold.get(&line.product).copied().unwrap_or(0);
            let room = desk.room(line, self.stock.cover_days).saturating_sub(waiting);
            let _order_of_dealing = draws.next_u32();
            let own = round_by_chance(mean, &mut draws).min(room);
            let trade = round_by_chance(mean * self.stock.trade, &mut draws);
            desk.shelve(line.product, own, desk.unit_cost(line), out);
            let units = if room > 0 { trade } else { 0 };
            if units > 0 {
                let price = desk.reference_eur(line) * self.stock.lot_price;
                let unit_price = Cents::from_eur(price);
                let product = line.product;
                out.say(desk.me.seller, Request::OfferLot { product, units, unit_price });
            }
        }
    }

    /// Shelves the units of lots that nobody bought, as they are its own.
    fn shelve_unsold(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        self.unsold.retain(|&product, &mut units| match desk.line(product) {
            Some(line) => {
                let cost = desk.reference_eur(line) * self.stock.lot_cost;
                desk.shelve(product, units, Cents::from_eur(cost), out);
                false
            }
            None => true,
        });
    }
}

impl Sourcing for Wholesaler {
    fn hear(&mut self, notice: &Notice) {
        if let Notice::LotUnsold { product, units, .. } = *notice {
            *self.unsold.entry(product).or_default() += units;
        }
        self.asked.hear(notice);
    }

    fn lot_cost(&self, unit_price: Cents) -> Cents {
        Cents::from_eur(unit_price.eur() * self.stock.lot_cost / self.stock.lot_price)
    }

    fn wake(&mut self, me: &Profile, day: &SellerDay<'_>, out: &mut Outbox) {
        let desk = Desk::new(me, day, self.cost_share);
        let now = f64::from(day.day);
        let every_days = self.stock.every_days;
        let gap = |desk: Desk<'_>| exponential(&mut desk.own_draws()) * every_days;
        match self.next {
            None => {
                desk.open(self.stock.opening_days, self.stock.cover_days, out);
                self.next = Some(now + gap(desk));
            }
            Some(due) if due < now + 1.0 => {
                if !day.shelf.is_empty() {
                    self.arrive(desk, out);
                }
                // Counted from when it was due, so that whole days of waking do not slow arrivals.
                self.next = Some(due + gap(desk));
            }
            Some(_) => {}
        }
        self.shelve_unsold(desk, out);
    }
}
