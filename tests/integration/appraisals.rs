//! Visits taken apart: the appraisals of a real world against its own facts, and the metrics of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use brocante::driver::{Go, Lane, Watch, Work, simulate};
use brocante::experiment::{Trial, World};
use brocante::history::{Appraisal, Appraised, Digest, Fact, FactSink};
use brocante::market::{Market, Opening};
use brocante::ranking::POLICIES;
use brocante::scenario::Scenario;
use brocante::units::{SellerId, SessionId, SimTime};

use crate::worlds::{SMALL, load, ranking, run};

/// An appraisal, owned; the candidates stand beside it.
struct Kept {
    told: Appraisal<'static>,
    candidates: Vec<Appraised>,
}

impl Kept {
    fn value(&self, place: u8) -> f64 {
        let there = |one: &&Appraised| one.shown.is_some_and(|shown| shown.number == place);
        self.candidates.iter().find(there).expect("a place of the slate").value
    }

    fn best(&self) -> f64 {
        self.candidates.iter().map(|one| one.value).fold(f64::MIN, f64::max)
    }
}

/// A sink that keeps appraisals, and of facts what was shown and where it was bought.
#[derive(Default)]
struct Keep {
    digest: Digest,
    kept: Vec<Kept>,
    slates: BTreeMap<SessionId, Vec<SellerId>>,
    bought: BTreeMap<SessionId, (u8, SellerId, u32)>,
}

impl FactSink for Keep {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        self.digest.add(at, fact);
        match *fact {
            Fact::Shown { session, slate, .. } => {
                self.slates.insert(session, slate.to_vec());
            }
            Fact::Bought { order } if order.place > 0 => {
                self.bought.insert(order.session, (order.place, order.seller, order.price_cents));
            }
            _ => {}
        }
    }

    fn appraises(&self) -> bool {
        true
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        let candidates = appraisal.candidates.to_vec();
        self.kept.push(Kept { told: Appraisal { candidates: &[], ..*appraisal }, candidates });
    }
}

/// Nobody watches.
struct Unwatched;

impl Watch<Keep> for Unwatched {
    fn day(&mut self, _: u32, _: Work) -> Go {
        ControlFlow::Continue(())
    }

    fn week(&mut self, _: u32, _: &mut [&mut Keep], _: &Market) {}
}

/// What each cell told, and what happened between cells.
fn appraised(scenario: &Scenario) -> Vec<Keep> {
    let clock = scenario.clock();
    let Opening { market, cells, popularity } = scenario.plan(0).build();
    let lanes = cells.into_iter().zip(&popularity);
    let lanes = lanes.map(|(cell, shares)| Lane::new(cell, shares, &clock, Keep::default()));
    let over = simulate(clock, market, lanes.collect(), Keep::default(), 1, &mut Unwatched);
    over.lanes.into_iter().map(|lane| lane.sink).chain([over.sink]).collect()
}

fn measured(overrides: &[impl AsRef<str>]) -> World {
    let loaded = load(SMALL, overrides);
    Trial { scenario: &loaded.scenario, world: 0, workers: 2, measured: true }.run(&mut ())
}

/// A metric of the whole run.
fn metric(world: &World, name: &str) -> Option<f64> {
    let found = world.metrics.iter().find(|(metric, _)| metric.name == name);
    found.unwrap_or_else(|| panic!("no metric {name}")).1
}

const PARTS: [&str; 3] =
    ["value_regret_mismatch", "value_regret_information", "value_regret_choice"];

#[test]
fn an_appraisal_is_of_the_slate_and_the_order_that_were_told() {
    let scenario = load(SMALL, &["weeks=3"]).scenario;
    let told = appraised(&scenario);
    let digest = Digest::join(told.iter().map(|keep| keep.digest));
    assert_eq!(digest, run(&scenario, 2).digest(), "appraisals must change nothing");
    let (mut visits, mut sold) = (0usize, 0usize);
    for keep in &told {
        let mut ordered = BTreeSet::new();
        for Kept { told, candidates } in &keep.kept {
            let mut shown: Vec<_> = candidates.iter().filter(|one| one.shown.is_some()).collect();
            shown.sort_by_key(|one| one.shown.map(|place| place.number));
            let slate = &keep.slates[&told.session];
            assert!(shown.iter().map(|one| &one.seller).eq(slate), "{:?}", told.session);
            assert!(shown.windows(2).all(|two| two[0].score >= two[1].score));
            let least = shown.last().map_or(f32::INFINITY, |one| one.score);
            let unseen = candidates.iter().filter(|one| one.shown.is_none());
            assert!(unseen.clone().all(|one| one.score <= least));
            assert!(unseen.count() == 0 || shown.len() == 4, "a slate with room left");
            let order = keep.bought.get(&told.session);
            assert_eq!(told.chosen, order.map(|order| order.0), "{:?}", told.session);
            if let Some(&(place, seller, cents)) = order {
                let from = shown[usize::from(place) - 1];
                assert_eq!((from.seller, from.price_cents), (seller, cents));
                assert!(usize::from(place) <= told.looked);
                ordered.insert(told.session);
            }
            visits += usize::from(told.of_visits);
        }
        assert_eq!(ordered.len(), keep.bought.len(), "of few orders all are appraised");
        sold += ordered.len();
    }
    let all: usize = told.iter().map(|keep| keep.slates.len()).sum();
    let expected = all as f64 / 8.0;
    assert!((visits as f64 - expected).abs() < 5.0 * expected.sqrt(), "{visits} of {all} visits");
    assert!(sold > 100, "{sold} orders");
}

#[test]
fn regret_is_the_sum_of_its_parts_in_every_week_and_under_every_policy() {
    for about in POLICIES {
        let world = measured(&["weeks=2".to_owned(), ranking(about.name)]);
        let whole = metric(&world, "value_regret").expect("orders");
        let parts = PARTS.map(|name| metric(&world, name).expect("orders"));
        let name = about.name;
        assert!((whole - parts.iter().sum::<f64>()).abs() < 1e-9, "{name}: {whole}, {parts:?}");
        assert!(whole > 0.0 && parts[0] >= 0.0, "{name}: {whole}, {parts:?}");
        for row in &world.tables.weeks {
            let part = |name: &&str| row.get(name).expect("orders");
            let sum: f64 = PARTS.iter().map(part).sum();
            assert!((row.get("value_regret").expect("orders") - sum).abs() < 1e-9, "{name}");
        }
    }
}

#[test]
fn the_parts_blame_whom_they_should() {
    let parts_of = |overrides: &[String]| {
        let world = measured(overrides);
        PARTS.map(|name| metric(&world, name).expect("orders"))
    };
    // Who ranks by value and knows it errs in nothing but the last bits of 32.
    let [mismatch, information, _] = parts_of(&[ranking("oracle-value")]);
    assert!(mismatch.abs() < 1e-3 && information.abs() < 1e-3, "{mismatch}, {information}");
    // Who knows quality but weighs it in another way is wrong in its aim alone; who looks at prices
    // alone needs to know no more.
    for policy in ["oracle-quality", "cheapest"] {
        let [mismatch, information, _] = parts_of(&[ranking(policy)]);
        assert!(mismatch > 1.0 && information.abs() < 1e-2, "{policy}: {mismatch}, {information}");
    }
    // The same aim by reviews: what it lacks is information.
    let [_, information, _] = parts_of(&[ranking("quality-per-price")]);
    assert!(information > 0.1, "{information}");
    // Who shuffles has no aim: what is meant is the mean of all, and that is what comes of it where
    // everybody buys what the box has. (Where shoppers may leave, they buy if the box is good.)
    let boxed = ["bargain", "careful", "usual"];
    let boxed = boxed.map(|class| format!("shoppers.classes.{class}.choosers=0.0"));
    let mut captive = boxed.to_vec();
    captive.extend([ranking("random"), "shoppers.choice.leaving=-90.0".to_owned()]);
    let [mismatch, information, _] = parts_of(&captive);
    assert!(mismatch > 10.0 && information.abs() < 0.05 * mismatch, "{mismatch}, {information}");
    // Where all take the box there is no choice to regret.
    assert_eq!(parts_of(&boxed)[2], 0.0);
}

#[test]
fn regret_is_what_the_appraisals_say() {
    let told = appraised(&load(SMALL, &[""; 0]).scenario);
    let orders = told.iter().flat_map(|keep| &keep.kept);
    let orders = orders.filter_map(|one| Some((one, one.told.chosen?)));
    let regrets: Vec<f64> = orders.map(|(one, place)| one.best() - one.value(place)).collect();
    let mean = regrets.iter().sum::<f64>() / regrets.len() as f64;
    let got = metric(&measured(&[""; 0]), "value_regret").expect("orders");
    assert!((got - mean).abs() < 1e-6, "{got}, not {mean}");
}

#[test]
fn metrics_of_slates_tell_good_ranking_from_bad() {
    let [oracle, random] = ["oracle-value", "random"].map(|policy| measured(&[ranking(policy)]));
    let both = |name: &str| [&oracle, &random].map(|world| metric(world, name).expect(name));
    let [sure, blind] = both("accuracy_tau");
    assert!(sure > 0.999 && blind.abs() < 0.1, "{sure}, {blind}");
    let [fair, unfair] = both("exposure_merit_gap");
    assert!(0.0 < fair && fair < unfair && unfair < 1.0, "{fair}, {unfair}");
    let [best, worst] = both("consumer_surplus");
    assert!(best > worst && worst > 0.0, "{best}, {worst}");
    let [near, far] = both("offers_within_5pct");
    assert!(near > 0.0 && far > 0.0);
    let [none, some] = both("box_regret");
    assert!(none.abs() < 1e-3 && some > 10.0, "{none}, {some}");
    let [first, any] = both("price_competition");
    assert!((0.5..1.5).contains(&first) && (0.8..1.3).contains(&any), "{first}, {any}");
    // What was not observed is nothing.
    let kept = measured(&["shoppers.visits_per_week=0.001"]);
    for name in PARTS.into_iter().chain(["value_regret", "accuracy_tau", "consumer_surplus"]) {
        assert_eq!(metric(&kept, name), None, "{name}");
    }
}

#[test]
fn standards_that_drift_are_seen_in_the_stars() {
    // Nobody's quality changes: then the slope is that of standards.
    let same = "={late=1.0,defect=1.0,misgrade=1.0,cancel=1.0,service=0.0}";
    let still = [
        "events.recall.quality-shock.change",
        "sellers.quality.action_plan.change",
        "sellers.reaction.care",
    ];
    let slope = |drift: f64| {
        let mut set = still.map(|key| format!("{key}{same}")).to_vec();
        set.extend([
            format!("reviews.inflation_per_week={drift}"),
            "sellers.quality.drift.rate_sd=0.0".to_owned(),
            "sellers.quality.drift.service_sd=0.0".to_owned(),
            "shoppers.visits_per_week=20000.0".to_owned(),
        ]);
        metric(&measured(&set), "rating_inflation").expect("reviews in several weeks")
    };
    // Some 6,700 reviews over five weeks: a standard error of .012 stars a week.
    let [down, none, up] = [-0.2, 0.0, 0.2].map(slope);
    assert!(none.abs() < 0.04, "{none}");
    assert!(down < none - 0.05 && up > none + 0.05, "{down}, {none}, {up}");
}

#[test]
fn a_higher_commission_leaves_sellers_less() {
    let p10 = |set: &[&str]| metric(&measured(set), "seller_income_p10").expect("sellers");
    let (usual, dear) = (p10(&[]), p10(&["market.fees.commission=0.5"]));
    assert!(usual > dear, "{usual} EUR a week, {dear} with half of it kept");
}
