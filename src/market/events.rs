//! What a scenario makes happen from outside: shocks to quality, campaigns of false reviews, price
//! wars, stocking up.

use std::collections::BTreeMap;
use std::ops::Range;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Market, Spot};
use crate::agents::sellers::ChangeSpec;
use crate::history::{Fact, FactSink};
use crate::rng::Purpose;
use crate::units::{ClassId, KindId, SellerId, SessionId, SimTime, US_PER_DAY};

/// `[events]`: events by name.
pub type EventsSpec = BTreeMap<String, EventSpec>;

/// `[events.NAME.VARIANT]`: something that happens to some sellers at some time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EventSpec {
    /// The true quality of some sellers changes for a while.
    QualityShock(#[garde(dive)] QualityShock),
    /// One more review of some sellers, without an order.
    ExtraReview(#[garde(dive)] ExtraReview),
    /// Somebody buys from some sellers to give them false reviews.
    ReviewBombing(#[garde(dive)] ReviewBombing),
    /// Some sellers go lower with their prices than they usually dare, as in a price war.
    PriceFloor(#[garde(dive)] PriceFloor),
    /// Some sellers supply more, or less, than they usually do.
    StockUp(#[garde(dive)] StockUp),
}

impl EventSpec {
    /// The name of the variant, and who is struck.
    pub const fn target(&self) -> (&'static str, &Target) {
        match self {
            EventSpec::QualityShock(shock) => ("quality-shock", &shock.target),
            EventSpec::ExtraReview(review) => ("extra-review", &review.target),
            EventSpec::ReviewBombing(campaign) => ("review-bombing", &campaign.target),
            EventSpec::PriceFloor(war) => ("price-floor", &war.target),
            EventSpec::StockUp(more) => ("stock-up", &more.target),
        }
    }
}

/// A change of true quality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityShock {
    /// Who is struck.
    #[garde(dive)]
    pub target: Target,
    /// Day on which it begins, counted from 0 [days].
    #[garde(range(min = 0, max = 36_500))]
    pub from_day: u32,
    /// How long it lasts [days].
    #[garde(range(min = 1, max = 36_500))]
    pub days: u32,
    /// What it does to their true quality.
    #[garde(dive)]
    pub change: ChangeSpec,
}

/// A review out of nothing, as the marketplace, the shoppers, the staff and the seller hear of any other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtraReview {
    /// Who gets it.
    #[garde(dive)]
    pub target: Target,
    /// Day on which it is published, counted from 0: at the start of the day [days].
    #[garde(range(min = 0, max = 36_500))]
    pub from_day: u32,
    /// Stars given [stars].
    #[garde(range(min = 1, max = 5))]
    pub stars: u8,
}

/// A campaign of false reviews. Every one of them belongs to a real order, paid for and delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewBombing {
    /// Who is struck.
    #[garde(dive)]
    pub target: Target,
    /// Day on which it begins, counted from 0 [days].
    #[garde(range(min = 0, max = 36_500))]
    pub from_day: u32,
    /// How long it lasts [days].
    #[garde(range(min = 1, max = 36_500))]
    pub days: u32,
    /// Orders placed with each of them, while its stock lasts [orders/day].
    #[garde(range(min = 1, max = 10_000))]
    pub orders_per_day: u32,
    /// Stars given, whatever comes in the parcel [stars].
    #[garde(range(min = 1, max = 5))]
    pub stars: u8,
}

/// A change of the lowest price that sellers go to. Strategies without one (fixed margin, learner) feel
/// it only by what their rivals then ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceFloor {
    /// Who is struck.
    #[garde(dive)]
    pub target: Target,
    /// Day on which it begins, counted from 0 [days].
    #[garde(range(min = 0, max = 36_500))]
    pub from_day: u32,
    /// How long it lasts [days].
    #[garde(range(min = 1, max = 36_500))]
    pub days: u32,
    /// Multiplies the lowest price that their strategy goes to [ratio].
    #[garde(range(min = 0.1, max = 2.0))]
    pub factor: f64,
}

/// A change of what sellers supply: of their long-run rate and with it of the stock that they keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockUp {
    /// Who does it.
    #[garde(dive)]
    pub target: Target,
    /// Day on which it begins, counted from 0 [days].
    #[garde(range(min = 0, max = 36_500))]
    pub from_day: u32,
    /// How long it lasts [days].
    #[garde(range(min = 1, max = 36_500))]
    pub days: u32,
    /// Multiplies what they supply [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub factor: f64,
}

/// How running events make a seller act, over its usual way [ratio].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stance {
    /// The lowest price it goes to.
    pub floor: f64,
    /// What it supplies.
    pub supply: f64,
}

impl Default for Stance {
    /// As usual.
    fn default() -> Self {
        Stance { floor: 1.0, supply: 1.0 }
    }
}

/// Who an event strikes: of the live sellers when it begins those with the most credit, unless they are
/// drawn or it is one by its number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// How many sellers [count].
    #[garde(range(min = 1, max = 100_000))]
    pub sellers: u32,
    /// Only sellers of this kind.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<KindId>,
    /// How many of the greatest are passed over first [count].
    #[garde(range(min = 0, max = 100_000))]
    pub skip: u32,
    /// Draw them, each as likely as any other, instead of taking the greatest; of two worlds with the
    /// same chances the same are drawn as long as they are live.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drawn: bool,
    /// The one seller of this number, if it is live [number].
    #[garde(range(min = 0, max = 10_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller: Option<u32>,
}

/// An order that a campaign places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planted {
    /// When: ticks since midnight.
    pub tick_of_day: usize,
    /// The cell of the offer that is ordered.
    pub cell: u32,
    /// Where the offer is in it.
    pub spot: Spot,
    /// Whose offer it was at midnight.
    pub seller: SellerId,
    /// The number the visit goes by.
    pub session: SessionId,
    /// Stars of its review.
    pub stars: u8,
}

/// The class number that sessions of campaigns carry: no class of shoppers has it.
const CAMPAIGN: ClassId = ClassId(63);

impl EventSpec {
    /// Day on which it begins, counted from 0 [days].
    pub fn from_day(&self) -> u32 {
        self.days().start
    }

    /// The days on which it holds.
    fn days(&self) -> Range<u32> {
        let (from, days) = match self {
            EventSpec::QualityShock(event) => (event.from_day, event.days),
            EventSpec::ExtraReview(event) => (event.from_day, 1),
            EventSpec::ReviewBombing(event) => (event.from_day, event.days),
            EventSpec::PriceFloor(event) => (event.from_day, event.days),
            EventSpec::StockUp(event) => (event.from_day, event.days),
        };
        from..from.saturating_add(days)
    }
}

impl Market {
    /// Lets the events of the scenario happen that are due today.
    pub(super) fn strike(&mut self, now: SimTime, sink: &mut dyn FactSink) {
        self.planted.clear();
        self.sellers.iter_mut().for_each(|seller| seller.stance = Stance::default());
        let events: Vec<EventSpec> = self.events.values().cloned().collect();
        for (number, event) in (0u32..).zip(&events) {
            let days = event.days();
            if days.start == now.day() {
                let struck = self.meant(event.target().1);
                self.struck.insert(number, struck);
            }
            if !days.contains(&now.day()) {
                continue;
            }
            // Whoever it struck when it began: later ones take no part.
            for seller in self.struck.get(&number).cloned().unwrap_or_default() {
                self.strike_one(now, seller, event, sink);
            }
        }
        self.planted.sort_by_key(|p| (p.tick_of_day, p.session));
    }

    /// What an event that holds today does to one of those it strikes.
    fn strike_one(
        &mut self,
        now: SimTime,
        seller: SellerId,
        event: &EventSpec,
        sink: &mut dyn FactSink,
    ) {
        let days = event.days();
        let state = &mut self.sellers[seller.index()];
        match event {
            EventSpec::QualityShock(shock) if days.start == now.day() => {
                state.actor.quality_mut().change_until(days.end, shock.change, now.day());
                sink.take(now, &Fact::Shocked { seller });
            }
            // A shock is told of once: it ends by itself.
            EventSpec::QualityShock(_) => {}
            EventSpec::ExtraReview(review) => {
                let fact = Fact::Nudged { seller, stars: review.stars };
                sink.take(now, &fact);
                self.record(now, &fact, sink);
            }
            EventSpec::ReviewBombing(campaign) => self.plan_campaign(now, seller, campaign),
            EventSpec::PriceFloor(war) => state.stance.floor *= war.factor,
            EventSpec::StockUp(more) => state.stance.supply *= more.factor,
        }
    }

    /// Whom a target means now.
    fn meant(&self, target: &Target) -> Vec<SellerId> {
        let fits = |i: &usize| {
            let seller = &self.sellers[*i];
            seller.is_live()
                && target.kind.is_none_or(|kind| kind == seller.profile().kind)
                && target.seller.is_none_or(|number| number as usize == *i)
        };
        let mut live: Vec<SellerId> =
            (0..self.sellers.len()).filter(fits).map(|i| SellerId(i as u32)).collect();
        if target.drawn {
            let lot = |s: SellerId| self.dice.block(u64::from(s.0), 0, Purpose::Strike).0[0];
            live.sort_by_key(|&s| (lot(s), s));
        } else {
            live.sort_by_key(|&s| (std::cmp::Reverse(self.ledger.credit(s)), s));
        }
        live.into_iter().skip(target.skip as usize).take(target.sellers as usize).collect()
    }

    /// Spreads a campaign's orders of today with one seller over the day and over its offers.
    fn plan_campaign(&mut self, now: SimTime, seller: SellerId, campaign: &ReviewBombing) {
        let ticks = (US_PER_DAY / self.tick_us) as usize;
        let first = (now.0 / self.tick_us) as u32;
        let offers = &self.sellers[seller.index()].offers;
        if offers.is_empty() {
            return;
        }
        for k in 0..campaign.orders_per_day {
            let tick_of_day = k as usize * ticks / campaign.orders_per_day as usize;
            let offer = &offers[(now.day() as usize + k as usize) % offers.len()];
            // Its number among the day's orders names the order within its tick, whoever else is
            // struck by this campaign or by another.
            let j = self.planted.len() as u32 & ((1 << SessionId::BITS[3]) - 1);
            let session = SessionId::new(CAMPAIGN, offer.cell, first + tick_of_day as u32, j);
            let (cell, spot, stars) = (offer.cell, offer.spot, campaign.stars);
            self.planted.push(Planted { tick_of_day, cell, spot, seller, session, stars });
        }
    }
}
