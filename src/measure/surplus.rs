//! What it is worth to shoppers that there is a market to visit.

use super::tally::Mean;
use super::{Better, Family, Metric, Per};
use crate::history::{Appraisal, Census, Fact, FactMask};
use crate::rng::exp;
use crate::units::SimTime;
use std::any::Any;

const METRICS: [Metric; 1] = [Metric {
    name: "consumer_surplus",
    unit: "EUR/session",
    better: Better::Higher,
    says: "What a visit is worth to a shopper over leaving at once, going by the stars that are shown.",
    formula: "mean over sampled visits of (1/α)·ln(1 + Σ exp(V − V of leaving)) over the places looked at (the box alone for those who do not choose), V the systematic utility less ln(place); 0 where the slate is empty, nothing where nobody leaves or α = 0",
    source: "Small & Rosen 1981 (logsum of the logit)",
    weekly: true,
}];

/// Consumer surplus.
#[derive(Debug, Default)]
pub struct Surplus {
    mean: Mean,
}

/// ln(1 + Σ exp(V − V of leaving)), which overflows for no utility.
fn logsum(appraisal: &Appraisal<'_>, leaving: f64) -> f64 {
    let places = appraisal.candidates.iter().filter_map(|one| one.shown);
    let looked = places.filter(|place| usize::from(place.number) <= appraisal.looked);
    let gain = |place: crate::history::Place| place.utility - leaving;
    let greatest = looked.clone().map(gain).fold(0.0, f64::max);
    // Leaving has the utility 0 here, and is one of the greatest where no place is.
    let rest: f64 = looked.map(|p| exp(gain(p) - greatest) / f64::from(p.number)).sum();
    greatest + libm::log(exp(-greatest) + rest)
}

impl Family for Surplus {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::default()
    }

    fn divisible(&self) -> &'static [(&'static str, Per)] {
        &[("consumer_surplus", Per::Visit)]
    }

    fn observe(&mut self, _: SimTime, _: &Fact<'_>) {}

    fn appraises(&self) -> bool {
        true
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        let Some(leaving) = appraisal.leaving else { return };
        if appraisal.of_visits && appraisal.alpha > 0.0 {
            self.mean.add(logsum(appraisal, leaving) / appraisal.alpha);
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            self.mean.absorb(&mut other.mean);
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        let value = self.mean.week();
        self.mean.close_week();
        vec![value]
    }

    fn values(&self, _: &Census) -> Vec<Option<f64>> {
        vec![self.mean.run()]
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Appraisal, Appraised, FactSink, Place};
    use crate::measure::fixture::{Town, candidate};
    use crate::measure::recorder::Recorder;

    /// The surplus of one visit that looks at all places, its places having these utilities with the
    /// −ln k of their places in them.
    fn surplus(utilities: &[f64], change: impl Fn(&mut Appraisal<'_>)) -> Option<f64> {
        let town = Town::new(9, 0);
        let mut recorder = Recorder::full();
        let candidates: Vec<Appraised> = (1u8..)
            .zip(utilities)
            .map(|(number, utility)| {
                let utility = utility + libm::log(f64::from(number));
                let shown = Some(Place { number, utility });
                Appraised { shown, ..candidate(u32::from(number), 0.0, (0.0, 0.0), None) }
            })
            .collect();
        let mut visit = town.visit(1.0, &candidates);
        (visit.alpha, visit.leaving, visit.looked) = (0.5, Some(0.0), utilities.len());
        change(&mut visit);
        recorder.appraise(&visit);
        town.value(&recorder, "consumer_surplus")
    }

    #[test]
    fn the_logsum_of_the_known_answer() {
        let near = |got: Option<f64>, expected: f64| {
            let got = got.unwrap();
            assert!((got - expected).abs() < 1e-8, "got {got}, expected {expected}");
        };
        // measures.md: V = (0; 1, .5, 0) has E max 2.4283 with the mean of the noise, .57722, in it.
        let got = surplus(&[1.0, 0.5, 0.0], |_| {});
        assert!((got.unwrap() * 0.5 + 0.577_216 - 2.4283).abs() < 1e-4, "{got:?}");
        near(got, 2.0 * libm::log(1.0 + libm::exp(1.0) + libm::exp(0.5) + 1.0));
        // The box alone; leaving worth more; far outside of what exp can hold.
        near(surplus(&[1.0, 0.5], |v| v.looked = 1), 2.0 * libm::log(1.0 + libm::exp(1.0)));
        let dear = |v: &mut Appraisal<'_>| v.leaving = Some(2.0);
        near(surplus(&[1.0], dear), 2.0 * libm::log(1.0 + libm::exp(-1.0)));
        near(surplus(&[2e3], |_| {}), 4e3);
        near(surplus(&[-2e3], |_| {}), 0.0);
        near(surplus(&[], |_| {}), 0.0);
    }

    #[test]
    fn nothing_where_there_is_no_scale() {
        assert_eq!(surplus(&[1.0], |v| v.leaving = None), None);
        assert_eq!(surplus(&[1.0], |v| v.alpha = 0.0), None);
        assert_eq!(surplus(&[1.0], |v| v.of_visits = false), None);
    }
}
