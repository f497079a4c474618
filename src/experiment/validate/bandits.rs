//! What it costs to find out who is best.

use super::bench::{Bench, Setting, wider};
use super::sample::{error, mean};
use super::{Case, Halt};
use crate::experiment::World;
use crate::history::{Fact, FactSink};
use crate::rng::{Dice, Purpose, Stream, beta, unit_normal};
use crate::units::SimTime;

/// Thompson's rule.
pub const THOMPSON: Case = Case {
    name: "thompson",
    says: "What Thompson's rule pays to find out which of two sellers is better.",
    source: "Thompson 1933; Chapelle and Li 2011; the regret is computed",
    worlds: 6_000,
    settings: 1,
    cost_s: 36.0,
    check: thompson,
};

/// Upper confidence bounds.
pub const UCB1: Case = Case {
    name: "ucb1",
    says: "What UCB1 pays to find out which of two sellers is better.",
    source: "Auer, Cesa-Bianchi and Fischer 2002; the regret is computed",
    worlds: 2_000,
    settings: 1,
    cost_s: 8.0,
    check: ucb1,
};

/// Everybody tried, then the best.
pub const BEST_OF_N: Case = Case {
    name: "best-of-n",
    says: "How far the seller with the best mean of n reviews is below the best seller.",
    source: "David and Nagaraja 2003, concomitants of order statistics",
    worlds: 5_000,
    settings: 28,
    cost_s: 12.0,
    check: best_of_n,
};

/// Counts orders by seller, and knows the last.
#[derive(Default)]
struct Orders {
    by_seller: Vec<f64>,
    last: usize,
}

impl FactSink for Orders {
    fn take(&mut self, _: SimTime, fact: &Fact<'_>) {
        if let Fact::Bought { order } = fact {
            self.last = order.seller.index();
            if self.by_seller.len() <= self.last {
                self.by_seller.resize(self.last + 1, 0.0);
            }
            self.by_seller[self.last] += 1.0;
        }
    }
}

/// A bandit: the chances of a reward, by arm, and how often one is pulled.
struct Bandit {
    arms: Vec<f64>,
    pulls: f64,
}

impl Bandit {
    fn of(setting: &Setting) -> Result<Bandit, Halt> {
        let given = setting.get("sellers.given").and_then(toml::Value::as_table);
        let mut arms = Vec::new();
        for name in given.into_iter().flat_map(toml::Table::keys) {
            let key = format!("sellers.given.{name}");
            let positive = setting.number(&format!("{key}.quality.bernoulli.positive"))?;
            let count = setting.number(&format!("{key}.count")).unwrap_or(1.0);
            arms.extend(std::iter::repeat_n(positive, count as usize));
        }
        let pulls = setting.number("stop.orders")?;
        if arms.len() < 2 {
            return Err(Halt::Unfit("its known answer needs two sellers who are given".to_owned()));
        }
        Ok(Bandit { arms, pulls })
    }

    /// What pulls of these arms cost, over pulls of the best.
    fn regret(&self, pulled: &[f64]) -> f64 {
        let best = self.arms.iter().copied().fold(0.0, f64::max);
        self.arms.iter().zip(pulled).map(|(arm, n)| (best - arm) * n).sum()
    }

    /// Whether it is the bandit of the known regrets.
    fn is_shipped(&self) -> bool {
        self.arms == [0.9, 0.8] && self.pulls == 10_000.0
    }

    /// Mean regret and its standard error where `pick` pulls, by the book: arms alone, without a market.
    /// `pick` is told pulls and rewards by arm, and how many there were in all.
    fn by_the_book(&self, pick: impl Fn(&[f64], &[f64], f64, &mut Stream) -> usize) -> (f64, f64) {
        let regret = |run: u64| {
            let mut draws = Dice::new(7, 0).stream(run, 0, Purpose::Policy);
            let (mut pulls, mut rewards) = (vec![0.0; self.arms.len()], vec![0.0; self.arms.len()]);
            for t in 0..self.pulls as u64 {
                let arm = pick(&pulls, &rewards, t as f64, &mut draws);
                pulls[arm] += 1.0;
                rewards[arm] += f64::from(u8::from(draws.unit() < self.arms[arm]));
            }
            self.regret(&pulls)
        };
        let regrets: Vec<f64> = (0..BOOK_RUNS).map(regret).collect();
        (mean(&regrets), error(&regrets))
    }
}

/// Runs of a rule by the book, for bandits whose regret is not on record.
const BOOK_RUNS: u64 = 1_000;

/// Regret of every world against what is known, or else what the book comes to.
fn regret(
    bench: &mut Bench<'_>,
    setting: &Setting,
    known: Option<(f64, f64)>,
    by_the_book: impl Fn(&Bandit) -> (f64, f64),
) -> Result<(), Halt> {
    let bandit = Bandit::of(setting)?;
    let take = |_: World, sinks: Vec<Orders>| {
        sinks.iter().map(|orders| bandit.regret(&orders.by_seller)).sum::<f64>()
    };
    let regrets = bench.each(setting, Orders::default, take)?;
    let (got, spread) = (mean(&regrets), error(&regrets));
    let (expected, tolerance) = match known.filter(|_| bandit.is_shipped()) {
        Some((expected, stated)) => (expected, wider(stated, spread)),
        None => {
            let (expected, of_book) = by_the_book(&bandit);
            (expected, wider(0.0, (spread * spread + of_book * of_book).sqrt()))
        }
    };
    bench.answer(&format!("regret after {} orders", bandit.pulls), expected, got, tolerance);
    Ok(())
}

/// The greatest of some values, the first of those that are alike.
fn greatest(values: impl Iterator<Item = f64>) -> usize {
    let best = values.enumerate().reduce(|a, b| if b.1 > a.1 { b } else { a });
    best.map_or(0, |(i, _)| i)
}

fn thompson(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let prior = |key: &str| setting.number(&format!("ranking.thompson.prior_{key}"));
    let (hits, misses) = (prior("positive")?, prior("negative")?);
    let known = (hits == 1.0 && misses == 1.0).then_some((10.0, 1.0));
    regret(bench, &setting, known, |bandit| {
        bandit.by_the_book(|pulls, rewards, _, draws| {
            let of = |(n, r): (&f64, &f64)| beta(draws, hits + r, misses + n - r);
            greatest(pulls.iter().zip(rewards).map(of))
        })
    })
}

fn ucb1(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let exploration = setting.number("ranking.ucb.exploration")?;
    let known = (exploration == 2.0).then_some((87.4, 2.5));
    regret(bench, &setting, known, |bandit| {
        bandit.by_the_book(|pulls, rewards, t, _| {
            let bound = |(n, r): (&f64, &f64)| match *n {
                0.0 => f64::INFINITY,
                n => r / n + (exploration * libm::log(t) / n).sqrt(),
            };
            greatest(pulls.iter().zip(rewards).map(bound))
        })
    })
}

/// Reviews of each seller that the loss is known for, and how many times the worlds of the case it takes
/// to be sure of it: a loss varies the more the fewer reviews there are.
const TRIES: [(f64, u32); 3] = [(5.0, 18), (22.0, 8), (100.0, 2)];

fn best_of_n(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let given = "sellers.given.alike";
    let sellers = setting.number(&format!("{given}.count"))?;
    let tau = setting.number(&format!("{given}.quality.normal.sd"))?;
    let sigma = setting.number("reviews.gaussian.sd")?;
    let own = setting.number("ranking.mean-rating.tries")?;
    let shipped = TRIES.iter().any(|(tries, _)| *tries == own);
    let further = (!shipped).then_some((own, TRIES[0].1));
    let best = greatest_normal(sellers);
    for (tries, times) in further.into_iter().chain(TRIES) {
        let of = bench.setting(&[
            format!("ranking.mean-rating.tries={tries}"),
            format!("stop.orders={}", sellers * tries + 1.0),
        ])?;
        let take = |world: World, sinks: Vec<Orders>| {
            let truth = |i: usize| world.census.sellers[i].true_stars;
            let greatest = (0..world.census.sellers.len()).map(truth).fold(f64::MIN, f64::max);
            greatest - truth(sinks[0].last)
        };
        let losses = bench.each_market(times, &of, Orders::default, take)?;
        let signal = tau / (tau * tau + sigma * sigma / tries).sqrt();
        let expected = best * tau * (1.0 - signal);
        let tolerance = wider(0.003, error(&losses));
        bench.answer(
            &format!("loss after {tries} reviews each"),
            expected,
            mean(&losses),
            tolerance,
        );
    }
    Ok(())
}

/// The mean of the greatest of `n` standard normals: of the quantiles of the greatest, evenly.
fn greatest_normal(n: f64) -> f64 {
    let steps = 200_000;
    let quantile =
        |i: i32| unit_normal(libm::pow((f64::from(i) + 0.5) / f64::from(steps), 1.0 / n));
    (0..steps).map(quantile).sum::<f64>() / f64::from(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_of_normals_of_the_tables() {
        // 1/√π of two; .84628, 1.53875 and 1.86748 of 3, 10 and 20 (Teichroew 1956).
        let two = 1.0 / std::f64::consts::PI.sqrt();
        for (n, expected) in [(2.0, two), (3.0, 0.84628), (10.0, 1.53875), (20.0, 1.86748)] {
            assert!((greatest_normal(n) - expected).abs() < 5e-5, "{n}: {}", greatest_normal(n));
        }
    }

    /// The book agrees with what is on record of the shipped bandit, in little.
    #[test]
    fn pulling_at_random_costs_half_the_gap() {
        let bandit = Bandit { arms: vec![0.9, 0.8], pulls: 200.0 };
        let (got, error) = bandit.by_the_book(|_, _, _, draws| usize::from(draws.unit() < 0.5));
        assert!((got - 10.0).abs() < 4.0 * error && error < 0.05, "{got} ± {error}");
        let (got, _) = bandit.by_the_book(|_, _, _, _| 1);
        assert!((got - 20.0).abs() < 1e-9, "{got}");
    }
}
