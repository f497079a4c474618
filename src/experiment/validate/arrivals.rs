//! When shoppers come.

use super::bench::{Bench, Setting, wider};
use super::sample::{KOLMOGOROV_1_PERCENT, chi_squared, kolmogorov, mean};
use super::{Case, Halt};
use crate::experiment::World;
use crate::history::{Fact, FactSink};
use crate::units::{SimTime, US_PER_WEEK};

/// Visits at a constant rate.
pub const POISSON: Case = Case {
    name: "poisson-arrivals",
    says: "Visits at a constant rate form a Poisson process, whatever they are superposed of.",
    source: "Kingman, Poisson Processes, 1993, 2.2 and 4.1",
    worlds: 8,
    settings: 1,
    cost_s: 0.5,
    check: poisson,
};

/// Visits at a rate that changes.
pub const HOURS: Case = Case {
    name: "visits-by-hour",
    says: "Visits come when the hours, the weekdays, the trend and the peaks say.",
    source: "Pearson 1900, for the test",
    worlds: 4,
    settings: 1,
    cost_s: 1.5,
    check: hours,
};

/// Keeps when visits came [µs].
#[derive(Default)]
struct Visits(Vec<u64>);

impl FactSink for Visits {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        if let Fact::Shown { .. } = fact {
            self.0.push(at.0);
        }
    }
}

/// The visits of all cells, in the order of time.
fn merged(sinks: Vec<Visits>) -> Vec<u64> {
    let mut times: Vec<u64> = sinks.into_iter().flat_map(|visits| visits.0).collect();
    times.sort_unstable();
    times
}

/// Bins that the run is cut into.
const BINS: u64 = 1_000;

fn poisson(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let weeks = setting.number("weeks")?;
    let expected = setting.number("shoppers.visits_per_week")? * weeks;
    let end = weeks as u64 * US_PER_WEEK;
    let rate = expected / end as f64;
    let take = |_: World, sinks: Vec<Visits>| {
        let times = merged(sinks);
        let mut bins = vec![0.0; BINS as usize];
        times.iter().for_each(|at| bins[(at * BINS / end) as usize] += 1.0);
        let spread = crate::measure::interval::variance(&bins).unwrap_or(f64::NAN);
        let gaps: Vec<f64> = times.windows(2).map(|two| (two[1] - two[0]) as f64 * rate).collect();
        (times.len() as f64, spread / mean(&bins), gaps)
    };
    let worlds = bench.each(&setting, Visits::default, take)?;
    let n = worlds.len() as f64;
    let visits: Vec<f64> = worlds.iter().map(|world| world.0).collect();
    let dispersions: Vec<f64> = worlds.iter().map(|world| world.1).collect();
    let mut gaps: Vec<f64> = worlds.into_iter().flat_map(|world| world.2).collect();
    bench.answer("visits a world", expected, mean(&visits), wider(0.0, (expected / n).sqrt()));
    // The variance of a Poisson's index of dispersion over so many bins is 2/(bins − 1).
    let spread = (2.0 / (n * (BINS - 1) as f64)).sqrt();
    let got = mean(&dispersions);
    bench.answer("index of dispersion, 1,000 bins", 1.0, got, wider(0.09, spread));
    let distance = kolmogorov(&mut gaps, |gap| -libm::expm1(-gap));
    bench.answer("gaps from exponential, √n·D", 0.0, distance, KOLMOGOROV_1_PERCENT);
    Ok(())
}

fn hours(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let means = means_by_hour(&setting)?;
    let take = |_: World, sinks: Vec<Visits>| {
        let mut seen = vec![0.0; means.len()];
        for at in sinks.iter().flat_map(|visits| &visits.0) {
            seen[(at / (US_PER_WEEK / 168)) as usize] += 1.0;
        }
        (seen.iter().sum::<f64>(), chi_squared(&seen, &means))
    };
    let worlds = bench.each(&setting, Visits::default, take)?;
    let n = worlds.len() as f64;
    let visits: Vec<f64> = worlds.iter().map(|world| world.0).collect();
    let chi: Vec<f64> = worlds.iter().map(|world| world.1 / means.len() as f64).collect();
    let expected = means.iter().sum::<f64>();
    bench.answer("visits a world", expected, mean(&visits), wider(0.0, (expected / n).sqrt()));
    // Of a Poisson count with mean m, (seen − m)²/m has mean 1 and variance 2 + 1/m.
    let variance: f64 = means.iter().map(|m| 2.0 + 1.0 / m).sum();
    let spread = (variance / n).sqrt() / means.len() as f64;
    bench.answer("chi-squared over hours, by hour", 1.0, mean(&chi), wider(0.0, spread));
    Ok(())
}

/// Visits expected in each hour of the run, from the keys that say when people shop.
fn means_by_hour(setting: &Setting) -> Result<Vec<f64>, Halt> {
    let a_week = setting.number("shoppers.visits_per_week")?;
    let growth = setting.number("shoppers.growth_per_week")?;
    let hours = setting.numbers("shoppers.hour_share")?;
    let days = setting.numbers("shoppers.weekday_share")?;
    let weeks = setting.number("weeks")? as usize;
    let mut by_week: Vec<f64> =
        (0..weeks).map(|week| a_week * libm::pow(1.0 + growth, week as f64)).collect();
    let peaks = setting.get("shoppers.peaks").and_then(toml::Value::as_table);
    for name in peaks.into_iter().flat_map(toml::Table::keys) {
        let week = setting.number(&format!("shoppers.peaks.{name}.week"))? as usize;
        let factor = setting.number(&format!("shoppers.peaks.{name}.factor"))?;
        by_week.iter_mut().skip(week).take(1).for_each(|visits| *visits *= factor);
    }
    let of_week = |visits: &f64| {
        let visits = *visits;
        let of_day = |day: &f64| hours.iter().map(move |hour| visits * day * hour).collect();
        days.iter().flat_map(|day| -> Vec<f64> { of_day(day) }).collect::<Vec<f64>>()
    };
    Ok(by_week.iter().flat_map(of_week).collect())
}
