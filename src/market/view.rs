//! What visits meet: the policy with what it keeps of sellers, and what shoppers are shown of them.
//!
//! A market has one view, and while a test deals visits to two sides, one for each.

use super::{Design, FeedbackSpec, Market, MarketPlan, MarketSpec, Side, Tally};
use crate::agents::shoppers::ChoiceSpec;
use crate::ranking::{Ranking, Reads, Weight};
use crate::units::{CategoryId, CustomerId, ProductId, SellerId, SessionId, SimTime};

/// What a refresh changes about a seller's offers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fresh {
    /// Whose offers.
    pub seller: SellerId,
    /// What the policy keeps of the seller, where that is the same for all its offers.
    pub weight: Option<Weight>,
}

/// What visits meet.
pub struct View {
    policy: Box<dyn Ranking>,
    /// What the policy reads of merits.
    reads: Reads,
    /// Whether the policy sees everybody as unknown.
    pub(super) blind: bool,
    slate_length: usize,
    display: bool,
    shown_from_reviews: u32,
    neutral_stars: f32,
    /// What a badge beside every offer is worth [stars].
    badge_stars: f32,
    /// Stars as shoppers take them, as of the last refresh, by seller.
    stars: Vec<f32>,
    fresh: Vec<Fresh>,
}

impl View {
    pub(super) fn new(
        policy: Box<dyn Ranking>,
        market: &MarketSpec,
        choice: &ChoiceSpec,
        feedback: FeedbackSpec,
        sellers: usize,
    ) -> Self {
        let neutral_stars = choice.neutral_stars as f32;
        View {
            reads: policy.reads(),
            policy,
            blind: !feedback.ranking,
            slate_length: market.slate_length as usize,
            display: feedback.display,
            shown_from_reviews: choice.shown_from_reviews,
            neutral_stars,
            badge_stars: market.badge_stars as f32,
            stars: vec![neutral_stars; sellers],
            fresh: vec![],
        }
    }

    /// The ranking policy.
    #[inline]
    pub fn policy(&self) -> &dyn Ranking {
        &*self.policy
    }

    /// What the policy reads of merits besides reviews.
    pub fn reads(&self) -> Reads {
        self.reads
    }

    /// Places of a slate.
    #[inline]
    pub fn slate_length(&self) -> usize {
        self.slate_length
    }

    /// The stars that shoppers see of a seller, as of the last refresh.
    #[inline]
    pub fn stars(&self, seller: SellerId) -> f32 {
        self.stars[seller.index()]
    }

    /// What the last refresh changed, seller by seller.
    pub fn fresh(&self) -> &[Fresh] {
        &self.fresh
    }

    /// The stars of a seller of whom so much is known.
    fn shown(&self, known: &Tally) -> f32 {
        if !self.display || known.reviews < self.shown_from_reviews {
            return self.neutral_stars;
        }
        known.stars_sum() as f32 / known.reviews as f32
    }
}

impl MarketPlan<'_> {
    /// Whether visits are dealt to two sides.
    pub(super) fn has_two_views(&self) -> bool {
        self.split.as_ref().is_some_and(|split| split.design != Design::Sellers)
    }

    /// Places of the longest slate that a visit can be shown.
    pub(super) fn longest_slate(&self) -> usize {
        let other = self.split.as_ref().map_or(0, |split| split.market.slate_length);
        self.market.slate_length.max(other) as usize
    }

    /// What visits meet.
    pub(super) fn views(self, sellers: usize) -> Vec<View> {
        let (two, choice) = (self.has_two_views(), &self.shoppers.choice);
        let mut views = vec![View::new(self.policy, self.market, choice, self.feedback, sellers)];
        if let Some(split) = self.split.filter(|_| two) {
            let choice = &split.shoppers.choice;
            views.push(View::new(split.policy, split.market, choice, split.feedback, sellers));
        }
        views
    }
}

impl Market {
    /// What visits of a side meet. Where visits are not dealt to two sides, there is only the first.
    #[inline]
    pub fn view(&self, side: Side) -> &View {
        &self.views[side.index()]
    }

    /// Sides with a view of their own.
    pub fn sides(&self) -> &'static [Side] {
        &Side::BOTH[..self.views.len()]
    }

    /// The side of a visit.
    #[inline]
    pub fn side(&self, session: SessionId, customer: CustomerId) -> Side {
        match &self.split {
            None => Side::A,
            Some(split) => split.of_visit(session, customer),
        }
    }

    /// The side whose policy tells a seller how one of its offers stands.
    pub(super) fn side_of_look(&self, seller: SellerId, product: ProductId, now: SimTime) -> Side {
        self.split.as_ref().map_or(Side::A, |split| split.of_look(seller, product, now))
    }

    /// What a view's policy keeps of a seller for an offer in `category` with so many views.
    pub(super) fn weigh_in(
        &self,
        view: &View,
        seller: SellerId,
        category: CategoryId,
        views: u64,
    ) -> Weight {
        view.policy.weigh(&self.reputations.merit(seller, category, views, view.blind))
    }

    /// The stars that shoppers will see of a seller in a view after the next refresh.
    pub(super) fn shown_in(&self, view: &View, seller: SellerId) -> f32 {
        let badge =
            if self.teams.len() > 1 { self.team(seller).badge_stars } else { view.badge_stars };
        view.shown(self.reputations.lifetime(seller)) + badge
    }

    /// Prepares the refresh: weighs the sellers of whom something was learned since the last one.
    pub fn freshen(&mut self) {
        for i in 0..self.views.len() {
            let mut fresh = std::mem::take(&mut self.views[i].fresh);
            let mut stars = std::mem::take(&mut self.views[i].stars);
            fresh.clear();
            let view = &self.views[i];
            let alike = !view.reads.exposure && !view.reads.category;
            fresh.extend(self.reputations.dirty().iter().map(|&seller| Fresh {
                seller,
                weight: alike.then(|| self.weigh_in(view, seller, CategoryId(0), 0)),
            }));
            for &Fresh { seller, .. } in &fresh {
                stars[seller.index()] = self.shown_in(view, seller);
            }
            (self.views[i].fresh, self.views[i].stars) = (fresh, stars);
        }
    }
}
