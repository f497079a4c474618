//! `brocante gate ab`: the rankings of two programs, in pairs of processes.

use std::path::PathBuf;
use std::str::FromStr;

use crate::cli::progress::{Interrupt, Steps};
use crate::cli::{Exit, Output};
use crate::driver::Go;
use crate::experiment::gate::ab::{
    self, AbPlan, Compared, FEWEST, Follower, PAIRS, Program, ProgramError, Staged,
};
use crate::quantity::Span;

use super::outputs::Outputs;
use super::sample::MarketArgs;

/// Pairs of one look at most: of three times as many the interval can still be counted out.
const MOST: usize = 300;

/// Arguments of `gate ab`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    brocante gate ab --base old/brocante --head target/release/brocante scenarios/gate.toml\n\n\
    Both programs run `gate sample` on the scenario: their digests say whether they do the same work, \
    valgrind counts their instructions where it is there, and pairs of processes that take turns are \
    timed. A slow-down is claimed when the median of the pairs is beyond 1.5 % and its interval beyond \
    1 %, twice, the second time in reversed order; base against itself goes along and says what the \
    machine makes of it.\n\n\
    Ends with 0 when head is not slower, with 11 when it is, with 12 when the machine was too restless to \
    say, with 14 when the behaviour changed, with 2 when one of the two is no such program.")]
pub struct Ab {
    #[command(flatten)]
    market: MarketArgs,

    /// The old program, or a file of what one said: `gate sample SCENARIO --instructions`. Of a file only work
    /// and instructions are compared.
    #[arg(long, value_name = "BIN|FILE")]
    base: PathBuf,

    /// The new program.
    #[arg(long, value_name = "BIN")]
    head: PathBuf,

    /// Pairs of processes of one look.
    #[arg(long, value_name = "N", default_value_t = PAIRS as u32, value_parser = clap::value_parser!(u32).range(FEWEST as i64..=MOST as i64))]
    pairs: u32,

    /// How long each process times its rankings. Default: its own, 60ms.
    #[arg(long = "for", value_name = "SPAN", value_parser = Span::from_str)]
    length: Option<Span>,

    /// Do not count instructions, though valgrind is there.
    #[arg(long)]
    no_instructions: bool,

    #[command(flatten)]
    outputs: Outputs,
}

impl Ab {
    /// Runs it.
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        if let Err(why) = self.outputs.check(out) {
            out.error(&why);
            return Ok(Exit::BadInput);
        }
        // What is wrong with the scenario is said here, and not by a child.
        let loaded = self.market.load()?;
        if let Err(why) = self.market.weeks(&loaded.scenario) {
            out.error(&why);
            return Ok(Exit::BadInput);
        }
        let interrupt = Interrupt::listen()?;
        let plan = AbPlan {
            of: self.market.scenario.scenario.display().to_string(),
            pairs: self.pairs as usize,
            timed: self.length.map(|length| format!("--for={length}").into()).into_iter().collect(),
            instructions: !self.no_instructions,
        };
        let mut bar = Bar { steps: Steps::new(1, interrupt.clone(), out) };
        let compared = self.compare(&plan, &interrupt, &mut bar);
        bar.steps.done();
        let compared = match compared {
            Ok(compared) => compared,
            Err(wrong) => return Ok(refused(&wrong, out)),
        };
        let exit = self.outputs.give(&compared.gated, out)?;
        if compared.stopped {
            out.error("interrupted: what was found until then is told");
            return Ok(Exit::Interrupted);
        }
        Ok(exit)
    }

    fn compare(
        &self,
        plan: &AbPlan,
        interrupt: &Interrupt,
        bar: &mut Bar,
    ) -> Result<Compared, ProgramError> {
        let arguments = self.market.arguments();
        if let Some(base) = ab::stored(&self.base)? {
            let head = Program::at("head", &self.head, &arguments);
            return ab::against(&base, &head, plan, interrupt.flag(), bar);
        }
        let staged = Staged::new(&self.base, &self.head, &arguments)?;
        ab::ab(&staged, plan, interrupt.flag(), bar)
    }
}

/// What is wrong with a program is the user's to mend.
fn refused(wrong: &ProgramError, out: &Output) -> Exit {
    out.error(&format!("error: {wrong}"));
    Exit::BadInput
}

/// The bar on standard error.
struct Bar {
    steps: Steps,
}

impl Follower for Bar {
    fn at(&mut self, done: u64, of: u64, what: &'static str) -> Go {
        self.steps.at_of(done, of, what)
    }
}
