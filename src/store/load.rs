//! What a load test adds to `summary.json`: percentiles of every operation, how far it went, and whether
//! the measurement can be believed.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::driver::load::{Freshness, Latencies, Op, Part, Second, Write};

/// What a histogram says, rounded up to the histogram's three digits; nothing where it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half took no longer than this [ns].
    pub p50: Option<u64>,
    /// Nine of ten took no longer than this [ns].
    pub p90: Option<u64>,
    /// 99 of 100 took no longer than this [ns].
    pub p99: Option<u64>,
    /// All but one of a thousand took no longer than this [ns].
    pub p999: Option<u64>,
    /// All but one of ten thousand took no longer than this [ns].
    pub p9999: Option<u64>,
    /// The longest [ns].
    pub max: Option<u64>,
    /// The mean [ns].
    pub mean: Option<f64>,
    /// How many there were.
    pub count: u64,
}

impl Percentiles {
    /// The names of all, as they stand in files and thresholds.
    pub const NAMES: [&str; 8] = ["p50", "p90", "p99", "p999", "p9999", "max", "mean", "count"];

    /// What a histogram of times [ns] says.
    pub fn of(histogram: &Histogram<u64>) -> Percentiles {
        if histogram.is_empty() {
            return Percentiles::default();
        }
        let at = |quantile| Some(histogram.value_at_quantile(quantile));
        Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            max: Some(histogram.max()),
            mean: Some(histogram.mean()),
            count: histogram.len(),
        }
    }

    /// One of them by its name [ns, and `count` a number]; nothing where there was no sample, or no such
    /// name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let whole = |nanos: Option<u64>| nanos.map(|nanos| nanos as f64);
        match name {
            "p50" => whole(self.p50),
            "p90" => whole(self.p90),
            "p99" => whole(self.p99),
            "p999" => whole(self.p999),
            "p9999" => whole(self.p9999),
            "max" => whole(self.max),
            "mean" => self.mean,
            "count" => Some(self.count as f64),
            _ => None,
        }
    }
}

/// How a load was put on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadSetting {
    /// What stood between the driver and the ranking: `direct` or `actor`.
    pub path: String,
    /// How requests followed one another, as it was asked for, such as `closed:4`.
    pub mode: String,
    /// `poisson` or `uniform`; nothing where the mode offers nothing.
    pub arrivals: Option<String>,
    /// What was to be offered, stage by stage, such as `10s@200k/s`; nothing where the mode offers nothing, or
    /// where a search chose the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<String>,
    /// Threads that asked.
    pub drivers: u32,
    /// Weeks that the market lived through first [weeks].
    pub warmup_weeks: u32,
    /// Writes that are applied together at most.
    pub batch: u32,
    /// Calls that were timed as one where one is too short for a clock; the time is then the mean of them.
    pub sample_calls: u32,
    /// `scored at the read` or `order kept at the write`.
    pub serving: String,
}

/// Operations a second.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Throughput {
    /// What the schedule asked for [1/s]; nothing where the next operation waits for the one before.
    pub offered: Option<f64>,
    /// What was done [1/s]; nothing where no time passed.
    pub achieved: Option<f64>,
}

/// A threshold and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloResult {
    /// The threshold as it was asked for.
    pub expr: String,
    /// What was measured [ns, 1/s or a number, whichever the threshold is about]; nothing without a sample.
    pub value: Option<f64>,
    /// Whether it held; what was not measured did not.
    pub pass: bool,
}

/// One question whose answer says whether a measurement can be believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadCheck {
    /// What was looked at, in a few words.
    pub name: String,
    /// What was seen; nothing where the system does not tell.
    pub value: Option<f64>,
    /// The most that is allowed.
    pub limit: Option<f64>,
    /// The unit of both.
    pub unit: String,
    /// Whether it speaks for the measurement, or cannot be told.
    pub pass: bool,
    /// What speaks against it; nothing where it passed.
    pub why: Option<String>,
}

/// One rate that was tried in search of the highest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// What the schedule asked for [1/s].
    pub rate: f64,
    /// What was done [1/s].
    pub achieved: Option<f64>,
    /// Median response of rankings [ns].
    pub p50: Option<u64>,
    /// 99th percentile of the response of rankings [ns].
    pub p99: Option<u64>,
    /// Whether every threshold held and the core kept up.
    pub pass: bool,
    /// Whether the core fell behind; nothing where that was not kept.
    #[serde(default)]
    pub saturated: Option<bool>,
}

/// What all drivers measured, from the first second to the last.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// What was done.
    pub latencies: Latencies,
    /// From a write until a ranking shows it.
    pub freshness: Freshness,
    /// How long it took [ns].
    pub length: u64,
    /// Operations that the schedule asked for; nothing where the next starts when one is done.
    pub offered: Option<u64>,
    /// Operations that a full mailbox turned away.
    pub overflow: u64,
    /// Operations that were due by the end of the last second and not begun.
    pub backlog: u64,
}

impl Measured {
    /// Adds what was done in the next second.
    pub fn add(&mut self, second: &Second) {
        self.latencies.add(&second.latencies);
        self.freshness.add(&second.freshness);
        self.length += second.length;
        self.offered = match (self.offered, second.offered) {
            (None, offered) => offered,
            (offered, more) => offered.map(|offered| offered + more.unwrap_or(0)),
        };
        self.overflow += second.overflow;
        self.backlog = second.backlog;
    }

    /// Operations that were done, of all kinds.
    pub fn done(&self) -> u64 {
        Op::ALL.iter().map(|&op| self.latencies.count(op)).sum()
    }
}

/// A load test and what came of it. In `summary.json` its fields stand beside those that every command
/// has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadSummary {
    /// How it was put on.
    #[serde(flatten)]
    pub setting: LoadSetting,
    /// How long it was measured [s].
    pub measured_s: f64,
    /// By operation and part of its time [ns].
    pub latency: BTreeMap<String, BTreeMap<String, Percentiles>>,
    /// From a write until a ranking shows it, by kind of write [ns].
    pub freshness: BTreeMap<String, Percentiles>,
    /// Operations a second.
    pub throughput: Throughput,
    /// Operations that a full mailbox turned away.
    pub overflow: u64,
    /// Operations that were due at the end and not begun.
    pub backlog: u64,
    /// Every threshold, in the order in which they were asked for.
    pub slo: Vec<SloResult>,
    /// Whether the measurement can be believed: every check passed.
    pub valid: bool,
    /// What speaks against it.
    pub invalid_why: Vec<String>,
    /// Every check behind that.
    pub checks: Vec<LoadCheck>,
    /// Whether more was offered than the core could do.
    pub saturated: bool,
    /// The highest rate at which every threshold held [1/s]; nothing where none did, or none was sought.
    pub max_rate: Option<f64>,
    /// Every rate that was tried in search of it, in the order of the rates; empty where none was sought.
    pub curve: Vec<CurvePoint>,
}

impl LoadSummary {
    /// What was measured, and whether it can be believed. Thresholds, saturation and the search for the
    /// highest rate are for the caller to add.
    pub fn new(setting: LoadSetting, measured: &Measured, checks: Vec<LoadCheck>) -> LoadSummary {
        let part = |op: Op, part: Part| {
            (part.name().to_owned(), Percentiles::of(measured.latencies.of(op, part)))
        };
        let op = |op: Op| (op.name().to_owned(), Part::ALL.map(|it| part(op, it)).into());
        let write = |it: Write| (it.name().to_owned(), Percentiles::of(measured.freshness.of(it)));
        let measured_s = measured.length as f64 / 1e9;
        let per_second = |n: u64| Some(n as f64 / measured_s).filter(|_| measured.length > 0);
        let failed = checks.iter().filter(|check| !check.pass);
        let invalid_why: Vec<String> =
            failed.map(|check| check.why.clone().unwrap_or_else(|| check.name.clone())).collect();
        LoadSummary {
            setting,
            measured_s,
            latency: Op::ALL.map(op).into(),
            freshness: Write::ALL.map(write).into(),
            throughput: Throughput {
                offered: measured.offered.and_then(per_second),
                achieved: per_second(measured.done()),
            },
            overflow: measured.overflow,
            backlog: measured.backlog,
            slo: Vec::new(),
            valid: invalid_why.is_empty(),
            invalid_why,
            checks,
            saturated: false,
            max_rate: None,
            curve: Vec::new(),
        }
    }

    /// What is said of a part of an operation.
    pub fn latency(&self, op: Op, part: Part) -> Percentiles {
        let parts = self.latency.get(op.name());
        parts.and_then(|parts| parts.get(part.name())).copied().unwrap_or_default()
    }

    /// What is said of a kind of write.
    pub fn freshness(&self, write: Write) -> Percentiles {
        self.freshness.get(write.name()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn second(response: &[u64], offered: Option<u64>) -> Second {
        let mut latencies = Latencies::default();
        for &nanos in response {
            latencies.of_mut(Op::Rank, Part::Service).record(nanos / 2).unwrap();
            latencies.of_mut(Op::Rank, Part::Response).record(nanos).unwrap();
        }
        Second {
            start: 0,
            length: 500_000_000,
            latencies,
            offered,
            backlog: 3,
            overflow: 2,
            freshness: Freshness::default(),
        }
    }

    fn setting() -> LoadSetting {
        LoadSetting {
            path: "direct".to_owned(),
            mode: "open".to_owned(),
            arrivals: Some("poisson".to_owned()),
            stages: None,
            drivers: 1,
            warmup_weeks: 4,
            batch: 64,
            sample_calls: 1,
            serving: "scored at the read".to_owned(),
        }
    }

    #[test]
    fn seconds_add_up() {
        let mut measured = Measured::default();
        measured.add(&second(&[100, 200], Some(4)));
        measured.add(&Second { backlog: 1, ..second(&[300], Some(2)) });
        let load = LoadSummary::new(setting(), &measured, vec![]);
        assert_eq!(load.measured_s, 1.0);
        assert_eq!(load.throughput, Throughput { offered: Some(6.0), achieved: Some(3.0) });
        // Overflow adds up; the backlog is what is left.
        assert_eq!((load.overflow, load.backlog, load.valid), (4, 1, true));
        let rank = load.latency(Op::Rank, Part::Response);
        assert_eq!((rank.p50, rank.max, rank.mean), (Some(200), Some(300), Some(200.0)));
        assert_eq!((rank.count, load.latency(Op::Rank, Part::Service).p50), (3, Some(100)));
    }

    #[test]
    fn what_was_not_recorded_is_null_and_not_0() {
        let mut measured = Measured::default();
        measured.add(&second(&[100], None));
        let load = LoadSummary::new(setting(), &measured, vec![]);
        let json = serde_json::to_value(&load).unwrap();
        for (op, part) in [("buy", "response"), ("rank", "wait")] {
            for name in Percentiles::NAMES {
                let value = &json["latency"][op][part][name];
                let expected = if name == "count" { serde_json::json!(0) } else { ().into() };
                assert_eq!(*value, expected, "{op}.{part}.{name}");
            }
        }
        assert!(json["freshness"]["stock"]["p50"].is_null());
        assert!(json["throughput"]["offered"].is_null());
        assert_eq!(json["throughput"]["achieved"], 2.0);
        let load = LoadSummary::new(setting(), &Measured::default(), vec![]);
        assert_eq!(load.throughput, Throughput::default(), "no time, no rate");
    }

    #[test]
    fn a_check_that_fails_makes_it_invalid() {
        let check = |pass: bool, why: Option<&str>| LoadCheck {
            name: "clock gaps".to_owned(),
            value: None,
            limit: Some(1e6),
            unit: "ns".to_owned(),
            pass,
            why: why.map(str::to_owned),
        };
        let of = |checks| LoadSummary::new(setting(), &Measured::default(), checks);
        assert!(of(vec![check(true, None)]).valid);
        let load = of(vec![check(true, None), check(false, Some("stolen")), check(false, None)]);
        assert!(!load.valid);
        assert_eq!(load.invalid_why, ["stolen", "clock gaps"]);
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_samples(
            mut samples in prop::collection::vec(1_u64..10_000_000_000, 1..400),
        ) {
            let mut histogram = Histogram::<u64>::new(3).unwrap();
            samples.iter().for_each(|&nanos| histogram.record(nanos).unwrap());
            samples.sort_unstable();
            let said = Percentiles::of(&histogram);
            let n = samples.len() as f64;
            let names =
                [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999)];
            for (name, quantile) in names.into_iter().chain([("max", 1.0)]) {
                let rank = ((quantile * n).ceil() as usize).max(1);
                let (truth, said) = (samples[rank - 1] as f64, said.get(name).unwrap());
                prop_assert!((0.0..=truth / 1000.0).contains(&(said - truth)), "{name} {said} {truth}");
            }
            let mean = samples.iter().sum::<u64>() as f64 / n;
            prop_assert!((said.mean.unwrap() - mean).abs() <= mean / 1000.0);
            prop_assert_eq!(said.get("count"), Some(n));
        }
    }
}
