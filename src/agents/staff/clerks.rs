//! Clerks: administration checks documents, integration sets accounts up. Both wait for the
//! applicant to do its own part, which takes days by its kind or never comes, and then work the case.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::history::Stage;
use crate::rng::{Dice, Purpose};
use crate::units::SellerId;

/// A desk that applicants pass: `joining.administration` and `joining.setup`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskSpec {
    /// People at the desk [people].
    #[garde(range(min = 1, max = 100_000))]
    pub staff: u32,
    /// Cases that one of them works a day [cases/day].
    #[garde(range(min = 0.01, max = 10_000.0))]
    pub cases_per_staff: f64,
    /// Median time that an applicant of pace 1 needs for its own part [days].
    #[garde(range(min = 0.1, max = 365.0))]
    pub applicant_days: f64,
    /// Standard deviation of the logarithm of that time [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub applicant_sigma: f64,
    /// Chance that an applicant of pace 1 never finishes its part [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub drop_out: f64,
}

impl DeskSpec {
    /// Cases the whole desk works a day.
    pub fn rate(&self) -> f64 {
        f64::from(self.staff) * self.cases_per_staff
    }

    /// What an applicant does at this desk: after how many days it is ready, or gives up (false).
    pub fn part(&self, dice: Dice, seller: SellerId, stage: Stage, pace: &Pace) -> (i32, bool) {
        let block = dice.block(u64::from(seller.0), stage as u32, Purpose::Stage);
        let median = self.applicant_days * pace.of(stage);
        let days = super::delay_days(block, median, self.applicant_sigma);
        (days, block.unit(0) >= self.drop_out * pace.drop_out)
    }
}
