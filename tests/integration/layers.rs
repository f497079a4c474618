//! The map of `src/lib.rs` held to be true: a file imports only from lower rows.

use std::fs;
use std::path::{Path, PathBuf};

/// The rows, lowest first; siblings of a row do not see one another.
const ROWS: &[&[&str]] = &[
    &["units", "quantity"],
    &["rng", "protocol"],
    &["history"],
    &["ranking", "agents"],
    &["market"],
    &["driver", "measure"],
    &["scenario", "store"],
    &["experiment"],
    &["report"],
    &["cli"],
];

fn rust_files(under: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(under).unwrap_or_else(|e| panic!("{}: {e}", under.display()));
    for entry in entries {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn row_of(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

/// The first segment after every `crate::` in a file, comments left out.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.collect::<Vec<_>>().join("\n");
    code.split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    assert!(files.len() > 30, "found only {} files", files.len());
    let relative = |f: &PathBuf| f.strip_prefix(&root).expect("a file under src").to_owned();
    files.iter().map(|f| (relative(f), fs::read_to_string(f).expect("a source file"))).collect()
}

#[test]
fn every_file_imports_only_from_lower_rows() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let first = path.components().next().expect("a path").as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let Some(row) = row_of(&module) else {
            wrong.push(format!("{}: `{module}` has no row", path.display()));
            continue;
        };
        for used in imports(&text) {
            let fine = used == module || row_of(&used).is_some_and(|lower| lower < row);
            if !fine {
                wrong.push(format!("{}: `{module}` must not see `{used}`", path.display()));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "against the layers:\n{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_stay_short() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        let lines: Vec<&str> = text.lines().collect();
        if lines.len() > 600 {
            long.push(format!("{}: {} lines, at most 600", path.display(), lines.len()));
        }
        for (i, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let starts = line.trim_start();
            let is_fn = [
                "fn ",
                "pub fn ",
                "pub(super) fn ",
                "pub(crate) fn ",
                "const fn ",
                "pub const fn ",
            ]
            .iter()
            .any(|p| starts.starts_with(p));
            if !is_fn || line.trim_end().ends_with(';') {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[i..].iter().position(|l| *l == close).map_or(1, |n| n + 1);
            if length > 70 {
                long.push(format!("{}:{}: a function of {length} lines", path.display(), i + 1));
            }
        }
    }
    assert!(long.is_empty(), "too long:\n{}", long.join("\n"));
}
