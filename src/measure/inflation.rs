//! Whether the same experience earns more stars as time goes by.

use super::{Better, Family, Metric};
use crate::history::{Census, Fact, FactMask};
use crate::units::SimTime;
use std::any::Any;

const METRICS: [Metric; 1] = [Metric {
    name: "rating_inflation",
    unit: "stars/week",
    better: Better::None,
    says: "How many more stars the same seller earns for an order as late as ever, from one week to the next.",
    formula: "slope of stars on the week of the review by least squares within groups, a group being a seller's orders on time or its late ones; planted reviews left out; a seller whose quality changes moves it too; nothing where no group spans two weeks",
    source: "within-group (fixed effects) regression; the phenomenon: Filippas, Horton & Golden 2018",
    weekly: false,
}];

/// Sums over the reviews of one group, x being the week and y the stars.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    n: u64,
    x: u64,
    y: u64,
    xy: u64,
    xx: u64,
}

impl Group {
    fn add(&mut self, other: Group) {
        self.n += other.n;
        self.x += other.x;
        self.y += other.y;
        self.xy += other.xy;
        self.xx += other.xx;
    }

    /// n times the sums of products of what is left of x and y, and of x with itself, without their
    /// means: whole numbers.
    fn moments(&self) -> [i128; 2] {
        let [n, x, y, xy, xx] = [self.n, self.x, self.y, self.xy, self.xx].map(i128::from);
        [n * xy - x * y, n * xx - x * x]
    }
}

/// Reviews by seller, on time (0) and late (1).
#[derive(Debug, Default)]
pub struct Inflation {
    groups: Vec<[Group; 2]>,
}

impl Inflation {
    fn of(&mut self, seller: usize) -> &mut [Group; 2] {
        if self.groups.len() <= seller {
            self.groups.resize((seller + 1).next_power_of_two(), Default::default());
        }
        &mut self.groups[seller]
    }
}

impl Family for Inflation {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::REVIEWED
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        let Fact::Reviewed { order, stars, late } = *fact else { return };
        if order.place > 0 {
            let (x, y) = (u64::from(at.week()), u64::from(stars));
            let one = Group { n: 1, x, y, xy: x * y, xx: x * x };
            self.of(order.seller.index())[usize::from(late)].add(one);
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            for (seller, theirs) in other.groups.iter_mut().enumerate() {
                for (mine, theirs) in self.of(seller).iter_mut().zip(theirs) {
                    mine.add(std::mem::take(theirs));
                }
            }
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        vec![None]
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        let (mut together, mut alone) = (0.0, 0.0);
        for group in self.groups.iter().flatten().filter(|group| group.n > 0) {
            let [xy, xx] = group.moments().map(|moment| moment as f64 / group.n as f64);
            together += xy;
            alone += xx;
        }
        vec![(alone > 0.0).then(|| together / alone)]
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Fact, FactSink};
    use crate::measure::fixture::{Town, at};
    use crate::measure::recorder::Recorder;

    #[test]
    fn a_slope_by_hand() {
        let town = Town::new(3, 0);
        let mut recorder = Recorder::full();
        let mut review = |week: f64, seller, stars, late, place| {
            let order = town.order(seller, 0, 100, place);
            recorder.take(at(7.0 * week + 0.5), &Fact::Reviewed { order, stars, late });
            town.value(&recorder, "rating_inflation")
        };
        // Groups that differ in level but lie within a week each say nothing of time.
        assert_eq!(review(0.0, 0, 3, false, 1), None);
        assert_eq!(review(0.0, 0, 4, false, 1), None);
        assert_eq!(review(1.0, 0, 1, true, 1), None);
        assert_eq!(review(4.0, 1, 5, false, 2), None);
        // The first group: weeks 0, 0, 3, stars 3, 4, 5: 3 stars·weeks over 6 weeks².
        let got = review(3.0, 0, 5, false, 1).unwrap();
        assert!((got - 0.5).abs() < 1e-12, "{got}");
        // The second: weeks 4 and 2, stars 5 and 5: 0 over 2.
        let got = review(2.0, 1, 5, false, 1).unwrap();
        assert!((got - 3.0 / 8.0).abs() < 1e-12, "{got}");
        // A campaign's review is no experience.
        assert_eq!(review(4.0, 1, 1, false, 0), Some(got));
    }
}
