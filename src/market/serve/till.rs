//! The stock and the price of one offer in one word, so that a buyer takes a unit and learns its price
//! in one step.

use std::sync::atomic::Ordering;

use super::latch::Atomic;

/// Units on the shelf in the lower half, the asking price [cents] in the upper.
///
/// Every change is one exchange of the whole word, so none is lost and stock never falls below zero.
/// Nothing else is published by it: relaxed order is enough.
#[derive(Debug)]
pub(super) struct Till<A>(A);

const fn word(price_cents: u32, stock: u32) -> u64 {
    (price_cents as u64) << 32 | stock as u64
}

const fn parts(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

impl<A: Atomic> Till<A> {
    pub fn new(price_cents: u32, stock: u32) -> Self {
        Till(A::new(word(price_cents, stock)))
    }

    /// Price [cents] and stock.
    #[inline]
    pub fn look(&self) -> (u32, u32) {
        parts(self.0.load(Ordering::Relaxed))
    }

    /// Takes one unit: its price [cents] and how many are left; nothing if there is none.
    #[inline]
    pub fn take(&self) -> Option<(u32, u32)> {
        self.change(|price, stock| stock.checked_sub(1).map(|left| (price, left)))
    }

    /// Adds units, as many as can be counted, and says how many those were.
    pub fn add(&self, units: u32) -> u32 {
        let mut added = 0;
        self.change(|price, stock| {
            added = units.min(u32::MAX - stock);
            Some((price, stock + added))
        });
        added
    }

    /// Asks another price [cents].
    pub fn ask(&self, price_cents: u32) {
        self.change(|_, stock| Some((price_cents, stock)));
    }

    /// Makes of price and stock what `next` says, and returns that.
    #[inline]
    fn change(&self, mut next: impl FnMut(u32, u32) -> Option<(u32, u32)>) -> Option<(u32, u32)> {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let (price, stock) = parts(seen);
            let (price, stock) = next(price, stock)?;
            match self.0.exchange(seen, word(price, stock)) {
                Ok(_) => return Some((price, stock)),
                Err(now) => seen = now,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicU64 as Modelled;
    use loom::thread;

    use super::*;

    #[test]
    fn two_buyers_never_get_the_same_unit_and_no_unit_is_lost() {
        loom::model(|| {
            let till = Arc::new(Till::<Modelled>::new(100, 1));
            let other = Arc::clone(&till);
            let buyer = thread::spawn(move || u32::from(other.take().is_some()));
            let third = Arc::clone(&till);
            let seller = thread::spawn(move || {
                third.ask(90);
                third.add(1)
            });
            let sold = u32::from(till.take().is_some()) + buyer.join().expect("a buyer");
            let added = seller.join().expect("a seller");
            let (price, left) = till.look();
            assert_eq!((price, sold + left), (90, 1 + added));
        });
    }

    #[test]
    fn what_cannot_be_counted_is_not_added() {
        let till = Till::<std::sync::atomic::AtomicU64>::new(7, u32::MAX - 2);
        assert_eq!((till.add(5), till.look()), (2, (7, u32::MAX)));
        assert_eq!(till.take(), Some((7, u32::MAX - 1)));
        let empty = Till::<std::sync::atomic::AtomicU64>::new(7, 0);
        assert_eq!(empty.take(), None);
    }
}
