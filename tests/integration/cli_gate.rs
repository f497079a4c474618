//! `brocante gate check` and `gate trend`, from outside: exit codes, files, and what is said.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::worlds::{SMALL, path};

fn brocante(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin!("brocante"));
    command.args(words).current_dir(folder).env_remove("CLICOLOR_FORCE");
    command.output().expect("the program starts")
}

/// A run of the small scenario with few visits, in this folder; it must end well.
fn run(folder: &Path, out: &str, words: &[&str]) {
    let scenario = path(SMALL).display().to_string();
    let few = ["run", &scenario, "--weeks", "3", "--set", "shoppers.visits_per_week=800.0"];
    let output = brocante(folder, &[&few[..], &["--out", out, "--quiet"], words].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output).1);
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// `gate check` with this budget: its code and what it said.
fn check(folder: &Path, budget: &str, words: &[&str]) -> (Option<i32>, String, String) {
    fs::write(folder.join("my.budget"), budget).unwrap();
    let output = brocante(folder, &[&["gate", "check", "--budget", "my.budget"], words].concat());
    let (stdout, stderr) = said(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn budgets_and_their_exit_codes() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    run(root, "base", &["--replications", "3"]);
    run(root, "same", &["--replications", "3"]);
    // The same market, that nobody reviews: what is meant is a change of the program, and here it is a file
    // that says so.
    let text = fs::read_to_string(root.join("same/summary.json")).unwrap();
    let mut worse: Value = serde_json::from_str(&text).unwrap();
    for (n, world) in worse["worlds"].as_array_mut().unwrap().iter_mut().enumerate() {
        world["digest"] = "other".into();
        let gini = world["metrics"]["gini"].as_f64().unwrap();
        world["metrics"]["gini"] = (gini + 0.2 + 1e-4 * n as f64).into();
    }
    fs::write(root.join("worse.json"), worse.to_string()).unwrap();

    let relative = "baseline = \"base\"\ngini <= baseline + 0.02 # no more\nconversion > 0\n";
    let (code, stdout, stderr) = check(root, relative, &["same"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.ends_with("PASSED: 2 passed\n") && stderr.is_empty(), "{stdout}{stderr}");
    let (code, stdout, _) = check(root, relative, &["worse.json"]);
    assert_eq!(code, Some(10), "{stdout}");
    assert!(
        stdout.contains("✗ gini <= baseline + 0.02") && stdout.contains("no accident"),
        "{stdout}"
    );
    let last = stdout.lines().last().unwrap_or_default();
    assert_eq!(last, "MISSED: 1 missed, 1 passed (exit code 10)");
    // What is named on the command line counts.
    let (code, stdout, _) = check(root, relative, &["--baseline", "worse.json", "worse.json"]);
    assert_eq!(code, Some(0), "{stdout}");
    // A metric that a run does not measure, and one without a sample.
    let (code, stdout, _) = check(root, "rank.response.p99 < 1s\nunsold_at_90d < 1", &["same"]);
    assert_eq!(code, Some(10), "{stdout}");
    assert!(stdout.contains("Not measured by same"), "{stdout}");
}

#[test]
fn what_is_not_right_ends_with_2_and_says_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    run(root, "mine", &["--replications", "2"]);
    run(root, "other", &["--set", "ranking.cheapest={}"]);
    run(root, "seed", &["--replications", "2", "--seed", "99"]);
    let old = fs::read_to_string(root.join("mine/summary.json")).unwrap();
    fs::write(root.join("old.json"), old.replacen("\"schema\": 1", "\"schema\": 0", 1)).unwrap();
    fs::write(
        root.join("load.json"),
        old.replacen("\"command\": \"run\"", "\"command\": \"nudge\"", 1),
    )
    .unwrap();
    let line = "gini <= baseline";
    for (budget, words, what) in [
        ("gni < 1", &["mine"][..], "did you mean `gini`?"),
        ("", &["mine"], "has no budget"),
        (line, &["mine"], "hangs on a baseline, and none is named"),
        (line, &["absent"], "absent"),
        (line, &["--baseline", "absent", "mine"], "renew the baseline"),
        (line, &["--baseline", "old.json", "mine"], "has schema 0, this version reads 1"),
        (line, &["--baseline", "load.json", "mine"], "is of a `nudge`"),
        (line, &["--baseline", "other", "mine"], "it differs in ranking."),
        (line, &["--baseline", "other", "mine"], "renew the baseline: run its command again"),
        (line, &["mine", "mine"], "is given twice"),
        ("gini < 1", &["--junit", "-", "--markdown", "-", "mine"], "would be mixed"),
    ] {
        let (code, stdout, stderr) = check(root, budget, words);
        assert_eq!(code, Some(2), "{budget} {words:?}: {stdout}{stderr}");
        assert!(stderr.contains(what), "{budget} {words:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && stdout.is_empty(), "{stdout}{stderr}");
    }
    // Another seed is another sample of the same thing.
    let (code, stdout, stderr) =
        check(root, "gini <= baseline + 0.5", &["--baseline", "seed", "mine"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let (code, _, stderr) = check(root, "gini < 1", &["--junit", "-", "--format", "json", "mine"]);
    assert_eq!(code, Some(2), "{stderr}");
}

#[test]
fn files_and_forms() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    run(root, "mine", &[]);
    let budget = "gini < 0.001\nconversion > 0";
    let files =
        ["--markdown", "out/a.md", "--junit", "out/a.xml", "--bencher", "out/a.json", "mine"];
    let (code, stdout, stderr) = check(root, budget, &files);
    assert_eq!(code, Some(10), "{stderr}");
    assert!(stdout.contains("✗ gini < 0.001"), "{stdout}");
    let read = |name: &str| fs::read_to_string(root.join("out").join(name)).unwrap();
    assert!(read("a.md").contains("| ❌ | `gini < 0.001` | mine |"), "{}", read("a.md"));
    let junit = quick_junit::Report::deserialize_from_str(&read("a.xml")).unwrap();
    assert_eq!((junit.tests, junit.failures, junit.errors), (2, 1, 0));
    let bencher: Value = serde_json::from_str(&read("a.json")).unwrap();
    assert!(bencher["gini"]["ratio"]["value"].is_f64(), "{bencher}");
    assert_eq!(fs::read_dir(root.join("out")).unwrap().count(), 3, "no temporary file stays");
    // In the place of the text, and as data.
    let (_, stdout, _) = check(root, budget, &["--markdown", "-", "mine"]);
    assert!(
        stdout.starts_with("### brocante gate check: MISSED") && !stdout.contains('✗'),
        "{stdout}"
    );
    let (code, stdout, _) = check(root, budget, &["--format", "json", "mine"]);
    let gated: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, Some(10));
    assert_eq!(gated["findings"][0]["verdict"], "missed");
    assert_eq!(gated["findings"][0]["evidence"], "budget");
}

#[test]
fn a_history_grows_and_is_read() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    run(root, "mine", &[]);
    for _ in 0..3 {
        let (code, _, stderr) = check(root, "gini < 1", &["--history", "h.jsonl", "mine"]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
    }
    let trend = |words: &[&str]| {
        let output = brocante(root, &[&["gate", "trend"], words].concat());
        let (stdout, stderr) = said(&output);
        (output.status.code(), stdout, stderr)
    };
    let (code, stdout, stderr) = trend(&["h.jsonl"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.contains("3 runs") && stdout.contains("never varied"), "{stdout}");
    // A program that was killed leaves half a line.
    let text = fs::read_to_string(root.join("h.jsonl")).unwrap();
    fs::write(root.join("h.jsonl"), &text[..text.len() - 40]).unwrap();
    let (code, stdout, stderr) = trend(&["h.jsonl"]);
    assert!(code == Some(0) && stderr.contains("h.jsonl:3 ends too early"), "{stdout}{stderr}");
    let (code, _, stderr) = check(root, "gini < 1", &["--history", "h.jsonl", "mine"]);
    assert!(code == Some(0) && stderr.contains("half a line"), "{stderr}");
    let (code, stdout, _) = trend(&["h.jsonl", "--format", "json"]);
    let gated: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, gated["command"].as_str()), (Some(0), Some("trend")));
    fs::write(root.join("bad.jsonl"), "{}\n").unwrap();
    for wrong in ["absent.jsonl", "bad.jsonl"] {
        let (code, _, stderr) = trend(&[wrong]);
        assert!(code == Some(2) && stderr.contains("= allowed: "), "{wrong}: {stderr}");
    }
}
