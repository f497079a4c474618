//! A driver's hand on the core itself: the path `direct`.

use super::{Op, Step, Write};
use crate::market::serve::{Change, Core, OfferAt, Reader, Writer};

/// What each class of shoppers thinks a star is worth [EUR/star], by class.
pub type StarWorth = [f32];

/// A driver at the core, with the traffic that it goes through over and over.
pub struct Direct<'a> {
    core: &'a Core,
    reader: Reader,
    writer: Writer<'a>,
    steps: &'a [Step],
    star_eur: &'a StarWorth,
    /// Whether the step before was a visit that was shown something.
    shown: bool,
    counts: Counts,
}

/// What a hand did beside what is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Units sold.
    pub sold: u64,
    /// Purchases that found an empty slate, or the last unit just gone.
    pub sold_out: u64,
    /// Units put on shelves.
    pub restocked: u64,
    /// Reviews published.
    pub reviews: u64,
}

impl Counts {
    /// Adds what another hand did.
    pub fn add(&mut self, other: &Counts) {
        self.sold += other.sold;
        self.sold_out += other.sold_out;
        self.restocked += other.restocked;
        self.reviews += other.reviews;
    }
}

impl<'a> Direct<'a> {
    /// A hand on a core that goes through `steps`, and publishes its writes `batch` at a time.
    pub fn new(core: &'a Core, steps: &'a [Step], star_eur: &'a StarWorth, batch: usize) -> Self {
        let (reader, writer) = (core.reader(), core.writer(batch));
        Direct { core, reader, writer, steps, star_eur, shown: false, counts: Counts::default() }
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Which the `i`-th step is.
    #[inline]
    pub fn op(&self, i: u64) -> Op {
        self.step(i).op()
    }

    #[inline]
    fn step(&self, i: u64) -> Step {
        self.steps[(i % self.steps.len() as u64) as usize]
    }

    /// Does the `i`-th step, which began at `at` [ns]. `shown` is told of every write, with the time at
    /// which it began, as soon as rankings show it.
    #[inline]
    pub fn act(&mut self, i: u64, at: u64, shown: &mut impl FnMut(Write, u64)) -> Op {
        let mut told = |change: Change, stamp: u64| shown(write_of(change), stamp);
        match self.step(i) {
            step @ Step::Rank { class, .. } => {
                if let Some(query) = step.query() {
                    let star_eur = self.star_eur[class.index()];
                    self.core.rank(&query, star_eur, &mut self.reader);
                }
                self.shown = true;
                Op::Rank
            }
            Step::Buy => {
                let box_offer = self.reader.offer(0).filter(|_| self.shown);
                match box_offer.and_then(|offer| self.core.buy(offer)) {
                    Some(_) => self.counts.sold += 1,
                    None => self.counts.sold_out += 1,
                }
                Op::Buy
            }
            Step::Review { seller, category, stars } => {
                self.counts.reviews += 1;
                self.writer.review(seller, category, stars, at, &mut told);
                Op::Review
            }
            Step::Reprice { row, product, price_cents } => {
                self.writer.reprice(OfferAt { product, row }, price_cents, at, &mut told);
                Op::Reprice
            }
            Step::Restock { row, product, units } => {
                self.counts.restocked += u64::from(units);
                self.writer.restock(OfferAt { product, row }, units, at, &mut told);
                Op::Restock
            }
        }
    }

    /// Publishes what still waits for its batch to be full.
    pub fn finish(&mut self, shown: &mut impl FnMut(Write, u64)) {
        self.writer.flush(&mut |change, stamp| shown(write_of(change), stamp));
    }
}

fn write_of(change: Change) -> Write {
    match change {
        Change::Price => Write::Price,
        Change::Stock => Write::Stock,
        Change::Review => Write::Review,
    }
}
