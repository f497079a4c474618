//! Retailer or distributor: unopened returns and unsold stock, and a wave of them after the holidays.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Sourcing;
use super::{Asked, Business, Desk, Shop, Stocking};
use crate::protocol::{Notice, Outbox};
use crate::rng::poisson;

/// Weeks of a scenario's year.
const YEAR: u32 = 52;

/// How a retailer gets stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetailerStock {
    /// The weeks of the year (0 to 51) in which presents come back [week].
    #[garde(length(max = 52), inner(range(min = 0, max = 51)))]
    pub holiday_weeks: Vec<u32>,
    /// Returns in such a week over those in any other [ratio].
    #[garde(range(min = 0.0, max = 100.0))]
    pub holiday_factor: f64,
    /// Days of supply on the shelf when it opens [days].
    #[garde(range(min = 0.0, max = 365.0))]
    pub opening_days: f64,
    /// Most days of supply that it keeps of a product [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub cover_days: f64,
}

impl RetailerStock {
    /// Returns of a week over those of the average week, so that a year has what it should.
    fn season(&self, week: u32) -> f64 {
        let factor = |week: u32| {
            if self.holiday_weeks.contains(&week) { self.holiday_factor } else { 1.0 }
        };
        let year: f64 = (0..YEAR).map(factor).sum();
        if year > 0.0 { factor(week % YEAR) * f64::from(YEAR) / year } else { 0.0 }
    }
}

impl Stocking for RetailerStock {
    /// Goods that were never opened: only the best grade, and whole devices.
    fn taste(&self, is_part: bool, is_best_grade: bool) -> f64 {
        if is_best_grade && !is_part { 1.0 } else { 0.0 }
    }

    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing> {
        Box::new(Shop::new(Retailer { stock: self.clone(), asked: Asked::default() }, cost_share))
    }
}

/// A returns counter that is cleared once a week.
struct Retailer {
    stock: RetailerStock,
    asked: Asked,
}

impl Business for Retailer {
    fn opening(&self) -> (f64, f64) {
        (self.stock.opening_days, self.stock.cover_days)
    }

    fn hear(&mut self, notice: &Notice) {
        self.asked.hear(notice);
    }

    fn day(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        // Each clears its counter on a weekday of its own.
        if desk.day.day % 7 != desk.me.seller.0 % 7 {
            return;
        }
        let asked = std::mem::take(&mut self.asked);
        let season = self.stock.season(desk.day.day / 7);
        for line in desk.day.shelf {
            let room = desk.room(line, self.stock.cover_days);
            if room > 0 {
                // It has stores that hold a product back for other channels, until it is asked.
                let mean =
                    desk.rate(line) * 7.0 * season * asked.weight(line.product, desk.day.urgency);
                let units = poisson(&mut desk.draws(line.product), mean).min(room);
                desk.shelve(line.product, units, desk.unit_cost(line), out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wave_comes_in_its_weeks_and_the_year_keeps_its_sum() {
        let stock = RetailerStock {
            holiday_weeks: vec![1, 2],
            holiday_factor: 6.0,
            opening_days: 0.0,
            cover_days: 60.0,
        };
        let year: Vec<f64> = (0..52).map(|week| stock.season(week)).collect();
        assert!((year.iter().sum::<f64>() - 52.0).abs() < 1e-9);
        assert!((year[1] / year[0] - 6.0).abs() < 1e-9);
        assert_eq!(stock.season(54), year[2], "the second year has a wave too");
    }
}
