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
        let all = self.files();
        for (n, &(name, path)) in all.iter().enumerate() {
            let Some(path) = path.filter(|path| !is_standard(Some(path))) else { continue };
            let taken = all[..n].iter().find(|(_, other)| *other == Some(path));
            let why = match taken {
                _ if path.is_dir() => "is a folder".to_owned(),
                _ if path.file_name().and_then(|name| name.to_str()).is_none() => {
                    "names no file".to_owned()
                }
                Some((other, _)) => format!("is the file of {other} already"),
                None => continue,
            };
            let path = path.display();
            return Err(format!("error: {name} {path} {why}\n  = allowed: a file of its own"));
        }
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

    /// Prints the findings, writes the files, and tells how the gate ends.
    ///
    /// # Errors
    /// When one of them cannot be written; the others are.
    pub fn give(&self, gated: &Gated, out: &Output) -> anyhow::Result<Exit> {
        let forms = self.files().into_iter().filter_map(|(name, path)| Some((name, path?)));
        let (standard, files): (Vec<_>, Vec<_>) =
            forms.partition(|(_, path)| is_standard(Some(path)));
        match standard.first() {
            Some((name, _)) => out.result(&text_of(name, gated)?)?,
            None if out.format == Format::Json => out.json(gated)?,
            None => out.result(&report::gate_text_within(gated, columns(), out.colour()))?,
        }
        let mut wrong = None;
        for (name, path) in files {
            if let Err(error) = store::write_file(path, text_of(name, gated)?) {
                wrong.get_or_insert(error);
            }
        }
        match wrong {
            Some(error) => Err(error.into()),
            None => Ok(gated.verdict().into()),
        }
    }
}

/// The findings in the form of an option.
fn text_of(name: &str, gated: &Gated) -> anyhow::Result<String> {
    Ok(match name {
        "--markdown" => report::gate_markdown(gated),
        "--junit" => report::gate_junit(gated)?,
        _ => report::gate_bencher(gated),
    })
}

fn is_standard(path: Option<&Path>) -> bool {
    path.is_some_and(|path| path == Path::new("-"))
}

/// Columns of standard output, where it is a terminal.
pub(super) fn columns() -> usize {
    let term = console::Term::stdout();
    if term.is_term() { usize::from(term.size().1).clamp(40, 160) } else { COLUMNS }
}
