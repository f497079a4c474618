//! What staff sees of the market and does to it, as a whole run shows it.

use brocante::history::{Digest, Fact, Sanction};
use brocante::market::Tally;
use brocante::units::KindId;

use crate::worlds::{Past, SMALL, command, load, ranking, run};

/// The small world with these overrides.
fn world(sets: &[&str]) -> Past {
    run(&load(SMALL, sets).scenario, 2)
}

fn digest(sets: &[&str]) -> Digest {
    world(sets).digest()
}

#[test]
fn oracles_know_true_stars_from_the_first_visit_on() {
    let (quality, price) = (ranking("oracle-quality"), ranking("cheapest"));
    // Without drift, true quality is what it was at the start, and must be known all the same.
    let drift = "sellers.quality.drift=false";
    assert_ne!(
        digest(&["weeks=1", "events.slander=false", "events.war=false", drift, &quality]),
        digest(&["weeks=1", "events.slander=false", "events.war=false", drift, &price])
    );
    let past = world(&["weeks=1", "events.slander=false", "events.war=false", drift, &quality]);
    for seller in past.market.sellers().iter().filter(|seller| seller.is_live()) {
        let (number, category) = (seller.profile().seller, brocante::units::CategoryId(0));
        let stars = past.market.reputations().merit(number, category, 0, true).true_stars;
        assert!((1.0..=5.0).contains(&stars), "{number:?} truly earns {stars} stars");
    }
}

#[test]
fn answers_that_nobody_asked_for_cost_no_stars() {
    let support = |requests: f64, days: f64| {
        let requests = format!("joining.support.requests_per_order={requests:?}");
        let slow = format!("joining.support.slow_after_days={days:?}");
        let sets = [&requests, &slow, "joining.support.requests_per_problem=0.0", "weeks=2"];
        digest(&sets)
    };
    assert_eq!(support(0.0, 0.01), support(0.0, 365.0), "nobody asks, so nobody waits");
    assert_ne!(support(1.0, 0.01), support(1.0, 365.0), "everybody asks");
}

#[test]
fn monitoring_of_one_week_sees_the_week_that_ended() {
    let sets = [
        "joining.monitoring.window_weeks=1",
        "joining.monitoring.orders_min=1",
        "joining.monitoring.late_max=0.0",
        // Nothing else is held against anybody.
        "joining.monitoring.defect_max=1.0",
        "joining.monitoring.cancel_max=1.0",
        "joining.monitoring.slow_max=1.0",
        "joining.monitoring.mystery_failed_max=1000",
        "weeks=2",
    ];
    let past = world(&sets);
    let told = past.sinks.iter().flat_map(|sink| &sink.told);
    let warned = told.filter(|told| {
        let warning = Sanction::Warning;
        matches!(told.fact, Fact::Sanctioned { sanction, .. } if sanction == warning)
    });
    assert!(warned.count() > 5, "late orders go unseen: {}", command(SMALL, &sets));
}

/// A world whose account managers propose something every day, and sellers ask their target prices.
fn proposing(sets: &[&str]) -> Past {
    let calm = [
        "sellers.pricing.fixed_margin.share=1.0",
        "sellers.pricing.follower=false",
        "sellers.pricing.clearance=false",
        "sellers.pricing.learner=false",
        "joining.management.propose_every_days=1",
        "joining.management.cases_per_staff=40.0",
    ];
    world(&[&calm[..], sets].concat())
}

#[test]
fn prices_are_met_down_to_break_even() {
    let list_share = "joining.management.list_share=0.0";
    let mean_markup = |past: &Past| {
        let (mut sum, mut n) = (0.0, 0.0);
        for offers in past.cells.iter().map(|cell| cell.offers()) {
            for slot in offers.slots() {
                let sold_here = offers.spots(slot).filter(|&spot| offers.is_listed(spot));
                for spot in sold_here {
                    let reference = past.market.reference_eur(offers.product(slot));
                    let (price, row) = (f64::from(offers.price(spot)), offers.row(spot));
                    // Prices fall a little with the reference after units were bought; what lots
                    // will cost nobody knows beforehand.
                    let least = 0.95 * past.market.break_even(offers.seller(spot), row.unit_cost);
                    let kind = past.market.seller(offers.seller(spot)).profile().kind;
                    let steady = matches!(kind, KindId::Repairer | KindId::Retailer);
                    assert!(!steady || price >= least, "{price} asked, {least} paid: {row:?}");
                    sum += price / reference;
                    n += 1.0;
                }
            }
        }
        sum / n
    };
    // Cheap enough to buy that there is room to meet prices.
    let cost = "sellers.cost_share=0.5";
    let deaf = proposing(&[list_share, cost, "sellers.accept_proposal=0.0"]);
    let heard = proposing(&[list_share, cost, "sellers.accept_proposal=1.0"]);
    let (deaf, heard) = (mean_markup(&deaf), mean_markup(&heard));
    assert!(heard < 0.97 * deaf, "targets of {heard} of reference, {deaf} without proposals");
}

#[test]
fn a_refusal_does_not_end_the_widening_of_a_catalogue() {
    let sets = ["joining.management.list_share=1.0", "sellers.accept_proposal=0.3"];
    let past = proposing(&sets);
    let mut listed = std::collections::BTreeMap::new();
    for told in past.sinks.iter().flat_map(|sink| &sink.told) {
        if let Fact::Listed { seller, .. } = told.fact
            && told.at.0 > 0
        {
            *listed.entry(seller).or_insert(0) += 1;
        }
    }
    // Of those who were there from the start, as joiners list a catalogue when they go live.
    let residents = past.market.census().sellers.iter().filter(|card| card.from_start);
    let wide = residents.filter(|card| listed.get(&card.seller).is_some_and(|&n| n >= 3)).count();
    assert!(wide > 5, "{wide} sellers took up three products or more");
}

#[test]
fn the_past_was_reviewed_and_sent_back_as_the_run_is() {
    let few =
        ["weeks=1", "events.slander=false", "events.war=false", "shoppers.visits_per_week=20.0"];
    let sum = |sets: &[&str], of: &dyn Fn(&Tally) -> u32| {
        let past = world(&[&few[..], sets].concat());
        let sellers = past.market.sellers().iter().filter(|seller| seller.is_live());
        let known = |number| of(past.market.reputations().lifetime(number));
        sellers.map(|seller| known(seller.profile().seller)).sum::<u32>()
    };
    let happy = ["reviews.response=[0.0,0.0,0.0,0.0,1.0]"];
    let (stars, reviews) = (sum(&happy, &|t| t.stars), sum(&happy, &|t| t.reviews));
    assert!(reviews > 100 && stars == 5 * reviews, "{stars} stars in {reviews} reviews");

    let back = ["defective", "misgraded", "late", "otherwise"];
    let back = back.map(|key| format!("shoppers.returns.{key}=1.0"));
    let back: Vec<&str> = back.iter().map(String::as_str).collect();
    let (sent, came) = (sum(&back, &|t| t.returned), sum(&back, &|t| t.delivered));
    assert!(f64::from(sent) > 0.98 * f64::from(came), "{sent} of {came} were sent back");

    let cancelled = ["sellers.quality.cancel={a=90.0,b=10.0}"];
    let (late, came) = (sum(&cancelled, &|t| t.late), sum(&cancelled, &|t| t.delivered));
    let share = f64::from(late) / f64::from(came);
    assert!(
        (0.04..0.12).contains(&share),
        "{late} late of {came} that came, nine in ten called off"
    );
}
