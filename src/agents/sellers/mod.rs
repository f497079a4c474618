//! Sellers: who they are, how they get stock, how they price, how good they are.
//!
//! [`Roster`] draws who exists; [`Seller`] is the actor that the market wakes once a day. A kind of
//! seller is a file in [`kinds`], a pricing strategy a file in [`pricing`]. Parameters live beside
//! what they configure; [`SellersSpec`] gathers them under the key `sellers` of a scenario.

mod actor;
mod exit;
mod given;
pub mod kinds;
mod latent;
pub mod pricing;
mod profile;
mod quality;
mod reaction;
mod stars;

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use actor::Seller;
pub use exit::{Books, ExitSpec};
pub use given::{Given, GivenQuality, GivenSpec, NewcomersSpec};
pub use kinds::KindsSpec;
pub use pricing::{PricingSpec, Pricings};
pub use profile::{CountsSpec, Roster, Setting, ShippingSpec};
pub use quality::{
    BetaSpec, ChangeSpec, DriftSpec, PlanSpec, QualityRules, QualitySpec, TrueQuality,
};
pub use reaction::{Reaction, ReactionSpec};
pub use stars::{Outcome, StarShares, StarTable, positive_share, true_stars};

use crate::protocol::{Notice, Outbox, ShelfLine};
use crate::rng::Dice;
use crate::units::{CategoryId, Cents, CountryId, KindId, ProductId, SellerId};

/// The true chances that a seller's orders go wrong, and how pleasant it is to deal with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Chance that a unit is defective.
    pub defect: f64,
    /// Chance that a parcel comes after the promised day.
    pub late: f64,
    /// Chance that a sound unit is worse than its grade.
    pub misgrade: f64,
    /// Chance that the seller calls an order off.
    pub cancel: f64,
    /// Exponential tilt of the star distribution: weights of star k are multiplied by exp(tilt·(k − 3)).
    pub tilt: f64,
}

/// Who a seller is: drawn from `market.seed` under its own number, and never changed by what happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its number.
    pub seller: SellerId,
    /// What business it is.
    pub kind: KindId,
    /// Where it sells from.
    pub country: CountryId,
    /// Countries it ships to, as bits by [`CountryId`].
    pub ships: u32,
    /// Payment methods it takes, as bits.
    pub payments: u8,
    /// Its carrier, by place in the scenario's list.
    pub carrier: u8,
    /// Handling time over the usual.
    pub handling: f64,
    /// True quality at the start.
    pub quality: Quality,
    /// What it lists: product and target price over the product's reference price.
    pub catalogue: Vec<Listing>,
    /// How its prices move.
    pub pricing: PricingId,
    /// Its supply over what the scenario gives an average seller.
    pub scale: f64,
    /// Orders it can handle a day.
    pub capacity: u32,
    /// Reviews it had when the run began, and the sum of their stars is drawn by the market.
    pub past_reviews: u32,
    /// Set where the scenario gives the seller in place of drawing it.
    pub given: Option<Given>,
}

impl Profile {
    /// How its orders are rated, where everybody's are rated as `usual` says.
    pub fn star_shares(&self, usual: &StarShares) -> StarShares {
        let own = self.given.and_then(|given| given.shares);
        own.map_or(*usual, |row| StarShares {
            good: row,
            late: row,
            defective: row,
            misgraded: row,
        })
    }

    /// Mean stars that it earns in the long run with a `quality`, if every delivered order is reviewed.
    pub fn true_stars(&self, quality: &Quality, usual: &StarShares) -> f64 {
        let drawn = self.given.and_then(|given| given.mean_stars);
        drawn.unwrap_or_else(|| true_stars(quality, &self.star_shares(usual)))
    }
}

/// One line of a catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listing {
    /// What is listed.
    pub product: ProductId,
    /// Target price over the product's reference price.
    pub markup: f64,
}

/// A pricing strategy, by its place in the registry of [`pricing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricingId(pub u8);

/// What a seller's waking sees. A seller wakes once a day.
#[derive(Debug)]
pub struct SellerDay<'a> {
    /// Day of the run. Day 0 is the Monday of week 0 of the scenario's year; a year has 52 weeks,
    /// leap days are not modelled.
    pub day: u32,
    /// The seller's offers.
    pub shelf: &'a [ShelfLine],
    /// Units supplied for each unit demanded, market-wide: `sellers.supply`.
    pub supply: f64,
    /// How much more a product counts that staff asked to restock: `sellers.urgency`.
    pub urgency: f64,
    /// Draws of what happens (root `seed`).
    pub dice: Dice,
}

/// How a kind of seller gets stock: an actor with state of its own. Each kind is a file in `kinds/`.
pub trait Sourcing: Send + Sync {
    /// Hears what happened since the last waking, one notice at a time.
    fn hear(&mut self, notice: &Notice);

    /// Wakes, looks and asks. It keeps its stock in days of supply in bounds by itself.
    fn wake(&mut self, me: &Profile, day: &SellerDay<'_>, out: &mut Outbox);

    /// What a unit of a lot cost that was sold at `unit_price`; without a business in lots, as much.
    fn lot_cost(&self, unit_price: Cents) -> Cents {
        unit_price
    }
}

/// What a seller looks at when it sets one price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The price now [EUR].
    pub price: f64,
    /// What it would ask without competition, today [EUR].
    pub target: f64,
    /// The price at which a sale leaves nothing after the unit's cost, the commission and the carrier
    /// [EUR].
    pub break_even: f64,
    /// The price that would win the box, where the policy can tell and there is a rival [EUR].
    pub to_win: Option<f64>,
    /// Whether it has the box now (as the policy would rank for the seller's own country).
    pub winning: bool,
    /// Units on the shelf.
    pub stock: u32,
    /// Units sold since the last look.
    pub sold: u32,
    /// Days that the units on the shelf have lain there, on average.
    pub age_days: f64,
    /// Days since the last look.
    pub elapsed_days: f64,
    /// The lowest price it goes to, over its usual lowest, as events have it; 1 in quiet times.
    pub floor_factor: f64,
    /// A uniform draw for strategies that try things.
    pub chance: f64,
}

/// What a strategy keeps of one offer between looks. It starts as zeros; what each number means is
/// the strategy's own business.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Memory(pub [f32; 8]);

/// A pricing strategy. It keeps nothing between looks but the memory it is handed: strategies run in
/// parallel, cell by cell.
pub trait Pricing: Send + Sync {
    /// How many times a day it looks (may be a fraction).
    fn looks_a_day(&self) -> f64;

    /// The new price [EUR]; the market rounds it to cents and keeps it at 1 cent at least.
    fn reprice(&self, look: &Look, memory: &mut Memory) -> f64;
}

/// Where a seller's products lie: what profiles are drawn from, made by the market's catalogue.
#[derive(Debug, Clone)]
pub struct Assortment {
    /// By product: its category, whether its grade is the best one, and its popularity (sums to 1).
    pub products: Vec<(CategoryId, bool, f64)>,
    /// The category of spare parts, where there is one.
    pub parts: Option<CategoryId>,
    /// By product: its reference price at the start.
    pub reference: Vec<Cents>,
}

/// The sellers of a scenario: how many there are, and how each is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SellersSpec {
    /// Sellers who are drawn and live when the run begins [sellers].
    #[garde(range(min = 0, max = 10_000_000))]
    pub count: u32,
    /// Sellers who are given and live when the run begins, by name; absent: none.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, GivenSpec>,
    /// Given sellers who come with a chance at each visit; absent: none.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newcomers: Option<NewcomersSpec>,
    /// Units supplied for each unit demanded, over all sellers, if all that is supplied is sold
    /// [units/unit].
    #[garde(range(min = 0.0, max = 1000.0))]
    pub supply: f64,
    /// Mean of the logarithm of a catalogue's size [log products]; a catalogue has at least 1.
    #[garde(range(min = -5.0, max = 12.0))]
    pub catalogue_mu: f64,
    /// Standard deviation of the logarithm of a catalogue's size [ratio].
    #[garde(range(min = 0.0, max = 5.0))]
    pub catalogue_sigma: f64,
    /// The catalogue of a seller who joins during the run, over that of one there from the start
    /// [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub joiner_catalogue: f64,
    /// How much of a product's chance to be listed follows its popularity; the rest is the same for
    /// all products [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub popularity_mix: f64,
    /// Standard deviation of the logarithm of target prices within a product, the differences in
    /// cost between the kinds included [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub price_log_sd: f64,
    /// What a unit costs the seller over its target price [ratio].
    #[garde(range(min = 0.0, max = 10.0))]
    pub cost_share: f64,
    /// Standard deviation of the logarithm of a seller's supply over that of its kind, whose
    /// mean is 1 [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub scale_sigma: f64,
    /// Orders that a seller of scale 1 handles a day for each product it lists [orders/day].
    #[garde(range(min = 0.0, max = 1e12))]
    pub capacity: f64,
    /// Orders a day that even the smallest seller handles [orders/day].
    #[garde(range(min = 1, max = 1_000_000))]
    pub capacity_min: u32,
    /// Standard deviation of the logarithm of a seller's handling time over that of its kind [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub handling_sigma: f64,
    /// Chance that a seller lists a product which its account manager proposes [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub accept_proposal: f64,
    /// How much more a product counts that staff asked to restock, when stock is shared out [ratio].
    #[garde(range(min = 1.0, max = 100.0))]
    pub urgency: f64,
    /// True quality: how it is drawn, how it drifts, what an action plan does.
    #[garde(dive)]
    pub quality: QualitySpec,
    /// Reviews that the sellers of the start already have; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub past: Option<CountsSpec>,
    /// Where sellers ship to.
    #[garde(dive)]
    pub shipping: ShippingSpec,
    /// Pricing strategies and who follows which; their shares add up to 1.
    #[garde(dive)]
    pub pricing: PricingSpec,
    /// Kinds of sellers; their shares add up to 1.
    #[garde(dive)]
    pub kinds: KindsSpec,
    /// When sellers give up; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub exit: Option<ExitSpec>,
    /// How sellers answer bad reviews (feedback channel `sellers`); absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub reaction: Option<ReactionSpec>,
}

impl SellersSpec {
    /// Sellers who are live when the run begins, drawn and given [sellers].
    pub fn at_start(&self) -> u32 {
        let given = self.given.values().map(|given| given.count.unwrap_or(1));
        given.fold(self.count, u32::saturating_add)
    }

    /// How each table of given sellers says that orders are rated, with its dotted path.
    fn qualities(&self) -> impl Iterator<Item = (String, &GivenQuality)> {
        let given = self.given.iter().map(|(name, spec)| (format!("given.{name}"), &spec.quality));
        let newcomers = self.newcomers.iter().map(|spec| ("newcomers".to_owned(), &spec.quality));
        let all = given.chain(newcomers);
        all.filter_map(|(path, quality)| {
            Some((format!("sellers.{path}.quality"), quality.as_ref()?))
        })
    }

    /// The distributions of stars of given sellers, each with its dotted path.
    pub fn given_shares(&self) -> impl Iterator<Item = (String, &[f64; 5])> {
        self.qualities().filter_map(|(path, quality)| match quality {
            GivenQuality::Shares(shares) => Some((format!("{path}.shares.stars"), &shares.stars)),
            _ => None,
        })
    }

    /// The paths of true means that only real-valued stars can be drawn around.
    pub fn given_means(&self) -> impl Iterator<Item = String> {
        self.qualities().filter_map(|(path, quality)| match quality {
            GivenQuality::Normal(_) => Some(format!("{path}.normal")),
            _ => None,
        })
    }

    /// What single ranges cannot say, but for shares that must add up: (dotted path, what is wrong),
    /// empty when all is well. `has_parts` tells whether the scenario has a category of spare parts.
    pub fn problems(&self, has_parts: bool) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let recyclers = self.kinds.recycler.as_ref().is_some_and(|kind| kind.share > 0.0);
        if recyclers && !has_parts {
            let path = "sellers.kinds.recycler.share".to_owned();
            found
                .push((path, "recyclers sell spare parts, but no category is of parts".to_owned()));
        }
        found.extend(self.pricing.problems());
        found.extend(self.kinds.problems());
        found
    }
}

/// Draws an index in proportion to `shares` with the uniform `u`; 0 where there is no share at all.
fn pick(shares: impl Iterator<Item = f64> + Clone, u: f64) -> usize {
    let total: f64 = shares.clone().sum();
    let mut left = u * total;
    let mut last = 0;
    for (i, share) in shares.enumerate().filter(|&(_, share)| share > 0.0) {
        last = i;
        left -= share;
        if left < 0.0 {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests;
