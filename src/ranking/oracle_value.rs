//! `oracle-value`: the offer the shopper would pick if it knew everything.
//!
//! It is the top of what any ranking can do for the one who asks: no value regret but the shopper's.
//!
//! Source: the money-metric utility of discrete choice (McFadden 1974), without its noise.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, Candidates, Chance, Merit, Policy, Ranking, Term, Weight};

/// Ranks by what true quality is worth to the shopper, less the price. It has no keys: what a star is
/// worth is the shopper's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OracleValue {}

impl Policy for OracleValue {
    const ABOUT: About = About {
        name: "oracle-value",
        says: "Puts first what the shopper would pick knowing the true quality of every offer.",
        formula: "score = star_eur * true_stars - price, star_eur being the shopper's",
        source: "money-metric utility; McFadden 1974",
        reference: "",
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(NetValue)
    }
}

struct NetValue;

impl Ranking for NetValue {
    fn weigh(&self, merit: &Merit) -> Weight {
        Weight { a: merit.true_stars as f32, b: 0.0 }
    }

    fn score(&self, offers: &Candidates<'_>, _: Chance, scores: &mut [f32]) {
        for ((score, stars), price) in scores.iter_mut().zip(offers.a).zip(offers.price) {
            *score = offers.star_eur * stars - price;
        }
    }

    fn price_to_win(&self, offers: &Candidates<'_>, i: usize, rival: f32) -> Option<f32> {
        let price = offers.star_eur * offers.a[i] - rival;
        (price > 0.0 && price.is_finite()).then_some(price)
    }

    fn per_query(&self) -> bool {
        true
    }

    fn explain(&self, merit: &Merit, price_eur: f32) -> Vec<Term> {
        vec![
            Term { name: "true_stars", value: merit.true_stars },
            Term { name: "price", value: price_eur.into() },
        ]
    }

    fn explain_query(&self, offers: &Candidates<'_>, i: usize, _: Chance) -> Vec<Term> {
        let score = offers.star_eur * offers.a[i] - offers.price[i];
        vec![
            Term { name: "star_eur", value: offers.star_eur.into() },
            Term { name: "score", value: score.into() },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{argmax, columns, score_of};
    use super::*;

    #[test]
    fn the_shopper_decides_what_a_star_is_worth() {
        let policy = OracleValue {}.build();
        let merits = [Merit::unknown(4.5), Merit::unknown(4.0)];
        let mut market = columns(policy.as_ref(), &merits, &[225.0, 200.0]);
        market.star_eur = 60.0;
        assert_eq!(score_of(policy.as_ref(), &market, 1, 1), [45.0, 40.0]);
        market.star_eur = 40.0;
        assert_eq!(argmax(&score_of(policy.as_ref(), &market, 1, 1)), 1);
        // At 40 EUR a star the half star is worth 20 EUR.
        assert_eq!(policy.price_to_win(&market.candidates(), 0, -40.0), Some(220.0));
    }
}
