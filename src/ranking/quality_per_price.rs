//! `quality-per-price`: mean stars for each euro, the simplest "best quality at the best price".
//!
//! Source: the ratio of benefit to cost; as a choice rule, Keeney and Raiffa 1976, "Decisions with
//! Multiple Objectives".

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, ShrunkStars};
use super::objective::{Objective, Priced};
use super::{About, Policy, Ranking};

/// Ranks by mean stars over price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityPerPrice {
    /// The reviews that count.
    #[garde(dive)]
    pub evidence: Evidence,
    /// The mean ascribed to a seller without reviews [stars].
    #[garde(range(min = 1.0, max = 5.0))]
    pub prior_stars: f64,
}

impl Policy for QualityPerPrice {
    const ABOUT: About = About {
        name: "quality-per-price",
        says: "Ranks by mean stars over price.",
        formula: "quality = stars / reviews, prior_stars without reviews; score = quality / price, exponent 1",
        source: "ratio of benefit to cost; Keeney & Raiffa 1976",
        reference: r#"
evidence = "lifetime" # [A]
prior_stars = 4.15 # [A] what the shoppers' utility takes for usual
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Priced {
            estimate: ShrunkStars {
                evidence: self.evidence,
                shrinkage: 0.0,
                prior_stars: self.prior_stars,
            },
            objective: Objective::new(1.0, 1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{columns, reference, reviewed, score_of};

    #[test]
    fn twice_the_price_needs_twice_the_stars() {
        let policy = reference("quality-per-price").build();
        let merits = [reviewed(10, 40), reviewed(10, 20)];
        let market = columns(policy.as_ref(), &merits, &[200.0, 100.0]);
        assert_eq!(score_of(policy.as_ref(), &market, 1, 1), [0.02, 0.02]);
    }
}
