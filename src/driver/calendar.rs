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
    /// 2^64 / `tick_us`, rounded up.
    per_us: u64,
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
            per_us: u64::MAX / tick_us + 1,
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
    pub fn push(&mut self, at: SimTime, due: Due, order: &Order) {
        let earliest = u64::from(self.next) * self.tick_us;
        if let (true, Some(soon)) = (at.0 < earliest, &mut self.soon) {
            soon.push(Entry { offset_us: (at.0 % self.tick_us) as u32, due, order: *order });
            return;
        }
        let at = at.0.max(earliest);
        let (tick, offset_us) = self.split(at);
        if tick >= self.end {
            self.beyond += 1;
            return;
        }
        self.waiting += 1;
        if tick - self.next < RING {
            self.put(tick, offset_us, due, order);
        } else {
            self.far[(tick >> RING_BITS) as usize]
                .push((tick, Entry { offset_us, due, order: *order }));
        }
    }

    /// Moves what is due in `tick`, the next one, to the end of `into`, in no order.
    pub fn open(&mut self, tick: u32, into: &mut Vec<Entry>) {
        assert_eq!(tick, self.next, "ticks are opened one after the other");
        if tick & (RING - 1) == 0 {
            for (t, entry) in std::mem::take(&mut self.far[(tick >> RING_BITS) as usize]) {
                self.put(t, entry.offset_us, entry.due, &entry.order);
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

    /// The tick of a time, and how far into it the time is [µs].
    #[inline]
    fn split(&self, at: u64) -> (u32, u32) {
        // A multiplication by the rounded-up reciprocal is one too high at most, and costs a tenth of
        // a division.
        let high = (u128::from(at) * u128::from(self.per_us)) >> 64;
        let tick = (high as u64).min(u64::from(u32::MAX));
        let past = at.wrapping_sub(tick * self.tick_us);
        let over = u64::from(past > at);
        (tick.wrapping_sub(over) as u32, past.wrapping_add(over * self.tick_us) as u32)
    }

    /// Takes the order by reference so that it is copied once, from far memory to far memory.
    #[inline]
    fn put(&mut self, tick: u32, offset_us: u32, due: Due, order: &Order) {
        let bucket = &mut self.ring[(tick & (RING - 1)) as usize];
        if bucket.len == PAGE as u32 {
            let fresh = self.free;
            if fresh == NONE {
                let entries = [Entry { offset_us, due, order: *order }; PAGE];
                self.pages.push(Page { entries, next: bucket.head });
                *bucket = Bucket { head: self.pages.len() as u32 - 1, len: 1 };
                return;
            }
            self.free = std::mem::replace(&mut self.pages[fresh as usize].next, bucket.head);
            *bucket = Bucket { head: fresh, len: 0 };
        }
        let page = &mut self.pages[bucket.head as usize];
        page.entries[bucket.len as usize] = Entry { offset_us, due, order: *order };
        bucket.len += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::{ClassId, CountryId, CustomerId, ProductId, SellerId, SessionId};

    fn order(session: u64) -> Order {
        Order {
            session: SessionId(session),
            customer: CustomerId(0),
            seller: SellerId(0),
            product: ProductId(0),
            price_cents: 1,
            country: CountryId(0),
            class: ClassId(0),
            place: 1,
        }
    }

    proptest! {
        #[test]
        fn a_time_splits_as_by_division(tick_us in 1u64..=3_600_000_000, at in 0u64..1 << 48) {
            let calendar = Calendar::new(tick_us, 1);
            let tick = at / tick_us;
            if tick < u64::from(u32::MAX) {
                prop_assert_eq!(calendar.split(at), (tick as u32, (at % tick_us) as u32));
            } else {
                prop_assert!(calendar.split(at).0 >= u32::MAX - 1);
            }
        }

        /// Against a plain list: each entry comes due once, in its tick, whether it was near or far.
        #[test]
        fn what_is_put_in_comes_out_in_its_tick(
            delays in proptest::collection::vec(
                (0u32..9_000, prop_oneof![0u64..20, 0u64..20_000]), 1..300
            ),
        ) {
            const TICK_US: u64 = 10;
            let end = 20_000u32;
            let mut calendar = Calendar::new(TICK_US, end);
            let mut expected: Vec<(u32, u64)> = Vec::new();
            let mut pushed: Vec<_> = (0u64..).zip(&delays).collect();
            pushed.sort_by_key(|(_, (when, _))| *when);
            let (mut out, mut beyond) = (Vec::new(), 0);
            let mut pushed = pushed.into_iter().peekable();
            for tick in 0..end {
                while let Some((name, (when, delay))) = pushed.next_if(|(_, (when, _))| *when <= tick) {
                    let at = u64::from(*when) * TICK_US + delay * TICK_US + name % TICK_US;
                    calendar.push(SimTime(at), Due::Ship, &order(name));
                    let due = ((at / TICK_US) as u32).max(tick);
                    if due < end { expected.push((due, name)) } else { beyond += 1 }
                }
                let mut into = Vec::new();
                calendar.open(tick, &mut into);
                out.extend(into.iter().map(|entry| (tick, entry.order.session.0)));
            }
            expected.sort_unstable();
            out.sort_unstable();
            prop_assert_eq!(out, expected);
            prop_assert_eq!((calendar.waiting(), calendar.beyond()), (0, beyond));
        }
    }
}
