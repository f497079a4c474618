//! The staff of live sellers: support, monitoring, hand-over, mystery orders, account management.

use std::collections::VecDeque;

use super::applicant::End;
use super::{Decision, Onboarding, Today};
use crate::agents::staff::account_managers::{Home, ManagementSpec, assign};
use crate::agents::staff::monitoring::{Notes, Standing};
use crate::agents::staff::mystery::{passes, pick};
use crate::agents::staff::quality_managers::Answers;
use crate::history::{ExitReason, Sanction, Stage};
use crate::rng::Purpose;
use crate::units::{ProductId, SellerId};

/// What staff keeps of a live seller.
#[derive(Debug)]
pub(super) struct Live {
    /// Day it went live; none if it always was.
    pub(super) since: Option<i32>,
    pub(super) stage: Stage,
    pub(super) home: Home,
    pub(super) quality_manager: usize,
    pub(super) manager: Option<usize>,
    pub(super) standing: Standing,
    pub(super) slowness: f64,
    // By week within monitoring's window; the last is the week that runs.
    pub(super) notes: VecDeque<Notes>,
    proposed: Option<i32>,
    chased: Option<i32>,
    // Products it was asked to list: whoever refused one is not asked again.
    known: Vec<ProductId>,
}

impl Live {
    /// Somebody live `since` a day, on trial, or established where that is none.
    pub(super) fn new(
        since: Option<i32>,
        home: Home,
        quality_manager: usize,
        slowness: f64,
    ) -> Self {
        Live {
            since,
            stage: if since.is_some() { Stage::Trial } else { Stage::Established },
            home,
            quality_manager,
            manager: None,
            standing: Standing::default(),
            slowness,
            notes: VecDeque::from([Notes::default()]),
            proposed: None,
            chased: None,
            known: Vec::new(),
        }
    }

    fn note(&mut self, new: Notes) {
        if let Some(week) = self.notes.back_mut() {
            week.add(new);
        }
    }

    /// Everything noted within the window.
    fn window(&self) -> Notes {
        let mut sum = Notes::default();
        self.notes.iter().for_each(|&week| sum.add(week));
        sum
    }

    /// Starts a week of a window of `weeks`.
    fn turn_week(&mut self, weeks: u32) {
        self.notes.push_back(Notes::default());
        while self.notes.len() > weeks as usize {
            self.notes.pop_front();
        }
    }
}

/// Whether `every` days have passed since `last`.
fn is_due(last: Option<i32>, every: u32, day: i32) -> bool {
    last.is_none_or(|last| day >= last.saturating_add_unsigned(every))
}

impl Onboarding {
    /// Customers ask about yesterday's orders: requests by quality account manager.
    pub(super) fn support_day(&mut self, today: &mut Today<'_>) -> Vec<u32> {
        let mut requests = vec![0; self.quality.len()];
        for (&seller, live) in &mut self.live {
            let orders = today.world.orders_yesterday(seller);
            if orders == 0 {
                continue;
            }
            let wait = self.quality[live.quality_manager].wait_days();
            let about = today.day as u32;
            let draws = &mut today.dice.stream(u64::from(seller.0), about, Purpose::Support);
            let risk = today.world.risk(seller);
            let Answers { requests: asked, slow, hours } =
                self.spec.support.requests(draws, orders, risk, wait, live.slowness);
            if asked > 0 {
                live.note(Notes { requests: asked, slow, mystery_failed: 0 });
                requests[live.quality_manager] += asked;
                today.say(Decision::Answer { seller, requests: asked, hours });
            }
        }
        requests
    }

    /// Lifts suspensions that are over, and once a week judges everybody.
    pub(super) fn monitoring_day(&mut self, today: &mut Today<'_>) {
        let spec = &self.spec.monitoring;
        let weekly = today.day > 0 && today.day % 7 == 0;
        let mut removed = Vec::new();
        for (&seller, live) in &mut self.live {
            if live.standing.reinstate(today.day, spec) {
                today.say(Decision::Reinstate { seller });
            }
            if !weekly {
                continue;
            }
            if !self.blind {
                let verdict = spec.judge(&today.world.indicators(seller), &live.window());
                match live.standing.week(today.day, verdict, spec) {
                    None => {}
                    Some(Sanction::Warning) => today.say(Decision::Warn { seller }),
                    Some(Sanction::ActionPlan) => today.say(Decision::Plan { seller }),
                    Some(Sanction::Suspension) => {
                        let until = today.day.saturating_add_unsigned(spec.suspension_days);
                        today.say(Decision::Suspend { seller, until });
                    }
                    Some(Sanction::Removal) => removed.push(seller),
                }
            }
            live.turn_week(spec.window_weeks);
        }
        for seller in removed {
            today.say(Decision::Remove { seller });
            self.leave(today.day, seller, ExitReason::Removed);
        }
    }

    /// Hands over whoever has passed its trial, while account managers have room. Returns how many wait
    /// for room.
    pub(super) fn hand_over_day(&mut self, today: &mut Today<'_>) -> u32 {
        let mut graduates = Vec::new();
        let mut waiting = 0;
        for (&seller, live) in &mut self.live {
            if live.manager.is_some() || live.standing.suspended() {
                continue;
            }
            let ready = live.since.is_none_or(|since| {
                let seen = today.world.indicators(seller);
                let live_days = today.day - since;
                self.spec.trial.passed(live_days, &seen, &live.window(), self.blind)
            });
            if !ready {
                continue;
            }
            let caseload = self.spec.management.caseload;
            live.manager = assign(&mut self.managers, caseload, seller, live.home);
            match live.manager {
                None => waiting += 1,
                Some(manager) if live.stage == Stage::Trial => {
                    live.stage = Stage::Established;
                    graduates.push((seller, manager as u32));
                }
                // A resident for whom there was no room at the start.
                Some(_) => {}
            }
        }
        for (seller, manager) in graduates {
            self.enter(today, seller, Stage::Established);
            today.say(Decision::Graduate { seller, manager });
        }
        waiting
    }

    /// Staff shops under another name.
    pub(super) fn mystery_day(&mut self, today: &mut Today<'_>) {
        let spec = &self.spec.mystery;
        let n = self.mystery.open(spec.rate());
        let candidates = self.live.iter().filter(|(_, live)| !live.standing.suspended());
        let weighed = candidates.map(|(&seller, live)| {
            let stars = if self.blind { None } else { today.world.stars(seller) };
            (seller, spec.weight(live.since.map(|since| today.day - since), stars))
        });
        for seller in pick(n, today.day, today.dice, weighed) {
            let passed = passes(today.dice, seller, today.day, today.world.risk(seller));
            today.say(Decision::Mystery { seller, passed });
            if let Some(live) = self.live.get_mut(&seller) {
                let mystery_failed = u32::from(!passed);
                live.note(Notes { mystery_failed, ..Notes::default() });
            }
        }
    }

    /// Account managers make their rounds; `waiting` graduates have none yet. Rounds fill up whether
    /// or not there is anything to do, so work is counted in visits that did something.
    pub(super) fn management_day(&mut self, today: &mut Today<'_>, waiting: u32) {
        let (mut worked, mut capacity) = (0, 0);
        for manager in &mut self.managers {
            let (visited, could) = manager.round(&self.spec.management);
            capacity += could;
            for seller in visited {
                let live = self.live.get_mut(&seller);
                if let Some(live) = live.filter(|live| !live.standing.suspended()) {
                    worked += u32::from(visit(&self.spec.management, today, seller, live));
                }
            }
        }
        let stage = Stage::Established;
        today.say(Decision::StaffDay { stage, worked, capacity, waiting });
    }

    /// Lets a seller go live on its trial; before day 0 it is dropped, as nobody would see it.
    pub(super) fn go_live(&mut self, today: &mut Today<'_>, seller: SellerId) {
        let record = self.record(seller);
        let home = (record.lead.category, record.lead.country);
        let quality_manager = record.quality_manager.unwrap_or(0);
        if today.day < 0 {
            self.quality[quality_manager].sellers -= 1;
            self.applicant(seller).finish(today.day, End::BeforeStart);
            return;
        }
        let slowness = self.spec.support.slowness(self.market, seller);
        self.live.insert(seller, Live::new(Some(today.day), home, quality_manager, slowness));
        self.enter(today, seller, Stage::Trial);
        let order_cap = self.spec.trial.order_cap;
        today.say(Decision::GoLive { seller, order_cap });
    }

    /// Takes a live seller out of everybody's care.
    pub(super) fn leave(&mut self, day: i32, seller: SellerId, reason: ExitReason) {
        let Some(live) = self.live.remove(&seller) else { return };
        self.quality[live.quality_manager].sellers -= 1;
        if let Some(manager) = live.manager {
            self.managers[manager].sellers.remove(&seller);
        }
        if let Some(applicant) = self.joiner(seller) {
            applicant.finish(day, End::Exited(reason));
        }
    }
}

/// One visit of an account manager: stock that ran out first, then a proposal if one is due. Returns
/// whether there was anything to do.
fn visit(spec: &ManagementSpec, today: &mut Today<'_>, seller: SellerId, live: &mut Live) -> bool {
    let (day, world) = (today.day, today.world);
    let mut did = false;
    if is_due(live.chased, spec.chase_every_days, day)
        && let Some(product) = world.sold_out(seller)
    {
        live.chased = Some(day);
        did = true;
        today.say(Decision::ChaseRestock { seller, product });
    }
    if !is_due(live.proposed, spec.propose_every_days, day) {
        return did;
    }
    // The day is told apart from the stages that the desks draw for by its place in the key.
    let about = Stage::Established as u32 | (day as u32) << 8;
    let listing_first =
        today.dice.block(u64::from(seller.0), about, Purpose::Stage).unit(0) < spec.list_share;
    let to_list = || world.gap(seller, &live.known).map(|(product, price)| (product, price, true));
    let to_meet = || world.price_to_meet(seller).map(|(product, price)| (product, price, false));
    let proposal =
        if listing_first { to_list().or_else(to_meet) } else { to_meet().or_else(to_list) };
    if let Some((product, price, to_list)) = proposal {
        if to_list {
            live.known.push(product);
        }
        live.proposed = Some(day);
        did = true;
        today.say(Decision::Propose { seller, product, price });
    }
    did
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{CategoryId, CountryId};

    #[test]
    fn what_is_noted_leaves_the_window_with_its_week() {
        let mut live = Live::new(Some(0), (CategoryId(0), CountryId(0)), 0, 1.0);
        for week in 1..=6 {
            live.note(Notes { requests: week, slow: 1, mystery_failed: 0 });
            let expected = (week.saturating_sub(3) + 1..=week).sum::<u32>();
            assert_eq!(
                live.window().requests,
                expected,
                "at the end of week {week} of a window of 3"
            );
            assert_eq!(live.window().slow, week.min(3));
            live.turn_week(3);
        }
    }
}
