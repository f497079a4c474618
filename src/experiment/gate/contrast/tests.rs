//! Samples against samples, by hand.

use super::*;
use crate::experiment::gate::fixture::{GINI, run_of};

fn contrast(run: &[f64], base: &[f64], seeds: (u64, u64), allowance: Allowance) -> Contrast {
    let (run, base) = (run_of(run, seeds.0), run_of(base, seeds.1));
    Contrast::of(&GINI, allowance, true, &run, &base).expect("a sample")
}

#[test]
fn pairs_by_hand() {
    // Excesses over baseline + 1: 0, 1, 2; mean 1, deviation 1, t = √3; P(T(2) > √3) = (1 − √(3/5)) / 2.
    let found = contrast(&[2.0, 5.0, 8.0], &[1.0, 3.0, 5.0], (7, 7), Allowance::Plus(1.0));
    assert_eq!((found.value, found.baseline, found.limit), (5.0, 3.0, 4.0));
    assert_eq!((found.excess, found.sample, found.same), (1.0, Sample::Pairs(3), false));
    let p = (1.0 - 0.6_f64.sqrt()) / 2.0;
    assert!((found.chance.unwrap() - p).abs() < 1e-12, "{found:?}");
    // t(2, one-sided 5 %) = 2.919986, times 1/√3.
    let (low, high) = found.interval(0.05).unwrap();
    let half = 2.919_986 / 3.0_f64.sqrt();
    assert!((low - 5.0 + half).abs() < 1e-5 && (high - 5.0 - half).abs() < 1e-5, "{low} {high}");
}

#[test]
fn worlds_of_other_seeds_are_compared_by_welch() {
    // Welch's own kind of example: variances 4 and 1, n = 3 and 4. Error² = 4/3 + (5/3)/4 = 1.75;
    // freedom = 1.75² / ((4/3)²/2 + (5/12)²/3) = 3.239, taken for 3.
    let found = contrast(&[3.0, 5.0, 7.0], &[1.0, 2.0, 3.0, 4.0], (7, 8), Allowance::Plus(0.0));
    assert_eq!((found.sample, found.excess), (Sample::Apart(3, 4), 2.5));
    let t = 2.5 / 1.75_f64.sqrt();
    assert!((found.chance.unwrap() - p_value(t, 3) / 2.0).abs() < 1e-12, "{found:?}");
    let (low, _) = found.interval(0.05).unwrap();
    assert!((low - (5.0 - 2.353_363 * 1.75_f64.sqrt())).abs() < 1e-5, "{low}");
}

#[test]
fn a_factor_scales_the_baseline_and_its_spread() {
    let found = contrast(&[3.0, 5.0, 7.0], &[1.0, 2.0, 3.0, 4.0], (7, 8), Allowance::Times(2.0));
    assert_eq!((found.limit, found.excess), (5.0, 0.0));
    assert!((found.deviation - (4.0 + 4.0 * 5.0 / 3.0_f64).sqrt()).abs() < 1e-12);
}

#[test]
fn equal_worlds_are_exactly_equal() {
    let values = [0.1, 0.7, 0.3];
    let found = contrast(&values, &values, (7, 7), Allowance::Plus(0.0));
    assert_eq!((found.excess, found.same), (0.0, true));
    assert_eq!(found.interval(0.01), Some((found.value, found.value)));
}

#[test]
fn few_worlds() {
    let found = contrast(&[2.0, 9.0], &[1.0], (7, 7), Allowance::Plus(0.5));
    assert_eq!((found.sample, found.value, found.excess), (Sample::Pairs(1), 2.0, 0.5));
    assert_eq!((found.chance, found.interval(0.01)), (None, None));
    let found = contrast(&[2.0, 4.0], &[1.0], (7, 8), Allowance::Plus(0.5));
    assert_eq!((found.sample, found.chance), (Sample::Apart(2, 1), None));
    let (run, none) = (run_of(&[1.0], 7), run_of(&[], 7));
    assert_eq!(Contrast::of(&GINI, Allowance::Plus(0.0), true, &run, &none), None);
    // The same whole number more in each of few worlds is no certainty: one of 2^3, and of 6 over 3.
    let found = contrast(&[2.0, 3.0, 4.0], &[1.0, 2.0, 3.0], (7, 7), Allowance::Plus(0.0));
    assert_eq!(found.chance, Some(0.125));
    let found = contrast(&[2.0; 3], &[1.0; 3], (7, 8), Allowance::Plus(0.0));
    assert!((found.chance.unwrap() - 0.05).abs() < 1e-12, "{found:?}");
}
