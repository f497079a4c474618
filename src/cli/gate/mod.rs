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
#[command(after_help = "Example:\n  \
    brocante gate check --budget results/baseline/market.budget results/mine\n  \
    brocante gate ab --base old/brocante --head target/release/brocante scenarios/gate.toml\n  \
    brocante gate trend history.jsonl\n\n\
    Ends with 0 when nothing got worse, 10 when a budget was missed, 11 when ranking is slower, 12 when the \
    environment made a measurement invalid, 14 when the behaviour changed, 2 when something was not right.")]
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
