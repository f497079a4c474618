//! `thompson`: each query draws every seller's positive share from its posterior and believes it.
//!
//! With `price_power = 0` and both priors 1 this is the textbook Bernoulli bandit: the box goes to the
//! greatest of the draws Beta(1 + positive, 1 + not positive).
//!
//! Source: Thompson 1933, "On the likelihood that one unknown probability exceeds another in view of
//! the evidence of two samples"; Chapelle and Li 2011 for its use in ranking.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::objective::Objective;
use super::{About, Candidates, Chance, Merit, Policy, Ranking, Reads, Term, Weight, usable_power};
use crate::rng::beta;

/// Draws each offer's positive share (4 or 5 stars) from its Beta posterior and ranks by the draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thompson {
    /// The reviews that count.
    #[garde(dive)]
    pub evidence: Evidence,
    /// Imagined positive reviews: the first shape of the prior [reviews].
    #[garde(range(min = 0.1, max = 1e6))]
    pub prior_positive: f64,
    /// Imagined reviews that are not positive: the second shape of the prior [reviews].
    #[garde(range(min = 0.1, max = 1e6))]
    pub prior_negative: f64,
    /// Power of quality in the score [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub quality_power: f64,
    /// Power of price in the score: 0 leaves price out, otherwise at least 0.1 [power].
    #[garde(range(min = 0.0, max = 4.0), custom(usable_power))]
    pub price_power: f64,
}

impl Policy for Thompson {
    const ABOUT: About = About {
        name: "thompson",
        says: "Draws each positive share from its posterior, so that doubt is tried out as often as it may be right.",
        formula: "quality = a draw of Beta(alpha, beta), its mean in standings; \
                  score = quality^exponent / price (or without the price)",
        source: "Thompson 1933; Chapelle & Li 2011",
        reference: r#"
evidence = "lifetime" # [A]
prior_positive = 1.0 # [R] Chapelle & Li 2011: uniform prior
prior_negative = 1.0 # [R] Chapelle & Li 2011: uniform prior
quality_power = 1.0 # [R] the textbook bandit
price_power = 0.0 # [R] the textbook bandit has no price
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Posterior {
            evidence: self.evidence,
            prior: (self.prior_positive, self.prior_negative),
            objective: Objective::new(self.quality_power, self.price_power),
        })
    }
}

struct Posterior {
    evidence: Evidence,
    prior: (f64, f64),
    objective: Objective,
}

impl Posterior {
    fn shapes(&self, merit: &Merit) -> (f64, f64) {
        let seen = self.evidence.read(merit);
        (self.prior.0 + seen.positive, self.prior.1 + (seen.reviews - seen.positive))
    }
}

impl Ranking for Posterior {
    fn weigh(&self, merit: &Merit) -> Weight {
        let (alpha, beta) = self.shapes(merit);
        Weight { a: alpha as f32, b: beta as f32 }
    }

    fn reads(&self) -> Reads {
        self.evidence.reads()
    }

    fn score(&self, offers: &Candidates<'_>, chance: Chance, scores: &mut [f32]) {
        for (i, score) in scores.iter_mut().enumerate() {
            let mut draws = chance.about(offers.seller[i]);
            let share = beta(&mut draws, offers.a[i].into(), offers.b[i].into());
            *score = self.objective.score_one(share, offers.price[i]);
        }
    }

    fn standing(&self, offers: &Candidates<'_>, scores: &mut [f32]) {
        for (i, score) in scores.iter_mut().enumerate() {
            *score = self.objective.score_one(mean(offers.weight(i)), offers.price[i]);
        }
    }

    fn price_to_win(&self, offers: &Candidates<'_>, i: usize, rival: f32) -> Option<f32> {
        self.objective.price_to_win(self.objective.weight(mean(offers.weight(i))), rival)
    }

    fn per_query(&self) -> bool {
        true
    }

    fn explain(&self, merit: &Merit, price_eur: f32) -> Vec<Term> {
        let (alpha, beta) = self.shapes(merit);
        let mut terms =
            vec![Term { name: "alpha", value: alpha }, Term { name: "beta", value: beta }];
        // The quality of a query is a draw; the mean is where the offer stands.
        terms.extend(self.objective.terms(alpha / (alpha + beta), price_eur));
        terms
    }

    fn explain_query(&self, offers: &Candidates<'_>, i: usize, chance: Chance) -> Vec<Term> {
        let mut draws = chance.about(offers.seller[i]);
        let draw = beta(&mut draws, offers.a[i].into(), offers.b[i].into());
        let score = self.objective.score_one(draw, offers.price[i]).into();
        vec![Term { name: "draw", value: draw }, Term { name: "score", value: score }]
    }
}

fn mean(shapes: Weight) -> f64 {
    f64::from(shapes.a) / (f64::from(shapes.a) + f64::from(shapes.b))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bandit, columns, reference, score_of};
    use super::*;

    #[test]
    fn draws_have_the_mean_and_variance_of_the_posterior() {
        let policy = reference("thompson").build();
        let merit = Merit { reviews: 20, positive: 15, ..Merit::unknown(4.0) };
        let market = columns(policy.as_ref(), &[merit], &[100.0]);
        let draws: Vec<f64> =
            (0..40_000).map(|s| f64::from(score_of(policy.as_ref(), &market, 5, s)[0])).collect();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        // Beta(16, 6): mean 16/22, variance 96 / (22² · 23).
        let (mean0, variance0) = (16.0 / 22.0, 96.0 / (484.0 * 23.0));
        let se = libm::sqrt(variance0 / n);
        assert!((mean - mean0).abs() < 4.0 * se, "seed 5: mean {mean}, not {mean0}");
        assert!((variance / variance0 - 1.0).abs() < 0.04, "seed 5: {variance}, not {variance0}");
    }

    /// Known answer: a regret of 10.0 on the Bernoulli bandit .9/.8 after 10,000 pulls.
    #[test]
    fn regret_on_the_two_armed_bandit() {
        let regret = bandit(reference("thompson").build().as_ref(), 300, 21);
        let tolerance = 4.0 * regret.standard_error + 0.05;
        assert!(
            (regret.mean - 10.0).abs() < tolerance && regret.standard_error < 1.0,
            "seed 21: regret {:.2} ± {:.2}, not 10.0",
            regret.mean,
            regret.standard_error
        );
    }
}
