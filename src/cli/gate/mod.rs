//! `brocante gate`: did this change make ranking slower, or the market worse?

mod check;
mod outputs;
mod trend;

use clap::Subcommand;

use super::{Exit, Output};

/// The gate of a CI job.
#[derive(Debug, Subcommand)]
pub enum Gate {
    /// Hold stored runs against a budget file.
    Check(check::Check),
    /// Find the runs at which a history of them changed.
    Trend(trend::Trend),
}

impl Gate {
    /// Runs it.
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        match self {
            Gate::Check(command) => command.run(out),
            Gate::Trend(command) => command.run(out),
        }
    }
}
