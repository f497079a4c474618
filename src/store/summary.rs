//! `summary.json`: what a run was, what it cost and what came out.

use super::answers::Answer;
use super::arms::{ArmSummary, Difference};
use super::designs::{DesignResult, TestedWorld};
use super::load::LoadSummary;
use super::machine::{COMMIT, Machine, peak_rss_bytes};
use super::nudge::NudgeSummary;
use super::sweep::SweepSummary;
use crate::history::Digest;
use crate::measure::interval::Interval;
use crate::measure::{Better, Counts, Metric};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Of a run that was interrupted: what there is of it, as a sentence without its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
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
    /// Weeks that the worlds behind `metrics` were run for [weeks].
    pub weeks: u32,
    /// Of world 0.
    pub digest: String,
    /// Sums over all worlds, of all arms, complete or not.
    pub counts: Counts,
    /// What it took.
    pub cost: Cost,
    /// By name: means over the complete worlds, or what there is of a world where none is complete.
    pub metrics: BTreeMap<String, MetricValue>,
    /// Each world by itself.
    pub worlds: Vec<WorldSummary>,
    /// Of a comparison: every arm, the base first, whose metrics and worlds are those above as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<ArmSummary>,
    /// Of a comparison: every arm but the base, metric by metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Of a nudge: what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nudge: Option<NudgeSummary>,
    /// Of a validation: every known quantity, in the order of the cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Answer>,
    /// Of a sweep: what was varied, and what came of it. `metrics` are then means over the points of the
    /// design, without an interval, `digest` is of the first world of the first point, and the worlds are
    /// in `rows.csv` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepSummary>,
    /// Of a comparison with designs: what tests within one world say beside the truth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub designs: Vec<DesignResult>,
    /// Of a comparison with designs: every world with a test in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tested_worlds: Vec<TestedWorld>,
    /// Of a load: what came of it, field by field beside those above.
    #[serde(flatten)]
    pub load: Option<LoadSummary>,
    /// Of a load on the path `actor`: the same load on the path `direct`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Box<LoadSummary>>,
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
    /// From the start of the program until all but this file was written [s].
    pub wall_s: f64,
    /// Simulating alone, without set-up and writing [s].
    pub sim_s: f64,
    /// Events of all worlds over `sim_s`.
    pub events_per_s: Option<f64>,
    /// Most memory the process ever held [bytes]; nothing where the system does not tell.
    pub peak_rss_bytes: Option<u64>,
}

/// A metric over the worlds of a run.
///
/// Worlds of one market share who sells and how well, so they are independent of one another only as
/// long as the question is about that market. With one market `n` counts worlds, and the interval says
/// how sure the mean is *for this market*. With several, worlds are averaged by market first, `n` counts
/// markets, and the interval is over markets of this kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricValue {
    /// Mean over the independent values; nothing where there is none.
    pub value: Option<f64>,
    /// Lower end of the 95 % interval of the mean by Student's t; nothing for one value.
    pub low: Option<f64>,
    /// Upper end of that interval.
    pub high: Option<f64>,
    /// How many independent values there are: worlds of one market that had a sample, or markets.
    pub n: usize,
    /// The unit of all three.
    pub unit: String,
    /// Which way is better.
    pub better: Better,
}

/// One world of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorldSummary {
    /// Number of the world in its run.
    pub world: u32,
    /// Number of its market in its run.
    pub market: u32,
    /// Root of who exists in it: `market.seed` as this market had it.
    pub market_seed: u64,
    /// Root of what happens in it, together with its number.
    pub seed: u64,
    /// Weeks that it was run for [weeks].
    pub weeks_done: u32,
    /// Whether it was run to its end, and so enters means and intervals.
    pub complete: bool,
    /// 16 hex digits that name everything that happened.
    pub digest: String,
    /// How many of what happened.
    pub counts: Counts,
    /// Values by name; nothing where there was no sample.
    pub metrics: BTreeMap<String, Option<f64>>,
}

/// Which world it was and how far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldName {
    /// Number of the world in its run.
    pub world: u32,
    /// Number of its market in its run.
    pub market: u32,
    /// Root of who exists in it.
    pub market_seed: u64,
    /// Root of what happens in it.
    pub seed: u64,
    /// Weeks that it was run for [weeks].
    pub weeks_done: u32,
    /// Whether that is all of them.
    pub complete: bool,
}

impl WorldSummary {
    /// One world with its values.
    pub fn new(
        name: WorldName,
        digest: Digest,
        counts: Counts,
        values: &[(&'static Metric, Option<f64>)],
    ) -> WorldSummary {
        let WorldName { world, market, market_seed, seed, weeks_done, complete } = name;
        let named = values.iter().map(|&(metric, value)| (metric.name.to_string(), value));
        let (digest, metrics) = (digest.hex(), named.collect());
        WorldSummary {
            world,
            market,
            market_seed,
            seed,
            weeks_done,
            complete,
            digest,
            counts,
            metrics,
        }
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
    /// From the start of the program until now [s].
    pub wall_s: f64,
    /// Simulating alone, all worlds together [s].
    pub sim_s: f64,
}

/// What a validation came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated {
    /// Every known quantity, in the order of the cases.
    pub cases: Vec<Answer>,
    /// How many of what happened, over all worlds of all cases.
    pub counts: Counts,
    /// Of world 0 of the first case that simulates.
    pub digest: String,
    /// Weeks of the longest case [weeks].
    pub weeks: u32,
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
            interrupted: None,
            version: env!("CARGO_PKG_VERSION").to_string(),
            commit: COMMIT.map(str::to_string),
            machine: Machine::here(),
            scenario: about.scenario,
            seed: about.seed,
            workers: about.workers,
            weeks: averaged(&worlds).map(|world| world.weeks_done).min().unwrap_or(0),
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
            arms: Vec::new(),
            differences: Vec::new(),
            nudge: None,
            cases: Vec::new(),
            sweep: None,
            designs: Vec::new(),
            tested_worlds: Vec::new(),
            load: None,
            beside: None,
        }
    }

    /// The same with the arms of a comparison, the first of which it is the summary of. Counts and
    /// cost become those of all arms.
    #[must_use]
    pub fn compared(mut self, arms: Vec<ArmSummary>, differences: Vec<Difference>) -> Summary {
        for world in arms.iter().skip(1).flat_map(|arm| &arm.worlds) {
            self.counts.add(&world.counts);
        }
        let per_second = self.counts.events as f64 / self.cost.sim_s;
        self.cost.events_per_s = Some(per_second).filter(|n| n.is_finite());
        Summary { arms, differences, ..self }
    }

    /// The same of known answers, whose worlds are too many to be told one by one.
    #[must_use]
    pub fn validated(mut self, validated: Validated) -> Summary {
        let Validated { cases, counts, digest, weeks } = validated;
        let per_second = counts.events as f64 / self.cost.sim_s;
        self.cost.events_per_s = Some(per_second).filter(|n| n.is_finite());
        Summary { cases, counts, digest, weeks, ..self }
    }

    /// The summary of a sweep: `counts` are those of all its rows and `digest` is of the first, `metrics`
    /// are means over its points; `new_events` are those of the worlds that this process ran.
    #[must_use]
    pub fn swept(
        about: About,
        weeks: u32,
        (digest, counts, new_events): (String, Counts, u64),
        metrics: BTreeMap<String, MetricValue>,
        sweep: SweepSummary,
    ) -> Summary {
        let mut summary = Summary::new(about, &[], Vec::new());
        let per_second = new_events as f64 / summary.cost.sim_s;
        summary.cost.events_per_s = Some(per_second).filter(|n| n.is_finite());
        Summary { weeks, digest, counts, metrics, sweep: Some(sweep), ..summary }
    }

    /// The same with what tests within one world say, those worlds, and how many of what happened in
    /// them: it counts, and what it took is in `cost.sim_s` already.
    #[must_use]
    pub fn tested(
        mut self,
        designs: Vec<DesignResult>,
        tested_worlds: Vec<TestedWorld>,
        counts: &Counts,
    ) -> Summary {
        self.counts.add(counts);
        let per_second = self.counts.events as f64 / self.cost.sim_s;
        self.cost.events_per_s = Some(per_second).filter(|n| n.is_finite());
        Summary { designs, tested_worlds, ..self }
    }

    /// The same of a load, and of one that was put on the path `direct` for comparison.
    #[must_use]
    pub fn loaded(self, load: LoadSummary, beside: Option<LoadSummary>) -> Summary {
        Summary { load: Some(load), beside: beside.map(Box::new), ..self }
    }

    /// The worlds that means are of: those that were run to their end, or else what there is.
    pub fn averaged(&self) -> impl Iterator<Item = &WorldSummary> {
        averaged(&self.worlds)
    }

    /// The mean of what there is of each world, with its interval, as of a metric: see [`MetricValue`].
    pub fn mean_over_worlds(&self, of: impl Fn(&WorldSummary) -> Option<f64>) -> Interval {
        mean_over(&self.worlds, of)
    }

    /// Markets among [`Summary::averaged`].
    pub fn markets(&self) -> usize {
        self.averaged().map(|world| world.market).collect::<BTreeSet<_>>().len()
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

fn averaged(worlds: &[WorldSummary]) -> impl Iterator<Item = &WorldSummary> {
    // Parts of worlds are of different lengths, so that at most one of them stands for all.
    let none = !worlds.iter().any(|world| world.complete);
    let part = worlds.first().filter(|_| none);
    worlds.iter().filter(|world| world.complete).chain(part)
}

/// Means over worlds, by the name of the metric.
pub(super) fn over_worlds(
    metrics: &[&'static Metric],
    worlds: &[WorldSummary],
) -> BTreeMap<String, MetricValue> {
    let over = |metric: &Metric| {
        let interval = mean_over(worlds, |world| world.metrics.get(metric.name).copied().flatten());
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

/// The mean over the independent values among the worlds that means are of: see [`MetricValue`].
fn mean_over(worlds: &[WorldSummary], of: impl Fn(&WorldSummary) -> Option<f64>) -> Interval {
    let markets: BTreeSet<u32> = averaged(worlds).map(|world| world.market).collect();
    let within = |market: u32| {
        let worlds = averaged(worlds).filter(move |world| world.market == market);
        Interval::of(worlds.filter_map(&of))
    };
    match markets.len() {
        0 | 1 => Interval::of(averaged(worlds).filter_map(&of)),
        _ => Interval::of(markets.iter().filter_map(|&market| within(market).mean)),
    }
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
            wall_s: 0.5,
            sim_s: 0.25,
        }
    }

    fn name(world: u32) -> WorldName {
        WorldName { world, market: 0, market_seed: 1, seed: 42, weeks_done: 3, complete: true }
    }

    fn world(n: u32, gini: Option<f64>) -> WorldSummary {
        let metric = all_metrics()[0];
        assert_eq!(metric.name, "gini");
        let counts = Counts { events: 100, ..Counts::default() };
        WorldSummary::new(name(n), Digest::default(), counts, &[(metric, gini)])
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
    fn a_world_that_was_cut_short_enters_no_mean() {
        let part = |n, gini| WorldSummary { complete: false, weeks_done: 1, ..world(n, gini) };
        let worlds = vec![world(0, Some(0.4)), world(1, Some(0.6)), part(2, Some(0.9))];
        let summary = Summary::new(about(), &all_metrics(), worlds);
        let gini = summary.metric("gini").unwrap();
        assert_eq!((gini.value, gini.n, summary.weeks), (Some(0.5), 2, 3));
        assert_eq!((summary.averaged().count(), summary.worlds.len()), (2, 3));
        assert_eq!(summary.counts.events, 300, "what happened, happened");
        // Where there is nothing else, the part is better than nothing.
        let summary = Summary::new(about(), &all_metrics(), vec![part(0, Some(0.9))]);
        assert_eq!((summary.value("gini"), summary.weeks), (Some(0.9), 1));
    }

    #[test]
    fn worlds_of_one_market_are_one_value_among_markets() {
        let of = |market, n, gini| WorldSummary { market, ..world(n, Some(gini)) };
        let worlds =
            vec![of(0, 0, 0.3), of(0, 1, 0.5), of(1, 2, 0.5), of(1, 3, 0.7), of(1, 4, 0.6)];
        let summary = Summary::new(about(), &all_metrics(), worlds);
        let gini = summary.metric("gini").unwrap();
        assert_eq!((gini.n, summary.markets()), (2, 2));
        // The means of the markets are .4 and .6, however many worlds each has.
        assert!((gini.value.unwrap() - 0.5).abs() < 1e-12, "{gini:?}");
        assert!((gini.high.unwrap() - 0.5 - 1.2706).abs() < 1e-4, "{gini:?}");
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
