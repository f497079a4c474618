//! What the driver itself costs: how late it is, and how far it goes, with nothing to drive.
//!
//!     cargo bench --bench driver
//!
//! One driver, pinned, with an operation that does nothing. First 1 M requests a second are asked for,
//! Poisson: what it achieved of that, and its lag. Then ceilings: as many as go, in batches (`offline`), one
//! by one with every sample timed (`closed:1`), and in batches by kind (`single`). Each is repeated, and
//! the median of the repeats is told with the least and the greatest; asserts nothing about time.
//!
//! Expected on a 2-core cloud machine that is left alone: at least 99 % achieved with a lag of at most
//! 50 ns in the median, and a ceiling of more than 10 M/s. The lines on validity say what else was on.
//! With nothing to drive, lag is nearly all that a response has, so that the check of lag does not hold
//! here: the last table has the same rate with an operation that spins for 300 ns.

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use brocante::driver::load::{
    Arrivals, Driven, Ends, Hand, Mode, Op, Part, Plan, Schedule, Timetable, drive,
};

const REPEATS: usize = 5;
const SECONDS: u64 = 2;

/// Does nothing, or as many rounds of arithmetic.
struct Nothing {
    rounds: u32,
}

impl Hand for Nothing {
    #[inline]
    fn call(&mut self, i: u64) -> Op {
        let mut x = i;
        for _ in 0..self.rounds {
            x = black_box(x.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(5));
        }
        black_box(x);
        Op::Rank
    }

    #[inline]
    fn op(&self, _: u64) -> Op {
        Op::Rank
    }
}

fn run(mode: Mode<'_>, rounds: u32) -> Driven {
    let stop = AtomicBool::new(false);
    let ends = Ends::after(SECONDS * 1_000_000_000);
    let plan = Plan { mode, drivers: 1, ends, pin: true, stop: &stop };
    drive(&plan, |_| Nothing { rounds }, |_| ())
}

/// Median, least and greatest.
fn told(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let (median, most) = (values[values.len() / 2], values[values.len() - 1]);
    format!("{median:>10.2}   {:>10.2} to {most:.2}", values[0])
}

/// Operations in a second [M/s].
fn rate(driven: &Driven) -> f64 {
    driven.total.latencies.done() as f64 / (driven.total.end as f64 * 1e-3)
}

fn quantile(driven: &Driven, part: Part, q: f64) -> f64 {
    driven.total.latencies.of(Op::Rank, part).value_at_quantile(q) as f64
}

/// What the checks said of repeats: each line once, with how often it was heard.
fn validity(runs: &[Driven]) {
    let valid = runs.iter().filter(|run| run.validity().is_valid()).count();
    println!("  valid: {valid} of {} runs", runs.len());
    for nth in 0..runs[0].validity().checks.len() {
        let mut checks: Vec<_> =
            runs.iter().map(|run| run.validity().checks.swap_remove(nth)).collect();
        checks.sort_by(|a, b| a.value.unwrap_or(-1.0).total_cmp(&b.value.unwrap_or(-1.0)));
        println!("    {}", checks.swap_remove(checks.len() / 2).says());
    }
}

fn offered(name: &str, rounds: u32, rate_of: &str) {
    let stage = format!("{SECONDS}s@{rate_of}").parse().expect("a stage");
    let schedule = Schedule::new(Arrivals::Poisson, &[stage], 42, 1).expect("a schedule");
    let table = Timetable::Drawn(schedule);
    let runs: Vec<Driven> = (0..REPEATS).map(|_| run(Mode::Open(&table), rounds)).collect();
    let over = |of: &dyn Fn(&Driven) -> f64| told(runs.iter().map(of).collect());
    println!("{name}, {rate_of}/s offered                  median        least to greatest");
    let asked = |run: &Driven| run.total.offered.unwrap_or(0) as f64;
    println!(
        "  achieved in its time [%]        {}",
        over(&|run| {
            let late = run.total.end as f64 / table.length() as f64;
            100.0 * run.total.latencies.done() as f64 / asked(run) / late
        })
    );
    for (part, q) in [
        (Part::Lag, 0.5),
        (Part::Lag, 0.99),
        (Part::Wait, 0.99),
        (Part::Service, 0.5),
        (Part::Response, 0.5),
        (Part::Response, 0.99),
    ] {
        let line = over(&|run| quantile(run, part, q));
        println!("  {:<24}        {line}", format!("{} p{} [ns]", part.name(), q * 100.0));
    }
    println!("  clock off by at most [ns]       {}", over(&|run| run.drivers[0].drift as f64));
    println!(
        "  longest gap [us]                {}",
        over(&|run| run.drivers[0].gaps.longest as f64 / 1e3)
    );
    validity(&runs);
    println!();
}

fn main() {
    // `cargo test --benches` asks for a proof that it runs, no measurement.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    println!("{SECONDS} s a run, {REPEATS} runs each\n");
    offered("nothing to drive", 0, "1M");
    println!("ceiling, nothing to drive [M/s]           median        least to greatest");
    for (name, mode) in
        [("offline", Mode::Offline), ("single", Mode::Single), ("closed:1", Mode::Closed(1))]
    {
        let runs: Vec<Driven> = (0..REPEATS).map(|_| run(mode, 0)).collect();
        println!("  {name:<24}        {}", told(runs.iter().map(rate).collect()));
    }
    println!();
    offered("an operation of some 300 ns", 280, "200k");
    offered("an operation of some 10 us", 9_000, "20k");
}
