//! What a comparison adds to `summary.json`: its arms, and how they differ.

use super::summary::{MetricValue, WorldSummary, over_worlds};
use crate::measure::Metric;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One arm of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmSummary {
    /// The name it was given.
    pub name: String,
    /// By name: means over its complete worlds, or what there is of a world where none is complete.
    pub metrics: BTreeMap<String, MetricValue>,
    /// Each of its worlds; world n of every arm has the same market and the same chances.
    pub worlds: Vec<WorldSummary>,
}

impl ArmSummary {
    /// An arm with its worlds and an entry for each of `metrics`.
    pub fn new(name: String, metrics: &[&'static Metric], worlds: Vec<WorldSummary>) -> ArmSummary {
        ArmSummary { name, metrics: over_worlds(metrics, &worlds), worlds }
    }
}

/// What is concluded about one metric of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The arm is better than the base, and that is no accident.
    Better,
    /// The arm is worse than the base, and that is no accident.
    Worse,
    /// It may be an accident, there is no sample, or neither direction of the metric is better.
    Unclear,
    /// Every world came out the same, to the bit.
    Same,
}

/// How an arm differs from the base in one metric.
///
/// Worlds are paired, and pairs of worlds in which either had no sample are left out of every field.
/// As in [`MetricValue`], of several markets each is one value: the mean of its pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The name of the arm.
    pub arm: String,
    /// The name of the metric, whose unit all values have.
    pub metric: String,
    /// Mean of the base; nothing where there is no pair.
    pub base: Option<f64>,
    /// Mean of the arm.
    pub value: Option<f64>,
    /// `value` − `base`.
    pub difference: Option<f64>,
    /// Lower end of the 95 % interval of the difference by Student's t; nothing for one pair.
    pub low: Option<f64>,
    /// Upper end of that interval.
    pub high: Option<f64>,
    /// Independent pairs: of worlds of one market, or of markets.
    pub n: usize,
    /// p-value of the paired t test by Holm over the metrics of this arm; nothing for one pair.
    pub p_adjusted: Option<f64>,
    /// What is concluded at a level of 5 % of `p_adjusted`.
    pub verdict: Verdict,
    /// 1 − Var(arm − base) / (Var(arm) + Var(base)): the share of the variance that pairing took away;
    /// below 0 where the two move against one another, nothing where neither moves.
    pub variance_saved: Option<f64>,
    /// Pairs that would find a difference of this size with a power of 80 %, at a level of 5 % for
    /// this metric alone, those that there are included; nothing where there is no difference.
    pub worlds_needed: Option<u64>,
}
