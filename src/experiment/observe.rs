//! A world told to sinks of one's own, up to a week of one's own.

use std::ops::ControlFlow;

use super::trial::{Heartbeat, Trial};
use crate::driver::{Clock, Finished, Go, Lane, Watch, Work, simulate};
use crate::history::FactSink;
use crate::market::{Cell, Market, Opening};

impl Trial<'_> {
    /// Runs the world until so many weeks are over, or the heart stops it, and tells its facts to sinks
    /// that `listener` makes: one for each cell and one for what happens between cells. The market is
    /// planned for all of the scenario's weeks, so that what happens in a week does not depend on where
    /// the run ends.
    pub fn observe<S: FactSink>(
        &self,
        weeks: u32,
        heart: &mut dyn Heartbeat,
        listener: impl Fn() -> S,
    ) -> Finished<S> {
        let clock = self.scenario.clock();
        let Opening { market, cells, popularity } = self.scenario.plan(self.world).build();
        let lane =
            |(cell, popularity): (Cell, &Vec<f64>)| Lane::new(cell, popularity, &clock, listener());
        let lanes = cells.into_iter().zip(&popularity).map(lane).collect();
        let mut pulse = Pulse { heart, days: weeks * 7 };
        // Sales that end a run do not end what is asked: the market goes on as it would have.
        let clock = Clock { weeks, orders: None, ..clock };
        simulate(clock, market, lanes, listener(), self.workers, &mut pulse)
    }
}

/// Passes the heartbeat on.
struct Pulse<'a> {
    heart: &'a mut dyn Heartbeat,
    days: u32,
}

impl<S: FactSink> Watch<S> for Pulse<'_> {
    fn day(&mut self, day: u32, work: Work) -> Go {
        let go = self.heart.beat(day + 1, self.days, work.visits);
        // Who asks to stop when all is done gets what was asked for.
        if day + 1 < self.days { go } else { ControlFlow::Continue(()) }
    }

    fn week(&mut self, _: u32, _: &mut [&mut S], _: &Market) {}
}
