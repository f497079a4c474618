//! How the program ends: the codes that scripts and CI jobs rely on.

use std::process::ExitCode;

use crate::experiment::gate::Verdict;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and passed where there was something to pass.
    Done = 0,
    /// The program failed.
    Failed = 1,
    /// Bad arguments, or a scenario that is not right.
    BadInput = 2,
    /// A service level objective or a budget was missed.
    Missed = 10,
    /// A regression was found.
    Regressed = 11,
    /// The environment made the measurement invalid.
    Invalid = 12,
    /// The core could not keep up with the load.
    Saturated = 13,
    /// The behaviour changed, so times cannot be compared.
    Changed = 14,
    /// Interrupted; partial results were kept.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// How a gate ends whose gravest verdict this is.
impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass | Verdict::Skipped | Verdict::Advice => Exit::Done,
            Verdict::Missed => Exit::Missed,
            Verdict::Regressed => Exit::Regressed,
            Verdict::Invalid => Exit::Invalid,
            Verdict::Changed => Exit::Changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_ends_with_the_code_that_its_text_tells() {
        use Verdict::{Advice, Changed, Invalid, Missed, Pass, Regressed, Skipped};
        for verdict in [Pass, Skipped, Advice, Invalid, Changed, Missed, Regressed] {
            assert_eq!(Exit::from(verdict) as u8, verdict.code(), "{verdict:?}");
        }
    }
}
