//! Runs held against budgets.
//!
//! A plain limit is held against the value, as k6 does. A limit that hangs on a baseline is a question of
//! statistics: worlds differ by chance, so a budget is missed only where the mean is beyond its allowance
//! and that is no accident. All such lines of a call share a chance of [`FALSE_ALARMS`] for even one false
//! alarm (Bonferroni: each of m lines is tested one-sided at a level of 1 % / m. Holm's sequence would
//! fail the same calls, since its first step is the same, and its lines had no intervals to show).
//!
//! Where the mean is beyond the allowance and it may be an accident, that is advice, with the number of
//! worlds that would tell. Where fewer than five worlds on a side cannot tell, they are held by
//! value, as one is. So is what moved by the same in every world.

use super::baseline::Source;
use super::budget::{Allowance, Budget, Limit};
use super::contrast::{Contrast, Sample};
use super::{Evidence, Finding, Gated, Verdict};
use crate::experiment::slo::Comparison;
use crate::measure::interval::{Interval, values_needed_at};
use crate::store::{LoadSummary, Summary};

/// How often a call may fail although nothing got worse: with this chance at most.
pub const FALSE_ALARMS: f64 = 0.01;

/// Two loads are at one rate where their schedules offered the same within this part.
const SAME_RATE: f64 = 0.05;

/// Beside standard deviations of what chance makes of a schedule.
const SCATTERS: f64 = 4.0;

/// A run to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The run.
    pub source: &'a Source,
    /// What it is held against where a line hangs on a baseline.
    pub baseline: Option<&'a Source>,
}

/// Whether a line asks for a run's baseline.
pub fn needs_baseline(budget: &Budget, run: &Source) -> bool {
    matches!(budget.limit, Limit::Baseline(_)) && budget.subject.is_in(&run.summary)
}

/// Holds every run against every line that is about something it measures. A line that no run measures is
/// missed.
pub fn check(lines: &[Budget], runs: &[Run<'_>]) -> Gated {
    let mut asked = Vec::new();
    for budget in lines {
        let of: Vec<&Run<'_>> =
            runs.iter().filter(|run| budget.subject.is_in(&run.source.summary)).collect();
        if of.is_empty() {
            asked.push((budget, None, false));
        }
        let several = of.len() > 1;
        asked.extend(of.into_iter().map(|run| (budget, Some(run), several)));
    }
    let contrasts: Vec<Option<Contrast>> =
        asked.iter().map(|(budget, run, _)| contrast(budget, (*run)?)).collect();
    let tested = |contrast: &&Contrast| contrast.sample.is_enough() && !contrast.same;
    let lines = contrasts.iter().flatten().filter(tested).count();
    let level = FALSE_ALARMS / lines.max(1) as f64;
    let findings = asked.iter().zip(&contrasts).map(|((budget, run, several), contrast)| {
        let Some(run) = run else { return unasked(budget, runs) };
        let mut finding = judge(budget, run, contrast.as_ref(), level, lines);
        if *several {
            finding.name = format!("{} in {}", finding.name, run.source.label);
        }
        finding
    });
    Gated { command: "check".to_owned(), findings: findings.collect() }
}

/// The samples behind a line that hangs on a baseline, where worlds have values of it.
fn contrast(budget: &Budget, run: &Run<'_>) -> Option<Contrast> {
    let Limit::Baseline(allowance) = budget.limit else { return None };
    let (subject, baseline) = (&budget.subject, run.baseline?);
    let above = matches!(budget.comparison, Comparison::Less | Comparison::AtMost);
    let (run, baseline) = (&run.source.summary, &baseline.summary);
    subject.is_of_worlds().then(|| Contrast::of(subject, allowance, above, run, baseline)).flatten()
}

/// A finding with nothing seen yet.
fn blank(budget: &Budget, of: &str, verdict: Verdict, says: String) -> Finding {
    Finding {
        evidence: Evidence::Budget,
        name: budget.expr.split_whitespace().collect::<Vec<_>>().join(" "),
        of: of.to_owned(),
        value: None,
        low: None,
        high: None,
        limit: match budget.limit {
            Limit::Plain(limit) => Some(limit),
            Limit::Baseline(_) => None,
        },
        unit: budget.subject.unit().to_owned(),
        verdict,
        says,
    }
}

/// What is said of a line that no run measures.
fn unasked(budget: &Budget, runs: &[Run<'_>]) -> Finding {
    let names: Vec<&str> = runs.iter().map(|run| run.source.label.as_str()).collect();
    let by = if budget.subject.is_of_load() { "load" } else { "run" };
    let names = names.join(", ");
    let says = format!("Not measured by {names}: name a folder that `brocante {by}` made as well.");
    blank(budget, &names, Verdict::Missed, says)
}

fn judge(
    budget: &Budget,
    run: &Run<'_>,
    contrast: Option<&Contrast>,
    level: f64,
    lines: usize,
) -> Finding {
    let label = run.source.label.as_str();
    let missed = |says: String| blank(budget, label, Verdict::Missed, says);
    if budget.subject.is_of_worlds() && !run.source.has_a_world() {
        return missed("The run was interrupted before a world was complete: run it again.".into());
    }
    let seen = seen(budget, &run.source.summary);
    let Some(value) = seen.mean.filter(|value| value.is_finite()) else {
        return missed(
            "Not measured: there was no sample of it, and what is missing fails.".into(),
        );
    };
    let mut finding = match (budget.limit, run.baseline) {
        (Limit::Plain(limit), _) => plain(budget, label, value, limit),
        (Limit::Baseline(allowance), Some(baseline)) => match contrast {
            Some(contrast) => sampled(budget, label, contrast, level, lines),
            None => by_value(budget, run.source, baseline, value, allowance),
        },
        (Limit::Baseline(_), None) => missed("There is no baseline to hold it against.".into()),
    };
    if matches!(budget.limit, Limit::Plain(_)) {
        (finding.low, finding.high) = (seen.low, seen.high);
    }
    let load = run.source.summary.load.as_ref();
    if load.is_some() && budget.subject.is_of_load() && !run.source.is_whole() {
        let says = "The load was interrupted: put it on again.";
        (finding.verdict, finding.says) = (Verdict::Invalid, says.to_owned());
    }
    if let Some(load) = load.filter(|load| budget.subject.is_of_load() && !load.valid) {
        (finding.verdict, finding.says) = (Verdict::Invalid, invalid(load, "measurement"));
    }
    finding
}

/// What the harness said against a measurement.
fn invalid(load: &LoadSummary, what: &str) -> String {
    let why = load.invalid_why.join("; ");
    format!("The {what} is not valid ({why}): repeat it on a machine that has nothing else to do.")
}

/// The value and its interval; for what every world has, the mean over those that were run to their end.
fn seen(budget: &Budget, summary: &Summary) -> Interval {
    let subject = &budget.subject;
    let whole = |mean| Interval { mean, low: None, high: None, n: 1 };
    match summary.metric(&subject.to_string()) {
        Some(metric) if subject.is_of_worlds() => {
            Interval { mean: metric.value, low: metric.low, high: metric.high, n: metric.n }
        }
        _ if subject.is_of_worlds() && !summary.worlds.is_empty() => {
            Interval::of(summary.averaged().filter_map(|world| subject.of_world(world)))
        }
        _ => whole(subject.of_run(summary)),
    }
}

fn plain(budget: &Budget, label: &str, value: f64, limit: f64) -> Finding {
    let holds = budget.comparison.holds(value, limit);
    let (verdict, says) = match holds {
        true => (Verdict::Pass, String::new()),
        false => (
            Verdict::Missed,
            "The value breaks its budget: mend what moved it, or change the line and say why."
                .to_owned(),
        ),
    };
    Finding { value: Some(value), ..blank(budget, label, verdict, says) }
}

/// A change beside what a baseline had, as `+1.6 %`, or as it is where the baseline had nothing.
fn change(value: f64, baseline: f64) -> String {
    let part = (value - baseline) / baseline.abs();
    if part.is_finite() {
        format!("{:+.2} %", 100.0 * part)
    } else {
        format!("{:+}", value - baseline)
    }
}

fn sampled(budget: &Budget, label: &str, contrast: &Contrast, level: f64, lines: usize) -> Finding {
    let Contrast { value, baseline, limit, excess, sample, same, .. } = *contrast;
    let worlds = match sample {
        Sample::Pairs(1) => "one world, the same in both".to_owned(),
        Sample::Pairs(n) => format!("{n} pairs of worlds"),
        Sample::Apart(n, m) => format!("{n} worlds against {m} of other chances"),
    };
    let moved = format!("{} against the baseline, by {worlds}", change(value, baseline));
    let tested = sample.is_enough() && !same;
    if baseline < 0.0 && matches!(budget.limit, Limit::Baseline(Allowance::Times(_))) {
        let says =
            "The baseline is negative, so that a factor turns the wrong way: write `baseline - X`.";
        let found = blank(budget, label, Verdict::Missed, says.to_owned());
        return Finding { value: Some(value), ..found };
    }
    let (verdict, says) = match contrast.chance.filter(|_| tested) {
        _ if same && excess <= 0.0 => (Verdict::Pass, "The same in every world.".to_owned()),
        _ if same => {
            let says =
                "Every world is the same as in the baseline, and the line asks for more than that.";
            (Verdict::Missed, says.to_owned())
        }
        _ if excess <= 0.0 => (Verdict::Pass, format!("{moved}.")),
        Some(_) if contrast.is_constant() => {
            let says = "if that is meant, renew the baseline in the same commit and say why";
            (
                Verdict::Missed,
                format!("{moved}, beyond the allowance in every world alike: {says}."),
            )
        }
        Some(chance) if chance <= level => {
            let says = "if that is meant, renew the baseline in the same commit and say why";
            (
                Verdict::Missed,
                format!(
                    "{moved}, beyond the allowance and no accident ({}, held against 1 % / {lines}): \
                     {says}.",
                    p_value(chance)
                ),
            )
        }
        _ if sample.is_few() => {
            let says = "so few worlds tell no chance from change, and it is held by value: give both \
                        --replications 8";
            (Verdict::Missed, format!("{moved}, beyond the allowance; {says}."))
        }
        chance => {
            let chance = chance.unwrap_or(1.0);
            let needed = values_needed_at(1.0 - 2.0 * level, excess, contrast.deviation);
            let needed = match needed {
                Some(n) if n <= 100_000 => format!("--replications {n} on both sides would tell"),
                _ => "no number of worlds that one can run would tell".to_owned(),
            };
            let p = p_value(chance);
            (
                Verdict::Advice,
                format!(
                    "{moved}, beyond the allowance, and it may be an accident ({p}): {needed}."
                ),
            )
        }
    };
    let (low, high) = contrast.interval(level).filter(|_| tested).unzip();
    let (value, limit) = (Some(value), Some(limit));
    Finding { value, low, high, limit, ..blank(budget, label, verdict, says) }
}

/// A p-value: more digits would say nothing.
fn p_value(p: f64) -> String {
    if p < 1e-6 { "p below 0.000001".to_owned() } else { format!("p = {p:.6}") }
}

/// What has one value a run, against the baseline's.
fn by_value(
    budget: &Budget,
    run: &Source,
    baseline: &Source,
    value: f64,
    allowance: Allowance,
) -> Finding {
    let label = run.label.as_str();
    let subject = &budget.subject;
    let found =
        |verdict, says| Finding { value: Some(value), ..blank(budget, label, verdict, says) };
    let Some(stored) = subject.of_run(&baseline.summary).filter(|stored| stored.is_finite()) else {
        let says = format!("The baseline {} has no sample of it: renew it.", baseline.label);
        return found(Verdict::Missed, says);
    };
    if let Some(why) = other_work(&run.summary, &baseline.summary).filter(|_| subject.is_time()) {
        let says = format!(
            "{why}, so times cannot be compared: `brocante gate ab` compares two builds, or renew the \
             baseline."
        );
        return found(Verdict::Changed, says);
    }
    if let Some(why) = elsewhere(&run.summary, &baseline.summary).filter(|_| subject.is_time()) {
        let says =
            format!("{why}: a stored time says nothing of another machine; renew the baseline.");
        return found(Verdict::Invalid, says);
    }
    let limit = allowance.of(stored);
    let moved = format!("{} against the baseline, by value", change(value, stored));
    // As in samples: two measurements are never told apart to the last digit.
    let above = matches!(budget.comparison, Comparison::Less | Comparison::AtMost);
    let (verdict, says) = match if above { value <= limit } else { value >= limit } {
        true => (Verdict::Pass, format!("{moved}.")),
        false => {
            let says = "a stored time is of another hour: `brocante gate ab` tells a slower build from \
                        a slow machine";
            let says = if subject.is_time() {
                says
            } else {
                "one value a side tells no chance from change"
            };
            (Verdict::Missed, format!("{moved}, beyond the allowance; {says}."))
        }
    };
    Finding { limit: Some(limit), ..found(verdict, says) }
}

/// Why a run did other work than its baseline.
fn other_work(run: &Summary, baseline: &Summary) -> Option<String> {
    let digests = |summary: &Summary| {
        summary.worlds.iter().map(|world| world.digest.clone()).collect::<Vec<_>>()
    };
    if run.digest != baseline.digest {
        return Some(format!(
            "The behaviour changed: digest {}, was {}",
            run.digest, baseline.digest
        ));
    }
    if digests(run) != digests(baseline) || run.workers != baseline.workers {
        return Some("It is of other worlds, or of another number of workers".to_owned());
    }
    let (one, other) = (run.load.as_ref()?, baseline.load.as_ref()?);
    // What a random schedule offers scatters by the root of how many there are; what a search found is no
    // rate that was asked for.
    let far = |rate: f64, stored: f64| {
        let scatter = SCATTERS * (stored.abs() / other.measured_s.max(1e-9)).sqrt();
        (rate - stored).abs() > SAME_RATE * stored.abs() + scatter
    };
    let searched = !one.curve.is_empty() && !other.curve.is_empty();
    let rates = one.throughput.offered.zip(other.throughput.offered);
    let rates = rates.filter(|&(one, other)| !searched && far(one, other));
    if one.setting != other.setting || rates.is_some() {
        return Some("The load was put on otherwise".to_owned());
    }
    None
}

/// Why times of a run are not those of its baseline's machine, or of none at all.
fn elsewhere(run: &Summary, baseline: &Summary) -> Option<String> {
    if let Some(load) = baseline.load.as_ref().filter(|load| !load.valid) {
        return Some(invalid(load, "baseline").trim_end_matches('.').to_owned());
    }
    let name = |summary: &Summary| {
        let cpu = summary.machine.cpu.as_deref().unwrap_or("a machine without a name");
        format!("{cpu} with {} cores", summary.machine.cores)
    };
    (run.machine != baseline.machine)
        .then(|| format!("It ran on {}, the baseline on {}", name(run), name(baseline)))
}

#[cfg(test)]
mod tests;
