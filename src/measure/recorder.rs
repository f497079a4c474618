//! Who listens to the facts of a run: the digest, the counts, and the families of metrics.

use super::onboarding::{ApplicantRow, Onboarding};
use super::seller_weeks::{SellerWeekRow, SellerWeeks};
use super::sellers::{SellerRow, Sellers};
use super::trade::{Trade, TradeRow};
use super::unpredictability::Unpredictability;
use super::visits::Visits;
use super::{Family, Metric, families};
use crate::history::{Appraisal, Census, Digest, Fact, FactMask, FactSink, Stage};
use crate::units::{SellerId, SimTime};
use serde::{Deserialize, Serialize};
use std::any::Any;

/// How many of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Visits.
    pub sessions: u64,
    /// Arrivals and calendar entries executed. Facts don't tell: the driver fills this in.
    pub events: u64,
    /// Purchases, those of campaigns included.
    pub orders: u64,
    /// Published reviews.
    pub reviews: u64,
    /// Units sent back.
    pub returns: u64,
    /// Live when the run began.
    pub sellers_start: u64,
    /// Went live during the run.
    pub sellers_joined: u64,
    /// Left for good during the run, by their own will or removed.
    pub sellers_exited: u64,
    /// Orders that sellers called off.
    pub cancellations: u64,
    /// Parcels that arrived.
    pub deliveries: u64,
    /// Visits that left for want of a way to pay.
    pub abandoned: u64,
    /// Changes of a price.
    pub repricings: u64,
    /// Lots sold between sellers.
    pub lots: u64,
    /// Orders that staff placed under another name.
    pub mystery_orders: u64,
    /// Warnings, action plans, suspensions and removals.
    pub sanctions: u64,
    /// Facts of every kind.
    pub facts: u64,
}

impl Counts {
    /// Adds another world's.
    pub fn add(&mut self, other: &Counts) {
        self.sessions += other.sessions;
        self.events += other.events;
        self.orders += other.orders;
        self.reviews += other.reviews;
        self.returns += other.returns;
        self.sellers_start += other.sellers_start;
        self.sellers_joined += other.sellers_joined;
        self.sellers_exited += other.sellers_exited;
        self.cancellations += other.cancellations;
        self.deliveries += other.deliveries;
        self.abandoned += other.abandoned;
        self.repricings += other.repricings;
        self.lots += other.lots;
        self.mystery_orders += other.mystery_orders;
        self.sanctions += other.sanctions;
        self.facts += other.facts;
    }
}

/// One week of one world.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekRow {
    /// Number of the week, from 0.
    pub week: u32,
    /// Visits in it.
    pub sessions: u64,
    /// Purchases in it.
    pub orders: u64,
    /// Metrics that are told by the week, in the order of the registry.
    pub values: Vec<(&'static str, Option<f64>)>,
}

impl WeekRow {
    /// The value of a metric; nothing where there is no such metric or it had no sample.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|(metric, _)| *metric == name).and_then(|(_, value)| *value)
    }
}

/// A sink that keeps what reports need of the facts it is told, and hands each fact to the families
/// that want it.
///
/// Every cell has one, and one more hears what happens between cells. At the end of a week the driver
/// joins them with [`Recorder::absorb`] into one of them, in the order of cells, and then calls
/// [`Recorder::close_week`] on that one. Digests are not joined by this: each runs on over its own
/// cell's facts, and [`Digest::join`] names the whole run at its end.
pub struct Recorder {
    digest: Digest,
    /// Facts by kind.
    heard: [u64; FactMask::KINDS],
    /// Visits and orders when the last week was closed.
    closed: [u64; 2],
    joined: u64,
    families: Vec<Box<dyn Family>>,
    /// By kind of fact: which families want it.
    routes: [Vec<u8>; FactMask::KINDS],
    /// Which families want appraisals.
    appraisers: Vec<u8>,
}

/// Kinds of facts that are counted, by [`Fact::kind`].
const fn kind(mask: FactMask) -> usize {
    mask.0.trailing_zeros() as usize
}

const SHOWN: usize = kind(FactMask::SHOWN);
const BOUGHT: usize = kind(FactMask::BOUGHT);

impl Recorder {
    /// One that tells these families. There may be at most 255.
    pub fn new(families: Vec<Box<dyn Family>>) -> Self {
        assert!(families.len() <= 255, "{} families", families.len());
        let routes = std::array::from_fn(|kind| {
            let wants = families.iter().map(|family| family.wants().meets(FactMask(1 << kind)));
            (0_u8..).zip(wants).filter(|(_, wants)| *wants).map(|(place, _)| place).collect()
        });
        let wants = families.iter().map(|family| family.appraises());
        let appraisers = (0..).zip(wants).filter(|(_, wants)| *wants).map(|(place, _)| place);
        Recorder {
            appraisers: appraisers.collect(),
            digest: Digest::default(),
            heard: [0; FactMask::KINDS],
            closed: [0; 2],
            joined: 0,
            families,
            routes,
        }
    }

    /// One with every family of the registry.
    pub fn full() -> Self {
        Recorder::new(families())
    }

    /// One with the digest and the counts alone.
    pub fn bare() -> Self {
        Recorder::new(Vec::new())
    }

    /// The digest of the facts that this one was told itself.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What was counted, the absorbed ones included; `events` is left at 0.
    pub fn counts(&self, census: &Census) -> Counts {
        let of = |mask: FactMask| self.heard[kind(mask)];
        Counts {
            sessions: self.heard[SHOWN],
            events: 0,
            orders: self.heard[BOUGHT],
            reviews: of(FactMask::REVIEWED),
            returns: of(FactMask::RETURNED),
            sellers_start: census.sellers.iter().filter(|card| card.from_start).count() as u64,
            sellers_joined: self.joined,
            sellers_exited: of(FactMask::EXITED),
            cancellations: of(FactMask::CANCELLED),
            deliveries: of(FactMask::DELIVERED),
            abandoned: of(FactMask::ABANDONED),
            repricings: of(FactMask::REPRICED),
            lots: of(FactMask::LOT_SOLD),
            mystery_orders: of(FactMask::MYSTERY_ORDERED),
            sanctions: of(FactMask::SANCTIONED),
            facts: self.heard.iter().sum(),
        }
    }

    /// Takes over the counts and tallies of another with the same families, and leaves those empty;
    /// both keep their digests.
    pub fn absorb(&mut self, other: &mut Recorder) {
        assert_eq!(self.families.len(), other.families.len(), "recorders of the same families");
        for (mine, theirs) in self.heard.iter_mut().zip(&mut other.heard) {
            *mine += std::mem::take(theirs);
        }
        for (mine, theirs) in self.closed.iter_mut().zip(&mut other.closed) {
            *mine += std::mem::take(theirs);
        }
        self.joined += std::mem::take(&mut other.joined);
        for (mine, theirs) in self.families.iter_mut().zip(&mut other.families) {
            mine.absorb(theirs.as_mut());
        }
    }

    /// The row of the week that ends now; the next begins.
    pub fn close_week(&mut self, week: u32, census: &Census) -> WeekRow {
        let mut values = Vec::new();
        for family in &mut self.families {
            let weekly = family.close_week(week, census);
            let named = family.metrics().iter().zip(weekly).filter(|(metric, _)| metric.weekly);
            values.extend(named.map(|(metric, value)| (metric.name, finite(value))));
        }
        let heard = [self.heard[SHOWN], self.heard[BOUGHT]];
        let [sessions, orders] = [heard[0] - self.closed[0], heard[1] - self.closed[1]];
        self.closed = heard;
        WeekRow { week, sessions, orders, values }
    }

    /// The metrics of the whole run, in the order of the registry.
    pub fn values(&self, census: &Census) -> Vec<(&'static Metric, Option<f64>)> {
        let of = |family: &dyn Family| family.metrics().iter().zip(family.values(census));
        let all = self.families.iter().flat_map(|family| of(family.as_ref()));
        all.map(|(metric, value)| (metric, finite(value))).collect()
    }

    /// The rows of `sellers.csv`: everybody who was live at any time.
    pub fn seller_rows(&self, census: &Census) -> Vec<SellerRow> {
        let mut rows = self.family::<Sellers>().map_or_else(Vec::new, |family| family.rows(census));
        if let Some(visits) = self.family::<Visits>() {
            for row in &mut rows {
                row.views = Some(visits.exposure(SellerId(row.seller)));
            }
        }
        rows
    }

    /// The rows of `onboarding.csv`: everybody who was seen on the way to selling.
    pub fn onboarding_rows(&self, census: &Census) -> Vec<ApplicantRow> {
        self.family::<Onboarding>().map_or_else(Vec::new, |family| family.rows(census))
    }

    /// The rows of `seller_weeks.csv` for the week that is open: everybody who was live in it. `stars` says
    /// the mean of all reviews that a seller has.
    pub fn seller_weeks(
        &self,
        week: u32,
        census: &Census,
        stars: impl Fn(SellerId) -> Option<f64>,
    ) -> Vec<SellerWeekRow> {
        let (weeks, visits) = (self.family::<SellerWeeks>(), self.family::<Visits>());
        let slates = |seller| visits.map_or((0.0, 0), |visits| visits.of_week(seller));
        weeks.map_or_else(Vec::new, |weeks| weeks.rows(week, census, slates, stars))
    }

    /// The rows of `trade.csv`: everything that was sold, by kind, category and country.
    pub fn trade_rows(&self, census: &Census) -> Vec<TradeRow> {
        self.family::<Trade>().map_or_else(Vec::new, |family| family.rows(census))
    }

    /// Orders by seller in the second half of the run, for what compares worlds.
    pub fn late_sales(&self) -> Vec<u64> {
        self.family::<Unpredictability>().map_or_else(Vec::new, |f| f.late_sales().to_vec())
    }

    fn family<F: Family>(&self) -> Option<&F> {
        self.families.iter().find_map(|family| {
            let any: &dyn Any = family.as_ref();
            any.downcast_ref()
        })
    }
}

/// A value that is a number; a division by nothing is no value.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

impl FactSink for Recorder {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        self.digest.add(at, fact);
        let kind = fact.kind();
        self.heard[kind] += 1;
        if let Fact::StageEntered { stage: Stage::Trial, .. } = fact {
            self.joined += 1;
        }
        for &family in &self.routes[kind] {
            self.families[usize::from(family)].observe(at, fact);
        }
    }

    #[inline]
    fn appraises(&self) -> bool {
        !self.appraisers.is_empty()
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        for &family in &self.appraisers {
            self.families[usize::from(family)].appraise(appraisal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Town, any_facts, candidate};
    use proptest::prelude::*;

    /// Everything that a recorder can be asked for, with the exact bits of its numbers.
    fn all(recorder: &Recorder, census: &Census) -> String {
        let values: Vec<_> = recorder
            .values(census)
            .into_iter()
            .map(|(metric, value)| (metric.name, value, value.map(f64::to_bits)))
            .collect();
        format!(
            "{values:?}\n{:?}\n{:?}\n{:?}\n{:?}",
            recorder.counts(census),
            recorder.seller_rows(census),
            recorder.onboarding_rows(census),
            recorder.trade_rows(census)
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Facts dealt to shards in any way, joined week by week, say the same as one listener.
        #[test]
        fn any_split_equals_the_whole(
            (facts, shards) in any_facts(3).prop_flat_map(|facts| {
                let n = facts.len();
                (Just(facts), prop::collection::vec(0_usize..4, n))
            })
        ) {
            let town = Town { census: Town::census(5, 5, 3) };
            let mut whole = Recorder::full();
            let mut parts: Vec<Recorder> = (0..4).map(|_| Recorder::full()).collect();
            for week in 0..3 {
                for (fact, &shard) in facts.iter().zip(&shards) {
                    if fact.at.week() == week {
                        fact.tell(&mut whole);
                        fact.tell(&mut parts[shard]);
                    }
                }
                let (first, rest) = parts.split_at_mut(1);
                for other in rest {
                    first[0].absorb(other);
                }
                let sellers = whole.seller_weeks(week, &town.census, |_| None);
                prop_assert_eq!(first[0].seller_weeks(week, &town.census, |_| None), sellers);
                let expected = whole.close_week(week, &town.census);
                prop_assert_eq!(first[0].close_week(week, &town.census), expected);
            }
            prop_assert_eq!(all(&parts[0], &town.census), all(&whole, &town.census));
            // The others are as good as new.
            prop_assert_eq!(parts[3].counts(&town.census).facts, 0);
            let (first, rest) = parts.split_at_mut(1);
            first[0].absorb(&mut rest[2]);
            prop_assert_eq!(all(&first[0], &town.census), all(&whole, &town.census));
        }

        /// Values don't depend on whether weeks were closed, and are never NaN; weekly counts add up.
        #[test]
        fn closing_weeks_loses_nothing(facts in any_facts(3)) {
            let town = Town { census: Town::census(5, 5, 3) };
            let (mut open, mut closed) = (Recorder::full(), Recorder::full());
            let mut rows = Vec::new();
            for week in 0..3 {
                for fact in facts.iter().filter(|fact| fact.at.week() == week) {
                    fact.tell(&mut open);
                    fact.tell(&mut closed);
                }
                rows.push(closed.close_week(week, &town.census));
            }
            prop_assert_eq!(all(&open, &town.census), all(&closed, &town.census));
            let counts = closed.counts(&town.census);
            prop_assert_eq!(rows.iter().map(|row| row.orders).sum::<u64>(), counts.orders);
            prop_assert_eq!(rows.iter().map(|row| row.sessions).sum::<u64>(), counts.sessions);
            prop_assert_eq!(open.digest(), closed.digest());
        }
    }

    #[test]
    fn a_bare_recorder_has_the_same_digest() {
        let town = Town::new(3, 0);
        let (mut full, mut bare) = (Recorder::full(), Recorder::bare());
        for recorder in [&mut full, &mut bare] {
            town.shows(recorder, 1.0, &[2, 1]);
            town.sells(recorder, 1.0, 2);
        }
        // An appraisal is no fact, and who keeps no metrics does not ask for one.
        full.appraise(&town.visit(1.0, &[candidate(2, 1.0, (0.0, 0.0), Some(1))]));
        assert!(full.appraises() && !bare.appraises());
        assert_eq!(full.digest(), bare.digest());
        assert_ne!(full.digest(), Recorder::bare().digest());
        assert_eq!(full.counts(&town.census), bare.counts(&town.census));
        assert!(bare.values(&town.census).is_empty());
        assert!(bare.seller_rows(&town.census).is_empty());
    }

    #[test]
    fn rows_of_sellers_by_hand() {
        let town = Town::new(2, 2);
        let mut recorder = Recorder::full();
        town.shows(&mut recorder, 1.0, &[1, 0]);
        town.sells(&mut recorder, 2.5, 1);
        town.sells(&mut recorder, 1.5, 1);
        town.joins(&mut recorder, 3.0, 2);
        town.exits(&mut recorder, 6.0, crate::units::SellerId(2));
        let rows = recorder.seller_rows(&town.census);
        assert_eq!(rows.len(), 3, "the last lead never went live");
        assert_eq!(rows[1].first_sale_day, Some(1.5));
        assert_eq!((rows[1].orders, rows[1].gmv_eur), (2, 200.0));
        assert_eq!(rows[0].views, Some(0.5));
        assert_eq!((rows[2].live_day, rows[2].exit_day), (3.0, Some(6.0)));
        assert_eq!(rows[2].exit_reason.as_deref(), Some("unprofitable"));
        assert!(!rows[2].from_start && rows[0].from_start);
    }

    /// What it costs to record a visit, printed for people: it holds no limit, and is not run by
    /// default. `cargo test --release --lib cost_of -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement, not a check"]
    fn cost_of_a_shown_fact() {
        let slates: Vec<Vec<crate::units::SellerId>> = (0..4_096_u32)
            .map(|i| (0..5).map(|k| crate::units::SellerId((i * 31 + k * 131) % 1_200)).collect())
            .collect();
        let run = |name: &str, sink: &mut dyn FactSink| {
            let mut best = f64::INFINITY;
            for _ in 0..5 {
                #[expect(clippy::disallowed_methods, reason = "a measurement of time")]
                let start = std::time::Instant::now();
                for round in 0..500_u64 {
                    for (i, slate) in (0_u32..).zip(&slates) {
                        let shown = Fact::Shown {
                            session: crate::units::SessionId(round << 12 | u64::from(i)),
                            product: crate::units::ProductId(i % 500),
                            country: crate::units::CountryId(3),
                            class: crate::units::ClassId(1),
                            slate,
                        };
                        sink.take(SimTime(round << 20 | u64::from(i)), &shown);
                    }
                }
                let visits = 500.0 * slates.len() as f64;
                best = f64::min(best, start.elapsed().as_secs_f64() * 1e9 / visits);
            }
            println!("{name}: {best:.2} ns a visit with a slate of 5");
        };
        /// The one family that is told of slates, without digest and dispatch.
        struct Alone(Visits);
        impl FactSink for Alone {
            fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
                self.0.observe(at, fact);
            }
        }
        run("nothing", &mut ());
        run("visits alone", &mut Alone(Visits::default()));
        run("bare", &mut Recorder::bare());
        run("full", &mut Recorder::full());
    }
}
