//! How close rivals' prices are to the winner's.

use super::tally::{Count, Mean, ratio};
use super::{Better, Family, Metric, Per};
use crate::history::{Appraisal, Census, Fact, FactMask};
use crate::units::SimTime;
use std::any::Any;

const METRICS: [Metric; 2] = [
    Metric {
        name: "price_competition",
        unit: "ratio",
        better: Better::None,
        says: "The price of the box over that of the second place: below 1 if winning takes a lower price.",
        formula: "mean over sampled visits with two places of price of the first / price of the second",
        source: "direct; winner over second best",
        weekly: true,
    },
    Metric {
        name: "offers_within_5pct",
        unit: "offers",
        better: Better::None,
        says: "How many rivals ask about as much as the box, so that a small change of price could matter.",
        formula: "mean over sampled visits with a box of the other offers, in stock and shipping to the shopper, whose price is within 5 % of the box's",
        source: "direct",
        weekly: true,
    },
];

/// Prices near the winner's.
#[derive(Debug, Default)]
pub struct Competition {
    lead: Mean,
    visits: Count,
    near: Count,
}

impl Family for Competition {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::default()
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[("price_competition", Per::Visit), ("offers_within_5pct", Per::Visit)]
    }

    fn observe(&mut self, _: SimTime, _: &Fact<'_>) {}

    fn appraises(&self) -> bool {
        true
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        let Some(first) = appraisal.at_place(1).filter(|_| appraisal.of_visits) else { return };
        let price = u64::from(first.price_cents);
        let near = |cents: u32| u64::from(cents).abs_diff(price) * 20 <= price;
        let all = appraisal.candidates.iter().filter(|one| near(one.price_cents)).count();
        self.visits.add(1);
        self.near.add(all as u64 - 1);
        if let Some(second) = appraisal.at_place(2) {
            self.lead.add(price as f64 / f64::from(second.price_cents));
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.lead.absorb(&mut other.lead);
            self.visits.absorb(&mut other.visits);
            self.near.absorb(&mut other.near);
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        let values = vec![self.lead.week(), ratio(self.near.week(), self.visits.week())];
        self.lead.close_week();
        self.visits.close_week();
        self.near.close_week();
        values
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        vec![self.lead.run(), ratio(self.near.run(), self.visits.run())]
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Appraisal, Appraised, FactSink};
    use crate::measure::fixture::{Town, candidate};
    use crate::measure::recorder::Recorder;

    #[test]
    fn rivals_by_hand() {
        let town = Town::new(5, 0);
        let mut recorder = Recorder::full();
        let one = |seller, price_cents, place| Appraised {
            price_cents,
            ..candidate(seller, 0.0, (0.0, 0.0), place)
        };
        let get = |recorder: &Recorder| {
            ["price_competition", "offers_within_5pct"].map(|name| town.value(recorder, name))
        };
        recorder.appraise(&town.visit(1.0, &[]));
        assert_eq!(get(&recorder), [None, None]);
        // 5 % of 200 EUR are 10: 190 and 210 are near, a cent more is not.
        let prices = [
            one(0, 19_000, None),
            one(1, 20_000, Some(1)),
            one(2, 21_000, None),
            one(3, 21_001, None),
            one(4, 25_000, Some(2)),
        ];
        recorder.appraise(&town.visit(1.0, &prices));
        assert_eq!(get(&recorder), [Some(0.8), Some(2.0)]);
        let out_of_turn = Appraisal { of_visits: false, ..town.visit(1.0, &prices[1..]) };
        recorder.appraise(&out_of_turn);
        recorder.appraise(&town.visit(1.0, &prices[1..2]));
        assert_eq!(get(&recorder), [Some(0.8), Some(1.0)]);
    }
}
