//! The scenario: every table a file may hold, and what must be true across them.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Checked, Issue};
use crate::agents::sellers::{SellersSpec, StarShares};
use crate::agents::shoppers::{ReviewsSpec, ShoppersSpec};
use crate::driver::{Clock, Refresh};
use crate::market::onboarding::JoiningSpec;
use crate::market::{
    CategorySpec, CountrySpec, EventsSpec, FeedbackSpec, FulfilmentSpec, MarketPlan, MarketSpec,
    PaymentSpec,
};
use crate::quantity::Span;
use crate::ranking::RankingSpec;
use crate::units::{SessionId, US_PER_SECOND, US_PER_WEEK};

/// What is simulated, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Root of everything that happens in the first world.
    #[garde(range(max = i64::MAX as u64))]
    pub seed: u64,
    /// Virtual time that is simulated [weeks].
    #[garde(range(min = 1, max = 520))]
    pub weeks: u32,
    /// How virtual time is cut into ticks and the market into cells.
    #[garde(dive)]
    pub engine: EngineSpec,
    /// The marketplace itself.
    #[garde(dive)]
    pub market: MarketSpec,
    /// Categories of products, by name; their shares add up to 1.
    #[garde(dive, length(min = 1, max = 200))]
    pub categories: BTreeMap<String, CategorySpec>,
    /// Countries, by name; the shares of shoppers add up to 1, and so do those of sellers.
    #[garde(dive, length(min = 1, max = 32))]
    pub countries: BTreeMap<String, CountrySpec>,
    /// Payment methods, by name; the shares of shoppers add up to 1.
    #[garde(dive, length(min = 1, max = 8))]
    pub payments: BTreeMap<String, PaymentSpec>,
    /// How orders travel; without it they are with their buyers at once.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilment: Option<FulfilmentSpec>,
    /// Who reviews and when; without it nobody does.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviews: Option<ReviewsSpec>,
    /// Stars given by outcome, before a seller's service tilts them.
    #[garde(dive)]
    pub stars: StarShares,
    /// Who visits, and how they choose.
    #[garde(dive)]
    pub shoppers: ShoppersSpec,
    /// Who sells.
    #[garde(dive)]
    pub sellers: SellersSpec,
    /// How new sellers join and all are watched; without it nobody joins.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joining: Option<JoiningSpec>,
    /// The rule that turns candidates into a slate; one policy.
    #[garde(dive)]
    pub ranking: RankingSpec,
    /// Which feedback channels are open.
    #[garde(dive)]
    pub feedback: FeedbackSpec,
    /// What happens from outside, by name.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub events: EventsSpec,
}

/// How virtual time is cut into ticks and the market into cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineSpec {
    /// Length of a tick: a whole part of an hour. Features are refreshed between two ticks.
    #[garde(range(min = Span::seconds(1), max = Span::seconds(3_600)))]
    pub tick: Span,
    /// Parts that the market is dealt into, which may run in parallel within a tick [cells].
    #[garde(range(min = 1, max = 1 << SessionId::BITS[1]))]
    pub cells: u32,
    /// When reputations are refreshed.
    #[garde(skip)]
    pub refresh: Refresh,
}

impl Scenario {
    /// How virtual time runs.
    pub fn clock(&self) -> Clock {
        let tick_us = self.engine.tick.as_micros();
        Clock { tick_us, weeks: self.weeks, refresh: self.engine.refresh }
    }

    /// The plan of one world's market.
    pub fn plan(&self, world: u32) -> MarketPlan<'_> {
        MarketPlan {
            seed: self.seed,
            world,
            weeks: self.weeks,
            tick_us: self.engine.tick.as_micros(),
            cells: self.engine.cells,
            market: &self.market,
            categories: &self.categories,
            countries: &self.countries,
            payments: &self.payments,
            fulfilment: self.fulfilment.as_ref(),
            reviews: self.reviews.as_ref(),
            stars: &self.stars,
            shoppers: &self.shoppers,
            sellers: &self.sellers,
            joining: self.joining.as_ref(),
            feedback: self.feedback,
            events: &self.events,
            policy: self.ranking.build(),
        }
    }

    /// A few facts for people, as (name, value).
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("weeks", self.weeks.to_string()),
            ("sellers", self.sellers.count.to_string()),
            ("products", self.market.products.count.to_string()),
            ("countries", self.countries.len().to_string()),
            ("categories", self.categories.len().to_string()),
            ("ranking", self.ranking.about().name.to_string()),
            ("tick", self.engine.tick.to_string()),
            ("cells", self.engine.cells.to_string()),
            ("seed", self.seed.to_string()),
        ]
    }

    fn check_engine(&self, issues: &mut Vec<Issue>) {
        let engine = &self.engine;
        if !(3_600 * US_PER_SECOND).is_multiple_of(engine.tick.as_micros()) {
            let issue = Issue::new("engine.tick", "an hour must be a whole number of ticks");
            let allowed = "a whole part of an hour: 1s, 10s, 1m, 5m, 15m, 30m, 1h, …";
            issues.push(issue.with(engine.tick.to_string(), allowed));
        }
        let ticks = u64::from(self.weeks) * US_PER_WEEK / engine.tick.as_micros().max(1);
        if ticks >= 1 << SessionId::BITS[2] {
            let issue = Issue::new("engine.tick", "too many ticks in the whole run");
            issues.push(
                issue.with(ticks.to_string(), format!("below {}", 1u64 << SessionId::BITS[2])),
            );
        }
        if engine.refresh == Refresh::Immediate && engine.cells != 1 {
            let message = "`refresh = \"immediate\"` means one exact order of events, so one cell";
            let issue = Issue::new("engine.cells", message);
            issues.push(issue.with(engine.cells.to_string(), "1"));
        }
    }

    fn check_shares(&self, issues: &mut Vec<Issue>) {
        let mut sum = |path: &str, what: &str, shares: &mut dyn Iterator<Item = f64>| {
            let total: f64 = shares.sum();
            if (total - 1.0).abs() > 1e-6 {
                let message = format!("{what} must add up to 1");
                issues.push(Issue::new(path, message).with(format!("a sum of {total:.6}"), "1"));
            }
        };
        sum(
            "categories",
            "the shares of categories",
            &mut self.categories.values().map(|c| c.share),
        );
        let countries = || self.countries.values();
        sum("countries", "the countries' shares of shoppers", &mut countries().map(|c| c.shoppers));
        sum("countries", "the countries' shares of sellers", &mut countries().map(|c| c.sellers));
        sum("payments", "the shares of shoppers", &mut self.payments.values().map(|p| p.shoppers));
        let shoppers = &self.shoppers;
        sum(
            "shoppers.classes",
            "the shares of classes",
            &mut shoppers.classes.values().map(|c| c.share),
        );
        sum("shoppers.hour_share", "the 24 shares", &mut shoppers.hour_share.iter().copied());
        sum("shoppers.weekday_share", "the 7 shares", &mut shoppers.weekday_share.iter().copied());
        if let Some(f) = &self.fulfilment {
            sum(
                "fulfilment.carriers",
                "the shares of carriers",
                &mut f.carriers.values().map(|c| c.share),
            );
        }
        let has_parts = self.categories.values().any(|c| c.parts);
        let problems =
            self.sellers.problems(has_parts).into_iter().chain(self.stars.problems("stars"));
        issues.extend(problems.map(|(path, message)| Issue::new(path, message)));
    }

    /// A market in which nothing can ever happen is a mistake, not a result.
    fn check_life(&self, issues: &mut Vec<Issue>) {
        if !self.categories.values().any(|c| c.share > 0.0 && c.popularity > 0.0) {
            issues.push(Issue::new("categories", "an empty market: no category is ever visited"));
        }
        if self.sellers.supply == 0.0 {
            issues.push(Issue::new("sellers.supply", "an empty market: nobody ever has stock"));
        }
        if self.shoppers.visits_per_week == 0.0 {
            let message = "an empty market: nobody ever visits";
            issues.push(Issue::new("shoppers.visits_per_week", message));
        }
        if self.shoppers.classes.len() > 63 {
            issues.push(Issue::new("shoppers.classes", "more than 63 classes"));
        }
        for (name, peak) in &self.shoppers.peaks {
            if peak.week >= self.weeks {
                let path = format!("shoppers.peaks.{name}.week");
                let issue = Issue::new(path, "a peak after the end of the run never comes");
                issues.push(issue.with(peak.week.to_string(), format!("0 to {}", self.weeks - 1)));
            }
        }
    }
}

impl Checked for Scenario {
    fn cross_check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        self.check_engine(&mut issues);
        self.check_shares(&mut issues);
        self.check_life(&mut issues);
        issues
    }
}
