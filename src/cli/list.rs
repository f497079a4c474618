//! `brocante list`: what there is to choose from.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::{Exit, Format, Output};
use crate::experiment::validate::{CASES, Case};
use crate::measure::{Better, LOOP_METRICS, Metric, all_metrics};
use crate::ranking::{About, POLICIES};
use crate::scenario::{first_comment, read_text};
use crate::units::KindId;

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Listable {
    /// Ranking policies.
    Policies,
    /// Kinds of sellers.
    Kinds,
    /// Metrics.
    Metrics,
    /// Scenario files under ./scenarios.
    Scenarios,
    /// Known answers, for `validate`.
    Cases,
}

/// Arguments of `list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  brocante list scenarios")]
pub struct List {
    /// What to list.
    #[arg(value_enum)]
    what: Listable,
}

/// One line of a list.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    says: String,
}

impl Row {
    fn new(name: impl Into<String>, says: impl Into<String>) -> Self {
        Row { name: name.into(), says: says.into() }
    }
}

/// Makes a list; remarks go to the output.
type Rows = fn(&Output) -> Vec<Row>;

/// Where each list comes from.
const LISTS: [(Listable, Rows); 5] = [
    (Listable::Policies, policies),
    (Listable::Kinds, kinds),
    (Listable::Metrics, metrics),
    (Listable::Scenarios, scenarios),
    (Listable::Cases, cases),
];

impl List {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        let list = LISTS.iter().find(|(what, _)| *what == self.what);
        let rows = list.map_or_else(Vec::new, |(_, rows)| rows(out));
        match out.format {
            Format::Json => out.json(&rows)?,
            Format::Text if rows.is_empty() => out.note("there are none"),
            Format::Text => out.result(&columns(&rows))?,
        }
        Ok(Exit::Done)
    }
}

fn columns(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let line =
        |row: &Row| format!("{:width$}  {}", row.name, row.says).trim_end().to_owned() + "\n";
    rows.iter().map(line).collect()
}

/// The ranking policies of the registry, with what each does and where it comes from.
fn policies(_: &Output) -> Vec<Row> {
    let row = |about: &About| Row::new(about.name, format!("{} [{}]", about.says, about.source));
    POLICIES.iter().map(row).collect()
}

/// The kinds, with what sets each apart: how it gets stock.
fn kinds(_: &Output) -> Vec<Row> {
    let says = |kind: KindId| match kind {
        KindId::Factory => "reconditions at an industrial scale: steady throughput",
        KindId::Repairer => "a small workshop: a few units a week",
        KindId::Recycler => "takes devices apart and sells the parts",
        KindId::Trader => "buys reconditioned lots from wholesalers and factories, and resells",
        KindId::Wholesaler => "deals in large, rare lots, also with traders",
        KindId::Leasing => "sells the fleets that come back from their lease, in waves",
        KindId::Retailer => "sells unopened returns and unsold stock, of the best grade alone",
        KindId::Certified => "buys from individuals at a price that it bids",
        KindId::Given => "has a price, a quality and plenty of stock as the scenario gives them",
    };
    KindId::ALL.iter().map(|&kind| Row::new(kind.name(), says(kind))).collect()
}

/// The metrics of every family in the registry of [`crate::measure`].
fn metrics(_: &Output) -> Vec<Row> {
    let row = |metric: &'static Metric| {
        let better = match metric.better {
            Better::Lower => ", lower is better",
            Better::Higher => ", higher is better",
            Better::None => "",
        };
        Row::new(metric.name, format!("{} [{}{better}]", metric.says, metric.unit))
    };
    all_metrics().into_iter().chain(&LOOP_METRICS).map(row).collect()
}

/// The known answers, with where each comes from.
fn cases(_: &Output) -> Vec<Row> {
    let row = |case: &Case| Row::new(case.name, format!("{} [{}]", case.says, case.source));
    CASES.iter().map(row).collect()
}

/// The files under `scenarios/`, with the question that each asks.
fn scenarios(out: &Output) -> Vec<Row> {
    let folder = Path::new("scenarios");
    let mut files = Vec::new();
    if let Err(error) = toml_files(folder, 2, &mut files) {
        out.note(&format!("the folder `scenarios` cannot be read here: {error}"));
    }
    files.sort();
    let row = |path: PathBuf| {
        let question = read_text(&path).ok().and_then(|text| first_comment(&text));
        // That it is a question goes without saying here.
        let says = question.unwrap_or_default();
        let says = says.strip_prefix("Question:").unwrap_or(&says).trim_start();
        Row::new(path.display().to_string(), says)
    };
    files.into_iter().map(row).collect()
}

fn toml_files(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && depth > 1 {
            toml_files(&path, depth - 1, files)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    Ok(())
}
