//! One load on one warm market.

use std::sync::atomic::AtomicBool;

use crate::driver::load::{
    Counts, Direct, Replay, Schedule, ScheduleError, Second, Step, Timetable, TscClock,
};
use crate::market::serve::{Core, Serving};
use crate::rng::Dice;
use crate::scenario::Scenario;

use super::{LoadPlan, Mode, Path, Tried, Warm};
use crate::units::US_PER_WEEK;

/// A warm market and what its load is made of.
pub struct LoadTrial<'a> {
    warm: &'a Warm,
    scenario: &'a Scenario,
    /// What a star is worth to each class [EUR/star].
    star_eur: Vec<f32>,
}

/// What each driver does, and when it was due in the simulated week [ns since its start].
struct Dealt {
    steps: Vec<Step>,
    times: Vec<u64>,
}

impl LoadPlan {
    /// Says what is wrong with its times and rates.
    ///
    /// # Errors
    /// When a rate is none, a stage takes no time, or all of them take too long.
    pub fn check(&self, seed: u64) -> Result<(), ScheduleError> {
        Schedule::new(self.arrivals, &self.stages, seed, self.drivers).map(|_| ())
    }
}

impl<'a> LoadTrial<'a> {
    /// Loads of a warm market.
    pub fn new(warm: &'a Warm, scenario: &'a Scenario) -> Self {
        let classes = warm.market.classes();
        let star_eur = classes.iter().map(|class| class.taste.star_eur as f32).collect();
        LoadTrial { warm, scenario, star_eur }
    }

    /// A fresh core in the state of the warm market.
    pub fn core(&self, plan: &LoadPlan) -> Core {
        let policy = self.scenario.ranking.build();
        Core::of_market(&self.warm.market, &self.warm.cells, policy, plan.length, plan.serving)
    }

    fn deal(&self, plan: &LoadPlan) -> Vec<Dealt> {
        let dice = Dice::new(self.scenario.seed, 0);
        let one = |driver: u32| match plan.mode {
            Mode::Replay => {
                let (steps, times) = self.warm.tape.replayed(driver, plan.drivers);
                Dealt { steps, times }
            }
            _ => Dealt { steps: self.warm.tape.dealt(dice, driver), times: vec![] },
        };
        (0..plan.drivers).map(one).collect()
    }
}
