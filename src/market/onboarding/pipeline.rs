//! The stages before a seller is live. They run from the last to the first, so that nobody passes two
//! desks in one day.

use std::collections::BTreeSet;
use std::ops::Range;

use super::applicant::{Applicant, End};
use super::leads::{Fate, Lead};
use super::{Decision, Onboarding, Today};
use crate::agents::staff::business_development::{Prospect, call};
use crate::agents::staff::capacity::Capacity;
use crate::agents::staff::clerks::DeskSpec;
use crate::agents::staff::quality_managers::least_busy;
use crate::history::Stage;
use crate::units::SellerId;

/// Business development's people and their leads.
#[derive(Debug, Default)]
pub(super) struct Prospecting {
    /// Found, not called yet.
    pub(super) waiting: Vec<Prospect>,
    /// Called; each by the day that decides it.
    pub(super) talking: BTreeSet<(i32, SellerId)>,
    capacity: Capacity,
}

/// A desk of clerks with its cases.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Applicants busy with their own part, by the day they are done.
    pub(super) away: BTreeSet<(i32, SellerId)>,
    /// Applicants ready for a clerk, by the day since when.
    pub(super) waiting: BTreeSet<(i32, SellerId)>,
    capacity: Capacity,
}

/// Takes out what is due on `day` or before, in order.
fn due(calendar: &mut BTreeSet<(i32, SellerId)>, day: i32) -> Vec<(i32, SellerId)> {
    let mut out = Vec::new();
    while calendar.first().is_some_and(|&(on, _)| on <= day) {
        out.extend(calendar.pop_first());
    }
    out
}

/// Takes out the first `n`.
fn take(queue: &mut BTreeSet<(i32, SellerId)>, n: u32) -> Vec<SellerId> {
    (0..n).map_while(|_| queue.pop_first()).map(|(_, seller)| seller).collect()
}

impl Onboarding {
    /// One day of everybody who is not live yet. `requests` are those of live sellers' customers, by
    /// quality account manager.
    pub(super) fn pipeline_day(&mut self, today: &mut Today<'_>, requests: &[u32]) {
        self.setup_day(today);
        self.charter_day(today, requests);
        self.administration_day(today);
        self.prospecting_day(today);
    }

    fn setup_day(&mut self, today: &mut Today<'_>) {
        let mut desk = std::mem::take(&mut self.setup);
        let done = self.desk_day(today, &mut desk, Stage::Setup);
        self.setup = desk;
        for seller in done {
            self.go_live(today, seller);
        }
    }

    fn administration_day(&mut self, today: &mut Today<'_>) {
        let mut desk = std::mem::take(&mut self.administration);
        let done = self.desk_day(today, &mut desk, Stage::Administration);
        self.administration = desk;
        for seller in done {
            let manager = least_busy(&self.quality);
            self.quality[manager].sellers += 1;
            self.quality[manager].waiting.insert((today.day, seller));
            self.applicant(seller).quality_manager = Some(manager);
            self.enter(today, seller, Stage::Charter);
        }
    }

    /// One day of a desk: who has done its part joins the queue or gives up, and the clerks work the
    /// queue as far as they get. Returns whose case is done.
    fn desk_day(&mut self, today: &mut Today<'_>, desk: &mut Desk, stage: Stage) -> Vec<SellerId> {
        for (ready, seller) in due(&mut desk.away, today.day) {
            if self.own_part(today, seller, stage).1 {
                desk.waiting.insert((ready, seller));
            } else {
                self.drop_out(today, seller, End::GaveUp);
            }
        }
        let capacity = desk.capacity.open(self.desk_spec(stage).rate());
        let done = take(&mut desk.waiting, capacity);
        let waiting = desk.waiting.len() as u32;
        today.say(Decision::StaffDay { stage, worked: done.len() as u32, capacity, waiting });
        done
    }

    fn desk_spec(&self, stage: Stage) -> &DeskSpec {
        if stage == Stage::Setup { &self.spec.setup } else { &self.spec.administration }
    }

    /// The applicant's own part at a desk; the same however often it is asked.
    fn own_part(&self, today: &Today<'_>, seller: SellerId, stage: Stage) -> (i32, bool) {
        let kind = self.record(seller).lead.kind;
        self.desk_spec(stage).part(today.dice, seller, stage, self.spec.kinds.of(kind))
    }

    /// Puts an applicant in front of a desk: it starts on its own part.
    fn hand_in(&mut self, today: &mut Today<'_>, seller: SellerId, stage: Stage) {
        let ready = today.day + self.own_part(today, seller, stage).0;
        let desk = if stage == Stage::Setup { &mut self.setup } else { &mut self.administration };
        desk.away.insert((ready, seller));
        self.enter(today, seller, stage);
    }

    fn charter_day(&mut self, today: &mut Today<'_>, requests: &[u32]) {
        let (mut worked, mut capacity, mut waiting) = (0, 0, 0);
        for (manager, &asked) in requests.iter().enumerate() {
            let person = &mut self.quality[manager];
            let audits = person.open(&self.spec.charter, &self.spec.support, asked);
            let audited = take(&mut person.waiting, audits);
            waiting += person.waiting.len() as u32;
            capacity += audits;
            worked += audited.len() as u32;
            for seller in audited {
                self.audit(today, seller);
            }
        }
        today.say(Decision::StaffDay { stage: Stage::Charter, worked, capacity, waiting });
        self.plans_day(today);
    }

    /// Action plans that are done: their applicants wait for another audit, tomorrow at the earliest,
    /// when it can see what was mended.
    fn plans_day(&mut self, today: &mut Today<'_>) {
        for (ready, seller) in due(&mut self.plans, today.day) {
            let applicant = self.record(seller);
            let (tries, manager) = (applicant.tries, applicant.quality_manager);
            let pace = self.spec.kinds.of(applicant.lead.kind);
            match manager {
                Some(i) if self.spec.charter.plan(today.dice, seller, tries, pace).1 => {
                    self.quality[i].waiting.insert((ready, seller));
                    today.say(Decision::Mend { seller });
                }
                _ => self.drop_out(today, seller, End::GaveUp),
            }
        }
    }

    fn audit(&mut self, today: &mut Today<'_>, seller: SellerId) {
        let applicant = self.applicant(seller);
        applicant.tries += 1;
        let (tries, kind) = (applicant.tries, applicant.lead.kind);
        let charter = &self.spec.charter;
        if charter.audit(today.dice, seller, tries, today.world.risk(seller)) {
            self.hand_in(today, seller, Stage::Setup);
        } else if tries >= charter.tries_max {
            self.drop_out(today, seller, End::Refused);
        } else {
            let (days, _) = charter.plan(today.dice, seller, tries, self.spec.kinds.of(kind));
            self.plans.insert((today.day + days, seller));
        }
    }

    fn prospecting_day(&mut self, today: &mut Today<'_>) {
        let (day, from) = (today.day, self.next);
        while let Some(applicant) = self.applicants.get(self.next) {
            let lead = applicant.lead;
            if lead.contact.day > day {
                break;
            }
            self.next += 1;
            let (category, country) = (lead.category, lead.country);
            let prospect = Prospect { seller: lead.contact.seller, found: day, category, country };
            self.prospecting.waiting.push(prospect);
            self.enter(today, lead.contact.seller, Stage::Prospecting);
        }
        self.aim(today, from..self.next);
        let spec = &self.spec.prospecting;
        let capacity = self.prospecting.capacity.open(spec.rate());
        let thin = |category, country| today.world.thin(category, country);
        let called = call(spec, day, capacity, &mut self.prospecting.waiting, thin);
        for prospect in &called {
            let (Fate::Signs(on) | Fate::Lost(on)) = self.record(prospect.seller).lead.contact.fate;
            self.prospecting.talking.insert((on.max(day), prospect.seller));
        }
        for (_, seller) in due(&mut self.prospecting.talking, day) {
            match self.record(seller).lead.contact.fate {
                Fate::Signs(_) => self.hand_in(today, seller, Stage::Administration),
                Fate::Lost(_) => self.drop_out(today, seller, End::GaveUp),
            }
        }
        self.lose_patience(today);
        let (worked, waiting) = (called.len() as u32, self.prospecting.waiting.len() as u32);
        let stage = Stage::Prospecting;
        today.say(Decision::StaffDay { stage, worked, capacity, waiting });
    }

    /// Competitive intelligence: an aimed signing changes places with what would have become of one of
    /// the leads met on the same day who don't sign. So the number of signings, their bursts and the
    /// days they take stay as they were drawn; who signs follows what the market lacks.
    fn aim(&mut self, today: &Today<'_>, met: Range<usize>) {
        let fate = |applicant: &Applicant| applicant.lead.contact.fate;
        let signs = |applicant: &Applicant| matches!(fate(applicant), Fate::Signs(_));
        let all = &mut self.applicants[met];
        let signers: Vec<usize> = (0..all.len()).filter(|&i| signs(&all[i])).collect();
        for signer in signers {
            let thin = all.iter().enumerate().map(|(i, applicant)| {
                let Lead { category, country, .. } = applicant.lead;
                let free = i == signer || !signs(applicant);
                if free { today.world.thin(category, country) } else { 0.0 }
            });
            let seller = all[signer].lead.contact.seller;
            if let Some(other) = self.spec.prospecting.aim(today.dice, seller, thin) {
                let (mine, theirs) = (fate(&all[signer]), fate(&all[other]));
                all[signer].lead.contact.fate = theirs;
                all[other].lead.contact.fate = mine;
            }
        }
    }

    /// Loses leads that nobody called in time.
    fn lose_patience(&mut self, today: &mut Today<'_>) {
        let patience = i64::from(self.spec.prospecting.patience_days);
        let mut waiting = std::mem::take(&mut self.prospecting.waiting);
        waiting.retain(|prospect| {
            let tired = i64::from(today.day) - i64::from(prospect.found) >= patience;
            let fate = self.record(prospect.seller).lead.contact.fate;
            let lost = matches!(fate, Fate::Lost(on) if on <= today.day);
            if tired || lost {
                self.drop_out(today, prospect.seller, End::GaveUp);
            }
            !(tired || lost)
        });
        self.prospecting.waiting = waiting;
    }

    pub(super) fn enter(&mut self, today: &mut Today<'_>, seller: SellerId, stage: Stage) {
        self.applicant(seller).enter(stage, today.day);
        today.say(Decision::Enter { seller, stage });
    }

    fn drop_out(&mut self, today: &mut Today<'_>, seller: SellerId, end: End) {
        let applicant = self.applicant(seller);
        let stage = applicant.stage().unwrap_or(Stage::Prospecting);
        applicant.finish(today.day, end);
        if let Some(manager) = applicant.quality_manager.take() {
            self.quality[manager].sellers -= 1;
        }
        today.say(Decision::DropOut { seller, stage });
    }
}
