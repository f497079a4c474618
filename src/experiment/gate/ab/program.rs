//! Programs that the gate starts, and what they answer.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::sample::{SCHEMA, Sample};
use crate::experiment::trial::now;

/// A process that takes longer than this does not end by itself.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often somebody's wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// What is kept of what a process says, on each of its outputs [bytes].
const MOST: u64 = 1 << 20;

/// How a program is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// What it is called in messages: `base target/base/brocante`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What it is told.
    pub arguments: Vec<OsString>,
    /// What is in its environment beside what is in ours.
    pub environment: Vec<(OsString, OsString)>,
}

/// Why a program gave no sample. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The file cannot be read or copied.
    #[error(
        "{name} cannot be read: {error}\n  = allowed: a program built from this package, such as \
         target/release/brocante"
    )]
    NotThere {
        /// The program.
        name: String,
        /// Why.
        error: std::io::Error,
    },
    /// The system did not start it.
    #[error(
        "{name} does not start: {error}\n  = allowed: a program built from this package for this machine, \
         such as target/release/brocante"
    )]
    NotStarted {
        /// The program.
        name: String,
        /// Why.
        error: std::io::Error,
    },
    /// It ended with an error, or was killed.
    #[error(
        "{name} ended with {status}{said}\n  = it is asked for `gate sample SCENARIO`: build it from a commit \
         that knows that and this scenario"
    )]
    Ended {
        /// The program.
        name: String,
        /// How it ended.
        status: String,
        /// The first line of its standard error, if it had any.
        said: String,
    },
    /// It printed something else than a sample.
    #[error(
        "{name} printed {printed}, and no sample of its rankings\n  = it is asked for `gate sample \
         SCENARIO`: give a program built from this package"
    )]
    NoSample {
        /// The program.
        name: String,
        /// What it printed instead.
        printed: String,
    },
    /// It printed a sample of another form.
    #[error(
        "{name} prints samples of schema {theirs}, this program reads schema {SCHEMA}\n  = ask the gate of \
         the newer program, or build both from commits with the same schema"
    )]
    OtherSchema {
        /// The program.
        name: String,
        /// Its schema.
        theirs: u32,
    },
    /// A file holds something else than a stored sample.
    #[error(
        "{name} is no program, and no sample with instructions\n  = allowed: a program built from this \
         package, or what `gate sample SCENARIO --instructions` prints"
    )]
    NotStored {
        /// The file.
        name: String,
    },
    /// A stored sample was taken of another scenario.
    #[error(
        "{of} is not the scenario that base was taken of, or has changed since\n  = renew base: `gate sample \
         {of} --instructions`"
    )]
    OtherScenario {
        /// The scenario.
        of: String,
    },
    /// It did not end.
    #[error(
        "{name} did not end within {} s\n  = take a smaller scenario or a shorter --warmup", PATIENCE.as_secs()
    )]
    Endless {
        /// The program.
        name: String,
    },
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
}

/// What a process said until it ended.
#[derive(Debug)]
pub struct Said {
    /// On standard output.
    pub out: String,
    /// On standard error.
    pub err: String,
}

impl Program {
    /// Runs it with further arguments, and reads its sample.
    ///
    /// # Errors
    /// When it does not start, does not end well, or prints something else.
    pub fn sample(&self, further: &[OsString], stop: &AtomicBool) -> Result<Sample, ProgramError> {
        let mut command = Command::new(&self.path);
        let said = self.say(command.args(&self.arguments).args(further), stop)?;
        self.read(&said.out)
    }

    /// Runs a command that this program is a part of until it ends well.
    ///
    /// # Errors
    /// When it does not start or does not end well, or `stop` says so.
    pub fn say(&self, command: &mut Command, stop: &AtomicBool) -> Result<Said, ProgramError> {
        let (environment, name) = (self.environment.iter().cloned(), || self.name.clone());
        let command = command.envs(environment).stdin(Stdio::null());
        let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = started.map_err(|error| ProgramError::NotStarted { name: name(), error })?;
        let mut child = Ending(child);
        let (status, said) = self.wait(&mut child.0, stop)?;
        if status.success() {
            return Ok(said);
        }
        // Ctrl-C reaches the child as well, and perhaps before us.
        thread::sleep(LOOK);
        if stop.load(Ordering::Relaxed) {
            return Err(ProgramError::Stopped);
        }
        let first = said.err.lines().map(str::trim).find(|line| !line.is_empty());
        let said = first.map_or_else(String::new, |line| format!(": {}", short(line)));
        Err(ProgramError::Ended { name: name(), status: told(status), said })
    }

    /// Waits until a child ends, without touching a processor meanwhile.
    fn wait(
        &self,
        child: &mut Child,
        stop: &AtomicBool,
    ) -> Result<(ExitStatus, Said), ProgramError> {
        let (tell, hear) = mpsc::channel();
        let err = child.stderr.take().map(|err| thread::spawn(|| text(err)));
        let out = child.stdout.take().map(|out| {
            thread::spawn(move || {
                let text = text(out);
                // Whoever stopped waiting does not want to hear.
                let _ = tell.send(());
                text
            })
        });
        let began = now();
        loop {
            match hear.recv_timeout(LOOK) {
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {
                    return Err(ProgramError::Stopped);
                }
                Err(RecvTimeoutError::Timeout) if began.elapsed() > PATIENCE => {
                    return Err(ProgramError::Endless { name: self.name.clone() });
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        let status = child.wait();
        let status =
            status.map_err(|error| ProgramError::NotStarted { name: self.name.clone(), error })?;
        let [out, err] = [out, err]
            .map(|thread| thread.and_then(|thread| thread.join().ok()).unwrap_or_default());
        Ok((status, Said { out, err }))
    }

    /// The sample that a process printed.
    fn read(&self, printed: &str) -> Result<Sample, ProgramError> {
        let name = || self.name.clone();
        let value: serde_json::Value = serde_json::from_str(printed).unwrap_or_default();
        let is_one = value["kind"].as_str().is_some_and(|kind| kind == super::sample::KIND);
        match value["schema"].as_u64() {
            Some(theirs) if is_one && theirs != u64::from(SCHEMA) => {
                return Err(ProgramError::OtherSchema { name: name(), theirs: theirs as u32 });
            }
            _ => {}
        }
        let sample: Option<Sample> = serde_json::from_value(value).ok();
        // A time of nothing has no logarithm.
        sample.filter(|sample| is_one && sample.time() > 0.0).ok_or_else(|| {
            let first = printed.lines().map(str::trim).find(|line| !line.is_empty());
            let printed =
                first.map_or_else(|| "nothing".to_owned(), |line| format!("`{}`", short(line)));
            ProgramError::NoSample { name: name(), printed }
        })
    }
}

/// A child that ends with us.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What comes out of a pipe until its end: its beginning is kept, the rest is let go by.
fn text(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    // What cannot be read was not said.
    let _ = from.by_ref().take(MOST).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A line that fits into a message, without what a terminal would obey.
fn short(line: &str) -> String {
    const COLUMNS: usize = 100;
    let kept: String = line.chars().filter(|c| !c.is_control()).take(COLUMNS).collect();
    if line.chars().count() > COLUMNS { format!("{kept}…") } else { kept }
}

/// How a process ended.
fn told(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

/// Copies of base and head under names of one length, and base a second time: where a program lies and how
/// long its name is moves its stack, and that alone can make some percent (Mytkowicz et al. 2009,
/// "Producing wrong data without doing anything obviously wrong!"). They go when this goes.
#[derive(Debug)]
pub struct Staged {
    /// The old program.
    pub base: Program,
    /// The new program.
    pub head: Program,
    /// The old program once more, from a file of its own.
    pub null: Program,
    _folder: TempDir,
}

impl Program {
    /// One that lies where it is: not one of that name which is looked for elsewhere.
    pub fn at(name: &str, path: &Path, arguments: &[OsString]) -> Program {
        Program {
            name: format!("{name} `{}`", path.display()),
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            arguments: arguments.to_vec(),
            environment: Vec::new(),
        }
    }
}

impl Staged {
    /// Copies two files, and tells both programs the same.
    ///
    /// # Errors
    /// When one of them cannot be copied.
    pub fn new(base: &Path, head: &Path, arguments: &[OsString]) -> Result<Staged, ProgramError> {
        let wrong = |name: String| move |error| ProgramError::NotThere { name, error };
        let folder = tempfile::Builder::new().prefix("gate-").tempdir();
        let folder = folder.map_err(wrong("a folder for copies".to_owned()))?;
        let copy = |side: &str, of: &Path, to: &str| {
            let program = Program::at(side, of, arguments);
            let path = folder.path().join(to);
            std::fs::copy(of, &path).map_err(wrong(program.name.clone()))?;
            Ok(Program { path, ..program })
        };
        Ok(Staged {
            base: copy("base", base, "base")?,
            head: copy("head", head, "head")?,
            null: copy("base", base, "null")?,
            _folder: folder,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        let arguments = ["-c", script].map(OsString::from).to_vec();
        Program { name: "base".to_owned(), path: "/bin/sh".into(), arguments, environment: vec![] }
    }

    fn wrong(script: &str) -> String {
        let stop = AtomicBool::new(false);
        shell(script).sample(&[], &stop).expect_err("no sample").to_string()
    }

    #[cfg(unix)]
    #[test]
    fn what_is_wrong_is_said_with_what_the_program_said() {
        let said = wrong("echo 'error: no such subcommand' >&2; echo more >&2; exit 2");
        assert!(said.contains("exit code 2: error: no such subcommand\n"), "{said}");
        let said = wrong("kill -9 $$");
        assert!(said.contains("signal"), "{said}");
        assert!(wrong("true").contains("base printed nothing"));
        assert!(wrong("echo '{}'").contains("base printed `{}`"));
        let other = r#"echo '{"schema":7,"kind":"gate-sample"}'"#;
        assert!(wrong(other).contains("schema 7"), "{}", wrong(other));
        // More than a pipe holds, on both, is no reason to wait for ever.
        let loud = wrong("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");
        assert!(loud.len() < 500 && loud.contains("no sample"), "{loud}");
        let nowhere = Program { path: "/nowhere/at/all".into(), ..shell("") };
        let said = nowhere.sample(&[], &AtomicBool::new(false)).expect_err("nothing").to_string();
        assert!(said.contains("does not start"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn who_asks_to_stop_does_not_wait_for_the_end() {
        let stop = AtomicBool::new(true);
        let stopped = shell("exec sleep 60").sample(&[], &stop);
        assert!(matches!(stopped, Err(ProgramError::Stopped)), "{stopped:?}");
    }

    #[test]
    fn copies_have_names_of_one_length() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let staged = Staged::new(file.path(), file.path(), &["x".into()]).expect("copies");
        let long = |program: &Program| program.path.as_os_str().len();
        assert_eq!(long(&staged.base), long(&staged.head));
        assert_eq!(long(&staged.base), long(&staged.null));
        assert_eq!(staged.base.arguments, staged.null.arguments);
        let path = staged.null.path.clone();
        drop(staged);
        assert!(!path.exists());
        let missing = Staged::new(Path::new("/nowhere/at/all"), file.path(), &[]);
        let said = missing.expect_err("nothing").to_string();
        assert!(said.starts_with("base `/nowhere/at/all` cannot be read"), "{said}");
    }
}
