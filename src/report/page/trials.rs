//! What is told of experiments, read as text.

use super::sketch::{check, sketch};
use super::{Cell, Story, page};
use crate::measure::Counts;
use crate::report::fixture;
use crate::report::{compare, design, nudge, sweep};
use crate::store::{Answer, DesignResult, Method, PointMeans, RunFolder, Summary, Varied};
use std::collections::BTreeMap;

/// What is told of a command by its summary, its folder being empty.
fn told(command: &str, summary: Summary) -> Story {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::open(root.path()).unwrap();
    let summary = Summary { command: command.to_owned(), ..summary };
    let story = page(&folder, &summary).unwrap().story;
    check(&story);
    story
}

fn nudged(what: &str) -> Summary {
    let (mut summary, _) = fixture::run();
    summary.nudge = Some(nudge::tests::nudge(what));
    summary
}

fn swept(method: Method) -> Summary {
    let (mut summary, _) = fixture::run();
    summary.sweep = Some(sweep::tests::sweep(method));
    summary
}

fn answers() -> Summary {
    let cases = vec![
        Answer::new("urn", "mean share", 0.5, 0.512_3, 0.018),
        Answer::new("urn", "variance", 0.083_4, 0.090_1, 0.004_2),
        Answer::new("till", "paid [EUR]", 1_234.56, 1_234.56, 0.0),
        Answer::new("till", "never seen", 1.0, f64::NAN, 0.1),
    ];
    Summary { cases, ..fixture::run().0 }
}

#[test]
fn of_a_comparison() {
    insta::assert_snapshot!(sketch(&told("compare", compare::tests::compared())));
}

#[test]
fn of_a_comparison_with_designs() {
    let row = design::tests::row;
    let still = DesignResult {
        estimate: Some(0.0),
        truth: Some(0.0),
        ..row("switchback", "epp", [0.0; 3])
    };
    let rows = vec![
        row("shopper-split", "conversion", [0.002, 0.001, 0.003]),
        row("shopper-split", "late_rate", [0.002, -0.001, 0.005]),
        row("switchback", "conversion", [-0.002, -0.003, -0.001]),
        still,
    ];
    let summary = compare::tests::compared().tested(rows, vec![], &Counts::default());
    let story = told("compare", summary);
    assert_eq!(story.findings[0].headline, "shopper-split is biased in conversion");
    let section = story.sections.last().expect("a section of designs");
    let alone = Story { findings: vec![], sections: vec![section.clone()] };
    insta::assert_snapshot!(sketch(&alone));
}

#[test]
fn of_nudges() {
    insta::assert_snapshot!("nudge_review", sketch(&told("nudge", nudged("review"))));
    insta::assert_snapshot!("nudge_shock", sketch(&told("nudge", nudged("worse"))));
}

#[test]
fn of_sweeps() {
    let regression = told("sweep", swept(Method::StandardisedRegression));
    insta::assert_snapshot!("sweep_regression", sketch(&regression));
    let indices = sketch(&told("sweep", swept(Method::SobolIndices)));
    assert!(indices.contains("Lying Nth(0) total"), "{indices}");
    assert!(indices.contains("0.85 [0.75, 0.95] of the variance of late_rate"), "{indices}");
}

/// One key in a row of numbers: a line with its band, on a logarithm where the range is on one.
#[test]
fn along_one_key() {
    let mut summary = swept(Method::StandardisedRegression);
    let sweep = summary.sweep.as_mut().unwrap();
    let key = "ranking.box.shrinkage".to_owned();
    sweep.vary = vec![Varied {
        key: key.clone(),
        values: None,
        range: Some("1 to 100, even in the logarithm".to_owned()),
    }];
    for (point, value) in sweep.means.iter_mut().zip(["100", "1"]) {
        point.values = BTreeMap::from([(key.clone(), value.to_owned())]);
    }
    sweep.pareto = None;
    let text = sketch(&told("sweep", summary));
    assert!(text.contains("x ranking.box.shrinkage, log\n"), "{text}");
    assert!(text.contains("Line Nth(0) mean: (1, 0.07) (100, 0.0719)"), "{text}");
    assert!(text.contains("No point had a value of gini."), "{text}");
}

/// A grid of two keys: a cell a point, pale where the metric is least.
#[test]
fn over_a_grid() {
    let mut summary = swept(Method::StandardisedRegression);
    let sweep = summary.sweep.as_mut().unwrap();
    sweep.design = "grid".to_owned();
    let more: Vec<PointMeans> = sweep
        .means
        .iter()
        .cloned()
        .map(|mut point| {
            point.values.insert("market.slate_length".to_owned(), "10".to_owned());
            PointMeans { point: point.point + 2, ..point }
        })
        .collect();
    sweep.means.extend(more);
    let text = sketch(&told("sweep", summary));
    assert!(text.contains("y market.slate_length, names 5 / 10\n"), "{text}");
    assert!(text.contains("late_rate [ratio]: faintest 0.07000, strongest 0.07190.\n"), "{text}");
    let cells = "(0, 0 × 0.0719) (0, 1 × 0.0719) (1, 0 × 0.07) (1, 1 × 0.07)";
    assert!(text.contains(cells), "{text}");
}

#[test]
fn of_a_validation() {
    insta::assert_snapshot!(sketch(&told("validate", answers())));
}

/// Nothing was observed: pictures say why there is nothing in them, and nothing panics.
#[test]
fn of_nothing() {
    let (empty, _) = fixture::run();
    let bare = Summary { differences: vec![], ..compare::tests::compared() };
    let mut nudge = nudged("worse");
    let of = nudge.nudge.as_mut().unwrap();
    of.settings.clear();
    of.channels.clear();
    let mut sweep = swept(Method::SobolIndices);
    let of = sweep.sweep.as_mut().unwrap();
    (of.points_done, of.means) = (0, vec![]);
    of.sensitivity.metrics.clear();
    of.pareto.as_mut().unwrap().points.clear();
    for (command, summary) in [
        ("compare", empty.clone()),
        ("compare", bare),
        ("nudge", empty.clone()),
        ("nudge", nudge),
        ("sweep", empty.clone()),
        ("sweep", sweep),
        ("validate", empty.clone()),
        ("load", empty.clone()),
    ] {
        let story = told(command, summary);
        let charts = || story.sections.iter().flat_map(|section| &section.charts);
        for chart in charts() {
            assert!(!chart.has_points(), "{command}: {} has points", chart.name);
        }
        let rows = story.sections.iter().flat_map(|section| &section.tables);
        let numbers = rows.flat_map(|table| table.rows.iter().flatten());
        let zero = |cell: &Cell| matches!(cell, Cell::Number { value: Some(0.0), .. });
        assert!(!numbers.into_iter().any(zero), "{command}: nothing is no 0");
    }
}
