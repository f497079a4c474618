//! Tests within one world: who meets what, and what the two sides share.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use brocante::history::Fact;
use brocante::market::{Design, Side};
use brocante::ranking::POLICIES;
use brocante::scenario::Scenario;
use brocante::units::{SessionId, US_PER_DAY};
use serde_json::Value;

use crate::worlds::{Past, SMALL, load, path, ranking, run, run_plan};

const DAYS: Design = Design::Windows { length_us: US_PER_DAY };

fn small(overrides: &[&str]) -> Scenario {
    let few = ["shoppers.visits_per_week=1500.0", "weeks=3"];
    load(SMALL, &[&few[..], overrides].concat()).scenario
}

fn test(design: Design, base: &Scenario, other: &Scenario, workers: usize) -> Past {
    run_plan(base, base.plan_test(0, design, other), workers)
}

/// The side of every visit with its slate, as whoever listens would tell it.
fn slates(past: &Past) -> Vec<(SessionId, Side, usize)> {
    let split = past.market.split().expect("a test");
    let told = past.sinks.iter().flat_map(|sink| &sink.told);
    let shown = told.filter_map(|told| match told.fact {
        Fact::Shown { session, .. } => {
            Some((session, split.of_session(session).expect("a visit"), told.slate.len()))
        }
        _ => None,
    });
    shown.collect()
}

/// The strongest thing there is to say of a test that tests nothing: nobody notices it.
#[test]
fn a_world_with_two_sides_alike_is_the_world_without_a_test() {
    for about in POLICIES {
        let scenario = small(&[&ranking(about.name), "shoppers.visits_per_week=700.0", "weeks=2"]);
        let digest = run(&scenario, 2).digest();
        for design in [Design::Shoppers, Design::Sellers, DAYS] {
            let tested = test(design, &scenario, &scenario, 2).digest();
            assert_eq!(tested, digest, "{design:?} of {}", about.name);
        }
    }
}

#[test]
fn nor_is_a_test_noticed_in_exact_time() {
    let exact = ["engine.refresh=\"immediate\"", "engine.cells=1", "weeks=2"];
    let scenario = small(&[&exact[..], &["shoppers.visits_per_week=700.0"]].concat());
    let digest = run(&scenario, 1).digest();
    for design in [Design::Shoppers, Design::Sellers, DAYS] {
        assert_eq!(test(design, &scenario, &scenario, 1).digest(), digest, "{design:?}");
    }
}

#[test]
fn visits_of_nobody_in_particular_can_be_dealt_too() {
    let scenario = small(&["shoppers.loyalty=false"]);
    let digest = run(&scenario, 1).digest();
    assert_eq!(test(Design::Shoppers, &scenario, &scenario, 1).digest(), digest);
    let short = Scenario { market: small(&["market.slate_length=1"]).market, ..scenario.clone() };
    let shown = slates(&test(Design::Shoppers, &scenario, &short, 1));
    assert!(shown.iter().all(|&(_, side, places)| side == Side::A || places <= 1));
    let short = shown.iter().filter(|(_, side, _)| *side == Side::B).count() as f64;
    let share = short / shown.len() as f64;
    assert!((share - 0.5).abs() < 0.04, "{share} of visits");
}

#[test]
fn a_longer_slate_on_the_second_side_is_looked_at_to_its_end() {
    let position = "shoppers.choice.position={decay=0.0}";
    let (two, six) =
        (small(&["market.slate_length=2", position]), small(&["market.slate_length=6", position]));
    let past = test(Design::Shoppers, &two, &six, 1);
    let orders = past.sinks.iter().flat_map(|sink| &sink.told).filter_map(|told| match told.fact {
        Fact::Bought { order } => Some(order.place),
        _ => None,
    });
    // Few shelves of this market have six offers.
    assert!(orders.max() > Some(2), "nobody looks past the second place");
}

/// The lane and whoever listens must agree on who is where: a side that is shown two places is never
/// shown three.
#[test]
fn each_visit_meets_what_its_side_is_to_meet() {
    let (four, two) = (small(&[]), small(&["market.slate_length=2"]));
    for design in [Design::Shoppers, DAYS] {
        let past = test(design, &four, &two, 2);
        let split = past.market.split().expect("a test").clone();
        let shown = slates(&past);
        let most = |of: Side| {
            shown.iter().filter(|(_, side, _)| *side == of).map(|&(.., places)| places).max()
        };
        assert_eq!((most(Side::A), most(Side::B)), (Some(4), Some(2)), "{design:?}");
        let orders =
            past.sinks.iter().flat_map(|sink| &sink.told).filter_map(|told| match told.fact {
                Fact::Bought { order } if order.place > 0 => Some(order),
                _ => None,
            });
        let mut on = [0; 2];
        for order in orders {
            let side = split.of_visit(order.session, order.customer);
            assert_eq!(split.of_session(order.session), Some(side), "{order:?}");
            on[side.index()] += 1;
        }
        assert!(on.iter().all(|&n| n > 20), "{on:?} orders");
    }
}

#[test]
fn a_customer_is_shown_the_ratings_of_its_side_and_ranked_by_its_rule() {
    let base = small(&[]);
    let other = small(&["feedback.display=false", "feedback.ranking=false", &ranking("cheapest")]);
    let market = test(Design::Shoppers, &base, &other, 2).market;
    let neutral = market.neutral_stars() as f32;
    let known = market.sellers().iter().map(|seller| seller.profile().seller);
    let known = known.filter(|&seller| market.stars(seller) != neutral).count();
    assert!(known > 20, "{known} sellers have a rating on one side");
    for seller in market.sellers() {
        assert_eq!(market.view(Side::B).stars(seller.profile().seller), neutral);
    }
}

#[test]
fn the_same_at_any_number_of_workers() {
    let base = small(&[]);
    let visits = small(&["market.slate_length=2", &ranking("thompson")]);
    let sellers = small(&["sellers.supply=5.0", "market.fees.commission=0.3"]);
    for (design, other) in
        [(Design::Shoppers, &visits), (DAYS, &visits), (Design::Sellers, &sellers)]
    {
        let alone = test(design, &base, other, 1).digest();
        assert_ne!(alone, run(&base, 1).digest(), "{design:?}");
        for workers in [2, 3] {
            assert_eq!(
                test(design, &base, other, workers).digest(),
                alone,
                "{design:?}, {workers}"
            );
        }
    }
}

#[test]
fn each_seller_is_charged_what_its_side_is_to_pay() {
    let (base, other) = (small(&[]), small(&["market.fees={commission=0.5,monthly_eur=0.0}"]));
    let past = test(Design::Sellers, &base, &other, 2);
    let split = past.market.split().expect("a test");
    let mut credit = vec![0i64; past.market.sellers().len()];
    let mut fees = [0; 2];
    let ppm = [base.market.fees.commission, 0.5].map(|share| (share * 1e6_f64).round() as u64);
    for told in past.sinks.iter().flat_map(|sink| &sink.told) {
        let (order, sign) = match told.fact {
            Fact::Bought { order } => (order, 1),
            Fact::Cancelled { order } | Fact::Returned { order, .. } => (order, -1),
            Fact::FeeCharged { seller, .. } => {
                fees[split.of_seller(seller).index()] += 1;
                continue;
            }
            _ => continue,
        };
        let price = u64::from(order.price_cents);
        let cut = price * ppm[split.of_seller(order.seller).index()] / 1_000_000;
        credit[order.seller.index()] += sign * (price - cut) as i64;
    }
    for seller in past.market.sellers() {
        let seller = seller.profile().seller;
        assert_eq!(past.market.ledger().credit(seller).0, credit[seller.index()], "{seller:?}");
    }
    let books = past.market.ledger();
    assert_eq!(books.paid, books.credits() + books.commission + books.refunded);
    assert_eq!(fees, [0, 0], "three weeks are no month");
}

#[test]
fn sellers_of_each_side_are_drawn_and_act_by_its_keys() {
    let base = small(&[]);
    let other = small(&["sellers.quality.late={a=6.0,b=4.0}", "sellers.supply=0.01"]);
    let past = test(Design::Sellers, &base, &other, 2);
    let split = past.market.split().expect("a test");
    let (mut late, mut n) = ([0.0; 2], [0.0; 2]);
    for seller in past.market.sellers() {
        let side = split.of_seller(seller.profile().seller).index();
        late[side] += seller.profile().quality.late;
        n[side] += 1.0;
    }
    assert!(late[1] / n[1] > 3.0 * late[0] / n[0], "late {late:?} of {n:?}");
    let mut units = [0u64; 2];
    for told in past.sinks.iter().flat_map(|sink| &sink.told) {
        if let Fact::Restocked { seller, units: more, .. } = told.fact {
            units[split.of_seller(seller).index()] += u64::from(more);
        }
    }
    assert!(units[0] > 5 * units[1], "{units:?} units");
    // One and the same seller is on its side's draw, whoever else there is.
    let all = run(&other, 1);
    for (one, alone) in past.market.sellers().iter().zip(all.market.sellers()) {
        if split.of_seller(one.profile().seller) == Side::B {
            assert_eq!(one.profile(), alone.profile());
        }
    }
}

/// `compare` of the small scenario with few visits, in this folder.
fn compare(folder: &Path, words: &[&str]) -> Output {
    let scenario = path(SMALL).display().to_string();
    let few = ["compare", &scenario, "--set", "shoppers.visits_per_week=2000.0", "--weeks", "2"];
    let mut command = Command::new(cargo_bin!("brocante"));
    let words = [&few[..], &["--out", "out"], words].concat();
    command.args(words).current_dir(folder).output().expect("it runs")
}

fn summary(words: &[&str]) -> Value {
    let root = tempfile::tempdir().unwrap();
    let output = compare(root.path(), &[words, &["--format", "json"]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn rows<'a>(summary: &'a Value, design: &str) -> Vec<&'a Value> {
    let rows = summary["designs"].as_array().expect("designs");
    rows.iter().filter(|row| row["design"] == design).collect()
}

#[test]
fn arms_that_are_alike_differ_by_accident_alone() {
    let designs = "shopper-split,seller-split,switchback";
    let words = ["--arm", "a", "--arm", "b", "--design", designs, "--replications", "6"];
    let summary = summary(&words);
    let (mut outside, mut seen) = (0, 0);
    for design in designs.split(',') {
        for row in rows(&summary, design) {
            let Some(high) = row["high"].as_f64() else { continue };
            assert_eq!((&row["truth"], &row["truth_high"]), (&0.0.into(), &0.0.into()), "{row}");
            assert_eq!(row["bias"], row["estimate"], "{row}");
            seen += 1;
            outside += u32::from(row["low"].as_f64().unwrap() > 0.0 || high < 0.0);
        }
    }
    assert!(seen > 45, "{seen} rows");
    // One in twenty is wrong by design, and metrics of one world hang together.
    assert!(outside <= 7, "{outside} of {seen} intervals leave out 0");
    for world in summary["tested_worlds"].as_array().expect("worlds") {
        let n = world["world"].as_u64().unwrap() as usize;
        assert_eq!(world["digest"], summary["arms"][0]["worlds"][n]["digest"], "{world}");
    }
}

#[test]
fn what_a_test_says_of_a_rule_has_the_right_direction() {
    let boxed = format!("base:{}", ranking("random"));
    let cheapest = format!("cheapest:{}", ranking("cheapest"));
    let arms = ["--arm", &boxed, "--arm", &cheapest, "--replications", "4"];
    let arms = [&arms[..], &["--design", "shopper-split", "--design", "switchback"]].concat();
    let summary = summary(&[&arms[..], &["--window", "12h"]].concat());
    for design in ["shopper-split", "switchback"] {
        let rows = rows(&summary, design);
        let of = |metric: &str, key: &str| {
            let row = rows.iter().find(|row| row["metric"] == metric).expect("a row");
            row[key].as_f64().unwrap_or_else(|| panic!("{row}"))
        };
        assert!(of("price_index", "high") < 0.0, "{design}");
        assert!(of("price_index", "truth_high") < 0.0, "{design}");
        assert!(of("conversion", "low") > 0.0 && of("conversion", "truth_low") > 0.0, "{design}");
        let bias = of("price_index", "estimate") - of("price_index", "truth");
        assert!((of("price_index", "bias") - bias).abs() < 1e-12);
        assert_eq!(rows[0]["metric"], "orders");
        assert_eq!(of("orders", "n"), 4.0);
        assert!(!rows.iter().any(|row| row["metric"] == "gini"), "shares of sales have no sides");
    }
}

#[test]
fn what_a_seller_takes_is_told_of_each_side_by_its_own_commission() {
    let arms = ["--arm", "a:market.fees.commission=0.0", "--arm", "b:market.fees.commission=0.95"];
    let words = [&arms[..], &["--design", "seller-split", "--replications", "2"]].concat();
    let summary = summary(&[&words[..], &["--set", "sellers.exit=false"]].concat());
    for world in summary["tested_worlds"].as_array().expect("worlds") {
        let of = |side: &str, metric: &str| world[side][metric].as_f64().expect("a number");
        let (mine, theirs) = (of("a", "seller_income"), of("b", "seller_income"));
        assert!(theirs > 0.0 && theirs < 0.4 * mine, "{mine} and {theirs} EUR a week");
        // Totals are scaled by sellers: half of the sales stand for about all.
        let whole = summary["arms"][0]["worlds"][0]["counts"]["orders"].as_f64().unwrap();
        let scaled = (of("a", "orders") + of("b", "orders")) / 2.0;
        assert!((scaled / whole - 1.0).abs() < 0.5, "{scaled} orders of {whole}");
        assert!(world["a"].get("conversion").is_none(), "visits have no side");
    }
}

/// Johari, Li, Liskovich and Weintraub (2022): dealing shoppers is right where shoppers are scarce, dealing
/// sellers where stock is; the other one of either is far off.
#[test]
fn the_bias_of_a_design_is_on_the_side_that_is_not_scarce() {
    let scenario = path("scenarios/two-sided.toml").display().to_string();
    let bias = |supply: &str| {
        let arms = ["--arm", "plain", "--arm", "badge:market.badge_stars=0.2"];
        let words =
            ["compare", &scenario, "--weeks", "3", "--replications", "4", "--format", "json"];
        let designs = ["--design", "shopper-split,seller-split", "--set", supply];
        let root = tempfile::tempdir().unwrap();
        let mut command = Command::new(cargo_bin!("brocante"));
        command.args([&words[..], &arms, &designs].concat()).current_dir(root.path());
        let output = command.output().expect("it runs");
        let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        ["shopper-split", "seller-split"].map(|design| {
            let rows = rows(&summary, design);
            let orders = rows.iter().find(|row| row["metric"] == "orders").expect("orders");
            ["bias_low", "bias", "bias_high"].map(|key| orders[key].as_f64().expect("a number"))
        })
    };
    let [shoppers, sellers] = bias("sellers.supply=0.2");
    assert!(shoppers[0] > 0.0 && shoppers[1] > 4.0 * sellers[1].abs(), "{shoppers:?} {sellers:?}");
    let [shoppers, sellers] = bias("sellers.supply=20.0");
    assert!(sellers[0] > 0.0 && sellers[1] > 4.0 * shoppers[1].abs(), "{shoppers:?} {sellers:?}");
}

#[test]
fn what_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let two = ["--arm", "a", "--arm", "b:market.slate_length=2"];
    for (words, says) in [
        (
            &["--arm", "a", "--arm", "b", "--arm", "c", "--design", "switchback"][..],
            "--design with 3 arms",
        ),
        (
            &["--arm", "a", "--arm", "b:sellers.supply=3.0", "--design", "shopper-split"],
            "seller-split",
        ),
        (&["--arm", "a", "--arm", "b:weeks=3", "--design", "switchback"], "different `weeks`"),
        (&[&two[..], &["--design", "seller-split"]].concat(), "different `market.slate_length`"),
        (&[&two[..], &["--window", "1d"]].concat(), "--design switchback"),
        (&[&two[..], &["--design", "switchback", "--window", "90s"]].concat(), "ticks of 1h"),
        (
            &[&two[..], &["--design", "switchback", "--window", "8d"]].concat(),
            "half of the 2 weeks",
        ),
        (&[&two[..], &["--design", "switchback", "--window", "0s"]].concat(), "ticks of 1h"),
        (&[&two[..], &["--design", "seller-spilt"]].concat(), "seller-split"),
    ] {
        let output = compare(root.path(), words);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {stderr}");
        assert!(stderr.contains(says), "{words:?}: {stderr}");
        assert!(!root.path().join("out").exists(), "{words:?}");
    }
}
