//! Samplers of named distributions, built on `libm` so that their bits are the same everywhere.

use super::{Stream, exp, ln};

/// The point below which a standard normal falls with probability `p`, in (0, 1).
///
/// Wichura's algorithm AS 241 (PPND16), accurate to about 1 part in 10^16. Inversion is used rather
/// than a rejection method so that one uniform makes one normal: keyed draws stay in step.
pub fn unit_normal(p: f64) -> f64 {
    const A: [f64; 8] = [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ];
    const B: [f64; 8] = [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_545,
    ];
    const C: [f64; 8] = [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ];
    const D: [f64; 8] = [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ];
    const E: [f64; 8] = [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ];
    const F: [f64; 8] = [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ];
    let ratio = |r: f64, top: &[f64; 8], bottom: &[f64; 8]| {
        let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, &a| sum * r + a);
        horner(top) / horner(bottom)
    };
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(0.180_625 - q * q, &A, &B);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let z = if r <= 5.0 { ratio(r - 1.6, &C, &D) } else { ratio(r - 5.0, &E, &F) };
    if q < 0.0 { -z } else { z }
}

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
