//! A cell: some of the products with all their offers, worked by one thread at a time.
//!
//! What belongs to a product (offers, stock) lives in one cell. What belongs to a seller and is limited
//! (capacity, the trial's order cap) is dealt out to its cells as quotas between ticks, so that no cell
//! needs to ask another.

use super::Market;
use super::shelf::{Row, Scratch, Shelf};
use crate::agents::sellers::Look;
use crate::history::Fact;
use crate::protocol::{Query, ShelfLine};
use crate::rng::Purpose;
use crate::units::{Cents, ProductId, SellerId, SessionId, SimTime};

/// No seller of this number is in the cell.
const NOBODY: u32 = u32::MAX;

/// Where an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The shelf's place in its cell.
    pub slot: u32,
    /// The offer's row on the shelf.
    pub row: u32,
}

/// A seller as one cell knows it.
#[derive(Debug, Clone)]
struct Local {
    /// Orders it may still take here before the next dealing.
    quota: u32,
    /// Live and not suspended.
    allowed: bool,
    offers: Vec<Spot>,
    /// Where the next round of looking at prices begins, for sellers with a limit on look-ups.
    next_look: u32,
}

/// Some of the market's products.
#[derive(Debug, Default)]
pub struct Cell {
    pub number: u32,
    shelves: Vec<Shelf>,
    sellers: Vec<Local>,
    local_of: Vec<u32>,
    scratch: Scratch,
    /// Shelves whose views changed since the last refresh, for policies that read exposure.
    viewed: Vec<u32>,
}

impl Cell {
    /// A cell with the given shelves; sellers are numbered below `sellers`.
    pub fn new(number: u32, shelves: Vec<Shelf>, sellers: usize) -> Self {
        Cell { number, shelves, local_of: vec![NOBODY; sellers], ..Cell::default() }
    }

    /// The shelves, by slot.
    pub fn shelves(&self) -> &[Shelf] {
        &self.shelves
    }

    /// Puts a new offer on its shelf, without stock.
    pub fn list(&mut self, market: &Market, seller: SellerId, slot: u32, mut row: Row) -> Spot {
        let known = self.local_of[seller.index()];
        row.local = if known == NOBODY { self.sellers.len() as u32 } else { known };
        if known == NOBODY {
            self.local_of[seller.index()] = row.local;
            self.sellers.push(Local { quota: 0, allowed: false, offers: Vec::new(), next_look: 0 });
        }
        let shelf = &mut self.shelves[slot as usize];
        let weight = market.weigh(seller, shelf.category, 0);
        let local = row.local as usize;
        let row = shelf.list(seller, row, weight, market.shown_stars(seller));
        let spot = Spot { slot, row };
        self.sellers[local].offers.push(spot);
        spot
    }

    /// Takes an offer off sale and returns the units that were left.
    pub fn delist(&mut self, spot: Spot) -> u32 {
        let shelf = &mut self.shelves[spot.slot as usize];
        let local = shelf.row(spot.row).local as usize;
        self.sellers[local].offers.retain(|&other| other != spot);
        shelf.delist(spot.row)
    }

    /// Sets an offer's price, and what the seller aims at with it from now on.
    pub fn set_price(&mut self, spot: Spot, price_cents: u32, markup: f32) {
        let shelf = &mut self.shelves[spot.slot as usize];
        shelf.reprice(spot.row, price_cents);
        shelf.row_mut(spot.row).markup = markup;
    }

    /// Adds units to an offer at what they cost the seller, as many as can be counted, and returns how
    /// many those were.
    pub fn restock(&mut self, spot: Spot, units: u32, unit_cost: Cents, day: f32) -> u32 {
        let shelf = &mut self.shelves[spot.slot as usize];
        let row = shelf.row_mut(spot.row);
        let units = units.min(u32::MAX - row.stock);
        let (old, new) = (u64::from(row.stock), u64::from(units));
        let value = old * u64::from(row.unit_cost) + new * unit_cost.0.max(0) as u64;
        if let Some(mean) = value.checked_div(old + new) {
            row.unit_cost = mean as u32;
        }
        row.stock += units;
        row.refilled = day;
        let local = &self.sellers[row.local as usize];
        shelf.open(spot.row, local.allowed && local.quota > 0);
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
            for spot in &local.offers {
                self.shelves[spot.slot as usize].open(spot.row, is_open);
            }
        }
    }

    /// Sells one unit of an offer. The caller has just ranked it, so it is open.
    pub fn sell(&mut self, spot: Spot) {
        let shelf = &mut self.shelves[spot.slot as usize];
        let row = shelf.row_mut(spot.row);
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
                self.shelves[other.slot as usize].open(other.row, false);
            }
        } else if stock == 0 {
            shelf.open(spot.row, false);
        }
    }

    /// Ranks the offers of a shelf for a query; the slate is [`Cell::slate`].
    pub fn rank(&mut self, market: &Market, slot: u32, query: &Query, star_eur: f32) {
        let shelf = &self.shelves[slot as usize];
        let length = market.slate_length();
        let policy = market.policy();
        shelf.rank(query, star_eur, policy, market.dice(), length, &mut self.scratch);
    }

    /// The slate ranked last, as places on the shelf it was ranked for.
    pub fn slate(&self) -> &[super::shelf::Placed] {
        &self.scratch.slate
    }

    /// Counts the views of the slate ranked last, where the policy reads them.
    pub fn count_views(&mut self, slot: u32) {
        let shelf = &mut self.shelves[slot as usize];
        for (place, placed) in (1u64..).zip(&self.scratch.slate) {
            shelf.row_mut(placed.row).views += 1_000_000 / place;
        }
        if self.viewed.last() != Some(&slot) {
            self.viewed.push(slot);
        }
    }

    /// Brings what the policy and shoppers see up to date with the reputations.
    pub fn refresh(&mut self, market: &Market) {
        for &seller in market.reputations().dirty() {
            let at = self.local_of[seller.index()];
            if at == NOBODY {
                continue;
            }
            let stars = market.shown_stars(seller);
            for spot in &self.sellers[at as usize].offers {
                let shelf = &mut self.shelves[spot.slot as usize];
                let views = shelf.row(spot.row).views;
                let weight = market.weigh(seller, shelf.category, views);
                shelf.refresh(spot.row, weight, stars);
            }
        }
        if !self.viewed.is_empty() {
            self.refresh_views(market);
        }
    }

    fn refresh_views(&mut self, market: &Market) {
        self.viewed.sort_unstable();
        self.viewed.dedup();
        for slot in self.viewed.drain(..) {
            let shelf = &mut self.shelves[slot as usize];
            for row in 0..shelf.rows() {
                let seller = shelf.seller(row);
                let weight = market.weigh(seller, shelf.category, shelf.row(row).views);
                shelf.refresh(row, weight, shelf.stars(row));
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
            let looks = n.min(market.looks_a_turn(seller));
            let from = local.next_look as usize;
            local.next_look = ((from + looks) % n.max(1)) as u32;
            for i in 0..looks {
                let spot = self.sellers[at as usize].offers[(from + i) % n];
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
        let shelf = &mut self.shelves[spot.slot as usize];
        let product = shelf.product;
        let about = SessionId(now.0 ^ u64::from(product.0) << 40);
        let country = market.seller(seller).profile().country;
        let rivalry = shelf.standing(spot.row, country, market.policy(), &mut self.scratch);
        let days = now.days() as f32;
        let row = shelf.row_mut(spot.row);
        let look = Look {
            price: f64::from(row.price_cents) / 100.0,
            target: f64::from(row.markup) * market.reference_eur(product),
            break_even: market.break_even(row.unit_cost),
            to_win: rivalry.to_win.map(f64::from),
            winning: rivalry.winning,
            stock: row.stock,
            sold: row.sold_since_look,
            age_days: f64::from(days - row.refilled),
            elapsed_days: f64::from(days - row.looked),
            floor_factor: market.seller(seller).stance.floor,
            chance: market.dice().block(about.0, seller.0, Purpose::Pricing).unit(0),
        };
        row.sold_since_look = 0;
        row.looked = days;
        let price = market.pricing(seller).reprice(&look, &mut row.memory);
        let price_cents = Cents::from_eur(price).0.clamp(1, i64::from(u32::MAX)) as u32;
        if price_cents != row.price_cents {
            shelf.reprice(spot.row, price_cents);
            tell(now, &Fact::Repriced { seller, product, price_cents });
        }
    }

    /// What a seller sees of one of its offers when it wakes; the count of sales starts again.
    pub fn line(&mut self, spot: Spot, target: Cents, fair_share: f64) -> ShelfLine {
        let shelf = &mut self.shelves[spot.slot as usize];
        let (product, category) = (shelf.product, shelf.category);
        let row = shelf.row_mut(spot.row);
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

    /// Target price over reference price of an offer.
    pub fn markup(&self, spot: Spot) -> f64 {
        f64::from(self.shelves[spot.slot as usize].row(spot.row).markup)
    }

    /// The product of a shelf.
    pub fn product(&self, slot: u32) -> ProductId {
        self.shelves[slot as usize].product
    }
}
