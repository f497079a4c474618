//! `brocante run`: simulate a scenario in virtual time.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::progress::{Interrupt, Progress};
use super::{Exit, Format, Output, ScenarioArgs};
use crate::experiment::{Trial, World};
use crate::measure::all_metrics;
use crate::report;
use crate::scenario::{self, Loaded, Scenario};
use crate::store::{
    About, FactStore, KEEPS_FACTS, RESULTS, RunFolder, ScenarioName, Summary, WorldName,
    WorldSummary, WorldTables, open_facts,
};

/// Worlds that one run may have: beyond this a summary is of no use.
const MOST_WORLDS: u32 = 1_000_000;

/// Arguments of every command that runs a scenario.
#[derive(Debug, Clone, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,

    /// Root of what happens [0 to 2^63 - 1]; overrides the scenario's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,

    /// Worlds of each market: same sellers and products, other chances. Default: 1, or 8 where arms
    /// are compared.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replications: Option<u32>,

    /// Markets: other sellers and products, with `market.seed` counted up.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub markets: u32,

    /// Virtual weeks; overrides the scenario's.
    #[arg(long, value_name = "N")]
    pub weeks: Option<u32>,

    /// Threads; the result is the same for any number. Default: the number of cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub workers: Option<u32>,

    /// The run folder itself, new or empty. Default: a new folder under results/.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl RunArgs {
    /// The scenario with everything that the command line changes in it, and then `further` (each
    /// `KEY=VALUE`).
    pub(super) fn load(
        &self,
        further: &[String],
    ) -> Result<Loaded<Scenario>, scenario::ScenarioError> {
        let mut overrides = self.scenario.overrides();
        overrides.extend(self.seed.map(|seed| format!("seed={seed}")));
        overrides.extend(self.weeks.map(|weeks| format!("weeks={weeks}")));
        overrides.extend_from_slice(further);
        scenario::load(&self.scenario.scenario, &overrides)
    }

    /// Worlds of all markets with so many of each, or what to say where they are too many.
    pub(super) fn worlds(&self, replications: u32) -> Result<u32, String> {
        let worlds = u64::from(self.markets) * u64::from(replications);
        match u32::try_from(worlds) {
            Ok(worlds) if worlds <= MOST_WORLDS => Ok(worlds),
            _ => Err(format!(
                "error: --markets {} times --replications {replications} makes {worlds} worlds\n  \
                 = allowed: at most {MOST_WORLDS} in one run",
                self.markets
            )),
        }
    }

    /// Threads to run cells on.
    pub(super) fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.workers.map_or_else(cores, |n| n as usize)
    }

    /// What a summary says of a run that began at `began` and simulated for `sim_s` seconds.
    pub(super) fn about(
        &self,
        command: &str,
        loaded: &Loaded<Scenario>,
        began: Instant,
        sim_s: f64,
    ) -> About {
        About {
            command: command.to_owned(),
            argv: std::env::args().collect(),
            scenario: ScenarioName { name: loaded.name.clone(), hash: loaded.hash.clone() },
            seed: loaded.scenario.seed,
            workers: self.workers(),
            wall_s: began.elapsed().as_secs_f64(),
            sim_s,
        }
    }
}

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  brocante run scenarios/quick.toml --seed 7 --out my-run")]
pub struct Run {
    #[command(flatten)]
    args: RunArgs,

    /// Keep every fact, in facts.parquet. Needs a build with the feature `parquet`.
    #[arg(long)]
    facts: bool,
}

/// What to do where facts are asked of a build that cannot keep them.
const NO_FACTS: &str = "error: this build cannot keep facts: it lacks the feature `parquet`\n  = \
                        build with it: cargo run --release --features parquet -- run …";

impl Run {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
        if self.facts && !KEEPS_FACTS {
            out.error(NO_FACTS);
            return Ok(Exit::BadInput);
        }
        let asked = match self.args.worlds(self.replications()) {
            Ok(worlds) => worlds,
            Err(why) => {
                out.error(&why);
                return Ok(Exit::BadInput);
            }
        };
        let loaded = self.args.load(&[])?;
        loaded.remarks.iter().for_each(|remark| out.note(remark.draw_remark(true).trim_end()));
        // The folder is made first: a run that cannot be kept should not be waited for.
        let folder =
            RunFolder::create(self.args.out.as_deref(), Path::new(RESULTS), &loaded.name, "run")?;
        let mut facts = if self.facts { Some(self.begin_facts(&folder, &loaded)?) } else { None };
        let interrupt = Interrupt::listen()?;
        let mut progress = Progress::new(asked, interrupt.clone(), out);
        let done = self.simulate(&loaded.scenario, facts.as_deref_mut(), &interrupt, &mut progress);
        progress.done();
        if let Some(facts) = facts {
            end_facts(facts, &done.worlds)?;
        }
        let first = done.tables.first().map_or_else(Vec::new, |world| world.sellers.clone());
        let summary = || {
            let about = self.args.about("run", &loaded, began, done.sim_s);
            Summary::new(about, &all_metrics(), done.worlds)
        };
        let summary = report::write_run(&folder, &loaded.resolved, &done.tables, summary)?;
        match out.format {
            Format::Json => out.result(&report::json::summary(&summary))?,
            Format::Text => {
                let text =
                    report::summary_text(&summary, &first, Some(folder.path()), out.colour());
                out.result(&text)?;
            }
        }
        match cut_short(&summary, asked, loaded.scenario.weeks) {
            Some(what) => {
                out.error(&what);
                Ok(Exit::Interrupted)
            }
            None => Ok(Exit::Done),
        }
    }

    fn replications(&self) -> u32 {
        self.args.replications.unwrap_or(1)
    }

    fn begin_facts(
        &self,
        folder: &RunFolder,
        loaded: &Loaded<Scenario>,
    ) -> anyhow::Result<Box<dyn FactStore>> {
        let mut facts = open_facts(folder)?;
        let names = |names: Vec<&String>| serde_json::to_string(&names);
        facts.note("version", env!("CARGO_PKG_VERSION").to_owned());
        facts.note("scenario", loaded.name.clone());
        facts.note("scenario_hash", loaded.hash.clone());
        facts.note("seed", loaded.scenario.seed.to_string());
        facts.note("countries", names(loaded.scenario.countries.keys().collect())?);
        facts.note("classes", names(loaded.scenario.shoppers.classes.keys().collect())?);
        Ok(facts)
    }

    fn simulate(
        &self,
        scenario: &Scenario,
        mut facts: Option<&mut (dyn FactStore + 'static)>,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Done {
        let mut done = Done::default();
        for market in 0..self.args.markets {
            let mut scenario = scenario.clone();
            scenario.market.seed += u64::from(market);
            for replication in 0..self.replications() {
                // Who asks to stop before the first tick still hears of one week.
                let stop = interrupt.asked() && !done.worlds.is_empty();
                if stop || facts.as_ref().is_some_and(|facts| facts.is_broken()) {
                    return done;
                }
                let number = done.worlds.len() as u32;
                progress.next_world(number);
                let workers = self.args.workers();
                let trial =
                    Trial { scenario: &scenario, world: replication, workers, measured: true };
                let world = match facts.as_deref_mut() {
                    Some(facts) => {
                        facts.world(number);
                        trial.run_logged(progress, facts)
                    }
                    None => trial.run(progress),
                };
                done.keep(market, &scenario, world);
            }
        }
        done
    }
}

/// What is kept of the worlds that were run: not their markets, which would add up.
#[derive(Default)]
pub(super) struct Done {
    pub(super) worlds: Vec<WorldSummary>,
    pub(super) tables: Vec<WorldTables>,
    pub(super) sim_s: f64,
}

impl Done {
    pub(super) fn keep(&mut self, market: u32, scenario: &Scenario, world: World) {
        let name = WorldName {
            world: self.worlds.len() as u32,
            market,
            market_seed: scenario.market.seed,
            seed: scenario.seed,
            weeks_done: world.weeks_done(),
            complete: world.complete,
        };
        self.sim_s += world.sim_s;
        self.worlds.push(WorldSummary::new(name, world.digest, world.counts, &world.metrics));
        self.tables.push(WorldTables { world: name.world, ..world.tables });
    }
}

/// What is said of a run that has fewer than the `asked` worlds of so many weeks.
fn cut_short(summary: &Summary, asked: u32, weeks: u32) -> Option<String> {
    let whole = summary.worlds.iter().filter(|world| world.complete).count();
    if whole == asked as usize {
        return None;
    }
    let part = summary.worlds.iter().find(|world| !world.complete);
    let part = part.map(|world| format!("{} of {weeks} weeks", world.weeks_done));
    Some(match (whole, asked, part) {
        (_, 1, Some(part)) => format!("interrupted: kept {part}; all values are of these"),
        (0, _, Some(part)) => {
            format!(
                "interrupted: kept {part} of the first of {asked} worlds; all values are of these"
            )
        }
        (_, _, Some(part)) => format!(
            "interrupted: kept {whole} of {asked} worlds; {part} of one more are in its tables, not \
             in the means"
        ),
        (_, _, None) => format!("interrupted: kept {whole} of {asked} worlds"),
    })
}

/// Ends the file of facts with what each world of it came to.
fn end_facts(mut facts: Box<dyn FactStore>, worlds: &[WorldSummary]) -> anyhow::Result<()> {
    let world = |w: &WorldSummary| serde_json::json!({ "world": w.world, "digest": w.digest });
    let worlds: Vec<_> = worlds.iter().map(world).collect();
    facts.note("worlds", serde_json::to_string(&worlds)?);
    Ok(facts.finish()?)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::{Cli, Command};

    #[test]
    fn worlds_are_counted_without_overflow() {
        let args = |markets: &str, replications: &str| {
            let worlds = ["--markets", markets, "--replications", replications];
            let words = ["brocante", "run", "s.toml"].into_iter().chain(worlds);
            match Cli::try_parse_from(words).expect("right arguments").command {
                Command::Run(run) => run.args.worlds(run.replications()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(args("1000", "1000"), Ok(1_000_000));
        let why = args("65536", "65536").unwrap_err();
        assert!(why.contains("4294967296 worlds"), "{why}");
        assert!(args("1000000", "1000000").is_err());
    }
}
