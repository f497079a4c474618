//! What came of a load, and whether it can be believed.

use crate::driver::load::Counts;
use crate::store::{LoadCheck, LoadSetting, LoadSummary, Measured};

use super::{LoadPlan, Verdict};
use crate::experiment::Threshold;

/// A core that does less than this share of what it was asked for cannot keep up.
const KEEPS_UP: f64 = 0.99;
/// More than this share of a second's requests that are due and not begun at the end is a backlog, and not
/// the last few under way.
const BACKLOG: f64 = 0.01;

/// A run may end so much later than its schedule without being told as behind: the last requests, and an
/// interrupt at an unlucky moment [ns].
const GRACE: u64 = 50_000_000;

/// What came of a load.
#[derive(Debug, Clone)]
pub struct Tried {
    /// How it was put on.
    pub setting: LoadSetting,
    /// What drivers measured.
    pub measured: Measured,
    /// How long the schedule was [ns]; nothing where there was none, or it was not gone through.
    pub scheduled: Option<u64>,
    /// What says whether that can be believed.
    pub checks: Vec<LoadCheck>,
    /// What was done beside what is timed.
    pub counts: Counts,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

impl Tried {
    /// Adds what came of the same load in another world. Checks are those of whichever did worse.
    pub fn add(&mut self, other: &Tried) {
        self.measured.latencies.add(&other.measured.latencies);
        self.measured.freshness.add(&other.measured.freshness);
        self.measured.length += other.measured.length;
        self.measured.overflow += other.measured.overflow;
        self.measured.backlog += other.measured.backlog;
        self.measured.offered =
            self.measured.offered.zip(other.measured.offered).map(|(one, two)| one + two);
        self.scheduled = self.scheduled.zip(other.scheduled).map(|(one, two)| one + two);
        for (mine, theirs) in self.checks.iter_mut().zip(&other.checks) {
            if mine.pass && (!theirs.pass || theirs.value > mine.value) {
                *mine = theirs.clone();
            }
        }
        self.counts.add(&other.counts);
        self.stopped |= other.stopped;
    }

    /// Whether more was asked for than could be done: less than 99 % of it was, it took 1 % longer than the
    /// schedule, letters were turned away, or at the end more than a hundredth of a second's requests had
    /// not begun.
    pub fn is_saturated(&self) -> bool {
        let Some(offered) = self.measured.offered else { return false };
        let late = self.scheduled.is_some_and(|scheduled| {
            let grace = GRACE.max(((1.0 - KEEPS_UP) * scheduled as f64) as u64);
            self.measured.length > scheduled.saturating_add(grace)
        });
        let (done, length) = (self.measured.done() as f64, self.measured.length as f64 / 1e9);
        let (offered, backlog) = (offered as f64, self.measured.backlog as f64);
        late || done < KEEPS_UP * offered
            || self.measured.overflow > 0
            || backlog > (BACKLOG * offered / length.max(1e-9)).max(1.0)
    }

    /// The summary, with every threshold judged.
    pub fn summary(&self, thresholds: &[Threshold]) -> LoadSummary {
        let checks = self.checks.clone();
        let mut load = LoadSummary::new(self.setting.clone(), &self.measured, checks);
        load.saturated = self.is_saturated();
        if let Some((asked, scheduled)) = self.measured.offered.zip(self.scheduled) {
            // What is worked off after the schedule's end was asked for before.
            load.throughput.offered =
                Some(asked as f64 * 1e9 / scheduled as f64).filter(|rate| rate.is_finite());
        }
        load.slo = thresholds.iter().map(|threshold| threshold.judge(&load)).collect();
        load
    }

    /// What it says of a rate in the search for the greatest that holds.
    pub fn verdict(&self, thresholds: &[Threshold]) -> Verdict {
        let load = self.summary(thresholds);
        let mut judged = load.slo.iter().zip(thresholds);
        let held = judged.all(|(slo, threshold)| slo.pass || threshold.is_of_the_search());
        match (held && !load.saturated, load.valid) {
            // What failed in spite of a harness that was late failed all the same only if the core was
            // overwhelmed: its queue is not the harness's.
            (false, false) if !load.saturated => Verdict::Invalid,
            (false, _) => Verdict::Failed,
            (true, false) => Verdict::Invalid,
            (true, true) => Verdict::Passed,
        }
    }
}

impl LoadPlan {
    /// How it is told; `serving` is how the core answers, `sample_calls` how many calls are timed as one
    /// at most.
    pub(super) fn setting(
        &self,
        serving: &str,
        warmup_weeks: u32,
        sample_calls: u32,
    ) -> LoadSetting {
        let is_open = self.mode == super::Mode::Open;
        let stages = || self.stages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        LoadSetting {
            path: self.path.name().to_owned(),
            mode: self.mode.to_string(),
            arrivals: is_open.then(|| self.arrivals.to_string()),
            stages: is_open.then(stages),
            drivers: self.drivers,
            warmup_weeks,
            batch: self.batch,
            sample_calls,
            serving: serving.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::load::{Op, Part};
    use crate::store::Throughput;

    /// A second in which `done` of `offered` rankings took 10 us each.
    fn tried(offered: u64, done: u64, backlog: u64, valid: bool) -> Tried {
        let mut measured = Measured {
            length: 1_000_000_000,
            offered: Some(offered),
            backlog,
            ..Measured::default()
        };
        for part in [Part::Service, Part::Response] {
            let histogram = measured.latencies.of_mut(Op::Rank, part);
            histogram.record_n(10_000, done).expect("a histogram that grows");
        }
        let check = LoadCheck {
            name: "lag".to_owned(),
            value: Some(0.2),
            limit: Some(0.1),
            unit: "ratio".to_owned(),
            pass: valid,
            why: None,
        };
        let setting = LoadSetting {
            path: "direct".to_owned(),
            mode: "open".to_owned(),
            arrivals: None,
            stages: None,
            drivers: 1,
            warmup_weeks: 1,
            batch: 1,
            sample_calls: 1,
            serving: String::new(),
        };
        let (counts, stopped, scheduled) = (Counts::default(), false, Some(1_000_000_000));
        Tried { setting, measured, scheduled, checks: vec![check], counts, stopped }
    }

    #[test]
    fn who_falls_behind_is_saturated() {
        assert!(!tried(1_000, 1_000, 0, true).is_saturated());
        assert!(!tried(1_000, 995, 5, true).is_saturated());
        assert!(tried(1_000, 980, 0, true).is_saturated(), "2 % were not done");
        assert!(tried(1_000, 1_000, 20, true).is_saturated(), "20 wait at the end");
        // All was done in the end, but at 800 a second of the 1,000 that were asked for.
        let mut behind = tried(1_000, 1_000, 0, true);
        behind.measured.length = 1_250_000_000;
        assert!(behind.is_saturated());
        let load = behind.summary(&[]);
        let Throughput { offered, achieved } = load.throughput;
        assert_eq!((offered, achieved), (Some(1_000.0), Some(800.0)));
    }

    #[test]
    fn a_rate_passes_when_thresholds_hold_and_the_harness_was_no_hindrance() {
        let slo = |text: &str| vec![text.parse::<Threshold>().expect("a threshold")];
        let (easy, hard) = (slo("rank.response.p99 < 20us"), slo("rank.response.p99 < 5us"));
        assert_eq!(tried(100, 100, 0, true).verdict(&easy), Verdict::Passed);
        assert_eq!(tried(100, 100, 0, true).verdict(&hard), Verdict::Failed);
        assert_eq!(tried(100, 100, 0, false).verdict(&easy), Verdict::Invalid);
        assert_eq!(tried(100, 100, 0, false).verdict(&hard), Verdict::Invalid);
        assert_eq!(tried(100, 50, 50, false).verdict(&easy), Verdict::Failed, "saturated");
        assert_eq!(tried(100, 0, 0, true).verdict(&easy), Verdict::Failed, "nothing was measured");
        let of_the_search = slo("max_rate > 1M");
        assert_eq!(tried(100, 100, 0, true).verdict(&of_the_search), Verdict::Passed);
    }
}
