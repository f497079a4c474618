//! `gate ab`: is the new program slower than the old one?
//!
//! Four questions, the next only where the one before leaves it open: do both do the same work; does a
//! ranking take more instructions; does it take more time, in pairs of processes that take turns; and do
//! they say so again in reversed order. Base against itself goes along with every pair: what can be seen
//! there is the machine's doing. Of a base that is no program but what one said, stored, only the first two
//! are asked.

mod instructions;
mod pairs;
mod program;
mod rounds;
mod sample;
mod stored;
mod told;
mod work;

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

pub use instructions::{Uncounted, counted};
pub use pairs::{
    ALPHA, Decision, Doubt, FEWEST, GROWS, Interval, Look, MATTERS, SCATTER, decide, interval,
    rank, scatter,
};
pub use program::{Program, ProgramError, Said, Staged};
pub use rounds::{PAIRS, Side, order};
pub use sample::{BATCH, Kernel, LISTS, Length, Quantiles, SCHEMA, Sample};
pub use stored::{against, stored};

use super::{Finding, Gated};
use crate::driver::Go;
use rounds::{Halt, Rounds};

/// What is asked of two programs.
#[derive(Debug, Clone)]
pub struct AbPlan {
    /// What they rank: the scenario.
    pub of: String,
    /// Pairs of one look, [`FEWEST`] at least; one that stays open grows.
    pub pairs: usize,
    /// What programs are told beside, where they are timed.
    pub timed: Vec<OsString>,
    /// Whether instructions are counted.
    pub instructions: bool,
}

/// Somebody who follows: told how many processes have ended, of how many, and what is under way; says
/// whether to go on.
pub trait Follower {
    /// So much is done.
    fn at(&mut self, done: u64, of: u64, what: &'static str) -> Go;
}

/// Nobody follows.
impl Follower for () {
    fn at(&mut self, _: u64, _: u64, _: &'static str) -> Go {
        ControlFlow::Continue(())
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// What was found.
    pub gated: Gated,
    /// Whether somebody stopped it before its end.
    pub stopped: bool,
}

/// Asks all questions. Where somebody stops it, what was found until then is kept.
///
/// # Errors
/// When a program does not start, does not end well, or prints no sample.
pub fn ab(
    staged: &Staged,
    plan: &AbPlan,
    stop: &AtomicBool,
    follower: &mut dyn Follower,
) -> Result<Compared, ProgramError> {
    let mut findings = Vec::new();
    let asked = ask(staged, plan, stop, follower, &mut findings);
    let stopped = match asked {
        Ok(()) => false,
        Err(Halt::Found(finding)) => {
            // What was said of the same work before was too good.
            findings.retain(|before| before.name != finding.name);
            findings.push(*finding);
            false
        }
        Err(Halt::Program(ProgramError::Stopped)) => {
            findings.push(told::stopped(&plan.of, findings.len()));
            true
        }
        Err(Halt::Program(wrong)) => return Err(wrong),
    };
    let gated = Gated { command: "ab".to_owned(), findings };
    Ok(Compared { gated, stopped })
}

fn ask(
    staged: &Staged,
    plan: &AbPlan,
    stop: &AtomicBool,
    follower: &mut dyn Follower,
    findings: &mut Vec<Finding>,
) -> Result<(), Halt> {
    let run = |side: Side| match side {
        Side::Base => staged.base.sample(&plan.timed, stop),
        Side::Head => staged.head.sample(&plan.timed, stop),
        Side::Null => staged.null.sample(&plan.timed, stop),
    };
    // These warm the files up as well.
    let (base, head) = (run(Side::Base)?, run(Side::Head)?);
    let same = work::same_work(&plan.of, &base, &head);
    let changed = same.verdict != super::Verdict::Pass;
    findings.push(same);
    if changed {
        findings.extend(told::not_timed(&plan.of, told::OTHER_WORK));
        return Ok(());
    }
    let mut rounds = Rounds::new(&plan.of, plan.pairs, &base, run, follower);
    findings.push(if plan.instructions {
        rounds.says("instructions")?;
        instructions::instructions(&plan.of, staged, stop)?
    } else {
        instructions::not_counted(&plan.of)
    });
    let first = rounds.look(false)?;
    let mut decision = decide(&first, None);
    let mut second = None;
    if decision == Decision::LookAgain {
        let look = rounds.look(true)?;
        decision = decide(&first, Some(&look));
        second = Some(look);
    }
    findings.extend(told::findings(&plan.of, decision, &first, second.as_ref()));
    Ok(())
}
