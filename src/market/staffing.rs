//! The staff at work: what it sees of the market, and what its decisions do.

use std::cell::RefCell;

use super::onboarding::{Decision, WorldView};
use super::{Market, Shelves, Spot, Standing};
use crate::agents::staff::monitoring::Indicators;
use crate::history::{ExitReason, FactSink};
use crate::protocol::Notice;
use crate::rng::Purpose;
use crate::units::{CategoryId, Cents, CountryId, ProductId, SellerId, SimTime};

impl Market {
    /// Brings the pipeline of applicants to its steady state.
    pub(super) fn warm_up_staff(&mut self, cells: &mut dyn Shelves) {
        let Some(mut staff) = self.onboarding.take() else { return };
        for day in staff.first_day()..0 {
            // Seen anew every day: the next audit is of what the action plan mended.
            for seller in
                staff.warm_up_day(day, &Seen::new(self, cells, 1, f64::INFINITY), self.dice)
            {
                self.notify(seller, Notice::ActionPlan);
                self.refresh_quality(SimTime(0), seller);
            }
        }
        self.onboarding = Some(staff);
    }

    /// A day of the staff.
    pub(super) fn staff_day(
        &mut self,
        now: SimTime,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        let Some(mut staff) = self.onboarding.take() else { return };
        self.wakes += 1;
        let mut decisions = Vec::new();
        let seen = Seen::new(self, cells, staff.weeks_watched(), staff.too_dear());
        staff.day(now.day() as i32, &seen, self.dice, &mut decisions);
        self.onboarding = Some(staff);
        for decision in decisions {
            if let Some(fact) = decision.fact() {
                sink.take(now, &fact);
            }
            self.decide(now, decision, cells, sink);
        }
    }

    fn decide(
        &mut self,
        now: SimTime,
        decision: Decision,
        cells: &mut dyn Shelves,
        sink: &mut dyn FactSink,
    ) {
        match decision {
            Decision::GoLive { seller, order_cap } => {
                self.go_live(now, seller, Some(order_cap), cells, sink);
            }
            Decision::Graduate { seller, .. } => {
                self.sellers[seller.index()].trial_cap = None;
            }
            Decision::Mend { seller } | Decision::Plan { seller } => {
                self.notify(seller, Notice::ActionPlan);
                self.refresh_quality(now, seller);
            }
            Decision::Answer { seller, requests, hours } => {
                self.reputations.note_of_all(seller, self.reads.outcomes, |t| {
                    t.requests += requests;
                    t.answer_hours = t.answer_hours.saturating_add(hours);
                });
            }
            Decision::Suspend { seller, .. } => {
                self.sellers[seller.index()].standing = Standing::Suspended;
            }
            Decision::Reinstate { seller } => {
                self.sellers[seller.index()].standing = Standing::Selling;
            }
            Decision::Remove { seller } => {
                self.leave(now, seller, ExitReason::Removed, cells, sink);
            }
            Decision::Propose { seller, product, price } => {
                self.notify(seller, Notice::Proposed { product, price });
            }
            Decision::ChaseRestock { seller, product } => {
                self.notify(seller, Notice::RestockAsked { product });
            }
            Decision::Enter { .. }
            | Decision::DropOut { .. }
            | Decision::Mystery { .. }
            | Decision::Warn { .. }
            | Decision::StaffDay { .. } => {}
        }
    }
}

/// The market as the staff sees it on one day.
struct Seen<'a> {
    market: &'a Market,
    cells: RefCell<&'a mut dyn Shelves>,
    /// Weeks that monitoring looks back on.
    weeks_watched: usize,
    /// Price over the cheapest rival's that is too dear.
    too_dear: f64,
    /// Live offers by (category, country of the seller), and how many there would be if they were
    /// spread as visits are.
    offers: Vec<f64>,
    fair: Vec<f64>,
}

impl<'a> Seen<'a> {
    fn new(
        market: &'a Market,
        cells: &'a mut dyn Shelves,
        weeks_watched: usize,
        too_dear: f64,
    ) -> Self {
        let (categories, countries) =
            (market.census.categories.len(), market.census.countries.len());
        let mut offers = vec![0.0; categories * countries];
        for seller in market.sellers.iter().filter(|s| s.is_live()) {
            for offer in &seller.offers {
                let category = market.census.products[offer.product.index()].category;
                let country = seller.profile().country;
                offers[category.index() * countries + country.index()] += 1.0;
            }
        }
        let total: f64 = offers.iter().sum();
        let mut of_category = vec![0.0; categories];
        for product in &market.census.products {
            of_category[product.category.index()] += product.popularity;
        }
        let fair = (0..categories * countries)
            .map(|i| total * of_category[i / countries] * market.shopper_shares[i % countries])
            .collect();
        Seen { market, cells: RefCell::new(cells), weeks_watched, too_dear, offers, fair }
    }

    fn price(&self, cell: u32, spot: Spot) -> f64 {
        let mut cells = self.cells.borrow_mut();
        f64::from(cells.cell(cell).offers().price(spot))
    }

    /// The price below which a seller meets nobody's.
    fn least_price(&self, seller: SellerId, cell: u32, spot: Spot) -> f64 {
        let mut cells = self.cells.borrow_mut();
        self.market.least_price(seller, cells.cell(cell).offers().row(spot).unit_cost)
    }

    fn stock(&self, cell: u32, spot: Spot) -> u32 {
        let mut cells = self.cells.borrow_mut();
        cells.cell(cell).offers().row(spot).stock
    }

    fn popularity(&self, product: ProductId) -> f64 {
        self.market.census.products[product.index()].popularity
    }

    /// The cheapest price that another seller asks for a product now.
    fn cheapest(&self, product: ProductId, but: SellerId) -> Option<f64> {
        let home = self.market.homes[product.index()];
        let mut cells = self.cells.borrow_mut();
        let offers = cells.cell(home.cell).offers();
        offers
            .spots(home.slot)
            .filter(|&spot| offers.is_open(spot) && offers.seller(spot) != but)
            .map(|spot| f64::from(offers.price(spot)))
            .reduce(f64::min)
    }
}

impl WorldView for Seen<'_> {
    fn risk(&self, seller: SellerId) -> f64 {
        let quality = self.market.sellers[seller.index()].quality;
        1.0 - (1.0 - quality.defect) * (1.0 - quality.misgrade) * (1.0 - quality.late)
    }

    fn indicators(&self, seller: SellerId) -> Indicators {
        let recent = self.market.reputations.last_weeks(seller, self.weeks_watched);
        let all = self.market.reputations.lifetime(seller);
        Indicators {
            orders: recent.delivered + recent.cancelled,
            defective: recent.defective + recent.misgraded,
            late: recent.late,
            cancelled: recent.cancelled,
            delivered: all.delivered,
        }
    }

    fn stars(&self, seller: SellerId) -> Option<f64> {
        let all = self.market.reputations.lifetime(seller);
        (all.reviews > 0).then(|| all.stars_sum() / f64::from(all.reviews))
    }

    fn orders_yesterday(&self, seller: SellerId) -> u32 {
        self.market.sellers[seller.index()].orders_yesterday
    }

    fn thin(&self, category: CategoryId, country: CountryId) -> f64 {
        let i = category.index() * self.market.census.countries.len() + country.index();
        if self.fair[i] <= 0.0 {
            return 0.0;
        }
        (1.0 - self.offers[i] / self.fair[i]).clamp(0.0, 1.0)
    }

    fn sold_out(&self, seller: SellerId) -> Option<ProductId> {
        let kind = self.market.sellers[seller.index()].profile().kind;
        if !self.market.team(seller).roster.hears_requests(kind) {
            return None;
        }
        self.market
            .spots(seller)
            .filter(|&(_, cell, spot)| self.stock(cell, spot) == 0)
            .map(|(product, ..)| product)
            .max_by(|a, b| self.popularity(*a).total_cmp(&self.popularity(*b)).then(b.cmp(a)))
    }

    fn gap(&self, seller: SellerId, known: &[ProductId]) -> Option<(ProductId, Cents)> {
        let profile = self.market.sellers[seller.index()].profile();
        let roster = &self.market.team(seller).roster;
        let category = self.market.census.sellers[seller.index()].category;
        let lists = |p: ProductId| self.market.spots(seller).any(|(listed, ..)| listed == p);
        // Equally thin products are told apart seller by seller, or all would be sent to the same one.
        let tie = |p: ProductId| {
            let who = u64::from(seller.0) | u64::from(p.0) << 32;
            self.market.dice.block(who, u32::MAX, Purpose::Proposal).0[0]
        };
        let fewest = self
            .market
            .census
            .products
            .iter()
            .filter(|card| card.category == category && !known.contains(&card.product))
            .filter(|card| roster.may_list(profile.kind, card.product))
            .filter(|card| !lists(card.product))
            .min_by_key(|card| (self.market.offers_of(card.product), tie(card.product)))?;
        let markups = profile.catalogue.iter().map(|line| line.markup);
        let markup = markups.sum::<f64>() / profile.catalogue.len().max(1) as f64;
        let price = markup * self.market.reference_eur(fewest.product);
        Some((fewest.product, Cents::from_eur(price)))
    }

    fn price_to_meet(&self, seller: SellerId) -> Option<(ProductId, Cents)> {
        let dear = |(product, cell, spot): (ProductId, u32, Spot)| {
            let meet = self.cheapest(product, seller)?;
            let asked = self.price(cell, spot);
            let wise = asked > self.too_dear * meet && meet >= self.least_price(seller, cell, spot);
            wise.then_some((product, meet, asked / meet))
        };
        let (product, meet, _) = self
            .market
            .spots(seller)
            .filter_map(dear)
            .max_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0)))?;
        Some((product, Cents::from_eur(meet)))
    }
}
