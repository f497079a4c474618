//! What people and programs read of a gate.

use super::fixture::{finding, gated};
use super::*;
use crate::experiment::gate::{Change, Finding, Trends};
use crate::measure::Better;

#[test]
fn a_text() {
    insta::assert_snapshot!(gate_text(&gated(), false));
}

#[test]
fn a_text_for_a_narrow_terminal() {
    insta::assert_snapshot!(gate_text_within(&gated(), 48, false));
}

#[test]
fn a_markdown_table() {
    insta::assert_snapshot!(gate_markdown(&gated()));
}

#[test]
fn bencher_metric_format() {
    insta::assert_snapshot!(gate_bencher(&gated()));
}

#[test]
fn junit_xml() {
    insta::assert_snapshot!(gate_junit(&gated()).unwrap());
}

#[test]
fn a_text_fits_and_has_colours_only_where_they_are_wanted() {
    for width in [40, 48, 60, 80, 120] {
        let text = gate_text_within(&gated(), width, false);
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > width).collect();
        // A threshold is not broken, and the verdict is one line.
        let whole =
            |line: &&str| line.starts_with(['✓', '✗', '!', '?', '–']) || line.starts_with("MISSED");
        assert!(wide.iter().all(whole), "{width}: {wide:#?}");
        assert!(!text.contains('\u{1b}'));
    }
    let text = gate_text(&gated(), true);
    assert!(text.contains("\u{1b}[32m✓") && text.contains("\u{1b}[31m"), "{text:?}");
    let last = gate_text(&gated(), false).lines().last().unwrap().to_owned();
    assert_eq!(
        last,
        "MISSED: 1 missed, 1 behaviour changed, 1 invalid, 1 advice, 1 skipped, 2 passed (exit code 10)"
    );
}

#[test]
fn a_table_stays_a_table_whatever_stands_in_it() {
    let mut gated = gated();
    gated.findings = vec![Finding {
        says: "one\ntwo | three <script>".to_owned(),
        ..finding("a | `b` < 3\n| c |", "x|y\n_z_", "", Verdict::Missed)
    }];
    let text = gate_markdown(&gated);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    assert_eq!(rows.len(), 2, "{text}");
    let bars = |row: &str| row.replace("\\|", "").matches('|').count();
    assert_eq!((bars(rows[0]), bars(rows[1])), (8, 8), "{text}");
    assert!(!text.contains("<script>"), "{text}");
}

#[test]
fn junit_counts_what_fails() {
    let xml = gate_junit(&gated()).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (7, 2, 1));
    assert_eq!(report.test_suites.len(), 3);
    let of = |name: &str| {
        let suites = &report.test_suites;
        let suite = suites.iter().find(|suite| suite.name.as_str() == name).unwrap();
        (suite.tests, suite.failures, suite.errors)
    };
    assert_eq!(of("results/market"), (3, 1, 0));
    assert_eq!(of("results/load"), (2, 1, 1));
    assert_eq!(of("kernels"), (2, 0, 0));
    let message =
        r#"message="The load was not valid: steal &lt;b&gt;time&lt;/b&gt; | of 7 % &amp; more.""#;
    assert!(xml.contains(message), "{xml}");
    assert!(!xml.contains("disabled="), "no attribute that the schema does not have: {xml}");
    assert!(xml.contains(r#"<testsuite name="kernels" tests="2" skipped="1""#), "{xml}");
}

#[test]
fn what_would_break_xml_does_not() {
    let mut gated = gated();
    let bad = "a\u{0}\u{1b}[31m ]]> \" ' <x disabled=\"0\"> \u{fffe}";
    for finding in &mut gated.findings {
        finding.name.push_str(bad);
        finding.of = format!("{bad}{}", finding.of);
        finding.says.push_str(bad);
    }
    let xml = gate_junit(&gated).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((report.tests, report.test_suites.len()), (7, 3));
    serde_json::from_str::<serde_json::Value>(&gate_bencher(&gated)).unwrap();
}

#[test]
fn nothing_that_was_asked() {
    let none = Gated { command: "check".to_owned(), findings: vec![] };
    assert_eq!(gate_text(&none, false), "gate check\n\nPASSED: nothing was asked\n");
    assert_eq!(gate_bencher(&none), "{}\n");
    assert!(quick_junit::Report::deserialize_from_str(&gate_junit(&none).unwrap()).is_ok());
}

fn trends() -> Trends {
    let change = |name: &str, unit: &str, better: Better, before: f64, after: f64| Change {
        of: "quick by run".to_owned(),
        name: name.to_owned(),
        unit: unit.to_owned(),
        better,
        time: "20261122T213704Z".to_owned(),
        commit: Some("d0dd897d5d0e".to_owned()),
        before,
        after,
        p: 0.000_25,
        scenario_changed: false,
        digest_changed: true,
    };
    let changes = vec![
        change("gini", "ratio", Better::None, 0.873, 0.901),
        change("gmv", "EUR", Better::Higher, 52_000_000.0, 49_000_000.0),
        Change {
            of: "quick by load".to_owned(),
            commit: None,
            ..change("rank.service.p99", "ns", Better::Lower, 1_240.0, 980.0)
        },
    ];
    Trends { runs: 40, series: 90, constant: 12, short: 3, needed: 15, changes }
}

#[test]
fn a_text_of_trends() {
    insta::assert_snapshot!(trend_text(&trends(), false));
    let none = Trends { runs: 5, series: 0, constant: 1, short: 88, needed: 15, changes: vec![] };
    insta::assert_snapshot!(trend_text(&none, false));
    assert!(trend_text(&Trends::default(), false).contains("The history is empty"));
}
