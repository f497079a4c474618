//! The examples for CI: YAML that parses, commands that the program takes, a budget file that is right.

use std::fs;

use brocante::cli::Cli;
use brocante::experiment::gate::Budgets;
use clap::{CommandFactory, Parser};
use saphyr::{LoadableYamlNode, Yaml};

use crate::worlds::path;

/// Every text in a document, in its order.
fn texts(yaml: &Yaml<'_>, found: &mut Vec<String>) {
    if let Some(text) = yaml.as_str() {
        found.push(text.to_owned());
    } else if let Some(list) = yaml.as_sequence() {
        list.iter().for_each(|inner| texts(inner, found));
    } else if let Some(map) = yaml.as_mapping() {
        map.values().for_each(|inner| texts(inner, found));
    }
}

/// The words of a shell command up to where another begins; quotes hold words together.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for c in command.chars() {
        match (quote, c) {
            (None, '\'' | '"') => (quote, begun) = (Some(c), true),
            (Some(open), c) if c == open => quote = None,
            (None, '|' | ';' | '&' | '>' | '<') => break,
            (None, c) if c.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (_, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// The commands of our program in a file.
fn commands(file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path(file)).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|why| panic!("{file}: {why}"));
    assert_eq!(documents.len(), 1, "{file}");
    let mut found = Vec::new();
    texts(&documents[0], &mut found);
    let scripts = found.iter().map(|script| script.replace("\\\n", " "));
    let lines: Vec<String> =
        scripts.flat_map(|script| script.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let ours = |words: &Vec<String>| {
        let first = words.first().map(String::as_str).unwrap_or_default();
        words.len() > 1 && (first == "brocante" || first.ends_with("/brocante"))
    };
    lines.iter().map(|line| words(line)).filter(ours).collect()
}

#[test]
fn every_command_is_one_that_the_program_takes() {
    let gate = Cli::command();
    let gate = gate.find_subcommand("gate").expect("a gate");
    let has_ab = gate.find_subcommand("ab").is_some();
    for file in ["examples/ci/github-actions.yml", "examples/ci/gitlab-ci.yml"] {
        let commands = commands(file);
        for asked in [["gate", "check"], ["gate", "ab"]] {
            assert!(commands.iter().any(|words| words[1..].starts_with(&asked.map(str::to_owned))));
        }
        assert_eq!(commands.len(), 5, "{file}: {commands:?}");
        for words in commands.iter().filter(|words| has_ab || words[2] != "ab") {
            let read = Cli::try_parse_from(words);
            assert!(read.is_ok(), "{file}: {words:?}: {}", read.unwrap_err());
        }
    }
}

#[test]
fn scenarios_and_budgets_are_there() {
    let budgets =
        Budgets::read(&path("examples/ci/budget.txt")).unwrap_or_else(|why| panic!("{why}"));
    assert!(budgets.lines.len() >= 10 && budgets.baselines.is_empty());
    let ours = Budgets::read(&path("results/baseline/market.budget"));
    let ours = ours.unwrap_or_else(|why| panic!("{why}"));
    let stored = brocante::store::read_summary(&ours.baselines[0]).expect("a stored run");
    for line in &ours.lines {
        assert!(line.subject.of_run(&stored).is_some(), "{}: no sample in the baseline", line.expr);
    }
}

#[test]
fn words_of_a_shell() {
    let of = |command: &str| words(command).join("·");
    assert_eq!(of("a  'b c' \"d\"e || f"), "a·b c·de");
    assert_eq!(of("a '' > b"), "a·");
}
