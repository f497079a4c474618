//! Comparisons as an instrument: how often they cry wolf, and how often they see one.
//!
//! The values are those of real worlds of the small scenario. A comparison draws pairs of different
//! worlds from them, so the two arms differ by chance alone, and then an effect is planted in one.

use std::ops::ControlFlow;

use brocante::experiment::{Replications, differences};
use brocante::measure::{Metric, all_metrics};
use brocante::rng::{Dice, Purpose, Stream};
use brocante::store::{Difference, Verdict, WorldSummary};

use crate::worlds::{SMALL, load};

const WORLDS: u32 = 240;
const SEED: u64 = 5;

/// Worlds of one scenario, each with other chances.
fn pool() -> Vec<WorldSummary> {
    let scenario = load(SMALL, &["shoppers.visits_per_week=800.0", "weeks=3"]).scenario;
    let mut pool = Vec::new();
    Replications { markets: 1, each: WORLDS }.run(&[scenario], 2, &(), |_, ran| {
        pool.push(ran.summary);
        ControlFlow::Continue(())
    });
    pool
}

/// One comparison: so many pairs of different worlds.
fn drawn(pool: &[WorldSummary], pairs: u32, draws: &mut Stream) -> [Vec<WorldSummary>; 2] {
    let mut arms = [vec![], vec![]];
    for world in 0..pairs {
        let first = draws.below(WORLDS);
        let second = (first + 1 + draws.below(WORLDS - 1)) % WORLDS;
        for (arm, from) in arms.iter_mut().zip([first, second]) {
            arm.push(WorldSummary { world, ..pool[from as usize].clone() });
        }
    }
    arms
}

/// Metrics that every world of the pool has a value of, and not all the same, with their deviation.
fn told(pool: &[WorldSummary]) -> Vec<(&'static Metric, f64)> {
    let deviation = |metric: &Metric| {
        let of = |world: &WorldSummary| world.metrics.get(metric.name).copied().flatten();
        let values: Option<Vec<f64>> = pool.iter().map(of).collect();
        let variance = brocante::measure::interval::variance(&values?)?;
        (variance > 0.0).then(|| variance.sqrt())
    };
    all_metrics().into_iter().filter_map(|metric| Some((metric, deviation(metric)?))).collect()
}

fn is_called(difference: &Difference) -> bool {
    matches!(difference.verdict, Verdict::Better | Verdict::Worse)
}

#[test]
#[ignore = "hundreds of worlds: run with optimisation, as .ci/run does"]
fn an_arm_against_itself_in_other_worlds_is_seldom_called_better_or_worse() {
    let pool = pool();
    let metrics: Vec<_> = all_metrics();
    let mut draws = Dice::new(SEED, 0).stream(0, 0, Purpose::Resample);
    let (mut called, mut tested, mut alarms) = (0, 0, 0);
    for _ in 0..100 {
        let [base, arm] = drawn(&pool, 8, &mut draws);
        let found = differences("arm", &base, &arm, &metrics);
        let wrong = found.iter().filter(|difference| is_called(difference)).count();
        called += wrong;
        alarms += u32::from(wrong > 0);
        tested += found.iter().filter(|difference| difference.p_adjusted.is_some()).count();
    }
    let share = called as f64 / tested as f64;
    println!("A/A: {called} of {tested} metrics called, {alarms} of 100 comparisons with any");
    assert!(tested > 3_000, "{tested} metrics tested");
    assert!(share <= 0.05, "{called} of {tested} metrics called, seed {SEED}");
    // Holm holds the chance of even one false call in a comparison to 5 %: 13 of 100 are 3.7 sigma off.
    assert!(alarms <= 12, "{alarms} of 100 comparisons with a false call, seed {SEED}");
}

#[test]
#[ignore = "hundreds of worlds: run with optimisation, as .ci/run does"]
fn an_effect_of_two_standard_errors_is_found_as_often_as_theory_says() {
    const PAIRS: u32 = 60;
    const COMPARISONS: u32 = 600;
    let pool = pool();
    let told = told(&pool);
    assert!(told.len() >= 30, "{} metrics have values", told.len());
    let mut draws = Dice::new(SEED, 1).stream(0, 0, Purpose::Resample);
    let (mut alone, mut among) = (0, 0);
    let mut asked = 0;
    for n in 0..COMPARISONS as usize {
        // Thirty metrics around the one in which the effect is planted.
        let place = n % told.len();
        let (metric, deviation) = told[place];
        let thirty: Vec<&'static Metric> =
            (0..30).map(|k| told[(place + k) % told.len()].0).collect();
        let [base, mut arm] = drawn(&pool, PAIRS, &mut draws);
        let effect = 2.0 * deviation * (2.0 / f64::from(PAIRS)).sqrt();
        for world in &mut arm {
            let value = world.metrics.get_mut(metric.name).and_then(Option::as_mut);
            *value.expect("every world has a value") += effect;
        }
        let p = |metrics: &[&'static Metric]| {
            let found = differences("arm", &base, &arm, metrics);
            found[0].p_adjusted.unwrap_or(1.0)
        };
        alone += u32::from(p(&[metric]) < 0.05);
        among += u32::from(p(&thirty) < 0.05);
        asked += 1;
    }
    let share = |found: u32| f64::from(found) / f64::from(asked);
    println!("planted: {:.3} found alone, {:.3} among thirty by Holm", share(alone), share(among));
    // .516 and .127 for a normal statistic, a little less by t; 600 comparisons give 3 sigma of .06, .04.
    assert!((share(alone) - 0.51).abs() < 0.065, "{alone} of {asked} alone, seed {SEED}");
    assert!((share(among) - 0.125).abs() < 0.045, "{among} of {asked} among thirty, seed {SEED}");
}
