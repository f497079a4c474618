//! What is known already of the sellers of the start when a run begins.

use super::{Market, Seller, Tally};
use crate::agents::sellers::Outcome;
use crate::agents::shoppers::ReviewsSpec;
use crate::history::Condition;
use crate::rng::{Dice, Purpose, Stream, unit32};
use crate::units::SellerId;

/// Orders for each review asked for, at most: where hardly anybody answers, there are fewer reviews.
const ORDERS_A_REVIEW: u32 = 1000;

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
            let mut happens = |chance: f64| unit32(draws.next_u32()) < chance;
            let (mut late, mut condition) = (false, Condition::Sound);
            if self.fulfilment.is_some() {
                if happens(quality.cancel) {
                    tally.cancelled += 1;
                    continue;
                }
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
