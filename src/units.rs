//! Quantities and identifiers: what every other file counts in.
//!
//! Each is a newtype, so that a price cannot be taken for a delay. Raw numbers that leave a newtype
//! carry their unit at the end of their name (`delay_us`, `fee_cents`).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Microseconds in one second.
pub const US_PER_SECOND: u64 = 1_000_000;
/// Microseconds in one day.
pub const US_PER_DAY: u64 = 86_400 * US_PER_SECOND;
/// Microseconds in one week.
pub const US_PER_WEEK: u64 = 7 * US_PER_DAY;

/// A moment of virtual time [µs since Monday 00:00 of week 0].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(pub u64);

impl SimTime {
    /// The start of day `day` (day 0 is a Monday).
    pub const fn from_day(day: u32) -> Self {
        SimTime(day as u64 * US_PER_DAY)
    }

    /// The day this moment lies in, counted from 0.
    pub const fn day(self) -> u32 {
        (self.0 / US_PER_DAY) as u32
    }

    /// The week this moment lies in, counted from 0.
    pub const fn week(self) -> u32 {
        (self.0 / US_PER_WEEK) as u32
    }

    /// The hour of the week, 0 (Monday, midnight to one) to 167.
    pub const fn hour_of_week(self) -> usize {
        (self.0 % US_PER_WEEK / (3_600 * US_PER_SECOND)) as usize
    }

    /// This moment in days, with its fraction.
    pub fn days(self) -> f64 {
        self.0 as f64 / US_PER_DAY as f64
    }

    /// This moment and `days` more; a negative delay counts as none.
    #[must_use]
    pub fn plus_days(self, days: f64) -> Self {
        // A cast from float saturates, so even an absurd delay stays a valid (never reached) moment.
        SimTime(self.0.saturating_add((days * US_PER_DAY as f64) as u64))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / US_PER_SECOND;
        let (day, s) = (seconds / 86_400, seconds % 86_400);
        let clock = (s / 3_600, s / 60 % 60, s % 60);
        write!(f, "week {} day {} {:02}:{:02}:{:02}", day / 7, day % 7, clock.0, clock.1, clock.2)
    }
}

/// An amount of money [hundredths of a euro]; negative where a balance may be.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Cents(pub i64);

impl Cents {
    /// The nearest amount to `eur` euros.
    pub fn from_eur(eur: f64) -> Self {
        Cents((eur * 100.0).round() as i64)
    }

    /// The amount in euros.
    pub fn eur(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

impl std::ops::Add for Cents {
    type Output = Cents;
    fn add(self, other: Cents) -> Cents {
        Cents(self.0 + other.0)
    }
}

impl std::ops::Sub for Cents {
    type Output = Cents;
    fn sub(self, other: Cents) -> Cents {
        Cents(self.0 - other.0)
    }
}

impl std::ops::AddAssign for Cents {
    fn add_assign(&mut self, other: Cents) {
        self.0 += other.0;
    }
}

impl std::ops::SubAssign for Cents {
    fn sub_assign(&mut self, other: Cents) {
        self.0 -= other.0;
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Cents>>(amounts: I) -> Cents {
        Cents(amounts.map(|c| c.0).sum())
    }
}

macro_rules! dense_id {
    ($(#[$doc:meta])* $name:ident($raw:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub struct $name(pub $raw);

        impl $name {
            /// The place of this one in an array of all.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

dense_id! {
    /// A seller, numbered by its lead: 0 up to the number of sellers at the start, then every lead
    /// that will ever be met, in the order of first contact, whether or not it goes live. So who
    /// signs, or when, never renumbers the others.
    SellerId(u32)
}
dense_id! {
    /// A product: a model in one condition grade.
    ProductId(u32)
}
dense_id! {
    /// A product category, in the order of their names in the scenario.
    CategoryId(u8)
}
dense_id! {
    /// A country, in the order of their names in the scenario.
    CountryId(u8)
}
dense_id! {
    /// A class of shoppers, in the order of their names in the scenario.
    ClassId(u8)
}
dense_id! {
    /// A customer, numbered over all classes.
    CustomerId(u32)
}

/// One shopper's visit. Its number is made of what the visit is, (class, cell, tick, j-th of them),
/// so that no change of ranking policy renumbers the visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SessionId(pub u64);

impl SessionId {
    /// Bits of each part: class, cell, tick, j.
    pub const BITS: [u32; 4] = [6, 10, 26, 22];

    /// The `j`-th visit of `class` to `cell` in `tick`.
    pub fn new(class: ClassId, cell: u32, tick: u32, j: u32) -> Self {
        let [_, cell_bits, tick_bits, j_bits] = Self::BITS;
        debug_assert!(cell < 1 << cell_bits && tick < 1 << tick_bits && j < 1 << j_bits);
        let high = (class.0 as u64) << cell_bits | cell as u64;
        SessionId((high << tick_bits | tick as u64) << j_bits | j as u64)
    }

    /// The class of shoppers that the number was made with.
    pub const fn class(self) -> ClassId {
        let [_, cell, tick, j] = Self::BITS;
        ClassId((self.0 >> (cell + tick + j)) as u8)
    }

    /// The tick that the number was made with.
    pub const fn tick(self) -> u32 {
        let [_, _, tick, j] = Self::BITS;
        (self.0 >> j) as u32 & ((1 << tick) - 1)
    }
}

/// The condition grade of a refurbished good, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Works; visible wear.
    Fair,
    /// Works; light wear.
    Good,
    /// Works; wear not seen at arm's length.
    Excellent,
    /// As new, with certified parts.
    Premium,
}

impl Grade {
    /// Every grade, worst first.
    pub const ALL: [Grade; 4] = [Grade::Fair, Grade::Good, Grade::Excellent, Grade::Premium];

    /// The word people read.
    pub const fn name(self) -> &'static str {
        match self {
            Grade::Fair => "fair",
            Grade::Good => "good",
            Grade::Excellent => "excellent",
            Grade::Premium => "premium",
        }
    }
}

/// The kind of a seller: what business it is, which decides how it gets stock.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "kind of seller")]
pub enum KindId {
    /// Reconditions at an industrial scale.
    Factory,
    /// A small workshop.
    Repairer,
    /// Takes devices apart and sells the parts.
    Recycler,
    /// Buys reconditioned lots and resells them.
    Trader,
    /// Deals in large, rare lots.
    Wholesaler,
    /// Sells fleets that come back from their lease.
    Leasing,
    /// A retailer, distributor, manufacturer or mobile operator with unopened returns.
    Retailer,
    /// A certified second-hand reseller that buys from individuals.
    Certified,
    /// No business at all: its price, stock and quality are given by the scenario.
    Given,
}

impl KindId {
    /// Every kind that sellers are drawn of, in the order of the scenario's reference.
    pub const ALL: [KindId; 8] = [
        KindId::Factory,
        KindId::Repairer,
        KindId::Recycler,
        KindId::Trader,
        KindId::Wholesaler,
        KindId::Leasing,
        KindId::Retailer,
        KindId::Certified,
    ];

    /// The word people read, and the key in a scenario.
    pub const fn name(self) -> &'static str {
        match self {
            KindId::Factory => "factory",
            KindId::Repairer => "repairer",
            KindId::Recycler => "recycler",
            KindId::Trader => "trader",
            KindId::Wholesaler => "wholesaler",
            KindId::Leasing => "leasing",
            KindId::Retailer => "retailer",
            KindId::Certified => "certified",
            KindId::Given => "given",
        }
    }

    /// The place of this kind in [`KindId::ALL`], one past the last for given sellers.
    pub const fn index(self) -> usize {
        self as usize
    }
}
