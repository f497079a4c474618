//! The offers of one product as those who change them see them, and how they are published.
//!
//! Four words are published for two rows. Where offers are scored at the read, each holds one number of
//! both rows: price, the weight's first number, reach, or the weight's second number. Where the order is
//! kept at the write, there are two by rank: reach, whether the next scores the same, and the row; and
//! the score. Reach is the countries that can buy the offer now, as bits, or none when it is closed.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Serving;
use super::latch::Latch;
use crate::ranking::{Candidates, Chance, Ranking, Weight};
use crate::rng::Dice;
use crate::units::{SellerId, SessionId};

/// The words of rows: those of price and the weight's first number in turn, those of reach, and those of
/// the weight's second number. What is scored is apart from what is read after that.
#[inline]
pub(super) fn parts(copy: &[AtomicU64]) -> [&[AtomicU64]; 3] {
    let (costs, rest) = copy.split_at(copy.len() / 2);
    let (reach, b) = rest.split_at(rest.len() / 2);
    [costs, reach, b]
}

/// Set in a rank's first word if the next rank has the same score.
pub(super) const TIED: u64 = 1 << 31;
/// The part of a rank's first word that is the row.
pub(super) const ROW: u64 = TIED - 1;
/// Rows that are moved one by one; more are sorted together.
const FEW: usize = 4;
/// The sort key of an offer that is closed: behind all others.
const CLOSED: u32 = u32::MAX;

pub(super) const fn pair(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

/// What is shared by all shelves, as a publication needs it.
#[derive(Clone, Copy)]
pub(super) struct Rule<'a> {
    pub policy: &'a dyn Ranking,
    pub serving: Serving,
}

/// The offers of one product. Columns are as long as whole vectors of rows; those behind the last offer
/// are closed.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    price: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    second: bool,
    reach: Vec<u32>,
    /// Versions of the accounts that the weights were made of.
    version: Vec<u64>,
    /// Rows that changed since the last publication, and those that changed before it.
    changed: Vec<u32>,
    lagging: Vec<u32>,
    /// Where the order is kept: scores, keys that fall as they rise, and rows by key, each below its own.
    scores: Vec<f32>,
    keys: Vec<u32>,
    ranks: Vec<u64>,
    /// Keys after the change that is being published, and the rows whose key it changed.
    fresh: Vec<u32>,
    moved: Vec<u32>,
    /// Ranks that changed with this publication, and with the last.
    changed_ranks: Range<usize>,
    lagging_ranks: Range<usize>,
}

impl Shelf {
    /// A shelf with room for so many rows, all of them closed.
    pub fn new(rows: usize) -> Self {
        Shelf {
            price: vec![1.0; rows],
            a: vec![0.0; rows],
            b: vec![0.0; rows],
            second: false,
            reach: vec![0; rows],
            version: vec![0; rows],
            changed: (0..rows as u32).collect(),
            lagging: Vec::new(),
            scores: vec![0.0; rows],
            keys: vec![CLOSED; rows],
            ranks: (0..rows as u32).map(|row| pair(CLOSED, row)).collect(),
            fresh: vec![CLOSED; rows],
            moved: Vec::new(),
            changed_ranks: 0..rows,
            lagging_ranks: 0..rows,
        }
    }

    /// Sets a price [cents].
    pub fn ask(&mut self, row: u32, price_cents: u32) {
        self.price[row as usize] = price_cents as f32 / 100.0;
        self.changed.push(row);
    }

    /// Sets who can buy an offer.
    pub fn open(&mut self, row: u32, reach: u32) {
        if self.reach[row as usize] != reach {
            self.reach[row as usize] = reach;
            self.changed.push(row);
        }
    }

    /// Sets a weight, if it is not older than the one there.
    pub fn weigh(&mut self, row: u32, weight: Weight, version: u64) {
        let i = row as usize;
        if version >= self.version[i] && (self.a[i], self.b[i]) != (weight.a, weight.b) {
            (self.a[i], self.b[i]) = (weight.a, weight.b);
            self.second |= weight.b != 0.0;
            self.changed.push(row);
        }
        self.version[i] = self.version[i].max(version);
    }

    /// Whether any weight ever had a second number.
    pub fn has_second(&self) -> bool {
        self.second
    }

    /// Lets readers see what changed.
    pub fn publish(&mut self, latch: Latch<'_, AtomicU64>, sellers: &[SellerId], rule: Rule<'_>) {
        if self.changed.is_empty() {
            return;
        }
        match rule.serving {
            Serving::AtRead => latch.write(|copy| self.write_rows(copy)),
            Serving::AtWrite => {
                self.rank(sellers, rule.policy);
                latch.write(|copy| self.write_ranks(copy));
            }
        }
        std::mem::swap(&mut self.changed, &mut self.lagging);
        self.changed.clear();
    }

    /// Writes the rows in which a copy differs: what changed now, and what changed while the other copy
    /// was written.
    fn write_rows(&self, copy: &[AtomicU64]) {
        for &row in self.changed.iter().chain(&self.lagging) {
            // Two neighbours share a word.
            let (low, high) = (row as usize & !1, row as usize | 1);
            let [costs, reach, b] = parts(copy);
            let bits = |column: &[f32]| pair(column[high].to_bits(), column[low].to_bits());
            costs[low].store(bits(&self.price), Ordering::Relaxed);
            costs[high].store(bits(&self.a), Ordering::Relaxed);
            reach[low / 2].store(pair(self.reach[high], self.reach[low]), Ordering::Relaxed);
            b[low / 2].store(bits(&self.b), Ordering::Relaxed);
        }
    }

    /// Brings scores and order up to date.
    fn rank(&mut self, sellers: &[SellerId], policy: &dyn Ranking) {
        let columns = Candidates {
            price: &self.price,
            a: &self.a,
            b: &self.b,
            seller: sellers,
            star_eur: 0.0,
        };
        // Scores that are kept depend on the columns alone, so any chance and any shopper will do.
        let chance = Chance { dice: Dice::new(0, 0), session: SessionId(0) };
        policy.score(&columns, chance, &mut self.scores);
        for ((key, score), reach) in self.fresh.iter_mut().zip(&self.scores).zip(&self.reach) {
            *key = if *reach == 0 { CLOSED } else { descending(*score) };
        }
        self.moved.clear();
        for ((row, fresh), key) in (0u32..).zip(&self.fresh).zip(&self.keys) {
            if fresh != key {
                self.moved.push(row);
            }
        }
        self.lagging_ranks = std::mem::take(&mut self.changed_ranks);
        if self.moved.len() <= FEW {
            self.move_rows();
        } else {
            for rank in &mut self.ranks {
                *rank = pair(self.fresh[*rank as u32 as usize], *rank as u32);
            }
            sort_again(&mut self.ranks);
            self.changed_ranks = 0..self.ranks.len();
        }
        std::mem::swap(&mut self.keys, &mut self.fresh);
    }

    /// Puts rows that moved in order, one after the other.
    fn move_rows(&mut self) {
        let ranks = &mut self.ranks;
        let mut changed = ranks.len()..0;
        for &row in &self.moved {
            let key = |keys: &[u32]| pair(keys[row as usize], row);
            let (old, new) = (key(&self.keys), key(&self.fresh));
            let from = ranks.partition_point(|&rank| rank < old);
            let mut to = ranks.partition_point(|&rank| rank < new);
            if to > from {
                to -= 1;
                ranks.copy_within(from + 1..to + 1, from);
            } else {
                ranks.copy_within(to..from, to + 1);
            }
            ranks[to] = new;
            changed = changed.start.min(from.min(to))..changed.end.max(from.max(to) + 1);
        }
        self.changed_ranks = changed;
    }

    /// Writes the ranks in which a copy differs: what changed now, and what changed while the other copy
    /// was written.
    fn write_ranks(&self, copy: &[AtomicU64]) {
        let (now, before) = (&self.changed_ranks, &self.lagging_ranks);
        let ranges = match (now.is_empty(), before.is_empty()) {
            (false, false) => now.start.min(before.start)..now.end.max(before.end),
            (false, true) => now.clone(),
            (true, false) => before.clone(),
            (true, true) => return,
        };
        // Whether a rank ties is also a matter of the one behind it.
        let range = ranges.start.saturating_sub(1)..ranges.end;
        let behind = self.ranks.get(range.end).map_or(CLOSED, |rank| (rank >> 32) as u32);
        let keys = self.ranks[range.clone()].iter().map(|rank| (rank >> 32) as u32);
        let next = keys.skip(1).chain([behind]);
        let words = copy.as_chunks().0[range.clone()].iter();
        for (([first, second], rank), next) in words.zip(&self.ranks[range]).zip(next) {
            let row = *rank as u32;
            let tied = if (rank >> 32) as u32 == next { TIED } else { 0 };
            let reach = self.reach[row as usize];
            first.store(pair(reach, row) | tied, Ordering::Relaxed);
            second.store(self.scores[row as usize].to_bits().into(), Ordering::Relaxed);
        }
    }
}

/// A number that is the smaller the greater the score, and the same for equal scores; below [`CLOSED`].
#[inline]
fn descending(score: f32) -> u32 {
    // Both zeros are equal, but only the sum has one pattern for them.
    let bits = (score + 0.0).to_bits();
    let ascending = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    !ascending
}

/// Sorts what was sorted until a little of it changed.
fn sort_again(ranks: &mut [u64]) {
    // Each step of insertion costs some .5 ns and sorting some 5 ns a rank and more.
    let mut steps = 8 * ranks.len();
    for i in 1..ranks.len() {
        let rank = ranks[i];
        let mut at = i;
        while at > 0 && ranks[at - 1] > rank {
            ranks[at] = ranks[at - 1];
            at -= 1;
        }
        ranks[at] = rank;
        if i - at > steps {
            ranks.sort_unstable();
            return;
        }
        steps -= i - at;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Keys are in the order of scores, the greatest first.
        #[test]
        fn keys_fall_as_scores_rise(a in any::<f32>(), b in any::<f32>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            let by_score = b.partial_cmp(&a).expect("numbers");
            prop_assert_eq!(descending(a).cmp(&descending(b)), by_score);
            prop_assert!(descending(a) < CLOSED);
        }

        /// However much changed, everything is in order afterwards.
        #[test]
        fn what_was_in_order_is_again(
            mut ranks in proptest::collection::vec(any::<u64>(), 0..300),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 0..40),
        ) {
            sort_again(&mut ranks);
            for (at, rank) in changes {
                if !ranks.is_empty() {
                    *at.get_mut(&mut ranks) = rank;
                }
            }
            let mut expected = ranks.clone();
            expected.sort_unstable();
            sort_again(&mut ranks);
            prop_assert_eq!(ranks, expected);
        }
    }

    /// Two threads publish reviews of one seller: who weighed first may come last.
    #[test]
    fn a_weight_does_not_replace_a_newer_one() {
        let mut shelf = Shelf::new(8);
        let weight = |a| Weight { a, b: 0.0 };
        for (a, version, kept) in [(1.0, 4, 1.0), (2.0, 7, 2.0), (3.0, 5, 2.0), (4.0, 7, 4.0)] {
            shelf.weigh(2, weight(a), version);
            assert_eq!(shelf.a[2], kept, "{a} of version {version}");
        }
    }

    #[test]
    fn zeros_tie() {
        assert_eq!(descending(0.0), descending(-0.0));
    }
}
