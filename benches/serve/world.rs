//! The offers and queries that everything is measured on.

use brocante::market::Tally;
use brocante::market::serve::{
    Core, OfferAt, OfferPlan, Plan, ProductPlan, Reader, SellerPlan, Serving,
};
use brocante::protocol::Query;
use brocante::ranking::RankingSpec;
use brocante::rng::{Dice, Purpose, Stream, lognormal};
use brocante::units::{CategoryId, ClassId, CountryId, ProductId, SellerId, SessionId};

use super::Ranks;
use super::locked::Locked;

const SEED: u64 = 42;
/// Distinct queries of a measurement.
pub const QUERIES: usize = 16_384;
/// What a star is worth to the shopper [EUR/star].
pub const STAR_EUR: f32 = 60.0;
const COUNTRIES: u32 = 5;
const SELLERS: u32 = 1_000;
/// Places of a slate.
const LENGTH: usize = 10;
/// Median and mean of the offers of a product.
const OFFERS: (f64, f64) = (20.0, 29.0);

/// Products, sellers and queries, drawn.
pub struct World {
    products: Vec<ProductPlan>,
    sellers: Vec<SellerPlan>,
    offers: Vec<OfferAt>,
    /// In the order that they were drawn in.
    pub queries: Vec<Query>,
    /// By the number of offers.
    pub by_size: Vec<Query>,
}

impl World {
    /// So many products with offers as many as products have.
    pub fn new(products: usize) -> World {
        let sigma = libm::sqrt(2.0 * libm::log(OFFERS.1 / OFFERS.0));
        let mut draws = Dice::new(SEED, 0).stream(0, 0, Purpose::Product);
        let mut size =
            || lognormal(&mut draws, libm::log(OFFERS.0), sigma).round().max(1.0) as usize;
        World::of_sizes((0..products).map(|_| size()).collect())
    }

    /// Products with so many offers each.
    pub fn of_sizes(sizes: Vec<usize>) -> World {
        let dice = Dice::new(SEED, 0);
        let mut draws = dice.stream(1, 0, Purpose::Product);
        let products: Vec<ProductPlan> = sizes.iter().map(|&n| product(&mut draws, n)).collect();
        let offers = (0u32..)
            .zip(&sizes)
            .flat_map(|(product, &n)| {
                (0..n as u32).map(move |row| OfferAt { product: ProductId(product), row })
            })
            .collect();
        let queries: Vec<Query> = (0..QUERIES as u64)
            .map(|number| Query {
                session: SessionId(number),
                product: ProductId(draws.below(sizes.len() as u32)),
                country: CountryId(draws.below(COUNTRIES) as u8),
                class: ClassId(0),
            })
            .collect();
        let sellers = (0..SELLERS.max(sizes.iter().copied().max().unwrap_or(0) as u32))
            .map(|_| seller(&mut draws))
            .collect();
        let mut by_size = queries.clone();
        by_size.sort_by_key(|query| sizes[query.product.index()]);
        World { products, sellers, offers, queries, by_size }
    }

    pub fn about(&self) -> String {
        let mut sizes: Vec<usize> = self.products.iter().map(|p| p.offers.len()).collect();
        sizes.sort_unstable();
        let (products, offers) = (sizes.len(), self.offers.len());
        let (median, mean) = (sizes[products / 2], offers as f64 / products as f64);
        format!(
            "seed {SEED}: {products} products with {offers} offers (median {median}, mean \
             {mean:.1}) of {} sellers; top {LENGTH}, policy box",
            self.sellers.len()
        )
    }

    /// A core's plan.
    pub fn plan(&self, serving: Serving) -> Plan {
        let policy = RankingSpec::reference("box").expect("a policy").build();
        Plan {
            policy,
            blind: false,
            dice: Dice::new(SEED, 0),
            length: LENGTH,
            serving: Some(serving),
            products: self.products.clone(),
            sellers: self.sellers.clone(),
        }
    }

    /// New prices without end: which offer, and how many cents.
    pub fn changes(&self) -> impl Iterator<Item = (OfferAt, u32)> + '_ {
        let mut draws = Dice::new(SEED, 0).stream(2, 0, Purpose::Pricing);
        std::iter::repeat_with(move || {
            let offer = self.offers[draws.below(self.offers.len() as u32) as usize];
            (offer, 15_000 + draws.below(10_000))
        })
    }

    /// Holds the slates of a core against those of locks, after the same price was set for every offer.
    pub fn assert_same(&self, core: &Core, locked: &Locked) {
        let mut draws = Dice::new(SEED, 1).stream(3, 0, Purpose::Pricing);
        let all: Vec<(OfferAt, u32)> =
            self.offers.iter().map(|&offer| (offer, 15_000 + draws.below(10_000))).collect();
        Ranks::reprice(core, &mut all.iter().copied(), 64);
        locked.reprice(&mut all.iter().copied(), 64);
        let (mut reader, mut room): (Reader, _) = (core.reader(), locked.room());
        for query in &self.queries[..1_000] {
            core.rank(query, STAR_EUR, &mut reader);
            locked.rank(query, &mut room);
            assert_eq!(reader.slate(), room.slate, "{query:?}");
        }
    }
}

fn product(draws: &mut Stream, n: usize) -> ProductPlan {
    // Sellers of a product are distinct: a stretch of them from a drawn one on.
    let first = draws.below(SELLERS);
    let offer = |i: usize| {
        let home = draws.below(COUNTRIES);
        // Home, and each other country three times of four.
        let abroad = (0..COUNTRIES).filter(|_| draws.below(4) > 0).fold(0, |all, c| all | 1 << c);
        Some(OfferPlan {
            seller: SellerId((first + i as u32) % SELLERS.max(n as u32)),
            price_cents: 15_000 + draws.below(10_000),
            stock: 1 + draws.below(50),
            ships: 1 << home | abroad,
            views: 0,
        })
    };
    ProductPlan { category: CategoryId(0), offers: (0..n).map(offer).collect() }
}

fn seller(draws: &mut Stream) -> SellerPlan {
    let reviews = 1 + draws.below(400);
    let lifetime = Tally {
        reviews,
        stars: reviews * 3 + draws.below(reviews * 2 + 1),
        positive: reviews - draws.below(reviews / 2 + 1),
        orders: reviews * 3,
        ..Tally::default()
    };
    SellerPlan {
        lifetime,
        window: lifetime,
        within: vec![lifetime],
        true_stars: 4.0,
        commission_ppm: 100_000,
    }
}
