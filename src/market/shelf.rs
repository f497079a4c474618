//! The offers of a cell as flat columns: what queries read, product by product side by side.

use std::ops::Range;

use super::best::{Placed, best};
use super::split::Side;
use crate::agents::sellers::Memory;
use crate::protocol::Query;
use crate::ranking::{Candidates, Chance, Ranking, Term, Weight};
use crate::rng::Dice;
use crate::units::{CategoryId, CountryId, ProductId, SellerId};

/// Where an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The shelf's place in its cell.
    pub slot: u32,
    /// The offer's row on the shelf; it keeps it for as long as it is listed.
    pub row: u32,
}

/// The part of an offer that queries do not read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row {
    /// Asking price [cents].
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
    /// Units sold since the last waking.
    pub sold: u32,
    /// Units sold since the last look at the price.
    pub sold_since_look: u32,
    /// When the units on the shelf came in, on average [days].
    pub stocked: f32,
    /// Time of the last look at the price [days].
    pub looked: f32,
    /// Views so far, in millionths of a view of the first place.
    pub views: u64,
    /// What the pricing strategy remembers.
    pub memory: Memory,
}

/// All offers of one product: a range of the cell's columns, with room to grow.
#[derive(Debug, Clone)]
struct Shelf {
    product: ProductId,
    category: CategoryId,
    start: u32,
    len: u32,
    room: u32,
    /// Rows that were delisted and can be used again.
    vacant: Vec<u32>,
}

/// How slates are made.
#[derive(Clone, Copy)]
pub struct Rule<'a> {
    /// Whose weights are scored.
    pub side: Side,
    /// What scores the offers.
    pub policy: &'a dyn Ranking,
    /// The root of chance for policies that draw, and between equals.
    pub dice: Dice,
    /// Places of a slate.
    pub length: usize,
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
    slate: Vec<Placed>,
}

impl Scratch {
    /// The slate ranked last, best place first.
    pub fn slate(&self) -> &[Placed] {
        &self.slate
    }

    /// Every offer that could have been in it, with its score, in the order of rows.
    pub fn ranked(&self) -> impl Iterator<Item = Placed> + '_ {
        let rows = (0u32..).zip(&self.scores).map(|(row, &score)| Placed { score, row });
        rows.filter(|placed| placed.score > f32::NEG_INFINITY)
    }
}

/// What the policy of one side keeps of every offer.
#[derive(Debug, Clone, Default)]
pub(super) struct Weights {
    a: Vec<f32>,
    b: Vec<f32>,
    /// Whether any weight had a second number.
    two: bool,
}

impl Weights {
    /// Sets the weight of the offer in a [`Offers::place`].
    #[inline]
    pub(super) fn set(&mut self, place: u32, weight: Weight) {
        self.a[place as usize] = weight.a;
        // Most policies keep one number: theirs is one write into far memory, not two.
        self.two |= weight.b != 0.0;
        if self.two {
            self.b[place as usize] = weight.b;
        }
    }

    fn copy_within(&mut self, from: Range<usize>, to: usize) {
        self.a.copy_within(from.clone(), to);
        self.b.copy_within(from, to);
    }

    fn resize(&mut self, len: usize) {
        self.a.resize(len, 0.0);
        self.b.resize(len, 0.0);
    }
}

/// Every offer of a cell.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    shelves: Vec<Shelf>,
    // Read by every query.
    price: Vec<f32>,
    /// By side; those of the second are empty where nothing is tested.
    weights: [Weights; 2],
    /// Sides that have weights.
    sides: usize,
    /// Countries that can buy the offer now, as bits: where it ships, or none when it is closed.
    reach: Vec<u32>,
    seller: Vec<SellerId>,
    // Read when something happens to the offer.
    rows: Vec<Row>,
}

/// Rows that a shelf has room for at first.
const ROOM: u32 = 16;
/// Rows that are scored in one step; it divides every room.
const LANES: usize = 8;

impl Offers {
    /// Empty shelves for products of the given categories, by slot.
    pub fn new(products: impl IntoIterator<Item = (ProductId, CategoryId)>) -> Self {
        let mut offers = Offers { sides: 1, ..Offers::default() };
        for (i, (product, category)) in (0u32..).zip(products) {
            let (start, vacant) = (i * ROOM, Vec::new());
            offers.shelves.push(Shelf { product, category, start, len: 0, room: ROOM, vacant });
        }
        offers.resize(offers.shelves.len() * ROOM as usize);
        offers
    }

    /// The same with room for the weights of two sides.
    #[must_use]
    pub fn for_two_sides(mut self) -> Self {
        self.sides = 2;
        self.resize(self.rows.len());
        self
    }

    /// The shelves.
    pub fn slots(&self) -> Range<u32> {
        0..self.shelves.len() as u32
    }

    /// The product of a shelf.
    pub fn product(&self, slot: u32) -> ProductId {
        self.shelves[slot as usize].product
    }

    /// The category of a shelf's product.
    pub fn category(&self, slot: u32) -> CategoryId {
        self.shelves[slot as usize].category
    }

    /// The rows of a shelf, those that were delisted included (nobody can buy there).
    pub fn spots(&self, slot: u32) -> impl Iterator<Item = Spot> + use<> {
        (0..self.shelves[slot as usize].len).map(move |row| Spot { slot, row })
    }

    /// Adds an offer, closed until it has stock. Says too whether the shelf moved to make room, so that
    /// the places of all its offers are others now.
    pub fn list(&mut self, slot: u32, seller: SellerId, row: Row, weight: Weight) -> (Spot, bool) {
        let shelf = &mut self.shelves[slot as usize];
        let free = shelf.vacant.pop().unwrap_or(shelf.len);
        let moves = free == shelf.room;
        if moves {
            self.grow(slot);
        }
        let shelf = &mut self.shelves[slot as usize];
        shelf.len = shelf.len.max(free + 1);
        let spot = Spot { slot, row: free };
        let i = self.at(spot);
        self.price[i] = row.price_cents as f32 / 100.0;
        self.refresh(Side::A, i as u32, weight);
        (self.reach[i], self.seller[i]) = (0, seller);
        self.rows[i] = row;
        (spot, moves)
    }

    /// Takes an offer off sale and returns the units that were left.
    pub fn delist(&mut self, spot: Spot) -> u32 {
        let i = self.at(spot);
        // A vacant row must not count where a policy looks at all candidates together.
        self.reach[i] = 0;
        for weights in &mut self.weights[..self.sides] {
            (weights.a[i], weights.b[i]) = (0.0, 0.0);
        }
        self.shelves[spot.slot as usize].vacant.push(spot.row);
        std::mem::take(&mut self.rows[i].stock)
    }

    /// The cold part of an offer.
    pub fn row(&self, spot: Spot) -> &Row {
        &self.rows[self.at(spot)]
    }

    /// The cold part of an offer, to change; call [`Offers::open`] after a change of stock.
    pub fn row_mut(&mut self, spot: Spot) -> &mut Row {
        let i = self.at(spot);
        &mut self.rows[i]
    }

    /// Who makes an offer.
    pub fn seller(&self, spot: Spot) -> SellerId {
        self.seller[self.at(spot)]
    }

    /// Asking price [EUR].
    pub fn price(&self, spot: Spot) -> f32 {
        self.price[self.at(spot)]
    }

    /// What the policy keeps of the offer's seller; of two policies, the first.
    pub fn weight(&self, spot: Spot) -> Weight {
        let i = self.at(spot);
        let weights = &self.weights[Side::A.index()];
        Weight { a: weights.a[i], b: weights.b[i] }
    }

    /// Whether there is an offer, in stock or not, and not a row that was delisted.
    pub fn is_listed(&self, spot: Spot) -> bool {
        !self.shelves[spot.slot as usize].vacant.contains(&spot.row)
    }

    /// Whether anybody can buy the offer now.
    pub fn is_open(&self, spot: Spot) -> bool {
        self.reach[self.at(spot)] != 0
    }

    /// Opens the offer to buyers if `allowed` and there is stock, and closes it otherwise.
    pub fn open(&mut self, spot: Spot, allowed: bool) {
        let i = self.at(spot);
        let cold = &self.rows[i];
        self.reach[i] = if allowed && cold.stock > 0 { cold.ships } else { 0 };
    }

    /// What a refresh changes: the weights that a side's policy keeps. Offers are named by their
    /// [`Offers::place`], as a refresh visits every offer of a seller and has no time to look it up.
    #[inline]
    pub(super) fn weights_mut(&mut self, side: Side) -> &mut Weights {
        &mut self.weights[side.index()]
    }

    /// Sets the weight that a side's policy keeps of the offer in a place.
    pub fn refresh(&mut self, side: Side, place: u32, weight: Weight) {
        self.weights_mut(side).set(place, weight);
    }

    /// The place of an offer in the columns. It changes when its shelf grows: see [`Offers::list`].
    #[inline]
    pub fn place(&self, spot: Spot) -> u32 {
        self.shelves[spot.slot as usize].start + spot.row
    }

    /// Sets the asking price.
    pub fn reprice(&mut self, spot: Spot, price_cents: u32) {
        let i = self.at(spot);
        self.rows[i].price_cents = price_cents;
        self.price[i] = price_cents as f32 / 100.0;
    }

    /// Ranks the offers of a shelf that can serve a query: the best of them, best first, in `scratch`.
    /// `star_eur` is what a star is worth to the shopper [EUR/star].
    pub fn rank(
        &self,
        slot: u32,
        query: &Query,
        star_eur: f32,
        rule: Rule<'_>,
        scratch: &mut Scratch,
    ) {
        let Rule { side, policy, dice, length } = rule;
        let range = self.rows(slot, policy);
        scratch.scores.resize(range.len(), 0.0);
        let chance = Chance { dice, session: query.session };
        policy.score(&self.candidates(side, range.clone(), star_eur), chance, &mut scratch.scores);
        self.mask(range.clone(), query.country, &mut scratch.scores);
        let sellers = &self.seller[range];
        let tie = |row: u32| dice.tie(query.session.0, sellers[row as usize].0);
        best(&scratch.scores, length, tie, &mut scratch.slate);
    }

    /// What the query adds to the explanation of an offer's score: [`Ranking::explain_query`] among the
    /// columns that [`Offers::rank`] scores.
    pub fn explain_query(
        &self,
        spot: Spot,
        query: &Query,
        star_eur: f32,
        rule: Rule<'_>,
    ) -> Vec<Term> {
        let Rule { side, policy, dice, .. } = rule;
        let columns = self.candidates(side, self.rows(spot.slot, policy), star_eur);
        let chance = Chance { dice, session: query.session };
        policy.explain_query(&columns, spot.row as usize, chance)
    }

    /// Whether a shopper in `country` can buy the offer now.
    pub fn serves(&self, spot: Spot, country: CountryId) -> bool {
        self.reach[self.at(spot)] & 1 << country.0 != 0
    }

    /// How an offer stands against its rivals in `country`, where shoppers think a star worth `star_eur`
    /// [EUR/star]: the policy's scores with chance taken out.
    pub fn standing(
        &self,
        spot: Spot,
        country: CountryId,
        star_eur: f32,
        policy: &dyn Ranking,
        scratch: &mut Scratch,
    ) -> Rivalry {
        self.standing_on(Side::A, spot, country, star_eur, policy, scratch)
    }

    /// The same on one side of a test, whose policy it is.
    pub fn standing_on(
        &self,
        side: Side,
        spot: Spot,
        country: CountryId,
        star_eur: f32,
        policy: &dyn Ranking,
        scratch: &mut Scratch,
    ) -> Rivalry {
        let range = self.rows(spot.slot, policy);
        let columns = self.candidates(side, range.clone(), star_eur);
        scratch.scores.resize(columns.price.len(), 0.0);
        policy.standing(&columns, &mut scratch.scores);
        let row = spot.row as usize;
        let own = scratch.scores[row];
        self.mask(range, country, &mut scratch.scores);
        scratch.scores[row] = f32::NEG_INFINITY;
        let rival = scratch.scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if rival == f32::NEG_INFINITY {
            return Rivalry { winning: true, to_win: None };
        }
        Rivalry { winning: own > rival, to_win: policy.price_to_win(&columns, row, rival) }
    }

    /// The rows of a shelf that are scored together. Whole vectors of them where a score is a matter of
    /// a few instructions: the rows behind the last are closed, and cost less than a loop's remainder.
    fn rows(&self, slot: u32, policy: &dyn Ranking) -> Range<usize> {
        let Range { start, end } = self.range(slot);
        start..if policy.per_query() { end } else { start + (end - start).next_multiple_of(LANES) }
    }

    fn candidates(&self, side: Side, range: Range<usize>, star_eur: f32) -> Candidates<'_> {
        let weights = &self.weights[side.index()];
        Candidates {
            price: &self.price[range.clone()],
            a: &weights.a[range.clone()],
            b: &weights.b[range.clone()],
            seller: &self.seller[range],
            star_eur,
        }
    }

    /// Puts offers that cannot be sold to `country` behind everything else.
    fn mask(&self, range: Range<usize>, country: CountryId, scores: &mut [f32]) {
        let bit = 1u32 << country.0;
        for (score, reach) in scores.iter_mut().zip(&self.reach[range]) {
            *score = if reach & bit == 0 { f32::NEG_INFINITY } else { *score };
        }
    }

    fn range(&self, slot: u32) -> Range<usize> {
        let shelf = &self.shelves[slot as usize];
        shelf.start as usize..(shelf.start + shelf.len) as usize
    }

    #[inline]
    fn at(&self, spot: Spot) -> usize {
        self.place(spot) as usize
    }

    /// Moves a full shelf to the end of the columns, with twice the room.
    fn grow(&mut self, slot: u32) {
        let from = self.range(slot);
        let to = self.rows.len();
        let shelf = &mut self.shelves[slot as usize];
        shelf.room *= 2;
        shelf.start = to as u32;
        let end = to + shelf.room as usize;
        self.resize(end);
        self.price.copy_within(from.clone(), to);
        for weights in &mut self.weights[..self.sides] {
            weights.copy_within(from.clone(), to);
        }
        self.reach.copy_within(from.clone(), to);
        self.seller.copy_within(from.clone(), to);
        self.rows.copy_within(from, to);
    }

    fn resize(&mut self, len: usize) {
        self.price.resize(len, 1.0);
        for weights in &mut self.weights[..self.sides] {
            weights.resize(len);
        }
        self.reach.resize(len, 0);
        self.seller.resize(len, SellerId(0));
        self.rows.resize(len, Row::default());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ranking::RankingSpec;

    #[test]
    fn stars_count_where_shoppers_pay_for_them() {
        let mut offers = Offers::new([(ProductId(0), CategoryId(0))]);
        let mut list = |seller, price_cents, stars| {
            let row = Row { stock: 1, ships: 1, price_cents, ..Row::default() };
            let weight = Weight { a: stars, b: 0.0 };
            let (spot, _) = offers.list(0, SellerId(seller), row, weight);
            offers.open(spot, true);
            spot
        };
        let (good, cheap) = (list(0, 22_000, 4.5), list(1, 20_000, 4.0));
        let spec: RankingSpec = toml::from_str("oracle-value = {}").expect("a policy");
        let policy = spec.build();
        let mut scratch = Scratch::default();
        let mut at =
            |spot, star_eur| offers.standing(spot, CountryId(0), star_eur, &*policy, &mut scratch);
        // Half a star is worth 30 EUR, then 10.
        assert_eq!(at(good, 60.0), Rivalry { winning: true, to_win: Some(230.0) });
        assert_eq!(at(cheap, 60.0), Rivalry { winning: false, to_win: Some(190.0) });
        assert_eq!(at(good, 20.0), Rivalry { winning: false, to_win: Some(210.0) });
    }

    proptest! {
        /// Offers keep their spot and their content while others come and go and shelves grow.
        #[test]
        fn an_offer_stays_what_it_is(steps in proptest::collection::vec((0u32..3, any::<bool>()), 1..200)) {
            let products = (0..3).map(|i| (ProductId(i), CategoryId(0)));
            let mut offers = Offers::new(products);
            let mut listed: Vec<(Spot, u32)> = Vec::new();
            for (number, (slot, remove)) in (0u32..).zip(steps) {
                if remove && !listed.is_empty() {
                    let (spot, stock) = listed.remove(number as usize % listed.len());
                    prop_assert_eq!(offers.delist(spot), stock);
                } else {
                    let row = Row { stock: number, ships: 1, price_cents: 100, ..Row::default() };
                    let weight = Weight { a: number as f32, b: 0.0 };
                    let (spot, _) = offers.list(slot, SellerId(number), row, weight);
                    listed.push((spot, number));
                }
                for &(spot, number) in &listed {
                    prop_assert_eq!(offers.seller(spot), SellerId(number));
                    prop_assert_eq!(offers.row(spot).stock, number);
                }
            }
        }
    }
}
