//! What trading costs sellers, and how often they may look at prices.

use std::collections::BTreeMap;

use brocante::history::{ExitReason, Fact};
use brocante::units::SellerId;

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
