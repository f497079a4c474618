//! The way to selling: who signs, how long each stage takes, how busy the staff is.

use super::interval::variance;
use super::tally::{Count, Firsts, ratio};
use super::{Better, Family, Metric};
use crate::history::{Census, Fact, FactMask, Sanction, Stage};
use crate::units::{SellerId, SimTime, US_PER_DAY};
use serde::{Deserialize, Serialize};
use std::any::Any;

/// The stages that end in another one; nobody leaves the last but by exit.
const PASSED: usize = Stage::ALL.len() - 1;

/// Days in one stage.
macro_rules! pipeline_days {
    ($stage:literal) => {
        Metric {
            name: concat!("pipeline_days_", $stage),
            unit: "days",
            better: Better::Lower,
            says: concat!("How long an applicant stays in the stage `", $stage, "`."),
            formula: "mean of leaving − entering, over those who did both in the run; dropping out is leaving",
            source: "direct",
            weekly: false,
        }
    };
}

/// Load of the staff of one stage. The trial has no people of its own.
macro_rules! staff_load {
    ($stage:literal) => {
        Metric {
            name: concat!("staff_load_", $stage),
            unit: "ratio",
            better: Better::None,
            says: concat!("How much of its time the staff of the stage `", $stage, "` is at work."),
            formula: "cases worked / cases the staff could have worked; a visit with nothing to do is none",
            source: "direct",
            weekly: true,
        }
    };
}

const METRICS: [Metric; 14] = [
    Metric {
        name: "joined_per_week",
        unit: "sellers/week",
        better: Better::Higher,
        says: "How many sellers go live each week.",
        formula: "sellers who went live in the run / weeks",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "signings_dispersion",
        unit: "ratio",
        better: Better::None,
        says: "How bursty signings are: 1 if sellers sign independently, more if they come in bursts.",
        formula: "variance (n − 1) / mean of the signings of each week",
        source: "index of dispersion, standard; 2.5 to 8.7 in measured data (model.md)",
        weekly: false,
    },
    Metric {
        name: "graduated",
        unit: "sellers",
        better: Better::Higher,
        says: "How many sellers passed their trial and were handed over to an account manager.",
        formula: "sellers who became established",
        source: "direct",
        weekly: true,
    },
    Metric {
        name: "suspended",
        unit: "count",
        better: Better::Lower,
        says: "How often a seller was suspended.",
        formula: "number of suspensions",
        source: "direct",
        weekly: true,
    },
    pipeline_days!("prospecting"),
    pipeline_days!("administration"),
    pipeline_days!("charter"),
    pipeline_days!("setup"),
    pipeline_days!("trial"),
    staff_load!("prospecting"),
    staff_load!("administration"),
    staff_load!("charter"),
    staff_load!("setup"),
    staff_load!("established"),
];

/// One applicant's way, as `onboarding.csv` tells it. Days are counted from the start of the run; what
/// happened before it is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicantRow {
    /// Number of the applicant, which it sells under once it is live.
    pub applicant: u32,
    /// What business it is.
    pub kind: String,
    /// Where it sells from.
    pub country: String,
    /// The category most of its catalogue lies in.
    pub category: String,
    /// Day of entering each stage, in the order of [`Stage::ALL`].
    pub entered_day: [Option<f64>; Stage::ALL.len()],
    /// The stage it dropped out of.
    pub dropped_at: Option<String>,
    /// Day of dropping out [days].
    pub dropped_day: Option<f64>,
}

/// Joining.
#[derive(Debug, Default)]
pub struct Onboarding {
    entered: [Firsts<SimTime>; Stage::ALL.len()],
    dropped: Firsts<(SimTime, Stage)>,
    /// By week.
    signed: Vec<u64>,
    joined: Count,
    graduated: Count,
    suspended: Count,
    worked: [Count; Stage::ALL.len()],
    capacity: [Count; Stage::ALL.len()],
}

impl Onboarding {
    /// Everybody who was seen at a stage, or dropping out, in the order of their numbers.
    pub fn rows(&self, census: &Census) -> Vec<ApplicantRow> {
        let row = |card: &crate::history::SellerCard| {
            let seller = card.seller.index();
            let entered = self.entered.each_ref().map(|stage| stage.get(seller));
            let dropped = self.dropped.get(seller);
            (entered.iter().any(Option::is_some) || dropped.is_some()).then(|| ApplicantRow {
                applicant: card.seller.0,
                kind: card.kind.name().to_string(),
                country: census.countries[card.country.index()].clone(),
                category: census.categories[card.category.index()].clone(),
                entered_day: entered.map(|at| at.map(SimTime::days)),
                dropped_at: dropped.map(|(_, stage)| stage.name().to_string()),
                dropped_day: dropped.map(|(at, _)| at.days()),
            })
        };
        census.sellers.iter().filter_map(row).collect()
    }

    /// When an applicant left a stage that it had entered: the first entry into a later one, or its
    /// dropping out.
    fn left(&self, seller: SellerId, stage: usize) -> Option<SimTime> {
        let next = self.entered[stage + 1..].iter().filter_map(|later| later.get(seller.index()));
        let dropped = self.dropped.get(seller.index()).filter(|(_, at)| *at as usize == stage);
        next.chain(dropped.map(|(at, _)| at)).min()
    }

    fn pipeline_days(&self, stage: usize, census: &Census) -> Option<f64> {
        let (mut total_us, mut n) = (0, 0);
        for card in &census.sellers {
            let entered = self.entered[stage].get(card.seller.index());
            if let (Some(entered), Some(left)) = (entered, self.left(card.seller, stage)) {
                total_us += left.0.saturating_sub(entered.0);
                n += 1;
            }
        }
        ratio(total_us, n).map(|us| us / US_PER_DAY as f64)
    }

    fn signings_dispersion(&self, weeks: u32) -> Option<f64> {
        let signed = |week| self.signed.get(week as usize).map_or(0.0, |&n| n as f64);
        let weekly: Vec<f64> = (0..weeks).map(signed).collect();
        let mean = weekly.iter().sum::<f64>() / weekly.len() as f64;
        variance(&weekly).filter(|_| mean > 0.0).map(|variance| variance / mean)
    }

    fn load(&self, read: impl Fn(&Count) -> u64) -> impl Iterator<Item = Option<f64>> {
        let stages = Stage::ALL.into_iter().filter(|&stage| stage != Stage::Trial);
        let of = move |stage| {
            ratio(read(&self.worked[stage as usize]), read(&self.capacity[stage as usize]))
        };
        stages.map(of)
    }

    fn counts(&mut self) -> impl Iterator<Item = &mut Count> {
        let single = [&mut self.joined, &mut self.graduated, &mut self.suspended];
        single.into_iter().chain(&mut self.worked).chain(&mut self.capacity)
    }
}

impl Family for Onboarding {
    fn metrics(&self) -> &'static [Metric] {
        &METRICS
    }

    fn wants(&self) -> FactMask {
        let joining = FactMask::STAGE_ENTERED.and(FactMask::DROPPED_OUT);
        joining.and(FactMask::SANCTIONED).and(FactMask::STAFF_DAY)
    }

    fn observe(&mut self, at: SimTime, fact: &Fact<'_>) {
        match *fact {
            Fact::StageEntered { seller, stage } => {
                self.entered[stage as usize].note(seller.index(), at);
                match stage {
                    Stage::Administration => {
                        // A barrier belongs to the week that it ends, as all that is counted.
                        let week = SimTime(at.0.saturating_sub(1)).week() as usize;
                        if self.signed.len() <= week {
                            self.signed.resize(week + 1, 0);
                        }
                        self.signed[week] += 1;
                    }
                    Stage::Trial => self.joined.add(1),
                    Stage::Established => self.graduated.add(1),
                    Stage::Prospecting | Stage::Charter | Stage::Setup => {}
                }
            }
            Fact::DroppedOut { seller, stage } => self.dropped.note(seller.index(), (at, stage)),
            Fact::Sanctioned { sanction: Sanction::Suspension, .. } => self.suspended.add(1),
            Fact::StaffDay { stage, worked, capacity, .. } => {
                self.worked[stage as usize].add(u64::from(worked));
                self.capacity[stage as usize].add(u64::from(capacity));
            }
            _ => {}
        }
    }

    fn absorb(&mut self, other: &mut dyn Family) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut::<Self>() {
            for (mine, theirs) in self.entered.iter_mut().zip(&mut other.entered) {
                mine.absorb(theirs);
            }
            self.dropped.absorb(&mut other.dropped);
            super::tally::add_all(&mut self.signed, &mut other.signed);
            self.counts().zip(other.counts()).for_each(|(mine, theirs)| mine.absorb(theirs));
        }
    }

    fn close_week(&mut self, _: u32, _: &Census) -> Vec<Option<f64>> {
        let mut values = vec![Some(self.joined.week() as f64), None];
        values.extend([&self.graduated, &self.suspended].map(|count| Some(count.week() as f64)));
        values.extend([None; PASSED]);
        values.extend(self.load(Count::week));
        self.counts().for_each(Count::close_week);
        values
    }

    fn values(&self, census: &Census) -> Vec<Option<f64>> {
        let mut values = vec![
            Some(self.joined.run() as f64 / census.length_weeks()),
            self.signings_dispersion(census.weeks),
            Some(self.graduated.run() as f64),
            Some(self.suspended.run() as f64),
        ];
        values.extend((0..PASSED).map(|stage| self.pipeline_days(stage, census)));
        values.extend(self.load(Count::run));
        values
    }
}

#[cfg(test)]
mod tests {
    use crate::history::{Fact, FactSink, Sanction, Stage};
    use crate::measure::fixture::{Town, at};
    use crate::measure::recorder::Recorder;
    use crate::units::SellerId;

    fn enter(recorder: &mut Recorder, day: f64, seller: u32, stage: Stage) {
        recorder.take(at(day), &Fact::StageEntered { seller: SellerId(seller), stage });
    }

    #[test]
    fn days_by_stage() {
        let town = Town::new(2, 4);
        let mut recorder = Recorder::full();
        enter(&mut recorder, 1.0, 2, Stage::Prospecting);
        enter(&mut recorder, 3.0, 2, Stage::Administration);
        enter(&mut recorder, 6.0, 2, Stage::Charter);
        // A second try at the charter is the same stage.
        enter(&mut recorder, 8.0, 2, Stage::Charter);
        enter(&mut recorder, 11.0, 2, Stage::Setup);
        enter(&mut recorder, 12.0, 2, Stage::Trial);
        enter(&mut recorder, 20.5, 2, Stage::Established);
        enter(&mut recorder, 2.0, 3, Stage::Prospecting);
        let dropped = Fact::DroppedOut { seller: SellerId(3), stage: Stage::Prospecting };
        recorder.take(at(8.0), &dropped);
        // Still waiting: counts nowhere.
        enter(&mut recorder, 2.0, 4, Stage::Prospecting);
        let get = |name: &str| town.value(&recorder, name);
        assert_eq!(get("pipeline_days_prospecting"), Some(4.0));
        assert_eq!(get("pipeline_days_administration"), Some(3.0));
        assert_eq!(get("pipeline_days_charter"), Some(5.0));
        assert_eq!(get("pipeline_days_setup"), Some(1.0));
        assert_eq!(get("pipeline_days_trial"), Some(8.5));
        assert_eq!(get("graduated"), Some(1.0));

        let rows = recorder.onboarding_rows(&town.census);
        assert_eq!(rows.iter().map(|row| row.applicant).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(rows[0].entered_day[2], Some(6.0));
        assert_eq!(rows[0].dropped_at, None);
        assert_eq!(rows[1].dropped_at.as_deref(), Some("prospecting"));
        assert_eq!(rows[1].dropped_day, Some(8.0));
        assert_eq!(rows[1].entered_day[1], None);
    }

    #[test]
    fn bursts_by_hand() {
        let mut town = Town::new(2, 20);
        town.census.weeks = 4;
        let mut recorder = Recorder::full();
        // 6, 0, 2 and 0 signings: mean 2, variance (16 + 4 + 0 + 4) / 3 = 8.
        for seller in 2..8 {
            town.signs(&mut recorder, 1.0, seller);
        }
        town.signs(&mut recorder, 15.0, 8);
        town.signs(&mut recorder, 16.0, 9);
        assert_eq!(town.value(&recorder, "signings_dispersion"), Some(4.0));
        town.joins(&mut recorder, 17.0, 8);
        assert_eq!(town.value(&recorder, "joined_per_week"), Some(0.25));
    }

    #[test]
    fn a_barrier_between_two_weeks_belongs_to_the_first() {
        let mut town = Town::new(2, 20);
        town.census.weeks = 2;
        let mut recorder = Recorder::full();
        // 3 in the first week, the last at its end; 1 at the very end: variance 2, mean 2.
        for (day, seller) in [(1.0, 2), (6.0, 3), (7.0, 4), (14.0, 5)] {
            town.signs(&mut recorder, day, seller);
            town.joins(&mut recorder, day, seller);
            if day == 7.0 {
                let row = recorder.close_week(0, &town.census);
                assert_eq!(row.get("joined_per_week"), Some(3.0));
            }
        }
        assert_eq!(recorder.close_week(1, &town.census).get("joined_per_week"), Some(1.0));
        assert_eq!(town.value(&recorder, "signings_dispersion"), Some(1.0));
    }

    #[test]
    fn load_and_suspensions() {
        let town = Town::new(2, 0);
        let mut recorder = Recorder::full();
        for (day, worked) in [(0.0, 3), (1.0, 5), (7.0, 8)] {
            let stage = Stage::Charter;
            recorder.take(at(day), &Fact::StaffDay { stage, worked, capacity: 8, waiting: 2 });
            if day == 1.0 {
                let row = recorder.close_week(0, &town.census);
                assert_eq!(row.get("staff_load_charter"), Some(0.5));
            }
        }
        for sanction in [Sanction::Warning, Sanction::Suspension, Sanction::Suspension] {
            recorder.take(at(8.0), &Fact::Sanctioned { seller: SellerId(1), sanction });
        }
        assert_eq!(town.value(&recorder, "staff_load_charter"), Some(16.0 / 24.0));
        assert_eq!(town.value(&recorder, "staff_load_setup"), None);
        assert_eq!(town.value(&recorder, "suspended"), Some(2.0));
    }
}
