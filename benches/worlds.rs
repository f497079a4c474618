//! What a tiny world costs, and whether its numbers are right: many worlds of the known answers, one
//! after the other on one core.
//!
//!     cargo bench --bench worlds              200 worlds of each
//!     cargo bench --bench worlds -- 2000      so many of each
//!     cargo bench --bench worlds -- 2000 thompson 7000    of one, with markets from 7000 on
//!
//! Each is run with `market.seed` and the number of the world raised, so that who exists is drawn anew.
//! Of the bandits the mean pseudo-regret is told, of the last order of `best-of-n` the mean loss.

use std::path::Path;
use std::process::ExitCode;

use brocante::experiment::{Trial, World};
use brocante::scenario;
use brocante::units::SellerId;

/// A scenario, what is set in it, and what a world's market says.
type Case = (&'static str, &'static [&'static str], fn(&World) -> f64);

const CASES: &[Case] = &[
    ("base", &[], share),
    ("polya-urn", &[], share),
    ("dirichlet", &[], share),
    ("yule-simon", &[], share),
    ("mnl", &[], share),
    ("cascade", &[], share),
    ("position", &[], share),
    ("thompson", &[], regret),
    ("ucb1", &[], regret),
    ("best-of-n", &[], loss),
    ("best-of-n", &["ranking.mean-rating.tries=22", "stop.orders=221"], loss),
    ("best-of-n", &["ranking.mean-rating.tries=100", "stop.orders=1001"], loss),
];

fn orders(world: &World, seller: u32) -> f64 {
    f64::from(world.market.reputations().lifetime(SellerId(seller)).orders)
}

/// Share of the first seller.
fn share(world: &World) -> f64 {
    orders(world, 0) / world.counts.orders as f64
}

/// What the worse of two arms cost, in positive reviews.
fn regret(world: &World) -> f64 {
    0.1 * orders(world, 1)
}

/// How much worse than the best the seller is who got one order more than it was tried.
fn loss(world: &World) -> f64 {
    let sellers = &world.census.sellers;
    let truth = |i: usize| sellers[i].true_stars;
    let best = (0..sellers.len()).map(truth).fold(f64::NEG_INFINITY, f64::max);
    let most = (0..sellers.len())
        .max_by(|&a, &b| orders(world, a as u32).total_cmp(&orders(world, b as u32)));
    best - most.map_or(best, truth)
}

fn main() -> ExitCode {
    let mut asked = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let worlds = asked.next().and_then(|arg| arg.parse::<u32>().ok()).unwrap_or(200);
    let only = asked.next();
    let first = asked.next().and_then(|arg| arg.parse::<u64>().ok()).unwrap_or(1);
    println!(
        "{:>12} {:>9} {:>12} {:>10} {:>10} {:>10} {:>9}",
        "scenario", "orders", "set-up, µs", "ns/event", "ms/world", "mean", "± 2 se"
    );
    for (name, sets, of) in CASES.iter().filter(|case| only.as_ref().is_none_or(|o| o == case.0)) {
        let file = format!("scenarios/known-answers/{name}.toml");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let overrides: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let mut scenario = match scenario::load(&path, &overrides) {
            Ok(loaded) => loaded.scenario,
            Err(wrong) => {
                eprintln!("{}", wrong.draw(false));
                return ExitCode::from(2);
            }
        };
        #[expect(clippy::disallowed_methods, reason = "a measurement of time")]
        let began = std::time::Instant::now();
        let (mut events, mut sim_s, mut values) = (0, 0.0, Vec::new());
        for world in 0..worlds {
            scenario.market.seed = first + u64::from(world);
            scenario.seed = first;
            let done =
                Trial { scenario: &scenario, world, workers: 1, measured: false }.run(&mut ());
            let reviewed = if scenario.reviews.is_some() { done.counts.orders - 1 } else { 0 };
            assert_eq!(done.counts.reviews, reviewed, "every order but the last is reviewed");
            values.push(of(&done));
            (events, sim_s) = (events + done.counts.events, sim_s + done.sim_s);
        }
        let (all_s, n) = (began.elapsed().as_secs_f64(), f64::from(worlds));
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        println!(
            "{name:>12} {:>9} {:>12.0} {:>10.0} {:>10.3} {mean:>10.4} {:>9.4}",
            scenario.stop.map_or(0, |stop| stop.orders),
            (all_s - sim_s) / n * 1e6,
            sim_s / events as f64 * 1e9,
            all_s / n * 1e3,
            2.0 * (variance / n).sqrt()
        );
    }
    ExitCode::SUCCESS
}
