//! `brocante validate`: known answers, what breaks them, and what is refused.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use brocante::store::RunFolder;
use serde_json::Value;

/// Runs it in a folder where there are no scenarios: they are in the program.
fn validate(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin!("brocante"));
    command.arg("validate").args(words).current_dir(folder).output().expect("it runs")
}

fn summary(code: i32, words: &[&str]) -> (tempfile::TempDir, Value) {
    let root = tempfile::tempdir().unwrap();
    let words = [words, &["--out", "out", "--format", "json"]].concat();
    let output = validate(root.path(), &words);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {stderr}{stdout}");
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let kept = std::fs::read(root.path().join("out/summary.json")).expect("a summary");
    assert_eq!(printed, serde_json::from_slice::<Value>(&kept).unwrap());
    (root, printed)
}

/// The quantities of a summary: (case, passed).
fn verdicts(summary: &Value) -> Vec<(&str, bool)> {
    let cases = summary["cases"].as_array().expect("cases");
    cases.iter().map(|it| (it["name"].as_str().unwrap(), it["pass"].as_bool().unwrap())).collect()
}

#[test]
fn cases_by_name_with_what_they_leave() {
    let (root, summary) =
        summary(0, &["intervals", "first-sale", "cascade", "--replications", "2"]);
    assert_eq!((&summary["command"], &summary["schema"]), (&"validate".into(), &1.into()));
    let verdicts = verdicts(&summary);
    assert_eq!(verdicts.iter().filter(|(name, _)| *name == "intervals").count(), 3);
    assert_eq!(verdicts.iter().filter(|(name, _)| *name == "first-sale").count(), 2);
    assert_eq!(verdicts.iter().filter(|(name, _)| *name == "cascade").count(), 6);
    for case in summary["cases"].as_array().unwrap() {
        for key in ["name", "quantity", "expected", "got", "tolerance", "pass"] {
            assert!(!case[key].is_null(), "{key}: {case}");
        }
    }
    assert_eq!(summary["digest"].as_str().map(str::len), Some(16));
    assert!(summary["counts"]["orders"].as_u64().unwrap() >= 40_000, "{}", summary["counts"]);
    let out = root.path().join("out");
    for file in ["scenario-first-sale.toml", "scenario-cascade.toml"] {
        assert!(out.join(file).exists(), "{file}");
    }
    // What was written is read again.
    assert_eq!(RunFolder::open(&out).unwrap().summary().unwrap().cases.len(), verdicts.len());
}

#[test]
fn the_same_at_any_number_of_workers_and_another_with_another_seed() {
    let of = |words: &[&str]| {
        let words = [&["first-sale", "--replications", "3"], words].concat();
        let (_root, summary) = summary(0, &words);
        (summary["digest"].clone(), summary["cases"].clone())
    };
    let one = of(&["--workers", "1"]);
    assert_eq!(one, of(&["--workers", "3"]));
    let other = of(&["--seed", "99"]);
    assert!(one.0 != other.0 && one.1 != other.1);
}

/// The answer is computed from the keys: it moves with them, and what comes out moves along.
#[test]
fn other_parameters_have_other_answers() {
    let few = ["polya-urn", "--replications", "300", "--set", "stop.orders=200"];
    let expected = |summary: &Value, i: usize| summary["cases"][i]["expected"].as_f64().unwrap();
    let (_root, one) = summary(0, &few);
    assert!((expected(&one, 1) - 202.0 / 2_400.0).abs() < 1e-9, "{one}");
    // Beta(4, 4) is nearer to its mean.
    let (_root, four) = summary(0, &[&few[..], &["--set", "ranking.popularity.a=4.0"]].concat());
    assert!(expected(&four, 1) < 0.5 * expected(&one, 1), "{four}");
    let (_root, take) = summary(
        0,
        &["cascade", "--replications", "1", "--set", "shoppers.choice.cascade.take=0.5"],
    );
    assert_eq!((expected(&take, 0), expected(&take, 2)), (0.5, 0.125));
}

/// Queues in front of the load driver's loops: half as many visits, and what the formulas say of them.
#[test]
fn queues_follow_their_load() {
    let words = "queue-mm1 queue-md1 --replications 2 --set shoppers.visits_per_week=302400000";
    let words: Vec<&str> = words.split(' ').collect();
    let of = |more: &[&str]| summary(0, &[&words[..], more].concat()).1["cases"].clone();
    let cases = of(&["--workers", "1"]);
    let expected: Vec<f64> = [0, 1, 2, 4].map(|i| cases[i]["expected"].as_f64().unwrap()).to_vec();
    // 1/(1 − .5) ms, ln 2 and ln 100 times that, and 1 + .5/(2·.5) ms.
    for (got, known) in expected.iter().zip([2.0, 1.386_294, 9.210_340, 1.5]) {
        assert!((got - known).abs() < 1e-5, "{got} is not {known}");
    }
    // The tolerance is the stated one, and the same worlds come out at any number of workers.
    let tolerance = cases[0]["tolerance"].as_f64().unwrap();
    assert!((tolerance - 0.06).abs() < 1e-9, "{tolerance}");
    assert_eq!(cases, of(&["--workers", "2"]));
    assert_ne!(cases, of(&["--seed", "5"]));
}

#[test]
fn what_breaks_the_assumption_fails_with_1() {
    let urn = "polya-urn --replications 200 --set stop.orders=300";
    for (words, case) in [
        (format!("{urn} --set ranking.popularity.gamma=1.5"), 1),
        ("first-sale --set ranking.popularity={a=1.0,c=1.0,gamma=1.0}".to_owned(), 0),
        ("mnl --replications 2 --set shoppers.choice.position.decay=1.0".to_owned(), 1),
        ("coupon-collector --set ranking.popularity={a=1.0,c=1.0,gamma=1.0}".to_owned(), 0),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let (_root, summary) = summary(1, &words);
        assert!(!verdicts(&summary)[case].1, "{words:?}: {}", summary["cases"]);
    }
}

#[test]
fn a_file_of_ones_own_is_tried_as_the_case_that_it_starts_from() {
    let root = tempfile::tempdir().unwrap();
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/known-answers/cascade.toml");
    let mine = format!("base = \"{}\"\n[shoppers.choice.cascade]\ntake = 0.6\n", known.display());
    std::fs::write(root.path().join("mine.toml"), mine).unwrap();
    let output = validate(root.path(), &["mine.toml", "--replications", "1", "--out", "out"]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("visits that take place 1") && stdout.contains("0.600"), "{stdout}");
    assert!(stdout.contains("6 of 6 known answers come out right."), "{stdout}");
    let written = std::fs::read_to_string(root.path().join("out/scenario.toml")).unwrap();
    assert!(written.contains("take = 0.6"), "{written}");
}

#[test]
fn what_is_refused() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(
        root.path().join("other.toml"),
        include_str!("../../scenarios/engine-reference.toml"),
    )
    .unwrap();
    for (words, says) in [
        (&["poyla-urn"][..], "did you mean `polya-urn`?"),
        (&["nothing-like-it"], "known: poisson-arrivals, "),
        (&["cascade", "--set", "weekz=3"], "`weeks`"),
        (&["--set", "weeks=3"], "CASE"),
        (&["--weeks", "3"], "CASE"),
        (&["intervals", "--set", "weeks=3"], "no scenario that --set changes"),
        (&["cascade", "--set", "shoppers.choice.position.decay=0.0"], "in one way, not two"),
        (&["polya-urn", "--set", "ranking.random={}"], "`polya-urn` cannot be tried so"),
        (&["polya-urn", "--set", "ranking.random={}"], "needs the key `ranking.popularity.a`"),
        (&["polya-urn", "--set", "ranking.popularity.c=0.0"], "there is no urn"),
        (&["queue-mm1", "--set", "shoppers.visits_per_week=6048e5"], "busy 1 of the time"),
        (&["coordinated-omission", "--set", "shoppers.visits_per_week=1e3"], "about 50 to 50,000"),
        (&["missing.toml"], "there is no scenario `missing.toml`"),
        (&["other.toml"], "is not about a known answer"),
        (&["cascade", "--replications", "0"], "--replications"),
    ] {
        let output = validate(root.path(), &[words, &["--out", "out"]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {stderr}");
        assert!(stderr.contains(says), "{words:?}: {stderr}");
        assert!(!root.path().join("out").exists(), "{words:?}");
    }
}
