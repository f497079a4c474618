//! Head against what an earlier program said of itself: a line of `gate sample --instructions`, kept in a
//! file.
//!
//! Digests and instructions are the same on a machine that is busy, and on one of next year; a time is not,
//! so none is compared.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::sample::{KIND, SCHEMA};
use super::{AbPlan, Compared, Follower, Program, ProgramError, Sample, instructions, told, work};
use crate::experiment::gate::{Finding, Gated, Verdict};

/// The sample that a file holds; nothing where it is a program.
///
/// # Errors
/// When the file cannot be read, or holds JSON that is no such sample.
pub fn stored(path: &Path) -> Result<Option<Sample>, ProgramError> {
    let name = || format!("base `{}`", path.display());
    let bytes = std::fs::read(path);
    let bytes = bytes.map_err(|error| ProgramError::NotThere { name: name(), error })?;
    if bytes.first() != Some(&b'{') {
        return Ok(None);
    }
    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let is_one = value["kind"].as_str() == Some(KIND);
    if let Some(theirs) = value["schema"].as_u64().filter(|&it| is_one && it != u64::from(SCHEMA)) {
        return Err(ProgramError::OtherSchema { name: name(), theirs: theirs as u32 });
    }
    let sample: Option<Sample> = serde_json::from_value(value).ok();
    let sample = sample.filter(|sample| is_one && sample.instructions.is_some());
    sample.map(Some).ok_or_else(|| ProgramError::NotStored { name: name() })
}

/// Asks of head what can be asked against a stored sample: does it do the same work, and does a ranking take
/// more instructions.
///
/// # Errors
/// When head does not start, does not end well or prints no sample, or when the stored sample is of another
/// scenario.
pub fn against(
    base: &Sample,
    head: &Program,
    plan: &AbPlan,
    stop: &AtomicBool,
    follower: &mut dyn Follower,
) -> Result<Compared, ProgramError> {
    let mut findings = Vec::new();
    let stopped = match ask(base, head, plan, stop, follower, &mut findings) {
        Ok(()) => false,
        Err(ProgramError::Stopped) => {
            findings.push(told::stopped(&plan.of, findings.len()));
            true
        }
        Err(wrong) => return Err(wrong),
    };
    Ok(Compared { gated: Gated { command: "ab".to_owned(), findings }, stopped })
}

fn ask(
    base: &Sample,
    head: &Program,
    plan: &AbPlan,
    stop: &AtomicBool,
    follower: &mut dyn Follower,
    findings: &mut Vec<Finding>,
) -> Result<(), ProgramError> {
    let of = &plan.of;
    let sample = head.sample(&plan.timed, stop)?;
    if sample.scenario != base.scenario {
        return Err(ProgramError::OtherScenario { of: of.clone() });
    }
    let same = work::same_work(of, base, &sample);
    let changed = same.verdict != Verdict::Pass;
    findings.push(same);
    if !changed {
        if follower.at(0, 1, "instructions") == ControlFlow::Break(()) {
            return Err(ProgramError::Stopped);
        }
        findings.push(counted(base, &sample, head, plan, stop)?);
    }
    findings.extend(told::not_timed(
        of,
        if changed {
            told::OTHER_WORK
        } else {
            "A time of another day says nothing: give a program as --base."
        },
    ));
    Ok(())
}

fn counted(
    base: &Sample,
    sample: &Sample,
    head: &Program,
    plan: &AbPlan,
    stop: &AtomicBool,
) -> Result<Finding, ProgramError> {
    match base.instructions {
        _ if !plan.instructions => Ok(instructions::not_counted(&plan.of)),
        Some(before) if base.build == sample.build => {
            instructions::against(&plan.of, before, head, stop)
        }
        _ => {
            let says = format!(
                "Base was built by {}, head by {}: what differs may be the compiler's doing. Renew what is \
                 stored.",
                base.build, sample.build
            );
            Ok(instructions::skipped(&plan.of, says))
        }
    }
}
