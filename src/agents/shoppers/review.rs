//! What comes after a purchase: sending it back, writing about it.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::{Condition, ReturnReason};
use crate::rng::{exp, ln, unit_normal, unit32};

/// `[shoppers.returns]`: how often units are sent back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnsSpec {
    /// Chance of returning a defective unit [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub defective: f64,
    /// Chance of returning a misgraded unit [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub misgraded: f64,
    /// Chance of returning a sound unit that came late [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub late: f64,
    /// Chance of returning a sound unit that came in time [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub otherwise: f64,
    /// Days after delivery within which a unit may go back [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub within_days: f64,
}

impl ReturnsSpec {
    /// The reason for which a unit goes back, by two uniform draws; `None` if it is kept.
    pub fn reason(&self, condition: Condition, late: bool, unit: f64) -> Option<ReturnReason> {
        let (chance, reason) = match condition {
            Condition::Defective => (self.defective, ReturnReason::Defect),
            Condition::Misgraded => (self.misgraded, ReturnReason::NotAsDescribed),
            Condition::Sound if late => (self.late, ReturnReason::TooLate),
            Condition::Sound => (self.otherwise, ReturnReason::ChangedMind),
        };
        (unit < chance).then_some(reason)
    }

    /// Share of the units that go back of a seller whose parcels are `late` and units `defect`ive that
    /// often, and sound ones worse than their grade in `misgrade` of cases.
    pub fn rate(&self, late: f64, defect: f64, misgrade: f64) -> f64 {
        let works = 1.0 - defect;
        let sound = late * self.late + (1.0 - late) * self.otherwise;
        let works_back = misgrade * self.misgraded + (1.0 - misgrade) * sound;
        defect * self.defective + works * works_back
    }
}

/// `[reviews]`: who reviews, when, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewsSpec {
    /// Chance of answering the survey by the stars that would be given, 1 to 5: equal numbers mean
    /// no self-selection; 5 numbers [ratio].
    #[garde(length(min = 5, max = 5), inner(range(min = 0.0, max = 1.0)))]
    pub response: Vec<f64>,
    /// Days from delivery to the survey [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub asked_after_days: f64,
    /// Days from the survey to the answer.
    #[garde(dive)]
    pub delay: Delay,
    /// Drift of standards: tilt added to everybody's stars a week (rating inflation) [1/week].
    #[garde(range(min = -1.0, max = 1.0))]
    pub inflation_per_week: f64,
    /// Real-valued stars around a seller's true mean, in place of those that an order's outcome earns;
    /// absent: stars by outcome.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaussian: Option<GaussianSpec>,
}

/// `[reviews.gaussian]`: stars are the seller's true mean plus normal noise. Reputations add them up to a
/// thousandth; what is told of a review is the nearest of 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GaussianSpec {
    /// Standard deviation of one review around the true mean [stars].
    #[garde(range(min = 0.0, max = 10.0))]
    pub sd: f64,
}

/// `[reviews.delay.NAME]`: the distribution of a delay; one variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Delay {
    /// Lognormal.
    Lognormal(#[garde(dive)] LognormalDelay),
    /// Exponential: memoryless.
    Exponential(#[garde(dive)] ExponentialDelay),
}

/// A lognormal delay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalDelay {
    /// Median [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub median_days: f64,
    /// Standard deviation of the logarithm [ratio].
    #[garde(range(min = 0.0, max = 5.0))]
    pub sigma: f64,
}

/// An exponential delay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialDelay {
    /// Mean [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub mean_days: f64,
}

impl Delay {
    /// The delay [days] at 32 uniform bits.
    pub fn days(&self, bits: u32) -> f64 {
        match self {
            Delay::Lognormal(d) => d.median_days * exp(d.sigma * unit_normal(unit32(bits))),
            Delay::Exponential(d) => -d.mean_days * ln(unit32(bits)),
        }
    }
}
