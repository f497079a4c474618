//! `epsilon-greedy`: mostly the reference trade, now and then a shuffle to learn from.
//!
//! Source: Watkins 1989 (the name is of Sutton and Barto 1998); the platform's "randomised traffic".

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, ShrunkStars};
use super::objective::{Objective, Priced};
use super::random::{Lots, shuffle};
use super::{About, Candidates, Chance, Merit, Policy, Ranking, Reads, Term, Weight, usable_power};

/// Shuffles a share of the queries and ranks the others by shrunk mean stars against price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EpsilonGreedy {
    /// Share of the queries whose whole slate is shuffled [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub epsilon: f64,
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

impl Policy for EpsilonGreedy {
    const ABOUT: About = About {
        name: "epsilon-greedy",
        says: "Shuffles a small share of the queries and ranks the others by quality against price.",
        formula: "with chance epsilon (a draw below it) score = a uniform for each (session, seller), otherwise \
                  quality = (stars + shrinkage * prior_stars) / (reviews + shrinkage); \
                  score = quality^exponent / price (or without the price)",
        source: "Watkins 1989; Sutton & Barto 1998",
        reference: r#"
epsilon = 0.05 # [A]
evidence = "lifetime" # [A]
shrinkage = 21.0 # [M] (1.326 / .288)²
prior_stars = 4.15 # [A] what the shoppers' utility takes for usual
quality_power = 2.0 # [A] as the reference policy
price_power = 1.0 # [A] as the reference policy
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        let greedy = Priced {
            estimate: ShrunkStars {
                evidence: self.evidence,
                shrinkage: self.shrinkage,
                prior_stars: self.prior_stars,
            },
            objective: Objective::new(self.quality_power, self.price_power),
        };
        Box::new(Experimenting { epsilon: self.epsilon, greedy })
    }
}

struct Experimenting {
    epsilon: f64,
    greedy: Priced<ShrunkStars>,
}

impl Ranking for Experimenting {
    fn weigh(&self, merit: &Merit) -> Weight {
        self.greedy.weigh(merit)
    }

    fn reads(&self) -> Reads {
        self.greedy.reads()
    }

    fn score(&self, offers: &Candidates<'_>, chance: Chance, scores: &mut [f32]) {
        let mut draws = chance.whole();
        if draws.unit() < self.epsilon {
            // The whole slate is shuffled, not the box alone: which offers can be bought is not known
            // here, and the first of a shuffle is uniform among any of them.
            shuffle(&mut draws, offers.seller, scores);
        } else {
            self.greedy.score(offers, chance, scores);
        }
    }

    fn standing(&self, offers: &Candidates<'_>, scores: &mut [f32]) {
        self.greedy.standing(offers, scores);
    }

    fn price_to_win(&self, offers: &Candidates<'_>, i: usize, rival: f32) -> Option<f32> {
        self.greedy.price_to_win(offers, i, rival)
    }

    fn per_query(&self) -> bool {
        true
    }

    fn explain(&self, merit: &Merit, price_eur: f32) -> Vec<Term> {
        let mut terms = vec![Term { name: "epsilon", value: self.epsilon }];
        terms.extend(self.greedy.explain(merit, price_eur));
        terms
    }

    fn explain_query(&self, offers: &Candidates<'_>, i: usize, chance: Chance) -> Vec<Term> {
        let mut draws = chance.whole();
        let draw = draws.unit();
        let score = if draw < self.epsilon {
            Lots::new(&mut draws).uniform(offers.seller[i])
        } else {
            let mut scores = vec![0.0; offers.price.len()];
            self.greedy.score(offers, chance, &mut scores);
            scores[i]
        };
        vec![Term { name: "draw", value: draw }, Term { name: "score", value: score.into() }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{argmax, columns, reference, score_of};
    use super::super::{Merit, RankingSpec};
    use super::*;

    #[test]
    fn a_worse_offer_takes_the_box_in_its_share_of_the_shuffles() {
        let RankingSpec::EpsilonGreedy(spec) = reference("epsilon-greedy") else { unreachable!() };
        let policy = EpsilonGreedy { epsilon: 0.2, ..spec }.build();
        let merits = [Merit::unknown(4.0); 4];
        let market = columns(policy.as_ref(), &merits, &[100.0, 110.0, 120.0, 130.0]);
        let queries = 40_000;
        let mut wins = [0.0f64; 4];
        for session in 0..queries {
            wins[argmax(&score_of(policy.as_ref(), &market, 31, session))] += 1.0;
        }
        for (i, expected) in [0.85, 0.05, 0.05, 0.05].into_iter().enumerate() {
            let share = wins[i] / queries as f64;
            let se = libm::sqrt(expected * (1.0 - expected) / queries as f64);
            assert!((share - expected).abs() < 4.0 * se, "seed 31: offer {i} took {share}");
        }
    }

    #[test]
    fn no_epsilon_is_the_greedy_rule() {
        let RankingSpec::EpsilonGreedy(spec) = reference("epsilon-greedy") else { unreachable!() };
        let (policy, greedy) =
            (EpsilonGreedy { epsilon: 0.0, ..spec }.build(), reference("box").build());
        let market = columns(policy.as_ref(), &[Merit::unknown(4.0); 3], &[3.0, 2.0, 5.0]);
        for session in 0..100 {
            let (ours, theirs) = (
                score_of(policy.as_ref(), &market, 32, session),
                score_of(greedy.as_ref(), &market, 32, session),
            );
            assert_eq!(ours, theirs, "seed 32, session {session}");
        }
    }
}
