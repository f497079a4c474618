//! How a load is put on.

use std::fmt;
use std::str::FromStr;

use crate::driver::load::{Arrivals, Stage};
use crate::market::serve::Serving;
use crate::quantity::Span;
use crate::scenario::nearest;

/// What stands between the drivers and the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// Nothing: drivers call the core.
    Direct,
    /// Mailboxes: the core's cells are tasks that are sent every request.
    Actor,
}

impl Path {
    /// Both, in the order in which they are told.
    pub const ALL: [Path; 2] = [Path::Direct, Path::Actor];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Path::Direct => "direct",
            Path::Actor => "actor",
        }
    }
}

/// How requests follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Each driver asks again when it was answered.
    Single,
    /// So many callers in all ask again when they were answered.
    Closed(u32),
    /// Requests come at a rate, answered or not.
    Open,
    /// As many as can be done, timed in batches.
    Offline,
    /// The steps of the simulated week at their times, faster.
    Replay,
}

/// Most callers of a closed loop.
const MOST_CALLERS: u32 = 65_536;

/// Why a mode could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// It is not one of ours.
    #[error("unknown mode `{read}`: {meant}known: single, closed:N, open, offline, replay")]
    Unknown {
        /// What was read.
        read: String,
        /// The mode that was probably meant, as a question.
        meant: String,
    },
    /// The callers of a closed loop are no number, or there are none or too many of them.
    #[error("`{0}` is no number of callers: write closed:1 to closed:{MOST_CALLERS}")]
    Callers(String),
}

impl ModeError {
    fn unknown(text: &str) -> ModeError {
        let known = ["single", "closed", "open", "offline", "replay"];
        let meant = nearest(text, known).map(|name| format!("did you mean `{name}`? "));
        let (read, meant) = (text.escape_debug().to_string(), meant.unwrap_or_default());
        ModeError::Unknown { read, meant }
    }
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Mode, ModeError> {
        match text.split_once(':') {
            None => match text {
                "single" => Ok(Mode::Single),
                "open" => Ok(Mode::Open),
                "offline" => Ok(Mode::Offline),
                "replay" => Ok(Mode::Replay),
                "closed" => Err(ModeError::Callers(String::new())),
                _ => Err(ModeError::unknown(text)),
            },
            Some(("closed", callers)) => match callers.parse() {
                Ok(n) if (1..=MOST_CALLERS).contains(&n) => Ok(Mode::Closed(n)),
                _ => Err(ModeError::Callers(callers.escape_debug().to_string())),
            },
            Some(_) => Err(ModeError::unknown(text)),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mode::Single => f.write_str("single"),
            Mode::Closed(callers) => write!(f, "closed:{callers}"),
            Mode::Open => f.write_str("open"),
            Mode::Offline => f.write_str("offline"),
            Mode::Replay => f.write_str("replay"),
        }
    }
}

/// A load to put on a core.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadPlan {
    /// What stands between drivers and core.
    pub path: Path,
    /// How requests follow one another.
    pub mode: Mode,
    /// How the arrivals of an open load are spread.
    pub arrivals: Arrivals,
    /// The rates of an open load, one stage after the other.
    pub stages: Vec<Stage>,
    /// How long it is; of an open load the sum of its stages.
    pub duration: Span,
    /// Threads that ask.
    pub drivers: u32,
    /// Writes of a driver that are published together.
    pub batch: u32,
    /// How rankings are answered; nothing for what is best for the policy.
    pub serving: Option<Serving>,
    /// Places of a slate.
    pub length: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_they_are_written() {
        for text in ["single", "closed:1", "closed:64", "open", "offline", "replay"] {
            assert_eq!(text.parse::<Mode>().map(|mode| mode.to_string()), Ok(text.to_owned()));
        }
        for text in
            ["", "Open", "open:3", "closed", "closed:", "closed:0", "closed:-1", "closed:1e3"]
        {
            assert!(text.parse::<Mode>().is_err(), "{text}");
        }
        let why = "closed:99999999".parse::<Mode>().unwrap_err().to_string();
        assert_eq!(why, "`99999999` is no number of callers: write closed:1 to closed:65536");
    }
}
