//! `latency.hlog`: every second of a load test, in the format that HdrHistogram's tools read.

use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::{Pending, RunFolder, StoreError};
use crate::driver::load::{Op, Part, Second, Write};

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
        let parts = Op::ALL.iter().flat_map(|&op| Part::ALL.map(|part| (op, part)));
        let latencies = parts.map(|(op, part)| {
            (format!("{}.{}", op.name(), part.name()), second.latencies.of(op, part))
        });
        let freshness = Write::ALL
            .iter()
            .map(|&write| (format!("freshness.{}", write.name()), second.freshness.of(write)));
        for (tag, histogram) in latencies.chain(freshness).filter(|(_, it)| !it.is_empty()) {
            let written = self.line(second, &tag, histogram);
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
