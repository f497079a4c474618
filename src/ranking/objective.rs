//! Quality against price: the trade that most policies share.
//!
//! The stated score is `quality^quality_power / price^price_power`. Only its order matters, so the
//! root of order `price_power` is taken: `quality^exponent / price` with `exponent = quality_power /
//! price_power`. The power falls on quality alone, at the refresh; a query costs one division an
//! offer, in a loop without branches, whatever the powers are. With the powers 2 and 1 the score is
//! q²/p as stated. Where `price_power` is 0 price is left out and `exponent = quality_power`.

use super::{Candidates, Chance, Merit, Ranking, Reads, Term, Weight};

/// Weights are kept in these bounds, so that dividing by any price in euros gives a number of 32 bits
/// that is neither 0 nor infinite, and offers of no known quality are still ordered by price.
const WEIGHTS: (f64, f64) = (1e-30, 1e30);

/// How quality is weighed against price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Objective {
    exponent: f64,
    // What a factor outside of the quality is raised to, when the root is taken.
    root: f64,
    priced: bool,
}

impl Objective {
    /// The trade with these powers; `price_power` 0 leaves price out.
    pub fn new(quality_power: f64, price_power: f64) -> Self {
        let priced = price_power > 0.0;
        let root = if priced { 1.0 / price_power } else { 1.0 };
        Objective { exponent: quality_power * root, root, priced }
    }

    /// Whether price matters.
    pub fn priced(&self) -> bool {
        self.priced
    }

    /// The weight of a quality: it is the score where price does not matter, and the score times the
    /// price where it does.
    pub fn weight(&self, quality: f64) -> f32 {
        bounded(power(quality.max(0.0), self.exponent))
    }

    /// The weight of a quality whose score is to be multiplied by `factor`.
    pub fn weight_times(&self, quality: f64, factor: f64) -> f32 {
        bounded(power(quality.max(0.0), self.exponent) * power(factor, self.root))
    }

    /// Scores weights against prices.
    pub fn score(&self, weights: &[f32], prices: &[f32], scores: &mut [f32]) {
        if self.priced {
            for ((score, weight), price) in scores.iter_mut().zip(weights).zip(prices) {
                *score = weight / price;
            }
        } else {
            scores.copy_from_slice(weights);
        }
    }

    /// Scores one quality that is known only now.
    pub fn score_one(&self, quality: f64, price: f32) -> f32 {
        let weight = self.weight(quality);
        if self.priced { weight / price } else { weight }
    }

    /// The price at which a weight scores `rival`.
    pub fn price_to_win(&self, weight: f32, rival: f32) -> Option<f32> {
        let price = weight / rival;
        (self.priced && price > 0.0 && price.is_finite()).then_some(price)
    }

    /// The terms from `quality` to `score`, after those that led to the quality.
    pub fn explain(&self, mut terms: Vec<Term>, quality: f64, price_eur: f32) -> Vec<Term> {
        terms.extend(self.terms(quality, price_eur));
        terms.push(Term { name: "score", value: self.score_one(quality, price_eur).into() });
        terms
    }

    /// The terms from `quality` on, without the score.
    pub fn terms(&self, quality: f64, price_eur: f32) -> Vec<Term> {
        let mut terms = vec![
            Term { name: "quality", value: quality },
            Term { name: "exponent", value: self.exponent },
        ];
        if self.priced {
            terms.push(Term { name: "price", value: price_eur.into() });
        }
        terms
    }
}

/// The formula of [`Objective::explain`], for policies whose price may be left out.
macro_rules! trade_formula {
    ($quality:literal) => {
        concat!("quality = ", $quality, "; score = quality^exponent / price (or without the price)")
    };
}
pub(super) use trade_formula;

fn power(base: f64, exponent: f64) -> f64 {
    // The usual powers are exact, and do not wait for `pow`.
    if exponent == 1.0 {
        base
    } else if exponent == 2.0 {
        base * base
    } else {
        libm::pow(base, exponent)
    }
}

fn bounded(weight: f64) -> f32 {
    weight.clamp(WEIGHTS.0, WEIGHTS.1) as f32
}

/// An estimate of an offer's quality from its merit alone.
pub(super) trait Estimate: Send + Sync {
    /// The estimate; it is finite.
    fn quality(&self, merit: &Merit) -> f64;

    /// Which parts of a merit it depends on besides reviews and true stars.
    fn reads(&self) -> Reads {
        Reads::default()
    }

    /// What it was made of.
    fn terms(&self, merit: &Merit) -> Vec<Term>;
}

/// The policy that trades an estimate of quality against price.
pub(super) struct Priced<E> {
    pub estimate: E,
    pub objective: Objective,
}

impl<E: Estimate> Ranking for Priced<E> {
    fn weigh(&self, merit: &Merit) -> Weight {
        Weight { a: self.objective.weight(self.estimate.quality(merit)), b: 0.0 }
    }

    fn score(&self, offers: &Candidates<'_>, _: Chance, scores: &mut [f32]) {
        self.objective.score(offers.a, offers.price, scores);
    }

    fn price_to_win(&self, offers: &Candidates<'_>, i: usize, rival: f32) -> Option<f32> {
        self.objective.price_to_win(offers.a[i], rival)
    }

    fn reads(&self) -> Reads {
        self.estimate.reads()
    }

    fn explain(&self, merit: &Merit, price_eur: f32) -> Vec<Term> {
        let quality = self.estimate.quality(merit);
        self.objective.explain(self.estimate.terms(merit), quality, price_eur)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_reference_trade_is_q_squared_over_p() {
        let objective = Objective::new(2.0, 1.0);
        assert_eq!(objective.score_one(4.0, 200.0), 0.08);
        assert_eq!(objective.weight(4.5), 20.25);
        assert_eq!(objective.price_to_win(20.25, 0.1), Some(202.5));
    }

    #[test]
    fn no_price_power_leaves_price_out() {
        let objective = Objective::new(1.0, 0.0);
        assert_eq!(objective.score_one(4.5, 10.0), objective.score_one(4.5, 1e6));
        assert_eq!(objective.price_to_win(4.5, 4.0), None);
    }

    #[test]
    fn a_price_to_win_against_nobody_is_none() {
        let objective = Objective::new(2.0, 1.0);
        for rival in [f32::NEG_INFINITY, -1.0, 0.0, f32::INFINITY, f32::NAN] {
            assert_eq!(objective.price_to_win(20.0, rival), None, "rival {rival}");
        }
    }

    proptest! {
        /// The root that is taken changes no order: the stated formula, in full, is the oracle.
        #[test]
        fn order_is_that_of_the_stated_formula(
            (quality_power, price_power) in (0.0..4.0f64, prop_oneof![Just(0.0), 0.1..4.0f64]),
            (q1, q2) in (1.0..5.0f64, 1.0..5.0f64),
            (p1, p2) in (1.0..2000.0f32, 1.0..2000.0f32),
        ) {
            let objective = Objective::new(quality_power, price_power);
            let ours = libm::log(f64::from(objective.score_one(q1, p1)))
                - libm::log(f64::from(objective.score_one(q2, p2)));
            let log_stated = |q: f64, p: f32| {
                quality_power * libm::log(q) - price_power * libm::log(f64::from(p))
            };
            let stated = log_stated(q1, p1) - log_stated(q2, p2);
            let root = if price_power > 0.0 { 1.0 / price_power } else { 1.0 };
            // 32 bits carry about 7 digits of each of the two scores.
            prop_assert!((ours - stated * root).abs() < 1e-6, "{ours} against {}", stated * root);
        }

        /// A factor scales the stated score, not its root.
        #[test]
        fn a_factor_multiplies_the_stated_score(q in 1.0..5.0f64, f in 0.01..100.0f64,
            price_power in 0.2..4.0f64)
        {
            let objective = Objective::new(2.0, price_power);
            let ratio = f64::from(objective.weight_times(q, f)) / f64::from(objective.weight(q));
            prop_assert!((libm::pow(ratio, price_power) / f - 1.0).abs() < 1e-5);
        }
    }
}
