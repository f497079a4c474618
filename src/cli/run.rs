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
    About, FactStore, KEEPS_FACTS, RESULTS, RunFolder, ScenarioName, Summary, WorldSummary,
    open_facts,
};

/// Arguments of every command that runs a scenario.
#[derive(Debug, Clone, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,

    /// Root of what happens [0 to 2^63 - 1]; overrides the scenario's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,

    /// Worlds of each market: same sellers and products, other chances.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replications: u32,

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
    /// The scenario with everything that the command line changes in it.
    fn load(&self) -> Result<Loaded<Scenario>, scenario::ScenarioError> {
        let mut overrides = self.scenario.overrides();
        overrides.extend(self.seed.map(|seed| format!("seed={seed}")));
        overrides.extend(self.weeks.map(|weeks| format!("weeks={weeks}")));
        scenario::load(&self.scenario.scenario, &overrides)
    }

    fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.workers.map_or_else(cores, |n| n as usize)
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
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        if self.facts && !KEEPS_FACTS {
            out.error(NO_FACTS);
            return Ok(Exit::BadInput);
        }
        let loaded = self.args.load()?;
        // The folder is made first: a run that cannot be kept should not be waited for.
        let folder =
            RunFolder::create(self.args.out.as_deref(), Path::new(RESULTS), &loaded.name, "run")?;
        let mut facts = if self.facts { Some(self.begin_facts(&folder, &loaded)?) } else { None };
        let interrupt = Interrupt::listen()?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the cost of a run is measured from outside it"
        )]
        let began = Instant::now();
        let worlds = self.simulate(&loaded.scenario, facts.as_deref_mut(), &interrupt, out);
        let wall_s = began.elapsed().as_secs_f64();
        if let Some(facts) = facts {
            end_facts(facts, &worlds)?;
        }
        let weeks = worlds.iter().map(|w| w.census.weeks).min().unwrap_or(0);
        let about = About {
            command: "run".to_owned(),
            argv: std::env::args().collect(),
            scenario: ScenarioName { name: loaded.name.clone(), hash: loaded.hash.clone() },
            seed: loaded.scenario.seed,
            workers: self.args.workers(),
            weeks,
            wall_s,
            sim_s: worlds.iter().map(|w| w.sim_s).sum(),
        };
        let of = |w: &World| {
            WorldSummary::new(w.world, loaded.scenario.seed, w.digest, w.counts, &w.metrics)
        };
        let summary = Summary::new(about, &all_metrics(), worlds.iter().map(of).collect());
        let first = worlds.first().map_or_else(Vec::new, |w| w.tables.sellers.clone());
        let tables: Vec<_> = worlds.into_iter().map(|w| w.tables).collect();
        report::write_run(&folder, &loaded.resolved, &tables, &summary)?;
        match out.format {
            Format::Json => out.result(&report::json::summary(&summary))?,
            Format::Text => {
                let colour = anstream::AutoStream::choice(&std::io::stdout())
                    != anstream::ColorChoice::Never;
                out.result(&report::summary_text(&summary, &first, Some(folder.path()), colour))?;
            }
        }
        if interrupt.asked() {
            out.error(&format!("interrupted: kept {} whole weeks", weeks));
            return Ok(Exit::Interrupted);
        }
        Ok(Exit::Done)
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
        out: &Output,
    ) -> Vec<World> {
        let total = self.args.markets * self.args.replications;
        let mut progress = Progress::new(total, interrupt.clone(), out);
        let mut worlds = Vec::new();
        for market in 0..self.args.markets {
            let mut scenario = scenario.clone();
            scenario.market.seed += u64::from(market);
            for replication in 0..self.args.replications {
                if interrupt.asked() || facts.as_ref().is_some_and(|facts| facts.is_broken()) {
                    break;
                }
                progress.next_world(worlds.len() as u32);
                let workers = self.args.workers();
                let trial =
                    Trial { scenario: &scenario, world: replication, workers, measured: true };
                let mut world = match facts.as_deref_mut() {
                    Some(facts) => {
                        facts.world(worlds.len() as u32);
                        trial.run_logged(&mut progress, facts)
                    }
                    None => trial.run(&mut progress),
                };
                world.world = worlds.len() as u32;
                world.tables.world = world.world;
                worlds.push(world);
            }
        }
        progress.done();
        worlds
    }
}

/// Ends the file of facts with what each world of it came to.
fn end_facts(mut facts: Box<dyn FactStore>, worlds: &[World]) -> anyhow::Result<()> {
    let world = |w: &World| serde_json::json!({ "world": w.world, "digest": w.digest.hex() });
    let worlds: Vec<_> = worlds.iter().map(world).collect();
    facts.note("worlds", serde_json::to_string(&worlds)?);
    Ok(facts.finish()?)
}
