//! The loops that drive a hand: what counts as an operation's intended start, and when the next begins.
//!
//! | mode | an operation is due | what it is for |
//! |---|---|---|
//! | `single` | when the driver is ready for it | the time of one call |
//! | `closed` | when its caller's last one was done | callers who wait for their answers |
//! | `open`, `replay` | when the schedule says, whatever became of the ones before | traffic |
//! | `offline` | at once | throughput |
//!
//! Every loop is the same in virtual time and on the wall clock: they know a [`Clock`] alone.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use super::record::{Outlet, Recorder, Sample};
use super::{Clock, Hand, Op};

/// Sorting in one note takes some 50 ns, and ends before a request that is due later than this [ns].
const SLACK: u64 = 200;

/// In `single` mode a call that takes less than this is timed in batches: a clock of 10 to 20 ns would
/// be most of what is read [ns].
const QUICK: u64 = 100;

/// How long a batch in `single` mode should take, so that the clock's steps are some percent [ns].
const BATCH_NS: u64 = 1_000;

/// Calls in a batch, at most [1].
const MOST: u32 = 64;

/// When a driver is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// No operation is due from then on [ns since the run began].
    pub at: u64,
    /// Operations that it does at most.
    pub count: u64,
    /// Those that were due in time are begun for so much longer [ns]; what is left then is told as
    /// backlog. Without it a stall at the end of a run would not show in any latency.
    pub drain: u64,
}

impl Ends {
    /// After so much time, with a tenth of it to work off what was due, but 2 s at least and 10 s at most
    /// [ns].
    pub fn after(length: u64) -> Self {
        let drain = (length / 10).clamp(2_000_000_000, 10_000_000_000);
        Ends { at: length, count: u64::MAX, drain }
    }

    /// After so many operations, however long they take.
    pub fn done(count: u64) -> Self {
        Ends { at: u64::MAX, count, drain: 0 }
    }
}

/// Where a driver stood when it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Operations that it did.
    pub done: u64,
    /// When its run was over [ns since the run began].
    pub at: u64,
    /// Seconds at whose end there was no empty buffer, so that they were told with the next.
    pub late: u64,
}

/// A driver: a clock, a hand, a book, and when to stop.
pub struct Driver<'a, C, H, O> {
    /// What it reads the time from.
    pub clock: C,
    /// What it drives.
    pub hand: H,
    /// What it writes down in.
    pub recorder: Recorder<O>,
    /// When it is done.
    pub ends: Ends,
    /// Somebody else's wish that it ends after the operation under way.
    pub stop: &'a AtomicBool,
}

impl<C: Clock, H: Hand, O: Outlet> Driver<'_, C, H, O> {
    /// From schedule: every request is timed from the moment at which it was due. None is left out, and
    /// none is made up: what is due while another is worked on begins when that is done.
    pub fn open(mut self, starts: impl Iterator<Item = u64>) -> (Outcome, C, H) {
        let (mut i, mut free) = (0, 0);
        let last_begin = self.ends.at.saturating_add(self.ends.drain);
        let mut stopped = false;
        for due in starts {
            if i >= self.ends.count || due >= self.ends.at || free >= last_begin {
                break;
            }
            stopped = self.ready_for(due, free);
            if stopped {
                break;
            }
            let start = self.clock.wait_until(due);
            let op = self.hand.call(i);
            let end = self.clock.now();
            self.recorder.push(Sample { op, n: 1, of: 1, due, free, start, end });
            free = end;
            i += 1;
        }
        if !stopped && self.ends.at < u64::MAX && i < self.ends.count {
            // The run is as long as it was to be, though nothing more is due.
            stopped = self.ready_for(self.ends.at, free);
            if !stopped {
                free = free.max(self.clock.wait_until(self.ends.at));
            }
        }
        if stopped {
            free = free.max(self.clock.now());
        }
        self.over(i, free)
    }

    /// Uses what time there is before `due`; says whether somebody wishes to stop.
    #[inline]
    fn ready_for(&mut self, due: u64, free: u64) -> bool {
        let mut now = free;
        if self.recorder.is_full() || now.saturating_add(SLACK) < due {
            self.hand.tell(&mut self.recorder.told());
        }
        while !self.recorder.is_settled() && now.saturating_add(SLACK) < due {
            self.recorder.settle_one();
            now = self.clock.now();
        }
        // Nothing noted ended after `free`: a second that ends between is complete.
        while free < self.recorder.boundary() && self.recorder.boundary() <= due {
            if self.stop.load(Ordering::Relaxed) {
                return true;
            }
            let boundary = self.recorder.boundary();
            self.clock.wait_until(boundary);
            self.recorder.settle();
            self.hand.tell(&mut self.recorder.told());
            self.recorder.roll(boundary);
        }
        self.stop.load(Ordering::Relaxed)
    }

    /// Callers without a pause, who take turns on this thread: each one's next request is due when its
    /// last was done, so that with more than one caller it waits for the others.
    pub fn closed(mut self, callers: u32) -> (Outcome, C, H) {
        // By who was served longest ago: when its next request is due.
        let begin = self.clock.wait_until(1);
        let mut due_of: VecDeque<u64> = (0..callers.max(1)).map(|_| begin).collect();
        let (mut i, mut free) = (0, begin);
        while self.goes_on(i, free) {
            let due = due_of.pop_front().unwrap_or(free);
            let start = self.clock.now();
            let op = self.hand.call(i);
            let end = self.clock.now();
            self.recorder.push(Sample { op, n: 1, of: 1, due, free, start, end });
            self.recorder.settle_one();
            self.hand.tell(&mut self.recorder.told());
            due_of.push_back(end);
            free = end;
            i += 1;
        }
        self.over(i, free)
    }

    /// One call after the other, each due when the driver is ready for it: there is no wait and no lag.
    ///
    /// Where calls of a kind take less than 100 ns, a sample is a batch of up to 64 calls of this kind in
    /// a row, and its mean is recorded for each of them: percentiles are those of batches' means then.
    pub fn single(mut self) -> (Outcome, C, H) {
        let (mut i, mut end) = (0, self.clock.wait_until(1));
        // About what a call takes, by kind; nothing is known yet, so that the first is timed alone.
        let mut about = [BATCH_NS; Op::ALL.len()];
        while self.goes_on(i, end) {
            let op = self.hand.op(i);
            let most = u64::from(batch(about[op as usize])).min(self.ends.count - i);
            let n = (1..most).take_while(|&j| self.hand.op(i + j) == op).count() as u64 + 1;
            let start = self.clock.now();
            for j in 0..n {
                self.hand.call(i + j);
            }
            end = self.clock.now();
            // A mean over the last 8 or so.
            about[op as usize] = (about[op as usize] * 7 + (end - start) / n) / 8;
            let n = n as u32;
            self.recorder.push(Sample { op, n, of: n, due: start, free: start, start, end });
            self.recorder.settle_one();
            self.hand.tell(&mut self.recorder.told());
            i += u64::from(n);
        }
        self.over(i, end)
    }

    /// As fast as it goes, in batches of 64 calls of all kinds: the time of each is the mean of its
    /// batch, so that it says how many there are in a second and nothing about one kind.
    pub fn offline(mut self) -> (Outcome, C, H) {
        let (mut i, mut end) = (0, self.clock.wait_until(1));
        while self.goes_on(i, end) {
            let n = u64::from(MOST).min(self.ends.count - i);
            let mut of_kind = [0; Op::ALL.len()];
            let start = self.clock.now();
            for j in 0..n {
                of_kind[self.hand.call(i + j) as usize] += 1;
            }
            end = self.clock.now();
            for (op, n_of) in Op::ALL.into_iter().zip(of_kind).filter(|(_, n_of)| *n_of > 0) {
                let of = n as u32;
                let free = start;
                self.recorder.push(Sample { op, n: n_of, of, due: start, free, start, end });
                self.recorder.settle_one();
            }
            self.hand.tell(&mut self.recorder.told());
            i += n;
        }
        self.over(i, end)
    }

    fn goes_on(&self, i: u64, now: u64) -> bool {
        i < self.ends.count && now < self.ends.at && !self.stop.load(Ordering::Relaxed)
    }

    fn over(mut self, done: u64, at: u64) -> (Outcome, C, H) {
        self.recorder.settle();
        self.hand.tell(&mut self.recorder.told());
        let late = self.recorder.finish(at);
        (Outcome { done, at, late }, self.clock, self.hand)
    }
}

/// Calls to time at once, where one takes about so long [ns].
fn batch(about: u64) -> u32 {
    if about >= QUICK { 1 } else { (BATCH_NS / (about + 1)).clamp(1, u64::from(MOST)) as u32 }
}
