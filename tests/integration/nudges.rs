//! Nudges: what one review changes, by which channels, and nothing where all are cut.

use std::ops::ControlFlow;

use brocante::experiment::Replications;
use brocante::experiment::nudge::{Nudge, Pair, Setting, Shock, What, Whom, nudges, outcome};
use brocante::market::FeedbackSpec;
use brocante::scenario::{self, Scenario};
use brocante::store::NudgeSummary;

use crate::determinism::{cut, shipped};
use crate::worlds::{SMALL, path, ranking};

const ONE_STAR: Nudge = Nudge { what: What::Review(1), whom: Whom::Drawn, day: 14, weeks: 3 };

fn run(nudge: &Nudge, scenario: &Scenario, settings: &[Setting], each: u32) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let worlds = Replications { markets: 1, each };
    nudges(nudge, scenario, settings, worlds, 2, &(), |pair| {
        pairs.push(pair);
        ControlFlow::Continue(())
    });
    pairs
}

fn all_cut() -> Vec<Setting> {
    vec![Setting { name: "all cut".to_owned(), cut: None, open: FeedbackSpec::CUT }]
}

fn small(overrides: &[&str]) -> Scenario {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    scenario::load(&path(SMALL), &overrides).unwrap_or_else(|wrong| panic!("{wrong}")).scenario
}

/// The best single test of the program: what a review is not told of, it cannot change.
#[test]
fn with_all_channels_cut_a_review_changes_nothing_but_itself() {
    for file in shipped() {
        let loaded = scenario::load(&file, &[]).unwrap_or_else(|error| panic!("{error}"));
        let scenario = cut(loaded.scenario);
        for stars in [1, 5] {
            let nudge = Nudge { what: What::Review(stars), day: 7, ..ONE_STAR };
            for pair in run(&nudge, &scenario, &all_cut(), 1) {
                let name = file.display();
                assert!(pair.seller.is_some(), "{name}: nobody was nudged");
                assert!(
                    pair.identical,
                    "{name}: {stars} stars for seller {:?} changed more than itself; replay: brocante \
                     nudge {name} --channels none --stars {stars} --replications 1",
                    pair.seller
                );
                assert_eq!((pair.gain(), pair.reallocated), (Some(0.0), 0.0), "{name}");
            }
        }
    }
}

/// Where a channel is open, it does: so the test above can fail.
#[test]
fn each_channel_carries_a_review() {
    let rule = ranking("quality-per-price");
    let scenario = small(&[&rule, "shoppers.choice.shown_from_reviews=1"]);
    // Staff and sellers act on the mean of many reviews: one more seldom tips it.
    for channel in ["ranking", "display"] {
        let open = scenario.feedback.only([channel].into_iter()).unwrap();
        let settings = [Setting { name: channel.to_owned(), cut: None, open }];
        let pairs = run(&ONE_STAR, &scenario, &settings, 6);
        let differ = pairs.iter().filter(|pair| !pair.identical).count();
        assert!(differ > 0, "{channel}: no twin differs");
    }
}

#[test]
fn the_same_pairs_at_any_number_of_workers() {
    let scenario = small(&[]);
    let settings = Setting::all(scenario.feedback);
    assert_eq!(settings.len(), 6);
    let of = |workers: usize| {
        let mut pairs = Vec::new();
        let worlds = Replications { markets: 2, each: 2 };
        nudges(&ONE_STAR, &scenario, &settings, worlds, workers, &(), |pair| {
            pairs.push(Pair { sim_s: 0.0, thread: 0, ..pair });
            ControlFlow::Continue(())
        });
        pairs
    };
    let one = of(1);
    assert_eq!(one.len(), 24);
    assert!(one == of(3), "pairs differ with the number of workers");
    let sellers: std::collections::BTreeSet<_> = one.iter().map(|pair| pair.seller).collect();
    assert!(sellers.len() > 2, "each world draws its own seller: {sellers:?}");
    for world in 0..4 {
        let drawn: Vec<_> = one.iter().filter(|p| p.world == world).map(|p| p.seller).collect();
        assert!(drawn.iter().all(|seller| *seller == drawn[0]), "{drawn:?} in world {world}");
    }
}

/// A shock reaches shoppers whatever is cut, and is told day by day.
#[test]
fn a_shock_is_followed_day_by_day() {
    let scenario = small(&["weeks=8"]);
    let what = What::Shock(Shock::Worse);
    let nudge = Nudge { what, whom: Whom::Greatest, day: 7, weeks: 7 };
    let settings = Setting::all(scenario.feedback);
    let pairs = run(&nudge, &scenario, &settings[..1], 3);
    let found: NudgeSummary = outcome(&nudge, &settings[..1], &pairs);
    let all = &found.settings[0];
    assert_eq!((all.share_by_day.len(), all.by_week.len(), all.twins), (49, 7, 3));
    assert_eq!(all.identical, 0, "refunds and moods follow quality by themselves");
    assert!(all.gain.low.is_some() && all.turn_days.is_some() && all.recovery_days.is_some());
    let weeks: f64 = all.by_week.iter().filter_map(|week| week.value).sum();
    assert!((weeks - all.gain.value.unwrap()).abs() < 1e-9, "weeks add up to the gain");
}
