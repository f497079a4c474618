//! Where time comes from: the processor's counter, held to the clock of the operating system; or a cell
//! that a test moves.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use super::Clock;

/// Two readings in a row of a spinning driver lie 10 to 50 ns apart, and an interrupt takes some µs.
/// Where they are further apart than this, somebody else had the core [ns].
pub const GAP: u64 = 20_000;

/// How long the counter goes by itself [ns].
const INTERVAL: u64 = 1_000_000_000;

/// How much of an interval is corrected at most, in parts of 2^16: about 1 ms of a second.
const SLEW: i64 = 65;

/// Jumps of a clock between two readings of the spin loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Those longer than [`GAP`].
    pub count: u64,
    /// The longest of them [ns].
    pub longest: u64,
    /// All of them together [ns].
    pub lost: u64,
}

impl Gaps {
    /// Those of two clocks.
    pub fn and(self, other: Gaps) -> Gaps {
        Gaps {
            count: self.count + other.count,
            longest: self.longest.max(other.longest),
            lost: self.lost + other.lost,
        }
    }

    /// Notes two readings in a row [ns].
    fn between(&mut self, last: u64, next: u64) {
        let gap = next - last;
        if gap > GAP {
            self.count += 1;
            self.longest = self.longest.max(gap);
            self.lost += gap;
        }
    }
}

/// The processor's time stamp counter as nanoseconds since the run began; the clock of the operating
/// system where there is no such counter.
///
/// A reading takes 10 to 20 ns and does not wait for instructions before it, so that it is good to some
/// ten nanoseconds. Each second the rate is set anew, so that the counter meets the clock of the
/// operating system a second later: what they differ by stays bounded, and no reading is less than one
/// before it.
#[derive(Debug)]
pub struct TscClock {
    counter: quanta::Clock,
    anchor: Anchor,
    /// Counter at which to look at the other clock again.
    due: u64,
    epoch: Instant,
    last: u64,
    gaps: Gaps,
    drift: u64,
}

impl TscClock {
    /// A clock for the calling thread that counts from `epoch`, and says 0 before.
    ///
    /// The first one of a program takes a fraction of a second: the counter's rate is measured.
    pub fn since(epoch: Instant) -> Self {
        let counter = quanta::Clock::new();
        // Nanoseconds of 2^40 ticks, as nanoseconds of one in parts of 2^32.
        let rate = ((u128::from(counter.delta_as_nanos(0, 1 << 40)) << 32) >> 40) as u64;
        let (raw, at) = together(&counter, epoch);
        let anchor = Anchor { raw, at, rate: rate.max(1), first: (raw, at) };
        let due = anchor.after(INTERVAL);
        let (last, gaps, drift) = (0, Gaps::default(), 0);
        TscClock { counter, anchor, due, epoch, last, gaps, drift }
    }

    /// The moment from which clocks can count: now, by the operating system.
    #[expect(clippy::disallowed_methods, reason = "the load driver's own clock starts here")]
    pub fn epoch() -> Instant {
        Instant::now()
    }

    /// Jumps seen while it waited.
    pub fn gaps(&self) -> Gaps {
        self.gaps
    }

    /// The most that it was off the clock of the operating system when the two were compared [ns].
    pub fn drift(&self) -> u64 {
        self.drift
    }

    #[cold]
    fn renew(&mut self) {
        let (raw, at) = together(&self.counter, self.epoch);
        self.drift = self.drift.max(self.anchor.renew(raw, at).unsigned_abs());
        self.due = self.anchor.after(INTERVAL);
    }
}

impl Clock for TscClock {
    #[inline]
    fn now(&mut self) -> u64 {
        let raw = self.counter.raw();
        if raw >= self.due {
            self.renew();
        }
        // Counters of two cores may differ by some ticks; time does not go back for that.
        self.last = self.last.max(self.anchor.read(raw).max(0) as u64);
        self.last
    }

    #[inline]
    fn wait_until(&mut self, at: u64) -> u64 {
        let mut last = self.now();
        while last < at {
            let next = self.now();
            self.gaps.between(last, next);
            last = next;
        }
        last
    }
}

/// The counter and the clock of the operating system [ns since `epoch`] at one moment.
fn together(counter: &quanta::Clock, epoch: Instant) -> (u64, i64) {
    let mut best = (u64::MAX, 0, 0);
    // The narrowest of some brackets: an interrupt in one of them does no harm.
    for _ in 0..4 {
        let before = counter.raw();
        let now = TscClock::epoch();
        let width = counter.raw().wrapping_sub(before);
        if width < best.0 {
            let at = match now.checked_duration_since(epoch) {
                Some(since) => since.as_nanos() as i64,
                None => -(epoch.duration_since(now).as_nanos() as i64),
            };
            best = (width, before + width / 2, at);
        }
    }
    (best.1, best.2)
}

/// A moment of both clocks, and the rate from there on.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    /// Counter [ticks].
    raw: u64,
    /// Time as it is told [ns since the epoch].
    at: i64,
    /// Time of a tick [2^-32 ns].
    rate: u64,
    /// Counter [ticks] and the operating system's clock [ns] when the two first met.
    first: (u64, i64),
}

impl Anchor {
    /// The time of a counter [ns since the epoch].
    #[inline]
    fn read(&self, raw: u64) -> i64 {
        let ticks = raw.saturating_sub(self.raw);
        self.at + ((u128::from(ticks) * u128::from(self.rate)) >> 32) as i64
    }

    /// The counter so many nanoseconds on.
    fn after(&self, ns: u64) -> u64 {
        self.raw + ((u128::from(ns) << 32) / u128::from(self.rate)) as u64
    }

    /// Takes the moment at which the operating system's clock showed `os` [ns] for a new anchor, and
    /// says by how much it was ahead of this one [ns].
    ///
    /// Time goes on from where it is, at the rate measured since the two first met, and a little faster
    /// or slower, so that they meet again an interval later.
    fn renew(&mut self, raw: u64, os: i64) -> i64 {
        let (ticks, ns) = (raw.saturating_sub(self.first.0), os - self.first.1);
        let at = self.read(raw);
        let ahead = os - at;
        if ticks > 0 && ns > 0 {
            let measured = ((ns as u128) << 32) / u128::from(ticks);
            let most = (INTERVAL as i64 >> 16) * SLEW;
            let slewed = (INTERVAL as i64 + ahead.clamp(-most, most)) as u128;
            self.rate = ((measured * slewed) / u128::from(INTERVAL)).max(1) as u64;
        }
        (self.raw, self.at) = (raw, at);
        ahead
    }
}

/// Time that stands still until somebody moves it: the driver's loops, when they wait, and a hand, whose
/// work takes as long as it says. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct VirtualClock {
    at: Rc<Cell<u64>>,
}

impl VirtualClock {
    /// A clock at 0.
    pub fn new() -> Self {
        VirtualClock::default()
    }

    /// What time it is [ns].
    pub fn time(&self) -> u64 {
        self.at.get()
    }

    /// Lets so much time pass [ns].
    pub fn pass(&self, ns: u64) {
        self.at.set(self.at.get().saturating_add(ns));
    }
}

impl Clock for VirtualClock {
    fn now(&mut self) -> u64 {
        self.time()
    }

    fn wait_until(&mut self, at: u64) -> u64 {
        self.at.set(self.at.get().max(at));
        self.at.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A counter whose rate was taken wrongly and wanders, beside an operating system whose answers
        /// are late by up to a microsecond.
        #[test]
        fn a_wandering_counter_is_held_to_the_other_clock(
            wrong_ppm in -300_i64..300,
            wander in prop::collection::vec(-20_i64..20, 60),
            late in prop::collection::vec(0_i64..1_000, 60),
        ) {
            let rate = ((1_u64 << 32) / 3) as i64;
            let mut anchor = Anchor {
                raw: 77,
                at: -5_000_000,
                rate: (rate + rate / 1_000_000 * wrong_ppm) as u64,
                first: (77, -5_000_000),
            };
            let (mut raw, mut os, mut told) = (77_u64, -5_000_000_i64, i64::MIN);
            for (second, (ppm, late)) in wander.iter().zip(&late).enumerate() {
                for _ in 0..10 {
                    // 3 GHz, and so many millionths off in this second.
                    raw += (300_000_000 + 300 * ppm) as u64;
                    os += 100_000_000;
                    let at = anchor.read(raw);
                    prop_assert!(at > told, "time went back in second {second}");
                    told = at;
                    if second > 2 {
                        // 20 ppm of wander both ways, twice what the clocks are read wrongly by.
                        prop_assert!((at - os).abs() < 60_000, "{} ns off", at - os);
                    }
                }
                anchor.renew(raw, os + late);
            }
        }
    }

    #[test]
    fn gaps_are_counted_from_their_bound() {
        let mut gaps = Gaps::default();
        for (last, next) in [(0, 15), (15, 15 + GAP), (5, 6 + GAP), (0, 3_000_000)] {
            gaps.between(last, next);
        }
        assert_eq!(gaps, Gaps { count: 2, longest: 3_000_000, lost: 3_000_001 + GAP });
    }

    #[test]
    fn the_machine_s_clock_goes_by_the_operating_system_s() {
        let epoch = TscClock::epoch();
        let mut clock = TscClock::since(epoch);
        let before = epoch.elapsed().as_nanos() as u64;
        let mut last = clock.now();
        for _ in 0..10_000 {
            let next = clock.now();
            assert!(next >= last, "{next} after {last}");
            last = next;
        }
        let reached = clock.wait_until(last + 100_000);
        let after = epoch.elapsed().as_nanos() as u64;
        assert!(reached >= last + 100_000);
        // A share of the time that went by, for a rate measured in haste, and some for the anchor.
        let slack = 20_000 + (after - before) / 100;
        assert!(
            before <= reached + slack && reached <= after + slack,
            "{before} {reached} {after}"
        );
        // Before its epoch it says 0.
        let mut early = TscClock::since(epoch + std::time::Duration::from_secs(3_600));
        assert_eq!((early.now(), early.wait_until(0)), (0, 0));
    }

    #[test]
    fn virtual_time_moves_when_it_is_moved() {
        let mut clock = VirtualClock::new();
        let hand = clock.clone();
        assert_eq!((clock.now(), clock.wait_until(70)), (0, 70));
        hand.pass(5);
        assert_eq!((clock.now(), clock.wait_until(10), hand.time()), (75, 75, 75));
    }
}
