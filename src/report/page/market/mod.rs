//! What is told of a simulated market, of the command `run` and of the base of a comparison.
//!
//! All of it comes from the run folder: `summary.json` and the tables. Where there are several worlds, what
//! every world has is told as a mean over worlds with the 95 % interval of the mean by Student's t, and the
//! rest of the first world; captions say which.

mod cold_start;
mod experience;
mod feedback;
mod findings;
mod joining;
mod lorenz;
mod ranks;
mod sellers;
#[cfg(test)]
mod tests;
mod trade;

use std::collections::BTreeMap;

use super::{Axis, Cell, Chart, Colour, Layer, Point, Rule, Section, Shape, Story, Table};
use crate::measure::interval::Interval;
use crate::measure::{ApplicantRow, SellerRow, SellerWeekRow, TradeRow, WeekRow};
use crate::report::numbers::{count, fixed, or_none};
use crate::store::{OfWorld, RunFolder, StoreError, Summary, WorldSummary};

/// What there is to tell.
///
/// # Errors
/// When a table of the folder cannot be read, or is not what this program writes. A table that is not there
/// is no error: the pictures that are made of it say so.
pub(super) fn story(folder: &RunFolder, summary: &Summary) -> Result<Story, StoreError> {
    let run = Run::read(folder, summary)?;
    let sections = vec![
        feedback::section(&run),
        lorenz::section(&run),
        cold_start::section(&run),
        joining::section(&run),
        experience::section(&run),
        trade::section(&run),
        sellers::section(&run),
    ];
    Ok(Story { findings: findings::findings(&run), sections })
}

/// A run folder's summary and tables.
struct Run<'a> {
    summary: &'a Summary,
    weeks: Option<Vec<OfWorld<WeekRow>>>,
    sellers: Option<Vec<OfWorld<SellerRow>>>,
    applicants: Option<Vec<OfWorld<ApplicantRow>>>,
    seller_weeks: Option<Vec<OfWorld<SellerWeekRow>>>,
    trade: Option<Vec<OfWorld<TradeRow>>>,
}

/// The rows of one world.
fn of_world<R>(table: Option<&[OfWorld<R>]>, world: u32) -> impl Iterator<Item = &R> {
    let rows = table.into_iter().flatten();
    rows.filter(move |row| row.world == world).map(|row| &row.row)
}

impl<'a> Run<'a> {
    fn read(folder: &RunFolder, summary: &'a Summary) -> Result<Run<'a>, StoreError> {
        Ok(Run {
            summary,
            weeks: folder.weeks(None)?,
            sellers: folder.sellers(None)?,
            applicants: folder.applicants(None)?,
            seller_weeks: folder.seller_weeks(None)?,
            trade: folder.trade(None)?,
        })
    }

    /// The world that is looked at closely: the one whose weeks are kept seller by seller, or else the first
    /// of those that means are of.
    fn first(&self) -> u32 {
        let kept = self.seller_weeks.iter().flatten().next().map(|row| row.world);
        let averaged = || self.summary.averaged().next().map(|world| world.world);
        kept.or_else(averaged).unwrap_or(0)
    }

    /// Whether a metric had a sample in some of the worlds of one market and not in all.
    fn some(&self, name: &str) -> bool {
        let of = self.summary.metric(name).map_or(0, |metric| metric.n);
        self.summary.markets() <= 1 && of > 0 && of < self.worlds()
    }

    /// How many worlds means are of.
    fn worlds(&self) -> usize {
        self.summary.averaged().count()
    }

    fn weeks(&self, world: u32) -> impl Iterator<Item = &WeekRow> {
        of_world(self.weeks.as_deref(), world)
    }

    fn sellers(&self, world: u32) -> impl Iterator<Item = &SellerRow> {
        of_world(self.sellers.as_deref(), world)
    }

    fn applicants(&self, world: u32) -> impl Iterator<Item = &ApplicantRow> {
        of_world(self.applicants.as_deref(), world)
    }

    fn seller_weeks(&self) -> impl Iterator<Item = &SellerWeekRow> {
        of_world(self.seller_weeks.as_deref(), self.first())
    }

    fn trade(&self, world: u32) -> impl Iterator<Item = &TradeRow> {
        of_world(self.trade.as_deref(), world)
    }

    /// When the first world was over [days].
    fn end_days(&self) -> f64 {
        let first = self.summary.worlds.iter().find(|world| world.world == self.first());
        first.map_or(0.0, |world| f64::from(world.weeks_done) * 7.0)
    }

    /// What stands below a picture of means over worlds.
    fn of_means(&self) -> String {
        match (self.worlds(), self.summary.markets()) {
            (0 | 1, _) => "One world: no interval.".to_owned(),
            (worlds, 0 | 1) => {
                format!("Means of {worlds} worlds, with 95 % intervals of the mean.")
            }
            (worlds, markets) => format!(
                "Means of {markets} markets, {worlds} worlds in all, with 95 % intervals over markets."
            ),
        }
    }

    /// What stands below a picture of the first world, where there are others.
    fn of_first(&self) -> String {
        match self.worlds() {
            0 | 1 => String::new(),
            worlds => format!("World {} of {worlds}.", self.first()),
        }
    }

    /// What stands behind words of the first world, which has no interval.
    fn alone(&self) -> String {
        match self.worlds() {
            0 | 1 => self.of_means(),
            worlds => format!("World {} of {worlds} alone: no interval.", self.first()),
        }
    }

    /// ` in world 0`, where there are others.
    fn in_first(&self) -> String {
        match self.worlds() {
            0 | 1 => String::new(),
            _ => format!(" in world {}", self.first()),
        }
    }

    /// A line over the weeks of what `of` says of each, with a band over worlds.
    fn weekly(&self, of: impl Fn(&WeekRow) -> Option<f64>) -> Vec<Point> {
        let mut by_week: BTreeMap<u32, BTreeMap<u32, f64>> = BTreeMap::new();
        for row in self.weeks.iter().flatten() {
            let worlds = by_week.entry(row.row.week).or_default();
            worlds.extend(of(&row.row).map(|value| (row.world, value)));
        }
        let point = |(week, worlds): (u32, BTreeMap<u32, f64>)| {
            self.mean(f64::from(week), |world| worlds.get(&world.world).copied())
        };
        by_week.into_iter().map(point).collect()
    }

    /// A mean over worlds, drawn at `x`.
    fn mean(&self, x: f64, of: impl Fn(&WorldSummary) -> Option<f64>) -> Point {
        let Interval { mean, low, high, .. } = self.summary.mean_over_worlds(of);
        Point::new(x, mean).within(low, high)
    }
}

/// The weeks of the run, numbered as in the tables.
fn weeks_axis() -> Axis {
    Axis::linear("week of the run", "weeks")
}

/// A layer of what is drawn.
fn layer(name: &str, shape: Shape, colour: Colour, points: Vec<Point>) -> Layer {
    Layer::new(name, shape, colour, points)
}

/// What a picture is, without what is drawn in it.
struct Frame<'a> {
    name: &'a str,
    title: &'a str,
    x: Axis,
    y: Axis,
}

impl Frame<'_> {
    /// The picture; where there is nothing to draw, with `why` in place of its caption.
    fn with(self, layers: Vec<Layer>, says: String, why: &str) -> Chart {
        self.ruled(layers, vec![], says, why)
    }

    /// The same with lines right across.
    fn ruled(self, layers: Vec<Layer>, rules: Vec<Rule>, says: String, why: &str) -> Chart {
        let Frame { name, title, x, y } = self;
        let (name, title, says) = (name.to_owned(), title.to_owned(), tidy(&says));
        let chart = Chart { name, title, says, x, y, layers, rules };
        if chart.has_points() {
            return chart;
        }
        Chart { layers: vec![], rules: vec![], says: why.to_owned(), ..chart }
    }
}

/// Words one blank apart, where some of them may have been none.
fn tidy(says: &str) -> String {
    says.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a picture is empty: without its table, or else for the reason given.
fn missing<R>(table: Option<&Vec<R>>, file: &str, otherwise: &str) -> String {
    match table {
        None => format!("The run folder has no {file}: this picture is made of it."),
        Some(_) => otherwise.to_owned(),
    }
}

/// A table of a page.
fn table(name: &str, title: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Table {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    Table { name: name.to_owned(), title: title.to_owned(), columns, rows }
}

/// A cell of words.
fn words(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A cell of a count.
fn whole(n: u64) -> Cell {
    Cell::Number { value: Some(n as f64), shown: count(n) }
}

/// A cell of a number with so many places.
fn number(value: Option<f64>, places: usize) -> Cell {
    formed(value, |value| fixed(value, places))
}

/// A cell of a number in a form.
fn formed(value: Option<f64>, form: impl FnOnce(f64) -> String) -> Cell {
    let value = value.filter(|value| value.is_finite());
    Cell::Number { value, shown: or_none(value, form) }
}

/// `part` of `whole`; nothing where there is no whole.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
