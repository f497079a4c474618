//! Sellers: who they are, how they get stock, how they price, how good they are.

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
    pub seller: SellerId,
    pub kind: KindId,
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
}

/// One line of a catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listing {
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
    /// Day of the run, 0 a Monday.
    pub day: u32,
    /// Week of the scenario's year that day 0 lies in is 0; leap days are not modelled.
    pub shelf: &'a [ShelfLine],
    /// Units supplied for each unit demanded, market-wide: `sellers.supply`.
    pub supply: f64,
    /// Draws of what happens (root `seed`).
    pub dice: Dice,
}

/// How a kind of seller gets stock: an actor with state of its own. Each kind is a file in `kinds/`.
pub trait Sourcing: Send {
    /// Hears what happened since the last waking, one notice at a time.
    fn hear(&mut self, notice: &Notice);

    /// Wakes, looks and asks. It keeps its stock in days of supply in bounds by itself.
    fn wake(&mut self, me: &Profile, day: &SellerDay<'_>, out: &mut Outbox);
}

/// What a seller looks at when it sets one price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The price now [EUR].
    pub price: f64,
    /// What it would ask without competition, today [EUR].
    pub target: f64,
    /// The price that would win the box, where the policy can tell and there is a rival [EUR].
    pub to_win: Option<f64>,
    /// Whether it has the box now (as the policy would rank for the seller's own country).
    pub winning: bool,
    /// Units on the shelf.
    pub stock: u32,
    /// Units sold since the last look.
    pub sold: u32,
    /// Days since the shelf was last refilled.
    pub age_days: f64,
    /// Days since the last look.
    pub elapsed_days: f64,
    /// A uniform draw for strategies that try things.
    pub chance: f64,
}

/// A pricing strategy. It keeps nothing between looks but the memory it is handed: strategies run in
/// parallel, cell by cell.
pub trait Pricing: Send + Sync {
    /// How many times a day it looks (may be a fraction).
    fn looks_a_day(&self) -> f64;

    /// The new price [EUR]; the market rounds it to cents and keeps it at 1 cent at least.
    fn reprice(&self, look: &Look, memory: &mut f64) -> f64;
}

/// Where a seller's products lie: what profiles are drawn from, made by the market's catalogue.
#[derive(Debug, Clone)]
pub struct Assortment {
    /// By product: its category, whether its grade is the best one, and its popularity (sums to 1).
    pub products: Vec<(CategoryId, bool, f64)>,
    /// The category of spare parts, where there is one.
    pub parts: Option<CategoryId>,
    pub reference: Vec<Cents>,
}
