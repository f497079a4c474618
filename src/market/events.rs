//! What a scenario makes happen from outside: shocks to quality, campaigns of false reviews.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Market, Spot};
use crate::agents::sellers::ChangeSpec;
use crate::history::{Fact, FactSink};
use crate::units::{ClassId, KindId, SellerId, SessionId, SimTime, US_PER_DAY};

/// `[events]`: events by name.
pub type EventsSpec = BTreeMap<String, EventSpec>;

/// `[events.NAME.VARIANT]`: something that happens to some sellers at some time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EventSpec {
    /// The true quality of some sellers changes for a while.
    QualityShock(#[garde(dive)] QualityShock),
    /// Somebody buys from some sellers to give them false reviews.
    ReviewBombing(#[garde(dive)] ReviewBombing),
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

/// A campaign of false reviews. Every one of them belongs to a real order, paid for.
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
    /// Stars given [stars].
    #[garde(range(min = 1, max = 5))]
    pub stars: u8,
}

/// Who an event strikes: the live sellers with the most credit when it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
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
    /// The number the visit goes by.
    pub session: SessionId,
    /// Stars of its review.
    pub stars: u8,
}

/// The class number that sessions of campaigns carry: no class of shoppers has it.
const CAMPAIGN: ClassId = ClassId(63);

impl Market {
    /// Lets the events of the scenario happen that are due today.
    pub(super) fn strike(&mut self, now: SimTime, sink: &mut dyn FactSink) {
        self.planted.clear();
        let events: Vec<EventSpec> = self.events.values().cloned().collect();
        for (number, event) in (0u32..).zip(&events) {
            match event {
                EventSpec::QualityShock(shock) if shock.from_day == now.day() => {
                    let end = shock.from_day.saturating_add(shock.days);
                    for seller in self.struck(&shock.target) {
                        let actor = &mut self.sellers[seller.index()].actor;
                        actor.quality_mut().change_until(end, shock.change, now.day());
                        sink.take(now, &Fact::Shocked { seller });
                    }
                }
                EventSpec::ReviewBombing(campaign) => {
                    if campaign.from_day == now.day() {
                        let struck = self.struck(&campaign.target);
                        self.campaigns.insert(number, struck);
                    }
                    if (campaign.from_day..campaign.from_day.saturating_add(campaign.days))
                        .contains(&now.day())
                    {
                        self.plan_campaign(now, number, campaign);
                    }
                }
                EventSpec::QualityShock(_) => {}
            }
        }
        self.planted.sort_by_key(|p| (p.tick_of_day, p.session));
    }

    /// Who an event strikes now.
    fn struck(&self, target: &Target) -> Vec<SellerId> {
        let fits = |i: &usize| {
            let seller = &self.sellers[*i];
            seller.is_live() && target.kind.is_none_or(|kind| kind == seller.profile().kind)
        };
        let mut live: Vec<SellerId> =
            (0..self.sellers.len()).filter(fits).map(|i| SellerId(i as u32)).collect();
        live.sort_by_key(|&s| (std::cmp::Reverse(self.ledger.credit(s)), s));
        live.into_iter().skip(target.skip as usize).take(target.sellers as usize).collect()
    }

    /// Spreads a campaign's orders of today over the day and over the offers of those it strikes.
    fn plan_campaign(&mut self, now: SimTime, number: u32, campaign: &ReviewBombing) {
        let ticks = (US_PER_DAY / self.tick_us) as usize;
        let first = (now.0 / self.tick_us) as u32;
        let struck = self.campaigns.get(&number).cloned().unwrap_or_default();
        for seller in struck {
            let offers = &self.sellers[seller.index()].offers;
            if offers.is_empty() {
                continue;
            }
            for k in 0..campaign.orders_per_day {
                let tick_of_day = k as usize * ticks / campaign.orders_per_day as usize;
                let offer = &offers[(now.day() as usize + k as usize) % offers.len()];
                // Its number among the day's orders names the order within its tick, whoever else is
                // struck by this campaign or by another.
                let j = self.planted.len() as u32 & ((1 << SessionId::BITS[3]) - 1);
                let session = SessionId::new(CAMPAIGN, offer.cell, first + tick_of_day as u32, j);
                let (cell, spot, stars) = (offer.cell, offer.spot, campaign.stars);
                self.planted.push(Planted { tick_of_day, cell, spot, session, stars });
            }
        }
    }
}
