//! The reviews that the sellers of the start already have when a run begins.

use super::Market;
use super::reputation::Tally;
use crate::agents::sellers::Outcome;
use crate::rng::{Dice, Purpose};
use crate::units::{CategoryId, SellerId};

impl Market {
    /// Draws past reviews from what each seller's true quality earns, and the orders they belong to
    /// from the mean response. They count for a lifetime, not for the window.
    pub(super) fn count_past_reviews(&mut self, who: Dice) {
        let Some(reviews) = &self.reviews else { return };
        let response = reviews.response.iter().sum::<f64>() / reviews.response.len() as f64;
        for i in 0..self.sellers.len() {
            let seller = SellerId(i as u32);
            let profile = self.sellers[i].profile();
            if !self.census.sellers[i].from_start || profile.past_reviews == 0 {
                continue;
            }
            let n = profile.past_reviews;
            let catalogue = &profile.catalogue;
            let chances = Outcome::chances(&profile.quality);
            let mut draws = who.stream(u64::from(seller.0), 1, Purpose::SellerHistory);
            let mut past = Tally::default();
            let mut categories: Vec<(CategoryId, u8)> = Vec::with_capacity(n as usize);
            for _ in 0..n {
                let outcome = pick_outcome(&chances, draws.unit());
                let stars = self.sellers[i].stars.stars(outcome, draws.next_u32());
                past.review(stars);
                let line = catalogue[draws.below(catalogue.len() as u32) as usize];
                categories.push((self.census.products[line.product.index()].category, stars));
            }
            let orders = (f64::from(n) / response.max(1e-3)).round();
            let count = |share: f64| (orders * share).round() as u32;
            let quality = self.sellers[i].profile().quality;
            past.orders = count(1.0);
            past.cancelled = count(quality.cancel);
            past.delivered = past.orders - past.cancelled.min(past.orders);
            past.late = count(quality.late);
            past.defective = count(quality.defect);
            past.misgraded = count(quality.misgrade);
            self.reputations.remember(seller, past, &categories);
        }
    }
}

fn pick_outcome(chances: &[f64; 4], unit: f64) -> Outcome {
    let mut left = unit;
    for (outcome, chance) in Outcome::ALL.into_iter().zip(chances) {
        left -= chance;
        if left < 0.0 {
            return outcome;
        }
    }
    Outcome::ALL[0]
}
