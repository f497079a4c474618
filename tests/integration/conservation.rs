//! Nothing comes from nothing: the books of random markets, audited by [`crate::books`].

use std::collections::BTreeSet;

use brocante::ranking::POLICIES;
use proptest::prelude::*;

use crate::books::audit;
use crate::worlds::{SMALL, command, load, ranking, run, try_load};

/// Runs the small world with overrides and audits its books.
fn books_of(overrides: &[String]) -> Result<(), String> {
    let scenario = load(SMALL, overrides).scenario;
    let past = run(&scenario, 1);
    audit(&scenario, &past).map_err(|why| {
        let set = overrides.join(" ; ");
        format!(
            "seed {}, market.seed {}: {why}\nthe world: {}\nthe audit again: \
             WORLD='{set}' cargo test --test integration books_of_a_named_world",
            scenario.seed,
            scenario.market.seed,
            command(SMALL, overrides),
        )
    })
}

/// The small world itself, or the one whose overrides stand in `WORLD`, parted by `;`.
#[test]
fn books_of_a_named_world() {
    let named = std::env::var("WORLD").unwrap_or_default();
    let overrides: Vec<String> =
        named.split(';').map(str::trim).filter(|set| !set.is_empty()).map(str::to_owned).collect();
    if let Err(why) = books_of(&overrides) {
        panic!("{why}");
    }
}

/// An audit of nothing finds nothing wrong: in the small world every kind of fact is told.
#[test]
fn everything_happens_in_the_small_world() {
    let past = run(&load(SMALL, &[] as &[&str]).scenario, 1);
    let told: BTreeSet<String> = past
        .sinks
        .iter()
        .flat_map(|sink| &sink.told)
        .map(|told| match told.fact {
            brocante::history::Fact::Sanctioned { sanction, .. } => format!("{sanction:?}"),
            brocante::history::Fact::StageEntered { stage, .. } => format!("{stage:?}"),
            brocante::history::Fact::Exited { reason, .. } => format!("{reason:?}"),
            fact => fact.kind().to_string(),
        })
        .collect();
    // 23 kinds, three of them told apart further: 4 sanctions, 6 stages, 2 reasons.
    assert_eq!(told.len(), 20 + 4 + 6 + 2, "{told:?}");
}

/// What a random world may be: from each line one choice, each a list of overrides parted by `;`. The
/// first of a line leaves the small world as it is, and failures are shrunk towards it.
const LINES: &[&[&str]] = &[
    &["", "engine.cells=1", "engine.cells=2", "engine.cells=9"],
    &["", "engine.tick=15m", "engine.tick=30m", "engine.tick=10m"],
    &["", "", "", "engine.refresh=immediate ; engine.cells=1"],
    &["weeks=5", "weeks=3", "weeks=9"],
    &["", "sellers.count=3", "sellers.count=150"],
    &["", "market.products.count=3", "market.products.count=200"],
    &["", "market.slate_length=1", "market.slate_length=50"],
    &["", "shoppers.visits_per_week=50.0", "shoppers.visits_per_week=12000.0"],
    &["", "sellers.supply=0.05", "sellers.supply=1.0", "sellers.supply=1000.0"],
    &["", "sellers.capacity=0.05 ; sellers.capacity_min=1", "sellers.capacity=1e12"],
    &["", "joining.trial.order_cap=1", "joining.trial.order_cap=9"],
    &["", "feedback.ranking=false", "feedback.display=false"],
    &["", "feedback.staff=false", "feedback.sellers=false"],
    &["", "", "fulfilment=false"],
    &["", "", "reviews=false", "reviews.asked_after_days=0.0"],
    &["", "reviews.response=[1.0,1.0,1.0,1.0,1.0]", "reviews.response=[0.9,0.1,0.0,0.2,1.0]"],
    &["", "reviews.delay.exponential={mean_days=0.0}", "reviews.delay.exponential={mean_days=9.0}"],
    &["", "shoppers.returns=false", "shoppers.returns.within_days=0.0"],
    &["", "shoppers.loyalty=false", "shoppers.loyalty.customers=7", "shoppers.loyalty.customers=1"],
    &["", "shoppers.choice.leaving=false", "shoppers.choice.leaving=-3.0"],
    &["", "joining=false", "joining.leads.per_week=150.0"],
    &["", "sellers.exit=false", "sellers.exit.tolerated_loss=200.0"],
    &["", "sellers.past=false", "sellers.reaction=false"],
    &["", "fulfilment.handling_median_days=0.0", "fulfilment.handling_median_days=9.0"],
    &["", "sellers.quality.cancel={a=9.0,b=1.0}", "sellers.quality.defect={a=5.0,b=5.0}"],
    &[
        "",
        "market.fees.commission=0.0",
        "market.fees.commission=0.123457",
        "market.fees.commission=1.0",
    ],
    &["", "market.fees.monthly_eur=0.0", "market.fees.monthly_eur=3333.33"],
    &["", "categories.audio.price_eur=0.01", "categories.smartphones.price_eur=1e6"],
    &["", "market.lookups_a_day=1", "sellers.pricing.follower.looks_per_day=24.0"],
    &["", "events.slander=false", "events.slander.review-bombing.orders_per_day=400"],
    &["", "events.recall=false", "events.recall.quality-shock.days=1"],
    &["", "", ECHO],
    &["", "events.war=false", "events.war.price-floor.factor=0.1"],
    &["", "events.hoard.stock-up.factor=0.0", "events.hoard.stock-up.factor=100.0"],
    &["", "", LOTS],
    &["", "shoppers.growth_per_week=-0.5", "shoppers.growth_per_week=0.5"],
    &["", "sellers.shipping.home_only=1.0", "sellers.shipping.home_only=0.0"],
    &["", "sellers.quality.late={a=9.0,b=1.0}", "sellers.quality.drift.rate_sd=2.0"],
    &[
        "",
        "joining.trial.days_min=0 ; joining.trial.delivered_min=0",
        "joining.charter.risk_max=1.0",
    ],
    &[
        "",
        "reviews.inflation_per_week=1.0",
        "market.window_weeks=1 ; joining.monitoring.window_weeks=1",
    ],
    &["", "joining.support.requests_per_order=3.0", "joining.mystery.orders_per_month=0.0"],
    &["", "joining.monitoring.suspension_days=1", "joining.monitoring.step_days=0"],
];

/// These, and the policies.
fn choices() -> Vec<Vec<String>> {
    let line = |line: &&[&str]| line.iter().map(|&choice| choice.to_owned()).collect();
    let policies = POLICIES.iter().map(|about| ranking(about.name));
    let policies = [String::new()].into_iter().chain(policies).collect();
    LINES.iter().map(line).chain([policies]).collect()
}

/// A second campaign against the same sellers at the same time.
const ECHO: &str = "events.echo.review-bombing={target={sellers=3,skip=1},from_day=9,days=12,\
                    orders_per_day=7,stars=5}";

/// Nobody but wholesalers and traders, who have no stock but lots.
const LOTS: &str = "sellers.kinds.wholesaler.share=0.5 ; sellers.kinds.trader.share=0.5 ; \
                    sellers.kinds.factory=false ; sellers.kinds.repairer=false ; \
                    sellers.kinds.recycler=false ; sellers.kinds.leasing=false ; \
                    sellers.kinds.retailer=false ; sellers.kinds.certified=false";

/// How many worlds are drawn: `WORLDS` of them, for who has the time.
fn how_many() -> ProptestConfig {
    let asked = std::env::var("WORLDS").ok().and_then(|n| n.parse().ok());
    let config = ProptestConfig::with_cases(asked.unwrap_or(48));
    // A failure says how it is run again, so no file needs to remember it.
    ProptestConfig { failure_persistence: None, ..config }
}

/// Overrides of a random world: its seeds, and each line's choice.
fn worlds() -> impl Strategy<Value = Vec<String>> {
    let lines: Vec<_> = choices().into_iter().map(prop::sample::select).collect();
    (0u32..1_000_000, 0u32..1_000_000, lines).prop_map(|(seed, market, chosen)| {
        let sets = chosen.iter().flat_map(|choice| choice.split(';')).map(str::trim);
        let mut sets: Vec<String> = sets.filter(|set| !set.is_empty()).map(str::to_owned).collect();
        // What is switched off cannot be changed as well.
        let off: Vec<String> =
            sets.iter().filter_map(|set| set.strip_suffix("=false")).map(str::to_owned).collect();
        sets.retain(|set| !off.iter().any(|off| set.starts_with(&format!("{off}."))));
        sets.extend([format!("seed={seed}"), format!("market.seed={market}")]);
        sets
    })
}

/// The random worlds leave out what no scenario may have, so none of their choices may be such.
#[test]
fn every_choice_of_a_random_world_is_allowed() {
    for choice in choices().into_iter().flatten() {
        let sets: Vec<&str> = choice.split(';').map(str::trim).filter(|s| !s.is_empty()).collect();
        load(SMALL, &sets);
    }
}

proptest! {
    #![proptest_config(how_many())]

    #[test]
    fn the_books_of_random_worlds_balance(overrides in worlds()) {
        prop_assume!(try_load(SMALL, &overrides).is_ok());
        if let Err(why) = books_of(&overrides) {
            prop_assert!(false, "{}", why);
        }
    }
}
