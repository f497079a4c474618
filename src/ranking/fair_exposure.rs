//! `fair-exposure`: over time, each offer is seen in proportion to its merit.
//!
//! The merit is the reference trade, shrunk quality against price. Each query ranks by merit over
//! the exposure had so far plus an offset: the method of highest quotients, which parliaments use to
//! deal seats in proportion to votes. Seats are views here, and offset 0.5 is Sainte-Laguë's divisor,
//! 1 is d'Hondt's. A newcomer has no exposure and is shown until it has caught up.
//!
//! Source: Biega, Gummadi and Weikum 2018, "Equity of Attention: Amortizing Individual Fairness in
//! Rankings"; Balinski and Young 1982 for the divisor methods.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, ShrunkStars};
use super::objective::{Estimate, Objective};
use super::{About, Candidates, Chance, Merit, Policy, Ranking, Reads, Term, Weight, usable_power};

/// Ranks by merit over the exposure had so far, so that exposure follows merit in the long run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FairExposure {
    /// The reviews that count.
    #[garde(dive)]
    pub evidence: Evidence,
    /// How many imagined reviews at the prior are mixed in [reviews].
    #[garde(range(min = 0.0, max = 1e6))]
    pub shrinkage: f64,
    /// What the mean is drawn towards [stars].
    #[garde(range(min = 1.0, max = 5.0))]
    pub prior_stars: f64,
    /// Power of quality in the merit [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub quality_power: f64,
    /// Power of price in the merit: 0 leaves price out, otherwise at least 0.1 [power].
    #[garde(range(min = 0.0, max = 4.0), custom(usable_power))]
    pub price_power: f64,
    /// Added to the views an offer had; the greater, the later a newcomer's turn comes [views].
    #[garde(range(min = 0.01, max = 1e6))]
    pub offset: f64,
}

impl Policy for FairExposure {
    const ABOUT: About = About {
        name: "fair-exposure",
        says: "Shows each offer in proportion to its merit, counted over all views so far.",
        formula: "quality = (stars + shrinkage * prior_stars) / (reviews + shrinkage); \
                  score = quality^exponent / (exposure + offset)^(1 / price_power) / price \
                  (without the price: quality^exponent / (exposure + offset))",
        source: "Biega, Gummadi & Weikum 2018; Balinski & Young 1982",
        reference: r#"
evidence = "lifetime" # [A]
shrinkage = 21.0 # [M] (1.326 / .288)²
prior_stars = 4.15 # [A] what the shoppers' utility takes for usual
quality_power = 2.0 # [A] as the reference policy
price_power = 1.0 # [A] as the reference policy
offset = 0.5 # [R] Balinski & Young 1982: Sainte-Laguë's divisor, without bias for the large
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Quotient {
            estimate: ShrunkStars {
                evidence: self.evidence,
                shrinkage: self.shrinkage,
                prior_stars: self.prior_stars,
            },
            objective: Objective::new(self.quality_power, self.price_power),
            offset: self.offset,
            price_power: self.price_power,
        })
    }
}

struct Quotient {
    estimate: ShrunkStars,
    objective: Objective,
    offset: f64,
    price_power: f64,
}

impl Quotient {
    fn divisor(&self, merit: &Merit) -> f64 {
        merit.exposure.max(0.0) + self.offset
    }
}

impl Ranking for Quotient {
    fn weigh(&self, merit: &Merit) -> Weight {
        let quality = self.estimate.quality(merit);
        Weight { a: self.objective.weight_times(quality, 1.0 / self.divisor(merit)), b: 0.0 }
    }

    fn score(&self, offers: &Candidates<'_>, _: Chance, scores: &mut [f32]) {
        self.objective.score(offers.a, offers.price, scores);
    }

    fn price_to_win(&self, offers: &Candidates<'_>, i: usize, rival: f32) -> Option<f32> {
        self.objective.price_to_win(offers.a[i], rival)
    }

    fn reads(&self) -> Reads {
        Reads { exposure: true, ..self.estimate.reads() }
    }

    fn explain(&self, merit: &Merit, price_eur: f32) -> Vec<Term> {
        let mut terms = self.estimate.terms(merit);
        terms.push(Term { name: "exposure", value: merit.exposure });
        terms.push(Term { name: "offset", value: self.offset });
        terms.extend(self.objective.terms(self.estimate.quality(merit), price_eur));
        let mut score = self.weigh(merit).a;
        if self.objective.priced() {
            terms.push(Term { name: "price_power", value: self.price_power });
            score /= price_eur;
        }
        terms.push(Term { name: "score", value: score.into() });
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::super::RankingSpec;
    use super::super::tests::{argmax, columns, reference, reviewed, score_of};
    use super::*;

    fn shares_of_views(spec: &FairExposure, merits: &mut [Merit], prices: &[f32]) -> Vec<f64> {
        let policy = spec.build();
        let queries = 5_000;
        for session in 0..queries {
            let market = columns(policy.as_ref(), merits, prices);
            merits[argmax(&score_of(policy.as_ref(), &market, 41, session))].exposure += 1.0;
        }
        merits.iter().map(|m| m.exposure / queries as f64).collect()
    }

    fn spec() -> FairExposure {
        let RankingSpec::FairExposure(spec) = reference("fair-exposure") else { unreachable!() };
        FairExposure { shrinkage: 0.0, ..spec }
    }

    #[test]
    fn views_follow_merit() {
        // q²/p: 16/100, 25/100, 16/200, 9/300.
        let mut merits = [reviewed(10, 40), reviewed(10, 50), reviewed(10, 40), reviewed(10, 30)];
        let shares = shares_of_views(&spec(), &mut merits, &[100.0, 100.0, 200.0, 300.0]);
        for (share, merit) in shares.iter().zip([0.16, 0.25, 0.08, 0.03]) {
            // Highest quotients keep every count within a view or so of its due.
            assert!((share - merit / 0.52).abs() < 1e-3, "{shares:?}");
        }
    }

    #[test]
    fn views_follow_merit_whatever_the_powers() {
        for (quality_power, price_power) in [(1.0, 0.0), (3.0, 0.0), (2.0, 0.5), (1.0, 2.0)] {
            let spec = FairExposure { quality_power, price_power, ..spec() };
            let mut merits = [reviewed(10, 40), reviewed(10, 50)];
            let shares = shares_of_views(&spec, &mut merits, &[100.0, 150.0]);
            let merit = |q: f64, p: f64| libm::pow(q, quality_power) / libm::pow(p, price_power);
            let due = merit(4.0, 100.0) / (merit(4.0, 100.0) + merit(5.0, 150.0));
            assert!((shares[0] - due).abs() < 1e-3, "{quality_power}, {price_power}: {shares:?}");
        }
    }
}
