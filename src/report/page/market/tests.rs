//! Stories of small runs, of runs in which nothing happened, and of tables as they may come.

use super::*;
use crate::report::page::{Finding, Mood, Scale};
use crate::report::{Tables, fixture, write_run};
use crate::store::WorldTables;
use proptest::prelude::*;
use std::fmt::Write;

/// The folder of a run as the program writes it.
fn folder(summary: &Summary, worlds: &[WorldTables]) -> (tempfile::TempDir, RunFolder) {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(Some(root.path()), root.path(), "small", "run").unwrap();
    let mut tables = Tables::begin(&folder, None).unwrap();
    worlds.iter().for_each(|world| tables.world(world).unwrap());
    write_run(&folder, "", tables, || summary.clone()).unwrap();
    (root, folder)
}

fn told(summary: &Summary, worlds: &[WorldTables]) -> Story {
    let (_root, folder) = folder(summary, worlds);
    story(&folder, summary).unwrap()
}

fn charts(story: &Story) -> impl Iterator<Item = &Chart> {
    story.sections.iter().flat_map(|section| &section.charts)
}

fn chart<'a>(story: &'a Story, name: &str) -> &'a Chart {
    charts(story).find(|chart| chart.name == name).unwrap_or_else(|| panic!("no picture {name}"))
}

fn short(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{}", (value * 1e3).round() / 1e3))
}

/// A story as one reads it, with every point.
fn readable(story: &Story) -> String {
    let mut text = String::new();
    for Finding { headline, says, mood } in &story.findings {
        let _ = writeln!(text, "* {headline} ({mood:?})\n  {says}");
    }
    for section in &story.sections {
        let _ = writeln!(text, "\n== {}\n{}", section.title, section.lead);
        for chart in &section.charts {
            let axis = |axis: &Axis| match &axis.scale {
                Scale::Names(names) => format!("{} {names:?}", axis.says()),
                scale => format!("{} {scale:?} {:?}", axis.says(), axis.shown),
            };
            let _ = writeln!(text, "\n-- {}: {}\n{}", chart.name, chart.title, chart.says);
            let _ = writeln!(text, "x: {}\ny: {}", axis(&chart.x), axis(&chart.y));
            for rule in &chart.rules {
                let _ = writeln!(text, "rule: {} {:?}", rule.label, rule.at);
            }
            for layer in &chart.layers {
                let point = |point: &Point| {
                    let mut text = format!("{}:{}", short(Some(point.x)), short(point.y));
                    if point.low.is_some() || point.high.is_some() {
                        let _ = write!(text, "[{},{}]", short(point.low), short(point.high));
                    }
                    point.weight.iter().for_each(|weight| {
                        let _ = write!(text, "={}", short(Some(*weight)));
                    });
                    text
                };
                // A long line is read by its ends.
                let all: Vec<String> = layer.points.iter().map(point).collect();
                let points = match all.len() {
                    0..20 => all.join(" "),
                    n => {
                        format!("{} … {} ({n} points)", all[..4].join(" "), all[n - 4..].join(" "))
                    }
                };
                let _ =
                    writeln!(text, "{} {:?} {:?}: {points}", layer.name, layer.shape, layer.colour);
            }
        }
        for table in &section.tables {
            let _ = writeln!(
                text,
                "\n## {}: {}\n{}",
                table.name,
                table.title,
                table.columns.join(" | ")
            );
            for row in &table.rows {
                let cell = |cell: &Cell| match cell {
                    Cell::Text(text) => text.clone(),
                    Cell::Number { shown, .. } => shown.clone(),
                };
                let _ = writeln!(text, "{}", row.iter().map(cell).collect::<Vec<_>>().join(" | "));
            }
        }
    }
    text
}

#[test]
fn a_small_run() {
    let (summary, worlds) = fixture::run();
    insta::assert_snapshot!(readable(&told(&summary, &worlds)));
}

#[test]
fn a_few_worlds() {
    let (summary, worlds) = fixture::worlds(3);
    let story = told(&summary, &worlds);
    let has_band = |name: &str| {
        let layers = &chart(&story, name).layers;
        layers.iter().flat_map(|layer| &layer.points).any(|point| point.low.is_some())
    };
    assert!(has_band("defects"), "worlds differ in what is late");
    assert!(chart(&story, "defects").says.contains("Means of 3 worlds"));
    assert!(chart(&story, "feedback-loop").says.contains("World 0 of 3."));
}

/// What holds of any story: every picture has a name of its own and units, and an empty one says why.
fn is_sound(story: &Story) {
    let mut names: Vec<&str> = charts(story).map(|chart| &chart.name[..]).collect();
    let tables = story.sections.iter().flat_map(|section| &section.tables);
    names.extend(tables.clone().map(|table| &table.name[..]));
    let n = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n, "two of one name");
    for chart in charts(story) {
        assert!(
            chart.says.len() > 10 && chart.says.ends_with('.'),
            "{}: {}",
            chart.name,
            chart.says
        );
        assert!(
            chart.has_points() || (chart.layers.is_empty() && chart.rules.is_empty()),
            "{}",
            chart.name
        );
        for axis in [&chart.x, &chart.y] {
            let pure = matches!(axis.scale, Scale::Names(_)) || axis.label.starts_with("rank");
            assert!(pure || !axis.unit.is_empty(), "{}: {}", chart.name, axis.label);
        }
        for point in chart.layers.iter().flat_map(|layer| &layer.points) {
            let numbers = [Some(point.x), point.y, point.low, point.high, point.weight];
            assert!(numbers.into_iter().flatten().all(f64::is_finite), "{}: {point:?}", chart.name);
        }
    }
    for table in tables {
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.name);
    }
    assert!(!story.findings.is_empty() && story.findings.len() <= 3);
}

#[test]
fn stories_are_sound() {
    for n in [1, 2] {
        let (summary, worlds) = fixture::worlds(n);
        is_sound(&told(&summary, &worlds));
    }
}

/// Two worlds of the scenario that runs in seconds, with fewer weeks and visits.
#[test]
fn of_the_quick_scenario() {
    let few = ["weeks=4", "shoppers.visits_per_week=6000.0"].map(String::from);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/quick.toml");
    let loaded =
        crate::scenario::load(path.as_ref(), &few).unwrap_or_else(|wrong| panic!("{wrong}"));
    let (mut summaries, mut tables) = (vec![], vec![]);
    let two = crate::experiment::Replications { markets: 1, each: 2 };
    two.run(&[loaded.scenario], 2, &(), |_, ran| {
        summaries.push(ran.summary);
        tables.push(ran.tables);
        std::ops::ControlFlow::Continue(())
    });
    let summary = Summary::new(fixture::about(), &crate::measure::all_metrics(), summaries);
    let story = told(&summary, &tables);
    is_sound(&story);
    let empty = charts(&story).filter(|chart| !chart.has_points()).map(|chart| &chart.name[..]);
    assert_eq!(empty.collect::<Vec<_>>(), ["cold-start-kinds"], "four weeks are less than 90 days");
    assert_eq!(story.findings.len(), 3);
    assert!(
        tables[1].seller_weeks.is_empty(),
        "rows by week and seller are of the first world alone"
    );
}

#[test]
fn where_nothing_happened_pictures_say_so() {
    let (mut summary, _) = fixture::run();
    summary.metrics.values_mut().for_each(|metric| metric.value = None);
    summary.counts = Default::default();
    summary.worlds[0].counts = summary.counts;
    let story = told(&summary, &[WorldTables::default()]);
    is_sound(&story);
    assert_eq!(story.findings[0].headline, "Nobody bought anything");
    assert!(charts(&story).all(|chart| !chart.has_points()));
    assert_eq!(chart(&story, "cold-start").says, "Nobody went live during the run.");
    assert_eq!(chart(&story, "kind-country").says, "Nobody bought anything.");

    // Without worlds, and without tables, as of a folder of long ago.
    summary.worlds.clear();
    is_sound(&told(&summary, &[]));
    let root = tempfile::tempdir().unwrap();
    let old = RunFolder::open(root.path()).unwrap();
    let story = super::story(&old, &summary).unwrap();
    is_sound(&story);
    for (name, file) in [("lorenz", "sellers.csv"), ("feedback-loop", "seller_weeks.csv")] {
        assert!(chart(&story, name).says.contains(&format!("no {file}")), "{name}");
    }
}

#[test]
fn one_week_without_newcomers() {
    let (mut summary, mut worlds) = fixture::run();
    let world = &mut worlds[0];
    world.weeks.truncate(1);
    world.seller_weeks.retain(|row| row.week == 0);
    world.sellers.retain(|row| row.from_start);
    world.applicants.clear();
    (summary.weeks, summary.worlds[0].weeks_done) = (1, 1);
    (summary.counts.sellers_joined, summary.worlds[0].counts.sellers_joined) = (0, 0);
    let story = told(&summary, &worlds);
    is_sound(&story);
    for name in ["feedback-loop", "cold-start", "ranks-newcomers", "funnel", "queues"] {
        assert!(!chart(&story, name).has_points(), "{name}");
    }
    assert!(chart(&story, "concentration").has_points());
}

#[test]
fn a_broken_table_is_an_error() {
    let (summary, worlds) = fixture::run();
    let (_root, folder) = folder(&summary, &worlds);
    folder
        .write("trade.csv", "world,kind,category,country,orders,gmv_eur\n0,a,b,c,many,1\n")
        .unwrap();
    let message = story(&folder, &summary).unwrap_err().to_string();
    assert!(message.contains("trade.csv, line 2"), "{message}");
}

#[test]
fn waits_in_queues_by_hand() {
    let row = |entered: [Option<f64>; 6], dropped: Option<(&str, f64)>| ApplicantRow {
        applicant: 1,
        kind: String::new(),
        country: String::new(),
        category: String::new(),
        entered_day: entered,
        dropped_at: dropped.map(|(stage, _)| stage.to_owned()),
        dropped_day: dropped.map(|(_, day)| day),
    };
    let standing = |row: &ApplicantRow, exit: Option<f64>, day: f64| -> Vec<usize> {
        let way = joining::Way::new(row, exit).unwrap();
        (0..6).filter(|&stage| way.waits(stage, day)).collect()
    };
    let way = row([Some(1.0), Some(3.0), None, None, None, None], None);
    assert_eq!(standing(&way, None, 0.5), [0; 0]);
    assert_eq!(standing(&way, None, 2.0), [0]);
    assert_eq!(standing(&way, None, 99.0), [1]);
    // First seen at the charter: it was at the stage before when the run began.
    let way = row([None, None, Some(4.0), None, None, None], Some(("charter", 6.0)));
    assert_eq!(standing(&way, None, 1.0), [1]);
    assert_eq!(standing(&way, None, 5.0), [2]);
    assert_eq!(standing(&way, None, 7.0), [0; 0]);
    let way = row([None; 6], Some(("setup", 6.0)));
    assert_eq!(standing(&way, None, 1.0), [3]);
    // Who leaves the market no longer stands at its trial.
    let way = row([None, None, None, Some(1.0), Some(2.0), None], None);
    assert_eq!(standing(&way, Some(9.0), 8.0), [4]);
    assert_eq!(standing(&way, Some(9.0), 9.5), [0; 0]);
    assert!(joining::Way::new(&row([None; 6], None), None).is_none());
}

fn any_applicant() -> impl Strategy<Value = ApplicantRow> {
    let day = || prop::option::of(0.0..99.0);
    let stage = prop::option::of(0_usize..6);
    ([day(), day(), day(), day(), day(), day()], stage, 0.0..99.0).prop_map(|(days, at, day)| {
        let dropped_at = at.map(|stage| crate::history::Stage::ALL[stage].name().to_owned());
        ApplicantRow {
            applicant: 0,
            kind: String::new(),
            country: String::new(),
            category: String::new(),
            entered_day: days,
            dropped_day: dropped_at.is_some().then_some(day),
            dropped_at,
        }
    })
}

fn any_trade() -> impl Strategy<Value = TradeRow> {
    (0_u32..4, 0_u32..4, 0_u32..4, 1_u64..1_000).prop_map(|(kind, category, country, orders)| {
        let (kind, category) = (format!("kind {kind}"), format!("category {category}"));
        TradeRow { kind, category, country: format!("country {country}"), orders, gmv_eur: 1.0 }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The Lorenz curve goes from nobody with nothing to everybody with all, never falls, lies below the
    /// diagonal, and bends upwards only.
    #[test]
    fn a_lorenz_curve_is_convex(amounts in prop::collection::vec(0_u32..1_000, 0..60)) {
        let floats: Vec<f64> = amounts.iter().copied().map(f64::from).collect();
        let Some(curve) = lorenz::curve(floats, lorenz::grid()) else {
            prop_assert!(amounts.iter().all(|&amount| amount == 0));
            return Ok(());
        };
        prop_assert_eq!(curve[0], (0.0, 0.0));
        let (x, y) = curve[curve.len() - 1];
        prop_assert!((x - 1.0).abs() < 1e-12 && (y - 1.0).abs() < 1e-12);
        let slopes: Vec<f64> =
            curve.windows(2).map(|two| (two[1].1 - two[0].1) / (two[1].0 - two[0].0)).collect();
        prop_assert!(slopes.iter().all(|&slope| slope >= 0.0));
        prop_assert!(slopes.windows(2).all(|two| two[1] >= two[0] - 1e-6), "{slopes:?}");
        prop_assert!(curve.iter().all(|&(x, y)| y <= x + 1e-9));
    }

    #[test]
    fn a_funnel_never_grows(rows in prop::collection::vec(any_applicant(), 0..60)) {
        let ways: Vec<_> = rows.iter().filter_map(|row| joining::Way::new(row, None)).collect();
        let counts = joining::counts(&ways);
        prop_assert!(counts.windows(2).all(|two| two[1].0 <= two[0].0), "{counts:?}");
        prop_assert!(counts.iter().all(|(reached, dropped)| dropped <= reached), "{counts:?}");
    }

    #[test]
    fn the_shares_of_a_column_sum_to_all(rows in prop::collection::vec(any_trade(), 1..40)) {
        let rows: Vec<&TradeRow> = rows.iter().collect();
        let names = |of: fn(&TradeRow) -> &String| {
            let mut names: Vec<String> = rows.iter().map(|row| of(row).clone()).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        let (across, up) = (names(|row| &row.country), names(|row| &row.kind));
        let (country, kind) = (|row: &TradeRow| row.country.clone(), |row: &TradeRow| row.kind.clone());
        let cells = trade::cells(&rows, (&across, &country), (&up, &kind));
        for x in 0..across.len() {
            let column = cells.iter().filter(|cell| cell.x == x as f64);
            let sum: f64 = column.filter_map(|cell| cell.weight).sum();
            prop_assert!((sum - 100.0).abs() < 1e-9, "{sum}");
        }
    }

    #[test]
    fn the_shares_of_groups_sum_to_all(
        list in prop::collection::vec((0_u32..3, 0_u32..20, 0_u64..9, prop::option::of(1.0..5.0)), 1..80)
    ) {
        let rows: BTreeMap<(u32, u32), SellerWeekRow> = list
            .into_iter()
            .map(|(week, seller, n, stars)| {
                let (orders, boxes, views, reviews) = (n, 2 * n, n as f64, n / 2);
                ((week, seller), SellerWeekRow { week, seller, orders, boxes, views, reviews, stars })
            })
            .collect();
        let groups = feedback::standings(&rows.values().collect::<Vec<_>>());
        let shares: Vec<_> = groups.iter().map(|group| feedback::shares(group, &groups)).collect();
        for station in 0..4 {
            let of: Option<Vec<f64>> = shares.iter().map(|group| group[station]).collect();
            if let Some(of) = of {
                prop_assert!((of.iter().sum::<f64>() - 100.0).abs() < 1e-9, "{of:?}");
            }
        }
    }
}

/// Worlds of 20 weeks in which the share of defects is .02 first and then more by so much, and varies a
/// little from week to week and world to world.
fn of_defects(worlds: u32, more: f64) -> Story {
    let (mut summary, mut tables) = fixture::worlds(worlds);
    summary.weeks = 20;
    for (world, tables) in summary.worlds.iter_mut().zip(&mut tables) {
        world.weeks_done = 20;
        let of = |week: u32| {
            let luck = f64::from((7 * week + 3 * world.world) % 5) * 1e-4;
            let rate = 0.02 + luck + if week < 10 { 0.0 } else { more };
            let values = vec![("defect_rate", Some(rate))];
            WeekRow { week, sessions: 100, orders: 10, values }
        };
        tables.weeks = (0..20).map(of).collect();
    }
    told(&summary, &tables)
}

#[test]
fn what_shoppers_get_is_good_or_bad_news_where_worlds_agree() {
    let of = |worlds, more| {
        let story = of_defects(worlds, more);
        story.findings.into_iter().find(|finding| finding.headline.contains("defective"))
    };
    let rose = of(3, 0.01).unwrap();
    assert_eq!(rose.mood, Mood::Bad, "{rose:?}");
    assert_eq!(rose.headline, "The share of defective units rose from 2.0 % to 3.0 %");
    assert!(
        rose.says
            .contains("weeks 4 to 7 to weeks 16 to 19, a change of 1.0 ± 0.0 percentage points"),
        "{rose:?}"
    );
    assert_eq!(of(3, -0.01).unwrap().mood, Mood::Good);
    // One world has no interval, and so no direction that one could be sure of.
    assert_eq!(of(1, 0.01).unwrap().mood, Mood::Plain);
    assert_eq!(of(3, 0.0), None, "what does not move is no finding");
}
