//! What is computed of a sample, whatever it is a sample of.

use crate::measure::interval::variance;

/// The mean; not a number where there is no value.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard error of the mean, from how far the values scatter.
pub fn error(values: &[f64]) -> f64 {
    (variance(values).unwrap_or(f64::NAN) / values.len() as f64).sqrt()
}

/// The standard error of a share `p` of `n`.
pub fn share_error(p: f64, n: f64) -> f64 {
    (p * (1.0 - p) / n).sqrt()
}

/// Kolmogorov's statistic √n·D of a sample against the distribution function `law`.
pub fn kolmogorov(sample: &mut [f64], law: impl Fn(f64) -> f64) -> f64 {
    sample.sort_unstable_by(f64::total_cmp);
    let n = sample.len() as f64;
    let apart = |(i, &x): (usize, &f64)| {
        let at = law(x);
        (at - i as f64 / n).max((i + 1) as f64 / n - at)
    };
    n.sqrt() * sample.iter().enumerate().map(apart).fold(f64::NAN, f64::max)
}

/// The 1 % point of Kolmogorov's statistic for large samples (Kolmogorov 1933).
pub const KOLMOGOROV_1_PERCENT: f64 = 1.6276;

/// Pearson's statistic of counts against their means.
pub fn chi_squared(seen: &[f64], means: &[f64]) -> f64 {
    seen.iter().zip(means).map(|(seen, mean)| (seen - mean) * (seen - mean) / mean).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
        assert!(mean(&[]).is_nan() && error(&[1.0]).is_nan());
        // Deviations ±1 around 2: variance 2, error √(2/2).
        assert_eq!(error(&[1.0, 3.0]), 1.0);
        assert_eq!(share_error(0.5, 25.0), 0.1);
        assert_eq!(chi_squared(&[4.0, 6.0], &[5.0, 5.0]), 0.4);
        // .1 and .6 against a uniform: farthest apart below .6, where half are seen, and above .6.
        let got = kolmogorov(&mut [0.6, 0.1], |x| x);
        assert!((got - 0.4 * 2.0_f64.sqrt()).abs() < 1e-12, "{got}");
        assert!(kolmogorov(&mut [], |x| x).is_nan());
    }
}
