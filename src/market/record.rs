//! Facts applied to what later choices see: the one back edge of the program.

use super::{Market, Shelves, Standing, Tally};
use crate::history::{Condition, Fact, FactSink, Order};
use crate::protocol::Notice;
use crate::rng::Purpose;
use crate::units::{Cents, CustomerId, SellerId, SimTime};

impl Market {
    /// Begins a barrier: every cell has seen the last refresh.
    pub fn begin_settling(&mut self) {
        self.reputations.refreshed();
    }

    /// Applies one fact of a cell to reputations, money, customers and what sellers hear. Facts come
    /// in the order of time; policies and shoppers see the change after the next refresh.
    pub fn record(&mut self, at: SimTime, fact: &Fact<'_>, sink: &mut dyn FactSink) {
        match *fact {
            Fact::Bought { order } => self.bought(&order),
            Fact::Cancelled { order } => {
                self.note(&order, self.reads.outcomes, |t| t.cancelled += 1);
                // Nothing left, so no carrier is paid.
                self.refund(&order, self.parcel(order.seller));
                self.experience(at, &order, false, sink);
            }
            Fact::Delivered { order, late, condition } => {
                self.note(&order, self.reads.outcomes, |t| t.arrived(late, condition));
                self.experience(at, &order, !late && condition == Condition::Sound, sink);
            }
            Fact::Returned { order, .. } => {
                self.note(&order, self.reads.outcomes, |t| t.returned += 1);
                self.refund(&order, Cents(0));
            }
            Fact::Reviewed { order, stars, .. } => {
                self.note(&order, true, |t| t.review(stars));
                if let Some(sd) = self.star_sd {
                    self.note_rest(sd, &order, stars);
                }
                if self.team(order.seller).hears {
                    self.notify(order.seller, Notice::Reviewed { stars });
                }
            }
            Fact::Nudged { seller, stars } => self.nudged(seller, stars),
            _ => {}
        }
    }

    /// A review without an order counts in the category most of the seller's catalogue lies in.
    fn nudged(&mut self, seller: SellerId, stars: u8) {
        let category = self.census.sellers[seller.index()].category;
        self.reputations.note(seller, category, true, |tally| tally.review(stars));
        if self.team(seller).hears {
            self.notify(seller, Notice::Reviewed { stars });
        }
    }

    /// Counts what came of an order.
    fn note(&mut self, order: &Order, matters: bool, change: impl Fn(&mut Tally)) {
        let category = self.census.products[order.product.index()].category;
        self.reputations.note(order.seller, category, matters, change);
    }

    /// Adds what the real-valued stars of a review are beyond the whole ones that were told of. They are
    /// drawn again, as a fact has no room for them. A campaign gives whole stars.
    #[cold]
    fn note_rest(&mut self, sd: f64, order: &Order, stars: u8) {
        if order.place == 0 {
            return;
        }
        let draw = self.dice.block(order.session.0, order.seller.0, Purpose::Review);
        let real = self.real_stars(sd, order.seller, draw);
        let rest_milli = ((real - f64::from(stars)) * 1_000.0).round() as i32;
        self.note(order, true, |t| t.rest_milli += rest_milli);
    }

    fn bought(&mut self, order: &Order) {
        let seller = order.seller;
        self.note(order, self.reads.orders, |t| t.orders += 1);
        self.ledger.pay(seller, order.price_cents);
        let price = Cents(i64::from(order.price_cents));
        let parcel = self.parcel(seller);
        self.notify(seller, Notice::Sold { product: order.product, price, parcel });
        let state = &mut self.sellers[seller.index()];
        state.orders_today += 1;
        if state.capacity_left != u32::MAX {
            state.capacity_left -= 1;
            if self.sold.last() != Some(&seller) {
                self.sold.push(seller);
            }
        }
    }

    fn refund(&mut self, order: &Order, parcel: Cents) {
        self.ledger.refund(order.seller, order.price_cents);
        let price = Cents(i64::from(order.price_cents));
        self.notify(order.seller, Notice::Refunded { product: order.product, price, parcel });
    }

    /// Lets a customer feel what came of an order.
    fn experience(&mut self, at: SimTime, order: &Order, good: bool, sink: &mut dyn FactSink) {
        let customer = order.customer;
        if customer == CustomerId(u32::MAX) || self.customers.is_empty() {
            return;
        }
        let draw = self.dice.block(order.session.0, order.seller.0, Purpose::Mood).unit(0);
        if let Some(mood) = self.customers.experience(customer, good, draw) {
            sink.take(at, &Fact::MoodChanged { customer, mood: mood as u8 });
        }
    }

    /// Tells a seller something.
    pub(super) fn notify(&mut self, seller: SellerId, notice: Notice) {
        let state = &mut self.sellers[seller.index()];
        let team = &self.teams[state.side.index()];
        state.actor.hear(&notice, team.commission, &team.spec, team.roster.rules());
    }

    /// Deals the quotas of sellers who sold since the last dealing.
    pub fn deal_after_sales(&mut self, cells: &mut dyn Shelves) {
        let mut sold = std::mem::take(&mut self.sold);
        sold.sort_unstable();
        sold.dedup();
        for &seller in &sold {
            self.deal(seller, cells);
        }
        sold.clear();
        self.sold = sold;
    }

    /// Deals out what a seller may still sell today among the cells it has offers in.
    ///
    /// Each gets an equal part, and what does not divide goes round by the seller's number and the
    /// amount, so that the parts add up to what is left and never to more.
    pub(super) fn deal(&mut self, seller: SellerId, cells: &mut dyn Shelves) {
        let state = &self.sellers[seller.index()];
        let allowed = state.standing == Standing::Selling;
        let (left, n) = (state.capacity_left, state.cells.len() as u32);
        for (i, &cell) in (0u32..).zip(&state.cells) {
            let quota = if left == u32::MAX {
                left
            } else {
                let first = seller.0.wrapping_mul(7).wrapping_add(left) % n;
                left / n + u32::from((i + n - first) % n < left % n)
            };
            cells.cell(cell).deal(seller, quota, allowed);
        }
    }
}
