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

/// The Kaplan-Meier estimate of the median wait [days]: the first time at which the chance of still
/// waiting is one half or less; nothing where that is never reached.
///
/// S(t) = Π over events at t_i ≤ t of (1 − d_i/n_i), n_i being those still watched just before t_i
/// (Kaplan and Meier, JASA 53, 1958).
pub fn median_days(waits: impl IntoIterator<Item = Wait>) -> Option<f64> {
    let mut waits: Vec<Wait> = waits.into_iter().collect();
    waits.sort_unstable();
    let mut survival = 1.0;
    let mut at_risk = waits.len();
    for wait in &waits {
        if !wait.censored {
            // One factor for each event: those at one time telescope into (1 − d/n).
            survival *= (at_risk - 1) as f64 / at_risk as f64;
            // Products such as 3/4 · 2/3 may end a rounding above one half.
            if survival <= 0.5 + 1e-12 {
                return Some(wait.us as f64 / US_PER_DAY as f64);
            }
        }
        at_risk -= 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(list: &[(u64, bool)]) -> Option<f64> {
        median_days(list.iter().map(|&(days, censored)| Wait { us: days * US_PER_DAY, censored }))
    }

    #[test]
    fn without_censoring_it_is_the_median() {
        assert_eq!(days(&[(5, false), (1, false), (9, false)]), Some(5.0));
        assert_eq!(days(&[(1, false), (2, false), (3, false), (4, false)]), Some(2.0));
    }

    #[test]
    fn censoring_by_hand() {
        // The remission times of the 6-MP arm of Freireich et al. (1963), the textbook example: 21
        // patients, 9 events; the survival function passes .5 at week 23 (S = .448).
        let events = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let cut = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let all: Vec<(u64, bool)> =
            events.iter().map(|&t| (t, false)).chain(cut.iter().map(|&t| (t, true))).collect();
        assert_eq!(days(&all), Some(23.0));
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
