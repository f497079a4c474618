//! The reference scenario against what is known of real marketplaces.
//!
//! What does not depend on how many shoppers there are is tested on a market with a few of them, every
//! time. The rest needs the reference as it is, which takes a while without optimisation; `.ci/run` does
//! it in release mode:
//!
//!     cargo test --release --test integration reality -- --include-ignored

use std::ops::RangeInclusive;

use brocante::experiment::{Trial, World};

use crate::worlds::load;

const REFERENCE: &str = "scenarios/backmarket-2019.toml";

fn year(overrides: &[&str]) -> World {
    let scenario = load(REFERENCE, overrides).scenario;
    assert_eq!(scenario.weeks, 52, "the reference is a year");
    Trial { scenario: &scenario, world: 0, workers: 2, measured: true }.run(&mut ())
}

/// A metric of the whole year.
fn metric(world: &World, name: &str) -> f64 {
    let found = world.metrics.iter().find(|(metric, _)| metric.name == name);
    let (_, value) = found.unwrap_or_else(|| panic!("no metric {name}"));
    value.unwrap_or_else(|| panic!("{name} has no sample"))
}

/// Everything that is not as expected, said at once.
fn expect(world: &World, expected: &[(&str, RangeInclusive<f64>)]) {
    let got = expected.iter().map(|(name, range)| (name, range, metric(world, name)));
    let wrong: Vec<String> = got
        .filter(|(_, range, value)| !range.contains(value))
        .map(|(name, range, value)| format!("{name} is {value}, not in {range:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Facts measured on real data that no number of shoppers changes.
const ALWAYS: &[(&str, RangeInclusive<f64>)] = &[
    // 7.8 % of sellers' parcels come late; who sells much may be a little better than the mean.
    ("late_rate", 0.065..=0.090),
    ("stars_when_late", 2.25..=2.55),
    ("mean_stars", 4.1..=4.5),
    ("true_stars_sd", 0.26..=0.32),
    ("signings_dispersion", 2.5..=8.7),
];

/// How many offers a product has in the middle of the year, and how many sellers are live at the end.
fn expect_a_living_market(world: &World, live_at_end: RangeInclusive<u64>) {
    let offers = world.tables.weeks[25].get("offers_per_product").expect("products have offers");
    assert!((14.0..=28.0).contains(&offers), "{offers} offers a product in the middle of the year");
    let start = world.counts.sellers_start;
    assert!((680..=720).contains(&start), "{start} sellers at the start");
    let live = start + world.counts.sellers_joined - world.counts.sellers_exited;
    assert!(live_at_end.contains(&live), "{live} sellers at the end, not {live_at_end:?}");
    let (countries, categories) = (world.census.countries.len(), world.census.categories.len());
    assert!(countries >= 8 && categories >= 6, "{countries} countries, {categories} categories");
}

#[test]
fn a_year_with_few_shoppers() {
    let set = ["shoppers.visits_per_week=28000.0", "shoppers.loyalty.customers=50000"];
    let world = year(&set);
    expect(&world, ALWAYS);
    // Who gives up depends a little on how much there is to sell.
    expect_a_living_market(&world, 1_050..=1_250);
}

#[test]
#[ignore = "50 million visits take minutes without optimisation"]
fn the_reference_year() {
    let world = year(&[]);
    expect(&world, ALWAYS);
    let as_it_is =
        [("unsold_at_90d", 0.35..=0.65), ("conversion", 0.027..=0.033), ("box_share", 0.78..=0.86)];
    expect(&world, &as_it_is);
    expect_a_living_market(&world, 1_100..=1_200);
    let (visits, orders) = (world.counts.sessions, world.counts.orders);
    assert!((47_000_000..=53_000_000).contains(&visits), "{visits} visits");
    assert!((1_350_000..=1_650_000).contains(&orders), "{orders} orders");
}
