//! `ucb`: UCB1, the mean plus a bonus for what is little known.
//!
//! With `price_power = 0`, `quality_power = 1` and `exploration = 2` this is UCB1 to the letter: offers
//! never reviewed come first, then the greatest of mean + sqrt(2 ln t / n), t being the reviews of all
//! candidates together.
//!
//! Source: Auer, Cesa-Bianchi and Fischer 2002, "Finite-time Analysis of the Multiarmed Bandit
//! Problem".

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::objective::Objective;
use super::{About, Candidates, Chance, Merit, Policy, Ranking, Reads, Term, Weight, usable_power};

/// Ranks by the positive share (4 or 5 stars) plus a bonus that falls with the number of reviews.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ucb {
    /// The reviews that count.
    #[garde(dive)]
    pub evidence: Evidence,
    /// The number under the root of the bonus, 2 in UCB1 [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub exploration: f64,
    /// Power of quality in the score [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub quality_power: f64,
    /// Power of price in the score: 0 leaves price out, otherwise at least 0.1 [power].
    #[garde(range(min = 0.0, max = 4.0), custom(usable_power))]
    pub price_power: f64,
}

impl Policy for Ucb {
    const ABOUT: About = About {
        name: "ucb",
        says: "Ranks by the positive share plus a bonus for what is little known; the unknown come first.",
        formula: "quality = share + bonus_per_root * sqrt(ln t), t = the reviews of all candidates; \
                  score = quality^exponent / price (or without the price); \
                  without reviews the quality is beyond all others",
        source: "Auer, Cesa-Bianchi & Fischer 2002 (UCB1)",
        reference: r#"
evidence = "lifetime" # [A]
exploration = 2.0 # [R] UCB1
quality_power = 1.0 # [R] UCB1
price_power = 0.0 # [R] UCB1 has no price
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(UpperBound {
            evidence: self.evidence,
            exploration: self.exploration,
            objective: Objective::new(self.quality_power, self.price_power),
        })
    }
}

/// The weight of an offer without reviews: above every other, and yet finite over any price.
const UNKNOWN: f32 = 1e30;

struct UpperBound {
    evidence: Evidence,
    exploration: f64,
    objective: Objective,
}

impl UpperBound {
    /// What stands under the root of every bonus, over the number of reviews.
    fn spread(&self, offers: &Candidates<'_>) -> f64 {
        let t: f64 = offers.b.iter().map(|&n| f64::from(n)).sum();
        self.exploration * libm::log(t.max(1.0))
    }

    fn weight(&self, known: Weight, spread: f64) -> f32 {
        if known.b == 0.0 {
            return UNKNOWN;
        }
        let bonus = libm::sqrt(spread / f64::from(known.b));
        self.objective.weight(f64::from(known.a) + bonus)
    }
}

impl Ranking for UpperBound {
    fn weigh(&self, merit: &Merit) -> Weight {
        let seen = self.evidence.read(merit);
        let share = if seen.reviews > 0.0 { seen.positive / seen.reviews } else { 0.0 };
        Weight { a: share as f32, b: seen.reviews as f32 }
    }

    fn reads(&self) -> Reads {
        self.evidence.reads()
    }

    fn score(&self, offers: &Candidates<'_>, _: Chance, scores: &mut [f32]) {
        let spread = self.spread(offers);
        for (i, score) in scores.iter_mut().enumerate() {
            let weight = self.weight(offers.weight(i), spread);
            *score = if self.objective.priced() { weight / offers.price[i] } else { weight };
        }
    }

    fn price_to_win(&self, offers: &Candidates<'_>, i: usize, rival: f32) -> Option<f32> {
        let weight = self.weight(offers.weight(i), self.spread(offers));
        self.objective.price_to_win(weight, rival)
    }

    fn explain(&self, merit: &Merit, price_eur: f32) -> Vec<Term> {
        let Weight { a: share, b: reviews } = self.weigh(merit);
        let mut terms = vec![Term { name: "reviews", value: reviews.into() }];
        if reviews > 0.0 {
            let bonus = libm::sqrt(self.exploration / f64::from(reviews));
            terms.push(Term { name: "share", value: share.into() });
            terms.push(Term { name: "bonus_per_root", value: bonus });
        }
        // How far the bonus reaches is known only among the candidates, so the terms have no quality.
        terms.extend(
            self.objective.terms(0.0, price_eur).into_iter().filter(|term| term.name != "quality"),
        );
        terms
    }

    fn explain_query(&self, offers: &Candidates<'_>, i: usize, _: Chance) -> Vec<Term> {
        let t = offers.b.iter().map(|&n| f64::from(n)).sum();
        let mut terms = vec![Term { name: "t", value: t }];
        let (known, spread) = (offers.weight(i), self.spread(offers));
        if known.b > 0.0 {
            let quality = f64::from(known.a) + libm::sqrt(spread / f64::from(known.b));
            terms.push(Term { name: "quality", value: quality });
        }
        let weight = self.weight(known, spread);
        let score = if self.objective.priced() { weight / offers.price[i] } else { weight };
        terms.push(Term { name: "score", value: score.into() });
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{argmax, bandit, columns, reference, score_of};
    use super::*;

    fn known(reviews: u32, positive: u32) -> Merit {
        Merit { reviews, positive, ..Merit::unknown(4.0) }
    }

    #[test]
    fn the_index_is_that_of_the_paper() {
        let policy = reference("ucb").build();
        let market = columns(policy.as_ref(), &[known(80, 60), known(20, 14)], &[9.0, 99.0]);
        let scores = score_of(policy.as_ref(), &market, 1, 1);
        let index = |share: f64, n: f64| share + libm::sqrt(2.0 * libm::log(100.0) / n);
        assert!((f64::from(scores[0]) - index(0.75, 80.0)).abs() < 1e-6, "{scores:?}");
        assert!((f64::from(scores[1]) - index(0.70, 20.0)).abs() < 1e-6, "{scores:?}");
    }

    #[test]
    fn the_unknown_come_first() {
        let policy = reference("ucb").build();
        let merits = [known(1, 1), Merit::unknown(1.0), known(1_000_000, 1_000_000)];
        let market = columns(policy.as_ref(), &merits, &[1.0, 5000.0, 1.0]);
        assert_eq!(argmax(&score_of(policy.as_ref(), &market, 1, 1)), 1);
        // Nobody known: all alike, and no NaN from the logarithm of nothing.
        let market = columns(policy.as_ref(), &[Merit::unknown(1.0); 3], &[1.0; 3]);
        assert_eq!(score_of(policy.as_ref(), &market, 1, 1), [UNKNOWN; 3]);
    }

    /// Known answer: a regret of 87.4 on the Bernoulli bandit .9/.8 after 10,000 pulls.
    #[test]
    fn regret_on_the_two_armed_bandit() {
        let regret = bandit(reference("ucb").build().as_ref(), 300, 22);
        let tolerance = 4.0 * regret.standard_error + 0.05;
        assert!(
            (regret.mean - 87.4).abs() < tolerance && regret.standard_error < 1.5,
            "seed 22: regret {:.2} ± {:.2}, not 87.4",
            regret.mean,
            regret.standard_error
        );
    }
}
