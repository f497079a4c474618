//! Quality account managers: audit who applies for the Quality Charter, then help those they let in
//! with requests of customers. Help comes first, so a busy season makes applicants wait.

use std::collections::BTreeSet;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capacity::Capacity;
use super::pace::Pace;
use crate::history::Stage;
use crate::rng::{Dice, Purpose, Stream, lognormal, poisson, unit_normal};
use crate::units::SellerId;

/// The Quality Charter and those who grant it: `joining.charter`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CharterSpec {
    /// Quality account managers [people].
    #[garde(range(min = 1, max = 10_000))]
    pub staff: u32,
    /// Audits that one of them makes a day with no customer requests to answer [cases/day].
    #[garde(range(min = 0.01, max = 1_000.0))]
    pub cases_per_staff: f64,
    /// The largest chance of an order going wrong, as the audit sees it, that passes [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub risk_max: f64,
    /// How far an audit errs: standard deviation of the logarithm of the risk it sees [ratio].
    #[garde(range(min = 0.0, max = 5.0))]
    pub noise: f64,
    /// Audits an applicant may take in all [tries].
    #[garde(range(min = 1, max = 20))]
    pub tries_max: u32,
    /// Median time that the action plan after a refusal takes [days].
    #[garde(range(min = 0.1, max = 365.0))]
    pub plan_days: f64,
    /// Standard deviation of the logarithm of that time [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub plan_sigma: f64,
    /// Chance that an applicant of pace 1 gives up instead of carrying its action plan out [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub drop_out: f64,
}

impl CharterSpec {
    /// Whether the `tries`-th audit (from 1) passes an applicant whose orders go wrong with chance
    /// `risk`. Each try errs anew: the audit sees risk·exp(noise·z).
    pub fn audit(&self, dice: Dice, seller: SellerId, tries: u32, risk: f64) -> bool {
        let block = dice.block(u64::from(seller.0), tries, Purpose::Audit);
        risk * libm::exp(self.noise * unit_normal(block.fine_unit(0))) <= self.risk_max
    }

    /// What becomes of the action plan after the `tries`-th audit: its days, and whether it is
    /// carried out at all.
    pub fn plan(&self, dice: Dice, seller: SellerId, tries: u32, pace: &Pace) -> (i32, bool) {
        // Beside the try, the stage is told apart from those that `DeskSpec::part` draws for.
        let about = Stage::Charter as u32 | tries << 8;
        let block = dice.block(u64::from(seller.0), about, Purpose::Stage);
        let days = super::delay_days(block, self.plan_days * pace.charter, self.plan_sigma);
        (days, block.unit(0) >= self.drop_out * pace.drop_out)
    }
}

/// Customers' requests and how fast they are answered: `joining.support`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupportSpec {
    /// Requests that reach staff for an order with which nothing is wrong [requests/order].
    #[garde(range(min = 0.0, max = 10.0))]
    pub requests_per_order: f64,
    /// Requests more for an order that goes wrong [requests/order].
    #[garde(range(min = 0.0, max = 10.0))]
    pub requests_per_problem: f64,
    /// Requests that fill one manager's day [requests/day].
    #[garde(range(min = 0.1, max = 100_000.0))]
    pub requests_per_staff: f64,
    /// The largest share of a manager's day that requests may take from audits [ratio].
    #[garde(range(min = 0.01, max = 1.0))]
    pub share_max: f64,
    /// Days of waiting for a manager after which customers give up asking [days].
    #[garde(range(min = 0.1, max = 365.0))]
    pub give_up_days: f64,
    /// Median time that a seller of the usual slowness takes for its own part of an answer [days].
    #[garde(range(min = 0.001, max = 60.0))]
    pub answer_days: f64,
    /// Standard deviation of the logarithm of that time, between answers of one seller [ratio].
    #[garde(range(min = 0.01, max = 5.0))]
    pub answer_sigma: f64,
    /// Standard deviation of the logarithm of slowness between sellers [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub slowness_sigma: f64,
    /// Days after which an answer counts as slow [days].
    #[garde(range(min = 0.01, max = 365.0))]
    pub slow_after_days: f64,
    /// Stars that the review of an order loses if a request about it was answered slowly [stars].
    #[garde(range(min = 0, max = 4))]
    pub stars_lost: u8,
}

impl SupportSpec {
    /// How much slower than the usual a seller answers: a trait it is born with (root
    /// `market.seed`), lognormal about 1.
    pub fn slowness(&self, market: Dice, seller: SellerId) -> f64 {
        let block = market.block(u64::from(seller.0), 0, Purpose::Support);
        libm::exp(self.slowness_sigma * unit_normal(block.fine_unit(0)))
    }

    /// The chance that an answer is slow: the manager takes `wait_days`, the seller a lognormal time.
    pub fn slow_chance(&self, wait_days: f64, slowness: f64) -> f64 {
        let left = self.slow_after_days - wait_days;
        if left <= 0.0 {
            return 1.0;
        }
        let z = libm::log(left / (self.answer_days * slowness)) / self.answer_sigma;
        0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
    }

    /// Requests about an order, on average, by whether it went `wrong` [requests/order].
    pub fn requests_mean(&self, wrong: bool) -> f64 {
        self.requests_per_order + if wrong { self.requests_per_problem } else { 0.0 }
    }

    /// The chance that at least one request about an order is answered slowly, where an answer is slow
    /// with chance `slow`: requests are Poisson, and so are the slow ones among them.
    pub fn waits_chance(&self, wrong: bool, slow: f64) -> f64 {
        -libm::expm1(-self.requests_mean(wrong) * slow)
    }

    /// How long one answer takes [days]: the manager's `wait_days`, then the seller's own part.
    fn answer(&self, draws: &mut Stream, wait_days: f64, slowness: f64) -> f64 {
        wait_days + lognormal(draws, libm::log(self.answer_days * slowness), self.answer_sigma)
    }

    /// Requests about `orders` of one seller on one day, of which a share of `risk` goes wrong, and the
    /// answers they get.
    pub fn requests(
        &self,
        draws: &mut Stream,
        orders: u32,
        risk: f64,
        wait_days: f64,
        slowness: f64,
    ) -> Answers {
        let mean = f64::from(orders) * (self.requests_per_order + self.requests_per_problem * risk);
        let mut answers = Answers { requests: poisson(draws, mean), ..Answers::default() };
        for _ in 0..answers.requests {
            let days = self.answer(draws, wait_days, slowness);
            answers.slow += u32::from(days > self.slow_after_days);
            // The cast saturates.
            answers.hours = answers.hours.saturating_add(libm::round(24.0 * days) as u32);
        }
        answers
    }
}

/// Requests about one seller's orders of a day, and how they were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    /// Requests, all of them answered in the end [requests].
    pub requests: u32,
    /// Of these, how many were answered slowly [requests].
    pub slow: u32,
    /// Time that all answers took together [hours].
    pub hours: u32,
}

/// One quality account manager.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QualityManager {
    /// Applicants and live sellers in its care.
    pub sellers: u32,
    /// Applicants that wait for its audit, by the day since when.
    pub waiting: BTreeSet<(i32, SellerId)>,
    capacity: Capacity,
    // Requests not answered yet.
    backlog: f64,
    // Days that a request asked now waits for this manager.
    wait_days: f64,
}

impl QualityManager {
    /// Starts a day on which `requests` came in: answers what fits and says how many audits the rest
    /// of the day allows.
    pub fn open(&mut self, charter: &CharterSpec, support: &SupportSpec, requests: u32) -> u32 {
        let most = support.requests_per_staff * support.share_max;
        self.backlog =
            (self.backlog + f64::from(requests)).min(most * (1.0 + support.give_up_days));
        let answered = self.backlog.min(most);
        self.backlog -= answered;
        self.wait_days = self.backlog / most;
        let left = 1.0 - answered / support.requests_per_staff;
        self.capacity.open(charter.cases_per_staff * left)
    }

    /// Days that a customer's request waits for this manager today.
    pub fn wait_days(&self) -> f64 {
        self.wait_days
    }
}

/// The manager with the fewest sellers in its care; the first of equals.
pub fn least_busy(managers: &[QualityManager]) -> usize {
    (0..managers.len()).min_by_key(|&i| managers[i].sellers).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charter() -> CharterSpec {
        CharterSpec {
            staff: 1,
            cases_per_staff: 2.0,
            risk_max: 0.3,
            noise: 0.4,
            tries_max: 3,
            plan_days: 14.0,
            plan_sigma: 0.4,
            drop_out: 0.1,
        }
    }

    fn support() -> SupportSpec {
        SupportSpec {
            requests_per_order: 0.02,
            requests_per_problem: 0.1,
            requests_per_staff: 60.0,
            share_max: 0.5,
            give_up_days: 10.0,
            answer_days: 0.5,
            answer_sigma: 0.8,
            slowness_sigma: 0.6,
            slow_after_days: 3.0,
            stars_lost: 1,
        }
    }

    #[test]
    fn an_audit_passes_as_often_as_its_noise_says() {
        // P(pass) = Phi(ln(.3 / .2) / .4) = Phi(1.01366) = .84463; the tolerance is 4 sigma.
        let spec = charter();
        let dice = Dice::new(11, 0);
        let n = 20_000;
        let passed = (0..n).filter(|&i| spec.audit(dice, SellerId(i), 1, 0.2)).count();
        let share = passed as f64 / f64::from(n);
        assert!((share - 0.84463).abs() < 4.0 * 0.00256, "{share} of audits passed, seed 11");
        let exact = CharterSpec { noise: 0.0, ..spec };
        assert!(exact.audit(dice, SellerId(1), 1, 0.3) && !exact.audit(dice, SellerId(1), 1, 0.31));
    }

    #[test]
    fn every_try_is_judged_and_prepared_anew() {
        // P(pass one of two) = 1 - (1 - .84463)² = .97586, were the two the same .84463.
        let spec = charter();
        let dice = Dice::new(12, 0);
        let n = 20_000;
        let passed = (0..n).filter(|&i| (1..=2).any(|t| spec.audit(dice, SellerId(i), t, 0.2)));
        let share = passed.count() as f64 / f64::from(n);
        assert!((share - 0.97586).abs() < 4.0 * 0.00109, "{share} passed in two tries, seed 12");
        let pace = Pace { administration: 1.0, charter: 1.0, setup: 1.0, drop_out: 5.0 };
        // Half give up each time: a quarter at both.
        let both = |i: &u32| (1..=2).all(|t| !spec.plan(dice, SellerId(*i), t, &pace).1);
        let share = (0..n).filter(both).count() as f64 / f64::from(n);
        assert!((share - 0.25).abs() < 4.0 * 0.00306, "{share} give up twice, seed 12");
    }

    #[test]
    fn slow_answers_follow_the_lognormal() {
        let spec = support();
        // P(T > 3) with median .5 and sigma .8 = 1 - Phi(ln 6 / .8) = 1 - Phi(2.2397) = .012555.
        assert!((spec.slow_chance(0.0, 1.0) - 0.012_555).abs() < 1e-5);
        // The median of a seller six times as slow is the limit itself.
        assert!((spec.slow_chance(0.0, 6.0) - 0.5).abs() < 1e-12);
        assert_eq!(spec.slow_chance(3.0, 1.0), 1.0);
        assert!(spec.slow_chance(2.0, 1.0) > spec.slow_chance(1.0, 1.0));
    }

    #[test]
    fn requests_take_time_from_audits_and_a_rush_makes_customers_wait() {
        let (charter, support) = (charter(), support());
        let mut idle = QualityManager::default();
        assert_eq!((0..10).map(|_| idle.open(&charter, &support, 0)).sum::<u32>(), 20);
        // 15 of 60 requests a day leave three quarters of the time.
        let mut helping = QualityManager::default();
        assert_eq!((0..10).map(|_| helping.open(&charter, &support, 15)).sum::<u32>(), 15);
        assert_eq!(helping.wait_days(), 0.0);
        // 40 a day are ten more than half a day can hold: the eleventh day's wait is near 110 / 30.
        let mut drowned = QualityManager::default();
        for _ in 0..11 {
            assert!(drowned.open(&charter, &support, 40) <= 1);
        }
        assert!((drowned.wait_days() - 110.0 / 30.0).abs() < 1e-9);
        for _ in 0..100 {
            drowned.open(&charter, &support, 40);
        }
        assert!((drowned.wait_days() - support.give_up_days).abs() < 1e-9, "customers give up");
    }

    #[test]
    fn shoppers_wait_as_often_as_they_ask() {
        let spec = support();
        // .12 requests about a problem, a quarter of them slow: 1 - exp(-.03); .02 about the others.
        assert!((spec.waits_chance(true, 0.25) - 0.029_554).abs() < 1e-6);
        assert!((spec.waits_chance(false, 0.25) - 0.004_988).abs() < 1e-6);
        assert_eq!(spec.waits_chance(true, 0.0), 0.0);
        // Over all orders as often as staff counts: .02 + .1 of those that go wrong.
        let mean = 0.2 * spec.requests_mean(true) + 0.8 * spec.requests_mean(false);
        assert!((mean - (0.02 + 0.1 * 0.2)).abs() < 1e-12);
    }

    #[test]
    fn requests_come_with_orders_and_with_trouble() {
        let spec = support();
        let dice = Dice::new(5, 0);
        let mut sum = Answers::default();
        for day in 0..20_000 {
            let draws = &mut dice.stream(1, day, Purpose::Support);
            let answers = spec.requests(draws, 10, 0.2, 1.0, 2.0);
            sum.requests += answers.requests;
            sum.slow += answers.slow;
            sum.hours += answers.hours;
        }
        let requests = f64::from(sum.requests);
        // Mean 10 · (.02 + .1 · .2) = .4 a day.
        assert!((requests / 20_000.0 - 0.4).abs() < 0.02, "{sum:?}");
        // As many are slow as `slow_chance` says: 1 - Phi(ln 2 / .8) = .1931.
        let expected = spec.slow_chance(1.0, 2.0);
        assert!((f64::from(sum.slow) / requests - expected).abs() < 0.02, "{sum:?}, {expected}");
        // A day of waiting, and the mean of a lognormal of median 1 day: exp(.32) = 1.377 days.
        assert!((f64::from(sum.hours) / requests - 24.0 * 2.377).abs() < 1.5, "{sum:?}");
    }
}
