//! `brocante compare`: arms in the same worlds, verdicts, and what is refused.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::worlds::{SMALL, path, ranking};

/// `compare` of the small scenario with few visits, in this folder.
fn compare(folder: &Path, words: &[&str]) -> Output {
    let scenario = path(SMALL).display().to_string();
    let few = ["compare", &scenario, "--set", "shoppers.visits_per_week=800.0", "--weeks", "2"];
    let mut command = Command::new(cargo_bin!("brocante"));
    let words = [&few[..], words].concat();
    command.args(words).current_dir(folder).output().expect("it runs")
}

fn summary(words: &[&str]) -> (tempfile::TempDir, Value) {
    let root = tempfile::tempdir().unwrap();
    let words = [words, &["--out", "out", "--format", "json"]].concat();
    let output = compare(root.path(), &words);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let kept = std::fs::read(root.path().join("out/summary.json")).expect("a summary");
    assert_eq!(printed, serde_json::from_slice::<Value>(&kept).unwrap());
    (root, printed)
}

#[test]
fn an_arm_against_itself_is_the_same_in_every_metric() {
    let (_root, summary) = summary(&["--arm", "a", "--arm", "b", "--replications", "2"]);
    let differences = summary["differences"].as_array().unwrap();
    assert!(differences.len() > 30, "{}", differences.len());
    for difference in differences {
        if difference["difference"].is_null() {
            assert_eq!((&difference["n"], &difference["base"]), (&0.into(), &Value::Null));
            continue;
        }
        assert_eq!(difference["difference"], 0.0, "{difference}");
        assert_eq!(difference["verdict"], "same", "{difference}");
    }
}

#[test]
fn another_rule_is_another_world() {
    let boxed = format!("base:{}", ranking("box"));
    let cheapest = format!("cheapest:{}", ranking("cheapest"));
    let words = ["--arm", &boxed, "--arm", &cheapest, "--replications", "3"];
    let (root, summary) = summary(&words);
    assert_eq!(summary["command"], "compare");
    let arms = summary["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 2);
    assert_eq!((&arms[0]["name"], &arms[1]["name"]), (&"base".into(), &"cheapest".into()));
    assert_eq!(arms[0]["worlds"], summary["worlds"]);
    assert_eq!(arms[0]["metrics"], summary["metrics"]);
    for n in [0, 1, 2] {
        let of = |arm: usize, key: &str| arms[arm]["worlds"][n][key].clone();
        assert_ne!(of(0, "digest"), of(1, "digest"));
        assert_eq!((of(0, "seed"), of(0, "market_seed")), (of(1, "seed"), of(1, "market_seed")));
        // Common random numbers: the same visits come, but for those whom the rule put off or won over.
        let visits = |arm: usize| of(arm, "counts")["sessions"].as_f64().unwrap();
        assert!((visits(0) / visits(1) - 1.0).abs() < 0.02, "{} and {}", visits(0), visits(1));
    }
    let differences = summary["differences"].as_array().unwrap();
    let keys = "arm metric base value difference low high p_adjusted verdict variance_saved \
                worlds_needed n";
    for difference in differences {
        for key in keys.split_whitespace() {
            assert!(difference.get(key).is_some(), "{key}: {difference}");
        }
        let verdict = difference["verdict"].as_str().unwrap();
        assert!(["better", "worse", "unclear", "same"].contains(&verdict));
    }
    let price = differences.iter().find(|d| d["metric"] == "price_index").unwrap();
    let value = |key: &str| price[key].as_f64().unwrap();
    assert!(value("difference") != 0.0 && value("low") < value("high"), "{price}");
    assert!((value("value") - value("base") - value("difference")).abs() < 1e-9);
    for file in ["scenario.toml", "scenario-base.toml", "scenario-cheapest.toml", "weekly.csv"] {
        assert!(root.path().join("out").join(file).exists(), "{file}");
    }
    let text = |file: &str| std::fs::read_to_string(root.path().join("out").join(file)).unwrap();
    assert_eq!(text("scenario.toml"), text("scenario-base.toml"));
    assert!(text("scenario-cheapest.toml").contains("[ranking.cheapest]"));
}

#[test]
fn what_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (words, says) in [
        (&["--arm", "a"][..], "--arm at least twice"),
        (&[], "--arm at least twice"),
        (&["--arm", "a", "--arm", "a:weeks=3"], "two arms `a`"),
        (&["--arm", "a", "--arm", ":weeks=3"], "no name for an arm"),
        (&["--arm", "a", "--arm", "b", "--replications", "1"], "2 or more"),
        (&["--arm", "a", "--arm", "mine:weekz=3"], "`weeks`"),
        (&["--arm", "a", "--arm", "mine:weekz=3"], "in --arm mine:"),
        (&["--arm", "a", "--arm", "mine:weekz=3"], "--arm:1:1"),
    ] {
        let output = compare(root.path(), &[words, &["--out", "out"]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {stderr}");
        assert!(stderr.contains(says), "{words:?}: {stderr}");
        assert!(!root.path().join("out").exists(), "{words:?}");
    }
}
