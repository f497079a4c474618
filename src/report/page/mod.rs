//! The page of a run: what happened in words, then pictures, then tables, then how to see it again.
//!
//! A page is made in two steps. What is on it, as values of this file, comes from what a run folder holds,
//! one file a kind of run; it says nothing about how it is drawn. Then `report.html` is drawn of it
//! for browsers, and `plots/*.svg` for all else: one picture, two ways to draw it.

mod compare;
mod designs;
#[cfg(test)]
pub(super) mod fixture;
mod html;
mod load;
mod market;
mod nudge;
mod origin;
mod plots;
mod relative;
#[cfg(test)]
mod sketch;
mod sweep;
mod sweep_points;
#[cfg(test)]
mod trials;
mod validate;
mod weekly;
mod write;

pub use html::html;
pub use plots::{PlotError, png, svg};
pub use write::{Pictures, ReportError, write_report};

use super::numbers::or_none;
use crate::store::{RunFolder, StoreError, Summary};

/// The page of a run, by what its folder holds.
///
/// # Errors
/// When a file of the folder cannot be read, or is not what this program writes.
pub fn page(folder: &RunFolder, summary: &Summary) -> Result<Page, StoreError> {
    let story = match summary.command.as_str() {
        "compare" => compare::story(folder, summary),
        "nudge" => nudge::story(folder, summary),
        "sweep" => sweep::story(folder, summary),
        "validate" => validate::story(folder, summary),
        "load" => load::story(folder, summary),
        _ => market::story(folder, summary),
    }?;
    let title = format!("{}: {}", summary.scenario.name, summary.command);
    let mut story = story;
    if let Some(kept) = &summary.interrupted {
        let says = format!("It {kept}. What follows is of that alone.");
        story.findings.insert(0, Finding::new("Interrupted before its end", says, Mood::Bad));
    }
    Ok(Page { title, story, origin: origin::origin(summary) })
}

/// The page of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// What ran: scenario and command.
    pub title: String,
    /// What is told of it.
    pub story: Story,
    /// How to see it again: names and values.
    pub origin: Vec<(String, String)>,
}

/// What is told of a run. Each kind of run has its own, made of what its folder holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Story {
    /// What the first screen says: three findings, the most telling first.
    pub findings: Vec<Finding>,
    /// What follows, in order.
    pub sections: Vec<Section>,
}

/// One thing that happened, in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The figure or the verdict, in a few words: `40.0 % unsold at 90 days`.
    pub headline: String,
    /// A sentence or two: what it means, with its interval or the sample size that says why it has none.
    pub says: String,
    /// How it is to be taken.
    pub mood: Mood,
}

/// How something is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Better, passed, believable.
    Good,
    /// Worse, failed, not to be believed.
    Bad,
    /// Neither.
    Plain,
}

/// Pictures and tables that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// What the reader should look at here, in a sentence or two.
    pub lead: String,
    /// Its pictures.
    pub charts: Vec<Chart>,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// One picture: layers over two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The name of its file and its anchor, unique on its page: `lorenz`, `cold-start`.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// What it shows, in a sentence: its caption, and what a screen reader says in its place. Where there
    /// is nothing to draw, why not.
    pub says: String,
    /// The axis from left to right.
    pub x: Axis,
    /// The axis from bottom to top.
    pub y: Axis,
    /// What is drawn, the hindmost first. Empty, or without a point: only `says` is shown.
    pub layers: Vec<Layer>,
    /// Lines right across.
    pub rules: Vec<Rule>,
}

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it measures: `share of sales`.
    pub label: String,
    /// In which unit; empty only for names and pure counts.
    pub unit: String,
    /// How values are laid out on it.
    pub scale: Scale,
    /// Whether greater values lie further left or down, as with ranks.
    pub reversed: bool,
    /// The ends that are to be seen in any case; where nothing is said, those of the data.
    pub shown: Option<(f64, f64)>,
}

/// How values are laid out on an axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm; what is not above 0 is not drawn.
    Log,
    /// Percentiles [%] by their distance from 100 % on a logarithm, as HdrHistogram plots them: 90, 99 and
    /// 99.9 % lie one step apart. 100 % is not drawn.
    Percentile,
    /// Value 0, 1, 2, … stands for the first, second, third of these names.
    Names(Vec<String>),
}

/// One set of points with a name in the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Its name in the legend.
    pub name: String,
    /// What is drawn of it.
    pub shape: Shape,
    /// Which of the palette's colours; layers that belong together share one.
    pub colour: Colour,
    /// The points, by rising x. Lines break where y is nothing.
    pub points: Vec<Point>,
    /// Of cells: the weight at which colour begins.
    pub ground: f64,
}

/// What is drawn of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A line from point to point; between `low` and `high`, where there are any, a band.
    Line,
    /// The same, dashed.
    Dashes,
    /// A line that keeps its height until the next point, as of Kaplan and Meier; bands too.
    Steps,
    /// A dot a point, with a whisker from `low` to `high` along y.
    Dots,
    /// A dot a point, with a whisker from `low` to `high` along x, as in a forest plot.
    Forest,
    /// A bar from 0 to y, with a whisker along y.
    Bars,
    /// A bar from 0 to x at the height of y, with a whisker along x: for long names.
    Lying,
    /// A filled cell a point, 1 wide on axes of names, else as wide and high as the least distance
    /// between points; the greater `weight`, the darker. One such layer a chart.
    Cells,
}

/// The palette, by what a colour is for. How it looks is the page's business: it is told apart with any
/// kind of sight, in light and dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One of eight that are told apart; numbers beyond begin anew.
    Nth(u8),
    /// Good news.
    Good,
    /// Bad news.
    Bad,
    /// Background: what the rest is held against.
    Muted,
}

/// One point of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Left to right.
    pub x: f64,
    /// Bottom to top; nothing where it was not observed.
    pub y: Option<f64>,
    /// Lower end of its interval; nothing where it has none.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// Of cells: what its colour stands for, the stronger the more; the layer's name says what it is.
    pub weight: Option<f64>,
}

/// A line right across the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Across which axis it stands: at this x from bottom to top, or at this y from left to right.
    pub at: At,
    /// What it says: `limit 50 µs`.
    pub label: String,
    /// Its colour.
    pub colour: Colour,
}

/// Where a line right across stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum At {
    /// At this x, from bottom to top.
    X(f64),
    /// At this y, from left to right.
    Y(f64),
}

/// A table that readers sort and filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its anchor, unique on its page.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// Heads of its columns, with units: `price [EUR]`.
    pub columns: Vec<String>,
    /// Its rows; each has a cell a column.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words, sorted as such.
    Text(String),
    /// A number, sorted by `value`; what was not observed is last.
    Number {
        /// The number.
        value: Option<f64>,
        /// As it is shown.
        shown: String,
    },
}

impl Axis {
    /// An axis on which values are laid out evenly.
    pub fn linear(label: &str, unit: &str) -> Axis {
        Axis {
            label: label.to_owned(),
            unit: unit.to_owned(),
            scale: Scale::Linear,
            reversed: false,
            shown: None,
        }
    }

    /// An axis on which values are laid out by their logarithm.
    pub fn log(label: &str, unit: &str) -> Axis {
        Axis { scale: Scale::Log, ..Axis::linear(label, unit) }
    }

    /// An axis of names.
    pub fn names(label: &str, names: Vec<String>) -> Axis {
        Axis { scale: Scale::Names(names), ..Axis::linear(label, "") }
    }

    /// The same with greater values further left or down.
    #[must_use]
    pub fn reversed(self) -> Axis {
        Axis { reversed: true, ..self }
    }

    /// The same with ends that are to be seen in any case.
    #[must_use]
    pub fn from_to(self, least: f64, greatest: f64) -> Axis {
        Axis { shown: Some((least, greatest)), ..self }
    }

    /// Label and unit as they are written at it: `share of sales [%]`.
    pub fn says(&self) -> String {
        match self.unit.as_str() {
            "" => self.label.clone(),
            unit => format!("{} [{unit}]", self.label),
        }
    }
}

impl Point {
    /// A point without an interval.
    pub fn new(x: f64, y: impl Into<Option<f64>>) -> Point {
        Point { x, y: y.into(), ..Point::default() }
    }

    /// The same with its interval.
    #[must_use]
    pub fn within(self, low: Option<f64>, high: Option<f64>) -> Point {
        Point { low, high, ..self }
    }
}

impl Finding {
    /// A finding.
    pub fn new(headline: impl Into<String>, says: impl Into<String>, mood: Mood) -> Finding {
        Finding { headline: headline.into(), says: says.into(), mood }
    }
}

impl Section {
    /// A section without pictures and tables yet.
    pub fn new(title: impl Into<String>, lead: impl Into<String>) -> Section {
        Section { title: title.into(), lead: lead.into(), charts: Vec::new(), tables: Vec::new() }
    }
}

impl Layer {
    /// A layer of these points.
    pub fn new(name: impl Into<String>, shape: Shape, colour: Colour, points: Vec<Point>) -> Layer {
        Layer { name: name.into(), shape, colour, points, ground: 0.0 }
    }

    /// The same with cells whose colour begins at this weight and not at 0.
    #[must_use]
    pub fn above(self, ground: f64) -> Layer {
        Layer { ground, ..self }
    }
}

impl Rule {
    /// A line at this x from bottom to top.
    pub fn x(at: f64, label: impl Into<String>, colour: Colour) -> Rule {
        Rule { at: At::X(at), label: label.into(), colour }
    }

    /// A line at this y from left to right.
    pub fn y(at: f64, label: impl Into<String>, colour: Colour) -> Rule {
        Rule { at: At::Y(at), label: label.into(), colour }
    }
}

impl Table {
    /// A table without rows yet.
    pub fn new(name: &str, title: impl Into<String>, columns: &[&str]) -> Table {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Table { name: name.to_owned(), title: title.into(), columns, rows: Vec::new() }
    }
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// A number in this form, or a dash.
    pub fn number(value: Option<f64>, form: impl FnOnce(f64) -> String) -> Cell {
        let value = value.filter(|value| value.is_finite());
        Cell::Number { value, shown: or_none(value, form) }
    }
}

impl Chart {
    /// A picture without layers yet.
    pub fn new(
        name: impl Into<String>,
        title: impl Into<String>,
        says: impl Into<String>,
        (x, y): (Axis, Axis),
    ) -> Chart {
        let (layers, rules) = (Vec::new(), Vec::new());
        Chart { name: name.into(), title: title.into(), says: says.into(), x, y, layers, rules }
    }

    /// The same with these layers, those without a point left out.
    #[must_use]
    pub fn with(mut self, layers: impl IntoIterator<Item = Layer>) -> Chart {
        self.layers.extend(layers.into_iter().filter(|layer| !layer.points.is_empty()));
        self
    }

    /// The same with these lines right across.
    #[must_use]
    pub fn ruled(mut self, rules: impl IntoIterator<Item = Rule>) -> Chart {
        self.rules.extend(rules);
        self
    }

    /// Whether there is anything to draw.
    pub fn has_points(&self) -> bool {
        self.layers.iter().flat_map(|layer| &layer.points).any(|point| point.y.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_says_its_unit() {
        assert_eq!(Axis::linear("share of sales", "%").says(), "share of sales [%]");
        assert_eq!(Axis::names("kind of seller", vec![]).says(), "kind of seller");
    }

    #[test]
    fn what_was_not_observed_is_nothing_to_draw() {
        let layer = |y| Layer::new("stars", Shape::Line, Colour::Nth(0), vec![Point::new(1.0, y)]);
        let chart = |layers| Chart {
            name: "stars".to_owned(),
            title: "Stars".to_owned(),
            says: String::new(),
            x: Axis::linear("week", "weeks"),
            y: Axis::linear("mean stars", "stars"),
            layers,
            rules: vec![],
        };
        assert!(!chart(vec![]).has_points());
        assert!(!chart(vec![layer(None)]).has_points());
        assert!(chart(vec![layer(None), layer(Some(4.2))]).has_points());
    }
}
