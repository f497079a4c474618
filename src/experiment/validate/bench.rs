//! Where a case is tried: its scenario, its worlds, and what came out of them.

use super::{Case, Halt};
use crate::driver::Go;
use crate::experiment::side_by_side::{Seat, side_by_side};
use crate::experiment::{Trial, World};
use crate::history::FactSink;
use crate::scenario::{Loaded, Scenario, ScenarioError};
use crate::store::{Answer, Counts};

/// Somebody who follows a validation.
pub trait Audience {
    /// So many worlds of this case are over, of all that it will probably run; says whether to go on.
    fn told(&mut self, case: &Case, worlds: u64, of: u64) -> Go;
}

/// Nobody follows.
impl Audience for () {
    fn told(&mut self, _: &Case, _: u64, _: u64) -> Go {
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
    /// Simulating, added up over all worlds [s].
    pub sim_s: f64,
    /// Digest of the first world.
    pub digest: Option<String>,
}

/// Reads a scenario again with further overrides.
pub type Reload<'a> = dyn Fn(&[String]) -> Result<Loaded<Scenario>, ScenarioError> + 'a;

/// A case on trial.
pub struct Bench<'a> {
    case: &'a Case,
    reload: &'a Reload<'a>,
    extent: Extent,
    audience: &'a mut dyn Audience,
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
        case: &'a Case,
        reload: &'a Reload<'a>,
        extent: Extent,
        audience: &'a mut dyn Audience,
    ) -> Self {
        let (answers, ledger) = (Vec::new(), Ledger::default());
        Bench { case, reload, extent, audience, over: 0, answers, ledger }
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
        self.worlds_of(setting, |world| (world / each, world % each), sink, take)
    }

    /// The same, with a market of its own for every world: other sellers and products.
    pub fn each_market<S: FactSink, T: Send>(
        &mut self,
        setting: &Setting,
        sink: impl Fn() -> S + Sync,
        take: impl Fn(World, Vec<S>) -> T + Sync,
    ) -> Result<Vec<T>, Halt> {
        self.worlds_of(setting, |world| (world, world), sink, take)
    }

    fn worlds_of<S: FactSink, T: Send>(
        &mut self,
        setting: &Setting,
        number: impl Fn(u32) -> (u32, u32) + Sync,
        sink: impl Fn() -> S + Sync,
        take: impl Fn(World, Vec<S>) -> T + Sync,
    ) -> Result<Vec<T>, Halt> {
        let worlds = self.worlds();
        let run = |n: u64, seat: Seat| {
            let (market, world) = number(n as u32);
            let mut scenario = setting.scenario.clone();
            scenario.market.seed += u64::from(market);
            let trial =
                Trial { scenario: &scenario, world, workers: seat.cells, measured: false };
            let (world, sinks) = trial.run_heard(&mut (), &sink);
            let (counts, sim_s, digest) = (world.counts, world.sim_s, world.digest);
            Some((counts, sim_s, digest, take(world, sinks)))
        };
        let mut taken = Vec::with_capacity(worlds as usize);
        let settings = u64::from(self.case.settings.max(1));
        let Bench { case, audience, over, ledger, .. } = self;
        let keep = |(counts, sim_s, digest, result): (Counts, f64, crate::history::Digest, T)| {
            ledger.counts.add(&counts);
            ledger.sim_s += sim_s;
            ledger.digest.get_or_insert_with(|| digest.hex());
            taken.push(result);
            *over += 1;
            audience.told(case, *over, settings * u64::from(worlds))
        };
        side_by_side(self.extent.workers, u64::from(worlds), run, keep);
        if taken.len() == worlds as usize { Ok(taken) } else { Err(Halt::Stopped) }
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
