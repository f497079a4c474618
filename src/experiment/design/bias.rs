//! What the tests say beside the truth.

use std::collections::BTreeSet;

use crate::measure::Metric;
use crate::measure::interval::Interval;
use crate::store::{DesignResult, TestedWorld, WorldSummary};

/// One world: what the test says of a metric, and what is true of it.
struct Pair {
    market: u32,
    base: f64,
    estimate: f64,
    truth: f64,
}

/// For each design and each metric that its sides have: what the test says of the second arm against the
/// first, what is true, and the difference. `base` and `other` are the worlds in which everybody is in the
/// one arm and in the other. Worlds that were cut short in any of the three are left out, and so are those
/// in which any had no sample.
pub fn biases(
    tested: &[TestedWorld],
    base: &[WorldSummary],
    other: &[WorldSummary],
    metrics: &[&'static Metric],
) -> Vec<DesignResult> {
    let mut designs: Vec<&str> = tested.iter().map(|world| &*world.design).collect();
    designs.dedup();
    let mut found = Vec::new();
    for design in designs {
        let worlds: Vec<&TestedWorld> =
            tested.iter().filter(|world| world.design == design).collect();
        let told = |name: &str| worlds.iter().any(|world| world.a.contains_key(name));
        let names = metrics.iter().map(|metric| (metric.name, metric.unit));
        for (name, unit) in [("orders", "count")].into_iter().chain(names) {
            if told(name) {
                let pairs: Vec<Pair> =
                    worlds.iter().filter_map(|world| pair(world, base, other, name)).collect();
                found.push(result(design, name, unit, &pairs));
            }
        }
    }
    found
}

fn pair(
    tested: &TestedWorld,
    base: &[WorldSummary],
    other: &[WorldSummary],
    name: &str,
) -> Option<Pair> {
    let value = |worlds: &[WorldSummary]| {
        let world = worlds.iter().find(|world| world.world == tested.world && world.complete)?;
        match name {
            "orders" => Some(world.counts.orders as f64),
            _ => world.metrics.get(name).copied().flatten(),
        }
    };
    let side = |side: &std::collections::BTreeMap<String, Option<f64>>| {
        side.get(name).copied().flatten().filter(|_| tested.complete)
    };
    let (base, other) = (value(base)?, value(other)?);
    let estimate = side(&tested.b)? - side(&tested.a)?;
    Some(Pair { market: tested.market, base, estimate, truth: other - base })
}

fn result(design: &str, metric: &str, unit: &str, pairs: &[Pair]) -> DesignResult {
    let estimate = over_worlds(pairs, |pair| pair.estimate);
    let truth = over_worlds(pairs, |pair| pair.truth);
    let bias = over_worlds(pairs, |pair| pair.estimate - pair.truth);
    DesignResult {
        design: design.to_owned(),
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        base: over_worlds(pairs, |pair| pair.base).mean,
        estimate: estimate.mean,
        low: estimate.low,
        high: estimate.high,
        truth: truth.mean,
        truth_low: truth.low,
        truth_high: truth.high,
        bias: bias.mean,
        bias_low: bias.low,
        bias_high: bias.high,
        n: bias.n,
    }
}

/// Over worlds of one market, or over the means of several.
fn over_worlds(pairs: &[Pair], read: impl Fn(&Pair) -> f64) -> Interval {
    let markets: BTreeSet<u32> = pairs.iter().map(|pair| pair.market).collect();
    if markets.len() < 2 {
        return Interval::of(pairs.iter().map(read));
    }
    let within = |market: &u32| {
        let of = pairs.iter().filter(|pair| pair.market == *market);
        Interval::of(of.map(&read)).mean
    };
    Interval::of(markets.iter().filter_map(within))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Digest;
    use crate::measure::{Counts, all_metrics};
    use crate::store::WorldName;
    use std::collections::BTreeMap;

    fn world(n: u32, market: u32, late: f64, orders: u64) -> WorldSummary {
        let name =
            WorldName { world: n, market, market_seed: 1, seed: 1, weeks_done: 1, complete: true };
        let metric = all_metrics().into_iter().find(|m| m.name == "late_rate").expect("a metric");
        let counts = Counts { orders, ..Counts::default() };
        WorldSummary::new(name, Digest::default(), counts, &[(metric, Some(late))])
    }

    fn tested(n: u32, market: u32, late: [f64; 2], orders: [f64; 2]) -> TestedWorld {
        let side = |i: usize| {
            let of = |name: &str, value| (name.to_owned(), Some(value));
            BTreeMap::from([of("late_rate", late[i]), of("orders", orders[i])])
        };
        TestedWorld {
            design: "shopper-split".to_owned(),
            world: n,
            market,
            complete: true,
            digest: String::new(),
            a: side(0),
            b: side(1),
        }
    }

    #[test]
    fn estimate_truth_and_bias_by_hand() {
        let base: Vec<_> = (0..3).map(|n| world(n, 0, 0.10, 100)).collect();
        let other = [0.20, 0.22, 0.24].iter().zip(0..).map(|(&late, n)| world(n, 0, late, 90));
        let other: Vec<_> = other.collect();
        // The test says .05, .06, .07 where .10, .12, .14 is true.
        let mut tests: Vec<_> = (0..3)
            .map(|n| tested(n, 0, [0.10, 0.15 + 0.01 * f64::from(n)], [80.0, 86.0]))
            .collect();
        let found = biases(&tests, &base, &other, &all_metrics());
        assert_eq!(
            found.iter().map(|row| &*row.metric).collect::<Vec<_>>(),
            ["orders", "late_rate"]
        );
        let orders = &found[0];
        assert_eq!(
            (orders.base, orders.estimate, orders.truth),
            (Some(100.0), Some(6.0), Some(-10.0))
        );
        assert_eq!((orders.bias, orders.bias_low, orders.n), (Some(16.0), Some(16.0), 3));
        let late = &found[1];
        let near = |got: Option<f64>, expected: f64| {
            assert!((got.unwrap() - expected).abs() < 1e-6, "{got:?} is not {expected}");
        };
        near(late.estimate, 0.06);
        near(late.truth, 0.12);
        near(late.bias, -0.06);
        // Biases −.05, −.06, −.07: deviation .01, t(2) = 4.302653.
        near(late.bias_high, -0.06 + 4.302_653 * 0.01 / 3f64.sqrt());
        near(late.truth_low, 0.12 - 4.302_653 * 0.02 / 3f64.sqrt());
        // A world that was cut short says nothing.
        tests[1].complete = false;
        assert_eq!(biases(&tests, &base, &other, &all_metrics())[1].n, 2);
        assert_eq!(biases(&tests, &base, &other[..1], &all_metrics())[1].n, 1);
    }

    #[test]
    fn markets_are_means_of_their_worlds() {
        let base: Vec<_> = (0..4).map(|n| world(n, n / 2, 0.0, 1)).collect();
        let other: Vec<_> = (0..4).map(|n| world(n, n / 2, f64::from(n), 1)).collect();
        let tests: Vec<_> = (0..4).map(|n| tested(n, n / 2, [0.0, 1.0], [1.0, 1.0])).collect();
        let late = &biases(&tests, &base, &other, &all_metrics())[1];
        // Means .5 and 2.5 of the two markets.
        assert_eq!((late.n, late.truth, late.bias), (2, Some(1.5), Some(-0.5)));
    }
}
