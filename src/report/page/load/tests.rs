//! What is told of loads, read as text, and what pictures keep of what was recorded.

use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::Histogram;
use proptest::prelude::*;

use super::curves::curve;
use super::observed::{Observed, Span};
use super::time::{bins, fitting};
use super::{Unit, story};
use crate::driver::load::{Op, Part, SECOND, Write};
use crate::report::load::fixture;
use crate::report::page::sketch::{check, sketch};
use crate::report::page::{Point, Shape, Story};
use crate::store::{
    LATENCY_LOG, LatencyLog, LoadSummary, Measured, RunFolder, StoreError, Summary,
};

/// A folder with the log of so many of the fixture's seconds.
fn folder(seconds: u64, extra: f64) -> (tempfile::TempDir, RunFolder) {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::open(root.path()).unwrap();
    let mut log =
        LatencyLog::begin(&folder, LATENCY_LOG, UNIX_EPOCH + Duration::from_secs(9)).unwrap();
    (0..seconds).for_each(|n| log.second(&fixture::second(n, extra)).unwrap());
    log.finish().unwrap();
    (root, folder)
}

fn told(folder: &RunFolder, summary: &Summary) -> Story {
    let story = story(folder, summary).unwrap();
    check(&story);
    story
}

#[test]
fn of_a_load() {
    let (_root, folder) = folder(5, 1.0);
    let load = fixture::judged(fixture::direct().0);
    insta::assert_snapshot!(sketch(&told(&folder, &fixture::summary(load, None))));
}

#[test]
fn of_two_paths() {
    let (_root, folder) = folder(5, 3_600.0);
    let summary = fixture::summary(fixture::actor().0, Some(fixture::direct().0));
    let text = sketch(&told(&folder, &summary));
    assert!(text.contains("Dashes Nth(0) rank, direct path: (50, "), "{text}");
    assert!(text.contains("On the direct path: p50 "), "{text}");
}

#[test]
fn of_a_search_that_cannot_be_believed() {
    let (_root, folder) = folder(7, 1.0);
    let load = fixture::invalid(fixture::searched(fixture::judged(fixture::direct().0)));
    let story = told(&folder, &fixture::summary(load, None));
    assert_eq!(story.findings[0].headline, "INVALID: not to be believed");
    let text = sketch(&story);
    // Of seven seconds in the log the last five are of the load that is told of.
    assert!(text.contains("Of the last load of the search."), "{text}");
    let search = story.sections.iter().find(|section| section.title.contains("highest rate"));
    let alone = Story { findings: story.findings.clone(), sections: vec![search.unwrap().clone()] };
    insta::assert_snapshot!(sketch(&alone));
}

#[test]
fn a_search_that_found_nothing_says_what_it_tried() {
    let (_root, folder) = folder(3, 1.0);
    let of = |pass: bool| {
        let mut load = fixture::searched(fixture::direct().0);
        load.max_rate = None;
        load.curve.iter_mut().for_each(|point| point.pass &= pass);
        let story = told(&folder, &fixture::summary(load, None));
        story.findings.into_iter().map(|finding| finding.headline).collect::<Vec<_>>()
    };
    assert!(of(true).contains(&"No rate was confirmed".to_owned()), "{:?}", of(true));
    assert!(of(false).contains(&"No rate that was tried holds".to_owned()), "{:?}", of(false));
}

#[test]
fn without_a_log_pictures_say_so() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::open(root.path()).unwrap();
    let summary = fixture::summary(fixture::direct().0, None);
    let story = told(&folder, &summary);
    let charts: Vec<_> = story.sections.iter().flat_map(|section| &section.charts).collect();
    for chart in charts.iter().filter(|chart| chart.name != "checks") {
        assert!(!chart.has_points(), "{}", chart.name);
        assert_eq!(chart.says, "The folder has no latency.hlog.");
    }
    let nothing =
        LoadSummary::new(summary.load.clone().unwrap().setting, &Measured::default(), vec![]);
    let story = told(&folder, &fixture::summary(nothing, None));
    assert_eq!(story.findings[0].headline, "No ranking was asked for");
    assert!(story.sections.iter().flat_map(|it| &it.charts).all(|chart| !chart.has_points()));
}

#[test]
fn a_log_holds_what_was_recorded_and_a_broken_line_is_named() {
    let (root, folder) = folder(3, 1.0);
    let mut measured = Measured::default();
    (0..3).for_each(|n| measured.add(&fixture::second(n, 1.0)));
    let load = LoadSummary::new(fixture::direct().0.setting, &measured, vec![]);
    let observed = Observed::read(&folder, LATENCY_LOG, &load).unwrap().unwrap();
    for op in Op::ALL {
        for part in Part::ALL {
            assert_eq!(observed.latencies.of(op, part), measured.latencies.of(op, part), "{op:?}");
        }
    }
    for write in Write::ALL {
        assert_eq!(observed.freshness.of(write), measured.freshness.of(write), "{write:?}");
    }
    assert_eq!((observed.done, observed.spans.len(), observed.remark), (60_000, 3, None));
    assert!(observed.spans.iter().all(|span| span.rate() == Some(20_000.0)));
    // A second in which nothing was done counts as one.
    let mut stalled = Observed::empty(3 * SECOND);
    stalled.spans[0].done = 300;
    let rates: Vec<_> = stalled.spans.iter().map(Span::rate).collect();
    assert_eq!(rates, [Some(300.0), Some(0.0), Some(0.0)]);
    let path = root.path().join(LATENCY_LOG);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().count();
    let wrong = |garbage: String| match Observed::read(&folder, LATENCY_LOG, &{
        std::fs::write(&path, garbage).unwrap();
        load.clone()
    }) {
        Err(StoreError::Row { line, source, .. }) => (line as usize, source.to_string()),
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no error"),
    };
    let tag = "there is no tag \"rank.rest\"".to_owned();
    assert_eq!(wrong(format!("{text}Tag=rank.rest,3.0,1.0,4.0,HISTF\n")), (lines + 1, tag));
    let none = "what it holds is no histogram".to_owned();
    for packed in ["HISTF", "not base 64", ""] {
        let line = format!("{text}Tag=rank.wait,3.0,1.0,4.0,{packed}\n");
        assert_eq!(wrong(line), (lines + 1, none.clone()), "{packed}");
    }
    for line in ["nonsense\n", "Tag=rank.wait,3.0,1", "\u{0}\n", "\n"] {
        assert_eq!(wrong(format!("{text}{line}")).0, lines + 1, "{line:?}");
    }
}

/// Hours of a load are told in no more cells and points than a page can hold.
#[test]
fn a_long_load_is_told_by_wider_spans() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::open(root.path()).unwrap();
    let mut log = LatencyLog::begin(&folder, LATENCY_LOG, UNIX_EPOCH).unwrap();
    let one = fixture::second(0, 1.0);
    let mut measured = Measured::default();
    for n in 0..1_000 {
        let second = crate::driver::load::Second { start: n * 1_000_000_000, ..one.clone() };
        log.second(&second).unwrap();
        measured.add(&second);
    }
    log.finish().unwrap();
    let load = LoadSummary::new(fixture::direct().0.setting, &measured, vec![]);
    let observed = Observed::read(&folder, LATENCY_LOG, &load).unwrap().unwrap();
    assert_eq!((observed.width_s, observed.spans.len()), (5, 200));
    let story = told(&folder, &fixture::summary(load, None));
    let layers = story.sections.iter().flat_map(|it| &it.charts).flat_map(|chart| &chart.layers);
    for layer in layers {
        let most = if layer.shape == Shape::Cells { 20_000 } else { 240 };
        assert!(layer.points.len() <= most, "{}: {}", layer.name, layer.points.len());
    }
    let per_decade = fitting(&observed.spans);
    let counted: u64 =
        observed.spans.iter().flat_map(|it| bins(&it.rank, per_decade).into_values()).sum();
    assert_eq!(counted, measured.latencies.of(Op::Rank, Part::Response).len());
}

fn recorded(samples: &[u64]) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).unwrap();
    samples.iter().for_each(|&nanos| histogram.record(nanos).unwrap());
    histogram
}

/// Times evenly over the powers of e [ns], 0 among them.
fn spread(logs: &[f64]) -> Vec<u64> {
    logs.iter().map(|&log| (libm::exp(log) - 1.0) as u64).collect()
}

proptest! {
    /// A percentile curve never falls, begins at the least and ends at no more than the greatest, and each
    /// of its points is that percentile of the sorted samples.
    #[test]
    fn percentile_curves_rise(logs in prop::collection::vec(0.0_f64..23.0, 1..500)) {
        let mut samples = spread(&logs);
        let histogram = recorded(&samples);
        let points = curve(&histogram, Unit { name: "ns", nanos: 1.0 });
        samples.sort_unstable();
        prop_assert!(points.len() <= 100, "{} points", points.len());
        prop_assert_eq!((points[0].x, points[0].y), (0.0, Some(histogram.min() as f64)));
        prop_assert_eq!(points[points.len() - 1].x, 99.999);
        for two in points.windows(2) {
            prop_assert!(two[0].x <= two[1].x && two[0].y <= two[1].y, "{:?}", two);
        }
        for &Point { x, y, .. } in &points {
            let rank = ((x / 100.0 * samples.len() as f64).ceil() as usize).max(1);
            // One to either side where the percentile falls between two samples.
            let low = samples[rank.saturating_sub(2)] as f64;
            let high = samples[rank.min(samples.len() - 1)] as f64;
            let y = y.unwrap();
            prop_assert!(low * 0.999 - 1.0 <= y && y <= high * 1.001 + 1.0, "{x} {low} {y} {high}");
        }
    }

    /// No sample is lost between the bins of a heat map, and none is far from where it belongs.
    #[test]
    fn bins_hold_every_sample(logs in prop::collection::vec(0.0_f64..23.0, 1..300)) {
        let samples = spread(&logs);
        let histogram = recorded(&samples);
        for per_decade in [20.0, 10.0, 5.0] {
            let bins = bins(&histogram, per_decade);
            prop_assert_eq!(bins.values().sum::<u64>(), samples.len() as u64);
            let low = libm::exp10(f64::from(*bins.keys().next().unwrap()) / per_decade);
            let least = (histogram.min().max(1)) as f64;
            prop_assert!(low <= least * 1.001, "{low} {least}");
        }
    }
}
