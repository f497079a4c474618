//! `--tui` where there is no terminal, and in a build without it. What a terminal shows is looked at in
//! the tests of the dashboard itself.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

use crate::worlds::{SMALL, path};

/// A command on the small scenario, in this folder, with a dashboard asked for.
fn asked(folder: &Path, command: &str, words: &[&str]) -> Output {
    let scenario = path(SMALL).display().to_string();
    let first = [command, &scenario, "--tui", "--out", "out"];
    let mut program = Command::new(cargo_bin!("brocante"));
    program.args([&first[..], words].concat()).current_dir(folder);
    program.env("TERM", "xterm").output().expect("it runs")
}

#[cfg(not(feature = "tui"))]
#[test]
fn a_build_without_a_dashboard_says_with_which_feature_it_has_one() {
    let two = ["--arm", "base", "--arm", "other:seed=3"];
    for (command, words) in [
        ("run", &[][..]),
        ("compare", &two[..]),
        ("nudge", &[]),
        ("sweep", &["--vary", "weeks=2,3"]),
        ("load", &["--quiet"]),
    ] {
        let root = tempfile::tempdir().unwrap();
        let output = asked(root.path(), command, words);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command}: {stderr}");
        assert!(stderr.contains("lacks the feature `tui`"), "{command}: {stderr}");
        assert!(stderr.contains("--features tui"), "{command}: {stderr}");
        assert!(output.stdout.is_empty() && !root.path().join("out").exists(), "{command}");
    }
}

#[cfg(feature = "tui")]
#[test]
fn without_a_terminal_there_is_a_remark_and_all_else_is_as_ever() {
    let few = ["--weeks", "2", "--set", "shoppers.visits_per_week=800.0"];
    let load = ["--warmup", "1w", "--rate", "1k", "--duration", "50ms"];
    for (command, words) in [("run", &few[..]), ("load", &load)] {
        for quiet in [false, true] {
            let root = tempfile::tempdir().unwrap();
            let words = [words, if quiet { &["--quiet"] } else { &[] }].concat();
            let output = asked(root.path(), command, &words);
            let [stdout, stderr] =
                [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
            assert!(output.status.code().is_some_and(|code| code != 1 && code != 2), "{stderr}");
            let remarks = stderr.matches("no dashboard: standard error is no terminal").count();
            assert_eq!(remarks, usize::from(!quiet), "{command}: {stderr}");
            assert!(!stdout.contains('\x1b') && !stderr.contains('\x1b'), "{stdout}{stderr}");
            assert!(stdout.contains("digest") && root.path().join("out/summary.json").exists());
        }
    }
}
