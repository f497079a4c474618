//! Whether customers come back: one byte of mood each.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::{Alias, Dice, Purpose};
use crate::units::{CountryId, CustomerId};

/// `[shoppers.loyalty]`: customers who remember.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoyaltySpec {
    /// Customers there are in the last week [count]; before, as many fewer as visits are.
    #[garde(range(min = 1, max = 500_000_000))]
    pub customers: u32,
    /// Visits of a loyal customer over those of a usual one [ratio].
    #[garde(range(min = 1.0, max = 20.0))]
    pub loyal_visits: f64,
    /// Visits of a lost customer over those of a usual one [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub lost_visits: f64,
    /// Chance that a good experience makes a customer loyal [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub won_by_good: f64,
    /// Chance that a bad experience loses a customer [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub lost_by_bad: f64,
}

/// How often a customer visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mood {
    /// After a bad experience: visits `lost_visits` times as often.
    Lost = 0,
    /// Visits as its class does.
    Usual = 1,
    /// After a good experience: visits `loyal_visits` times as often.
    Loyal = 2,
}

/// How many moods there are.
pub const MOODS: usize = 3;

/// Every customer, as two columns: where it lives with what it pays by, and its mood. Read by cells
/// during a tick, written between ticks.
#[derive(Debug, Clone, Default)]
pub struct Customers {
    country: Vec<u8>,
    payments: Vec<u8>,
    mood: Vec<u8>,
    /// A visit of the envelope takes place when 32 bits are below this, by mood.
    keep_below: [u64; MOODS],
    spec: Option<LoyaltySpec>,
}

impl Customers {
    /// Draws who exists (root `market.seed`): country by `countries`, and one payment method by
    /// `payments`, as the bit of its number.
    pub fn new(spec: &LoyaltySpec, dice: Dice, countries: &Alias, payments: &Alias) -> Self {
        let n = spec.customers as usize;
        let (mut country, mut payment) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for i in 0..spec.customers {
            let block = dice.block(u64::from(i), 0, Purpose::Customer);
            country.push(countries.pick(block.0[0]) as u8);
            payment.push(1 << payments.pick(block.0[1]));
        }
        let keep = |visits: f64| (visits / spec.loyal_visits * 4_294_967_296.0) as u64;
        Customers {
            country,
            payments: payment,
            mood: vec![Mood::Usual as u8; n],
            keep_below: [keep(spec.lost_visits), keep(1.0), 1 << 32],
            spec: Some(spec.clone()),
        }
    }

    /// How much higher than the visits of usual customers the envelope must be.
    pub fn envelope(&self) -> f64 {
        self.spec.as_ref().map_or(1.0, |s| s.loyal_visits)
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.mood.len()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.mood.is_empty()
    }

    /// Whether a visit of the envelope takes place, by 32 uniform bits.
    pub fn visits(&self, customer: CustomerId, bits: u32) -> bool {
        u64::from(bits) < self.keep_below[usize::from(self.mood[customer.index()])]
    }

    /// Where a customer lives.
    pub fn country(&self, customer: CustomerId) -> CountryId {
        CountryId(self.country[customer.index()])
    }

    /// The payment methods a customer has, as bits.
    pub fn payments(&self, customer: CustomerId) -> u8 {
        self.payments[customer.index()]
    }

    /// What an experience does to a customer, by a uniform draw: the new mood, where it changes.
    pub fn experience(&mut self, customer: CustomerId, good: bool, unit: f64) -> Option<Mood> {
        let spec = self.spec.as_ref()?;
        let (chance, mood) =
            if good { (spec.won_by_good, Mood::Loyal) } else { (spec.lost_by_bad, Mood::Lost) };
        let now = &mut self.mood[customer.index()];
        if unit >= chance || *now == mood as u8 {
            return None;
        }
        *now = mood as u8;
        Some(mood)
    }
}
