//! Load tests for the tests of reports: recorded as drivers would, from drawn times.

use hdrhistogram::Histogram;

use crate::driver::load::{Freshness, Latencies, Op, Part, Second, Write};
use crate::rng::mix64;
use crate::store::{CurvePoint, LoadCheck, LoadSetting, LoadSummary, Measured, SloResult, Summary};

/// A number in (0, 1] that is a function of two.
fn unit(i: u64, about: u64) -> f64 {
    ((mix64(mix64(i) ^ about) >> 11) + 1) as f64 / (1_u64 << 53) as f64
}

/// A time of that median [ns], log-logistic: with a long tail to the right.
fn drawn(i: u64, about: u64, median: f64, spread: f64) -> u64 {
    let u = unit(i, about).min(1.0 - 1e-9);
    (median * libm::pow(u / (1.0 - u), spread)).round().max(1.0) as u64
}

/// A second of 20,000 operations of a path that adds so much to each [ns].
pub(crate) fn second(n: u64, extra: f64) -> Second {
    let mut latencies = Latencies::default();
    let mut freshness = Freshness::default();
    for i in n * 20_000..(n + 1) * 20_000 {
        let (op, median) = match i % 100 {
            0 => (Op::Buy, 60.0),
            1 => (Op::Review, 310.0),
            2..=6 => (Op::Reprice, 45.0),
            _ => (Op::Rank, 84.0),
        };
        let service = drawn(i, 1, median, 0.12) + drawn(i, 2, extra, 0.2);
        let wait = if unit(i, 3) < 0.1 { drawn(i, 4, 100.0, 0.3) } else { 0 };
        let lag = drawn(i, 5, 15.0, 0.15);
        let whole = [wait, lag, service, wait + lag + service];
        for (part, nanos) in Part::ALL.into_iter().zip(whole) {
            latencies.of_mut(op, part).record(nanos).expect("a time that fits");
        }
        let write = match op {
            Op::Review => Write::Review,
            Op::Reprice => Write::Price,
            _ => continue,
        };
        freshness.of_mut(write).record(drawn(i, 6, 20_000.0, 0.2)).expect("a time that fits");
    }
    let (start, length) = (n * 1_000_000_000, 1_000_000_000);
    Second { start, length, latencies, offered: Some(20_003), backlog: 2, overflow: 0, freshness }
}

fn setting(path: &str) -> LoadSetting {
    LoadSetting {
        path: path.to_owned(),
        mode: "open".to_owned(),
        arrivals: Some("poisson".to_owned()),
        stages: None,
        drivers: 1,
        warmup_weeks: 4,
        batch: 64,
        sample_calls: 1,
        serving: "scored at the read".to_owned(),
    }
}

fn check(name: &str, value: Option<f64>, limit: f64, unit: &str) -> LoadCheck {
    let (name, unit) = (name.to_owned(), unit.to_owned());
    LoadCheck { name, value, limit: Some(limit), unit, pass: true, why: None }
}

fn load(path: &str, extra: f64) -> (LoadSummary, Histogram<u64>) {
    let mut measured = Measured::default();
    (0..5).for_each(|n| measured.add(&second(n, extra)));
    let checks = vec![
        check("lag p99 over response p99", Some(0.04), 0.1, "ratio"),
        check("longest clock gap", Some(41_000.0), 1e6, "ns"),
        check("processor pressure", None, 0.05, "ratio"),
    ];
    let responses = measured.latencies.of(Op::Rank, Part::Response).clone();
    (LoadSummary::new(setting(path), &measured, checks), responses)
}

/// Five seconds on the direct path, and the responses of rankings.
pub(crate) fn direct() -> (LoadSummary, Histogram<u64>) {
    load("direct", 1.0)
}

/// The same through mailboxes.
pub(crate) fn actor() -> (LoadSummary, Histogram<u64>) {
    let (mut load, responses) = load("actor", 3_600.0);
    load.overflow = 31;
    (load, responses)
}

/// Thresholds, one of each verdict.
pub(crate) fn judged(load: LoadSummary) -> LoadSummary {
    let slo = |expr: &str, value, pass| SloResult { expr: expr.to_owned(), value, pass };
    let p99 = load.latency(Op::Rank, Part::Response).get("p99");
    let slo = vec![
        slo("rank.response.p99 < 50us", p99, true),
        slo("throughput.achieved >= 200k", load.throughput.achieved, false),
        slo("freshness.stock.p99 < 10ms", None, false),
        slo("overflow == 0", Some(load.overflow as f64), true),
    ];
    LoadSummary { slo, ..load }
}

/// A search for the highest rate.
pub(crate) fn searched(load: LoadSummary) -> LoadSummary {
    let point = |rate: f64, p99: u64, pass| CurvePoint {
        rate,
        achieved: Some(rate.min(9.1e6)),
        p50: Some(84),
        p99: Some(p99),
        pass,
        saturated: Some(rate > 9.1e6),
    };
    let curve = vec![
        point(1e6, 212, true),
        point(2e6, 230, true),
        point(4e6, 391, true),
        point(8e6, 4_120, true),
        point(16e6, 812_000_000, false),
    ];
    LoadSummary { curve, max_rate: Some(8e6), ..load }
}

/// One that cannot be believed, and was too much.
pub(crate) fn invalid(mut load: LoadSummary) -> LoadSummary {
    let why = [
        "lag p99 is 23.4 % of response p99, more than 10 %: the harness was late, not the core, and its \
         lateness is in every response",
        "the clock stood still for 41 ms: the system ran something else on this core",
    ];
    let seen = [0.234, 41e6];
    for ((check, why), seen) in load.checks.iter_mut().zip(why).zip(seen) {
        (check.pass, check.why, check.value) = (false, Some(why.to_owned()), Some(seen));
    }
    let invalid_why = why.map(str::to_owned).to_vec();
    LoadSummary { valid: false, invalid_why, saturated: true, backlog: 123_456, ..load }
}

/// The summary of a command with these loads.
pub(crate) fn summary(load: LoadSummary, beside: Option<LoadSummary>) -> Summary {
    let (mut summary, _) = crate::report::fixture::run();
    summary.command = "load".to_owned();
    summary.metrics.clear();
    summary.worlds.clear();
    summary.loaded(load, beside)
}
