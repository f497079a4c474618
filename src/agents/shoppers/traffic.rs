//! How many visits there are at a time: the intensity of a non-homogeneous Poisson process.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ShoppersSpec;
use crate::units::{SimTime, US_PER_WEEK};

/// `[shoppers.peaks.NAME]`: a week that stands out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Peak {
    /// The week, counted from 0 [week].
    #[garde(range(min = 0, max = 519))]
    pub week: u32,
    /// Visits over the trend in that week [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub factor: f64,
}

/// The intensity of visits of all classes together, before any is thinned out by loyalty.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// Visits an hour in week 0, by hour of the week.
    by_hour: Vec<f64>,
    /// Trend of each week over week 0, with its peaks.
    by_week: Vec<f64>,
    /// The same without peaks: what sellers plan by.
    trend: Vec<f64>,
}

impl Traffic {
    /// The intensity that a scenario describes, for `weeks` weeks.
    pub fn new(spec: &ShoppersSpec, weeks: u32) -> Self {
        let by_hour = (0..168)
            .map(|h| spec.visits_per_week * spec.weekday_share[h / 24] * spec.hour_share[h % 24])
            .collect();
        let growth = libm::log1p(spec.growth_per_week);
        let trend: Vec<f64> = (0..=weeks).map(|w| libm::exp(growth * f64::from(w))).collect();
        let mut by_week = trend.clone();
        for peak in spec.peaks.values() {
            if let Some(level) = by_week.get_mut(peak.week as usize) {
                *level *= peak.factor;
            }
        }
        Traffic { by_hour, by_week, trend }
    }

    /// Visits expected between `from` and `to`, which lie within one hour.
    pub fn expected(&self, from: SimTime, to: SimTime) -> f64 {
        let week = (from.week() as usize).min(self.by_week.len() - 1);
        let hours = (to.0 - from.0) as f64 / (US_PER_WEEK / 168) as f64;
        self.by_hour[from.hour_of_week()] * self.by_week[week] * hours
    }

    /// Visits expected in the whole run.
    pub fn whole_run(&self) -> f64 {
        let weeks = self.by_week.len().saturating_sub(1);
        self.by_hour.iter().sum::<f64>() * self.by_week[..weeks].iter().sum::<f64>()
    }

    /// Visits expected in the busiest hour of the busiest week [visits/hour].
    pub fn busiest_hour(&self) -> f64 {
        let greatest = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
        greatest(&self.by_hour) * greatest(&self.by_week)
    }

    /// The trend at a time over the trend in the last week [0 to 1 where visits grow].
    pub fn part_of_last(&self, at: SimTime) -> f64 {
        let week = (at.week() as usize).min(self.trend.len() - 1);
        self.trend[week] / self.trend[self.trend.len() - 1]
    }

    /// Visits a day that the trend, without hours and peaks, lets a seller expect [visits/day].
    pub fn planned_per_day(&self, at: SimTime) -> f64 {
        let week = (at.week() as usize).min(self.trend.len() - 1);
        self.by_hour.iter().sum::<f64>() * self.trend[week] / 7.0
    }
}
