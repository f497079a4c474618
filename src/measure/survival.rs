//! How long until something happens, when some leave before it does.

use crate::units::{SimTime, US_PER_DAY};

/// One seller's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    /// How long it was watched [µs].
    pub us: u64,
    /// `false`: it happened then; `true`: it had not happened when the watching ended. In this order,
    /// so that at equal times what happened comes before what was cut off.
    pub censored: bool,
}

impl Wait {
    /// From `start` to `event`, or to the `end` of watching where that came first or nothing happened.
    pub fn new(start: SimTime, event: Option<SimTime>, end: SimTime) -> Wait {
        match event {
            Some(event) if event <= end => {
                Wait { us: event.0.saturating_sub(start.0), censored: false }
            }
            _ => Wait { us: end.0.saturating_sub(start.0), censored: true },
        }
    }
}

/// The chance of still waiting from one moment on, until the next at which something happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survival {
    /// From when on [days].
    pub days: f64,
    /// Those who were still watched just before.
    pub at_risk: usize,
    /// The chance of still waiting.
    pub chance: f64,
    /// Lower end of its 95 % interval; nothing where the chance is 0 or 1.
    pub low: Option<f64>,
    /// Upper end of that interval.
    pub high: Option<f64>,
}

/// The quantile of the normal distribution for an interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The Kaplan-Meier estimate of the chance of still waiting, at every time at which something happened,
/// with its interval point by point.
///
/// S(t) = Π over events at t_i ≤ t of (1 − d_i/n_i), n_i being those still watched just before t_i
/// (Kaplan and Meier, JASA 53, 1958). The interval is S^exp(± z·σ/ln S), where σ² = Σ d_i/(n_i(n_i − d_i))
/// (Greenwood 1926): symmetric for log(−log S), so that it stays between 0 and 1 (Borgan and Liestøl,
/// Scand. J. Statist. 17, 1990).
pub fn curve(waits: impl IntoIterator<Item = Wait>) -> Vec<Survival> {
    let mut waits: Vec<Wait> = waits.into_iter().collect();
    waits.sort_unstable();
    let (mut chance, mut variance) = (1.0, 0.0);
    let mut at_risk = waits.len();
    let mut points = Vec::new();
    for at_once in waits.chunk_by(|a, b| a.us == b.us) {
        let events = at_once.iter().filter(|wait| !wait.censored).count();
        if events > 0 {
            let (watched, happened) = (at_risk as f64, events as f64);
            chance *= (watched - happened) / watched;
            variance += happened / (watched * (watched - happened));
            // Nobody is left, where the variance is that of nothing.
            let log = Some(libm::log(chance)).filter(|log| log.is_finite() && *log < 0.0);
            let spread = log.map(|log| libm::exp(Z * libm::sqrt(variance) / -log));
            points.push(Survival {
                days: at_once[0].us as f64 / US_PER_DAY as f64,
                at_risk,
                chance,
                low: spread.map(|spread| libm::pow(chance, spread)),
                high: spread.map(|spread| libm::pow(chance, 1.0 / spread)),
            });
        }
        at_risk -= at_once.len();
    }
    points
}

/// The Kaplan-Meier estimate of the median wait [days]: the first time at which the chance of still
/// waiting is one half or less; nothing where that is never reached.
pub fn median_days(waits: impl IntoIterator<Item = Wait>) -> Option<f64> {
    // Products such as 3/4 · 2/3 may end a rounding above one half.
    curve(waits).iter().find(|point| point.chance <= 0.5 + 1e-12).map(|point| point.days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn days(list: &[(u64, bool)]) -> Option<f64> {
        median_days(list.iter().map(|&(days, censored)| Wait { us: days * US_PER_DAY, censored }))
    }

    #[test]
    fn without_censoring_it_is_the_median() {
        assert_eq!(days(&[(5, false), (1, false), (9, false)]), Some(5.0));
        assert_eq!(days(&[(1, false), (2, false), (3, false), (4, false)]), Some(2.0));
    }

    /// The remission times of the 6-MP arm of Freireich et al. (1963), the textbook example: 21 patients,
    /// 9 events.
    fn remissions() -> Vec<(u64, bool)> {
        let events = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let cut = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        events.iter().map(|&t| (t, false)).chain(cut.iter().map(|&t| (t, true))).collect()
    }

    fn watched(list: &[(u64, bool)]) -> Vec<Survival> {
        curve(list.iter().map(|&(days, censored)| Wait { us: days * US_PER_DAY, censored }))
    }

    #[test]
    fn censoring_by_hand() {
        // The survival function passes .5 at week 23 (S = .448).
        assert_eq!(days(&remissions()), Some(23.0));
    }

    /// What `survfit(…, conf.type = "log-log")` of R prints of the same patients.
    #[test]
    fn the_textbook_curve_with_its_band() {
        let expected = [
            (6.0, 21, 0.857, 0.620, 0.952),
            (7.0, 17, 0.807, 0.563, 0.923),
            (10.0, 15, 0.753, 0.503, 0.889),
            (13.0, 12, 0.690, 0.432, 0.849),
            (16.0, 11, 0.627, 0.368, 0.805),
            (22.0, 7, 0.538, 0.268, 0.747),
            (23.0, 6, 0.448, 0.188, 0.680),
        ];
        let points = watched(&remissions());
        assert_eq!(points.len(), expected.len());
        for (point, (days, at_risk, chance, low, high)) in points.iter().zip(expected) {
            assert_eq!((point.days, point.at_risk), (days, at_risk));
            let got = [point.chance, point.low.unwrap(), point.high.unwrap()];
            for (got, expected) in got.into_iter().zip([chance, low, high]) {
                assert!((got - expected).abs() < 6e-4, "{got}, not {expected}, at {days}");
            }
        }
    }

    #[test]
    fn where_nobody_is_left_there_is_no_band() {
        let points = watched(&[(1, false), (2, false)]);
        assert_eq!((points[1].chance, points[1].low, points[1].high), (0.0, None, None));
        assert!(points[0].low.is_some_and(|low| low < 0.5));
        assert_eq!(watched(&[(3, true)]), []);
    }

    proptest! {
        /// It never rises, stays within its band, and the band within 0 and 1.
        #[test]
        fn the_chance_of_waiting_never_rises(
            list in prop::collection::vec((0_u64..50, any::<bool>()), 0..80)
        ) {
            let mut last = 1.0;
            for point in watched(&list) {
                prop_assert!(point.chance < last, "{point:?} after {last}");
                last = point.chance;
                if let (Some(low), Some(high)) = (point.low, point.high) {
                    prop_assert!(0.0 <= low && low < point.chance, "{point:?}");
                    prop_assert!(point.chance < high && high <= 1.0, "{point:?}");
                }
            }
        }
    }

    #[test]
    fn not_reached() {
        assert_eq!(days(&[(1, false), (2, true), (3, true)]), None);
        assert_eq!(days(&[]), None);
        assert_eq!(days(&[(4, true)]), None);
    }

    #[test]
    fn a_wait_ends_with_the_watching() {
        let day = SimTime::from_day;
        let wait = Wait::new(day(3), Some(day(5)), day(9));
        assert_eq!(wait, Wait { us: 2 * US_PER_DAY, censored: false });
        let wait = Wait::new(day(3), Some(day(10)), day(9));
        assert_eq!(wait, Wait { us: 6 * US_PER_DAY, censored: true });
    }
}
