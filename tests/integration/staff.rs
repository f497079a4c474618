//! What staff sees of the market and does to it, as a whole run shows it.

use brocante::history::{Digest, Fact, Sanction};

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
    assert_ne!(digest(&["weeks=1", drift, &quality]), digest(&["weeks=1", drift, &price]));
    let past = world(&["weeks=1", drift, &quality]);
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
