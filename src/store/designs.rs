//! What a test within one world adds to `summary.json`: what it says, and what is true.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a design says of one metric, beside the truth: the second arm less the first.
///
/// As in [`MetricValue`](super::MetricValue), of several markets each is one value: the mean of its worlds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignResult {
    /// `shopper-split`, `seller-split` or `switchback`.
    pub design: String,
    /// The name of the metric; or `orders`, the orders of the whole market.
    pub metric: String,
    /// The unit of all values.
    pub unit: String,
    /// Mean where everybody is in the first arm.
    pub base: Option<f64>,
    /// Mean over worlds of what the test says: the difference of the sides' means within a world.
    pub estimate: Option<f64>,
    /// Lower end of its 95 % interval by Student's t over worlds; nothing for one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Mean difference of worlds with everybody in the second arm and in the first.
    pub truth: Option<f64>,
    /// Lower end of its 95 % interval.
    pub truth_low: Option<f64>,
    /// Upper end.
    pub truth_high: Option<f64>,
    /// Mean of `estimate` − `truth`, world by world.
    pub bias: Option<f64>,
    /// Lower end of its 95 % interval.
    pub bias_low: Option<f64>,
    /// Upper end.
    pub bias_high: Option<f64>,
    /// Independent values: worlds of one market in which all three had a sample, or markets.
    pub n: usize,
}

/// One world with a test in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestedWorld {
    /// `shopper-split`, `seller-split` or `switchback`.
    pub design: String,
    /// Number of the world: with the same market and chances as the arms' of this number.
    pub world: u32,
    /// Number of its market.
    pub market: u32,
    /// Whether it was run to its end, and so enters means and intervals.
    pub complete: bool,
    /// 16 hex digits that name everything that happened.
    pub digest: String,
    /// Of the side of the first arm, by metric; totals are scaled up to the whole market.
    pub a: BTreeMap<String, Option<f64>>,
    /// Of the side of the second.
    pub b: BTreeMap<String, Option<f64>>,
}
