//! A market as its scenario describes it, before its first tick.

use std::collections::BTreeMap;
use std::sync::Arc;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalogue::{CategorySpec, CountrySpec, PaymentSpec, ProductsSpec, draw_products};
use super::fulfilment::{Fulfilment, FulfilmentSpec, Promise};
use super::ledger::{FeesSpec, Ledger};
use super::lots::LotMarket;
use super::newcomers::Newcomers;
use super::onboarding::{Contact, JoiningSpec, Lead, Onboarding, Resident, draw_contacts};
use super::reputation::{MAX_WINDOW_WEEKS, Reputations};
use super::shelf::Offers;
use super::split::{Side, SplitPlan};
use super::team::Team;
use super::view::View;
use super::{Cell, Class, EventsSpec, FeedbackSpec, Home, Market, Seller, Stance, Standing};
use crate::agents::sellers::{
    self, Assortment, Profile, Roster, SellersSpec, Setting, StarShares, StarTable,
};
use crate::agents::shoppers::{ClassSpec, Customers, ReviewsSpec, ShoppersSpec, Taste, Traffic};
use crate::history::{Census, ProductCard, SellerCard};
use crate::protocol::Outbox;
use crate::ranking::{Ranking, Reads};
use crate::rng::{Alias, Dice};
use crate::units::{CategoryId, Grade, ProductId, SellerId, SimTime};

/// `[market]`: the marketplace itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketSpec {
    /// The root of who exists: products, sellers, leads, customers.
    #[garde(range(min = 0, max = i64::MAX as u64))]
    pub seed: u64,
    /// Places of a slate [count].
    #[garde(range(min = 1, max = 50))]
    pub slate_length: u32,
    /// Weeks that the window of reputations covers [weeks].
    #[garde(range(min = 1, max = MAX_WINDOW_WEEKS as u32))]
    pub window_weeks: u32,
    /// Orders a visit that sellers plan their supply by [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub planned_conversion: f64,
    /// Look-ups of the price to win that the platform answers a seller a day, over all its offers
    /// [count].
    #[garde(range(min = 0, max = 100_000_000))]
    pub lookups_a_day: u32,
    /// What a badge beside every offer (a guarantee, say) is worth to shoppers who see it; it changes no
    /// rank; absent: there is none [stars].
    #[garde(range(min = -4.0, max = 4.0))]
    #[serde(default, skip_serializing_if = "is_zero")]
    pub badge_stars: f64,
    /// What is traded.
    #[garde(dive)]
    pub products: ProductsSpec,
    /// What the platform charges.
    #[garde(dive)]
    pub fees: FeesSpec,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// Everything a market is made of: the tables of a scenario, and which world of it.
pub struct MarketPlan<'a> {
    /// Root of what happens; who exists is drawn from `market.seed`.
    pub seed: u64,
    /// Number of the world: 0 for the first.
    pub world: u32,
    /// Length of the run [weeks].
    pub weeks: u32,
    /// Length of a tick [µs].
    pub tick_us: u64,
    /// Parts that products are dealt into; fewer where there are fewer products.
    pub cells: u32,
    /// The marketplace itself.
    pub market: &'a MarketSpec,
    /// By name; their order gives the numbers.
    pub categories: &'a BTreeMap<String, CategorySpec>,
    /// By name; their order gives the numbers.
    pub countries: &'a BTreeMap<String, CountrySpec>,
    /// By name; their order gives the bits.
    pub payments: &'a BTreeMap<String, PaymentSpec>,
    /// How orders travel; without it they are with their buyers at once.
    pub fulfilment: Option<&'a FulfilmentSpec>,
    /// Who reviews and when; without it nobody does.
    pub reviews: Option<&'a ReviewsSpec>,
    /// Stars by outcome, before a seller's service tilts them.
    pub stars: &'a StarShares,
    /// Who visits, and how they choose.
    pub shoppers: &'a ShoppersSpec,
    /// Who sells.
    pub sellers: &'a SellersSpec,
    /// How new sellers join; without it nobody does.
    pub joining: Option<&'a JoiningSpec>,
    /// Which feedback channels are open.
    pub feedback: FeedbackSpec,
    /// What happens from outside.
    pub events: &'a EventsSpec,
    /// The rule that ranks.
    pub policy: Box<dyn Ranking>,
    /// The second side of a test within this world; without it nothing is tested.
    pub split: Option<SplitPlan<'a>>,
}

/// A market that has not opened yet, with its cells.
pub struct Opening {
    /// What all cells read.
    pub market: Market,
    /// The cells, by number, with nothing on their shelves.
    pub cells: Vec<Cell>,
    /// Popularity of the products of each cell, by slot.
    pub popularity: Vec<Vec<f64>>,
}

impl MarketPlan<'_> {
    /// Draws who exists and puts up the empty shelves.
    pub fn build(self) -> Opening {
        let who = Dice::new(self.market.seed, 0);
        let products = draw_products(&self.market.products, self.categories, who);
        let assortment = self.assortment(&products);
        let teams = self.teams(&assortment);
        let (sellers, contacts) = self.draw_sellers(who, &teams);
        let census = self.census(products, &sellers);
        let products = &census.products;
        let (homes, slots) = deal_products(products, self.cells);
        let popularity = slots
            .iter()
            .map(|slot| slot.iter().map(|p| products[p.index()].popularity).collect())
            .collect();
        let cells = (0u32..)
            .zip(&slots)
            .map(|(number, slot)| {
                let shelf = |p: &ProductId| (*p, products[p.index()].category);
                let offers = Offers::new(slot.iter().map(shelf));
                let offers = if self.has_two_views() { offers.for_two_sides() } else { offers };
                Cell::new(number, offers, sellers.len())
            })
            .collect();
        let mut market = self.market(who, census, teams, sellers, contacts, homes);
        market.reads = market.views.iter().map(View::reads).fold(Reads::default(), Reads::or);
        market.set_reference_prices(SimTime(0));
        Opening { market, cells, popularity }
    }

    fn assortment(&self, products: &[ProductCard]) -> Assortment {
        let is_parts: Vec<bool> = self.categories.values().map(|c| c.parts).collect();
        let line = |p: &ProductCard| (p.category, p.grade == Grade::Premium, p.popularity);
        Assortment {
            products: products.iter().map(line).collect(),
            parts: is_parts.iter().position(|&parts| parts).map(|i| CategoryId(i as u8)),
            reference: products.iter().map(|p| p.reference).collect(),
        }
    }

    pub(super) fn roster(&self, spec: &SellersSpec, assortment: &Assortment) -> Roster {
        let countries: Vec<f64> = self.countries.values().map(|c| c.sellers).collect();
        let carriers: Vec<f64> =
            self.fulfilment.map_or(vec![], |f| f.carriers.values().map(|c| c.share).collect());
        let payments: Vec<f64> = self.payments.values().map(|p| p.sellers).collect();
        let setting = Setting {
            assortment,
            countries: &countries,
            carriers: &carriers,
            payments: &payments,
            stars: self.stars,
        };
        Roster::new(spec, &setting)
    }

    /// Draws the sellers of the start and everybody who may join them.
    fn draw_sellers(&self, who: Dice, teams: &[Team]) -> (Vec<Seller>, Vec<Contact>) {
        let start = self.sellers.at_start();
        let contacts = self.joining.map_or(vec![], |joining| {
            draw_contacts(&joining.leads, who, SellerId(start), self.weeks)
        });
        let split = self.dealing();
        let side = |seller| split.as_ref().map_or(Side::A, |split| split.of_seller(seller));
        let mut profiles = self.profiles(&teams[0].roster, who, contacts.len() as u32);
        if let Some(second) = teams.get(1) {
            let others = self.profiles(&second.roster, who, contacts.len() as u32);
            let pairs = profiles.iter_mut().zip(others);
            for (mine, other) in pairs.filter(|(mine, _)| side(mine.seller) == Side::B) {
                *mine = other;
            }
        }
        let seller = |profile: Profile| {
            let side = side(profile.seller);
            let team = &teams[side.index()];
            let profile = Arc::new(profile);
            Seller {
                quality: profile.quality,
                standing: Standing::Applicant,
                side,
                stance: Stance::default(),
                trial_cap: None,
                stars: StarTable::new(profile.quality.tilt, &profile.star_shares(self.stars)),
                truth: self.truth(&profile),
                actor: sellers::Seller::new(profile, &team.spec),
                offers: vec![],
                cells: vec![],
                capacity_left: 0,
                orders_today: 0,
                orders_yesterday: 0,
            }
        };
        (profiles.into_iter().map(seller).collect(), contacts)
    }

    /// Everybody who may ever sell, by number, as one roster draws them.
    fn profiles(&self, roster: &Roster, who: Dice, contacts: u32) -> Vec<Profile> {
        let (drawn, start) = (self.sellers.count, self.sellers.at_start());
        let leads = start + contacts;
        let profile = |joiner| move |i| roster.profile(who, SellerId(i), joiner);
        (0..drawn)
            .map(profile(false))
            .chain(roster.given(who))
            .chain((start..leads).map(profile(true)))
            .chain(roster.newcomers(who, SellerId(leads)))
            .collect()
    }

    fn census(&self, products: Vec<ProductCard>, sellers: &[Seller]) -> Census {
        let card = |seller: &Seller| {
            let profile = seller.profile();
            let mut listed = vec![0u32; self.categories.len()];
            for line in &profile.catalogue {
                listed[products[line.product.index()].category.index()] += 1;
            }
            let most = listed.iter().enumerate().max_by_key(|&(i, &n)| (n, std::cmp::Reverse(i)));
            SellerCard {
                seller: profile.seller,
                kind: profile.kind,
                country: profile.country,
                category: CategoryId(most.map_or(0, |(i, _)| i as u8)),
                true_stars: profile.true_stars(&profile.quality, self.stars),
                from_start: profile.seller.0 < self.sellers.at_start(),
            }
        };
        Census {
            sellers: sellers.iter().map(card).collect(),
            products,
            categories: self.categories.keys().cloned().collect(),
            countries: self.countries.keys().cloned().collect(),
            classes: self.shoppers.classes.keys().cloned().collect(),
            weeks: self.weeks,
            ended: None,
            slate_length: self.market.slate_length as usize,
            commission: self.market.fees.commission,
        }
    }

    fn market(
        self,
        who: Dice,
        census: Census,
        teams: Vec<Team>,
        sellers: Vec<Seller>,
        contacts: Vec<Contact>,
        homes: Vec<Home>,
    ) -> Market {
        let homes_of = self.homes_of_classes();
        let countries: Vec<Alias> = homes_of.iter().map(|shares| Alias::new(shares)).collect();
        let payments = self.ways_to_pay();
        let (customers, class_bounds) = self.customers(who, &countries, &payments);
        let fulfilment = self.travel(&sellers);
        let choice = &self.shoppers.choice;
        let split = self.dealing();
        Market {
            onboarding: self.joining.map(|joining| self.staff(joining, &census, contacts, who)),
            reputations: self.reputations(sellers.len(), census.categories.len()),
            ledger: self.ledger(&sellers),
            offers: vec![0; census.products.len()],
            reference: vec![0.0; census.products.len()],
            traffic: Traffic::new(self.shoppers, self.weeks),
            classes: classes(self.shoppers),
            mean_star_eur: mean_star_eur(self.shoppers),
            class_bounds,
            leaving: choice.leaving.map(|utility| libm::exp(-utility)),
            browsing: choice.browsing(self.longest_slate()),
            neutral_stars: choice.neutral_stars,
            neutral_days: choice.neutral_days,
            who,
            dice: Dice::new(self.seed, self.world),
            reads: Reads::default(),
            split: split.map(Arc::new),
            teams,
            tick_us: self.tick_us,
            returns: self.shoppers.returns.clone(),
            reviews: self.reviews.cloned(),
            star_shares: *self.stars,
            star_sd: self.reviews.and_then(|r| r.gaussian).map(|gaussian| gaussian.sd),
            shopper_shares: mean_shares(self.shoppers, &homes_of),
            planted: vec![],
            struck: BTreeMap::new(),
            events: self.events.clone(),
            newcomers: self.sellers.newcomers.as_ref().map(|n| Newcomers::new(n, sellers.len())),
            lots: LotMarket::default(),
            outbox: Outbox::default(),
            looks_today: vec![],
            next_look: 0,
            sold: vec![],
            wakes: 0,
            promises: promises(fulfilment.as_ref(), &sellers),
            census,
            takes: sellers.iter().map(|seller| seller.profile().payments).collect(),
            views: self.views(sellers.len()),
            sellers,
            homes,
            customers,
            countries,
            payments,
            fulfilment,
        }
    }

    /// Empty accounts, with each seller's commission.
    fn ledger(&self, sellers: &[Seller]) -> Ledger {
        let mut ledger = Ledger::new(&self.market.fees, sellers.len());
        if let Some(split) = &self.split {
            for seller in sellers.iter().filter(|seller| seller.side == Side::B) {
                ledger.charge_by(seller.profile().seller, &split.market.fees);
            }
        }
        ledger
    }

    /// Customers who are followed.
    pub(super) fn followed(&self) -> usize {
        self.shoppers.loyalty.as_ref().map_or(0, |loyalty| loyalty.customers as usize)
    }

    /// Everybody who remembers, and the first customer of each class with one past the last.
    fn customers(&self, who: Dice, countries: &[Alias], payments: &Alias) -> (Customers, Vec<u32>) {
        let Some(loyalty) = &self.shoppers.loyalty else {
            return (Customers::default(), class_bounds(self.shoppers, 0));
        };
        let bounds = class_bounds(self.shoppers, loyalty.customers as usize);
        (Customers::new(loyalty, who, &bounds[1..], countries, payments), bounds)
    }

    /// How orders travel.
    fn travel(&self, sellers: &[Seller]) -> Option<Fulfilment> {
        let handlings = sellers.iter().map(|seller| seller.profile().handling);
        self.fulfilment.map(|spec| Fulfilment::new(spec, handlings))
    }

    /// What shoppers pay by.
    fn ways_to_pay(&self) -> Alias {
        let shares: Vec<f64> = self.payments.values().map(|p| p.shoppers).collect();
        Alias::new(&shares)
    }

    /// Share of each class by country.
    fn homes_of_classes(&self) -> Vec<Vec<f64>> {
        let of = |class: &ClassSpec| {
            let share = |(name, country): (&String, &CountrySpec)| {
                let own = class.countries.get(name).copied().unwrap_or(0.0);
                if class.countries.is_empty() { country.shoppers } else { own }
            };
            self.countries.iter().map(share).collect()
        };
        self.shoppers.classes.values().map(of).collect()
    }

    fn reputations(&self, sellers: usize, categories: usize) -> Reputations {
        Reputations::new(sellers, categories, self.market.window_weeks as usize)
    }

    /// The staff, with the sellers of the start in its care. What a lead is follows from its profile.
    fn staff(
        &self,
        joining: &JoiningSpec,
        census: &Census,
        contacts: Vec<Contact>,
        who: Dice,
    ) -> Onboarding {
        let lead = |contact: Contact| {
            let card = &census.sellers[contact.seller.index()];
            Lead { contact, kind: card.kind, country: card.country, category: card.category }
        };
        let leads = contacts.into_iter().map(lead).collect();
        let residents: Vec<Resident> = census
            .sellers
            .iter()
            .filter(|card| card.from_start)
            .map(|c| Resident { seller: c.seller, category: c.category, country: c.country })
            .collect();
        Onboarding::new(joining, leads, &residents, who, !self.feedback.staff)
    }
}

fn classes(shoppers: &ShoppersSpec) -> Vec<Class> {
    let class = |c: &ClassSpec| Class {
        share: c.share,
        taste: Taste {
            alpha: c.alpha,
            star_eur: c.star_eur,
            promise_eur_per_day: c.promise_eur_per_day,
        },
        choosers: c.choosers,
    };
    shoppers.classes.values().map(class).collect()
}

/// What each seller promises; nothing where orders do not travel.
fn promises(fulfilment: Option<&Fulfilment>, sellers: &[Seller]) -> Vec<Promise> {
    let of = |fulfilment: &Fulfilment| {
        sellers.iter().map(|seller| fulfilment.promise_of(seller.profile())).collect()
    };
    fulfilment.map_or(vec![], of)
}

/// Share of all visits by country, over shares of each class.
fn mean_shares(shoppers: &ShoppersSpec, of_classes: &[Vec<f64>]) -> Vec<f64> {
    let mut mean = vec![0.0; of_classes.first().map_or(0, Vec::len)];
    for (class, shares) in shoppers.classes.values().zip(of_classes) {
        for (sum, share) in mean.iter_mut().zip(shares) {
            *sum += class.share * share;
        }
    }
    mean
}

/// What a star is worth to the mean visit [EUR/star].
fn mean_star_eur(shoppers: &ShoppersSpec) -> f64 {
    shoppers.classes.values().map(|class| class.share * class.star_eur).sum()
}

/// Divides the customers between the classes by their shares.
pub(super) fn class_bounds(shoppers: &ShoppersSpec, customers: usize) -> Vec<u32> {
    let mut bounds = vec![0];
    let mut share = 0.0;
    for class in shoppers.classes.values() {
        share += class.share;
        // Shares add up to 1 but for a rounding error, which must not make customers up.
        bounds.push(((share * customers as f64).round() as u32).min(customers as u32));
    }
    bounds
}

/// Deals the products to cells so that each gets about the same number of visits: most visited first,
/// there and back again. Returns where each product is, and the products of each cell by slot.
fn deal_products(products: &[ProductCard], cells: u32) -> (Vec<Home>, Vec<Vec<ProductId>>) {
    let cells = (cells as usize).clamp(1, products.len());
    let mut by_visits: Vec<&ProductCard> = products.iter().collect();
    by_visits.sort_by(|a, b| b.popularity.total_cmp(&a.popularity).then(a.product.cmp(&b.product)));
    let mut homes = vec![Home { cell: 0, slot: 0 }; products.len()];
    let mut slots: Vec<Vec<ProductId>> = vec![Vec::new(); cells];
    for (i, card) in by_visits.iter().enumerate() {
        let (round, step) = (i / cells, i % cells);
        let cell = if round % 2 == 0 { step } else { cells - 1 - step };
        homes[card.product.index()] = Home { cell: cell as u32, slot: slots[cell].len() as u32 };
        slots[cell].push(card.product);
    }
    (homes, slots)
}
