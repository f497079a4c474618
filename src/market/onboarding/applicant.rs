//! The record that is kept of every lead: a row of `onboarding.csv`.

use super::leads::Lead;
use crate::history::{ExitReason, Stage};

/// How an applicant's way ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It gave up, or business development lost it.
    GaveUp,
    /// It never passed its audits.
    Refused,
    /// It would have gone live before the run began, where nobody sees it.
    BeforeStart,
    /// It left after having been live.
    Exited(ExitReason),
}

impl End {
    /// The word people read.
    pub const fn name(self) -> &'static str {
        match self {
            End::GaveUp => "gave-up",
            End::Refused => "refused",
            End::BeforeStart => "before-start",
            End::Exited(ExitReason::Unprofitable) => "unprofitable",
            End::Exited(ExitReason::Removed) => "removed",
        }
    }
}

/// Where an applicant stands: exactly one of these at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not met yet.
    Unmet,
    /// At a stage.
    At(Stage),
    /// Gone for good.
    Gone(End),
}

/// A lead and what has become of it. Days are days of the run, negative before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Applicant {
    /// Who it is, when it was met and what fate it has; business development may give its fate to
    /// another lead of the same day.
    pub lead: Lead,
    /// Day it entered each stage, by [`Stage::ALL`].
    pub entered: [Option<i32>; 6],
    /// Audits taken so far.
    pub tries: u32,
    /// Where, when and how it ended.
    pub end: Option<(Stage, i32, End)>,
    /// Its quality account manager, from the Charter on.
    pub(super) quality_manager: Option<usize>,
}

impl Applicant {
    pub(super) fn new(lead: Lead) -> Self {
        Applicant { lead, entered: [None; 6], tries: 0, end: None, quality_manager: None }
    }

    /// The last stage it entered.
    pub fn stage(&self) -> Option<Stage> {
        Stage::ALL.into_iter().rev().find(|&stage| self.entered[stage as usize].is_some())
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        match (self.end, self.stage()) {
            (Some((.., end)), _) => State::Gone(end),
            (None, Some(stage)) => State::At(stage),
            (None, None) => State::Unmet,
        }
    }

    /// The stage at which it gave up or was refused, if it did.
    pub fn dropped_at(&self) -> Option<Stage> {
        match self.end {
            Some((stage, _, End::GaveUp | End::Refused)) => Some(stage),
            _ => None,
        }
    }

    /// Day it went live.
    pub fn live_day(&self) -> Option<i32> {
        self.entered[Stage::Trial as usize]
    }

    /// Day it was handed over to an account manager.
    pub fn graduated_day(&self) -> Option<i32> {
        self.entered[Stage::Established as usize]
    }

    pub(super) fn enter(&mut self, stage: Stage, day: i32) {
        let last = self.stage().map(|stage| stage as usize);
        assert!(
            self.end.is_none() && last.map_or(0, |last| last + 1) == stage as usize,
            "seller {} cannot go from {last:?} to {stage:?} on day {day}",
            self.lead.contact.seller.0
        );
        self.entered[stage as usize] = Some(day);
    }

    pub(super) fn finish(&mut self, day: i32, end: End) {
        let stage = self.stage().unwrap_or(Stage::Prospecting);
        assert!(self.end.is_none(), "seller {} ends twice", self.lead.contact.seller.0);
        self.end = Some((stage, day, end));
    }
}
