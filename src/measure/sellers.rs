//! What each seller's run came to: the rows of `sellers.csv`. No metric of its own.

use super::tally::{Lives, ratio};
use super::{Family, Metric};
use crate::history::{Census, Condition, ExitReason, Fact, FactMask};
use crate::units::{Cents, SimTime};
use serde::{Deserialize, Serialize};
use std::any::Any;

/// One seller's run. Days are counted from the start of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SellerRow {
    /// Number of the seller.
    pub seller: u32,
    /// What business it is.
    pub kind: String,
    /// Where it sells from.
    pub country: String,
    /// The category most of its catalogue lies in.
    pub category: String,
    /// Live when the run began.
    pub from_start: bool,
    /// 0 for those who were live when the run began.
    pub live_day: f64,
    /// Day of the first order in the run.
    pub first_sale_day: Option<f64>,
    /// Orders it took in the run.
    pub orders: u64,
    /// Sum of the prices of its orders, before cancellations and refunds [EUR].
    pub gmv_eur: f64,
    /// Reviews in the run.
    pub reviews: u64,
    /// Mean of the reviews in the run.
    pub mean_stars: Option<f64>,
    /// What its quality earns in the long run.
    pub true_stars: f64,
    /// Orders that arrived.
    pub delivered: u64,
    /// Of these, after the promised day.
    pub late: u64,
    /// Of these, with a unit that does not work.
    pub defective: u64,
    /// Of these, sent back.
    pub returned: u64,
    /// Orders that it called off.
    pub cancelled: u64,
    /// Exposure: views in the run, a view of place k counting 1/k; empty when slates were not recorded.
    pub views: Option<f64>,
    /// Sanctions of any degree.
    pub sanctions: u64,
    /// Day it left for good [days]; empty for those who stayed.
    pub exit_day: Option<f64>,
    /// Why it left: `unprofitable` or `removed`.
    pub exit_reason: Option<String>,
}

/// The tallies of one seller.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    orders: u64,
    gmv_cents: u64,
    reviews: u64,
    stars: u64,
    delivered: u64,
    late: u64,
    defective: u64,
    returned: u64,
    cancelled: u64,
    sanctions: u64,
    first_sale: Option<SimTime>,
}

impl Tally {
    fn absorb(&mut self, other: Tally) {
        self.orders += other.orders;
        self.gmv_cents += other.gmv_cents;
        self.reviews += other.reviews;
        self.stars += other.stars;
        self.delivered += other.delivered;
        self.late += other.late;
        self.defective += other.defective;
        self.returned += other.returned;
        self.cancelled += other.cancelled;
        self.sanctions += other.sanctions;
        self.first_sale = earlier(self.first_sale, other.first_sale);
    }
}

fn earlier(a: Option<SimTime>, b: Option<SimTime>) -> Option<SimTime> {
    [a, b].into_iter().flatten().min()
}

/// Tallies by seller.
#[derive(Debug, Default)]
pub struct Sellers {
    tallies: Vec<Tally>,
    lives: Lives,
}

impl Sellers {
    fn of(&mut self, index: usize) -> &mut Tally {
        if self.tallies.len() <= index {
            self.tallies.resize((index + 1).next_power_of_two(), Tally::default());
        }
        &mut self.tallies[index]
    }

    /// Everybody who was live at any time of the run, in the order of their numbers. `views` is left
    /// empty: another family keeps exposure.
    pub fn rows(&self, census: &Census) -> Vec<SellerRow> {
        let row = |seller: crate::units::SellerId| {
            let card = &census.sellers[seller.index()];
            let tally = self.tallies.get(seller.index()).copied().unwrap_or_default();
            let exit = self.lives.exit(seller);
            SellerRow {
                seller: seller.0,
                kind: card.kind.name().to_string(),
                country: census.countries[card.country.index()].clone(),
                category: census.categories[card.category.index()].clone(),
                from_start: card.from_start,
                live_day: self.lives.live_at(seller, census).map_or(0.0, SimTime::days),
                first_sale_day: tally.first_sale.map(SimTime::days),
                orders: tally.orders,
                gmv_eur: Cents(tally.gmv_cents as i64).eur(),
                reviews: tally.reviews,
                mean_stars: ratio(tally.stars, tally.reviews),
                true_stars: card.true_stars,
                delivered: tally.delivered,
                late: tally.late,
                defective: tally.defective,
                returned: tally.returned,
                cancelled: tally.cancelled,
                views: None,
                sanctions: tally.sanctions,
                exit_day: exit.map(|(at, _)| at.days()),
                exit_reason: exit.map(|(_, reason)| word(reason).to_string()),
            }
        };
        self.lives.ever(census).map(row).collect()
    }
}

/// The word people read.
fn word(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::Unprofitable => "unprofitable",
        ExitReason::Removed => "removed",
    }
}

impl Family for Sellers {
    fn metrics(&self) -> &'static [Metric] {
        &[]
    }

    fn wants(&self) -> FactMask {
        let sold = FactMask::BOUGHT.and(FactMask::CANCELLED).and(FactMask::DELIVERED);
        let told = FactMask::RETURNED.and(FactMask::REVIEWED).and(FactMask::SANCTIONED);
        sold.and(told).and(Lives::WANTS)
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Bought { order } => {
                let tally = self.of(order.seller.index());
                tally.orders += 1;
                tally.gmv_cents += u64::from(order.price_cents);
                tally.first_sale = earlier(tally.first_sale, Some(at));
            }
            Fact::Cancelled { order } => self.of(order.seller.index()).cancelled += 1,
            Fact::Delivered { order, late, condition } => {
                let tally = self.of(order.seller.index());
                tally.delivered += 1;
                tally.late += u64::from(late);
                tally.defective += u64::from(condition == Condition::Defective);
            }
            Fact::Returned { order, .. } => self.of(order.seller.index()).returned += 1,
            Fact::Reviewed { order, stars, .. } => {
                let tally = self.of(order.seller.index());
                tally.reviews += 1;
                tally.stars += u64::from(stars);
            }
            Fact::Sanctioned { seller, .. } => self.of(seller.index()).sanctions += 1,
            _ => self.lives.observe(at, fact),
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            for (index, theirs) in other.tallies.iter_mut().enumerate() {
                self.of(index).absorb(std::mem::take(theirs));
            }
            self.lives.absorb(&mut other.lives);
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        Vec::new()
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        Vec::new()
    }
}
