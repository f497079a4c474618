//! `wilson`: the lower bound of the confidence interval of the positive share.
//!
//! Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference"; as a
//! ranking rule, Miller 2009.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Seen};
use super::objective::{Estimate, Objective, Priced, trade_formula};
use super::{About, Merit, Policy, Ranking, Reads, Term, usable_power};
use crate::rng::unit_normal;

/// Ranks by the lower bound of Wilson's interval for the share of positive reviews (4 or 5 stars).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wilson {
    /// The reviews that count.
    #[garde(dive)]
    pub evidence: Evidence,
    /// Confidence of the two-sided interval [ratio].
    #[garde(range(min = 0.5, max = 0.9999))]
    pub confidence: f64,
    /// Power of quality in the score [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub quality_power: f64,
    /// Power of price in the score: 0 leaves price out, otherwise at least 0.1 [power].
    #[garde(range(min = 0.0, max = 4.0), custom(usable_power))]
    pub price_power: f64,
}

impl Policy for Wilson {
    const ABOUT: About = About {
        name: "wilson",
        says: "Ranks by the lower confidence bound of the share of positive reviews.",
        formula: trade_formula!(
            "(share + z²/2n - z sqrt(share (1 - share)/n + z²/4n²)) / (1 + z²/n), \
             share = positive / n, n = reviews, 0 without reviews"
        ),
        source: "Wilson 1927; Miller 2009",
        reference: r#"
evidence = "lifetime" # [A]
confidence = 0.95 # [R] Miller 2009
quality_power = 1.0 # [A]
price_power = 0.0 # [R] Miller 2009: price ignored
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Priced {
            estimate: LowerBound {
                evidence: self.evidence,
                z: unit_normal(0.5 + 0.5 * self.confidence),
            },
            objective: Objective::new(self.quality_power, self.price_power),
        })
    }
}

struct LowerBound {
    evidence: Evidence,
    z: f64,
}

impl Estimate for LowerBound {
    fn quality(&self, merit: &Merit) -> f64 {
        let Seen { reviews: n, positive, .. } = self.evidence.read(merit);
        if n == 0.0 {
            return 0.0;
        }
        let (share, z2) = (positive / n, self.z * self.z);
        let half = self.z * libm::sqrt(share * (1.0 - share) / n + z2 / (4.0 * n * n));
        (share + z2 / (2.0 * n) - half) / (1.0 + z2 / n)
    }

    fn reads(&self) -> Reads {
        self.evidence.reads()
    }

    fn terms(&self, merit: &Merit) -> Vec<Term> {
        let seen = self.evidence.read(merit);
        vec![
            Term { name: "reviews", value: seen.reviews },
            Term { name: "positive", value: seen.positive },
            Term { name: "z", value: self.z },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_that_newcombe_published() {
        // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
        let bound = LowerBound { evidence: Evidence::Lifetime, z: unit_normal(0.975) };
        for (positive, reviews, lower) in
            [(81, 263, 0.2553), (15, 148, 0.0624), (0, 20, 0.0), (1, 29, 0.0061)]
        {
            let merit = Merit { reviews, positive, ..Merit::unknown(4.0) };
            let got = bound.quality(&merit);
            assert!((got - lower).abs() < 5e-5, "{positive}/{reviews}: {got}, not {lower}");
        }
    }

    #[test]
    fn nobody_known_is_at_the_bottom_and_certainty_at_the_share() {
        let bound = LowerBound { evidence: Evidence::Lifetime, z: unit_normal(0.975) };
        assert_eq!(bound.quality(&Merit::unknown(5.0)), 0.0);
        let merit = Merit { reviews: 4_000_000, positive: 3_000_000, ..Merit::unknown(4.0) };
        assert!((bound.quality(&merit) - 0.75).abs() < 1e-3);
    }
}
