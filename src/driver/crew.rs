//! A crew of threads that run the lanes of one tick after the other.
//!
//! A year of the reference scenario has 35,000 ticks, so what it costs to start and to end one counts:
//! a standard barrier took up to 35 µs, spinning takes less than one. Workers therefore spin for a
//! while and then yield, which also serves when there are more workers than cores.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Rounds of spinning before a waiting thread gives its core to somebody else.
const SPINS: u32 = 4_000;

/// What the threads of a crew share.
pub struct Crew {
    workers: usize,
    spins: u32,
    /// Number of the round being worked on; workers wait for it to change.
    round: AtomicU32,
    /// Next lane to take.
    next: AtomicUsize,
    /// Workers done with the round, the caller not counted.
    done: AtomicUsize,
    over: AtomicBool,
    panicked: AtomicBool,
}

impl Crew {
    /// A crew of `workers` threads, the caller included.
    pub fn new(workers: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Crew {
            workers,
            spins: if workers <= cores { SPINS } else { 1 },
            round: AtomicU32::new(0),
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
        }
    }

    /// Runs `body` on the calling thread; within it, [`Rounds::run`] calls `work` once for every lane,
    /// on all threads of the crew.
    pub fn run<R>(
        &self,
        lanes: usize,
        work: impl Fn(usize) + Sync,
        body: impl FnOnce(&Rounds<'_>) -> R,
    ) -> R {
        std::thread::scope(|scope| {
            for _ in 1..self.workers {
                scope.spawn(|| self.follow(lanes, &work));
            }
            // The workers must be let go even if `body` panics, or the scope would never end.
            let _release = Release(self);
            body(&Rounds { crew: self, lanes, work: &work })
        })
    }

    fn follow(&self, lanes: usize, work: &(impl Fn(usize) + Sync)) {
        let mut seen = 0;
        loop {
            self.wait(|| self.round.load(Ordering::Acquire) != seen);
            seen = seen.wrapping_add(1);
            if self.over.load(Ordering::Acquire) {
                return;
            }
            let _arrival = Arrival(self);
            self.take_lanes(lanes, work);
        }
    }

    fn take_lanes(&self, lanes: usize, work: &(impl Fn(usize) + Sync + ?Sized)) {
        loop {
            let lane = self.next.fetch_add(1, Ordering::Relaxed);
            if lane >= lanes {
                return;
            }
            work(lane);
        }
    }

    fn wait(&self, ready: impl Fn() -> bool) {
        let mut spins = 0;
        while !ready() {
            if spins < self.spins {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// The handle by which the caller of [`Crew::run`] starts rounds.
pub struct Rounds<'a> {
    crew: &'a Crew,
    lanes: usize,
    work: &'a (dyn Fn(usize) + Sync),
}

impl Rounds<'_> {
    /// Works every lane once and returns when all are done.
    pub fn run(&self) {
        let crew = self.crew;
        crew.next.store(0, Ordering::Relaxed);
        crew.done.store(0, Ordering::Relaxed);
        crew.round.fetch_add(1, Ordering::Release);
        crew.take_lanes(self.lanes, self.work);
        crew.wait(|| crew.done.load(Ordering::Acquire) == crew.workers - 1);
        assert!(!crew.panicked.load(Ordering::Acquire), "a worker of the crew panicked");
    }
}

/// Says that a worker is done with its round, whether it returned or panicked.
struct Arrival<'a>(&'a Crew);

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.panicked.store(true, Ordering::Release);
        }
        self.0.done.fetch_add(1, Ordering::Release);
    }
}

/// Lets the workers go.
struct Release<'a>(&'a Crew);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
        self.0.round.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_is_worked_once_a_round_at_any_number_of_workers() {
        for workers in [1, 2, 3, 5] {
            let counts: Vec<AtomicU32> = (0..7).map(|_| AtomicU32::new(0)).collect();
            let work = |lane: usize| {
                counts[lane].fetch_add(1, Ordering::Relaxed);
            };
            Crew::new(workers).run(counts.len(), work, |rounds| {
                for round in 1..=200 {
                    rounds.run();
                    for (lane, count) in counts.iter().enumerate() {
                        let got = count.load(Ordering::Relaxed);
                        assert_eq!(got, round, "lane {lane} with {workers} workers");
                    }
                }
            });
        }
    }

    #[test]
    #[should_panic(expected = "panicked")]
    fn a_panic_in_a_lane_ends_the_run_and_does_not_hang_it() {
        Crew::new(2).run(
            8,
            |lane| assert_ne!(lane, 3, "this lane panicked"),
            |rounds| rounds.run(),
        );
    }
}
