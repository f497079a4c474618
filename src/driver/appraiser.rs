//! Takes visits apart for those who measure: what could have been shown, and what it was worth.
//!
//! One visit in [`SPARSEST`] is appraised, and of those that end in an order [`DENSER`] times as many,
//! as they are rare and most is asked of them. Which these are depends on the number of the visit alone,
//! so it is the same visits in every arm of a comparison. Where a run expects few visits, more are
//! appraised, up to one in [`DENSEST`], so that there are about [`ENOUGH`]. A year of the reference
//! scenario gives some 400,000 visits and 100,000 orders; a run of 30,000 visits gives 4,000 of them,
//! and every order.

use super::arrivals::Visit;
use crate::agents::shoppers::{Chooser, Glance};
use crate::history::{Appraisal, Appraised, Place};
use crate::market::{Cell, Market, Spot, View};
use crate::ranking::{Candidates, Ranking};
use crate::rng::{ln, mix64};
use crate::units::{SellerId, SessionId, SimTime};

/// One visit in so many is appraised where there are many: a power of 2.
const SPARSEST: u64 = 128;
/// One visit in so many is appraised where there are few: a power of 2.
const DENSEST: u64 = 8;
/// How many times more densely orders are appraised than visits: a power of 2, at most [`DENSEST`].
const DENSER: u64 = 8;
/// Appraised visits of a whole run that make do [visits].
const ENOUGH: f64 = 4_096.0;

/// A share of the visits, by their numbers alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    /// One visit in so many: a power of 2.
    visits: u64,
    /// One order in so many: a power of 2 that divides the former.
    orders: u64,
}

impl Sample {
    /// The sample of a run that expects so many visits.
    fn of(expected: f64) -> Self {
        let mut visits = SPARSEST;
        while visits > DENSEST && expected < ENOUGH * visits as f64 {
            visits /= 2;
        }
        Sample { visits, orders: visits / DENSER }
    }

    /// Whether a visit is of the sample of visits, and of that of orders; the first is part of the
    /// second.
    #[inline]
    fn holds(self, session: SessionId) -> [bool; 2] {
        let hash = mix64(session.0);
        [self.visits, self.orders].map(|every| hash & (every - 1) == 0)
    }
}

/// What the shopper of a visit is asked with.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The visit.
    pub visit: &'a Visit,
    /// The shopper in front of the slate.
    pub chooser: &'a Chooser,
    /// The place that was bought from.
    pub chosen: Option<u8>,
}

/// Makes appraisals, with room kept between them.
#[derive(Debug, Default)]
pub struct Appraiser {
    sample: Option<Sample>,
    spots: Vec<Spot>,
    price: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    seller: Vec<SellerId>,
    true_scores: Vec<f32>,
    candidates: Vec<Appraised>,
}

impl Appraiser {
    /// Whether a visit is appraised that ended in an order, or did not, and whether it is then of the
    /// sample of visits.
    #[inline]
    pub fn samples(&mut self, market: &Market, session: SessionId, ordered: bool) -> Option<bool> {
        let sample = *self.sample.get_or_insert_with(|| Sample::of(market.traffic().whole_run()));
        let [of_visits, of_orders] = sample.holds(session);
        (of_visits || ordered && of_orders).then_some(of_visits)
    }

    /// The appraisal of the visit that the cell ranked for last, before anything was sold to it.
    #[cold]
    pub fn appraise(
        &mut self,
        market: &Market,
        cell: &Cell,
        at: SimTime,
        seen: Seen<'_>,
        of_visits: bool,
    ) -> Appraisal<'_> {
        let Seen { visit, chooser, chosen } = seen;
        let view = market.view(market.side(visit.session, visit.customer));
        self.look(market, view.policy(), cell, seen);
        self.score(view.policy(), chooser.taste.star_eur as f32);
        let slate = cell.slate();
        for (number, placed) in (1u8..).zip(slate) {
            let row = |spot: &Spot| spot.row == placed.row;
            let i = self.spots.iter().position(row).expect("what is shown is a candidate");
            let glance = glance(market, view, cell, self.spots[i], visit);
            let utility = chooser.utility(&glance);
            self.candidates[i].shown = Some(Place { number, utility });
        }
        Appraisal {
            at,
            session: visit.session,
            product: cell.offers().product(visit.slot),
            country: visit.country,
            class: visit.class,
            of_visits,
            alpha: chooser.taste.alpha,
            leaving: market.leaving().map(|slowness| -ln(slowness)),
            looked: if visit.chooses { slate.len() } else { slate.len().min(1) },
            chosen,
            candidates: &self.candidates,
        }
    }

    /// Gathers the candidates, with what each is worth.
    fn look(&mut self, market: &Market, policy: &dyn Ranking, cell: &Cell, seen: Seen<'_>) {
        let Seen { visit, chooser, .. } = seen;
        self.spots.clear();
        self.price.clear();
        self.a.clear();
        self.b.clear();
        self.seller.clear();
        self.candidates.clear();
        let offers = cell.offers();
        for placed in cell.ranked() {
            let spot = Spot { slot: visit.slot, row: placed.row };
            let (seller, row) = (offers.seller(spot), offers.row(spot));
            let truth = market.truth(seller, row.views);
            let weight = policy.weigh(&truth);
            self.spots.push(spot);
            self.price.push(offers.price(spot));
            self.a.push(weight.a);
            self.b.push(weight.b);
            self.seller.push(seller);
            let worth = chooser.taste.star_eur * truth.true_stars;
            self.candidates.push(Appraised {
                seller,
                price_cents: row.price_cents,
                value: worth - f64::from(row.price_cents) / 100.0,
                score: placed.score,
                true_score: 0.0,
                shown: None,
            });
        }
    }

    /// Scores the candidates among themselves as the policy would that knew their quality.
    fn score(&mut self, policy: &dyn Ranking, star_eur: f32) {
        let columns = Candidates {
            price: &self.price,
            a: &self.a,
            b: &self.b,
            seller: &self.seller,
            star_eur,
        };
        self.true_scores.clear();
        self.true_scores.resize(self.price.len(), 0.0);
        policy.standing(&columns, &mut self.true_scores);
        for (one, &score) in self.candidates.iter_mut().zip(&self.true_scores) {
            one.true_score = score;
        }
    }
}

/// An offer as the shopper of a visit sees it.
#[inline(always)]
pub fn glance(market: &Market, view: &View, cell: &Cell, spot: Spot, visit: &Visit) -> Glance {
    let offers = cell.offers();
    let seller = offers.seller(spot);
    Glance {
        seller,
        price: f64::from(offers.price(spot)),
        stars: f64::from(view.stars(seller)),
        days: market.promised_days(seller, visit.country),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::ClassId;

    #[test]
    fn few_visits_are_sampled_more_densely() {
        let sample = |visits, orders| Sample { visits, orders };
        assert_eq!(Sample::of(5e7), sample(128, 16));
        assert_eq!(Sample::of(4_096.0 * 128.0), sample(128, 16));
        assert_eq!(Sample::of(4_096.0 * 127.0), sample(64, 8));
        assert_eq!(Sample::of(15_000.0), sample(8, 1));
        assert_eq!(Sample::of(0.0), sample(8, 1));
    }

    #[test]
    fn a_sample_has_its_size_and_lies_within_any_denser_one() {
        let (sparse, dense) = (Sample::of(1e9), Sample::of(0.0));
        let mut counts = [0u32; 3];
        for class in 0..3 {
            for tick in 0..100 {
                for j in 0..400 {
                    let session = SessionId::new(ClassId(class), 5, tick, j);
                    let [visit, order] = sparse.holds(session);
                    let [denser, _] = dense.holds(session);
                    assert!(!visit || (order && denser), "{session:?}");
                    for (count, held) in counts.iter_mut().zip([visit, order, denser]) {
                        *count += u32::from(held);
                    }
                }
            }
        }
        // Of 120,000 visits; four standard deviations of a binomial.
        for (count, every) in counts.into_iter().zip([128.0, 16.0, 8.0]) {
            let (expected, share) = (120_000.0 / every, 1.0 / every);
            let sd = f64::sqrt(expected * (1.0 - share));
            assert!((f64::from(count) - expected).abs() < 4.0 * sd, "{count}, not {expected}");
        }
    }
}
