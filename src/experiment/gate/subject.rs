//! What a budget can be about: every number of a summary that has a name.

use std::fmt;

use super::budget::Fault;
use crate::experiment::slo::{LoadMetric, SloError};
use crate::measure::{Better, Metric, all_metrics};
use crate::quantity::{Rate, Span};
use crate::scenario::Class;
use crate::store::{Counts, LoadSummary, Summary, WorldSummary};

/// A number of a summary.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// What a load measured.
    Load(LoadMetric),
    /// What became of the market: a metric of the registry.
    Market(&'static Metric),
    /// How many of what happened in a world, by the field of `counts`.
    Count(String),
    /// What the run took.
    Cost(Cost),
}

/// A field of `cost`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// The whole program [s].
    Wall,
    /// Simulating alone [s].
    Simulating,
    /// Events of all worlds over that [1/s].
    Rate,
    /// Most memory that it ever held [bytes].
    Memory,
}

impl Cost {
    const ALL: [(Cost, &'static str); 4] = [
        (Cost::Wall, "cost.wall_s"),
        (Cost::Simulating, "cost.sim_s"),
        (Cost::Rate, "cost.events_per_s"),
        (Cost::Memory, "cost.peak_rss_bytes"),
    ];

    /// Whether it hangs on how fast the machine was just then.
    pub fn is_time(self) -> bool {
        self != Cost::Memory
    }
}

/// Names of the fields of `counts`, with that prefix.
fn count_names() -> Vec<String> {
    let counts = serde_json::to_value(Counts::default()).unwrap_or_default();
    let fields = counts.as_object().into_iter().flatten();
    fields.map(|(name, _)| format!("counts.{name}")).collect()
}

/// A number of each kind that a load measures, for who looks for a name.
const LOAD_NAMES: [&str; 8] = [
    "rank.response.p99",
    "rank.service.p50",
    "freshness.price.p99",
    "throughput.achieved",
    "throughput.offered",
    "overflow",
    "backlog",
    "max_rate",
];

impl Subject {
    /// Reads the name of a number.
    pub(super) fn read(path: &str) -> Result<Subject, Box<Fault>> {
        if let Some(metric) = all_metrics().into_iter().find(|metric| metric.name == path) {
            return Ok(Subject::Market(metric));
        }
        if let Some((cost, _)) = Cost::ALL.into_iter().find(|(_, name)| *name == path) {
            return Ok(Subject::Cost(cost));
        }
        if count_names().iter().any(|name| name == path) {
            return Ok(Subject::Count(path.trim_start_matches("counts.").to_owned()));
        }
        let wrong = match LoadMetric::read(path) {
            Ok(metric) => return Ok(Subject::Load(metric)),
            Err(wrong) => wrong,
        };
        let at = 0..path.len();
        // Who got as far as an operation hears which of its parts there are.
        if !matches!(&wrong, SloError::Unknown { what: "metric", .. }) {
            return Err(Fault::new(at, Class::UnknownName, wrong.to_string()));
        }
        let mut fault = Fault::new(at, Class::UnknownName, "there is no such metric");
        fault.known = Some((path.to_owned(), names_like(path)));
        Err(fault)
    }

    /// Which way is better.
    pub fn better(&self) -> Better {
        match self {
            Subject::Market(metric) => metric.better,
            Subject::Load(LoadMetric::Achieved | LoadMetric::MaxRate)
            | Subject::Cost(Cost::Rate) => Better::Higher,
            Subject::Load(
                LoadMetric::Latency(_, _, "count") | LoadMetric::Freshness(_, "count"),
            )
            | Subject::Load(LoadMetric::Offered)
            | Subject::Count(_) => Better::None,
            Subject::Load(_) | Subject::Cost(_) => Better::Lower,
        }
    }

    /// Its unit, as findings name it.
    pub fn unit(&self) -> &'static str {
        match self {
            Subject::Load(metric) => metric.unit(),
            Subject::Market(metric) => metric.unit,
            Subject::Count(_) => "count",
            Subject::Cost(Cost::Wall | Cost::Simulating) => "s",
            Subject::Cost(Cost::Rate) => "1/s",
            Subject::Cost(Cost::Memory) => "bytes",
        }
    }

    /// Reads a value in its unit.
    pub(super) fn quantity(&self, text: &str) -> Result<f64, Box<Fault>> {
        let at = 0..text.len();
        match self {
            Subject::Load(metric) => metric
                .limit(text)
                .map_err(|wrong| Fault::new(at, Class::WrongType, wrong.to_string())),
            Subject::Cost(Cost::Wall | Cost::Simulating) => {
                let span = text.parse::<Span>().ok().map(Span::as_seconds);
                let value = span.or_else(|| plain(text, "s"));
                value.ok_or_else(|| self.wrong(text, "a time such as 90s or 1.5"))
            }
            Subject::Cost(Cost::Rate) => {
                let rate = text.parse::<Rate>().ok().map(Rate::per_second);
                rate.ok_or_else(|| self.wrong(text, "a rate such as 3M/s"))
            }
            Subject::Cost(Cost::Memory) => {
                let value = plain(text, "bytes").or_else(|| binary(text));
                value.ok_or_else(|| self.wrong(text, "bytes such as 500M or 256 MiB"))
            }
            Subject::Market(_) | Subject::Count(_) => {
                plain(text, self.unit()).ok_or_else(|| self.wrong(text, &self.example()))
            }
        }
    }

    fn example(&self) -> String {
        match self.unit() {
            "ratio" => "a number such as 0.6 or 60 %".to_owned(),
            "count" => "a number such as 250 or 20k".to_owned(),
            unit => format!("a number such as 0.6, 30 or 5M, in {unit}"),
        }
    }

    fn wrong(&self, text: &str, allowed: &str) -> Box<Fault> {
        let message = format!("this is no value of `{self}`");
        Fault::new(0..text.len(), Class::WrongType, message).with(text, allowed)
    }

    /// Whether it is read off a load's measurement, which may be invalid.
    pub fn is_of_load(&self) -> bool {
        matches!(self, Subject::Load(_))
    }

    /// Whether it hangs on how fast the machine was just then, so that it is compared only with what did
    /// the same work.
    pub fn is_time(&self) -> bool {
        match self {
            Subject::Load(_) => true,
            Subject::Cost(cost) => cost.is_time(),
            Subject::Market(_) | Subject::Count(_) => false,
        }
    }

    /// Whether every world has a value of its own, so that there is a sample.
    pub fn is_of_worlds(&self) -> bool {
        matches!(self, Subject::Market(_) | Subject::Count(_))
    }

    /// Whether such a run measures it at all.
    pub fn is_in(&self, summary: &Summary) -> bool {
        match self {
            Subject::Load(_) => summary.load.is_some(),
            Subject::Market(metric) => summary.metric(metric.name).is_some(),
            // What a load counts is its warm-up.
            Subject::Count(_) => summary.load.is_none(),
            Subject::Cost(_) => true,
        }
    }

    /// Its value in one world; nothing where the world had no sample, or where worlds have none.
    pub fn of_world(&self, world: &WorldSummary) -> Option<f64> {
        match self {
            Subject::Market(metric) => world.metrics.get(metric.name).copied().flatten(),
            Subject::Count(name) => count(&world.counts, name),
            Subject::Load(_) | Subject::Cost(_) => None,
        }
    }

    /// Its value in what a load measured; nothing where nothing was.
    pub fn of_load(&self, load: Option<&LoadSummary>) -> Option<f64> {
        match self {
            Subject::Load(metric) => metric.value(load?),
            _ => None,
        }
    }

    /// Its value in a run as a whole, for what is no mean over worlds.
    pub fn of_run(&self, summary: &Summary) -> Option<f64> {
        match self {
            Subject::Load(_) => self.of_load(summary.load.as_ref()),
            Subject::Market(metric) => summary.value(metric.name),
            Subject::Count(name) => count(&summary.counts, name),
            Subject::Cost(Cost::Wall) => Some(summary.cost.wall_s),
            Subject::Cost(Cost::Simulating) => Some(summary.cost.sim_s),
            Subject::Cost(Cost::Rate) => summary.cost.events_per_s,
            Subject::Cost(Cost::Memory) => summary.cost.peak_rss_bytes.map(|bytes| bytes as f64),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Load(metric) => metric.fmt(f),
            Subject::Market(metric) => f.write_str(metric.name),
            Subject::Count(name) => write!(f, "counts.{name}"),
            Subject::Cost(cost) => f.write_str(Cost::ALL[*cost as usize].1),
        }
    }
}

/// Every name, those first that begin as what was read does.
fn names_like(path: &str) -> Vec<String> {
    let costs = Cost::ALL.iter().map(|(_, name)| (*name).to_owned());
    let load = LOAD_NAMES.iter().map(|name| (*name).to_owned());
    let market = all_metrics().into_iter().map(|metric| metric.name.to_owned());
    let mut names: Vec<String> = load.chain(market).chain(count_names()).chain(costs).collect();
    let head = path.split('.').next().unwrap_or(path);
    let first = path.chars().next();
    names.sort_by_key(|name| {
        (path.contains('.') && !name.starts_with(head), first != name.chars().next())
    });
    names
}

fn count(counts: &Counts, name: &str) -> Option<f64> {
    serde_json::to_value(counts).ok()?.get(name)?.as_f64()
}

/// A number with `k`, `M` or `G` after it, `%` where it is a ratio, and the unit where it has one.
fn plain(text: &str, unit: &str) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number = number.parse::<f64>().ok()?;
    let (scale, rest) = match rest.chars().next() {
        Some('k') => (1e3, &rest[1..]),
        Some('M') if !rest.starts_with("Mi") => (1e6, &rest[1..]),
        Some('G') if !rest.starts_with("Gi") => (1e9, &rest[1..]),
        _ => (1.0, rest),
    };
    let scale = match rest.trim() {
        "" => scale,
        "%" if unit == "ratio" => scale / 100.0,
        named if named == unit && unit != "ratio" => scale,
        _ => return None,
    };
    Some(number * scale).filter(|value| value.is_finite())
}

/// A number of KiB, MiB or GiB, in bytes.
fn binary(text: &str) -> Option<f64> {
    let scales = [("KiB", 1_024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)];
    let of = |(unit, scale): (&str, f64)| {
        let number = text.strip_suffix(unit)?.trim().parse::<f64>().ok()?;
        Some(number * scale).filter(|value| value.is_finite() && *value >= 0.0)
    };
    scales.into_iter().find_map(of)
}
