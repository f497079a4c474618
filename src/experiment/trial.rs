//! One world of a scenario, from its first tick to its last.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::driver::{Finished, Go, Lane, Watch, Work, simulate};
use crate::history::{Appraisal, Census, Digest, Fact, FactBuffer, FactLog, FactSink, merge};
use crate::market::{Market, Opening};
use crate::measure::{Counts, Metric, Recorder, SellerWeekRow, WeekRow};
use crate::scenario::Scenario;
use crate::store::WorldTables;
use crate::units::SimTime;

/// Somebody who follows a trial: told once a virtual day.
pub trait Heartbeat {
    /// `day` days are over (of `days`), and so many visits took place; says whether to go on. A trial
    /// that is not to go on ends with the week, so that whatever is told of it is of whole weeks.
    fn beat(&mut self, day: u32, days: u32, visits: u64) -> Go;

    /// A week is over, and this is what it came to. Told only by trials that keep tables.
    fn week(&mut self, _row: &WeekRow) {}
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
    /// Whether it was run to its end: its last tick, or the order that ends it.
    pub complete: bool,
    /// Rows by week, by seller and by applicant, and of what was sold to whom; of world 0 alone those by
    /// week and seller.
    pub tables: WorldTables,
    /// Orders by seller in the second half of the run; empty where nothing was measured.
    pub late_sales: Vec<u64>,
    /// Who existed, with the number of weeks that were run.
    pub census: Census,
    /// The market at the end.
    pub market: Market,
    /// Wall time of the simulation, without set-up and without telling a log [s].
    pub sim_s: f64,
}

impl World {
    /// Weeks that were run, of those that the scenario has; the last counts whole where an order ended it
    /// [weeks].
    pub fn weeks_done(&self) -> u32 {
        self.census.weeks
    }
}

impl Trial<'_> {
    /// Runs the world.
    pub fn run(&self, heart: &mut dyn Heartbeat) -> World {
        self.run_with(heart, None, || self.recorder(), |_| {})
    }

    /// Runs the world, and lets sinks of the caller's own listen. They are given back in the order of
    /// cells, and last the one that heard what happens between cells.
    pub fn run_heard<S: FactSink>(
        &self,
        heart: &mut dyn Heartbeat,
        sink: impl Fn() -> S,
    ) -> (World, Vec<S>) {
        let beside = || Beside { recorder: self.recorder(), sink: Some(sink()) };
        let mut sinks = Vec::new();
        let world = self.run_with(heart, None, beside, |run| {
            let lanes = run.lanes.iter_mut().map(|lane| &mut lane.sink);
            sinks.extend(lanes.chain([&mut run.sink]).filter_map(|beside| beside.sink.take()));
        });
        (world, sinks)
    }

    /// Runs the world and tells `log` every fact, in one order. It stops at the end of a day when the
    /// log is broken.
    pub fn run_logged(&self, heart: &mut dyn Heartbeat, log: &mut dyn FactLog) -> World {
        let keeper = || Keeper { recorder: self.recorder(), facts: FactBuffer::default() };
        self.run_with(heart, Some(log), keeper, |_| {})
    }

    fn run_with<'a, S: Listener>(
        &self,
        heart: &'a mut dyn Heartbeat,
        mut log: Option<&'a mut dyn FactLog>,
        listener: impl Fn() -> S,
        over: impl FnOnce(&mut Finished<S>),
    ) -> World {
        let clock = self.scenario.clock();
        let Opening { market, cells, popularity } = self.scenario.plan(self.world).build();
        if let Some(log) = &mut log {
            log.begin(market.census());
        }
        let lanes = cells
            .into_iter()
            .zip(&popularity)
            .map(|(cell, popularity)| Lane::new(cell, popularity, &clock, listener()))
            .collect();
        let days = clock.weeks * 7;
        let (began, logging) = (now(), Duration::ZERO);
        let (rows, sellers) = (Vec::new(), (self.world == 0).then(Vec::new));
        let mut follower = Follower { heart, log, days, rows, sellers, began, logging };
        let mut run = simulate(clock, market, lanes, listener(), self.workers, &mut follower);
        let sim_s = follower.began.elapsed().saturating_sub(follower.logging).as_secs_f64();
        over(&mut run);
        self.conclude(run, follower.rows, follower.sellers.unwrap_or_default(), sim_s)
    }

    fn recorder(&self) -> Recorder {
        if self.measured { Recorder::full() } else { Recorder::bare() }
    }

    fn conclude<S: Listener>(
        &self,
        run: Finished<S>,
        weeks: Vec<WeekRow>,
        seller_weeks: Vec<SellerWeekRow>,
        sim_s: f64,
    ) -> World {
        let Finished { market, lanes, sink, work, wakes, weeks: weeks_run, complete, ended } = run;
        let mut cells: Vec<Recorder> = lanes.into_iter().map(|lane| lane.sink.recorder()).collect();
        let mut whole = sink.recorder();
        let digests = cells.iter().map(Recorder::digest).chain([whole.digest()]);
        let digest = Digest::join(digests);
        for cell in &mut cells {
            whole.absorb(cell);
        }
        let mut census = market.census().clone();
        (census.weeks, census.ended) = (weeks_run, ended);
        let mut counts = whole.counts(&census);
        counts.events = work.visits + work.entries + wakes;
        World {
            world: self.world,
            digest,
            counts,
            metrics: whole.values(&census),
            complete,
            tables: WorldTables {
                world: self.world,
                weeks,
                sellers: whole.seller_rows(&census),
                applicants: whole.onboarding_rows(&census),
                seller_weeks,
                trade: whole.trade_rows(&census),
            },
            late_sales: whole.late_sales(),
            census,
            market,
            sim_s,
        }
    }
}

/// The sink of a trial: a recorder, and perhaps more.
trait Listener: FactSink {
    fn recorder(self) -> Recorder;

    fn recorder_mut(&mut self) -> &mut Recorder;

    /// The facts it keeps for a log.
    fn facts(&mut self) -> Option<&mut FactBuffer>;
}

impl Listener for Recorder {
    fn recorder(self) -> Recorder {
        self
    }

    fn recorder_mut(&mut self) -> &mut Recorder {
        self
    }

    fn facts(&mut self) -> Option<&mut FactBuffer> {
        None
    }
}

/// A recorder that keeps the facts themselves too. It is a type of its own, so that runs without a
/// log don't even ask whether there is one.
struct Keeper {
    recorder: Recorder,
    facts: FactBuffer,
}

impl FactSink for Keeper {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        self.recorder.take(at, fact);
        self.facts.take(at, fact);
    }

    fn appraises(&self) -> bool {
        self.recorder.appraises()
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        self.recorder.appraise(appraisal);
    }
}

impl Listener for Keeper {
    fn recorder(self) -> Recorder {
        self.recorder
    }

    fn recorder_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    fn facts(&mut self) -> Option<&mut FactBuffer> {
        Some(&mut self.facts)
    }
}

/// A recorder with a sink of the caller's beside it, which is taken when the run is over.
struct Beside<S> {
    recorder: Recorder,
    sink: Option<S>,
}

impl<S: FactSink> FactSink for Beside<S> {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        self.recorder.take(at, fact);
        if let Some(sink) = &mut self.sink {
            sink.take(at, fact);
        }
    }
}

impl<S: FactSink> Listener for Beside<S> {
    fn recorder(self) -> Recorder {
        self.recorder
    }

    fn recorder_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    fn facts(&mut self) -> Option<&mut FactBuffer> {
        None
    }
}

/// The wall clock.
pub(super) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the cost of a run is measured from outside it")]
    Instant::now()
}

/// Joins the recorders at the end of every week, tells the log of every day, and passes the heartbeat
/// on.
struct Follower<'a> {
    heart: &'a mut dyn Heartbeat,
    log: Option<&'a mut dyn FactLog>,
    days: u32,
    rows: Vec<WeekRow>,
    /// Rows by week and seller, where they are kept.
    sellers: Option<Vec<SellerWeekRow>>,
    /// When the first tick began.
    began: Instant,
    /// Time spent on the log since.
    logging: Duration,
}

impl<S: Listener> Watch<S> for Follower<'_> {
    fn opened(&mut self) {
        self.began = now();
    }

    fn day(&mut self, day: u32, work: Work) -> Go {
        let go = self.heart.beat(day + 1, self.days, work.visits);
        if self.log.as_ref().is_some_and(|log| log.is_broken()) {
            return ControlFlow::Break(());
        }
        // Tallies of a week that was not closed would be divided by weeks that were.
        if (day + 1).is_multiple_of(7) { go } else { ControlFlow::Continue(()) }
    }

    fn midnight(&mut self, sinks: &mut [&mut S]) {
        if let Some(log) = &mut self.log {
            let began = now();
            let mut facts: Vec<_> = sinks.iter_mut().filter_map(|sink| sink.facts()).collect();
            merge(&mut facts, *log);
            self.logging += began.elapsed();
        }
    }

    fn week(&mut self, week: u32, sinks: &mut [&mut S], market: &Market) {
        let Some((whole, cells)) = sinks.split_last_mut() else { return };
        let whole = whole.recorder_mut();
        for cell in cells {
            whole.absorb(cell.recorder_mut());
        }
        if let Some(rows) = &mut self.sellers {
            let stars = |seller| market.reputations().lifetime(seller).mean_stars();
            rows.extend(whole.seller_weeks(week, market.census(), stars));
        }
        let row = whole.close_week(week, market.census());
        self.heart.week(&row);
        self.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;
    use std::path::Path;

    fn small(overrides: &[&str]) -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
        scenario::load(&path, &overrides).unwrap_or_else(|wrong| panic!("{wrong}")).scenario
    }

    /// Asks to stop after some days.
    struct Impatient(u32);

    impl Heartbeat for Impatient {
        fn beat(&mut self, day: u32, _: u32, _: u64) -> Go {
            if day >= self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }

    #[test]
    fn who_stops_early_is_told_of_whole_weeks() {
        let scenario = small(&[]);
        let trial = Trial { scenario: &scenario, world: 0, workers: 2, measured: true };
        let world = trial.run(&mut Impatient(9));
        assert_eq!((world.weeks_done(), world.tables.weeks.len()), (2, 2));
        let weekly: u64 = world.tables.weeks.iter().map(|row| row.orders).sum();
        assert_eq!(world.counts.orders, weekly, "no order of a third week");
        let joined = world.metrics.iter().find(|(metric, _)| metric.name == "joined_per_week");
        let expected = world.counts.sellers_joined as f64 / 2.0;
        assert_eq!(joined.and_then(|(_, value)| *value), Some(expected));
        // The last week is not cut short by who asks on its last day.
        assert_eq!(trial.run(&mut Impatient(14)).digest, world.digest);
    }

    /// A log that takes its time.
    struct Slow;

    impl FactLog for Slow {
        fn begin(&mut self, _: &Census) {
            std::thread::sleep(Duration::from_millis(700));
        }

        fn take(&mut self, at: SimTime, cell: Option<u32>, _: &Fact<'_>) {
            // Each hub speaks at midnight, whatever else happens in a day.
            if cell.is_none() && at == SimTime(0) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    #[test]
    fn time_spent_on_set_up_and_on_a_log_is_not_that_of_the_simulation() {
        let scenario = small(&["weeks=2", "shoppers.visits_per_week=100.0"]);
        let trial = Trial { scenario: &scenario, world: 0, workers: 1, measured: false };
        let began = now();
        let world = trial.run_logged(&mut (), &mut Slow);
        let whole = began.elapsed().as_secs_f64();
        assert!(whole > world.sim_s + 0.7 + 0.02, "{whole} s in all, {} s simulating", world.sim_s);
    }
}
