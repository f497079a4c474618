//! Tallies that families are made of. All are integers that add or take a minimum, so that joining
//! shards gives the same bits in whichever way the facts were dealt to them.

use crate::history::ExitReason;
use crate::history::{Census, Fact, FactMask, Stage};
use crate::units::{SellerId, SimTime, US_PER_WEEK};

/// `part` over `whole`; nothing where there is no whole.
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A number of things, of this week and of the run.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    week: u64,
    closed: u64,
}

impl Count {
    pub fn add(&mut self, n: u64) {
        self.week += n;
    }

    /// The number in the week that is open.
    pub fn week(&self) -> u64 {
        self.week
    }

    /// The number in the whole run, the open week included.
    pub fn run(&self) -> u64 {
        self.closed + self.week
    }

    pub fn close_week(&mut self) {
        self.closed += std::mem::take(&mut self.week);
    }

    pub fn absorb(&mut self, other: &mut Count) {
        self.week += std::mem::take(&mut other.week);
        self.closed += std::mem::take(&mut other.closed);
    }
}

/// Billionths, in which [`fixed`] counts.
const BILLION: f64 = 1e9;

/// A number in whole billionths: sums of these, unlike sums of floats, do not depend on their order.
pub fn fixed(x: f64) -> i64 {
    (x * BILLION).round() as i64
}

/// A mean of numbers that need not be whole, of this week and of the run; its sum is in billionths.
#[derive(Debug, Default, Clone, Copy)]
pub struct Mean {
    week: (i128, u64),
    closed: (i128, u64),
}

impl Mean {
    /// Adds a number; one that is not finite is none.
    pub fn add(&mut self, x: f64) {
        if x.is_finite() {
            self.add_fixed(fixed(x));
        }
    }

    /// Adds a number in billionths.
    pub fn add_fixed(&mut self, billionths: i64) {
        self.week = plus(self.week, (i128::from(billionths), 1));
    }

    /// The mean of the week that is open; nothing where there was nothing.
    pub fn week(&self) -> Option<f64> {
        mean(self.week)
    }

    /// The mean of the whole run, the open week included.
    pub fn run(&self) -> Option<f64> {
        mean(plus(self.closed, self.week))
    }

    pub fn close_week(&mut self) {
        self.closed = plus(self.closed, std::mem::take(&mut self.week));
    }

    pub fn absorb(&mut self, other: &mut Mean) {
        self.week = plus(self.week, std::mem::take(&mut other.week));
        self.closed = plus(self.closed, std::mem::take(&mut other.closed));
    }
}

fn plus(a: (i128, u64), b: (i128, u64)) -> (i128, u64) {
    (a.0 + b.0, a.1 + b.1)
}

fn mean((sum, n): (i128, u64)) -> Option<f64> {
    (n > 0).then(|| sum as f64 / BILLION / n as f64)
}

/// A number for each member of a dense set of identifiers, of this week and of the run.
///
/// It grows when an identifier turns up that it has no place for, and never shrinks: after the first
/// week an addition touches one word and allocates nothing.
#[derive(Debug, Default, Clone)]
pub struct Column {
    week: Vec<u64>,
    closed: Vec<u64>,
}

impl Column {
    #[inline]
    pub fn add(&mut self, index: usize, n: u64) {
        match self.week.get_mut(index) {
            Some(slot) => *slot += n,
            None => self.grow(index, n),
        }
    }

    #[cold]
    fn grow(&mut self, index: usize, n: u64) {
        // A power of two, so that identifiers that come in rising order cost few moves.
        self.week.resize((index + 1).next_power_of_two(), 0);
        self.week[index] += n;
    }

    pub fn week(&self, index: usize) -> u64 {
        self.week.get(index).copied().unwrap_or(0)
    }

    pub fn run(&self, index: usize) -> u64 {
        self.closed.get(index).copied().unwrap_or(0) + self.week(index)
    }

    pub fn close_week(&mut self) {
        add_all(&mut self.closed, &mut self.week);
    }

    pub fn absorb(&mut self, other: &mut Column) {
        add_all(&mut self.week, &mut other.week);
        add_all(&mut self.closed, &mut other.closed);
    }
}

/// Adds `from` to `to`, place by place, and leaves zeros.
pub fn add_all(to: &mut Vec<u64>, from: &mut [u64]) {
    if to.len() < from.len() {
        to.resize(from.len(), 0);
    }
    for (to, from) in to.iter_mut().zip(from) {
        *to += std::mem::take(from);
    }
}

/// The earliest entry for each member of a dense set of identifiers; entries are ordered by time first.
#[derive(Debug, Clone)]
pub struct Firsts<T> {
    entries: Vec<Option<T>>,
}

impl<T> Default for Firsts<T> {
    fn default() -> Self {
        Firsts { entries: Vec::new() }
    }
}

impl<T: Copy + Ord> Firsts<T> {
    pub fn note(&mut self, index: usize, entry: T) {
        if self.entries.len() <= index {
            self.entries.resize((index + 1).next_power_of_two(), None);
        }
        let slot = &mut self.entries[index];
        *slot = Some(slot.map_or(entry, |old| old.min(entry)));
    }

    pub fn get(&self, index: usize) -> Option<T> {
        self.entries.get(index).copied().flatten()
    }

    pub fn absorb(&mut self, other: &mut Firsts<T>) {
        for (index, entry) in other.entries.iter_mut().enumerate() {
            if let Some(entry) = entry.take() {
                self.note(index, entry);
            }
        }
    }
}

/// When each seller went live and when it left.
#[derive(Debug, Default, Clone)]
pub struct Lives {
    live: Firsts<SimTime>,
    exit: Firsts<(SimTime, ExitReason)>,
}

impl Lives {
    /// The facts that lives are made of.
    pub const WANTS: FactMask = FactMask::STAGE_ENTERED.and(FactMask::EXITED);

    /// Takes a fact; others than the two that matter are let through, so families can hand on all.
    pub fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::StageEntered { seller, stage: Stage::Trial } => {
                self.live.note(seller.index(), at);
            }
            Fact::Exited { seller, reason } => self.exit.note(seller.index(), (at, reason)),
            _ => {}
        }
    }

    pub fn absorb(&mut self, other: &mut Lives) {
        self.live.absorb(&mut other.live);
        self.exit.absorb(&mut other.exit);
    }

    /// When the seller went live: the start of the run for those who were live by then.
    pub fn live_at(&self, seller: SellerId, census: &Census) -> Option<SimTime> {
        if census.sellers[seller.index()].from_start {
            return Some(SimTime(0));
        }
        self.live.get(seller.index())
    }

    /// When, and why, the seller left.
    pub fn exit(&self, seller: SellerId) -> Option<(SimTime, ExitReason)> {
        self.exit.get(seller.index())
    }

    /// The sellers live at any time of the run, in the order of their numbers.
    pub fn ever<'a>(&'a self, census: &'a Census) -> impl Iterator<Item = SellerId> + 'a {
        let sellers = census.sellers.iter().map(|card| card.seller);
        sellers.filter(|&seller| self.live_at(seller, census).is_some())
    }

    /// The sellers live at any time of one week, in the order of their numbers.
    pub fn in_week<'a>(
        &'a self,
        week: u32,
        census: &'a Census,
    ) -> impl Iterator<Item = SellerId> + 'a {
        let start = SimTime(u64::from(week) * US_PER_WEEK);
        // A seller that went live at the barrier which ends the week belongs to it: what happens at
        // a barrier is told before the week is closed.
        let end = SimTime(start.0 + US_PER_WEEK);
        self.ever(census).filter(move |&seller| {
            self.live_at(seller, census).is_some_and(|live| live <= end)
                && self.exit(seller).is_none_or(|(exit, _)| exit >= start)
        })
    }

    /// How many sellers are live now.
    pub fn now(&self, census: &Census) -> usize {
        self.ever(census).filter(|&seller| self.exit(seller).is_none()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_adds_by_week_and_run() {
        let mut column = Column::default();
        column.add(5, 2);
        column.close_week();
        column.add(5, 1);
        column.add(900, 7);
        assert_eq!((column.week(5), column.run(5)), (1, 3));
        assert_eq!((column.week(900), column.run(900)), (7, 7));
        assert_eq!(column.run(100_000), 0);
        let mut whole = Column::default();
        whole.absorb(&mut column);
        assert_eq!((whole.week(5), whole.run(5)), (1, 3));
        assert_eq!(column.run(5), 0, "the absorbed one is empty");
    }

    #[test]
    fn a_mean_of_parts_is_that_of_the_whole() {
        let mut whole = Mean::default();
        assert_eq!(whole.run(), None);
        let mut part = whole;
        [0.1, f64::NAN, -0.25].into_iter().for_each(|x| part.add(x));
        part.close_week();
        part.add(1e7);
        whole.add(0.3);
        whole.absorb(&mut part);
        assert_eq!(whole.week(), Some((1e7 + 0.3) / 2.0));
        assert_eq!(whole.run(), Some((1e7 + 0.15) / 4.0));
        assert_eq!((part.week(), part.run()), (None, None), "the absorbed one is empty");
    }

    #[test]
    fn firsts_keep_the_earliest() {
        let mut firsts = Firsts::default();
        firsts.note(3, SimTime(9));
        firsts.note(3, SimTime(4));
        firsts.note(3, SimTime(6));
        assert_eq!(firsts.get(3), Some(SimTime(4)));
        assert_eq!(firsts.get(2), None);
        assert_eq!(firsts.get(77), None);
    }
}
