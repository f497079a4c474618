//! What the marketplace knows of its sellers: sufficient statistics of their feedback.

use crate::ranking::Merit;
use crate::units::{CategoryId, SellerId};

/// How many weeks a window of reputation can cover at most.
pub const MAX_WINDOW_WEEKS: usize = 26;

/// Counts of one seller: integers, so that the order of updates cannot matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Published reviews.
    pub reviews: u32,
    /// Sum of their stars.
    pub stars: u32,
    /// Those of 4 or 5 stars.
    pub positive: u32,
    /// Orders taken.
    pub orders: u32,
    /// Orders that arrived.
    pub delivered: u32,
    /// Of these, after the promised day.
    pub late: u32,
    /// Of these, with a unit that does not work.
    pub defective: u32,
    /// Of these, with a unit that looks worse than its grade.
    pub misgraded: u32,
    /// Of these, sent back.
    pub returned: u32,
    /// Orders that the seller called off.
    pub cancelled: u32,
}

impl Tally {
    /// Adds a review.
    pub fn review(&mut self, stars: u8) {
        self.reviews += 1;
        self.stars += u32::from(stars);
        self.positive += u32::from(stars >= 4);
    }

    fn add(&mut self, other: &Tally) {
        self.each(other, |a, b| *a += b);
    }

    fn subtract(&mut self, other: &Tally) {
        self.each(other, |a, b| *a -= b);
    }

    fn each(&mut self, other: &Tally, change: impl Fn(&mut u32, u32)) {
        change(&mut self.reviews, other.reviews);
        change(&mut self.stars, other.stars);
        change(&mut self.positive, other.positive);
        change(&mut self.orders, other.orders);
        change(&mut self.delivered, other.delivered);
        change(&mut self.late, other.late);
        change(&mut self.defective, other.defective);
        change(&mut self.misgraded, other.misgraded);
        change(&mut self.returned, other.returned);
        change(&mut self.cancelled, other.cancelled);
    }
}

/// Reviews of one seller within one category.
#[derive(Debug, Clone, Copy, Default)]
struct Rated {
    reviews: u32,
    stars: u32,
    positive: u32,
}

impl Rated {
    fn add(&mut self, stars: u8) {
        self.reviews += 1;
        self.stars += u32::from(stars);
        self.positive += u32::from(stars >= 4);
    }
}

/// The reputation of one seller.
#[derive(Debug, Clone)]
struct Record {
    lifetime: Tally,
    /// Sum of the last weeks, the running one included.
    window: Tally,
    /// Each of those weeks, as a ring.
    weeks: Vec<Tally>,
    /// Reviews by category.
    by_category: Vec<Rated>,
    true_stars: f64,
}

/// The reputations of all sellers.
#[derive(Debug, Clone, Default)]
pub struct Reputations {
    records: Vec<Record>,
    week: usize,
    dirty: Vec<SellerId>,
    is_dirty: Vec<bool>,
}

impl Reputations {
    /// Nobody known yet: `sellers` sellers, a window of `window_weeks`.
    pub fn new(sellers: usize, categories: usize, window_weeks: usize) -> Self {
        let record = Record {
            lifetime: Tally::default(),
            window: Tally::default(),
            weeks: vec![Tally::default(); window_weeks],
            by_category: vec![Rated::default(); categories],
            true_stars: 0.0,
        };
        Reputations {
            records: vec![record; sellers],
            week: 0,
            dirty: Vec::new(),
            is_dirty: vec![false; sellers],
        }
    }

    /// Changes a seller's counts, in all its tallies, and marks it for the next refresh if the
    /// change `matters` to who reads its merit.
    pub fn note(&mut self, seller: SellerId, matters: bool, change: impl Fn(&mut Tally)) {
        let record = &mut self.records[seller.index()];
        change(&mut record.lifetime);
        change(&mut record.window);
        change(&mut record.weeks[self.week]);
        if matters {
            self.mark(seller);
        }
    }

    /// Notes a review, within its category too.
    pub fn review(&mut self, seller: SellerId, category: CategoryId, stars: u8) {
        self.note(seller, true, |t| t.review(stars));
        self.records[seller.index()].by_category[category.index()].add(stars);
    }

    /// Adds what was before the run: to the lifetime, and by category, but not to the window.
    pub fn remember(&mut self, seller: SellerId, past: Tally, reviews: &[(CategoryId, u8)]) {
        let record = &mut self.records[seller.index()];
        record.lifetime.add(&past);
        for &(category, stars) in reviews {
            record.by_category[category.index()].add(stars);
        }
        self.mark(seller);
    }

    /// Sets the true mean stars, which only `oracle` policies read.
    pub fn set_true_stars(&mut self, seller: SellerId, stars: f64) {
        self.records[seller.index()].true_stars = stars;
        self.mark(seller);
    }

    /// Ends a week: the oldest week of the window is forgotten.
    pub fn close_week(&mut self) {
        let Some(first) = self.records.first() else { return };
        self.week = (self.week + 1) % first.weeks.len();
        for i in 0..self.records.len() {
            let record = &mut self.records[i];
            let oldest = std::mem::take(&mut record.weeks[self.week]);
            if oldest != Tally::default() {
                record.window.subtract(&oldest);
                self.mark(SellerId(i as u32));
            }
        }
    }

    /// All that was ever counted of a seller.
    pub fn lifetime(&self, seller: SellerId) -> &Tally {
        &self.records[seller.index()].lifetime
    }

    /// What was counted within the window.
    pub fn window(&self, seller: SellerId) -> &Tally {
        &self.records[seller.index()].window
    }

    /// What was counted in the last weeks, the running one included; no more than the window.
    pub fn last_weeks(&self, seller: SellerId, weeks: usize) -> Tally {
        let ring = &self.records[seller.index()].weeks;
        let mut sum = Tally::default();
        for back in 0..weeks.min(ring.len()) {
            sum.add(&ring[(self.week + ring.len() - back) % ring.len()]);
        }
        sum
    }

    /// What a policy may know of a seller's offer in `category`; `blind` when the channel is cut.
    pub fn merit(&self, seller: SellerId, category: CategoryId, views: u64, blind: bool) -> Merit {
        let record = &self.records[seller.index()];
        if blind {
            return Merit::unknown(record.true_stars);
        }
        let (all, recent) = (&record.lifetime, &record.window);
        let here = &record.by_category[category.index()];
        Merit {
            reviews: all.reviews,
            stars: all.stars,
            positive: all.positive,
            recent_reviews: recent.reviews,
            recent_stars: recent.stars,
            recent_positive: recent.positive,
            orders: all.orders,
            late: all.late,
            defective: all.defective,
            returned: all.returned,
            cancelled: all.cancelled,
            category_reviews: here.reviews,
            category_stars: here.stars,
            category_positive: here.positive,
            exposure: views as f64 / 1e6,
            true_stars: record.true_stars,
        }
    }

    /// Sellers whose merit changed since the last [`Reputations::refreshed`], in the order of change.
    pub fn dirty(&self) -> &[SellerId] {
        &self.dirty
    }

    /// Says that every reader has seen the changes.
    pub fn refreshed(&mut self) {
        for seller in self.dirty.drain(..) {
            self.is_dirty[seller.index()] = false;
        }
    }

    fn mark(&mut self, seller: SellerId) {
        if !std::mem::replace(&mut self.is_dirty[seller.index()], true) {
            self.dirty.push(seller);
        }
    }
}
