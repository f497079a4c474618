//! What is told of A/B tests within one world: what each design says beside the truth.

use super::relative::{Relative, Row, forests};
use super::{Axis, Cell, Chart, Colour, Finding, Mood, Section, Table};
use crate::report::design::{remark, with_half};
use crate::report::numbers::{count, several};
use crate::store::{DesignResult, Summary};

/// The metric that a finding is about where it was measured: the orders of the whole market.
const TOLD: &str = "orders";

/// Rows that reach further have a picture of their own [% of the base]: a design that is biased is often
/// so by twice what is true.
const NEAR: f64 = 60.0;

/// The rows of one design each.
fn by_design(summary: &Summary) -> impl Iterator<Item = &[DesignResult]> {
    summary.designs.chunk_by(|one, next| one.design == next.design)
}

fn estimate(row: &DesignResult) -> Option<Relative> {
    Relative::of(row.base, row.estimate, row.low, row.high)
}

fn truth(row: &DesignResult) -> Option<Relative> {
    Relative::of(row.base, row.truth, row.truth_low, row.truth_high)
}

/// How far the designs are from the truth; nothing where none was asked for.
pub(super) fn finding(summary: &Summary) -> Option<Finding> {
    let (mut says, mut headlines) = (Vec::new(), Vec::new());
    for rows in by_design(summary) {
        let told = rows.iter().find(|row| row.metric == TOLD && row.n > 0);
        let Some(row) = told.or_else(|| rows.iter().find(|row| row.n > 0)) else { continue };
        let verdict = remark(row);
        let wrongly = !verdict.is_empty();
        let of = |share: Option<Relative>, mean, high| match share {
            Some(share) => share.says(),
            None => format!("{} {}", with_half(mean, high), row.unit),
        };
        let said = of(estimate(row), row.estimate, row.high);
        let truth = of(truth(row), row.truth, row.truth_high);
        let verdict = if verdict.is_empty() { "not biased beyond doubt" } else { verdict };
        let n = several(row.n as u64, "world");
        let DesignResult { design, metric, .. } = row;
        let judged = || rows.iter().filter(|row| row.bias_low.is_some());
        let (biased, all) =
            (judged().filter(|row| !remark(row).is_empty()).count(), judged().count());
        says.push(format!(
            "{design}: {said} {metric}, the truth is {truth} ({n}): {verdict}. Of {all} metrics with an interval \
             {biased} are biased beyond doubt."
        ));
        headlines.push((wrongly, biased, all, format!("{design} is {verdict} in {metric}")));
    }
    let mood = match headlines.iter().any(|(wrongly, ..)| *wrongly) {
        true => Mood::Bad,
        // Where nothing has an interval, or something else is biased, it is no good news.
        false if headlines.iter().all(|&(_, biased, all, _)| biased == 0 && all > 0) => Mood::Good,
        false => Mood::Plain,
    };
    let worst = headlines.iter().rev().max_by_key(|(wrongly, biased, ..)| (*wrongly, *biased))?;
    let headline = worst.3.clone();
    Some(Finding::new(headline, says.join(" "), mood))
}

/// A picture and a table of every design; nothing where none was asked for.
pub(super) fn section(summary: &Summary) -> Option<Section> {
    let [base, other] = summary.arms.get(..2)? else { return None };
    if summary.designs.is_empty() {
        return None;
    }
    let lead = format!(
        "The test deals {} and {} to two sides of one world; the truth is everybody in the one against \
         everybody in the other. Where the two dots of a row lie apart, the test is biased: its sides \
         are in each other's way.",
        base.name, other.name
    );
    let mut section = Section::new("What a test in one market would say", lead);
    for rows in by_design(summary) {
        section.charts.extend(pictures(&base.name, rows));
    }
    section.tables.push(table(summary, &base.name));
    Some(section)
}

fn pictures(base: &str, rows: &[DesignResult]) -> Vec<Chart> {
    const LAYERS: [(&str, Colour); 3] = [
        ("the truth", Colour::Nth(3)),
        ("the test, not biased beyond doubt", Colour::Good),
        ("the test, biased", Colour::Bad),
    ];
    let Some(DesignResult { design, .. }) = rows.first() else { return vec![] };
    let still = |row: &DesignResult| row.estimate == Some(0.0) && row.truth == Some(0.0);
    let seen = rows.iter().filter(|row| row.n > 0 && !still(row));
    let rows: Vec<Row> = seen
        .map(|row| {
            let test = if remark(row).is_empty() { 1 } else { 2 };
            let both = truth(row).zip(estimate(row));
            let dots = both.map(|(truth, said)| vec![(0, truth), (test, said)]);
            Row { label: row.metric.clone(), dots: dots.unwrap_or_default() }
        })
        .collect();
    let says = format!(
        "What a {design} says of each metric and what is true, with 95 % intervals. What neither \
         moves is left out."
    );
    let x = Axis::linear(&format!("difference from {base}"), "% of its mean").from_to(0.0, 0.0);
    let axes = (x, Axis::names("metric", vec![]));
    let title = format!("{design} and the truth");
    forests(&Chart::new(format!("design-{design}"), title, says, axes), &LAYERS, rows, NEAR)
}

fn table(summary: &Summary, base: &str) -> Table {
    let columns =
        ["design", "metric", "unit", base, "the test says", "the truth", "bias", "", "worlds"];
    let title = "What tests say, the truth and the bias (± half a 95 % interval)";
    let mut table = Table::new("designs", title, &columns);
    for row in &summary.designs {
        let number = |value: Option<f64>, high: Option<f64>| {
            let shown = with_half(value, high);
            Cell::number(value, |_| shown)
        };
        table.rows.push(vec![
            Cell::text(&row.design),
            Cell::text(&row.metric),
            Cell::text(&row.unit),
            number(row.base, None),
            number(row.estimate, row.high),
            number(row.truth, row.truth_high),
            number(row.bias, row.bias_high),
            Cell::text(if row.n == 0 { "no sample" } else { remark(row) }),
            Cell::number(Some(row.n as f64), |n| count(n as u64)),
        ]);
    }
    table
}
