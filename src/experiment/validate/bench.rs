//! Where a case is tried: its scenario, its worlds, and what came out of them.

use super::{Case, Halt};
use crate::driver::Go;
use crate::experiment::nudge::{self, Nudge, Pair};
use crate::experiment::{Replications, Seat, Trial, World, side_by_side};
use crate::history::{Digest, FactSink};
use crate::rng::mix64;
use crate::scenario::{Loaded, Scenario, ScenarioError};
use crate::store::{Answer, Counts};

/// Somebody who follows a validation.
pub trait Audience {
    /// So many worlds of this case are over, of all that it will probably run; says whether to go on.
    fn told(&mut self, case: &'static Case, worlds: u64, of: u64) -> Go;
}

/// Nobody follows.
impl Audience for () {
    fn told(&mut self, _: &'static Case, _: u64, _: u64) -> Go {
        Go::Continue(())
    }
}

/// How a case is run.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Markets: `market.seed` counted up.
    pub markets: u32,
    /// Worlds of each market; nothing: as many as the case says.
    pub replications: Option<u32>,
    /// Threads; the result does not depend on it.
    pub workers: usize,
}

/// What running a case took, beside what came out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    /// How many of what happened, over all worlds.
    pub counts: Counts,
    /// Simulating, on the thread that did most of it [s].
    pub sim_s: f64,
    /// Digest of the first world.
    pub digest: Option<String>,
}

impl Ledger {
    /// Adds what another case took, that was run after this one.
    pub fn add(&mut self, other: Ledger) {
        self.counts.add(&other.counts);
        self.sim_s += other.sim_s;
        self.digest = self.digest.take().or(other.digest);
    }
}

/// Reads a scenario again with further overrides.
pub type Reload<'a> = dyn Fn(&[String]) -> Result<Loaded<Scenario>, ScenarioError> + 'a;

/// A case on trial.
pub struct Bench<'a> {
    case: &'static Case,
    reload: &'a Reload<'a>,
    extent: Extent,
    audience: &'a mut dyn Audience,
    /// Whether to stop short of the first world.
    dry: bool,
    over: u64,
    /// What came out so far.
    pub answers: Vec<Answer>,
    /// What it took so far.
    pub ledger: Ledger,
}

/// Standard errors that a quantity may be off where its stated tolerance is less than that: with other
/// parameters or fewer worlds than were shipped. One in 2,000 is further off by accident.
const ERRORS: f64 = 3.5;

/// The tolerance that is `stated` for the parameters that were shipped, or what the standard `error`
/// of the quantity needs where that is more.
pub fn wider(stated: f64, error: f64) -> f64 {
    stated.max(ERRORS * error)
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        case: &'static Case,
        reload: &'a Reload<'a>,
        extent: Extent,
        audience: &'a mut dyn Audience,
    ) -> Self {
        let (answers, ledger) = (Vec::new(), Ledger::default());
        Bench { case, reload, extent, audience, dry: false, over: 0, answers, ledger }
    }

    /// The same where no world is run: a case stops there, if its scenario is one that it is about.
    pub(super) fn dry(self) -> Self {
        Bench { dry: true, ..self }
    }

    /// The scenario of the case, with these overrides (each `KEY=VALUE`) on top.
    pub fn setting(&self, overrides: &[String]) -> Result<Setting, Halt> {
        let loaded = (self.reload)(overrides).map_err(|wrong| Halt::Wrong(Box::new(wrong)))?;
        let keys = toml::from_str(&loaded.resolved).map_err(|error| {
            Halt::Unfit(format!("its scenario cannot be read back as TOML: {error}"))
        })?;
        Ok(Setting { scenario: loaded.scenario, keys })
    }

    /// Worlds that each setting is run in.
    pub fn worlds(&self) -> u32 {
        let each = self.extent.replications.unwrap_or(self.case.worlds);
        each.saturating_mul(self.extent.markets)
    }

    /// Runs every world of a setting, with a sink for each of its cells and one for what happens
    /// between them, and hands what they heard to `take`. Results come in the order of worlds.
    pub fn each<S: FactSink, T: Send>(
        &mut self,
        setting: &Setting,
        sink: impl Fn() -> S + Sync,
        take: impl Fn(World, Vec<S>) -> T + Sync,
    ) -> Result<Vec<T>, Halt> {
        let each = self.extent.replications.unwrap_or(self.case.worlds).max(1);
        self.run(setting, Replications { markets: self.extent.markets, each }, sink, take)
    }

    /// The same for so many `times` the worlds, with a market of its own for every world: other sellers
    /// and products.
    pub fn each_market<S: FactSink, T: Send>(
        &mut self,
        times: u32,
        setting: &Setting,
        sink: impl Fn() -> S + Sync,
        take: impl Fn(World, Vec<S>) -> T + Sync,
    ) -> Result<Vec<T>, Halt> {
        self.run(
            setting,
            Replications { markets: self.worlds().saturating_mul(times), each: 1 },
            sink,
            take,
        )
    }

    fn run<S: FactSink, T: Send>(
        &mut self,
        setting: &Setting,
        replications: Replications,
        sink: impl Fn() -> S + Sync,
        take: impl Fn(World, Vec<S>) -> T + Sync,
    ) -> Result<Vec<T>, Halt> {
        if self.dry {
            return Err(Halt::Stopped);
        }
        let worlds = replications.worlds();
        let run = |n: u64, seat: Seat| {
            let trial = Trial {
                scenario: &replications.scenario_of(n as u32, &setting.scenario),
                // Worlds of two markets would otherwise share what happens to whom exists in each.
                world: n as u32,
                workers: seat.cells,
                measured: false,
            };
            let (world, sinks) = trial.run_heard(&mut (), &sink);
            let (counts, sim_s, digest) = (world.counts, world.sim_s, world.digest);
            Some((counts, (seat.thread, sim_s), digest, take(world, sinks)))
        };
        let mut taken = Vec::with_capacity(worlds as usize);
        let (settings, whole) = (u64::from(self.case.settings.max(1)), u64::from(self.worlds()));
        let mut by_thread = vec![0.0; self.extent.workers.max(1)];
        let Bench { case, audience, over, ledger, .. } = self;
        let keep = |(counts, took, digest, result): (Counts, (usize, f64), Digest, T)| {
            ledger.counts.add(&counts);
            by_thread[took.0] += took.1;
            ledger.digest.get_or_insert_with(|| digest.hex());
            taken.push(result);
            *over += 1;
            audience.told(case, *over, settings * whole)
        };
        side_by_side(self.extent.workers, worlds, run, keep);
        self.ledger.sim_s += by_thread.into_iter().fold(0.0, f64::max);
        if taken.len() == worlds as usize { Ok(taken) } else { Err(Halt::Stopped) }
    }

    /// Does `work` once for each world, with a seed of its own, where no market is simulated but a load.
    /// Results come in the order of worlds.
    pub fn each_load<T: Send>(
        &mut self,
        setting: &Setting,
        work: impl Fn(u64) -> T + Sync,
    ) -> Result<Vec<T>, Halt> {
        if self.dry {
            return Err(Halt::Stopped);
        }
        let (seed, worlds) = (setting.scenario.seed, u64::from(self.worlds().max(1)));
        let mut results = Vec::with_capacity(worlds as usize);
        let whole = u64::from(self.case.settings.max(1)) * worlds;
        let Bench { case, audience, over, extent, .. } = self;
        let keep = |result| {
            results.push(result);
            *over += 1;
            audience.told(case, *over, whole)
        };
        let run = |world, _: Seat| Some(work(mix64(seed ^ mix64(world))));
        side_by_side(extent.workers, worlds, run, keep);
        if results.len() as u64 == worlds { Ok(results) } else { Err(Halt::Stopped) }
    }

    /// Runs every world of a setting and its twin that differs by a nudge, in each of these settings of
    /// the channels.
    pub fn nudges(
        &mut self,
        setting: &Setting,
        nudge: &Nudge,
        channels: &[nudge::Setting],
    ) -> Result<Vec<Pair>, Halt> {
        if self.dry {
            return Err(Halt::Stopped);
        }
        let each = self.extent.replications.unwrap_or(self.case.worlds).max(1);
        let worlds = Replications { markets: self.extent.markets, each };
        let whole = worlds.worlds() * channels.len() as u64;
        let mut by_thread = vec![0.0; self.extent.workers.max(1)];
        let mut pairs = Vec::new();
        let Bench { case, audience, over, ledger, extent, .. } = self;
        let keep = |pair: Pair| {
            ledger.counts.add(&pair.counts);
            by_thread[pair.thread] += pair.sim_s;
            ledger.digest.get_or_insert_with(|| pair.digest.hex());
            pairs.push(pair);
            *over += 1;
            audience.told(case, *over, whole)
        };
        nudge::nudges(nudge, &setting.scenario, channels, worlds, extent.workers, &(), keep);
        self.ledger.sim_s += by_thread.into_iter().fold(0.0, f64::max);
        if pairs.len() as u64 == whole { Ok(pairs) } else { Err(Halt::Stopped) }
    }

    /// Notes a quantity whose value is known.
    pub fn answer(&mut self, quantity: &str, expected: f64, got: f64, tolerance: f64) {
        self.answers.push(Answer::new(self.case.name, quantity, expected, got, tolerance));
    }
}

/// A scenario as a case reads it.
pub struct Setting {
    /// What is simulated.
    pub scenario: Scenario,
    keys: toml::Table,
}

impl Setting {
    /// The value at a dotted path; nothing where the scenario has no such key.
    pub fn get(&self, path: &str) -> Option<&toml::Value> {
        let mut keys = path.split('.');
        let first = self.keys.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.as_table()?.get(key))
    }

    /// The number at a dotted path, which the formula of the case needs.
    pub fn number(&self, path: &str) -> Result<f64, Halt> {
        let value = self.get(path);
        let number = value.and_then(|v| v.as_float().or(v.as_integer().map(|n| n as f64)));
        number.ok_or_else(|| Halt::Unfit(format!("its known answer needs the key `{path}`")))
    }

    /// The numbers of the list at a dotted path.
    pub fn numbers(&self, path: &str) -> Result<Vec<f64>, Halt> {
        let list = self.get(path).and_then(toml::Value::as_array);
        let number = |v: &toml::Value| v.as_float().or(v.as_integer().map(|n| n as f64));
        let numbers = list.and_then(|list| list.iter().map(number).collect());
        numbers.ok_or_else(|| Halt::Unfit(format!("its known answer needs the key `{path}`")))
    }
}
