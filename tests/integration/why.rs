//! `brocante why`: the slate of a moment, its scores taken apart.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use brocante::experiment::{Asked, Slate, Trial};
use brocante::ranking::{POLICIES, RankingSpec};
use brocante::report::why_text;
use brocante::scenario::{self, Scenario};
use brocante::units::{ClassId, CountryId, ProductId};
use serde_json::Value;

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/small.toml");

fn small(overrides: &[&str]) -> Scenario {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    scenario::load(Path::new(SMALL), &overrides).unwrap_or_else(|wrong| panic!("{wrong}")).scenario
}

fn why(scenario: &Scenario, asked: &Asked) -> Slate {
    let trial = Trial { scenario, world: 0, workers: 1, measured: false };
    trial.why(asked, &mut ()).expect("nobody stops it")
}

/// A product that many offer, seen whole.
fn asked(scenario: &Scenario, week: u32) -> Asked {
    let country = scenario.countries.keys().position(|name| name == "france").expect("France");
    let (product, country) = (ProductId(33), CountryId(country as u8));
    Asked { week, product, country, class: ClassId(0), places: Some(50) }
}

/// Every policy explains the very scores that it ranks by, and its slate is in their order.
#[test]
fn the_order_is_that_of_the_scores_explained() {
    for about in POLICIES {
        let mut scenario = small(&[]);
        scenario.ranking = RankingSpec::reference(about.name).expect("a policy");
        for week in [0, 2] {
            let slate = why(&scenario, &asked(&scenario, week));
            assert_eq!(slate.policy, about.name);
            assert!(slate.offers.len() > 2, "{}: {} offers", about.name, slate.offers.len());
            assert_eq!(slate.offers.len(), slate.candidates, "{}", about.name);
            for (i, offer) in slate.offers.iter().enumerate() {
                let terms = &offer.terms;
                let explained = terms.iter().rfind(|term| term.name == "score").expect("a score");
                let score = explained.value as f32;
                assert_eq!(score.to_bits(), offer.score.to_bits(), "{}: {terms:?}", about.name);
                assert_eq!(offer.place, i + 1);
            }
            let falls = slate.offers.windows(2).all(|two| two[0].score >= two[1].score);
            assert!(falls, "{} in week {week}: {:?}", about.name, slate.offers);
            let text = why_text(&slate);
            assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        }
    }
}

/// The shuffles of `epsilon-greedy` are told from its trades.
#[test]
fn a_shuffled_query_is_explained_by_its_draw() {
    for (epsilon, shuffled) in [(1.0, true), (0.0, false)] {
        let mut scenario = small(&[]);
        let Some(RankingSpec::EpsilonGreedy(mut spec)) = RankingSpec::reference("epsilon-greedy")
        else {
            unreachable!()
        };
        spec.epsilon = epsilon;
        scenario.ranking = RankingSpec::EpsilonGreedy(spec);
        let slate = why(&scenario, &asked(&scenario, 1));
        for offer in &slate.offers {
            let scores: Vec<_> = offer.terms.iter().filter(|t| t.name == "score").collect();
            assert_eq!(scores.len(), 2, "the trade's, then the query's: {:?}", offer.terms);
            assert_eq!(scores[0] != scores[1], shuffled, "epsilon {epsilon}: {:?}", offer.terms);
        }
    }
}

/// At the price to win the score of the reference policy, redone from its terms, is that of the box.
#[test]
fn the_price_to_win_draws_level_with_the_box() {
    let scenario = small(&[]);
    let slate = why(&scenario, &asked(&scenario, 2));
    let best = f64::from(slate.offers[0].score);
    assert_eq!(slate.offers[0].level_eur, None);
    for offer in &slate.offers[1..] {
        let price = f64::from(offer.level_eur.expect("price decides"));
        let score = f64::from(offer.score) * f64::from(offer.price_eur) / price;
        assert!((score / best - 1.0).abs() < 1e-5, "{score} against {best}: {offer:?}");
    }
}

/// Who is listed is on the slate or is absent with a reason, and more places change nobody's place.
#[test]
fn nobody_is_left_out_without_a_reason() {
    let scenario = small(&[]);
    let mut reasons = Vec::new();
    for product in 0..40 {
        let whole = Asked { product: ProductId(product), ..asked(&scenario, 0) };
        let slate = why(&scenario, &whole);
        let absent = slate.absent.iter().map(|absent| absent.seller);
        let mut who: Vec<u32> = slate.offers.iter().map(|o| o.seller).chain(absent).collect();
        let all = who.len();
        who.sort_unstable();
        who.dedup();
        assert_eq!(who.len(), all, "a seller has one offer of a product");
        assert!(slate.absent.iter().all(|absent| !absent.reasons.is_empty()));
        reasons.extend(slate.absent.into_iter().flat_map(|absent| absent.reasons));
        if product == 33 {
            let seen = why(&scenario, &Asked { places: None, ..whole });
            assert_eq!(seen.offers.len(), 4);
            assert_eq!(seen.offers, slate.offers[..4]);
        }
    }
    assert!(reasons.iter().any(|reason| reason == "out of stock"), "{reasons:?}");
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(cargo_bin!("brocante"))
        .args(["why", SMALL])
        .args(arguments)
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_there_is_not_ends_with_2_and_what_there_is() {
    for (arguments, says) in [
        (&["--product", "40", "--week", "1"][..], "there is no product 40\n  = allowed: 0 to 39"),
        (&["--product", "1", "--week", "5"], "there is no week 5\n  = allowed: 0 to 4"),
        (
            &["--product", "1", "--week", "1", "--country", "frnace"],
            "did you mean `france`? allowed: ",
        ),
        (&["--product", "1", "--week", "1", "--class", "?"], "there is no class `?`"),
        (&["--product", "1", "--week", "1", "--places", "0"], "--places"),
        (&["--week", "1"], "--product"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
}

#[test]
fn the_text_and_the_same_as_data() {
    let arguments = ["--product", "33", "--week", "2"];
    let (code, text, stderr) = run(&arguments);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(text);
    let (code, stdout, _) = run(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(code, Some(0));
    let value: Value = serde_json::from_str(&stdout).expect("JSON");
    let offers = value["offers"].as_array().expect("offers");
    assert_eq!(offers.len(), 4);
    assert!(offers.iter().all(|offer| text.contains(&offer["score"].to_string())), "{stdout}");
    assert_eq!(value["policy"], "box");
    assert_eq!(offers[0]["terms"][0]["name"], "reviews");
}
