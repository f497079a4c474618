//! A story as text, for the snapshots of tests.

use super::{At, Axis, Cell, Chart, Layer, Point, Scale, Story, Table};
use std::fmt::Write;

/// Points of a layer, and rows of a table, that are shown.
const SHOWN: usize = 6;

/// What is told, in the order in which it is told.
pub(in crate::report) fn sketch(story: &Story) -> String {
    let mut text = String::new();
    for finding in &story.findings {
        let _ = writeln!(text, "{:?}: {}\n  {}", finding.mood, finding.headline, finding.says);
    }
    for section in &story.sections {
        let _ = writeln!(text, "\n# {}\n{}", section.title, section.lead);
        section.charts.iter().for_each(|it| chart(&mut text, it));
        section.tables.iter().for_each(|it| table(&mut text, it));
    }
    text
}

fn chart(text: &mut String, chart: &Chart) {
    let _ = writeln!(text, "\n[{}] {}: {}", chart.name, chart.title, chart.says);
    for (name, axis) in [("x", &chart.x), ("y", &chart.y)] {
        let _ = writeln!(text, "  {name} {}", of_axis(axis));
    }
    chart.layers.iter().for_each(|it| layer(text, it));
    for rule in &chart.rules {
        let at = match rule.at {
            At::X(at) => format!("x = {}", number(at)),
            At::Y(at) => format!("y = {}", number(at)),
        };
        let _ = writeln!(text, "  | {at} {:?} {}", rule.colour, rule.label);
    }
}

fn of_axis(axis: &Axis) -> String {
    let scale = match &axis.scale {
        Scale::Names(names) => format!("names {}", names.join(" / ")),
        other => format!("{other:?}").to_lowercase(),
    };
    let shown =
        axis.shown.map_or_else(String::new, |(a, b)| format!(", {} to {}", number(a), number(b)));
    let reversed = if axis.reversed { ", reversed" } else { "" };
    format!("{}, {scale}{shown}{reversed}", axis.says())
}

fn layer(text: &mut String, layer: &Layer) {
    let points: Vec<String> = layer.points.iter().take(SHOWN).map(point).collect();
    let more = layer.points.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" … {more} more") } else { String::new() };
    let Layer { name, shape, colour, .. } = layer;
    let _ = writeln!(text, "  {shape:?} {colour:?} {name}: {}{more}", points.join(" "));
}

fn point(point: &Point) -> String {
    let Point { x, y, low, high, weight } = *point;
    let mut text = format!("({}, {}", number(x), y.map_or("–".to_owned(), number));
    if low.is_some() || high.is_some() {
        let end = |end: Option<f64>| end.map_or("…".to_owned(), number);
        let _ = write!(text, " [{}, {}]", end(low), end(high));
    }
    if let Some(weight) = weight {
        let _ = write!(text, " × {}", number(weight));
    }
    text + ")"
}

/// At most five figures: more would tell machines apart.
fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    rounded.to_string()
}

fn table(text: &mut String, table: &Table) {
    let _ = writeln!(text, "\n<{}> {}", table.name, table.title);
    let _ = writeln!(text, "  {}", table.columns.join(" | "));
    for row in table.rows.iter().take(SHOWN) {
        let cells: Vec<&str> = row
            .iter()
            .map(|cell| match cell {
                Cell::Text(text) => text.as_str(),
                Cell::Number { shown, .. } => shown.as_str(),
            })
            .collect();
        let _ = writeln!(text, "  {}", cells.join(" | "));
    }
    if table.rows.len() > SHOWN {
        let _ = writeln!(text, "  … {} more", table.rows.len() - SHOWN);
    }
}

/// What every page relies on: names are unique and fit for files, axes have units, layers have their
/// points by rising x and none that is not finite, rows have a cell a column.
pub(in crate::report) fn check(story: &Story) {
    let mut names = std::collections::BTreeSet::new();
    for section in &story.sections {
        for chart in &section.charts {
            assert!(names.insert(chart.name.clone()), "{} is there twice", chart.name);
            assert!(!chart.says.is_empty(), "{} says nothing", chart.name);
            for axis in [&chart.x, &chart.y] {
                let named = matches!(axis.scale, Scale::Names(_));
                assert!(named || !axis.label.is_empty(), "{}", chart.name);
            }
            for layer in &chart.layers {
                let xs = layer.points.windows(2).all(|two| two[0].x <= two[1].x);
                assert!(xs, "{}: {} is out of order", chart.name, layer.name);
                let finite = |point: &Point| {
                    let all = [point.y, point.low, point.high, point.weight];
                    point.x.is_finite() && all.into_iter().flatten().all(f64::is_finite)
                };
                assert!(layer.points.iter().all(finite), "{}: {}", chart.name, layer.name);
            }
        }
        for table in &section.tables {
            assert!(names.insert(table.name.clone()), "{} is there twice", table.name);
            let whole = table.rows.iter().all(|row| row.len() == table.columns.len());
            assert!(whole, "{}: a row of another length", table.name);
        }
    }
    assert!(story.findings.len() <= 3, "more than three findings");
}
