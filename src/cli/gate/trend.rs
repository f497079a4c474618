//! `brocante gate trend`: the runs at which a history changed.

use std::path::PathBuf;

use crate::cli::{Exit, Format, Output};
use crate::experiment::gate::trends;
use crate::report;
use crate::store::read_history;

/// Arguments of `gate trend`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    brocante gate check --budget results/baseline/market.budget --history history.jsonl results/mine\n  \
    brocante gate trend history.jsonl\n\n\
    Advice alone: ends with 0 whatever it finds.")]
pub struct Trend {
    /// The history that `gate check --history` writes: a line of JSON a run.
    #[arg(value_name = "HISTORY")]
    history: PathBuf,
}

impl Trend {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        let history = match read_history(&self.history) {
            Ok(history) => history,
            Err(error) => {
                let how = "the file that `brocante gate check --history FILE` adds to";
                out.error(&format!("error: {:#}\n  = allowed: {how}", anyhow::Error::new(error)));
                return Ok(Exit::BadInput);
            }
        };
        for half in &history.halves {
            let path = self.history.display();
            out.note(&format!("remark: {path}:{half} ends too early and is left out"));
        }
        let trends = trends(&history.lines);
        match out.format {
            Format::Json => out.json(&trends.gated())?,
            Format::Text => out.result(&report::trend_text(&trends, out.colour()))?,
        }
        Ok(Exit::Done)
    }
}
