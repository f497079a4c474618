//! Virtual time: ticks of fixed phases, cells side by side, one barrier a tick.
//!
//! A tick has two phases. First every cell runs by itself: it takes over what was refreshed, lets
//! sellers look at prices, then does what is due and serves who visits, in the order of time. Then,
//! at the barrier, the facts of all cells are merged in the order (time, cell, place in its cell) and
//! the market settles: reputations, money, moods; at midnight staff and sellers act.

use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::crew::Crew;
use super::lane::{Lane, Work};
use crate::history::{Fact, FactSink};
use crate::market::{Cell, Market, Shelves};
use crate::units::{SimTime, US_PER_DAY, US_PER_WEEK};

/// When later choices see what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refresh {
    /// At the end of the tick, as marketplaces refresh their features in batches.
    Tick,
    /// After every event, in the exact order of time. Needs one cell.
    Immediate,
}

/// How virtual time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Length of a tick [µs]; it divides an hour.
    pub tick_us: u64,
    /// Virtual time from the first tick to the last [weeks].
    pub weeks: u32,
    /// When later choices see what happened.
    pub refresh: Refresh,
    /// Orders with which the run is over, if that is before its last tick; absent: time alone ends it.
    pub orders: Option<u64>,
}

impl Clock {
    /// Ticks of the whole run.
    pub fn ticks(&self) -> u32 {
        (u64::from(self.weeks) * US_PER_WEEK / self.tick_us) as u32
    }
}

/// Whether to go on.
pub type Go = ControlFlow<()>;

/// Somebody who looks at a run as it goes: progress, weekly metrics, Ctrl-C.
pub trait Watch<S> {
    /// Called when the market has opened and the first tick is about to begin.
    fn opened(&mut self) {}

    /// Called when a day is over (the first has number 0) with the work done so far.
    fn day(&mut self, day: u32, work: Work) -> Go;

    /// Called at midnight with the sinks of all cells and that of the market, in this order: for those
    /// who cannot keep everything until the week is over.
    fn midnight(&mut self, _sinks: &mut [&mut S]) {}

    /// Called when a week is over, with the sinks of all cells and that of the market, in this order.
    fn week(&mut self, week: u32, sinks: &mut [&mut S], market: &Market);
}

/// A run that is over.
pub struct Finished<S> {
    /// The market as it was left.
    pub market: Market,
    /// The cells, in order, each with its sink.
    pub lanes: Vec<Lane<S>>,
    /// Who heard what happened between cells.
    pub sink: S,
    /// What all lanes did.
    pub work: Work,
    /// Wakes of sellers and staff.
    pub wakes: u64,
    /// Weeks that were run: to their end, or the last of them to the order that ended the run.
    pub weeks: u32,
    /// Whether the run went on to its end, its last tick or its last order, and was not stopped before.
    pub complete: bool,
    /// When the last order ended the run; nothing where time did, or somebody who watched.
    pub ended: Option<SimTime>,
}

/// How far a run came.
struct End {
    weeks: u32,
    complete: bool,
    ended: Option<SimTime>,
}

/// Runs a market from its first tick to its last, or until `watch` says to stop.
pub fn simulate<S: FactSink>(
    clock: Clock,
    market: Market,
    lanes: Vec<Lane<S>>,
    sink: S,
    workers: usize,
    watch: &mut dyn Watch<S>,
) -> Finished<S> {
    assert!(
        clock.refresh == Refresh::Tick || lanes.len() == 1,
        "an immediate refresh needs one cell, there are {}",
        lanes.len()
    );
    let market = RwLock::new(market);
    let lanes: Vec<Mutex<Lane<S>>> = lanes.into_iter().map(Mutex::new).collect();
    let now = Mutex::new((0u32, SimTime(0)..SimTime(0)));
    let work = |i: usize| {
        let (tick, span) = hold(&now).clone();
        let market = market.read().unwrap_or_else(PoisonError::into_inner);
        hold(&lanes[i]).tick(&market, tick, span);
    };
    let mut barrier = Barrier { clock, lanes: &lanes, market: &market, sink, order: vec![] };
    let workers = if clock.refresh == Refresh::Immediate { 1 } else { workers.max(1) };
    let End { weeks, complete, ended } = Crew::new(workers).run(lanes.len(), work, |rounds| {
        barrier.opening();
        watch.opened();
        for tick in 0..clock.ticks() {
            let span = barrier.span(tick);
            if clock.refresh == Refresh::Immediate {
                if let Some(at) = barrier.exact_tick(tick, span.clone()) {
                    return barrier.close(at, false, watch);
                }
            } else {
                *hold(&now) = (tick, span.clone());
                rounds.run();
            }
            barrier.settle(span.end, watch);
            let (day_over, enough) = (span.end.0.is_multiple_of(US_PER_DAY), barrier.sold_enough());
            let go = day_over.then(|| watch.day(span.end.day() - 1, barrier.work()));
            if enough {
                return barrier.close(span.end, true, watch);
            }
            if go.is_some_and(|go| go.is_break()) {
                let weeks = span.end.week();
                return End { weeks, complete: weeks == clock.weeks, ended: None };
            }
        }
        End { weeks: clock.weeks, complete: true, ended: None }
    });
    let work = barrier.work();
    let sink = barrier.sink;
    let market = market.into_inner().unwrap_or_else(PoisonError::into_inner);
    let lanes = lanes.into_iter().map(|l| l.into_inner().unwrap_or_else(PoisonError::into_inner));
    let (wakes, lanes) = (market.wakes(), lanes.collect());
    Finished { market, lanes, sink, work, wakes, weeks, complete, ended }
}

/// Locks; a panic elsewhere is reported by the crew, not by a second panic here.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The serial phase of a tick.
struct Barrier<'a, S> {
    clock: Clock,
    lanes: &'a [Mutex<Lane<S>>],
    market: &'a RwLock<Market>,
    sink: S,
    /// Room to merge facts in: (time, cell, place).
    order: Vec<(u64, u32, u32)>,
}

impl<S: FactSink> Barrier<'_, S> {
    fn span(&self, tick: u32) -> Range<SimTime> {
        let from = u64::from(tick) * self.clock.tick_us;
        SimTime(from)..SimTime(from + self.clock.tick_us)
    }

    fn work(&self) -> Work {
        let mut sum = Work::default();
        for lane in self.lanes {
            let lane = hold(lane);
            sum.visits += lane.work.visits;
            sum.entries += lane.work.entries;
            sum.orders += lane.work.orders;
        }
        sum
    }

    /// Whether as many orders were placed as end the run.
    fn sold_enough(&self) -> bool {
        self.clock.orders.is_some_and(|orders| self.work().orders >= orders)
    }

    /// Ends a run with the last of its orders, within a tick or, where one was `settled`, after it: day
    /// and week are told of as if they were over, unless they just were.
    fn close(&mut self, at: SimTime, settled: bool, watch: &mut dyn Watch<S>) -> End {
        let market = self.market.read().unwrap_or_else(PoisonError::into_inner);
        let mut held: Vec<_> = self.lanes.iter().map(hold).collect();
        let mut sinks: Vec<&mut S> = held.iter_mut().map(|lane| &mut lane.sink).collect();
        sinks.push(&mut self.sink);
        let was_told = |us: u64| settled && at.0.is_multiple_of(us);
        if !was_told(US_PER_DAY) {
            watch.midnight(&mut sinks);
        }
        if !was_told(US_PER_WEEK) {
            watch.week(at.week(), &mut sinks, &market);
        }
        drop(held);
        if !was_told(US_PER_DAY) {
            // There is nothing left to stop.
            let _: Go = watch.day(at.day(), self.work());
        }
        let weeks = at.week() + u32::from(!was_told(US_PER_WEEK));
        End { weeks, complete: true, ended: Some(at) }
    }

    /// What happens before the first tick.
    fn opening(&mut self) {
        let mut market = self.market.write().unwrap_or_else(PoisonError::into_inner);
        let mut held: Vec<_> = self.lanes.iter().map(hold).collect();
        market.open(&mut Held(&mut held), &mut self.sink);
    }

    /// Settles a tick that ends at `end`.
    fn settle(&mut self, end: SimTime, watch: &mut dyn Watch<S>) {
        let mut market = self.market.write().unwrap_or_else(PoisonError::into_inner);
        let mut held: Vec<_> = self.lanes.iter().map(hold).collect();
        market.begin_settling();
        if let [only] = &mut held[..] {
            for (at, fact) in only.outbox().iter() {
                market.record(*at, fact, &mut self.sink);
            }
        } else {
            self.order.clear();
            for (cell, lane) in (0u32..).zip(&mut held) {
                let facts = (0u32..).zip(lane.outbox().iter());
                self.order.extend(facts.map(|(place, (at, _))| (at.0, cell, place)));
            }
            self.order.sort_unstable();
            for &(_, cell, place) in &self.order {
                let (at, fact) = held[cell as usize].outbox()[place as usize];
                market.record(at, &fact, &mut self.sink);
            }
        }
        for lane in &mut held {
            lane.outbox().clear();
        }
        market.settle(end, &mut Held(&mut held), &mut self.sink);
        if end.0.is_multiple_of(US_PER_DAY) {
            let mut sinks: Vec<&mut S> = held.iter_mut().map(|lane| &mut lane.sink).collect();
            sinks.push(&mut self.sink);
            watch.midnight(&mut sinks);
            if end.0.is_multiple_of(US_PER_WEEK) {
                watch.week(end.week() - 1, &mut sinks, &market);
            }
        }
    }

    /// One tick of the only cell with a refresh after every event; says when the order was placed that
    /// ends the run, after which nothing is done.
    fn exact_tick(&mut self, tick: u32, span: Range<SimTime>) -> Option<SimTime> {
        let enough = self.clock.orders.unwrap_or(u64::MAX);
        let mut market = self.market.write().unwrap_or_else(PoisonError::into_inner);
        let mut lane = hold(&self.lanes[0]);
        lane.begin(&market, tick, span.clone());
        // Campaigns order at the start of the tick, and the first visit must see it.
        heed(&mut market, &mut lane, &mut self.sink);
        let mut next = 0;
        while lane.work.orders < enough {
            if let Some(at) = lane.brings_somebody(&market, next, span.start) {
                lane.newcomer = market.welcome(at, &mut One(&mut lane.cell), &mut self.sink);
                market.freshen();
                lane.cell.refresh(&market);
            }
            if !lane.act_next(&market, &mut next, span.start) {
                return None;
            }
            heed(&mut market, &mut lane, &mut self.sink);
        }
        Some(lane.time_of(next, span.start))
    }
}

/// Lets the market hear of what the only cell told, and the cell see what came of it.
fn heed<S: FactSink>(market: &mut Market, lane: &mut Lane<S>, sink: &mut S) {
    market.begin_settling();
    for i in 0..lane.outbox().len() {
        let (at, fact): (SimTime, Fact<'static>) = lane.outbox()[i];
        market.record(at, &fact, sink);
    }
    lane.outbox().clear();
    market.deal_after_sales(&mut One(&mut lane.cell));
    market.freshen();
    lane.cell.refresh(market);
}

/// All cells, held by the barrier.
struct Held<'a, 'b, S>(&'a mut [MutexGuard<'b, Lane<S>>]);

impl<S> Shelves for Held<'_, '_, S> {
    fn cell(&mut self, number: u32) -> &mut Cell {
        &mut self.0[number as usize].cell
    }
}

/// The only cell of an exact run.
struct One<'a>(&'a mut Cell);

impl Shelves for One<'_> {
    fn cell(&mut self, _: u32) -> &mut Cell {
        self.0
    }
}
