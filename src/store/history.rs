//! The history of runs: a file with a line of JSON for each, which `gate check` adds to and `gate trend`
//! reads.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::load::LoadSetting;
use super::machine::Machine;
use super::summary::{ScenarioName, Summary};
use super::{StoreError, failed, utc};
use crate::driver::load::{Op, Part};

/// The number that changes whenever a field is renamed or changes its meaning.
const SCHEMA: u32 = 1;

/// Percentiles of a time that a line keeps.
const KEPT: [&str; 3] = ["p50", "p99", "p999"];

/// One run of a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// Number of the form of the line.
    pub schema: u32,
    /// When it was judged [UTC].
    pub time: String,
    /// Version of the program.
    pub version: String,
    /// Commit that the program was built from, where that is known.
    pub commit: Option<String>,
    /// The subcommand, such as `run`.
    pub command: String,
    /// What ran.
    pub scenario: ScenarioName,
    /// Root of what happens in world 0.
    pub seed: u64,
    /// Of world 0.
    pub digest: String,
    /// Where it ran.
    pub machine: Machine,
    /// How a load was put on; nothing where it was no load.
    #[serde(default)]
    pub setting: Option<LoadSetting>,
    /// Whether what a load measured can be believed; nothing where it was no load.
    pub valid: Option<bool>,
    /// Means over worlds, and other numbers of the run, by the names that budgets have for them.
    pub metrics: BTreeMap<String, f64>,
    /// Percentiles of times by the names that budgets have for them [ns].
    pub latencies: BTreeMap<String, f64>,
}

impl HistoryLine {
    /// What is kept of a run that was judged at this moment.
    pub fn of(summary: &Summary, now: SystemTime) -> HistoryLine {
        let means = summary.metrics.iter();
        let means = means.filter_map(|(name, metric)| Some((name.clone(), metric.value?)));
        let mut metrics: BTreeMap<String, f64> = means.collect();
        let mut more = |name: &str, value: Option<f64>| {
            metrics.extend(value.filter(|it| it.is_finite()).map(|value| (name.to_owned(), value)));
        };
        more("cost.events_per_s", summary.cost.events_per_s);
        more("cost.peak_rss_bytes", summary.cost.peak_rss_bytes.map(|bytes| bytes as f64));
        let mut latencies = BTreeMap::new();
        if let Some(load) = &summary.load {
            more("throughput.offered", load.throughput.offered);
            more("throughput.achieved", load.throughput.achieved);
            more("max_rate", load.max_rate);
            let of_ops = Op::ALL.iter().flat_map(|&op| {
                let parts = [Part::Service, Part::Response].into_iter();
                parts.map(move |part| {
                    (format!("{}.{}", op.name(), part.name()), load.latency(op, part))
                })
            });
            let of_writes = load.freshness.iter();
            let of_writes = of_writes.map(|(write, it)| (format!("freshness.{write}"), *it));
            for (name, percentiles) in of_ops.chain(of_writes) {
                let kept = KEPT.iter().filter_map(|kept| Some((kept, percentiles.get(kept)?)));
                latencies.extend(kept.map(|(kept, value)| (format!("{name}.{kept}"), value)));
            }
        }
        HistoryLine {
            schema: SCHEMA,
            time: utc(now),
            version: summary.version.clone(),
            commit: summary.commit.clone(),
            command: summary.command.clone(),
            scenario: summary.scenario.clone(),
            seed: summary.seed,
            digest: summary.digest.clone(),
            machine: summary.machine.clone(),
            setting: summary.load.as_ref().map(|load| load.setting.clone()),
            valid: summary.load.as_ref().map(|load| load.valid),
            metrics,
            latencies,
        }
    }
}

/// A history that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Every run, in the order of the file.
    pub lines: Vec<HistoryLine>,
    /// Numbers of lines that end too early, as those of a program that was killed do.
    pub halves: Vec<usize>,
}

/// Why a history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The system refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A line is not one of a history.
    #[error("line {line} of {path} is no run of a history")]
    Line {
        /// The file.
        path: String,
        /// 1-based.
        line: usize,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// A line is of another version of the program.
    #[error("line {line} of {path} has schema {found}, this version reads {SCHEMA}")]
    Schema {
        /// The file.
        path: String,
        /// 1-based.
        line: usize,
        /// The number of its schema.
        found: u32,
    },
}

/// Reads a history. Half a line is left out and told of.
///
/// # Errors
/// When the file cannot be read, or a line is something else.
pub fn read_history(path: &Path) -> Result<History, HistoryError> {
    let text = fs::read_to_string(path).map_err(failed("read", path))?;
    let mut history = History::default();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (path, number) = (path.display().to_string(), n + 1);
        let value: serde_json::Value = match serde_json::from_str(line) {
            Ok(value) => value,
            Err(error) if error.is_eof() => {
                history.halves.push(number);
                continue;
            }
            Err(source) => return Err(HistoryError::Line { path, line: number, source }),
        };
        let schema = value.get("schema").and_then(serde_json::Value::as_u64);
        if let Some(found) = schema.and_then(|it| u32::try_from(it).ok()).filter(|it| *it != SCHEMA)
        {
            return Err(HistoryError::Schema { path, line: number, found });
        }
        let line = serde_json::from_value(value);
        history.lines.push(line.map_err(|source| HistoryError::Line {
            path,
            line: number,
            source,
        })?);
    }
    Ok(history)
}

/// Adds lines at the end of a history, which is made where there is none, in one write; whether there was
/// half a line before them. Several programs may do so at once.
///
/// # Errors
/// When the file cannot be written to.
pub fn append_history(path: &Path, lines: &[HistoryLine]) -> Result<bool, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed("make", folder))?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .open(path)
        .map_err(failed("open", path))?;
    let half = ends_within_a_line(&mut file).map_err(failed("read", path))?;
    let mut text = String::from(if half { "\n" } else { "" });
    for line in lines {
        text.push_str(&serde_json::to_string(line).unwrap_or_default());
        text.push('\n');
    }
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed("write", path))?;
    Ok(half)
}

fn ends_within_a_line(file: &mut fs::File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0] != b'\n')
}

#[cfg(test)]
mod tests;
