//! `brocante run`: simulate a scenario in virtual time.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::progress::{Interrupt, Progress};
use super::report::ReportArgs;
use super::tui::TuiArgs;
use super::{Exit, Format, Output, ScenarioArgs};
use crate::experiment::{Busiest, Follow, Ran, Replications, Seat, Worlds, cores};
use crate::market::FeedbackSpec;
use crate::measure::all_metrics;
use crate::report::{self, Tables};
use crate::scenario::{self, Loaded, Scenario};
use crate::store::{
    About, FactStore, KEEPS_FACTS, RESULTS, RunFolder, ScenarioName, StoreError, Summary,
    WorldSummary, open_facts,
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

    /// Worlds of each market: same sellers and products, other chances. Default: 1; 8 where arms are
    /// compared, 30 for nudges.
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

    #[command(flatten)]
    pub(super) tui: TuiArgs,

    #[command(flatten)]
    pub(super) report: ReportArgs,
}

/// What `run` and `compare` may run besides the worlds themselves.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct CutArgs {
    /// Run every world a second time with all four feedback channels cut, for the metric
    /// unpredictability_excess.
    #[arg(long)]
    pub with_cut: bool,
}

impl CutArgs {
    /// The scenarios to run, each world of one after the other: those given, and with each cut.
    pub(super) fn scenarios<'a>(self, arms: impl Iterator<Item = &'a Scenario>) -> Vec<Scenario> {
        let cut = |arm: &Scenario| Scenario { feedback: FeedbackSpec::CUT, ..arm.clone() };
        arms.flat_map(|arm| [Some(arm.clone()), self.with_cut.then(|| cut(arm))])
            .flatten()
            .collect()
    }

    /// The worlds of each arm with the values that worlds together have, of those of all scenarios.
    pub(super) fn related(self, ran: Vec<Worlds>) -> Vec<Worlds> {
        let mut ran = ran.into_iter();
        let mut arms = Vec::new();
        while let Some(mut arm) = ran.next() {
            let cut = self.with_cut.then(|| ran.next()).flatten();
            arm.relate(cut.as_ref());
            arms.push(arm);
        }
        arms
    }
}

impl RunArgs {
    /// The scenario with everything that the command line changes in it, and then `further` (each
    /// `KEY=VALUE`).
    pub(super) fn load(
        &self,
        further: &[String],
    ) -> Result<Loaded<Scenario>, scenario::ScenarioError> {
        let mut overrides = self.overrides();
        overrides.extend_from_slice(further);
        scenario::load(&self.scenario.scenario, &overrides)
    }

    /// Everything that the command line changes in the scenario.
    pub(super) fn overrides(&self) -> Vec<String> {
        let mut overrides = self.scenario.overrides();
        overrides.extend(self.seed.map(|seed| format!("seed={seed}")));
        overrides.extend(self.weeks.map(|weeks| format!("weeks={weeks}")));
        overrides
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

    /// Threads: for worlds side by side first, then for the cells of a world.
    pub(super) fn workers(&self) -> usize {
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

    #[command(flatten)]
    cut: CutArgs,

    /// Keep every fact, in facts.parquet: worlds run one after the other. Needs a build with the
    /// feature `parquet`.
    #[arg(long, conflicts_with = "with_cut")]
    facts: bool,
}

/// What to do where facts are asked of a build that cannot keep them.
const NO_FACTS: &str = "error: this build cannot keep facts: it lacks the feature `parquet`\n  = \
                        build with it: cargo run --release --features parquet -- run …";

impl Run {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
        if self.args.tui.lacking(out) {
            return Ok(Exit::BadInput);
        }
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
        let mut tables = Tables::begin(&folder, None)?;
        let interrupt = Interrupt::listen()?;
        let scenarios = self.cut.scenarios(std::iter::once(&loaded.scenario));
        let board = self.args.tui.board("run", &loaded.name, &interrupt, out);
        let all = u64::from(asked) * scenarios.len() as u64;
        let progress = Progress::new(all, interrupt, out).on(board);
        let (worlds, sim_s) = if self.facts {
            self.with_facts(&folder, &loaded, &mut tables, &progress)?
        } else {
            self.simulate(&scenarios, &mut tables, &progress)?
        };
        progress.done();
        let Worlds { summaries, first, .. } = worlds;
        let summary = || {
            let about = self.args.about("run", &loaded, began, sim_s);
            let summary = Summary::new(about, &all_metrics(), summaries);
            let interrupted = cut_short(&summary, asked, loaded.scenario.weeks);
            Summary { interrupted, ..summary }
        };
        let summary = report::write_run(&folder, &loaded.resolved, tables, summary)?;
        match out.format {
            Format::Json => out.result(&report::json::summary(&summary))?,
            Format::Text => {
                let text =
                    report::summary_text(&summary, &first, Some(folder.path()), out.colour());
                out.result(&text)?;
            }
        }
        self.args.report.write(&folder, &summary, out)?;
        Ok(out.end(&summary))
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

    /// The worlds side by side, and the time they took [s].
    fn simulate(
        &self,
        scenarios: &[Scenario],
        tables: &mut Tables,
        progress: &Progress,
    ) -> Result<(Worlds, f64), StoreError> {
        let (mut ran, mut busiest) = (vec![Worlds::default(); scenarios.len()], Busiest::default());
        let mut written = Ok(());
        self.worlds().run(scenarios, self.args.workers(), progress, |arm, world| {
            busiest.add(&world);
            if arm == 0 {
                written = tables.world(&world.tables);
            }
            ran[arm].keep(world);
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        written?;
        let whole = self.cut.related(ran).into_iter().next().unwrap_or_default();
        Ok((whole, busiest.seconds()))
    }

    /// The worlds one after the other, with every fact kept, and the time they took [s].
    fn with_facts(
        &self,
        folder: &RunFolder,
        loaded: &Loaded<Scenario>,
        tables: &mut Tables,
        progress: &Progress,
    ) -> anyhow::Result<(Worlds, f64)> {
        let (worlds, workers) = (self.worlds(), self.args.workers());
        let mut facts = self.begin_facts(folder, loaded)?;
        let (mut ran, mut sim_s) = (Worlds::default(), 0.0);
        for number in 0..worlds.worlds() as u32 {
            let Some(mut heart) = progress.begins(u64::from(number)) else { break };
            if facts.is_broken() {
                break;
            }
            let scenario = worlds.scenario_of(number, &loaded.scenario);
            facts.world(number);
            let trial = worlds.trial_of(number, &scenario, workers);
            let world = trial.run_logged(heart.as_mut(), facts.as_mut());
            let seat = Seat { thread: 0, cells: workers };
            let world: Ran = worlds.conclude(&scenario, number, seat, world);
            sim_s += world.sim_s;
            tables.world(&world.tables)?;
            ran.keep(world);
        }
        end_facts(facts, &ran.summaries)?;
        ran.relate(None);
        Ok((ran, sim_s))
    }

    fn worlds(&self) -> Replications {
        Replications { markets: self.args.markets, each: self.replications() }
    }
}

/// What is said of a run that has fewer than the `asked` worlds of so many weeks.
fn cut_short(summary: &Summary, asked: u32, weeks: u32) -> Option<String> {
    let whole = summary.worlds.iter().filter(|world| world.complete).count();
    if whole == asked as usize {
        return None;
    }
    let parts: Vec<_> = summary.worlds.iter().filter(|world| !world.complete).collect();
    let part = parts.first().map(|world| format!("{} of {weeks} weeks", world.weeks_done));
    Some(match (whole, asked, part) {
        (_, 1, Some(part)) => format!("kept {part}; all values are of these"),
        (0, _, Some(part)) => {
            format!("kept {part} of the first of {asked} worlds; all values are of these")
        }
        (_, _, Some(part)) if parts.len() == 1 => format!(
            "kept {whole} of {asked} worlds; {part} of one more are in its tables, not \
             in the means"
        ),
        (_, _, Some(_)) => format!(
            "kept {whole} of {asked} worlds; {} more, cut short, are in its tables, not \
             in the means",
            parts.len()
        ),
        (_, _, None) => format!("kept {whole} of {asked} worlds"),
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
