//! Queues in front of one server, through the load driver's own loops in virtual time.
//!
//! Requests come at the rate at which visits come in the scenario, and there are as many of them as it has
//! orders; the server is a hand that takes a drawn or a fixed time. What is judged is what the driver's
//! book says.

use std::iter::Peekable;
use std::sync::atomic::AtomicBool;

use super::bench::{Bench, Setting, wider};
use super::sample::mean;
use super::{Case, Halt};
use crate::driver::load::{
    Arrivals, Buffer, Driver, Ends, Hand, Latencies, Op, Part, Recorder, Schedule, Stage, Starts,
    Timetable, VirtualClock, Whole,
};
use crate::quantity::{Rate, Span};
use crate::rng::{Dice, Purpose, exponential};
use crate::units::US_PER_WEEK;

/// Exponential times of service.
pub const MM1: Case = Case {
    name: "queue-mm1",
    says: "Times that requests take at a server of exponential service, by the load driver.",
    source: "M/M/1: Kleinrock, Queueing Systems I, 1975, 3.2 and 5.12; Little 1961",
    worlds: 8,
    settings: 1,
    cost_s: 1.5,
    check: mm1,
};

/// A fixed time of service.
pub const MD1: Case = Case {
    name: "queue-md1",
    says: "Times that requests take at a server of fixed service, by the load driver.",
    source: "M/D/1: Pollaczek 1930 and Khinchin 1932; Little 1961",
    worlds: 8,
    settings: 1,
    cost_s: 1.0,
    check: md1,
};

/// A server that stalls.
pub const OMISSION: Case = Case {
    name: "coordinated-omission",
    says: "A stall shows in the latency of all who were due in it, and hardly to one who waits for it.",
    source: "Tene, How NOT to Measure Latency, 2013; by counting",
    worlds: 1,
    settings: 1,
    cost_s: 2.0,
    check: omission,
};

/// Mean time of service [ns].
const SERVICE_NS: f64 = 1e6;

/// How far the stated tolerance goes.
const SHARE: f64 = 0.03;

/// A queue as a scenario describes it.
struct Queue {
    /// Requests a second.
    rate: f64,
    /// Requests in a world.
    requests: u64,
    /// Share of the time that the server is busy.
    load: f64,
}

impl Queue {
    fn of(setting: &Setting) -> Result<Queue, Halt> {
        let rate = setting.number("shoppers.visits_per_week")? / (US_PER_WEEK as f64 * 1e-6);
        let requests = setting.number("stop.orders")? as u64;
        let load = rate * SERVICE_NS * 1e-9;
        if !(load > 0.0 && load < 1.0) {
            return Err(Halt::Unfit(format!(
                "{rate} visits a second keep a server of 1,000 requests a second busy {load} of the \
                 time: there is an answer above 0 and below 1 only"
            )));
        }
        Ok(Queue { rate, requests, load })
    }

    /// When requests are due, half as long again as so many take on average.
    fn table(&self, seed: u64) -> Result<Timetable<'static>, Halt> {
        let length = (1.5 * self.requests as f64 / self.rate + 10.0) * 1e9;
        table(Arrivals::Poisson, self.rate, length, seed)
    }

    /// The relative standard error of a mean response over so many requests: that of M/M/1, whose times
    /// vary more than those of M/D/1 (Daley 1968, of the waiting time).
    fn error(&self, n: f64) -> f64 {
        let p = self.load;
        let variance = p * (2.0 + 5.0 * p - 4.0 * p * p + p * p * p) / (1.0 - p) / (1.0 - p);
        (variance / n).sqrt()
    }
}

fn table(
    arrivals: Arrivals,
    rate: f64,
    length_ns: f64,
    seed: u64,
) -> Result<Timetable<'static>, Halt> {
    let unfit = || Halt::Unfit(format!("{rate} requests a second for {length_ns} ns"));
    let rate = Rate::of(rate).ok_or_else(unfit)?;
    let stage = Stage { length: Span::nanos(length_ns as u64), rate };
    let schedule = Schedule::new(arrivals, &[stage], seed, 1);
    schedule.map(Timetable::Drawn).map_err(|error| Halt::Unfit(error.to_string()))
}

/// A server that counts who is there, by itself: from when requests are due and when it is done.
struct Server<'a> {
    clock: VirtualClock,
    takes: &'a dyn Fn(u64) -> u64,
    /// Who has not come.
    coming: Peekable<Starts<'a>>,
    present: u64,
    /// When it was counted last [ns], and the sum of who was there over the time until then.
    at: u64,
    area: f64,
}

impl Server<'_> {
    fn count_to(&mut self, to: u64) {
        while let Some(due) = self.coming.next_if(|&due| due <= to) {
            self.area += (self.present * (due - self.at)) as f64;
            self.at = due;
            self.present += 1;
        }
        self.area += (self.present * (to - self.at)) as f64;
        self.at = to;
    }
}

impl Hand for Server<'_> {
    fn call(&mut self, i: u64) -> Op {
        self.count_to(self.clock.time());
        self.clock.pass((self.takes)(i));
        self.count_to(self.clock.time());
        self.present -= 1;
        self.op(i)
    }

    fn op(&self, _: u64) -> Op {
        Op::Rank
    }
}

/// What one world came to.
struct Served {
    latencies: Latencies,
    /// Mean number of requests that were there.
    present: f64,
    /// Requests a second that were served.
    rate: f64,
}

fn serve(table: &Timetable<'_>, requests: u64, takes: &dyn Fn(u64) -> u64) -> Served {
    let clock = VirtualClock::new();
    let mut whole = Whole::default();
    let (coming, stop) = (table.starts(0).peekable(), AtomicBool::new(false));
    let driver = Driver {
        clock: clock.clone(),
        hand: Server { clock, takes, coming, present: 0, at: 0, area: 0.0 },
        recorder: Recorder::new(Buffer::new(0), &mut whole),
        ends: Ends::done(requests),
        stop: &stop,
    };
    let (outcome, _, server) = driver.open(table.starts(0));
    let present = server.area / server.at as f64;
    let rate = outcome.done as f64 / (server.at as f64 * 1e-9);
    Served { latencies: whole.latencies(), present, rate }
}

/// Runs every world of the case's scenario against a server that takes so long for the `i`-th request.
fn worlds(
    bench: &mut Bench<'_>,
    takes: impl Fn(&Dice, u64) -> u64 + Sync,
) -> Result<(Queue, Latencies, Vec<Served>), Halt> {
    let setting = bench.setting(&[])?;
    let queue = Queue::of(&setting)?;
    // Found out before a world is run.
    queue.table(0)?;
    let work = |seed: u64| {
        let dice = Dice::new(seed, 0);
        let table = queue.table(seed)?;
        Ok(serve(&table, queue.requests, &|i| takes(&dice, i)))
    };
    let served: Result<Vec<Served>, Halt> = bench.each_load(&setting, work)?.into_iter().collect();
    let (served, mut all) = (served?, Latencies::default());
    served.iter().for_each(|world| all.add(&world.latencies));
    Ok((queue, all, served))
}

/// Notes a time [ms], known and as the driver's book has it.
fn time(bench: &mut Bench<'_>, what: &str, expected: f64, got_ns: f64, relative: f64) {
    bench.answer(what, expected, got_ns * 1e-6, wider(SHARE * expected, relative * expected));
}

/// Notes Little's law: who was there, as the server counted, against the rate and the book's mean.
fn little(bench: &mut Bench<'_>, served: &[Served], mean_ns: f64) {
    let rate = mean(&served.iter().map(|world| world.rate).collect::<Vec<f64>>());
    let present = mean(&served.iter().map(|world| world.present).collect::<Vec<f64>>());
    let expected = rate * mean_ns * 1e-9;
    bench.answer("requests there: λW", expected, present, SHARE * expected);
}

fn mm1(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let drawn = |dice: &Dice, i: u64| {
        (SERVICE_NS * exponential(&mut dice.stream(i, 0, Purpose::Served)) + 0.5) as u64
    };
    let (queue, all, served) = worlds(bench, drawn)?;
    // The time in the queue and at the server is exponential.
    let whole = SERVICE_NS * 1e-6 / (1.0 - queue.load);
    let response = all.of(Op::Rank, Part::Response);
    let error = queue.error(response.len() as f64);
    time(bench, "mean response [ms]", whole, response.mean(), error);
    for (name, q) in [("median response [ms]", 0.5), ("p99 of response [ms]", 0.99)] {
        let expected = -whole * libm::log1p(-q);
        let got = response.value_at_quantile(q) as f64;
        // A quantile far out is less certain than the mean.
        time(bench, name, expected, got, 2.0 * error);
    }
    little(bench, &served, response.mean());
    Ok(())
}

fn md1(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let (queue, all, served) = worlds(bench, |_, _| SERVICE_NS as u64)?;
    let expected = SERVICE_NS * 1e-6 * (1.0 + queue.load / (2.0 * (1.0 - queue.load)));
    let response = all.of(Op::Rank, Part::Response);
    let error = queue.error(response.len() as f64);
    time(bench, "mean response [ms]", expected, response.mean(), error);
    little(bench, &served, response.mean());
    Ok(())
}

/// How often the server stalls, how long, what a request takes otherwise, and how long it is watched
/// [ns].
const EACH: u64 = 100_000_000_000;
const STALL: u64 = 1_000_000_000;
const TAKES: u64 = 10_000;
const WATCHED: u64 = 2 * EACH;

/// Stalls with the first request of the second half of each period.
struct Staller {
    clock: VirtualClock,
    stalls: u64,
}

impl Hand for Staller {
    fn call(&mut self, i: u64) -> Op {
        let nth = (self.clock.time() + EACH / 2) / EACH;
        let stalls = nth > self.stalls;
        self.stalls = nth;
        self.clock.pass(if stalls { STALL } else { TAKES });
        self.op(i)
    }

    fn op(&self, _: u64) -> Op {
        Op::Rank
    }
}

fn watch(table: Option<&Timetable<'_>>) -> Latencies {
    let clock = VirtualClock::new();
    let mut whole = Whole::default();
    let stop = AtomicBool::new(false);
    let driver = Driver {
        clock: clock.clone(),
        hand: Staller { clock, stalls: 0 },
        recorder: Recorder::new(Buffer::new(0), &mut whole),
        ends: Ends::after(WATCHED),
        stop: &stop,
    };
    match table {
        Some(table) => drop(driver.open(table.starts(0))),
        None => drop(driver.closed(1)),
    }
    whole.latencies()
}

fn omission(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let rate = setting.number("shoppers.visits_per_week")? / (US_PER_WEEK as f64 * 1e-6);
    let gap = 1e9 / rate;
    // Enough requests to tell quantiles by, and time to catch up after a stall.
    if !(2.0 * TAKES as f64..=2e7).contains(&gap) {
        return Err(Halt::Unfit(format!(
            "{rate} visits a second: its answer is about 50 to 50,000"
        )));
    }
    let table = table(Arrivals::Uniform, rate, WATCHED as f64, 0)?;
    let seen = bench.each_load(&setting, |_| (watch(Some(&table)), watch(None)))?;
    let Some((open, closed)) = seen.first() else { return Err(Halt::Stopped) };
    for (name, q) in
        [("open: p99.5 of response [ms]", 0.995), ("open: p99.9 of response [ms]", 0.999)]
    {
        // So many of a period wait longer: those due first in the stall, who wait for nearly all of it.
        let longer = (1.0 - q) * EACH as f64 / gap;
        let expected = STALL as f64 - longer * (gap - TAKES as f64);
        let got = open.of(Op::Rank, Part::Response).value_at_quantile(q) as f64;
        // Neighbours lie a gap apart, and histograms keep three digits.
        let tolerance = 1.5 * gap + 1e-3 * expected;
        bench.answer(name, expected * 1e-6, got * 1e-6, tolerance * 1e-6);
    }
    let got = closed.of(Op::Rank, Part::Response).value_at_quantile(0.999) as f64;
    bench.answer("closed: p99.9 of response [us]", TAKES as f64 * 1e-3, got * 1e-3, 0.01);
    Ok(())
}
