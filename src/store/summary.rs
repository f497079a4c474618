//! `summary.json`: what a run was, what it cost and what came out.

use super::machine::{COMMIT, Machine, peak_rss_bytes};
use crate::history::Digest;
use crate::measure::interval::Interval;
use crate::measure::{Better, Counts, Metric};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number that changes whenever a field is renamed or changes its meaning.
pub const SCHEMA: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// The subcommand, such as `run`.
    pub command: String,
    /// The command line, word by word.
    pub argv: Vec<String>,
    /// Version of the program.
    pub version: String,
    /// Commit the program was built from, where that is known.
    pub commit: Option<String>,
    /// Where it ran.
    pub machine: Machine,
    /// What ran.
    pub scenario: ScenarioName,
    /// Root of what happens in world 0.
    pub seed: u64,
    /// Threads that cells ran on.
    pub workers: usize,
    /// Weeks that every world was run for [weeks].
    pub weeks: u32,
    /// Of world 0.
    pub digest: String,
    /// Sums over worlds.
    pub counts: Counts,
    /// What it took.
    pub cost: Cost,
    /// By name: means over worlds.
    pub metrics: BTreeMap<String, MetricValue>,
    /// Each world by itself.
    pub worlds: Vec<WorldSummary>,
}

/// Which scenario ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioName {
    /// The file's name without its ending.
    pub name: String,
    /// A digest of the resolved scenario.
    pub hash: String,
}

/// What the run took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// From start to end [s].
    pub wall_s: f64,
    /// Simulating alone, without set-up and writing [s].
    pub sim_s: f64,
    /// Events of all worlds over `sim_s`.
    pub events_per_s: Option<f64>,
    /// Most memory the process ever held [bytes]; nothing where the system does not tell.
    pub peak_rss_bytes: Option<u64>,
}

/// A metric over the worlds of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricValue {
    /// Mean over the worlds that had a sample; nothing where none had.
    pub value: Option<f64>,
    /// Lower end of the 95 % interval of the mean by Student's t; nothing for one world.
    pub low: Option<f64>,
    /// Upper end of that interval.
    pub high: Option<f64>,
    /// Worlds that had a sample.
    pub n: usize,
    /// The unit of all three.
    pub unit: String,
    /// Which way is better.
    pub better: Better,
}

/// One world of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorldSummary {
    /// Number of the world.
    pub world: u32,
    /// Root of what happens in it.
    pub seed: u64,
    /// 16 hex digits that name everything that happened.
    pub digest: String,
    /// How many of what happened.
    pub counts: Counts,
    /// Values by name; nothing where there was no sample.
    pub metrics: BTreeMap<String, Option<f64>>,
}

impl WorldSummary {
    /// One world with its values.
    pub fn new(
        world: u32,
        seed: u64,
        digest: Digest,
        counts: Counts,
        values: &[(&'static Metric, Option<f64>)],
    ) -> WorldSummary {
        let named = values.iter().map(|&(metric, value)| (metric.name.to_string(), value));
        WorldSummary { world, seed, digest: digest.hex(), counts, metrics: named.collect() }
    }
}

/// What a command knows of its run and no world does.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// The subcommand.
    pub command: String,
    /// The command line, word by word.
    pub argv: Vec<String>,
    /// What ran.
    pub scenario: ScenarioName,
    /// Root of what happens in world 0.
    pub seed: u64,
    /// Threads that cells ran on.
    pub workers: usize,
    /// Weeks that every world was run for [weeks].
    pub weeks: u32,
    /// From start to end [s].
    pub wall_s: f64,
    /// Simulating alone [s].
    pub sim_s: f64,
}

impl Summary {
    /// The summary of a run of at least one world. `metrics` says which metrics it has: every one of
    /// them gets an entry, with no value where no world had a sample.
    pub fn new(about: About, metrics: &[&'static Metric], worlds: Vec<WorldSummary>) -> Summary {
        let mut counts = Counts::default();
        worlds.iter().for_each(|world| counts.add(&world.counts));
        let per_second = counts.events as f64 / about.sim_s;
        Summary {
            schema: SCHEMA,
            command: about.command,
            argv: about.argv,
            version: env!("CARGO_PKG_VERSION").to_string(),
            commit: COMMIT.map(str::to_string),
            machine: Machine::here(),
            scenario: about.scenario,
            seed: about.seed,
            workers: about.workers,
            weeks: about.weeks,
            digest: worlds.first().map_or_else(String::new, |world| world.digest.clone()),
            counts,
            cost: Cost {
                wall_s: about.wall_s,
                sim_s: about.sim_s,
                events_per_s: Some(per_second).filter(|n| n.is_finite()),
                peak_rss_bytes: peak_rss_bytes(),
            },
            metrics: over_worlds(metrics, &worlds),
            worlds,
        }
    }

    /// A metric by its name.
    pub fn metric(&self, name: &str) -> Option<&MetricValue> {
        self.metrics.get(name)
    }

    /// A metric's mean over worlds; nothing where it is not there or had no sample.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.metric(name).and_then(|metric| metric.value)
    }
}

fn over_worlds(
    metrics: &[&'static Metric],
    worlds: &[WorldSummary],
) -> BTreeMap<String, MetricValue> {
    let over = |metric: &Metric| {
        let of = |world: &WorldSummary| world.metrics.get(metric.name).copied().flatten();
        let interval = Interval::of(worlds.iter().filter_map(of));
        MetricValue {
            value: interval.mean,
            low: interval.low,
            high: interval.high,
            n: interval.n,
            unit: metric.unit.to_string(),
            better: metric.better,
        }
    };
    metrics.iter().map(|metric| (metric.name.to_string(), over(metric))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::all_metrics;

    fn about() -> About {
        About {
            command: "run".to_string(),
            argv: vec![],
            scenario: ScenarioName { name: "quick".to_string(), hash: "00".to_string() },
            seed: 42,
            workers: 2,
            weeks: 3,
            wall_s: 0.5,
            sim_s: 0.25,
        }
    }

    fn world(n: u32, gini: Option<f64>) -> WorldSummary {
        let metric = all_metrics()[0];
        assert_eq!(metric.name, "gini");
        let counts = Counts { events: 100, ..Counts::default() };
        WorldSummary::new(n, 42, Digest::default(), counts, &[(metric, gini)])
    }

    #[test]
    fn means_over_worlds() {
        let worlds = vec![world(0, Some(0.4)), world(1, None), world(2, Some(0.6))];
        let summary = Summary::new(about(), &all_metrics(), worlds);
        let gini = summary.metric("gini").unwrap();
        assert_eq!((gini.value, gini.n), (Some(0.5), 2));
        // Half width 12.706 · (.2/√2)/√2.
        assert!((gini.high.unwrap() - 0.5 - 1.2706).abs() < 1e-4, "{gini:?}");
        assert_eq!(summary.counts.events, 300);
        assert_eq!(summary.cost.events_per_s, Some(1_200.0));
        let late = summary.metric("late_rate").unwrap();
        assert_eq!((late.value, late.low, late.n), (None, None, 0));
    }

    #[test]
    fn one_world_has_no_interval_and_no_time_no_rate() {
        let about = About { sim_s: 0.0, ..about() };
        let summary = Summary::new(about, &all_metrics(), vec![world(0, Some(0.4))]);
        let gini = summary.metric("gini").unwrap();
        assert_eq!((gini.value, gini.low, gini.high), (Some(0.4), None, None));
        assert_eq!(summary.cost.events_per_s, None);
    }
}
