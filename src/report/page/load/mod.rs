//! What is told of a load: how fast, how far, and whether it can be believed.

mod curves;
mod observed;
mod search;
mod tables;
#[cfg(test)]
mod tests;
mod time;

use self::observed::Observed;
use super::{Colour, Finding, Mood, Rule, Section, Story};
use crate::driver::load::{Op, Part};
use crate::experiment::{LoadMetric, Threshold};
use crate::report::load::form::{nanos, per_second, seconds};
use crate::report::load::of_metric;
use crate::report::numbers::{NONE, count, or_none, several};
use crate::store::{
    LATENCY_LOG, LoadSummary, Percentiles, RunFolder, SloResult, StoreError, Summary,
};

pub(super) fn story(folder: &RunFolder, summary: &Summary) -> Result<Story, StoreError> {
    let Some(load) = &summary.load else { return Ok(Story::default()) };
    let observed = Observed::read(folder, LATENCY_LOG, load)?;
    let told = Told { load, beside: summary.beside.as_deref(), observed };
    let mut sections = vec![told.how_fast(), told.over_time()];
    if !load.curve.is_empty() {
        sections.push(search::section(&told));
    }
    sections.push(told.before_and_after());
    sections.push(tables::believable(load));
    Ok(Story { findings: findings(load, summary.beside.as_deref()), sections })
}

/// A load with what its log holds.
struct Told<'a> {
    load: &'a LoadSummary,
    /// The same on the path `direct`.
    beside: Option<&'a LoadSummary>,
    /// Nothing where there is no log.
    observed: Option<Observed>,
}

/// A unit of time on axes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Unit {
    name: &'static str,
    nanos: f64,
}

impl Unit {
    /// The one in which times of a load have few digits, those of its tail too.
    fn of(load: &LoadSummary) -> Unit {
        match load.latency(Op::Rank, Part::Response).p999 {
            Some(p999) if p999 < 10_000 => Unit { name: "ns", nanos: 1.0 },
            _ => Unit { name: "µs", nanos: 1e3 },
        }
    }

    fn of_nanos(self, nanos: f64) -> f64 {
        nanos / self.nanos
    }
}

impl Told<'_> {
    /// Why there is nothing to draw, where it is so.
    fn nothing(&self) -> &'static str {
        match (&self.observed, self.load.curve.is_empty()) {
            (None, _) => "The folder has no latency.hlog.",
            (Some(_), true) => "Nothing was done.",
            (Some(_), false) => {
                "No load of full length was put on: latency.hlog has no seconds of this one."
            }
        }
    }

    /// The sentence under a picture, with what of the log is in it.
    fn says(&self, text: &str) -> String {
        match &self.observed {
            Some(observed) if observed.done > 0 => {
                let rest = observed.remark.map_or_else(String::new, |remark| format!(" {remark}"));
                format!("{text}{rest}")
            }
            _ => self.nothing().to_owned(),
        }
    }

    fn how_fast(&self) -> Section {
        let lead = "From the moment at which a request was due until it was answered, waits included: \
                    what a percentile curve shows at 99.9 % all but one of a thousand did not exceed.";
        let mut section = Section::new("How fast", lead);
        section.charts = vec![self.responses(), self.parts()];
        section.tables.push(tables::latencies(self.load, self.beside));
        section
    }

    fn over_time(&self) -> Section {
        let lead = "The same requests second by second: a pause shows as a tower of slow ones, an \
                    overload as a slope.";
        let mut section = Section::new("Over time", lead);
        section.charts = vec![self.heat(), self.percentiles_by_second(), self.throughput()];
        section
    }

    fn before_and_after(&self) -> Section {
        let lead = "From a write until a ranking shows it.";
        let mut section = Section::new("How long until a ranking shows a change", lead);
        section.charts = vec![self.freshness()];
        section.tables.push(tables::freshness(self.load));
        section
    }

    /// Thresholds on what `picked` says, as lines at the height that `unit` gives them.
    fn limits(&self, unit: f64, picked: impl Fn(LoadMetric) -> bool) -> Vec<Rule> {
        let rule = |slo: &SloResult| {
            let threshold = slo.expr.parse::<Threshold>().ok()?;
            let colour = if slo.pass { Colour::Good } else { Colour::Bad };
            let shown = picked(threshold.metric()) && threshold.limit() > 0.0;
            shown.then(|| Rule::y(threshold.limit() / unit, words(&slo.expr), colour))
        };
        self.load.slo.iter().filter_map(rule).collect()
    }
}

/// A threshold as it was asked for, without the blanks that do not matter.
fn words(expr: &str) -> String {
    expr.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A time as people write it.
fn shown(nanoseconds: f64) -> String {
    nanos(nanoseconds).replace(" us", " µs")
}

fn time(of: Option<u64>) -> String {
    or_none(of.map(|of| of as f64), shown)
}

fn findings(load: &LoadSummary, beside: Option<&LoadSummary>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = unbelievable(load).into_iter().collect();
    if load.saturated || !load.curve.is_empty() {
        findings.push(how_much(load));
    }
    findings.push(how_fast(load, beside));
    findings.extend(thresholds(load));
    if !load.saturated && load.curve.is_empty() {
        findings.push(how_much(load));
    }
    findings.truncate(3);
    findings
}

/// Why it cannot be believed; nothing where it can.
fn unbelievable(load: &LoadSummary) -> Option<Finding> {
    let first = load.invalid_why.first().map_or("a check failed", String::as_str);
    let more = match load.invalid_why.len() {
        0 | 1 => String::new(),
        n => format!(" {} more below.", n - 1),
    };
    let says = format!(
        "The harness or the machine was in the way, and not the core alone: {first}.{more} All figures \
         here are of that."
    );
    (!load.valid).then(|| Finding::new("INVALID: not to be believed", says, Mood::Bad))
}

/// Response of rankings.
fn how_fast(load: &LoadSummary, beside: Option<&LoadSummary>) -> Finding {
    let of = load.latency(Op::Rank, Part::Response);
    let service = load.latency(Op::Rank, Part::Service);
    if of.count == 0 {
        return Finding::new("No ranking was asked for", "Nothing was measured.", Mood::Bad);
    }
    let three = |of: &Percentiles| {
        format!("p50 {}, p99 {}, p99.9 {}", time(of.p50), time(of.p99), time(of.p999))
    };
    let mut says = format!(
        "Response of {} on the {} path, from the moment they were due: {}. The ranking itself: {}.",
        several(of.count, "ranking"),
        load.setting.path,
        three(&of),
        three(&service)
    );
    if of.count < 1_000 {
        says.push_str(" They are too few for p99.9: it is the longest.");
    }
    if let Some(other) = beside {
        let path = &other.setting.path;
        let direct = other.latency(Op::Rank, Part::Response);
        says.push_str(&format!(" On the {path} path: {}.", three(&direct)));
    }
    let about = |slo: &&SloResult| slo.expr.trim_start().starts_with("rank.");
    let held = load.slo.iter().filter(about).map(|slo| slo.pass).reduce(|a, b| a && b);
    let mood = match held {
        Some(true) if load.valid => Mood::Good,
        Some(false) => Mood::Bad,
        _ => Mood::Plain,
    };
    Finding::new(format!("99 of 100 rankings within {}", time(of.p99)), says, mood)
}

fn thresholds(load: &LoadSummary) -> Option<Finding> {
    let held = load.slo.iter().filter(|slo| slo.pass).count();
    let all = load.slo.len();
    let told = |slo: &SloResult| {
        let value = slo.value.map_or_else(
            || "not measured".to_owned(),
            |value| of_metric(slo.expr.trim(), value).replace(" us", " µs"),
        );
        format!("{}: {value}", words(&slo.expr))
    };
    let list = |pass: bool| {
        let those = load.slo.iter().filter(|slo| slo.pass == pass);
        those.map(told).collect::<Vec<_>>().join("; ")
    };
    let says = match (held, all - held) {
        (_, 0) => format!("Held: {}.", list(true)),
        (0, _) => format!("Missed: {}.", list(false)),
        _ => format!("Missed: {}. Held: {}.", list(false), list(true)),
    };
    let headline = format!("{held} of {} held", several(all as u64, "threshold"));
    let mood = if held == all { Mood::Good } else { Mood::Bad };
    (all > 0).then(|| Finding::new(headline, says, mood))
}

/// How much was done of what was asked for, or how much can be.
fn how_much(load: &LoadSummary) -> Finding {
    let achieved = or_none(load.throughput.achieved, per_second);
    let offered = match load.throughput.offered {
        Some(offered) => format!(" of {} offered", per_second(offered)),
        None => String::new(),
    };
    let mut says = format!(
        "{achieved}{offered} were done over {} s, mode {}, {}; {} left over, {} turned away.",
        or_none(Some(load.measured_s), seconds),
        load.setting.mode,
        several(u64::from(load.setting.drivers), "driver"),
        count(load.backlog),
        count(load.overflow),
    );
    if !load.curve.is_empty() {
        let tried = several(load.curve.len() as u64, "load");
        let held = load.curve.iter().filter(|point| point.pass).count();
        says = format!(
            "{held} of {tried}, each by itself, held every threshold. Of the load told of here: {says}"
        );
        let headline = match load.max_rate {
            Some(rate) => format!("Highest rate that holds: {}", per_second(rate)),
            None if held > 0 => "No rate was confirmed".to_owned(),
            None => "No rate that was tried holds".to_owned(),
        };
        let mood = match (load.max_rate, held) {
            (Some(_), _) => Mood::Good,
            (None, 0) => Mood::Bad,
            (None, _) => Mood::Plain,
        };
        return Finding::new(headline, says, mood);
    }
    if load.saturated {
        let left = several(load.backlog, "operation");
        let headline = format!("SATURATED: {left} left over");
        return Finding::new(
            headline,
            format!("More was offered than the core can do. {says}"),
            Mood::Bad,
        );
    }
    if load.valid && load.checks.is_empty() {
        says.push_str(" Nobody checked whether this can be believed.");
    } else if load.valid {
        let made = load.checks.iter().filter(|check| check.value.is_some()).count();
        says.push_str(&format!(" Valid: {} passed.", several(made as u64, "check")));
    }
    let headline =
        if achieved == NONE { "Nothing was done".to_owned() } else { format!("{achieved} done") };
    Finding::new(headline, says, Mood::Plain)
}
