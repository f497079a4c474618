//! How many instructions a ranking takes, counted on a simulated processor.
//!
//! A process that ranks 2N times executes as many instructions more than one that ranks N times as N
//! rankings take: start-up and warm-up cancel, but for the seeds that hash maps outside the core draw from
//! the system (some thousand instructions in hundreds of millions).

use std::ffi::OsString;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use super::{BATCH, LISTS, Program, ProgramError, Staged};
use crate::experiment::gate::{Evidence, Finding, Verdict};

/// Rankings whose instructions are counted: so many that what does not cancel is below .01 %.
const RANKINGS: u64 = (32 * LISTS * BATCH) as u64;
/// Head may take so many more instructions [%].
const LIMIT: f64 = 1.0;
/// The program that simulates a processor.
const VALGRIND: &str = "valgrind";
/// It counts instructions, and simulates no cache; what it would write to a file is not wanted.
const HOW: [&str; 3] = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];

/// Why instructions were not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncounted {
    /// Somebody asked to stop.
    Stopped,
    /// It cannot be done here, with the reason as a sentence.
    Cannot(String),
}

/// Counts the instructions of a ranking in both programs.
///
/// # Errors
/// When somebody asks to stop.
pub fn instructions(of: &str, staged: &Staged, stop: &AtomicBool) -> Result<Finding, ProgramError> {
    let both = counted(&staged.base, stop)
        .and_then(|base| counted(&staged.head, stop).map(|head| (base, head)));
    finding_of(of, both)
}

/// Counts the instructions of a ranking in one program; `base` is what was counted before.
///
/// # Errors
/// When somebody asks to stop.
pub fn against(
    of: &str,
    base: f64,
    head: &Program,
    stop: &AtomicBool,
) -> Result<Finding, ProgramError> {
    finding_of(of, counted(head, stop).map(|head| (base, head)))
}

fn finding_of(of: &str, both: Result<(f64, f64), Uncounted>) -> Result<Finding, ProgramError> {
    match both {
        Ok((base, head)) => Ok(judge(of, base, head)),
        Err(Uncounted::Stopped) => Err(ProgramError::Stopped),
        Err(Uncounted::Cannot(why)) => Ok(skipped(of, why)),
    }
}

/// The instructions of one of a program's rankings.
///
/// # Errors
/// When somebody asks to stop, there is no valgrind, or it cannot run the program.
pub fn counted(program: &Program, stop: &AtomicBool) -> Result<f64, Uncounted> {
    let is_there =
        Command::new(VALGRIND).arg("--version").output().is_ok_and(|o| o.status.success());
    if !is_there {
        let why = "There is no valgrind to count instructions with: install it, and this is asked as well.";
        return Err(Uncounted::Cannot(why.to_owned()));
    }
    let count = |rankings| count(program, rankings, stop);
    match count(RANKINGS).and_then(|few| Ok((few, count(2 * RANKINGS)?))) {
        Ok((few, many)) => Ok((many as f64 - few as f64) / RANKINGS as f64),
        Err(ProgramError::Stopped) => Err(Uncounted::Stopped),
        // It does run without valgrind: what that cannot do is no fault of the program.
        Err(wrong) => {
            let why = wrong.to_string();
            let why = why.lines().next().unwrap_or_default();
            Err(Uncounted::Cannot(format!("Under valgrind, {why}: instructions are not counted.")))
        }
    }
}

/// No counting was asked for.
pub fn not_counted(of: &str) -> Finding {
    skipped(of, "Not asked for.".to_owned())
}

/// All instructions of a process that ranks so many times.
fn count(program: &Program, rankings: u64, stop: &AtomicBool) -> Result<u64, ProgramError> {
    let mut command = Command::new(VALGRIND);
    command.args(HOW).arg(&program.path).args(&program.arguments);
    // Either number has six digits, so that stacks are alike.
    command.args([OsString::from("--rankings"), rankings.to_string().into()]);
    let said = program.say(&mut command, stop)?;
    counts(&said.err).ok_or_else(|| ProgramError::NoSample {
        name: program.name.clone(),
        printed: "no count of instructions".to_owned(),
    })
}

/// The count in what cachegrind prints: `==1234== I   refs:      578,556,743`.
fn counts(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| {
        let mut words = line.split_whitespace().skip(1);
        words.next() == Some("I") && words.next() == Some("refs:")
    })?;
    let number = line.split_whitespace().last()?;
    number.replace(',', "").parse().ok()
}

fn judge(of: &str, base: f64, head: f64) -> Finding {
    let more = 100.0 * (head / base - 1.0);
    let verdict = if more > LIMIT { Verdict::Regressed } else { Verdict::Pass };
    let value = Some(more).filter(|more| more.is_finite());
    let says = format!("A ranking takes {base:.1} instructions in base and {head:.1} in head.");
    finding(of, value, verdict, says)
}

/// They are not held against anything, and why.
pub fn skipped(of: &str, says: String) -> Finding {
    finding(of, None, Verdict::Skipped, says)
}

fn finding(of: &str, value: Option<f64>, verdict: Verdict, says: String) -> Finding {
    Finding {
        evidence: Evidence::Instructions,
        name: "instructions of a ranking".to_owned(),
        of: of.to_owned(),
        value,
        low: None,
        high: None,
        limit: Some(LIMIT),
        unit: "%".to_owned(),
        verdict,
        says,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_cachegrind_prints_them() {
        let said = "==20120== Cachegrind, a profiler\n==20120== \n\
                    ==20120== I   refs:      578,556,743\n==20120== D   refs:      1\n";
        assert_eq!(counts(said), Some(578_556_743));
        assert_eq!(counts("==1== I refs:        12\n"), Some(12));
        assert_eq!(counts("==20120== LL refs: 5\n"), None);
    }

    #[test]
    fn one_percent_more_is_too_many() {
        let judged = |head: f64| judge("a scenario", 400.0, head);
        assert_eq!(judged(403.9).verdict, Verdict::Pass);
        assert_eq!(judged(404.1).verdict, Verdict::Regressed);
        assert_eq!(judged(300.0).value, Some(-25.0));
        assert_eq!(judge("a scenario", 0.0, 0.0).value, None);
    }
}
