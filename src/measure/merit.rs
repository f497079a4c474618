//! Whether sellers are seen as much as they deserve.

use super::tally::{add_all, fixed};
use super::{Better, Family, Metric};
use crate::history::{Appraisal, Census, Fact, FactMask};
use crate::rng::exp;
use crate::units::SimTime;
use std::any::Any;

const METRICS: [Metric; 1] = [Metric {
    name: "exposure_merit_gap",
    unit: "ratio",
    better: Better::Lower,
    says: "How far views are from where they would go if every seller were seen as its offers deserve: 0 if all are, 1 if none is.",
    formula: "½Σ|e − m| over sellers, second half of the run; e, m = a seller's share of exposure and of merit, of which each sampled visit gives 1 in all: exposure in proportion to 1/place, merit to exp(α·v), what shoppers who knew true quality would choose; v as for value_regret",
    source: "Singh & Joachims 2018 (exposure in proportion to merit); total variation distance",
    weekly: false,
}];

/// Exposure (0) and merit (1) of one week by seller, in billionths of a visit.
type Week = [Vec<u64>; 2];

/// Exposure and merit by week, as only the census knows where the second half begins.
#[derive(Debug, Default)]
pub struct MeritGap {
    weeks: Vec<Week>,
    /// Room for the merits of one visit.
    room: Vec<f64>,
}

impl MeritGap {
    fn week(&mut self, week: usize) -> &mut Week {
        if self.weeks.len() <= week {
            self.weeks.resize(week + 1, Week::default());
        }
        &mut self.weeks[week]
    }
}

/// Adds to a seller's share.
fn add(column: &mut Vec<u64>, seller: usize, share: f64) {
    if column.len() <= seller {
        column.resize((seller + 1).next_power_of_two(), 0);
    }
    column[seller] += fixed(share) as u64;
}

impl Family for MeritGap {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        FactMask::default()
    }

    fn observe(&mut self, _: SimTime, _: &Fact<'_>) {}

    fn appraises(&self) -> bool {
        true
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        let candidates = appraisal.candidates;
        if !appraisal.of_visits || candidates.is_empty() {
            return;
        }
        let views = |one: &crate::history::Appraised| {
            one.shown.map_or(0.0, |place| 1.0 / f64::from(place.number))
        };
        let seen: f64 = candidates.iter().map(views).sum();
        let best = candidates.iter().map(|one| one.value).fold(f64::NEG_INFINITY, f64::max);
        let mut merits = std::mem::take(&mut self.room);
        merits.clear();
        merits.extend(candidates.iter().map(|one| exp(appraisal.alpha * (one.value - best))));
        let deserved: f64 = merits.iter().sum();
        let [exposure, merit] = self.week(appraisal.at.week() as usize);
        for (one, value) in candidates.iter().zip(&merits) {
            if one.shown.is_some() {
                add(exposure, one.seller.index(), views(one) / seen);
            }
            add(merit, one.seller.index(), value / deserved);
        }
        self.room = merits;
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            for (week, theirs) in other.weeks.iter_mut().enumerate() {
                for (mine, theirs) in self.week(week).iter_mut().zip(theirs) {
                    add_all(mine, theirs);
                    // A shard has no more to say about a week that was joined.
                    *theirs = Vec::new();
                }
            }
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        vec![None]
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let mut sums = Week::default();
        for week in self.weeks.iter().skip(census.weeks as usize / 2) {
            for (sum, column) in sums.iter_mut().zip(week) {
                add_all(sum, &mut column.clone());
            }
        }
        let totals = sums.each_ref().map(|column| column.iter().sum::<u64>());
        if totals.contains(&0) {
            return vec![None];
        }
        let share = |which: usize, seller: usize| {
            sums[which].get(seller).map_or(0.0, |&sum| sum as f64 / totals[which] as f64)
        };
        let sellers = 0..sums[0].len().max(sums[1].len());
        let apart: f64 = sellers.map(|s| (share(0, s) - share(1, s)).abs()).sum();
        vec![Some(apart / 2.0)]
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Appraisal, FactSink};
    use crate::measure::fixture::{Town, candidate};
    use crate::measure::recorder::Recorder;

    #[test]
    fn a_gap_by_hand() {
        let town = Town::new(3, 0);
        let mut recorder = Recorder::full();
        let gap = |recorder: &Recorder| town.value(recorder, "exposure_merit_gap");
        // Merits 2 : 1 : 1 by v = ln 2 / α: .5, .25, .25; views 1 and ½ of the last two.
        let v = std::f64::consts::LN_2 / 0.05;
        let candidates = [
            candidate(0, v, (0.0, 0.0), None),
            candidate(1, 0.0, (0.0, 0.0), Some(2)),
            candidate(2, 0.0, (0.0, 0.0), Some(1)),
        ];
        let visit = Appraisal { alpha: 0.05, ..town.visit(8.0, &candidates) };
        // The first of two weeks, nothing to show, and an order out of turn say nothing.
        recorder.appraise(&Appraisal { at: crate::units::SimTime(0), ..visit });
        recorder.appraise(&Appraisal { candidates: &[], ..visit });
        recorder.appraise(&Appraisal { of_visits: false, chosen: Some(1), ..visit });
        assert_eq!(gap(&recorder), None);
        recorder.appraise(&visit);
        // ½(|0 − .5| + |⅓ − .25| + |⅔ − .25|) = .5
        assert!((gap(&recorder).unwrap() - 0.5).abs() < 1e-8);
        // A second visit sees the deserving one alone: exposure .5, ⅙, ⅓; merit .75, .125, .125.
        recorder.appraise(&Appraisal {
            candidates: &[candidate(0, -80.0, (0.0, 0.0), Some(1))],
            ..visit
        });
        assert!((gap(&recorder).unwrap() - 0.25).abs() < 1e-8);
    }
}
