//! The wall clock: drivers that put something under load and time every operation from the moment at
//! which it was meant to start.
//!
//! A driver is a thread with a schedule of its own. What it drives is a [`Hand`]: the load trial's works
//! the market's read path, tests bring one that takes a known time. The loops know a [`Clock`] alone,
//! so that known answers can be had in virtual time.

use std::time::Instant;

mod actor;
mod clock;
mod direct;
mod latency;
mod merge;
mod modes;
mod record;
mod schedule;
mod seconds;
mod tape;
#[cfg(test)]
mod tests;
mod threads;
mod validity;

pub use actor::{Cells, drive_through_mailboxes};
pub use clock::{GAP, Gaps, TscClock, VirtualClock};
pub use direct::{Counts, Direct, StarWorth};
pub use latency::{DIGITS, Freshness, GREATEST, Latencies, Op, Part, Second, Write};
pub use merge::{Inline, Merger, Total};
pub use modes::{Driver, Ends, Outcome};
pub use record::{Buffer, Outlet, Recorder, SECOND, Sample, Told, Whole};
pub use schedule::{Arrivals, Replay, Schedule, ScheduleError, Stage, Starts, Timetable};
pub use tape::{Step, Tape, TapeSink};
pub use threads::{Driven, Drove, Mode, Plan, drive};
pub use validity::{Check, Disturbance, HostMeter, ThreadMeter, Validity, Verdict};

/// Where a driver reads the time, and waits for it.
pub trait Clock {
    /// Time since the run began [ns].
    fn now(&mut self) -> u64;

    /// Waits until `at` [ns since the run began], or returns at once if that is over; says what time it
    /// is then.
    fn wait_until(&mut self, at: u64) -> u64;
}

/// What a driver does, one operation at a time.
pub trait Hand {
    /// The run begins: times are counted from `epoch`. Told once, on the wall clock alone.
    fn begin(&mut self, _epoch: Instant) {}

    /// Does the driver's `i`-th operation, and says which it was. Nothing is allocated here.
    fn call(&mut self, i: u64) -> Op;

    /// Which the `i`-th operation is, without doing it.
    fn op(&self, i: u64) -> Op;

    /// Tells what it saw beside its operations, as the freshness of what it wrote. Asked in the slack
    /// between operations, and after each where there is none: what this takes is the harness's own
    /// lateness. Nothing is allocated here.
    fn tell(&mut self, _told: &mut Told<'_>) {}
}
