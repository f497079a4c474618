//! Samplers of named distributions, built on `libm` so that their bits are the same everywhere.

use super::normal::unit_normal;
use super::{Stream, exp, ln};

/// A normal of mean `mean` and standard deviation `sd`.
pub fn normal(draws: &mut Stream, mean: f64, sd: f64) -> f64 {
    mean + sd * unit_normal(draws.unit())
}

/// A lognormal whose logarithm has mean `mu` and standard deviation `sigma`.
pub fn lognormal(draws: &mut Stream, mu: f64, sigma: f64) -> f64 {
    libm::exp(normal(draws, mu, sigma))
}

/// An exponential of mean 1.
pub fn exponential(draws: &mut Stream) -> f64 {
    -ln(draws.unit())
}

/// A gamma of shape `shape` and scale 1 (Marsaglia and Tsang 2000).
pub fn gamma(draws: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        // Boosting: G(a) = G(a + 1) · U^(1/a).
        let boost = libm::exp(libm::log(draws.unit()) / shape);
        return gamma(draws, shape + 1.0) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let z = unit_normal(draws.unit());
        let t = 1.0 + c * z;
        if t <= 0.0 {
            continue;
        }
        let v = t * t * t;
        let u = draws.unit();
        // The squeeze decides nearly always, and never otherwise than the exact test.
        if u < 1.0 - 0.0331 * z * z * z * z || ln(u) < 0.5 * z * z + d - d * v + d * ln(v) {
            return d * v;
        }
    }
}

/// A beta of shapes `a` and `b`.
pub fn beta(draws: &mut Stream, a: f64, b: f64) -> f64 {
    let x = gamma(draws, a);
    let y = gamma(draws, b);
    x / (x + y)
}

/// A Poisson of mean `mean`.
///
/// Inversion by sequential search below 12, where it takes one uniform; above, Hörmann's
/// transformed rejection PTRS (1993), whose cost does not grow with the mean.
pub fn poisson(draws: &mut Stream, mean: f64) -> u32 {
    if mean <= 0.0 {
        return 0;
    }
    if mean < 12.0 {
        let u = draws.unit();
        let mut term = exp(-mean);
        let mut cumulative = term;
        let mut k = 0u32;
        while u > cumulative && k < 200 {
            k += 1;
            term *= mean / f64::from(k);
            cumulative += term;
        }
        return k;
    }
    poisson_ptrs(draws, mean)
}

fn poisson_ptrs(draws: &mut Stream, mean: f64) -> u32 {
    let log_mean = libm::log(mean);
    let b = 0.931 + 2.53 * libm::sqrt(mean);
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let accept_at_once = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let u = draws.unit() - 0.5;
        let v = draws.unit();
        let us = 0.5 - u.abs();
        let k = libm::floor((2.0 * a / us + b) * u + mean + 0.43);
        if us >= 0.07 && v <= accept_at_once {
            return k as u32;
        }
        if k < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let left = libm::log(v * inverse_alpha / (a / (us * us) + b));
        if left <= k * log_mean - mean - libm::lgamma(k + 1.0) {
            return k as u32;
        }
    }
}

/// A negative binomial of mean `mean` and dispersion `k`: a Poisson whose mean is gamma of shape
/// `k`, with variance `mean + mean²/k`.
pub fn negative_binomial(draws: &mut Stream, mean: f64, k: f64) -> u32 {
    let rate = gamma(draws, k) * mean / k;
    poisson(draws, rate)
}

/// The number of successes of chance `p` in `n` tries, by trying: `n` is small wherever this is used.
pub fn binomial(draws: &mut Stream, n: u32, p: f64) -> u32 {
    (0..n).filter(|_| draws.unit() < p).count() as u32
}

/// Walker's alias table: draws an index in proportion to fixed weights, in constant time.
#[derive(Debug, Clone)]
pub struct Alias {
    // Chance of keeping the column [in 2^-32] and where to go otherwise, side by side for one miss.
    columns: Vec<(u32, u32)>,
}

impl Alias {
    /// A table over `weights`: finite, not negative, not all zero (Vose's construction).
    pub fn new(weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        assert!(
            total.is_finite() && total > 0.0 && weights.iter().all(|&w| w >= 0.0),
            "an alias table needs weights that are not negative and not all zero: {weights:?}"
        );
        let n = weights.len();
        let mut scaled: Vec<f64> = weights.iter().map(|w| w / total * n as f64).collect();
        let mut columns: Vec<(u32, u32)> = (0..n as u32).map(|i| (u32::MAX, i)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..n).partition(|&i| scaled[i] < 1.0);
        while let (Some(s), Some(&l)) = (small.pop(), large.last()) {
            columns[s] = ((scaled[s] * 4_294_967_296.0) as u32, l as u32);
            scaled[l] -= 1.0 - scaled[s];
            if scaled[l] < 1.0 {
                large.pop();
                small.push(l);
            }
        }
        // What is left in `small` is there by rounding: it keeps its own column.
        Alias { columns }
    }

    /// The index that 32 uniform bits point to. The column uses their top, the choice the rest.
    pub fn pick(&self, bits: u32) -> u32 {
        let wide = u64::from(bits) * self.columns.len() as u64;
        let column = (wide >> 32) as u32;
        let (keep, other) = self.columns[column as usize];
        if (wide as u32) < keep { column } else { other }
    }

    /// How many indices the table draws from.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is nothing to draw from (never, once built).
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}
