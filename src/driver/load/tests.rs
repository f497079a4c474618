//! The loops in virtual time, where the answers are known.

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::*;
use crate::rng::{Dice, Purpose, exponential};

/// Works as long as a function of (operation's number, time of its start) says.
struct Server<F> {
    clock: VirtualClock,
    takes: F,
    kinds: fn(u64) -> Op,
    /// When each call began.
    began: Vec<u64>,
}

impl<F: Fn(u64, u64) -> u64> Hand for Server<F> {
    fn call(&mut self, i: u64) -> Op {
        let at = self.clock.time();
        self.began.push(at);
        self.clock.pass((self.takes)(i, at));
        self.op(i)
    }

    fn op(&self, i: u64) -> Op {
        (self.kinds)(i)
    }

    fn tell(&mut self, told: &mut Told<'_>) {
        // Something to tell, so that it is seen to be asked.
        if let Some(&at) = self.began.last() {
            told.fresh(Write::Price, at % 1_000);
        }
    }
}

/// What a run in virtual time came to.
struct Ran {
    seconds: Vec<Second>,
    total: Total,
    outcome: Outcome,
    began: Vec<u64>,
}

enum How<'a> {
    Open(&'a Timetable<'a>),
    Closed(u32),
    Single,
    Offline,
}

fn ran(how: How<'_>, ends: Ends, kinds: fn(u64) -> Op, takes: impl Fn(u64, u64) -> u64) -> Ran {
    let clock = VirtualClock::new();
    let mut seconds = Vec::new();
    let asked = match how {
        How::Open(table) => Some(vec![(table.starts(0), ends.count)]),
        _ => None,
    };
    let give = |second| seconds.push(second);
    let mut inline = Inline { merger: Merger::new(1, asked), give };
    let stop = AtomicBool::new(false);
    let driver = Driver {
        clock: clock.clone(),
        hand: Server { clock, takes, kinds, began: Vec::new() },
        recorder: Recorder::new(Buffer::new(0), &mut inline),
        ends,
        stop: &stop,
    };
    let (outcome, _, hand) = match how {
        How::Open(table) => driver.open(table.starts(0)),
        How::Closed(callers) => driver.closed(callers),
        How::Single => driver.single(),
        How::Offline => driver.offline(),
    };
    let (total, began) = (inline.merger.total(), hand.began);
    Ran { seconds, total, outcome, began }
}

fn table(arrivals: Arrivals, stages: &str, seed: u64) -> Timetable<'static> {
    let stages: Vec<Stage> = stages.split(' ').map(|text| text.parse().unwrap()).collect();
    Timetable::Drawn(Schedule::new(arrivals, &stages, seed, 1).unwrap())
}

fn ranks(_: u64) -> Op {
    Op::Rank
}

/// 10 µs each, but 1 s for the one that is on at each hundredth second and a half.
fn stalls(stall_each: u64) -> impl Fn(u64, u64) -> u64 {
    let last = std::cell::Cell::new(0);
    move |_, at| {
        let nth = (at + stall_each / 2) / stall_each;
        if nth > last.get() {
            last.set(nth);
            return 1_000_000_000;
        }
        10_000
    }
}

/// The quantile of a list, by its definition: the least value that so many are not above.
fn exact(mut values: Vec<u64>, q: f64) -> u64 {
    values.sort_unstable();
    values[((q * values.len() as f64).ceil() as usize).clamp(1, values.len()) - 1]
}

#[test]
fn a_stall_is_seen_by_all_who_were_due_in_it() {
    let second = 1_000_000_000;
    let stages = table(Arrivals::Uniform, "400s@1k", 1);
    let open = ran(How::Open(&stages), Ends::after(400 * second), ranks, stalls(100 * second));
    // Those due in a stall wait for its end and for one another: a response each, by hand.
    let mut expected = vec![10_000_u64; 400_000 - 4 * 1_012];
    for k in 0..1_012_u64 {
        let response = (second + k * 10_000).saturating_sub(k * 1_000_000).max(10_000);
        (0..4).for_each(|_| expected.push(response));
    }
    let seen = open.total.latencies.of(Op::Rank, Part::Response);
    assert_eq!(seen.len(), 400_000);
    for (q, about_ms) in [(0.995, 505.0), (0.999, 901.0)] {
        let (got, known) = (seen.value_at_quantile(q) as f64, exact(expected.clone(), q) as f64);
        // Histograms keep 3 digits; two lie a request, .99 ms, apart.
        assert!((got - known).abs() < 1e-3 * known + 1e6, "{q}: {got} is not {known}");
        assert!((got / 1e6 - about_ms).abs() < 1.5, "{q}: {got} ns");
    }
    assert_eq!(open.total.latencies.of(Op::Rank, Part::Lag).max(), 0, "the harness was not late");
    // Callers who wait for their answers ask four times in a stall, and for the rest see nothing.
    let closed = ran(How::Closed(1), Ends::after(400 * second), ranks, stalls(100 * second));
    let seen = closed.total.latencies.of(Op::Rank, Part::Response);
    assert!(seen.len() > 39_000_000, "{}", seen.len());
    let p999 = seen.value_at_quantile(0.999);
    assert!(p999.abs_diff(10_000) <= 10, "closed: {p999} ns");
    assert!(seen.max() >= second, "it did stall");
}

/// The queue that a single server of known service times is, by Lindley's recursion.
fn lindley(starts: &[u64], takes: impl Fn(u64) -> u64) -> Vec<(u64, u64)> {
    let mut free = 0;
    let each = starts.iter().zip(0..).map(|(&due, i)| {
        let begin = free.max(due);
        free = begin + takes(i);
        (begin, free)
    });
    each.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every request of any schedule, against the recursion: parts, seconds, backlog.
    #[test]
    fn open_loops_are_the_queue_that_they_should_be(
        seed in any::<u64>(),
        poisson in any::<bool>(),
        rates in prop::collection::vec(1_u32..2_000, 1..4),
        mean_us in 1_u64..3_000,
        stalls in any::<bool>(),
    ) {
        let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Uniform };
        let stages: Vec<String> = rates.iter().map(|rate| format!("900ms@{rate}")).collect();
        let table = table(arrivals, &stages.join(" "), seed);
        let starts: Vec<u64> = table.starts(0).collect();
        let dice = Dice::new(seed, 1);
        let takes = |i: u64| {
            let stall = if stalls && i.is_multiple_of(97) { 1_700_000_000 } else { 0 };
            stall + (mean_us as f64 * 1e3 * exponential(&mut dice.stream(i, 0, Purpose::Served))) as u64
        };
        let ends = Ends { at: table.length(), count: u64::MAX, drain: u64::MAX };
        let ran = ran(How::Open(&table), ends, ranks, |i, _| takes(i));
        let known = lindley(&starts, takes);
        let began: Vec<u64> = known.iter().map(|&(begin, _)| begin).collect();
        prop_assert_eq!(&ran.began, &began);
        let end = known.last().map_or(0, |&(_, end)| end).max(table.length());
        prop_assert_eq!(ran.outcome.at, end);
        prop_assert_eq!((ran.total.offered, ran.total.backlog), (Some(starts.len() as u64), 0));
        // Seconds are told without a hole, and hold what ended in each.
        let mut at = 0;
        for second in &ran.seconds {
            prop_assert_eq!(second.start, at);
            at += second.length;
            prop_assert!(second.length == SECOND || at == end, "{} at {}", second.length, at);
            let within = |t: u64| t >= second.start && (t < at || at == end);
            let due = starts.iter().filter(|&&t| within(t)).count() as u64;
            prop_assert_eq!(second.offered, Some(due));
            let over = known.iter().filter(|(_, t)| within(*t)).count() as u64;
            prop_assert_eq!(second.latencies.count(Op::Rank), over);
            let (asked, begun) = (starts.partition_point(|&t| t < at), began.partition_point(|&t| t < at));
            if at < end {
                prop_assert_eq!(second.backlog, (asked - begun) as u64, "at {}", at);
            }
        }
        prop_assert_eq!(at, end);
        // The parts of all, in sum, to the digits of histograms.
        let wait: u64 = known.iter().zip(&starts).map(|(&(begin, _), due)| begin - due).sum();
        let service: u64 = known.iter().map(|&(begin, end)| end - begin).sum();
        for (part, sum) in [(Part::Wait, wait), (Part::Lag, 0), (Part::Service, service), (Part::Response, wait + service)] {
            let seen = ran.total.latencies.of(Op::Rank, part);
            let got = seen.mean() * seen.len() as f64;
            prop_assert!((got - sum as f64).abs() <= 1e-3 * sum as f64 + 1.0, "{:?}: {} for {}", part, got, sum);
        }
    }
}

#[test]
fn what_is_due_when_time_is_up_is_worked_off_or_told() {
    // 100 requests in a second, 25 ms each: 2.5 s of work.
    let table = table(Arrivals::Uniform, "1s@100", 1);
    let with = |drain| {
        let ends = Ends { at: SECOND, count: u64::MAX, drain };
        let ran = ran(How::Open(&table), ends, ranks, |_, _| 25_000_000);
        (ran.outcome.done, ran.total.backlog, ran.outcome.at, ran.seconds.len())
    };
    assert_eq!(with(10 * SECOND), (100, 0, 2_500_000_000, 3));
    // Those that can begin before 1.5 s.
    assert_eq!(with(SECOND / 2), (60, 40, 1_500_000_000, 2));
    // An empty last second is not told.
    assert_eq!(with(SECOND), (80, 20, 2_000_000_000, 2));
    // By count: only so many are asked for.
    let ends = Ends::done(7);
    let seven = ran(How::Open(&table), ends, ranks, |_, _| 1_000);
    assert_eq!(
        (seven.outcome.done, seven.total.offered, seven.outcome.at),
        (7, Some(7), 60_001_000)
    );
    assert!(!seven.total.freshness.of(Write::Price).is_empty());
}

#[test]
fn callers_wait_for_one_another() {
    let ends = Ends { at: SECOND, count: 1_000, drain: 0 };
    let ran = ran(How::Closed(4), ends, ranks, |_, _| 10_000);
    assert_eq!((ran.outcome.done, ran.total.offered), (1_000, None));
    let of = |part| ran.total.latencies.of(Op::Rank, part).value_at_quantile(0.5);
    // Three others are served between two requests of a caller.
    assert_eq!((of(Part::Wait) / 100, of(Part::Lag), of(Part::Service) / 100), (300, 0, 100));
    assert_eq!(of(Part::Response) / 100, 400);
    // By time.
    let timed = super::tests::ran(How::Closed(4), Ends::after(SECOND), ranks, |_, _| 10_000);
    assert_eq!(timed.outcome.done, 100_000);
}

#[test]
fn quick_calls_are_timed_in_batches_and_slow_ones_alone() {
    fn kinds(i: u64) -> Op {
        if i % 100 == 99 { Op::Buy } else { Op::Rank }
    }
    let takes = |i: u64, _| if kinds(i) == Op::Buy { 700 } else { 30 };
    let ends = Ends { at: u64::MAX, count: 10_001, drain: 0 };
    for how in [How::Single, How::Offline] {
        let single = matches!(how, How::Single);
        let ran = ran(how, ends, kinds, takes);
        assert_eq!(ran.outcome.done, 10_001);
        let counts = [Op::Rank, Op::Buy].map(|op| ran.total.latencies.count(op));
        assert_eq!((counts, ran.began.len()), ([9_901, 100], 10_001));
        assert_eq!(ran.total.latencies.over_all(Part::Wait).max(), 0);
        assert_eq!(ran.total.latencies.over_all(Part::Lag).max(), 0);
        let rank = ran.total.latencies.of(Op::Rank, Part::Service);
        let buy = ran.total.latencies.of(Op::Buy, Part::Service);
        if single {
            assert_eq!((rank.min(), rank.max(), buy.min(), buy.max()), (30, 30, 700, 700));
        } else {
            // A batch of 64 with one of them or none, and with one in what is left at the end.
            assert_eq!((rank.min(), rank.max()), (30, 69));
        }
    }
}

#[test]
fn what_is_longer_than_an_hour_is_counted() {
    let hours = 3 * GREATEST;
    let ran = ran(How::Single, Ends::done(2), ranks, move |i, _| if i == 0 { hours } else { 5 });
    assert_eq!(ran.total.clamped, 2, "service and response");
    let service = ran.total.latencies.of(Op::Rank, Part::Service);
    assert_eq!(service.len(), 2);
    assert!(service.max() >= GREATEST && service.max() < GREATEST + GREATEST / 500);
    assert_eq!(ran.seconds.len() as u64, (hours + 6).div_ceil(SECOND));
}

/// Takes no buffer but every third.
struct Reluctant(u32, Vec<(u64, u64, u64)>);

impl Outlet for &mut Reluctant {
    fn pass(&mut self, mut full: Box<Buffer>) -> Result<Box<Buffer>, Box<Buffer>> {
        self.0 += 1;
        if !self.0.is_multiple_of(3) {
            return Err(full);
        }
        self.1.push((full.to, full.begun, full.latencies.done()));
        full.clear();
        Ok(full)
    }

    fn last(&mut self, full: Box<Buffer>) {
        self.1.push((full.to, full.begun, full.latencies.done()));
    }
}

#[test]
fn without_an_empty_buffer_a_driver_goes_on_in_its_own() {
    let stop = AtomicBool::new(false);
    let clock = VirtualClock::new();
    let mut outlet = Reluctant(0, Vec::new());
    let driver = Driver {
        clock: clock.clone(),
        hand: Server { clock, takes: |_, _| 100_000_000, kinds: ranks, began: Vec::new() },
        recorder: Recorder::new(Buffer::new(0), &mut outlet),
        ends: Ends { at: 7_500_000_000, count: u64::MAX, drain: 0 },
        stop: &stop,
    };
    let (outcome, ..) = driver.closed(1);
    assert_eq!((outcome.done, outcome.late), (75, 5));
    // Begins at 1 ns, so that the tenth ends in the second second.
    assert_eq!(outlet.1, [(3 * SECOND, 30, 29), (6 * SECOND, 60, 30), (7_500_000_001, 75, 16)]);
}

#[test]
fn a_wish_to_stop_is_heard_after_the_operation_under_way() {
    let table = table(Arrivals::Uniform, "1000s@1/s", 1);
    for at in [4, 0] {
        let stop = AtomicBool::new(at == 0);
        let clock = VirtualClock::new();
        let mut inline = Inline { merger: Merger::new(1, None), give: |_| {} };
        let wish = |i, _| {
            stop.store(i == at, Ordering::Relaxed);
            10
        };
        let driver = Driver {
            clock: clock.clone(),
            hand: Server { clock, takes: wish, kinds: ranks, began: Vec::new() },
            recorder: Recorder::new(Buffer::new(0), &mut inline),
            ends: Ends::after(table.length()),
            stop: &stop,
        };
        let (outcome, ..) = driver.open(table.starts(0));
        assert_eq!(outcome.done, if at == 4 { 5 } else { 0 });
        assert!(outcome.at <= 5 * SECOND, "it did not wait for the end: {}", outcome.at);
        assert_eq!(inline.merger.total().latencies.done(), outcome.done);
    }
}
