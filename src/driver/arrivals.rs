//! Who visits in a tick: superposed Poisson arrivals, thinned from an envelope that nothing in the
//! market can change.
//!
//! Shoppers who sleep cost nothing: the visits of one class to one cell within a tick are one Poisson
//! count, and each visit then draws who it is. The envelope assumes that every customer is loyal;
//! visits of those who are not are thinned out afterwards. So the j-th visit of (class, cell, tick) is
//! the same visit under every ranking policy, or it does not take place.

use crate::market::Market;
use crate::rng::{Alias, Purpose, poisson};
use crate::units::{ClassId, CountryId, CustomerId, SessionId, SimTime};

/// A visit that takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Microseconds into the tick.
    pub offset_us: u32,
    /// The shelf's place in its cell.
    pub slot: u32,
    /// The number of the visit: it keys every draw about it.
    pub session: SessionId,
    /// Who visits; a number that means nothing where customers are not followed.
    pub customer: CustomerId,
    /// Where the shopper lives.
    pub country: CountryId,
    /// The shopper's class.
    pub class: ClassId,
    /// Payment methods the shopper has, as bits.
    pub payments: u8,
}

/// The visits that one cell gets.
#[derive(Debug)]
pub struct Arrivals {
    cell: u32,
    /// The cell's share of all visits.
    share: f64,
    by_product: Alias,
}

impl Arrivals {
    /// Visits to products of the given popularity (shares of all visits), by slot.
    pub fn new(cell: u32, popularity: &[f64]) -> Self {
        let share = popularity.iter().sum();
        Arrivals { cell, share, by_product: Alias::new(popularity) }
    }

    /// The visits between `from` and `to`, in no order, at the end of `into`.
    pub fn draw(
        &self,
        market: &Market,
        tick: u32,
        from: SimTime,
        to: SimTime,
        into: &mut Vec<Visit>,
    ) {
        let expected = market.traffic().expected(from, to) * market.customers().envelope();
        if expected <= 0.0 {
            return;
        }
        let length_us = (to.0 - from.0) as u32;
        let dice = market.dice();
        for (class, of_class) in (0u8..).zip(market.classes()) {
            let who = u64::from(class) << 32 | u64::from(self.cell);
            let mut draws = dice.stream(who, tick, Purpose::ArrivalCount);
            let n = poisson(&mut draws, expected * self.share * of_class.share);
            for j in 0..n {
                let session = SessionId::new(ClassId(class), self.cell, tick, j);
                let block = dice.block(session.0, 0, Purpose::Arrival);
                let customers = market.customers();
                let (customer, country, payments) = if customers.is_empty() {
                    let nobody = CustomerId(block.0[2]);
                    let (country, payments) = market.stranger(block.0[3]);
                    (nobody, country, payments)
                } else {
                    let (first, count) = market.customers_now(ClassId(class), from);
                    let customer = CustomerId(first + block.below(2, count));
                    if !customers.visits(customer, block.0[3]) {
                        continue;
                    }
                    (customer, customers.country(customer), customers.payments(customer))
                };
                into.push(Visit {
                    offset_us: block.below(0, length_us),
                    slot: self.by_product.pick(block.0[1]),
                    session,
                    customer,
                    country,
                    class: ClassId(class),
                    payments,
                });
            }
        }
    }
}
