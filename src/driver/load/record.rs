//! What a driver writes down, in buffers made before the run, and hands over each second.
//!
//! Between two operations that follow at once nothing is done but noting four moments; they are sorted
//! into histograms in the slack before the next one. Where there is no slack and the notes are full,
//! each operation pays for one of them: that is the harness's own lateness, and is recorded as such.

use super::latency::GREATEST;
use super::{Freshness, Latencies, Op, Part, Write};

/// How often buffers are handed over [ns].
pub const SECOND: u64 = 1_000_000_000;

/// Operations that are noted and not yet sorted in, at most [1].
const NOTES: usize = 256;

/// What one driver did within a time.
#[derive(Debug)]
pub struct Buffer {
    /// Which driver.
    pub driver: u32,
    /// The end of the time: a full second, or the end of the driver's run [ns since the run began]. It
    /// begins where the one before ended.
    pub to: u64,
    /// Operations that the driver had begun by then, since the run began.
    pub begun: u64,
    /// What ended within it.
    pub latencies: Latencies,
    /// From writes to the rankings that show them.
    pub freshness: Freshness,
    /// Operations that a full mailbox turned away.
    pub overflow: u64,
    /// Times that were longer than [`GREATEST`], and were taken for it.
    pub clamped: u64,
}

impl Buffer {
    /// An empty buffer, with room for all there can be.
    pub fn new(driver: u32) -> Box<Buffer> {
        Box::new(Buffer {
            driver,
            to: 0,
            begun: 0,
            latencies: Latencies::bounded(),
            freshness: Freshness::bounded(),
            overflow: 0,
            clamped: 0,
        })
    }

    /// Forgets what is in it.
    pub fn clear(&mut self) {
        self.latencies.clear();
        self.freshness.clear();
        (self.overflow, self.clamped) = (0, 0);
    }

    fn note(&mut self, op: Op, part: Part, ns: u64, n: u64) {
        self.clamped += u64::from(ns > GREATEST) * n;
        self.latencies.of_mut(op, part).saturating_record_n(ns.min(GREATEST), n);
    }
}

/// Where a hand tells what it saw beside the operations that it did.
#[derive(Debug)]
pub struct Told<'a>(&'a mut Buffer);

impl Told<'_> {
    /// A ranking showed a write for the first time, so long after it was asked for [ns].
    pub fn fresh(&mut self, write: Write, ns: u64) {
        self.0.clamped += u64::from(ns > GREATEST);
        self.0.freshness.of_mut(write).saturating_record(ns.min(GREATEST));
    }

    /// So many more operations were turned away by a full mailbox.
    pub fn overflow(&mut self, n: u64) {
        self.0.overflow += n;
    }
}

/// Where full buffers go.
pub trait Outlet {
    /// Takes a full buffer and gives an empty one for it, or gives it back where there is none: the
    /// driver then goes on in it. Does not wait.
    ///
    /// # Errors
    /// The buffer, where it could not be taken.
    fn pass(&mut self, full: Box<Buffer>) -> Result<Box<Buffer>, Box<Buffer>>;

    /// Takes the last buffer of the run.
    fn last(&mut self, full: Box<Buffer>);
}

/// An operation, or a batch of them, as it was timed [ns since the run began].
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Which it was.
    pub op: Op,
    /// Operations of this kind in it.
    pub n: u32,
    /// Operations of all kinds in it: the time of each is this part of the whole.
    pub of: u32,
    /// The intended start.
    pub due: u64,
    /// When the operation before it was done.
    pub free: u64,
    /// When it did start.
    pub start: u64,
    /// When it was done.
    pub end: u64,
}

/// A driver's own book.
#[derive(Debug)]
pub struct Recorder<O> {
    /// There at all times but while it is passed on.
    buffer: Option<Box<Buffer>>,
    outlet: O,
    /// A ring: what was noted and not sorted in.
    notes: Box<[Sample]>,
    first: usize,
    noted: usize,
    /// The next full second.
    boundary: u64,
    /// Operations that were sorted in.
    begun: u64,
    /// Seconds at whose end there was no empty buffer.
    late: u64,
}

impl<O: Outlet> Recorder<O> {
    /// A book that begins with `buffer`.
    pub fn new(buffer: Box<Buffer>, outlet: O) -> Self {
        let none = Sample { op: Op::Rank, n: 0, of: 1, due: 0, free: 0, start: 0, end: 0 };
        Recorder {
            buffer: Some(buffer),
            outlet,
            notes: vec![none; NOTES].into_boxed_slice(),
            first: 0,
            noted: 0,
            boundary: SECOND,
            begun: 0,
            late: 0,
        }
    }

    fn buffer(&mut self) -> &mut Buffer {
        self.buffer.as_mut().expect("a buffer is there but while it is passed on")
    }

    /// Where the hand tells what it saw.
    pub fn told(&mut self) -> Told<'_> {
        Told(self.buffer())
    }

    /// The next moment at which buffers are handed over [ns since the run began].
    pub fn boundary(&self) -> u64 {
        self.boundary
    }

    /// Whether nothing more can be noted before something is sorted in.
    pub fn is_full(&self) -> bool {
        self.noted == NOTES
    }

    /// Whether everything noted is sorted in.
    pub fn is_settled(&self) -> bool {
        self.noted == 0
    }

    /// Notes an operation.
    #[inline]
    pub fn push(&mut self, sample: Sample) {
        if self.is_full() {
            self.settle_one();
        }
        self.notes[(self.first + self.noted) % NOTES] = sample;
        self.noted += 1;
    }

    /// Sorts in what was noted first of what is not sorted in.
    pub fn settle_one(&mut self) {
        if self.noted == 0 {
            return;
        }
        let it = self.notes[self.first];
        self.first = (self.first + 1) % NOTES;
        self.noted -= 1;
        while it.end >= self.boundary {
            let under_way = if it.start < self.boundary { it.n } else { 0 };
            self.close(self.boundary, self.begun + u64::from(under_way));
        }
        self.begun += u64::from(it.n);
        let wait = it.free.saturating_sub(it.due);
        let lag = it.start - it.due.max(it.free);
        let whole = it.end - it.start;
        // The mean of a batch, rounded; dividing is left out where there is nothing to divide.
        let service = if it.of == 1 { whole } else { rounded(whole, it.of) };
        let n = u64::from(it.n);
        let buffer = self.buffer();
        buffer.note(it.op, Part::Wait, wait, n);
        buffer.note(it.op, Part::Lag, lag, n);
        buffer.note(it.op, Part::Service, service, n);
        buffer.note(it.op, Part::Response, wait + lag + service, n);
    }

    /// Sorts in everything.
    pub fn settle(&mut self) {
        while self.noted > 0 {
            self.settle_one();
        }
    }

    /// Hands over what is over at `now`, where everything noted is sorted in.
    pub fn roll(&mut self, now: u64) {
        while self.noted == 0 && self.boundary <= now {
            self.close(self.boundary, self.begun);
        }
    }

    fn close(&mut self, to: u64, begun: u64) {
        let mut full = self.buffer.take().expect("a buffer is there but while it is passed on");
        (full.to, full.begun) = (to, begun);
        self.boundary += SECOND;
        self.buffer = Some(self.outlet.pass(full).unwrap_or_else(|same| {
            self.late += 1;
            same
        }));
    }

    /// Hands over what is left at the end of the run, and says how often there was no empty buffer.
    pub fn finish(mut self, at: u64) -> u64 {
        self.settle();
        self.roll(at);
        let mut full = self.buffer.take().expect("a buffer is there but while it is passed on");
        (full.to, full.begun) = (at, self.begun);
        self.outlet.last(full);
        self.late
    }
}

fn rounded(whole: u64, parts: u32) -> u64 {
    let parts = u64::from(parts);
    (whole + parts / 2) / parts
}

/// Keeps one buffer for the whole run: for runs in virtual time that nobody follows by the second.
#[derive(Debug, Default)]
pub struct Whole(Option<Box<Buffer>>);

impl Whole {
    /// What was recorded from the first moment to the last; nothing before a driver is done.
    pub fn latencies(self) -> Latencies {
        self.0.map_or_else(Latencies::default, |buffer| buffer.latencies)
    }
}

impl Outlet for &mut Whole {
    fn pass(&mut self, full: Box<Buffer>) -> Result<Box<Buffer>, Box<Buffer>> {
        Err(full)
    }

    fn last(&mut self, full: Box<Buffer>) {
        self.0 = Some(full);
    }
}
