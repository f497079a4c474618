//! `brocante completions`: completion of commands and options in a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Exit, Output};

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  brocante completions bash > ~/.local/share/bash-completion/completions/brocante"
)]
pub struct Completions {
    /// The shell to complete in.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        // Written to memory first: the generator panics where its writer fails.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "brocante", &mut script);
        out.result(&String::from_utf8(script)?)?;
        Ok(Exit::Done)
    }
}
