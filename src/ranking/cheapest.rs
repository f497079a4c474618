//! `cheapest`: the lowest price first, whoever asks it.
//!
//! Source: the default order of price-comparison sites; Bertrand 1883 for what it makes of sellers.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, Candidates, Chance, Merit, Policy, Ranking, Term, Weight};

/// Puts the lowest price first. It has no keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cheapest {}

impl Policy for Cheapest {
    const ABOUT: About = About {
        name: "cheapest",
        says: "Puts the lowest price first and looks at nothing else.",
        formula: "score = -price",
        source: "price comparison; Bertrand 1883",
        reference: "",
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(LowestPrice)
    }
}

struct LowestPrice;

impl Ranking for LowestPrice {
    fn weigh(&self, _: &Merit) -> Weight {
        Weight::default()
    }

    fn score(&self, offers: &Candidates<'_>, _: Chance, scores: &mut [f32]) {
        for (score, price) in scores.iter_mut().zip(offers.price) {
            *score = -price;
        }
    }

    fn price_to_win(&self, _: &Candidates<'_>, _: usize, rival: f32) -> Option<f32> {
        (rival < 0.0 && rival.is_finite()).then_some(-rival)
    }

    fn explain(&self, _: &Merit, price_eur: f32) -> Vec<Term> {
        let price = f64::from(price_eur);
        vec![Term { name: "price", value: price }, Term { name: "score", value: -price }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{argmax, columns, score_of};
    use super::*;

    #[test]
    fn the_lowest_price_wins_by_any_margin() {
        let policy = Cheapest {}.build();
        let praised = Merit { reviews: 1000, stars: 5000, positive: 1000, ..Merit::unknown(5.0) };
        let market = columns(policy.as_ref(), &[praised, Merit::unknown(1.0)], &[200.01, 200.0]);
        assert_eq!(argmax(&score_of(policy.as_ref(), &market, 1, 1)), 1);
        assert_eq!(policy.price_to_win(&market.candidates(), 0, -200.0), Some(200.0));
    }
}
