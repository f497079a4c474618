//! `brocante gate check`: stored runs held against budgets.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::outputs::Outputs;
use crate::cli::{Exit, Output};
use crate::experiment::gate::{Budgets, Run, Source, baseline_of, check, needs_baseline};
use crate::store::{self, HistoryLine};

/// Arguments of `gate check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    brocante gate check --budget results/baseline/market.budget results/mine\n\n\
    A budget file has a line for each budget, such as\n  \
    baseline = \"quick\"  (a folder beside the budget file)\n  \
    rank.response.p99 < 50us\n  \
    gini <= baseline + 0.02\n  \
    gmv >= baseline * 0.95\n\n\
    Ends with 10 when a budget is missed, with 12 when a measurement is not valid, with 14 when times \
    would be compared of a market that behaves otherwise than it did.")]
pub struct Check {
    /// The budget file.
    #[arg(long, value_name = "FILE")]
    budget: PathBuf,

    /// What `baseline` stands for: a run folder or its summary.json. Of several the one of the same command
    /// and scenario is taken. Default: those that the budget file names.
    #[arg(long, value_name = "RUN")]
    baseline: Vec<PathBuf>,

    /// Add a line for every run to this file, for `gate trend`.
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,

    #[command(flatten)]
    outputs: Outputs,

    /// Run folders, or their summary.json.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        if let Err(wrong) = self.outputs.check(out) {
            out.error(&wrong);
            return Ok(Exit::BadInput);
        }
        let budgets = Budgets::read(&self.budget)?;
        let (runs, stored) = match self.sources(&budgets) {
            Ok(sources) => sources,
            Err(wrong) => {
                out.error(&wrong);
                return Ok(Exit::BadInput);
            }
        };
        let mut asked = Vec::new();
        for source in &runs {
            let asks = budgets.lines.iter().find(|line| needs_baseline(line, source));
            let baseline = match asks.map(|line| (line, baseline_of(source, &stored))) {
                None => None,
                Some((_, Ok(baseline))) => Some(baseline),
                Some((line, Err(why))) => return Err(budgets.without_baseline(line, &why).into()),
            };
            asked.push(Run { source, baseline });
        }
        let gated = check(&budgets.lines, &asked);
        let exit = self.outputs.give(&gated, out)?;
        // What happened is worth a line whatever is thought of it.
        if let Some(history) = &self.history {
            #[expect(clippy::disallowed_methods, reason = "a history says when a run was judged")]
            let now = SystemTime::now();
            let whole = runs.iter().filter(|run| run.is_whole());
            let lines: Vec<_> = whole.map(|run| HistoryLine::of(&run.summary, now)).collect();
            if store::append_history(history, &lines)? {
                out.note(&format!(
                    "remark: {} ended with half a line, which is left as it is",
                    history.display()
                ));
            }
        }
        Ok(exit)
    }

    /// Every run and every baseline, or what to say of one that cannot be read.
    fn sources(&self, budgets: &Budgets) -> Result<(Vec<Source>, Vec<Source>), String> {
        let named = if self.baseline.is_empty() { &budgets.baselines } else { &self.baseline };
        let read = |paths: &[PathBuf], what: &str| {
            paths.iter().map(|path| source(path, what)).collect::<Result<Vec<_>, _>>()
        };
        let runs = read(&self.runs, "run")?;
        for (n, path) in self.runs.iter().enumerate() {
            if self.runs[..n].contains(path) {
                return Err(format!(
                    "error: {} is given twice\n  = allowed: each run once",
                    path.display()
                ));
            }
        }
        Ok((runs, read(named, "baseline")?))
    }
}

/// A stored run, or what to say where it cannot be read.
fn source(path: &Path, what: &str) -> Result<Source, String> {
    let summary = store::read_summary(path).map_err(|error| {
        let how = match what {
            "baseline" => "renew the baseline: run its command again with this version",
            _ => "give a folder that `brocante run` or `brocante load` made, or its summary.json",
        };
        format!("error: the {what} {:#}\n  = {how}", anyhow::Error::new(error))
    })?;
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    let scenario =
        folder.and_then(|folder| std::fs::read_to_string(folder.join("scenario.toml")).ok());
    Ok(Source { label: path.display().to_string(), summary, scenario })
}
