//! What a peer must be able to do, and one peer's turn: its answers are checked, then timed.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};
use core_affinity::CoreId;

use crate::clock::{Clock, Times};
use crate::market::{Change, Changes, Market, Query};

/// Something that keeps the offers and answers queries: one thread reads while another writes.
pub trait Peer: Sync {
    /// What a reading thread asks with.
    type Reader<'a>: Reader
    where
        Self: 'a;
    /// What a writing thread changes offers with.
    type Writer<'a>: Writer
    where
        Self: 'a;

    /// A reader, made on the thread that reads.
    ///
    /// # Errors
    /// If the peer does not let anybody read.
    fn reader(&self) -> Result<Self::Reader<'_>>;

    /// The writer, made on the thread that writes; there is one at a time.
    ///
    /// # Errors
    /// If the peer does not let anybody write.
    fn writer(&self) -> Result<Self::Writer<'_>>;
}

/// Asks a peer.
pub trait Reader {
    /// Finds the best offers of a product for a country, at most ten, and says how many. They are kept
    /// in the reader's own room, whole numbers ready to be read.
    ///
    /// # Errors
    /// If the peer fails.
    fn top10(&mut self, query: Query) -> Result<usize>;

    /// The rows of the offers found last, best first.
    fn rows(&self, rows: &mut Vec<u32>);
}

/// Changes a peer's offers.
pub trait Writer {
    /// Makes changes happen; every query that begins afterwards sees them.
    ///
    /// # Errors
    /// If the peer fails.
    fn apply(&mut self, changes: &[Change]) -> Result<()>;
}

/// How a peer is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Changes in a batch.
    pub batch: usize,
    /// Changes that are offered a second.
    pub rate: f64,
    /// How long each measurement takes [ns].
    pub window_ns: u64,
    /// The core of the reading thread and that of the writing thread, if there are two.
    pub cores: Option<[CoreId; 2]>,
    /// What is asked, over and over.
    pub queries: Vec<Query>,
    /// The clock of all.
    pub clock: Clock,
}

/// What came of a measurement under writes.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Times of queries.
    pub times: Times,
    /// Changes that were applied each second.
    pub rate: f64,
}

/// A peer with its part of the changes, whatever its type.
pub trait Entrant {
    /// Asks `n` queries and holds the answers against the right ones.
    ///
    /// # Errors
    /// At the first answer that is wrong, with the query and the seed.
    fn check(&self, queries: &[Query], n: usize) -> Result<()>;
    /// Applies one batch of changes.
    ///
    /// # Errors
    /// If the peer fails.
    #[cfg(test)]
    fn apply(&mut self, batch: usize) -> Result<()>;
    /// Times queries while nobody writes.
    ///
    /// # Errors
    /// If the peer fails.
    fn at_rest(&self, plan: &Plan) -> Result<Times>;
    /// Times queries while another thread writes at the plan's rate, or as fast as the peer can.
    ///
    /// # Errors
    /// If the peer fails.
    fn under_writes(&mut self, plan: &Plan) -> Result<Written>;
}

/// A peer, and what it was told so far.
pub struct Contender<P> {
    peer: P,
    /// The market as the peer should have it.
    market: Market,
    ahead: Changes,
    waiting: VecDeque<Vec<Change>>,
}

impl<P: Peer> Contender<P> {
    /// A peer that was given this market.
    pub fn new(market: &Market, peer: P) -> Self {
        Contender {
            peer,
            market: market.clone(),
            ahead: Changes::of(market),
            waiting: VecDeque::new(),
        }
    }

    fn wrong(&self, query: Query, found: &[u32], right: &[u32]) -> anyhow::Error {
        anyhow::anyhow!(
            "{query:?} of seed {}: found rows {found:?}, right are {right:?}",
            self.market.seed
        )
    }
}

impl<P: Peer> Entrant for Contender<P> {
    fn check(&self, queries: &[Query], n: usize) -> Result<()> {
        let mut reader = self.peer.reader()?;
        let mut found = Vec::new();
        for &query in queries.iter().cycle().take(n) {
            let n = reader.top10(query)?;
            reader.rows(&mut found);
            let right = self.market.answer(query);
            if found != right || n != right.len() {
                return Err(self.wrong(query, &found, &right));
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn apply(&mut self, batch: usize) -> Result<()> {
        let changes = self.ahead.next(batch);
        self.peer.writer()?.apply(&changes)?;
        self.market.apply(&changes);
        Ok(())
    }

    fn at_rest(&self, plan: &Plan) -> Result<Times> {
        thread::scope(|scope| {
            let reading = scope.spawn(|| {
                pin(plan, 0);
                let mut reader = self.peer.reader()?;
                let mut ask = asking(&mut reader, &plan.queries);
                plan.clock.warm_up(plan.window_ns / 4, &mut ask)?;
                plan.clock.time(plan.window_ns, &mut ask)
            });
            joined(reading)
        })
        .context("at rest")
    }

    fn under_writes(&mut self, plan: &Plan) -> Result<Written> {
        // The reader warms up while the writer is at work already.
        let most = 2.0 * plan.window_ns as f64 / 1e9 * plan.rate / plan.batch as f64;
        while self.waiting.len() < most as usize + 2 {
            self.waiting.push_back(self.ahead.next(plan.batch));
        }
        let (peer, waiting) = (&self.peer, &self.waiting);
        let done = AtomicBool::new(false);
        let (times, applied) = thread::scope(|scope| {
            let writing = scope.spawn(|| {
                pin(plan, 1);
                write(peer.writer()?, waiting, plan, &done)
            });
            let reading = scope.spawn(|| {
                pin(plan, 0);
                let times = (|| {
                    let mut reader = peer.reader()?;
                    let mut ask = asking(&mut reader, &plan.queries);
                    plan.clock.warm_up(plan.window_ns / 4, &mut ask)?;
                    plan.clock.time(plan.window_ns, &mut ask)
                })();
                done.store(true, Ordering::Relaxed);
                times
            });
            (joined(reading), joined(writing))
        });
        let (batches, rate) = applied.context("writing")?;
        for changes in self.waiting.drain(..batches) {
            self.market.apply(&changes);
        }
        let times = times.context("under writes")?;
        Ok(Written { times, rate })
    }
}

/// Applies batches when they are due until the reader is done; says how many, and changes a second.
fn write(
    mut writer: impl Writer,
    batches: &VecDeque<Vec<Change>>,
    plan: &Plan,
    done: &AtomicBool,
) -> Result<(usize, f64)> {
    let every_ns = 1e9 * plan.batch as f64 / plan.rate;
    let start = plan.clock.now_ns();
    let (mut applied, mut changes) = (0, 0);
    for batch in batches {
        plan.clock.sleep_until(start + (applied as f64 * every_ns) as u64);
        if done.load(Ordering::Relaxed) {
            break;
        }
        writer.apply(batch)?;
        applied += 1;
        changes += batch.len();
    }
    // The batch applied last was worth the time until the next is due.
    let due = start + (applied as f64 * every_ns) as u64;
    let end = plan.clock.now_ns().max(due);
    Ok((applied, changes as f64 * 1e9 / (end - start) as f64))
}

/// Asks one query after the other.
fn asking<R: Reader>(reader: &mut R, queries: &[Query]) -> impl FnMut() -> Result<()> {
    let mut next = 0;
    move || {
        let query = queries[next];
        next = if next + 1 == queries.len() { 0 } else { next + 1 };
        black_box(reader.top10(black_box(query))?);
        Ok(())
    }
}

fn pin(plan: &Plan, role: usize) {
    if let Some(cores) = plan.cores {
        // A core that is not to be had leaves the thread where it is; the header says which are used.
        core_affinity::set_for_current(cores[role]);
    }
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    match thread.join() {
        Ok(result) => result,
        Err(_) => bail!("a thread panicked"),
    }
}
