//! Who sells, at what price, and what becomes of the money and the parcels.

use super::bench::{Bench, wider};
use super::sample::{chi_squared, error, mean, share_error};
use super::{Case, Halt};
use crate::experiment::World;
use crate::history::{Fact, FactSink};
use crate::measure::survival::{Wait, median_days};
use crate::units::{SimTime, US_PER_DAY, US_PER_WEEK};

/// Orders until every seller has had one.
pub const COUPONS: Case = Case {
    name: "coupon-collector",
    says: "Orders until each seller has had one, if chance ranks: the coupon collector's problem.",
    source: "Feller, An Introduction to Probability Theory I, 1968, IX.3",
    worlds: 8,
    settings: 1,
    cost_s: 1.0,
    check: coupons,
};

/// Waits for a first sale.
pub const FIRST_SALE: Case = Case {
    name: "first-sale",
    says: "Waits for a first sale are exponential, if chance ranks and orders come at random.",
    source: "Kaplan and Meier, JASA 53, 1958; splitting of Poisson processes",
    worlds: 40,
    settings: 1,
    cost_s: 0.1,
    check: first_sale,
};

/// Orders under way.
pub const LITTLE: Case = Case {
    name: "orders-under-way",
    says: "Orders under way are Poisson with as many on average as Little's law says, L = λW.",
    source: "Little 1961; Mirasol 1963 for the queue M/G/∞",
    worlds: 60,
    settings: 1,
    cost_s: 8.0,
    check: little,
};

/// Keeps who sold when.
#[derive(Default)]
struct Sales(Vec<(SimTime, usize)>);

impl FactSink for Sales {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        if let Fact::Bought { order } = fact {
            self.0.push((at, order.seller.index()));
        }
    }
}

fn coupons(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let take = |world: World, sinks: Vec<Sales>| {
        let sellers = world.census.sellers.len();
        let (mut album, mut lengths, mut sold) = (vec![false; sellers], vec![], vec![0.0; sellers]);
        let (mut missing, mut length) = (sellers, 0.0);
        for (_, seller) in sinks.into_iter().flat_map(|sales| sales.0) {
            length += 1.0;
            sold[seller] += 1.0;
            missing -= usize::from(!std::mem::replace(&mut album[seller], true));
            if missing == 0 {
                lengths.push(length);
                (missing, length) = (sellers, 0.0);
                album.fill(false);
            }
        }
        (lengths, sold)
    };
    let worlds = bench.each(&setting, Sales::default, take)?;
    let lengths: Vec<f64> = worlds.iter().flat_map(|world| world.0.clone()).collect();
    let k = worlds.first().map_or(0, |world| world.1.len());
    let over = |n: usize| 1.0 / n as f64;
    let expected = k as f64 * (1..=k).map(over).sum::<f64>();
    let squares: f64 = (1..=k).map(|i| over(i * i)).sum();
    let variance = (k * k) as f64 * squares - expected;
    let spread = (variance / lengths.len() as f64).sqrt();
    bench.answer("orders until all have sold", expected, mean(&lengths), wider(0.0, spread));
    let sold = (0..k).map(|i| worlds.iter().map(|world| world.1[i]).sum::<f64>());
    let sold: Vec<f64> = sold.collect();
    let even = vec![mean(&sold); k];
    let freedom = (k - 1) as f64;
    let got = chi_squared(&sold, &even) / freedom;
    bench.answer("chi-squared of shares, by degree", 1.0, got, wider(0.0, (2.0 / freedom).sqrt()));
    Ok(())
}

fn first_sale(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let weeks = setting.number("weeks")?;
    let visits = setting.number("shoppers.visits_per_week")?;
    let end = SimTime(weeks as u64 * US_PER_WEEK);
    let take = |world: World, sinks: Vec<Sales>| {
        let mut first = vec![None; world.census.sellers.len()];
        for (at, seller) in sinks.into_iter().flat_map(|sales| sales.0) {
            let so_far: SimTime = first[seller].unwrap_or(end);
            first[seller] = Some(so_far.min(at));
        }
        first.into_iter().map(|sold| Wait::new(SimTime(0), sold, end)).collect::<Vec<Wait>>()
    };
    let worlds = bench.each(&setting, Sales::default, take)?;
    let sellers = worlds.first().map_or(0, Vec::len);
    let waits: Vec<Wait> = worlds.into_iter().flatten().collect();
    let (n, mean_days) = (waits.len() as f64, 7.0 * sellers as f64 / visits);
    let still = waits.iter().filter(|wait| wait.censored).count() as f64 / n;
    let expected = libm::exp(-7.0 * weeks / mean_days);
    let spread = share_error(expected, n);
    bench.answer("share that never sold", expected, still, wider(0.0, spread));
    // The error of a sample median is 1/(2 f √n), f being the density there: 1/(2·mean).
    let (median, got) = (mean_days * std::f64::consts::LN_2, median_days(waits));
    let got = got.unwrap_or(f64::NAN);
    bench.answer("median wait [days]", median, got, wider(0.0, mean_days / n.sqrt()));
    Ok(())
}

/// Counts the orders under way, looked at every other day once the market has filled up.
struct UnderWay {
    orders: i64,
    next: u64,
    seen: Vec<f64>,
}

/// From when on the orders under way are looked at, and how often [µs].
const FILLED: u64 = 4 * US_PER_WEEK;
const LOOKS: u64 = 2 * US_PER_DAY;

impl FactSink for UnderWay {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        let step = match fact {
            Fact::Bought { .. } => 1,
            Fact::Delivered { .. } | Fact::Cancelled { .. } => -1,
            _ => return,
        };
        while at.0 >= self.next {
            self.seen.push(self.orders as f64);
            self.next += LOOKS;
        }
        self.orders += step;
    }
}

fn little(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let a_day = setting.number("shoppers.visits_per_week")? / 7.0;
    let lognormal = |median: f64, sigma: f64| median * libm::exp(sigma * sigma / 2.0);
    let of = |key: &str| setting.number(&format!("fulfilment.{key}"));
    let handling = lognormal(of("handling_median_days")?, of("handling_sigma")?);
    let post = |key: &str| of(&format!("carriers.post.{key}"));
    let under_way = handling + lognormal(post("median_days")?, post("sigma")?);
    let expected = a_day * under_way;
    let sink = || UnderWay { orders: 0, next: FILLED, seen: vec![] };
    let take = |_: World, sinks: Vec<UnderWay>| {
        let seen: Vec<f64> = sinks.into_iter().flat_map(|sink| sink.seen).collect();
        let squares = seen.iter().map(|n| (n - expected) * (n - expected));
        (mean(&seen), squares.sum::<f64>() / seen.len() as f64 / expected)
    };
    let worlds = bench.each(&setting, sink, take)?;
    let (means, spreads): (Vec<f64>, Vec<f64>) = worlds.into_iter().unzip();
    let tolerance = wider(0.03 * expected, error(&means));
    bench.answer("orders under way: λW", expected, mean(&means), tolerance);
    // Looks that follow one another are alike, so the error is that of worlds among one another.
    bench.answer("their index of dispersion", 1.0, mean(&spreads), wider(0.0, error(&spreads)));
    Ok(())
}
