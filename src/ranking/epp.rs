//! `epp`: effective percent positive, the share of all transactions that ended in praise.
//!
//! Buyers who are let down often say nothing, so silence counts against the seller.
//!
//! Source: Nosko and Tadelis 2015, "The Limits of Reputation in Platform Markets: An Empirical
//! Analysis and Field Experiment".

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::shrunk;
use super::objective::{Estimate, Objective, Priced, trade_formula};
use super::{About, Merit, Policy, Ranking, Reads, Term, usable_power};

/// Ranks by positive reviews (4 or 5 stars) over transactions. Orders are counted over the seller's
/// whole life, so there is no choice of evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Epp {
    /// How many imagined transactions at the prior are mixed in [orders].
    #[garde(range(min = 0.0, max = 1e6))]
    pub shrinkage: f64,
    /// What the share is drawn towards [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub prior_share: f64,
    /// Power of quality in the score [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub quality_power: f64,
    /// Power of price in the score: 0 leaves price out, otherwise at least 0.1 [power].
    #[garde(range(min = 0.0, max = 4.0), custom(usable_power))]
    pub price_power: f64,
}

impl Policy for Epp {
    const ABOUT: About = About {
        name: "epp",
        says: "Ranks by positive reviews over transactions, so that silence counts.",
        formula: trade_formula!("(positive + shrinkage * prior_share) / (orders + shrinkage)"),
        source: "Nosko & Tadelis 2015",
        reference: r#"
shrinkage = 21.0 # [A] as many cases as the reference policy mixes in
prior_share = 0.28 # [A] .35 of buyers respond, .79 of them with praise
quality_power = 1.0 # [A]
price_power = 0.0 # [R] the measure of the paper has no price
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Priced {
            estimate: Praise { shrinkage: self.shrinkage, prior_share: self.prior_share },
            objective: Objective::new(self.quality_power, self.price_power),
        })
    }
}

struct Praise {
    shrinkage: f64,
    prior_share: f64,
}

impl Estimate for Praise {
    fn quality(&self, merit: &Merit) -> f64 {
        // Reviews may outnumber orders where a history was drawn before the run began.
        let orders = merit.orders.max(merit.reviews);
        shrunk(merit.positive.into(), orders.into(), self.shrinkage, self.prior_share)
    }

    fn reads(&self) -> Reads {
        Reads { orders: true, ..Reads::default() }
    }

    fn terms(&self, merit: &Merit) -> Vec<Term> {
        vec![
            Term { name: "positive", value: merit.positive.into() },
            Term { name: "orders", value: merit.orders.max(merit.reviews).into() },
            Term { name: "shrinkage", value: self.shrinkage },
            Term { name: "prior_share", value: self.prior_share },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_against_a_seller() {
        let praise = Praise { shrinkage: 0.0, prior_share: 0.28 };
        let loud = Merit { orders: 100, reviews: 60, positive: 54, ..Merit::unknown(4.0) };
        let silent = Merit { orders: 200, reviews: 60, positive: 54, ..Merit::unknown(4.0) };
        assert_eq!(praise.quality(&loud), 0.54);
        assert_eq!(praise.quality(&silent), 0.27);
        assert_eq!(praise.quality(&Merit::unknown(4.0)), 0.28);
    }

    /// Known answer: buyers whose experience is worth 1 to 5 stars in the measured shares, of whom .3,
    /// .5, .6, .65 and .7 respond, praise in .850 of their reviews and in .538 of their orders.
    #[test]
    fn self_selected_reviews_give_the_known_epp() {
        let stars = [110_300.0, 28_300.0, 79_400.0, 196_100.0, 586_000.0];
        let responded: Vec<u32> = [0.3, 0.5, 0.6, 0.65, 0.7]
            .iter()
            .zip(stars)
            .map(|(rate, buyers)| libm::round(rate * buyers) as u32)
            .collect();
        let merit = Merit {
            orders: stars.iter().sum::<f64>() as u32,
            reviews: responded.iter().sum(),
            positive: responded[3] + responded[4],
            ..Merit::unknown(4.12)
        };
        let praise = Praise { shrinkage: 0.0, prior_share: 0.28 };
        let percent_positive = f64::from(merit.positive) / f64::from(merit.reviews);
        assert!((praise.quality(&merit) - 0.538).abs() < 5e-4, "{}", praise.quality(&merit));
        assert!((percent_positive - 0.850).abs() < 5e-4, "{percent_positive}");
    }
}
