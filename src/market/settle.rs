//! The end of a tick, and of a day: quotas, staff, sellers, lots, fees.

use super::truth::unlimited;
use super::{Market, Seller, Shelves, Standing};
use crate::agents::sellers::{Quality, SellerDay, StarTable};
use crate::history::{Fact, FactSink};
use crate::protocol::{Notice, ShelfLine};
use crate::units::{Cents, ProductId, SellerId, SimTime, US_PER_DAY};

/// Days between two charges of the monthly fee: what the key `market.fees.monthly_eur` [EUR/30 days]
/// calls a month, and so no key of its own.
const FEE_DAYS: u32 = 30;

impl Market {
    /// What happens before the first tick: the sellers of the start list their catalogues and fill
    /// their shelves, and the pipeline of applicants is brought to its steady state.
    pub fn open(&mut self, cells: &mut dyn Shelves, sink: &mut dyn FactSink) {
        let start = SimTime(0);
        for i in 0..self.sellers.len() {
            if self.census.sellers[i].from_start {
                self.go_live(start, SellerId(i as u32), None, cells, sink);
            }
        }
        self.warm_up_staff(cells);
        self.count_past_reviews(self.who);
        self.strike(start, sink);
        self.day_begins(start, cells, sink);
        self.freshen();
    }

    /// Settles a tick that ends at `end`, after its facts were recorded.
    pub fn settle(&mut self, end: SimTime, cells: &mut dyn Shelves, sink: &mut dyn FactSink) {
        self.wakes += self.looking().len() as u64;
        self.next_look += 1;
        self.deal_after_sales(cells);
        if end.0.is_multiple_of(US_PER_DAY) {
            self.midnight(end, cells, sink);
        }
        self.freshen();
    }

    /// A day is over and another begins.
    fn midnight(&mut self, now: SimTime, cells: &mut dyn Shelves, sink: &mut dyn FactSink) {
        let day = now.day();
        for seller in &mut self.sellers {
            seller.orders_yesterday = std::mem::take(&mut seller.orders_today);
        }
        if day.is_multiple_of(7) {
            self.set_reference_prices(now);
        }
        self.clear_lots(now, cells, sink);
        self.staff_day(now, cells, sink);
        if day.is_multiple_of(7) {
            // After the staff has judged it: on Mondays monitoring looks back on whole weeks.
            self.reputations.close_week();
        }
        self.strike(now, sink);
        if day.is_multiple_of(FEE_DAYS) {
            self.charge_fees(now, sink);
        }
        self.day_begins(now, cells, sink);
    }

    /// Sellers wake, and what they may sell today is dealt out.
    fn day_begins(&mut self, now: SimTime, cells: &mut dyn Shelves, sink: &mut dyn FactSink) {
        for i in 0..self.sellers.len() {
            let seller = SellerId(i as u32);
            if self.sellers[i].is_live() {
                self.day_of(now, seller, cells, sink);
            }
        }
        self.plan_looks(now, cells);
    }

    /// A live seller wakes, and what it may sell today is dealt out.
    pub(super) fn day_of(
        &mut self,
        now: SimTime,
        seller: SellerId,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        self.wake(now, seller, cells, sink);
        self.refresh_quality(now, seller);
        let state = &mut self.sellers[seller.index()];
        let capacity = state.actor.profile().capacity;
        state.capacity_left = capacity.min(state.trial_cap.unwrap_or(u32::MAX));
        if state.is_live() {
            self.deal(seller, cells);
        }
    }

    /// Wakes one seller and carries out what it asks for.
    fn wake(
        &mut self,
        now: SimTime,
        seller: SellerId,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        self.wakes += 1;
        let shelf = self.shelf_of(now, seller, cells);
        let day = SellerDay {
            day: now.day(),
            shelf: &shelf,
            supply: self.team(seller).spec.supply * self.seller(seller).stance.supply,
            urgency: self.team(seller).spec.urgency,
            dice: self.dice,
        };
        let state = &mut self.sellers[seller.index()];
        let team = &self.teams[state.side.index()];
        state.actor.wake(&day, &team.spec, team.roster.rules(), &mut self.outbox);
        self.carry_out(now, cells, sink);
    }

    /// A seller's offers as it sees them.
    fn shelf_of(&self, now: SimTime, seller: SellerId, cells: &mut dyn Shelves) -> Vec<ShelfLine> {
        let visits = self.traffic.planned_per_day(now);
        let offers = &self.sellers[seller.index()].offers;
        let line = |offer: &super::Offer| {
            let cell = cells.cell(offer.cell);
            let target =
                Cents::from_eur(f64::from(offer.markup) * self.reference_eur(offer.product));
            let card = &self.census.products[offer.product.index()];
            let orders = visits * card.popularity * self.team(seller).planned_conversion;
            let rivals = f64::from(self.offers[offer.product.index()].max(1));
            cell.line(offer.spot, target, orders / rivals)
        };
        offers.iter().map(line).collect()
    }

    /// Takes over a seller's true quality of today.
    pub(super) fn refresh_quality(&mut self, now: SimTime, seller: SellerId) {
        let state = &self.sellers[seller.index()];
        let quality = state.actor.quality(now.day(), self.team(seller).roster.rules());
        let inflation = self.reviews.as_ref().map_or(0.0, |r| r.inflation_per_week);
        if quality == state.quality && (inflation == 0.0 || !now.day().is_multiple_of(7)) {
            return;
        }
        self.take_over(now, seller, quality);
    }

    /// Makes a true quality the one that orders, reviews and oracles go by.
    pub(super) fn take_over(&mut self, now: SimTime, seller: SellerId, quality: Quality) {
        let inflation = self.reviews.as_ref().map_or(0.0, |r| r.inflation_per_week);
        let state = &mut self.sellers[seller.index()];
        state.quality = quality;
        let tilt = quality.tilt + inflation * f64::from(now.week());
        let profile = state.actor.profile();
        let true_stars = profile.true_stars(&quality, &self.star_shares);
        let stars = StarTable::new(tilt, &profile.star_shares(&self.star_shares));
        let truth = unlimited(profile, &quality, &self.star_shares, self.returns.as_ref());
        (state.stars, state.truth) = (stars, truth);
        self.reputations.set_true_stars(seller, true_stars);
    }

    /// Plans who looks at prices in which tick of the day: every seller at its own pace, begun at a
    /// time of its own so that not all look at once.
    ///
    /// Look k of a seller who looks n times a day is in the tick k·ticks/n, rounded down, of a run that
    /// began before this one by the seller's own phase: n may be any number of at most a look a tick.
    fn plan_looks(&mut self, now: SimTime, cells: &mut dyn Shelves) {
        let ticks = (US_PER_DAY / self.tick_us) as usize;
        self.looks_today.iter_mut().for_each(Vec::clear);
        self.looks_today.resize(ticks, Vec::new());
        self.next_look = 0;
        let first = now.0 / self.tick_us;
        for (i, seller) in self.sellers.iter().enumerate() {
            // Who is given has a price that stays.
            if seller.standing != Standing::Selling || seller.profile().given.is_some() {
                continue;
            }
            let team = &self.teams[seller.side.index()];
            let a_day = team.roster.pricings().get(seller.profile().pricing).looks_a_day();
            let tick_of = |k: u64| (k as f64 * ticks as f64 / a_day) as u64;
            let phase = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
            let from = first + phase % tick_of(1).max(1);
            // Rounding may put the first look one too far or too near.
            let mut k = (from as f64 * a_day / ticks as f64) as u64;
            while tick_of(k) < from {
                k += 1;
            }
            let mut turns = 0;
            while tick_of(k) < from + ticks as u64 {
                self.looks_today[(tick_of(k) - from) as usize].push(SellerId(i as u32));
                (k, turns) = (k + 1, turns + 1);
            }
            deal_looks(SellerId(i as u32), seller, team.lookups_a_day, turns, cells);
        }
    }

    fn charge_fees(&mut self, now: SimTime, sink: &mut dyn FactSink) {
        for i in 0..self.sellers.len() {
            let seller = SellerId(i as u32);
            let fee = self.team(seller).monthly_fee;
            if fee.0 > 0 && self.sellers[i].is_established() {
                self.ledger.fees += fee;
                self.notify(seller, Notice::FeeCharged { fee });
                sink.take(now, &Fact::FeeCharged { seller, fee_cents: fee.0 as u32 });
            }
        }
    }

    /// Brings lots and those who look for them together.
    fn clear_lots(&mut self, now: SimTime, cells: &mut dyn Shelves, sink: &mut dyn FactSink) {
        let (trades, unsold) = self.lots.clear();
        for trade in trades {
            let super::lots::LotTrade { from, to, product, units, unit_price } = trade;
            let price = Cents(unit_price.0 * i64::from(units));
            self.ledger.lots += price;
            let price_cents = price.0.max(0) as u64;
            sink.take(now, &Fact::LotSold { from, to, product, units, price_cents });
            self.notify(from, Notice::LotSold { product, units, unit_price });
            self.notify(to, Notice::LotBought { product, units, unit_price });
        }
        for lot in unsold {
            let (product, units, unit_price) = (lot.product, lot.units, lot.unit_price);
            self.notify(lot.seller, Notice::LotUnsold { product, units, unit_price });
        }
        self.carry_out(now, cells, sink);
    }

    /// Sets this week's reference prices.
    pub(super) fn set_reference_prices(&mut self, now: SimTime) {
        for (i, card) in self.census.products.iter().enumerate() {
            self.reference[i] = card.reference_eur(now);
        }
    }

    /// Listed offers of a product.
    pub fn offers_of(&self, product: ProductId) -> u32 {
        self.offers[product.index()]
    }
}

/// Deals out what a seller may look up today among its cells by its offers there: the parts add up to
/// the limit.
fn deal_looks(id: SellerId, seller: &Seller, limit: u32, turns: u32, cells: &mut dyn Shelves) {
    let (mut counted, mut dealt) = (0, 0);
    for &cell in &seller.cells {
        let cell = cells.cell(cell);
        counted += cell.listed(id) as u64;
        let up_to = u64::from(limit) * counted / (seller.offers.len() as u64).max(1);
        cell.deal_looks(id, (up_to - dealt) as u32, turns);
        dealt = up_to;
    }
}
