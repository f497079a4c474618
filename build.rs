//! Tells the build what makes it, and which commit it is of, where there is a repository and git to ask.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    let compiler = said(Command::new(told("RUSTC")).arg("--version")).unwrap_or_default();
    // Of the profile Cargo tells no more than whether it is for debugging, but by the folder of what it builds:
    // target/PROFILE/build/brocante-HASH/out.
    let out = told("OUT_DIR");
    let profile = Path::new(&out).ancestors().nth(3).and_then(Path::file_name);
    let profile = profile.unwrap_or_default().display();
    println!("cargo::rustc-env=BROCANTE_BUILD={compiler}, {}, {profile}", told("TARGET"));
    let Some(top) = git(&["rev-parse", "--show-toplevel"]) else { return };
    // A package unpacked inside somebody else's repository is not of that repository's commit.
    let same =
        |a: &str, b: &str| Path::new(a).canonicalize().ok() == Path::new(b).canonicalize().ok();
    if !same(&top, env!("CARGO_MANIFEST_DIR")) {
        return;
    }
    // HEAD names a branch and changes with it; the log of HEAD changes with every commit.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    if let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) {
        println!("cargo::rustc-env=BROCANTE_COMMIT={commit}");
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    said(Command::new("git").args(arguments))
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_string())
}
