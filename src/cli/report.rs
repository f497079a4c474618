//! `brocante report`, and `--report` of the commands that make a run: a page of pictures.

use std::path::PathBuf;

use super::{Exit, Output};
use crate::report::page::{Pictures, ReportError, page, write_report};
use crate::store::{RunFolder, StoreError, Summary};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  brocante report results/20261122T213704Z-quick-run --png")]
pub struct Report {
    /// A run folder, of any command that makes one.
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Write every picture as PNG too.
    #[arg(long)]
    png: bool,
}

/// Whether a command tells what it found as a page too.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ReportArgs {
    /// Write report.html, a page that opens offline, and plots/ into the run folder.
    #[arg(long)]
    report: bool,
}

impl ReportArgs {
    /// Writes the page of what a command wrote, where it is asked for.
    pub(super) fn write(
        self,
        folder: &RunFolder,
        summary: &Summary,
        out: &Output,
    ) -> Result<(), ReportError> {
        if self.report {
            write(folder, summary, Pictures::Scalable)?;
            out.note(&format!("report      {}", folder.path().join("report.html").display()));
        }
        Ok(())
    }
}

fn write(folder: &RunFolder, summary: &Summary, pictures: Pictures) -> Result<(), ReportError> {
    write_report(folder, &page(folder, summary)?, pictures)
}

impl Report {
    /// Writes the page and says where it is.
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        let read = RunFolder::open(&self.run).and_then(|run| Ok((run.summary()?, run)));
        let (summary, folder) = match read {
            Ok(read) => read,
            Err(error) => {
                out.error(&format!("error: {:#}", anyhow::Error::from(error)));
                out.error("  = allowed: the folder of a run, with its summary.json");
                return Ok(Exit::BadInput);
            }
        };
        let pictures = if self.png { Pictures::WithPng } else { Pictures::Scalable };
        match write(&folder, &summary, pictures) {
            Ok(()) => {}
            // A table that is not what this program writes is the user's to mend.
            Err(ReportError::Store(error @ StoreError::Row { .. })) => {
                out.error(&format!("error: {:#}", anyhow::Error::from(error)));
                return Ok(Exit::BadInput);
            }
            Err(error) => return Err(error.into()),
        }
        out.result(&folder.path().join("report.html").display().to_string())?;
        Ok(Exit::Done)
    }
}
