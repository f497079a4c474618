//! Clearance: what lies on the shelf for long gets cheaper step by step.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Look, Memory, Pricing};

/// Asks the target price for fresh stock and takes a step off for every while it has lain there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clearance {
    /// Share of sellers who price like this [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// How often it looks at each price [looks/day].
    #[garde(range(min = 0.001, max = 96.0))]
    pub looks_per_day: f64,
    /// Days on the shelf before the first step, and between steps [days].
    #[garde(range(min = 0.1, max = 3650.0))]
    pub step_days: f64,
    /// What one step takes off, over the target price [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub step: f64,
    /// Lowest price it goes to, over the target price [ratio].
    #[garde(range(min = 0.01, max = 1.0))]
    pub floor: f64,
}

impl Pricing for Clearance {
    fn looks_a_day(&self) -> f64 {
        self.looks_per_day
    }

    fn reprice(&self, look: &Look, _: &mut Memory) -> f64 {
        // An empty shelf has nothing that ages: what comes next is fresh.
        let steps = if look.stock == 0 { 0.0 } else { (look.age_days / self.step_days).floor() };
        look.target * (1.0 - self.step * steps).max(self.floor * look.floor_factor)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::look;
    use super::*;

    #[test]
    fn it_steps_down_with_age_to_the_floor_and_starts_again() {
        let strategy =
            Clearance { share: 1.0, looks_per_day: 1.0, step_days: 10.0, step: 0.04, floor: 0.85 };
        let at = |age_days: f64, stock: u32| {
            strategy.reprice(&Look { age_days, stock, ..look() }, &mut Memory::default())
        };
        assert_eq!(at(9.9, 5), 100.0);
        assert!((at(10.0, 5) - 96.0).abs() < 1e-9);
        assert!((at(39.0, 5) - 88.0).abs() < 1e-9);
        assert!((at(400.0, 5) - 85.0).abs() < 1e-9);
        assert_eq!(at(400.0, 0), 100.0);
    }

    #[test]
    fn in_a_price_war_it_goes_on_stepping() {
        let strategy =
            Clearance { share: 1.0, looks_per_day: 1.0, step_days: 10.0, step: 0.04, floor: 0.85 };
        let war = Look { age_days: 400.0, floor_factor: 0.8, ..look() };
        assert!((strategy.reprice(&war, &mut Memory::default()) - 68.0).abs() < 1e-9);
    }
}
