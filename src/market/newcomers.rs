//! Sellers who come with a chance at each visit: the market's side of `[sellers.newcomers]`.

use super::{Market, Shelves, Standing};
use crate::agents::sellers::NewcomersSpec;
use crate::history::{Fact, FactSink, Stage};
use crate::rng::Purpose;
use crate::units::{SellerId, SessionId, SimTime};

/// Who may still come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newcomers {
    chance: f64,
    next: SellerId,
    /// One past the last.
    end: SellerId,
}

impl Newcomers {
    /// The last of `sellers`, as many as the table allows; each is an applicant until it comes.
    pub(super) fn new(spec: &NewcomersSpec, sellers: usize) -> Self {
        let end = sellers as u32;
        let next = SellerId(end - spec.most);
        Newcomers { chance: spec.chance, next, end: SellerId(end) }
    }
}

impl Market {
    /// Whether a visit buys from somebody new: by a draw about the visit, and so whoever else is there.
    pub fn brings_somebody(&self, session: SessionId) -> bool {
        self.newcomers.is_some_and(|newcomers| {
            let draw = || self.dice.block(session.0, 0, Purpose::Newcomer).unit(0);
            newcomers.next < newcomers.end && draw() < newcomers.chance
        })
    }

    /// The next newcomer goes live, with stock and past any trial; none where all have come.
    pub fn welcome(
        &mut self,
        now: SimTime,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) -> Option<SellerId> {
        let newcomers = self.newcomers.as_mut().filter(|n| n.next < n.end)?;
        let seller = newcomers.next;
        newcomers.next = SellerId(seller.0 + 1);
        debug_assert_eq!(self.sellers[seller.index()].standing, Standing::Applicant);
        sink.take(now, &Fact::StageEntered { seller, stage: Stage::Trial });
        self.go_live(now, seller, None, cells, sink);
        self.day_of(now, seller, cells, sink);
        Some(seller)
    }
}
