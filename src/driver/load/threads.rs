//! Drivers on the wall clock: a pinned, spinning thread each, and one that puts together what they say.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use core_affinity::CoreId;

use super::validity::{HostMeter, ThreadMeter};
use super::{
    Buffer, Disturbance, Driver, Ends, Gaps, Hand, Merger, Outcome, Outlet, Recorder, Second,
    Timetable, Total, TscClock, Validity,
};

/// From the moment at which all are ready until the run begins: they spin by then.
const RUN_UP: Duration = Duration::from_millis(5);

/// Empty buffers of each driver beside the one that it is in [1].
const SPARE: usize = 2;

/// What an operation's intended start is.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// The next begins when one is done; quick ones in batches.
    Single,
    /// So many callers over all drivers, who ask again when they are answered.
    Closed(u32),
    /// A timetable, drawn or recorded; it says how many drivers there are.
    Open(&'a Timetable<'a>),
    /// As fast as it goes.
    Offline,
}

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// What an operation's intended start is.
    pub mode: Mode<'a>,
    /// Threads that drive: no more than callers in `closed` mode; a timetable has its own number.
    pub drivers: u32,
    /// When the run ends; operations are counted over all drivers.
    pub ends: Ends,
    /// Whether each driver is bound to a core of its own.
    pub pin: bool,
    /// Somebody's wish that it ends early, after the operations under way.
    pub stop: &'a AtomicBool,
}

impl Plan<'_> {
    /// Threads that will drive.
    pub fn drivers(&self) -> u32 {
        match self.mode {
            Mode::Open(table) => table.drivers(),
            Mode::Closed(callers) => self.drivers.clamp(1, callers.max(1)),
            Mode::Single | Mode::Offline => self.drivers.max(1),
        }
    }

    /// A driver's part of a number, the first of them getting what is left over.
    fn part(&self, n: u64, driver: u32) -> u64 {
        let (driver, drivers) = (u64::from(driver), u64::from(self.drivers()));
        n / drivers + u64::from(driver < n % drivers)
    }

    fn ends(&self, driver: u32) -> Ends {
        let count = match self.ends.count {
            u64::MAX => u64::MAX,
            count => self.part(count, driver),
        };
        Ends { count, ..self.ends }
    }
}

/// A driver's thread, after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drove {
    /// The core that it was bound to; nothing where it was not, because nobody wished it or the system
    /// refused.
    pub core: Option<usize>,
    /// Where it stood at the end.
    pub outcome: Outcome,
    /// Jumps of its clock.
    pub gaps: Gaps,
    /// The most that its clock was off the operating system's when they were compared [ns].
    pub drift: u64,
    /// What the system counted of it.
    pub meter: ThreadMeter,
}

/// A run that is over.
#[derive(Debug, Clone)]
pub struct Driven {
    /// What all drivers did.
    pub total: Total,
    /// Each driver.
    pub drivers: Vec<Drove>,
    /// What happened to the measurement. Who looks after writers says there whether they starved.
    pub disturbance: Disturbance,
}

impl Driven {
    /// Whether the measurement is one of the core.
    pub fn validity(&self) -> Validity {
        Validity::judge(&self.total.latencies, &self.disturbance)
    }
}

/// A buffer on its way to the one who merges.
enum Passed {
    Full(Box<Buffer>),
    Last(Box<Buffer>),
}

/// A driver's way to the one who merges. Both channels have room for all buffers there are: nobody
/// waits and nothing is allocated.
pub(super) struct Lane {
    full: SyncSender<Passed>,
    empty: Receiver<Box<Buffer>>,
    spare: Option<Box<Buffer>>,
}

impl Outlet for Lane {
    fn pass(&mut self, full: Box<Buffer>) -> Result<Box<Buffer>, Box<Buffer>> {
        let Some(spare) = self.spare.take().or_else(|| self.empty.try_recv().ok()) else {
            return Err(full);
        };
        match self.full.try_send(Passed::Full(full)) {
            Ok(()) => Ok(spare),
            Err(TrySendError::Full(Passed::Full(full) | Passed::Last(full)))
            | Err(TrySendError::Disconnected(Passed::Full(full) | Passed::Last(full))) => {
                self.spare = Some(spare);
                Err(full)
            }
        }
    }

    fn last(&mut self, full: Box<Buffer>) {
        // Nobody hears it where the thread that merges came to grief: it says so itself.
        let _ = self.full.send(Passed::Last(full));
    }
}

/// The ways from all who time to the one who merges.
pub(super) struct Collector {
    full: SyncSender<Passed>,
    heard: Receiver<Passed>,
    /// By driver, as far as there are lanes.
    empties: Vec<SyncSender<Box<Buffer>>>,
    room: usize,
}

impl Collector {
    /// For so many who time.
    pub(super) fn new(drivers: u32) -> Self {
        let room = drivers as usize * (SPARE + 2);
        let (full, heard) = sync_channel(room);
        Collector { full, heard, empties: Vec::new(), room }
    }

    /// The way of the next of them, from 0.
    pub(super) fn lane(&mut self) -> Lane {
        let driver = self.empties.len() as u32;
        let (give, empty) = sync_channel(self.room);
        for _ in 0..SPARE {
            let _ = give.send(Buffer::new(driver));
        }
        self.empties.push(give);
        Lane { full: self.full.clone(), empty, spare: None }
    }

    /// Puts together what they pass on until all are done.
    pub(super) fn merge(self, mut merger: Merger<'_>, watch: &mut dyn FnMut(Second)) -> Total {
        let Collector { full, heard, empties, .. } = self;
        drop(full);
        while let Ok(passed) = heard.recv() {
            match passed {
                Passed::Full(mut buffer) => {
                    merger.take(&buffer, false, watch);
                    buffer.clear();
                    // A driver that is done wants none back.
                    let _ = empties[buffer.driver as usize].try_send(buffer);
                }
                Passed::Last(buffer) => merger.take(&buffer, true, watch),
            }
        }
        merger.total()
    }
}

/// Where drivers meet before the run.
struct Gate {
    ready: Barrier,
    open: Barrier,
    epoch: OnceLock<Instant>,
}

impl Gate {
    fn new(drivers: u32) -> Self {
        let barrier = || Barrier::new(drivers as usize + 1);
        Gate { ready: barrier(), open: barrier(), epoch: OnceLock::new() }
    }

    /// Lets all go who are ready, at one moment, and tells which.
    fn open(&self, before: impl FnOnce()) -> Instant {
        self.ready.wait();
        before();
        let epoch = TscClock::epoch() + RUN_UP;
        let epoch = *self.epoch.get_or_init(|| epoch);
        self.open.wait();
        epoch
    }
}

/// A driver on its way to the gate. If it comes to grief before, the others must not wait for it, and
/// whenever it does, they end.
struct Arrival<'a> {
    gate: &'a Gate,
    stop: &'a AtomicBool,
    passed: bool,
}

impl Arrival<'_> {
    fn pass(&mut self) -> Instant {
        self.passed = true;
        self.gate.ready.wait();
        self.gate.open.wait();
        *self.gate.epoch.get().expect("the epoch is set before the gate opens")
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.stop.store(true, Ordering::Relaxed);
        }
        if !self.passed {
            self.gate.ready.wait();
            self.gate.open.wait();
        }
    }
}

/// Runs it: drivers on threads of their own, each with the hand that `hand` makes there for its number;
/// what they did is put together on the calling thread, which hands every second to `watch` when it is
/// over.
///
/// # Panics
/// When a hand does.
pub fn drive<H: Hand>(
    plan: &Plan<'_>,
    hand: impl Fn(u32) -> H + Sync,
    mut watch: impl FnMut(Second),
) -> Driven {
    let drivers = plan.drivers();
    let cores = if plan.pin { core_affinity::get_core_ids() } else { None }.unwrap_or_default();
    let gate = Gate::new(drivers);
    // The first clock of a program measures the counter's rate, before anybody waits for it.
    TscClock::since(TscClock::epoch());
    let mut collector = Collector::new(drivers);
    let (hand, gate, cores) = (&hand, &gate, &cores[..]);
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for driver in 0..drivers {
            let (lane, plan) = (collector.lane(), *plan);
            threads.push(scope.spawn(move || one(driver, &plan, hand, lane, gate, cores)));
        }
        let mut before = HostMeter::default();
        gate.open(|| before = HostMeter::read());
        let total = collector.merge(merger(plan), &mut watch);
        let after = HostMeter::read();
        let drove = threads.into_iter().map(|thread| match thread.join() {
            Ok(drove) => drove,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        let drivers: Vec<Drove> = drove.collect();
        let disturbance = disturbance(plan, total.end, &drivers, (&before, &after));
        Driven { total, drivers, disturbance }
    })
}

/// A driver's thread.
fn one<H: Hand>(
    driver: u32,
    plan: &Plan<'_>,
    hand: &(impl Fn(u32) -> H + Sync),
    lane: Lane,
    gate: &Gate,
    cores: &[CoreId],
) -> Drove {
    let mut arrival = Arrival { gate, stop: plan.stop, passed: false };
    let core = pinned(driver, cores);
    let mut hand = hand(driver);
    let recorder = Recorder::new(Buffer::new(driver), lane);
    let epoch = arrival.pass();
    hand.begin(epoch);
    let clock = TscClock::since(epoch);
    let before = ThreadMeter::read();
    let driver_of = Driver { clock, hand, recorder, ends: plan.ends(driver), stop: plan.stop };
    let (outcome, clock, _hand) = match plan.mode {
        Mode::Single => driver_of.single(),
        Mode::Closed(callers) => driver_of.closed(plan.part(callers.into(), driver) as u32),
        Mode::Open(table) => driver_of.open(table.starts(driver)),
        Mode::Offline => driver_of.offline(),
    };
    let meter = ThreadMeter::read().since(before);
    Drove { core, outcome, gaps: clock.gaps(), drift: clock.drift(), meter }
}

/// Binds the calling thread to a core, from the last one down: the first is where interrupts and
/// everybody else are wont to be.
fn pinned(driver: u32, cores: &[CoreId]) -> Option<usize> {
    let nth = driver as usize % cores.len().max(1);
    let core = *cores.iter().rev().nth(nth)?;
    core_affinity::set_for_current(core).then_some(core.id)
}

/// Who merges what the drivers of a plan do.
fn merger<'a>(plan: &Plan<'a>) -> Merger<'a> {
    let asked = match plan.mode {
        Mode::Open(table) => {
            let of = |driver| (table.starts(driver), plan.ends(driver).count);
            Some((0..plan.drivers()).map(of).collect())
        }
        _ => None,
    };
    Merger::new(plan.drivers(), asked)
}

fn disturbance(
    plan: &Plan<'_>,
    elapsed: u64,
    drivers: &[Drove],
    (before, after): (&HostMeter, &HostMeter),
) -> Disturbance {
    let paced = matches!(plan.mode, Mode::Open(_));
    let gaps = drivers.iter().fold(Gaps::default(), |sum, drove| sum.and(drove.gaps));
    Disturbance {
        elapsed,
        drivers: drivers.len() as u32,
        paced,
        switches: drivers.iter().map(|drove| drove.meter.switches).sum(),
        waited: drivers.iter().map(|drove| drove.meter.waited).sum(),
        steal: after.steal_since(before),
        pressure: after.pressure_since(before),
        gaps: paced.then_some(gaps),
        starved: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrivals, Op, Part, Schedule};
    use super::*;

    struct Counter(u32);

    impl Hand for Counter {
        fn call(&mut self, i: u64) -> Op {
            assert!(i < 50_000 || self.0 != 13, "bad luck");
            self.op(i)
        }

        fn op(&self, i: u64) -> Op {
            Op::ALL[(i % 5) as usize]
        }
    }

    fn plan<'a>(mode: Mode<'a>, count: u64, stop: &'a AtomicBool) -> Plan<'a> {
        Plan { mode, drivers: 2, ends: Ends::done(count), pin: false, stop }
    }

    #[test]
    fn all_is_done_and_told_once_in_every_mode() {
        let stop = AtomicBool::new(false);
        let stage = "1s@500k".parse().unwrap();
        let schedule = Schedule::new(Arrivals::Poisson, &[stage], 5, 2).unwrap();
        let table = Timetable::Drawn(schedule);
        let modes = [Mode::Single, Mode::Closed(3), Mode::Open(&table), Mode::Offline];
        for mode in modes {
            let mut told = 0;
            let mut ends = 0;
            let driven = drive(&plan(mode, 10_001, &stop), Counter, |second| {
                assert_eq!(second.start, ends, "a hole");
                ends += second.length;
                told += second.latencies.done();
            });
            let total = &driven.total;
            assert_eq!((told, total.latencies.done()), (10_001, 10_001), "{mode:?}");
            assert_eq!(ends, total.end, "{mode:?}");
            let done: Vec<u64> = driven.drivers.iter().map(|drove| drove.outcome.done).collect();
            assert_eq!(done, [5_001, 5_000]);
            assert_eq!(total.latencies.count(Op::Restock), 2_000);
            let paced = matches!(mode, Mode::Open(_));
            assert_eq!(total.offered, paced.then_some(10_001));
            assert_eq!((total.backlog, total.clamped), (0, 0));
            let all = |part| total.latencies.over_all(part).len();
            assert!(Part::ALL.iter().all(|&part| all(part) == 10_001));
            assert_eq!(driven.validity().checks[0].value.is_some(), paced);
        }
    }

    #[test]
    fn a_timetable_is_gone_through_to_its_end() {
        let stop = AtomicBool::new(false);
        let stage = "1200ms@20k".parse().unwrap();
        let table = Timetable::Drawn(Schedule::new(Arrivals::Uniform, &[stage], 5, 2).unwrap());
        let ends = Ends::after(table.length());
        let plan = Plan { mode: Mode::Open(&table), drivers: 7, ends, pin: true, stop: &stop };
        let mut offered = Vec::new();
        let driven = drive(&plan, Counter, |second| offered.extend(second.offered));
        assert_eq!(offered[..2], [20_000, 4_000], "a second is told as far as it goes");
        assert_eq!(driven.total.offered, Some(24_000));
        assert_eq!(driven.total.latencies.done() + driven.total.backlog, 24_000);
        assert!(driven.total.end >= table.length());
        assert_eq!(driven.drivers.len(), 2);
    }

    #[test]
    fn a_wish_to_stop_ends_all() {
        let stop = AtomicBool::new(false);
        let ends = Ends::after(u64::MAX / 4);
        let plan = Plan { mode: Mode::Offline, drivers: 2, ends, pin: false, stop: &stop };
        let driven = drive(&plan, Counter, |_| stop.store(true, Ordering::Relaxed));
        assert!(driven.total.latencies.done() > 0);
    }

    #[test]
    fn a_hand_that_fails_fails_the_run_and_nobody_waits_for_it() {
        let made = |driver| if driver == 1 { panic!("no hand") } else { Counter(driver) };
        let unlucky = |driver| Counter(if driver == 0 { 13 } else { driver });
        let stop = AtomicBool::new(false);
        let ends = Ends::after(u64::MAX / 4);
        let plan = Plan { mode: Mode::Offline, drivers: 2, ends, pin: false, stop: &stop };
        let run = |hand: &(dyn Fn(u32) -> Counter + Sync)| {
            stop.store(false, Ordering::Relaxed);
            let run = std::panic::AssertUnwindSafe(|| drive(&plan, hand, |_| ()));
            let panic = std::panic::catch_unwind(run).expect_err("a panic");
            panic.downcast_ref::<&str>().map(|text| text.to_string())
        };
        assert_eq!(run(&made).as_deref(), Some("no hand"));
        assert_eq!(run(&unlucky).as_deref(), Some("bad luck"));
    }
}
