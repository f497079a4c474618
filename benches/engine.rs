//! What an event of the engine costs.
//!
//!     cargo bench --bench engine                  a million shoppers, three times
//!     cargo bench --bench engine -- 100000000     10^8 shoppers in one process, once
//!
//! The workload is `scenarios/engine-reference.toml` on one worker, through the real engine, market and
//! agents. It must say 1.86 events a shopper (a visit a week, and the reviews that come within it), and
//! the same digest in every repetition. Wall time on a shared machine means little by itself: take the
//! least of the repetitions, and compare two versions in one sitting.

use std::path::Path;
use std::process::ExitCode;

use brocante::experiment::Trial;
use brocante::scenario;
use brocante::store::{Machine, peak_rss_bytes};

fn main() -> ExitCode {
    // Cargo passes `--bench`; the only argument of ours is the number of shoppers.
    let asked = std::env::args().skip(1).find_map(|arg| arg.parse::<u64>().ok());
    let shoppers = asked.unwrap_or(1_000_000);
    let repetitions = if shoppers > 10_000_000 { 1 } else { 3 };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/engine-reference.toml");
    let overrides = [format!("shoppers.visits_per_week={shoppers}.0")];
    let loaded = match scenario::load(&path, &overrides) {
        Ok(loaded) => loaded,
        Err(wrong) => {
            eprintln!("{}", wrong.draw(false));
            return ExitCode::from(2);
        }
    };
    let machine = Machine::here();
    let cpu = machine.cpu.as_deref().unwrap_or("an unknown processor");
    println!("{} cores of {cpu}", machine.cores);
    println!("cargo bench --bench engine -- {shoppers}");
    println!(
        "{:>12} {:>12} {:>9} {:>9} {:>12}  digest",
        "metrics", "events", "seconds", "ns/event", "M events/s"
    );
    let mut digests = Vec::new();
    for measured in [false, true] {
        for _ in 0..repetitions {
            let trial = Trial { scenario: &loaded.scenario, world: 0, workers: 1, measured };
            let world = trial.run(&mut ());
            let (events, seconds) = (world.counts.events, world.sim_s);
            println!(
                "{:>12} {events:>12} {seconds:>9.3} {:>9.1} {:>12.2}  {}",
                if measured { "all" } else { "digest only" },
                1e9 * seconds / events as f64,
                events as f64 / seconds / 1e6,
                world.digest.hex()
            );
            let ratio = events as f64 / shoppers as f64;
            assert!((1.84..1.89).contains(&ratio), "{ratio} events a shopper, 1.86 expected");
            digests.push(world.digest);
        }
    }
    assert!(digests.windows(2).all(|two| two[0] == two[1]), "the digests differ");
    let peak =
        peak_rss_bytes().map_or_else(|| "unknown".to_owned(), |b| format!("{} MiB", b >> 20));
    println!("peak memory {peak}");
    ExitCode::SUCCESS
}
