//! What a ranking costs while writers change the market: the two ways to serve, and locks beside them.
//!
//!     cargo bench --bench serve
//!
//! One reader ranks distinct queries, the top 10 of a median of 20 offers (mean 29), by the policy `box`:
//! alone, beside a writer of 100,000 updates a second, and beside one that is flat out on the other core.
//! One call takes hardly more than the clock does, so batches of 16 distinct queries are timed. For the
//! median they are batches of products with as many offers, so that it is the median over queries and
//! not that of means of 16; mean and p99 are those of queries in the order that they were drawn in.
//!
//! Expected on a 2-core cloud machine with nothing else on it: 100 ns in the median and 160 ns in the mean
//! scored at the read, 40 ns where the order is kept at the write.

#[path = "serve/locked.rs"]
mod locked;
#[path = "serve/world.rs"]
mod world;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use brocante::market::serve::{Core, OfferAt, Reader, Serving};
use brocante::protocol::Query;
use quanta::Clock;

use locked::Locked;
use world::{QUERIES, STAR_EUR, World};

/// Calls that are timed together.
const BATCH: usize = 16;
/// Ways to serve, in the order of the tables.
const WAYS: [(Serving, &str); 2] =
    [(Serving::AtRead, "scored at the read"), (Serving::AtWrite, "order kept at the write")];

/// How long to measure.
struct Effort {
    /// Batches of a measurement.
    batches: usize,
    /// Updates of a measurement.
    updates: usize,
    products: usize,
    /// Measurements whose median is told.
    repeats: usize,
}

/// Something that ranks.
trait Ranks: Sync {
    type Room;
    fn room(&self) -> Self::Room;
    fn rank(&self, query: &Query, room: &mut Self::Room) -> usize;
    fn reprice(&self, changes: &mut dyn Iterator<Item = (OfferAt, u32)>, batch: usize);
}

impl Ranks for Core {
    type Room = Reader;

    fn room(&self) -> Reader {
        self.reader()
    }

    #[inline]
    fn rank(&self, query: &Query, room: &mut Reader) -> usize {
        Core::rank(self, query, STAR_EUR, room);
        room.slate().len()
    }

    fn reprice(&self, changes: &mut dyn Iterator<Item = (OfferAt, u32)>, batch: usize) {
        let mut writer = self.writer(batch);
        for (offer, price_cents) in changes {
            writer.reprice(offer, price_cents, 0, &mut |_, _| {});
        }
        writer.flush(&mut |_, _| {});
    }
}

/// Nanoseconds of a call.
#[derive(Clone, Copy)]
struct Times {
    p50: f64,
    p99: f64,
    mean: f64,
}

/// Nanoseconds of a call, for each of so many batches of queries in this order.
fn batches_of<R: Ranks>(core: &R, queries: &[Query], batches: usize) -> Vec<f64> {
    let clock = Clock::new();
    let mut room = core.room();
    let mut ns = Vec::with_capacity(batches);
    let mut places = 0;
    for batch in queries.chunks_exact(BATCH).cycle().take(batches) {
        let start = clock.raw();
        for query in batch {
            places += core.rank(query, &mut room);
        }
        ns.push(clock.delta_as_nanos(start, clock.raw()) as f64 / BATCH as f64);
    }
    black_box(places);
    ns
}

/// Times the calls of one reader.
fn time<R: Ranks>(core: &R, world: &World, batches: usize) -> Times {
    let mut by_size = batches_of(core, &world.by_size, batches);
    by_size.sort_by(f64::total_cmp);
    let mut drawn = batches_of(core, &world.queries, batches);
    let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
    drawn.sort_by(f64::total_cmp);
    Times { p50: by_size[by_size.len() / 2], p99: drawn[drawn.len() * 99 / 100], mean }
}

/// The measurement with the median p50 of some.
fn median(repeats: usize, mut measure: impl FnMut() -> Times) -> Times {
    let mut all: Vec<Times> = (0..repeats).map(|_| measure()).collect();
    all.sort_by(|one, other| one.p50.total_cmp(&other.p50));
    all[all.len() / 2]
}

/// Reprices offers on another thread while `measure` runs: `per_second` of them, or as many as can be.
/// Says too how many it did a second.
fn beside_writer<R: Ranks, T>(
    core: &R,
    world: &World,
    per_second: Option<u64>,
    batch: usize,
    measure: impl FnOnce() -> T,
) -> (T, f64) {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let clock = Clock::new();
            let start = clock.raw();
            let mut n = 0;
            let mut changes = world.changes().take_while(|_| {
                n += 1;
                while per_second.is_some_and(|rate| {
                    clock.delta_as_nanos(start, clock.raw()) < n * 1_000_000_000 / rate
                }) {
                    std::hint::spin_loop();
                }
                done.store(n, Ordering::Relaxed);
                !stop.load(Ordering::Relaxed)
            });
            core.reprice(&mut changes, batch);
        });
        let clock = Clock::new();
        // The writer has begun.
        while done.load(Ordering::Relaxed) == 0 {
            std::hint::spin_loop();
        }
        let (start, before) = (clock.raw(), done.load(Ordering::Relaxed));
        let measured = measure();
        let seconds = clock.delta_as_nanos(start, clock.raw()) as f64 / 1e9;
        let updates = done.load(Ordering::Relaxed) - before;
        stop.store(true, Ordering::Relaxed);
        (measured, updates as f64 / seconds)
    })
}

/// Rankings alone and beside writers.
fn rankings<R: Ranks>(name: &str, core: &R, world: &World, effort: &Effort) {
    let one = || median(effort.repeats, || time(core, world, effort.batches));
    one();
    let beside = |rate| beside_writer(core, world, rate, 1, one);
    let alone = (one(), 0.0);
    for (what, (times, updates)) in
        [("alone", alone), ("100 k/s", beside(Some(100_000))), ("flat out", beside(None))]
    {
        println!(
            "{name:<26}{what:>10}{:>9.1}{:>9.1}{:>9.1}{:>10.1}{:>12.2}",
            times.p50,
            times.p99,
            times.mean,
            1e3 / times.mean,
            updates / 1e6
        );
    }
}

/// Rankings of few products beside another reader of the same: what a lock costs that readers write to.
fn two_readers<R: Ranks>(name: &str, core: &R, world: &World, effort: &Effort) {
    let stop = AtomicBool::new(false);
    let alone = median(effort.repeats, || time(core, world, effort.batches));
    let beside = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                black_box(batches_of(core, &world.queries, 100));
            }
        });
        let times = median(effort.repeats, || time(core, world, effort.batches));
        stop.store(true, Ordering::Relaxed);
        times
    });
    println!("{name:<26}{:>10.1}{:>16.1}", alone.p50, beside.p50);
}

/// How many updates a second one writer can do.
fn updates<R: Ranks>(name: &str, core: &R, world: &World, effort: &Effort) {
    let clock = Clock::new();
    for batch in [1, 8, 64] {
        let mut millions: Vec<f64> = (0..effort.repeats)
            .map(|_| {
                let start = clock.raw();
                core.reprice(&mut world.changes().take(effort.updates), batch);
                effort.updates as f64 * 1e3 / clock.delta_as_nanos(start, clock.raw()) as f64
            })
            .collect();
        millions.sort_by(f64::total_cmp);
        println!("{name:<26}{batch:>10}{:>14.2}", millions[millions.len() / 2]);
    }
}

/// Nanoseconds a ranking for products of one size.
fn sizes(effort: &Effort) {
    println!("\n{:<12}{:>20}{:>26}", "candidates", WAYS[0].1, WAYS[1].1);
    for n in [10, 30, 100, 300, 1_000, 3_000, 10_000] {
        // As many products as make 30,000 offers, so that every size finds the same caches.
        let world = World::of_sizes(vec![n; (30_000 / n).max(1)]);
        print!("{n:<12}");
        for ((serving, _), width) in WAYS.into_iter().zip([20, 26]) {
            let core = Core::of_plan(world.plan(serving));
            let batches = (effort.batches * 30 / n).max(1).min(effort.batches);
            time(&core, &world, batches);
            let times = median(effort.repeats, || time(&core, &world, batches));
            print!("{:>width$.1}", times.p50);
        }
        println!();
    }
}

/// Allocations of as many rankings as there are queries.
fn allocations(core: &Core, world: &World) -> u64 {
    let mut reader = core.reader();
    let info = allocation_counter::measure(|| {
        for query in &world.queries {
            core.rank(query, STAR_EUR, &mut reader);
        }
    });
    info.count_total
}

fn main() {
    // Under `cargo test --benches` the flag is missing: run everything once, quickly.
    let measuring = std::env::args().any(|arg| arg == "--bench");
    let effort = if measuring {
        Effort { batches: 50 * QUERIES / BATCH, updates: 1_000_000, products: 2_000, repeats: 5 }
    } else {
        Effort { batches: 10, updates: 100, products: 50, repeats: 1 }
    };
    let world = World::new(effort.products);
    println!("{}, batches of {BATCH} of {QUERIES} distinct queries", world.about());
    let cores = WAYS.map(|(serving, name)| (Core::of_plan(world.plan(serving)), name));
    let locks = WAYS.map(|(serving, _)| Locked::new(world.plan(serving), serving));
    println!(
        "\n{:<26}{:>10}{:>9}{:>9}{:>9}{:>10}{:>12}",
        "ns a ranking", "writer", "p50", "p99", "mean", "M/s", "M updates/s"
    );
    for ((core, name), lock) in cores.iter().zip(&locks) {
        world.assert_same(core, lock);
        rankings(name, core, &world, &effort);
        rankings("  RwLock a product", lock, &world, &effort);
        world.assert_same(core, lock);
    }
    let few = World::of_sizes(vec![20; 8]);
    println!("\n{:<26}{:>10}{:>16}", "ns a ranking, 8 products", "alone", "two readers");
    for (serving, name) in WAYS {
        two_readers(name, &Core::of_plan(few.plan(serving)), &few, &effort);
        two_readers("  RwLock a product", &Locked::new(few.plan(serving), serving), &few, &effort);
    }
    println!("\n{:<26}{:>10}{:>14}", "repricing, one writer", "batch", "M updates/s");
    for ((core, name), lock) in cores.iter().zip(&locks) {
        updates(name, core, &world, &effort);
        updates("  RwLock a product", lock, &world, &effort);
    }
    println!();
    for (core, name) in &cores {
        println!("{name}: {} allocations in {QUERIES} rankings", allocations(core, &world));
    }
    sizes(&effort);
}
