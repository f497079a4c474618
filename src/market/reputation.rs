//! What the marketplace knows of its sellers: sufficient statistics of their feedback.

use crate::history::Condition;
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
    /// What real-valued stars are beyond that sum [thousandths of a star]; 0 where stars are whole.
    pub rest_milli: i32,
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
    /// Requests of customers that were answered; not told apart by category.
    pub requests: u32,
    /// Time those answers took in all [hours].
    pub answer_hours: u32,
}

impl Tally {
    /// Adds a review.
    pub fn review(&mut self, stars: u8) {
        self.reviews += 1;
        self.stars += u32::from(stars);
        self.positive += u32::from(stars >= 4);
    }

    /// Sum of the stars, with what real-valued ones are beyond whole ones.
    pub fn stars_sum(&self) -> f64 {
        f64::from(self.stars) + f64::from(self.rest_milli) / 1_000.0
    }

    /// Mean of all reviews [stars]; nothing where there is none.
    pub fn mean_stars(&self) -> Option<f64> {
        (self.reviews > 0).then(|| self.stars_sum() / f64::from(self.reviews))
    }

    /// Adds an order that arrived.
    pub fn arrived(&mut self, late: bool, condition: Condition) {
        self.delivered += 1;
        self.late += u32::from(late);
        self.defective += u32::from(condition == Condition::Defective);
        self.misgraded += u32::from(condition == Condition::Misgraded);
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Tally) {
        self.each(other, |a, b| *a += b);
        self.rest_milli += other.rest_milli;
    }

    fn subtract(&mut self, other: &Tally) {
        self.each(other, |a, b| *a -= b);
        self.rest_milli -= other.rest_milli;
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
        change(&mut self.requests, other.requests);
        change(&mut self.answer_hours, other.answer_hours);
    }
}

/// The reputation of one seller over all categories.
#[derive(Debug, Clone, Default)]
struct Record {
    lifetime: Tally,
    /// Sum of the last weeks, the running one included.
    window: Tally,
    true_stars: f64,
}

/// What is known of one seller and matters for its offers in one category.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// All that was ever counted.
    pub lifetime: &'a Tally,
    /// What was counted within the window.
    pub window: &'a Tally,
    /// All that was ever counted within the category.
    pub within: &'a Tally,
    /// The true mean stars.
    pub true_stars: f64,
}

impl Known<'_> {
    /// What a policy may know of an offer with so many views [millionths]; `blind` when the channel is
    /// cut.
    pub fn merit(&self, views: u64, blind: bool) -> Merit {
        if blind {
            return Merit::unknown(self.true_stars);
        }
        let (all, recent, here) = (self.lifetime, self.window, self.within);
        Merit {
            reviews: all.reviews,
            stars: all.stars,
            rest_milli: all.rest_milli,
            positive: all.positive,
            recent_reviews: recent.reviews,
            recent_stars: recent.stars,
            recent_rest_milli: recent.rest_milli,
            recent_positive: recent.positive,
            orders: all.orders,
            late: all.late,
            defective: all.defective,
            returned: all.returned,
            cancelled: all.cancelled,
            category_reviews: here.reviews,
            category_stars: here.stars,
            category_rest_milli: here.rest_milli,
            category_positive: here.positive,
            category_orders: here.orders,
            category_late: here.late,
            category_defective: here.defective,
            category_returned: here.returned,
            category_cancelled: here.cancelled,
            requests: all.requests,
            answer_hours: all.answer_hours,
            exposure: views as f64 / 1e6,
            true_stars: self.true_stars,
        }
    }
}

/// The reputations of all sellers.
#[derive(Debug, Clone, Default)]
pub struct Reputations {
    records: Vec<Record>,
    /// The weeks of the window as a ring, seller after seller.
    weeks: Vec<Tally>,
    window_weeks: usize,
    /// Place of the running week in the ring.
    week: usize,
    /// A lifetime within each category, seller after seller.
    within: Vec<Tally>,
    categories: usize,
    dirty: Vec<SellerId>,
    is_dirty: Vec<bool>,
}

impl Reputations {
    /// Nobody known yet: `sellers` sellers, a window of `window_weeks`.
    pub fn new(sellers: usize, categories: usize, window_weeks: usize) -> Self {
        Reputations {
            records: vec![Record::default(); sellers],
            weeks: vec![Tally::default(); sellers * window_weeks],
            window_weeks,
            within: vec![Tally::default(); sellers * categories],
            categories,
            is_dirty: vec![false; sellers],
            ..Reputations::default()
        }
    }

    /// Changes a seller's counts for what came of an order in `category`, in all its tallies, and marks
    /// it for the next refresh if the change `matters` to who reads its merit.
    pub fn note(
        &mut self,
        seller: SellerId,
        category: CategoryId,
        matters: bool,
        change: impl Fn(&mut Tally),
    ) {
        change(&mut self.within[seller.index() * self.categories + category.index()]);
        self.note_of_all(seller, matters, change);
    }

    /// The same for what has no category: answers to customers.
    pub fn note_of_all(&mut self, seller: SellerId, matters: bool, change: impl Fn(&mut Tally)) {
        let record = &mut self.records[seller.index()];
        change(&mut record.lifetime);
        change(&mut record.window);
        change(&mut self.weeks[seller.index() * self.window_weeks + self.week]);
        if matters {
            self.mark(seller);
        }
    }

    /// Adds what was before the run, category by category: to the lifetime, but not to the window.
    pub fn remember(&mut self, seller: SellerId, past: &[Tally]) {
        let from = seller.index() * self.categories;
        for (tally, past) in self.within[from..][..self.categories].iter_mut().zip(past) {
            tally.add(past);
            self.records[seller.index()].lifetime.add(past);
        }
        self.mark(seller);
    }

    /// Sets the true mean stars, which only `oracle` policies read, and real-valued stars lie around.
    pub fn set_true_stars(&mut self, seller: SellerId, stars: f64) {
        self.records[seller.index()].true_stars = stars;
        self.mark(seller);
    }

    /// The true mean stars of a seller.
    pub fn true_stars(&self, seller: SellerId) -> f64 {
        self.records[seller.index()].true_stars
    }

    /// Ends a week: the oldest week of the window is forgotten.
    pub fn close_week(&mut self) {
        self.week = (self.week + 1) % self.window_weeks.max(1);
        for i in 0..self.records.len() {
            let oldest = std::mem::take(&mut self.weeks[i * self.window_weeks + self.week]);
            if oldest != Tally::default() {
                self.records[i].window.subtract(&oldest);
                self.mark(SellerId(i as u32));
            }
        }
    }

    /// All that was ever counted of a seller.
    pub fn lifetime(&self, seller: SellerId) -> &Tally {
        &self.records[seller.index()].lifetime
    }

    /// All that was ever counted of a seller's orders in one category.
    pub fn within(&self, seller: SellerId, category: CategoryId) -> &Tally {
        &self.within[seller.index() * self.categories + category.index()]
    }

    /// What was counted within the window.
    pub fn window(&self, seller: SellerId) -> &Tally {
        &self.records[seller.index()].window
    }

    /// What was counted in the last weeks, the running one included; no more than the window.
    pub fn last_weeks(&self, seller: SellerId, weeks: usize) -> Tally {
        let n = self.window_weeks;
        let ring = &self.weeks[seller.index() * n..][..n];
        let mut sum = Tally::default();
        for back in 0..weeks.min(n) {
            sum.add(&ring[(self.week + n - back) % n]);
        }
        sum
    }

    /// What a policy may know of a seller's offer in `category`; `blind` when the channel is cut.
    pub fn merit(&self, seller: SellerId, category: CategoryId, views: u64, blind: bool) -> Merit {
        let Record { lifetime, window, true_stars } = &self.records[seller.index()];
        let within = self.within(seller, category);
        Known { lifetime, window, within, true_stars: *true_stars }.merit(views, blind)
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

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SellerId = SellerId(1);

    #[test]
    fn every_category_keeps_a_whole_tally_and_all_of_them_make_the_lifetime() {
        let mut known = Reputations::new(3, 2, 4);
        let past = Tally { orders: 4, returned: 1, ..Tally::default() };
        known.remember(ONE, &[Tally::default(), past]);
        for (category, late) in [(0, false), (1, true), (1, false)].map(|(c, l)| (CategoryId(c), l))
        {
            known.note(ONE, category, true, |t| {
                t.orders += 1;
                t.delivered += 1;
                t.late += u32::from(late);
            });
            known.note(ONE, category, true, |t| t.review(5));
        }
        known.note_of_all(ONE, true, |t| {
            t.requests += 2;
            t.answer_hours += 30;
        });
        let here = *known.within(ONE, CategoryId(1));
        let expected = Tally { orders: 6, delivered: 2, late: 1, returned: 1, ..past };
        assert_eq!(here, Tally { reviews: 2, stars: 10, positive: 2, ..expected });
        let mut sum = *known.within(ONE, CategoryId(0));
        sum.add(&here);
        sum.add(&Tally { requests: 2, answer_hours: 30, ..Tally::default() });
        assert_eq!(sum, *known.lifetime(ONE));
        assert_eq!(known.window(ONE).orders, 3, "the past is not in the window");
        let merit = known.merit(ONE, CategoryId(1), 0, false);
        assert_eq!((merit.category_orders, merit.category_late), (6, 1));
        assert_eq!((merit.requests, merit.answer_hours), (2, 30));
        assert_eq!(*known.lifetime(SellerId(2)), Tally::default());
        assert_eq!(known.dirty(), [ONE]);
    }

    #[test]
    fn the_window_forgets_its_oldest_week() {
        let mut known = Reputations::new(2, 1, 3);
        for week in 1..=5 {
            known.note(ONE, CategoryId(0), false, |t| {
                t.orders += week;
                t.rest_milli -= week as i32;
            });
            let in_window: u32 = (week.saturating_sub(2).max(1)..=week).sum();
            assert_eq!(known.window(ONE).orders, in_window, "in week {week}");
            assert_eq!(known.window(ONE).rest_milli, -(in_window as i32), "in week {week}");
            assert_eq!(known.last_weeks(ONE, 1).orders, week);
            assert_eq!(known.last_weeks(ONE, 9).orders, in_window);
            known.close_week();
            assert_eq!(known.last_weeks(ONE, 1).orders, 0, "the next week is empty");
        }
        assert_eq!(known.lifetime(ONE).orders, 15);
    }
}
