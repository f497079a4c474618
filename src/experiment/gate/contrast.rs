//! A sample against a baseline's: how far beyond an allowance it is, and how sure that is.

use std::collections::BTreeMap;

use super::budget::Allowance;
use super::subject::Subject;
use crate::experiment::compare::{Pairs, chance, paired};
use crate::measure::interval::{p_value, student_t, variance};
use crate::store::{Summary, WorldSummary};

/// Fewer values are few.
const FEW: usize = 5;

/// How many values there are, and how they belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// Pairs of the same world, or of the same market.
    Pairs(usize),
    /// So many of the run and so many of the baseline, of other chances.
    Apart(usize, usize),
}

impl Sample {
    /// How many there are on the side that has fewer.
    fn least(self) -> usize {
        match self {
            Sample::Pairs(n) => n,
            Sample::Apart(n, m) => n.min(m),
        }
    }

    /// Whether there is anything to be sure about.
    pub fn is_enough(self) -> bool {
        self.least() >= 2
    }

    /// Whether there are so few that hardly any change could be told from chance.
    pub fn is_few(self) -> bool {
        self.least() < FEW
    }
}

/// What a run has beside what a baseline has.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// Mean of the run.
    pub value: f64,
    /// Mean of the baseline.
    pub baseline: f64,
    /// What the allowance makes of that.
    pub limit: f64,
    /// How far the value is beyond the limit: above 0 where the budget is missed.
    pub excess: f64,
    /// What it rests on.
    pub sample: Sample,
    /// Whether every pair of worlds is the same to the bit.
    pub same: bool,
    /// How likely an excess like this would be if there were none at all, one-sided; nothing where there is
    /// too little to tell.
    pub chance: Option<f64>,
    /// Standard error of the excess, and its degrees of freedom.
    error: Option<(f64, usize)>,
    /// Standard deviation of a value of the excess: of a pair, or of two values apart.
    pub deviation: f64,
}

impl Contrast {
    /// Of a number that every world has; nothing where the run or the baseline has no sample. `above` says
    /// whether it is too much that is missed, and not too little.
    ///
    /// Worlds of the same market seed, seed and number are paired (Student's paired t test on differences
    /// from the limit of the same world); where no two are the same, the means are compared by Welch,
    /// "The generalization of 'Student's' problem when several different population variances are
    /// involved", Biometrika 34 (1947) 28-35.
    pub fn of(
        subject: &Subject,
        allowance: Allowance,
        above: bool,
        run: &Summary,
        baseline: &Summary,
    ) -> Option<Contrast> {
        let of = |world: &WorldSummary| subject.of_world(world);
        let pairs: Vec<(&WorldSummary, &WorldSummary)> = same_worlds(baseline, run);
        let sign = if above { 1.0 } else { -1.0 };
        let values = paired(&pairs, of);
        if values.arm.is_empty() {
            let (run, baseline) = (independent(run, of), independent(baseline, of));
            return apart(&run, &baseline, allowance, sign);
        }
        // Some metrics compare worlds with one another: of other worlds they differ where digests do not.
        let digests = pairs.iter().all(|(base, run)| base.digest == run.digest);
        let same = digests && values.base == values.arm;
        Some(of_pairs(&values, allowance, sign, same))
    }

    /// Whether all pairs are beyond the limit by the same.
    pub fn is_constant(&self) -> bool {
        let pairs = matches!(self.sample, Sample::Pairs(_)) && !self.sample.is_few();
        pairs && self.excess > 0.0 && self.deviation <= 1e-9 * self.excess
    }

    /// Where the value may be, two-sided, when either end is missed with a chance of `level`; nothing where
    /// there is too little to tell.
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        let (error, freedom) = self.error?;
        let half = if error == 0.0 { 0.0 } else { student_t(freedom, 1.0 - 2.0 * level) * error };
        Some((self.value - half, self.value + half))
    }
}

/// Worlds of both that were run to their end with the same chances in the same market.
fn same_worlds<'a>(
    baseline: &'a Summary,
    run: &'a Summary,
) -> Vec<(&'a WorldSummary, &'a WorldSummary)> {
    let key = |world: &WorldSummary| (world.market_seed, world.seed, world.world);
    let complete = |summary: &'a Summary| summary.worlds.iter().filter(|world| world.complete);
    let stored: BTreeMap<_, _> = complete(baseline).map(|world| (key(world), world)).collect();
    complete(run).filter_map(|world| Some((*stored.get(&key(world))?, world))).collect()
}

/// Independent values: of worlds in one market, of means in several.
fn independent(summary: &Summary, of: impl Fn(&WorldSummary) -> Option<f64>) -> Vec<f64> {
    let worlds: Vec<_> = summary.worlds.iter().filter(|world| world.complete).collect();
    paired(&worlds.iter().map(|&world| (world, world)).collect::<Vec<_>>(), of).arm
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn of_pairs(pairs: &Pairs, allowance: Allowance, sign: f64, same: bool) -> Contrast {
    let limits = pairs.base.iter().map(|&base| allowance.of(base)).collect();
    let held = Pairs { base: limits, arm: pairs.arm.clone() };
    let excesses = held.differences();
    let (n, excess) = (excesses.len(), sign * mean(&excesses));
    let deviation = variance(&excesses).map(f64::sqrt);
    let one_sided = |both: f64| if excess > 0.0 { both / 2.0 } else { 1.0 - both / 2.0 };
    let baseline = mean(&pairs.base);
    Contrast {
        value: mean(&pairs.arm),
        baseline,
        limit: allowance.of(baseline),
        excess,
        sample: Sample::Pairs(n),
        same,
        chance: chance(&held).map(one_sided),
        error: deviation.map(|deviation| (deviation / (n as f64).sqrt(), n.max(2) - 1)),
        deviation: deviation.unwrap_or(0.0),
    }
}

fn apart(run: &[f64], baseline: &[f64], allowance: Allowance, sign: f64) -> Option<Contrast> {
    if run.is_empty() || baseline.is_empty() {
        return None;
    }
    let limits: Vec<f64> = baseline.iter().map(|&value| allowance.of(value)).collect();
    let (n, m) = (run.len(), limits.len());
    let excess = sign * (mean(run) - mean(&limits));
    let spreads = variance(run).zip(variance(&limits));
    let error = spreads.map(|(one, other)| {
        let (one, other) = (one / n as f64, other / m as f64);
        let squares = one * one / (n as f64 - 1.0) + other * other / (m as f64 - 1.0);
        // Rounded down, so that the interval is rather too wide.
        let freedom = if squares > 0.0 { (one + other) * (one + other) / squares } else { 1.0 };
        ((one + other).sqrt(), (freedom as usize).max(1))
    });
    let chance = error.map(|(error, freedom)| match error {
        _ if excess <= 0.0 => 1.0,
        // As in pairs, what never varies is not certain: this is one of the ways to choose n of n + m.
        error if error <= 1e-12 * excess => 1.0 / ways(n, m),
        error => p_value(excess / error, freedom) / 2.0,
    });
    Some(Contrast {
        value: mean(run),
        baseline: mean(baseline),
        limit: allowance.of(mean(baseline)),
        excess,
        sample: Sample::Apart(n, m),
        same: false,
        chance,
        error,
        deviation: spreads.map_or(0.0, |(one, other)| (one + other).sqrt()),
    })
}

/// In how many ways n of n + m things can be chosen.
fn ways(n: usize, m: usize) -> f64 {
    (1..=n).map(|k| (m + k) as f64 / k as f64).product()
}

#[cfg(test)]
mod tests;
