//! What sellers act by: their part of the scenario, and what the platform charges them.
//!
//! A market has one team of sellers, and while a test deals sellers to two sides, one for each.

use super::{Design, FeedbackSpec, Market, MarketPlan, MarketSpec};
use crate::agents::sellers::{Assortment, Roster, SellersSpec};
use crate::units::{Cents, SellerId};

/// What the sellers of one side act by.
pub(super) struct Team {
    pub(super) spec: SellersSpec,
    /// What they are drawn from; their profiles name strategies and rules of it.
    pub(super) roster: Roster,
    pub(super) commission: f64,
    pub(super) monthly_fee: Cents,
    pub(super) planned_conversion: f64,
    pub(super) lookups_a_day: u32,
    /// What a badge beside their offers is worth [stars].
    pub(super) badge_stars: f32,
    /// Whether they hear of their reviews.
    pub(super) hears: bool,
}

impl Team {
    pub(super) fn new(
        spec: &SellersSpec,
        roster: Roster,
        market: &MarketSpec,
        hears: bool,
    ) -> Self {
        Team {
            spec: spec.clone(),
            roster,
            commission: market.fees.commission,
            monthly_fee: Cents::from_eur(market.fees.monthly_eur),
            planned_conversion: market.planned_conversion,
            lookups_a_day: market.lookups_a_day,
            badge_stars: market.badge_stars as f32,
            hears,
        }
    }
}

impl MarketPlan<'_> {
    /// What sellers act by.
    pub(super) fn teams(&self, assortment: &Assortment) -> Vec<Team> {
        let team = |sellers, market, feedback: FeedbackSpec| {
            Team::new(sellers, self.roster(sellers, assortment), market, feedback.sellers)
        };
        let mut teams = vec![team(self.sellers, self.market, self.feedback)];
        let dealt = self.split.as_ref().filter(|split| split.design == Design::Sellers);
        teams.extend(dealt.map(|split| team(split.sellers, split.market, split.feedback)));
        teams
    }
}

impl Market {
    /// What a seller acts by.
    pub(super) fn team(&self, seller: SellerId) -> &Team {
        &self.teams[self.sellers[seller.index()].side.index()]
    }
}
