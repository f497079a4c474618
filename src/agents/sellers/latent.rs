//! Beta distributions as functions of a standard normal, so that several of them can be correlated
//! (a Gaussian copula) while each keeps its own measured shape.

use libm::{erfc, exp, lgamma, log, sqrt};

/// Knots of a table; at 512 the interpolated quantile is within 1 part in 10^4 of the true one.
const KNOTS: usize = 512;
/// The table covers normals up to this far from 0; beyond (2 in 10^9) it stays at its ends.
const REACH: f64 = 6.0;

/// The quantile function of a Beta(a, b), seen as a function of a standard normal.
#[derive(Debug, Clone)]
pub(super) struct BetaOfNormal {
    at_knot: Vec<f64>,
}

impl BetaOfNormal {
    /// The table of Beta(a, b); `a = 0` is a chance that is always 0.
    pub(super) fn new(a: f64, b: f64) -> Self {
        let at_knot = (0..=KNOTS)
            .map(|i| {
                let z = REACH * (2.0 * i as f64 / KNOTS as f64 - 1.0);
                if a == 0.0 { 0.0 } else { quantile(a, b, z) }
            })
            .collect();
        BetaOfNormal { at_knot }
    }

    /// The beta that stands where the normal `z` stands: both have the same share below them.
    pub(super) fn at(&self, z: f64) -> f64 {
        let place = (z / REACH + 1.0) * 0.5 * KNOTS as f64;
        let place = place.clamp(0.0, KNOTS as f64);
        let left = (place as usize).min(KNOTS - 1);
        let share = place - left as f64;
        self.at_knot[left] * (1.0 - share) + self.at_knot[left + 1] * share
    }
}

/// Solves I_x(a, b) = Phi(z) for x by halving, on the side of the median where the tail is small.
fn quantile(a: f64, b: f64, z: f64) -> f64 {
    let tail = 0.5 * erfc(z.abs() / sqrt(2.0));
    let (a, b, upper) = if z < 0.0 { (a, b, false) } else { (b, a, true) };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if incomplete_beta(a, b, middle) < tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    let x = 0.5 * (low + high);
    if upper { 1.0 - x } else { x }
}

/// The regularised incomplete beta function I_x(a, b): DLMF 8.17.4 (symmetry) and the continued
/// fraction 8.17.22, evaluated by the modified Lentz method.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let log_front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * libm::log1p(-x);
    exp(log_front) * continued_fraction(a, b, x) / a
}

fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    // Keeps a vanishing denominator away from a division by zero.
    let away = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..20_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        value *= d * c;
        if (d * c - 1.0).abs() < 1e-13 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::unit_normal;

    #[test]
    fn uniform_and_power_laws_have_closed_quantiles() {
        // Beta(1, 1) is uniform, Beta(2, 1) has the quantile sqrt(p), Beta(1, 3) is 1 − (1 − p)^(1/3).
        for p in [0.001, 0.02, 0.3, 0.5, 0.77, 0.99, 0.9999] {
            let z = unit_normal(p);
            for (a, b, expected) in
                [(1.0, 1.0, p), (2.0, 1.0, p.sqrt()), (1.0, 3.0, 1.0 - libm::cbrt(1.0 - p))]
            {
                let exact = quantile(a, b, z);
                assert!((exact - expected).abs() < 1e-9, "Beta({a}, {b}) at {p}: {exact}");
                let table = BetaOfNormal::new(a, b).at(z);
                assert!((table - expected).abs() < 2e-4, "table Beta({a}, {b}) at {p}: {table}");
            }
        }
    }

    #[test]
    fn the_measured_late_rate_keeps_its_moments() {
        // Mean and standard deviation of Beta(2.9, 34.4): .0777 and .0433.
        let table = BetaOfNormal::new(2.9, 34.4);
        let n = 20_000;
        let draws: Vec<f64> =
            (0..n).map(|i| table.at(unit_normal((f64::from(i) + 0.5) / f64::from(n)))).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
        assert!((mean - 0.07775).abs() < 1e-4, "mean {mean}");
        assert!((variance.sqrt() - 0.04327).abs() < 2e-4, "sd {}", variance.sqrt());
    }

    #[test]
    fn extremes_stay_within_zero_and_one() {
        for (a, b) in [(0.05, 0.05), (1e5, 1e5), (0.3, 900.0)] {
            let table = BetaOfNormal::new(a, b);
            let values: Vec<f64> = (-800..=800).map(|i| table.at(f64::from(i) / 100.0)).collect();
            assert!(values.iter().all(|v| (0.0..=1.0).contains(v)), "Beta({a}, {b})");
            assert!(values.is_sorted(), "Beta({a}, {b}) falls somewhere");
        }
        assert_eq!(BetaOfNormal::new(0.0, 5.0).at(3.0), 0.0);
    }
}
