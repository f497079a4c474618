//! Histories in which something changed, and in which nothing did.

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::experiment::gate::fixture::{load_of, run_of};
use crate::rng::{Dice, Purpose, unit_normal};
use crate::store::Summary;

fn line(n: u64, summary: &Summary) -> HistoryLine {
    HistoryLine::of(summary, UNIX_EPOCH + Duration::from_secs(86_400 * n))
}

/// So many runs, with a Gini that wavers and goes up by .1 at this run.
fn history(runs: u64, step: u64) -> Vec<HistoryLine> {
    let mut stream = Dice::new(3, 0).stream(0, 0, Purpose::Outcome);
    let gini =
        |n: u64, unit: f64| 0.5 + 0.01 * unit_normal(unit) + if n >= step { 0.1 } else { 0.0 };
    (0..runs)
        .map(|n| {
            let mut line = line(n, &run_of(&[gini(n, stream.unit())], 7));
            line.commit = Some(format!("c{n}"));
            line
        })
        .collect()
}

#[test]
fn a_change_is_told_with_its_run() {
    let found = trends(&history(30, 18));
    let change = found.changes.iter().find(|change| change.name == "gini").expect("a change");
    assert_eq!((change.time.as_str(), change.commit.as_deref()), ("19700119T000000Z", Some("c18")));
    assert!((change.before - 0.5).abs() < 0.01 && (change.after - 0.6).abs() < 0.01, "{change:?}");
    assert!(change.digest_changed && !change.scenario_changed && change.p < 0.01);
    assert_eq!(change.of, "quick by run");
    let gated = found.gated();
    assert!(gated.findings.iter().all(|finding| finding.verdict <= Verdict::Advice));
    assert_eq!(gated.verdict().code(), 0);
}

#[test]
fn nothing_and_too_little() {
    let found = trends(&history(30, 99));
    assert!(found.changes.is_empty() && found.series >= 1, "{found:?}");
    let found = trends(&history(5, 3));
    assert!(found.changes.is_empty() && found.series == 0 && found.short >= 1, "{found:?}");
    assert!(found.needed > 5);
    assert_eq!(trends(&[]), Trends { needed: 8, ..Trends::default() });
}

#[test]
fn times_of_another_machine_or_a_bad_hour_are_left_out() {
    let of =
        |n: u64, slow: bool| line(n, &load_of(if slow { 100..200 } else { 1..(90 + n * 7 % 5) }));
    let mut lines: Vec<HistoryLine> = (0..24).map(|n| of(n, n >= 12)).collect();
    let changed = |lines: &[HistoryLine]| {
        let found = trends(lines).changes;
        found.iter().filter(|change| change.name == "rank.service.p99").count()
    };
    assert_eq!(changed(&lines), 1);
    lines.iter_mut().skip(12).for_each(|line| line.valid = Some(false));
    assert_eq!(changed(&lines), 0);
    for line in &mut lines {
        line.valid = Some(true);
    }
    lines.iter_mut().take(12).for_each(|line| line.machine.cores += 1);
    assert_eq!(changed(&lines), 0);
    lines.iter_mut().take(12).for_each(|line| line.machine.cores -= 1);
    assert_eq!(changed(&lines), 1);
    // A load at another rate is another series.
    let asked = |line: &mut HistoryLine, stages: &str| {
        line.setting.as_mut().unwrap().stages = Some(stages.to_owned());
    };
    lines.iter_mut().skip(12).for_each(|line| asked(line, "10s@100k/s"));
    assert_eq!(changed(&lines), 0);
    lines.iter_mut().for_each(|line| asked(line, "10s@100k/s"));
    assert_eq!(changed(&lines), 1);
    let told = trends(&lines).changes;
    assert!(told.iter().all(|it| it.of == "quick by load, closed:1 10s@100k/s"), "{told:?}");
}
