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

/// Values that the bits of a mood can have.
const MOODS: usize = 4;

/// What is known of one customer, in two bytes: a million are drawn from at random, so that each
/// visit waits for memory once.
///
/// The mood in bits 0 and 1, the country in bits 2 to 7, payment methods as bits from 8 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Customer(u16);

impl Customer {
    const MOOD: u16 = 0b11;

    /// One whose mood is usual; `country` is below 64.
    fn new(country: CountryId, payments: u8) -> Self {
        assert!(country.0 < 64, "{country:?} does not fit");
        Customer(u16::from(payments) << 8 | u16::from(country.0) << 2 | Mood::Usual as u16)
    }

    /// Where the customer lives.
    pub const fn country(self) -> CountryId {
        CountryId((self.0 >> 2) as u8 & 63)
    }

    /// The payment methods the customer has, as bits.
    pub const fn payments(self) -> u8 {
        (self.0 >> 8) as u8
    }

    const fn mood(self) -> u16 {
        self.0 & Self::MOOD
    }
}

/// Every customer. Read by cells during a tick, written between ticks.
#[derive(Debug, Clone, Default)]
pub struct Customers {
    all: Vec<Customer>,
    /// A visit of the envelope takes place when 32 bits are below this, by mood.
    keep_below: [u64; MOODS],
    spec: Option<LoyaltySpec>,
}

impl Customers {
    /// Draws who exists (root `market.seed`): country by the `countries` of the customer's class, of
    /// which each ends before one of the customers `ends`, and one payment method by `payments`, as the
    /// bit of its number.
    pub fn new(
        spec: &LoyaltySpec,
        dice: Dice,
        ends: &[u32],
        countries: &[Alias],
        payments: &Alias,
    ) -> Self {
        let one = |i: u32| {
            let block = dice.block(u64::from(i), 0, Purpose::Customer);
            // Rounding may leave the last customers to no class.
            let class = ends.partition_point(|&end| end <= i).min(countries.len() - 1);
            let country = CountryId(countries[class].pick(block.0[0]) as u8);
            Customer::new(country, 1 << payments.pick(block.0[1]))
        };
        let keep = |visits: f64| (visits / spec.loyal_visits * 4_294_967_296.0) as u64;
        Customers {
            all: (0..spec.customers).map(one).collect(),
            keep_below: [keep(spec.lost_visits), keep(1.0), 1 << 32, 0],
            spec: Some(spec.clone()),
        }
    }

    /// How much higher than the visits of usual customers the envelope must be.
    pub fn envelope(&self) -> f64 {
        self.spec.as_ref().map_or(1.0, |s| s.loyal_visits)
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What is known of a customer.
    #[inline]
    pub fn get(&self, customer: CustomerId) -> Customer {
        self.all[customer.index()]
    }

    /// Whether a visit of the envelope takes place, by 32 uniform bits.
    #[inline]
    pub fn visits(&self, customer: Customer, bits: u32) -> bool {
        u64::from(bits) < self.keep_below[usize::from(customer.mood())]
    }

    /// What an experience does to a customer, by a uniform draw: the new mood, where it changes.
    pub fn experience(&mut self, customer: CustomerId, good: bool, unit: f64) -> Option<Mood> {
        let spec = self.spec.as_ref()?;
        let (chance, mood) =
            if good { (spec.won_by_good, Mood::Loyal) } else { (spec.lost_by_bad, Mood::Lost) };
        let now = &mut self.all[customer.index()];
        if unit >= chance || now.mood() == mood as u16 {
            return None;
        }
        now.0 = now.0 & !Customer::MOOD | mood as u16;
        Some(mood)
    }
}
