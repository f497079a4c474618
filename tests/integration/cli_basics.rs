//! What every command does: help, exit codes, what goes to which stream.

use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

/// A scenario that stands alone, without a base.
const WHOLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/engine-reference.toml");
/// The scenario that others start from.
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/backmarket-2019.toml");

fn brocante(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin!("brocante"));
    command.args(arguments).current_dir(folder).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.output().expect("the program starts")
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = brocante(Path::new("."), arguments);
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[test]
fn every_command_has_help_with_an_example() {
    let (code, help, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<_> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() >= 4, "{help}");
    for command in commands {
        let (code, help, _) = run(&[command, "--help"]);
        assert_eq!(code, Some(0), "{command}");
        for part in [&*format!("Example:\n  brocante {command}"), "--format", "--quiet"] {
            assert!(help.contains(part), "{command}: no {part:?} in\n{help}");
        }
    }
    for command in ["check", "ab", "trend"] {
        let (_, help, _) = run(&["gate", command, "--help"]);
        let example = format!("brocante gate {command} ");
        assert!(help.contains(&example), "{command}: no {example:?} in\n{help}");
    }
}

#[test]
fn mistakes_in_arguments_end_with_2() {
    for arguments in [&[][..], &["chekc"], &["check"], &["list", "polices"], &["schema", "--jso"]] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_right_scenario() {
    let (code, stdout, stderr) = run(&["check", WHOLE, "--set", "seed=7,weeks=3"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(
        stdout.starts_with("ok: ") && stdout.contains("weeks 3, ") && stdout.contains("seed 7\n"),
        "{stdout}"
    );
    for (path, name) in [(WHOLE, "engine-reference"), (REFERENCE, "backmarket-2019")] {
        let (code, stdout, _) = run(&["--format", "json", "check", path]);
        let value = json(&stdout);
        assert_eq!((code, &value["ok"]), (Some(0), &true.into()), "{path}");
        assert_eq!(value["scenario"]["name"], name);
        assert_eq!(value["scenario"]["hash"].as_str().map(str::len), Some(16));
    }
}

#[test]
fn a_wrong_scenario() {
    let wrong = ["check", WHOLE, "--set", "weeks=0", "--set", "seed=false"];
    let (code, stdout, stderr) = run(&wrong);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("`weeks` is out of range\n  ┌─ --set:1:7\n"), "{stderr}");
    assert!(stderr.contains("`seed` has the wrong type"), "{stderr}");
    let (code, stdout, stderr) = run(&[&wrong[..], &["--format", "json"]].concat());
    assert_eq!((code, stderr.as_str()), (Some(2), ""));
    let value = json(&stdout);
    assert_eq!(value["ok"], false);
    let first = &value["errors"][0];
    assert_eq!(
        (&first["file"], &first["line"], &first["column"]),
        (&"--set".into(), &1.into(), &7.into())
    );
    assert_eq!((&first["key"], &first["read"]), (&"weeks".into(), &"0".into()));
    assert_eq!(first["allowed"], "1 to 520 [weeks]");
    assert_eq!(value["errors"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_scenario_that_is_not_there() {
    let (code, _, stderr) = run(&["check", "nowhere/at-all.toml"]);
    assert_eq!(code, Some(2));
    assert_eq!(stderr, "error: there is no scenario `nowhere/at-all.toml`\n");
    let (code, stdout, _) = run(&["check", ".", "--format", "json"]);
    assert_eq!(code, Some(2));
    assert_eq!(json(&stdout)["errors"][0]["line"], serde_json::Value::Null);
}

#[test]
fn checks_across_keys_have_their_places_too() {
    let one = "engine.refresh=immediate,engine.cells=4,engine.tick=7s";
    let (code, _, stderr) = run(&["check", WHOLE, "--set", one]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("so one cell\n  ┌─ --set:1:14\n"), "{stderr}");
    let (code, _, stderr) = run(&["check", WHOLE, "--set", "engine.tick=11s"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("whole number of ticks\n  ┌─ --set:1:13\n"), "{stderr}");
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let coloured = |pairs: &[(&str, &str)]| {
        let mut command = Command::new(cargo_bin!("brocante"));
        command.args(["check", "nowhere.toml"]).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command.envs(pairs.iter().copied());
        command.output().expect("the program starts").stderr.contains(&0x1b)
    };
    assert!(!coloured(&[]), "colour in a pipe");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]), "no colour where it is forced");
    assert!(!coloured(&[("NO_COLOR", "1")]), "colour in spite of NO_COLOR");
}

#[test]
fn the_schema_is_json() {
    for arguments in [&["schema"][..], &["schema", "--whole", "--format", "json"]] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        let schema = json(&stdout);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["base"].is_object(), arguments.len() == 1);
        assert!(schema["properties"]["weeks"]["description"].is_string());
    }
}

#[test]
fn a_metric_is_explained() {
    let (code, stdout, _) = run(&["explain", "unsold_at_90d"]);
    assert_eq!(code, Some(0));
    for part in ["Share of the sellers", "lower is better", "formula ", "source "] {
        assert!(stdout.contains(part), "{part}: {stdout}");
    }
    let (_, stdout, _) = run(&["explain", "hhi", "--format", "json"]);
    assert_eq!(
        (&json(&stdout)["better"], &json(&stdout)["unit"]),
        (&"none".into(), &"points".into())
    );
    let (code, stdout, stderr) = run(&["explain", "unsold_at_90"]);
    assert_eq!((code, &*stdout), (Some(2), ""));
    assert!(stderr.contains("did you mean `unsold_at_90d`?"), "{stderr}");
    // Whatever is listed can be explained.
    let (_, stdout, _) = run(&["list", "metrics", "--format", "json"]);
    for metric in json(&stdout).as_array().expect("a list") {
        let name = metric["name"].as_str().expect("a name");
        assert_eq!(run(&["explain", name]).0, Some(0), "{name}");
    }
}

#[test]
fn lists() {
    let (code, stdout, _) = run(&["list", "kinds"]);
    assert_eq!((code, stdout.lines().count()), (Some(0), 8));
    assert!(stdout.starts_with("factory     "), "{stdout}");
    let (_, stdout, _) = run(&["list", "kinds", "--format", "json"]);
    assert_eq!(json(&stdout)[1]["name"], "repairer");

    let folder = tempfile::tempdir().unwrap();
    let known = folder.path().join("scenarios/known-answers");
    std::fs::create_dir_all(&known).unwrap();
    std::fs::write(known.join("urn.toml"), "# Who wins an urn?\nseed = 1\n").unwrap();
    std::fs::write(folder.path().join("scenarios/b.toml"), "seed = 1\n").unwrap();
    std::fs::write(folder.path().join("scenarios/notes.md"), "# no\n").unwrap();
    let output = brocante(folder.path(), &["list", "scenarios"]);
    let expected = "scenarios/b.toml\nscenarios/known-answers/urn.toml  Who wins an urn?\n";
    let lines: String = String::from_utf8(output.stdout).unwrap();
    let squeezed: Vec<_> = lines.lines().map(str::trim_end).collect();
    assert_eq!(squeezed.join("\n") + "\n", expected);
}

#[test]
fn quiet_leaves_remarks_out() {
    let folder = tempfile::tempdir().unwrap();
    let loud = brocante(folder.path(), &["list", "scenarios"]);
    assert!(!loud.stderr.is_empty() && loud.stdout.is_empty());
    let quiet = brocante(folder.path(), &["list", "scenarios", "--quiet"]);
    assert!(quiet.stderr.is_empty() && quiet.stdout.is_empty());
    assert_eq!(quiet.status.code(), Some(0));
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, stdout, stderr) = run(&["completions", shell]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(stdout.contains("completions"), "{shell}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    for arguments in [&["schema"][..], &["completions", "zsh"], &["--help"], &["check", WHOLE]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(cargo_bin!("brocante"));
        let output = command.args(arguments).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}
