//! `box`: shrunk quality squared over price, the reference policy.
//!
//! The mean of the stars is drawn towards a prior by `shrinkage` imagined reviews, so that few
//! reviews say little; the square makes a star count more than the same percentage of price.
//!
//! Source: Efron and Morris 1975 for the shrinkage (K = σ²/τ² = (1.326/.288)² = 21 reviews, measured
//! over 3,095 sellers); a public description of a marketplace's box as "the best quality at the best
//! price by customer feedback" for the trade.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, ShrunkStars};
use super::objective::{Objective, Priced, trade_formula};
use super::{About, Policy, Ranking, usable_power};

/// Ranks by shrunk mean stars against price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyBox {
    /// The reviews that count.
    #[garde(dive)]
    pub evidence: Evidence,
    /// How many imagined reviews at the prior are mixed in [reviews].
    #[garde(range(min = 0.0, max = 1e6))]
    pub shrinkage: f64,
    /// What the mean is drawn towards [stars].
    #[garde(range(min = 1.0, max = 5.0))]
    pub prior_stars: f64,
    /// Power of quality in the score [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub quality_power: f64,
    /// Power of price in the score: 0 leaves price out, otherwise at least 0.1 [power].
    #[garde(range(min = 0.0, max = 4.0), custom(usable_power))]
    pub price_power: f64,
}

impl Policy for BuyBox {
    const ABOUT: About = About {
        name: "box",
        says: "Ranks by shrunk mean stars squared over price: the best quality at the best price.",
        formula: trade_formula!("(stars + shrinkage * prior_stars) / (reviews + shrinkage)"),
        source: "Efron & Morris 1975 (shrinkage); the marketplace's public description (trade)",
        reference: r#"
evidence = "lifetime" # [A]
shrinkage = 21.0 # [M] (1.326 / .288)²
prior_stars = 4.15 # [A] what the shoppers' utility takes for usual
quality_power = 2.0 # [A]
price_power = 1.0 # [A]
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Priced {
            estimate: ShrunkStars {
                evidence: self.evidence,
                shrinkage: self.shrinkage,
                prior_stars: self.prior_stars,
            },
            objective: Objective::new(self.quality_power, self.price_power),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Merit;
    use super::super::tests::{columns, reference, reviewed, score_of};

    #[test]
    fn the_score_is_the_square_of_the_shrunk_mean_over_price() {
        let policy = reference("box").build();
        // As many reviews as imagined ones: half way between their mean and the prior.
        let merits = [reviewed(21, 102), Merit::unknown(1.0)];
        let market = columns(policy.as_ref(), &merits, &[200.0, 200.0]);
        let scores = score_of(policy.as_ref(), &market, 1, 1);
        let mean = (102.0 / 21.0 + 4.15) / 2.0;
        assert!((f64::from(scores[0]) / (mean * mean / 200.0) - 1.0).abs() < 1e-6);
        assert!((f64::from(scores[1]) / (4.15 * 4.15 / 200.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn one_perfect_review_is_worth_little() {
        let policy = reference("box").build();
        let merits = [reviewed(1000, 4900), reviewed(1, 5)];
        let market = columns(policy.as_ref(), &merits, &[100.0, 100.0]);
        let scores = score_of(policy.as_ref(), &market, 1, 1);
        assert!(scores[0] > scores[1], "{scores:?}");
        // (5 + 21 · 4.15) / 22 = 4.1886: a price 26 % lower makes up for it.
        let price = policy.price_to_win(&market.candidates(), 1, scores[0]);
        let expected = 100.0 * (4.188_636 / 4.884_574) * (4.188_636 / 4.884_574);
        assert!(price.is_some_and(|p| (p - expected as f32).abs() < 0.01), "{price:?}, {expected}");
    }
}
