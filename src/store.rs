//! Run folders: where results go, and how they get there whole.
//!
//! A file of a run folder is written under a temporary name beside its place, forced to the disk and
//! renamed: a killed run leaves the old file or the new one, never half of one.

mod answers;
mod arms;
mod designs;
mod facts;
mod history;
mod latency_log;
mod load;
mod machine;
mod nudge;
#[cfg(feature = "parquet")]
mod parquet;
mod rows;
mod summary;
mod sweep;
mod sweep_rows;
mod tables;

pub use crate::measure::Counts;
pub use answers::Answer;
pub use arms::{ArmSummary, Difference, Verdict};
pub use designs::{DesignResult, TestedWorld};
pub use facts::{FACTS_SCHEMA, FactStore, KEEPS_FACTS, open_facts};
pub use history::{History, HistoryError, HistoryLine, append_history, read_history};
pub use latency_log::{LATENCY_LOG, LatencyLog, Logged, LoggedLatencies, Timed};
pub use load::{
    CurvePoint, LoadCheck, LoadSetting, LoadSummary, Measured, Percentiles, SloResult, Throughput,
};
pub use machine::{BUILD, COMMIT, Machine, peak_rss_bytes};
pub use nudge::{ChannelSummary, Estimate, NudgeSummary, SettingSummary};
pub use rows::RowFile;
pub use summary::{
    About, Cost, MetricValue, SCHEMA, ScenarioName, Summary, Validated, WorldName, WorldSummary,
};
pub use sweep::{
    Estimated, KeySensitivity, Method, MetricSensitivity, Objective, Pareto, PointMeans,
    SWEEP_FILE, Sensitivity, SweepFile, SweepSummary, Varied,
};
pub use sweep_rows::{SWEEP_ROWS, point_means};
pub use tables::{OfWorld, named};

use crate::measure::{ApplicantRow, SellerRow, SellerWeekRow, TradeRow, WeekRow};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where run folders are made when no place is named.
pub const RESULTS: &str = "results";

/// The command whose summary has the fields of a load.
const LOAD: &str = "load";

/// What went wrong with a run folder. What the system said is the source of an error and not repeated in
/// its own sentence.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There are files in the folder that a run was to be written to.
    #[error("{} is not empty: --out takes a new or an empty folder", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// What should be a folder is a file, or is not there.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// What was taken for a folder.
        path: PathBuf,
    },
    /// The system refused to read or write.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `summary.json` is not what this program writes.
    #[error("{} is not a summary that this version can read", path.display())]
    Summary {
        /// The file.
        path: PathBuf,
        /// What does not fit, and where.
        source: serde_json::Error,
    },
    /// `summary.json` is of another version of the program.
    #[error("{} has schema {found}, this version reads {SCHEMA}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The number of its schema.
        found: u32,
    },
    /// A row of a table is not what this program writes.
    #[error("{}, line {line}, is not a row that this version can read", path.display())]
    Row {
        /// The table.
        path: PathBuf,
        /// The line of the file, from 1.
        line: u64,
        /// What does not fit.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process writes to the table.
    #[error("{} is being written by another process", path.display())]
    Busy {
        /// The table.
        path: PathBuf,
    },
    /// The folder holds a sweep that is not the one asked for.
    #[error("{} holds another sweep: {differs}", path.display())]
    OtherSweep {
        /// The folder.
        path: PathBuf,
        /// What differs first.
        differs: String,
    },
    /// This build has no way to write facts.
    #[error("facts are kept by a build with the feature `parquet`")]
    NoFacts,
}

impl StoreError {
    /// Whether the place that was asked for is wrong, and not what was done there.
    pub fn is_misplaced(&self) -> bool {
        use StoreError::{Busy, NotAFolder, NotEmpty, OtherSweep};
        matches!(self, NotEmpty { .. } | NotAFolder { .. } | Busy { .. } | OtherSweep { .. })
    }
}

/// The tables of one world.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorldTables {
    /// Number of the world.
    pub world: u32,
    /// Rows of `weekly.csv`.
    pub weeks: Vec<WeekRow>,
    /// Rows of `sellers.csv`.
    pub sellers: Vec<SellerRow>,
    /// Rows of `onboarding.csv`.
    pub applicants: Vec<ApplicantRow>,
    /// Rows of `seller_weeks.csv`; of the first world of a run alone, for they are many.
    pub seller_weeks: Vec<SellerWeekRow>,
    /// Rows of `trade.csv`.
    pub trade: Vec<TradeRow>,
}

/// The folder of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder `out`, which must be new or empty; or, without one, a new folder
    /// `<UTC time>-<scenario>-<command>` under `results`.
    ///
    /// # Errors
    /// When `out` holds something already or is a file, or the folder cannot be made.
    pub fn create(
        out: Option<&Path>,
        results: &Path,
        scenario: &str,
        command: &str,
    ) -> Result<RunFolder, StoreError> {
        match out {
            Some(path) => RunFolder::at(path),
            None => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the time names the folder, nothing else"
                )]
                let now = SystemTime::now();
                RunFolder::under(results, scenario, command, now)
            }
        }
    }

    fn at(path: &Path) -> Result<RunFolder, StoreError> {
        // A file may stand in the place of the folder, or in that of one above it.
        if let Some(file) = path.ancestors().find(|above| above.exists()).filter(|it| !it.is_dir())
        {
            return Err(StoreError::NotAFolder { path: file.to_owned() });
        }
        fs::create_dir_all(path).map_err(failed("make", path))?;
        let mut entries = fs::read_dir(path).map_err(failed("read", path))?;
        match entries.next() {
            None => Ok(RunFolder { path: path.to_owned() }),
            Some(_) => Err(StoreError::NotEmpty { path: path.to_owned() }),
        }
    }

    fn under(
        results: &Path,
        scenario: &str,
        command: &str,
        now: SystemTime,
    ) -> Result<RunFolder, StoreError> {
        fs::create_dir_all(results).map_err(failed("make", results))?;
        let name = format!("{}-{}-{}", utc(now), plain(scenario), plain(command));
        // Making a folder is what claims its name, so two runs that start in one second differ.
        let mut n = 1;
        loop {
            let suffix = if n == 1 { String::new() } else { format!("-{n}") };
            let path = results.join(format!("{name}{suffix}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(RunFolder { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
                Err(source) => return Err(StoreError::Io { what: "make", path, source }),
            }
        }
    }

    /// An existing run folder, to read from.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn open(path: &Path) -> Result<RunFolder, StoreError> {
        if path.is_dir() {
            Ok(RunFolder { path: path.to_owned() })
        } else {
            Err(StoreError::NotAFolder { path: path.to_owned() })
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file `name` (which may lie in a subfolder) with what `fill` writes, all or nothing.
    ///
    /// # Errors
    /// When `fill` fails or the file cannot be written; an older file of that name is still whole then.
    pub fn write_with(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        let mut file = self.begin(name)?;
        let filled = fill(&mut file);
        filled.map_err(failed("write", &file.path))?;
        file.finish()
    }

    /// Begins the file `name`, which gets its name when it is finished.
    ///
    /// # Errors
    /// When there cannot be such a file.
    pub fn begin(&self, name: &str) -> Result<Pending, StoreError> {
        let path = self.path.join(name);
        let buffer = temporary(&path).map_err(failed("write", &path))?;
        Ok(Pending { path, buffer: BufWriter::new(buffer) })
    }

    /// Writes the file `name`, all or nothing.
    ///
    /// # Errors
    /// When it cannot be written; an older file of that name is still whole then.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), StoreError> {
        self.write_with(name, |out| out.write_all(content.as_ref()))
    }

    /// Reads the folder's `summary.json`.
    ///
    /// # Errors
    /// When it cannot be read, is of another schema, or is not a summary.
    pub fn summary(&self) -> Result<Summary, StoreError> {
        read_summary(&self.path.join(SUMMARY))
    }
}

/// Writes a file that is in no run folder, all or nothing.
///
/// # Errors
/// When it cannot be written; an older file of that name is still whole then.
pub fn write_file(path: &Path, content: impl AsRef<[u8]>) -> Result<(), StoreError> {
    let other = std::fs::symlink_metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
    if other {
        // A pipe, a terminal or a link is written to: another file cannot take its place.
        let written = std::fs::write(path, content);
        return written.map_err(|source| StoreError::Io {
            what: "write",
            path: path.to_owned(),
            source,
        });
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = RunFolder { path: folder.unwrap_or(Path::new(".")).to_owned() };
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "it names no file");
        return Err(StoreError::Io { what: "write", path: path.to_owned(), source });
    };
    folder.write(name, content)
}

/// The name of the file that says what a run was.
const SUMMARY: &str = "summary.json";

/// Reads a summary: of a run folder, or the file itself.
///
/// # Errors
/// When it cannot be read, is of another schema, or is not a summary.
pub fn read_summary(path: &Path) -> Result<Summary, StoreError> {
    let path = if path.is_dir() { path.join(SUMMARY) } else { path.to_owned() };
    let text = fs::read_to_string(&path).map_err(failed("read", &path))?;
    // The number of the schema is read by itself, so that a file of another one is not blamed for
    // a field that is missing here.
    #[derive(serde::Deserialize)]
    struct Head {
        schema: u32,
    }
    match serde_json::from_str::<Head>(&text) {
        Ok(Head { schema }) if schema != SCHEMA => Err(StoreError::Schema { path, found: schema }),
        Ok(_) => summary_of(&text).map_err(|source| StoreError::Summary { path, source }),
        Err(source) => Err(StoreError::Summary { path, source }),
    }
}

/// Reads a summary of the right schema.
fn summary_of(text: &str) -> Result<Summary, serde_json::Error> {
    let summary: Summary = serde_json::from_str(text)?;
    // The fields of a load are there together or not at all: where one is amiss the reader takes it for
    // the latter, and who asks for the load alone hears which.
    if summary.command == LOAD && summary.load.is_none() {
        serde_json::from_str::<LoadSummary>(text)?;
    }
    Ok(summary)
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { what, path, source }
}

/// A file on its way: under a temporary name, and gone if it is dropped.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
    buffer: BufWriter<tempfile::NamedTempFile>,
}

impl Pending {
    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Forces it to the disk and gives it its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), StoreError> {
        settle(self.buffer, &self.path).map_err(failed("write", &self.path))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffer.flush()
    }
}

/// A temporary file in the folder of `path`.
fn temporary(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    // Temporary files are for their owner's eyes by default; a result is as readable as any file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Gives a file that is whole and on disk its name.
fn settle(buffer: BufWriter<tempfile::NamedTempFile>, path: &Path) -> io::Result<()> {
    let file = buffer.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The new name is an entry of the folder, which has to reach the disk too.
    if cfg!(unix) {
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Letters, digits, dots and dashes: a scenario's name as part of a file name.
fn plain(name: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' };
    name.chars().map(keep).collect::<String>().trim_start_matches('.').to_string()
}

/// A moment as `20261122T213704Z`: it sorts, and has no character that a file system forbids.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of the Gregorian calendar, so many days after 1970-01-01.
///
/// Years are taken to begin in March, so that the leap day is their last (Hinnant, "chrono-compatible
/// low-level date algorithms", 2013, `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097; // days in 400 years
    let days = days + 719_468; // from 0000-03-01
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, of_month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn moment(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn dates() {
        // Pairs as `date -u -d @N` prints them.
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_735_689_599, "20241231T235959Z"),
            (1_795_383_424, "20261122T213704Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(utc(moment(seconds)), expected);
        }
    }

    #[test]
    fn a_folder_is_named_by_what_ran() {
        let root = tempfile::tempdir().unwrap();
        let results = root.path().join("a/results");
        let make = || RunFolder::under(&results, "../odd name", "run", moment(0)).unwrap();
        let name =
            |folder: &RunFolder| folder.path().file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(name(&make()), "19700101T000000Z--odd-name-run");
        assert_eq!(name(&make()), "19700101T000000Z--odd-name-run-2");
        assert_eq!(fs::read_dir(&results).unwrap().count(), 2, "nothing is made elsewhere");
    }

    #[test]
    fn out_is_new_or_empty() {
        let root = tempfile::tempdir().unwrap();
        let create = |path: &Path| RunFolder::create(Some(path), Path::new("unused"), "s", "run");
        let out = root.path().join("deep/er");
        let folder = create(&out).unwrap();
        assert_eq!(create(&out).unwrap(), folder, "empty is as good as new");
        folder.write("a.txt", "a").unwrap();
        assert!(matches!(create(&out), Err(StoreError::NotEmpty { .. })));
        for inside in ["a.txt", "a.txt/b/c"] {
            let wrong = create(&out.join(inside)).unwrap_err();
            assert!(wrong.is_misplaced(), "{wrong:?}");
            assert!(wrong.to_string().ends_with("a.txt is not a folder"), "{wrong}");
        }
    }

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(Some(root.path()), Path::new("unused"), "s", "run").unwrap();
        folder.write("plots/a.svg", "old").unwrap();
        let broken = folder.write_with("plots/a.svg", |out| {
            out.write_all(b"new but")?;
            Err(io::Error::other("the disk is full"))
        });
        // As the command line prints it: with what the system said, once.
        let message = format!("{:#}", anyhow::Error::new(broken.unwrap_err()));
        assert!(message.ends_with("a.svg: the disk is full"), "{message}");
        let plots = root.path().join("plots");
        assert_eq!(fs::read_to_string(plots.join("a.svg")).unwrap(), "old");
        assert_eq!(fs::read_dir(plots).unwrap().count(), 1, "no temporary file stays");
        folder.write("plots/a.svg", "new").unwrap();
        assert_eq!(fs::read_to_string(root.path().join("plots/a.svg")).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn results_are_as_readable_as_any_file() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(Some(root.path()), Path::new("unused"), "s", "run").unwrap();
        folder.write("ours", "x").unwrap();
        fs::write(root.path().join("usual"), "x").unwrap();
        let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("ours"), mode("usual"));
    }
}
