//! What must be true across the keys of a scenario: each rule broken alone, on the reference.

use std::path::Path;

use brocante::scenario::{Class, Problem, load};

/// What is wrong with the reference when this is set on top.
fn problems(sets: &[&str]) -> Vec<Problem> {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/backmarket-2019.toml");
    let sets: Vec<_> = sets.iter().map(|set| (*set).to_owned()).collect();
    load(&reference, &sets).err().map_or(vec![], |error| error.problems)
}

/// The only problem, as (key, message, what was read).
fn only(sets: &[&str]) -> (String, String, String) {
    let mut found = problems(sets);
    assert_eq!(found.len(), 1, "{sets:?}: {found:#?}");
    let problem = found.remove(0);
    assert!(problem.line.is_some() && problem.column.is_some(), "{sets:?}: no place");
    (problem.key, problem.message, problem.read.unwrap_or_default())
}

#[test]
fn shares_must_add_up() {
    for (set, key, message) in [
        ("categories.audio.share=0.2", "categories", "the shares of categories"),
        ("countries.france.shoppers=0.9", "countries", "the countries' shares of shoppers"),
        ("countries.france.sellers=0.9", "countries", "the countries' shares of sellers"),
        ("payments.card.shoppers=0.1", "payments", "the shares of shoppers"),
        ("fulfilment.carriers.relay.share=0.9", "fulfilment.carriers", "the shares of carriers"),
        ("shoppers.classes.usual.share=0.01", "shoppers.classes", "the shares of classes"),
        ("shoppers.hour_share.3=0.5", "shoppers.hour_share", "the 24 shares"),
        ("shoppers.weekday_share.6=0.9", "shoppers.weekday_share", "the 7 shares"),
        ("sellers.pricing.learner.share=0.9", "sellers.pricing", "the shares of strategies"),
        ("sellers.kinds.factory.share=0.9", "sellers.kinds", "the shares of kinds"),
        ("stars.good.0=0.9", "stars.good", "the shares of 1 to 5 stars"),
        ("stars.late.4=0.9", "stars.late", "the shares of 1 to 5 stars"),
        ("stars.defective.2=0.9", "stars.defective", "the shares of 1 to 5 stars"),
        ("stars.misgraded.1=0.9", "stars.misgraded", "the shares of 1 to 5 stars"),
    ] {
        let (at, says, read) = only(&[set]);
        assert_eq!((&*at, says), (key, format!("{message} must add up to 1")), "{set}");
        assert!(read.starts_with("a sum of "), "{set}: {read}");
    }
}

#[test]
fn a_market_where_nothing_can_happen_is_refused() {
    for (set, key) in [
        ("shoppers.visits_per_week=0", "shoppers.visits_per_week"),
        ("sellers.supply=0", "sellers.supply"),
        ("market.planned_conversion=0", "market.planned_conversion"),
    ] {
        let (at, says, _) = only(&[set]);
        assert!(at == key && says.starts_with("an empty market: "), "{set}: {at}: {says}");
    }
    let unseen = ["smartphones", "laptops", "tablets", "consoles", "audio", "appliances", "parts"]
        .map(|name| format!("categories.{name}.popularity=0"));
    let (at, says, _) = only(&unseen.each_ref().map(String::as_str));
    assert_eq!((&*at, &*says), ("categories", "an empty market: no category is ever visited"));
    // Tables of names with nothing in them; that of categories takes the parts away besides.
    for (set, key) in [
        ("countries=false", "countries"),
        ("shoppers.classes=false", "shoppers.classes"),
        ("sellers.count=0", "sellers.count"),
        ("market.products.count=0", "market.products.count"),
    ] {
        let found = problems(&[set]);
        assert!(found.iter().any(|problem| problem.key == key), "{set}: {found:?}");
    }
}

#[test]
fn a_reference_to_nothing_is_told_with_what_there_is() {
    let shock = "events.fall.quality-shock={from_day=9,days=9,target={sellers=1,skip=0,kind=\"leasing\"},\
        change={late=1.0,defect=2.0,misgrade=1.0,cancel=1.0,service=0.0}}";
    assert_eq!(problems(&[shock]), vec![]);
    let (mut none, with) = (
        problems(&[shock, "sellers.kinds.leasing.share=0", "sellers.kinds.factory.share=0.19"]),
        "events.fall.quality-shock.target.kind",
    );
    let problem = none.remove(0);
    assert_eq!(
        (&*problem.key, &*problem.message),
        (with, "there is no seller of the kind `leasing`")
    );
    assert_eq!(problem.class, Class::UnknownName);
    assert!(problem.known.contains(&"factory".to_owned()), "{problem:?}");
    assert!(!problem.known.contains(&"leasing".to_owned()), "{problem:?}");

    let (at, says, _) = only(&["categories.parts.parts=false"]);
    assert_eq!(at, "sellers.kinds.recycler.share");
    assert!(says.contains("no category is of parts"), "{says}");
    let (at, says, _) = only(&["categories.audio.parts=true"]);
    assert_eq!((&*at, &*says), ("categories.parts.parts", "more than one category of spare parts"));
}

#[test]
fn variants_and_words_are_called_by_their_names() {
    for (set, message, nearest) in [
        ("ranking.boxx={}", "unknown ranking policy `boxx`", Some("box")),
        ("reviews.delay.lognormall={}", "unknown delay `lognormall`", Some("lognormal")),
        ("events.fall.qualityshock={}", "unknown event `qualityshock`", Some("quality-shock")),
        ("engine.refresh=tack", "unknown refresh `tack`", Some("tick")),
        ("ranking.box.evidence=windows", "unknown evidence `windows`", Some("window")),
        (
            "events.fall.review-bombing={from_day=1,days=1,orders_per_day=1,stars=1,\
             target={sellers=1,skip=0,kind=\"trade\"}}",
            "unknown kind of seller `trade`",
            Some("trader"),
        ),
    ] {
        let found = problems(&[set]);
        let about = found.iter().find(|problem| problem.class == Class::UnknownName);
        let problem = about.unwrap_or_else(|| panic!("{set}: {found:?}"));
        assert_eq!((&*problem.message, problem.nearest.as_deref()), (message, nearest), "{set}");
    }
}

#[test]
fn keys_that_contradict_one_another_are_told() {
    for (sets, key, part) in [
        (&["market.window_weeks=4"][..], "joining.monitoring.window_weeks", "looks back further"),
        (&["engine.tick=7s"], "engine.tick", "whole number of ticks"),
        (&["engine.refresh=immediate"], "engine.cells", "so one cell"),
        (&["engine.tick=1s", "weeks=520"], "engine.tick", "too many ticks"),
        (&["shoppers.visits_per_week=1e9", "engine.tick=1h"], "engine.tick", "too many visits"),
        (
            &["engine.tick=1h", "sellers.pricing.follower.looks_per_day=25"],
            "sellers.pricing.follower.looks_per_day",
            "more looks at prices than there are ticks",
        ),
        (&["shoppers.growth_per_week=0.5"], "engine.tick", "too many visits"),
        (
            &["sellers.kinds.certified.stock.bid=0.4"],
            "sellers.kinds.certified.stock.bid",
            "bid_min",
        ),
        (
            &["sellers.kinds.certified.stock.low_days=30"],
            "sellers.kinds.certified.stock.low_days",
            "above high_days",
        ),
    ] {
        let (at, says, _) = only(sets);
        assert!(at == key && says.contains(part), "{sets:?}: {at}: {says}");
    }
}

#[test]
fn a_shorter_run_ends_before_its_peaks_come() {
    assert_eq!(problems(&["weeks=3"]), vec![]);
}
