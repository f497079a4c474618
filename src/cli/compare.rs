//! `brocante compare`: arms of a scenario in the same worlds.

use std::path::Path;
use std::time::Instant;

use super::progress::{Interrupt, Progress};
use super::run::{Done, RunArgs};
use super::{Exit, Format, Output};
use crate::experiment::{Arm, Trial, differences, read_arms};
use crate::measure::all_metrics;
use crate::report;
use crate::scenario::{Loaded, Scenario};
use crate::store::{ArmSummary, RESULTS, RunFolder, Summary};

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

    /// An arm: a name, and what it changes on top of --set. Two or more; the first is the base. A
    /// comma within brackets belongs to the value.
    #[arg(long = "arm", value_name = "NAME[:KEY=VALUE,…]")]
    arms: Vec<String>,
}

impl Compare {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
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
        let mut loaded = Vec::new();
        for arm in &arms {
            match self.args.load(&arm.overrides) {
                Ok(scenario) => loaded.push(scenario),
                Err(mut wrong) => {
                    // Everything that --set says was found right in the base.
                    let said = wrong.problems.iter_mut().filter(|it| it.file == "--set");
                    said.for_each(|problem| problem.file = "--arm".to_owned());
                    out.error(&format!("in --arm {}:\n{}", arm.name, wrong.draw(true)));
                    return Ok(Exit::BadInput);
                }
            }
        }
        let (name, out_dir) = (&plain.name, self.args.out.as_deref());
        let folder = RunFolder::create(out_dir, Path::new(RESULTS), name, "compare")?;
        let interrupt = Interrupt::listen()?;
        let mut progress = Progress::new(asked * arms.len() as u32, interrupt.clone(), out);
        let ran = self.simulate(&loaded, replications, &interrupt, &mut progress);
        progress.done();
        let summary = self.keep(&folder, &arms, &loaded, ran, began)?;
        match out.format {
            Format::Json => out.result(&report::json::summary(&summary))?,
            Format::Text => {
                let text = report::compare_text(&summary, Some(folder.path()), out.colour());
                out.result(&text)?;
            }
        }
        let whole = |arm: &ArmSummary| arm.worlds.iter().filter(|world| world.complete).count();
        let kept = summary.arms.iter().map(whole).min().unwrap_or(0);
        if kept == asked as usize {
            return Ok(Exit::Done);
        }
        out.error(&format!("interrupted: kept {kept} of {asked} worlds of every arm"));
        Ok(Exit::Interrupted)
    }

    /// World by world, all arms of one before the next, so that who is interrupted has whole pairs.
    fn simulate(
        &self,
        arms: &[Loaded<Scenario>],
        replications: u32,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Vec<Done> {
        let mut ran: Vec<Done> = arms.iter().map(|_| Done::default()).collect();
        let mut number = 0;
        for market in 0..self.args.markets {
            for world in 0..replications {
                for (arm, done) in arms.iter().zip(&mut ran) {
                    // Who asks to stop before the first tick still hears of one week.
                    if interrupt.asked() && number > 0 {
                        return ran;
                    }
                    progress.next_world(number);
                    number += 1;
                    let mut scenario = arm.scenario.clone();
                    scenario.market.seed += u64::from(market);
                    let workers = self.args.workers();
                    let trial = Trial { scenario: &scenario, world, workers, measured: true };
                    done.keep(market, &scenario, trial.run(progress));
                }
            }
        }
        ran
    }

    /// Writes the run folder: the base as a run would be, every arm beside it.
    fn keep(
        &self,
        folder: &RunFolder,
        arms: &[Arm],
        loaded: &[Loaded<Scenario>],
        ran: Vec<Done>,
        began: Instant,
    ) -> anyhow::Result<Summary> {
        let metrics = all_metrics();
        for ((arm, loaded), done) in arms.iter().zip(loaded).zip(&ran) {
            report::write_arm(folder, &arm.name, &loaded.resolved, &done.tables)?;
        }
        let base = &ran[0];
        let sim_s = ran.iter().map(|done| done.sim_s).sum();
        let named = arms.iter().zip(&ran).skip(1);
        let found = named
            .flat_map(|(arm, done)| differences(&arm.name, &base.worlds, &done.worlds, &metrics))
            .collect();
        let summaries = arms
            .iter()
            .zip(&ran)
            .map(|(arm, done)| ArmSummary::new(arm.name.clone(), &metrics, done.worlds.clone()))
            .collect();
        let summary = || {
            let about = self.args.about("compare", &loaded[0], began, sim_s);
            Summary::new(about, &metrics, base.worlds.clone()).compared(summaries, found)
        };
        Ok(report::write_run(folder, &loaded[0].resolved, &base.tables, summary)?)
    }
}

/// One pair has no interval, and so no verdict.
fn at_least_two(worlds: u32) -> Result<u32, String> {
    if worlds >= 2 {
        return Ok(worlds);
    }
    let what = "error: one world of every arm says nothing about chance";
    Err(format!("{what}\n  = allowed: --replications of 2 or more"))
}
