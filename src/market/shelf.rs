//! All offers of one product, as flat columns: what a query reads.

use crate::agents::sellers::Memory;
use crate::protocol::Query;
use crate::ranking::{Candidates, Chance, Ranking, Weight};
use crate::rng::Dice;
use crate::units::{CategoryId, CountryId, ProductId, SellerId};

/// The offers of one product. An offer keeps its row for as long as it is listed; the rows of those
/// that were delisted are used again.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    pub product: ProductId,
    pub category: CategoryId,
    // Read by every query.
    price: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    seller: Vec<SellerId>,
    /// Countries that can buy the offer now: where it ships, or none when it is closed.
    reach: Vec<u32>,
    /// Stars that shoppers see.
    stars: Vec<f32>,
    // Read when something happens to the offer.
    rows: Vec<Row>,
    vacant: Vec<u32>,
    listed: u32,
}

/// The part of an offer that queries do not read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row {
    pub price_cents: u32,
    /// Units on the shelf.
    pub stock: u32,
    /// Where it ships when it is open, as bits by country.
    pub ships: u32,
    /// The seller's place among the sellers of the cell.
    pub local: u32,
    /// Target price over the product's reference price.
    pub markup: f32,
    /// What the seller paid for a unit on the shelf, on average [cents].
    pub unit_cost: u32,
    /// Units sold since the last waking, and since the last look at the price.
    pub sold: u32,
    pub sold_since_look: u32,
    /// Day of the last refill, and of the last look [days].
    pub refilled: f32,
    pub looked: f32,
    /// Views so far, in millionths of a view of the first place.
    pub views: u64,
    /// What the pricing strategy remembers.
    pub memory: Memory,
}

/// One place of a slate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    pub score: f32,
    /// The offer's row on its shelf.
    pub row: u32,
}

/// How an offer stands against its rivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rivalry {
    /// Whether it would have the box.
    pub winning: bool,
    /// The price [EUR] at which it would draw level with the best rival, where price matters.
    pub to_win: Option<f32>,
}

/// Room to rank in, kept between queries so that none allocates.
#[derive(Debug, Default)]
pub struct Scratch {
    scores: Vec<f32>,
    pub slate: Vec<Placed>,
}

impl Shelf {
    /// A shelf with no offers.
    pub fn new(product: ProductId, category: CategoryId) -> Self {
        Shelf { product, category, ..Shelf::default() }
    }

    /// How many offers are listed, in stock or not.
    pub fn listed(&self) -> u32 {
        self.listed
    }

    /// Adds an offer, closed until it has stock, and returns its row.
    pub fn list(&mut self, seller: SellerId, row: Row, weight: Weight, stars: f32) -> u32 {
        self.listed += 1;
        let price = row.price_cents as f32 / 100.0;
        if let Some(at) = self.vacant.pop() {
            let i = at as usize;
            (self.price[i], self.a[i], self.b[i]) = (price, weight.a, weight.b);
            (self.seller[i], self.reach[i], self.stars[i]) = (seller, 0, stars);
            self.rows[i] = row;
            return at;
        }
        self.price.push(price);
        self.a.push(weight.a);
        self.b.push(weight.b);
        self.seller.push(seller);
        self.reach.push(0);
        self.stars.push(stars);
        self.rows.push(row);
        self.rows.len() as u32 - 1
    }

    /// Takes an offer off sale and returns the units that were left.
    pub fn delist(&mut self, row: u32) -> u32 {
        self.listed -= 1;
        self.reach[row as usize] = 0;
        self.vacant.push(row);
        std::mem::take(&mut self.rows[row as usize].stock)
    }

    /// The cold part of an offer.
    pub fn row(&self, row: u32) -> &Row {
        &self.rows[row as usize]
    }

    /// The cold part of an offer, to change; call [`Shelf::open`] after a change of stock.
    pub fn row_mut(&mut self, row: u32) -> &mut Row {
        &mut self.rows[row as usize]
    }

    /// Who makes an offer.
    pub fn seller(&self, row: u32) -> SellerId {
        self.seller[row as usize]
    }

    /// Asking price [EUR].
    pub fn price(&self, row: u32) -> f32 {
        self.price[row as usize]
    }

    /// Stars shown.
    pub fn stars(&self, row: u32) -> f32 {
        self.stars[row as usize]
    }

    /// What the policy keeps of the offer's seller.
    pub fn weight(&self, row: u32) -> Weight {
        Weight { a: self.a[row as usize], b: self.b[row as usize] }
    }

    /// Whether the row is an offer's, in stock or not, and not vacant.
    pub fn is_listed(&self, row: u32) -> bool {
        !self.vacant.contains(&row)
    }

    /// Opens the offer to buyers if `allowed` and there is stock, and closes it otherwise.
    pub fn open(&mut self, row: u32, allowed: bool) {
        let cold = &self.rows[row as usize];
        self.reach[row as usize] = if allowed && cold.stock > 0 { cold.ships } else { 0 };
    }

    /// Whether anybody can buy the offer now.
    pub fn is_open(&self, row: u32) -> bool {
        self.reach[row as usize] != 0
    }

    /// Sets what a refresh changes: the policy's weight and the stars shown.
    pub fn refresh(&mut self, row: u32, weight: Weight, stars: f32) {
        let i = row as usize;
        (self.a[i], self.b[i], self.stars[i]) = (weight.a, weight.b, stars);
    }

    /// Sets the asking price.
    pub fn reprice(&mut self, row: u32, price_cents: u32) {
        self.rows[row as usize].price_cents = price_cents;
        self.price[row as usize] = price_cents as f32 / 100.0;
    }

    /// Ranks the offers that can serve a query: the best `length` of them, best first, in
    /// `scratch.slate`.
    pub fn rank(
        &self,
        query: &Query,
        star_eur: f32,
        policy: &dyn Ranking,
        dice: Dice,
        length: usize,
        scratch: &mut Scratch,
    ) {
        let n = self.price.len();
        scratch.scores.resize(n, 0.0);
        let columns = Candidates {
            price: &self.price,
            a: &self.a,
            b: &self.b,
            seller: &self.seller,
            star_eur,
        };
        let chance = Chance { dice, session: query.session };
        policy.score(&columns, chance, &mut scratch.scores[..n]);
        self.keep_best(query.country, chance, length, scratch);
    }

    /// Keeps the best `length` offers that ship to `country`, by score, then by a seeded draw.
    fn keep_best(&self, country: CountryId, chance: Chance, length: usize, scratch: &mut Scratch) {
        let bit = 1u32 << country.0;
        let slate = &mut scratch.slate;
        slate.clear();
        let tie = |row: u32| chance.dice.tie(chance.session.0, self.seller[row as usize].0);
        let mut least = f32::NEG_INFINITY;
        for (row, (&score, &reach)) in (0u32..).zip(scratch.scores.iter().zip(&self.reach)) {
            if reach & bit == 0 || score < least {
                continue;
            }
            let before = |other: &Placed| {
                score > other.score || (score == other.score && tie(row) > tie(other.row))
            };
            let full = slate.len() == length;
            if full {
                if !before(&slate[length - 1]) {
                    continue;
                }
                slate.pop();
            }
            let mut at = slate.len();
            while at > 0 && before(&slate[at - 1]) {
                at -= 1;
            }
            slate.insert(at, Placed { score, row });
            if slate.len() == length {
                least = slate[length - 1].score;
            }
        }
    }

    /// How an offer stands against its rivals in `country`: the policy's scores with chance taken out.
    pub fn standing(
        &self,
        row: u32,
        country: CountryId,
        policy: &dyn Ranking,
        scratch: &mut Scratch,
    ) -> Rivalry {
        let n = self.price.len();
        scratch.scores.resize(n, 0.0);
        let columns = Candidates {
            price: &self.price,
            a: &self.a,
            b: &self.b,
            seller: &self.seller,
            star_eur: 0.0,
        };
        policy.standing(&columns, &mut scratch.scores[..n]);
        let bit = 1u32 << country.0;
        let mut best: Option<f32> = None;
        for (i, (&score, &reach)) in scratch.scores.iter().zip(&self.reach).enumerate() {
            if reach & bit != 0 && i != row as usize && best.is_none_or(|b| score > b) {
                best = Some(score);
            }
        }
        Rivalry {
            winning: best.is_none_or(|rival| scratch.scores[row as usize] > rival),
            to_win: best.and_then(|rival| policy.price_to_win(&columns, row as usize, rival)),
        }
    }

    /// How many rows there are, vacant ones included.
    pub fn rows(&self) -> u32 {
        self.rows.len() as u32
    }
}
