//! What a latency log holds of a load: all of it together, and by spans of time.

use hdrhistogram::Histogram;

use crate::driver::load::{DIGITS, Freshness, Latencies, Op, Part, SECOND};
use crate::store::{LoadSummary, Logged, LoggedLatencies, RunFolder, StoreError, Timed};

/// Spans of time that a load is told by at most.
const MOST_SPANS: u64 = 240;
/// What a log rounds times to, with some room [ns].
const ROUNDED: u64 = 5_000_000;

/// What a log holds of a load.
pub(super) struct Observed {
    /// Every part of every operation [ns].
    pub latencies: Latencies,
    /// From a write until a ranking shows it [ns].
    pub freshness: Freshness,
    /// Operations that were done.
    pub done: u64,
    /// Spans of time one after the other; those in which nothing was done are empty.
    pub spans: Vec<Span>,
    /// How long a span is [s].
    pub width_s: u64,
    /// What is to be known of it, where it is not the load that the summary tells of alone.
    pub remark: Option<&'static str>,
}

/// A span of time.
pub(super) struct Span {
    /// Response of rankings [ns].
    pub rank: Histogram<u64>,
    /// Operations that were done.
    pub done: u64,
    /// How long it is: the last one ends with the load [ns].
    length: u64,
}

impl Span {
    fn empty(length: u64) -> Span {
        let rank = Histogram::new(DIGITS).expect("3 digits are allowed");
        Span { rank, done: 0, length }
    }

    /// Operations a second, none in a span in which nothing was done [1/s]; nothing where no time passed.
    pub fn rate(&self) -> Option<f64> {
        (self.length > 0).then(|| self.done as f64 / (self.length as f64 / 1e9))
    }
}

impl Observed {
    /// Reads the log `name`, line by line; nothing where there is none. Of a search, which puts on many
    /// loads one after the other, the last of the log is taken: the one that the summary tells of.
    ///
    /// # Errors
    /// When it cannot be read, or a line is broken.
    pub fn read(
        folder: &RunFolder,
        name: &str,
        load: &LoadSummary,
    ) -> Result<Option<Observed>, StoreError> {
        let Some(mut log) = LoggedLatencies::open(folder, name)? else { return Ok(None) };
        let mut end = 0;
        while let Some(line) = log.next_line()? {
            end = end.max(line.end());
        }
        let told = (load.measured_s * 1e9) as u64;
        let from = if load.curve.is_empty() { 0 } else { end.saturating_sub(told) };
        let length = end - from;
        let mut observed = Observed::empty(length);
        if from > 0 {
            observed.remark = Some("Of the last load of the search.");
        } else if length + ROUNDED < told {
            observed.remark = Some("The log holds less than was measured.");
        }
        let Some(mut log) = LoggedLatencies::open(folder, name)? else { return Ok(None) };
        while let Some(line) = log.next_line()? {
            if line.start + ROUNDED >= from {
                let histogram = log.unpack(&line)?;
                observed.add(&line, line.start.saturating_sub(from), &histogram);
            }
        }
        Ok(Some(observed))
    }

    pub(super) fn empty(length: u64) -> Observed {
        // What a log rounds up is no second more.
        let seconds = length.saturating_sub(ROUNDED).div_ceil(SECOND).max(1);
        let width_s = seconds.div_ceil(MOST_SPANS);
        let width = width_s * SECOND;
        let lengths = (0..seconds.div_ceil(width_s)).map(|n| length.saturating_sub(n * width));
        Observed {
            latencies: Latencies::default(),
            freshness: Freshness::default(),
            done: 0,
            spans: lengths.map(|left| Span::empty(left.min(width))).collect(),
            width_s,
            remark: None,
        }
    }

    fn add(&mut self, line: &Logged, start: u64, histogram: &Histogram<u64>) {
        let grows = "a histogram that grows takes every value";
        let (op, part) = match line.of {
            Timed::Freshness(write) => {
                return self.freshness.of_mut(write).add(histogram).expect(grows);
            }
            Timed::Part(op, part) => (op, part),
        };
        self.latencies.of_mut(op, part).add(histogram).expect(grows);
        // A start that was rounded up belongs to the second before; one beyond the end to the last.
        let second = (start + ROUNDED) / SECOND;
        let at = (second / self.width_s) as usize;
        let last = self.spans.len() - 1;
        let span = &mut self.spans[at.min(last)];
        if part == Part::Service {
            span.done += histogram.len();
            self.done += histogram.len();
        }
        if (op, part) == (Op::Rank, Part::Response) {
            span.rank.add(histogram).expect(grows);
        }
    }
}
