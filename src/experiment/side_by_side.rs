//! Jobs side by side: one a thread, results in the order of jobs, whoever ends first.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::driver::Go;

/// Jobs that a thread may be ahead of the result that is kept next: what bounds the memory.
const LEAD: u64 = 8;

/// Where a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// The thread, from 0.
    pub thread: usize,
    /// Threads that the job may use itself, this one included: more than one only where there are
    /// fewer jobs than threads.
    pub cells: usize,
}

/// Threads for so many jobs, and threads that each of these may use itself: one job a thread first.
fn seats(workers: usize, jobs: u64) -> (usize, usize) {
    let threads = usize::try_from(jobs).unwrap_or(usize::MAX).clamp(1, workers.max(1));
    (threads, (workers / threads).max(1))
}

/// Runs the jobs 0 to `jobs` - 1 on `workers` threads and hands what they come to to `keep`, on the
/// caller's thread, in their order. A job that comes to nothing was not begun, because somebody asked to
/// stop: no job after it begins. The same where `keep` says to stop; what is under way is waited for
/// and dropped then.
///
/// # Panics
/// When a job does.
pub fn side_by_side<R: Send>(
    workers: usize,
    jobs: u64,
    run: impl Fn(u64, Seat) -> Option<R> + Sync,
    mut keep: impl FnMut(R) -> Go,
) {
    let (threads, cells) = seats(workers, jobs);
    if threads == 1 {
        let seat = Seat { thread: 0, cells };
        let mut results = (0..jobs).map_while(|n| run(n, seat));
        let _ = results.try_for_each(&mut keep);
        return;
    }
    let queue = Queue::new(jobs, LEAD * threads as u64);
    let (said, heard) = channel();
    thread::scope(|scope| {
        for thread in 0..threads {
            let (said, queue, run) = (said.clone(), &queue, &run);
            scope.spawn(move || {
                // A thread that panics lets the others go, so that the scope can pass the panic on.
                let _closing = Closing(queue);
                while let Some(n) = queue.take() {
                    let result = run(n, Seat { thread, cells });
                    if result.is_none() {
                        queue.close();
                    }
                    if said.send((n, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(said);
        in_order(&heard, &queue, &mut keep);
    });
}

/// Keeps results in the order of their jobs, up to the first that came to nothing.
fn in_order<R>(heard: &Receiver<(u64, Option<R>)>, queue: &Queue, keep: &mut impl FnMut(R) -> Go) {
    let mut early = BTreeMap::new();
    let (mut next, mut over) = (0, false);
    for (n, result) in heard {
        early.insert(n, result);
        while let Some(result) = early.remove(&next) {
            next += 1;
            over = over || result.is_none_or(|result| keep(result).is_break());
            if over {
                queue.close();
            }
            queue.kept(next);
        }
    }
}

/// Jobs that wait for a thread.
struct Queue {
    state: Mutex<State>,
    moved: Condvar,
    lead: u64,
}

struct State {
    next: u64,
    end: u64,
    kept: u64,
}

impl Queue {
    fn new(jobs: u64, lead: u64) -> Self {
        let state = State { next: 0, end: jobs, kept: 0 };
        Queue { state: Mutex::new(state), moved: Condvar::new(), lead }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; waits while the jobs before it are too far from being kept.
    fn take(&self) -> Option<u64> {
        let mut state = self.state();
        while state.next < state.end && state.next >= state.kept + self.lead {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let next = state.next;
        (next < state.end).then(|| {
            state.next += 1;
            next
        })
    }

    fn kept(&self, kept: u64) {
        self.state().kept = kept;
        self.moved.notify_all();
    }

    /// No further job begins.
    fn close(&self) {
        let mut state = self.state();
        state.end = state.next;
        self.moved.notify_all();
    }
}

/// Closes the queue where a thread panics.
struct Closing<'a>(&'a Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.close();
        }
    }
}

/// Threads where nothing is said: the number of cores.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    #[test]
    fn one_job_a_thread_before_several_threads_a_job() {
        for (workers, jobs, expected) in
            [(1, 1, (1, 1)), (2, 1, (1, 2)), (2, 30, (2, 1)), (8, 3, (3, 2)), (4, 0, (1, 4))]
        {
            assert_eq!(seats(workers, jobs), expected, "{workers} workers, {jobs} jobs");
        }
    }

    /// Later jobs end first, and none is further ahead than the lead allows.
    #[test]
    fn results_come_in_the_order_of_jobs() {
        for workers in [1, 2, 3, 7] {
            let kept_so_far = AtomicU64::new(0);
            let run = |n: u64, seat: Seat| {
                assert!(seat.thread < workers);
                let ahead = n - kept_so_far.load(Ordering::SeqCst).min(n);
                assert!(ahead <= LEAD * workers as u64, "job {n} is {ahead} ahead");
                thread::sleep(Duration::from_micros(300 * (3 - n % 4)));
                Some(n)
            };
            let mut kept = Vec::new();
            side_by_side(workers, 100, run, |n| {
                kept.push(n);
                kept_so_far.store(kept.len() as u64, Ordering::SeqCst);
                ControlFlow::Continue(())
            });
            assert_eq!(kept, (0..100).collect::<Vec<_>>(), "{workers} workers");
        }
    }

    #[test]
    fn no_job_begins_after_one_that_did_not() {
        for workers in [1, 3] {
            let begun = AtomicU64::new(0);
            let run = |n: u64, _: Seat| {
                begun.fetch_max(n, Ordering::SeqCst);
                (n < 10).then_some(n)
            };
            let mut kept = Vec::new();
            side_by_side(workers, 1_000_000, run, |n| {
                kept.push(n);
                ControlFlow::Continue(())
            });
            assert_eq!(kept, (0..10).collect::<Vec<_>>(), "{workers} workers");
            assert!(begun.load(Ordering::SeqCst) < 10 + workers as u64);
        }
    }

    #[test]
    fn who_keeps_may_stop() {
        for workers in [1, 3] {
            let mut kept = 0;
            side_by_side(
                workers,
                1_000_000,
                |n, _| Some(n),
                |n| {
                    kept += 1;
                    if n == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                },
            );
            assert_eq!(kept, 5, "{workers} workers");
        }
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_in_a_job_ends_the_run_and_does_not_hang_it() {
        let run = |n: u64, _: Seat| {
            assert_ne!(n, 5, "this job panicked");
            Some(n)
        };
        side_by_side(3, 1_000, run, |_| ControlFlow::Continue(()));
    }
}
