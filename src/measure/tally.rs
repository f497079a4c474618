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
