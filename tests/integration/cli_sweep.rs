//! `brocante sweep`: rows that outlive a kill, what is found, and what is refused.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::worlds::{SMALL, path};

/// `sweep` of the small scenario with few visits, in this folder.
fn sweep(folder: &Path, words: &[&str]) -> Command {
    let scenario = path(SMALL).display().to_string();
    let few = ["sweep", &scenario, "--set", "shoppers.visits_per_week=300.0", "--weeks", "2"];
    let mut command = Command::new(cargo_bin!("brocante"));
    command.args([&few[..], words].concat()).current_dir(folder);
    command
}

fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String, Output) {
    let output = sweep(folder, words).output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned(), output)
}

fn read(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a test that waits must have an end")]
fn now() -> Instant {
    Instant::now()
}

/// What a sweep found, without what it took.
fn found(folder: &Path) -> Value {
    let mut summary: Value =
        serde_json::from_str(&read(folder, "summary.json")).expect("a summary");
    for key in ["argv", "cost", "machine", "workers"] {
        summary[key].take();
    }
    summary
}

const KEYS: [&str; 6] = [
    "--vary",
    "ranking=box,cheapest,wilson",
    "--vary",
    "market.slate_length=2..8:3",
    "--metric",
    "gmv,late_rate",
];

#[test]
fn a_grid_has_a_row_for_each_world_of_each_point() {
    let root = tempfile::tempdir().unwrap();
    let words =
        ["--replications", "2", "--pareto", "gmv,late_rate", "--out", "out", "--format", "json"];
    let (code, stderr, output) = run(root.path(), &[&KEYS[..], &words].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let out = root.path().join("out");
    let text = read(&out, "rows.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 1 + 9 * 2);
    let column = |name: &str| rows[0].iter().position(|cell| *cell == name).expect("a column");
    let heads: Vec<_> = rows[1..].iter().map(|row| row[..5].join(" ")).collect();
    assert_eq!(heads[0], "0 0 0 box 2");
    assert_eq!(heads[3], "1 0 1 box 5");
    assert_eq!(heads[17], "8 0 1 wilson 8");
    // The same seeds at each point: the first world of `run` is the first of the point that is like it.
    let scenario = path(SMALL).display().to_string();
    let alone = ["run", &scenario, "--set", "shoppers.visits_per_week=300.0", "--weeks", "2"];
    let point = ["--set", "market.slate_length=5,ranking.cheapest={}", "--format", "json"];
    let mut command = Command::new(cargo_bin!("brocante"));
    let ran =
        command.args([&alone[..], &point].concat()).current_dir(root.path()).output().unwrap();
    let ran: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let row = &rows[1 + 4 * 2];
    assert_eq!(row[3..5], ["cheapest", "5"]);
    assert_eq!(ran["digest"], row[column("digest")]);
    let gmv: f64 = row[column("gmv")].parse().unwrap();
    assert_eq!(ran["metrics"]["gmv"]["value"], gmv);
    // What is found.
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let kept: Value = serde_json::from_str(&read(&out, "summary.json")).unwrap();
    assert_eq!(printed, kept);
    let found = &kept["sweep"];
    assert_eq!((&found["design"], &found["points"]), (&"grid".into(), &9.into()));
    assert_eq!(found["sensitivity"]["method"], "standardised-regression");
    let gmv = &found["sensitivity"]["metrics"]["gmv"];
    assert_eq!(gmv["keys"].as_array().unwrap().len(), 3, "two names and a number: {gmv}");
    assert!(gmv["r2"].as_f64().is_some_and(|r2| (0.0..=1.0).contains(&r2)), "{gmv}");
    assert_eq!(found["means"].as_array().unwrap().len(), 9);
    let orders: u64 =
        rows[1..].iter().map(|row| row[column("orders")].parse::<u64>().unwrap()).sum();
    assert_eq!(kept["counts"]["orders"], orders);
    assert!(!found["pareto"]["points"].as_array().unwrap().is_empty());
    assert!(out.join("scenario.toml").exists());
}

#[test]
fn a_sobol_design_tells_indices() {
    let root = tempfile::tempdir().unwrap();
    let keys =
        ["--vary", "sellers.supply=0.5..2", "--vary", "shoppers.visits_per_week=100..400:log"];
    let words = ["--design", "sobol", "--points", "66", "--metric", "gmv", "--out", "out"];
    let (code, stderr, output) = run(root.path(), &[&keys[..], &words].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("64 points") && text.contains("Sobol's indices"), "{text}");
    let found = found(&root.path().join("out"));
    let gmv = &found["sweep"]["sensitivity"]["metrics"]["gmv"];
    assert_eq!(
        (&gmv["n"], &gmv["keys"][0]["key"]),
        (&16.into(), &"shoppers.visits_per_week".into())
    );
    let total = |key: usize| gmv["keys"][key]["total"]["value"].as_f64().unwrap();
    // Sales go with visits; how much stock comes in hardly matters to so few.
    assert!(total(0) > 0.7 && total(1) < 0.3, "{gmv}");
}

/// A small generator for moments to kill at: tests need no more.
fn moments(mut state: u64) -> impl FnMut() -> Duration {
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(state >> 33 & 0x1FF)
    }
}

#[test]
fn a_sweep_that_is_killed_again_and_again_ends_as_one_that_was_not() {
    let root = tempfile::tempdir().unwrap();
    let words = ["--replications", "2", "--pareto", "gmv,late_rate", "--workers", "2"];
    let all = |out: &'static str| [&KEYS[..], &words, &["--out", out]].concat();
    let (code, stderr, _) = run(root.path(), &all("whole"));
    assert_eq!(code, Some(0), "{stderr}");
    let (whole, torn) = (root.path().join("whole"), root.path().join("torn"));
    let expected = read(&whole, "rows.csv");
    let (mut after, mut kills) = (moments(7), 0);
    let began = now();
    loop {
        let mut child = sweep(root.path(), &all("torn"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        // Moments grow, so that a slow machine gets to the end too.
        std::thread::sleep(after() + Duration::from_millis(20 * kills));
        let ended = child.try_wait().expect("a child");
        child.kill().expect("to kill it");
        child.wait().expect("a child");
        let rows = read(&torn, "rows.csv");
        assert!(expected.starts_with(&rows), "kill {kills}:\n{rows}\n{expected}");
        match ended {
            Some(status) => {
                assert_eq!(status.code(), Some(0));
                break;
            }
            None => kills += 1,
        }
        // A row that stops in the middle, as if the disk had been full.
        if kills == 3 && rows.len() > 40 {
            std::fs::write(torn.join("rows.csv"), &rows[..rows.len() - 17]).unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(300), "{kills} kills and no end");
    }
    assert!(kills > 0, "it was never killed");
    assert_eq!(read(&torn, "rows.csv"), expected);
    assert_eq!(found(&torn), found(&whole));
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&torn), names(&whole), "no temporary file stays");
    // Once more: nothing is left to do, and nothing changes.
    let (code, stderr, _) = run(root.path(), &all("torn"));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("9 of 9 points are there already"), "{stderr}");
    assert_eq!(read(&torn, "rows.csv"), expected);
}

#[test]
fn another_sweep_is_not_gone_on_with() {
    let root = tempfile::tempdir().unwrap();
    let with = |words: &[&'static str]| {
        run(root.path(), &[&["--out", "out", "--metric", "gmv"], words].concat())
    };
    let (code, stderr, _) = with(&["--vary", "market.slate_length=2,3"]);
    assert_eq!(code, Some(0), "{stderr}");
    let before = read(&root.path().join("out"), "rows.csv");
    for (words, says) in [
        (&["--vary", "market.slate_length=2,4"][..], "vary is"),
        (&["--vary", "market.slate_length=2,3", "--seed", "8"], "seed is 7 there and 8 here"),
        (&["--vary", "market.slate_length=2,3", "--replications", "2"], "replications is 1"),
        (&["--vary", "market.slate_length=2,3", "--metric", "gini"], "metrics is"),
        (&["--vary", "market.slate_length=2,3", "--set", "sellers.count=39"], "scenario is"),
        (&["--vary", "market.slate_length=2,3", "--design", "lhs", "--points", "2"], "design is"),
    ] {
        let (code, stderr, _) = with(words);
        assert_eq!(code, Some(2), "{words:?}: {stderr}");
        assert!(stderr.contains(says) && stderr.contains("another sweep"), "{words:?}: {stderr}");
    }
    assert_eq!(read(&root.path().join("out"), "rows.csv"), before);
    // A folder of something else is not taken for one.
    std::fs::create_dir(root.path().join("mine")).unwrap();
    std::fs::write(root.path().join("mine/rows.csv"), "mine").unwrap();
    let (code, stderr, _) = run(root.path(), &[&KEYS[..], &["--out", "mine"]].concat());
    assert_eq!(code, Some(2), "{stderr}");
    assert_eq!(read(&root.path().join("mine"), "rows.csv"), "mine");
}

#[test]
fn what_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let one = "market.slate_length=2,3";
    for (words, says) in [
        (&[][..], "nothing is varied"),
        (&["--vary", "market.slate_length=5..2:3"], "the range is empty"),
        (&["--vary", "market.slate_length=2..5:0"], "is empty"),
        (&["--vary", "market.slate_length="], "no value"),
        (&["--vary", "market.slate_length=2..5"], "--points N"),
        (&["--vary", "market.slate_lenght=2,3"], "did you mean `slate_length`?"),
        (
            &["--vary", "market.slate_lenght=2..3", "--design", "lhs", "--points", "9"],
            "did you mean",
        ),
        (&["--vary", "ranking=box,cheepest"], "did you mean `cheapest`?"),
        (&["--vary", "market.slate_length=3,0"], "in point 1 of --vary (market.slate_length=0)"),
        (&["--vary", "market.slate_length=3,0"], "--vary:1:"),
        (&["--vary", "market.slate_length=3,0"], "allowed: "),
        (&["--vary", one, "--metric", "ginni"], "did you mean `gini`?"),
        (&["--vary", one, "--pareto", "gmv"], "two or three"),
        (&["--vary", one, "--pareto", "gmv,gmv"], "two or three"),
        (&["--vary", one, "--pareto", "gmv,gini"], "`gini` is better"),
        (&["--vary", one, "--points", "5"], "--points with --design"),
        (&["--vary", one, "--design", "sobol"], "--points N"),
        (&["--vary", one, "--replications", "1000000", "--markets", "9"], "worlds"),
    ] {
        let (code, stderr, _) = run(root.path(), &[words, &["--out", "out"]].concat());
        assert_eq!(code, Some(2), "{words:?}: {stderr}");
        assert!(stderr.contains(says), "{words:?}: {stderr}");
        assert!(!root.path().join("out").exists(), "{words:?}");
    }
}

#[cfg(unix)]
#[test]
fn who_interrupts_keeps_points_and_is_told_how_to_go_on() {
    let root = tempfile::tempdir().unwrap();
    let words = ["--vary", "market.seed=1..500:500", "--metric", "gmv", "--out", "out"];
    let child = sweep(root.path(), &words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("it runs");
    let rows = root.path().join("out/rows.csv");
    let began = now();
    while std::fs::read_to_string(&rows).unwrap_or_default().lines().count() < 3 {
        assert!(began.elapsed() < Duration::from_secs(60), "no rows");
        std::thread::sleep(Duration::from_millis(5));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("of 500 points; the same command goes on"), "{stderr}");
    let found = found(&root.path().join("out"));
    let done = found["sweep"]["points_done"].as_u64().unwrap();
    assert!((2..500).contains(&done), "{done}");
    assert_eq!(read(&root.path().join("out"), "rows.csv").lines().count() as u64, done + 1);
}
