//! What an event of the engine costs.
//!
//!     cargo bench --bench engine                  a million shoppers, three times
//!     cargo bench --bench engine -- 100000000     10^8 shoppers in one process, once
//!     cargo bench --bench engine -- scenarios/backmarket-2019.toml    another scenario, three times
//!
//! Runs with the digest alone and with all metrics take turns, so that a neighbour on the machine weighs
//! on both; the last line says what all metrics cost. Without a scenario the workload is `scenarios/engine-reference.toml` on one worker, through the real engine, market and
//! agents. It must say 1.86 events a shopper (a visit a week, and the reviews that come within it), and
//! the same digest in every repetition. Wall time on a shared machine means little by itself: take the
//! least of the repetitions, and compare two versions in one sitting.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use brocante::experiment::Trial;
use brocante::scenario;
use brocante::store::{Machine, peak_rss_bytes};

/// What is run, and how often.
struct Work {
    path: PathBuf,
    overrides: Vec<String>,
    repetitions: u32,
    /// Shoppers, of whom each makes a known number of events.
    shoppers: Option<u64>,
}

impl Work {
    /// What the command line asks for; cargo passes `--bench`.
    fn asked() -> Work {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let word = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
        if let Some(path) = word.as_deref().filter(|word| word.ends_with(".toml")) {
            let path = root.join(path);
            return Work { path, overrides: vec![], repetitions: 3, shoppers: None };
        }
        let shoppers = word.and_then(|word| word.parse::<u64>().ok()).unwrap_or(1_000_000);
        Work {
            path: root.join("scenarios/engine-reference.toml"),
            overrides: vec![format!("shoppers.visits_per_week={shoppers}.0")],
            repetitions: if shoppers > 10_000_000 { 1 } else { 3 },
            shoppers: Some(shoppers),
        }
    }
}

fn main() -> ExitCode {
    let work = Work::asked();
    let loaded = match scenario::load(&work.path, &work.overrides) {
        Ok(loaded) => loaded,
        Err(wrong) => {
            eprintln!("{}", wrong.draw(false));
            return ExitCode::from(2);
        }
    };
    let machine = Machine::here();
    let cpu = machine.cpu.as_deref().unwrap_or("an unknown processor");
    println!("{} cores of {cpu}, one worker, {}", machine.cores, work.path.display());
    println!(
        "{:>12} {:>12} {:>9} {:>9} {:>12}  digest",
        "metrics", "events", "seconds", "ns/event", "M events/s"
    );
    let mut digests = Vec::new();
    let mut times = [vec![], vec![]];
    for _ in 0..work.repetitions {
        for measured in [false, true] {
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
            if let Some(shoppers) = work.shoppers {
                let ratio = events as f64 / shoppers as f64;
                assert!((1.84..1.89).contains(&ratio), "{ratio} events a shopper, 1.86 expected");
            }
            digests.push(world.digest);
            times[usize::from(measured)].push(seconds);
        }
    }
    assert!(digests.windows(2).all(|two| two[0] == two[1]), "the digests differ");
    let [bare, all] = times.map(median);
    println!(
        "medians: {bare:.3} s and {all:.3} s, all metrics take {:.2} times as long",
        all / bare
    );
    let peak =
        peak_rss_bytes().map_or_else(|| "unknown".to_owned(), |b| format!("{} MiB", b >> 20));
    println!("peak memory {peak}");
    ExitCode::SUCCESS
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}
