//! One world of a scenario, from its first tick to its last.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::driver::{
    Arrivals, Calendar, Clock, Finished, Go, Lane, Refresh, Watch, Work, simulate,
};
use crate::history::{Census, Digest};
use crate::market::{Market, Opening};
use crate::measure::{Counts, Metric, Recorder, WeekRow};
use crate::scenario::Scenario;
use crate::store::WorldTables;

/// Somebody who follows a trial: told once a virtual day.
pub trait Heartbeat {
    /// `day` days are over (of `days`), and so many visits took place; says whether to go on.
    fn beat(&mut self, day: u32, days: u32, visits: u64) -> Go;
}

/// Nobody follows.
impl Heartbeat for () {
    fn beat(&mut self, _: u32, _: u32, _: u64) -> Go {
        ControlFlow::Continue(())
    }
}

/// How to run one world.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// What is simulated.
    pub scenario: &'a Scenario,
    /// Number of the world: 0 for the first.
    pub world: u32,
    /// Threads to run cells on; the result does not depend on it.
    pub workers: usize,
    /// Whether to keep metrics, or the digest and the counts alone.
    pub measured: bool,
}

/// What one world came to.
pub struct World {
    /// Number of the world: 0 for the first.
    pub world: u32,
    /// The digest of every fact.
    pub digest: Digest,
    /// How many of what happened.
    pub counts: Counts,
    /// Every metric with its value, in the order of the registry; empty where nothing was measured.
    pub metrics: Vec<(&'static Metric, Option<f64>)>,
    /// Rows by week, by seller and by applicant.
    pub tables: WorldTables,
    /// Who existed, with the number of weeks that were run.
    pub census: Census,
    /// The market at the end.
    pub market: Market,
    /// Orders that were still on their way, or waited for a review, at the end.
    pub pending: u64,
    /// Wall time of the simulation, without set-up [s].
    pub sim_s: f64,
}

impl Trial<'_> {
    /// Runs the world.
    pub fn run(&self, heart: &mut dyn Heartbeat) -> World {
        let clock = self.scenario.clock();
        let Opening { market, cells, popularity } = self.scenario.plan(self.world).build();
        let lanes = cells
            .into_iter()
            .zip(&popularity)
            .map(|(cell, popularity)| {
                let arrivals = Arrivals::new(cell.number, popularity);
                Lane::new(cell, arrivals, calendar(&clock), self.recorder())
            })
            .collect();
        let days = clock.weeks * 7;
        let mut follower = Follower { heart, days, rows: Vec::new() };
        let sink = self.recorder();
        #[expect(
            clippy::disallowed_methods,
            reason = "the cost of a run is measured from outside it"
        )]
        let began = Instant::now();
        let run = simulate(clock, market, lanes, sink, self.workers, &mut follower);
        let sim_s = began.elapsed().as_secs_f64();
        self.conclude(run, follower.rows, sim_s)
    }

    fn recorder(&self) -> Recorder {
        if self.measured { Recorder::full() } else { Recorder::bare() }
    }

    fn conclude(&self, run: Finished<Recorder>, weeks: Vec<WeekRow>, sim_s: f64) -> World {
        let Finished { market, mut lanes, mut sink, work, wakes, weeks: weeks_run } = run;
        let digests = lanes.iter().map(|lane| lane.sink.digest()).chain([sink.digest()]);
        let digest = Digest::join(digests);
        let pending = lanes.iter().map(Lane::waiting).sum();
        for lane in &mut lanes {
            sink.absorb(&mut lane.sink);
        }
        let mut census = market.census().clone();
        census.weeks = weeks_run;
        let mut counts = sink.counts(&census);
        counts.events = work.visits + work.entries + wakes;
        World {
            world: self.world,
            digest,
            counts,
            metrics: sink.values(&census),
            tables: WorldTables {
                world: self.world,
                weeks,
                sellers: sink.seller_rows(&census),
                applicants: sink.onboarding_rows(&census),
            },
            census,
            market,
            pending,
            sim_s,
        }
    }
}

fn calendar(clock: &Clock) -> Calendar {
    let calendar = Calendar::new(clock.tick_us, clock.ticks());
    if clock.refresh == Refresh::Immediate { calendar.exact() } else { calendar }
}

/// Joins the recorders at the end of every week, and passes the heartbeat on.
struct Follower<'a> {
    heart: &'a mut dyn Heartbeat,
    days: u32,
    rows: Vec<WeekRow>,
}

impl Watch<Recorder> for Follower<'_> {
    fn day(&mut self, day: u32, work: Work) -> Go {
        self.heart.beat(day + 1, self.days, work.visits)
    }

    fn week(&mut self, week: u32, sinks: &mut [&mut Recorder], market: &Market) {
        let Some((whole, cells)) = sinks.split_last_mut() else { return };
        for cell in cells {
            whole.absorb(cell);
        }
        self.rows.push(whole.close_week(week, market.census()));
    }
}
