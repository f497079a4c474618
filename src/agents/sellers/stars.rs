//! Stars: how an order that went one way or another is rated, and what quality earns in the long run.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quality;
use crate::history::Condition;

/// How an order went, as far as its stars depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// On time, sound and of its grade.
    Good,
    /// After the promised day, whatever was in it.
    Late,
    /// On time, but it does not work.
    Defective,
    /// On time and working, but worse than its grade.
    Misgraded,
}

impl Outcome {
    /// Every outcome, in the order of [`StarTable`].
    pub const ALL: [Outcome; 4] =
        [Outcome::Good, Outcome::Late, Outcome::Defective, Outcome::Misgraded];

    /// The outcome that decides the stars. Lateness comes first, because the stars of late orders
    /// were measured over all of them, defective ones included.
    pub const fn of(late: bool, condition: Condition) -> Self {
        match condition {
            _ if late => Outcome::Late,
            Condition::Sound => Outcome::Good,
            Condition::Defective => Outcome::Defective,
            Condition::Misgraded => Outcome::Misgraded,
        }
    }

    /// The key of its row of stars in a scenario.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Good => "good",
            Outcome::Late => "late",
            Outcome::Defective => "defective",
            Outcome::Misgraded => "misgraded",
        }
    }

    /// How often each outcome comes about at a quality, in the order of [`Outcome::ALL`].
    pub fn chances(quality: &Quality) -> [f64; 4] {
        let on_time = 1.0 - quality.late;
        let works = on_time * (1.0 - quality.defect);
        [
            works * (1.0 - quality.misgrade),
            quality.late,
            on_time * quality.defect,
            works * quality.misgrade,
        ]
    }
}

/// How orders are rated: the shares of 1, 2, 3, 4 and 5 stars by outcome, for a seller whose service
/// is neither better nor worse than usual. Each row adds up to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StarShares {
    /// Shares of 1 to 5 stars when all went well [ratio].
    #[garde(inner(range(min = 0.0, max = 1.0)))]
    pub good: [f64; 5],
    /// Shares of 1 to 5 stars when the parcel came late [ratio].
    #[garde(inner(range(min = 0.0, max = 1.0)))]
    pub late: [f64; 5],
    /// Shares of 1 to 5 stars when the unit was defective [ratio].
    #[garde(inner(range(min = 0.0, max = 1.0)))]
    pub defective: [f64; 5],
    /// Shares of 1 to 5 stars when the unit was worse than its grade [ratio].
    #[garde(inner(range(min = 0.0, max = 1.0)))]
    pub misgraded: [f64; 5],
}

impl StarShares {
    /// The shares of one outcome.
    pub const fn of(&self, outcome: Outcome) -> &[f64; 5] {
        match outcome {
            Outcome::Good => &self.good,
            Outcome::Late => &self.late,
            Outcome::Defective => &self.defective,
            Outcome::Misgraded => &self.misgraded,
        }
    }

    /// By how much the mean stars of a good order move for a tilt, on average over tilts that move them
    /// by about `span` stars up and down [stars per unit of tilt]. For a small span this is the
    /// variance of the stars; a longer one reaches where there is no room above.
    pub(super) fn stars_per_tilt(&self, span: f64) -> f64 {
        let slope = variance(&self.good);
        if slope <= 0.0 || span <= 0.0 {
            return slope;
        }
        let tilt = span / slope;
        let mean = |t: f64| mean_stars(&self.tilted(Outcome::Good, t));
        (mean(tilt) - mean(-tilt)) / (2.0 * tilt)
    }

    /// The stars of an outcome with a seller of this tilt: star k weighs exp(t·(k − 3)) times what it
    /// did. A tilt moves a mean by the variance times t, and stars of late orders vary three times as
    /// much as those of good ones; t is the tilt over that, so that pleasant service is worth about
    /// the same number of stars whatever comes of the order, and does not make up for lateness.
    fn tilted(&self, outcome: Outcome, tilt: f64) -> [f64; 5] {
        let row = self.of(outcome);
        let spread = variance(row);
        let t = if spread > 0.0 { tilt * variance(&self.good) / spread } else { 0.0 };
        let up = libm::exp(t);
        let down = 1.0 / up;
        let factors = [down * down, down, 1.0, up, up * up];
        let weights: [f64; 5] = std::array::from_fn(|i| row[i] * factors[i]);
        let total: f64 = weights.iter().sum();
        weights.map(|w| w / total)
    }
}

/// The variance of stars [stars²].
fn variance(row: &[f64; 5]) -> f64 {
    let mean = mean_stars(row);
    row.iter().zip(1..).map(|(p, k)| p * f64::from(k * k)).sum::<f64>() - mean * mean
}

fn mean_stars(row: &[f64; 5]) -> f64 {
    row.iter().zip(1..).map(|(p, k)| p * f64::from(k)).sum()
}

/// Mean stars that a quality earns in the long run, if every delivered order is reviewed.
pub fn true_stars(quality: &Quality, shares: &StarShares) -> f64 {
    let chances = Outcome::chances(quality);
    Outcome::ALL
        .iter()
        .zip(chances)
        .map(|(&outcome, chance)| chance * mean_stars(&shares.tilted(outcome, quality.tilt)))
        .sum()
}

/// Share of 4 and 5 stars that a quality earns in the long run, if every delivered order is reviewed.
pub fn positive_share(quality: &Quality, shares: &StarShares) -> f64 {
    let positive = |outcome| {
        let row = shares.tilted(outcome, quality.tilt);
        row[3] + row[4]
    };
    let chances = Outcome::chances(quality);
    Outcome::ALL.iter().zip(chances).map(|(&outcome, chance)| chance * positive(outcome)).sum()
}

/// A seller's star distributions, ready to be drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StarTable {
    // By outcome: the share of at most 1, 2, 3 and 4 stars [in 2^-32].
    cumulative: [[u32; 4]; 4],
}

impl StarTable {
    /// The table of a seller whose service tilts stars by `tilt`.
    pub fn new(tilt: f64, shares: &StarShares) -> Self {
        let cumulative = Outcome::ALL.map(|outcome| {
            let row = shares.tilted(outcome, tilt);
            let mut sum = 0.0;
            std::array::from_fn(|i| {
                sum += row[i];
                // The cast saturates, so a sum of 1 is a threshold that no draw reaches.
                (sum * 4_294_967_296.0) as u32
            })
        });
        StarTable { cumulative }
    }

    /// The stars, 1 to 5, that 32 uniform bits make of an outcome.
    pub fn stars(&self, outcome: Outcome, bits: u32) -> u8 {
        // The highest draw counts as the one below it, so that stars of no chance never come.
        let bits = bits.min(u32::MAX - 1);
        let row = &self.cumulative[outcome as usize];
        1 + row.iter().map(|&threshold| u8::from(bits >= threshold)).sum::<u8>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::star_shares;
    use super::*;
    use proptest::prelude::*;

    fn plain(tilt: f64) -> Quality {
        Quality { defect: 0.05, late: 0.0778, misgrade: 0.04, cancel: 0.01, tilt }
    }

    #[test]
    fn late_orders_earn_the_measured_mean() {
        let always_late = Quality { late: 1.0, defect: 0.3, ..plain(0.0) };
        // .511 + 2·.080 + 3·.123 + 4·.114 + 5·.172 = 2.356; 2.357 was measured.
        let shares = StarShares { late: [0.511, 0.080, 0.123, 0.114, 0.172], ..star_shares() };
        assert!((true_stars(&always_late, &shares) - 2.356).abs() < 1e-9);
    }

    #[test]
    fn lateness_decides_before_what_was_in_the_parcel() {
        for condition in [Condition::Sound, Condition::Defective, Condition::Misgraded] {
            assert_eq!(Outcome::of(true, condition), Outcome::Late);
        }
        assert_eq!(Outcome::of(false, Condition::Sound), Outcome::Good);
        assert_eq!(Outcome::of(false, Condition::Defective), Outcome::Defective);
        assert_eq!(Outcome::of(false, Condition::Misgraded), Outcome::Misgraded);
    }

    #[test]
    fn a_tilt_moves_stars_by_the_variance() {
        let shares = star_shares();
        let slope = shares.stars_per_tilt(0.0);
        let step = 1e-5;
        let moved = true_stars(&plain(step), &shares) - true_stars(&plain(-step), &shares);
        assert!((moved / (2.0 * step) - slope).abs() < 1e-6, "slope {slope}");
    }

    #[test]
    fn stars_of_no_chance_never_come() {
        let shares = StarShares { good: [0.0, 0.5, 0.0, 0.5, 0.0], ..star_shares() };
        let table = StarTable::new(0.4, &shares);
        for bits in [0, 1, 1 << 31, u32::MAX - 1, u32::MAX] {
            assert!([2, 4].contains(&table.stars(Outcome::Good, bits)), "bits {bits}");
        }
    }

    proptest! {
        /// Against an obvious oracle: walk down the tilted shares until the uniform is used up.
        #[test]
        fn the_table_draws_as_a_walk_does(tilt in -2.0..2.0, bits: u32, which in 0usize..4) {
            let outcome = Outcome::ALL[which];
            let shares = star_shares();
            let row = shares.of(outcome);
            // Service moves the stars of every outcome by as much as those of a good order.
            let t = tilt * variance(&shares.good) / variance(row);
            let weights: Vec<f64> =
                row.iter().zip(1..).map(|(p, k)| p * libm::exp(t * (f64::from(k) - 3.0))).collect();
            let uniform = (f64::from(bits) + 0.5) / 4_294_967_296.0;
            let mut left = uniform * weights.iter().sum::<f64>();
            let mut expected = 1;
            for weight in &weights[..4] {
                left -= weight;
                if left < 0.0 {
                    break;
                }
                expected += 1;
            }
            // A draw within rounding of a threshold may fall on either side.
            let drawn = StarTable::new(tilt, &shares).stars(outcome, bits);
            prop_assert!(drawn == expected || left.abs() < 1e-8, "{drawn} for {expected}");
        }

        #[test]
        fn chances_of_outcomes_add_up(late in 0.0..1.0, defect in 0.0..1.0, misgrade in 0.0..1.0) {
            let quality = Quality { late, defect, misgrade, cancel: 0.0, tilt: 0.0 };
            let sum: f64 = Outcome::chances(&quality).iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
        }
    }
}
