//! `mean-rating`: the plain mean of the stars, however few they are.
//!
//! Source: the "average rating" order of most shops; Miller 2009, "How Not To Sort By Average
//! Rating", for what is wrong with it: a single five-star review beats a thousand good ones.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, ShrunkStars};
use super::objective::{Objective, Priced, trade_formula};
use super::{About, Policy, Ranking, usable_power};

/// Ranks by the plain mean of a seller's stars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeanRating {
    /// The reviews that count.
    #[garde(dive)]
    pub evidence: Evidence,
    /// The mean ascribed to a seller without reviews [stars].
    #[garde(range(min = 1.0, max = 5.0))]
    pub prior_stars: f64,
    /// Power of quality in the score [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub quality_power: f64,
    /// Power of price in the score: 0 leaves price out, otherwise at least 0.1 [power].
    #[garde(range(min = 0.0, max = 4.0), custom(usable_power))]
    pub price_power: f64,
}

impl Policy for MeanRating {
    const ABOUT: About = About {
        name: "mean-rating",
        says: "Ranks by the plain mean of the stars, however few reviews there are.",
        formula: trade_formula!("stars / reviews, prior_stars without reviews"),
        source: "Miller 2009, How Not To Sort By Average Rating",
        reference: r#"
evidence = "lifetime" # [A]
prior_stars = 4.15 # [A] what the shoppers' utility takes for usual
quality_power = 1.0 # [A]
price_power = 0.0 # [A] price ignored
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Priced {
            estimate: ShrunkStars {
                evidence: self.evidence,
                shrinkage: 0.0,
                prior_stars: self.prior_stars,
            },
            objective: Objective::new(self.quality_power, self.price_power),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Merit;
    use super::super::tests::{argmax, columns, reference, reviewed, score_of};

    #[test]
    fn one_perfect_review_beats_a_thousand_good_ones() {
        let policy = reference("mean-rating").build();
        let merits = [reviewed(1000, 4900), reviewed(1, 5), Merit::unknown(5.0)];
        let market = columns(policy.as_ref(), &merits, &[1.0, 900.0, 1.0]);
        let scores = score_of(policy.as_ref(), &market, 1, 1);
        assert_eq!(scores, [4.9, 5.0, 4.15]);
        assert_eq!(argmax(&scores), 1);
    }
}
