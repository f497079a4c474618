//! Sellers that a scenario gives, in place of drawing them: a price that stays, stock that never runs
//! out, no costs, no moods and nothing of a kind's business. Markets whose outcome is known exactly are
//! made of them.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Listing, PricingId, Profile, Quality, SellerDay, Sourcing};
use crate::protocol::{Notice, Outbox, Request};
use crate::rng::{Dice, Purpose, unit_normal};
use crate::units::{Cents, CountryId, KindId, ProductId, SellerId};

/// `[sellers.given.NAME]`: sellers who are alike and live from the start. Each offers every product,
/// everywhere, by every way to pay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenSpec {
    /// How many of them there are; absent: one [sellers].
    #[garde(range(min = 1, max = 1_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// What they ask for every product, first and last [EUR].
    #[garde(range(min = 0.01, max = 1e6))]
    pub price_eur: f64,
    /// How their orders are rated; absent: as `stars.good` says of everybody's.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<GivenQuality>,
}

/// `[sellers.newcomers]`: sellers who come with a chance at each visit, in place of those that staff
/// brings in (`joining`). A newcomer gets the order that it comes with, whoever else is there; from then
/// on it is ranked like everybody. Where nobody leaves without buying this is a chance per sale, as in
/// Simon 1955, "On a Class of Skew Distribution Functions". Needs `refresh = "immediate"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewcomersSpec {
    /// Chance that a visit buys from somebody new [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub chance: f64,
    /// No more come than this [sellers].
    #[garde(range(min = 1, max = 1_000_000))]
    pub most: u32,
    /// What they ask for every product, first and last [EUR].
    #[garde(range(min = 0.01, max = 1e6))]
    pub price_eur: f64,
    /// How their orders are rated; absent: as `stars.good` says of everybody's.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<GivenQuality>,
}

/// How the orders of given sellers are rated; one variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum GivenQuality {
    /// Five stars or one, by a chance: an arm of a bandit.
    Bernoulli(#[garde(dive)] BernoulliStars),
    /// By shares of all five numbers of stars.
    Shares(#[garde(dive)] StarsByShare),
    /// Around a true mean that is drawn for each seller from a normal distribution, by `market.seed`:
    /// for `[reviews.gaussian]`.
    Normal(#[garde(dive)] NormalStars),
}

/// Five stars or one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BernoulliStars {
    /// Chance of five stars; the others are one [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub positive: f64,
}

/// A distribution of stars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StarsByShare {
    /// Shares of 1 to 5 stars; they add up to 1 [ratio].
    #[garde(inner(range(min = 0.0, max = 1.0)))]
    pub stars: [f64; 5],
}

/// True means spread normally over sellers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NormalStars {
    /// Mean over all such sellers [stars].
    #[garde(range(min = 1.0, max = 5.0))]
    pub mean: f64,
    /// Standard deviation between sellers [stars].
    #[garde(range(min = 0.0, max = 4.0))]
    pub sd: f64,
}

/// What a profile keeps of how its seller was given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given {
    /// What it asks for every product [EUR].
    pub price_eur: f64,
    /// Shares of 1 to 5 stars, where it has its own.
    pub shares: Option<[f64; 5]>,
    /// The true mean of real-valued stars, where it was drawn.
    pub mean_stars: Option<f64>,
}

impl Given {
    fn draw(price_eur: f64, quality: Option<&GivenQuality>, who: Dice, seller: SellerId) -> Given {
        let shares = match quality {
            Some(GivenQuality::Bernoulli(arm)) => {
                Some([1.0 - arm.positive, 0.0, 0.0, 0.0, arm.positive])
            }
            Some(GivenQuality::Shares(shares)) => Some(shares.stars),
            _ => None,
        };
        let mean_stars = match quality {
            Some(GivenQuality::Normal(normal)) => {
                let draw = who.block(u64::from(seller.0), 0, Purpose::SellerQuality);
                Some(normal.mean + normal.sd * unit_normal(draw.fine_unit(0)))
            }
            _ => None,
        };
        Given { price_eur, shares, mean_stars }
    }
}

/// What all given sellers have in common.
#[derive(Debug, Clone)]
pub(super) struct Everywhere {
    /// Reference price at the start by product [EUR].
    pub reference: Vec<f64>,
    /// How many countries there are.
    pub countries: usize,
    /// How many payment methods there are.
    pub payments: usize,
}

impl Everywhere {
    /// A seller of this price and quality, by its number.
    pub(super) fn seller(
        &self,
        price_eur: f64,
        quality: Option<&GivenQuality>,
        who: Dice,
        seller: SellerId,
    ) -> Profile {
        let listing = |(i, reference): (u32, &f64)| Listing {
            product: ProductId(i),
            markup: price_eur / reference,
        };
        Profile {
            seller,
            kind: KindId::Given,
            country: CountryId(0),
            ships: ((1u64 << self.countries) - 1) as u32,
            payments: ((1u32 << self.payments) - 1) as u8,
            carrier: 0,
            handling: 1.0,
            quality: Quality { defect: 0.0, late: 0.0, misgrade: 0.0, cancel: 0.0, tilt: 0.0 },
            catalogue: (0u32..).zip(&self.reference).map(listing).collect(),
            pricing: PricingId(0),
            scale: 1.0,
            capacity: u32::MAX,
            past_reviews: 0,
            given: Some(Given::draw(price_eur, quality, who, seller)),
        }
    }
}

/// Units that a given seller has on its shelf every morning: more than are ever sold in a day, which
/// has fewer visits than that.
const PLENTY: u32 = 1_000_000_000;

/// A shelf that is filled up by itself, at no cost.
pub(super) struct Plenty;

impl Sourcing for Plenty {
    fn hear(&mut self, _: &Notice) {}

    fn wake(&mut self, me: &Profile, day: &SellerDay<'_>, out: &mut Outbox) {
        for line in day.shelf {
            let units = PLENTY.saturating_sub(line.stock);
            if units > 0 {
                let (product, unit_cost) = (line.product, Cents(0));
                out.say(me.seller, Request::Restock { product, units, unit_cost });
            }
        }
    }
}
