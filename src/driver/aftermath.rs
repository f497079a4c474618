//! What becomes of orders: journeys, returns and reviews, put in the calendar.
//!
//! Within a tick nothing reacts to what is only due later, so a tick does this at its end, order after
//! order, in rounds where no draw waits for another.

use super::calendar::{Calendar, Due};
use crate::history::{Condition, Fact, Order};
use crate::market::Market;
use crate::rng::{Block, Purpose};
use crate::units::SimTime;

/// Room for the orders of one tick that may be reviewed.
#[derive(Debug, Default)]
pub struct Aftermath {
    asked: Vec<Asked>,
}

/// An order whose shopper is asked for a review.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// Where the fact is that it follows from.
    told: u32,
    late: bool,
    condition: Condition,
    draw: Block,
}

impl Aftermath {
    /// Puts in the calendar what becomes of the orders that were bought or came. A campaign's order
    /// (place 0) was sent off when it was placed, and its review is settled.
    pub fn follow(
        &mut self,
        market: &Market,
        told: &[(SimTime, Fact<'static>)],
        calendar: &mut Calendar,
    ) {
        self.asked.clear();
        for (i, (at, fact)) in (0u32..).zip(told) {
            match fact {
                Fact::Bought { order } if order.place > 0 => {
                    if market.fulfilment().is_none() {
                        self.ask(market, i, order, false, Condition::Sound);
                    } else {
                        send_off(market, *at, order, calendar);
                    }
                }
                Fact::Delivered { order, late, condition } => {
                    ask_back(market, *at, order, *late, *condition, calendar);
                    if order.place > 0 {
                        self.ask(market, i, order, *late, *condition);
                    }
                }
                _ => {}
            }
        }
        self.review(market, told, calendar);
    }

    fn ask(&mut self, market: &Market, told: u32, order: &Order, late: bool, condition: Condition) {
        if market.reviews().is_some() {
            let draw = market.dice().block(order.session.0, order.seller.0, Purpose::Review);
            self.asked.push(Asked { told, late, condition, draw });
        }
    }

    /// Decides which of the orders asked about are reviewed, when, and with how many stars.
    fn review(&self, market: &Market, told: &[(SimTime, Fact<'static>)], calendar: &mut Calendar) {
        let Some(reviews) = market.reviews() else { return };
        for asked in &self.asked {
            let (at, fact) = &told[asked.told as usize];
            let (Fact::Bought { order } | Fact::Delivered { order, .. }) = fact else { continue };
            let Asked { late, condition, draw, .. } = *asked;
            let stars = market.stars_given(order, late, condition, draw);
            if draw.unit(0) < reviews.response[usize::from(stars) - 1] {
                let answered = reviews.asked_after_days + reviews.delay.days(draw.0[2]);
                calendar.push(at.plus_days(answered), Due::Review { stars, late }, order);
            }
        }
    }
}

/// Puts an order's journey in the calendar, and says when it comes and whether too late; nothing where
/// the seller calls it off. Where orders do not travel it is there at once.
pub(super) fn send_off(
    market: &Market,
    at: SimTime,
    order: &Order,
    calendar: &mut Calendar,
) -> Option<(SimTime, bool)> {
    let Some(fulfilment) = market.fulfilment() else { return Some((at, false)) };
    let dice = market.dice();
    let seller = market.seller(order.seller);
    let (profile, now) = (seller.profile(), &seller.quality);
    let journey = fulfilment.journey(
        profile.carrier,
        profile.handling,
        profile.country != order.country,
        &profile.quality,
        now,
        dice,
        order.session.0,
        order.seller.0,
    );
    let outcome = dice.block(order.session.0, order.seller.0, Purpose::Outcome);
    let leaves = at.plus_days(journey.handling_days);
    if outcome.unit(0) < now.cancel {
        calendar.push(leaves, Due::Cancel, order);
        return None;
    }
    let condition = if outcome.unit(1) < now.defect {
        Condition::Defective
    } else if outcome.unit(2) < now.misgrade {
        Condition::Misgraded
    } else {
        Condition::Sound
    };
    calendar.push(leaves, Due::Ship, order);
    let comes = at.plus_days(journey.total_days);
    calendar.push(comes, Due::Deliver { late: journey.late, condition }, order);
    Some((comes, journey.late))
}

/// Decides whether a delivered unit goes back, and when.
fn ask_back(
    market: &Market,
    at: SimTime,
    order: &Order,
    late: bool,
    c: Condition,
    calendar: &mut Calendar,
) {
    let Some(returns) = market.returns() else { return };
    let draw = market.dice().block(order.session.0, order.seller.0, Purpose::Return);
    if let Some(reason) = returns.reason(c, late, draw.unit(0)) {
        let back = at.plus_days(draw.unit(1) * returns.within_days);
        calendar.push(back, Due::Return { reason }, order);
    }
}
