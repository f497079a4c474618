//! What shoppers said in public, and how much sellers truly differ.

use super::interval::variance;
use super::tally::{Count, Lives, ratio};
use super::{Better, Family, Metric, Per};
use crate::history::{Census, Fact, FactMask};
use crate::units::SimTime;
use std::any::Any;

const METRICS: [Metric; 7] = [
    Metric {
        name: "mean_stars",
        unit: "stars",
        better: Better::Higher,
        says: "The average review.",
        formula: "sum of stars / reviews",
        source: "direct; planted reviews count, for shoppers see them",
        weekly: true,
    },
    Metric {
        name: "stars_when_late",
        unit: "stars",
        better: Better::None,
        says: "The average review of an order that came late.",
        formula: "sum of stars / reviews, late orders alone",
        source: "direct; near 2.4 in measured data (model.md)",
        weekly: true,
    },
    Metric {
        name: "stars_when_on_time",
        unit: "stars",
        better: Better::None,
        says: "The average review of an order that came on time.",
        formula: "sum of stars / reviews, orders on time alone",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "review_rate",
        unit: "ratio",
        better: Better::None,
        says: "Reviews for each delivery.",
        formula: "reviews / deliveries",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "pp",
        unit: "ratio",
        better: Better::Higher,
        says: "Percent positive: share of reviews with four or five stars.",
        formula: "reviews of 4 or 5 stars / reviews",
        source: "what marketplaces show; Nosko & Tadelis 2015",
        weekly: true,
    },
    Metric {
        name: "epp",
        unit: "ratio",
        better: Better::Higher,
        says: "Effective percent positive: share of orders that earned four or five stars, so that \
               silence counts.",
        formula: "reviews of 4 or 5 stars / orders",
        source: "Nosko & Tadelis 2015",
        weekly: true,
    },
    Metric {
        name: "true_stars_sd",
        unit: "stars",
        better: Better::None,
        says: "How much sellers truly differ, in the stars that their quality earns in the long run.",
        formula: "standard deviation (n − 1) of true stars over sellers live at any time",
        source: "direct, from the census; near 0.29 in measured data (model.md)",
        weekly: false,
    },
];

/// Published ratings. Stars and reviews are kept apart for on time (0) and late (1).
#[derive(Debug, Default)]
pub struct Ratings {
    stars: [Count; 2],
    reviews: [Count; 2],
    deliveries: Count,
    positive: Count,
    orders: Count,
    lives: Lives,
}

impl Ratings {
    fn all(&self, read: impl Fn(&Count) -> u64) -> [Option<f64>; 6] {
        let stars = self.stars.each_ref().map(&read);
        let reviews = self.reviews.each_ref().map(&read);
        let published = reviews[0] + reviews[1];
        [
            ratio(stars[0] + stars[1], published),
            ratio(stars[1], reviews[1]),
            ratio(stars[0], reviews[0]),
            ratio(published, read(&self.deliveries)),
            ratio(read(&self.positive), published),
            ratio(read(&self.positive), read(&self.orders)),
        ]
    }
}

impl Family for Ratings {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        let told = FactMask::REVIEWED.and(FactMask::DELIVERED).and(FactMask::BOUGHT);
        told.and(Lives::WANTS)
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[
            ("mean_stars", Per::Order),
            ("stars_when_late", Per::Order),
            ("stars_when_on_time", Per::Order),
            ("review_rate", Per::Order),
            ("pp", Per::Order),
            ("epp", Per::Order),
        ]
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::Reviewed { stars, late, .. } => {
                self.stars[usize::from(late)].add(u64::from(stars));
                self.reviews[usize::from(late)].add(1);
                self.positive.add(u64::from(stars >= 4));
            }
            Fact::Delivered { .. } => self.deliveries.add(1),
            Fact::Bought { .. } => self.orders.add(1),
            _ => self.lives.observe(at, fact),
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            for late in 0..2 {
                self.stars[late].absorb(&mut other.stars[late]);
                self.reviews[late].absorb(&mut other.reviews[late]);
            }
            self.deliveries.absorb(&mut other.deliveries);
            self.positive.absorb(&mut other.positive);
            self.orders.absorb(&mut other.orders);
            self.lives.absorb(&mut other.lives);
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        let mut values = self.all(Count::week).to_vec();
        values.push(None);
        self.stars.iter_mut().for_each(Count::close_week);
        self.reviews.iter_mut().for_each(Count::close_week);
        self.deliveries.close_week();
        self.positive.close_week();
        self.orders.close_week();
        values
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let mut values = self.all(Count::run).to_vec();
        let sellers = self.lives.ever(census);
        let truth: Vec<f64> =
            sellers.map(|seller| census.sellers[seller.index()].true_stars).collect();
        values.push(variance(&truth).map(f64::sqrt));
        values
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Condition, Fact, FactSink};
    use crate::measure::fixture::{Town, at};
    use crate::measure::recorder::Recorder;

    #[test]
    fn stars_by_hand() {
        // True stars of the town's sellers are 4.0, 4.1, 4.2, …; the lead never goes live.
        let town = Town::new(3, 1);
        let mut recorder = Recorder::full();
        let order = town.order(0, 0, 10_000, 1);
        let late = false;
        for _ in 0..8 {
            recorder.take(at(1.0), &Fact::Delivered { order, late, condition: Condition::Sound });
        }
        for (stars, late) in [(5, false), (4, false), (1, true), (2, true), (5, false)] {
            recorder.take(at(2.0), &Fact::Reviewed { order, stars, late });
        }
        let get = |name: &str| town.value(&recorder, name).unwrap();
        assert_eq!(get("mean_stars"), 3.4);
        assert_eq!(get("stars_when_late"), 1.5);
        assert!((get("stars_when_on_time") - 14.0 / 3.0).abs() < 1e-12);
        assert_eq!(get("review_rate"), 0.625);
        for _ in 0..10 {
            recorder.take(at(3.0), &Fact::Bought { order });
        }
        let get = |name: &str| town.value(&recorder, name).unwrap();
        assert_eq!((get("pp"), get("epp")), (0.6, 0.3));
        assert!((get("true_stars_sd") - 0.1).abs() < 1e-12);
    }
}
