//! What is known already of the sellers of the start when a run begins.

use super::{Market, Seller, Tally};
use crate::agents::sellers::Outcome;
use crate::agents::shoppers::ReviewsSpec;
use crate::history::Condition;
use crate::rng::{Dice, Purpose, Stream, unit32};
use crate::units::SellerId;

/// Orders for each review asked for, at most, and orders called off for each that is sent: where hardly
/// anybody answers, there are fewer reviews.
const ORDERS_A_REVIEW: u32 = 100;

impl Market {
    /// Draws orders of the past as those of the run are drawn, until each seller of the start has the
    /// reviews that its profile says. They count for a lifetime, not for the window; how fast requests
    /// about them were answered nobody wrote down.
    pub(super) fn count_past_reviews(&mut self, who: Dice) {
        let Some(reviews) = &self.reviews else { return };
        for (i, seller) in (0u32..).zip(&self.sellers) {
            if self.census.sellers[i as usize].from_start && seller.profile().past_reviews > 0 {
                let draws = who.stream(u64::from(i), 1, Purpose::SellerHistory);
                let past = self.past_of(seller, reviews, draws);
                self.reputations.remember(SellerId(i), &past);
            }
        }
    }

    /// The past of one seller, by category.
    fn past_of(&self, seller: &Seller, reviews: &ReviewsSpec, mut draws: Stream) -> Vec<Tally> {
        let profile = seller.profile();
        let quality = &profile.quality;
        let mut past = vec![Tally::default(); self.census.categories.len()];
        let mut missing = profile.past_reviews;
        for _ in 0..missing.saturating_mul(ORDERS_A_REVIEW) {
            if missing == 0 {
                break;
            }
            let line = profile.catalogue[draws.below(profile.catalogue.len() as u32) as usize];
            let tally = &mut past[self.census.products[line.product.index()].category.index()];
            tally.orders += 1;
            if self.fulfilment.is_some() {
                let called_off = called_off(quality.cancel, unit32(draws.next_u32()));
                tally.orders += called_off;
                tally.cancelled += called_off;
            }
            let mut happens = |chance: f64| unit32(draws.next_u32()) < chance;
            let (mut late, mut condition) = (false, Condition::Sound);
            if self.fulfilment.is_some() {
                late = happens(quality.late);
                if happens(quality.defect) {
                    condition = Condition::Defective;
                } else if happens(quality.misgrade) {
                    condition = Condition::Misgraded;
                }
                tally.arrived(late, condition);
                let back = self.returns.as_ref();
                let back = back.and_then(|r| r.reason(condition, late, unit32(draws.next_u32())));
                tally.returned += u32::from(back.is_some());
            }
            let stars = seller.stars.stars(Outcome::of(late, condition), draws.next_u32());
            if unit32(draws.next_u32()) < reviews.response[usize::from(stars) - 1] {
                tally.review(stars);
                missing -= 1;
            }
        }
        past
    }
}

/// Orders that a seller calls off before the next one that it sends, by a uniform draw: geometric.
fn called_off(chance: f64, unit: f64) -> u32 {
    if chance >= 1.0 {
        return ORDERS_A_REVIEW;
    }
    // A chance of 0 has a logarithm of minus infinity, and none is called off.
    (libm::log(unit) / libm::log(chance)).min(f64::from(ORDERS_A_REVIEW)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_called_off_as_their_chance_says() {
        let dice = Dice::new(1, 0);
        let orders = |chance| -> u32 {
            let unit = |i| dice.block(i, 0, Purpose::SellerHistory).unit(0);
            (0..20_000).map(|i| called_off(chance, unit(i))).sum()
        };
        assert_eq!(orders(0.0), 0);
        // .2 of all orders: a quarter of those that are sent.
        assert!((f64::from(orders(0.2)) / 20_000.0 - 0.25).abs() < 0.02);
        assert_eq!(orders(1.0), 20_000 * ORDERS_A_REVIEW);
    }
}
