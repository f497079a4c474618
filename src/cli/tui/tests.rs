//! Pictures of every size, and what they are made from.

use std::time::Duration;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::load::Load;
use super::parts::{clock, spark};
use super::worlds::Worlds;
use crate::driver::load::{Arrivals, Freshness, Latencies, Op, Part, Second, Stage};
use crate::experiment::Threshold;
use crate::experiment::load::{LoadPlan, Mode, Path};
use crate::measure::WeekRow;

/// The sizes that are looked at: roomy, usual, narrow, and too small.
const SIZES: [(u16, u16); 4] = [(120, 35), (80, 24), (40, 12), (20, 5)];

/// What a terminal of that size shows.
fn screen(lines: impl Fn(u16, u16) -> Vec<Line<'static>>, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let drawn = terminal.draw(|frame| {
        let area = frame.area();
        frame.render_widget(Paragraph::new(lines(area.width, area.height)), area);
    });
    drawn.expect("a picture");
    terminal.backend().to_string()
}

fn row(week: u32) -> WeekRow {
    let x = f64::from(week);
    let values = vec![
        ("box_share", Some(0.8 + x / 1_000.0)),
        ("gini", Some(0.95 - x / 500.0)),
        ("mean_stars", (week > 0).then_some(4.2 + x / 100.0)),
        ("defect_rate", Some(0.03)),
        ("joined_per_week", Some(f64::from(week % 5))),
        ("late_rate", None),
    ];
    WeekRow { week, sessions: 100_000, orders: 3_000 + u64::from(week * week), values }
}

/// A run of so many worlds, in the midst of the second and the third of them.
fn worlds(all: u64) -> Worlds {
    let mut worlds = Worlds::new("quick · run");
    worlds.expects(all);
    let live = |worlds: &mut Worlds, number: u64, weeks: u32| {
        worlds.begins(number);
        for week in 0..weeks {
            worlds.beat(number, (7 * week + 7, 84), u64::from(week + 1) * 100_000);
            worlds.week(number, &row(week));
        }
    };
    if all > 1 {
        live(&mut worlds, 0, 12);
        worlds.ended(0);
        live(&mut worlds, 1, 3);
    }
    live(&mut worlds, 2, 9);
    for half in 1..40 {
        worlds.at(Duration::from_millis(500 * half), false);
        worlds.beat(2, (64, 84), 900_000 + half * half * 1_000);
    }
    worlds.at(Duration::from_secs(200), false);
    worlds
}

fn plan(stages: &[&str], path: Path, mode: Mode) -> LoadPlan {
    let stage = |text: &&str| text.parse::<Stage>().expect("a stage");
    LoadPlan {
        path,
        mode,
        arrivals: Arrivals::Poisson,
        stages: stages.iter().map(stage).collect(),
        duration: "30s".parse().expect("a span"),
        drivers: 1,
        batch: 1,
        serving: None,
        length: 10,
    }
}

fn second(n: u64, offered: Option<u64>, length: u64) -> Second {
    let mut latencies = Latencies::default();
    for part in [Part::Service, Part::Response] {
        let histogram = latencies.of_mut(Op::Rank, part);
        histogram.record_n(60 + n, 9_000 + 100 * n).expect("a histogram that grows");
        histogram.record_n(5_000 * (n + 1), 200).expect("a histogram that grows");
    }
    let start = n * 1_000_000_000;
    let freshness = Freshness::default();
    Second { start, length, latencies, offered, backlog: 12 * n, overflow: n / 8, freshness }
}

/// A load of two stages with three thresholds, after 15 s.
fn load() -> Load {
    let slo: Vec<Threshold> =
        ["rank.response.p99 < 50us", "rank.response.p50 < 10ns", "buy.response.p99 < 1ms"]
            .map(|text| text.parse().expect("a threshold"))
            .into();
    let plan = plan(&["10s@10k", "20s@12k"], Path::Actor, Mode::Open);
    let mut load = Load::new("quick · load", &plan, &slo, false);
    for n in 0..15 {
        load.second(&second(n, Some(10_000 + 150 * n), 1_000_000_000));
    }
    load
}

#[test]
fn worlds_in_every_room() {
    for (width, height) in SIZES {
        let several = worlds(8);
        let name = format!("worlds_{width}x{height}");
        insta::assert_snapshot!(name, screen(|w, h| several.lines(w, h), (width, height)));
    }
    let alone = worlds(1);
    insta::assert_snapshot!("world_alone_80x24", screen(|w, h| alone.lines(w, h), (80, 24)));
    let none = Worlds::new("quick · run");
    insta::assert_snapshot!("worlds_none_40x12", screen(|w, h| none.lines(w, h), (40, 12)));
}

#[test]
fn a_load_in_every_room() {
    for (width, height) in SIZES {
        let load = load();
        let name = format!("load_{width}x{height}");
        insta::assert_snapshot!(name, screen(|w, h| load.lines(w, h), (width, height)));
    }
    let none = Load::new("quick · load", &plan(&[], Path::Direct, Mode::Closed(4)), &[], true);
    insta::assert_snapshot!("load_none_80x24", screen(|w, h| none.lines(w, h), (80, 24)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever was told and however little room there is: a picture, and no more lines than there are
    /// rows; where it is too small, one line.
    #[test]
    fn there_is_a_picture_at_any_size(
        (width, height) in (1_u16..140, 1_u16..45),
        all in 0_u64..9,
        beats in prop::collection::vec((0_u64..6, 0_u32..400, 0_u32..400, any::<u32>()), 0..20),
        ends in prop::collection::vec(0_u64..6, 0..4),
        ms in any::<u32>(),
        seconds in prop::collection::vec((prop::option::of(0_u64..1_000_000), 0_u64..1_000_000_001), 0..12),
        staged in any::<bool>(),
    ) {
        let mut worlds = Worlds::new("a scenario with a long name · compare");
        worlds.expects(all);
        for (n, &(number, day, days, visits)) in beats.iter().enumerate() {
            worlds.beat(number, (day, days), u64::from(visits));
            worlds.week(number, &row(n as u32));
            worlds.at(Duration::from_millis(u64::from(ms) + 600 * n as u64), n % 2 == 0);
        }
        ends.iter().for_each(|&number| worlds.ended(number));
        let stages: &[&str] = if staged { &["1s@1k", "3s@2k"] } else { &[] };
        let mode = if staged { Mode::Open } else { Mode::Single };
        let slo = ["rank.response.p99 < 50us".parse().expect("a threshold")];
        let mut load = Load::new("a scenario · load", &plan(stages, Path::Direct, mode), &slo, staged);
        for (n, &(offered, length)) in seconds.iter().enumerate() {
            load.second(&second(n as u64, offered, length));
        }
        for lines in [worlds.lines(width, height), load.lines(width, height)] {
            prop_assert!(lines.len() <= usize::from(height), "{} lines in {height}", lines.len());
            let small = width < 24 || height < 6;
            prop_assert!(!small || lines.len() == 1);
            prop_assert!(!small || lines[0].width() <= usize::from(width));
            screen(|_, _| lines.clone(), (width, height));
        }
    }

    /// A sparkline is as long as there is room or as there are values, and its ends are at the ends.
    #[test]
    fn a_sparkline_keeps_to_its_room(
        values in prop::collection::vec(prop::option::of(-1e9_f64..1e9), 0..60),
        width in 0_usize..50,
    ) {
        let text: Vec<char> = spark(&values, None, width).chars().collect();
        prop_assert_eq!(text.len(), values.len().min(width));
        let shown = &values[values.len() - text.len()..];
        let seen: Vec<f64> = shown.iter().copied().flatten().collect();
        let (low, high) = (seen.iter().copied().reduce(f64::min), seen.iter().copied().reduce(f64::max));
        for (value, block) in shown.iter().zip(text) {
            match value {
                None => prop_assert_eq!(block, '·'),
                Some(_) if low == high => prop_assert_eq!(block, '▁'),
                same if *same == low => prop_assert_eq!(block, '▁'),
                same if *same == high => prop_assert_eq!(block, '█'),
                _ => {}
            }
        }
    }
}

#[test]
fn times_as_people_tell_them() {
    let told = [0, 59, 60, 200, 3_599, 3_600, 93_784].map(|s| clock(Duration::from_secs(s)));
    let known =
        ["0 s", "59 s", "1 min 00 s", "3 min 20 s", "59 min 59 s", "1 h 00 min", "26 h 03 min"];
    assert_eq!(told, known);
}
