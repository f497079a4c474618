//! The marketplace's own people. One role a file, with the keys of the scenario that configure it.
//!
//! - [`business_development`] finds sellers and decides whom to call first;
//! - [`clerks`] check documents and set accounts up;
//! - [`quality_managers`] audit applicants and help live sellers with their customers;
//! - [`account_managers`] look after sellers that have proved themselves;
//! - [`monitoring`] watches everybody who sells, and [`mystery`] shops under another name.
//!
//! They know the market by what they are handed. The queues between them, and who stands where, are
//! kept by the market's onboarding.

pub mod account_managers;
pub mod business_development;
pub mod capacity;
pub mod clerks;
pub mod monitoring;
pub mod mystery;
pub mod pace;
pub mod quality_managers;

use crate::rng::{Block, unit_normal};

/// A lognormal delay in whole days, at least one: nothing that is handed over is done the same day.
/// Uses numbers 2 and 3 of the block, so that 0 and 1 are left for what else it decides.
pub fn delay_days(block: Block, median_days: f64, sigma: f64) -> i32 {
    let days = median_days * libm::exp(sigma * unit_normal(block.fine_unit(1)));
    // A cast from float saturates; the cap keeps a sum of days far from the end of i32.
    (libm::round(days).min(1e6) as i32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Dice, Purpose};

    #[test]
    fn delays_have_the_median_they_are_given() {
        let dice = Dice::new(3, 0);
        let mut days: Vec<i32> =
            (0..4001).map(|i| delay_days(dice.block(i, 0, Purpose::Stage), 20.0, 0.5)).collect();
        days.sort_unstable();
        assert!((19..=21).contains(&days[2000]), "median {} of 20 days", days[2000]);
        // The quantiles of a lognormal: 20·exp(±1.2816·0.5) at 10 and 90 %.
        assert!((10..=11).contains(&days[400]), "p10 {}", days[400]);
        assert!((36..=40).contains(&days[3600]), "p90 {}", days[3600]);
        assert!(days[0] >= 1);
    }
}
