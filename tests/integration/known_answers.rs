//! The keys that markets of known outcome are made of, each by what it does in small.

use std::collections::BTreeMap;

use brocante::experiment::{Trial, World};
use brocante::history::Fact;
use brocante::scenario::Scenario;
use brocante::units::{KindId, SellerId};

use crate::worlds::{Past, SMALL, Told, load, run, try_load};

/// A scenario of the folder of known answers.
fn known(name: &str, sets: &[&str]) -> Scenario {
    load(&format!("scenarios/known-answers/{name}.toml"), sets).scenario
}

fn measured(scenario: &Scenario) -> World {
    Trial { scenario, world: 0, workers: 1, measured: true }.run(&mut ())
}

/// Everything that the cell told, in order.
fn told(past: &Past) -> &[Told] {
    &past.sinks[0].told
}

/// How many of the visits took each place; those that left first.
fn places(past: &Past, most: usize) -> Vec<f64> {
    let mut taken = vec![0.0; most + 1];
    for told in told(past) {
        match told.fact {
            Fact::Shown { .. } => taken[0] += 1.0,
            Fact::Bought { order } => {
                taken[0] -= 1.0;
                taken[usize::from(order.place)] += 1.0;
            }
            _ => {}
        }
    }
    taken
}

fn orders_by_seller(past: &Past) -> BTreeMap<SellerId, u32> {
    let mut orders = BTreeMap::new();
    for told in told(past) {
        if let Fact::Bought { order } = told.fact {
            *orders.entry(order.seller).or_default() += 1;
        }
    }
    orders
}

/// Holds counts to expected shares within four standard deviations.
fn shared_as(counts: &[f64], expected: &[f64], what: &str) {
    let n: f64 = counts.iter().sum();
    for (i, (count, p)) in counts.iter().zip(expected).enumerate() {
        let (got, sd) = (count / n, (p * (1.0 - p) / n).sqrt());
        assert!((got - p).abs() <= 4.0 * sd, "{what}, {i}: {got} is not {p} ± {}", 4.0 * sd);
    }
}

#[test]
fn a_run_ends_with_its_last_order() {
    let exact = ["engine.refresh=\"immediate\"", "engine.cells=1", "stop.orders=137"];
    let scenario = load(SMALL, &exact).scenario;
    let world = measured(&scenario);
    assert_eq!((world.counts.orders, world.complete), (137, true));
    // The week that it ended in has its row, and the rows hold every order.
    assert_eq!(world.tables.weeks.len() as u32, world.weeks_done());
    assert!(world.weeks_done() < scenario.weeks, "it was to end early");
    let weekly: u64 = world.tables.weeks.iter().map(|row| row.orders).sum();
    assert_eq!(weekly, 137);
    let end = world.census.ended.expect("it ended early");
    assert_eq!(end.week() + 1, world.weeks_done());
    let past = run(&scenario, 1);
    let last = told(&past).last().expect("facts");
    assert_eq!((last.at, matches!(last.fact, Fact::Bought { .. })), (end, true), "{last:?}");
    // A metric by the week goes by the time that there was.
    let joined = world.metrics.iter().find(|(metric, _)| metric.name == "joined_per_week");
    let weeks = end.days() / 7.0;
    let expected = world.counts.sellers_joined as f64 / weeks;
    let got = joined.and_then(|(_, value)| *value).expect("a value");
    assert!((got - expected).abs() < 1e-9, "{got} is not {expected}");
}

#[test]
fn where_features_wait_for_the_tick_so_does_the_end() {
    let scenario = load(SMALL, &["stop.orders=137"]).scenario;
    let world = measured(&scenario);
    assert!(world.complete && world.weeks_done() < scenario.weeks);
    let end = world.census.ended.expect("it ended early");
    assert!(end.0.is_multiple_of(scenario.clock().tick_us), "{end}");
    let orders = |past: &Past| -> Vec<u64> {
        let all = past.sinks.iter().flat_map(|sink| &sink.told);
        let bought = all.filter(|told| matches!(told.fact, Fact::Bought { .. }));
        bought.map(|told| told.at.0).collect()
    };
    let mut at = orders(&run(&scenario, 2));
    at.sort_unstable();
    assert_eq!(at.len() as u64, world.counts.orders);
    assert!(at.len() >= 137 && at[136] >= end.0 - scenario.clock().tick_us, "not in the last tick");
    // The same at any number of workers, and it is the beginning of the run that goes on.
    assert_eq!(run(&scenario, 2).digest(), world.digest);
    let mut longer = orders(&run(&load(SMALL, &[] as &[&str]).scenario, 1));
    longer.sort_unstable();
    longer.retain(|&time| time < end.0);
    assert_eq!(at, longer);
    // More orders than there are: time ends it, on a week's last tick.
    let world = measured(&load(SMALL, &["stop.orders=1000000"]).scenario);
    assert_eq!((world.weeks_done(), world.complete, world.census.ended), (5, true, None));
}

#[test]
fn given_sellers_are_what_they_are_given_as() {
    let sets = ["stop.orders=900", "sellers.given.dear={count=2,price_eur=150.0}", "weeks=2"];
    let scenario = known("base", &sets);
    let past = run(&scenario, 1);
    let census = past.market.census();
    assert_eq!(census.sellers.len(), 6);
    assert!(census.sellers.iter().all(|card| card.kind == KindId::Given && card.from_start));
    assert!(census.sellers.iter().all(|card| card.true_stars == 5.0), "stars.good says so");
    let mut prices = BTreeMap::new();
    let hub = past.sinks.last().expect("a hub");
    for told in hub.told.iter().chain(told(&past)) {
        match told.fact {
            Fact::Listed { seller, price_cents, .. } => {
                prices.insert(seller.0, price_cents);
            }
            Fact::Repriced { .. } => panic!("a price that stays changed: {told:?}"),
            _ => {}
        }
    }
    let expected = [10_000, 10_000, 10_000, 10_000, 15_000, 15_000];
    assert_eq!(prices.into_values().collect::<Vec<u32>>(), expected);
    // All are alike to `random`, so that nobody ran out of stock.
    let orders: Vec<f64> = orders_by_seller(&past).values().map(|&n| f64::from(n)).collect();
    assert_eq!(orders.iter().sum::<f64>(), 900.0);
    shared_as(&orders, &[1.0 / 6.0; 6], "random");
    // Those who are drawn keep their numbers, and stand beside.
    let beside = load(SMALL, &["sellers.given.one={price_eur=99.99}"]).scenario.plan(0).build();
    let alone = load(SMALL, &[] as &[&str]).scenario.plan(0).build();
    let cards = |market: &brocante::market::Market| market.census().sellers[..40].to_vec();
    assert_eq!(cards(&beside.market), cards(&alone.market));
    assert_eq!(beside.market.census().sellers[40].kind, KindId::Given);
}

#[test]
fn given_sellers_earn_the_stars_that_they_are_given() {
    let shares = "sellers.given.worse.quality={shares={stars=[0.1,0.2,0.3,0.2,0.2]}}";
    let sets = ["stop.orders=4000", shares, "ranking.random={}"];
    let past = run(&known("thompson", &sets), 1);
    let (mut better, mut worse) = ([0.0; 5], [0.0; 5]);
    for told in told(&past) {
        if let Fact::Reviewed { order, stars, .. } = told.fact {
            let counts = if order.seller.0 == 0 { &mut better } else { &mut worse };
            counts[usize::from(stars) - 1] += 1.0;
        }
    }
    shared_as(&better, &[0.1, 0.0, 0.0, 0.0, 0.9], "bernoulli");
    shared_as(&worse, &[0.1, 0.2, 0.3, 0.2, 0.2], "shares");
    let truth = |i: usize| past.market.census().sellers[i].true_stars;
    assert!((truth(0) - 4.6).abs() < 1e-12 && (truth(1) - 3.2).abs() < 1e-12);
}

#[test]
fn the_review_of_an_order_is_known_to_the_next_visit() {
    for policy in ["thompson", "ucb1"] {
        let past = run(&known(policy, &["stop.orders=400"]), 1);
        let (mut known, mut bought) = (0, 0);
        for told in told(&past) {
            match told.fact {
                Fact::Shown { .. } => assert_eq!(known, bought, "{policy}: a review is late"),
                Fact::Bought { .. } => bought += 1,
                Fact::Reviewed { .. } => known += 1,
                _ => {}
            }
        }
        assert_eq!((bought, known), (400, 399));
    }
    // UCB1 tries both at once, and the third goes to the greater index by hand.
    let past = run(&known("ucb1", &["stop.orders=2"]), 1);
    assert_eq!(orders_by_seller(&past).len(), 2, "each arm once");
}

#[test]
fn shares_are_those_of_the_logit_without_a_term_of_the_place() {
    let past = run(&known("mnl", &["stop.orders=6000"]), 1);
    let mut counts = vec![places(&past, 3)[0]];
    counts.extend(orders_by_seller(&past).values().map(|&n| f64::from(n)));
    shared_as(&counts, &[0.15706, 0.42693, 0.25895, 0.15706], "logit");
}

#[test]
fn a_cascade_takes_places_from_the_top() {
    let past = run(&known("cascade", &["stop.orders=6000"]), 1);
    let expected = [0.16807, 0.3, 0.21, 0.147, 0.1029, 0.07203];
    shared_as(&places(&past, 5), &expected, "cascade");
    // Who looks at the box alone takes it with the same chance.
    let box_alone = "shoppers.classes.everybody.choosers=0.0";
    let past = run(&known("cascade", &["stop.orders=2000", box_alone]), 1);
    shared_as(&places(&past, 5)[..2], &[0.7, 0.3], "the box alone");
}

#[test]
fn places_are_looked_at_by_their_chance() {
    // By enumeration of the sets of places that are looked at: see the scenario.
    let expected = [0.329_861, 0.137_222, 0.087_639, 0.064_444, 0.050_972];
    let sets = ["stop.orders=6000", "shoppers.choice.leaving=0.0"];
    let past = run(&known("position", &sets), 1);
    let sold: f64 = expected.iter().sum();
    let all = [&[1.0 - sold], &expected[..]].concat();
    shared_as(&places(&past, 5), &all, "position");
}

#[test]
fn newcomers_come_with_their_chance_and_start_with_a_sale() {
    let scenario = known("yule-simon", &["stop.orders=3000", "sellers.newcomers.most=400"]);
    let past = run(&scenario, 1);
    let orders = orders_by_seller(&past);
    let came = (orders.len() - 1) as f64;
    shared_as(&[came, 3000.0 - came], &[0.1, 0.9], "newcomers");
    // In the order of their numbers, each with the order that it came with.
    let numbers: Vec<u32> = orders.keys().map(|seller| seller.0).collect();
    assert_eq!(numbers, (0..=came as u32).collect::<Vec<u32>>());
    let world = measured(&scenario);
    assert_eq!(world.counts.sellers_joined as f64, came);
    assert_eq!((world.digest, world.counts.orders), (past.digest(), 3000));
    // When all have come, nobody comes.
    let few = run(&known("yule-simon", &["stop.orders=500", "sellers.newcomers.most=7"]), 1);
    assert_eq!(orders_by_seller(&few).len(), 8);
}

#[test]
fn each_is_tried_before_the_best_mean_is_trusted() {
    let scenario = known("best-of-n", &[]);
    let past = run(&scenario, 1);
    let mut orders = orders_by_seller(&past);
    let reviews = |i| past.market.reputations().lifetime(SellerId(i)).reviews;
    assert!((0..10).all(|i| reviews(i) == 5), "five tries each");
    orders.retain(|_, n| *n == 6);
    let chosen = orders.into_keys().next().expect("the last order");
    let mean = |i: u32| past.market.reputations().lifetime(SellerId(i)).stars_sum() / 5.0;
    let best = (0..10).max_by(|&a, &b| mean(a).total_cmp(&mean(b))).expect("ten sellers");
    assert_eq!(chosen.0, best);
}

#[test]
fn real_valued_stars_lie_around_true_means_of_the_market() {
    let sets = ["stop.orders=4001", "ranking.mean-rating.tries=400"];
    let past = run(&known("best-of-n", &sets), 1);
    let truth = |i: u32| past.market.reputations().true_stars(SellerId(i));
    let mean = |i: u32| past.market.reputations().lifetime(SellerId(i)).stars_sum() / 400.0;
    for i in 0..10 {
        let four_sigma = 4.0 * 1.326 / 20.0;
        assert!((mean(i) - truth(i)).abs() < four_sigma, "{}: {} for {}", i, mean(i), truth(i));
    }
    let square = |x: f64| x * x;
    let off: f64 = (0..10).map(|i| square(mean(i) - truth(i))).sum::<f64>() / 10.0;
    let due = 1.326 * 1.326 / 400.0;
    assert!(off > 0.2 * due && off < 3.0 * due, "variance of a mean {off}, not {due}");
    // Another market, other means; another world, the same.
    let of = |sets: &[&str]| {
        let market = known("best-of-n", sets).plan(0).build().market;
        market.census().sellers.iter().map(|card| card.true_stars).collect::<Vec<f64>>()
    };
    assert_eq!(of(&["seed=9"]), of(&["seed=10"]));
    assert_ne!(of(&["market.seed=9"]), of(&["market.seed=10"]));
}

#[test]
fn what_does_not_go_together_is_told() {
    let wrong = |name: &str, sets: &[&str]| {
        let file = format!("scenarios/known-answers/{name}.toml");
        let error = try_load(&file, sets).expect_err("a wrong scenario");
        let problems = error.problems.iter();
        problems.map(|p| (p.key.clone(), p.message.clone())).collect::<Vec<_>>()
    };
    let two = wrong("cascade", &["shoppers.choice.position={decay=1.0}"]);
    assert_eq!(two[0].0, "shoppers.choice.cascade", "{two:?}");
    let late = wrong("yule-simon", &["engine.refresh=\"tick\""]);
    assert_eq!(late[0].0, "engine.refresh", "{late:?}");
    let staff = ["engine.refresh=\"immediate\"", "engine.cells=1", "sellers.newcomers.most=9"];
    let staff = [&staff[..], &["sellers.newcomers.chance=0.1", "sellers.newcomers.price_eur=9.0"]];
    let error = try_load(SMALL, &staff.concat()).expect_err("staff and newcomers");
    assert_eq!(error.problems[0].key, "sellers.newcomers", "{error}");
    let whole = wrong("best-of-n", &["reviews.gaussian=false"]);
    assert_eq!(whole[0].0, "sellers.given.alike.quality.normal", "{whole:?}");
    let nobody = wrong("base", &["sellers.given.alike=false"]);
    assert_eq!(nobody[0].1, "an empty market: nobody sells when it opens", "{nobody:?}");
    let shares = "sellers.given.alike.quality={shares={stars=[0.5,0.0,0.0,0.0,0.6]}}";
    let shares = wrong("base", &[shares]);
    assert_eq!(shares[0].0, "sellers.given.alike.quality.shares.stars", "{shares:?}");
}
