//! What is said while a load runs: one line a second.

use super::form::{nanos, short_rate};
use crate::driver::load::{Op, Part, Second};
use crate::report::numbers::{NONE, count};
use crate::store::Percentiles;

/// One second of a load in at most `width` columns: how far the run is, what was offered and achieved,
/// how long rankings took, and what is left over. Where there is too little room, rates go without their
/// names (`3.00 k/s of 4.00 k/s`), and then what says least goes.
pub fn live_line(second: &Second, width: usize) -> String {
    let per_second = |n: u64| match second.length {
        0 => NONE.to_owned(),
        length => short_rate(n as f64 * 1e9 / length as f64),
    };
    let achieved = per_second(Op::ALL.iter().map(|&op| second.latencies.count(op)).sum());
    let offered = second.offered.map(per_second);
    let elapsed = format!("{} s", (second.start + second.length) / 1_000_000_000);
    let spoken = match &offered {
        Some(offered) => format!("offered {offered} · achieved {achieved}"),
        None => format!("achieved {achieved}"),
    };
    let full = [elapsed.clone(), spoken].into_iter();
    let full = full.chain(measured(second).into_iter().map(|(_, part)| part));
    let full = full.collect::<Vec<_>>().join(" · ");
    if full.chars().count() <= width {
        return full;
    }
    let rates = offered.map_or_else(|| achieved.clone(), |of| format!("{achieved} of {of}"));
    shortened([(8, elapsed), (9, rates)].into_iter().chain(measured(second)).collect(), width)
}

/// What was seen in a second, each with how much it says.
fn measured(second: &Second) -> Vec<(u8, String)> {
    let rank = Percentiles::of(second.latencies.of(Op::Rank, Part::Response));
    let time = |name: &str, of: Option<u64>| {
        format!("{name} {}", of.map_or_else(|| NONE.to_owned(), |of| nanos(of as f64)))
    };
    let mut parts =
        vec![(3, time("p50", rank.p50)), (7, time("p99", rank.p99)), (4, time("p99.9", rank.p999))];
    // Without a schedule nothing is ever due.
    if second.offered.is_some() {
        parts.push((6, format!("backlog {}", count(second.backlog))));
    }
    if second.overflow > 0 {
        parts.push((5, format!("overflow {}", count(second.overflow))));
    }
    parts
}

/// As many parts as fit: the one that says least goes first.
fn shortened(mut parts: Vec<(u8, String)>, width: usize) -> String {
    loop {
        let line = parts.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join("  ");
        if line.chars().count() <= width || parts.len() == 1 {
            return line.chars().take(width).collect();
        }
        let least = parts.iter().map(|(weight, _)| *weight).min();
        parts.retain(|(weight, _)| Some(*weight) != least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::load::{Freshness, Latencies};

    fn second() -> Second {
        let mut latencies = Latencies::default();
        for nanos in 1..=1_000 {
            latencies.of_mut(Op::Rank, Part::Response).record(nanos).unwrap();
            latencies.of_mut(Op::Rank, Part::Service).record(nanos).unwrap();
        }
        latencies.of_mut(Op::Buy, Part::Service).record_n(10, 500).unwrap();
        Second {
            start: 11_000_000_000,
            length: 500_000_000,
            latencies,
            offered: Some(2_000),
            backlog: 1_234,
            overflow: 0,
            freshness: Freshness::default(),
        }
    }

    #[test]
    fn a_second() {
        assert_eq!(
            live_line(&second(), 120),
            "11 s · offered 4.00 k/s · achieved 3.00 k/s · p50 500 ns · p99 990 ns · p99.9 999 ns · backlog 1,234"
        );
        let closed = Second { offered: None, overflow: 3, length: 0, ..second() };
        assert_eq!(
            live_line(&closed, 120),
            "11 s · achieved – · p50 500 ns · p99 990 ns · p99.9 999 ns · overflow 3"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let mut last = usize::MAX;
        for width in (0..=110).rev() {
            let line = live_line(&second(), width);
            let said = line.split([' ', '·']).filter(|word| !word.is_empty()).count();
            assert!(line.chars().count() <= width, "{width}: {line}");
            assert!(said <= last, "{width}: {line}");
            last = said;
        }
        assert_eq!(
            live_line(&second(), 80),
            "11 s  3.00 k/s of 4.00 k/s  p50 500 ns  p99 990 ns  p99.9 999 ns  backlog 1,234"
        );
        assert_eq!(live_line(&second(), 50), "11 s  3.00 k/s of 4.00 k/s  p99 990 ns");
        assert_eq!(live_line(&Second { overflow: 5, ..second() }, 22), "3.00 k/s of 4.00 k/s");
    }
}
