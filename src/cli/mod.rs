//! The command line. One subcommand a file.

mod check;
mod compare;
mod completions;
mod design;
mod exit;
mod explain;
mod gate;
mod list;
mod load;
mod nudge;
mod output;
mod progress;
mod run;
mod schema;
mod sweep;
mod validate;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};

pub use exit::Exit;
pub use output::{Format, Output};

use crate::scenario::{ScenarioError, split_overrides};
use crate::store::StoreError;

/// Simulates a marketplace of refurbished goods, and load-tests the ranking core that picks the
/// winning seller.
#[derive(Debug, Parser)]
#[command(name = "brocante", version, arg_required_else_help = true)]
#[command(after_help = "Example:\n  brocante check scenarios/backmarket-2019.toml")]
pub struct Cli {
    /// How results are printed on standard output.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Print nothing but results and errors.
    #[arg(long, short, global = true)]
    quiet: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate a scenario in virtual time.
    Run(run::Run),
    /// Compare two or more arms of a scenario in the same worlds.
    Compare(compare::Compare),
    /// Measure what one review, or a shock to one seller, makes of the market.
    Nudge(nudge::Nudge),
    /// Put the ranking core under load, on the wall clock.
    Load(load::Load),
    /// Did a change make ranking slower, or the market worse?
    #[command(subcommand)]
    Gate(gate::Gate),
    /// Try the known answers: does the market give what formulas say?
    Validate(validate::Validate),
    /// Run a scenario at many points of some of its keys.
    Sweep(sweep::Sweep),
    /// Check a scenario, and say everything that is wrong with it.
    Check(check::Check),
    /// Print the JSON Schema of scenario files, for editors.
    Schema(schema::Schema),
    /// List ranking policies, kinds of sellers, metrics, scenarios or known answers.
    List(list::List),
    /// Say what a metric means, its unit, its formula and its source.
    Explain(explain::Explain),
    /// Take apart the scores by which the offers of a product are ranked at a moment.
    Why(why::Why),
    /// Print a completion script for a shell.
    Completions(completions::Completions),
}

/// A scenario and what is changed in it: shared by every command that reads one.
#[derive(Debug, Clone, clap::Args)]
pub struct ScenarioArgs {
    /// The scenario file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,

    /// Change a key of the scenario, by its dotted path; the value is TOML, or a bare word. May be
    /// given more than once; naming another variant (`ranking.cheapest={}`) replaces the first.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl ScenarioArgs {
    /// The overrides one by one.
    pub fn overrides(&self) -> Vec<String> {
        self.set.iter().flat_map(|text| split_overrides(text)).collect()
    }
}

impl Command {
    /// Runs it; the program began at `began`.
    fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
        match self {
            Command::Run(command) => command.run(out, began),
            Command::Compare(command) => command.run(out, began),
            Command::Nudge(command) => command.run(out, began),
            Command::Load(command) => command.run(out, began),
            Command::Gate(command) => command.run(out),
            Command::Validate(command) => command.run(out, began),
            Command::Sweep(command) => command.run(out, began),
            Command::Check(command) => command.run(out),
            Command::Schema(command) => command.run(out),
            Command::List(command) => command.run(out),
            Command::Explain(command) => command.run(out),
            Command::Why(command) => command.run(out),
            Command::Completions(command) => command.run(out),
        }
    }
}

/// Reads the arguments, runs the command, and tells how it ended.
pub fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "what a command takes is told by the wall clock")]
    let began = Instant::now();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help goes to standard output and ends with 0, a mistake to standard error with 2. That
            // nobody reads it (`--help | head -1`) is no error.
            let _ = usage.print();
            let exit = if usage.exit_code() == 0 { Exit::Done } else { Exit::BadInput };
            return exit.into();
        }
    };
    let out = Output { format: cli.format, quiet: cli.quiet };
    cli.command.run(&out, began).unwrap_or_else(|error| failed(&error, &out)).into()
}

/// Prints an error. One in the scenario or in an argument is the user's to mend, any other is the
/// program's.
fn failed(error: &anyhow::Error, out: &Output) -> Exit {
    if let Some(wrong) = error.downcast_ref::<ScenarioError>() {
        out.error(&wrong.draw(true));
        return Exit::BadInput;
    }
    out.error(&format!("error: {error:#}"));
    match error.downcast_ref::<StoreError>() {
        Some(wrong) if wrong.is_misplaced() => Exit::BadInput,
        _ => Exit::Failed,
    }
}
