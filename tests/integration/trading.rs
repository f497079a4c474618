//! What trading costs sellers, and how often they may look at prices.

use std::collections::BTreeMap;

use brocante::history::{ExitReason, Fact};
use brocante::units::{Cents, SellerId};

use crate::worlds::{SMALL, load, run};

/// Sellers who gave up in the small world.
fn gave_up(overrides: &[&str]) -> usize {
    let past = run(&load(SMALL, overrides).scenario, 1);
    let told = past.sinks.iter().flat_map(|sink| &sink.told);
    told.filter(|told| matches!(told.fact, Fact::Exited { reason: ExitReason::Unprofitable, .. }))
        .count()
}

#[test]
fn sellers_pay_their_carriers() {
    let price = |eur: &str| {
        ["standard", "express", "relay"]
            .map(|carrier| format!("fulfilment.carriers.{carrier}.price_eur={eur}"))
    };
    let (free, dear) = (price("0.0"), price("60.0"));
    let free = gave_up(&free.each_ref().map(String::as_str));
    let dear = gave_up(&dear.each_ref().map(String::as_str));
    assert!(dear > free + 5, "{dear} gave up at 60 EUR a parcel, {free} where it is free");
}

/// Prices that each seller changed at its looks, by day: at least so many were looked at.
fn changes(overrides: &[&str]) -> BTreeMap<(SellerId, u32), u32> {
    let past = run(&load(SMALL, overrides).scenario, 1);
    // What changes between ticks is no look: staff and sellers list.
    let (_, cells) = past.sinks.split_last().expect("a sink for what happens between cells");
    let mut changes = BTreeMap::new();
    for told in cells.iter().flat_map(|sink| &sink.told) {
        if let Fact::Repriced { seller, .. } = told.fact {
            *changes.entry((seller, told.at.day())).or_default() += 1;
        }
    }
    changes
}

/// Learners who judge a price at every look and then take any other: a look is a change, but where
/// chance picks the same price again.
const RESTLESS: [&str; 4] = [
    "sellers.pricing.fixed_margin=false",
    "sellers.pricing.follower=false",
    "sellers.pricing.clearance=false",
    "sellers.pricing.learner={share=1.0,looks_per_day=8.0,hold_days=0.01,explore=1.0,newest=1.0,\
     arms=[0.91,0.94,0.97,1.0]}",
];

#[test]
fn a_seller_looks_up_no_more_than_the_platform_answers() {
    for cells in ["engine.cells=1", "engine.cells=8"] {
        let with = |limit: &str| {
            let limit = format!("market.lookups_a_day={limit}");
            changes(&[&RESTLESS[..], &["weeks=2", cells, &limit]].concat())
        };
        let most = |limit| with(limit).values().copied().max().unwrap_or(0);
        assert!(most("1000000") > 60, "without a limit it is changed often: {}", most("1000000"));
        let few = with("7");
        let most_of_few = few.values().copied().max().unwrap_or(0);
        assert_eq!(most_of_few, 7, "{cells}: the limit binds and holds");
        let mean = few.values().sum::<u32>() as f64 / few.len() as f64;
        assert!(mean > 4.0, "{cells}: most of the limit is used, {mean} changes a day");
        assert_eq!(with("0").len(), 0, "{cells}: nothing is answered");
    }
}

#[test]
fn every_look_of_a_day_takes_place() {
    // 24 ticks a day do not divide by 10; a seller of one product makes 10 looks all the same.
    let pace = [
        "sellers.pricing.learner.looks_per_day=10.0",
        "sellers.catalogue_mu=0.0",
        "sellers.catalogue_sigma=0.0",
        "sellers.accept_proposal=0.0",
        "joining=false",
        "market.products.count=4",
        "weeks=3",
    ];
    let all = [&RESTLESS[..], &pace[..]].concat();
    let past = run(&load(SMALL, &all).scenario, 1);
    let of_one = |seller: SellerId| past.market.seller(seller).profile().catalogue.len() == 1;
    let changes = changes(&all);
    let days: Vec<u32> =
        changes.iter().filter(|((seller, _), _)| of_one(*seller)).map(|(_, &n)| n).collect();
    assert_eq!(days.iter().max(), Some(&10), "{days:?}");
    // A look in four picks the price that there was.
    let mean = f64::from(days.iter().sum::<u32>()) / days.len() as f64;
    assert!((6.5..9.0).contains(&mean), "{mean} changes a day");
}

#[test]
fn campaigns_buy_what_is_sent_to_them() {
    let past = run(&load(SMALL, &["fulfilment.abroad=1.0"]).scenario, 1);
    let mut counts = [0; 4];
    for told in past.sinks.iter().flat_map(|sink| &sink.told) {
        match told.fact {
            Fact::Bought { order } if order.place == 0 => counts[0] += 1,
            Fact::Shipped { order } if order.place == 0 => counts[1] += 1,
            Fact::Delivered { order, .. } if order.place == 0 => counts[2] += 1,
            Fact::Reviewed { order, stars, .. } if order.place == 0 => {
                assert_eq!(stars, 1, "the campaign says how many stars");
                counts[3] += 1;
            }
            _ => {}
        }
    }
    let [bought, shipped, delivered, reviewed] = counts;
    assert!(bought > 50 && shipped > 50 && delivered > 50 && reviewed > 20, "{counts:?}");
    assert!(bought >= shipped && shipped >= delivered && delivered >= reviewed, "{counts:?}");
}

#[test]
fn the_sellers_of_the_engine_benchmark_write_prices_at_their_daily_look() {
    let few = ["shoppers.visits_per_week=1000.0", "engine.tick=1h"];
    let past = run(&load("scenarios/engine-reference.toml", &few).scenario, 2);
    let listed: usize = past.market.sellers().iter().map(|seller| seller.listed()).sum();
    let (_, cells) = past.sinks.split_last().expect("a sink for what happens between cells");
    let told = cells.iter().flat_map(|sink| &sink.told);
    let written = told.filter(|told| matches!(told.fact, Fact::Repriced { .. })).count();
    assert!(written > listed * 7 * 7 / 10, "{written} prices written of {listed} offers in a week");
}

/// Share of visits by country, for each of the three classes.
fn homes(overrides: &[&str]) -> [BTreeMap<u8, f64>; 3] {
    let past = run(&load(SMALL, overrides).scenario, 1);
    let mut homes: [BTreeMap<u8, f64>; 3] = Default::default();
    for told in past.sinks.iter().flat_map(|sink| &sink.told) {
        if let Fact::Shown { country, class, .. } = told.fact {
            *homes[class.index()].entry(country.0).or_default() += 1.0;
        }
    }
    for of_class in &mut homes {
        let all: f64 = of_class.values().sum();
        of_class.values_mut().for_each(|n| *n /= all);
    }
    homes
}

#[test]
fn a_class_may_live_elsewhere() {
    // Countries are in the order of their names: austria 0, ..., spain 7.
    let own = "shoppers.classes.careful.countries={austria=0.75,spain=0.25}";
    for customers in ["shoppers.loyalty.customers=900", "shoppers.loyalty=false"] {
        let [bargain, careful, usual] = homes(&[own, customers, "weeks=2"]);
        assert_eq!(careful.len(), 2, "{customers}: {careful:?}");
        assert!((careful[&0] - 0.75).abs() < 0.08, "{customers}: {careful:?}");
        assert!(bargain.len() > 5 && usual.len() > 5, "{customers}: the others live anywhere");
    }
}

#[test]
fn stock_is_as_old_as_its_units_on_average() {
    let mut past =
        run(&load(SMALL, &["weeks=1", "events.slander=false", "events.war=false"]).scenario, 1);
    let cell = &mut past.cells[0];
    let offers = cell.offers();
    let spots = offers.slots().flat_map(|slot| offers.spots(slot));
    let spot = spots.filter(|&spot| offers.is_listed(spot)).max_by_key(|&s| offers.row(s).stock);
    let spot = spot.expect("a cell has offers");
    let before = *cell.offers().row(spot);
    assert!(before.stock > 0, "{before:?}");
    // As many again, thirty days on, and three times as many as now at once.
    let day = before.stocked + 30.0;
    cell.restock(spot, before.stock, Cents(100), day);
    assert!((cell.offers().row(spot).stocked - before.stocked - 15.0).abs() < 1e-3);
    cell.restock(spot, 0, Cents(100), day + 400.0);
    assert!((cell.offers().row(spot).stocked - before.stocked - 15.0).abs() < 1e-3);
    cell.restock(spot, 6 * before.stock, Cents(100), day);
    assert!((cell.offers().row(spot).stocked - before.stocked - 26.25).abs() < 1e-3);
}
