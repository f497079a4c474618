//! A history of runs, and where it changed: advice alone.

use std::collections::BTreeMap;

use super::divisive::{change_points, values_needed};
use super::subject::Subject;
use super::{Evidence, Finding, Gated, Verdict};
use crate::measure::Better;
use crate::store::HistoryLine;

/// How often a call may show a change although nothing changed: with this chance at most.
pub const FALSE_TRENDS: f64 = 0.05;

/// Runs of a series that are looked at: the last of them.
pub const MOST_RUNS: usize = 100;

/// Where one number of the runs of a scenario changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The scenario and the command.
    pub of: String,
    /// The number, by the name that budgets have for it.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// Which way is better.
    pub better: Better,
    /// When the first run after the change was judged [UTC].
    pub time: String,
    /// The commit of that run.
    pub commit: Option<String>,
    /// Mean between the change before and this one.
    pub before: f64,
    /// Mean from here to the next change.
    pub after: f64,
    /// p-value of the permutation test.
    pub p: f64,
    /// Whether the scenario changed there too.
    pub scenario_changed: bool,
    /// Whether the behaviour changed there too.
    pub digest_changed: bool,
}

impl Change {
    /// Whether that is better, where one way is.
    pub fn is_better(&self) -> Option<bool> {
        match self.better {
            Better::None => None,
            Better::Lower => Some(self.after < self.before),
            Better::Higher => Some(self.after > self.before),
        }
    }
}

/// What a history says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trends {
    /// Runs in it.
    pub runs: usize,
    /// Series that were looked at: numbers of a scenario that are not always the same.
    pub series: usize,
    /// Series that were always the same.
    pub constant: usize,
    /// Series that have too few runs.
    pub short: usize,
    /// Runs that a series needs.
    pub needed: usize,
    /// Every change, in the order of time.
    pub changes: Vec<Change>,
}

/// One number over the runs of a scenario: the lines, by their place in the history, and the values.
struct Series<'a> {
    name: String,
    lines: Vec<&'a HistoryLine>,
    values: Vec<f64>,
}

/// Where the numbers of a history changed. All series share the chance of [`FALSE_TRENDS`] (Bonferroni).
pub fn trends(history: &[HistoryLine]) -> Trends {
    let all = series(history);
    let varies =
        |series: &&Series<'_>| series.values.iter().any(|value| *value != series.values[0]);
    let (varying, constant): (Vec<_>, Vec<_>) = all.iter().partition(|series| varies(series));
    let needed = values_needed(FALSE_TRENDS / varying.len().max(1) as f64);
    let (long, short): (Vec<_>, Vec<_>) =
        varying.into_iter().partition(|series| series.values.len() >= needed);
    let level = FALSE_TRENDS / long.len().max(1) as f64;
    let mut changes: Vec<Change> = long.iter().flat_map(|series| changes(series, level)).collect();
    changes.sort_by(|a, b| (&a.time, &a.of, &a.name).cmp(&(&b.time, &b.of, &b.name)));
    let (series, constant, short) = (long.len(), constant.len(), short.len());
    Trends { runs: history.len(), series, constant, short, needed, changes }
}

/// Every number of every scenario and command, and of every way to put a load on, the last runs of each.
fn series(history: &[HistoryLine]) -> Vec<Series<'_>> {
    let mut groups: BTreeMap<(&str, &str, String), Vec<&HistoryLine>> = BTreeMap::new();
    for line in history {
        // Two loads of one scenario may have nothing in common.
        let setting = serde_json::to_string(&line.setting).unwrap_or_default();
        groups.entry((&line.scenario.name, &line.command, setting)).or_default().push(line);
    }
    let mut all = Vec::new();
    for lines in groups.into_values() {
        let names = |line: &&HistoryLine| {
            line.metrics.keys().chain(line.latencies.keys()).cloned().collect::<Vec<_>>()
        };
        let mut names: Vec<String> = lines.iter().flat_map(names).collect();
        names.sort();
        names.dedup();
        let here = lines.last().map(|line| &line.machine);
        for name in names {
            let timed = Subject::read(&name).is_ok_and(|subject| subject.is_time());
            // A time says nothing of another machine, nor where the machine was in the way.
            let fits = |line: &&&HistoryLine| {
                !timed || (Some(&line.machine) == here && line.valid != Some(false))
            };
            let value = |line: &&'_ HistoryLine| {
                let value = line.metrics.get(&name).or_else(|| line.latencies.get(&name));
                value.copied().filter(|value| value.is_finite())
            };
            let seen: Vec<(&HistoryLine, f64)> = lines
                .iter()
                .filter(fits)
                .filter_map(|line| value(line).map(|value| (*line, value)))
                .collect();
            let skipped = seen.len().saturating_sub(MOST_RUNS);
            let (lines, values): (Vec<_>, Vec<_>) = seen.into_iter().skip(skipped).unzip();
            if !values.is_empty() {
                all.push(Series { name, lines, values });
            }
        }
    }
    all
}

/// What a line is of, as a person tells it: `quick by load, open 10s@20k/s`.
fn of(line: &HistoryLine) -> String {
    let mut words = format!("{} by {}", line.scenario.name, line.command);
    if let Some(setting) = &line.setting {
        words += &format!(", {}", setting.mode);
        words.extend(setting.stages.iter().map(|stages| format!(" {stages}")));
    }
    words
}

fn changes(series: &Series<'_>, level: f64) -> Vec<Change> {
    let points = change_points(&series.values, level);
    let subject = Subject::read(&series.name).ok();
    let mean =
        |from: usize, to: usize| series.values[from..to].iter().sum::<f64>() / (to - from) as f64;
    let change = |n: usize| {
        let at = points[n].at;
        let from = if n == 0 { 0 } else { points[n - 1].at };
        let to = points.get(n + 1).map_or(series.values.len(), |next| next.at);
        let (line, last) = (series.lines[at], series.lines[at - 1]);
        Change {
            of: of(line),
            name: series.name.clone(),
            unit: subject.as_ref().map_or("", |subject| subject.unit()).to_owned(),
            better: subject.as_ref().map_or(Better::None, Subject::better),
            time: line.time.clone(),
            commit: line.commit.clone(),
            before: mean(from, at),
            after: mean(at, to),
            p: points[n].p,
            scenario_changed: line.scenario.hash != last.scenario.hash,
            digest_changed: line.digest != last.digest,
        }
    };
    (0..points.len()).map(change).collect()
}

impl Trends {
    /// The same as findings: advice where it is worse or neither, and nothing that would fail.
    pub fn gated(&self) -> Gated {
        let finding = |change: &Change| Finding {
            evidence: Evidence::Trend,
            name: format!("{} from {}", change.name, change.time),
            of: change.of.clone(),
            value: Some(change.after),
            low: None,
            high: None,
            limit: None,
            unit: change.unit.clone(),
            verdict: match change.is_better() {
                Some(true) => Verdict::Pass,
                _ => Verdict::Advice,
            },
            says: format!("It was {} before (p = {:.6}).", change.before, change.p),
        };
        let findings = self.changes.iter().map(finding).collect();
        Gated { command: "trend".to_owned(), findings }
    }
}

#[cfg(test)]
mod tests;
