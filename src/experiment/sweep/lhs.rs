//! Latin hypercube: of n points, one in each n-th of every coordinate.
//!
//! M. D. McKay, R. J. Beckman and W. J. Conover, "A comparison of three methods for selecting values of
//! input variables in the analysis of output from a computer code", Technometrics 21 (1979) 239-245.

use crate::rng::{Dice, Purpose};

/// The points of a Latin hypercube.
#[derive(Debug, Clone)]
pub(super) struct Latin {
    dice: Dice,
    /// For each dimension which stratum each point is in. Four bytes a coordinate are all that is kept.
    strata: Vec<Vec<u32>>,
}

impl Latin {
    /// `points` points of so many dimensions, drawn from `dice`.
    pub fn new(points: u32, dimensions: usize, dice: Dice) -> Latin {
        let shuffled = |dimension: usize| {
            let mut strata: Vec<u32> = (0..points).collect();
            for i in (1..points).rev() {
                let block = dice.block(dimension as u64, i, Purpose::Design);
                strata.swap(i as usize, block.below(0, i + 1) as usize);
            }
            strata
        };
        Latin { dice, strata: (0..dimensions).map(shuffled).collect() }
    }

    /// A coordinate of the point `index`, in (0, 1): anywhere within its stratum.
    pub fn unit(&self, index: u32, dimension: usize) -> f64 {
        let strata = &self.strata[dimension];
        // Numbers 2 and 3 of the block that shuffled with number 0.
        let within = self.dice.block(dimension as u64, index, Purpose::Design).fine_unit(1);
        (f64::from(strata[index as usize]) + within) / strata.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stratum_of_every_coordinate_has_one_point() {
        for n in [1, 2, 7, 100, 4_096] {
            let latin = Latin::new(n, 3, Dice::new(42, 0));
            for d in 0..3 {
                let units: Vec<f64> = (0..n).map(|i| latin.unit(i, d)).collect();
                let mut strata: Vec<u32> =
                    units.iter().map(|u| (u * f64::from(n)) as u32).collect();
                strata.sort_unstable();
                assert!(strata.into_iter().eq(0..n), "{n} points, dimension {d}");
            }
        }
    }

    #[test]
    fn coordinates_are_shuffled_apart_and_by_the_seed() {
        let of = |seed: u64| Latin::new(1_000, 2, Dice::new(seed, 0));
        let (one, two) = (of(1), of(2));
        assert_ne!(one.strata[0], one.strata[1]);
        assert_ne!(one.strata[0], two.strata[0]);
        // The correlation of two coordinates is within three standard errors of none.
        let mean = |f: &dyn Fn(u32) -> f64| (0..1_000).map(f).sum::<f64>() / 1_000.0;
        let product = mean(&|i| (one.unit(i, 0) - 0.5) * (one.unit(i, 1) - 0.5));
        assert!((product * 12.0).abs() < 3.0 / 1_000.0_f64.sqrt(), "{product}");
        // Within a stratum points are anywhere.
        let within = mean(&|i| (one.unit(i, 0) * 1_000.0).fract());
        assert!((within - 0.5).abs() < 3.0 / 12_000.0_f64.sqrt(), "{within}");
    }
}
