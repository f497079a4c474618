//! Reaction: a seller that hears of bad reviews takes more care for a while, at a cost.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quality::ChangeSpec;

/// How a seller answers its reviews. It hears of them by the feedback channel `sellers` alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionSpec {
    /// Reviews that it looks back on: each new one weighs 1 over this [reviews].
    #[garde(range(min = 1.0, max = 10_000.0))]
    pub reviews: f64,
    /// Mean of the stars it looks back on below which it takes care [stars].
    #[garde(range(min = 1.0, max = 5.0))]
    pub below: f64,
    /// What care does to its quality.
    #[garde(dive)]
    pub care: ChangeSpec,
    /// What care costs, over the price of each unit it sells [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub cost: f64,
    /// How long it takes care [days].
    #[garde(range(min = 1, max = 3650))]
    pub days: u32,
    /// How long it then rests before it can take care again [days].
    #[garde(range(min = 0, max = 3650))]
    pub rest_days: u32,
}

/// What a seller thinks of its reviews, and whether it is taking care.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reaction {
    // Reviews heard, with the weight that the oldest have lost; and their mean.
    heard: f64,
    mean: f64,
    caring_until: u32,
    ready_from: u32,
}

impl Reaction {
    /// A review of `stars` was published.
    pub fn heard(&mut self, stars: u8, spec: &ReactionSpec) {
        self.heard = (self.heard + 1.0).min(spec.reviews);
        self.mean += (f64::from(stars) - self.mean) / self.heard;
    }

    /// Thinks it over: the first day on which care begun now ends, if it begins now.
    pub fn consider(&mut self, day: u32, spec: &ReactionSpec) -> Option<u32> {
        // A handful of reviews says little: it waits until it has as many as it looks back on.
        if day < self.ready_from || self.heard < spec.reviews || self.mean >= spec.below {
            return None;
        }
        self.caring_until = day.saturating_add(spec.days);
        self.ready_from = self.caring_until.saturating_add(spec.rest_days);
        Some(self.caring_until)
    }

    /// Whether it takes care on a day.
    pub const fn caring(&self, day: u32) -> bool {
        day < self.caring_until
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reference;
    use super::*;

    #[test]
    fn bad_reviews_bring_care_for_its_days_and_then_a_rest() {
        let spec = ReactionSpec {
            reviews: 10.0,
            below: 3.5,
            days: 28,
            rest_days: 14,
            ..reference().reaction.expect("the reference has a reaction")
        };
        let mut mind = Reaction::default();
        for _ in 0..9 {
            mind.heard(1, &spec);
        }
        assert_eq!(mind.consider(3, &spec), None, "nine reviews are too few");
        mind.heard(1, &spec);
        assert_eq!(mind.consider(3, &spec), Some(31));
        assert!(mind.caring(30) && !mind.caring(31));
        assert_eq!(mind.consider(44, &spec), None, "it rests until day 45");
        assert_eq!(mind.consider(45, &spec), Some(73));
        for _ in 0..40 {
            mind.heard(5, &spec);
        }
        assert_eq!(mind.consider(100, &spec), None, "good reviews end it");
    }
}
