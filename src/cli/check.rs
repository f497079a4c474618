//! `brocante check`: whether a scenario is right.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Exit, Format, Output, ScenarioArgs};
use crate::scenario::{self, Loaded, Scenario, ScenarioError};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  brocante check scenarios/quick.toml --set weeks=8\n\n\
    Ends with 0 when the scenario is right and with 2 when it is not.")]
pub struct Check {
    #[command(flatten)]
    scenario: ScenarioArgs,
}

impl Check {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        let path = &self.scenario.scenario;
        match (scenario::load(path, &self.scenario.overrides()), out.format) {
            (Ok(loaded), Format::Text) => {
                out.result(&right(path, &loaded))?;
                Ok(Exit::Done)
            }
            (Ok(loaded), Format::Json) => {
                out.json(&right_json(&loaded))?;
                Ok(Exit::Done)
            }
            (Err(wrong), Format::Text) => Err(wrong.into()),
            (Err(wrong), Format::Json) => {
                out.json(&wrong_json(&wrong))?;
                Ok(Exit::BadInput)
            }
        }
    }
}

fn right(path: &Path, loaded: &Loaded<Scenario>) -> String {
    let facts = loaded.scenario.facts();
    let facts: Vec<_> = facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let mut text = format!("ok: {}: {}\n", path.display(), facts.join(", "));
    if let Some(question) = &loaded.question {
        text.push_str(&format!("    {question}\n"));
    }
    for base in loaded.files.iter().skip(1) {
        text.push_str(&format!("    based on {}\n", base.display()));
    }
    text.push_str(&format!("    hash {}\n", loaded.hash));
    for remark in &loaded.remarks {
        text.push_str(&remark.draw_remark(true));
    }
    text
}

fn right_json(loaded: &Loaded<Scenario>) -> Value {
    let facts = loaded.scenario.facts().into_iter();
    let facts: Map<_, _> = facts.map(|(name, value)| (name.to_owned(), value.into())).collect();
    let files: Vec<_> = loaded.files.iter().map(|file| file.display().to_string()).collect();
    json!({
        "ok": true,
        "scenario": { "name": loaded.name, "hash": loaded.hash, "question": loaded.question },
        "files": files,
        "facts": facts,
        "errors": [],
        "remarks": loaded.remarks,
    })
}

fn wrong_json(wrong: &ScenarioError) -> Value {
    json!({ "ok": false, "errors": wrong.problems, "more": wrong.more })
}
