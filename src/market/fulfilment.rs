//! How orders travel: handling, delivery, and the promise that lateness is measured against.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agents::sellers::Quality;
use crate::rng::{Dice, Purpose, lognormal};

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
    #[garde(dive)]
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
    /// What a parcel costs the seller [EUR].
    #[garde(range(min = 0.0, max = 1_000.0))]
    pub price_eur: f64,
}

/// How many parcels a promise is learned from.
const SAMPLES: u32 = 4_096;
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
    pub fn new(
        spec: &FulfilmentSpec,
        handlings: impl Iterator<Item = f64> + Clone,
        dice: Dice,
    ) -> Self {
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
                    let sampled = this.sample(carrier, multiplier, abroad, dice);
                    this.quantiles.push(sampled);
                }
            }
        }
        this
    }

    /// How many carriers there are.
    pub fn carriers(&self) -> &[CarrierSpec] {
        &self.carriers
    }

    fn sample(&self, carrier: usize, multiplier: f64, abroad: bool, dice: Dice) -> Vec<f64> {
        let mut totals: Vec<f64> = (0..SAMPLES)
            .map(|i| {
                let (h, d) = self.times(carrier, multiplier, abroad, dice, u64::from(i), 0);
                h + d
            })
            .collect();
        totals.sort_by(f64::total_cmp);
        let last = totals.len() - 1;
        (0..=QUANTILES).map(|q| totals[q * last / QUANTILES]).collect()
    }

    /// Handling and delivery [days] of one parcel, keyed by (who, about).
    fn times(
        &self,
        carrier: usize,
        multiplier: f64,
        abroad: bool,
        dice: Dice,
        who: u64,
        about: u32,
    ) -> (f64, f64) {
        let mut draws = dice.stream(who, about, Purpose::Delay);
        let handling = self.spec.handling_median_days * multiplier;
        let h = handling * lognormal(&mut draws, 0.0, self.spec.handling_sigma);
        let way = &self.carriers[carrier];
        let far = if abroad { self.spec.abroad } else { 1.0 };
        let d = way.median_days * far * lognormal(&mut draws, 0.0, way.sigma);
        (h, d)
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
        let (h, d) = self.times(carrier, handling, abroad, dice, who, about);
        let promise = self.quantile(carrier, handling, abroad, 1.0 - promised.late);
        let slowness = if now.late == promised.late {
            1.0
        } else {
            promise / self.quantile(carrier, handling, abroad, 1.0 - now.late).max(1e-9)
        };
        let total = slowness * (h + d);
        Journey { handling_days: slowness * h, total_days: total, late: total > promise }
    }
}
