//! How differently the same market turns out: sellers' shares of sales from world to world.
//!
//! One world says nothing of it. A family keeps each seller's sales in the second half of the run, and
//! [`values_of_worlds`] makes values of the worlds of one market when they are all there.

use super::tally::{Column, add_all};
use super::{Better, Family, Metric};
use crate::history::{Census, Fact, FactMask};
use crate::units::SimTime;
use std::any::Any;

/// The metrics, in the order in which families list them.
const METRICS: [Metric; 2] = [
    Metric {
        name: "unpredictability",
        unit: "ratio",
        better: Better::None,
        says: "How much of the sales is in other hands in another world of the same market: what chance \
               decided. Needs two worlds; each world's value is a jackknife pseudo-value.",
        formula: "mean over pairs of worlds of ½Σ|p_i − p'_i|, p a seller's share of orders in the second \
                  half of the run",
        source: "Salganik, Dodds, Watts 2006; interval by Tukey's jackknife",
        weekly: false,
    },
    Metric {
        name: "unpredictability_excess",
        unit: "ratio",
        better: Better::Lower,
        says: "What of it the feedback loop adds: unpredictability minus that of the same worlds with all \
               four channels cut. Needs --with-cut.",
        formula: "unpredictability − unpredictability with every feedback channel cut",
        source: "Salganik, Dodds, Watts 2006, whose independent worlds are the cut ones",
        weekly: false,
    },
];

/// The metric of worlds as they are, and that of the difference to cut ones.
pub const NAMES: [&str; 2] = [METRICS[0].name, METRICS[1].name];

/// Sales by seller in the second half of the run.
#[derive(Debug, Default)]
pub struct Unpredictability {
    orders: Column,
    late: Vec<u64>,
}

impl Unpredictability {
    /// Orders by seller in the second half of the run; of an odd number of weeks the one in the middle
    /// belongs to it.
    pub fn late_sales(&self) -> &[u64] {
        &self.late
    }
}

impl Family for Unpredictability {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::BOUGHT
    }

    fn observe(&mut self, _: SimTime, fact: &Fact<'_>) {
        if let Fact::Bought { order } = fact {
            self.orders.add(order.seller.index(), 1);
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.orders.absorb(&mut other.orders);
            add_all(&mut self.late, &mut other.late);
        }
    }

    fn close_week(&mut self, week: u32, census: &Census) -> Vec<Option<f64>> {
        if week >= census.weeks / 2 {
            let mut sales: Vec<u64> =
                (0..census.sellers.len()).map(|i| self.orders.week(i)).collect();
            add_all(&mut self.late, &mut sales);
        }
        self.orders.close_week();
        vec![None, None]
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        vec![None, None]
    }
}

/// A value for each world of one market, by its sellers' sales, whose mean is the mean over pairs of
/// worlds of ½Σ|p_i − p'_i|, and whose scatter tells how sure that mean is: the pseudo-values of the
/// jackknife (Tukey 1958; Arvesen 1969 for means over pairs),
///
/// θ + 2(n − 1)/(n − 2)·(h_w − θ), h_w the mean distance of world w to the others and θ their mean.
///
/// Two worlds make one pair, which says nothing of its scatter: the first has the distance, the second
/// nothing. A world without sales has no shares and no value.
pub fn values_of_worlds<T: AsRef<[u64]>>(worlds: &[T]) -> Vec<Option<f64>> {
    let shares: Vec<Option<Vec<f64>>> = worlds.iter().map(|sales| shares(sales.as_ref())).collect();
    let there: Vec<&[f64]> = shares.iter().flatten().map(Vec::as_slice).collect();
    let n = there.len() as f64;
    let mut values = distances(&there).into_iter().map(|sum| sum / (n - 1.0));
    let distances: Vec<Option<f64>> =
        shares.iter().map(|shares| shares.as_ref().and_then(|_| values.next())).collect();
    let mean = distances.iter().flatten().sum::<f64>() / n;
    match there.len() {
        0 | 1 => vec![None; worlds.len()],
        2 => {
            let mut first = Some(mean);
            distances.iter().map(|distance| distance.and_then(|_| first.take())).collect()
        }
        _ => {
            let factor = 2.0 * (n - 1.0) / (n - 2.0);
            distances.iter().map(|h| h.map(|h| mean + factor * (h - mean))).collect()
        }
    }
}

fn shares(sales: &[u64]) -> Option<Vec<f64>> {
    let total: u64 = sales.iter().sum();
    (total > 0).then(|| sales.iter().map(|&n| n as f64 / total as f64).collect())
}

/// For each world the sum of its distances ½Σ|p_i − p'_i| to all others. Seller by seller over the
/// worlds in the order of its share, so that it takes n·log n and not n² for n worlds.
fn distances(worlds: &[&[f64]]) -> Vec<f64> {
    let sellers = worlds.iter().map(|shares| shares.len()).max().unwrap_or(0);
    let mut sums = vec![0.0; worlds.len()];
    let mut order: Vec<usize> = (0..worlds.len()).collect();
    for seller in 0..sellers {
        let share = |world: usize| worlds[world].get(seller).copied().unwrap_or(0.0);
        order.sort_by(|&a, &b| share(a).total_cmp(&share(b)).then(a.cmp(&b)));
        let all: f64 = order.iter().map(|&world| share(world)).sum();
        let mut below = 0.0;
        for (rank, &world) in order.iter().enumerate() {
            let own = share(world);
            let above = all - below - own;
            let (fewer, more) = (rank as f64, (order.len() - rank - 1) as f64);
            sums[world] += 0.5 * (own * fewer - below + above - own * more);
            below += own;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::Town;
    use crate::measure::interval::Interval;
    use proptest::prelude::*;

    #[test]
    fn worlds_by_hand() {
        // Shares (1, 0), (½, ½), (0, 1): distances ½, ½ and 1.
        let values = values_of_worlds(&[vec![4, 0], vec![1, 1], vec![0, 2]]);
        let mean = values.iter().map(|value| value.unwrap()).sum::<f64>() / 3.0;
        assert!((mean - 2.0 / 3.0).abs() < 1e-12, "{values:?}");
        // h = ¾, ½, ¾ and the factor 2·2/1.
        assert!((values[1].unwrap() - (2.0 / 3.0 + 4.0 * (0.5 - 2.0 / 3.0))).abs() < 1e-12);
        assert_eq!(values_of_worlds(&[vec![4, 0], vec![1, 1]]), [Some(0.5), None]);
        assert_eq!(
            values_of_worlds(&[vec![4, 0], vec![0, 0], vec![1, 1]]),
            [Some(0.5), None, None]
        );
        assert_eq!(values_of_worlds(&[vec![4, 0]]), [None]);
        assert!(values_of_worlds::<Vec<u64>>(&[]).is_empty());
    }

    #[test]
    fn only_the_second_half_counts() {
        let town = Town { census: Town::census(3, 0, 3) };
        let mut family = Unpredictability::default();
        for (week, seller) in [(0, 0), (1, 1), (2, 2)] {
            let order = town.order(seller, 0, 10_000, 1);
            family.observe(SimTime(0), &Fact::Bought { order });
            family.close_week(week, &town.census);
        }
        assert_eq!(family.late_sales(), [0, 1, 1]);
    }

    proptest! {
        /// The mean of the values is the mean over pairs, and the interval that of leaving one out.
        #[test]
        fn values_are_those_of_a_slow_jackknife(
            worlds in prop::collection::vec(prop::collection::vec(1_u64..50, 1..6), 3..9)
        ) {
            let distance = |a: &[u64], b: &[u64]| {
                let part = |sales: &[u64], i: usize| {
                    sales.get(i).map_or(0.0, |&n| n as f64 / sales.iter().sum::<u64>() as f64)
                };
                (0..6).map(|i| (part(a, i) - part(b, i)).abs()).sum::<f64>() / 2.0
            };
            let mean_over_pairs = |worlds: &[&Vec<u64>]| {
                let mut sum = 0.0;
                for (i, a) in worlds.iter().enumerate() {
                    sum += worlds[..i].iter().map(|b| distance(a, b)).sum::<f64>();
                }
                sum / (worlds.len() * (worlds.len() - 1) / 2) as f64
            };
            let all: Vec<&Vec<u64>> = worlds.iter().collect();
            let whole = mean_over_pairs(&all);
            let n = worlds.len() as f64;
            let values = values_of_worlds(&worlds);
            for (left_out, value) in values.iter().enumerate() {
                let rest: Vec<&Vec<u64>> =
                    all.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, w)| *w).collect();
                let pseudo = n * whole - (n - 1.0) * mean_over_pairs(&rest);
                prop_assert!((value.unwrap() - pseudo).abs() < 1e-9, "{values:?}");
            }
            let mean = Interval::of(values.into_iter().flatten()).mean.unwrap();
            prop_assert!((mean - whole).abs() < 1e-9);
        }
    }
}
