//! How often the gate for the market is wrong: false alarms where nothing changed, and what it finds where
//! something did.
//!
//!     cargo bench --bench market_gate                  400 worlds, 1,000 trials of each kind
//!     cargo bench --bench market_gate -- 48 100        so many worlds and trials
//!
//! Worlds of a third of the visits of `scenarios/quick.toml` are recorded once, each with chances of its own.
//! A trial draws some of them for a run and others for its baseline, and asks the very function that
//! `gate check` calls. Wanted: at most 1 % of calls with a false alarm, however many lines a budget has.
//!
//! - `strict` has ten lines without any allowance, the hardest case: each is at the edge of being missed.
//! - `market.budget` is the file of this repository under `results/baseline/`.
//! - `apart`: the run's worlds have other chances than the baseline's (Welch's test).
//! - `paired`: as many worlds each, numbered alike, so that independent worlds are taken for pairs.
//!
//! Then changes are planted, in the same worlds as the baseline: paired as in CI. Trials share worlds, which
//! makes the intervals (Wilson, 95 %) a little too narrow. Prints a Markdown table; asserts nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use brocante::experiment::gate::{Budgets, Run, Source, Verdict, check};
use brocante::experiment::{Replications, cores};
use brocante::measure::all_metrics;
use brocante::measure::proportion::wilson;
use brocante::rng::{Dice, Purpose};
use brocante::scenario::{self, Scenario, ScenarioError};
use brocante::store::{About, ScenarioName, Summary, WorldSummary};

const SCENARIO: &str = "scenarios/quick.toml";
const SETS: &[&str] = &["shoppers.visits_per_week=25000.0"];

const STRICT: &str = "conversion >= baseline\ngmv >= baseline\nconsumer_surplus >= baseline\n\
    box_regret <= baseline\naccuracy_tau >= baseline\nlate_rate <= baseline\nreturn_rate <= baseline\n\
    mean_stars >= baseline\ngini <= baseline\neffective_sellers >= baseline\n";

/// Changes of the ranking, from small to large, each by what is set in the scenario.
const PLANTED: &[(&str, &str)] = &[
    ("shrinkage halved", "ranking.box.shrinkage=10.5"),
    ("shrinkage off", "ranking.box.shrinkage=0.0"),
    ("quality counts twice as much", "ranking.box.quality_power=4.0"),
    ("price alone", "ranking.cheapest={}"),
    ("by chance", "ranking.random={}"),
];

fn path(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn load(set: Option<&str>) -> Result<Scenario, Box<ScenarioError>> {
    let sets: Vec<String> = SETS.iter().copied().chain(set).map(str::to_owned).collect();
    Ok(scenario::load(&path(SCENARIO), &sets).map_err(Box::new)?.scenario)
}

/// So many worlds of every scenario, arm by arm.
fn record(arms: &[Scenario], worlds: u32) -> Vec<Vec<WorldSummary>> {
    let mut kept = vec![Vec::new(); arms.len()];
    let replications = Replications { markets: 1, each: worlds };
    replications.run(arms, cores(), &(), |arm, ran| {
        kept[arm].push(ran.summary);
        ControlFlow::Continue(())
    });
    kept
}

/// A run of these worlds.
fn source(label: &str, worlds: Vec<WorldSummary>) -> Source {
    let about = About {
        command: "run".to_owned(),
        argv: vec![],
        scenario: ScenarioName { name: "quick".to_owned(), hash: String::new() },
        seed: 42,
        workers: 1,
        wall_s: 1.0,
        sim_s: 1.0,
    };
    let summary = Summary::new(about, &all_metrics(), worlds);
    Source { label: label.to_owned(), summary, scenario: None }
}

/// So many of the first `n` numbers, in the order in which they are drawn for this trial.
fn drawn(trial: u64, n: usize, wanted: usize) -> Vec<usize> {
    let mut stream = Dice::new(2026, 0).stream(trial, n as u32, Purpose::Resample);
    let mut numbers: Vec<usize> = (0..n).collect();
    for i in 0..wanted.min(n) {
        let other = i + stream.below((n - i) as u32) as usize;
        numbers.swap(i, other);
    }
    numbers.truncate(wanted);
    numbers
}

/// What came of the trials of one kind.
#[derive(Default)]
struct Tally {
    trials: u64,
    failed: u64,
    advised: u64,
    missed: BTreeMap<String, u64>,
}

impl Tally {
    fn add(&mut self, budgets: &Budgets, run: &Source, baseline: &Source) {
        let gated = check(&budgets.lines, &[Run { source: run, baseline: Some(baseline) }]);
        let verdict = gated.verdict();
        self.trials += 1;
        self.failed += u64::from(verdict > Verdict::Advice);
        self.advised += u64::from(verdict == Verdict::Advice);
        for finding in gated.findings.into_iter().filter(|it| it.verdict > Verdict::Advice) {
            *self.missed.entry(finding.name).or_default() += 1;
        }
    }

    fn print(&self, what: &str, budget: &str, worlds: &str) {
        let (low, high) = wilson(self.failed, self.trials, 0.95);
        let share = |n: u64| 100.0 * n as f64 / self.trials as f64;
        let most = self.missed.iter().max_by_key(|(_, n)| **n);
        let most =
            most.map_or("–".to_owned(), |(name, n)| format!("`{name}` ({:.0} %)", share(*n)));
        println!(
            "| {what} | {budget} | {worlds} | {} | {:.2} % | {:.2} to {:.2} % | {:.1} % | {most} |",
            self.trials,
            share(self.failed),
            100.0 * low,
            100.0 * high,
            share(self.advised)
        );
    }
}

/// Trials in which nothing changed.
fn nothing_changed(
    budgets: &Budgets,
    pool: &[WorldSummary],
    trials: u64,
    m: usize,
    paired: bool,
) -> Tally {
    const RUN: usize = 8;
    let mut tally = Tally::default();
    for trial in 0..trials {
        let numbers = drawn(trial, pool.len(), RUN + m);
        let worlds = |numbers: &[usize]| -> Vec<WorldSummary> {
            let renumbered = numbers.iter().zip(0..).map(|(&n, place)| {
                let world = if paired { place } else { pool[n].world };
                WorldSummary { world, ..pool[n].clone() }
            });
            renumbered.collect()
        };
        let (run, baseline) = (worlds(&numbers[..RUN]), worlds(&numbers[RUN..]));
        tally.add(budgets, &source("run", run), &source("baseline", baseline));
    }
    tally
}

/// Trials in which the same eight worlds were run with the change.
fn planted(
    budgets: &Budgets,
    pool: &[WorldSummary],
    changed: &[WorldSummary],
    trials: u64,
) -> Tally {
    let mut tally = Tally::default();
    for trial in 0..trials {
        let numbers = drawn(trial, changed.len(), 8);
        let of = |worlds: &[WorldSummary]| numbers.iter().map(|&n| worlds[n].clone()).collect();
        tally.add(budgets, &source("run", of(changed)), &source("baseline", of(pool)));
    }
    tally
}

fn main() -> ExitCode {
    let mut asked = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let worlds = asked.next().and_then(|arg| arg.parse::<u32>().ok()).unwrap_or(400).max(24);
    let trials = asked.next().and_then(|arg| arg.parse::<u64>().ok()).unwrap_or(1_000).max(1);
    let read = || -> Result<_, Box<ScenarioError>> {
        let plain = load(None)?;
        let changed =
            PLANTED.iter().map(|(_, set)| load(Some(set))).collect::<Result<Vec<_>, _>>()?;
        let strict = Budgets::parse("strict", STRICT.to_owned(), Path::new(""))?;
        let ours = Budgets::read(&path("results/baseline/market.budget"))?;
        Ok((plain, changed, strict, ours))
    };
    let (plain, changed, strict, ours) = match read() {
        Ok(read) => read,
        Err(wrong) => {
            eprintln!("{}", wrong.draw(false));
            return ExitCode::from(2);
        }
    };
    let pool = record(&[plain], worlds).remove(0);
    println!(
        "| what | budget | worlds | trials | failed | Wilson 95 % | advice alone | missed most |"
    );
    println!("|---|---|---|--:|--:|--:|--:|---|");
    for (name, budgets) in [("strict", &strict), ("`market.budget`", &ours)] {
        for (m, paired) in [(8, false), (16, false), (8, true)] {
            let tally = nothing_changed(budgets, &pool, trials, m, paired);
            let how = if paired { "8 pairs".to_owned() } else { format!("8 against {m}") };
            tally.print("nothing", name, &how);
        }
    }
    // The worlds with a change are those of the pool with the same numbers.
    let fewer = (worlds / 8).max(16);
    for ((what, set), worse) in PLANTED.iter().zip(record(&changed, fewer)) {
        for (name, budgets) in [("strict", &strict), ("`market.budget`", &ours)] {
            let tally = planted(budgets, &pool, &worse, trials);
            tally.print(&format!("{what} (`{set}`)"), name, "the same 8");
        }
    }
    ExitCode::SUCCESS
}
