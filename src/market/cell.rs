//! A cell: some of the products with all their offers, worked by one thread at a time.
//!
//! What belongs to a product (offers, stock) lives in one cell. What belongs to a seller and is limited
//! (capacity, the trial's order cap) is dealt out to its cells as quotas between ticks, so that no cell
//! needs to ask another.

use super::Market;
use super::best::Placed;
use super::shelf::{Offers, Row, Rule, Scratch, Spot};
use super::split::Side;
use crate::agents::sellers::Look;
use crate::history::Fact;
use crate::protocol::{Query, ShelfLine};
use crate::ranking::Term;
use crate::rng::Purpose;
use crate::units::{CategoryId, Cents, SellerId, SessionId, SimTime};

/// No seller of this number is in the cell.
const NOBODY: u32 = u32::MAX;

/// One of a seller's offers in a cell, with what a refresh needs of it.
#[derive(Debug, Clone, Copy)]
struct Listed {
    spot: Spot,
    place: u32,
    category: CategoryId,
}

/// A seller as one cell knows it.
#[derive(Debug, Clone)]
struct Local {
    /// Orders it may still take here before the next dealing.
    quota: u32,
    /// Live and not suspended.
    allowed: bool,
    offers: Vec<Listed>,
    /// Where the next round of looking at prices begins, for sellers with a limit on look-ups.
    next_look: u32,
    /// Prices it may still look at here today, and in how many turns.
    looks: u32,
    turns: u32,
}

/// Some of the market's products.
#[derive(Debug, Default)]
pub struct Cell {
    /// Its place among the cells.
    pub number: u32,
    offers: Offers,
    sellers: Vec<Local>,
    local_of: Vec<u32>,
    scratch: Scratch,
    /// Shelves whose views changed since the last refresh, for policies that read exposure.
    viewed: Vec<u32>,
}

impl Cell {
    /// A cell with the given shelves; sellers are numbered below `sellers`.
    pub fn new(number: u32, offers: Offers, sellers: usize) -> Self {
        Cell { number, offers, local_of: vec![NOBODY; sellers], ..Cell::default() }
    }

    /// The offers.
    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Puts a new offer on its shelf, without stock.
    pub fn list(&mut self, market: &Market, seller: SellerId, slot: u32, mut row: Row) -> Spot {
        let known = self.local_of[seller.index()];
        row.local = if known == NOBODY { self.sellers.len() as u32 } else { known };
        if known == NOBODY {
            self.local_of[seller.index()] = row.local;
            self.sellers.push(Local {
                quota: 0,
                allowed: false,
                offers: Vec::new(),
                next_look: 0,
                looks: 0,
                turns: 0,
            });
        }
        let category = self.offers.category(slot);
        let weight = market.weigh(seller, category, 0);
        let local = row.local as usize;
        let (spot, moved) = self.offers.list(slot, seller, row, weight);
        let place = self.offers.place(spot);
        for &side in &market.sides()[1..] {
            let weight = market.weigh_in(market.view(side), seller, category, 0);
            self.offers.refresh(side, place, weight);
        }
        self.sellers[local].offers.push(Listed { spot, place, category });
        if moved {
            self.place_again(slot);
        }
        spot
    }

    /// Takes note that the offers of a shelf have other places now.
    fn place_again(&mut self, slot: u32) {
        for listed in self.sellers.iter_mut().flat_map(|local| &mut local.offers) {
            if listed.spot.slot == slot {
                listed.place = self.offers.place(listed.spot);
            }
        }
    }

    /// Takes an offer off sale and returns the units that were left.
    pub fn delist(&mut self, spot: Spot) -> u32 {
        let local = self.offers.row(spot).local as usize;
        self.sellers[local].offers.retain(|other| other.spot != spot);
        self.offers.delist(spot)
    }

    /// Sets an offer's price, and what the seller aims at with it from now on.
    pub fn set_price(&mut self, spot: Spot, price_cents: u32, markup: f32) {
        self.offers.reprice(spot, price_cents);
        self.offers.row_mut(spot).markup = markup;
    }

    /// Adds units to an offer at what they cost the seller, as many as can be counted, and returns how
    /// many those were.
    pub fn restock(&mut self, spot: Spot, units: u32, unit_cost: Cents, day: f32) -> u32 {
        let row = self.offers.row_mut(spot);
        let units = units.min(u32::MAX - row.stock);
        let (old, new) = (u64::from(row.stock), u64::from(units));
        let value = old * u64::from(row.unit_cost) + new * unit_cost.0.max(0) as u64;
        if let Some(mean) = value.checked_div(old + new) {
            row.unit_cost = mean as u32;
        }
        if units > 0 {
            let (old, new) = (old as f64, new as f64);
            let mean = (f64::from(row.stocked) * old + f64::from(day) * new) / (old + new);
            row.stocked = mean as f32;
        }
        row.stock += units;
        let local = &self.sellers[row.local as usize];
        self.offers.open(spot, local.allowed && local.quota > 0);
        units
    }

    /// Says how many orders a seller may take here until the next dealing, and whether it may sell at
    /// all. Returns at once for a seller without offers here.
    pub fn deal(&mut self, seller: SellerId, quota: u32, allowed: bool) {
        let at = self.local_of[seller.index()];
        if at == NOBODY {
            return;
        }
        let local = &mut self.sellers[at as usize];
        let was_open = local.allowed && local.quota > 0;
        (local.quota, local.allowed) = (quota, allowed);
        let is_open = allowed && quota > 0;
        if was_open != is_open {
            for listed in &local.offers {
                self.offers.open(listed.spot, is_open);
            }
        }
    }

    /// How many offers a seller has here.
    pub fn listed(&self, seller: SellerId) -> usize {
        let at = self.local_of[seller.index()];
        self.sellers.get(at as usize).map_or(0, |local| local.offers.len())
    }

    /// Where a seller's offer on a shelf is.
    pub fn spot_of(&self, seller: SellerId, slot: u32) -> Option<Spot> {
        let local = self.sellers.get(self.local_of[seller.index()] as usize)?;
        local.offers.iter().map(|listed| listed.spot).find(|spot| spot.slot == slot)
    }

    /// Says how many prices a seller may look at here today, in so many turns.
    pub fn deal_looks(&mut self, seller: SellerId, looks: u32, turns: u32) {
        let at = self.local_of[seller.index()];
        if let Some(local) = self.sellers.get_mut(at as usize) {
            (local.looks, local.turns) = (looks, turns);
        }
    }

    /// Sells one unit of an offer. The caller has just ranked it, so it is open.
    pub fn sell(&mut self, spot: Spot) {
        let row = self.offers.row_mut(spot);
        assert!(row.stock > 0, "sold an offer without stock: {row:?}");
        row.stock -= 1;
        row.sold += 1;
        row.sold_since_look += 1;
        let (stock, local) = (row.stock, &mut self.sellers[row.local as usize]);
        assert!(local.allowed && local.quota > 0, "sold by a seller who may not: {local:?}");
        if local.quota != u32::MAX {
            local.quota -= 1;
        }
        if local.quota == 0 {
            for other in &local.offers {
                self.offers.open(other.spot, false);
            }
        } else if stock == 0 {
            self.offers.open(spot, false);
        }
    }

    /// Ranks the offers of a shelf for a query; the slate is [`Cell::slate`].
    pub fn rank(&mut self, market: &Market, slot: u32, query: &Query, star_eur: f32) {
        self.rank_on(Side::A, market, slot, query, star_eur);
    }

    /// The same for a visit of one side.
    #[inline]
    pub fn rank_on(
        &mut self,
        side: Side,
        market: &Market,
        slot: u32,
        query: &Query,
        star_eur: f32,
    ) {
        let view = market.view(side);
        let (policy, length) = (view.policy(), view.slate_length());
        let rule = Rule { side, policy, dice: market.dice(), length };
        self.offers.rank(slot, query, star_eur, rule, &mut self.scratch);
    }

    /// The same for a slate of `length` places, as if shoppers saw so many.
    #[inline]
    pub fn rank_places(
        &mut self,
        market: &Market,
        slot: u32,
        query: &Query,
        star_eur: f32,
        length: usize,
    ) {
        let rule = Rule { side: Side::A, policy: market.policy(), dice: market.dice(), length };
        self.offers.rank(slot, query, star_eur, rule, &mut self.scratch);
    }

    /// The score of an offer for a query taken apart; the last `score` is the one it is ranked by.
    pub fn explain(&self, market: &Market, spot: Spot, query: &Query, star_eur: f32) -> Vec<Term> {
        let offers = &self.offers;
        let (seller, views) = (offers.seller(spot), offers.row(spot).views);
        let merit = market.merit(seller, offers.category(spot.slot), views);
        let mut terms = market.policy().explain(&merit, offers.price(spot));
        let (policy, dice) = (market.policy(), market.dice());
        let rule = Rule { side: Side::A, policy, dice, length: market.slate_length() };
        terms.extend(offers.explain_query(spot, query, star_eur, rule));
        terms
    }

    /// The slate ranked last, as places on the shelf it was ranked for.
    pub fn slate(&self) -> &[Placed] {
        self.scratch.slate()
    }

    /// Every offer that could have been in the slate ranked last, with its score, in the order of rows;
    /// it holds until the next ranking, or look at a price.
    pub fn ranked(&self) -> impl Iterator<Item = Placed> + '_ {
        self.scratch.ranked()
    }

    /// Counts the views of the slate ranked last, where the policy reads them.
    pub fn count_views(&mut self, slot: u32) {
        for (place, placed) in (1u64..).zip(self.scratch.slate()) {
            self.offers.row_mut(Spot { slot, row: placed.row }).views += 1_000_000 / place;
        }
        if self.viewed.last() != Some(&slot) {
            self.viewed.push(slot);
        }
    }

    /// Brings what the policy sees up to date with the reputations.
    pub fn refresh(&mut self, market: &Market) {
        for &side in market.sides() {
            self.refresh_side(market, side);
        }
        if !self.viewed.is_empty() {
            self.refresh_views(market);
        }
    }

    fn refresh_side(&mut self, market: &Market, side: Side) {
        let view = market.view(side);
        for fresh in view.fresh() {
            let at = self.local_of[fresh.seller.index()];
            if at == NOBODY {
                continue;
            }
            let listed = &self.sellers[at as usize].offers;
            if let Some(weight) = fresh.weight {
                let weights = self.offers.weights_mut(side);
                for offer in listed {
                    weights.set(offer.place, weight);
                }
                continue;
            }
            for offer in listed {
                let views = self.offers.row(offer.spot).views;
                let weight = market.weigh_in(view, fresh.seller, offer.category, views);
                self.offers.refresh(side, offer.place, weight);
            }
        }
    }

    fn refresh_views(&mut self, market: &Market) {
        self.viewed.sort_unstable();
        self.viewed.dedup();
        for slot in self.viewed.drain(..) {
            let category = self.offers.category(slot);
            for spot in self.offers.spots(slot) {
                if !self.offers.is_listed(spot) {
                    continue;
                }
                let views = self.offers.row(spot).views;
                let (seller, place) = (self.offers.seller(spot), self.offers.place(spot));
                for &side in market.sides() {
                    let weight = market.weigh_in(market.view(side), seller, category, views);
                    self.offers.refresh(side, place, weight);
                }
            }
        }
    }

    /// Lets sellers whose turn it is look at their prices; `tell` hears of every change.
    pub fn reprice(
        &mut self,
        market: &Market,
        due: &[SellerId],
        now: SimTime,
        mut tell: impl FnMut(SimTime, &Fact<'_>),
    ) {
        for &seller in due {
            let at = self.local_of[seller.index()];
            if at == NOBODY || !self.sellers[at as usize].allowed {
                continue;
            }
            let local = &mut self.sellers[at as usize];
            let n = local.offers.len();
            // What is left for today is shared out among the turns that are left.
            let share = local.looks.checked_div(local.turns).unwrap_or(0);
            let looks = n.min(share as usize);
            local.looks -= looks as u32;
            local.turns = local.turns.saturating_sub(1);
            let from = local.next_look as usize;
            local.next_look = ((from + looks) % n.max(1)) as u32;
            for i in 0..looks {
                let spot = self.sellers[at as usize].offers[(from + i) % n].spot;
                self.look(market, seller, spot, now, &mut tell);
            }
        }
    }

    fn look(
        &mut self,
        market: &Market,
        seller: SellerId,
        spot: Spot,
        now: SimTime,
        tell: &mut impl FnMut(SimTime, &Fact<'_>),
    ) {
        let product = self.offers.product(spot.slot);
        let about = SessionId(now.0 ^ u64::from(product.0) << 40);
        let country = market.seller(seller).profile().country;
        let star_eur = market.mean_star_eur() as f32;
        let side = market.side_of_look(seller, product, now);
        let (policy, scratch) = (market.view(side).policy(), &mut self.scratch);
        let rivalry = self.offers.standing_on(side, spot, country, star_eur, policy, scratch);
        let days = now.days() as f32;
        let row = self.offers.row_mut(spot);
        let look = Look {
            price: f64::from(row.price_cents) / 100.0,
            target: f64::from(row.markup) * market.reference_eur(product),
            break_even: market.break_even(seller, row.unit_cost),
            to_win: rivalry.to_win.map(f64::from),
            winning: rivalry.winning,
            stock: row.stock,
            sold: row.sold_since_look,
            age_days: f64::from(days - row.stocked),
            elapsed_days: f64::from(days - row.looked),
            floor_factor: market.seller(seller).stance.floor,
            chance: market.dice().block(about.0, seller.0, Purpose::Pricing).unit(0),
        };
        row.sold_since_look = 0;
        row.looked = days;
        let price = market.pricing(seller).reprice(&look, &mut row.memory);
        let price_cents = Cents::from_eur(price).0.clamp(1, i64::from(u32::MAX)) as u32;
        if price_cents != row.price_cents {
            self.offers.reprice(spot, price_cents);
            tell(now, &Fact::Repriced { seller, product, price_cents });
        }
    }

    /// What a seller sees of one of its offers when it wakes; the count of sales starts again.
    pub fn line(&mut self, spot: Spot, target: Cents, fair_share: f64) -> ShelfLine {
        let (product, category) = (self.offers.product(spot.slot), self.offers.category(spot.slot));
        let row = self.offers.row_mut(spot);
        ShelfLine {
            product,
            category,
            stock: row.stock,
            price: Cents(i64::from(row.price_cents)),
            target,
            fair_share,
            sold: std::mem::take(&mut row.sold),
        }
    }

    /// Target price over reference price of an offer today.
    pub fn markup(&self, spot: Spot) -> f64 {
        f64::from(self.offers.row(spot).markup)
    }
}
