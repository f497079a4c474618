//! `oracle-quality`: the reference trade with true quality in place of the estimate.
//!
//! What it does better than the reference is the price of not knowing quality, and nothing else.
//!
//! Source: the full-information benchmark of learning theory (Blackwell 1953 for the value of
//! information).

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objective::{Estimate, Objective, Priced, trade_formula};
use super::{About, Merit, Policy, Ranking, Term, usable_power};

/// Ranks by true stars against price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OracleQuality {
    /// Power of quality in the score [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub quality_power: f64,
    /// Power of price in the score: 0 leaves price out, otherwise at least 0.1 [power].
    #[garde(range(min = 0.0, max = 4.0), custom(usable_power))]
    pub price_power: f64,
}

impl Policy for OracleQuality {
    const ABOUT: About = About {
        name: "oracle-quality",
        says: "Trades true quality against price: what estimates would come to with endless reviews.",
        formula: trade_formula!("true_stars"),
        source: "full-information benchmark; Blackwell 1953",
        reference: r#"
quality_power = 2.0 # [A] as the reference policy
price_power = 1.0 # [A] as the reference policy
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Priced {
            estimate: Truth,
            objective: Objective::new(self.quality_power, self.price_power),
        })
    }
}

struct Truth;

impl Estimate for Truth {
    fn quality(&self, merit: &Merit) -> f64 {
        merit.true_stars
    }

    fn terms(&self, merit: &Merit) -> Vec<Term> {
        vec![Term { name: "true_stars", value: merit.true_stars }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{columns, reference, reviewed, score_of};
    use super::*;

    #[test]
    fn reviews_are_not_read_and_truth_is() {
        let policy = reference("oracle-quality").build();
        let praised = Merit { true_stars: 4.0, ..reviewed(1000, 5000) };
        let unknown = Merit::unknown(4.5);
        let market = columns(policy.as_ref(), &[praised, unknown], &[100.0, 100.0]);
        assert_eq!(score_of(policy.as_ref(), &market, 1, 1), [0.16, 0.2025]);
    }

    /// With endless reviews of the true mean, the reference policy comes to the same scores.
    #[test]
    fn it_is_the_limit_of_the_reference() {
        let (oracle, estimate) = (reference("oracle-quality").build(), reference("box").build());
        let merit = Merit { true_stars: 4.25, ..reviewed(400_000_000, 1_700_000_000) };
        let (exact, limit) = (oracle.weigh(&merit).a, estimate.weigh(&merit).a);
        assert!((exact / limit - 1.0).abs() < 1e-6, "{exact} and {limit}");
    }
}
