//! Who writes a review, and what reviews then say.

use super::bench::{Bench, wider};
use super::sample::share_error;
use super::{Case, Halt};
use crate::experiment::World;
use crate::history::{Fact, FactSink};
use crate::units::SimTime;

/// Reviews by those who felt like it.
pub const SELF_SELECTION: Case = Case {
    name: "self-selected-reviews",
    says: "Published stars lie above what buyers felt, as the content answer more often.",
    source: "Bayes; PP and EPP as Nosko and Tadelis 2015 define them",
    worlds: 4,
    settings: 2,
    cost_s: 2.0,
    check: self_selection,
};

/// Orders, and reviews by their stars.
#[derive(Default, Clone, Copy)]
struct Reviews {
    orders: u64,
    stars: [u64; 5],
}

impl FactSink for Reviews {
    fn take(&mut self, _: SimTime, fact: &Fact<'_>) {
        match fact {
            Fact::Bought { .. } => self.orders += 1,
            Fact::Reviewed { stars, .. } => self.stars[usize::from(*stars) - 1] += 1,
            _ => {}
        }
    }
}

impl Reviews {
    fn sum(all: impl IntoIterator<Item = Reviews>) -> Reviews {
        all.into_iter().fold(Reviews::default(), |mut sum, one| {
            sum.orders += one.orders;
            sum.stars.iter_mut().zip(one.stars).for_each(|(sum, n)| *sum += n);
            sum
        })
    }

    fn count(&self) -> f64 {
        self.stars.iter().sum::<u64>() as f64
    }

    fn positive(&self) -> f64 {
        (self.stars[3] + self.stars[4]) as f64
    }

    fn shares(&self) -> [f64; 5] {
        self.stars.map(|n| n as f64 / self.count())
    }
}

/// Mean and variance of stars with these shares.
fn moments(shares: &[f64]) -> (f64, f64) {
    let of = |power: i32| {
        (1..)
            .zip(shares)
            .map(|(k, p)| f64::from(k * if power == 2 { k } else { 1 }) * p)
            .sum::<f64>()
    };
    (of(1), of(2) - of(1) * of(1))
}

fn self_selection(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let felt = setting.numbers("stars.good")?;
    let response = setting.numbers("reviews.response")?;
    let everybody = bench.setting(&["reviews.response=[1.0,1.0,1.0,1.0,1.0]".to_owned()])?;
    let take = |_: World, sinks: Vec<Reviews>| Reviews::sum(sinks);
    let all = Reviews::sum(bench.each(&everybody, Reviews::default, take)?);
    let some = Reviews::sum(bench.each(&setting, Reviews::default, take)?);

    let (mean, variance) = moments(&felt);
    let got = moments(&all.shares()).0;
    let error = (variance / all.count()).sqrt();
    bench.answer("mean stars if all answer", mean, got, wider(0.0, error));

    let answered: f64 = felt.iter().zip(&response).map(|(p, r)| p * r).sum();
    let published: Vec<f64> = felt.iter().zip(&response).map(|(p, r)| p * r / answered).collect();
    let (mean, variance) = moments(&published);
    let got = moments(&some.shares()).0;
    let error = (variance / some.count()).sqrt();
    bench.answer("mean stars published", mean, got, wider(0.0, error));

    let pp = published[3] + published[4];
    let error = share_error(pp, some.count());
    bench.answer("PP: positive of reviews", pp, some.positive() / some.count(), wider(0.0, error));
    let (epp, orders) = (pp * answered, some.orders as f64);
    let error = share_error(epp, orders);
    bench.answer("EPP: positive of orders", epp, some.positive() / orders, wider(0.0, error));
    Ok(())
}
