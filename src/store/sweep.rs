//! `sweep.json`, by which a sweep is known again, and what a sweep adds to `summary.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::machine::COMMIT;
use super::summary::{SCHEMA, ScenarioName};
use super::{RunFolder, StoreError};
use crate::measure::Better;

/// The file by which a folder is known to hold a sweep.
pub const SWEEP_FILE: &str = "sweep.json";

/// What makes a sweep the same sweep: only then may it be gone on with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepFile {
    /// As in `summary.json`.
    pub schema: u32,
    /// Version of the program: another one may give other worlds.
    pub version: String,
    /// Commit the program was built from, where that is known.
    pub commit: Option<String>,
    /// Root of what happens; it draws the design as well.
    pub seed: u64,
    /// Weeks of a world [weeks].
    pub weeks: u32,
    /// Markets a point.
    pub markets: u32,
    /// Worlds a market.
    pub replications: u32,
    /// `grid`, `lhs` or `sobol`.
    pub design: String,
    /// Points of the design.
    pub points: u32,
    /// What is varied.
    pub vary: Vec<Varied>,
    /// Metrics that have a column in `rows.csv`.
    pub metrics: Vec<String>,
    /// What was varied in it.
    pub scenario: ScenarioName,
}

/// A key that is varied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Varied {
    /// The dotted path.
    pub key: String,
    /// Its values in their order; nothing for a range.
    pub values: Option<Vec<String>>,
    /// The ends of a range and how it is spaced, as in `0.5 to 8.0, log`; nothing for a list.
    pub range: Option<String>,
}

impl SweepFile {
    /// One of this version of the program.
    #[must_use]
    pub fn of_here(self) -> SweepFile {
        let commit = COMMIT.map(str::to_owned);
        SweepFile { schema: SCHEMA, version: env!("CARGO_PKG_VERSION").to_owned(), commit, ..self }
    }

    /// Writes it where there is none yet, or holds it against the one that is there.
    ///
    /// # Errors
    /// When the folder holds another sweep, saying what differs, or cannot be read or written.
    pub fn claim(&self, folder: &RunFolder) -> Result<(), StoreError> {
        let path = folder.path().join(SWEEP_FILE);
        let Some(text) = folder.read(SWEEP_FILE)? else {
            // No map has a key that is not a string and no value refuses, so this cannot fail.
            let text = serde_json::to_string_pretty(self).unwrap_or_default();
            return folder.write(SWEEP_FILE, text + "\n");
        };
        let there: SweepFile = serde_json::from_str(&text)
            .map_err(|source| StoreError::Summary { path: path.clone(), source })?;
        match self.unlike(&there) {
            None => Ok(()),
            Some(differs) => {
                Err(StoreError::OtherSweep { path: folder.path().to_owned(), differs })
            }
        }
    }

    /// What differs first: here, and there.
    fn unlike(&self, there: &SweepFile) -> Option<String> {
        let value = |file: &SweepFile| serde_json::to_value(file).unwrap_or_default();
        let (mut here, mut other) = (value(self), value(there));
        // The same scenario may lie elsewhere; what is in it is told by its hash.
        for file in [&mut here, &mut other] {
            file["scenario"] = file["scenario"]["hash"].take();
        }
        let fields = here.as_object()?.iter();
        let mut unlike = fields.filter(|(key, value)| other[key.as_str()] != **value);
        unlike.next().map(|(key, value)| {
            let shown = |value: &serde_json::Value| {
                let text = value.to_string();
                let head: String = text.chars().take(300).collect();
                head + if text.chars().nth(300).is_some() { "…" } else { "" }
            };
            format!("{key} is {} there and {} here", shown(&other[key.as_str()]), shown(value))
        })
    }
}

/// What a sweep found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepSummary {
    /// `grid`, `lhs` or `sobol`.
    pub design: String,
    /// Points of the design.
    pub points: u32,
    /// Points that were run; all else is of these.
    pub points_done: u32,
    /// Worlds a point, the same seeds at each.
    pub worlds: u32,
    /// What was varied.
    pub vary: Vec<Varied>,
    /// What moves which metric.
    pub sensitivity: Sensitivity,
    /// The best trades between metrics; nothing where none were asked for.
    pub pareto: Option<Pareto>,
    /// The means of every point, of sweeps of few points; the others have `rows.csv` alone.
    pub means: Vec<PointMeans>,
}

/// How sensitivities were estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// First-order and total indices, by Saltelli's and Jansen's estimators.
    SobolIndices,
    /// Standardised regression coefficients.
    StandardisedRegression,
}

/// What moves which metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// How it was estimated.
    pub method: Method,
    /// By name of the metric.
    pub metrics: BTreeMap<String, MetricSensitivity>,
}

/// What moves a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricSensitivity {
    /// What it rests on: points, or base rows of a design for indices, that had a value.
    pub n: usize,
    /// Share of the variance that straight lines explain; nothing for indices.
    pub r2: Option<f64>,
    /// Why there is nothing to tell; nothing where there is.
    pub why: Option<String>,
    /// The keys, what moves it most first.
    pub keys: Vec<KeySensitivity>,
}

/// How a key moves a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeySensitivity {
    /// The key.
    pub key: String,
    /// Of a key whose values are names, in a regression: the value that is held against the first.
    pub level: Option<String>,
    /// Standardised regression coefficient; nothing for indices.
    pub coefficient: Option<Estimated>,
    /// Sobol's index of first order: the share of the variance that the key moves by itself.
    pub first: Option<Estimated>,
    /// Sobol's total index: the same with all its interplay with others.
    pub total: Option<Estimated>,
}

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimated {
    /// The value; nothing where there was no sample.
    pub value: Option<f64>,
    /// Lower end; nothing where there is too little for an interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// The points that no other point beats in every one of some metrics at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pareto {
    /// What is traded, and which way is better.
    pub metrics: Vec<Objective>,
    /// The points, best in the first metric first.
    pub points: Vec<PointMeans>,
    /// Points that had no value of one of the metrics.
    pub left_out: u32,
}

/// One of the metrics that are traded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Its name.
    pub metric: String,
    /// Which way is better.
    pub better: Better,
}

/// A point with its means over worlds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointMeans {
    /// Its number in the design, from 0.
    pub point: u32,
    /// The values of the keys.
    pub values: BTreeMap<String, String>,
    /// By name, with the interval over worlds.
    pub metrics: BTreeMap<String, Estimated>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(points: u32) -> SweepFile {
        SweepFile {
            schema: 0,
            version: String::new(),
            commit: None,
            seed: 42,
            weeks: 2,
            markets: 1,
            replications: 2,
            design: "grid".to_owned(),
            points,
            vary: vec![],
            metrics: vec!["gini".to_owned()],
            scenario: ScenarioName { name: "small".to_owned(), hash: "00".to_owned() },
        }
        .of_here()
    }

    #[test]
    fn another_sweep_is_told_by_what_differs() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(root.path()).unwrap();
        file(4).claim(&folder).unwrap();
        file(4).claim(&folder).unwrap();
        let elsewhere = ScenarioName { name: "copy".to_owned(), hash: "00".to_owned() };
        SweepFile { scenario: elsewhere, ..file(4) }.claim(&folder).unwrap();
        let wrong = file(5).claim(&folder).unwrap_err();
        assert!(wrong.is_misplaced(), "{wrong:?}");
        assert!(wrong.to_string().contains("points is 4 there and 5 here"), "{wrong}");
        let other = ScenarioName { name: "small".to_owned(), hash: "01".to_owned() };
        let wrong = SweepFile { scenario: other, ..file(4) }.claim(&folder).unwrap_err();
        assert!(wrong.to_string().contains("scenario is \"00\" there"), "{wrong}");
        folder.write(SWEEP_FILE, "{}").unwrap();
        assert!(matches!(file(4).claim(&folder), Err(StoreError::Summary { .. })));
    }
}
