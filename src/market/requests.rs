//! What sellers ask for, carried out.

use super::lots::{Lot, Wanted};
use super::shelf::Row;
use super::{Market, Offer, Shelves, Spot, Standing};
use crate::history::{ExitReason, Fact, FactSink};
use crate::protocol::{Request, Said};
use crate::units::{Cents, ProductId, SellerId, SimTime};

impl Market {
    /// Carries out everything that was said, in order.
    pub(super) fn carry_out(
        &mut self,
        now: SimTime,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        let said: Vec<Said> = self.outbox.drain().collect();
        for Said { seller, request } in said {
            if !self.seller(seller).is_live() {
                continue;
            }
            match request {
                Request::Restock { product, units, unit_cost } => {
                    self.restock(now, seller, product, units, unit_cost, cells, sink);
                }
                Request::List { product, price } => {
                    self.list(now, seller, product, price, cells, sink);
                }
                Request::Meet { product, price } => {
                    self.meet(now, seller, product, price, cells, sink);
                }
                Request::Delist { product } => self.delist(now, seller, product, cells, sink),
                Request::OfferLot { product, units, unit_price } => {
                    self.lots.offer(Lot { seller, product, units, unit_price });
                }
                Request::SeekLot { product, units, max_unit_price } => {
                    self.lots.seek(Wanted { buyer: seller, product, units, max_unit_price });
                }
                Request::Exit => {
                    self.leave(now, seller, ExitReason::Unprofitable, cells, sink);
                    if let Some(staff) = &mut self.onboarding {
                        staff.exited(now.day() as i32, seller);
                    }
                }
            }
        }
    }

    /// A seller goes live: it lists its catalogue. `cap` is the trial's limit of orders a day.
    pub(super) fn go_live(
        &mut self,
        now: SimTime,
        seller: SellerId,
        cap: Option<u32>,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        let state = &mut self.sellers[seller.index()];
        state.standing = Standing::Selling;
        state.trial_cap = cap;
        let catalogue = state.actor.profile().catalogue.clone();
        let given = state.actor.profile().given;
        // Known from the start, not from the first time that it changes.
        let rules = self.teams[state.side.index()].roster.rules();
        let quality = state.actor.quality(now.day(), rules);
        self.take_over(now, seller, quality);
        for listing in catalogue {
            let target = listing.markup * self.reference_eur(listing.product);
            let price = Cents::from_eur(given.map_or(target, |given| given.price_eur));
            self.list(now, seller, listing.product, price, cells, sink);
        }
    }

    /// Puts a product on sale, without stock.
    fn list(
        &mut self,
        now: SimTime,
        seller: SellerId,
        product: ProductId,
        price: Cents,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        if self.offer_of(seller, product).is_some() {
            return;
        }
        let price = Cents(price.0.clamp(1, i64::from(u32::MAX)));
        let price_cents = price.0 as u32;
        let markup = (price.eur() / self.reference_eur(product)) as f32;
        let home = self.homes[product.index()];
        let days = now.days() as f32;
        let row = Row {
            price_cents,
            ships: self.seller(seller).profile().ships,
            markup,
            stocked: days,
            looked: days,
            ..Row::default()
        };
        let spot = cells.cell(home.cell).list(self, seller, home.slot, row);
        let state = &mut self.sellers[seller.index()];
        state.offers.push(Offer { product, cell: home.cell, spot, markup });
        if let Err(at) = state.cells.binary_search(&home.cell) {
            state.cells.insert(at, home.cell);
        }
        self.offers[product.index()] += 1;
        sink.take(now, &Fact::Listed { seller, product, price_cents });
    }

    /// The price [EUR] below which a seller meets nobody's: what leaves it nothing.
    pub(super) fn least_price(&self, seller: SellerId, unit_cost: u32) -> f64 {
        // Who never had stock doesn't know yet what a unit costs.
        if unit_cost == 0 { f64::INFINITY } else { self.break_even(seller, unit_cost) }
    }

    /// Brings what a seller aims at with an offer down to a price, and the price with it: never to where
    /// it would lose by it, and never up.
    fn meet(
        &mut self,
        now: SimTime,
        seller: SellerId,
        product: ProductId,
        price: Cents,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        let Some(offer) = self.offer_of(seller, product) else { return };
        let cell = cells.cell(offer.cell);
        let row = cell.offers().row(offer.spot);
        let (asked, unit_cost) = (row.price_cents, row.unit_cost);
        let target = cell.markup(offer.spot) * self.reference_eur(product);
        let price = price.eur().max(self.least_price(seller, unit_cost));
        if price >= target {
            return;
        }
        let markup = (price / self.reference_eur(product)) as f32;
        // A fraction of a cent must not put it below break-even.
        let price_cents = ((price * 100.0).ceil() as u32).clamp(1, asked);
        cell.set_price(offer.spot, price_cents, markup);
        if price_cents != asked {
            sink.take(now, &Fact::Repriced { seller, product, price_cents });
        }
    }

    fn delist(
        &mut self,
        now: SimTime,
        seller: SellerId,
        product: ProductId,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        let state = &mut self.sellers[seller.index()];
        let Some(at) = state.offers.iter().position(|o| o.product == product) else { return };
        let offer = state.offers.remove(at);
        if !state.offers.iter().any(|o| o.cell == offer.cell) {
            state.cells.retain(|&cell| cell != offer.cell);
            // What was dealt to this cell goes back: it must not be there if the seller returns.
            cells.cell(offer.cell).deal(seller, 0, false);
        }
        let units = cells.cell(offer.cell).delist(offer.spot);
        self.offers[product.index()] -= 1;
        sink.take(now, &Fact::Delisted { seller, product, units });
    }

    #[expect(clippy::too_many_arguments, reason = "a delivery of stock is all of these")]
    fn restock(
        &mut self,
        now: SimTime,
        seller: SellerId,
        product: ProductId,
        units: u32,
        unit_cost: Cents,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        if let Some(offer) = self.offer_of(seller, product)
            && units > 0
        {
            let taken =
                cells.cell(offer.cell).restock(offer.spot, units, unit_cost, now.days() as f32);
            sink.take(now, &Fact::Restocked { seller, product, units: taken });
        }
    }

    /// A live seller leaves for good, with its offers; orders on their way still arrive.
    pub(super) fn leave(
        &mut self,
        now: SimTime,
        seller: SellerId,
        reason: ExitReason,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        while let Some(offer) = self.sellers[seller.index()].offers.last() {
            self.delist(now, seller, offer.product, cells, sink);
        }
        self.sellers[seller.index()].standing = Standing::Gone;
        sink.take(now, &Fact::Exited { seller, reason });
    }

    fn offer_of(&self, seller: SellerId, product: ProductId) -> Option<Offer> {
        self.seller(seller).offers.iter().find(|o| o.product == product).copied()
    }

    /// Where a seller's offers are.
    pub(super) fn spots(&self, seller: SellerId) -> impl Iterator<Item = (ProductId, u32, Spot)> {
        self.seller(seller).offers.iter().map(|o| (o.product, o.cell, o.spot))
    }
}
