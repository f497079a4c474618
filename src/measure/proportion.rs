//! Intervals of a proportion: how sure one is of a share after k of n.
//!
//! Brown, Cai and DasGupta, "Interval Estimation for a Binomial Proportion", Statistical Science 16
//! (2001) 101-133, compare the three, and tell why Wald's should not be used.

use crate::rng::unit_normal;

/// The two ends of an interval.
pub type Ends = (f64, f64);

/// The normal quantile z for which P(|Z| ≤ z) = `confidence`.
fn z(confidence: f64) -> f64 {
    unit_normal(0.5 + confidence / 2.0)
}

/// Wald's interval p ± z·√(p(1 − p)/n) of `k` of `n`, which promises more than it holds.
pub fn wald(k: u64, n: u64, confidence: f64) -> Ends {
    let (n, p) = (n as f64, k as f64 / n as f64);
    let half = z(confidence) * (p * (1.0 - p) / n).sqrt();
    (p - half, p + half)
}

/// Wilson's interval of `k` of `n`: all p that a score test would not refuse (Wilson, JASA 22, 1927).
pub fn wilson(k: u64, n: u64, confidence: f64) -> Ends {
    let (z, n, k) = (z(confidence), n as f64, k as f64);
    let middle = (k + z * z / 2.0) / (n + z * z);
    let half = z / (n + z * z) * (k * (n - k) / n + z * z / 4.0).sqrt();
    (middle - half, middle + half)
}

/// Jeffreys' interval of `k` of `n`: the middle of the posterior Beta(k + 1/2, n − k + 1/2), up to 0
/// where nothing and up to 1 where everything was a hit.
pub fn jeffreys(k: u64, n: u64, confidence: f64) -> Ends {
    let (a, b) = (k as f64 + 0.5, (n - k) as f64 + 0.5);
    let tail = (1.0 - confidence) / 2.0;
    let low = if k == 0 { 0.0 } else { beta_quantile(a, b, tail) };
    let high = if k == n { 1.0 } else { beta_quantile(a, b, 1.0 - tail) };
    (low, high)
}

/// The x at which the distribution function of Beta(a, b) is `p`, by bisection.
pub fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // 60 halvings take the bracket below the spacing of numbers near 1.
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if incomplete_beta(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// The distribution function of Beta(a, b) at x: the regularised incomplete beta function.
///
/// By the continued fraction of DLMF 8.17.22, evaluated by Lentz's method, on the side of the mean
/// where it converges fast.
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    assert!(a > 0.0 && b > 0.0 && (0.0..=1.0).contains(&x), "Beta({a}, {b}) at {x}");
    if x == 0.0 || x == 1.0 {
        return x;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let log_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = libm::exp(a * libm::log(x) + b * libm::log1p(-x) - log_beta) / a;
    front / fraction(a, b, x)
}

/// 1 + d1/(1 + d2/(1 + …)), the denominator of DLMF 8.17.22.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    // It converges in some √max(a, b) steps: this is enough for shapes of many millions.
    for n in 1..100_000 {
        let m = f64::from(n / 2);
        let numerator = if n % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / away(1.0 + numerator * d);
        c = away(1.0 + numerator / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_of_the_incomplete_beta() {
        for x in [0.001, 0.2, 0.5, 0.83, 0.999] {
            // Beta(a, 1) is x^a, Beta(1, b) is 1 − (1 − x)^b, and Beta(½, ½) the arcsine law.
            let cube = libm::pow(x, 3.0);
            assert!((incomplete_beta(3.0, 1.0, x) - cube).abs() < 1e-14, "{x}");
            let other = 1.0 - libm::pow(1.0 - x, 7.5);
            assert!((incomplete_beta(1.0, 7.5, x) - other).abs() < 1e-13, "{x}");
            let arcsine = std::f64::consts::FRAC_2_PI * libm::asin(x.sqrt());
            assert!((incomplete_beta(0.5, 0.5, x) - arcsine).abs() < 1e-13, "{x}");
        }
        // ln Γ(2,000) has some 10^4 before its point, so that many digits fewer behind it.
        assert!((incomplete_beta(2_000.0, 2_000.0, 0.5) - 0.5).abs() < 1e-11);
    }

    #[test]
    fn quantiles_undo_it() {
        for (a, b) in [(0.5, 0.5), (47.5, 3.5), (1.0, 900.0)] {
            for p in [0.025, 0.5, 0.975] {
                let x = beta_quantile(a, b, p);
                assert!((incomplete_beta(a, b, x) - p).abs() < 1e-12, "Beta({a}, {b}) at {p}");
            }
        }
    }

    #[test]
    fn intervals_of_the_literature() {
        // Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 and 15 of 148, Wilson.
        let near = |got: f64, expected: f64| (got - expected).abs() < 5.1e-5;
        let (low, high) = wilson(81, 263, 0.95);
        assert!(near(low, 0.2553) && near(high, 0.3662), "{low}, {high}");
        let (low, high) = wilson(15, 148, 0.95);
        assert!(near(low, 0.0624) && near(high, 0.1605), "{low}, {high}");
        // The same table, the simple method without correction.
        let (low, high) = wald(81, 263, 0.95);
        assert!(near(low, 0.2522) && near(high, 0.3638), "{low}, {high}");
        // A hit in each of n: Jeffreys' interval reaches 1, and 0 where there is none.
        assert_eq!(jeffreys(9, 9, 0.95).1, 1.0);
        assert_eq!(jeffreys(0, 9, 0.95).0, 0.0);
    }
}
