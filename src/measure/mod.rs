//! Metrics: what is read off the facts of a run. One family a file.
//!
//! A family keeps its own tallies and sees nothing but facts and the [`Census`]. Each cell of the
//! market has a family of its own to tell its facts to; at the end of every week they are joined in
//! the order of cells.

use std::any::Any;

use crate::history::{Census, Fact, FactMask};
use crate::units::SimTime;

/// Whether more of a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    Lower,
    Higher,
    None,
}

/// What a metric is, as `explain` and reports say it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The name in files and on the command line.
    pub name: &'static str,
    /// The unit: `ratio`, `EUR`, `days`, `stars`, `count`, …
    pub unit: &'static str,
    pub better: Better,
    /// One sentence for people.
    pub says: &'static str,
    /// The formula, in words and symbols.
    pub formula: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// Whether `weekly.csv` has a column of it.
    pub weekly: bool,
}

/// A group of metrics computed from the same tallies.
pub trait Family: Send + Any {
    /// What it computes, in the order of [`Family::values`].
    fn metrics(&self) -> &'static [Metric];

    /// The facts it wants to be told.
    fn wants(&self) -> FactMask;

    /// Takes one fact.
    fn observe(&mut self, at: SimTime, fact: &Fact<'_>);

    /// Takes over what another of the same family has tallied, and leaves that one empty.
    fn absorb(&mut self, other: &mut dyn Family);

    /// The values for the week that ends now, for metrics with `weekly` set (others are `None`), and
    /// starts the next week.
    fn close_week(&mut self, week: u32, census: &Census) -> Vec<Option<f64>>;

    /// The values for the whole run; `None` for what was not observed.
    fn values(&self, census: &Census) -> Vec<Option<f64>>;

    /// For [`Family::absorb`].
    fn as_any(&mut self) -> &mut dyn Any;
}
