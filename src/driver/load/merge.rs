//! Puts together, off the measured threads, what drivers wrote down.

use std::collections::BTreeMap;

use super::record::{Buffer, Outlet, SECOND};
use super::{Freshness, Latencies, Second, Starts};

/// What all drivers did, from the first moment to the last.
#[derive(Debug, Clone, Default)]
pub struct Total {
    /// Every operation.
    pub latencies: Latencies,
    /// From writes to the rankings that show them.
    pub freshness: Freshness,
    /// Operations that a full mailbox turned away.
    pub overflow: u64,
    /// Times longer than an hour, which were taken for an hour.
    pub clamped: u64,
    /// Operations that were asked for; nothing where the next starts when one is done.
    pub offered: Option<u64>,
    /// Operations that were due and not begun when the run ended.
    pub backlog: u64,
    /// When the last driver was done [ns since the run began].
    pub end: u64,
}

/// What is known of a second that is not complete.
#[derive(Debug, Default)]
struct Part {
    latencies: Latencies,
    freshness: Freshness,
    overflow: u64,
    begun: BTreeMap<u32, u64>,
    /// The latest moment that a driver told of, where its run ended within the second.
    end: u64,
}

/// Waits for all drivers to tell of a second, and gives it out then.
pub struct Merger<'a> {
    /// What each driver is asked for, counted up to the end of the last second given out.
    asked: Option<Vec<Asked<'a>>>,
    /// Up to when each driver told what it did; the greatest number when it is done.
    told: Vec<u64>,
    /// Operations that each had begun when it told last.
    begun: Vec<u64>,
    parts: BTreeMap<u64, Part>,
    next: u64,
    offered: u64,
    total: Total,
}

struct Asked<'a> {
    starts: std::iter::Peekable<std::iter::Take<Starts<'a>>>,
}

impl Asked<'_> {
    /// Requests due before `to` that were not counted so far.
    fn until(&mut self, to: u64) -> u64 {
        let mut n = 0;
        while self.starts.next_if(|&due| due < to).is_some() {
            n += 1;
        }
        n
    }
}

impl<'a> Merger<'a> {
    /// Merges what so many drivers tell. `asked` says when their requests are due and how many of them
    /// count, driver by driver; nothing where the next starts when one is done.
    pub fn new(drivers: u32, asked: Option<Vec<(Starts<'a>, u64)>>) -> Self {
        let drivers = drivers as usize;
        let of = |(starts, most): (Starts<'a>, u64)| {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            Asked { starts: starts.take(most).peekable() }
        };
        Merger {
            asked: asked.map(|all| all.into_iter().map(of).collect()),
            told: vec![0; drivers],
            begun: vec![0; drivers],
            parts: BTreeMap::new(),
            next: 0,
            offered: 0,
            total: Total::default(),
        }
    }

    /// Takes what a driver did, the last of it or not, and hands every second that is complete with it
    /// to `give`.
    pub fn take(&mut self, buffer: &Buffer, last: bool, give: &mut dyn FnMut(Second)) {
        let driver = buffer.driver as usize;
        // A run that ends with a second leaves an empty last buffer behind what was given out.
        if buffer.to > self.next * SECOND {
            let part = self.parts.entry((buffer.to - 1) / SECOND).or_default();
            part.latencies.add(&buffer.latencies);
            part.freshness.add(&buffer.freshness);
            part.overflow += buffer.overflow;
            part.end = part.end.max(buffer.to);
            part.begun.insert(buffer.driver, buffer.begun);
        }
        self.total.clamped += buffer.clamped;
        self.total.end = self.total.end.max(buffer.to);
        self.told[driver] = if last { u64::MAX } else { buffer.to };
        let told = self.told.iter().copied().min().unwrap_or(0);
        let full = |next: u64| (next + 1).saturating_mul(SECOND) <= told;
        while full(self.next)
            && self.parts.last_key_value().is_some_and(|(&key, _)| key >= self.next)
        {
            let second = self.second();
            give(second);
        }
    }

    /// The next second, whatever is known of it.
    fn second(&mut self) -> Second {
        let start = self.next * SECOND;
        let part = self.parts.remove(&self.next).unwrap_or_default();
        // The last is as long as the run went on in it; one that nobody told of is whole.
        let over = self.parts.is_empty() && self.told.iter().all(|&told| told == u64::MAX);
        let length = if over { part.end - start } else { SECOND };
        for (&driver, &begun) in &part.begun {
            self.begun[driver as usize] = begun;
        }
        let to = start + length;
        let offered =
            self.asked.as_mut().map(|all| all.iter_mut().map(|one| one.until(to)).sum::<u64>());
        self.offered += offered.unwrap_or(0);
        let begun: u64 = self.begun.iter().sum();
        let backlog = if offered.is_some() { self.offered.saturating_sub(begun) } else { 0 };
        self.total.latencies.add(&part.latencies);
        self.total.freshness.add(&part.freshness);
        self.total.overflow += part.overflow;
        self.total.backlog = backlog;
        self.next += 1;
        let Part { latencies, freshness, overflow, .. } = part;
        Second { start, length, latencies, offered, backlog, overflow, freshness }
    }

    /// What came out over the whole run.
    pub fn total(mut self) -> Total {
        self.total.offered = self.asked.is_some().then_some(self.offered);
        self.total
    }
}

/// Merges at once, on the driver's own thread: where time is virtual, and takes nothing.
pub struct Inline<'a, G: FnMut(Second)> {
    /// What was put together so far.
    pub merger: Merger<'a>,
    /// What seconds are handed to.
    pub give: G,
}

impl<G: FnMut(Second)> Outlet for &mut Inline<'_, G> {
    fn pass(&mut self, mut full: Box<Buffer>) -> Result<Box<Buffer>, Box<Buffer>> {
        self.merger.take(&full, false, &mut self.give);
        full.clear();
        Ok(full)
    }

    fn last(&mut self, full: Box<Buffer>) {
        self.merger.take(&full, true, &mut self.give);
    }
}
