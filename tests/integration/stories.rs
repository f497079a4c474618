//! What a report tells of experiments and loads: made of nothing but what their folders hold.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use brocante::report::page::{Chart, Scale, Story, page};
use brocante::store::RunFolder;

use crate::worlds::{SMALL, path};

/// What is told of a command on the small scenario with few visits.
fn told(words: &str) -> Story {
    let root = tempfile::tempdir().unwrap();
    let (command, rest) = words.split_once(' ').expect("a command and its words");
    let scenario = path(SMALL).display().to_string();
    let few = ["--set", "shoppers.visits_per_week=400.0"];
    let subject: &[&str] = if command == "validate" { &[] } else { &[&scenario] };
    let few: &[&str] = if command == "validate" { &[] } else { &few };
    let mut run = Command::new(cargo_bin!("brocante"));
    run.arg(command)
        .args(subject)
        .args(few)
        .args(rest.split(' '))
        .args(["--quiet", "--out", "out"]);
    let output = run.current_dir(root.path()).output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let folder = RunFolder::open(&root.path().join("out")).expect(&stderr);
    let summary = folder.summary().unwrap_or_else(|error| panic!("{error} {stderr}"));
    page(&folder, &summary).expect("a page").story
}

fn chart<'a>(story: &'a Story, name: &str) -> &'a Chart {
    let mut charts = story.sections.iter().flat_map(|section| &section.charts);
    charts.find(|chart| chart.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Names that are there once, units at every axis of numbers, points by rising x, rows as wide as heads.
fn is_whole(story: &Story) {
    assert!((1..=3).contains(&story.findings.len()), "{:?}", story.findings);
    let mut names = std::collections::BTreeSet::new();
    for section in &story.sections {
        for chart in &section.charts {
            let name = &chart.name;
            assert!(names.insert(name), "{name} is there twice");
            assert!(
                Path::new(name).file_name().is_some_and(|file| file == name.as_str()),
                "{name}"
            );
            assert!(!chart.says.is_empty() && !chart.title.is_empty(), "{name}");
            for layer in &chart.layers {
                let in_order = layer.points.windows(2).all(|two| two[0].x <= two[1].x);
                assert!(in_order, "{name}: {}", layer.name);
                assert!(layer.points.iter().all(|point| point.x.is_finite()), "{name}");
            }
            for axis in [&chart.x, &chart.y] {
                let counted = !matches!(axis.scale, Scale::Names(_));
                assert!(!counted || !axis.label.is_empty(), "{name}");
            }
        }
        for table in &section.tables {
            assert!(names.insert(&table.name), "{} is there twice", table.name);
            assert!(
                table.rows.iter().all(|row| row.len() == table.columns.len()),
                "{}",
                table.name
            );
        }
    }
}

#[test]
fn of_a_comparison() {
    let story = told(
        "compare --weeks 3 --replications 3 --arm base --arm cheapest:ranking.cheapest={} \
         --design shopper-split",
    );
    is_whole(&story);
    assert!(chart(&story, "forest-cheapest").has_points());
    assert!(chart(&story, "design-shopper-split").has_points());
    let weekly = chart(&story, "weekly-orders");
    let arms: Vec<_> = weekly.layers.iter().map(|it| (it.name.as_str(), it.points.len())).collect();
    assert_eq!(arms, [("base", 3), ("cheapest", 3)]);
}

#[test]
fn of_sweeps() {
    let grid = told(
        "sweep --weeks 2 --replications 2 --vary ranking=box,cheapest --vary \
         market.slate_length=2..8:3 --metric gmv,late_rate --pareto gmv,late_rate",
    );
    is_whole(&grid);
    assert_eq!(chart(&grid, "grid-gmv").layers[0].points.len(), 6);
    let dots =
        |name: &str| chart(&grid, "pareto-gmv-late_rate").layers.iter().find(|it| it.name == name);
    let [beaten, front] = ["beaten by another", "on the front"]
        .map(|name| dots(name).map_or(0, |it| it.points.len()));
    assert!(front > 0 && beaten + front == 6, "{beaten} {front}");
    // So many points that the summary has none of their means: they are read from rows.csv.
    let many = told(
        "sweep --weeks 2 --vary market.slate_length=2..8 --vary ranking.box.price_power=0.5..3 \
         --design lhs --points 40 --metric gmv,late_rate",
    );
    is_whole(&many);
    assert_eq!(chart(&many, "against-gmv").layers[0].points.len(), 40);
}

#[test]
fn of_nudges() {
    for (words, picture) in [
        ("nudge --weeks 3 --replications 3 --stars 1", "impulse"),
        ("nudge --weeks 9 --replications 2 --shock worse", "share"),
    ] {
        let story = told(words);
        is_whole(&story);
        assert!(chart(&story, picture).has_points(), "{words}");
        assert!(chart(&story, "impulse").layers.iter().all(|it| it.points.len() <= 9));
    }
}

#[test]
fn of_a_validation() {
    let story = told("validate intervals");
    is_whole(&story);
    assert!(chart(&story, "answers").has_points());
}

#[test]
fn of_loads() {
    for words in [
        "load --mode closed:1 --duration 150ms --warmup 1w --slo rank.response.p99<1s",
        "load --path actor --rate 2k --duration 1200ms --warmup 1w",
        "load --find-max --duration 300ms --warmup 1w --slo rank.response.p50<1s",
    ] {
        let story = told(words);
        is_whole(&story);
        let named = ["response", "parts", "heat", "throughput", "freshness", "checks"];
        named.iter().for_each(|name| assert!(!chart(&story, name).says.is_empty()));
        if words.contains("find-max") {
            assert!(chart(&story, "latency-by-rate").has_points(), "{words}");
            continue;
        }
        assert!(chart(&story, "response").has_points() && chart(&story, "heat").has_points());
        let curves = &chart(&story, "parts").layers;
        for curve in curves {
            let rising = curve.points.windows(2).all(|two| two[0].y <= two[1].y);
            assert!(rising, "{words}: {} falls", curve.name);
        }
    }
}
