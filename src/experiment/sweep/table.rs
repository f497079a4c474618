//! `rows.csv`: one row a world, in the order of points and of the worlds of a point.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::design::Design;
use crate::experiment::Replications;
use crate::measure::{Counts, Metric};
use crate::store::WorldSummary;

/// What the rows of a sweep look like: which point and world they are of, the varied keys, the digest, the
/// counts, and the metrics. What was not observed is an empty cell.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// Where the market is looked at.
    pub design: &'a Design,
    /// The worlds of a point.
    pub worlds: Replications,
    /// The metrics that have a column.
    pub metrics: &'a [&'static Metric],
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub digest: String,
    pub counts: Counts,
    /// In the order of the table's metrics.
    pub values: Vec<Option<f64>>,
}

impl Table<'_> {
    /// Rows of the whole design.
    pub fn rows(&self) -> u64 {
        u64::from(self.design.points()) * self.worlds.worlds()
    }

    /// The names of the columns.
    pub fn header(&self) -> String {
        let keys = self.design.factors().iter().map(|factor| factor.key.clone());
        let counts = count_names();
        let metrics = self.metrics.iter().map(|metric| metric.name.to_owned());
        let first = ["point", "market", "world"].map(str::to_owned).into_iter();
        let all = first.chain(keys).chain(["digest".to_owned()]).chain(counts).chain(metrics);
        record(all)
    }

    /// The rows of the worlds of a point, each with its line break.
    pub fn lines(&self, point: u32, worlds: &[WorldSummary]) -> String {
        let mut text = String::new();
        for (number, world) in worlds.iter().enumerate() {
            let counts = serde_json::to_value(world.counts).unwrap_or_default();
            let counts = counts.as_object().into_iter().flat_map(Map::values).map(Value::to_string);
            let value = |metric: &&Metric| {
                let value = world.metrics.get(metric.name).copied().flatten();
                // The shortest text that is read back as the very number.
                value.filter(|x| x.is_finite()).map_or_else(String::new, |x| format!("{x:?}"))
            };
            let values = self.metrics.iter().map(value);
            let rest = record([world.digest.clone()].into_iter().chain(counts).chain(values));
            let _ = writeln!(text, "{},{rest}", self.head(point, number as u32));
        }
        text
    }

    /// What the row of a world of a point begins with: all that is known before it was run.
    fn head(&self, point: u32, world: u32) -> String {
        let market = world / self.worlds.each;
        let settings = self.design.point(point).into_iter().map(|setting| setting.text);
        let numbers = [point, market, world].map(|n| n.to_string());
        record(numbers.into_iter().chain(settings))
    }

    /// Whether a line is the row of this number, as [`Table::lines`] would have written it.
    pub fn is_row(&self, row: u64, line: &str) -> bool {
        row < self.rows() && self.read(row, line).is_some()
    }

    /// Reads the row of this number.
    pub(super) fn read(&self, row: u64, line: &str) -> Option<Row> {
        let worlds = self.worlds.worlds();
        let head = self.head((row / worlds) as u32, (row % worlds) as u32);
        let mut cells = line.strip_prefix(&head)?.strip_prefix(',')?.split(',');
        let digest = cells.next()?.to_owned();
        let hex = digest.len() == 16 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let mut counts = Map::new();
        for name in count_names() {
            counts.insert(name, cells.next()?.parse::<u64>().ok()?.into());
        }
        let counts = serde_json::from_value(Value::Object(counts)).ok()?;
        let mut values = Vec::with_capacity(self.metrics.len());
        for cell in cells {
            let value = if cell.is_empty() { None } else { Some(cell.parse::<f64>().ok()?) };
            values.push(value);
        }
        (hex && values.len() == self.metrics.len()).then_some(Row { digest, counts, values })
    }
}

/// The names of the counts, in their order.
fn count_names() -> Vec<String> {
    let counts = serde_json::to_value(Counts::default()).unwrap_or_default();
    counts.as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

/// A line of CSV without its end; what has a comma or a quote in it is quoted.
fn record(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains([',', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",")
}
