//! What shoppers lost by not buying the best offer for them, and by whose fault.
//!
//! It is told of orders, and who meets a bad box buys less often: the boxes of orders are better than
//! those of visits. So the part of information is below what it would be if everybody bought, and may be
//! below 0. What visits were shown, bought or not, is told apart from this.
//!
//! Values are kept in billionths of a euro and subtracted as whole numbers, so the three parts add up
//! to the whole whatever they were.

use super::tally::{Mean, fixed};
use super::{Better, Family, Metric, Per};
use crate::history::{Appraisal, Appraised, Census, Fact, FactMask};
use crate::units::SimTime;
use std::any::Any;

/// v is what an offer is worth to the shopper.
macro_rules! regret {
    ($name:literal, $says:literal, $formula:literal) => {
        Metric {
            name: $name,
            unit: "EUR/order",
            better: Better::Lower,
            says: $says,
            formula: concat!(
                "mean over sampled orders of ",
                $formula,
                "; v = the class's star_eur * stars that true quality earns - price; offers are those in stock that ship to the shopper"
            ),
            source: "direct; simple regret by what it comes from, without its noise",
            weekly: true,
        }
    };
}

const METRICS: [Metric; PARTS + 2] = [
    regret!(
        "value_regret",
        "What an order is worth less to its shopper than the best offer there was.",
        "max v − v(chosen)"
    ),
    regret!(
        "value_regret_mismatch",
        "The part of value_regret that is the policy's aim: it would rank other offers first even if it knew their quality.",
        "max v − v(o*), o* = the best by the policy's score on true quality (the mean of all that tie)"
    ),
    regret!(
        "value_regret_information",
        "The part of value_regret that is ignorance: the box is not what the policy would put there if it knew; below 0 where luck made it better, as those who meet a bad box buy less often.",
        "v(o*) − v(box), o* = the best by the policy's score on true quality (the mean of all that tie)"
    ),
    regret!(
        "value_regret_choice",
        "The part of value_regret that is the shopper's: another place of the slate was taken than the box; below 0 where that was wise.",
        "v(box) − v(chosen)"
    ),
    Metric {
        name: "box_regret",
        unit: "EUR/session",
        better: Better::Lower,
        says: "What the box is worth less to who visits than the best offer there was, whether anything is bought or not.",
        formula: "mean over sampled visits with a box of max v − v(box); v as for value_regret",
        source: "direct; as value_regret, free of who buys",
        weekly: true,
    },
];

/// Parts of value regret, in the order of the metrics that name them.
const PARTS: usize = 3;

/// Regret: of orders the whole, then its parts; then of boxes.
#[derive(Debug, Default)]
pub struct Regret {
    sums: [Mean; METRICS.len()],
}

/// The value of the best candidate [billionths of a euro].
fn best(candidates: &[Appraised]) -> i64 {
    fixed(candidates.iter().map(|one| one.value).fold(f64::NEG_INFINITY, f64::max))
}

/// The parts of one order's regret [billionths of a euro]; nothing for a visit without an order.
fn parts(appraisal: &Appraisal<'_>) -> Option<[i64; PARTS]> {
    let (bought, boxed) = (appraisal.at_place(appraisal.chosen?)?, appraisal.at_place(1)?);
    let candidates = appraisal.candidates;
    let best = best(candidates);
    let meant = fixed(meant(candidates)?);
    let (boxed, bought) = (fixed(boxed.value), fixed(bought.value));
    Some([best - meant, meant - boxed, boxed - bought])
}

/// The value of what the policy would put in the box if it knew: the mean of those that tie, as chance
/// decides between them.
fn meant(candidates: &[Appraised]) -> Option<f64> {
    let best = candidates.iter().map(|one| one.true_score).max_by(f32::total_cmp)?;
    let (mut sum, mut n) = (0.0, 0.0);
    for one in candidates.iter().filter(|one| one.true_score == best) {
        sum += one.value;
        n += 1.0;
    }
    Some(sum / n)
}

impl Family for Regret {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::default()
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[
            ("value_regret", Per::Visit),
            ("value_regret_mismatch", Per::Visit),
            ("value_regret_information", Per::Visit),
            ("value_regret_choice", Per::Visit),
            ("box_regret", Per::Visit),
        ]
    }

    fn observe(&mut self, _: SimTime, _: &Fact<'_>) {}

    fn appraises(&self) -> bool {
        true
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        if let Some(parts) = parts(appraisal) {
            let whole = parts.iter().sum();
            for (sum, part) in self.sums.iter_mut().zip([whole].into_iter().chain(parts)) {
                sum.add_fixed(part);
            }
        }
        if let Some(boxed) = appraisal.at_place(1).filter(|_| appraisal.of_visits) {
            self.sums[PARTS + 1].add_fixed(best(appraisal.candidates) - fixed(boxed.value));
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.sums.iter_mut().zip(&mut other.sums).for_each(|(mine, their)| mine.absorb(their));
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        let values = self.sums.iter().map(Mean::week).collect();
        self.sums.iter_mut().for_each(Mean::close_week);
        values
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        self.sums.iter().map(Mean::run).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::FactSink;
    use crate::measure::fixture::{Town, candidate};
    use crate::measure::recorder::Recorder;
    use proptest::prelude::*;

    const NAMES: [&str; 4] = [
        "value_regret",
        "value_regret_mismatch",
        "value_regret_information",
        "value_regret_choice",
    ];

    #[test]
    fn parts_by_hand() {
        let town = Town::new(4, 0);
        let mut recorder = Recorder::full();
        // Values 50, 40, 30 and 10; the policy would put the second first if it knew, shows the last
        // in the box and the third below it.
        let mut candidates = [
            candidate(0, 50.0, (0.0, 1.0), None),
            candidate(1, 40.0, (1.0, 9.0), None),
            candidate(2, 30.0, (2.0, 2.0), Some(2)),
            candidate(3, 10.0, (3.0, 3.0), Some(1)),
        ];
        let mut visit = town.visit(1.0, &candidates);
        recorder.appraise(&visit);
        assert_eq!(town.value(&recorder, "value_regret"), None, "nothing was bought");
        assert_eq!(town.value(&recorder, "box_regret"), Some(40.0));
        visit.chosen = Some(2);
        recorder.appraise(&visit);
        let got = NAMES.map(|name| town.value(&recorder, name).unwrap());
        assert_eq!(got, [20.0, 10.0, 30.0, -20.0]);
        // The box taken where two tie in truth: (40 + 30) / 2 was meant. An order counts although its
        // visit is not of the sample of visits.
        candidates[2].true_score = 9.0;
        let visit = town.visit(2.0, &candidates);
        recorder.appraise(&Appraisal { chosen: Some(1), of_visits: false, ..visit });
        let got = NAMES.map(|name| town.value(&recorder, name).unwrap());
        assert_eq!(town.value(&recorder, "box_regret"), Some(40.0), "the same of two visits");
        assert_eq!(got, [(20.0 + 40.0) / 2.0, (10.0 + 15.0) / 2.0, (30.0 + 25.0) / 2.0, -10.0]);
    }

    proptest! {
        /// Whatever the values: parts add up, and no regret is below 0.
        #[test]
        fn the_parts_are_the_whole(
            slates in prop::collection::vec(
                prop::collection::vec((-3e3..3e3f64, 0u8..4, 0u8..4), 2..9), 1..20),
            chosen in 1u8..3,
        ) {
            let town = Town::new(9, 0);
            let mut recorder = Recorder::full();
            for slate in &slates {
                let candidates: Vec<Appraised> = (0u32..).zip(slate).map(|(i, &(value, s, t))| {
                    let place = (i < 2).then_some(i as u8 + 1);
                    candidate(i, value, (f32::from(s), f32::from(t)), place)
                }).collect();
                recorder.appraise(&Appraisal { chosen: Some(chosen), ..town.visit(1.0, &candidates) });
            }
            let [whole, parts @ ..] = NAMES.map(|name| town.value(&recorder, name).unwrap());
            prop_assert!((whole - parts.iter().sum::<f64>()).abs() < 1e-9, "{whole}: {parts:?}");
            prop_assert!(whole >= 0.0 && parts[0] >= 0.0);
            let naive = slates.iter().map(|slate| {
                let best = slate.iter().map(|one| one.0).fold(f64::MIN, f64::max);
                best - slate[usize::from(chosen) - 1].0
            });
            prop_assert!((whole - naive.sum::<f64>() / slates.len() as f64).abs() < 1e-6);
        }
    }
}
