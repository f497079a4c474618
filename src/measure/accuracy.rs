//! Whether offers are ranked by what they are worth.

use super::tally::Mean;
use super::{Better, Family, Metric, Per};
use crate::history::{Appraisal, Census, Fact, FactMask};
use crate::units::SimTime;
use std::any::Any;

const METRICS: [Metric; 1] = [Metric {
    name: "accuracy_tau",
    unit: "ratio",
    better: Better::Higher,
    says: "How far the order of scores is the order of true values: 1 if it is, 0 if they have nothing to do with one another, −1 if it is the reverse.",
    formula: "mean over sampled visits of Kendall's τ-b between score and v among the offers in stock that ship to the shopper, shown or not, where there are two that differ in both; v as for value_regret",
    source: "Kendall 1945 (ties)",
    weekly: true,
}];

/// Agreement of scores and values.
#[derive(Debug, Default)]
pub struct Accuracy {
    tau: Mean,
    /// Room for the scores and values of one visit.
    room: Vec<(f32, f64)>,
    values: Vec<f64>,
    merged: Vec<f64>,
}

impl Accuracy {
    /// Kendall's τ-b of the pairs in `room`, which are put in another order; nothing where all are
    /// equal in one of the two. In n log n steps (Knight 1966): with the pairs in the order of scores,
    /// the discordant ones are the swaps that sorting the values takes.
    fn tau_b(&mut self) -> Option<f64> {
        let room = &mut self.room;
        room.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let n = room.len() as u64;
        let pairs = n * n.saturating_sub(1) / 2;
        let ties_of_scores = ties(room, |a, b| a.0 == b.0);
        let ties_of_both = ties(room, |a, b| a == b);
        self.values.clear();
        self.values.extend(room.iter().map(|pair| pair.1));
        let discordant = sort_by_swaps(&mut self.values, &mut self.merged);
        let ties_of_values = ties(&self.values, |a, b| a == b);
        let apart = pairs + ties_of_both - ties_of_scores - ties_of_values;
        let (scores, values) = (pairs - ties_of_scores, pairs - ties_of_values);
        let scale = libm::sqrt(scores as f64) * libm::sqrt(values as f64);
        (scale > 0.0).then(|| (apart as f64 - 2.0 * discordant as f64) / scale)
    }
}

/// Pairs of equals in a sorted slice.
fn ties<T>(sorted: &[T], equal: impl FnMut(&T, &T) -> bool) -> u64 {
    sorted.chunk_by(equal).map(|run| run.len() as u64 * (run.len() as u64 - 1) / 2).sum()
}

/// Runs that are sorted by insertion before they are merged.
const RUN: usize = 8;

/// Sorts numbers, and counts the pairs that stood in the wrong order.
fn sort_by_swaps(numbers: &mut Vec<f64>, room: &mut Vec<f64>) -> u64 {
    let mut swaps = 0;
    for run in numbers.chunks_mut(RUN) {
        for i in 1..run.len() {
            let mut j = i;
            while j > 0 && run[j - 1] > run[j] {
                run.swap(j - 1, j);
                (j, swaps) = (j - 1, swaps + 1);
            }
        }
    }
    let mut width = RUN;
    while width < numbers.len() {
        room.clear();
        for pair in numbers.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(&a), Some(&b)) = (left.first(), right.first()) {
                if b < a {
                    swaps += left.len() as u64;
                    room.push(b);
                    right = &right[1..];
                } else {
                    room.push(a);
                    left = &left[1..];
                }
            }
            room.extend_from_slice(left);
            room.extend_from_slice(right);
        }
        std::mem::swap(numbers, room);
        width *= 2;
    }
    swaps
}

impl Family for Accuracy {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::default()
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[("accuracy_tau", Per::Visit)]
    }

    fn observe(&mut self, _: SimTime, _: &Fact<'_>) {}

    fn appraises(&self) -> bool {
        true
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        if !appraisal.of_visits {
            return;
        }
        self.room.clear();
        self.room.extend(appraisal.candidates.iter().map(|one| (one.score, one.value)));
        if let Some(tau) = self.tau_b() {
            self.tau.add(tau);
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.tau.absorb(&mut other.tau);
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        let value = self.tau.week();
        self.tau.close_week();
        vec![value]
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        vec![self.tau.run()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::FactSink;
    use crate::measure::fixture::{Town, candidate};
    use crate::measure::recorder::Recorder;
    use proptest::prelude::*;

    #[test]
    fn tau_by_hand() {
        let town = Town::new(4, 0);
        let mut recorder = Recorder::full();
        let tau = |recorder: &Recorder| town.value(recorder, "accuracy_tau");
        let one = |seller, value, score| candidate(seller, value, (score, 0.0), None);
        // Fewer than two that differ say nothing, and neither does an order out of turn.
        recorder.appraise(&town.visit(1.0, &[one(0, 5.0, 1.0)]));
        recorder.appraise(&town.visit(1.0, &[one(0, 5.0, 1.0), one(1, 6.0, 1.0)]));
        let two = [one(0, 5.0, 1.0), one(1, 6.0, 2.0)];
        recorder.appraise(&Appraisal { of_visits: false, ..town.visit(1.0, &two) });
        assert_eq!(tau(&recorder), None);
        // Of six pairs five agree and one does not: 4/6.
        let four = [one(0, 9.0, 4.0), one(1, 7.0, 3.0), one(2, 3.0, 1.0), one(3, 2.0, 2.0)];
        recorder.appraise(&town.visit(1.0, &four));
        assert!((tau(&recorder).unwrap() - 2.0 / 3.0).abs() < 1e-9);
        // A tie of scores: one pair agrees, one does not; 0 in the mean with 2/3.
        let tied = [one(0, 9.0, 4.0), one(1, 7.0, 4.0), one(2, 8.0, 5.0)];
        recorder.appraise(&town.visit(1.0, &tied));
        assert!((tau(&recorder).unwrap() - 1.0 / 3.0).abs() < 1e-9);
    }

    proptest! {
        /// Against the definition, pair by pair.
        #[test]
        fn knight_counts_as_pairs_do(
            pairs in prop::collection::vec((0u8..20, 0u8..20), 0..70)
        ) {
            let room: Vec<_> =
                pairs.iter().map(|&(x, y)| (f32::from(x), f64::from(y))).collect();
            let (mut sum, mut scores, mut values) = (0i64, 0i64, 0i64);
            for (i, a) in pairs.iter().enumerate() {
                for b in &pairs[..i] {
                    let (x, y) = (a.0.cmp(&b.0) as i64, a.1.cmp(&b.1) as i64);
                    (sum, scores, values) = (sum + x * y, scores + x * x, values + y * y);
                }
            }
            let got = Accuracy { room, ..Accuracy::default() }.tau_b();
            if scores * values == 0 {
                prop_assert_eq!(got, None);
            } else {
                let expected = sum as f64 / (scores as f64 * values as f64).sqrt();
                prop_assert!((got.unwrap() - expected).abs() < 1e-12, "{got:?}, not {expected}");
            }
        }
    }
}
