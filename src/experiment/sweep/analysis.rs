//! What a sweep found: its rows read once from the first to the last.
//!
//! Kept in memory are one number a metric and point, for what rests on all points at once (8 bytes: 10^5
//! points of 60 metrics take 48 MB), and the members of the front; of a point's worlds only while it is
//! read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

use super::design::{Design, Predictor};
use super::factor::{Factor, Values};
use super::indices::{Estimate, Rows};
use super::pareto::Front;
use super::regression::{Coefficient, standardised};
use super::table::{Row, Table};
use crate::measure::interval::Interval;
use crate::measure::{Counts, Metric};
use crate::rng::Dice;
use crate::store::{
    Estimated, KeySensitivity, Method, MetricSensitivity, MetricValue, Objective, Pareto,
    PointMeans, Sensitivity, SweepSummary, Varied,
};

/// Sweeps of up to so many points tell the means of each.
const FEW_POINTS: u32 = 32;

/// Most columns of a regression: names of names are no knobs.
const MOST_PREDICTORS: usize = 200;

/// What the rows of a sweep come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Of the first world of the first point; empty where there is none.
    pub digest: String,
    /// Sums over all worlds.
    pub counts: Counts,
    /// Means over points.
    pub metrics: BTreeMap<String, MetricValue>,
    /// What moves what.
    pub sweep: SweepSummary,
}

/// Reads the rows of a sweep and concludes from them. `objectives` are places in the table's metrics, of
/// which the front is wanted; bootstraps are drawn from `seed`.
///
/// # Errors
/// When the rows cannot be read.
pub fn analyse(
    table: &Table<'_>,
    rows: impl BufRead,
    objectives: &[usize],
    seed: u64,
) -> io::Result<Findings> {
    let mut reading = Reading::new(table, objectives);
    for (number, line) in rows.lines().enumerate() {
        // What does not belong there was cut off when the table was opened.
        if let Some(row) = table.read(number as u64, &line?) {
            reading.row(number as u64, row);
        }
    }
    Ok(reading.conclude(seed))
}

/// What is kept while rows are read.
struct Reading<'a> {
    table: &'a Table<'a>,
    objectives: &'a [usize],
    digest: String,
    counts: Counts,
    /// By metric, the values of the worlds of the point that is being read, each with its market.
    worlds: Vec<Vec<(u32, f64)>>,
    /// By metric, the mean of each point; not a number where there is none.
    means: Vec<Vec<f64>>,
    front: Front,
    /// The points of the front, and all where they are few.
    told: BTreeMap<u32, PointMeans>,
    left_out: u32,
}

impl<'a> Reading<'a> {
    fn new(table: &'a Table<'a>, objectives: &'a [usize]) -> Self {
        let better: Vec<_> = objectives.iter().map(|&i| table.metrics[i].better).collect();
        Reading {
            table,
            objectives,
            digest: String::new(),
            counts: Counts::default(),
            worlds: vec![Vec::new(); table.metrics.len()],
            means: vec![Vec::new(); table.metrics.len()],
            front: Front::new(&better),
            told: BTreeMap::new(),
            left_out: 0,
        }
    }

    fn row(&mut self, number: u64, row: Row) {
        let worlds = self.table.worlds.worlds();
        let (point, world) = ((number / worlds) as u32, (number % worlds) as u32);
        if number == 0 {
            self.digest = row.digest;
        }
        self.counts.add(&row.counts);
        let market = world / self.table.worlds.each;
        for (values, value) in self.worlds.iter_mut().zip(row.values) {
            values.extend(value.filter(|x| x.is_finite()).map(|x| (market, x)));
        }
        if u64::from(world) + 1 == worlds {
            self.point(point);
        }
    }

    /// The worlds of a point are all there.
    fn point(&mut self, point: u32) {
        let independent: Vec<Vec<f64>> = self.worlds.iter_mut().map(independent).collect();
        for (means, values) in self.means.iter_mut().zip(&independent) {
            means.push(mean(values).unwrap_or(f64::NAN));
        }
        let objective = |&i: &usize| mean(&independent[i]);
        let mut new = self.table.design.points() <= FEW_POINTS;
        if !self.objectives.is_empty() {
            match self.objectives.iter().map(objective).collect::<Option<Vec<f64>>>() {
                Some(values) => new |= self.front.add(point, values),
                None => self.left_out += 1,
            }
        }
        if new {
            self.told.insert(point, self.means_of(point, &independent));
        }
    }

    fn means_of(&self, point: u32, independent: &[Vec<f64>]) -> PointMeans {
        let Table { design, metrics, .. } = self.table;
        let settings = design.factors().iter().zip(design.point(point));
        let named = metrics.iter().zip(independent).map(|(metric, values)| {
            let Interval { mean, low, high, .. } = Interval::of(values.iter().copied());
            (metric.name.to_owned(), Estimated { value: mean, low, high })
        });
        PointMeans {
            point,
            values: settings.map(|(factor, setting)| (factor.key.clone(), setting.text)).collect(),
            metrics: named.collect(),
        }
    }

    fn conclude(mut self, seed: u64) -> Findings {
        let Table { design, worlds, metrics } = *self.table;
        let points_done = self.means.first().map_or(0, Vec::len) as u32;
        let sensitivity = sensitivity(design, metrics, &self.means, points_done, seed);
        let members = std::mem::replace(&mut self.front, Front::new(&[])).into_members();
        let pareto = (!self.objectives.is_empty()).then(|| {
            let objective = |&i: &usize| {
                let metric = metrics[i];
                Objective { metric: metric.name.to_owned(), better: metric.better }
            };
            let chosen: BTreeSet<&str> = self.objectives.iter().map(|&i| metrics[i].name).collect();
            let member = |point: u32| {
                let mut told = self.told.get(&point)?.clone();
                told.metrics.retain(|name, _| chosen.contains(name.as_str()));
                Some(told)
            };
            Pareto {
                metrics: self.objectives.iter().map(objective).collect(),
                points: members.iter().filter_map(|m| member(m.point)).collect(),
                left_out: self.left_out,
            }
        });
        let few = design.points() <= FEW_POINTS;
        Findings {
            digest: self.digest,
            counts: self.counts,
            metrics: over_points(metrics, &self.means),
            sweep: SweepSummary {
                design: design.kind().name().to_owned(),
                points: design.points(),
                points_done,
                worlds: worlds.worlds() as u32,
                vary: varied(design),
                sensitivity,
                pareto,
                means: if few { self.told.into_values().collect() } else { Vec::new() },
            },
        }
    }
}

/// The independent values among those of a point's worlds: of worlds of one market, of means in several.
/// Leaves none behind.
fn independent(worlds: &mut Vec<(u32, f64)>) -> Vec<f64> {
    let worlds = std::mem::take(worlds);
    let markets: BTreeSet<u32> = worlds.iter().map(|&(market, _)| market).collect();
    if markets.len() < 2 {
        return worlds.into_iter().map(|(_, value)| value).collect();
    }
    let within = |market: u32| {
        let of = worlds.iter().filter(|world| world.0 == market).map(|world| world.1);
        mean(&of.collect::<Vec<_>>())
    };
    markets.into_iter().filter_map(within).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn over_points(metrics: &[&'static Metric], means: &[Vec<f64>]) -> BTreeMap<String, MetricValue> {
    let over = metrics.iter().zip(means).map(|(metric, means)| {
        let seen: Vec<f64> = means.iter().copied().filter(|x| x.is_finite()).collect();
        let value = MetricValue {
            value: mean(&seen),
            low: None,
            high: None,
            n: seen.len(),
            unit: metric.unit.to_owned(),
            better: metric.better,
        };
        (metric.name.to_owned(), value)
    });
    over.collect()
}

/// What is varied, for files.
pub fn varied(design: &Design) -> Vec<Varied> {
    let one = |factor: &Factor| {
        let (values, range) = match &factor.values {
            Values::Levels(levels) => {
                (Some(levels.iter().map(|level| level.text.clone()).collect()), None)
            }
            Values::Range(range) => (None, Some(range.to_string())),
        };
        Varied { key: factor.key.clone(), values, range }
    };
    design.factors().iter().map(one).collect()
}

fn sensitivity(
    design: &Design,
    metrics: &[&'static Metric],
    means: &[Vec<f64>],
    points: u32,
    seed: u64,
) -> Sensitivity {
    if design.base_rows().is_some() {
        let dice = Dice::new(seed, 0);
        let of = |means: &Vec<f64>| indices(design, means, dice);
        let found = metrics.iter().zip(means);
        let named = found.map(|(metric, means)| (metric.name.to_owned(), of(means)));
        return Sensitivity { method: Method::SobolIndices, metrics: named.collect() };
    }
    let (names, columns) = design.predictors(points, MOST_PREDICTORS);
    let of = |means: &Vec<f64>| coefficients(design, &names, &columns, means);
    let found = metrics.iter().zip(means);
    let named = found.map(|(metric, means)| (metric.name.to_owned(), of(means)));
    Sensitivity { method: Method::StandardisedRegression, metrics: named.collect() }
}

fn indices(design: &Design, means: &[f64], dice: Dice) -> MetricSensitivity {
    let rows = Rows::of(means, design.factors().len());
    let n = rows.len();
    let nothing =
        |why: &str| MetricSensitivity { n, r2: None, why: Some(why.to_owned()), keys: vec![] };
    if n < 2 {
        return nothing("fewer than 2 base rows with a value at every point");
    }
    let Some(found) = rows.indices(dice) else { return nothing("the same at every point") };
    let estimated = |e: Estimate| {
        Some(Estimated { value: Some(e.value), low: Some(e.low), high: Some(e.high) })
    };
    let mut keys: Vec<KeySensitivity> = design
        .factors()
        .iter()
        .zip(found)
        .map(|(factor, of)| KeySensitivity {
            key: factor.key.clone(),
            level: None,
            coefficient: None,
            first: estimated(of.first),
            total: estimated(of.total),
        })
        .collect();
    largest_first(&mut keys, |key| key.total);
    MetricSensitivity { n, r2: None, why: None, keys }
}

fn coefficients(
    design: &Design,
    names: &[Predictor],
    columns: &[Vec<f64>],
    means: &[f64],
) -> MetricSensitivity {
    let n = means.iter().filter(|x| x.is_finite()).count();
    let nothing = |why: String| MetricSensitivity { n, r2: None, why: Some(why), keys: vec![] };
    if names.len() > MOST_PREDICTORS {
        return nothing(format!("more than {MOST_PREDICTORS} names to hold against one another"));
    }
    if names.is_empty() {
        return nothing("no key has two values".to_owned());
    }
    let fit = match standardised(columns, means) {
        Ok(fit) => fit,
        Err(why) => return nothing(why),
    };
    let one = |(&(factor, level), c): (&Predictor, &Coefficient)| {
        let of = &design.factors()[factor];
        KeySensitivity {
            key: of.key.clone(),
            level: level.map(|level| of.level(level).text),
            coefficient: Some(Estimated { value: Some(c.value), low: c.low, high: c.high }),
            first: None,
            total: None,
        }
    };
    let mut keys: Vec<KeySensitivity> = names.iter().zip(&fit.coefficients).map(one).collect();
    largest_first(&mut keys, |key| key.coefficient);
    MetricSensitivity { n: fit.n, r2: Some(fit.r2), why: None, keys }
}

/// Sorts by size; what is equal stays in the order of keys.
fn largest_first(keys: &mut [KeySensitivity], by: impl Fn(&KeySensitivity) -> Option<Estimated>) {
    let size = |key: &KeySensitivity| by(key).and_then(|e| e.value).unwrap_or(0.0).abs();
    keys.sort_by(|a, b| size(b).total_cmp(&size(a)));
}

#[cfg(test)]
mod tests;
