//! The scenario: every table a file may hold, and what must be true across them.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Checked, Issue};
use crate::agents::sellers::{Outcome, SellersSpec, StarShares};
use crate::agents::shoppers::{Peak, ReviewsSpec, ShoppersSpec, Traffic};
use crate::driver::{Clock, Refresh};
use crate::market::onboarding::JoiningSpec;
use crate::market::{
    CategorySpec, CountrySpec, Design, EventsSpec, FeedbackSpec, FulfilmentSpec, MarketPlan,
    MarketSpec, PaymentSpec, SplitPlan,
};
use crate::quantity::Span;
use crate::ranking::RankingSpec;
use crate::units::{KindId, SessionId, US_PER_SECOND, US_PER_WEEK};

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
    /// What ends a run before its weeks are over; absent: nothing does.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopSpec>,
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

/// `[stop]`: what ends a run before its weeks are over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopSpec {
    /// Orders, those of campaigns included, with which the run is over: with the last of them to the
    /// event where `refresh = "immediate"`, and otherwise at the end of the tick in which it was placed
    /// [orders].
    #[garde(range(min = 1, max = 1_000_000_000))]
    pub orders: u64,
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
        let orders = self.stop.map(|stop| stop.orders);
        Clock { tick_us, weeks: self.weeks, refresh: self.engine.refresh, orders }
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
            split: None,
        }
    }

    /// The plan of one world's market in which `other` is tested against this scenario. The two differ in
    /// nothing but what a side may have to itself.
    pub fn plan_test<'a>(
        &'a self,
        world: u32,
        design: Design,
        other: &'a Scenario,
    ) -> MarketPlan<'a> {
        let split = SplitPlan {
            design,
            market: &other.market,
            shoppers: &other.shoppers,
            sellers: &other.sellers,
            feedback: other.feedback,
            policy: other.ranking.build(),
        };
        MarketPlan { split: Some(split), ..self.plan(world) }
    }

    /// A few facts for people, as (name, value).
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("weeks", self.weeks.to_string()),
            ("sellers", self.sellers.at_start().to_string()),
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
        if self.sellers.newcomers.is_some() && engine.refresh != Refresh::Immediate {
            let message = "newcomers come between two events, which have one order only at once";
            let issue = Issue::new("engine.refresh", message);
            issues.push(issue.with("tick", "`refresh = \"immediate\"` with sellers.newcomers"));
        }
        if self.sellers.newcomers.is_some() && self.joining.is_some() {
            let message = "new sellers come by themselves or through staff, not both";
            let issue = Issue::new("sellers.newcomers", message);
            let allowed = "one of them; `joining = false` takes staff away";
            issues.push(issue.with("`sellers.newcomers` and `joining`", allowed));
        }
    }

    /// A tick has room for one look of each seller at its prices.
    fn check_looks(&self, issues: &mut Vec<Issue>) {
        let ticks = 86_400.0 / self.engine.tick.as_seconds();
        for (strategy, looks) in self.sellers.pricing.looks() {
            if looks > ticks {
                let path = format!("sellers.pricing.{strategy}.looks_per_day");
                let issue = Issue::new(path, "more looks at prices than there are ticks");
                let allowed = format!("at most {ticks} [looks/day], or a shorter engine.tick");
                issues.push(issue.with(looks.to_string(), allowed));
            }
        }
    }

    /// Everything that is shared out: where, what, and what the shares add up to.
    fn shares(&self) -> Vec<(String, &'static str, f64)> {
        let (shoppers, sellers) = (&self.shoppers, &self.sellers);
        let categories = self.categories.values().map(|c| c.share).sum();
        let to_shoppers = self.countries.values().map(|c| c.shoppers).sum();
        let to_sellers = self.countries.values().map(|c| c.sellers).sum();
        let payments = self.payments.values().map(|p| p.shoppers).sum();
        let classes = shoppers.classes.values().map(|c| c.share).sum();
        let (hours, days) = (shoppers.hour_share.iter().sum(), shoppers.weekday_share.iter().sum());
        let mut all = vec![
            ("categories".to_owned(), "the shares of categories", categories),
            ("countries".to_owned(), "the countries' shares of shoppers", to_shoppers),
            ("countries".to_owned(), "the countries' shares of sellers", to_sellers),
            ("payments".to_owned(), "the shares of shoppers", payments),
            ("shoppers.classes".to_owned(), "the shares of classes", classes),
            ("shoppers.hour_share".to_owned(), "the 24 shares", hours),
            ("shoppers.weekday_share".to_owned(), "the 7 shares", days),
            (
                "sellers.pricing".to_owned(),
                "the shares of strategies",
                sellers.pricing.shares_sum(),
            ),
            ("sellers.kinds".to_owned(), "the shares of kinds", sellers.kinds.shares_sum()),
        ];
        all.extend(
            sellers
                .given_shares()
                .map(|(path, stars)| (path, "the shares of 1 to 5 stars", stars.iter().sum())),
        );
        if let Some(fulfilment) = &self.fulfilment {
            let carriers = fulfilment.carriers.values().map(|c| c.share).sum();
            all.push(("fulfilment.carriers".to_owned(), "the shares of carriers", carriers));
        }
        for (name, class) in shoppers.classes.iter().filter(|(_, c)| !c.countries.is_empty()) {
            let path = format!("shoppers.classes.{name}.countries");
            all.push((path, "the class's shares of countries", class.countries.values().sum()));
        }
        all.extend(Outcome::ALL.map(|outcome| {
            let row = self.stars.of(outcome).iter().sum();
            (format!("stars.{}", outcome.name()), "the shares of 1 to 5 stars", row)
        }));
        all
    }

    fn check_shares(&self, issues: &mut Vec<Issue>) {
        for (path, what, sum) in self.shares() {
            if (sum - 1.0).abs() > 1e-6 {
                let issue = Issue::new(path, format!("{what} must add up to 1"));
                issues.push(issue.with(format!("a sum of {sum:.6}"), "1, give or take 1e-6"));
            }
        }
    }

    /// A market in which nothing can ever happen is a mistake, not a result.
    fn check_life(&self, issues: &mut Vec<Issue>) {
        let mut empty = |path: &str, why: &str| {
            issues.push(Issue::new(path, format!("an empty market: {why}")));
        };
        if !self.categories.values().any(|c| c.share > 0.0 && c.popularity > 0.0) {
            empty("categories", "no category is ever visited");
        }
        if self.sellers.at_start() == 0 {
            empty("sellers.count", "nobody sells when it opens");
        }
        if self.sellers.supply == 0.0 {
            empty("sellers.supply", "nobody ever has stock");
        }
        if self.market.planned_conversion == 0.0 {
            empty("market.planned_conversion", "sellers who expect no orders stock nothing");
        }
        if self.shoppers.visits_per_week == 0.0 {
            empty("shoppers.visits_per_week", "nobody ever visits");
        }
    }

    /// What a key says of something that another key would have to bring about.
    fn check_references(&self, issues: &mut Vec<Issue>) {
        let has_parts = self.categories.values().any(|c| c.parts);
        let problems = self.sellers.problems(has_parts).into_iter();
        issues.extend(problems.map(|(path, message)| Issue::new(path, message)));
        let there: Vec<KindId> = {
            let kinds = self.sellers.kinds.all().filter(|(_, traits, _)| traits.share > 0.0);
            let given = (!self.sellers.given.is_empty()).then_some(KindId::Given);
            kinds.map(|(kind, ..)| kind).chain(given).collect()
        };
        for (name, event) in &self.events {
            let (variant, target) = event.target();
            if let Some(kind) = target.kind.filter(|kind| !there.contains(kind)) {
                let path = format!("events.{name}.{variant}.target.kind");
                let known = there.iter().map(|kind| kind.name());
                issues.push(Issue::unknown(path, "seller of the kind", kind.name(), known));
            }
            if let Some(number) = target.seller.filter(|&number| number >= self.sellers.count) {
                let path = format!("events.{name}.{variant}.target.seller");
                let issue = Issue::new(path, "no seller of this number is there from the start");
                let last = self.sellers.count.saturating_sub(1);
                issues.push(issue.with(number.to_string(), format!("0 to {last}")));
            }
        }
        for (name, class) in &self.shoppers.classes {
            for country in class.countries.keys().filter(|c| !self.countries.contains_key(*c)) {
                let path = format!("shoppers.classes.{name}.countries.{country}");
                let known = self.countries.keys().map(String::as_str);
                issues.push(Issue::unknown(path, "country", country, known));
            }
        }
        if self.reviews.as_ref().is_none_or(|reviews| reviews.gaussian.is_none()) {
            issues.extend(self.sellers.given_means().map(|path| {
                let issue = Issue::new(path, "stars around a drawn mean need real-valued reviews");
                issue.with("no `[reviews.gaussian]`", "a table `[reviews.gaussian]` with its `sd`")
            }));
        }
        let choice = &self.shoppers.choice;
        if choice.cascade.is_some() && choice.position.is_some() {
            let message = "a slate is gone through in one way, not two";
            let issue = Issue::new("shoppers.choice.cascade", message);
            issues.push(issue.with(
                "`cascade` and `position`",
                "one of them; `shoppers.choice.position = false` takes the other away",
            ));
        }
        let parts: Vec<&str> = self
            .categories
            .iter()
            .filter(|(_, c)| c.parts)
            .map(|(name, _)| name.as_str())
            .collect();
        if let [_, second, ..] = parts[..] {
            let path = format!("categories.{second}.parts");
            let issue = Issue::new(path, "more than one category of spare parts");
            issues.push(issue.with(parts.join(", "), "one, which recyclers sell"));
        }
        if let Some(joining) = &self.joining {
            let (asked, kept) = (joining.monitoring.window_weeks, self.market.window_weeks);
            if asked > kept {
                let message = "monitoring looks back further than reputations reach";
                let issue = Issue::new("joining.monitoring.window_weeks", message);
                let allowed = format!("at most market.window_weeks, {kept} [weeks]");
                issues.push(issue.with(asked.to_string(), allowed));
            }
        }
    }

    /// An event that never comes is a mistake; one that outlasts the run is not.
    fn check_events(&self, issues: &mut Vec<Issue>) {
        let days = self.weeks * 7;
        for (name, event) in &self.events {
            let (variant, _) = event.target();
            let from = event.from_day();
            if from >= days {
                let path = format!("events.{name}.{variant}.from_day");
                let message = format!("the event `{name}` begins when the run is over");
                let allowed = format!(
                    "below {days} [days], {} weeks; `events.{name} = false` leaves it out",
                    self.weeks
                );
                issues.push(Issue::new(path, message).with(from.to_string(), allowed));
            }
        }
    }

    /// The number of a visit has room for so many in a tick of one class and cell, and not more.
    fn check_traffic(&self, issues: &mut Vec<Issue>) {
        let shoppers = &self.shoppers;
        let tick_hours = self.engine.tick.as_seconds() / 3_600.0;
        let envelope = shoppers.loyalty.as_ref().map_or(1.0, |l| l.loyal_visits);
        let most = Traffic::new(shoppers, self.weeks).busiest_hour() * tick_hours * envelope;
        // A hundredth is some 20 standard deviations of the number drawn.
        let room = 0.99 * f64::from(1u32 << SessionId::BITS[3]);
        if most > room || most.is_nan() {
            let issue = Issue::new("engine.tick", "too many visits within one tick");
            let read = format!("{most:.3e} visits in the busiest tick");
            issues.push(issue.with(read, format!("at most {room:.3e}: a shorter tick")));
        }
    }
}

impl Checked for Scenario {
    fn cross_check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        self.check_engine(&mut issues);
        self.check_looks(&mut issues);
        self.check_shares(&mut issues);
        self.check_life(&mut issues);
        self.check_references(&mut issues);
        self.check_traffic(&mut issues);
        self.check_events(&mut issues);
        issues
    }

    fn remarks(&self) -> Vec<Issue> {
        let late = self.shoppers.peaks.iter().filter(|(_, peak)| peak.week >= self.weeks);
        let remark = |(name, peak): (&String, &Peak)| {
            let path = format!("shoppers.peaks.{name}.week");
            let (week, weeks) = (peak.week, self.weeks);
            let after =
                format!("the peak `{name}` never comes: week {week}, counted from 0, of {weeks}");
            Issue::new(path, after)
        };
        late.map(remark).collect()
    }
}
