//! What it costs to score the offers of one product, for every policy.
//!
//!     cargo bench --bench ranking
//!
//! Prints nanoseconds for each scoring (all the offers of one query) and for each offer, the median
//! of many repeats with the spread of their middle half. The scores are summed up into a check value
//! that depends on the seed alone: two builds that print the same value did the same work.
//!
//! Expected on a 2-core cloud machine: a policy whose weights were made at the refresh costs under .2 ns
//! an offer from 30 offers on (it is bound by the division), one lot an offer some 1 to 10 ns, a bonus 3
//! to 4 ns, a draw of a posterior about 150 ns.

use std::hint::black_box;
use std::time::Instant;

use brocante::ranking::{Candidates, Chance, Merit, POLICIES, Ranking, RankingSpec, Weight};
use brocante::rng::{Dice, Purpose};
use brocante::units::{SellerId, SessionId};

const SEED: u64 = 42;
const SIZES: [usize; 5] = [10, 30, 100, 1_000, 10_000];

/// How long to measure one case: repeats, and the time [ns] a repeat should take at least, so that the
/// clock (10 to 50 ns a reading) does not show.
struct Effort {
    repeats: usize,
    repeat_ns: u128,
}

struct Market {
    price: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    seller: Vec<SellerId>,
}

impl Market {
    /// `n` offers of sellers with drawn histories, weighed by `policy`.
    fn draw(policy: &dyn Ranking, n: usize) -> Market {
        let dice = Dice::new(SEED, 0);
        let mut market =
            Market { price: Vec::new(), a: Vec::new(), b: Vec::new(), seller: Vec::new() };
        for id in 0..n as u32 {
            let mut draws = dice.stream(id.into(), 0, Purpose::SellerHistory);
            let reviews = 1 + draws.below(400);
            let merit = Merit {
                reviews,
                stars: reviews * 3 + draws.below(reviews * 2 + 1),
                positive: reviews - draws.below(reviews / 2 + 1),
                orders: reviews * 3,
                exposure: 100.0 * draws.unit(),
                ..Merit::unknown(3.5 + draws.unit())
            };
            let Weight { a, b } = policy.weigh(&merit);
            market.a.push(a);
            market.b.push(b);
            market.price.push(150.0 + 100.0 * draws.unit() as f32);
            market.seller.push(SellerId(id));
        }
        market
    }

    fn candidates(&self) -> Candidates<'_> {
        Candidates {
            price: &self.price,
            a: &self.a,
            b: &self.b,
            seller: &self.seller,
            star_eur: 60.0,
        }
    }
}

/// Nanoseconds a scoring: the quartiles over the repeats.
fn measure(policy: &dyn Ranking, market: &Market, effort: &Effort) -> [f64; 3] {
    let dice = Dice::new(SEED, 0);
    let mut scores = vec![0.0f32; market.price.len()];
    let mut session = 0u64;
    let mut run = |times: u64| {
        #[expect(clippy::disallowed_methods, reason = "a measurement of time")]
        let start = Instant::now();
        for _ in 0..times {
            session += 1;
            let chance = Chance { dice, session: SessionId(session) };
            policy.score(black_box(&market.candidates()), chance, &mut scores);
            black_box(&scores);
        }
        start.elapsed().as_nanos()
    };
    let mut times = 1;
    while run(times) < effort.repeat_ns {
        times *= 2;
    }
    let mut ns: Vec<f64> = (0..effort.repeats).map(|_| run(times) as f64 / times as f64).collect();
    ns.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| ns[(ns.len() - 1) * quarter / 4])
}

/// The sum of the scores of query 0, to show that two builds score alike.
fn check(policy: &dyn Ranking, market: &Market) -> f64 {
    let mut scores = vec![0.0f32; market.price.len()];
    let chance = Chance { dice: Dice::new(SEED, 0), session: SessionId(0) };
    policy.score(&market.candidates(), chance, &mut scores);
    scores.iter().map(|&score| f64::from(score)).sum()
}

fn main() {
    // Under `cargo test --benches` the flag is missing: run everything once, quickly.
    let measuring = std::env::args().any(|arg| arg == "--bench");
    let effort = if measuring {
        Effort { repeats: 101, repeat_ns: 200_000 }
    } else {
        Effort { repeats: 1, repeat_ns: 1 }
    };
    println!("seed {SEED}, {} repeats of at least {} ns", effort.repeats, effort.repeat_ns);
    println!(
        "{:<18}{:>8}{:>14}{:>12}{:>12}{:>14}  check",
        "policy", "offers", "ns/scoring", "low 1/4", "high 1/4", "ns/offer"
    );
    for about in POLICIES {
        let Some(spec) = RankingSpec::reference(about.name) else {
            panic!("{} has no valid reference", about.name);
        };
        let policy = spec.build();
        for n in SIZES {
            let market = Market::draw(policy.as_ref(), n);
            let [low, median, high] = measure(policy.as_ref(), &market, &effort);
            println!(
                "{:<18}{n:>8}{median:>14.1}{low:>12.1}{high:>12.1}{:>14.3}  {:.6e}",
                about.name,
                median / n as f64,
                check(policy.as_ref(), &market)
            );
        }
    }
}
