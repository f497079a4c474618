//! Shoppers: how many come, what they take, whether they come back, what they write.

mod choice;
mod loyalty;
mod review;
mod traffic;

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use choice::{Browsing, CascadeSpec, ChoiceSpec, Chooser, Glance, PositionSpec, Taste, leaves};
pub use loyalty::{Customer, Customers, LoyaltySpec, Mood};
pub use review::{Delay, GaussianSpec, ReturnsSpec, ReviewsSpec};
pub use traffic::{Peak, Traffic};

/// `[shoppers]`: who visits, how often, and how they choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShoppersSpec {
    /// Visits expected in week 0 [visits/week].
    #[garde(range(min = 0.0, max = 1e9))]
    pub visits_per_week: f64,
    /// Growth of the trend [ratio/week]: 0.018 is 1.8 % more each week.
    #[garde(range(min = -0.5, max = 0.5))]
    pub growth_per_week: f64,
    /// Share of a day's visits by hour, midnight first; 24 numbers that add up to 1 [ratio].
    #[garde(length(min = 24, max = 24), inner(range(min = 0.0, max = 1.0)))]
    pub hour_share: Vec<f64>,
    /// Share of a week's visits by day, Monday first; 7 numbers that add up to 1 [ratio].
    #[garde(length(min = 7, max = 7), inner(range(min = 0.0, max = 1.0)))]
    pub weekday_share: Vec<f64>,
    /// Weeks with more visits than the trend, by name.
    #[garde(dive)]
    #[serde(default)]
    pub peaks: BTreeMap<String, Peak>,
    /// Classes of shoppers, by name; their shares add up to 1.
    #[garde(dive, length(min = 1, max = 63))]
    pub classes: BTreeMap<String, ClassSpec>,
    /// How a slate is looked at and left.
    #[garde(dive)]
    pub choice: ChoiceSpec,
    /// Customers who remember; without it every visit is by somebody new.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loyalty: Option<LoyaltySpec>,
    /// Returns; without it nothing is sent back.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<ReturnsSpec>,
}

/// `[shoppers.classes.NAME]`: shoppers who are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassSpec {
    /// Share of all visits [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Price sensitivity [utility/EUR].
    #[garde(range(min = 0.0, max = 10.0))]
    pub alpha: f64,
    /// What one star more is worth [EUR/star].
    #[garde(range(min = 0.0, max = 10_000.0))]
    pub star_eur: f64,
    /// What a day less of promised delivery is worth [EUR/day]; absent: nothing.
    #[garde(range(min = 0.0, max = 1_000.0))]
    #[serde(default)]
    pub promise_eur_per_day: f64,
    /// Share of them by country; absent: as `countries` shares all shoppers out [ratio].
    #[garde(custom(shares))]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub countries: BTreeMap<String, f64>,
    /// Share of them who look at the whole slate; the others look at the box alone [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub choosers: f64,
}

/// Whether everything shared out is between 0 and 1.
fn shares(of: &BTreeMap<String, f64>, _: &()) -> garde::Result {
    match of.iter().find(|(_, share)| !(0.0..=1.0).contains(*share)) {
        Some((name, share)) => Err(garde::Error::new(format!("{share} of `{name}` is no share"))),
        None => Ok(()),
    }
}
