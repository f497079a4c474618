//! Change points of a series: E-divisive.
//!
//! Matteson and James, "A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data",
//! JASA 109 (2014) 334-345, with α = 1: the series is cut where the energy distance between what lies before
//! and after is greatest, as long as that is no accident by a permutation test within the segments that
//! there are; then its parts in turn. Nothing is assumed of the distribution of values.

use crate::rng::{Dice, Purpose};

/// Fewest values of a segment.
pub const LEAST: usize = 3;

/// Where a series changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// The first value of the new segment.
    pub at: usize,
    /// p-value of the permutation test.
    pub p: f64,
}

/// A cut of a segment, and how far its sides are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    /// The statistic Q of the paper.
    pub distance: f64,
    /// Values before the cut.
    pub at: usize,
}

/// Where the series changed, in its order, each beyond doubt at this `level`: of series in which nothing
/// changes so many show a change at most. The draws are the same each time.
pub fn change_points(values: &[f64], level: f64) -> Vec<ChangePoint> {
    let mut ends = vec![0, values.len()];
    let mut found: Vec<ChangePoint> = Vec::new();
    for round in 0.. {
        let segments = || ends.windows(2).map(|pair| (pair[0], pair[1]));
        let cuts = segments().filter_map(|(from, to)| {
            best(&values[from..to]).map(|cut| Cut { at: cut.at + from, ..cut })
        });
        let Some(cut) = cuts.max_by(|a, b| a.distance.total_cmp(&b.distance)) else { break };
        let segments: Vec<(usize, usize)> = segments().collect();
        let Some(p) = chance(values, &segments, cut.distance, level, round) else { break };
        found.push(ChangePoint { at: cut.at, p });
        ends.push(cut.at);
        ends.sort_unstable();
    }
    found.sort_by_key(|point| point.at);
    found
}

/// How many values a series needs so that any change could be found at this level: the most that chance
/// could deny a clean step in the middle is that two of all arrangements look like it.
pub fn values_needed(level: f64) -> usize {
    let ways = |n: usize| (1..=n / 2).map(|k| (n - n / 2 + k) as f64 / k as f64).product::<f64>();
    (2 * LEAST..).find(|&n| 2.0 / ways(n) <= level).unwrap_or(usize::MAX)
}

/// Sums of distances |x − y| over blocks of pairs, each in constant time.
struct Sums {
    /// Over the first i and the first j values, row by row.
    table: Vec<f64>,
    width: usize,
}

impl Sums {
    fn of(values: &[f64]) -> Sums {
        let width = values.len() + 1;
        let mut table = vec![0.0; width * width];
        for (i, x) in values.iter().enumerate() {
            let mut row = 0.0;
            for (j, y) in values.iter().enumerate() {
                row += (x - y).abs();
                table[(i + 1) * width + j + 1] = table[i * width + j + 1] + row;
            }
        }
        Sums { table, width }
    }

    /// Over all of `rows` with all of `columns`.
    fn block(&self, rows: (usize, usize), columns: (usize, usize)) -> f64 {
        let at = |i: usize, j: usize| self.table[i * self.width + j];
        at(rows.1, columns.1) - at(rows.0, columns.1) - at(rows.1, columns.0)
            + at(rows.0, columns.0)
    }
}

/// The best cut of a segment: over where it lies, and over how much of what follows is looked at. Nothing for
/// a segment that is too short.
pub(super) fn best(values: &[f64]) -> Option<Cut> {
    let n = values.len();
    let sums = Sums::of(values);
    let mut best: Option<Cut> = None;
    for at in LEAST..n.saturating_sub(LEAST) + 1 {
        let before = (0, at);
        let within = sums.block(before, before) / (at * (at - 1)) as f64;
        for end in at + LEAST..=n {
            let (after, m) = ((at, end), end - at);
            let between = 2.0 * sums.block(before, after) / (at * m) as f64;
            let other = sums.block(after, after) / (m * (m - 1)) as f64;
            let distance = (between - within - other) * (at * m) as f64 / end as f64;
            if best.is_none_or(|best| distance > best.distance) {
                best = Some(Cut { distance, at });
            }
        }
    }
    best
}

/// How likely a cut as good as `distance` is where values change places within their segments; nothing where
/// that is above `level`, which is known long before all permutations are drawn.
fn chance(
    values: &[f64],
    segments: &[(usize, usize)],
    distance: f64,
    level: f64,
    round: u32,
) -> Option<f64> {
    let permutations = (2.0 / level).ceil() as u64 - 1;
    let allowed = level * (permutations + 1) as f64;
    let dice = Dice::new(0, round);
    let mut as_good = 0_u64;
    for n in 0..permutations {
        let mut stream = dice.stream(n, values.len() as u32, Purpose::Resample);
        let mut drawn = values.to_vec();
        let mut most = f64::NEG_INFINITY;
        for &(from, to) in segments {
            let part = &mut drawn[from..to];
            // Fisher and Yates.
            for last in (1..part.len()).rev() {
                part.swap(last, stream.below(last as u32 + 1) as usize);
            }
            most = best(part).map_or(most, |cut| most.max(cut.distance));
        }
        // Sums of the same values in another order differ in their last digits.
        if most >= distance - 1e-9 * distance.abs() {
            as_good += 1;
            if (as_good + 1) as f64 > allowed {
                return None;
            }
        }
    }
    Some((as_good + 1) as f64 / (permutations + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The statistic as the paper writes it, pair by pair.
    fn slow(values: &[f64]) -> Option<Cut> {
        let mean = |x: &[f64], y: &[f64]| {
            let sum: f64 = x.iter().flat_map(|x| y.iter().map(move |y| (x - y).abs())).sum();
            sum / (x.len() * y.len()) as f64
        };
        let among = |x: &[f64]| {
            let mut sum = 0.0;
            for i in 0..x.len() {
                for j in 0..i {
                    sum += (x[i] - x[j]).abs();
                }
            }
            sum / (x.len() * (x.len() - 1) / 2) as f64
        };
        let mut best: Option<Cut> = None;
        for at in LEAST..values.len() {
            for end in at + LEAST..=values.len() {
                let (x, y) = (&values[..at], &values[at..end]);
                let (n, m) = (x.len() as f64, y.len() as f64);
                let distance = n * m / (n + m) * (2.0 * mean(x, y) - among(x) - among(y));
                if best.is_none_or(|best| distance > best.distance) {
                    best = Some(Cut { distance, at });
                }
            }
        }
        best
    }

    /// Normal values, with this much added from `step` on.
    fn series(seed: u32, n: usize, step: usize, size: f64) -> Vec<f64> {
        let mut stream = Dice::new(5, seed).stream(0, 0, Purpose::Outcome);
        let normal = |i: usize, unit: f64| {
            crate::rng::unit_normal(unit) + if i >= step { size } else { 0.0 }
        };
        (0..n).map(|i| normal(i, stream.unit())).collect()
    }

    proptest! {
        #[test]
        fn the_best_cut_is_that_of_the_definition(
            values in prop::collection::vec(-10.0_f64..10.0, 0..24),
        ) {
            match (best(&values), slow(&values)) {
                (Some(fast), Some(slow)) => {
                    let scale = slow.distance.abs().max(1.0);
                    prop_assert!((fast.distance - slow.distance).abs() < 1e-9 * scale);
                }
                (fast, slow) => prop_assert_eq!(fast, slow),
            }
        }

        /// It is the order of values that counts, not where they lie nor in which unit.
        #[test]
        fn shifted_and_scaled(seed in 0_u32..50, shift in -1e3_f64..1e3, scale in 0.1_f64..1e3) {
            let values = series(seed, 24, 12, 4.0);
            let moved: Vec<f64> = values.iter().map(|value| shift + scale * value).collect();
            let at = |values: &[f64]| {
                change_points(values, 0.01).iter().map(|point| point.at).collect::<Vec<_>>()
            };
            prop_assert_eq!(at(&values), at(&moved));
        }
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let found: Vec<_> = (0..20).map(|n| change_points(&series(n, 40, 25, 6.0), 0.01)).collect();
        for points in &found {
            assert_eq!(points.iter().map(|point| point.at).collect::<Vec<_>>(), [25], "{points:?}");
            assert!(points[0].p <= 0.01);
        }
    }

    #[test]
    fn several_steps_are_found_and_there_and_back_too() {
        let mut values = series(3, 60, 20, 8.0);
        values.iter_mut().skip(40).for_each(|value| *value -= 8.0);
        let found: Vec<usize> = change_points(&values, 0.01).iter().map(|point| point.at).collect();
        assert_eq!(found, [20, 40]);
    }

    /// Of 400 series without a change 5 % may show one; more than 5 % + 3 √(.05 · .95 / 400) = 8.3 % would
    /// be too many. Values with ties, as digests that stay the same make them, raise no more.
    #[test]
    fn nothing_is_found_where_nothing_is() {
        for tied in [false, true] {
            let round = |value: f64| if tied { value.round() } else { value };
            let alarms = (0..400).filter(|&n| {
                let values: Vec<f64> = series(n, 16, 99, 0.0).into_iter().map(round).collect();
                !change_points(&values, 0.05).is_empty()
            });
            let alarms = alarms.count();
            assert!((1..=33).contains(&alarms), "{alarms} of 400, tied {tied}");
        }
    }

    #[test]
    fn few_or_equal_values() {
        for n in 0..2 * LEAST {
            assert!(change_points(&vec![1.0; n], 0.05).is_empty());
        }
        assert!(change_points(&[2.0; 50], 0.05).is_empty());
        // A clean step of as many values as are needed is found, and of one less it is not.
        for level in [0.05, 0.01, 0.001] {
            let n = values_needed(level);
            let step = |n: usize| {
                let value = |i: usize| if i < n / 2 { 1.0 } else { 2.0 };
                change_points(&(0..n).map(value).collect::<Vec<_>>(), level)
            };
            assert!(step(n - 1).is_empty() || n == 2 * LEAST, "{level}: {n}");
            assert_eq!(step(n + 1).len(), 1, "{level}: {n}");
        }
        assert_eq!((values_needed(0.05), values_needed(0.0005)), (8, 15));
    }
}
