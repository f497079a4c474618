//! `brocante gate trend`: the runs at which a history changed.

use std::path::PathBuf;

use crate::cli::{Exit, Output};

/// Arguments of `gate trend`.
#[derive(Debug, clap::Args)]
pub struct Trend {
    /// The history that `gate check --history` writes.
    #[arg(value_name = "HISTORY")]
    history: PathBuf,
}

impl Trend {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        out.note(&self.history.display().to_string());
        Ok(Exit::Done)
    }
}
