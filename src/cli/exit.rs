//! How the program ends: the codes that scripts and CI jobs rely on.

use std::process::ExitCode;

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
