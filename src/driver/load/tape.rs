//! The traffic of a load: what one week of a simulated market asks of its core, step by step.
//!
//! A [`TapeSink`] listens to the last week of a warm-up. The [`Tape`] made of it holds every visit, review,
//! new price and delivery of stock of that week, so that a load asks for each in the scenario's own
//! proportions, for the products that are popular there. Played in order it is the week with its real
//! bursts; dealt to drivers, each gets an order of its own, which `market` and `seed` decide.

use std::ops::Range;

use crate::history::{Fact, FactSink};
use crate::rng::{Dice, Purpose};
use crate::units::{CategoryId, ClassId, CountryId, ProductId, SellerId, SessionId, SimTime};

use super::Op;

/// Something that was asked of the market, as its facts tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A visit asks for a slate.
    Rank {
        /// The visit.
        session: SessionId,
        /// What is looked for.
        product: ProductId,
        /// Where it would go.
        country: CountryId,
        /// The shopper's class.
        class: ClassId,
    },
    /// The visit whose slate was the step before takes a unit of the offer in the box.
    Buy,
    /// A review is published.
    Review {
        /// Of whom.
        seller: SellerId,
        /// In the category of what was bought.
        category: CategoryId,
        /// 1 to 5.
        stars: u8,
    },
    /// A price is set.
    Reprice {
        /// Row of the offer on its product's shelf.
        row: u32,
        /// The product.
        product: ProductId,
        /// The new price [cents].
        price_cents: u32,
    },
    /// Units come in.
    Restock {
        /// Row of the offer on its product's shelf.
        row: u32,
        /// The product.
        product: ProductId,
        /// How many.
        units: u32,
    },
}

impl Step {
    /// Which operation it is.
    pub fn op(&self) -> Op {
        match self {
            Step::Rank { .. } => Op::Rank,
            Step::Buy => Op::Buy,
            Step::Review { .. } => Op::Review,
            Step::Reprice { .. } => Op::Reprice,
            Step::Restock { .. } => Op::Restock,
        }
    }
}

/// What a sink heard, before offers are looked up.
#[derive(Debug, Clone, Copy)]
enum Heard {
    Visit { session: SessionId, product: ProductId, country: CountryId, class: ClassId, buys: bool },
    Review { seller: SellerId, product: ProductId, stars: u8 },
    Reprice { seller: SellerId, product: ProductId, price_cents: u32 },
    Restock { seller: SellerId, product: ProductId, units: u32 },
}

/// Listens to what happens within a time.
#[derive(Debug)]
pub struct TapeSink {
    within: Range<SimTime>,
    heard: Vec<(SimTime, Heard)>,
}

impl TapeSink {
    /// Listens from a moment on, and until before another.
    pub fn within(within: Range<SimTime>) -> Self {
        TapeSink { within, heard: Vec::new() }
    }
}

impl FactSink for TapeSink {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        if !self.within.contains(&at) {
            return;
        }
        let heard = match *fact {
            Fact::Shown { session, product, country, class, .. } => {
                Heard::Visit { session, product, country, class, buys: false }
            }
            Fact::Bought { order } => {
                // A purchase follows its slate; one without a slate is a campaign's.
                if let Some((_, Heard::Visit { session, buys, .. })) = self.heard.last_mut() {
                    *buys |= *session == order.session;
                }
                return;
            }
            Fact::Reviewed { order, stars, .. } => {
                Heard::Review { seller: order.seller, product: order.product, stars }
            }
            Fact::Repriced { seller, product, price_cents } => {
                Heard::Reprice { seller, product, price_cents }
            }
            Fact::Restocked { seller, product, units } => Heard::Restock { seller, product, units },
            _ => return,
        };
        self.heard.push((at, heard));
    }
}

/// Steps that stay together, one or two, with the time of the first in the week.
#[derive(Debug, Clone, Copy)]
struct Unit {
    at: SimTime,
    first: u32,
    steps: u32,
}

/// A week of steps, in the order of time.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    steps: Vec<Step>,
    units: Vec<Unit>,
}

impl Tape {
    /// The tape of what the sinks of all cells, and last that of the market, heard. `row` says where a
    /// seller's offer of a product stands when the load begins, `category` what a product is; of offers
    /// that are gone by then, nothing is kept.
    pub fn new(
        sinks: &[TapeSink],
        row: impl Fn(ProductId, SellerId) -> Option<u32>,
        category: impl Fn(ProductId) -> CategoryId,
    ) -> Self {
        let of = |(cell, sink): (usize, &TapeSink)| {
            let times = sink.heard.iter().map(|(at, _)| at.0).collect::<Vec<_>>();
            times.into_iter().enumerate().map(move |(place, at)| (at, cell as u32, place as u32))
        };
        let mut order: Vec<(u64, u32, u32)> = sinks.iter().enumerate().flat_map(of).collect();
        order.sort_unstable();
        let mut tape = Tape::default();
        for (_, cell, place) in order {
            let (at, heard) = sinks[cell as usize].heard[place as usize];
            let first = tape.steps.len() as u32;
            match heard {
                Heard::Visit { session, product, country, class, buys } => {
                    tape.steps.push(Step::Rank { session, product, country, class });
                    tape.steps.extend(buys.then_some(Step::Buy));
                }
                Heard::Review { seller, product, stars } => {
                    tape.steps.push(Step::Review { seller, category: category(product), stars });
                }
                Heard::Reprice { seller, product, price_cents } => {
                    tape.steps.extend(row(product, seller).map(|row| Step::Reprice {
                        row,
                        product,
                        price_cents,
                    }))
                }
                Heard::Restock { seller, product, units } => tape
                    .steps
                    .extend(row(product, seller).map(|row| Step::Restock { row, product, units })),
            }
            let steps = tape.steps.len() as u32 - first;
            if steps > 0 {
                tape.units.push(Unit { at, first, steps });
            }
        }
        tape
    }

    /// Steps in all.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether the week asked for nothing.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many steps ask for each operation, in the order of [`Op::ALL`].
    pub fn mix(&self) -> [u64; Op::ALL.len()] {
        let mut mix = [0; Op::ALL.len()];
        for step in &self.steps {
            mix[step.op() as usize] += 1;
        }
        mix
    }

    /// A driver's own order of the whole week: visits stay with what they buy, everything else is
    /// shuffled. Drivers go through it over and over; it lies in memory as it is read, so that the next
    /// step is there when it is wanted.
    pub fn dealt(&self, dice: Dice, driver: u32) -> Vec<Step> {
        let mut units = self.units.clone();
        let mut draws = dice.stream(u64::from(driver), 0, Purpose::Traffic);
        // Fisher and Yates' shuffle, in the form of Durstenfeld 1964.
        for last in (1..units.len()).rev() {
            units.swap(last, draws.below(last as u32 + 1) as usize);
        }
        units.iter().flat_map(|unit| self.steps_of(unit)).copied().collect()
    }

    /// What driver `driver` of `drivers` does of the week as it was, and when [ns since its start]: units
    /// go round, so that what comes at one time is done by several.
    pub fn replayed(&self, driver: u32, drivers: u32) -> (Vec<Step>, Vec<u64>) {
        let start = self.units.first().map_or(0, |unit| unit.at.0);
        let mine = self.units.iter().skip(driver as usize).step_by(drivers.max(1) as usize);
        let (mut steps, mut times) = (Vec::new(), Vec::new());
        for unit in mine {
            steps.extend_from_slice(self.steps_of(unit));
            let at = (unit.at.0 - start) * 1_000;
            times.extend(std::iter::repeat_n(at, unit.steps as usize));
        }
        (steps, times)
    }

    fn steps_of(&self, unit: &Unit) -> &[Step] {
        &self.steps[unit.first as usize..][..unit.steps as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::Order;
    use crate::units::CustomerId;

    fn order(session: u64, place: u8) -> Order {
        Order {
            session: SessionId(session),
            customer: CustomerId(0),
            seller: SellerId(7),
            product: ProductId(1),
            price_cents: 100,
            country: CountryId(0),
            class: ClassId(0),
            place,
        }
    }

    fn shown(session: u64) -> Fact<'static> {
        let (product, country, class) = (ProductId(1), CountryId(0), ClassId(0));
        Fact::Shown { session: SessionId(session), product, country, class, slate: &[SellerId(7)] }
    }

    fn rank(session: u64) -> Step {
        let (product, country, class) = (ProductId(1), CountryId(0), ClassId(0));
        Step::Rank { session: SessionId(session), product, country, class }
    }

    /// Two cells and a market: what came before the week, orders of campaigns and offers that are gone
    /// are left out; a purchase stays with its visit.
    fn tape() -> Tape {
        let mut sinks = [0; 3].map(|_| TapeSink::within(SimTime(10)..SimTime(40)));
        sinks[0].take(SimTime(9), &shown(1));
        sinks[0].take(SimTime(10), &shown(2));
        sinks[0].take(SimTime(10), &Fact::Bought { order: order(2, 1) });
        sinks[0].take(SimTime(30), &Fact::Bought { order: order(99, 0) });
        sinks[0].take(SimTime(40), &shown(4));
        sinks[1].take(SimTime(10), &shown(3));
        sinks[1].take(SimTime(15), &Fact::Reviewed { order: order(1, 1), stars: 4, late: false });
        for (seller, price_cents) in [(SellerId(7), 90), (SellerId(8), 80)] {
            let product = ProductId(1);
            sinks[1].take(SimTime(20), &Fact::Repriced { seller, product, price_cents });
        }
        let restocked = Fact::Restocked { seller: SellerId(7), product: ProductId(1), units: 5 };
        sinks[2].take(SimTime(12), &restocked);
        let row = |_: ProductId, seller: SellerId| (seller == SellerId(7)).then_some(3);
        Tape::new(&sinks, row, |_| CategoryId(2))
    }

    #[test]
    fn a_tape_is_what_was_asked_in_the_order_of_time() {
        let (row, product) = (3, ProductId(1));
        let review = Step::Review { seller: SellerId(7), category: CategoryId(2), stars: 4 };
        let expected = [
            rank(2),
            Step::Buy,
            rank(3),
            Step::Restock { row, product, units: 5 },
            review,
            Step::Reprice { row, product, price_cents: 90 },
        ];
        let tape = tape();
        assert_eq!(tape.steps, expected);
        assert_eq!(tape.mix(), [2, 1, 1, 1, 1]);
    }

    #[test]
    fn a_replay_shares_the_week_and_keeps_its_times() {
        let (steps, times) = tape().replayed(0, 1);
        assert_eq!(steps.len(), 6);
        assert_eq!(times, [0, 0, 0, 2_000, 5_000, 10_000]);
        let (mine, _) = tape().replayed(0, 2);
        let (theirs, when) = tape().replayed(1, 2);
        assert_eq!((mine.len(), theirs.len()), (4, 2));
        assert_eq!((theirs[0], when), (rank(3), vec![0, 5_000]));
    }

    proptest! {
        /// Every driver does the whole week, in an order of its own, and never a purchase without its
        /// visit before it.
        #[test]
        fn a_deal_is_the_whole_week(buys in proptest::collection::vec(any::<bool>(), 1..60), seed in any::<u64>()) {
            let mut sink = TapeSink::within(SimTime(0)..SimTime(99));
            for (n, &buys) in (0u64..).zip(&buys) {
                sink.take(SimTime(n), &shown(n));
                if buys {
                    sink.take(SimTime(n), &Fact::Bought { order: order(n, 1) });
                }
            }
            let tape = Tape::new(&[sink], |_, _| None, |_| CategoryId(0));
            let dice = Dice::new(seed, 0);
            let dealt = tape.dealt(dice, 0);
            prop_assert_eq!(&dealt, &tape.dealt(dice, 0), "seed {}", seed);
            let mut seen = vec![0; buys.len()];
            let mut before = None;
            for step in &dealt {
                match step {
                    Step::Rank { session, .. } => {
                        seen[session.0 as usize] += 1;
                        before = Some(session.0 as usize);
                    }
                    Step::Buy => prop_assert!(before.take().is_some_and(|n| buys[n]), "seed {}", seed),
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            prop_assert!(seen.iter().all(|&n| n == 1), "seed {}", seed);
            prop_assert_eq!(dealt.len(), tape.len());
            if buys.len() > 20 {
                prop_assert_ne!(&dealt, &tape.dealt(dice, 1), "seed {}", seed);
            }
        }
    }
}
