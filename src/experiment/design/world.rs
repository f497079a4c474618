//! One world with a test in it: everything is measured of the whole, and of each side what can be.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use crate::driver::{Finished, Go, Lane, Watch, Work, simulate};
use crate::experiment::replications::{Follow, Replications};
use crate::experiment::side_by_side::{Seat, side_by_side};
use crate::experiment::trial::Heartbeat;
use crate::history::{Appraisal, Census, Digest, Fact, FactSink};
use crate::market::{Design, Market, Opening, Side, Split};
use crate::measure::{Counts, Per, Recorder, families};
use crate::scenario::Scenario;
use crate::store::TestedWorld;
use crate::units::SellerId;

/// What is kept of a world with a test in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// What it says of each side.
    pub world: TestedWorld,
    /// How many of what happened on both.
    pub counts: Counts,
    /// What simulating it took [s].
    pub sim_s: f64,
    /// The thread that it ran on.
    pub thread: usize,
}

/// Runs every world of every design of a test of `other` against `base`, one world a thread first, and
/// hands them to `keep`, design by design. `first` is the number of the first of them among all worlds
/// that `follow` hears of.
pub fn run_tests(
    each: Replications,
    designs: &[Design],
    [base, other]: [&Scenario; 2],
    workers: usize,
    (first, follow): (u64, &dyn Follow),
    mut keep: impl FnMut(Tested),
) {
    let worlds = each.worlds();
    let run = |n: u64, seat: Seat| {
        let (design, number) = (designs[(n / worlds) as usize], (n % worlds) as u32);
        let mut heart = follow.begins(first + n)?;
        let base = each.scenario_of(number, base);
        let other = each.scenario_of(number, other);
        // The same draws as in the worlds of the truth.
        let test = Test { design, base: &base, other: &other, world: number };
        let (tested, counts, sim_s) = test.run(number, number / each.each, seat, heart.as_mut());
        Some(Tested { world: tested, counts, sim_s, thread: seat.thread })
    };
    side_by_side(workers, worlds * designs.len() as u64, run, |tested| {
        keep(tested);
        ControlFlow::Continue(())
    });
}

/// A test in one world.
struct Test<'a> {
    design: Design,
    base: &'a Scenario,
    other: &'a Scenario,
    world: u32,
}

impl Test<'_> {
    fn run(
        &self,
        number: u32,
        market_number: u32,
        seat: Seat,
        heart: &mut dyn Heartbeat,
    ) -> (TestedWorld, Counts, f64) {
        let clock = self.base.clock();
        let plan = self.base.plan_test(self.world, self.design, self.other);
        let Opening { market, cells, popularity } = plan.build();
        let Some(split) = market.split().cloned() else { panic!("a market without its test") };
        let commissions = [self.base, self.other].map(|arm| arm.market.fees.commission);
        let listener = || Divided::new(&split, commissions);
        let lanes = cells.into_iter().zip(&popularity);
        let lanes = lanes
            .map(|(cell, popularity)| Lane::new(cell, popularity, &clock, listener()))
            .collect();
        let mut pulse = Pulse { heart, days: clock.weeks * 7 };
        let began = now();
        let run = simulate(clock, market, lanes, listener(), seat.cells, &mut pulse);
        let sim_s = began.elapsed().as_secs_f64();
        let Finished { market, lanes, mut sink, work, wakes, weeks, complete, ended } = run;
        let digests = lanes.iter().map(|lane| lane.sink.whole.digest());
        let digest = Digest::join(digests.chain([sink.whole.digest()]).collect::<Vec<_>>());
        for mut lane in lanes {
            sink.absorb(&mut lane.sink);
        }
        let mut census = market.census().clone();
        (census.weeks, census.ended) = (weeks, ended);
        let mut counts = sink.whole.counts(&census);
        counts.events = work.visits + work.entries + wakes;
        let [a, b] = sink.values(&census);
        let world = TestedWorld {
            design: self.design.name().to_owned(),
            world: number,
            market: market_number,
            complete,
            digest: digest.hex(),
            a,
            b,
        };
        (world, counts, sim_s)
    }
}

/// Passes the heartbeat on, and joins what cells have heard at the end of every week.
struct Pulse<'a> {
    heart: &'a mut dyn Heartbeat,
    days: u32,
}

impl Watch<Divided> for Pulse<'_> {
    fn day(&mut self, day: u32, work: Work) -> Go {
        let go = self.heart.beat(day + 1, self.days, work.visits);
        if (day + 1).is_multiple_of(7) { go } else { ControlFlow::Continue(()) }
    }

    fn week(&mut self, week: u32, sinks: &mut [&mut Divided], market: &Market) {
        let Some((whole, cells)) = sinks.split_last_mut() else { return };
        for cell in cells {
            whole.absorb(cell);
        }
        whole.each(|recorder| {
            recorder.close_week(week, market.census());
        });
    }
}

/// Whom a fact concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concern {
    /// What came of a visit, or of an order, of one side.
    One(Side),
    /// What happens between visits.
    Both,
    /// A visit or an order that is on neither side.
    Neither,
}

/// A sink that hears everything, and each side's visits and orders once more by themselves.
struct Divided {
    whole: Recorder,
    sides: [Recorder; 2],
    split: Arc<Split>,
    /// What each side's sellers are charged [ratio].
    commissions: [f64; 2],
}

impl Divided {
    fn new(split: &Arc<Split>, commissions: [f64; 2]) -> Self {
        let side = || {
            let divisible = families().into_iter().filter(|family| !family.divisible().is_empty());
            Recorder::new(divisible.collect())
        };
        Divided {
            whole: Recorder::full(),
            sides: [side(), side()],
            split: split.clone(),
            commissions,
        }
    }

    fn each(&mut self, mut change: impl FnMut(&mut Recorder)) {
        let [a, b] = &mut self.sides;
        [&mut self.whole, a, b].into_iter().for_each(&mut change);
    }

    fn absorb(&mut self, other: &mut Divided) {
        self.whole.absorb(&mut other.whole);
        for (mine, theirs) in self.sides.iter_mut().zip(&mut other.sides) {
            mine.absorb(theirs);
        }
    }

    fn concern(&self, fact: &Fact<'_>) -> Concern {
        let by_seller = self.split.design() == Design::Sellers;
        let of_visit =
            |session| self.split.of_session(session).map_or(Concern::Neither, Concern::One);
        match *fact {
            Fact::Shown { .. } if by_seller => Concern::Neither,
            Fact::Shown { session, .. } => of_visit(session),
            Fact::Abandoned { seller, .. } if by_seller => {
                Concern::One(self.split.of_seller(seller))
            }
            Fact::Abandoned { session, .. } => of_visit(session),
            Fact::Bought { order }
            | Fact::Cancelled { order }
            | Fact::Shipped { order }
            | Fact::Delivered { order, .. }
            | Fact::Returned { order, .. }
            | Fact::Reviewed { order, .. } => {
                if by_seller {
                    return Concern::One(self.split.of_seller(order.seller));
                }
                // Campaigns order without a visit.
                if order.place == 0 { Concern::Neither } else { of_visit(order.session) }
            }
            // Lots and staff are on both sides.
            _ => match fact.seller().filter(|_| by_seller) {
                Some(seller) => Concern::One(self.split.of_seller(seller)),
                None => Concern::Both,
            },
        }
    }

    /// By side: what is told of it, by name. Totals are those of the whole market if all of it were as
    /// this side is.
    fn values(&self, census: &Census) -> [BTreeMap<String, Option<f64>>; 2] {
        let shares = self.shares(census);
        let by_seller = self.split.design() == Design::Sellers;
        Side::BOTH.map(|side| {
            let census = &self.census_of(side, census);
            let (recorder, share) = (&self.sides[side.index()], shares[side.index()]);
            let scaled = |value: f64| (share > 0.0).then(|| value / share);
            let orders = recorder.counts(census).orders as f64;
            let mut values = BTreeMap::from([("orders".to_owned(), scaled(orders))]);
            for (metric, value) in recorder.values(census) {
                let value = match per(metric.name) {
                    Some(Per::Visit) if !by_seller => value,
                    Some(Per::Seller) if by_seller => value,
                    Some(Per::Order) => value,
                    Some(Per::Market) => value.and_then(scaled),
                    Some(Per::Visit | Per::Seller) | None => continue,
                };
                values.insert(metric.name.to_owned(), value);
            }
            values
        })
    }

    /// Who exists as a side knows it: where sellers are dealt, those of the other were never there.
    fn census_of(&self, side: Side, census: &Census) -> Census {
        let mut census = census.clone();
        if self.split.design() == Design::Sellers {
            census.commission = self.commissions[side.index()];
            for card in &mut census.sellers {
                card.from_start &= self.split.of_seller(card.seller) == side;
            }
        }
        census
    }

    /// Each side's part of what was dealt: of customers, where they are what is dealt; of sellers who
    /// were ever live; or else of visits.
    fn shares(&self, census: &Census) -> [f64; 2] {
        let counted = match self.split.design() {
            Design::Sellers => {
                let mut live = [0; 2];
                for row in self.whole.seller_rows(census) {
                    live[self.split.of_seller(SellerId(row.seller)).index()] += 1;
                }
                live
            }
            Design::Shoppers | Design::Windows { .. } => {
                let visits = || Side::BOTH.map(|s| self.sides[s.index()].counts(census).sessions);
                self.split.customers().map_or_else(visits, |on| on.map(u64::from))
            }
        };
        let all = (counted[0] + counted[1]).max(1) as f64;
        counted.map(|on| on as f64 / all)
    }
}

/// What a metric of a side is a mean of; nothing where a side has no such metric.
fn per(name: &str) -> Option<Per> {
    let of = |&(known, per): &(&str, Per)| (known == name).then_some(per);
    families().iter().find_map(|family| family.divisible().iter().find_map(of))
}

impl FactSink for Divided {
    fn take(&mut self, at: crate::units::SimTime, fact: &Fact<'_>) {
        self.whole.take(at, fact);
        match self.concern(fact) {
            Concern::One(side) => self.sides[side.index()].take(at, fact),
            Concern::Both => self.sides.iter_mut().for_each(|side| side.take(at, fact)),
            Concern::Neither => {}
        }
    }

    fn appraises(&self) -> bool {
        true
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        self.whole.appraise(appraisal);
        if self.split.design() != Design::Sellers
            && let Some(side) = self.split.of_session(appraisal.session)
        {
            self.sides[side.index()].appraise(appraisal);
        }
    }
}

/// The wall clock.
fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the cost of a run is measured from outside it")]
    Instant::now()
}
