//! `brocante gate ab`: what it concludes of two programs, and what it says where one is none.
//!
//! Programs that print what a test wants are shell scripts; only where a real one is asked do times come
//! from a clock, and then no test asks what they are.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::worlds::{SMALL, path};

/// What the gate ended with, found and said.
struct Gated {
    code: Option<i32>,
    findings: Vec<Value>,
    stderr: String,
}

impl Gated {
    fn verdict(&self, name: &str) -> &str {
        let of = self.findings.iter().find(|finding| finding["name"] == name);
        of.and_then(|finding| finding["verdict"].as_str()).unwrap_or("not asked")
    }
}

fn gate(base: &Path, head: &Path, words: &[&str]) -> Gated {
    gate_with(base, head, &[&["--no-instructions"], words].concat(), None)
}

/// The same with programs of a folder found before others.
fn gate_with(base: &Path, head: &Path, words: &[&str], folder: Option<&Path>) -> Gated {
    let programs = std::env::var_os("PATH").unwrap_or_default();
    let programs = folder.map(Path::to_owned).into_iter().chain(std::env::split_paths(&programs));
    let output = Command::new(cargo_bin!("brocante"))
        .args(["gate", "ab", "--format", "json", "--base"])
        .args([base.as_os_str(), OsStr::new("--head"), head.as_os_str(), path(SMALL).as_os_str()])
        .args(words)
        .env("PATH", std::env::join_paths(programs).expect("no odd folder"))
        .output()
        .expect("it runs");
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    Gated {
        code: output.status.code(),
        findings: printed["findings"].as_array().cloned().unwrap_or_default(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program that runs a script; `$ns` of the script is printed as the time of a batch.
fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let line = r#"{"schema":1,"kind":"gate-sample","version":"0","commit":null,"build":"b","scenario":{"name":"s","hash":"h"},"digest":"'$digest'","slates":"b","serving":"write","batch":240,"lists":16,"batches":9,"batch_ns":'$ns',"ranking_ns":1.0,"quantiles":{"min":1.0,"p10":1.0,"p25":1.0,"p50":1.0,"p75":1.0,"middle":1.0}}"#;
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\ndigest=a\nns=1000.0\n{script}\necho '{line}'\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file
}

const PAIRS: &str = "pairs of rank";
const NULL: &str = "base against itself";

#[test]
fn a_program_is_not_slower_than_itself() {
    let brocante = cargo_bin!("brocante");
    let words = ["--pairs", "8", "--for", "2ms", "--warmup", "1w", "--set", "seed=5"];
    let gated = gate(brocante, brocante, &words);
    assert_eq!(gated.verdict("same work"), "pass", "{}", gated.stderr);
    assert_eq!(gated.verdict("instructions of a ranking"), "skipped");
    // Others use the machine: whether the pairs were calm is not for a test to say.
    let expected = if gated.verdict(PAIRS) == "invalid" { 12 } else { 0 };
    assert_eq!(gated.code, Some(expected), "{:?}", gated.findings);
    let value = &gated.findings[3];
    assert!(value["low"].as_f64() <= value["value"].as_f64(), "{value}");
    assert_eq!((&value["unit"], value["of"].is_string()), (&"%".into(), true));
}

#[test]
fn slower_programs_are_told_from_equal_and_faster_ones() {
    let root = tempfile::tempdir().unwrap();
    let base = program(root.path(), "old", "");
    for (ns, code, verdict) in [
        ("1000.0", 0, "pass"),
        ("1014.0", 0, "pass"),
        ("1016.0", 11, "regressed"),
        ("1050.0", 11, "regressed"),
        ("900.0", 0, "pass"),
    ] {
        let head = program(root.path(), "new", &format!("ns={ns}"));
        let gated = gate(&base, &head, &[]);
        assert_eq!((gated.code, gated.verdict(PAIRS)), (Some(code), verdict), "{ns}");
        assert_eq!(gated.verdict(NULL), "pass", "{ns}");
        let seen = gated.findings[3]["value"].as_f64().unwrap();
        let planted = ns.parse::<f64>().unwrap() / 10.0 - 100.0;
        assert!((seen - planted).abs() < 1e-6, "{seen} of {planted}");
    }
}

/// The second look does not say what the first said.
#[test]
fn what_is_not_confirmed_fails_nothing() {
    let root = tempfile::tempdir().unwrap();
    let base = program(root.path(), "old", "");
    let count = root.path().join("count");
    let script = format!("echo x >> {0}\n[ $(wc -l < {0}) -le 9 ] && ns=1050.0", count.display());
    let head = program(root.path(), "new", &script);
    let gated = gate(&base, &head, &["--pairs", "8"]);
    assert_eq!((gated.code, gated.verdict(PAIRS)), (Some(0), "advice"), "{:?}", gated.findings);
}

/// Copies are called `base`, `head` and `null`: a machine that is kinder to one of them is simulated by
/// looking at that.
#[test]
fn a_machine_that_tells_base_from_itself_is_not_believed() {
    let root = tempfile::tempdir().unwrap();
    for ns in ["950.0", "1050.0"] {
        let base = program(root.path(), "old", &format!("case $0 in */null) ns={ns};; esac"));
        let head = program(root.path(), "new", "ns=1060.0");
        let gated = gate(&base, &head, &[]);
        assert_eq!(gated.code, Some(12), "{:?}", gated.findings);
        assert_eq!((gated.verdict(NULL), gated.verdict(PAIRS)), ("invalid", "invalid"));
    }
}

#[test]
fn other_behaviour_is_not_timed() {
    let root = tempfile::tempdir().unwrap();
    let base = program(root.path(), "old", "");
    let head = program(root.path(), "new", "digest=c; ns=9000.0");
    let gated = gate(&base, &head, &[]);
    assert_eq!((gated.code, gated.verdict("same work")), (Some(14), "changed"));
    assert_eq!((gated.verdict(NULL), gated.verdict(PAIRS)), ("skipped", "skipped"));
    // The same of a real program that ranks by price alone.
    let brocante = cargo_bin!("brocante");
    let script = format!("exec {} \"$@\" --set 'ranking.cheapest={{}}'", brocante.display());
    let gated = gate(brocante, &program(root.path(), "cheap", &script), &["--for", "2ms"]);
    assert_eq!((gated.code, gated.verdict("same work")), (Some(14), "changed"), "{}", gated.stderr);
    // A program that is not the same twice is not timed to the end either.
    let head = program(root.path(), "new", "case $(($$ % 2)) in 0) digest=a;; *) digest=c;; esac");
    let gated = gate(&base, &head, &[]);
    assert_eq!((gated.code, gated.verdict("same work")), (Some(14), "changed"));
}

#[test]
fn what_is_no_such_program_is_refused_with_its_own_words() {
    let root = tempfile::tempdir().unwrap();
    let good = program(root.path(), "good", "");
    let refused = |script: &str, said: &[&str]| {
        let bad = program(root.path(), "bad", script);
        for (base, head, side) in [(&good, &bad, "head"), (&bad, &good, "base")] {
            let gated = gate(base, head, &[]);
            assert_eq!((gated.code, gated.findings.len()), (Some(2), 0), "{}", gated.stderr);
            for said in [&[side, "bad"], said].concat() {
                assert!(gated.stderr.contains(said), "{said}: {}", gated.stderr);
            }
        }
    };
    refused("echo rubbish; exit 0", &["`rubbish`", "gate sample"]);
    refused("exit 0", &["printed nothing"]);
    refused("echo 'error: no subcommand gate' >&2; exit 2", &["exit code 2: error: no subcommand"]);
    refused("kill -9 $$", &["signal"]);
    refused("echo '{\"schema\":9,\"kind\":\"gate-sample\"}'; exit 0", &["schema 9"]);
    refused("ns=0.0", &["no sample"]);
    let gated = gate(&root.path().join("nowhere"), &good, &[]);
    assert_eq!(gated.code, Some(2));
    assert!(gated.stderr.contains("nowhere` cannot be read"), "{}", gated.stderr);
    // A file that is no program.
    let text = root.path().join("text");
    fs::write(&text, "no program").unwrap();
    let gated = gate(&text, &good, &[]);
    assert!(gated.code == Some(2) && gated.stderr.contains("does not start"), "{}", gated.stderr);
    // What is wrong with the scenario is said without either.
    for (words, said) in [
        (["--set", "weeks=0"], "weeks"),
        (["--warmup", "3d"], "--warmup 3d"),
        (["--warmup", "40w"], "1w to 5w"),
        (["--pairs", "7"], "--pairs"),
    ] {
        let gated = gate(&good, &good, &words);
        assert!(gated.code == Some(2) && gated.stderr.contains(said), "{}", gated.stderr);
    }
}

#[test]
fn a_sample_is_one_line_and_the_same_work_whatever_is_timed() {
    let sample = |words: &[&str]| -> Value {
        let output = Command::new(cargo_bin!("brocante"))
            .args(["gate", "sample"])
            .arg(path(SMALL))
            .args(words)
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text.lines().count(), 1, "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).expect("JSON")
    };
    let few = sample(&["--rankings", "1"]);
    let lists = few["lists"].as_u64().expect("a number");
    let more = sample(&["--rankings", &(2_400 * lists).to_string()]);
    assert_eq!(
        (few["batches"].as_u64(), more["batches"].as_u64()),
        (Some(lists), Some(10 * lists))
    );
    let timed = sample(&["--for", "1ms", "--serve", "read", "--format", "text"]);
    for other in [&more, &timed] {
        assert_eq!((&few["digest"], &few["slates"]), (&other["digest"], &other["slates"]));
    }
    assert!(timed["batch_ns"].as_f64() > Some(0.0));
    assert_ne!(few["digest"], sample(&["--rankings", "1", "--seed", "3"])["digest"]);
}

/// What an earlier program said, kept in a file. A valgrind of ours counts what the test wants.
#[test]
fn a_stored_sample_takes_the_place_of_base_for_work_and_instructions() {
    let root = tempfile::tempdir().unwrap();
    let head = program(root.path(), "new", "");
    let valgrind = program(root.path(), "valgrind", "");
    // 500 instructions a ranking and a start-up; `--version` is asked for first.
    let script = r#"#!/bin/sh
        [ "$1" = --version ] && exit
        for rankings; do :; done
        echo "==1== I   refs: $((rankings * 500 + 7000))" >&2"#;
    fs::write(&valgrind, script).unwrap();
    let printed = Command::new(&head).output().unwrap().stdout;
    let sample: Value = serde_json::from_slice(&printed).unwrap();
    let stored = |changes: &[(&str, Value)]| {
        let mut sample = sample.clone();
        sample["instructions"] = 500.0.into();
        for (key, value) in changes {
            sample[*key] = value.clone();
        }
        let file = root.path().join("stored.json");
        fs::write(&file, sample.to_string()).unwrap();
        gate_with(&file, &head, &[], Some(root.path()))
    };
    const COUNTED: &str = "instructions of a ranking";
    for (instructions, code, verdict) in
        [(500.0, 0, "pass"), (496.0, 0, "pass"), (494.0, 11, "regressed"), (600.0, 0, "pass")]
    {
        let gated = stored(&[("instructions", instructions.into())]);
        assert_eq!((gated.code, gated.verdict(COUNTED)), (Some(code), verdict), "{instructions}");
        assert_eq!((gated.verdict("same work"), gated.verdict(PAIRS)), ("pass", "skipped"));
    }
    let gated = stored(&[("digest", "c".into())]);
    assert_eq!((gated.code, gated.verdict("same work")), (Some(14), "changed"));
    let gated = stored(&[("build", "another compiler".into())]);
    assert_eq!((gated.code, gated.verdict(COUNTED)), (Some(0), "skipped"), "{}", gated.stderr);
    assert!(gated.findings[1]["says"].as_str().unwrap().contains("Renew"), "{:?}", gated.findings);
    let scenario = serde_json::json!({"name": "s", "hash": "another"});
    for (key, value, said) in [
        ("scenario", scenario, "gate sample"),
        ("instructions", Value::Null, "--instructions"),
        ("schema", 9.into(), "schema 9"),
        ("kind", "rubbish".into(), "no program"),
    ] {
        let gated = stored(&[(key, value)]);
        assert_eq!((gated.code, gated.findings.len()), (Some(2), 0), "{key}: {:?}", gated.findings);
        assert!(gated.stderr.contains(said), "{key}: {}", gated.stderr);
    }
}
