//! Monitoring: the trial of a new seller, and the weekly look at everybody's indicators, which never
//! stops. A seller climbs a ladder of sanctions one rung at a time and comes down again when its
//! indicators stay fine.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::Sanction;

/// What a new seller must show before it is handed over: `joining.trial`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialSpec {
    /// Orders a day that a seller on trial may take [orders/day].
    #[garde(range(min = 1, max = 1_000_000))]
    pub order_cap: u32,
    /// Orders delivered since going live, at least [orders].
    #[garde(range(min = 0, max = 1_000_000))]
    pub delivered_min: u32,
    /// Days since going live, at least [days].
    #[garde(range(min = 0, max = 3650))]
    pub days_min: u32,
    /// Largest share of orders that were defective or worse than their grade [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub defect_max: f64,
    /// Largest share of orders that came late [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub late_max: f64,
    /// Largest share of orders that the seller called off [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub cancel_max: f64,
    /// Mystery orders within monitoring's window that may fail [orders].
    #[garde(range(min = 0, max = 1_000))]
    pub mystery_failed_max: u32,
}

/// The weekly look at live sellers: `joining.monitoring`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitoringSpec {
    /// Weeks that indicators look back over [weeks].
    #[garde(range(min = 1, max = 104))]
    pub window_weeks: u32,
    /// Orders within the window below which rates of orders are not judged [orders].
    #[garde(range(min = 1, max = 1_000_000))]
    pub orders_min: u32,
    /// Share of orders that are defective or worse than their grade, above which a seller is in breach
    /// [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub defect_max: f64,
    /// The same for orders that come late [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub late_max: f64,
    /// The same for orders that the seller calls off [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub cancel_max: f64,
    /// Requests within the window below which slow answers are not judged [requests].
    #[garde(range(min = 1, max = 1_000_000))]
    pub requests_min: u32,
    /// Share of requests answered slowly, above which a seller is in breach [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub slow_max: f64,
    /// Mystery orders within the window that may fail before the seller is in breach [orders].
    #[garde(range(min = 0, max = 1_000))]
    pub mystery_failed_max: u32,
    /// Days between two steps up the ladder, at least: what a step does needs time to show [days].
    #[garde(range(min = 0, max = 3650))]
    pub step_days: u32,
    /// Fine weeks in a row that bring a seller one rung down [weeks].
    #[garde(range(min = 1, max = 520))]
    pub forgive_weeks: u32,
    /// How long a suspension lasts [days].
    #[garde(range(min = 1, max = 3650))]
    pub suspension_days: u32,
    /// Days after a reinstatement in which breaches are overlooked, as the window still holds what the
    /// seller was suspended for [days].
    #[garde(range(min = 0, max = 3650))]
    pub grace_days: u32,
    /// Suspensions after which the next breach removes the seller [suspensions].
    #[garde(range(min = 0, max = 100))]
    pub suspensions_max: u32,
}

/// A seller's orders as monitoring sees them. Rates are over orders within the window; misgraded units
/// count as defective.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Indicators {
    /// Orders within the window whose end is known: delivered or called off.
    pub orders: u32,
    /// Of these, units that came defective or worse than their grade [orders].
    pub defective: u32,
    /// Of these, parcels that came after the promised day [orders].
    pub late: u32,
    /// Of these, orders that the seller called off [orders].
    pub cancelled: u32,
    /// Orders delivered since the seller went live.
    pub delivered: u32,
}

impl Indicators {
    fn over(&self, defect_max: f64, late_max: f64, cancel_max: f64) -> bool {
        let orders = f64::from(self.orders);
        f64::from(self.defective) > defect_max * orders
            || f64::from(self.late) > late_max * orders
            || f64::from(self.cancelled) > cancel_max * orders
    }
}

/// What staff itself knows about a seller within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notes {
    /// Customers' requests [requests].
    pub requests: u32,
    /// Of these, how many were answered slowly [requests].
    pub slow: u32,
    /// Mystery orders that failed.
    pub mystery_failed: u32,
}

impl Notes {
    /// Adds what another period noted.
    pub fn add(&mut self, other: Notes) {
        self.requests += other.requests;
        self.slow += other.slow;
        self.mystery_failed += other.mystery_failed;
    }
}

/// What a week's indicators say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every indicator that can be judged is within its threshold.
    Fine,
    /// At least one is over.
    Breach,
    /// Too few orders to call it fine.
    Unknown,
}

impl TrialSpec {
    /// Whether a seller `live_days` after going live has shown enough. A `blind` staff looks at how much
    /// was delivered and not at how well.
    pub fn passed(&self, live_days: i32, seen: &Indicators, notes: &Notes, blind: bool) -> bool {
        i64::from(live_days) >= i64::from(self.days_min)
            && seen.delivered >= self.delivered_min
            && (blind
                || !seen.over(self.defect_max, self.late_max, self.cancel_max)
                    && notes.mystery_failed <= self.mystery_failed_max)
    }
}

impl MonitoringSpec {
    /// Judges a window.
    pub fn judge(&self, seen: &Indicators, notes: &Notes) -> Verdict {
        let enough = seen.orders >= self.orders_min;
        let slow = notes.requests >= self.requests_min
            && f64::from(notes.slow) > self.slow_max * f64::from(notes.requests);
        let over = enough && seen.over(self.defect_max, self.late_max, self.cancel_max);
        match (over || slow || notes.mystery_failed > self.mystery_failed_max, enough) {
            (true, _) => Verdict::Breach,
            (false, true) => Verdict::Fine,
            (false, false) => Verdict::Unknown,
        }
    }
}

/// Where a live seller stands on the ladder of sanctions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    // 0 in good standing, 1 warned, 2 under an action plan.
    rung: u8,
    last_step: Option<i32>,
    fine_weeks: u32,
    suspensions: u32,
    suspended_until: Option<i32>,
    // Breaches before this day are overlooked.
    grace_until: Option<i32>,
}

impl Standing {
    /// Whether the seller may not sell now.
    pub fn suspended(&self) -> bool {
        self.suspended_until.is_some()
    }

    /// Lifts a suspension that is over on `day`; says whether it did.
    pub fn reinstate(&mut self, day: i32, spec: &MonitoringSpec) -> bool {
        let over = self.suspended_until.is_some_and(|until| day >= until);
        if over {
            self.suspended_until = None;
            self.grace_until = Some(day.saturating_add_unsigned(spec.grace_days));
            self.fine_weeks = 0;
        }
        over
    }

    /// Takes the verdict of a week; says what is done about it. Whoever is suspended is left alone.
    pub fn week(&mut self, day: i32, verdict: Verdict, spec: &MonitoringSpec) -> Option<Sanction> {
        if self.suspended() {
            return None;
        }
        match verdict {
            Verdict::Unknown => None,
            Verdict::Fine => {
                self.forgive(spec);
                None
            }
            Verdict::Breach => {
                self.fine_weeks = 0;
                let soon = |last: i32| day < last.saturating_add_unsigned(spec.step_days);
                if self.last_step.is_some_and(soon) || self.grace_until.is_some_and(|d| day < d) {
                    return None;
                }
                self.last_step = Some(day);
                Some(self.step(day, spec))
            }
        }
    }

    fn forgive(&mut self, spec: &MonitoringSpec) {
        self.fine_weeks += 1;
        if self.fine_weeks >= spec.forgive_weeks && self.rung > 0 {
            self.fine_weeks = 0;
            self.rung -= 1;
            if self.rung == 0 {
                self.suspensions = 0;
            }
        }
    }

    fn step(&mut self, day: i32, spec: &MonitoringSpec) -> Sanction {
        match self.rung {
            0 => {
                self.rung = 1;
                Sanction::Warning
            }
            1 => {
                self.rung = 2;
                Sanction::ActionPlan
            }
            _ if self.suspensions < spec.suspensions_max => {
                self.suspensions += 1;
                self.suspended_until = Some(day.saturating_add_unsigned(spec.suspension_days));
                Sanction::Suspension
            }
            _ => Sanction::Removal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> MonitoringSpec {
        MonitoringSpec {
            window_weeks: 8,
            orders_min: 20,
            defect_max: 0.14,
            late_max: 0.2,
            cancel_max: 0.08,
            requests_min: 10,
            slow_max: 0.35,
            mystery_failed_max: 2,
            step_days: 14,
            forgive_weeks: 2,
            suspension_days: 28,
            grace_days: 21,
            suspensions_max: 1,
        }
    }

    fn orders(orders: u32, defective: u32, late: u32, cancelled: u32) -> Indicators {
        Indicators { orders, defective, late, cancelled, ..Indicators::default() }
    }

    #[test]
    fn a_window_is_judged_by_each_threshold_and_only_with_enough_orders() {
        let judge = |seen| spec().judge(&seen, &Notes::default());
        assert_eq!(judge(orders(100, 14, 20, 8)), Verdict::Fine, "the threshold itself is fine");
        assert_eq!(judge(orders(100, 15, 0, 0)), Verdict::Breach);
        assert_eq!(judge(orders(100, 0, 21, 0)), Verdict::Breach);
        assert_eq!(judge(orders(100, 0, 0, 9)), Verdict::Breach);
        assert_eq!(judge(orders(19, 19, 19, 0)), Verdict::Unknown);
        let note = |requests, slow, mystery_failed| {
            spec().judge(&orders(20, 0, 0, 0), &Notes { requests, slow, mystery_failed })
        };
        assert_eq!(note(9, 9, 2), Verdict::Fine);
        assert_eq!(note(10, 4, 0), Verdict::Breach);
        assert_eq!(note(0, 0, 3), Verdict::Breach);
    }

    #[test]
    fn the_ladder_is_climbed_one_rung_at_a_time() {
        let (spec, mut standing) = (spec(), Standing::default());
        let mut steps = Vec::new();
        for day in (0..400).step_by(7) {
            if standing.reinstate(day, &spec) {
                steps.push((day, None));
            }
            if let Some(sanction) = standing.week(day, Verdict::Breach, &spec) {
                steps.push((day, Some(sanction)));
                if sanction == Sanction::Removal {
                    break;
                }
            }
        }
        let expected = [
            (0, Some(Sanction::Warning)),
            (14, Some(Sanction::ActionPlan)),
            (28, Some(Sanction::Suspension)),
            (56, None),
            (77, Some(Sanction::Removal)),
        ];
        assert_eq!(steps, expected, "28 days of suspension, then 21 of grace");
    }

    #[test]
    fn steps_cool_down_when_indicators_are_fine_again() {
        let (spec, mut standing) = (spec(), Standing::default());
        standing.week(0, Verdict::Breach, &spec);
        standing.week(14, Verdict::Breach, &spec);
        assert_eq!(standing.rung, 2);
        standing.week(21, Verdict::Fine, &spec);
        standing.week(28, Verdict::Unknown, &spec);
        assert_eq!(standing.rung, 2, "one fine week is not enough, an unknown one says nothing");
        standing.week(35, Verdict::Fine, &spec);
        assert_eq!(standing.rung, 1);
        standing.week(42, Verdict::Fine, &spec);
        assert_eq!(standing.week(49, Verdict::Breach, &spec), Some(Sanction::ActionPlan));
        for week in 8..12 {
            standing.week(7 * week, Verdict::Fine, &spec);
        }
        assert_eq!(standing.rung, 0);
    }

    #[test]
    fn a_trial_ends_with_enough_good_orders() {
        let trial = TrialSpec {
            order_cap: 5,
            delivered_min: 10,
            days_min: 28,
            defect_max: 0.15,
            late_max: 0.2,
            cancel_max: 0.1,
            mystery_failed_max: 1,
        };
        let good = Indicators { delivered: 10, ..orders(10, 1, 2, 1) };
        let bad = Indicators { delivered: 10, ..orders(10, 2, 0, 0) };
        let notes = Notes::default();
        let failed = Notes { mystery_failed: 2, ..notes };
        assert!(trial.passed(28, &good, &notes, false));
        assert!(!trial.passed(27, &good, &notes, false));
        assert!(!trial.passed(28, &Indicators { delivered: 9, ..good }, &notes, false));
        assert!(!trial.passed(28, &bad, &notes, false) && trial.passed(28, &bad, &notes, true));
        assert!(!trial.passed(28, &good, &failed, false) && trial.passed(28, &good, &failed, true));
    }
}
