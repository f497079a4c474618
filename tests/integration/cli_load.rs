//! `brocante load`: what is kept of a load, how it ends, and what is refused.
//!
//! Other programs share the machine that tests run on, so no test asks for a latency, nor for a valid
//! measurement: only for what must hold however slow the machine is.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::worlds::{SMALL, path};

/// A load of the small scenario: its exit code, what it said to standard error, and its summary.
fn load(folder: &Path, words: &[&str]) -> (Option<i32>, String, Value) {
    let scenario = path(SMALL).display().to_string();
    let short = ["load", &scenario, "--quiet", "--out", "out"];
    let warmup = if words.contains(&"--warmup") { &[][..] } else { &["--warmup", "1w"] };
    let mut command = Command::new(cargo_bin!("brocante"));
    let output = command
        .args([&short[..], warmup, words].concat())
        .current_dir(folder)
        .output()
        .expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = std::fs::read_to_string(folder.join("out/summary.json")).unwrap_or_default();
    (output.status.code(), stderr, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// What a load that was put on may end with on a machine that others use.
fn ended(code: Option<i32>) -> bool {
    matches!(code, Some(0 | 10 | 12 | 13))
}

#[test]
fn a_load_leaves_a_whole_folder_in_every_mode() {
    for mode in ["single", "closed:2", "open", "offline", "replay"] {
        let root = tempfile::tempdir().unwrap();
        let mut words = vec!["--mode", mode, "--duration", "150ms"];
        if mode == "open" {
            words.extend(["--rate", "2k"]);
        }
        let (code, stderr, summary) = load(root.path(), &words);
        assert!(ended(code), "{mode}: {code:?} {stderr}");
        let rank = &summary["latency"]["rank"]["service"];
        let count = rank["count"].as_u64().unwrap_or(0);
        assert!(count > 0, "{mode}: no rankings in {summary}");
        assert!(rank["p50"].as_u64() <= rank["p99"].as_u64(), "{mode}: {rank}");
        let scheduled = mode == "open" || mode == "replay";
        assert_eq!(summary["throughput"]["offered"].is_null(), !scheduled, "{mode}");
        assert_eq!(summary["valid"].as_bool(), Some(code != Some(12)), "{mode}");
        assert_eq!(summary["command"], "load");
        for file in ["latency.hlog", "latency.csv", "scenario.toml"] {
            let size = std::fs::metadata(root.path().join("out").join(file)).map(|file| file.len());
            assert!(size.is_ok_and(|size| size > 100), "{mode}: {file}");
        }
    }
}

#[test]
fn the_same_seed_is_warm_in_the_same_way() {
    let digest = |words: &[&str]| {
        let root = tempfile::tempdir().unwrap();
        let words = [&["--duration", "50ms", "--rate", "1k"], words].concat();
        let (code, stderr, summary) = load(root.path(), &words);
        assert!(ended(code), "{code:?} {stderr}");
        summary["digest"].as_str().unwrap_or_default().to_owned()
    };
    let one = digest(&["--workers", "1"]);
    assert_eq!(one.len(), 16);
    assert_eq!(one, digest(&["--workers", "2"]));
    assert_ne!(one, digest(&["--seed", "8"]));
}

#[test]
fn mailboxes_are_told_beside_the_direct_path() {
    let root = tempfile::tempdir().unwrap();
    let (code, stderr, summary) =
        load(root.path(), &["--path", "actor", "--rate", "2k", "--duration", "200ms"]);
    assert!(ended(code), "{code:?} {stderr}");
    assert_eq!((&summary["path"], &summary["beside"]["path"]), (&"actor".into(), &"direct".into()));
    let done = |load: &Value| -> u64 {
        let counts = load["latency"].as_object().into_iter().flatten();
        counts.filter_map(|(_, parts)| parts["service"]["count"].as_u64()).sum()
    };
    let all = done(&summary)
        + summary["overflow"].as_u64().unwrap_or(0)
        + summary["backlog"].as_u64().unwrap_or(0);
    let offered = summary["throughput"]["offered"].as_f64().unwrap_or(0.0);
    assert_eq!((offered * 0.2).round() as u64, all, "nothing is lost in silence: {summary}");
    assert!(done(&summary["beside"]) > 0);
}

#[test]
fn mailboxes_answer_those_who_wait_too() {
    for mode in ["closed:2", "single", "offline"] {
        let root = tempfile::tempdir().unwrap();
        let words = ["--path", "actor", "--mode", mode, "--duration", "100ms"];
        let (code, stderr, summary) = load(root.path(), &words);
        assert!(ended(code), "{mode}: {code:?} {stderr}");
        assert_eq!((&summary["overflow"], &summary["backlog"]), (&0.into(), &0.into()), "{mode}");
        let count = |load: &Value| load["latency"]["rank"]["service"]["count"].as_u64();
        assert!(count(&summary).is_some_and(|n| n > 0), "{mode}: {summary}");
        assert!(count(&summary["beside"]).is_some_and(|n| n > 0), "{mode}: {summary}");
    }
}

#[test]
fn a_threshold_that_is_missed_or_not_measured_fails() {
    let root = tempfile::tempdir().unwrap();
    let slo = ["--slo", "rank.response.p50 < 1ns", "--slo", "rank.service.count > 0"];
    let words = [&["--rate", "2k", "--duration", "100ms"], &slo[..]].concat();
    let (code, stderr, summary) = load(root.path(), &words);
    assert!(matches!(code, Some(10 | 12 | 13)), "{code:?} {stderr}");
    assert_eq!(
        (&summary["slo"][0]["pass"], &summary["slo"][1]["pass"]),
        (&false.into(), &true.into())
    );
}

#[test]
fn a_rate_beyond_the_core_is_said_to_be_so() {
    let root = tempfile::tempdir().unwrap();
    let words = ["--rate", "500M", "--duration", "20ms", "--drivers", "1"];
    let (code, stderr, summary) = load(root.path(), &words);
    assert!(matches!(code, Some(12 | 13)), "{code:?} {stderr}");
    assert_eq!(summary["saturated"], true, "{summary}");
}

#[test]
fn the_search_for_the_greatest_rate_ends_with_a_curve() {
    let root = tempfile::tempdir().unwrap();
    let words = ["--find-max", "--duration", "200ms", "--slo", "rank.response.p99 < 10s"];
    let (code, stderr, summary) = load(root.path(), &words);
    assert!(ended(code), "{code:?} {stderr}");
    let curve = summary["curve"].as_array().cloned().unwrap_or_default();
    assert!(!curve.is_empty(), "{summary}");
    if code == Some(0) {
        let rate = summary["max_rate"].as_f64().unwrap_or(f64::NAN);
        let passed = curve.iter().filter(|probe| probe["pass"] == true);
        let highest = passed.filter_map(|probe| probe["rate"].as_f64()).fold(0.0, f64::max);
        assert!(rate <= highest && rate > 0.0, "{rate} of {highest}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_what_is_allowed() {
    for (words, says) in [
        (&["--rate", "0"][..], "zero"),
        (&["--rate", "inf"], "does not start with a number"),
        (&["--rate", "-5"], "does not start with a number"),
        (&["--duration", "99999999999w"], "too large"),
        (&["--duration", "30000w"], "292 years"),
        (&["--duration", "1ms"], "10ms or more"),
        (&["--stage", "10s"], "`10s@200k`"),
        (&["--stage", "10s@0"], "zero"),
        (&["--stage", "-5s@1k"], "back in time"),
        (&["--stage", "1s@1k", "--rate", "2k"], "cannot be used with"),
        (&["--mode", "opne"], "open"),
        (&["--mode", "closed:0"], "closed:1 to closed:65536"),
        (&["--mode", "single", "--rate", "2k"], "--mode open"),
        (&["--path", "post"], "direct, actor"),
        (&["--warmup", "3d"], "whole weeks"),
        (&["--warmup", "900w"], "(the scenario's)"),
        (&["--slo", "rank.respnse.p99 < 5us"], "response"),
        (&["--slo", "rank.response.p99 < 5"], "no unit"),
        (&["--slo", "rank.response.p98 < 5us"], "p99"),
        (&["--slo", "faults < 5"], "known"),
        (&["--serve", "write", "--set", "ranking.random={}"], "read"),
        (&["--find-max", "--replications", "3"], "one world"),
        (&["--drivers", "0"], "1..=1024"),
    ] {
        let root = tempfile::tempdir().unwrap();
        let (code, stderr, summary) = load(root.path(), words);
        assert_eq!(code, Some(2), "{words:?}: {stderr}");
        assert!(stderr.contains(says), "{words:?} says: {stderr}");
        assert_eq!(summary, Value::Null, "{words:?} left a result");
        assert!(!root.path().join("out").exists(), "{words:?} left a folder");
    }
}
