//! `brocante compare`: arms of a scenario in the same worlds.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use super::design::{DesignArgs, Tests};
use super::progress::{Interrupt, Progress};
use super::run::{CutArgs, RunArgs};
use super::{Exit, Format, Output};
use crate::experiment::{Arm, Busiest, Replications, Worlds, differences, read_arms};
use crate::measure::all_metrics;
use crate::report::{self, Tables};
use crate::scenario::{Loaded, Scenario};
use crate::store::{ArmSummary, RESULTS, RunFolder, StoreError, Summary};

/// Worlds of each market where nothing else is said.
const REPLICATIONS: u32 = 8;

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  brocante compare scenarios/quick.toml --arm base --arm cheapest:ranking.cheapest={}"
)]
pub struct Compare {
    #[command(flatten)]
    args: RunArgs,

    #[command(flatten)]
    cut: CutArgs,

    /// An arm: a name, and what it changes on top of --set. Two or more; the first is the base. A
    /// comma within brackets belongs to the value.
    #[arg(long = "arm", value_name = "NAME[:KEY=VALUE,…]")]
    arms: Vec<String>,

    #[command(flatten)]
    design: DesignArgs,
}

impl Compare {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
        if self.args.tui.lacking(out) {
            return Ok(Exit::BadInput);
        }
        let replications = self.args.replications.unwrap_or(REPLICATIONS);
        let asked = self.args.worlds(replications).and_then(at_least_two);
        let (arms, asked) = match read_arms(&self.arms).and_then(|arms| Ok((arms, asked?))) {
            Ok(both) => both,
            Err(why) => {
                out.error(&why);
                return Ok(Exit::BadInput);
            }
        };
        let plain = self.args.load(&[])?;
        plain.remarks.iter().for_each(|remark| out.note(remark.draw_remark(true).trim_end()));
        let loaded = self.load(&arms);
        let checked = loaded.and_then(|loaded| Ok((self.design.checked(&loaded)?, loaded)));
        let (designs, loaded) = match checked {
            Ok(both) => both,
            Err(why) => {
                out.error(&why);
                return Ok(Exit::BadInput);
            }
        };
        let (name, out_dir) = (&plain.name, self.args.out.as_deref());
        let folder = RunFolder::create(out_dir, Path::new(RESULTS), name, "compare")?;
        let interrupt = Interrupt::listen()?;
        let scenarios = self.cut.scenarios(loaded.iter().map(|arm| &arm.scenario));
        let whole_worlds = u64::from(asked) * scenarios.len() as u64;
        let tests = u64::from(asked) * designs.len() as u64;
        let board = self.args.tui.board("compare", name, &interrupt, out);
        let progress = Progress::new(whole_worlds + tests, interrupt, out).on(board);
        let begin = |arm: &Arm| Tables::begin(&folder, Some(&arm.name));
        let mut tables = arms.iter().map(begin).collect::<Result<Vec<_>, _>>()?;
        let mut base = Tables::begin(&folder, None)?;
        let each = Replications { markets: self.args.markets, each: replications };
        let ran = self.simulate(each, &scenarios, &mut base, &mut tables, &progress)?;
        let two = [&loaded[0].scenario, &loaded[1].scenario];
        let tests = DesignArgs::run(&designs, each, two, &self.args, (whole_worlds, &progress));
        progress.done();
        for ((arm, loaded), tables) in arms.iter().zip(&loaded).zip(tables) {
            report::write_arm(&folder, &arm.name, &loaded.resolved, tables)?;
        }
        let summary = || {
            let summary = self.summary(&arms, &loaded[0], (ran, tests), began);
            let interrupted = missing(&summary, asked as usize, designs.len());
            Summary { interrupted, ..summary }
        };
        let summary = report::write_run(&folder, &loaded[0].resolved, base, summary)?;
        match out.format {
            Format::Json => out.result(&report::json::summary(&summary))?,
            Format::Text => {
                let text = report::compare_text(&summary, Some(folder.path()), out.colour());
                out.result(&text)?;
            }
        }
        self.args.report.write(&folder, &summary, out)?;
        Ok(out.end(&summary))
    }

    /// The scenario of every arm, or what is wrong with one.
    fn load(&self, arms: &[Arm]) -> Result<Vec<Loaded<Scenario>>, String> {
        let load = |arm: &Arm| {
            self.args.load(&arm.overrides).map_err(|mut wrong| {
                // Everything that --set says was found right in the base.
                let said = wrong.problems.iter_mut().filter(|it| it.file == "--set");
                said.for_each(|problem| problem.file = "--arm".to_owned());
                format!("in --arm {}:\n{}", arm.name, wrong.draw(true))
            })
        };
        arms.iter().map(load).collect()
    }

    /// Every world of every arm, and the time they took [s].
    fn simulate(
        &self,
        each: Replications,
        scenarios: &[Scenario],
        base: &mut Tables,
        tables: &mut [Tables],
        progress: &Progress,
    ) -> Result<(Vec<Worlds>, f64), StoreError> {
        let (mut ran, mut busiest) = (vec![Worlds::default(); scenarios.len()], Busiest::default());
        let of_an_arm = scenarios.len() / tables.len();
        let mut written = Ok(());
        each.run(scenarios, self.args.workers(), progress, |scenario, world| {
            busiest.add(&world);
            if scenario == 0 {
                written = base.world(&world.tables);
            }
            // The cut twin of an arm leaves no tables.
            if scenario % of_an_arm == 0 && written.is_ok() {
                written = tables[scenario / of_an_arm].world(&world.tables);
            }
            ran[scenario].keep(world);
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        written?;
        Ok((self.cut.related(ran), busiest.seconds()))
    }

    /// The base as a run would tell of it, with every arm and how it differs.
    fn summary(
        &self,
        arms: &[Arm],
        base: &Loaded<Scenario>,
        ((ran, sim_s), tests): ((Vec<Worlds>, f64), Tests),
        began: Instant,
    ) -> Summary {
        let metrics = all_metrics();
        let worlds: Vec<_> = ran.into_iter().map(|worlds| worlds.summaries).collect();
        let named = arms.iter().zip(&worlds);
        let differ =
            |(arm, ran): (&Arm, &Vec<_>)| differences(&arm.name, &worlds[0], ran, &metrics);
        let found = named.clone().skip(1).flat_map(differ).collect();
        let arm =
            |(arm, ran): (&Arm, &Vec<_>)| ArmSummary::new(arm.name.clone(), &metrics, ran.clone());
        let summaries = named.map(arm).collect();
        let about = self.args.about("compare", base, began, sim_s + tests.sim_s);
        let summary = Summary::new(about, &metrics, worlds[0].clone()).compared(summaries, found);
        let designs = tests.results(&worlds);
        summary.tested(designs, tests.worlds, &tests.counts)
    }
}

/// What is said of a comparison that has fewer than the `asked` worlds of every arm and design.
fn missing(summary: &Summary, asked: usize, designs: usize) -> Option<String> {
    let whole = |arm: &ArmSummary| arm.worlds.iter().filter(|world| world.complete).count();
    let kept = summary.arms.iter().map(whole).min().unwrap_or(0);
    let tested = summary.tested_worlds.iter().filter(|world| world.complete).count();
    if kept == asked && tested == designs * asked {
        return None;
    }
    let tests = match designs {
        0 => String::new(),
        n => format!(", and {tested} of {} worlds with a test", n * asked),
    };
    Some(format!("kept {kept} of {asked} worlds of every arm{tests}"))
}

/// One pair has no interval, and so no verdict.
fn at_least_two(worlds: u32) -> Result<u32, String> {
    if worlds >= 2 {
        return Ok(worlds);
    }
    let what = "error: one world of every arm says nothing about chance";
    Err(format!("{what}\n  = allowed: --replications of 2 or more"))
}
