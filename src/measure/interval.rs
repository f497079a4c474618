//! A mean over worlds and how sure it is.

/// A mean with its 95 % interval by Student's t.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Mean of the values; nothing where there are none.
    pub mean: Option<f64>,
    /// Lower end of the interval; nothing for fewer than two values.
    pub low: Option<f64>,
    /// Upper end of the interval; nothing for fewer than two values.
    pub high: Option<f64>,
    /// How many values there were.
    pub n: usize,
}

impl Interval {
    /// Of independent values, one for each world. Those that are not finite are left out: a metric
    /// that had no sample in one world says nothing about the others.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Interval {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let n = values.len();
        if n == 0 {
            return Interval { mean: None, low: None, high: None, n };
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let Some(variance) = variance(&values) else {
            return Interval { mean: Some(mean), low: None, high: None, n };
        };
        let error = (variance / n as f64).sqrt();
        let half = student_t(n - 1, 0.95) * error;
        Interval { mean: Some(mean), low: Some(mean - half), high: Some(mean + half), n }
    }
}

/// Variance of a sample, divided by n − 1; nothing for fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (values.len() > 1).then(|| squares / (n - 1.0))
}

/// The t for which P(|T| ≤ t) = `confidence`, T of Student's distribution with `freedom` degrees of
/// freedom, which must be 1 or more, `confidence` between 0 and 1.
///
/// By bisection of the distribution function, which for whole degrees of freedom is a finite sum; so
/// it needs neither a table nor a library of special functions.
pub fn student_t(freedom: usize, confidence: f64) -> f64 {
    assert!(freedom >= 1 && confidence > 0.0 && confidence < 1.0, "{freedom}, {confidence}");
    let (mut low, mut high) = (0.0, 1.0);
    while within(high, freedom) < confidence {
        (low, high) = (high, high * 2.0);
    }
    // 60 halvings take the bracket below the spacing of numbers of its size.
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if within(middle, freedom) < confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// P(|T| > t): the p-value, two-sided, of a t statistic with `freedom` degrees of freedom.
pub fn p_value(t: f64, freedom: usize) -> f64 {
    if t.is_infinite() { 0.0 } else { (1.0 - within(t.abs(), freedom)).clamp(0.0, 1.0) }
}

/// p-values adjusted so that the chance of even one false alarm among all of them stays below the
/// level that they are held against, in the order in which they were given.
///
/// Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979) 65-70:
/// the k-th smallest of m (counted from 0) times m − k, and never below one before it.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut floor = 0.0_f64;
    for (k, &i) in order.iter().enumerate() {
        floor = floor.max((p.len() - k) as f64 * p[i]).min(1.0);
        adjusted[i] = floor;
    }
    adjusted
}

/// How many independent values a t test needs to find a mean of `mean` among values that scatter by
/// `deviation` (their standard deviation), with a power of 80 % at a two-sided level of 5 %; nothing
/// where the mean is 0 or it would take more than 10^9.
///
/// The least n for which n ≥ ((t(n − 1, two-sided 5 %) + t(n − 1, one-sided 20 %)) · deviation / mean)².
pub fn values_needed(mean: f64, deviation: f64) -> Option<u64> {
    values_needed_at(0.95, mean, deviation)
}

/// The same for an interval that holds the truth with this `confidence`, above 0.5 and below 1.
pub fn values_needed_at(confidence: f64, mean: f64, deviation: f64) -> Option<u64> {
    let ratio = deviation / mean;
    let needs = |n: u64| {
        // From 1,000 degrees of freedom on t is the normal's quantile to three digits.
        let freedom = (n - 1).min(1_000) as usize;
        let sum = student_t(freedom, confidence) + student_t(freedom, 0.60);
        sum * sum * ratio * ratio
    };
    // Quantiles fall with n, so that what many values need is the least that any number would do with.
    let least = needs(1_001);
    if !least.is_finite() || least > 1e9 {
        return None;
    }
    let first = (least.ceil() as u64).max(2);
    (first..).find(|&n| n as f64 >= needs(n))
}

/// P(|T| ≤ t): Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
fn within(t: f64, freedom: usize) -> f64 {
    let nu = freedom as f64;
    let cos2 = nu / (nu + t * t);
    let sin = t / (nu + t * t).sqrt();
    let odd = freedom % 2 == 1;
    // The terms of the sum: each is the last times cos² and a ratio of neighbouring numbers.
    let (mut term, mut sum) = if odd { (cos2.sqrt(), 0.0) } else { (1.0, 0.0) };
    let mut k = if odd { 3 } else { 2 };
    while k <= freedom {
        sum += term;
        term *= cos2 * (k - 1) as f64 / k as f64;
        k += 2;
    }
    if odd {
        let theta = libm::atan(t / nu.sqrt());
        std::f64::consts::FRAC_2_PI * (theta + sin * sum)
    } else {
        sin * sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_tables() {
        // Two-sided 95 %, from the usual printed table; the last column to 3 digits.
        let table = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (9, 2.262),
            (10, 2.228),
            (19, 2.093),
            (29, 2.045),
            (30, 2.042),
            (100, 1.984),
            (1_000, 1.962),
        ];
        for (freedom, expected) in table {
            let got = student_t(freedom, 0.95);
            assert!((got - expected).abs() < 6e-4, "{freedom}: {got}, {expected}");
        }
        assert!((student_t(4, 0.99) - 4.604).abs() < 6e-4);
        assert!((student_t(7, 0.90) - 1.895).abs() < 6e-4);
    }

    #[test]
    fn closed_forms() {
        // One degree of freedom is Cauchy's tan(π c/2); two is c √(2/(1 − c²)).
        for confidence in [0.5, 0.9, 0.95, 0.999] {
            let cauchy = libm::tan(std::f64::consts::FRAC_PI_2 * confidence);
            assert!((student_t(1, confidence) / cauchy - 1.0).abs() < 1e-12);
            let two = confidence * (2.0 / (1.0 - confidence * confidence)).sqrt();
            assert!((student_t(2, confidence) / two - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn an_interval_by_hand() {
        // Mean 4, standard deviation 2, error 2/√4 = 1, t(3) = 3.1824.
        let interval = Interval::of([2.0, 4.0, 4.0, 6.0]);
        let error = (8.0_f64 / 3.0 / 4.0).sqrt();
        assert_eq!(interval.mean, Some(4.0));
        assert!((interval.high.unwrap() - 4.0 - 3.182_446 * error).abs() < 1e-5);
        assert!((4.0 - interval.low.unwrap() - 3.182_446 * error).abs() < 1e-5);
    }

    #[test]
    fn p_values_of_the_tables() {
        for (freedom, t) in [(1, 12.706_205), (4, 2.776_445), (30, 2.042_272)] {
            assert!((p_value(t, freedom) - 0.05).abs() < 1e-6, "{freedom}");
            assert!((p_value(-t, freedom) - 0.05).abs() < 1e-6, "{freedom}");
        }
        assert_eq!((p_value(0.0, 3), p_value(f64::INFINITY, 3)), (1.0, 0.0));
    }

    #[test]
    fn holm_by_hand() {
        // 4 · .01, 3 · .015 = .045, 2 · .03 = .06, and .04 no less than the one before it.
        let got = holm(&[0.03, 0.01, 0.04, 0.015]);
        for (got, expected) in got.iter().zip([0.06, 0.04, 0.06, 0.045]) {
            assert!((got - expected).abs() < 1e-12, "{got}, {expected}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn values_needed_of_the_tables() {
        // Paired t test, power 80 %, two-sided 5 %: 34 at an effect of half a deviation, 199 at a
        // fifth (Cohen's tables); the formula is an approximation that may be one off.
        for (mean, expected) in [(0.5, 34), (-0.2, 199)] {
            let got = values_needed(mean, 1.0).unwrap();
            assert!(got.abs_diff(expected) <= 1, "{mean}: {got}");
        }
        assert_eq!(values_needed(0.0, 1.0), None);
        assert_eq!(values_needed(1e-6, 1.0), None);
    }

    #[test]
    fn few_values() {
        let none = Interval { mean: None, low: None, high: None, n: 0 };
        assert_eq!(Interval::of([]), none);
        assert_eq!(Interval::of([f64::NAN]), none);
        let one = Interval { mean: Some(3.0), low: None, high: None, n: 1 };
        assert_eq!(Interval::of([3.0, f64::INFINITY]), one);
    }
}
