//! `brocante gate`: did this change make ranking slower, or the market worse?

mod ab;
mod check;
mod outputs;
mod sample;
mod trend;

use clap::Subcommand;

use super::{Exit, Output};

/// The gate of a CI job.
#[derive(Debug, Subcommand)]
pub enum Gate {
    /// Hold stored runs against a budget file.
    Check(check::Check),
    /// Time the rankings of two programs in pairs of processes: is the new one slower?
    Ab(ab::Ab),
    /// Find the runs at which a history of them changed.
    Trend(trend::Trend),
    /// Warm a market up and time batches of its rankings: what one process of `gate ab` does.
    #[command(hide = true)]
    Sample(sample::Sample),
}

impl Gate {
    /// Runs it.
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        match self {
            Gate::Check(command) => command.run(out),
            Gate::Ab(command) => command.run(out),
            Gate::Trend(command) => command.run(out),
            Gate::Sample(command) => command.run(out),
        }
    }
}
