//! The map of `src/lib.rs` held to be true: a file imports only from lower rows, and stays short.

use std::fs;
use std::path::{Path, PathBuf};

/// The rows, lowest first; siblings of a row do not see one another.
const ROWS: &[&[&str]] = &[
    &["units", "quantity", "reference"],
    &["rng", "protocol"],
    &["history"],
    &["ranking", "agents::sellers", "agents::shoppers", "agents::staff"],
    &["market"],
    &["driver", "measure"],
    &["scenario", "store"],
    &["experiment"],
    &["report"],
    &["cli"],
];

const MOST_LINES_OF_A_FILE: usize = 600;
const MOST_LINES_OF_A_FUNCTION: usize = 70;

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

/// Every file under these folders with its text, in order, by its path from the package's root.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in folders {
        rust_files(&root.join(folder), &mut files);
    }
    files.sort();
    assert!(files.len() > 30, "found only {} files", files.len());
    let relative = |f: &PathBuf| f.strip_prefix(root).expect("a file of the package").to_owned();
    files.iter().map(|f| (relative(f), fs::read_to_string(f).expect("a source file"))).collect()
}

/// The row of a path of modules such as `agents::sellers::kinds`, and the name that it has there.
fn row_of(modules: &str) -> Option<(usize, &'static str)> {
    let rows = ROWS.iter().enumerate();
    let mut names = rows.flat_map(|(row, names)| names.iter().map(move |name| (row, *name)));
    let inside = |name: &str| {
        modules.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    names.find(|(_, name)| inside(name))
}

/// The path of modules that a file under `src` is, without the file's ending.
fn modules_of(path: &Path) -> String {
    let path = path.strip_prefix("src").expect("a file under src").with_extension("");
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.filter(|part| part != "mod").collect::<Vec<_>>().join("::")
}

/// What stands after every `crate::` in a file, comments left out.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.collect::<Vec<_>>().join("\n");
    let of_path = |c: &char| c.is_alphanumeric() || *c == '_' || *c == ':';
    code.split("crate::").skip(1).map(|rest| rest.chars().take_while(of_path).collect()).collect()
}

/// What a file sees that it must not.
fn against_the_layers(path: &Path, text: &str) -> Vec<String> {
    let (path_shown, modules) = (path.display(), modules_of(path));
    // The roots of the package and of the agents' folder only name what there is.
    if ["lib", "main", "agents"].contains(&modules.as_str()) {
        return vec![];
    }
    let Some((row, name)) = row_of(&modules) else {
        return vec![format!("{path_shown}: `{modules}` has no row")];
    };
    let wrong = imports(text)
        .into_iter()
        .filter(|used| !row_of(used).is_some_and(|(lower, other)| lower < row || other == name));
    wrong.map(|used| format!("{path_shown}: `{name}` must not see `{used}`")).collect()
}

/// Whether a line begins a function: `fn`, with nothing but qualifiers in front.
fn starts_a_function(line: &str) -> bool {
    let qualifier = |word: &&str| {
        let words = ["const", "async", "unsafe", "extern", "\"C\""];
        word.starts_with("pub") || word.ends_with(')') || words.contains(word)
    };
    line.split_whitespace().find(|word| !qualifier(word)) == Some("fn")
}

/// What is longer in a file than it may be. Relies on rustfmt: a function ends at the first brace that
/// stands as far in as its `fn`.
fn too_long(path: &Path, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let path = path.display();
    let mut long = Vec::new();
    if lines.len() > MOST_LINES_OF_A_FILE {
        long.push(format!("{path}: {} lines", lines.len()));
    }
    for (i, line) in lines.iter().enumerate() {
        let ends_at_once = line.ends_with(';') || line.ends_with('}');
        if !starts_a_function(line) || ends_at_once {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let length = lines[i..].iter().position(|l| *l == close).map_or(1, |n| n + 1);
        if length > MOST_LINES_OF_A_FUNCTION {
            long.push(format!("{path}:{}: a function of {length} lines", i + 1));
        }
    }
    long
}

#[test]
fn every_file_imports_only_from_lower_rows() {
    let files = sources(&["src"]);
    let mut wrong: Vec<_> =
        files.iter().flat_map(|(path, text)| against_the_layers(path, text)).collect();
    wrong.dedup();
    assert!(wrong.is_empty(), "against the layers:\n{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_stay_short() {
    let files = sources(&["src", "tests", "benches"]);
    let long: Vec<_> = files.iter().flat_map(|(path, text)| too_long(path, text)).collect();
    assert!(long.is_empty(), "too long:\n{}", long.join("\n"));
}

#[test]
fn a_file_that_looks_up_or_aside_is_found() {
    for (path, text, found) in [
        ("src/market/cell.rs", "use crate::driver::Clock;", true),
        ("src/ranking/epp.rs", "use crate::agents::staff::Support;", true),
        ("src/agents/staff/mod.rs", "let x = crate::agents::sellers::pick();", true),
        ("src/scenario/load.rs", "use crate::{store, units};", true),
        ("src/novelty.rs", "", true),
        ("src/market/cell.rs", "// crate::driver is told when\nuse crate::rng::Dice;", false),
        ("src/agents/sellers/exit.rs", "use crate::agents::sellers::Profile;", false),
        ("src/cli/run.rs", "use crate::report::text;\nuse crate::units::SimTime;", false),
    ] {
        let wrong = against_the_layers(Path::new(path), text);
        assert_eq!(!wrong.is_empty(), found, "{path}: {text}: {wrong:?}");
    }
}

#[test]
fn a_file_or_function_that_grew_too_long_is_found() {
    let path = Path::new("src/market/cell.rs");
    let function =
        |head: &str, lines: usize| format!("{head} {{\n{}}}\n", "    x();\n".repeat(lines));
    assert_eq!(too_long(path, &"//\n".repeat(601)).len(), 1);
    assert_eq!(too_long(path, &"//\n".repeat(600)).len(), 0);
    for head in ["fn f()", "pub fn f()", "pub(in crate::market) fn f()", "pub const unsafe fn f()"]
    {
        let rest = function("fn short()", 3);
        let wrong = too_long(path, &(function(head, 69) + &rest));
        assert_eq!(wrong, ["src/market/cell.rs:1: a function of 71 lines"], "{head}");
        assert_eq!(too_long(path, &(function(head, 68) + &rest)).len(), 0, "{head}");
    }
}
