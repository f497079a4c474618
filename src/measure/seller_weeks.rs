//! What each week came to for each seller: the rows of `seller_weeks.csv`. No metric of its own.

use super::tally::{Column, Lives};
use super::{Family, Metric};
use crate::history::{Census, Fact, FactMask};
use crate::units::{SellerId, SimTime};
use serde::{Deserialize, Serialize};
use std::any::Any;

/// One week of one seller that was live in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SellerWeekRow {
    /// Number of the week, from 0.
    pub week: u32,
    /// Number of the seller.
    pub seller: u32,
    /// Orders it took in the week.
    pub orders: u64,
    /// Boxes it won: visits of the week that showed it in the first place of the slate.
    pub boxes: u64,
    /// Exposure in the week: a view of place k counts 1/k.
    pub views: f64,
    /// Reviews in the week.
    pub reviews: u64,
    /// Mean of all reviews that it ever had, those from before the run included, as it stood at the end
    /// of the week [stars]; empty where it has none.
    pub stars: Option<f64>,
}

/// Orders and reviews by seller and week. Boxes and exposure come from the family that is told of slates.
#[derive(Debug, Default)]
pub struct SellerWeeks {
    orders: Column,
    reviews: Column,
    lives: Lives,
}

impl SellerWeeks {
    /// The week that is open, of everybody who was live in it, in the order of their numbers. `slates`
    /// says what came of slates in this week, exposure and boxes, and `stars` what reviews there are.
    pub fn rows(
        &self,
        week: u32,
        census: &Census,
        slates: impl Fn(SellerId) -> (f64, u64),
        stars: impl Fn(SellerId) -> Option<f64>,
    ) -> Vec<SellerWeekRow> {
        let row = |seller: SellerId| {
            let (views, boxes) = slates(seller);
            SellerWeekRow {
                week,
                seller: seller.0,
                orders: self.orders.week(seller.index()),
                boxes,
                views,
                reviews: self.reviews.week(seller.index()),
                stars: stars(seller),
            }
        };
        self.lives.in_week(week, census).map(row).collect()
    }
}

impl Family for SellerWeeks {
    fn metrics(&self) -> &'static [Metric] {
        &[]
    }

    fn wants(&self) -> FactMask {
        FactMask::BOUGHT.and(FactMask::REVIEWED).and(Lives::WANTS)
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Bought { order } => self.orders.add(order.seller.index(), 1),
            Fact::Reviewed { order, .. } => self.reviews.add(order.seller.index(), 1),
            _ => self.lives.observe(at, fact),
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.orders.absorb(&mut other.orders);
            self.reviews.absorb(&mut other.reviews);
            self.lives.absorb(&mut other.lives);
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        self.orders.close_week();
        self.reviews.close_week();
        Vec::new()
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use crate::measure::fixture::Town;
    use crate::measure::recorder::Recorder;
    use crate::units::SellerId;

    #[test]
    fn weeks_by_hand() {
        let town = Town::new(2, 2);
        let mut recorder = Recorder::full();
        town.shows(&mut recorder, 1.0, &[1, 0]);
        town.shows(&mut recorder, 1.5, &[]);
        town.sells(&mut recorder, 2.0, 0);
        let stars = |seller: SellerId| (seller.0 == 1).then_some(4.5);
        let first = recorder.seller_weeks(0, &town.census, stars);
        recorder.close_week(0, &town.census);
        town.exits(&mut recorder, 6.9, SellerId(0));
        town.joins(&mut recorder, 8.0, 2);
        town.shows(&mut recorder, 8.5, &[2]);
        let second = recorder.seller_weeks(1, &town.census, stars);

        let told = |rows: &[super::SellerWeekRow]| -> Vec<_> {
            rows.iter().map(|r| (r.week, r.seller, r.orders, r.boxes, r.views, r.stars)).collect()
        };
        assert_eq!(told(&first), [(0, 0, 1, 0, 0.5, None), (0, 1, 0, 1, 1.0, Some(4.5))]);
        // Who left before the week is not in it; the week before is not counted again.
        assert_eq!(told(&second), [(1, 1, 0, 0, 0.0, Some(4.5)), (1, 2, 0, 1, 1.0, None)]);
    }
}
