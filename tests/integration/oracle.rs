//! The engine against an oracle: the same market moved by one binary heap, one thread and no buckets.
//!
//! The oracle shares the market's rules with the engine (what an offer, a reputation or a staff does)
//! and nothing of what moves time: it has its own calendar (the heap), its own order of events within
//! a tick, its own visits and orders, its own merge at the barrier and its own immediate mode. Beside
//! that it holds what cells remember against what it would be if it were worked out afresh: the
//! weights and stars on a shelf, and the slate of every visit.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use brocante::agents::shoppers::{Chooser, Glance, leaves};
use brocante::driver::{Arrivals, Due, Refresh, Visit, Work};
use brocante::history::{Condition, Fact, FactSink, Order};
use brocante::market::{Cell, Market, Opening, Planted, Shelves, Spot};
use brocante::protocol::Query;
use brocante::ranking::{Candidates, Chance, Weight};
use brocante::rng::Purpose;
use brocante::scenario::Scenario;
use brocante::units::{ClassId, CustomerId, SellerId, SessionId, SimTime};

use crate::worlds::{Keep, Past, SMALL, command, load, ranking, run};

/// What is done in a tick, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Refresh,
    Reprice,
    Plant,
    Arrive,
    Act,
    Settle,
}

/// When an event happens: the order in which the heap gives them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct When {
    tick: u64,
    phase: Phase,
    time: SimTime,
    /// 0 for what was known when the tick began; what is caused within it comes after that, in the
    /// order of its causes.
    caused: u64,
    /// A visit comes before what is due, and that in the order of an order's life.
    session: SessionId,
    rank: u8,
    cell: usize,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Phase,
    Visit(Visit),
    Due(Due, Order),
}

#[derive(Debug, Clone, Copy)]
struct Event(When, What);

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

/// All cells of the oracle.
struct AllCells<'a>(&'a mut [Cell]);

impl Shelves for AllCells<'_> {
    fn cell(&mut self, number: u32) -> &mut Cell {
        &mut self.0[number as usize]
    }
}

struct Oracle {
    tick_us: u64,
    exact: bool,
    market: Market,
    cells: Vec<Cell>,
    arrivals: Vec<Arrivals>,
    heap: BinaryHeap<Reverse<Event>>,
    /// What the market has not heard of yet: (time, cell, place) and the fact.
    unheard: Vec<(SimTime, usize, usize, Fact<'static>)>,
    sinks: Vec<Keep>,
    between: Keep,
    now: When,
    causes: u64,
    work: Work,
}

/// Runs the first world of a scenario on the oracle.
fn oracle(scenario: &Scenario) -> Past {
    let clock = scenario.clock();
    let Opening { market, cells, popularity } = scenario.plan(0).build();
    let exact = clock.refresh == Refresh::Immediate;
    let start = When {
        tick: 0,
        phase: Phase::Refresh,
        time: SimTime(0),
        caused: 0,
        session: SessionId(0),
        rank: 0,
        cell: 0,
    };
    let mut oracle = Oracle {
        tick_us: clock.tick_us,
        exact,
        arrivals: (0u32..)
            .zip(&popularity)
            .map(|(i, of)| Arrivals::new(i, of))
            .map(|all| if exact { all.exact() } else { all })
            .collect(),
        sinks: cells.iter().map(|_| Keep::default()).collect(),
        market,
        cells,
        heap: BinaryHeap::new(),
        unheard: vec![],
        between: Keep::default(),
        now: start,
        causes: 0,
        work: Work::default(),
    };
    oracle.market.open(&mut AllCells(&mut oracle.cells), &mut oracle.between);
    for tick in 0..u64::from(clock.ticks()) {
        oracle.announce(tick);
    }
    while let Some(Reverse(Event(when, what))) = oracle.heap.pop() {
        if when.tick >= u64::from(clock.ticks()) {
            break;
        }
        assert!(when > oracle.now || when == start, "{when:?} after {:?}", oracle.now);
        oracle.now = when;
        oracle.happen(when, what);
    }
    let wakes = oracle.market.wakes();
    oracle.sinks.push(oracle.between);
    Past {
        sinks: oracle.sinks,
        market: oracle.market,
        cells: oracle.cells,
        work: oracle.work,
        wakes,
    }
}

impl Oracle {
    /// Puts the fixed phases of a tick on the heap.
    fn announce(&mut self, tick: u64) {
        let time = SimTime(tick * self.tick_us);
        let when = |phase, cell| When { tick, phase, time, cell, ..self.now };
        for cell in 0..self.cells.len() {
            for phase in [Phase::Refresh, Phase::Reprice, Phase::Plant, Phase::Arrive] {
                self.heap.push(Reverse(Event(when(phase, cell), What::Phase)));
            }
        }
        self.heap.push(Reverse(Event(when(Phase::Settle, 0), What::Phase)));
    }

    fn happen(&mut self, when: When, what: What) {
        let cell = when.cell;
        match (when.phase, what) {
            (Phase::Refresh, _) => {
                self.cells[cell].refresh(&self.market);
                self.hold_shelves_to_the_market(cell);
            }
            (Phase::Reprice, _) => {
                let (market, sink) = (&self.market, &mut self.sinks[cell]);
                let tell = |at, fact: &Fact<'_>| sink.take(at, fact);
                self.cells[cell].reprice(market, market.looking(), when.time, tell);
            }
            (Phase::Plant, _) => {
                let planted: Vec<Planted> = self.market.planted().copied().collect();
                for planted in planted.iter().filter(|p| p.cell as usize == cell) {
                    self.plant(cell, when.time, planted);
                    self.hear_at_once();
                }
            }
            (Phase::Arrive, _) => self.arrive(cell, when),
            (Phase::Act, What::Visit(visit)) => {
                if self.exact && self.stays_away(&visit) {
                    return;
                }
                self.work.visits += 1;
                self.serve(cell, when.time, &visit);
                self.hear_at_once();
            }
            (Phase::Act, What::Due(due, order)) => {
                self.work.entries += 1;
                self.fulfil(cell, when.time, due, order);
                self.hear_at_once();
            }
            (Phase::Act, What::Phase) => unreachable!("acts are visits or due"),
            (Phase::Settle, _) => {
                self.market.begin_settling();
                self.hear();
                let end = SimTime(when.time.0 + self.tick_us);
                self.market.settle(end, &mut AllCells(&mut self.cells), &mut self.between);
            }
        }
    }

    fn arrive(&mut self, cell: usize, when: When) {
        let end = SimTime(when.time.0 + self.tick_us);
        let mut visits = Vec::new();
        self.arrivals[cell].draw(&self.market, when.tick as u32, when.time, end, &mut visits);
        for visit in visits {
            let time = SimTime(when.time.0 + u64::from(visit.offset_us));
            let session = visit.session;
            let when = When { phase: Phase::Act, time, session, rank: 0, ..when };
            self.heap.push(Reverse(Event(when, What::Visit(visit))));
        }
    }

    /// Where time is exact, a mood that changed a moment ago counts.
    fn stays_away(&self, visit: &Visit) -> bool {
        let customers = self.market.customers();
        let known = !customers.is_empty();
        known && !customers.visits(customers.get(visit.customer), visit.stays_away)
    }

    /// The market hears of what cells told, in the order of (time, cell, place).
    fn hear(&mut self) {
        self.unheard.sort_by_key(|&(at, cell, place, _)| (at, cell, place));
        for (at, _, _, fact) in self.unheard.drain(..) {
            self.market.record(at, &fact, &mut self.between);
        }
    }

    /// Where everything is seen at once, so is what just happened.
    fn hear_at_once(&mut self) {
        if !self.exact {
            return;
        }
        self.market.begin_settling();
        self.hear();
        self.market.deal_after_sales(&mut AllCells(&mut self.cells));
        self.market.freshen();
        for cell in 0..self.cells.len() {
            self.cells[cell].refresh(&self.market);
            self.hold_shelves_to_the_market(cell);
        }
    }

    fn tell(&mut self, cell: usize, at: SimTime, fact: Fact<'static>) {
        self.sinks[cell].take(at, &fact);
        self.unheard.push((at, cell, self.unheard.len(), fact));
    }

    /// Puts on the heap what becomes of an order. Within a tick nothing reacts to anything, so what
    /// is due in the tick that runs waits for the next; where time is exact, it does not.
    fn later(&mut self, cell: usize, at: SimTime, due: Due, order: Order) {
        let next = (self.now.tick + 1) * self.tick_us;
        let (mut time, mut caused) = (at, 0);
        if self.now.phase == Phase::Act && at.0 < next {
            if self.exact {
                self.causes += 1;
                caused = self.causes;
            } else {
                time = SimTime(next);
            }
        }
        let when = When {
            tick: time.0 / self.tick_us,
            phase: Phase::Act,
            time,
            caused,
            session: order.session,
            rank: 1 + due.rank(),
            cell,
        };
        self.heap.push(Reverse(Event(when, What::Due(due, order))));
    }
}

/// What shoppers and orders do.
impl Oracle {
    fn serve(&mut self, cell: usize, at: SimTime, visit: &Visit) {
        let Visit { slot, session, country, class, .. } = *visit;
        let product = self.cells[cell].offers().product(slot);
        let taste = *self.market.class(class);
        let query = Query { session, product, country, class };
        self.cells[cell].rank(&self.market, slot, &query, taste.taste.star_eur as f32);
        let ranked = self.cells[cell].slate().iter();
        let ranked: Vec<Spot> = ranked.map(|placed| Spot { slot, row: placed.row }).collect();
        let slate = self.slate(cell, slot, &query, taste.taste.star_eur as f32);
        assert_eq!(ranked, slate, "the slate of {query:?} at {at}");
        let offers = self.cells[cell].offers();
        let shown: Vec<SellerId> = slate.iter().map(|&spot| offers.seller(spot)).collect();
        let places: Vec<Glance> = slate
            .iter()
            .map(|&spot| Glance {
                seller: offers.seller(spot),
                price: f64::from(offers.price(spot)),
                stars: f64::from(self.market.stars(offers.seller(spot))),
                days: self.market.promised_days(offers.seller(spot), country),
            })
            .collect();
        let fact = Fact::Shown { session, product, country, class, slate: &shown };
        self.sinks[cell].take(at, &fact);
        if slate.is_empty() {
            return;
        }
        if self.market.reads().exposure {
            self.cells[cell].count_views(slot);
        }
        let draw = self.market.dice().block(session.0, 0, Purpose::Shopper);
        let looks_on = draw.unit(2) < taste.choosers;
        let looked_at = if looks_on { &places[..] } else { &places[..1] };
        let chooser = Chooser {
            dice: self.market.dice(),
            session,
            taste: taste.taste,
            reference: self.market.reference_eur(product),
            neutral_stars: self.market.neutral_stars(),
            neutral_days: self.market.neutral_days(),
        };
        let leaving = leaves(self.market.leaving(), draw.fine_unit(0));
        let taken = chooser.choose(looked_at, leaving);
        if let Some(place) = taken {
            self.buy(cell, at, visit, slate[usize::from(place) - 1], place);
        }
    }

    fn buy(&mut self, cell: usize, at: SimTime, visit: &Visit, spot: Spot, place: u8) {
        let offers = self.cells[cell].offers();
        let (seller, product) = (offers.seller(spot), offers.product(spot.slot));
        let price_cents = offers.row(spot).price_cents;
        let Visit { session, customer, country, class, .. } = *visit;
        if self.market.seller(seller).profile().payments & visit.payments == 0 {
            self.sinks[cell].take(at, &Fact::Abandoned { session, product, seller });
            return;
        }
        let order =
            Order { session, customer, seller, product, price_cents, country, class, place };
        self.cells[cell].sell(spot);
        self.work.orders += 1;
        self.tell(cell, at, Fact::Bought { order });
        self.send_off(cell, at, order);
        if self.market.fulfilment().is_none() {
            self.ask_for_review(cell, at, order, false, Condition::Sound);
        }
    }

    /// What becomes of an order: when it comes, and whether too late.
    fn send_off(&mut self, cell: usize, at: SimTime, order: Order) -> Option<(SimTime, bool)> {
        let Some(fulfilment) = self.market.fulfilment() else { return Some((at, false)) };

        let (dice, seller) = (self.market.dice(), self.market.seller(order.seller));
        let (who, now) = (seller.profile(), seller.quality);
        let abroad = who.country != order.country;
        let name = (order.session.0, order.seller.0);
        let journey = fulfilment.journey(
            who.carrier,
            who.handling,
            abroad,
            &who.quality,
            &now,
            dice,
            name.0,
            name.1,
        );
        let outcome = dice.block(name.0, name.1, Purpose::Outcome);
        let leaves = at.plus_days(journey.handling_days);
        if outcome.unit(0) < now.cancel {
            self.later(cell, leaves, Due::Cancel, order);
            return None;
        }
        let condition = match (outcome.unit(1) < now.defect, outcome.unit(2) < now.misgrade) {
            (true, _) => Condition::Defective,
            (false, true) => Condition::Misgraded,
            (false, false) => Condition::Sound,
        };
        let comes = at.plus_days(journey.total_days);
        self.later(cell, leaves, Due::Ship, order);
        self.later(cell, comes, Due::Deliver { late: journey.late, condition }, order);
        Some((comes, journey.late))
    }

    fn fulfil(&mut self, cell: usize, at: SimTime, due: Due, order: Order) {
        match due {
            Due::Cancel => self.tell(cell, at, Fact::Cancelled { order }),
            Due::Ship => self.sinks[cell].take(at, &Fact::Shipped { order }),
            Due::Return { reason } => self.tell(cell, at, Fact::Returned { order, reason }),
            Due::Review { stars, late } => {
                self.tell(cell, at, Fact::Reviewed { order, stars, late });
            }
            Due::Deliver { late, condition } => {
                self.tell(cell, at, Fact::Delivered { order, late, condition });
                let draw =
                    self.market.dice().block(order.session.0, order.seller.0, Purpose::Return);
                let returns = self.market.returns().cloned();
                let back = returns.and_then(|r| {
                    let reason = r.reason(condition, late, draw.unit(0))?;
                    Some((at.plus_days(draw.unit(1) * r.within_days), reason))
                });
                if let Some((back, reason)) = back {
                    self.later(cell, back, Due::Return { reason }, order);
                }
                if order.place > 0 {
                    self.ask_for_review(cell, at, order, late, condition);
                }
            }
        }
    }

    fn ask_for_review(&mut self, cell: usize, at: SimTime, order: Order, late: bool, c: Condition) {
        let Some(reviews) = self.market.reviews() else { return };
        let draw = self.market.dice().block(order.session.0, order.seller.0, Purpose::Review);
        let stars = self.market.stars_given(&order, late, c, draw);
        if draw.unit(0) < reviews.response[usize::from(stars - 1)] {
            let days = reviews.asked_after_days + reviews.delay.days(draw.0[2]);
            self.later(cell, at.plus_days(days), Due::Review { stars, late }, order);
        }
    }

    fn plant(&mut self, cell: usize, at: SimTime, planted: &Planted) {
        let Some(reviews) = self.market.reviews().cloned() else { return };
        let Planted { session, spot, seller, stars, .. } = *planted;
        let offers = self.cells[cell].offers();
        if !offers.is_open(spot) || offers.seller(spot) != seller {
            return;
        }
        let order = Order {
            session,
            customer: CustomerId(u32::MAX),
            seller,
            product: offers.product(spot.slot),
            price_cents: offers.row(spot).price_cents,
            country: self.market.seller(seller).profile().country,
            class: ClassId(0),
            place: 0,
        };
        self.cells[cell].sell(spot);
        self.work.orders += 1;
        self.tell(cell, at, Fact::Bought { order });
        let Some((came, late)) = self.send_off(cell, at, order) else { return };
        let draw = self.market.dice().block(session.0, seller.0, Purpose::Review);
        let days = reviews.asked_after_days + reviews.delay.days(draw.0[2]);
        self.later(cell, came.plus_days(days), Due::Review { stars, late }, order);
    }
}

/// What cells remember, worked out afresh.
impl Oracle {
    /// The offers that a query is shown: all scores, sorted.
    fn slate(&self, cell: usize, slot: u32, query: &Query, star_eur: f32) -> Vec<Spot> {
        let all = self.cells[cell].offers();
        let spots: Vec<Spot> = all.spots(slot).collect();
        let price: Vec<f32> = spots.iter().map(|&spot| all.price(spot)).collect();
        let a: Vec<f32> = spots.iter().map(|&spot| all.weight(spot).a).collect();
        let b: Vec<f32> = spots.iter().map(|&spot| all.weight(spot).b).collect();
        let seller: Vec<SellerId> = spots.iter().map(|&spot| all.seller(spot)).collect();
        let offers = Candidates { price: &price, a: &a, b: &b, seller: &seller, star_eur };
        let mut scores = vec![0.0; spots.len()];
        let dice = self.market.dice();
        self.market.policy().score(&offers, Chance { dice, session: query.session }, &mut scores);
        let ships = |spot: Spot| all.row(spot).ships & 1 << query.country.0 != 0;
        let open = |spot: &Spot| all.is_open(*spot) && ships(*spot);
        let mut slate: Vec<Spot> = spots.into_iter().filter(open).collect();
        slate.sort_by(|&x, &y| {
            let tie = |spot: Spot| dice.tie(query.session.0, all.seller(spot).0);
            let by_score = scores[y.row as usize].partial_cmp(&scores[x.row as usize]);
            by_score.expect("scores are numbers").then(tie(y).cmp(&tie(x)))
        });
        slate.truncate(self.market.slate_length());
        slate
    }

    /// After a refresh every offer has the weight and the stars that its seller's reputation earns,
    /// and a row that nobody has weighs nothing.
    fn hold_shelves_to_the_market(&self, cell: usize) {
        let (market, offers) = (&self.market, self.cells[cell].offers());
        for spot in offers.slots().flat_map(|slot| offers.spots(slot)) {
            let (seller, weight) = (offers.seller(spot), offers.weight(spot));
            if !offers.is_listed(spot) {
                assert_eq!(weight, Weight::default(), "vacant {spot:?} at {:?}", self.now);
                continue;
            }
            let views = offers.row(spot).views;
            let earned = market.weigh(seller, offers.category(spot.slot), views);
            assert_eq!(weight, earned, "{seller:?} at {:?}", self.now);
            assert_eq!(market.stars(seller), market.shown_stars(seller), "{seller:?}");
        }
    }
}

/// Runs a world on both and says where they part.
fn agree(overrides: &[&str]) {
    let scenario = load(SMALL, overrides).scenario;
    let (engine, oracle) = (run(&scenario, 1), oracle(&scenario));
    let replay = command(SMALL, overrides);
    for (sink, (ours, theirs)) in engine.sinks.iter().zip(&oracle.sinks).enumerate() {
        let same = ours.told.iter().zip(&theirs.told).take_while(|(a, b)| a == b).count();
        let (a, b) = (ours.told.get(same), theirs.told.get(same));
        assert_eq!(a, b, "engine and oracle part at fact {same} of sink {sink}: {replay}");
    }
    assert_eq!(engine.digest(), oracle.digest(), "{replay}");
    assert_eq!((engine.work, engine.wakes), (oracle.work, oracle.wakes), "{replay}");
    let orders = engine.sinks.iter().flat_map(|sink| &sink.told);
    let orders = orders.filter(|told| matches!(told.fact, Fact::Bought { .. })).count();
    assert!(orders > 100, "{orders} orders prove little: {replay}");
}

#[test]
fn the_engine_does_what_a_heap_does() {
    for seed in ["seed=1", "seed=2", "market.seed=3"] {
        for cells in ["engine.cells=1", "engine.cells=3", "engine.cells=7"] {
            agree(&[seed, cells]);
        }
    }
}

#[test]
fn so_it_does_beyond_the_turn_of_its_ring() {
    // Ticks of 5 minutes: the calendar's ring of 4,096 turns twice, and orders lie across the turns.
    agree(&["engine.tick=5m"]);
    agree(&["engine.tick=5m", "seed=8", "reviews.asked_after_days=12.0"]);
}

#[test]
fn so_it_does_where_much_falls_on_one_moment() {
    let at_once = [
        "fulfilment.handling_median_days=0.0",
        "fulfilment.carriers.standard.median_days=0.0",
        "fulfilment.carriers.express.median_days=0.0",
        "shoppers.returns.within_days=0.0",
        "reviews.asked_after_days=0.0",
        "reviews.delay.exponential={mean_days=0.0}",
        "reviews.response=[1.0,1.0,1.0,1.0,1.0]",
    ];
    agree(&at_once);
    let mut exact = at_once.to_vec();
    exact.extend(["engine.refresh=immediate", "engine.cells=1", "seed=5"]);
    agree(&exact);
}

#[test]
fn so_it_does_without_this_or_that() {
    agree(&["fulfilment=false", "seed=21"]);
    agree(&["reviews=false", "shoppers.loyalty=false"]);
    agree(&["joining=false", "shoppers.returns=false", "events.slander=false"]);
    agree(&["shoppers.choice.leaving=false", "shoppers.visits_per_week=900.0"]);
    agree(&["feedback.ranking=false", "feedback.staff=false"]);
    agree(&["feedback.display=false", "feedback.sellers=false"]);
}

#[test]
fn so_it_does_under_policies_that_learn_draw_or_watch() {
    for policy in ["thompson", "popularity", "fair-exposure", "epp", "oracle-value", "ucb"] {
        let ranking = ranking(policy);
        agree(&[&*ranking, "weeks=3"]);
        agree(&[&*ranking, "weeks=3", "engine.refresh=immediate", "engine.cells=1"]);
    }
    // Drift would touch everybody's reputation on the day on which windows move.
    for evidence in ["ranking.box.evidence=category", "ranking.box.evidence=window"] {
        agree(&[evidence, "sellers.quality.drift=false"]);
    }
}

#[test]
fn so_it_does_in_the_exact_order_of_events() {
    for seed in ["seed=1", "seed=2", "market.seed=3"] {
        for tick in ["engine.tick=1h", "engine.tick=10m"] {
            agree(&["engine.refresh=immediate", "engine.cells=1", seed, tick]);
        }
    }
}
