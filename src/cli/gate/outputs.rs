//! Where findings go: standard output, and files for job summaries, test reporters and trackers.

use std::path::{Path, PathBuf};

use crate::cli::{Exit, Format, Output};
use crate::experiment::gate::Gated;
use crate::report;
use crate::store;

/// Columns of a report that is not for a terminal.
const COLUMNS: usize = 80;

/// Files that every gate can leave its findings in.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Outputs {
    /// Write the findings as Markdown, for a job summary; - takes the place of the text.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write the findings as JUnit XML, a test case each; - takes the place of the text.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write what was measured as Bencher Metric Format; - takes the place of the text.
    #[arg(long, value_name = "FILE")]
    bencher: Option<PathBuf>,
}

impl Outputs {
    fn files(&self) -> [(&'static str, Option<&Path>); 3] {
        [
            ("--markdown", self.markdown.as_deref()),
            ("--junit", self.junit.as_deref()),
            ("--bencher", self.bencher.as_deref()),
        ]
    }

    /// What to say where two of them would be mixed on standard output.
    ///
    /// # Errors
    /// When they would.
    pub fn check(&self, out: &Output) -> Result<(), String> {
        let standard = self.files().into_iter().filter(|(_, path)| is_standard(*path));
        let mut names: Vec<&str> = standard.map(|(name, _)| name).collect();
        if out.format == Format::Json && !names.is_empty() {
            names.push("--format json");
        }
        match names[..] {
            [] | [_] => Ok(()),
            _ => Err(format!(
                "error: {} would be mixed on standard output\n  = allowed: - for one of them, files for \
                 the others",
                names.join(" and ")
            )),
        }
    }

    /// Writes the files, prints the findings, and tells how the gate ends.
    ///
    /// # Errors
    /// When one of them cannot be written.
    pub fn give(&self, gated: &Gated, out: &Output) -> anyhow::Result<Exit> {
        let mut said = false;
        for (name, path) in self.files() {
            let Some(path) = path else { continue };
            let text = match name {
                "--markdown" => report::gate_markdown(gated),
                "--junit" => report::gate_junit(gated)?,
                _ => report::gate_bencher(gated),
            };
            if is_standard(Some(path)) {
                out.result(&text)?;
                said = true;
            } else {
                store::write_file(path, text)?;
            }
        }
        match out.format {
            _ if said => {}
            Format::Json => out.json(gated)?,
            Format::Text => {
                out.result(&report::gate_text_within(gated, columns(), out.colour()))?
            }
        }
        Ok(gated.verdict().into())
    }
}

fn is_standard(path: Option<&Path>) -> bool {
    path.is_some_and(|path| path == Path::new("-"))
}

/// Columns of standard output, where it is a terminal.
pub(super) fn columns() -> usize {
    let term = console::Term::stdout();
    if term.is_term() { usize::from(term.size().1).clamp(40, 160) } else { COLUMNS }
}
