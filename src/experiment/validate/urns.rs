//! Success that breeds success: how unequal equals become.

use super::bench::{Bench, wider};
use super::sample::{error, mean, share_error};
use super::{Case, Halt};
use crate::experiment::World;
use crate::history::{Fact, FactSink};
use crate::measure::interval::variance;
use crate::units::SimTime;

/// Two sellers in Pólya's urn.
pub const POLYA: Case = Case {
    name: "polya-urn",
    says: "Where success breeds success, how far two equal sellers end up apart is left to chance.",
    source: "Eggenberger and Pólya 1923; Johnson and Kotz 1977",
    worlds: 4_000,
    settings: 1,
    cost_s: 2.5,
    check: polya,
};

/// Twenty sellers in the same urn.
pub const DIRICHLET: Case = Case {
    name: "dirichlet",
    says: "Concentration of a market of equals where success breeds success.",
    source: "Johnson and Kotz 1977; David and Nagaraja 2003, for spacings",
    worlds: 2_500,
    settings: 1,
    cost_s: 8.0,
    check: dirichlet,
};

/// Newcomers in the urn.
pub const YULE_SIMON: Case = Case {
    name: "yule-simon",
    says: "Sales over sellers follow a power law where newcomers keep coming.",
    source: "Yule 1925; Simon 1955",
    worlds: 50,
    settings: 1,
    cost_s: 8.0,
    check: yule_simon,
};

/// Counts orders by seller.
#[derive(Default)]
struct Sales(Vec<u32>);

impl FactSink for Sales {
    fn take(&mut self, _: SimTime, fact: &Fact<'_>) {
        if let Fact::Bought { order } = fact {
            let seller = order.seller.index();
            if self.0.len() <= seller {
                self.0.resize(seller + 1, 0);
            }
            self.0[seller] += 1;
        }
    }
}

/// Orders of every seller there is, in an immediate market: of its only cell.
fn sales(world: &World, sinks: Vec<Sales>) -> Vec<f64> {
    let mut sold = vec![0.0; world.census.sellers.len()];
    for (seller, n) in sinks.into_iter().flat_map(|sales| sales.0.into_iter().enumerate()) {
        sold[seller] += f64::from(n);
    }
    sold
}

/// The chances of 0 to n hits in n of a beta-binomial distribution.
fn beta_binomial(n: usize, a: f64, b: f64) -> Vec<f64> {
    let log_beta = |a: f64, b: f64| libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let n = n as f64;
    let chance = |k: f64| {
        let ways = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        libm::exp(ways + log_beta(k + a, n - k + b) - log_beta(a, b))
    };
    (0..=n as usize).map(|k| chance(k as f64)).collect()
}

/// A distribution over shares 0, 1/n, …, 1, with the standard errors of what is estimated of it.
struct Law {
    chances: Vec<f64>,
}

impl Law {
    fn share(&self, k: usize) -> f64 {
        k as f64 / (self.chances.len() - 1) as f64
    }

    fn expect(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.chances.iter().enumerate().map(|(k, chance)| chance * of(self.share(k))).sum()
    }

    fn mean(&self) -> f64 {
        self.expect(|x| x)
    }

    /// The mean of the power of what is off the mean.
    fn central(&self, power: i32) -> f64 {
        let mean = self.mean();
        self.expect(|x| libm::pow(x - mean, f64::from(power)))
    }

    /// How far two independent ones are apart on average, and the standard error of the mean over all
    /// pairs of `n` worlds: of a U-statistic, 2·√(Var E(|X − Y| given X)/n) (Hoeffding 1948).
    fn apart(&self, n: f64) -> (f64, f64) {
        let step = 1.0 / (self.chances.len() - 1) as f64;
        // E|x − Y| moves by step·(F(x) − (1 − F(x))) from one x to the next.
        let mut given = vec![self.mean()];
        let mut below = 0.0;
        for chance in &self.chances[..self.chances.len() - 1] {
            below += chance;
            given.push(given[given.len() - 1] + step * (2.0 * below - 1.0));
        }
        let expect = |of: &dyn Fn(f64) -> f64| -> f64 {
            self.chances.iter().zip(&given).map(|(chance, x)| chance * of(*x)).sum()
        };
        let mean = expect(&|x| x);
        (mean, 2.0 * (expect(&|x| (x - mean) * (x - mean)) / n).sqrt())
    }
}

/// How far two of these values are apart on average.
fn mean_apart(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let sum: f64 = (0..).zip(&*values).map(|(i, x)| (2.0 * f64::from(i) + 1.0 - n) * x).sum();
    2.0 * sum / (n * (n - 1.0))
}

fn polya(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let orders = setting.number("stop.orders")?;
    let alpha = alpha(&setting)?;
    let take = |world: World, sinks: Vec<Sales>| {
        let sold = sales(&world, sinks);
        (sold.len(), sold[0] / orders)
    };
    let worlds = bench.each(&setting, Sales::default, take)?;
    let (sellers, n) = (worlds.first().map_or(0, |world| world.0), worlds.len() as f64);
    let mut shares: Vec<f64> = worlds.into_iter().map(|world| world.1).collect();
    let law = Law { chances: beta_binomial(orders as usize, alpha, alpha * (sellers - 1) as f64) };
    let var = law.central(2);
    let spread = (var / n).sqrt();
    bench.answer("mean share of the first", law.mean(), mean(&shares), wider(0.018, spread));
    let spread = ((law.central(4) - var * var) / n).sqrt();
    let got = variance(&shares).unwrap_or(f64::NAN);
    bench.answer("variance of its share", var, got, wider(0.05 * var, spread));
    let (expected, spread) = law.apart(n);
    let got = mean_apart(&mut shares);
    bench.answer("E|X − Y| of two worlds", expected, got, wider(0.02, spread));
    Ok(())
}

/// What everybody starts with over what an order adds.
fn alpha(setting: &super::bench::Setting) -> Result<f64, Halt> {
    let a = setting.number("ranking.popularity.a")?;
    let c = setting.number("ranking.popularity.c")?;
    if c > 0.0 {
        return Ok(a / c);
    }
    Err(Halt::Unfit(
        "where an order adds nothing (ranking.popularity.c = 0) there is no urn".into(),
    ))
}

fn dirichlet(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let n = setting.number("stop.orders")?;
    let alpha = alpha(&setting)?;
    let take = |world: World, sinks: Vec<Sales>| {
        let mut shares: Vec<f64> = sales(&world, sinks).into_iter().map(|sold| sold / n).collect();
        let k = shares.len() as f64;
        let hhi = 1e4 * shares.iter().map(|p| p * p).sum::<f64>();
        // All pairs are (k − 1)/k of them with oneself; Gini's is half their mean over the mean 1/k.
        let gini = mean_apart(&mut shares) * (k - 1.0) / 2.0;
        [hhi, gini, shares[shares.len() - 1], k]
    };
    let worlds = bench.each(&setting, Sales::default, take)?;
    let of = |i: usize| worlds.iter().map(|world| world[i]).collect::<Vec<f64>>();
    let k = worlds.first().map_or(0.0, |world| world[3]);
    let mut note = |quantity: &str, expected: f64, got: Vec<f64>| {
        let tolerance = wider(0.02 * expected, error(&got));
        bench.answer(quantity, expected, mean(&got), tolerance);
    };
    let hhi = 1e4 * (1.0 / n + (1.0 - 1.0 / n) * (alpha + 1.0) / (k * alpha + 1.0));
    note("HHI", hhi, of(0));
    // Two shares are apart by their sum times |2B − 1|, B being Beta(α, α).
    let log_beta = 2.0 * libm::lgamma(alpha) - libm::lgamma(2.0 * alpha);
    let apart = libm::exp((1.0 - 2.0 * alpha) * std::f64::consts::LN_2 - log_beta) / alpha;
    note("Gini, many sales", (k - 1.0) / k * apart, of(1));
    note("greatest share, many sales", greatest_of_gammas(k, alpha) / (k * alpha), of(2));
    Ok(())
}

/// The mean of the greatest of `k` gamma variables of shape `alpha`: ∫ 1 − F(x)^k dx, with F summed up on
/// the way. In u = x^α the density exp(−x)/(α Γ(α)) has no pole.
fn greatest_of_gammas(k: f64, alpha: f64) -> f64 {
    let (steps, end) = (400_000, 60.0 + 10.0 * alpha);
    let x_of = |i: i32| {
        // Evenly in u up to x = 1, where the pole would be, and evenly in x beyond it.
        let half = steps / 2;
        if i <= half {
            libm::pow(f64::from(i) / f64::from(half), 1.0 / alpha)
        } else {
            1.0 + (end - 1.0) * f64::from(i - half) / f64::from(half)
        }
    };
    let scale = alpha * libm::exp(libm::lgamma(alpha));
    let (mut below, mut mean) = (0.0, 0.0);
    for i in 1..=steps {
        let (from, to) = (x_of(i - 1), x_of(i));
        let du = libm::pow(to, alpha) - libm::pow(from, alpha);
        let step = du * libm::exp(-(from + to) / 2.0) / scale;
        mean += (to - from) * (1.0 - libm::pow((below + step / 2.0_f64).min(1.0), k));
        below += step;
    }
    mean
}

fn yule_simon(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let rho = 1.0 / (1.0 - setting.number("sellers.newcomers.chance")?);
    let take = |world: World, sinks: Vec<Sales>| {
        let mut sold = sales(&world, sinks);
        sold.retain(|&n| n > 0.0);
        sold
    };
    let sizes = bench.each(&setting, Sales::default, take)?.concat();
    let n = sizes.len() as f64;
    let (got, spread) = tail(&sizes);
    bench.answer("exponent of the tail, by MLE", rho, got, wider(0.04 * rho, spread));
    let mut expected = rho / (rho + 1.0);
    for k in 1..=3 {
        let k = f64::from(k);
        let got = sizes.iter().filter(|&&size| size == k).count() as f64 / n;
        let tolerance = wider(0.04 * expected, share_error(expected, n));
        bench.answer(&format!("sellers with {k} of the orders"), expected, got, tolerance);
        // B(k + 1, ρ + 1) = B(k, ρ + 1)·k/(k + ρ + 1).
        expected *= k / (k + 1.0 + rho);
    }
    Ok(())
}

/// The ρ under which these sizes are likeliest, and its standard error by Fisher's information: the
/// slope of the likelihood ln ρ + ln B(k, ρ + 1) is 1/ρ − Σ 1/(ρ + j) for j = 1 to k.
fn tail(sizes: &[f64]) -> (f64, f64) {
    let most = sizes.iter().copied().fold(0.0, f64::max) as usize;
    let mut by_size = vec![0.0; most + 1];
    sizes.iter().for_each(|&size| by_size[size as usize] += 1.0);
    // Sellers of size j or more: each takes the term of j.
    for j in (0..most).rev() {
        by_size[j] += by_size[j + 1];
    }
    let terms = |rho: f64, power: f64| -> f64 {
        let term = |j: usize| by_size[j] / libm::pow(rho + j as f64, power);
        (1..=most).map(term).sum::<f64>() / sizes.len() as f64
    };
    let (mut low, mut high) = (1e-3, 1e3);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if 1.0 / middle > terms(middle, 1.0) { low = middle } else { high = middle }
    }
    let rho = (low + high) / 2.0;
    let information = 1.0 / (rho * rho) - terms(rho, 2.0);
    (rho, 1.0 / (information * sizes.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urn_of_two_is_uniform_where_alpha_is_1() {
        let law = Law { chances: beta_binomial(200, 1.0, 1.0) };
        assert!((law.mean() - 0.5).abs() < 1e-9);
        assert!((law.central(2) - 202.0 / (12.0 * 200.0)).abs() < 1e-9);
        // Uniform over 201 values: (n + 2)/(3 (n + 1)) apart; Var E(|X − Y| given X) is about 1/180.
        let (apart, error) = law.apart(100.0);
        assert!((apart - 202.0 / (3.0 * 201.0)).abs() < 1e-9, "{apart}");
        assert!((error - 2.0 * libm::sqrt(1.0 / 18_000.0)).abs() < 1e-4, "{error}");
    }

    #[test]
    fn values_apart_by_hand() {
        assert!((mean_apart(&mut [4.0, 1.0, 3.0]) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn the_greatest_of_exponentials_is_harmonic() {
        let harmonic: f64 = (1..=20).map(|i| 1.0 / f64::from(i)).sum();
        assert!((greatest_of_gammas(20.0, 1.0) - harmonic).abs() < 1e-5);
        // One of them has the mean α, whatever α.
        for alpha in [0.1, 0.5, 3.0] {
            assert!((greatest_of_gammas(1.0, alpha) - alpha).abs() < 1e-4, "{alpha}");
        }
        // Two of shape 2: x·e^−x twice; E max = 2·2 − E min = 4 − 5/4.
        assert!((greatest_of_gammas(2.0, 2.0) - 2.75).abs() < 1e-4);
    }

    #[test]
    fn the_tail_of_yules_law_is_found() {
        // Sizes in the very proportions of ρ = 1.5, but for what is rounded away.
        let rho = 1.5_f64;
        let (mut sizes, mut share): (Vec<f64>, f64) = (Vec::new(), rho / (rho + 1.0));
        for k in 1..=400_u32 {
            let count = (4e5 * share).round() as usize;
            sizes.extend(std::iter::repeat_n(f64::from(k), count));
            share *= f64::from(k) / (f64::from(k) + 1.0 + rho);
        }
        let (got, error) = tail(&sizes);
        assert!((got - rho).abs() < 0.01 && error < 0.01, "{got} ± {error}");
    }
}
