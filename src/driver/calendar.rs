//! The calendar of one cell: what is due, in buckets of one tick.
//!
//! Near ticks have a bucket each, in a ring. What is due beyond the ring waits in coarse buckets of a
//! whole turn of the ring, and moves into fine ones when its turn begins. Buckets are chains of small
//! pages from one pool, so memory follows the number of entries that wait, not the fullest tick.

use crate::history::{Condition, Order, ReturnReason};
use crate::units::SimTime;

/// What an order is due for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The seller calls it off.
    Cancel,
    /// It leaves.
    Ship,
    /// It arrives.
    Deliver {
        /// After the promised day.
        late: bool,
        /// What is in the parcel.
        condition: Condition,
    },
    /// It goes back.
    Return {
        /// Why.
        reason: ReturnReason,
    },
    /// It is reviewed.
    Review {
        /// The stars given, 1 to 5.
        stars: u8,
        /// Whether it had come late.
        late: bool,
    },
}

impl Due {
    /// The order in which things due at the same microsecond happen to one order.
    pub const fn rank(&self) -> u8 {
        match self {
            Due::Cancel => 0,
            Due::Ship => 1,
            Due::Deliver { .. } => 2,
            Due::Return { .. } => 3,
            Due::Review { .. } => 4,
        }
    }
}

/// An entry of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Microseconds into its tick.
    pub offset_us: u32,
    /// What happens then.
    pub due: Due,
    /// What it happens to.
    pub order: Order,
}

/// Ticks in one turn of the ring, as a power of two.
const RING_BITS: u32 = 12;
const RING: u32 = 1 << RING_BITS;
/// Entries in a page: small, as most buckets of a cell hold few.
const PAGE: usize = 15;
const NONE: u32 = u32::MAX;

/// The entries of one tick: all pages but the head are full.
#[derive(Clone, Copy)]
struct Bucket {
    head: u32,
    /// Entries in the head page.
    len: u32,
}

impl Bucket {
    const EMPTY: Bucket = Bucket { head: NONE, len: PAGE as u32 };
}

struct Page {
    entries: [Entry; PAGE],
    next: u32,
}

/// What is due in one cell, by tick.
pub struct Calendar {
    tick_us: u64,
    /// First tick not opened yet.
    next: u32,
    /// Ticks of the run: later entries never come due.
    end: u32,
    /// The near ticks.
    ring: Vec<Bucket>,
    /// Far entries with their tick, by turn of the ring.
    far: Vec<Vec<(u32, Entry)>>,
    pages: Vec<Page>,
    free: u32,
    waiting: u64,
    beyond: u64,
    /// Where time is exact: what became due within the tick that is running.
    soon: Option<Vec<Entry>>,
}

impl Calendar {
    /// An empty calendar for a run of `end` ticks of `tick_us` microseconds.
    pub fn new(tick_us: u64, end: u32) -> Self {
        Calendar {
            tick_us,
            next: 0,
            end,
            ring: vec![Bucket::EMPTY; RING as usize],
            far: vec![Vec::new(); (end >> RING_BITS) as usize + 1],
            pages: Vec::new(),
            free: NONE,
            waiting: 0,
            beyond: 0,
            soon: None,
        }
    }

    /// The same, for exact time: see [`Calendar::take_soon`].
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.soon = Some(Vec::new());
        self
    }

    /// What became due within the tick that is running, since the last call; always nothing unless
    /// time is exact.
    pub fn take_soon(&mut self) -> Vec<Entry> {
        self.soon.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Puts an order in the calendar. Something due in a tick that was opened already happens at the
    /// start of the next: within a tick nothing reacts to anything.
    pub fn push(&mut self, at: SimTime, due: Due, order: Order) {
        let earliest = u64::from(self.next) * self.tick_us;
        if let (true, Some(soon)) = (at.0 < earliest, &mut self.soon) {
            soon.push(Entry { offset_us: (at.0 % self.tick_us) as u32, due, order });
            return;
        }
        let at = at.0.max(earliest);
        let tick = at / self.tick_us;
        if tick >= u64::from(self.end) {
            self.beyond += 1;
            return;
        }
        self.waiting += 1;
        let entry = Entry { offset_us: (at % self.tick_us) as u32, due, order };
        let tick = tick as u32;
        if tick >> RING_BITS == self.next >> RING_BITS {
            self.put(tick, entry);
        } else {
            self.far[(tick >> RING_BITS) as usize].push((tick, entry));
        }
    }

    /// Moves what is due in `tick`, the next one, to the end of `into`, in no order.
    pub fn open(&mut self, tick: u32, into: &mut Vec<Entry>) {
        assert_eq!(tick, self.next, "ticks are opened one after the other");
        if tick & (RING - 1) == 0 {
            for (t, entry) in std::mem::take(&mut self.far[(tick >> RING_BITS) as usize]) {
                self.put(t, entry);
            }
        }
        self.next += 1;
        let bucket = &mut self.ring[(tick & (RING - 1)) as usize];
        let Bucket { head: mut at, mut len } = std::mem::replace(bucket, Bucket::EMPTY);
        let before = into.len();
        while at != NONE {
            let page = &mut self.pages[at as usize];
            into.extend_from_slice(&page.entries[..len as usize]);
            let next = std::mem::replace(&mut page.next, self.free);
            self.free = at;
            (at, len) = (next, PAGE as u32);
        }
        self.waiting -= (into.len() - before) as u64;
    }

    /// Entries that wait and will come due.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Entries that were due after the end of the run.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    fn put(&mut self, tick: u32, entry: Entry) {
        let bucket = &mut self.ring[(tick & (RING - 1)) as usize];
        if bucket.len < PAGE as u32 {
            self.pages[bucket.head as usize].entries[bucket.len as usize] = entry;
            bucket.len += 1;
            return;
        }
        let fresh = self.free;
        let head = if fresh == NONE {
            self.pages.push(Page { entries: [entry; PAGE], next: bucket.head });
            self.pages.len() as u32 - 1
        } else {
            let page = &mut self.pages[fresh as usize];
            self.free = std::mem::replace(&mut page.next, bucket.head);
            page.entries[0] = entry;
            fresh
        };
        *bucket = Bucket { head, len: 1 };
    }
}
