//! How orders travel: handling, delivery, and the promise that lateness is measured against.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agents::sellers::{Profile, Quality};
use crate::rng::{Dice, Purpose, unit_normal};
use crate::units::CountryId;

/// `[fulfilment]`: how long orders take. Without it an order is with its buyer at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfilmentSpec {
    /// Median handling time of a seller whose multiplier is 1 [days].
    #[garde(range(min = 0.0, max = 60.0))]
    pub handling_median_days: f64,
    /// Standard deviation of the logarithm of the handling time [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub handling_sigma: f64,
    /// Delivery time across a border over delivery at home [ratio].
    #[garde(range(min = 0.1, max = 20.0))]
    pub abroad: f64,
    /// Carriers, by name; their shares add up to 1.
    #[garde(dive, length(min = 1, max = 255))]
    pub carriers: BTreeMap<String, CarrierSpec>,
}

/// `[fulfilment.carriers.NAME]`: a way to send a parcel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarrierSpec {
    /// Share of sellers who use it [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Median delivery time at home [days].
    #[garde(range(min = 0.0, max = 60.0))]
    pub median_days: f64,
    /// Standard deviation of the logarithm of the delivery time [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub sigma: f64,
    /// What the seller pays for each parcel that leaves [EUR].
    #[garde(range(min = 0.0, max = 1_000.0))]
    pub price_eur: f64,
}

/// How many parcels a promise is learned from.
const SAMPLES: u32 = 4_096;
/// The golden ratio less one: its multiples fall evenly between 0 and 1 wherever one stops.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// How many quantiles of the total time are kept.
const QUANTILES: usize = 512;
/// Handling multipliers for which they are learned; between two, quantiles are interpolated.
const GRID: usize = 16;

/// The times of parcels.
#[derive(Debug, Clone)]
pub struct Fulfilment {
    spec: FulfilmentSpec,
    carriers: Vec<CarrierSpec>,
    /// Quantiles of handling plus delivery by (carrier, handling multiplier, abroad), each from 0 to
    /// 1 in steps of 1/[`QUANTILES`].
    quantiles: Vec<Vec<f64>>,
    /// The least handling multiplier, and the logarithm of a step of the grid.
    least: f64,
    log_step: f64,
}

/// Within how many days a seller promises delivery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// Where the seller is.
    country: CountryId,
    /// Promised days at home and abroad.
    days: [f32; 2],
}

impl Promise {
    /// The promise to a shopper in `country` [days].
    #[inline]
    pub fn days_to(&self, country: CountryId) -> f64 {
        f64::from(self.days[usize::from(country != self.country)])
    }
}

/// When an order leaves and when it comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Journey {
    /// From purchase to shipping [days].
    pub handling_days: f64,
    /// From purchase to delivery [days].
    pub total_days: f64,
    /// Whether that is after the promised day.
    pub late: bool,
}

impl Fulfilment {
    /// Learns the distribution of total times for every carrier over the range of the handling
    /// multipliers that sellers have. The promise a seller makes is a quantile of what its own parcels
    /// really take, so lateness has one source.
    pub fn new(spec: &FulfilmentSpec, handlings: impl Iterator<Item = f64> + Clone) -> Self {
        let least = handlings.clone().fold(f64::INFINITY, f64::min).clamp(1e-3, 1e3);
        let most = handlings.fold(least, f64::max);
        let log_step = libm::log(most / least).max(1e-9) / (GRID - 1) as f64;
        let carriers: Vec<CarrierSpec> = spec.carriers.values().cloned().collect();
        let mut this =
            Fulfilment { spec: spec.clone(), carriers, quantiles: vec![], least, log_step };
        for carrier in 0..this.carriers.len() {
            for m in 0..GRID {
                let multiplier = least * libm::exp(log_step * m as f64);
                for abroad in [false, true] {
                    let sampled = this.sample(carrier, multiplier, abroad);
                    this.quantiles.push(sampled);
                }
            }
        }
        this
    }

    /// The carriers, in the order of their names.
    pub fn carriers(&self) -> &[CarrierSpec] {
        &self.carriers
    }

    /// Quantiles of the total time. The parcels lie evenly over the square of what handling and
    /// delivery can be (a lattice): drawn ones would make the whole market late by what their sample
    /// happens to be off.
    fn sample(&self, carrier: usize, multiplier: f64, abroad: bool) -> Vec<f64> {
        let mut totals: Vec<f64> = (0..SAMPLES)
            .map(|i| {
                let middle = f64::from(i) + 0.5;
                let handling = unit_normal(middle / f64::from(SAMPLES));
                let delivery = unit_normal((middle * GOLDEN).fract());
                let (h, d) = self.times(carrier, multiplier, abroad, handling, delivery);
                h + d
            })
            .collect();
        totals.sort_by(f64::total_cmp);
        let last = totals.len() - 1;
        (0..=QUANTILES).map(|q| totals[q * last / QUANTILES]).collect()
    }

    /// Handling and delivery [days] of one parcel, by the standard normals behind the two.
    fn times(
        &self,
        carrier: usize,
        multiplier: f64,
        abroad: bool,
        handling: f64,
        delivery: f64,
    ) -> (f64, f64) {
        let h = self.spec.handling_median_days * multiplier;
        let way = &self.carriers[carrier];
        let far = if abroad { self.spec.abroad } else { 1.0 };
        (
            h * libm::exp(self.spec.handling_sigma * handling),
            way.median_days * far * libm::exp(way.sigma * delivery),
        )
    }

    /// The total time [days] that a share `p` of parcels stays within.
    fn quantile(&self, carrier: usize, multiplier: f64, abroad: bool, p: f64) -> f64 {
        let at = (libm::log((multiplier / self.least).max(1.0)) / self.log_step).max(0.0);
        let m = (at as usize).min(GRID - 2);
        let part = (at - m as f64).min(1.0);
        let of = |m: usize| {
            let table = &self.quantiles[(carrier * GRID + m) * 2 + usize::from(abroad)];
            let at = p.clamp(0.0, 1.0) * QUANTILES as f64;
            let i = (at as usize).min(QUANTILES - 1);
            table[i] + (table[i + 1] - table[i]) * (at - i as f64)
        };
        of(m) + (of(m + 1) - of(m)) * part
    }

    /// What a seller promises at the start, which it never changes.
    pub fn promise_of(&self, seller: &Profile) -> Promise {
        let carrier = usize::from(seller.carrier);
        let days = |abroad| {
            let in_time = 1.0 - seller.quality.late;
            self.quantile(carrier, seller.handling, abroad, in_time) as f32
        };
        Promise { country: seller.country, days: [days(false), days(true)] }
    }

    /// One parcel's journey. `promised` is the quality that the seller made its promise by, `now` the
    /// one it has: a seller who got slower is slower by as much as makes its late share true.
    #[expect(clippy::too_many_arguments, reason = "a parcel's journey depends on all of these")]
    pub fn journey(
        &self,
        carrier: u8,
        handling: f64,
        abroad: bool,
        promised: &Quality,
        now: &Quality,
        dice: Dice,
        who: u64,
        about: u32,
    ) -> Journey {
        let carrier = usize::from(carrier);
        let mut draws = dice.stream(who, about, Purpose::Delay);
        let normals = (unit_normal(draws.unit()), unit_normal(draws.unit()));
        let (h, d) = self.times(carrier, handling, abroad, normals.0, normals.1);
        let promise = self.quantile(carrier, handling, abroad, 1.0 - promised.late);
        let slowness = if now.late == promised.late {
            1.0
        } else {
            promise / self.quantile(carrier, handling, abroad, 1.0 - now.late).max(1e-9)
        };
        let (mut left, mut came) = (slowness * h, slowness * (h + d));
        // A promise ends where the learned times do, but who is never late is so beyond them too.
        if now.late == 0.0 {
            (left, came) = (left.min(promise), came.min(promise));
        }
        Journey { handling_days: left, total_days: came, late: came > promise }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELLER: Quality =
        Quality { defect: 0.0, late: 0.08, misgrade: 0.0, cancel: 0.0, tilt: 0.0 };

    fn fulfilment() -> Fulfilment {
        let spec: FulfilmentSpec = crate::reference::table("fulfilment");
        Fulfilment::new(&spec, [0.5, 2.0].into_iter())
    }

    /// The share of late parcels, by the promise made for `promised` and the quality that is `now`.
    fn late_share(fulfilment: &Fulfilment, promised: &Quality, now: &Quality, n: u64) -> f64 {
        let mut late = 0u32;
        for who in 0..n {
            let (carrier, abroad) = ((who % 3) as u8, who % 2 == 0);
            let handling = 0.5 + (who % 7) as f64 / 4.0;
            let dice = Dice::new(5, 0);
            let one = fulfilment.journey(carrier, handling, abroad, promised, now, dice, who, 0);
            late += u32::from(one.late);
        }
        f64::from(late) / n as f64
    }

    /// A promise learned from a sample of parcels would be off by .004 for all sellers together.
    #[test]
    fn as_many_parcels_are_late_as_the_seller_is_late() {
        let fulfilment = fulfilment();
        for late in [0.02, 0.08, 0.3] {
            let seller = Quality { late, ..SELLER };
            let n = 400_000;
            let got = late_share(&fulfilment, &seller, &seller, n);
            let three_sigma = 3.0 * (late * (1.0 - late) / n as f64).sqrt();
            assert!((got - late).abs() < three_sigma + 3e-4, "{got} for {late}, seed 5");
        }
        let got = late_share(&fulfilment, &SELLER, &Quality { late: 0.2, ..SELLER }, 100_000);
        assert!((got - 0.2).abs() < 0.006, "{got} for one that got slower, seed 5");
    }

    #[test]
    fn who_is_never_late_is_never_late() {
        let never = Quality { late: 0.0, ..SELLER };
        assert_eq!(late_share(&fulfilment(), &never, &never, 100_000), 0.0);
        assert_eq!(late_share(&fulfilment(), &SELLER, &never, 100_000), 0.0);
    }

    #[test]
    fn a_promise_is_longer_abroad_and_shorter_by_express() {
        let fulfilment = fulfilment();
        let days = |carrier, abroad| fulfilment.quantile(carrier, 1.0, abroad, 0.92);
        // Carriers are in the order of their names: express, relay, standard.
        assert!(days(0, false) < days(2, false) && days(2, false) < days(1, false));
        assert!(days(0, true) > days(0, false));
    }
}
