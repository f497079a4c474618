//! `mean-rating`: the plain mean of the stars, however few they are.
//!
//! Source: the "average rating" order of most shops; Miller 2009, "How Not To Sort By Average
//! Rating", for what is wrong with it: a single five-star review beats a thousand good ones.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, ShrunkStars};
use super::objective::{Objective, Priced, trade_formula};
use super::{About, Candidates, Chance, Merit, Policy, Ranking, Reads, Term, Weight, usable_power};

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
    /// Sellers with fewer reviews come first, those with the fewest before all others and whatever they
    /// ask, so that everybody is tried before anybody is trusted; absent: nobody is tried [reviews].
    #[garde(range(min = 1, max = 1_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
}

impl Policy for MeanRating {
    const ABOUT: About = About {
        name: "mean-rating",
        says: "Ranks by the plain mean of the stars, however few reviews there are.",
        formula: concat!(
            trade_formula!("stars / reviews, prior_stars without reviews"),
            "; where sellers are tried first, score = 1e33 * missing for who has `missing` reviews \
             less than that"
        ),
        source: "Miller 2009, How Not To Sort By Average Rating",
        reference: r#"
evidence = "lifetime" # [A]
prior_stars = 4.15 # [A] what the shoppers' utility takes for usual
quality_power = 1.0 # [A]
price_power = 0.0 # [A] price ignored
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        let trusted = Priced {
            estimate: ShrunkStars {
                evidence: self.evidence,
                shrinkage: 0.0,
                prior_stars: self.prior_stars,
            },
            objective: Objective::new(self.quality_power, self.price_power),
        };
        match self.tries {
            None => Box::new(trusted),
            Some(tries) => Box::new(TryFirst { evidence: self.evidence, tries, trusted }),
        }
    }
}

/// The score of a seller who misses one review: above every mean over any price.
const UNTRIED: f32 = 1e33;

/// Explore, then commit: whoever has fewer reviews than `tries` comes before those who are trusted.
struct TryFirst {
    evidence: Evidence,
    tries: u32,
    trusted: Priced<ShrunkStars>,
}

impl TryFirst {
    /// Reviews that are missing until the seller is trusted; exact in 32 bits.
    fn missing(&self, merit: &Merit) -> f32 {
        (f64::from(self.tries) - self.evidence.read(merit).reviews).max(0.0) as f32
    }
}

impl Ranking for TryFirst {
    fn weigh(&self, merit: &Merit) -> Weight {
        Weight { b: self.missing(merit), ..self.trusted.weigh(merit) }
    }

    fn score(&self, offers: &Candidates<'_>, chance: Chance, scores: &mut [f32]) {
        self.trusted.score(offers, chance, scores);
        for (score, &missing) in scores.iter_mut().zip(offers.b) {
            *score = if missing > 0.0 { UNTRIED * missing } else { *score };
        }
    }

    fn price_to_win(&self, offers: &Candidates<'_>, i: usize, rival: f32) -> Option<f32> {
        let tried = offers.b[i] == 0.0 && rival < UNTRIED;
        if tried { self.trusted.price_to_win(offers, i, rival) } else { None }
    }

    fn reads(&self) -> Reads {
        self.trusted.reads()
    }

    fn explain(&self, merit: &Merit, price_eur: f32) -> Vec<Term> {
        let missing = self.missing(merit);
        let mut terms = self.trusted.explain(merit, price_eur);
        if missing > 0.0 {
            terms.retain(|term| term.name != "score");
            terms.push(Term { name: "missing", value: missing.into() });
            terms.push(Term { name: "score", value: (UNTRIED * missing).into() });
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{argmax, columns, reference, reviewed, score_of};
    use super::*;

    #[test]
    fn one_perfect_review_beats_a_thousand_good_ones() {
        let policy = reference("mean-rating").build();
        let merits = [reviewed(1000, 4900), reviewed(1, 5), Merit::unknown(5.0)];
        let market = columns(policy.as_ref(), &merits, &[1.0, 900.0, 1.0]);
        let scores = score_of(policy.as_ref(), &market, 1, 1);
        assert_eq!(scores, [4.9, 5.0, 4.15]);
        assert_eq!(argmax(&scores), 1);
    }
    #[test]
    fn who_misses_most_reviews_comes_first_whatever_it_asks() {
        let spec = "evidence = \"lifetime\"\nprior_stars = 4.0\nquality_power = 4.0\nprice_power = 0.1\ntries = 3";
        let policy = toml::from_str::<MeanRating>(spec).expect("a policy").build();
        let merits = [reviewed(3, 15), reviewed(2, 2), reviewed(1, 1), reviewed(9, 9)];
        let market = columns(policy.as_ref(), &merits, &[0.01, 9e5, 9e5, 0.01]);
        let scores = score_of(policy.as_ref(), &market, 1, 1);
        assert!(
            scores[2] > scores[1] && scores[1] > scores[0] && scores[0] > scores[3],
            "{scores:?}"
        );
        // A mean that is trusted is the plain one, and no price beats who is tried.
        let plain = toml::from_str::<MeanRating>(&spec.replace("tries = 3", "")).expect("a policy");
        let plain = plain.build();
        let trusted = score_of(plain.as_ref(), &columns(plain.as_ref(), &merits, &[0.01; 4]), 1, 1);
        assert_eq!((scores[0], scores[3]), (trusted[0], trusted[3]));
        assert_eq!(policy.price_to_win(&market.candidates(), 0, scores[1]), None);
        assert_eq!(
            policy.explain(&merits[1], 9e5).last().map(|t| t.value),
            Some(f64::from(scores[1]))
        );
    }
}
