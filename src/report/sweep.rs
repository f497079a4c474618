//! What a sweep found, for a terminal.

use std::fmt::Write;
use std::path::Path;

use super::numbers::{NONE, count, figures, fixed, or_none};
use super::text::{Paint, columns};
use crate::measure::Better;
use crate::store::{
    Estimated, KeySensitivity, Method, MetricSensitivity, Pareto, PointMeans, Summary, SweepSummary,
};

/// The metrics that are shown where a sweep has more than [`FEW_METRICS`]; `summary.json` has all.
pub(super) const HEADLINE: [&str; 10] = [
    "conversion",
    "gmv",
    "price_index",
    "defect_rate",
    "late_rate",
    "mean_stars",
    "value_regret",
    "gini",
    "unsold_at_90d",
    "unpredictability",
];
/// Metrics that are all shown.
const FEW_METRICS: usize = 8;
/// Columns of a terminal.
const WIDTH: usize = 80;
/// Keys below a metric.
const MOST_KEYS: usize = 8;
/// Points of a front that are shown.
const MOST_MEMBERS: usize = 30;
/// Columns of the labels on the left.
const LABEL: usize = 12;

/// What was varied, the points where they are few, what moves which metric, and the front. Colours are
/// the caller's wish. Empty where the summary is not of a sweep.
pub fn sweep_text(summary: &Summary, folder: Option<&Path>, colour: bool) -> String {
    let Some(sweep) = &summary.sweep else { return String::new() };
    let paint = Paint { colour };
    let mut text = String::new();
    let keys: Vec<&str> = sweep.vary.iter().map(|varied| &*varied.key).collect();
    let title = format!("{}: sweep of {}", summary.scenario.name, keys.join(", "));
    let _ = writeln!(text, "{}\n", paint.bold(&title));
    text.push_str(&head(summary, sweep));
    let shown = shown(sweep);
    if !sweep.means.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold("Means of each point"));
        text.push_str(&points(&keys, fitting(&keys, &shown, &sweep.means), &sweep.means));
    }
    let (what, legend) = method(sweep);
    let _ = writeln!(text, "\n{}", paint.bold(&format!("What moves what: {what}")));
    text.push_str(&sensitivity(sweep, &shown));
    let _ = writeln!(text, "{legend}");
    if let Some(pareto) = &sweep.pareto {
        text.push_str(&front(pareto, &keys, paint));
    }
    let _ = writeln!(text, "\n{:<LABEL$}{}", "seed", summary.seed);
    let digest = paint.accent(&summary.digest);
    let _ = writeln!(text, "{:<LABEL$}{digest} (point 0, world 0)", "digest");
    if let Some(folder) = folder {
        let _ =
            writeln!(text, "{:<LABEL$}{}", "folder", paint.accent(&folder.display().to_string()));
    }
    text
}

/// How large it was, and over what.
fn head(summary: &Summary, sweep: &SweepSummary) -> String {
    let mut text = String::new();
    let done = if sweep.points_done < sweep.points {
        format!("{} of ", count(u64::from(sweep.points_done)))
    } else {
        String::new()
    };
    let _ = writeln!(
        text,
        "{:<LABEL$}{} · {done}{} points · {} world{} each · {} weeks",
        "design",
        sweep.design,
        count(u64::from(sweep.points)),
        count(u64::from(sweep.worlds)),
        if sweep.worlds == 1 { "" } else { "s" },
        summary.weeks
    );
    for varied in &sweep.vary {
        let range = varied.range.clone().unwrap_or_default();
        let values = varied.values.as_ref().map_or(range, |values| listed(values));
        let _ = writeln!(text, "{:<LABEL$}{}: {values}", "varied", varied.key);
    }
    text
}

/// Values one after the other, the middle ones left out where they are many.
pub(super) fn listed(values: &[String]) -> String {
    if values.len() <= 8 {
        return values.join(", ");
    }
    let (first, last) = (&values[..3], &values[values.len() - 1]);
    format!("{}, … {last} ({} values)", first.join(", "), values.len())
}

/// The metrics that there is room for.
pub(super) fn shown(sweep: &SweepSummary) -> Vec<&str> {
    let all: Vec<&str> = sweep.sensitivity.metrics.keys().map(String::as_str).collect();
    if all.len() <= FEW_METRICS {
        return all;
    }
    let traded = sweep.pareto.iter().flat_map(|pareto| &pareto.metrics);
    let mut chosen: Vec<&str> = traded.map(|objective| &*objective.metric).collect();
    for name in HEADLINE {
        if all.contains(&name) && !chosen.contains(&name) {
            chosen.push(name);
        }
    }
    chosen
}

/// As many of the metrics as there is room for beside the keys, but at least one.
fn fitting<'a>(keys: &[&str], metrics: &'a [&'a str], points: &[PointMeans]) -> &'a [&'a str] {
    let of_key = |key: &&str| {
        let values = points.iter().filter_map(|point| point.values.get(*key));
        values.map(|value| value.chars().count()).max().unwrap_or(0).max(key.chars().count()) + 2
    };
    let mut room = WIDTH.saturating_sub("point".len() + keys.iter().map(of_key).sum::<usize>());
    let fits = |metric: &&&str| {
        // Numbers of up to nine characters are as wide as a name of nine.
        let width = metric.len().max(9) + 2;
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    let n = metrics.iter().take_while(fits).count();
    &metrics[..n.max(1).min(metrics.len())]
}

/// A row for each point: its number, the values of the keys, and means.
fn points(keys: &[&str], metrics: &[&str], points: &[PointMeans]) -> String {
    // As many places as tell the points of a column apart.
    let scale = |metric: &str| {
        let values = points.iter().filter_map(|point| point.metrics.get(metric)?.value);
        let (low, high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if high > low { high - low } else { high.abs() }
    };
    let scales: Vec<f64> = metrics.iter().map(|metric| scale(metric)).collect();
    let row = |point: &PointMeans| {
        let value = |key: &&str| point.values.get(*key).cloned().unwrap_or_default();
        let mean = |(metric, scale): (&&str, &f64)| {
            let of = point.metrics.get(*metric).and_then(|mean| mean.value);
            or_none(of, |value| figures(value, *scale))
        };
        let numbers = metrics.iter().zip(&scales).map(mean);
        let first = [point.point.to_string()].into_iter();
        first.chain(keys.iter().map(value)).chain(numbers).collect()
    };
    let header = ["point"].iter().chain(keys).chain(metrics).map(|name| (*name).to_owned());
    columns(header.collect(), keys.len() + 1, points.iter().map(row).collect())
}

/// What the numbers are called, and how they are read.
pub(super) fn method(sweep: &SweepSummary) -> (&'static str, String) {
    if sweep.sensitivity.method == Method::SobolIndices {
        let legend = "first: share of the variance that the key moves by itself; total: with all its \
                      interplay.\nIn brackets 95 % intervals by bootstrap over base rows.";
        return ("Sobol's indices", legend.to_owned());
    }
    let mut legend =
        "A standard deviation more of the key goes with so many of the metric (± half a 95 % \
                      interval).\n"
            .to_owned();
    if sweep.sensitivity.metrics.values().any(|of| of.keys.iter().any(|key| key.level.is_some())) {
        legend.push_str("Of names: a standard deviation more of being this one, not the first.\n");
    }
    legend.push_str(
        "They see straight lines only: R² is the share of the variance that these explain.",
    );
    ("standardised regression coefficients", legend)
}

/// A table of the metrics with their keys, what moves them most first.
fn sensitivity(sweep: &SweepSummary, metrics: &[&str]) -> String {
    let indices = sweep.sensitivity.method == Method::SobolIndices;
    let header: &[&str] = if indices {
        &["metric", "n", "key", "first", "total"]
    } else {
        &["metric", "R²", "key", "coefficient"]
    };
    let (mut rows, mut silent) = (Vec::new(), String::new());
    for metric in metrics {
        let Some(of) = sweep.sensitivity.metrics.get(*metric) else { continue };
        if let Some(why) = &of.why {
            let _ = writeln!(silent, "{metric}: {why}.");
            continue;
        }
        rows.extend(of_metric(sweep, metric, of, indices));
    }
    let table = if rows.is_empty() {
        String::new()
    } else {
        columns(header.iter().map(|name| (*name).to_owned()).collect(), 3, rows)
    };
    table + &silent
}

fn of_metric(
    sweep: &SweepSummary,
    metric: &str,
    of: &MetricSensitivity,
    indices: bool,
) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (i, key) in of.keys.iter().take(MOST_KEYS).enumerate() {
        let n = or_none(of.r2, |r2| fixed(r2, 2));
        let n = if indices { count(of.n as u64) } else { n };
        let [metric, n] = if i == 0 { [metric.to_owned(), n] } else { ["", ""].map(str::to_owned) };
        let mut row = vec![metric, n, named(sweep, key)];
        if indices {
            row.extend([key.first, key.total].map(index));
        } else {
            row.push(coefficient(key.coefficient));
        }
        rows.push(row);
    }
    if of.keys.len() > MOST_KEYS {
        let more = format!("… {} more", of.keys.len() - MOST_KEYS);
        let mut row = vec![String::new(), String::new(), more];
        row.resize(if indices { 5 } else { 4 }, String::new());
        rows.push(row);
    }
    rows
}

/// The key, and of names which is held against which.
pub(super) fn named(sweep: &SweepSummary, of: &KeySensitivity) -> String {
    let Some(level) = &of.level else { return of.key.clone() };
    let varied = sweep.vary.iter().find(|varied| varied.key == of.key);
    let first = varied.and_then(|varied| varied.values.as_ref()?.first());
    format!("{}: {level} against {}", of.key, first.map_or(NONE, String::as_str))
}

pub(super) fn index(of: Option<Estimated>) -> String {
    let Some(Estimated { value, low, high }) = of else { return NONE.to_owned() };
    let two = |value| or_none(value, |x| fixed(x, 2));
    format!("{} ({} to {})", two(value), two(low), two(high))
}

pub(super) fn coefficient(of: Option<Estimated>) -> String {
    let Some(Estimated { value, low, high }) = of else { return NONE.to_owned() };
    let half = high.zip(low).map(|(high, low)| (high - low) / 2.0);
    let half = half.map_or_else(String::new, |half| format!(" ± {}", fixed(half, 2)));
    or_none(value, |x| fixed(x, 2)) + &half
}

/// Which way is better.
pub(super) fn direction(better: Better) -> &'static str {
    match better {
        Better::Lower => "lower is better",
        Better::Higher => "higher is better",
        Better::None => "no direction",
    }
}

/// The points that no other beats in every one of the metrics.
fn front(pareto: &Pareto, keys: &[&str], paint: Paint) -> String {
    let mut text = String::new();
    let named = pareto.metrics.iter().map(|it| format!("{} ({})", it.metric, direction(it.better)));
    let title = format!("Pareto front: {}", named.collect::<Vec<_>>().join(", "));
    let _ = writeln!(text, "\n{}", paint.bold(&title));
    let metrics: Vec<&str> = pareto.metrics.iter().map(|it| &*it.metric).collect();
    let members = &pareto.points[..pareto.points.len().min(MOST_MEMBERS)];
    text.push_str(&points(keys, &metrics, members));
    if members.len() < pareto.points.len() {
        let more = pareto.points.len() - members.len();
        let _ = writeln!(text, "… and {more} more in summary.json");
    }
    if pareto.left_out > 0 {
        let _ = writeln!(text, "{} points had no value of one of these.", pareto.left_out);
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::store::{Objective, Sensitivity, Varied};
    use std::collections::BTreeMap;

    fn estimated(value: f64) -> Option<Estimated> {
        Some(Estimated { value: Some(value), low: Some(value - 0.1), high: Some(value + 0.1) })
    }

    fn key(name: &str, level: Option<&str>, value: f64, indices: bool) -> KeySensitivity {
        KeySensitivity {
            key: name.to_owned(),
            level: level.map(str::to_owned),
            coefficient: estimated(value).filter(|_| !indices),
            first: estimated(value).filter(|_| indices),
            total: estimated(value + 0.05).filter(|_| indices),
        }
    }

    /// A sweep over two keys.
    pub(in crate::report) fn sweep(method: Method) -> SweepSummary {
        let indices = method == Method::SobolIndices;
        let level = (!indices).then_some("cheapest");
        let keys = vec![
            key("ranking", level, 0.8, indices),
            key("market.slate_length", None, -0.123, indices),
        ];
        let r2 = (!indices).then_some(0.9);
        let late = MetricSensitivity { n: 4, r2, why: None, keys };
        let why = Some("the same at every point".to_owned());
        let gini = MetricSensitivity { n: 4, r2: None, why, keys: vec![] };
        let mean = |point: u32, ranking: &str, late: f64| PointMeans {
            point,
            values: BTreeMap::from([
                ("ranking".to_owned(), ranking.to_owned()),
                ("market.slate_length".to_owned(), "5".to_owned()),
            ]),
            metrics: BTreeMap::from([
                ("late_rate".to_owned(), Estimated { value: Some(late), low: None, high: None }),
                ("gini".to_owned(), Estimated { value: None, low: None, high: None }),
            ]),
        };
        let named = |name: &str, of| (name.to_owned(), of);
        let values = ["box", "cheapest"].map(str::to_owned).to_vec();
        SweepSummary {
            design: "lhs".to_owned(),
            points: 9,
            points_done: 4,
            worlds: 2,
            vary: vec![
                Varied { key: "ranking".to_owned(), values: Some(values), range: None },
                Varied {
                    key: "market.slate_length".to_owned(),
                    values: None,
                    range: Some("2 to 9".to_owned()),
                },
            ],
            sensitivity: Sensitivity {
                method,
                metrics: BTreeMap::from([named("late_rate", late), named("gini", gini)]),
            },
            pareto: Some(Pareto {
                metrics: vec![Objective { metric: "late_rate".to_owned(), better: Better::Lower }],
                points: vec![mean(1, "cheapest", 0.07)],
                left_out: 2,
            }),
            means: vec![mean(0, "box", 0.071_9), mean(1, "cheapest", 0.07)],
        }
    }

    fn text(method: Method) -> String {
        let (mut summary, _) = fixture::run();
        summary.sweep = Some(sweep(method));
        sweep_text(&summary, Some(Path::new("results/small-sweep")), false)
    }

    #[test]
    fn of_a_regression() {
        insta::assert_snapshot!(text(Method::StandardisedRegression));
    }

    #[test]
    fn of_indices() {
        let text = text(Method::SobolIndices);
        assert!(text.contains("0.80 (0.70 to 0.90)    0.85 (0.75 to 0.95)"), "{text}");
        assert!(text.contains("Sobol's indices") && !text.contains("R²"), "{text}");
    }

    #[test]
    fn long_lists_are_folded() {
        let values: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(listed(&values), "0, 1, 2, … 19 (20 values)");
        assert_eq!(listed(&values[..3]), "0, 1, 2");
    }
}
