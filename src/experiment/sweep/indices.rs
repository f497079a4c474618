//! Sobol's indices: how much of a metric's variance over the ranges each key answers for.
//!
//! First order: the share that would go if the key alone were fixed. Total: the share that would be left
//! if all the others were fixed; what total has beyond first order is interplay.
//!
//! The design is that of A. Saltelli et al., "Variance based sensitivity analysis of model output. Design
//! and estimator for the total sensitivity index", Comput. Phys. Commun. 181 (2010) 259-270: for every
//! base row two points A and B drawn apart, and for every key i the point AB_i that is A with key i as in
//! B. First order is estimated as they recommend, (1/n) Σ f(B)·(f(AB_i) − f(A)) / V, with the mean taken
//! out of f; total by M. J. W. Jansen, "Analysis of variance designs for model output", Comput. Phys.
//! Commun. 117 (1999) 35-43: (1/2n) Σ (f(A) − f(AB_i))² / V.

use crate::rng::{Dice, Purpose};

/// Times that the base rows are drawn again for an interval.
const RESAMPLES: u32 = 500;

/// An index with its 95 % interval: the middle of what a bootstrap over base rows gives. Rows of a Sobol
/// sequence are more even than chance, so it is rather too wide than too narrow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// The indices of one key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Indices {
    pub first: Estimate,
    pub total: Estimate,
}

/// Values of the points of a base row, in the order of the design: A, AB_1 to AB_d, B.
pub(super) struct Rows {
    values: Vec<f64>,
    keys: usize,
}

impl Rows {
    /// The base rows among `values`, point by point, of a design of so many keys. Rows in which a value
    /// is missing (not finite, or not there yet) are left out.
    pub fn of(values: &[f64], keys: usize) -> Rows {
        let whole = values.chunks_exact(keys + 2).filter(|row| row.iter().all(|f| f.is_finite()));
        Rows { values: whole.flatten().copied().collect(), keys }
    }

    /// How many base rows there are.
    pub fn len(&self) -> usize {
        self.values.len() / (self.keys + 2)
    }

    /// The indices of every key; nothing for fewer than two rows, or where the value never moves.
    pub fn indices(&self, dice: Dice) -> Option<Vec<Indices>> {
        let n = self.len();
        let all: Vec<u32> = (0..n as u32).collect();
        let found = self.estimate(&all)?;
        let mut drawn: Vec<Vec<f64>> = vec![Vec::with_capacity(RESAMPLES as usize); found.len()];
        let mut chosen = all;
        for resample in 0..RESAMPLES {
            for (i, place) in chosen.iter_mut().enumerate() {
                let block = dice.block(u64::from(resample), i as u32, Purpose::Resample);
                *place = block.below(0, n as u32);
            }
            // A draw of nothing but equal rows has no variance to divide.
            let Some(again) = self.estimate(&chosen) else { continue };
            drawn.iter_mut().zip(again).for_each(|(values, value)| values.push(value));
        }
        let mut estimates = found.iter().zip(&mut drawn).map(|(&value, drawn)| {
            drawn.sort_by(f64::total_cmp);
            let at = |share| quantile(drawn, share).unwrap_or(value);
            Estimate { value, low: at(0.025), high: at(0.975) }
        });
        let mut indices = Vec::with_capacity(self.keys);
        while let (Some(first), Some(total)) = (estimates.next(), estimates.next()) {
            indices.push(Indices { first, total });
        }
        Some(indices)
    }

    /// For each key its first-order index and its total, over these rows.
    fn estimate(&self, rows: &[u32]) -> Option<Vec<f64>> {
        let (n, width) = (rows.len() as f64, self.keys + 2);
        let row = |i: u32| &self.values[i as usize * width..][..width];
        let ends = |i: u32| (row(i)[0], row(i)[width - 1]);
        let sum: f64 = rows.iter().map(|&i| ends(i).0 + ends(i).1).sum();
        let mean = sum / (2.0 * n);
        let square = |x: f64| x * x;
        let squares: f64 =
            rows.iter().map(|&i| square(ends(i).0 - mean) + square(ends(i).1 - mean)).sum();
        let variance = squares / (2.0 * n - 1.0);
        // What is left of equal numbers by rounding is no variance.
        if rows.len() < 2 || variance <= 1e-24 * mean * mean {
            return None;
        }
        let mut out = vec![0.0; 2 * self.keys];
        for &i in rows {
            let (a, b) = ends(i);
            for (key, &ab) in row(i)[1..=self.keys].iter().enumerate() {
                out[2 * key] += (b - mean) * (ab - a);
                out[2 * key + 1] += square(a - ab) / 2.0;
            }
        }
        out.iter_mut().for_each(|sum| *sum /= n * variance);
        Some(out)
    }
}

/// The value below which so large a share of sorted values lies, with straight lines between them.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len() as f64 - 1.0);
    let (low, high) = (sorted.get(place as usize)?, sorted.get(libm::ceil(place) as usize)?);
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::super::sobol::Sobol;
    use super::*;

    /// The values of `f` over the design of `n` base rows.
    fn rows<const D: usize>(n: u32, f: impl Fn([f64; D]) -> f64) -> Rows {
        let sobol = Sobol::scrambled(2 * D, Dice::new(42, 0));
        let mut values = Vec::new();
        for i in 0..n {
            let (a, b): ([f64; D], [f64; D]) = (
                std::array::from_fn(|d| sobol.unit(i, d)),
                std::array::from_fn(|d| sobol.unit(i, D + d)),
            );
            values.push(f(a));
            for key in 0..D {
                let mut ab = a;
                ab[key] = b[key];
                values.push(f(ab));
            }
            values.push(f(b));
        }
        Rows::of(&values, D)
    }

    /// T. Ishigami and T. Homma, "An importance quantification technique in uncertainty analysis for
    /// computer models", 1990: sin x + 7 sin² y + .1 z⁴ sin x on (−π, π)³.
    fn ishigami(u: [f64; 3]) -> f64 {
        let [x, y, z] = u.map(|u| std::f64::consts::PI * (2.0 * u - 1.0));
        let (sin_x, sin_y) = (libm::sin(x), libm::sin(y));
        sin_x + 7.0 * sin_y * sin_y + 0.1 * z * z * z * z * sin_x
    }

    #[test]
    fn the_indices_of_ishigami() {
        let found = rows(4_096, ishigami).indices(Dice::new(1, 0)).unwrap();
        let expected = [(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)];
        for (key, (first, total)) in expected.into_iter().enumerate() {
            let Indices { first: s, total: t } = found[key];
            assert!((s.value - first).abs() < 0.01, "S{key}: {s:?}, not {first}");
            assert!((t.value - total).abs() < 0.01, "ST{key}: {t:?}, not {total}");
            assert!(s.low < first && first < s.high, "S{key}: {s:?} without {first}");
            assert!(t.low < total && total < t.high, "ST{key}: {t:?} without {total}");
            assert!(s.high - s.low < 0.12 && t.high - t.low < 0.12, "{s:?}, {t:?}");
        }
    }

    #[test]
    fn a_sum_has_no_interplay_and_a_level_far_away_does_no_harm() {
        // Variances 1/12, 4/12, 0: shares .2, .8, 0.
        let found = rows(1_024, |[x, y, _]: [f64; 3]| 1e6 + x + 2.0 * y);
        let found = found.indices(Dice::new(1, 0)).unwrap();
        for (key, share) in [0.2, 0.8, 0.0].into_iter().enumerate() {
            let Indices { first, total } = found[key];
            assert!((first.value - share).abs() < 0.01, "{key}: {first:?}");
            assert!((total.value - share).abs() < 0.01, "{key}: {total:?}");
        }
        assert_eq!(found[2].total.value, 0.0, "what is not read has no share at all");
    }

    #[test]
    fn what_is_missing_or_does_not_move() {
        let mut values = rows(8, |[x, y]: [f64; 2]| x + y).values;
        values[5] = f64::NAN;
        values.truncate(31);
        assert_eq!(Rows::of(&values, 2).len(), 6, "one row has a gap and one has no end");
        assert_eq!(rows(8, |[_]: [f64; 1]| 0.1).indices(Dice::new(1, 0)), None);
        assert_eq!(rows(1, |[x]: [f64; 1]| x).indices(Dice::new(1, 0)), None);
        assert_eq!(Rows::of(&[], 3).indices(Dice::new(1, 0)), None);
    }
}
