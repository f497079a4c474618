//! A driver's hand on the core itself: the path `direct`.

use std::sync::{Mutex, PoisonError};

use super::{Clock, Hand, Op, Step, Told, Write};
use crate::market::serve::{Change, Core, OfferAt, Reader, Writer};
use crate::protocol::Query;

/// What each class of shoppers thinks a star is worth [EUR/star], by class.
pub type StarWorth = [f32];

/// A driver at the core, with the traffic that it goes through over and over.
pub struct Direct<'a, C> {
    core: &'a Core,
    clock: C,
    reader: Reader,
    writer: Writer<'a>,
    steps: &'a [Step],
    star_eur: &'a StarWorth,
    /// Writes that rankings show, with how long that took [ns], not told of so far.
    fresh: Vec<(Write, u64)>,
    counts: Counts,
    /// Where the counts of all hands are added up when this one goes.
    sum: &'a Mutex<Counts>,
}

/// A hand that goes publishes what still waits for its batch to be full.
impl<C> Drop for Direct<'_, C> {
    fn drop(&mut self) {
        self.writer.flush(&mut |_, _| {});
        self.sum.lock().unwrap_or_else(PoisonError::into_inner).add(&self.counts);
    }
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

/// Writes that may be shown between two tellings beside those of a batch: a driver notes fewer operations
/// than this before it asks.
const UNTOLD: usize = 1_024;

impl<'a, C: Clock> Direct<'a, C> {
    /// A hand on a core that goes through `steps`, at least one, and publishes its writes `batch` at a
    /// time. Its clock times how long writes take to be shown; what it did is added to `sum` when it goes.
    pub fn new(
        core: &'a Core,
        clock: C,
        steps: &'a [Step],
        star_eur: &'a StarWorth,
        batch: usize,
        sum: &'a Mutex<Counts>,
    ) -> Self {
        assert!(!steps.is_empty(), "a hand without anything to do");
        Direct {
            core,
            clock,
            reader: core.reader(),
            writer: core.writer(batch),
            steps,
            star_eur,
            fresh: Vec::with_capacity(batch + UNTOLD),
            counts: Counts::default(),
            sum,
        }
    }

    #[inline]
    fn step(&self, i: u64) -> Step {
        self.steps[(i % self.steps.len() as u64) as usize]
    }

    #[inline]
    fn rank(&mut self, query: &Query) {
        let star_eur = self.star_eur[query.class.index()];
        self.core.rank(query, star_eur, &mut self.reader);
    }

    fn buy(&mut self) {
        match self.reader.offer(0).and_then(|offer| self.core.buy(offer)) {
            Some(_) => self.counts.sold += 1,
            None => self.counts.sold_out += 1,
        }
    }

    fn write(&mut self, step: Step) {
        let at = self.clock.now();
        let Direct { writer, clock, fresh, .. } = self;
        let mut shown = |change, stamp| fresh.push((write_of(change), clock.now() - stamp));
        match step {
            Step::Review { seller, category, stars } => {
                writer.review(seller, category, stars, at, &mut shown);
                self.counts.reviews += 1;
            }
            Step::Reprice { row, product, price_cents } => {
                writer.reprice(OfferAt { product, row }, price_cents, at, &mut shown);
            }
            Step::Restock { row, product, units } => {
                writer.restock(OfferAt { product, row }, units, at, &mut shown);
                self.counts.restocked += u64::from(units);
            }
            Step::Rank { .. } | Step::Buy => {}
        }
    }

    /// Does a step.
    #[inline]
    pub fn act(&mut self, step: Step) -> Op {
        match step {
            Step::Rank { session, product, country, class } => {
                self.rank(&Query { session, product, country, class });
            }
            Step::Buy => self.buy(),
            _ => self.write(step),
        }
        step.op()
    }
}

impl<C: Clock> Hand for Direct<'_, C> {
    #[inline]
    fn call(&mut self, i: u64) -> Op {
        self.act(self.step(i))
    }

    #[inline]
    fn op(&self, i: u64) -> Op {
        self.step(i).op()
    }

    fn tell(&mut self, told: &mut Told<'_>) {
        for (write, ns) in self.fresh.drain(..) {
            told.fresh(write, ns);
        }
    }
}

fn write_of(change: Change) -> Write {
    match change {
        Change::Price => Write::Price,
        Change::Stock => Write::Stock,
        Change::Review => Write::Review,
    }
}
