//! The market of offers that every peer serves, what is asked of it, and how it changes.
//!
//! Everything is a function of the seed. Sizes are drawn: a product has a median of 20 offers and a mean
//! of 29 (lognormal); quality weights are what the policy `box` makes of drawn tallies of reviews.
//!
//! No two offers of a product ever score the same: prices are moved by cents until they do not. So there
//! is one right answer to every query, and no peer needs a rule for ties.

use anyhow::{Context, Result};
use brocante::market::Tally;
use brocante::ranking::{Merit, Ranking, RankingSpec};
use brocante::rng::{Alias, Dice, Purpose, Stream, lognormal, normal};

/// Places of a slate.
pub const SLATE: usize = 10;

/// Shares of shoppers and sellers by country: those of `scenarios/backmarket-2019.toml`.
const COUNTRIES: [(f64, f64); 10] = [
    (0.34, 0.30),
    (0.17, 0.16),
    (0.12, 0.12),
    (0.10, 0.10),
    (0.09, 0.08),
    (0.07, 0.09),
    (0.04, 0.05),
    (0.03, 0.05),
    (0.02, 0.03),
    (0.02, 0.02),
];
/// Chance that a seller ships to one foreign country: that of the same scenario.
const ABROAD: f64 = 0.55;
/// The parameters of a lognormal number of offers: median 20, mean 29. `ln 20`, and √(2 ln(29/20)).
const SIZE: (f64, f64) = (2.995_732, 0.862_05);
/// Chance that an offer has a unit to sell at the start.
const IN_STOCK: f64 = 0.9;
/// Of all changes, those of a price; the others are sales and restocks in equal parts.
const REPRICING: f64 = 0.8;

/// One seller's offer of one product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Who offers.
    pub seller: u32,
    /// Asking price [cents].
    pub price_cents: u32,
    /// Units on the shelf: one or none.
    pub stock: u32,
    /// Countries it ships to, as bits.
    pub ships: u32,
    /// The square of the seller's quality, as the policy weighs it.
    pub weight: f32,
    /// Quality squared over price [1/EUR].
    pub score: f32,
}

impl Offer {
    /// Whether a shopper from there can buy it now.
    pub fn serves(&self, country: u8) -> bool {
        self.stock > 0 && self.ships >> country & 1 == 1
    }

    /// The countries it ships to.
    pub fn countries(&self) -> impl Iterator<Item = u8> + use<> {
        let ships = self.ships;
        (0..COUNTRIES.len() as u8).filter(move |country| ships >> country & 1 == 1)
    }

    fn ask(&mut self, price_cents: u32) {
        self.price_cents = price_cents;
        self.score = self.weight / (price_cents as f32 / 100.0);
    }
}

/// Who sells this product to a shopper from there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Which product.
    pub product: u32,
    /// Which country.
    pub country: u8,
}

/// What happened to an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Another price is asked.
    Price,
    /// Its last unit was sold.
    Sold,
    /// A unit came back on the shelf.
    Restocked,
}

/// A change of one offer: every one of them changes what shoppers see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Of which product.
    pub product: u32,
    /// The offer's number among those of the product.
    pub row: u32,
    /// What happened.
    pub what: What,
    /// The offer as it is from now on.
    pub offer: Offer,
}

/// How large a market is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Products.
    pub products: usize,
    /// Sellers.
    pub sellers: usize,
}

/// All offers, and who makes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    /// What all draws follow from.
    pub seed: u64,
    /// Offers by product and row.
    pub products: Vec<Vec<Offer>>,
    /// Reviews of each seller.
    pub sellers: Vec<Tally>,
}

/// The policy `box` with its reference values: shrunk quality squared over price.
///
/// # Errors
/// If there is no such policy.
pub fn policy() -> Result<Box<dyn Ranking>> {
    Ok(RankingSpec::reference("box").context("there is no policy `box`")?.build())
}

impl Market {
    /// Draws a market.
    ///
    /// # Errors
    /// If the policy is missing.
    pub fn draw(seed: u64, size: Size) -> Result<Market> {
        let dice = Dice::new(seed, 0);
        let policy = policy()?;
        let homes = Alias::new(&COUNTRIES.map(|(_, sellers)| sellers));
        let (mut sellers, mut known) = (vec![], vec![]);
        for seller in 0..size.sellers as u64 {
            let mut draws = dice.stream(seller, 0, Purpose::SellerProfile);
            let mut ships = 1u32 << homes.pick(draws.next_u32());
            for country in 0..COUNTRIES.len() {
                ships |= u32::from(draws.unit() < ABROAD) << country;
            }
            let tally = tally(&mut draws);
            let merit =
                Merit { reviews: tally.reviews, stars: tally.stars, ..Merit::unknown(4.15) };
            known.push((ships, policy.weigh(&merit).a));
            sellers.push(tally);
        }
        let mut market = Market { seed, products: vec![], sellers };
        for product in 0..size.products as u64 {
            let mut draws = dice.stream(product, 0, Purpose::Product);
            market.products.push(shelf(&mut draws, &known));
        }
        Ok(market)
    }

    /// Queries: products by popularity (lognormal, σ = 1, whatever their offers), shoppers by country.
    pub fn queries(&self, n: usize) -> Vec<Query> {
        let dice = Dice::new(self.seed, 0);
        let popularity = |product| {
            let mut draws = dice.stream(product, 1, Purpose::Product);
            lognormal(&mut draws, 0.0, 1.0)
        };
        let popularity: Vec<f64> = (0..self.products.len() as u64).map(popularity).collect();
        let (products, countries) =
            (Alias::new(&popularity), Alias::new(&COUNTRIES.map(|(shoppers, _)| shoppers)));
        let query = |i| {
            let draws = dice.block(i, 0, Purpose::Arrival);
            let country = countries.pick(draws.0[1]) as u8;
            Query { product: products.pick(draws.0[0]), country }
        };
        (0..n as u64).map(query).collect()
    }

    /// The right answer to a query, found in the plainest way: the rows of its best offers.
    pub fn answer(&self, query: Query) -> Vec<u32> {
        let offers = &self.products[query.product as usize];
        let mut rows: Vec<u32> = (0..offers.len() as u32)
            .filter(|&row| offers[row as usize].serves(query.country))
            .collect();
        rows.sort_by(|&a, &b| offers[b as usize].score.total_cmp(&offers[a as usize].score));
        rows.truncate(SLATE);
        rows
    }

    /// Makes changes happen.
    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            self.products[change.product as usize][change.row as usize] = change.offer;
        }
    }

    /// How many offers there are.
    pub fn offers(&self) -> usize {
        self.products.iter().map(Vec::len).sum()
    }
}

fn tally(draws: &mut Stream) -> Tally {
    let quality = normal(draws, 4.15, 0.288);
    let reviews = lognormal(draws, 4.0, 1.5) as u32;
    let mut tally = Tally::default();
    for _ in 0..reviews.min(5_000) {
        tally.review(normal(draws, quality, 1.2).round().clamp(1.0, 5.0) as u8);
    }
    tally
}

/// The offers of one product, each of another seller.
fn shelf(draws: &mut Stream, known: &[(u32, f32)]) -> Vec<Offer> {
    let n = lognormal(draws, SIZE.0, SIZE.1).round().clamp(1.0, known.len() as f64) as usize;
    let reference = lognormal(draws, 9.9, 0.6);
    let mut sellers: Vec<u32> = (0..known.len() as u32).collect();
    let mut offers: Vec<Offer> = Vec::with_capacity(n);
    for row in 0..n {
        let other = row as u32 + draws.below((known.len() - row) as u32);
        sellers.swap(row, other as usize);
        let (ships, weight) = known[sellers[row] as usize];
        let price_cents = (reference * (0.8 + 0.4 * draws.unit())) as u32;
        let stock = u32::from(draws.unit() < IN_STOCK);
        let seller = sellers[row];
        offers.push(Offer { seller, price_cents, stock, ships, weight, score: 0.0 });
        ask_unlike_others(&mut offers, row, price_cents);
    }
    offers
}

/// Asks a price, or one a few cents higher at which the offer scores like no other of the product.
fn ask_unlike_others(offers: &mut [Offer], row: usize, price_cents: u32) {
    let mut price_cents = price_cents.max(100);
    loop {
        offers[row].ask(price_cents);
        let score = offers[row].score;
        if offers.iter().enumerate().all(|(other, offer)| other == row || offer.score != score) {
            return;
        }
        price_cents += 1;
    }
}

/// An endless list of changes, the same for every peer.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The market after all changes so far.
    market: Market,
    /// The usual price of each product [cents]: new prices are drawn around it.
    usual: Vec<f64>,
    /// Product and row of every offer, those for sale first.
    offers: Vec<(u32, u32)>,
    for_sale: usize,
    /// The batch by which an offer was changed last, by its place in `offers`.
    touched: Vec<u32>,
    batch: u32,
}

impl Changes {
    /// The changes of a market.
    pub fn of(market: &Market) -> Changes {
        let all = (0u32..).zip(&market.products).flat_map(|(product, offers)| {
            (0u32..).zip(offers).map(move |(row, offer)| (offer.stock == 0, (product, row)))
        });
        let mut all: Vec<(bool, (u32, u32))> = all.collect();
        all.sort();
        let usual = |offers: &Vec<Offer>| {
            offers.iter().map(|offer| f64::from(offer.price_cents)).sum::<f64>()
                / offers.len() as f64
        };
        Changes {
            market: market.clone(),
            usual: market.products.iter().map(usual).collect(),
            for_sale: all.iter().filter(|(sold_out, _)| !sold_out).count(),
            touched: vec![0; all.len()],
            offers: all.into_iter().map(|(_, offer)| offer).collect(),
            batch: 0,
        }
    }

    /// The most changes that a batch can have, so that none touches an offer twice.
    pub fn most(&self) -> usize {
        self.offers.len() / 4
    }

    /// The next `n` changes, each of another offer.
    pub fn next(&mut self, n: usize) -> Vec<Change> {
        assert!(n <= self.most(), "{n} changes in a batch, at most {}", self.most());
        self.batch += 1;
        let dice = Dice::new(self.market.seed, 0);
        let mut draws = dice.stream(self.batch.into(), 0, Purpose::Pricing);
        let mut changes = Vec::with_capacity(n);
        while changes.len() < n {
            changes.extend(self.change(&mut draws));
        }
        self.market.apply(&changes);
        changes
    }

    /// One change, if the offer drawn was not touched by this batch.
    fn change(&mut self, draws: &mut Stream) -> Option<Change> {
        let what = match draws.unit() {
            x if x < REPRICING => What::Price,
            x if x < (1.0 + REPRICING) / 2.0 => What::Sold,
            _ => What::Restocked,
        };
        let (from, to) = match what {
            What::Price | What::Sold => (0, self.for_sale),
            What::Restocked => (self.for_sale, self.offers.len()),
        };
        if from == to {
            return None;
        }
        let at = from + draws.below((to - from) as u32) as usize;
        if self.touched[at] == self.batch {
            return None;
        }
        self.touched[at] = self.batch;
        let (product, row) = self.offers[at];
        let offers = &mut self.market.products[product as usize];
        match what {
            What::Price => {
                let price = self.usual[product as usize] * (0.8 + 0.4 * draws.unit());
                ask_unlike_others(offers, row as usize, price as u32);
            }
            What::Sold => {
                offers[row as usize].stock = 0;
                self.for_sale -= 1;
                self.swap(at, self.for_sale);
            }
            What::Restocked => {
                offers[row as usize].stock = 1;
                self.swap(at, self.for_sale);
                self.for_sale += 1;
            }
        }
        Some(Change {
            product,
            row,
            what,
            offer: self.market.products[product as usize][row as usize],
        })
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.offers.swap(a, b);
        self.touched.swap(a, b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ties(market: &Market) -> usize {
        let ties = |offers: &Vec<Offer>| {
            let mut scores: Vec<f32> = offers.iter().map(|offer| offer.score).collect();
            scores.sort_by(f32::total_cmp);
            scores.windows(2).filter(|two| two[0] == two[1]).count()
        };
        market.products.iter().map(ties).sum()
    }

    #[test]
    fn sizes_are_as_said() {
        let market = Market::draw(3, Size { products: 2_000, sellers: 1_000 }).expect("a market");
        let mut sizes: Vec<usize> = market.products.iter().map(Vec::len).collect();
        sizes.sort_unstable();
        let median = sizes[sizes.len() / 2];
        let mean = market.offers() as f64 / sizes.len() as f64;
        // Standard errors of .5 and .7.
        assert!((18..=22).contains(&median) && (26.5..31.5).contains(&mean), "{median}, {mean}");
    }

    #[test]
    fn changes_change_what_they_say_and_nothing_ties() {
        let mut market = Market::draw(5, Size { products: 30, sellers: 60 }).expect("a market");
        let mut changes = Changes::of(&market);
        assert_eq!(ties(&market), 0);
        for _ in 0..50 {
            let batch = changes.next(40);
            let mut touched: Vec<_> = batch.iter().map(|c| (c.product, c.row)).collect();
            touched.sort_unstable();
            touched.dedup();
            assert_eq!(touched.len(), 40, "an offer was touched twice");
            for change in &batch {
                let before = market.products[change.product as usize][change.row as usize];
                let stocks = (before.stock, change.offer.stock);
                match change.what {
                    What::Price => assert_eq!(stocks, (1, 1)),
                    What::Sold => assert_eq!(stocks, (1, 0)),
                    What::Restocked => assert_eq!(stocks, (0, 1)),
                }
            }
            market.apply(&batch);
            assert_eq!(ties(&market), 0);
        }
    }
}
