//! How unequally something is shared among sellers. Integers in, so that a share never depends on
//! the order in which sales were added up.

/// Concentration of one quantity over a set of sellers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Gini coefficient, 0 (all alike) to 1 − 1/n (one has all).
    pub gini: f64,
    /// Herfindahl-Hirschman index, 10⁴ Σp², from 10⁴/n to 10⁴.
    pub hhi: f64,
    /// Share of the ten sellers who have most.
    pub top10: f64,
    /// How many sellers of equal size would be as concentrated: 1/Σp².
    pub effective: f64,
}

impl Shares {
    /// The concentration of `amounts`, one for each seller, those with nothing included. Nothing
    /// when there is nothing to share.
    pub fn of(amounts: impl IntoIterator<Item = u64>) -> Option<Shares> {
        let mut amounts: Vec<u64> = amounts.into_iter().collect();
        amounts.sort_unstable();
        let total: u128 = amounts.iter().map(|&x| u128::from(x)).sum();
        if total == 0 {
            return None;
        }
        let n = amounts.len() as i128;
        // Gini = Σ (2i − n − 1) x_i / (n Σx) over ascending x, i from 1 (Sen, On Economic
        // Inequality, 1973), in integers up to the last division.
        let ranked: i128 =
            amounts.iter().zip(1_i128..).map(|(&x, i)| (2 * i - n - 1) * i128::from(x)).sum();
        let squares: f64 = amounts.iter().map(|&x| x as f64 / total as f64).map(|p| p * p).sum();
        let top: u128 = amounts.iter().rev().take(10).map(|&x| u128::from(x)).sum();
        Some(Shares {
            gini: ranked as f64 / (n as f64 * total as f64),
            hhi: 1e4 * squares,
            top10: top as f64 / total as f64,
            effective: 1.0 / squares,
        })
    }

    /// The four values in the order in which families list them.
    pub fn values(shares: Option<Shares>) -> [Option<f64>; 4] {
        [
            shares.map(|s| s.gini),
            shares.map(|s| s.hhi),
            shares.map(|s| s.top10),
            shares.map(|s| s.effective),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-12, "got {got}, expected {expected}");
    }

    #[test]
    fn by_hand() {
        // Shares .6, .3, .1, 0. Gini = (−3·0 − 1·1 + 1·3 + 3·6) / (4·10) = 20/40.
        let shares = Shares::of([6, 0, 3, 1]).unwrap();
        close(shares.gini, 0.5);
        close(shares.hhi, 4_600.0);
        close(shares.top10, 1.0);
        close(shares.effective, 1.0 / 0.46);
    }

    #[test]
    fn ends_of_the_scale() {
        let equal = Shares::of([7; 20]).unwrap();
        close(equal.gini, 0.0);
        close(equal.hhi, 500.0);
        close(equal.top10, 0.5);
        close(equal.effective, 20.0);
        let mut one = [0; 20];
        one[3] = 5;
        let one = Shares::of(one).unwrap();
        close(one.gini, 0.95);
        close(one.hhi, 10_000.0);
        close(one.effective, 1.0);
        assert_eq!(Shares::of([0, 0]), None);
        assert_eq!(Shares::of([]), None);
    }

    /// Half the mean absolute difference over the mean: the definition itself, in n² steps.
    fn slow_gini(x: &[u64]) -> f64 {
        let n = x.len() as f64;
        let mean = x.iter().sum::<u64>() as f64 / n;
        let pairs: f64 = x.iter().flat_map(|&a| x.iter().map(move |&b| a.abs_diff(b) as f64)).sum();
        pairs / (2.0 * n * n * mean)
    }

    proptest! {
        #[test]
        fn bounds_and_definition(amounts in prop::collection::vec(0_u64..10_000, 1..60)) {
            let n = amounts.len() as f64;
            if let Some(shares) = Shares::of(amounts.iter().copied()) {
                prop_assert!((0.0..1.0).contains(&shares.gini));
                prop_assert!(shares.hhi >= 1e4 / n - 1e-6 && shares.hhi <= 1e4 + 1e-6);
                prop_assert!(shares.top10 > 0.0 && shares.top10 <= 1.0);
                prop_assert!((shares.gini - slow_gini(&amounts)).abs() < 1e-9);
            } else {
                prop_assert!(amounts.iter().all(|&x| x == 0));
            }
        }
    }
}
