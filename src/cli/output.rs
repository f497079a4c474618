//! What a command prints: results on standard output, everything else on standard error. A dashboard is
//! taken away before anything is printed.

use std::io::{self, Write};

use clap::ValueEnum;

use super::{Exit, tui};
use crate::store::Summary;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON value.
    Json,
}

/// Where a command prints to.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// How results are written.
    pub format: Format,
    /// Whether remarks and progress are left out.
    pub quiet: bool,
}

impl Output {
    /// Prints a result. A reader that has gone away (`brocante list kinds | head -1`) is no error.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub fn result(&self, text: &str) -> io::Result<()> {
        tui::restore();
        let mut out = anstream::stdout().lock();
        let written = out
            .write_all(text.as_bytes())
            .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Whether results may have colours: obeys `NO_COLOR` and a pipe.
    pub fn colour(&self) -> bool {
        anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
    }

    /// Prints a result as JSON.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub fn json<T: serde::Serialize>(&self, value: &T) -> anyhow::Result<()> {
        Ok(self.result(&serde_json::to_string_pretty(value)?)?)
    }

    /// Prints a remark, unless `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.error(text);
        }
    }

    /// How a command ends that told of this, which is said where it was interrupted.
    pub fn end(&self, summary: &Summary) -> Exit {
        match &summary.interrupted {
            None => Exit::Done,
            Some(kept) => {
                self.error(&format!("interrupted: {kept}"));
                Exit::Interrupted
            }
        }
    }

    /// Prints what went wrong, `--quiet` or not.
    pub fn error(&self, text: &str) {
        tui::restore();
        // Where standard error cannot be written to, there is nobody left to tell.
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }
}
