//! The tables of a load, and what speaks for it or against it.

use super::{shown, time, words};
use crate::driver::load::{Op, Part, Write};
use crate::report::load::form::per_second;
use crate::report::load::{in_unit, of_metric};
use crate::report::numbers::{count, fixed};
use crate::report::page::{Axis, Cell, Chart, Colour, Layer, Point, Rule, Section, Shape, Table};
use crate::store::{LoadCheck, LoadSummary, Percentiles};

/// Heads of the columns of percentiles.
const TIMES: [&str; 8] = [
    "count",
    "mean [ns]",
    "p50 [ns]",
    "p90 [ns]",
    "p99 [ns]",
    "p99.9 [ns]",
    "p99.99 [ns]",
    "max [ns]",
];

/// What a histogram says, sorted by nanoseconds and shown as people write times.
fn cells(of: &Percentiles) -> Vec<Cell> {
    let times = [of.p50, of.p90, of.p99, of.p999, of.p9999, of.max];
    let times = times.map(|nanos| Cell::number(nanos.map(|nanos| nanos as f64), |_| time(nanos)));
    let first =
        [Cell::number(Some(of.count as f64), |_| count(of.count)), Cell::number(of.mean, shown)];
    first.into_iter().chain(times).collect()
}

/// Every part of every operation that was done, of both paths.
pub(super) fn latencies(load: &LoadSummary, beside: Option<&LoadSummary>) -> Table {
    let columns: Vec<&str> = ["path", "operation", "part"].into_iter().chain(TIMES).collect();
    let mut table = Table::new("latencies", "How long operations took", &columns);
    for load in [Some(load), beside].into_iter().flatten() {
        for op in Op::ALL {
            for part in Part::ALL.into_iter().rev() {
                let of = load.latency(op, part);
                if of.count > 0 {
                    let mut row = [load.setting.path.as_str(), op.name(), part.name()]
                        .map(Cell::text)
                        .to_vec();
                    row.extend(cells(&of));
                    table.rows.push(row);
                }
            }
        }
    }
    table
}

pub(super) fn freshness(load: &LoadSummary) -> Table {
    let columns: Vec<&str> = ["write"].into_iter().chain(TIMES).collect();
    let mut table = Table::new("fresh", "How long until a ranking shows a change", &columns);
    for write in Write::ALL {
        let mut row = vec![Cell::text(write.name())];
        row.extend(cells(&load.freshness(write)));
        table.rows.push(row);
    }
    table
}

pub(super) fn curve(load: &LoadSummary) -> Table {
    let columns = ["offered [1/s]", "achieved [1/s]", "p50 [ns]", "p99 [ns]", "thresholds"];
    let mut table = Table::new("curve", "Every load that was tried", &columns);
    for point in &load.curve {
        let nanos = |of: Option<u64>| Cell::number(of.map(|of| of as f64), |_| time(of));
        table.rows.push(vec![
            Cell::number(Some(point.rate), per_second),
            Cell::number(point.achieved, per_second),
            nanos(point.p50),
            nanos(point.p99),
            Cell::text(if point.pass { "held" } else { "did not hold" }),
        ]);
    }
    table
}

/// Thresholds, and whether it can be believed.
pub(super) fn believable(load: &LoadSummary) -> Section {
    let lead = match (load.valid, load.checks.is_empty()) {
        (true, true) => "Nobody checked whether this can be believed.".to_owned(),
        (true, false) => "Every check that could be made speaks for the measurement.".to_owned(),
        (false, _) => format!("What speaks against it: {}.", load.invalid_why.join("; ")),
    };
    let mut section = Section::new("Can it be believed?", lead);
    section.charts.push(checks(load));
    section.tables.extend([thresholds(load), checked(load)]);
    section
}

/// What each check saw [% of what is allowed].
fn share(check: &LoadCheck) -> Option<f64> {
    let share = 100.0 * check.value? / check.limit?;
    Some(share).filter(|share| share.is_finite())
}

fn checks(load: &LoadSummary) -> Chart {
    let names = load.checks.iter().map(|check| check.name.clone()).collect();
    let of = |pass: bool, name, colour| {
        let these = load.checks.iter().zip(0_u32..).filter(|(check, _)| check.pass == pass);
        let bar = |(check, row): (&LoadCheck, u32)| Some(Point::new(share(check)?, f64::from(row)));
        let mut points: Vec<Point> = these.filter_map(bar).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        Layer::new(name, Shape::Lying, colour, points)
    };
    let layers = [of(true, "passed", Colour::Good), of(false, "failed", Colour::Bad)];
    let untold = load.checks.iter().filter(|check| check.value.is_none()).count();
    let mut says = if load.checks.is_empty() {
        "There were no checks.".to_owned()
    } else {
        "What each check saw, as a share of the most that is allowed.".to_owned()
    };
    if untold > 0 {
        says.push_str(&format!(" {untold} could not be made on this machine."));
    }
    let x = Axis::linear("seen, of what is allowed", "%").from_to(0.0, 105.0);
    let axes = (x, Axis::names("check", names).reversed());
    let chart = Chart::new("checks", "Was the harness in the way?", says, axes);
    chart.with(layers).ruled([Rule::x(100.0, "limit", Colour::Bad)])
}

fn thresholds(load: &LoadSummary) -> Table {
    let columns = ["threshold", "measured", "verdict"];
    let mut table = Table::new("thresholds", "Thresholds", &columns);
    for slo in &load.slo {
        table.rows.push(vec![
            Cell::text(words(&slo.expr)),
            Cell::number(slo.value, |value| {
                of_metric(slo.expr.trim(), value).replace(" us", " µs")
            }),
            Cell::text(if slo.pass { "held" } else { "missed" }),
        ]);
    }
    table
}

fn checked(load: &LoadSummary) -> Table {
    let columns = ["check", "seen", "allowed", "of what is allowed [%]", "verdict", "why"];
    let mut table = Table::new("checked", "Checks of the measurement", &columns);
    for check in &load.checks {
        let number = |value: Option<f64>| Cell::number(value, |value| in_unit(check, value));
        let verdict = match (check.pass, check.value) {
            (false, _) => "failed",
            (true, None) => "cannot be told here",
            (true, Some(_)) => "passed",
        };
        table.rows.push(vec![
            Cell::text(&check.name),
            number(check.value),
            number(check.limit),
            Cell::number(share(check), |share| fixed(share, 1)),
            Cell::text(verdict),
            Cell::text(check.why.clone().unwrap_or_default()),
        ]);
    }
    table
}
