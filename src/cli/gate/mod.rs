//! `brocante gate`: did this change make ranking slower, or the market worse?

use std::time::Instant;

use super::{Exit, Output};

mod sample;

/// Arguments of `gate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    brocante gate ab --base old/brocante --head target/release/brocante scenarios/gate.toml\n\n\
    Ends with 11 for a regression, with 12 when the environment made the measurement invalid, with 14 when \
    the behaviour changed. `gate sample` is what each process of `gate ab` runs; it has a --help of its \
    own.")]
pub struct Gate {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, clap::Subcommand)]
enum Question {
    /// Warm a market up and time batches of its rankings: what one process of `gate ab` does.
    #[command(hide = true)]
    Sample(sample::Sample),
}

impl Gate {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, _began: Instant) -> anyhow::Result<Exit> {
        match &self.question {
            Question::Sample(command) => command.run(out),
        }
    }
}
