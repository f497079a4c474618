//! What intervals promise, and what they hold: by enumeration, without a market.

use super::bench::Bench;
use super::{Case, Halt};
use crate::measure::proportion::{Ends, jeffreys, wald, wilson};

/// How often intervals of 95 % cover a share of .95 after 50.
pub const COVERAGE: Case = Case {
    name: "intervals",
    says: "How often three 95 % intervals of a share of .95 cover it after 50 reviews.",
    source: "Brown, Cai and DasGupta 2001, by enumeration",
    worlds: 1,
    settings: 0,
    cost_s: 0.01,
    check: coverage,
};

fn coverage(bench: &mut Bench<'_>) -> Result<(), Halt> {
    type Interval = fn(u64, u64, f64) -> Ends;
    let kinds: [(&str, Interval, f64); 3] =
        [("Wilson", wilson, 0.9622), ("Jeffreys", jeffreys, 0.8853), ("Wald", wald, 0.9199)];
    for (name, interval, expected) in kinds {
        let got = covers(50, 0.95, |k| interval(k, 50, 0.95));
        bench.answer(&format!("coverage of {name}'s interval"), expected, got, 1e-4);
    }
    Ok(())
}

/// The chance that the interval made of a binomial number of hits holds `p`.
fn covers(n: u64, p: f64, interval: impl Fn(u64) -> Ends) -> f64 {
    let mut chance = libm::exp(n as f64 * libm::log1p(-p));
    let mut sum = 0.0;
    for k in 0..=n {
        let (low, high) = interval(k);
        if low <= p && p <= high {
            sum += chance;
        }
        chance *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
    }
    sum
}
