//! One load on one warm market.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::driver::load::{
    self, Cells, Check, Counts, Direct, Driven, Ends, Plan, Replay, Schedule, ScheduleError,
    Second, Step, Timetable, TscClock, drive, drive_through_mailboxes,
};
use crate::market::serve::{Core, Serving};
use crate::rng::Dice;
use crate::scenario::Scenario;
use crate::store::{LoadCheck, Measured};
use crate::units::US_PER_WEEK;

use super::{LoadPlan, Mode, Path, Tried, Warm};
use crate::experiment::cores;

/// Calls that are timed as one at most, in the modes that do so.
const SAMPLE_CALLS: u32 = 64;

/// Letters that a mailbox holds at most.
const MAILBOX: usize = 1_024;

/// Loads of a warm market.
pub struct LoadTrial<'a> {
    warm: &'a Warm,
    scenario: &'a Scenario,
    /// What a star is worth to each class [EUR/star].
    star_eur: Vec<f32>,
}

/// What drivers do, and when it was due in the simulated week [ns since its start], driver by driver.
struct Dealt {
    steps: Vec<Vec<Step>>,
    times: Vec<Vec<u64>>,
}

impl LoadPlan {
    /// Says what is wrong with its times and rates.
    ///
    /// # Errors
    /// When a rate is none, a stage takes no time, or all of them take too long.
    pub fn check(&self) -> Result<(), ScheduleError> {
        Schedule::new(self.arrivals, &self.stages, 0, self.drivers).map(|_| ())
    }
}

impl<'a> LoadTrial<'a> {
    /// Loads of a warm market of a scenario.
    pub fn new(warm: &'a Warm, scenario: &'a Scenario) -> Self {
        let classes = warm.market.classes();
        let star_eur = classes.iter().map(|class| class.taste.star_eur as f32).collect();
        LoadTrial { warm, scenario, star_eur }
    }

    /// A fresh core in the state of the warm market.
    pub fn core(&self, plan: &LoadPlan) -> Core {
        let policy = self.scenario.ranking.build();
        Core::of_market(&self.warm.market, &self.warm.cells, policy, plan.length, plan.serving)
    }

    /// Puts the load on a fresh core; `watch` hears of every second. It ends early when `stop` says so.
    ///
    /// # Errors
    /// When the times of the plan cannot be scheduled.
    pub fn run(
        &self,
        plan: &LoadPlan,
        stop: &AtomicBool,
        mut watch: impl FnMut(&Second),
    ) -> Result<Tried, ScheduleError> {
        let core = self.core(plan);
        let dealt = self.deal(plan);
        let times: Vec<&[u64]> = dealt.times.iter().map(Vec::as_slice).collect();
        let table = self.timetable(plan, &times)?;
        let mut measured = Measured::default();
        let counts = Mutex::new(Counts::default());
        let mut driven = self.drive(plan, &core, &dealt, table.as_ref(), stop, &counts, |second| {
            measured.add(&second);
            watch(&second);
        });
        driven.disturbance.starved = Some(starved(&driven));
        let serving = match core.serving() {
            Serving::AtRead => "scored at the read",
            Serving::AtWrite => "order kept at the write",
        };
        let batched = match plan.mode {
            Mode::Single => true,
            // Behind mailboxes it is the cells who time, one letter at a time.
            Mode::Offline => plan.path == Path::Direct,
            _ => false,
        };
        let sample_calls = if batched { SAMPLE_CALLS } else { 1 };
        let stopped = stop.load(Ordering::Relaxed);
        let scheduled = table.as_ref().map(Timetable::length).filter(|_| !stopped);
        Ok(Tried {
            scheduled,
            stopped,
            setting: plan.setting(serving, self.warm.weeks, sample_calls),
            measured,
            checks: driven.validity().checks.iter().map(check).collect(),
            counts: counts.into_inner().unwrap_or_else(PoisonError::into_inner),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of its own, and this is private")]
    fn drive(
        &self,
        plan: &LoadPlan,
        core: &Core,
        dealt: &Dealt,
        table: Option<&Timetable<'_>>,
        stop: &AtomicBool,
        counts: &Mutex<Counts>,
        watch: impl FnMut(Second),
    ) -> Driven {
        let mode = match (plan.mode, table) {
            (_, Some(table)) => load::Mode::Open(table),
            (Mode::Closed(callers), None) => load::Mode::Closed(callers),
            (Mode::Offline, None) => load::Mode::Offline,
            _ => load::Mode::Single,
        };
        let length = table.map_or(plan.duration.as_nanos(), Timetable::length);
        let (drivers, ends, pin) = (plan.drivers, Ends::after(length), true);
        let how = Plan { mode, drivers, ends, pin, stop };
        let hand = |driver: u32| {
            let clock = TscClock::since(TscClock::epoch());
            let steps = &dealt.steps[driver as usize];
            Direct::new(core, clock, steps, &self.star_eur, plan.batch as usize, counts)
        };
        match plan.path {
            Path::Actor => {
                let cells = self.cells(drivers);
                let worker = || {
                    let clock = TscClock::since(TscClock::epoch());
                    let batch = plan.batch as usize;
                    Direct::new(core, clock, &dealt.steps[0], &self.star_eur, batch, counts)
                };
                drive_through_mailboxes(&how, cells, &dealt.steps, worker, watch)
            }
            Path::Direct => drive(&how, hand, watch),
        }
    }

    /// Cells behind mailboxes: as many as the scenario has, on the cores that drivers leave.
    fn cells(&self, drivers: u32) -> Cells {
        let threads = (cores() as u32).saturating_sub(drivers).max(1);
        Cells { number: self.scenario.engine.cells, room: MAILBOX, threads }
    }

    fn timetable<'t>(
        &self,
        plan: &LoadPlan,
        times: &[&'t [u64]],
    ) -> Result<Option<Timetable<'t>>, ScheduleError> {
        match plan.mode {
            Mode::Open => {
                let seed = self.scenario.seed;
                Schedule::new(plan.arrivals, &plan.stages, seed, plan.drivers)
                    .map(|schedule| Some(Timetable::Drawn(schedule)))
            }
            Mode::Replay => {
                let week = US_PER_WEEK * 1_000;
                let factor = week as f64 / plan.duration.as_nanos().max(1) as f64;
                Replay::new(times, week, factor).map(|replay| Some(Timetable::Replay(replay)))
            }
            _ => Ok(None),
        }
    }

    fn deal(&self, plan: &LoadPlan) -> Dealt {
        let (tape, dice) = (&self.warm.tape, Dice::new(self.scenario.seed, 0));
        let drivers = 0..plan.drivers;
        if plan.mode == Mode::Replay {
            let (steps, times) = drivers.map(|driver| tape.replayed(driver, plan.drivers)).unzip();
            return Dealt { steps, times };
        }
        Dealt { steps: drivers.map(|driver| tape.dealt(dice, driver)).collect(), times: vec![] }
    }
}

/// Every driver writes, so one that never came to its turn while others did is a writer that starved.
fn starved(driven: &Driven) -> u64 {
    let idle = driven.drivers.iter().filter(|drove| drove.outcome.done == 0).count();
    if idle < driven.drivers.len() { idle as u64 } else { 0 }
}

/// A check as it is stored.
fn check(of: &Check) -> LoadCheck {
    let broken = of.verdict == load::Verdict::Broken;
    LoadCheck {
        name: of.name.to_owned(),
        value: of.value,
        limit: Some(of.limit),
        unit: of.unit.to_owned(),
        pass: !broken,
        why: broken.then(|| of.says()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path as File;

    use super::super::LoadPlan;
    use super::*;
    use crate::driver::load::{Arrivals, Op, Total};
    use crate::experiment::Trial;
    use crate::scenario;
    use crate::units::{ProductId, SellerId};

    fn plan(path: Path, mode: Mode) -> LoadPlan {
        LoadPlan {
            path,
            mode,
            arrivals: Arrivals::Poisson,
            stages: vec!["200ms@20k".parse().expect("a stage")],
            duration: "200ms".parse().expect("a span"),
            drivers: 2,
            batch: 4,
            serving: None,
            length: 5,
        }
    }

    fn stock_of(core: &Core) -> u64 {
        let products = (0..core.products() as u32).map(ProductId);
        products.flat_map(|product| core.offers(product)).map(|at| u64::from(core.stock(at))).sum()
    }

    /// In every mode the operations are those of the simulated week, and what was sold, restocked and
    /// reviewed is what the core has to show for it.
    #[test]
    fn every_mode_asks_what_the_week_asked_and_nothing_is_lost() {
        let path = File::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{wrong}"));
        let scenario = &loaded.scenario;
        let trial = Trial { scenario, world: 0, workers: 2, measured: false };
        let warm = trial.warm(2, &mut ()).expect("nobody stops it");
        let loads = LoadTrial::new(&warm, scenario);
        let mix = warm.tape.mix();
        let ranks = mix[Op::Rank as usize] as f64 / warm.tape.len() as f64;
        let modes = [Mode::Single, Mode::Closed(3), Mode::Open, Mode::Offline, Mode::Replay];
        let both = Path::ALL.into_iter().flat_map(|path| modes.map(|mode| (path, mode)));
        for (path, mode) in both {
            let (plan, stop) = (plan(path, mode), AtomicBool::new(false));
            let core = loads.core(&plan);
            let dealt = loads.deal(&plan);
            let times: Vec<&[u64]> = dealt.times.iter().map(Vec::as_slice).collect();
            let table = loads.timetable(&plan, &times).expect("a schedule");
            let (counts, before) = (Mutex::new(Counts::default()), stock_of(&core));
            let known = |core: &Core| -> u64 {
                let sellers = (0..core.sellers() as u32).map(SellerId);
                sellers.map(|seller| u64::from(core.tally(seller).reviews)).sum()
            };
            let reviews_before = known(&core);
            let mut told = 0;
            let watch = |second: Second| told += second.latencies.done();
            let driven = loads.drive(&plan, &core, &dealt, table.as_ref(), &stop, &counts, watch);
            let did = *counts.lock().expect("nobody panicked");
            let all = &driven.total.latencies;
            assert_eq!(told, all.done(), "{path:?} {mode}: seconds are those of the whole");
            assert_eq!(all.count(Op::Buy), did.sold + did.sold_out, "{path:?} {mode}");
            assert_eq!(all.count(Op::Review), did.reviews, "{mode}");
            assert_eq!(stock_of(&core) + did.sold, before + did.restocked, "{mode}");
            assert_eq!(known(&core), reviews_before + did.reviews, "{mode}");
            let books = core.books();
            assert_eq!(books.paid, books.credits + books.commission, "{mode}");
            let part = all.count(Op::Rank) as f64 / all.done() as f64;
            assert!((part - ranks).abs() < 0.05, "{mode}: {part} of {ranks} are rankings");
            let Total { backlog, overflow, offered, .. } = driven.total;
            if table.is_none() {
                assert_eq!((backlog, overflow, offered), (0, 0, None), "{path:?} {mode}");
                let drove: u64 = driven.drivers.iter().map(|drove| drove.outcome.done).sum();
                assert_eq!(all.done(), drove, "{path:?} {mode}: all that was posted was done");
            }
            if mode == Mode::Replay {
                assert_eq!(all.done() + backlog + overflow, warm.tape.len() as u64, "{path:?}");
            }
        }
    }

    /// Who watches hears of a second while the run goes, in every mode: it can be stopped for what was
    /// seen.
    #[test]
    fn seconds_through_mailboxes_are_told_while_the_run_goes() {
        let path = File::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{wrong}"));
        let scenario = &loaded.scenario;
        let trial = Trial { scenario, world: 0, workers: 2, measured: false };
        let warm = trial.warm(1, &mut ()).expect("nobody stops it");
        for mode in [Mode::Open, Mode::Closed(1), Mode::Offline] {
            let stages = vec!["60s@2k".parse().expect("a stage")];
            let duration = "60s".parse().expect("a span");
            let plan = LoadPlan { stages, duration, drivers: 1, ..plan(Path::Actor, mode) };
            let (stop, mut told) = (AtomicBool::new(false), 0);
            let tried = LoadTrial::new(&warm, scenario).run(&plan, &stop, |second| {
                told += second.latencies.done();
                stop.store(true, Ordering::Relaxed);
            });
            let tried = tried.expect("a schedule");
            assert!(tried.stopped && tried.measured.length < 20_000_000_000, "{mode}");
            assert!(told > 0 && told == tried.measured.done(), "{mode}");
        }
    }

    #[test]
    fn a_load_that_is_stopped_says_so() {
        let path = File::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{wrong}"));
        let scenario = &loaded.scenario;
        let trial = Trial { scenario, world: 0, workers: 2, measured: false };
        let warm = trial.warm(1, &mut ()).expect("nobody stops it");
        let tried = LoadTrial::new(&warm, scenario)
            .run(&plan(Path::Direct, Mode::Open), &AtomicBool::new(true), |_| ())
            .expect("a schedule");
        assert!(tried.stopped && tried.measured.done() < 4_000);
    }
}
