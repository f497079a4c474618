//! What a nudge needs to know of a world: who sold how much on which day.

use std::ops::Range;

use crate::history::{Census, Digest, Fact, FactSink};
use crate::measure::{Counts, Recorder};
use crate::units::{SellerId, SimTime};

/// Hears a world and keeps orders by day and seller from the nudge on.
pub struct Sales {
    recorder: Recorder,
    days: Range<u32>,
    /// By day, and within a day by seller.
    orders: Vec<Vec<u32>>,
    /// Who was nudged or shocked on the first of the days.
    struck: Vec<SellerId>,
}

impl Sales {
    /// Of these days.
    pub fn new(days: Range<u32>) -> Self {
        let orders = vec![Vec::new(); days.len()];
        Sales { recorder: Recorder::bare(), days, orders, struck: Vec::new() }
    }
}

impl FactSink for Sales {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        let today = at.day() == self.days.start;
        match *fact {
            Fact::Bought { order } if self.days.contains(&at.day()) => {
                let sold = &mut self.orders[(at.day() - self.days.start) as usize];
                let seller = order.seller.index();
                if sold.len() <= seller {
                    sold.resize((seller + 1).next_power_of_two(), 0);
                }
                sold[seller] += 1;
            }
            Fact::Nudged { seller, .. } => {
                // Not in the digest, which is to tell whether anything else differs.
                if today {
                    self.struck.push(seller);
                }
                return;
            }
            Fact::Shocked { seller } if today => self.struck.push(seller),
            _ => {}
        }
        self.recorder.take(at, fact);
    }
}

/// The sales of a whole world.
pub struct WorldSales {
    /// Of all facts but nudges.
    pub digest: Digest,
    /// How many of what happened.
    pub counts: Counts,
    /// Who was nudged or shocked on the first day.
    pub struck: Vec<SellerId>,
    orders: Vec<Vec<u32>>,
}

impl WorldSales {
    /// Joins what was heard in the cells, and last between them.
    pub fn join(parts: impl IntoIterator<Item = Sales>, census: &Census) -> WorldSales {
        let mut whole = Recorder::bare();
        let (mut digests, mut orders, mut struck) = (Vec::new(), Vec::new(), Vec::new());
        for mut part in parts {
            digests.push(part.recorder.digest());
            whole.absorb(&mut part.recorder);
            orders.resize(part.orders.len(), Vec::new());
            orders.iter_mut().zip(&part.orders).for_each(|(sum, day)| add(sum, day));
            struck.extend(part.struck);
        }
        let (digest, counts) = (Digest::join(digests), whole.counts(census));
        WorldSales { digest, counts, struck, orders }
    }

    /// Orders of one seller by day.
    pub fn of(&self, seller: SellerId) -> Vec<u32> {
        self.orders.iter().map(|day| day.get(seller.index()).copied().unwrap_or(0)).collect()
    }

    /// Orders of everybody by day.
    pub fn of_all(&self) -> Vec<u32> {
        self.orders.iter().map(|day| day.iter().sum()).collect()
    }

    /// Orders of each seller over all days, up to the last who sold.
    pub fn by_seller(&self) -> Vec<u32> {
        let mut sums = Vec::new();
        self.orders.iter().for_each(|day| add(&mut sums, day));
        sums
    }
}

fn add(sums: &mut Vec<u32>, more: &[u32]) {
    sums.resize(sums.len().max(more.len()), 0);
    sums.iter_mut().zip(more).for_each(|(sum, n)| *sum += n);
}
