//! Arms against a base, paired by common random numbers: world n of every arm has the same market and
//! the same chances, so that much of what is accidental in a value is in both and leaves with the
//! difference.

use std::collections::BTreeSet;

use crate::measure::interval::{Interval, holm, p_value, values_needed, variance};
use crate::measure::{Better, Metric};
use crate::store::{Difference, Verdict, WorldSummary};

/// Adjusted p-values below this are no accident.
const LEVEL: f64 = 0.05;

/// The values of a metric in the base and in an arm, pair by pair.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) base: Vec<f64>,
    pub(super) arm: Vec<f64>,
}

/// How the worlds of the arm of this name differ from those of the base, metric by metric; p-values are
/// adjusted over the metrics. Worlds that were cut short in either are left out.
pub fn differences(
    name: &str,
    base: &[WorldSummary],
    arm: &[WorldSummary],
    metrics: &[&'static Metric],
) -> Vec<Difference> {
    let complete = |worlds: &'_ [WorldSummary], n: u32| {
        worlds.iter().position(|world| world.world == n && world.complete)
    };
    let worlds = base.iter().filter(|world| world.complete);
    let pairs: Vec<(&WorldSummary, &WorldSummary)> =
        worlds.filter_map(|world| Some((world, &arm[complete(arm, world.world)?]))).collect();
    let mut found = Vec::new();
    let (mut tested, mut p) = (Vec::new(), Vec::new());
    for metric in metrics {
        let of = |world: &WorldSummary| world.metrics.get(metric.name).copied().flatten();
        let values = paired(&pairs, of);
        if let Some(chance) = chance(&values) {
            tested.push(found.len());
            p.push(chance);
        }
        found.push(difference(name, metric, &values));
    }
    for (&i, p) in tested.iter().zip(holm(&p)) {
        found[i].p_adjusted = Some(p);
        if p < LEVEL {
            found[i].verdict = direction(metrics[i].better, found[i].difference.unwrap_or(0.0));
        }
    }
    found
}

/// The independent pairs: of worlds in one market, of means in several. Pairs in which either world has no
/// value are left out.
pub(super) fn paired(
    worlds: &[(&WorldSummary, &WorldSummary)],
    of: impl Fn(&WorldSummary) -> Option<f64>,
) -> Pairs {
    let of = |world: &WorldSummary| of(world).filter(|value| value.is_finite());
    let values: Vec<(u32, f64, f64)> =
        worlds.iter().filter_map(|(base, arm)| Some((base.market, of(base)?, of(arm)?))).collect();
    let markets: BTreeSet<u32> = worlds.iter().map(|(base, _)| base.market).collect();
    if markets.len() < 2 {
        let (base, arm) = values.iter().map(|&(_, base, arm)| (base, arm)).unzip();
        return Pairs { base, arm };
    }
    let mut pairs = Pairs::default();
    for market in markets {
        let within = || values.iter().filter(move |value| value.0 == market);
        let base = Interval::of(within().map(|value| value.1)).mean;
        let arm = Interval::of(within().map(|value| value.2)).mean;
        pairs.base.extend(base);
        pairs.arm.extend(arm);
    }
    pairs
}

impl Pairs {
    /// Arm − base, pair by pair.
    pub(super) fn differences(&self) -> Vec<f64> {
        self.arm.iter().zip(&self.base).map(|(arm, base)| arm - base).collect()
    }
}

/// How likely a difference as large as this would be if there were none; nothing for fewer than two
/// pairs.
pub(super) fn chance(pairs: &Pairs) -> Option<f64> {
    let differences = pairs.differences();
    let (n, interval) = (differences.len(), Interval::of(differences.iter().copied()));
    let (mean, deviation) = (interval.mean?, variance(&differences)?.sqrt());
    Some(if mean == 0.0 {
        1.0
    } else if deviation <= 1e-12 * mean.abs() {
        // Whole numbers may differ by the same in every one of few worlds: the t test takes that for
        // certain, the sign test only for the 2 of 2^n outcomes that it is.
        libm::exp2(1.0 - n as f64)
    } else {
        p_value(mean / (deviation / (n as f64).sqrt()), n - 1)
    })
}

/// Everything but what the other metrics have a say in.
fn difference(arm: &str, metric: &Metric, pairs: &Pairs) -> Difference {
    let differences = pairs.differences();
    let mean = |values: &[f64]| Interval::of(values.iter().copied()).mean;
    let Interval { mean: middle, low, high, n } = Interval::of(differences.iter().copied());
    let same = n > 0 && differences.iter().all(|&d| d == 0.0);
    let spread = variance(&differences);
    let unpaired = variance(&pairs.base).zip(variance(&pairs.arm)).map(|(base, arm)| base + arm);
    let saved = spread.zip(unpaired.filter(|&v| v > 0.0)).map(|(paired, sum)| 1.0 - paired / sum);
    let needed = middle.filter(|&mean| mean != 0.0).zip(spread);
    Difference {
        arm: arm.to_owned(),
        metric: metric.name.to_owned(),
        base: mean(&pairs.base),
        value: mean(&pairs.arm),
        difference: middle,
        low,
        high,
        n,
        p_adjusted: None,
        verdict: if same { Verdict::Same } else { Verdict::Unclear },
        variance_saved: saved,
        worlds_needed: needed.and_then(|(mean, spread)| values_needed(mean, spread.sqrt())),
    }
}

/// What a difference that is no accident means.
fn direction(better: Better, difference: f64) -> Verdict {
    match better {
        Better::None => Verdict::Unclear,
        Better::Lower if difference < 0.0 => Verdict::Better,
        Better::Higher if difference > 0.0 => Verdict::Better,
        Better::Lower | Better::Higher => Verdict::Worse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Digest;
    use crate::measure::Counts;
    use crate::store::WorldName;

    const fn metric(name: &'static str, better: Better) -> Metric {
        let (unit, says, formula, source) = ("ratio", "A test.", "x", "here");
        Metric { name, unit, better, says, formula, source, weekly: false }
    }
    static LATE: Metric = metric("late", Better::Lower);
    static SOLD: Metric = metric("sold", Better::Higher);
    static GINI: Metric = metric("gini", Better::None);

    fn worlds(
        market: impl Fn(u32) -> u32,
        values: &[(&'static Metric, &[f64])],
    ) -> Vec<WorldSummary> {
        let one = |n: usize| {
            let world = n as u32;
            let market = market(world);
            let name =
                WorldName { world, market, market_seed: 1, seed: 1, weeks_done: 1, complete: true };
            let values: Vec<_> = values
                .iter()
                .map(|(metric, values)| (*metric, Some(values[n]).filter(|v| v.is_finite())))
                .collect();
            WorldSummary::new(name, Digest::default(), Counts::default(), &values)
        };
        (0..values[0].1.len()).map(one).collect()
    }

    #[test]
    fn differences_by_hand() {
        // Differences 1, 2, 3: mean 2, deviation 1, t = 2√3, P(|T(2)| > t) = 1 − √(12/14) = .0741799.
        let base = worlds(|_| 0, &[(&LATE, &[1.0, 3.0, 5.0]), (&SOLD, &[1.0, 2.0, 3.0])]);
        let arm = worlds(|_| 0, &[(&LATE, &[2.0, 5.0, 8.0]), (&SOLD, &[1.0, 2.0, 3.0])]);
        let found = differences("arm", &base, &arm, &[&LATE, &SOLD]);
        let late = &found[0];
        assert_eq!((late.base, late.value, late.difference), (Some(3.0), Some(5.0), Some(2.0)));
        // 4.302653 / √3 on both sides.
        assert!((late.high.unwrap() - 2.0 - 2.484_138).abs() < 1e-5, "{late:?}");
        assert!((late.low.unwrap() - 2.0 + 2.484_138).abs() < 1e-5, "{late:?}");
        // Two metrics: twice .0741799.
        assert!((late.p_adjusted.unwrap() - 0.148_359_8).abs() < 1e-6, "{late:?}");
        assert_eq!(late.verdict, Verdict::Unclear);
        // Variances 4 and 9, of the difference 1.
        assert!((late.variance_saved.unwrap() - 12.0 / 13.0).abs() < 1e-12);
        // t(4): 2.776 + .941, halved and squared, is 3.45; of t(3): 3.182 + .978 makes 4.33; so 5.
        assert_eq!(late.worlds_needed, Some(5));
        let sold = &found[1];
        assert_eq!((sold.verdict, sold.difference), (Verdict::Same, Some(0.0)));
        assert_eq!((sold.p_adjusted, sold.worlds_needed), (Some(1.0), None));
        assert_eq!(sold.variance_saved, Some(1.0));
    }

    #[test]
    fn verdicts_have_a_direction() {
        let (low, high) = ([1.0, 1.2, 1.1, 0.9], [9.0, 9.1, 9.3, 8.9]);
        let all = |values: &'static [f64]| -> Vec<(&'static Metric, &'static [f64])> {
            vec![(&LATE, values), (&SOLD, values), (&GINI, values)]
        };
        let (low, high): (&'static [f64], &'static [f64]) =
            (Box::leak(Box::new(low)), Box::leak(Box::new(high)));
        let (base, arm) = (worlds(|_| 0, &all(low)), worlds(|_| 0, &all(high)));
        let verdicts = |base: &[WorldSummary], arm: &[WorldSummary]| -> Vec<Verdict> {
            let found = differences("arm", base, arm, &[&LATE, &SOLD, &GINI]);
            found.iter().map(|difference| difference.verdict).collect()
        };
        use Verdict::{Better, Unclear, Worse};
        assert_eq!(verdicts(&base, &arm), [Worse, Better, Unclear]);
        assert_eq!(verdicts(&arm, &base), [Better, Worse, Unclear]);
    }

    #[test]
    fn pairs_without_a_sample_or_an_end_are_left_out() {
        let base = worlds(|_| 0, &[(&LATE, &[1.0, f64::NAN, 5.0, 7.0])]);
        let mut arm = worlds(|_| 0, &[(&LATE, &[2.0, 5.0, 8.0, 1.0])]);
        arm[3].complete = false;
        let late = &differences("arm", &base, &arm, &[&LATE])[0];
        assert_eq!((late.n, late.base, late.value), (2, Some(3.0), Some(5.0)));
        arm.truncate(1);
        let late = &differences("arm", &base, &arm, &[&LATE])[0];
        assert_eq!((late.n, late.low, late.p_adjusted), (1, None, None));
        let none = &differences("arm", &base, &[], &[&LATE])[0];
        assert_eq!((none.n, none.difference, none.verdict), (0, None, Verdict::Unclear));
    }

    #[test]
    fn markets_are_pairs_of_means() {
        let base = worlds(|n| n / 2, &[(&LATE, &[0.0, 0.0, 0.0, 0.0])]);
        let arm = worlds(|n| n / 2, &[(&LATE, &[1.0, 3.0, 3.0, 5.0])]);
        let late = &differences("arm", &base, &arm, &[&LATE])[0];
        assert_eq!((late.n, late.difference), (2, Some(3.0)));
    }

    #[test]
    fn the_same_whole_number_in_few_worlds_is_not_certain() {
        let base = worlds(|_| 0, &[(&SOLD, &[4.0, 6.0])]);
        let arm = worlds(|_| 0, &[(&SOLD, &[5.0, 7.0])]);
        let sold = &differences("arm", &base, &arm, &[&SOLD])[0];
        assert_eq!((sold.p_adjusted, sold.verdict), (Some(0.5), Verdict::Unclear));
    }
}
