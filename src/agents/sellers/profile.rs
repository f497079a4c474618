//! Who exists: draws each seller's profile from the market's seed, under the seller's own number.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::given::Everywhere;
use super::pricing::Pricings;
use super::quality::QualityRules;
use super::stars::StarShares;
use super::{Assortment, GivenSpec, Listing, Profile, SellersSpec, pick};
use crate::rng::{Dice, Purpose, unit_normal};
use crate::units::{CountryId, KindId, ProductId, SellerId};

/// A lognormal number of things, in the past.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountsSpec {
    /// Mean of the logarithm of the number of reviews [log reviews].
    #[garde(range(min = -5.0, max = 15.0))]
    pub mu: f64,
    /// Standard deviation of the logarithm of the number of reviews [ratio].
    #[garde(range(min = 0.0, max = 5.0))]
    pub sigma: f64,
    /// How the number grows with the catalogue: it goes with the catalogue over its median to this
    /// power [power].
    #[garde(range(min = 0.0, max = 3.0))]
    pub catalogue_power: f64,
    /// No seller has more [reviews].
    #[garde(range(min = 0, max = 10_000_000))]
    pub most: u32,
}

/// Where sellers ship to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingSpec {
    /// Share of sellers who ship within their own country alone [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub home_only: f64,
    /// Chance that one of the others ships to any one foreign country [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub abroad: f64,
}

/// What profiles are drawn from besides the sellers' own part of the scenario.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The products.
    pub assortment: &'a Assortment,
    /// Share of sellers by [`CountryId`]; at most 32.
    pub countries: &'a [f64],
    /// Share of sellers by carrier; may be empty.
    pub carriers: &'a [f64],
    /// Chance that a seller takes each payment method; at most 8, may be empty.
    pub payments: &'a [f64],
    /// How shoppers rate.
    pub stars: &'a StarShares,
}

/// One kind as profiles are drawn of it.
#[derive(Debug)]
struct Pool {
    kind: KindId,
    share: f64,
    // Multipliers, supply's made so that its mean over all that is listed is 1.
    cost_log: f64,
    defect: f64,
    catalogue: f64,
    handling: f64,
    volume: f64,
    shops: f64,
    // Products it may list, each with how readily.
    products: Vec<(ProductId, f64)>,
}

/// Everything that profiles are drawn from, made ready once.
#[derive(Debug)]
pub struct Roster {
    spec: SellersSpec,
    pools: Vec<Pool>,
    pricings: Pricings,
    rules: QualityRules,
    countries: Vec<f64>,
    carriers: Vec<f64>,
    payments: Vec<f64>,
    // Standard deviation of the logarithm of markups within a kind.
    markup_sd: f64,
    everywhere: Everywhere,
}

// What the blocks of a profile are about: a number never changes its meaning, so that a new kind of
// draw does not reshuffle the old ones.
const WHO: u32 = 0;
const SIZE: u32 = 1;
const WORK: u32 = 2;
const WAYS: u32 = 3;
const COUNTRIES: u32 = 4;

impl Roster {
    /// Makes ready what profiles are drawn from. The scenario was found sound: it has a kind and a
    /// strategy with a share, and products.
    pub fn new(spec: &SellersSpec, setting: &Setting<'_>) -> Self {
        assert!(setting.countries.len() <= 32 && setting.payments.len() <= 8, "too many for bits");
        let kinds = &spec.kinds;
        let mean_volume = kinds.mean_by_offer(|t| t.volume);
        let mean_log = kinds.mean_by_offer(|t| libm::log(t.cost));
        let cost_variance = kinds.mean_by_offer(|t| {
            let off = libm::log(t.cost) - mean_log;
            off * off
        });
        let pools = kinds
            .all()
            .map(|(kind, traits, stocking)| Pool {
                kind,
                share: traits.share,
                cost_log: libm::log(traits.cost),
                defect: traits.defect,
                catalogue: traits.catalogue,
                handling: traits.handling,
                volume: if mean_volume > 0.0 { traits.volume / mean_volume } else { 1.0 },
                shops: stocking.shops(),
                products: products_of(setting.assortment, spec.popularity_mix, |part, best| {
                    stocking.taste(part, best)
                }),
            })
            .collect();
        Roster {
            spec: spec.clone(),
            pools,
            pricings: Pricings::new(&spec.pricing),
            rules: QualityRules::new(&spec.quality, setting.stars),
            countries: setting.countries.to_vec(),
            carriers: setting.carriers.to_vec(),
            payments: setting.payments.to_vec(),
            markup_sd: (spec.price_log_sd * spec.price_log_sd - cost_variance).max(0.0).sqrt(),
            everywhere: Everywhere {
                reference: setting.assortment.reference.iter().map(|price| price.eur()).collect(),
                countries: setting.countries.len(),
                payments: setting.payments.len(),
            },
        }
    }

    /// The rules of quality that the profiles were drawn by.
    pub fn rules(&self) -> &QualityRules {
        &self.rules
    }

    /// The pricing strategies that profiles refer to.
    pub fn pricings(&self) -> &Pricings {
        &self.pricings
    }

    /// Whether a kind ever lists a product: for staff who look for sellers of it.
    pub fn may_list(&self, kind: KindId, product: ProductId) -> bool {
        self.pools.iter().any(|pool| {
            let found = pool.products.binary_search_by_key(&product, |&(listed, _)| listed);
            pool.kind == kind && found.is_ok()
        })
    }

    /// Whether sellers of a kind can do anything about a product that ran out when staff asks for it.
    pub fn hears_requests(&self, kind: KindId) -> bool {
        self.spec.kinds.get(kind).is_some_and(|(_, stocking)| stocking.hears_requests())
    }

    /// The profile of a seller: the same for the same (`dice`, `seller`), whoever else is drawn.
    /// `dice` is the root `market.seed`; `joiner` says that it comes during the run.
    pub fn profile(&self, dice: Dice, seller: SellerId, joiner: bool) -> Profile {
        let block = |about| dice.block(u64::from(seller.0), about, Purpose::SellerProfile);
        let (who, size, work) = (block(WHO), block(SIZE), block(WORK));
        let pool = &self.pools[pick(self.pools.iter().map(|p| p.share), who.unit(0))];
        let country = CountryId(pick(self.countries.iter().copied(), who.unit(1)) as u8);
        let spec = &self.spec;
        let sigma = spec.scale_sigma;
        let scale = libm::exp(sigma * unit_normal(size.fine_unit(1)) - 0.5 * sigma * sigma);
        let size = spec.catalogue_mu + spec.catalogue_sigma * unit_normal(size.fine_unit(0));
        let factor = pool.catalogue * if joiner { spec.joiner_catalogue } else { 1.0 };
        let wanted = (libm::exp(size) * factor).round().max(1.0) as usize;
        let catalogue = self.catalogue(dice, seller, pool, wanted);
        let capacity = (spec.capacity * scale * catalogue.len() as f64).round() as u32;
        Profile {
            seller,
            kind: pool.kind,
            country,
            ships: self.ships(dice, seller, country, who.unit(3) < pool.shops),
            payments: self.payments(dice, seller),
            carrier: pick(self.carriers.iter().copied(), block(WAYS).unit(0)) as u8,
            handling: pool.handling
                * libm::exp(spec.handling_sigma * unit_normal(work.fine_unit(0))),
            quality: self.rules.draw(dice, seller, pool.defect),
            pricing: self.pricings.draw(who.unit(2)),
            scale: scale * pool.volume,
            capacity: capacity.max(spec.capacity_min),
            past_reviews: if joiner { 0 } else { self.past_reviews(dice, seller, catalogue.len()) },
            catalogue,
            given: None,
        }
    }

    /// The profiles of the given sellers, in the order of their names; they are numbered after those
    /// who are drawn for the start.
    pub fn given(&self, dice: Dice) -> Vec<Profile> {
        let specs = self.spec.given.values();
        let each = specs.flat_map(|spec| (0..spec.count.unwrap_or(1)).map(move |_| spec));
        let numbered = (self.spec.count..).map(SellerId).zip(each);
        let profile = |(seller, spec): (SellerId, &GivenSpec)| {
            self.everywhere.seller(spec.price_eur, spec.quality.as_ref(), dice, seller)
        };
        numbered.map(profile).collect()
    }

    /// The profiles of all who may come as newcomers, numbered from `first`.
    pub fn newcomers(&self, dice: Dice, first: SellerId) -> Vec<Profile> {
        let Some(spec) = &self.spec.newcomers else { return vec![] };
        let profile = |i| {
            let seller = SellerId(first.0 + i);
            self.everywhere.seller(spec.price_eur, spec.quality.as_ref(), dice, seller)
        };
        (0..spec.most).map(profile).collect()
    }

    /// Draws `wanted` products without repetition, each with its markup.
    ///
    /// Every product of the pool gets an exponential clock that runs at its weight, and the first to
    /// ring are taken (Efraimidis and Spirakis 2006): the same law as drawing one after the other,
    /// but a smaller catalogue is a part of the larger one that the same seller would have had.
    fn catalogue(&self, dice: Dice, seller: SellerId, pool: &Pool, wanted: usize) -> Vec<Listing> {
        let mut rings: Vec<(f64, Listing)> = pool
            .products
            .iter()
            .map(|&(product, weight)| {
                let block = dice.block(u64::from(seller.0), product.0, Purpose::SellerCatalogue);
                let rings = -libm::log(block.fine_unit(0)) / weight;
                // Kept as a draw until it is known who is in: most products are not.
                (rings, Listing { product, markup: block.fine_unit(1) })
            })
            .collect();
        if wanted < rings.len() {
            rings.select_nth_unstable_by(wanted, |a, b| {
                a.0.total_cmp(&b.0).then(a.1.product.cmp(&b.1.product))
            });
            rings.truncate(wanted);
        }
        let mut listed: Vec<Listing> = rings.into_iter().map(|(_, listing)| listing).collect();
        listed.sort_unstable_by_key(|listing| listing.product);
        for listing in &mut listed {
            let log = pool.cost_log + self.markup_sd * unit_normal(listing.markup);
            listing.markup = libm::exp(log);
        }
        listed
    }

    fn ships(&self, dice: Dice, seller: SellerId, home: CountryId, shop: bool) -> u32 {
        let draw = |i: usize| {
            let about = COUNTRIES + (i / 4) as u32;
            dice.block(u64::from(seller.0), about, Purpose::SellerShipping).unit(i % 4)
        };
        // Countries are counted from 1: 0 decides whether the seller ships abroad at all.
        if shop || draw(0) < self.spec.shipping.home_only {
            return 1 << home.0;
        }
        (0..self.countries.len())
            .filter(|&i| i == home.index() || draw(i + 1) < self.spec.shipping.abroad)
            .fold(0, |bits, i| bits | 1 << i)
    }

    fn payments(&self, dice: Dice, seller: SellerId) -> u8 {
        let draw = |i: usize| {
            dice.block(u64::from(seller.0), (i / 4) as u32, Purpose::SellerShipping).unit(i % 4)
        };
        let taken = self.payments.iter().enumerate().filter(|&(i, &chance)| draw(i) < chance);
        let bits = taken.fold(0u8, |bits, (i, _)| bits | 1 << i);
        // Everybody takes something: the most usual method.
        let usual = (0..self.payments.len())
            .reduce(|best, i| if self.payments[i] > self.payments[best] { i } else { best });
        if bits == 0 { usual.map_or(0, |i| 1 << i) } else { bits }
    }

    fn past_reviews(&self, dice: Dice, seller: SellerId, listed: usize) -> u32 {
        let Some(past) = self.spec.past else { return 0 };
        let block = dice.block(u64::from(seller.0), 0, Purpose::SellerHistory);
        let larger = libm::log(listed as f64) - self.spec.catalogue_mu;
        let log =
            past.mu + past.sigma * unit_normal(block.fine_unit(0)) + past.catalogue_power * larger;
        // The cast saturates.
        (libm::exp(log).round() as u32).min(past.most)
    }
}

/// The products that a taste allows, each with its weight: a mix of popularity and of all alike.
/// A kind that finds nothing to its taste lists what there is, rather than nothing at all.
fn products_of(
    assortment: &Assortment,
    mix: f64,
    taste: impl Fn(bool, bool) -> f64,
) -> Vec<(ProductId, f64)> {
    let n = assortment.products.len() as f64;
    let weigh = |taste: &dyn Fn(bool, bool) -> f64| -> Vec<(ProductId, f64)> {
        let all = assortment.products.iter().zip(0..);
        all.map(|(&(category, best, popularity), i)| {
            let is_part = assortment.parts == Some(category);
            (ProductId(i), taste(is_part, best) * ((1.0 - mix) / n + mix * popularity))
        })
        .filter(|&(_, weight)| weight > 0.0)
        .collect()
    };
    let found = weigh(&taste);
    if found.is_empty() { weigh(&|_, _| 1.0) } else { found }
}
