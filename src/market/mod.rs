//! The market: the only owner of what is for sale, who sells it and what is known of them.
//!
//! A market has two parts. Its cells hold products with their offers and work side by side within a
//! tick, reading the [`Market`] as it was at the last barrier. The [`Market`] itself changes only at
//! the barrier: [`Market::record`] applies facts to what later choices see, and is the one back edge
//! of the program; [`Market::settle`] lets staff and sellers act when a day is over.

mod best;
mod build;
mod catalogue;
mod cell;
mod events;
mod feedback;
mod fulfilment;
mod ledger;
mod lots;
mod newcomers;
pub mod onboarding;
mod past;
mod record;
mod reputation;
mod requests;
pub mod serve;
mod settle;
mod shelf;
mod split;
mod staffing;
mod team;
mod truth;
mod view;

use std::sync::Arc;

use crate::agents::sellers::{self, Outcome, Pricing, Profile, Quality, StarShares, StarTable};
use crate::agents::shoppers::{Browsing, Customers, ReturnsSpec, ReviewsSpec, Taste, Traffic};
use crate::history::{Census, Condition, Order};
use crate::protocol::Outbox;
use crate::ranking::{Merit, Ranking, Reads, Weight};
use crate::rng::{Alias, Block, Dice, unit_normal, unit32};
use crate::units::{CategoryId, Cents, ClassId, CountryId, ProductId, SellerId, SimTime};

pub use best::{Placed, best};
pub use build::{MarketPlan, MarketSpec, Opening};
pub use catalogue::{CategorySpec, CountrySpec, PaymentSpec, ProductsSpec};
pub use cell::Cell;
pub use events::{EventSpec, EventsSpec, ExtraReview, Planted, QualityShock, Stance, Target};
pub use feedback::FeedbackSpec;
pub use fulfilment::{CarrierSpec, Fulfilment, FulfilmentSpec, Promise};
pub use ledger::{FeesSpec, Ledger};
pub use reputation::{Reputations, Tally};
pub use shelf::{Offers, Rivalry, Row, Scratch, Spot};
pub use split::{Design, Side, Split, SplitPlan};
pub use view::{Fresh, View};

use onboarding::Onboarding;
use team::Team;

/// The cells of a market, as the barrier reaches them.
pub trait Shelves {
    /// The cell of a number.
    fn cell(&mut self, number: u32) -> &mut Cell;
}

/// Where a product is: its cell, and its shelf there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// Number of the cell.
    pub cell: u32,
    /// Place of the shelf in the cell.
    pub slot: u32,
}

/// Whether a seller may sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not live yet.
    Applicant,
    /// Live and allowed to sell.
    Selling,
    /// Live, but not allowed to sell for a while.
    Suspended,
    /// Gone for good.
    Gone,
}

/// A seller in the market.
pub struct Seller {
    /// True quality today.
    pub quality: Quality,
    /// Whether it may sell.
    pub standing: Standing,
    /// The team it acts with.
    side: Side,
    /// How running events make it act today.
    stance: Stance,
    /// Orders a day that the trial allows, while it lasts.
    trial_cap: Option<u32>,
    actor: sellers::Seller,
    stars: StarTable,
    /// What a policy would know of it if evidence were unlimited.
    truth: Merit,
    /// Its offers, in the order of listing.
    offers: Vec<Offer>,
    /// Cells it has offers in, in order.
    cells: Vec<u32>,
    /// Orders it can still handle today, and those it took.
    capacity_left: u32,
    orders_today: u32,
    orders_yesterday: u32,
}

/// Where one of a seller's offers is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Offer {
    product: ProductId,
    cell: u32,
    spot: Spot,
    /// Target price over reference price when it was listed.
    markup: f32,
}

impl Seller {
    /// Who it is; `quality` in it is what its delivery promise was made by.
    pub fn profile(&self) -> &Profile {
        self.actor.profile()
    }

    /// How running events make it act today.
    pub fn stance(&self) -> Stance {
        self.stance
    }

    /// Whether it pays the monthly fee: live, and past its trial.
    pub fn is_established(&self) -> bool {
        self.is_live() && self.trial_cap.is_none()
    }

    /// Live, suspended or not.
    pub fn is_live(&self) -> bool {
        matches!(self.standing, Standing::Selling | Standing::Suspended)
    }

    /// How many products it offers.
    pub fn listed(&self) -> usize {
        self.offers.len()
    }
}

/// A class of shoppers, ready for use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// Its share of all visits.
    pub share: f64,
    /// What it cares for.
    pub taste: Taste,
    /// Share of its visits that weigh the places of the slate; the others take the box or leave.
    pub choosers: f64,
}

/// The market between two barriers, as cells read it.
pub struct Market {
    census: Census,
    /// What visits meet, by side: one, or two while a test deals visits to them.
    views: Vec<View>,
    /// What the policies read of merits.
    reads: Reads,
    /// Who is on which side; none where nothing is tested.
    split: Option<Arc<Split>>,
    /// Roots of who exists and of what happens.
    who: Dice,
    dice: Dice,
    reputations: Reputations,
    /// Payment methods that sellers take, as bits: a column apart from what is seldom asked.
    takes: Vec<u8>,
    ledger: Ledger,
    sellers: Vec<Seller>,
    /// What sellers act by, by side: one, or two while a test deals sellers to them.
    teams: Vec<Team>,
    homes: Vec<Home>,
    /// Listed offers, by product.
    offers: Vec<u32>,
    /// Reference price now [EUR], by product.
    reference: Vec<f64>,
    tick_us: u64,

    traffic: Traffic,
    classes: Vec<Class>,
    mean_star_eur: f64,
    customers: Customers,
    /// First customer of each class, and one past the last.
    class_bounds: Vec<u32>,
    /// Where shoppers live, by class.
    countries: Vec<Alias>,
    /// Share of shoppers, by country.
    shopper_shares: Vec<f64>,
    payments: Alias,
    leaving: Option<f64>,
    browsing: Browsing,
    neutral_stars: f64,
    neutral_days: f64,

    fulfilment: Option<Fulfilment>,
    /// By seller; empty where orders do not travel.
    promises: Vec<Promise>,
    returns: Option<ReturnsSpec>,
    reviews: Option<ReviewsSpec>,
    star_shares: StarShares,
    /// How far real-valued stars are spread; nothing where stars are whole.
    star_sd: Option<f64>,
    events: EventsSpec,
    onboarding: Option<Onboarding>,
    newcomers: Option<newcomers::Newcomers>,
    lots: lots::LotMarket,
    /// Orders that campaigns place today, in the order of ticks.
    planted: Vec<events::Planted>,
    /// Who the running events strike, by their number.
    struck: std::collections::BTreeMap<u32, Vec<SellerId>>,
    outbox: Outbox,
    /// Sellers who look at prices today, by tick of the day.
    looks_today: Vec<Vec<SellerId>>,
    /// The tick of the day that comes next.
    next_look: usize,
    /// Sellers who sold since quotas were dealt last.
    sold: Vec<SellerId>,
    wakes: u64,
}

/// What cells read within a tick.
impl Market {
    /// Who exists.
    pub fn census(&self) -> &Census {
        &self.census
    }

    /// The ranking policy; of two, the first.
    pub fn policy(&self) -> &dyn Ranking {
        self.views[0].policy()
    }

    /// Who is on which side of a test; none where nothing is tested.
    pub fn split(&self) -> Option<&Arc<Split>> {
        self.split.as_ref()
    }

    /// What any policy reads of merits besides reviews.
    pub fn reads(&self) -> Reads {
        self.reads
    }

    /// The root of what happens.
    pub fn dice(&self) -> Dice {
        self.dice
    }

    /// What is known of the sellers.
    pub fn reputations(&self) -> &Reputations {
        &self.reputations
    }

    /// The accounts.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A seller.
    pub fn seller(&self, seller: SellerId) -> &Seller {
        &self.sellers[seller.index()]
    }

    /// Every seller there is or will be, by number.
    pub fn sellers(&self) -> &[Seller] {
        &self.sellers
    }

    /// The applicants' records.
    pub fn onboarding(&self) -> Option<&Onboarding> {
        self.onboarding.as_ref()
    }

    /// Places of a slate; on the first side.
    pub fn slate_length(&self) -> usize {
        self.views[0].slate_length()
    }

    /// The reference price of a product this week [EUR].
    pub fn reference_eur(&self, product: ProductId) -> f64 {
        self.reference[product.index()]
    }

    /// What the policy keeps of a seller for an offer in `category` with so many views; on the first
    /// side.
    pub fn weigh(&self, seller: SellerId, category: CategoryId, views: u64) -> Weight {
        self.weigh_in(&self.views[0], seller, category, views)
    }

    /// What the policy may know of a seller for an offer in `category` with so many views; on the first
    /// side.
    pub fn merit(&self, seller: SellerId, category: CategoryId, views: u64) -> Merit {
        self.reputations.merit(seller, category, views, self.views[0].blind)
    }

    /// The stars that shoppers see of a seller, as of the last refresh; on the first side.
    #[inline]
    pub fn stars(&self, seller: SellerId) -> f32 {
        self.views[0].stars(seller)
    }

    /// The payment methods that a seller takes, as bits.
    #[inline]
    pub fn takes(&self, seller: SellerId) -> u8 {
        self.takes[seller.index()]
    }

    /// The stars that shoppers will see of a seller after the next refresh; on the first side.
    pub fn shown_stars(&self, seller: SellerId) -> f32 {
        self.shown_in(&self.views[0], seller)
    }

    /// The pricing strategy of a seller.
    pub fn pricing(&self, seller: SellerId) -> &dyn Pricing {
        self.team(seller).roster.pricings().get(self.seller(seller).profile().pricing)
    }

    /// Sellers whose turn it is to look at prices in this tick.
    pub fn looking(&self) -> &[SellerId] {
        self.looks_today.get(self.next_look).map_or(&[], Vec::as_slice)
    }

    /// The price [EUR] at which a unit of this cost leaves a seller nothing after the commission, its
    /// carrier, and the share of its orders that it has had to refund.
    pub fn break_even(&self, seller: SellerId, unit_cost: u32) -> f64 {
        let cost = f64::from(unit_cost) / 100.0 + self.parcel(seller).eur();
        let known = self.reputations.lifetime(seller);
        let refunded = f64::from(known.returned + known.cancelled) / f64::from(known.orders.max(1));
        cost / (1.0 - self.team(seller).commission).max(1e-6) / (1.0 - refunded).max(0.1)
    }

    /// What a seller's carrier gets for a parcel; nothing where orders do not travel.
    pub fn parcel(&self, seller: SellerId) -> Cents {
        let carriers = self.fulfilment.as_ref().map_or(&[][..], Fulfilment::carriers);
        let carrier = carriers.get(usize::from(self.seller(seller).profile().carrier));
        carrier.map_or(Cents(0), |carrier| Cents::from_eur(carrier.price_eur))
    }

    /// The intensity of visits.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The classes of shoppers.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// What a star is worth to shoppers in the mean over all visits [EUR/star].
    pub fn mean_star_eur(&self) -> f64 {
        self.mean_star_eur
    }

    /// One class of shoppers.
    pub fn class(&self, class: ClassId) -> &Class {
        &self.classes[class.index()]
    }

    /// Everybody who remembers.
    pub fn customers(&self) -> &Customers {
        &self.customers
    }

    /// First customer of a class, and how many of the class there are at a time: 1 at least, so that
    /// a class too small for a customer of its own shares its neighbour's. Where visits fall from week
    /// to week, everybody is there from the start.
    pub fn customers_now(&self, class: ClassId, at: SimTime) -> (u32, u32) {
        let customers = self.customers.len() as u32;
        split::customers_now(&self.class_bounds, customers, &self.traffic, class, at)
    }

    /// Where a shopper of a class lives whom nobody remembers, and what it pays by, from 32 uniform
    /// bits.
    pub fn stranger(&self, class: ClassId, bits: u32) -> (CountryId, u8) {
        let country = CountryId(self.countries[class.index()].pick(bits) as u8);
        (country, 1 << self.payments.pick(bits.rotate_left(16).wrapping_mul(0x9E37_79B1)))
    }

    /// exp(−utility of leaving), or `None` where nobody leaves.
    pub fn leaving(&self) -> Option<f64> {
        self.leaving
    }

    /// How shoppers go through the places that they may look at.
    pub fn browsing(&self) -> &Browsing {
        &self.browsing
    }

    /// Stars assumed of a seller whose rating is not shown.
    pub fn neutral_stars(&self) -> f64 {
        self.neutral_stars
    }

    /// Promised days of delivery that neither help nor hurt an offer.
    pub fn neutral_days(&self) -> f64 {
        self.neutral_days
    }

    /// The days within which a seller promises delivery to a country; 0 where orders do not travel.
    #[inline]
    pub fn promised_days(&self, seller: SellerId, country: CountryId) -> f64 {
        self.promises.get(seller.index()).map_or(0.0, |promise| promise.days_to(country))
    }

    /// How orders travel; `None` where they are with their buyers at once.
    pub fn fulfilment(&self) -> Option<&Fulfilment> {
        self.fulfilment.as_ref()
    }

    /// How units are sent back.
    pub fn returns(&self) -> Option<&ReturnsSpec> {
        self.returns.as_ref()
    }

    /// How orders are reviewed.
    pub fn reviews(&self) -> Option<&ReviewsSpec> {
        self.reviews.as_ref()
    }

    /// The stars that a shopper would give for an order, by the draw for its review: what came of the
    /// order decides, and an answer that came too slowly costs some.
    pub fn stars_given(&self, order: &Order, late: bool, condition: Condition, draw: Block) -> u8 {
        if let Some(sd) = self.star_sd {
            return self.real_stars(sd, order.seller, draw).round().clamp(1.0, 5.0) as u8;
        }
        let seller = self.seller(order.seller);
        let stars = seller.stars.stars(Outcome::of(late, condition), draw.0[1]);
        let wrong = late || condition != Condition::Sound;
        let staff = self.onboarding.as_ref();
        let lost = staff.map_or(0, |o| o.stars_lost(order.seller, wrong, draw.unit(3)));
        stars.saturating_sub(lost).max(1)
    }

    /// The real-valued stars of a review by its draw: around the seller's true mean of today.
    #[cold]
    fn real_stars(&self, sd: f64, seller: SellerId, draw: Block) -> f64 {
        self.reputations.true_stars(seller) + sd * unit_normal(unit32(draw.0[1]))
    }

    /// Orders that campaigns place in a tick of the day.
    pub fn planted(&self) -> impl Iterator<Item = &Planted> {
        self.planted.iter().filter(|p| p.tick_of_day == self.next_look)
    }

    /// Wakes of sellers and staff so far.
    pub fn wakes(&self) -> u64 {
        self.wakes
    }
}
