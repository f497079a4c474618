//! `--tui`: a live dashboard in the terminal, in place of the progress bar and of the live line.
//!
//! It draws to the alternate screen of the terminal behind standard error, so that standard output stays
//! for results. What is told of a run is kept as plain values (`worlds`, `load`), and a picture is a
//! function of these and of the room there is; a thread of its own draws it, at most four times a second,
//! and listens to the keyboard. Nothing is drawn on a thread that is measured.
//!
//! The terminal is given back as it was when the run ends, in whichever way: whatever the program prints
//! takes the dashboard away first, and so does a panic.

#[cfg(feature = "tui")]
mod board;
#[cfg(feature = "tui")]
mod load;
#[cfg(not(feature = "tui"))]
mod none;
#[cfg(feature = "tui")]
mod parts;
#[cfg(feature = "tui")]
mod screen;
#[cfg(all(test, feature = "tui"))]
mod tests;
#[cfg(feature = "tui")]
mod worlds;

#[cfg(not(feature = "tui"))]
pub(super) use none::{Board, restore};
#[cfg(feature = "tui")]
pub(super) use {board::Board, screen::restore};

use super::Output;
use super::progress::Interrupt;

/// What to do where a dashboard is asked of a build that has none.
const NO_TUI: &str = "error: this build has no dashboard: it lacks the feature `tui`\n  = build with \
                      it: cargo run --release --features tui -- …";

/// The arguments of every command that can show a dashboard.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct TuiArgs {
    /// Show a live dashboard in place of the progress bar; q or Ctrl-C ends the run as Ctrl-C does. Needs
    /// a terminal, and a build with the feature `tui`.
    #[arg(long)]
    tui: bool,
}

impl TuiArgs {
    /// Whether a dashboard is asked for that this build does not have; says so.
    pub(super) fn lacking(self, out: &Output) -> bool {
        let lacking = self.tui && !cfg!(feature = "tui");
        if lacking {
            out.error(NO_TUI);
        }
        lacking
    }

    /// The dashboard of a command on a scenario of that name, where one is asked for and there is a
    /// terminal for it; a remark says why there is none.
    pub(super) fn board(
        self,
        command: &str,
        name: &str,
        interrupt: &Interrupt,
        out: &Output,
    ) -> Option<Board> {
        if !self.tui || out.quiet {
            return None;
        }
        let opened = match unfit() {
            Some(why) => Err(why),
            None => Board::open(&format!("{name} · {command}"), interrupt)
                .map_err(|error| format!("the terminal refused it: {error}")),
        };
        opened.map_err(|why| out.note(&format!("no dashboard: {why}"))).ok()
    }
}

/// Why there is nothing to draw on.
fn unfit() -> Option<String> {
    if !console::Term::stderr().is_term() {
        return Some("standard error is no terminal".to_owned());
    }
    let term = std::env::var("TERM").unwrap_or_default();
    let dumb = term == "dumb" || (cfg!(unix) && term.is_empty());
    dumb.then(|| format!("the terminal can move no cursor (TERM={term})"))
}
