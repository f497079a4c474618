//! Leads: everybody whom business development will ever meet, drawn from `market.seed` alone.
//!
//! Bursts are drawn at signing, in weekly cohorts, and each member's first contact is dated back from
//! its signing. Drawing bursts of leads instead would wash them out: the lag between contact and
//! signing spreads a burst over months.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::{Dice, Purpose, Stream, exponential, negative_binomial, poisson, unit_normal};
use crate::units::{CategoryId, CountryId, KindId, SellerId};

/// Who comes, and when: `joining.leads`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadsSpec {
    /// Mean number of leads [leads/week].
    #[garde(range(min = 0.0, max = 100_000.0))]
    pub per_week: f64,
    /// Share of leads that sign [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub conversion: f64,
    /// Dispersion k of the negative binomial number of signings in a week, whose variance is
    /// mean + mean²/k: smaller is burstier [ratio].
    #[garde(range(min = 0.05, max = 1_000_000.0))]
    pub burst_k: f64,
    /// Mean of the logarithm of the days from first contact to signing [ln days].
    #[garde(range(min = -3.0, max = 6.0))]
    pub lag_mu: f64,
    /// Standard deviation of that logarithm [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub lag_sigma: f64,
    /// Longest time from first contact to signing: the lognormal is cut there [days].
    #[garde(range(min = 1, max = 10_000))]
    pub lag_max_days: u32,
    /// Mean time after which a lead that won't sign is lost; exponential [days].
    #[garde(range(min = 0.1, max = 3650.0))]
    pub lost_days: f64,
    /// Weeks before day 0 from which cohorts are drawn, so that the pipeline starts as full as it will
    /// stay [weeks].
    #[garde(range(min = 0, max = 520))]
    pub preroll_weeks: u32,
}

/// What would become of a lead if the marketplace had time for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It signs on this day.
    Signs(i32),
    /// It is lost on this day.
    Lost(i32),
}

/// A first contact: when somebody is met, and what would come of it. Who it is follows from the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// The number it would sell under.
    pub seller: SellerId,
    /// Day of the first contact; before the run where negative.
    pub day: i32,
    /// What would become of it if somebody called in time.
    pub fate: Fate,
}

/// Somebody whom business development will meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// When it is met, and what would come of it.
    pub contact: Contact,
    /// What business it is.
    pub kind: KindId,
    /// Where it would sell from.
    pub country: CountryId,
    /// The category most of its catalogue would lie in.
    pub category: CategoryId,
}

/// Draws everybody who is met before the end of week `weeks`, numbered from `first` in the order of
/// first contact: a pure function of the root `market.seed`. A longer run only adds to the end.
pub fn draw_contacts(spec: &LeadsSpec, dice: Dice, first: SellerId, weeks: u32) -> Vec<Contact> {
    let preroll = i64::from(spec.preroll_weeks);
    // Who signs after the end may be met before it.
    let tail = i64::from(spec.lag_max_days) / 7 + 2;
    let mean = spec.per_week * spec.conversion;
    let mut met: Vec<(f64, Fate)> = Vec::new();
    for week in -preroll..i64::from(weeks) + tail {
        let mut cohort = dice.stream(week as u64, 0, Purpose::Cohort);
        for member in 0..negative_binomial(&mut cohort, mean, spec.burst_k) {
            let mut draws = dice.stream(week as u64, 2 * member, Purpose::Lead);
            let signing = 7.0 * (week as f64 + draws.unit());
            let lag = lag_days(spec, &mut draws);
            met.push((signing - lag, Fate::Signs(libm::floor(signing) as i32)));
        }
        let mut others = dice.stream(week as u64, 1, Purpose::Cohort);
        for member in 0..poisson(&mut others, spec.per_week - mean) {
            let mut draws = dice.stream(week as u64, 2 * member + 1, Purpose::Lead);
            let contact = 7.0 * (week as f64 + draws.unit());
            let lost = contact + spec.lost_days * exponential(&mut draws);
            met.push((contact, Fate::Lost(libm::floor(lost) as i32)));
        }
    }
    met.retain(|&(day, _)| day < 7.0 * f64::from(weeks));
    // The sort is stable and cohorts were drawn in order, so equal moments have one order too.
    met.sort_by(|a, b| a.0.total_cmp(&b.0));
    let contact = |(seller, (day, fate))| Contact {
        seller: SellerId(seller),
        day: libm::floor(day) as i32,
        fate,
    };
    (first.0..).zip(met).map(contact).collect()
}

/// Days from first contact to signing: the lognormal cut at its longest, by inversion.
fn lag_days(spec: &LeadsSpec, draws: &mut Stream) -> f64 {
    let longest = libm::log(f64::from(spec.lag_max_days));
    let within = if spec.lag_sigma > 0.0 {
        let z = (longest - spec.lag_mu) / spec.lag_sigma;
        0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
    } else {
        1.0
    };
    let z = unit_normal((draws.unit() * within).max(f64::MIN_POSITIVE));
    libm::exp((spec.lag_mu + spec.lag_sigma * z).min(longest))
}
