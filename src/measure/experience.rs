//! What shoppers went through with their orders. A week's rates divide what happened in the week: a
//! unit that goes back in a week was mostly delivered in an earlier one.

use super::tally::{Count, ratio};
use super::{Better, Family, Metric, Per};
use crate::history::{Census, Condition, Fact, FactMask};
use crate::units::SimTime;
use std::any::Any;

const METRICS: [Metric; 6] = [
    Metric {
        name: "defect_rate",
        unit: "ratio",
        better: Better::Lower,
        says: "Share of delivered units that did not work as they should.",
        formula: "defective deliveries / deliveries",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "misgrade_rate",
        unit: "ratio",
        better: Better::Lower,
        says: "Share of delivered units that worked but were in a worse grade than promised.",
        formula: "misgraded deliveries / deliveries",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "late_rate",
        unit: "ratio",
        better: Better::Lower,
        says: "Share of deliveries that came after the promised day.",
        formula: "late deliveries / deliveries",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "return_rate",
        unit: "ratio",
        better: Better::Lower,
        says: "Share of delivered units that went back.",
        formula: "returns / deliveries",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "cancel_rate",
        unit: "ratio",
        better: Better::Lower,
        says: "Share of orders that the seller called off before shipping.",
        formula: "cancellations / orders",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "box_share",
        unit: "ratio",
        better: Better::None,
        says: "Share of orders that went to the offer in the first place of the slate; a campaign's orders saw no slate and do not count.",
        formula: "orders from place 1 / orders from any place",
        source: "direct; some 82 % for the box of a large marketplace (model.md)",
        weekly: true,
    },
];

/// Places of the tallies in [`Experience`].
const DEFECTIVE: usize = 0;
const MISGRADED: usize = 1;
const LATE: usize = 2;
const RETURNED: usize = 3;
const CANCELLED: usize = 4;
const BOXED: usize = 5;
const DELIVERED: usize = 6;
const ORDERED: usize = 7;
const CHOSEN: usize = 8;

/// Experienced quality. The first six tallies are the numerators of the metrics, in their order.
#[derive(Debug, Default)]
pub struct Experience {
    counts: [Count; 9],
}

impl Experience {
    fn rates(&self, read: impl Fn(&Count) -> u64) -> Vec<Option<f64>> {
        let whole = |part| match part {
            CANCELLED => ORDERED,
            BOXED => CHOSEN,
            _ => DELIVERED,
        };
        let rate = |part| ratio(read(&self.counts[part]), read(&self.counts[whole(part)]));
        (0..METRICS.len()).map(rate).collect()
    }
}

impl Family for Experience {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        let orders = FactMask::BOUGHT.and(FactMask::CANCELLED);
        orders.and(FactMask::DELIVERED).and(FactMask::RETURNED)
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[
            ("defect_rate", Per::Order),
            ("misgrade_rate", Per::Order),
            ("late_rate", Per::Order),
            ("return_rate", Per::Order),
            ("cancel_rate", Per::Order),
            ("box_share", Per::Order),
        ]
    }

    fn observe(&mut self, _: SimTime, fact: &Fact<'_>) {
        let mut add = |place: usize, yes: bool| self.counts[place].add(u64::from(yes));
        match *fact {
            Fact::Bought { order } => {
                add(ORDERED, true);
                add(BOXED, order.place == 1);
                add(CHOSEN, order.place > 0);
            }
            Fact::Cancelled { .. } => add(CANCELLED, true),
            Fact::Delivered { late, condition, .. } => {
                add(DELIVERED, true);
                add(LATE, late);
                add(DEFECTIVE, condition == Condition::Defective);
                add(MISGRADED, condition == Condition::Misgraded);
            }
            Fact::Returned { .. } => add(RETURNED, true),
            _ => {}
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            for (mine, theirs) in self.counts.iter_mut().zip(&mut other.counts) {
                mine.absorb(theirs);
            }
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        let rates = self.rates(Count::week);
        self.counts.iter_mut().for_each(Count::close_week);
        rates
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        self.rates(Count::run)
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Condition, Fact, FactSink, ReturnReason};
    use crate::measure::fixture::{Town, at};
    use crate::measure::recorder::Recorder;

    #[test]
    fn rates_by_hand() {
        let town = Town::new(2, 0);
        let mut recorder = Recorder::full();
        // Ten orders: six from the box, two of a campaign, one called off; five delivered.
        for place in [1, 1, 1, 1, 1, 1, 2, 3, 0, 0] {
            let order = town.order(0, 0, 10_000, place);
            recorder.take(at(1.0), &Fact::Bought { order });
        }
        let order = town.order(0, 0, 10_000, 1);
        recorder.take(at(2.0), &Fact::Cancelled { order });
        for (late, condition) in [
            (false, Condition::Sound),
            (true, Condition::Sound),
            (true, Condition::Defective),
            (false, Condition::Misgraded),
            (true, Condition::Misgraded),
        ] {
            recorder.take(at(3.0), &Fact::Delivered { order, late, condition });
        }
        recorder.take(at(4.0), &Fact::Returned { order, reason: ReturnReason::Defect });
        let row = recorder.close_week(0, &town.census);
        for (name, expected) in [
            ("defect_rate", 0.2),
            ("misgrade_rate", 0.4),
            ("late_rate", 0.6),
            ("return_rate", 0.2),
            ("cancel_rate", 0.1),
            ("box_share", 0.75),
        ] {
            assert_eq!(row.get(name), Some(expected), "{name}");
            assert_eq!(town.value(&recorder, name), Some(expected), "{name}");
        }
        let quiet = recorder.close_week(1, &town.census);
        assert_eq!(quiet.get("late_rate"), None, "no delivery, no rate");
    }
}
