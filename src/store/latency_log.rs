//! `latency.hlog`: every second of a load test, in the format that HdrHistogram's tools read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use super::{Pending, RunFolder, StoreError};
use crate::driver::load::{Op, Part, Second, Write};

/// The log of a load in its folder.
pub const LATENCY_LOG: &str = "latency.hlog";

/// Values are nanoseconds; by the custom of these logs the column of the longest shows milliseconds.
const SHOWN: f64 = 1e6;

/// A tagged interval log on its way. One line a second and (operation, part) that has a sample, with a
/// tag such as `rank.response`, or `freshness.price`; histograms in the V2 encoding, deflated. The file
/// gets its name when it is finished.
///
/// The format is that of `HistogramLogWriter` of HdrHistogram's Java implementation, version 1.3.
pub struct LatencyLog {
    file: Pending,
    serializer: V2DeflateSerializer,
    lines: Vec<u8>,
}

impl LatencyLog {
    /// Begins the log `name` of a load that began at `start`.
    ///
    /// # Errors
    /// When there cannot be such a file.
    pub fn begin(
        folder: &RunFolder,
        name: &str,
        start: SystemTime,
    ) -> Result<LatencyLog, StoreError> {
        let mut file = folder.begin(name)?;
        let mut serializer = V2DeflateSerializer::new();
        let head = IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment("[Values are nanoseconds; Interval_Max is milliseconds]")
            // Both, so that no reader has to guess what the times of the lines are relative to.
            .with_start_time(start)
            .with_base_time(start)
            .begin_log_with(&mut file, &mut serializer)
            .map(|_| ());
        let legend = "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
                      \"Interval_Compressed_Histogram\"";
        let written = head.and_then(|()| writeln!(file, "{legend}"));
        written.map_err(super::failed("write", file.path()))?;
        Ok(LatencyLog { file, serializer, lines: Vec::new() })
    }

    /// Writes what was recorded in the next second.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn second(&mut self, second: &Second) -> Result<(), StoreError> {
        let of = |timed: Timed| match timed {
            Timed::Part(op, part) => second.latencies.of(op, part),
            Timed::Freshness(write) => second.freshness.of(write),
        };
        for (timed, histogram) in Timed::all().map(|it| (it, of(it))) {
            if histogram.is_empty() {
                continue;
            }
            let written = self.line(second, &timed.tag(), histogram);
            written.map_err(super::failed("write", self.file.path()))?;
        }
        Ok(())
    }

    fn line(&mut self, second: &Second, tag: &str, histogram: &Histogram<u64>) -> io::Result<()> {
        self.lines.clear();
        let mut log = IntervalLogWriterBuilder::new()
            .with_max_value_divisor(SHOWN)
            .begin_log_with(&mut self.lines, &mut self.serializer)?;
        let [start, length] = [second.start, second.length].map(Duration::from_nanos);
        log.write_histogram(histogram, start, length, Tag::new(tag))
            .map_err(|error| io::Error::other(error.to_string()))?;
        // The builder begins each log with a remark; the head of this one says it once.
        let kept = self.lines.split_inclusive(|&byte| byte == b'\n');
        kept.filter(|line| !line.starts_with(b"#")).try_for_each(|line| self.file.write_all(line))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), StoreError> {
        self.file.finish()
    }
}

/// What a line of the log is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timed {
    /// A part of an operation.
    Part(Op, Part),
    /// From a write until a ranking shows it.
    Freshness(Write),
}

impl Timed {
    /// All, in the order in which they stand in a second of the log.
    pub fn all() -> impl Iterator<Item = Timed> {
        let parts = Op::ALL.into_iter().flat_map(|op| Part::ALL.map(|part| Timed::Part(op, part)));
        parts.chain(Write::ALL.map(Timed::Freshness))
    }

    /// Its tag, such as `rank.response` or `freshness.price`.
    pub fn tag(self) -> String {
        match self {
            Timed::Part(op, part) => format!("{}.{}", op.name(), part.name()),
            Timed::Freshness(write) => format!("freshness.{}", write.name()),
        }
    }
}

/// A line of the log. What is in it is unpacked only when it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Since the start of the load [ns].
    pub start: u64,
    /// How long was recorded [ns].
    pub length: u64,
    /// Of what.
    pub of: Timed,
    line: u64,
    packed: String,
}

impl Logged {
    /// Since the start of the load [ns].
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// A log that was written, read line by line: a long load has more of it than fits in memory unpacked.
pub struct LoggedLatencies {
    path: PathBuf,
    lines: BufReader<File>,
    line: u64,
    decoder: Deserializer,
}

impl LoggedLatencies {
    /// Opens the log `name` of a folder; nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(folder: &RunFolder, name: &str) -> Result<Option<LoggedLatencies>, StoreError> {
        let path = folder.path().join(name);
        match File::open(&path) {
            Ok(file) => {
                let (lines, decoder) = (BufReader::new(file), Deserializer::new());
                Ok(Some(LoggedLatencies { path, lines, line: 0, decoder }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Io { what: "read", path, source }),
        }
    }

    /// The next line with times in it; nothing at the end.
    ///
    /// # Errors
    /// When it cannot be read, or the line is not one that [`LatencyLog`] writes.
    pub fn next_line(&mut self) -> Result<Option<Logged>, StoreError> {
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = self.lines.read_until(b'\n', &mut text);
            if read.map_err(super::failed("read", &self.path))? == 0 {
                return Ok(None);
            }
            self.line += 1;
            let entry = IntervalLogIterator::new(&text).next();
            let line = match entry {
                // Remarks and the names of the columns.
                None | Some(Ok(LogEntry::StartTime(_) | LogEntry::BaseTime(_))) => continue,
                Some(Ok(LogEntry::Interval(line))) => line,
                Some(Err(_)) => return Err(self.broken("it is no line of such a log")),
            };
            let tag = line.tag().map_or("", |tag| tag.as_str());
            let Some(of) = Timed::all().find(|timed| timed.tag() == tag) else {
                return Err(self.broken(&format!("there is no tag {tag:?}")));
            };
            let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            return Ok(Some(Logged {
                start: nanos(line.start_timestamp()),
                length: nanos(line.duration()),
                of,
                line: self.line,
                packed: line.encoded_histogram().to_owned(),
            }));
        }
    }

    /// What is in a line [ns].
    ///
    /// # Errors
    /// When that is no histogram.
    pub fn unpack(&mut self, logged: &Logged) -> Result<Histogram<u64>, StoreError> {
        let bytes = STANDARD.decode(&logged.packed).ok();
        let histogram = bytes.and_then(|it| self.decoder.deserialize(&mut it.as_slice()).ok());
        let wrong = StoreError::Row {
            path: self.path.clone(),
            line: logged.line,
            source: "what it holds is no histogram".into(),
        };
        histogram.ok_or(wrong)
    }

    fn broken(&self, says: &str) -> StoreError {
        StoreError::Row { path: self.path.clone(), line: self.line, source: says.into() }
    }
}
