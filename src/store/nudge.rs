//! What a nudge adds to `summary.json`.

use serde::{Deserialize, Serialize};

/// A mean over worlds and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean; nothing where there is no sample.
    pub value: Option<f64>,
    /// Lower end of its 95 % interval; nothing where it has none, or no end.
    pub low: Option<f64>,
    /// Upper end of that interval.
    pub high: Option<f64>,
    /// Independent values behind it: worlds of one market, or markets.
    pub n: usize,
}

/// A nudge and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NudgeSummary {
    /// `review`, `worse` or `better`: what was done to a seller.
    pub what: String,
    /// Stars of the review.
    pub stars: Option<u8>,
    /// `drawn`, `greatest` or the seller's number.
    pub whom: String,
    /// The day at whose start it was done, from 0.
    pub day: u32,
    /// Weeks from then on over which effects are told [weeks].
    pub weeks: u32,
    /// How intervals were made.
    pub method: String,
    /// What came of it with these channels open and those cut.
    pub settings: Vec<SettingSummary>,
    /// What each channel contributes.
    pub channels: Vec<ChannelSummary>,
}

/// What came of a nudge with some channels open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingSummary {
    /// `as it is`, `without ranking`, …, `all cut`.
    pub name: String,
    /// The channels that are open.
    pub open: Vec<String>,
    /// Worlds with a twin in which somebody was nudged.
    pub twins: usize,
    /// Of all worlds those whose twin is the same in every fact but the nudge.
    pub identical: usize,
    /// Orders that the nudged seller has more [orders/nudge].
    pub gain: Estimate,
    /// Orders that all sellers together have more [orders/nudge].
    pub gain_of_all: Estimate,
    /// Orders in other hands: ½Σ|Δ| over sellers [orders/nudge].
    pub reallocated: Estimate,
    /// The gain in each week since the nudge [orders/nudge].
    pub by_week: Vec<Estimate>,
    /// After a shock: the seller's daily share over its counterfactual, means over all twins [ratio].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub share_by_day: Vec<Option<f64>>,
    /// Days of the shock until that share is under a half (of a better one: over one and a half).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_days: Option<Estimate>,
    /// Days after the shock until that share is within 10 % of 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_days: Option<Estimate>,
}

/// What one channel contributes: with the scenario as it is, less with this channel cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelSummary {
    /// The channel.
    pub channel: String,
    /// Orders that the nudged seller has more because of it [orders/nudge].
    pub gain: Estimate,
    /// Orders in other hands because of it [orders/nudge].
    pub reallocated: Estimate,
}
