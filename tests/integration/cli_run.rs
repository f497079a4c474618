//! `brocante run`: arguments, what is kept of worlds and markets, and Ctrl-C.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::worlds::{SMALL, path};

fn brocante(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("brocante"));
    command.args(words).current_dir(folder).env_remove("CLICOLOR_FORCE");
    command
}

/// `run` of the small scenario with few visits, in this folder.
fn small(folder: &Path, words: &[&str]) -> Command {
    let scenario = path(SMALL).display().to_string();
    let few = ["run", &scenario, "--set", "shoppers.visits_per_week=800.0"];
    brocante(folder, &[&few[..], words].concat())
}

fn ended(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn summary(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("summary.json")).expect("a summary");
    serde_json::from_str(&text).expect("a summary is JSON")
}

#[test]
fn a_place_that_is_taken_is_a_wrong_argument() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "mine").unwrap();
    for out in [".", "file", "file/below"] {
        let output = small(root.path(), &["--weeks", "2", "--out", out]).output().unwrap();
        let (code, stderr) = ended(&output);
        assert_eq!(code, Some(2), "{out}: {stderr}");
        let last = stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: ") && last.contains("folder"), "{stderr}");
    }
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn more_worlds_than_can_be_counted() {
    let root = tempfile::tempdir().unwrap();
    let many = ["--markets", "100000", "--replications", "100000", "--out", "out"];
    let (code, stderr) = ended(&small(root.path(), &many).output().unwrap());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("10000000000 worlds") && stderr.contains("allowed: "), "{stderr}");
    assert!(!root.path().join("out").exists());
}

#[test]
fn markets_leave_their_trace() {
    let root = tempfile::tempdir().unwrap();
    let words = ["--weeks", "2", "--markets", "2", "--replications", "2", "--out", "out"];
    let (code, stderr) = ended(&small(root.path(), &words).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    let summary = summary(&root.path().join("out"));
    let worlds = summary["worlds"].as_array().unwrap();
    let of = |key: &str| worlds.iter().map(|world| world[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("world"), [0, 1, 2, 3]);
    assert_eq!(of("market"), [0, 0, 1, 1]);
    let first = worlds[0]["market_seed"].as_u64().unwrap();
    assert_eq!(of("market_seed"), [first, first, first + 1, first + 1]);
    assert_eq!((of("complete"), of("weeks_done")), (vec![true.into(); 4], vec![2.into(); 4]));
    // Two values are independent, not four.
    let conversion = &summary["metrics"]["conversion"];
    assert_eq!(conversion["n"], 2);
    let value = |world: usize| worlds[world]["metrics"]["conversion"].as_f64().unwrap();
    let means = [(value(0) + value(1)) / 2.0, (value(2) + value(3)) / 2.0];
    let half = 12.706 * (means[0] - means[1]).abs() / 2.0;
    let (low, high) = (conversion["low"].as_f64().unwrap(), conversion["high"].as_f64().unwrap());
    assert!(((high - low) / 2.0 - half).abs() < 1e-3 * half, "{low} to {high}, not ± {half}");
    // The whole time is that of the program, and holds that of the simulation.
    let cost = |key: &str| summary["cost"][key].as_f64().unwrap();
    assert!(cost("wall_s") > cost("sim_s") && cost("sim_s") > 0.0, "{}", summary["cost"]);
}

#[test]
fn what_the_system_says_is_said_once() {
    let root = tempfile::tempdir().unwrap();
    let long = "x".repeat(300);
    let (_, stderr) =
        ended(&small(root.path(), &["--weeks", "2", "--out", &long]).output().unwrap());
    assert_eq!(stderr.matches("os error").count(), 1, "{stderr}");
}

#[test]
fn what_comes_when_the_run_is_over() {
    let reference = path("scenarios/backmarket-2019.toml").display().to_string();
    let root = tempfile::tempdir().unwrap();
    let event = "[events.late.price-floor]\ntarget = { sellers = 1, skip = 0 }\nfrom_day = 4000\n\
                 days = 9000\nfactor = 0.9\n";
    let text =
        |from: &str| format!("base = '{reference}'\nweeks = 12\n{event}").replace("4000", from);
    let check = |text: String, words: &[&str]| {
        std::fs::write(root.path().join("mine.toml"), text).unwrap();
        let words = [&["check", "mine.toml"][..], words].concat();
        let output = brocante(root.path(), &words).output().unwrap();
        (ended(&output), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let ((code, stderr), _) = check(text("4000"), &[]);
    assert_eq!(code, Some(2), "{stderr}");
    for part in ["`late` begins when the run is over", "mine.toml:5:12", "read 4000", "below 84"] {
        assert!(stderr.contains(part), "no {part:?} in {stderr}");
    }
    assert_eq!(check(text("84"), &[]).0.0, Some(2));
    // One that outlasts the run is fine, and the peak of the base is its own affair.
    let ((code, stderr), stdout) = check(text("83"), &[]);
    assert_eq!((code, &*stderr), (Some(0), ""));
    assert!(!stdout.contains("remark"), "{stdout}");
    let late = "shoppers.peaks.mine={week=12,factor=2.0}";
    let ((code, _), stdout) = check(text("83"), &["--set", late]);
    assert_eq!(code, Some(0));
    assert!(
        stdout.contains("remark: the peak `mine` never comes: week 12, counted from 0, of 12"),
        "{stdout}"
    );
    assert!(stdout.contains("--set:1:"), "{stdout}");
    let (_, stdout) = check(text("83"), &["--set", late, "--format", "json"]);
    let said: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(said["remarks"][0]["key"], "shoppers.peaks.mine.week");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let root = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo").arg(root.path().join("pipe.toml")).status().unwrap();
    assert!(made.success());
    std::fs::write(root.path().join("mine.toml"), "base = 'pipe.toml'\n").unwrap();
    for (scenario, what) in
        [("pipe.toml", "scenario"), ("mine.toml", "base"), ("/dev/zero", "scenario")]
    {
        let mut child = brocante(root.path(), &["check", scenario])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let ends = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            child.try_wait().unwrap().is_some()
        });
        if !ends {
            child.kill().unwrap();
        }
        let (code, stderr) = ended(&child.wait_with_output().unwrap());
        assert_eq!(code, Some(2), "{scenario}: {stderr}");
        assert!(stderr.contains(&format!("the {what} `")), "{stderr}");
        assert!(stderr.contains("is neither a file nor standard input"), "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn standard_input_may_be_a_pipe() {
    let whole = std::fs::read(path("scenarios/engine-reference.toml")).unwrap();
    let endless = b"# a\n".repeat(1 << 20);
    for (text, code, says) in [(whole, 0, "ok: /dev/stdin"), (endless, 2, "is too large")] {
        let mut child = brocante(Path::new("."), &["check", "/dev/stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It stops reading where it has seen too much.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), &text);
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.code() == Some(code) && said.contains(says), "{said}");
    }
}

/// Starts a run of two long worlds, sends Ctrl-C once its folder is there and some time is over.
#[cfg(unix)]
fn interrupted(root: &Path, words: &[&str]) -> Output {
    let long = ["--weeks", "520", "--replications", "2", "--out", "out"];
    let mut command = small(root, &[&long[..], words].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !root.join("out").exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(600));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait_with_output().unwrap()
}

#[cfg(unix)]
#[test]
fn who_interrupts_keeps_whole_weeks() {
    // Worlds side by side are all cut short; the values are of the first.
    for (workers, worlds) in [("1", 1), ("2", 2)] {
        let root = tempfile::tempdir().unwrap();
        let output = interrupted(root.path(), &["--workers", workers]);
        let (code, stderr) = ended(&output);
        assert_eq!(code, Some(130), "{stderr}");
        let summary = summary(&root.path().join("out"));
        let kept = summary["worlds"].as_array().unwrap();
        assert_eq!((kept.len(), &kept[0]["complete"]), (worlds, &false.into()), "{workers}");
        let weeks = kept[0]["weeks_done"].as_u64().unwrap();
        assert!((1..520).contains(&weeks) && summary["weeks"] == weeks, "{weeks} weeks");
        let says = format!("kept {weeks} of 520 weeks of the first of 2");
        assert!(stderr.contains(&says), "{stderr}");
        assert!(summary["interrupted"].as_str().unwrap().starts_with(&says), "{summary}");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(stdout.contains(" of a run that was interrupted\n"), "{stdout}");
        let report = brocante(root.path(), &["report", "out"]).output().unwrap();
        assert!(report.status.success());
        let page = std::fs::read_to_string(root.path().join("out/report.html")).unwrap();
        assert!(page.contains("Interrupted before its end"));
        let weekly = std::fs::read_to_string(root.path().join("out/weekly.csv")).unwrap();
        let done: u64 = kept.iter().map(|world| world["weeks_done"].as_u64().unwrap()).sum();
        assert_eq!(weekly.lines().count() as u64, 1 + done);
        let orders: u64 = weekly
            .lines()
            .skip(1)
            .map(|row| row.split(',').nth(3).unwrap())
            .fold(0, |sum, n| sum + n.parse::<u64>().unwrap());
        assert_eq!(summary["counts"]["orders"], orders, "only whole weeks are told of");
        assert_eq!(summary["metrics"]["gini"]["value"], kept[0]["metrics"]["gini"]);
    }
}
