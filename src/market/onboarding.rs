//! Onboarding: how sellers come to the marketplace, and what its staff does with them ever after.
//!
//! The pipeline is a row of stages, each a queue in front of people of limited capacity: prospecting,
//! administration, Quality Charter, account set-up, trial, established. Leads are drawn beforehand
//! ([`draw_contacts`]); what happens to them is decided here, one day at a time ([`Onboarding::day`]).
//! Staff sees the market through [`WorldView`] and answers with [`Decision`]s; the market carries
//! them out and makes facts of them.
//!
//! 1. Every lead is in exactly one [`State`], and every applicant in one queue of its stage.
//! 2. Chance is keyed by (seller, stage or day), so one applicant more changes nobody else's draws; it
//!    can change how long others wait, which is what a queue is.
//! 3. A blind staff (the feedback channel `staff` is cut) decides nothing by indicators, stars or
//!    mystery orders.

mod applicant;
mod leads;
mod live;
mod pipeline;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use applicant::{Applicant, End, State};
pub use leads::{Contact, Fate, Lead, LeadsSpec, draw_contacts};

use crate::agents::staff::account_managers::{AccountManager, ManagementSpec, assign, hire};
use crate::agents::staff::business_development::ProspectingSpec;
use crate::agents::staff::capacity::Capacity;
use crate::agents::staff::clerks::DeskSpec;
use crate::agents::staff::monitoring::{Indicators, MonitoringSpec, TrialSpec};
use crate::agents::staff::mystery::MysterySpec;
use crate::agents::staff::pace::PaceByKind;
use crate::agents::staff::quality_managers::{
    CharterSpec, QualityManager, SupportSpec, least_busy,
};
use crate::history::{ExitReason, Fact, Sanction, Stage};
use crate::rng::Dice;
use crate::units::{CategoryId, Cents, CountryId, ProductId, SellerId};

use live::Live;
use pipeline::{Desk, Prospecting};

/// How sellers join and are looked after: `joining`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoiningSpec {
    /// Who comes, and when.
    #[garde(dive)]
    pub leads: LeadsSpec,
    /// Business development, which calls leads.
    #[garde(dive)]
    pub prospecting: ProspectingSpec,
    /// Those who check documents.
    #[garde(dive)]
    pub administration: DeskSpec,
    /// The Quality Charter and its account managers.
    #[garde(dive)]
    pub charter: CharterSpec,
    /// Those who set accounts up.
    #[garde(dive)]
    pub setup: DeskSpec,
    /// What a new seller must show.
    #[garde(dive)]
    pub trial: TrialSpec,
    /// The weekly look at live sellers.
    #[garde(dive)]
    pub monitoring: MonitoringSpec,
    /// Mystery orders.
    #[garde(dive)]
    pub mystery: MysterySpec,
    /// Customers' requests.
    #[garde(dive)]
    pub support: SupportSpec,
    /// Account managers.
    #[garde(dive)]
    pub management: ManagementSpec,
    /// How kinds of seller differ.
    #[garde(dive)]
    pub kinds: PaceByKind,
}

/// What staff can see of the market. Methods are about live sellers, except [`WorldView::risk`] and
/// [`WorldView::thin`], which are asked about applicants too.
pub trait WorldView {
    /// The true chance that an order of this seller goes wrong in a way that an audit or a mystery order
    /// can find. For applicants this is what they would sell with today.
    fn risk(&self, seller: SellerId) -> f64;

    /// A live seller's orders over the last `monitoring.window_weeks`.
    fn indicators(&self, seller: SellerId) -> Indicators;

    /// A live seller's mean stars as the marketplace knows them; none while there are too few reviews to
    /// speak of a mean.
    fn stars(&self, seller: SellerId) -> Option<f64>;

    /// Orders taken yesterday by a live seller.
    fn orders_yesterday(&self, seller: SellerId) -> u32;

    /// How badly a category lacks offers in a country: 0 well supplied, 1 nothing on offer.
    fn thin(&self, category: CategoryId, country: CountryId) -> f64;

    /// A product that the seller lists and has run out of, the best-selling first; none if asking for
    /// it is no use.
    fn sold_out(&self, seller: SellerId) -> Option<ProductId>;

    /// A product that is thin, that the seller does not list and that is none of the `known`, with a
    /// price to ask.
    fn gap(&self, seller: SellerId, known: &[ProductId]) -> Option<(ProductId, Cents)>;

    /// A product that the seller lists too dear, with the price to meet: one it can afford.
    fn price_to_meet(&self, seller: SellerId) -> Option<(ProductId, Cents)>;
}

/// What staff decided. The market carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the sentence of a variant speaks of its fields")]
pub enum Decision {
    /// An applicant came to a stage.
    Enter { seller: SellerId, stage: Stage },
    /// An applicant gave up, was lost or was refused at a stage.
    DropOut { seller: SellerId, stage: Stage },
    /// An applicant has carried out the action plan that a refusal at the Charter asked for: its true
    /// quality improves as a live seller's does after [`Decision::Plan`].
    Mend { seller: SellerId },
    /// A seller may sell, at most `order_cap` orders a day.
    GoLive { seller: SellerId, order_cap: u32 },
    /// The trial is over: the cap falls, and the account manager of this number takes over.
    Graduate { seller: SellerId, manager: u32 },
    /// Customers' requests about the seller were answered, in so many `hours` together.
    Answer { seller: SellerId, requests: u32, hours: u32 },
    /// A mystery order was placed, and the seller `passed` or not.
    Mystery { seller: SellerId, passed: bool },
    /// A warning.
    Warn { seller: SellerId },
    /// An action plan: true quality improves.
    Plan { seller: SellerId },
    /// The seller may not sell until a [`Decision::Reinstate`], on day `until` at the earliest.
    Suspend { seller: SellerId, until: i32 },
    /// The seller may sell again.
    Reinstate { seller: SellerId },
    /// The seller is removed for good; the market need not report the exit back.
    Remove { seller: SellerId },
    /// An account manager proposes to sell a product at a price: to list it, or to meet a price.
    Propose { seller: SellerId, product: ProductId, price: Cents },
    /// An account manager asks for stock of a product that ran out.
    ChaseRestock { seller: SellerId, product: ProductId },
    /// A day of a stage's people: cases they `worked`, those they could have worked (`capacity`), and
    /// those that were ready and are still `waiting`.
    StaffDay { stage: Stage, worked: u32, capacity: u32, waiting: u32 },
}

impl Decision {
    /// The fact that records this decision; none for what is only carried out, as going live is
    /// recorded by entering the trial.
    pub fn fact(&self) -> Option<Fact<'static>> {
        let sanctioned = |seller, sanction| Some(Fact::Sanctioned { seller, sanction });
        match *self {
            Decision::Enter { seller, stage } => Some(Fact::StageEntered { seller, stage }),
            Decision::DropOut { seller, stage } => Some(Fact::DroppedOut { seller, stage }),
            Decision::Mystery { seller, passed } => Some(Fact::MysteryOrdered { seller, passed }),
            Decision::Warn { seller } => sanctioned(seller, Sanction::Warning),
            Decision::Plan { seller } => sanctioned(seller, Sanction::ActionPlan),
            Decision::Suspend { seller, .. } => sanctioned(seller, Sanction::Suspension),
            Decision::Remove { seller } => sanctioned(seller, Sanction::Removal),
            Decision::Reinstate { seller } => Some(Fact::Reinstated { seller }),
            Decision::StaffDay { stage, worked, capacity, waiting } => {
                Some(Fact::StaffDay { stage, worked, capacity, waiting })
            }
            Decision::Mend { .. }
            | Decision::Answer { .. }
            | Decision::GoLive { .. }
            | Decision::Graduate { .. }
            | Decision::Propose { .. }
            | Decision::ChaseRestock { .. } => None,
        }
    }
}

/// A seller who is there when the run begins: established, with managers of both sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resident {
    /// Its number.
    pub seller: SellerId,
    /// The category most of its catalogue lies in, which its account manager looks after.
    pub category: CategoryId,
    /// Where it sells from.
    pub country: CountryId,
}

/// A day as every part of the staff sees it.
struct Today<'a> {
    day: i32,
    world: &'a dyn WorldView,
    dice: Dice,
    out: &'a mut Vec<Decision>,
}

impl Today<'_> {
    fn say(&mut self, decision: Decision) {
        self.out.push(decision);
    }
}

/// Everybody who wants to sell or sells, and the staff they meet.
pub struct Onboarding {
    spec: JoiningSpec,
    blind: bool,
    market: Dice,
    // The number of the first lead, and every lead in the order of first contact.
    first: SellerId,
    applicants: Vec<Applicant>,
    // The place of the first lead not met yet.
    next: usize,
    prospecting: Prospecting,
    administration: Desk,
    quality: Vec<QualityManager>,
    // Refused applicants at work on an action plan, by the day it is done.
    plans: BTreeSet<(i32, SellerId)>,
    setup: Desk,
    managers: Vec<AccountManager>,
    live: BTreeMap<SellerId, Live>,
    mystery: Capacity,
}

impl Onboarding {
    /// A staff with `residents` in its care and `leads` to come, numbered without gaps in the order of
    /// first contact as [`draw_contacts`] does. `market` is the root of who exists (`market.seed`);
    /// `blind` cuts the feedback channel `staff`.
    pub fn new(
        spec: &JoiningSpec,
        leads: Vec<Lead>,
        residents: &[Resident],
        market: Dice,
        blind: bool,
    ) -> Self {
        let first = leads.first().map_or(SellerId(0), |lead| lead.contact.seller);
        let numbered =
            leads.iter().zip(first.0..).all(|(lead, number)| lead.contact.seller.0 == number);
        assert!(numbered, "leads are numbered without gaps from {}", first.0);
        let mut sellers: BTreeMap<_, u32> = BTreeMap::new();
        for resident in residents {
            *sellers.entry((resident.category, resident.country)).or_insert(0) += 1;
        }
        let mut staff = Onboarding {
            blind,
            market,
            first,
            applicants: leads.into_iter().map(Applicant::new).collect(),
            next: 0,
            prospecting: Prospecting::default(),
            administration: Desk::default(),
            quality: vec![QualityManager::default(); spec.charter.staff as usize],
            plans: BTreeSet::new(),
            setup: Desk::default(),
            managers: hire(&spec.management, &sellers),
            live: BTreeMap::new(),
            mystery: Capacity::default(),
            spec: spec.clone(),
        };
        for resident in residents {
            staff.settle(resident);
        }
        staff
    }

    /// Puts a seller who was there from the start under its managers.
    fn settle(&mut self, resident: &Resident) {
        let Resident { seller, category, country } = *resident;
        let quality_manager = least_busy(&self.quality);
        self.quality[quality_manager].sellers += 1;
        let home = (category, country);
        let slowness = self.spec.support.slowness(self.market, seller);
        let mut live = Live::new(None, home, quality_manager, slowness);
        live.manager = assign(&mut self.managers, self.spec.management.caseload, seller, home);
        self.live.insert(seller, live);
    }

    /// The day on which the first lead is met, 0 at the latest: the days before day 0 fill the queues, so
    /// that they are as full at the start as they will stay.
    pub fn first_day(&self) -> i32 {
        self.applicants.first().map_or(0, |applicant| applicant.lead.contact.day).min(0)
    }

    /// Works one of the days before day 0, called in turn from [`Onboarding::first_day`]. Whoever would
    /// have gone live is dropped. Returns who carried out an action plan: their true quality must be
    /// better by it when the next day comes.
    pub fn warm_up_day(&mut self, day: i32, world: &dyn WorldView, dice: Dice) -> Vec<SellerId> {
        let idle = vec![0; self.quality.len()];
        let mut out = Vec::new();
        self.pipeline_day(&mut Today { day, world, dice, out: &mut out }, &idle);
        let mended = |decision| match decision {
            Decision::Mend { seller } => Some(seller),
            _ => None,
        };
        out.into_iter().filter_map(mended).collect()
    }

    /// Works one day and appends what was decided to `out`, in order. Days are called in turn, from 0.
    pub fn day(&mut self, day: i32, world: &dyn WorldView, dice: Dice, out: &mut Vec<Decision>) {
        let today = &mut Today { day, world, dice, out };
        let requests = self.support_day(today);
        self.monitoring_day(today);
        let ready = self.hand_over_day(today);
        self.pipeline_day(today, &requests);
        self.mystery_day(today);
        self.management_day(today, ready);
    }

    /// Hears from the market that a live seller has left by itself.
    pub fn exited(&mut self, day: i32, seller: SellerId) {
        self.leave(day, seller, ExitReason::Unprofitable);
    }

    /// The chance that a customer's request about this seller is answered slowly today; 0 for one who
    /// is not live.
    pub fn slow_answer_chance(&self, seller: SellerId) -> f64 {
        self.live.get(&seller).map_or(0.0, |live| {
            let wait = self.quality[live.quality_manager].wait_days();
            self.spec.support.slow_chance(wait, live.slowness)
        })
    }

    /// Stars that a review loses because its shopper asked about the order and waited too long for an
    /// answer, by a uniform draw. Most shoppers never ask; those whose order went `wrong` do so most.
    pub fn stars_lost(&self, seller: SellerId, wrong: bool, unit: f64) -> u8 {
        let support = &self.spec.support;
        // Slow answers are no more than requests, so most draws are settled without a look at the staff.
        if support.stars_lost == 0 || unit >= support.requests_mean(wrong) {
            return 0;
        }
        let slow = self.slow_answer_chance(seller);
        if unit < support.waits_chance(wrong, slow) { support.stars_lost } else { 0 }
    }

    /// Weeks that monitoring looks back on.
    pub fn weeks_watched(&self) -> usize {
        self.spec.monitoring.window_weeks as usize
    }

    /// Price over the cheapest rival's above which account managers speak of meeting it.
    pub fn too_dear(&self) -> f64 {
        self.spec.management.too_dear
    }

    /// The record of every lead, in the order of their numbers.
    pub fn applicants(&self) -> &[Applicant] {
        &self.applicants
    }

    /// Whether a seller is live and on trial or established; none for others.
    pub fn live_stage(&self, seller: SellerId) -> Option<Stage> {
        self.live.get(&seller).map(|live| live.stage)
    }

    /// Whether a live seller is suspended.
    pub fn suspended(&self, seller: SellerId) -> bool {
        self.live.get(&seller).is_some_and(|live| live.standing.suspended())
    }

    /// The account manager of a live seller, by number.
    pub fn manager(&self, seller: SellerId) -> Option<u32> {
        self.live.get(&seller).and_then(|live| live.manager).map(|manager| manager as u32)
    }

    fn record(&self, seller: SellerId) -> &Applicant {
        &self.applicants[(seller.0 - self.first.0) as usize]
    }

    fn applicant(&mut self, seller: SellerId) -> &mut Applicant {
        &mut self.applicants[(seller.0 - self.first.0) as usize]
    }

    /// The record of a seller that came as a lead; none for a resident.
    fn joiner(&mut self, seller: SellerId) -> Option<&mut Applicant> {
        let place = seller.0.checked_sub(self.first.0)?;
        self.applicants.get_mut(place as usize)
    }
}
