//! Kinds of sellers, one a file: what each sells, and how it gets stock.
//!
//! A new kind is a file with its parameters, its `impl Stocking` and its `impl Sourcing`, a field of
//! [`KindsSpec`] and a line in [`KindsSpec::get`]. What all have in common is here: the units that a
//! line takes a day in the long run, and the bound on its stock, counted in days of that supply.

mod certified;
mod factory;
mod leasing;
mod recycler;
mod repairer;
mod retailer;
mod trader;
mod wholesaler;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use certified::CertifiedStock;
pub use factory::FactoryStock;
pub use leasing::LeasingStock;
pub use recycler::RecyclerStock;
pub use repairer::RepairerStock;
pub use retailer::RetailerStock;
pub use trader::TraderStock;
pub use wholesaler::WholesalerStock;

use super::{Profile, SellerDay, Sourcing};
use crate::protocol::{Notice, Outbox, Request, ShelfLine};
use crate::rng::{Purpose, Stream, poisson};
use crate::units::{Cents, KindId, ProductId};

/// A kind of seller: how many there are, how they differ from the average, and how they get stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
#[garde(context(()))]
pub struct KindSpec<S: Validate<Context = ()>> {
    /// Share of sellers of this kind [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Its costs, and with them its target prices, over the average seller's [ratio].
    #[garde(range(min = 0.1, max = 10.0))]
    pub cost: f64,
    /// Its chance of a defective unit over the average seller's [ratio].
    #[garde(range(min = 0.0, max = 20.0))]
    pub defect: f64,
    /// Products it lists, over the average seller's [ratio].
    #[garde(range(min = 0.01, max = 100.0))]
    pub catalogue: f64,
    /// Its handling time over the usual [ratio].
    #[garde(range(min = 0.01, max = 100.0))]
    pub handling: f64,
    /// Units it supplies of each product it lists, over the average seller's [ratio]. Only the
    /// kinds' differences count: the sum over all is `sellers.supply`.
    #[garde(range(min = 0.01, max = 100.0))]
    pub volume: f64,
    /// How it gets stock.
    #[garde(dive)]
    pub stock: S,
}

/// What all kinds have in common, without the way they get stock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traits {
    /// Share of sellers.
    pub share: f64,
    /// What a unit costs it, over what it costs the average seller.
    pub cost: f64,
    /// Its defect rate over that of the average seller.
    pub defect: f64,
    /// The size of its catalogue over the average.
    pub catalogue: f64,
    /// Its handling time over the average.
    pub handling: f64,
    /// Units it supplies of each product it lists, over the average.
    pub volume: f64,
}

impl<S: Validate<Context = ()>> KindSpec<S> {
    const fn traits(&self) -> Traits {
        Traits {
            share: self.share,
            cost: self.cost,
            defect: self.defect,
            catalogue: self.catalogue,
            handling: self.handling,
            volume: self.volume,
        }
    }
}

/// What a kind's own parameters say about its business.
pub trait Stocking: std::fmt::Debug + Send + Sync {
    /// How readily it lists a product, 0 for never: 1 for what it is there to sell.
    fn taste(&self, is_part: bool, is_best_grade: bool) -> f64 {
        let _ = is_best_grade;
        if is_part { 0.0 } else { 1.0 }
    }

    /// Share of its sellers who keep a shop and send nothing abroad.
    fn shops(&self) -> f64 {
        0.0
    }

    /// Whether it can do anything about a product that ran out when staff asks for it.
    fn hears_requests(&self) -> bool {
        true
    }

    /// An actor that gets stock this way. `cost_share` is what a unit costs over its target price.
    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing>;
}

/// A business that opens with stock on its shelf and then gets more by the day.
trait Business: Send + Sync {
    /// Days of supply on the shelf when it opens, and the most that it keeps of a product [days].
    fn opening(&self) -> (f64, f64);

    /// Hears what happened since the last day.
    fn hear(&mut self, _: &Notice) {}

    /// Works a day, after that of the opening.
    fn day(&mut self, desk: Desk<'_>, out: &mut Outbox);

    /// What a unit of a lot cost that was sold at `unit_price`.
    fn lot_cost(&self, unit_price: Cents) -> Cents {
        unit_price
    }
}

/// Products that staff asked for since stock came in last: they count double when it does.
#[derive(Debug, Default)]
struct Asked(Vec<ProductId>);

impl Asked {
    /// Notes a request for stock; other notices are let through.
    fn hear(&mut self, notice: &Notice) {
        if let Notice::RestockAsked { product } = *notice
            && !self.0.contains(&product)
        {
            self.0.push(product);
        }
    }

    fn contains(&self, product: ProductId) -> bool {
        self.0.contains(&product)
    }

    /// What a product weighs among others, those asked for `urgency` times as much.
    fn weight(&self, product: ProductId, urgency: f64) -> f64 {
        if self.contains(product) { urgency } else { 1.0 }
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// A business behind its counter: opened on its first waking.
struct Shop<B> {
    business: B,
    cost_share: f64,
    open: bool,
}

impl<B: Business> Shop<B> {
    const fn new(business: B, cost_share: f64) -> Self {
        Shop { business, cost_share, open: false }
    }
}

impl<B: Business> Sourcing for Shop<B> {
    fn hear(&mut self, notice: &Notice) {
        self.business.hear(notice);
    }

    fn wake(&mut self, me: &Profile, day: &SellerDay<'_>, out: &mut Outbox) {
        let desk = Desk::new(me, day, self.cost_share);
        if self.open {
            self.business.day(desk, out);
        } else {
            self.open = true;
            let (opening_days, cover_days) = self.business.opening();
            desk.open(opening_days, cover_days, out);
        }
    }

    fn lot_cost(&self, unit_price: Cents) -> Cents {
        self.business.lot_cost(unit_price)
    }
}

/// The kinds of a scenario; a kind that is absent has no sellers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KindsSpec {
    /// Reconditions at an industrial scale: steady throughput, surplus sold as lots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub factory: Option<KindSpec<FactoryStock>>,
    /// A small workshop: few units a week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub repairer: Option<KindSpec<RepairerStock>>,
    /// Takes devices apart and sells the parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub recycler: Option<KindSpec<RecyclerStock>>,
    /// Buys lots from wholesalers and factories, and has no other stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub trader: Option<KindSpec<TraderStock>>,
    /// Deals in large, rare lots, for traders and for its own shelf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub wholesaler: Option<KindSpec<WholesalerStock>>,
    /// Sells fleets that come back from their lease, in waves of few models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub leasing: Option<KindSpec<LeasingStock>>,
    /// A retailer, distributor, manufacturer or mobile operator with unopened returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub retailer: Option<KindSpec<RetailerStock>>,
    /// Buys from individuals at a price that it bids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub certified: Option<KindSpec<CertifiedStock>>,
}

impl KindsSpec {
    /// A kind's traits and its way of getting stock, where the scenario has it.
    pub fn get(&self, kind: KindId) -> Option<(Traits, &dyn Stocking)> {
        fn both<S: Validate<Context = ()> + Stocking>(
            spec: &Option<KindSpec<S>>,
        ) -> Option<(Traits, &dyn Stocking)> {
            spec.as_ref().map(|kind| (kind.traits(), &kind.stock as &dyn Stocking))
        }
        match kind {
            KindId::Factory => both(&self.factory),
            KindId::Repairer => both(&self.repairer),
            KindId::Recycler => both(&self.recycler),
            KindId::Trader => both(&self.trader),
            KindId::Wholesaler => both(&self.wholesaler),
            KindId::Leasing => both(&self.leasing),
            KindId::Retailer => both(&self.retailer),
            KindId::Certified => both(&self.certified),
            KindId::Given => None,
        }
    }

    /// The kinds that a scenario has, in the order of [`KindId::ALL`].
    pub fn all(&self) -> impl Iterator<Item = (KindId, Traits, &dyn Stocking)> {
        KindId::ALL
            .into_iter()
            .filter_map(|kind| self.get(kind).map(|(traits, stocking)| (kind, traits, stocking)))
    }

    /// What the shares add up to; 1 in a sound scenario.
    pub fn shares_sum(&self) -> f64 {
        self.all().map(|(_, traits, _)| traits.share).sum()
    }

    /// The mean of a trait over what sellers list: weighted by share and catalogue.
    pub(super) fn mean_by_offer(&self, of: impl Fn(&Traits) -> f64) -> f64 {
        let weight = |t: &Traits| t.share * t.catalogue;
        let total: f64 = self.all().map(|(_, t, _)| weight(&t)).sum();
        let sum: f64 = self.all().map(|(_, t, _)| weight(&t) * of(&t)).sum();
        if total > 0.0 { sum / total } else { 0.0 }
    }

    /// What ranges cannot say of the kinds.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut report = |path: &str, message: String| {
            found.push((format!("sellers.kinds.{path}"), message));
        };
        if let Some(kind) = &self.certified
            && !(kind.stock.bid_min <= kind.stock.bid && kind.stock.bid <= kind.stock.bid_max)
        {
            let message = format!(
                "the bid {} must lie between bid_min {} and bid_max {}",
                kind.stock.bid, kind.stock.bid_min, kind.stock.bid_max
            );
            report("certified.stock.bid", message);
        }
        if let Some(kind) = &self.certified
            && kind.stock.low_days > kind.stock.high_days
        {
            let message = format!("above high_days {}", kind.stock.high_days);
            report("certified.stock.low_days", message);
        }
        if let Some(kind) = &self.retailer
            && let Some(week) = kind.stock.holiday_weeks.iter().find(|&&week| week >= 52)
        {
            report("retailer.stock.holiday_weeks", format!("week {week} is none of 0 to 51"));
        }
        found
    }
}

/// A seller at work on one day: the sums that all kinds do alike.
#[derive(Debug, Clone, Copy)]
struct Desk<'a> {
    me: &'a Profile,
    day: &'a SellerDay<'a>,
    cost_share: f64,
}

impl<'a> Desk<'a> {
    const fn new(me: &'a Profile, day: &'a SellerDay<'a>, cost_share: f64) -> Self {
        Desk { me, day, cost_share }
    }

    /// Units that a line takes in a day in the long run, if it sells them [units/day].
    fn rate(&self, line: &ShelfLine) -> f64 {
        self.day.supply * self.me.scale * line.fair_share
    }

    /// The same for the whole shelf [units/day].
    fn total_rate(&self) -> f64 {
        self.day.shelf.iter().map(|line| self.rate(line)).sum()
    }

    /// Units that a line may hold: so many days of its supply, and one at least.
    fn most(&self, line: &ShelfLine, cover_days: f64) -> u32 {
        ((self.rate(line) * cover_days).ceil() as u32).max(1)
    }

    /// Units that still fit.
    fn room(&self, line: &ShelfLine, cover_days: f64) -> u32 {
        self.most(line, cover_days).saturating_sub(line.stock)
    }

    /// Draws of today about one product.
    fn draws(&self, product: ProductId) -> Stream {
        let who = u64::from(self.me.seller.0) | u64::from(product.0) << 32;
        self.day.dice.stream(who, self.day.day, Purpose::Supply)
    }

    /// Draws of today about the seller's business as a whole.
    fn own_draws(&self) -> Stream {
        self.draws(ProductId(u32::MAX))
    }

    /// What a unit costs when it comes the usual way.
    fn unit_cost(&self, line: &ShelfLine) -> Cents {
        Cents::from_eur(self.cost_share * line.target.eur())
    }

    /// What the market at large asks for a product today [EUR]: lots are dealt in at prices that do
    /// not depend on what either side hopes to get for them.
    fn reference_eur(&self, line: &ShelfLine) -> f64 {
        let catalogue = &self.me.catalogue;
        let listed = catalogue.binary_search_by_key(&line.product, |listing| listing.product);
        // A product taken up later, on a proposal, is asked for at the reference price.
        line.target.eur() / listed.map_or(1.0, |i| catalogue[i].markup)
    }

    /// The line of a product, if it is (still) on sale.
    fn line(&self, product: ProductId) -> Option<&'a ShelfLine> {
        self.day.shelf.iter().find(|line| line.product == product)
    }

    /// Puts units on the shelf.
    fn shelve(&self, product: ProductId, units: u32, unit_cost: Cents, out: &mut Outbox) {
        if units > 0 {
            out.say(self.me.seller, Request::Restock { product, units, unit_cost });
        }
    }

    /// Fills empty lines before the first day of business: nobody lists what it hasn't got, so at
    /// least one unit of each.
    fn open(&self, opening_days: f64, cover_days: f64, out: &mut Outbox) {
        for line in self.day.shelf.iter().filter(|line| line.stock == 0) {
            let drawn = poisson(&mut self.draws(line.product), self.rate(line) * opening_days);
            let units = drawn.clamp(1, self.most(line, cover_days));
            self.shelve(line.product, units, self.unit_cost(line), out);
        }
    }
}

/// The whole number nearest below or above `x`, drawn so that its mean is `x`.
fn round_by_chance(x: f64, draws: &mut Stream) -> u32 {
    (x + draws.unit()).floor() as u32
}

#[cfg(test)]
mod tests;
