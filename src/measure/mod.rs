//! Metrics: what is read off the facts of a run. One family a file.
//!
//! A family keeps its own tallies and sees nothing but facts, appraisals and the [`Census`]. Each cell of the
//! market has a family of its own to tell its facts to; at the end of every week they are joined in
//! the order of cells.

mod accuracy;
pub mod bootstrap;
mod cold_start;
mod competition;
mod concentration;
mod experience;
#[cfg(test)]
pub(crate) mod fixture;
mod income;
mod inflation;
pub mod interval;
mod loop_gain;
mod merit;
mod onboarding;
mod prices;
pub mod proportion;
mod ratings;
mod recorder;
mod regret;
mod seller_weeks;
mod sellers;
mod shares;
mod structure;
mod surplus;
pub mod survival;
mod tally;
mod trade;
mod turnover;
pub mod unpredictability;
mod visits;

pub use loop_gain::LOOP_METRICS;
pub use onboarding::ApplicantRow;
pub use recorder::{Counts, Recorder, WeekRow};
pub use seller_weeks::SellerWeekRow;
pub use sellers::SellerRow;
pub use trade::TradeRow;

use std::any::Any;

use crate::history::{Appraisal, Census, Fact, FactMask};
use crate::units::SimTime;

/// Every family, new and empty, in the order in which reports list their metrics.
pub fn families() -> Vec<Box<dyn Family>> {
    vec![
        Box::<concentration::Concentration>::default(),
        Box::<regret::Regret>::default(),
        Box::<merit::MeritGap>::default(),
        Box::<accuracy::Accuracy>::default(),
        Box::<surplus::Surplus>::default(),
        Box::<visits::Visits>::default(),
        Box::<experience::Experience>::default(),
        Box::<prices::Prices>::default(),
        Box::<competition::Competition>::default(),
        Box::<ratings::Ratings>::default(),
        Box::<inflation::Inflation>::default(),
        Box::<cold_start::ColdStart>::default(),
        Box::<onboarding::Onboarding>::default(),
        Box::<turnover::Turnover>::default(),
        Box::<unpredictability::Unpredictability>::default(),
        Box::<structure::Structure>::default(),
        Box::<income::Income>::default(),
        Box::<sellers::Sellers>::default(),
        Box::<seller_weeks::SellerWeeks>::default(),
        Box::<trade::Trade>::default(),
    ]
}

/// Every metric, in the order of [`families`].
pub fn all_metrics() -> Vec<&'static Metric> {
    families().iter().flat_map(|family| family.metrics()).collect()
}

/// Whether more of a metric is better.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// Neither: it describes the market.
    None,
}

/// What a metric is, as `explain` and reports say it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Metric {
    /// The name in files and on the command line.
    pub name: &'static str,
    /// The unit: `ratio`, `EUR`, `days`, `stars`, `count`, …
    pub unit: &'static str,
    /// Which way is better.
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

/// What a metric of some of the visits or orders is to be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// A mean over visits, or over what some of them were shown.
    Visit,
    /// A mean over orders, or over what came of them.
    Order,
    /// A mean over sellers, or another statistic of them.
    Seller,
    /// A total, which grows with the market.
    Market,
}

/// A group of metrics computed from the same tallies.
pub trait Family: Send + Any {
    /// What it computes, in the order of [`Family::values`].
    fn metrics(&self) -> &'static [Metric];

    /// The facts it wants to be told.
    fn wants(&self) -> FactMask;

    /// Metrics that mean the same of a part of all visits, or of all orders, as of the whole, so that the
    /// sides of a test within one world can be told apart by them. None where facts of other kinds matter:
    /// how concentrated sales are has no sides.
    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[]
    }

    /// Takes one fact.
    fn observe(&mut self, at: SimTime, fact: &Fact<'_>);

    /// Whether it wants to be told of visits taken apart.
    fn appraises(&self) -> bool {
        false
    }

    /// Takes one visit taken apart.
    fn appraise(&mut self, _: &Appraisal<'_>) {}

    /// Takes over what another of the same family has tallied, and leaves that one empty.
    fn absorb(&mut self, other: &mut dyn Family);

    /// The values for the week that ends now, for metrics with `weekly` set (others are `None`), and
    /// starts the next week.
    fn close_week(&mut self, week: u32, census: &Census) -> Vec<Option<f64>>;

    /// The values for the whole run; `None` for what was not observed.
    fn values(&self, census: &Census) -> Vec<Option<f64>>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_metric_says_what_it_is() {
        let mut names = BTreeSet::new();
        for metric in all_metrics() {
            let name = metric.name;
            assert!(names.insert(name), "{name} twice");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(plain), "{name}");
            assert!(metric.says.ends_with('.'), "{name}: {}", metric.says);
            for text in [metric.unit, metric.formula, metric.source] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{name}: {text}");
            }
        }
    }

    #[test]
    fn what_is_divisible_is_a_metric_of_its_family() {
        let of = |family: Box<dyn Family>| {
            let known = |name: &str| family.metrics().iter().any(|metric| metric.name == name);
            family.divisible().iter().filter(|(name, _)| known(name)).count()
        };
        let named: usize = families().iter().map(|family| family.divisible().len()).sum();
        assert_eq!(families().into_iter().map(of).sum::<usize>(), named);
        assert!(named >= 15, "{named}");
    }

    /// Values come in the order of metrics, and a metric that is not weekly has no weekly value.
    #[test]
    fn values_match_their_metrics() {
        let town = fixture::Town::new(3, 2);
        for mut family in families() {
            let metrics = family.metrics();
            assert_eq!(family.values(&town.census).len(), metrics.len());
            let weekly = family.close_week(0, &town.census);
            assert_eq!(weekly.len(), metrics.len());
            for (metric, value) in metrics.iter().zip(weekly) {
                assert!(metric.weekly || value.is_none(), "{}", metric.name);
            }
        }
    }
}
