//! Who visits in a tick: superposed Poisson arrivals, thinned from an envelope that nothing in the
//! market can change.
//!
//! Shoppers who sleep cost nothing: the visits of one class to one cell within a tick are one Poisson
//! count, and each visit then draws who it is. The envelope assumes that every customer is loyal;
//! visits of those who are not are thinned out afterwards. So the j-th visit of (class, cell, tick) is
//! the same visit under every ranking policy, or it does not take place.

use std::ops::Range;

use crate::agents::shoppers::{Customer, leaves};
use crate::market::Market;
use crate::rng::{Alias, Block, Purpose, poisson};
use crate::units::{ClassId, CountryId, CustomerId, SessionId, SimTime};

/// A visit that takes place.
#[derive(Debug, Clone, Copy, PartialEq)]
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
    /// Whether the shopper weighs the places of the slate, or takes the box or leaves.
    pub chooses: bool,
    /// When leaving arrives in the race of the shopper's choices.
    pub leaves: f64,
    /// The draw by which the customer's mood decides whether it comes at all.
    pub stays_away: u32,
}

/// The visits that one cell gets.
#[derive(Debug)]
pub struct Arrivals {
    cell: u32,
    /// The cell's share of all visits.
    share: f64,
    by_product: Alias,
    /// Whether visits are left in that may not take place: see [`Arrivals::exact`].
    exact: bool,
    // Room for the visits of one class.
    drawn: Vec<(SessionId, Block)>,
    asked: Vec<(CustomerId, Customer)>,
}

impl Arrivals {
    /// Visits to products of the given popularity (shares of all visits), by slot.
    pub fn new(cell: u32, popularity: &[f64]) -> Self {
        let share = popularity.iter().sum();
        let by_product = Alias::new(popularity);
        Arrivals { cell, share, by_product, exact: false, drawn: Vec::new(), asked: Vec::new() }
    }

    /// The same, for exact time: a mood may change within the tick, so whether a customer comes is
    /// decided when it is due.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// The visits between `from` and `to`, in no order, at the end of `into`.
    pub fn draw(
        &mut self,
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
        let dice = market.dice();
        for (class, of_class) in (0u8..).zip(market.classes()) {
            let who = u64::from(class) << 32 | u64::from(self.cell);
            let mut draws = dice.stream(who, tick, Purpose::ArrivalCount);
            let n = poisson(&mut draws, expected * self.share * of_class.share);
            let first = into.len();
            self.draw_class(market, ClassId(class), tick, from..to, n, into);
            // What the shopper has in mind is drawn here, where no draw waits for another.
            if market.leaving().is_some() || of_class.choosers > 0.0 {
                for visit in &mut into[first..] {
                    let draw = dice.block(visit.session.0, 0, Purpose::Shopper);
                    visit.chooses = draw.unit(2) < of_class.choosers;
                    visit.leaves = leaves(market.leaving(), draw.fine_unit(0));
                }
            }
        }
    }

    /// The first `n` visits of a class within a tick, less those that are thinned out.
    fn draw_class(
        &mut self,
        market: &Market,
        class: ClassId,
        tick: u32,
        span: Range<SimTime>,
        n: u32,
        into: &mut Vec<Visit>,
    ) {
        let dice = market.dice();
        let length_us = (span.end.0 - span.start.0) as u32;
        let by_product = &self.by_product;
        let visit = |session: SessionId, block: Block| Visit {
            offset_us: block.below(0, length_us),
            slot: by_product.pick(block.0[1]),
            session,
            customer: CustomerId(block.0[2]),
            country: CountryId(0),
            class,
            payments: 0,
            chooses: false,
            leaves: f64::INFINITY,
            stays_away: block.0[3],
        };
        let sessions = (0..n).map(|j| SessionId::new(class, self.cell, tick, j));
        let drawn = sessions.map(|s| (s, dice.block(s.0, 0, Purpose::Arrival)));
        let customers = market.customers();
        if customers.is_empty() {
            into.extend(drawn.map(|(session, block)| {
                let (country, payments) = market.stranger(class, block.0[3]);
                Visit { country, payments, ..visit(session, block) }
            }));
            return;
        }
        // A million customers lie in far memory: a round that does nothing else has many of them come
        // at once.
        let (first, count) = market.customers_now(class, span.start);
        self.drawn.clear();
        self.drawn.extend(drawn);
        self.asked.clear();
        self.asked.extend(self.drawn.iter().map(|(_, block)| {
            let number = CustomerId(first + block.below(2, count));
            (number, customers.get(number))
        }));
        for (&(session, block), &(number, customer)) in self.drawn.iter().zip(&self.asked) {
            // Who stays away is as good as random: taking the visit back is cheaper than a branch.
            let comes = self.exact || customers.visits(customer, block.0[3]);
            let kept = into.len() + usize::from(comes);
            into.push(Visit {
                customer: number,
                country: customer.country(),
                payments: customer.payments(),
                ..visit(session, block)
            });
            into.truncate(kept);
        }
    }
}

/// Whether a visit of the envelope takes place, as its customer feels now.
pub fn comes(market: &Market, visit: &Visit) -> bool {
    let customers = market.customers();
    customers.is_empty() || customers.visits(customers.get(visit.customer), visit.stays_away)
}
