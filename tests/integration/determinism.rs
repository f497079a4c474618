//! The same scenario and seed give the same digest, whatever else differs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use brocante::experiment::Trial;
use brocante::history::{Digest, Fact};
use brocante::market::EventSpec;
use brocante::scenario::{self, Scenario};

use crate::worlds::{SMALL, load, path, ranking, run};

/// Every scenario that is shipped.
pub fn shipped() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(path("scenarios")).expect("the folder of scenarios");
    let files = folder.map(|entry| entry.expect("a readable entry").path());
    let mut files: Vec<PathBuf> =
        files.filter(|f| f.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    assert!(files.len() >= 2, "scenarios are gone: {files:?}");
    files
}

/// A scenario cut down to five weeks with a few visits, and its events moved into them: whatever is done
/// by the week (fees, monitoring, drift, exits) is done four times and followed by ticks.
pub fn cut(mut scenario: Scenario) -> Scenario {
    scenario.weeks = 5;
    let shoppers = &mut scenario.shoppers;
    shoppers.visits_per_week = shoppers.visits_per_week.min(2_500.0);
    shoppers.peaks.values_mut().for_each(|peak| peak.week = 2);
    if let Some(loyalty) = &mut shoppers.loyalty {
        loyalty.customers = loyalty.customers.min(20_000);
    }
    for event in scenario.events.values_mut() {
        match event {
            EventSpec::QualityShock(shock) => shock.from_day = shock.from_day.min(9),
            EventSpec::ReviewBombing(campaign) => campaign.from_day = campaign.from_day.min(9),
            EventSpec::ExtraReview(review) => review.from_day = review.from_day.min(9),
            EventSpec::PriceFloor(war) => war.from_day = war.from_day.min(9),
            EventSpec::StockUp(more) => more.from_day = more.from_day.min(9),
        }
    }
    scenario
}

/// The digest of a world at a number of workers, and its orders.
fn digest(scenario: &Scenario, workers: usize) -> (Digest, u64) {
    let trial = Trial { scenario, world: 0, workers, measured: false };
    let world = trial.run(&mut ());
    (world.digest, world.counts.orders)
}

#[test]
fn every_scenario_gives_one_digest_at_any_number_of_workers() {
    for file in shipped() {
        let loaded = scenario::load(&file, &[]).unwrap_or_else(|error| panic!("{error}"));
        let mut scenario = cut(loaded.scenario);
        // The only cell of a scenario would be worked by one thread, however many there are.
        scenario.engine.cells = scenario.engine.cells.max(4);
        let (one, orders) = digest(&scenario, 1);
        assert!(orders > 100, "{}: {orders} orders prove little", file.display());
        for workers in [2, 5] {
            let (many, _) = digest(&scenario, workers);
            assert_eq!(many, one, "{} at {workers} workers", file.display());
        }
    }
}

#[test]
fn every_scenario_says_itself_whole_when_it_is_written_back() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in shipped() {
        let loaded = scenario::load(&file, &[]).unwrap_or_else(|error| panic!("{error}"));
        // Another name in another place, without its bases.
        let copy = folder.path().join("a copy of it.toml");
        std::fs::write(&copy, &loaded.resolved).expect("a file for a test");
        let again = scenario::load(&copy, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.hash, loaded.hash, "{}", file.display());
        assert_eq!(again.scenario, loaded.scenario, "{}", file.display());
        let (first, again) = (digest(&cut(loaded.scenario), 2), digest(&cut(again.scenario), 2));
        assert_eq!(first, again, "{}", file.display());
    }
}

#[test]
fn other_seeds_worlds_and_markets_are_others() {
    let named = |set: &[&str], world| {
        let scenario = load(SMALL, set).scenario;
        Trial { scenario: &scenario, world, workers: 2, measured: false }.run(&mut ())
    };
    let of = |set: &[&str], world| named(set, world).digest.hex();
    let first = of(&[], 0);
    assert_eq!(of(&[], 0), first, "the same twice");
    let others = [of(&["seed=8"], 0), of(&["market.seed=12"], 0), of(&[], 1), of(&["seed=8"], 1)];
    let mut all: Vec<&String> = others.iter().chain([&first]).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5, "{first} and {others:?}");
    // The seed and the world change what happens, never who exists.
    let mut who = named(&[], 0).census;
    assert_eq!(named(&["seed=8"], 1).census, who);
    who.sellers.clear();
    assert_ne!(named(&["market.seed=12"], 0).census.products, who.products);
}

/// Common random numbers: whatever the policy does, the same shoppers come for the same things. With
/// loyalty, those who come to both are the same.
#[test]
fn no_policy_renumbers_the_visits() {
    let visits = |set: &[&str]| {
        let past = run(&load(SMALL, set).scenario, 1);
        let shown = past.sinks.into_iter().flat_map(|sink| sink.told);
        let visits = shown.filter_map(|told| match told.fact {
            Fact::Shown { session, product, country, class, .. } => {
                Some((session, (told.at, product, country, class)))
            }
            _ => None,
        });
        visits.collect::<BTreeMap<_, _>>()
    };
    let random = ranking("random");
    for loyalty in ["shoppers.loyalty=false", "shoppers.loyalty.won_by_good=0.5"] {
        let (one, other) = (visits(&[loyalty]), visits(&[loyalty, &random]));
        assert!(one.len() > 5_000, "{} visits", one.len());
        let both = one.iter().filter(|(session, _)| other.contains_key(session));
        assert!(both.clone().all(|(session, visit)| other[session] == *visit), "{loyalty}");
        let (both, all) = (both.count(), one.len().max(other.len()));
        let forgets = loyalty == "shoppers.loyalty=false";
        assert!(
            if forgets { both == all } else { both > all / 2 && both < all },
            "{both} of {all}"
        );
    }
}

#[test]
fn what_is_measured_changes_nothing() {
    let scenario = load(SMALL, &[] as &[&str]).scenario;
    let of = |measured| Trial { scenario: &scenario, world: 0, workers: 2, measured }.run(&mut ());
    let (full, bare) = (of(true), of(false));
    assert_eq!(full.digest, bare.digest);
    assert_eq!(full.counts, bare.counts);
}

/// The files of a run folder that hold results, and the worlds of its summary.
fn results(folder: &Path) -> (BTreeMap<String, String>, serde_json::Value) {
    let read = |path: &Path| std::fs::read_to_string(path).expect("a readable result");
    let mut tables = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a run folder") {
        let path = entry.expect("a readable entry").path();
        if path.extension().is_some_and(|e| e == "csv") {
            tables.insert(path.file_name().unwrap().to_string_lossy().into_owned(), read(&path));
        }
    }
    assert!(tables.len() >= 3, "{:?}", tables.keys());
    let summary: serde_json::Value =
        serde_json::from_str(&read(&folder.join("summary.json"))).expect("a summary");
    (tables, serde_json::json!({ "metrics": summary["metrics"], "worlds": summary["worlds"] }))
}

#[test]
fn the_command_leaves_the_same_results_twice() {
    let root = tempfile::tempdir().expect("a folder");
    let run = |scenario: &Path, name: &str, workers: &str, more: &[&str]| {
        let out = root.path().join(name);
        let mut command = Command::new(cargo_bin!("brocante"));
        command.arg("run").arg(scenario).arg("--out").arg(&out).args(["--workers", workers]);
        let output = command.args(more).current_dir(root.path()).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?}: {stderr}");
        out
    };
    let more = ["--weeks", "3", "--replications", "2", "--seed", "99"];
    let first = run(&path(SMALL), "first", "1", &more);
    let second = run(&path(SMALL), "second", "3", &more);
    assert_eq!(results(&first), results(&second));
    // And once more from what the run folder says of itself; worlds are not part of a scenario.
    let third = run(&first.join("scenario.toml"), "third", "2", &["--replications", "2"]);
    assert_eq!(results(&first), results(&third));
}
