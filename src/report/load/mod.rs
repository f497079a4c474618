//! What came of a load test, for a terminal of 80 columns.

mod bars;
mod csv;
pub(super) mod form;
mod live;
mod paths;

pub use csv::latency_csv;
pub use form::{nanos, short_rate};
pub use live::live_line;

use std::fmt::Write as _;
use std::path::Path;

use hdrhistogram::Histogram;

use self::bars::bars;
use self::form::per_second;
use super::numbers::{NONE, count, or_none, several};
use super::text::{Paint, heading, line, table};
use crate::driver::load::{Op, Part, Write};
use crate::store::{LoadCheck, LoadSummary, Percentiles, Summary};

/// Columns that text without bars is broken at.
const WIDTH: usize = 80;

/// How a load was put on, how long operations took and how long changes took to show, thresholds, whether
/// all that can be believed, the search for the highest rate, and a histogram of `responses`, the times
/// [ns] that rankings took on the path that was asked for. Where there is another beside it, the text begins
/// with what lies between them.
///
/// The text fits in 80 columns, and the bars in `width`.
pub fn load_text(
    summary: &Summary,
    responses: Option<&Histogram<u64>>,
    folder: Option<&Path>,
    width: usize,
    colour: bool,
) -> String {
    let paint = Paint { colour };
    let Some(load) = &summary.load else { return String::new() };
    let name = paint.bold(&summary.scenario.name);
    let mut text = match &summary.beside {
        None => format!("{name}: load on the {} path\n\n", load.setting.path),
        Some(other) => {
            let (one, two) = (&other.setting.path, &load.setting.path);
            format!("{name}: load on the {one} path and on the {two} path\n")
        }
    };
    if let Some(other) = &summary.beside {
        heading(&mut text, paint, "Side by side");
        text.push_str(&paths::side_by_side(other, load));
    }
    for load in [summary.beside.as_deref(), Some(load)].into_iter().flatten() {
        if summary.beside.is_some() {
            let title = format!("On the {} path", load.setting.path);
            heading(&mut text, paint, &title);
        }
        section(&mut text, load, paint);
    }
    if let Some(responses) = responses.filter(|responses| !responses.is_empty()) {
        let of = if summary.beside.is_some() {
            format!(" on the {} path", load.setting.path)
        } else {
            String::new()
        };
        heading(&mut text, paint, &format!("Response of rankings{of}, each line up to the next"));
        text.push_str(&bars(responses, width));
    }
    text.push('\n');
    line(&mut text, "seed", &[summary.seed.to_string()]);
    let digest = paint.accent(&summary.digest);
    line(&mut text, "digest", &[format!("{digest} (of the warm-up)")]);
    if let Some(folder) = folder {
        line(&mut text, "folder", &[paint.accent(&folder.display().to_string())]);
    }
    text
}

/// All there is to say of one path.
fn section(text: &mut String, load: &LoadSummary, paint: Paint) {
    set_up(text, load);
    heading(text, paint, "How long operations took");
    text.push_str(&latencies(load));
    let before = before_they_began(load);
    if !before.is_empty() {
        heading(text, paint, "Before they began: the queue (wait), the harness itself (lag)");
        text.push_str(&before);
    }
    let freshness = freshness(load);
    if !freshness.is_empty() {
        let batch = match load.setting.batch {
            0 | 1 => "one at a time".to_owned(),
            n => format!("applied up to {} at a time", count(u64::from(n))),
        };
        heading(text, paint, &format!("How long until a ranking shows a change, {batch}"));
        text.push_str(&freshness);
    }
    if !load.curve.is_empty() {
        heading(text, paint, "In search of the highest rate");
        text.push_str(&curve(load, paint));
    }
    if !load.slo.is_empty() {
        heading(text, paint, "Thresholds");
        text.push_str(&thresholds(load, paint));
    }
    text.push('\n');
    verdict(text, load, paint);
}

/// How it was put on and how far it went.
fn set_up(text: &mut String, load: &LoadSummary) {
    let setting = &load.setting;
    let several = |n: u32, one: &str| several(u64::from(n), one);
    let mode = match &setting.arrivals {
        Some(arrivals) => format!("{} ({arrivals})", setting.mode),
        None => setting.mode.clone(),
    };
    let mut parts = vec![mode, several(setting.drivers, "driver"), setting.serving.clone()];
    parts.push(format!("{} of warm-up", several(setting.warmup_weeks, "week")));
    if setting.sample_calls > 1 {
        parts.push(format!("timed {} calls at a time", count(u64::from(setting.sample_calls))));
    }
    line(text, "set-up", &parts);
    let offered = load.throughput.offered;
    let mut parts = vec![
        format!("{} achieved", or_none(load.throughput.achieved, per_second)),
        format!("{} s", or_none(Some(load.measured_s), form::seconds)),
    ];
    if let Some(offered) = offered {
        parts.insert(0, format!("{} offered", per_second(offered)));
        parts.push(format!("{} left over", count(load.backlog)));
    }
    if load.setting.path == "actor" || load.overflow > 0 {
        parts.push(format!("{} turned away", count(load.overflow)));
    }
    line(text, "requests", &parts);
}

/// A time of a histogram that may have none [ns].
fn time(of: Option<u64>) -> String {
    of.map_or_else(|| NONE.to_owned(), |of| nanos(of as f64))
}

/// Response and service of every operation that was done.
fn latencies(load: &LoadSummary) -> String {
    let mut rows = Vec::new();
    for op in Op::ALL {
        for part in [Part::Response, Part::Service] {
            let of = load.latency(op, part);
            if of.count > 0 {
                let label = format!("{} {}", op.name(), part.name());
                rows.push(row(label, &of));
            }
        }
    }
    if rows.is_empty() {
        return "Nothing was done.\n".to_owned();
    }
    table(["", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"], 1, rows)
}

fn row(label: String, of: &Percentiles) -> [String; 8] {
    [
        label,
        or_none(of.mean, nanos),
        time(of.p50),
        time(of.p90),
        time(of.p99),
        time(of.p999),
        time(of.p9999),
        time(of.max),
    ]
}

/// Wait and lag, in fewer words, beside how many there were of each operation.
fn before_they_began(load: &LoadSummary) -> String {
    let rows = Op::ALL.iter().filter_map(|&op| {
        let (wait, lag) = (load.latency(op, Part::Wait), load.latency(op, Part::Lag));
        let done = load.latency(op, Part::Service).count;
        (wait.count + lag.count > 0).then(|| {
            [
                op.name().to_owned(),
                count(done),
                time(wait.p50),
                time(wait.p99),
                time(lag.p50),
                time(lag.p99),
                time(lag.max),
            ]
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    table(["", "done", "wait p50", "wait p99", "lag p50", "lag p99", "lag max"], 1, rows)
}

/// Freshness, beside how many changes a second there were.
fn freshness(load: &LoadSummary) -> String {
    let rate = |writes: &[Op]| {
        let done: u64 = writes.iter().map(|&op| load.latency(op, Part::Service).count).sum();
        let rate = done as f64 / load.measured_s;
        or_none(Some(rate).filter(|_| load.measured_s > 0.0), per_second)
    };
    let rows = Write::ALL.iter().filter_map(|&write| {
        let of = load.freshness(write);
        let writes: &[Op] = match write {
            Write::Price => &[Op::Reprice],
            Write::Stock => &[Op::Buy, Op::Restock],
            Write::Review => &[Op::Review],
        };
        (of.count > 0).then(|| {
            [
                write.name().to_owned(),
                rate(writes),
                count(of.count),
                time(of.p50),
                time(of.p99),
                time(of.p999),
                time(of.max),
            ]
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    table(["", "changes", "seen", "p50", "p99", "p99.9", "max"], 1, rows)
}

/// `✓` or `✗`, in its colour.
fn tick(paint: Paint, good: bool) -> String {
    paint.verdict(good, if good { "✓" } else { "✗" })
}

/// Every threshold with its verdict and what was measured.
fn thresholds(load: &LoadSummary, paint: Paint) -> String {
    let words = |expr: &str| expr.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows = load.slo.iter().map(|slo| (slo, words(&slo.expr)));
    let rows: Vec<_> = rows.collect();
    let longest = rows.iter().map(|(_, expr)| expr.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (slo, expr) in rows {
        let value = slo
            .value
            .map_or_else(|| "not measured".to_owned(), |value| of_metric(slo.expr.trim(), value));
        let _ = writeln!(text, "{} {expr:<longest$}  {value}", tick(paint, slo.pass));
    }
    text
}

/// A value in the unit of the metric that a threshold begins with.
pub fn of_metric(expr: &str, value: f64) -> String {
    let metric = expr.split(['<', '>', '=', '!']).next().unwrap_or("").trim();
    if metric.starts_with("throughput.") || metric == "max_rate" {
        per_second(value)
    } else if metric.contains('.') && !metric.ends_with(".count") {
        nanos(value)
    } else {
        count(value as u64)
    }
}

/// Whether what was measured can be believed, and whether it was too much for the core.
fn verdict(text: &mut String, load: &LoadSummary, paint: Paint) {
    if load.valid && load.checks.is_empty() {
        text.push_str("Nobody checked whether this can be believed.\n");
    } else if load.valid {
        let untold = load.checks.iter().filter(|check| check.value.is_none()).count();
        let mut said = format!("valid: {} checks passed", load.checks.len() - untold);
        if untold > 0 {
            let _ = write!(said, ", {untold} could not be made on this machine");
        }
        let _ = writeln!(text, "{} {said}", tick(paint, true));
    } else {
        let title = "INVALID: the harness or the machine was in the way, and not the core alone";
        let _ = writeln!(text, "{}", paint.verdict(false, title));
        for why in &load.invalid_why {
            text.push_str(&wrapped(why));
        }
        text.push_str(&seen(load.checks.iter().filter(|check| !check.pass)));
    }
    if load.saturated {
        let left = count(load.backlog);
        let title = "SATURATED: more was offered than the core can do";
        let _ = writeln!(text, "{}; {left} left over", paint.verdict(false, title));
    }
}

/// A value of a check in its unit.
pub(super) fn in_unit(check: &LoadCheck, value: f64) -> String {
    match check.unit.as_str() {
        "ns" => nanos(value),
        "ratio" => super::numbers::percent(value),
        unit => format!("{} {unit}", super::numbers::figures(value, value)),
    }
}

/// What checks saw, beside the most that is allowed.
fn seen<'a>(checks: impl Iterator<Item = &'a LoadCheck>) -> String {
    let rows = checks.filter_map(|check| {
        let (value, limit) = (check.value?, check.limit?);
        let shown = |value: f64| in_unit(check, value);
        Some([format!("  {}", check.name), shown(value), format!("at most {}", shown(limit))])
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() { String::new() } else { table(["  looked at", "seen", "allowed"], 1, rows) }
}

/// A sentence of a list, broken where it is too long.
fn wrapped(sentence: &str) -> String {
    let mut text = String::new();
    let mut current = "  -".to_owned();
    for word in sentence.split_whitespace() {
        if current.chars().count() + 1 + word.chars().count() > WIDTH && current.trim() != "-" {
            let _ = writeln!(text, "{current}");
            current = "   ".to_owned();
        }
        let _ = write!(current, " {word}");
    }
    let _ = writeln!(text, "{current}");
    text
}

/// Every rate that was tried, and the highest that held.
fn curve(load: &LoadSummary, paint: Paint) -> String {
    let rows = load.curve.iter().map(|point| {
        [
            per_second(point.rate),
            or_none(point.achieved, per_second),
            time(point.p50),
            time(point.p99),
            if point.pass { "✓" } else { "✗" }.to_owned(),
        ]
    });
    let mut text = table(["offered", "achieved", "p50", "p99", ""], 0, rows.collect());
    for (sign, good) in [("✓", true), ("✗", false)] {
        text = text.replace(sign, &tick(paint, good));
    }
    let most = match load.max_rate {
        Some(rate) => format!("The highest rate that holds is {}.", paint.bold(&per_second(rate))),
        None if load.curve.iter().any(|point| point.pass) => "No rate was confirmed.".to_owned(),
        None => "No rate that was tried holds.".to_owned(),
    };
    let _ = writeln!(text, "{most}");
    text
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
