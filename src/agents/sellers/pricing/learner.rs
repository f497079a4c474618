//! Learner: an epsilon-greedy bandit over a few prices, rewarded by profit a day.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Look, Memory, Pricing};

/// Most prices that the memory of an offer has room for.
const MOST_ARMS: usize = 4;
// Where the memory keeps what: the arm being tried plus one (0 before the first look), days on sale
// and profit since it was taken up, how many arms have been judged, and what each is worth a day.
const ARM: usize = 0;
const DAYS: usize = 1;
const PROFIT: usize = 2;
const JUDGED: usize = 3;
const WORTH: usize = 4;

/// Keeps one price for a while, remembers what it earned a day, and mostly goes back to the best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Learner {
    /// Share of sellers who price like this [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// How often it looks at each price [looks/day].
    #[garde(range(min = 0.001, max = 96.0))]
    pub looks_per_day: f64,
    /// The prices it tries, over the target price [ratio]; 1 to 4 of them.
    #[garde(length(min = 1, max = 4), inner(range(min = 0.01, max = 1.5)))]
    pub arms: Vec<f64>,
    /// Days on sale after which a price is judged [days].
    #[garde(range(min = 0.01, max = 365.0))]
    pub hold_days: f64,
    /// Chance that it tries any price rather than the best so far [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub explore: f64,
    /// Weight of the newest judgement of a price against all before it [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub newest: f64,
}

impl Learner {
    /// Judges the arm that was held, and takes up the next one.
    fn judge(&self, memory: &mut Memory, chance: f64) {
        let n = self.arms.len().min(MOST_ARMS);
        let arm = (memory.0[ARM] as usize - 1).min(n - 1);
        let earned = memory.0[PROFIT] / memory.0[DAYS];
        let judged = memory.0[JUDGED] as usize;
        let worth = &mut memory.0[WORTH + arm];
        if judged < n {
            *worth = earned;
        } else {
            *worth += self.newest as f32 * (earned - *worth);
        }
        memory.0[JUDGED] = (judged + 1).min(n) as f32;
        let next = if judged + 1 < n {
            // Every price is tried once, in a ring from the first one, before any is preferred.
            (arm + 1) % n
        } else if chance < self.explore {
            ((chance / self.explore * n as f64) as usize).min(n - 1)
        } else {
            let worths = &memory.0[WORTH..WORTH + n];
            (0..n).fold(arm, |best, i| if worths[i] > worths[best] { i } else { best })
        };
        memory.0[ARM] = (next + 1) as f32;
        memory.0[DAYS] = 0.0;
        memory.0[PROFIT] = 0.0;
    }
}

impl Pricing for Learner {
    fn looks_a_day(&self) -> f64 {
        self.looks_per_day
    }

    fn reprice(&self, look: &Look, memory: &mut Memory) -> f64 {
        let n = self.arms.len().min(MOST_ARMS);
        if memory.0[ARM] == 0.0 {
            memory.0[ARM] = (((look.chance * n as f64) as usize).min(n - 1) + 1) as f32;
        } else {
            // Days with nothing to sell tell nothing about the price.
            if look.stock > 0 || look.sold > 0 {
                memory.0[DAYS] += look.elapsed_days as f32;
                memory.0[PROFIT] += (f64::from(look.sold) * (look.price - look.break_even)) as f32;
            }
            if f64::from(memory.0[DAYS]) >= self.hold_days {
                self.judge(memory, look.chance);
            }
        }
        look.target * self.arms[(memory.0[ARM] as usize - 1).min(n - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::look;
    use super::*;
    use crate::rng::{Dice, Purpose, poisson};

    fn strategy() -> Learner {
        Learner {
            share: 1.0,
            looks_per_day: 1.0,
            arms: vec![0.92, 0.96, 1.0, 1.04],
            hold_days: 7.0,
            explore: 0.1,
            newest: 0.3,
        }
    }

    /// Plays a year against buyers whose number depends on the price; days spent on each arm.
    fn year(seed: u64, demand: impl Fn(f64) -> f64) -> Vec<u32> {
        let learner = strategy();
        let (mut memory, mut price, mut sold) = (Memory::default(), 100.0, 0);
        let mut days = vec![0; 4];
        for day in 0..728 {
            let mut draws = Dice::new(seed, 0).stream(day, 0, Purpose::Pricing);
            let seen = Look { price, sold, chance: draws.unit(), ..look() };
            price = learner.reprice(&seen, &mut memory);
            let arm = learner.arms.iter().position(|a| (a * 100.0 - price).abs() < 1e-9);
            days[arm.expect("every price is one of the arms")] += 1;
            sold = poisson(&mut draws, demand(price));
        }
        days
    }

    #[test]
    fn it_finds_the_price_that_earns_most() {
        for seed in 0..10 {
            // Buyers who do not care: the dearest earns most (17 EUR a unit against 13, 9 and 5).
            let dear = year(seed, |_| 6.0);
            assert!(dear[3] > 400, "days by arm {dear:?}, seed {seed}");
            // Buyers who only come for the cheapest.
            let cheap = year(seed, |price| if price < 93.0 { 20.0 } else { 0.2 });
            assert!(cheap[0] > 400, "days by arm {cheap:?}, seed {seed}");
        }
    }

    #[test]
    fn it_tries_everything_once_and_ignores_days_without_stock() {
        let days = year(3, |_| 0.0);
        assert!(days.iter().all(|&d| d >= 7), "days by arm {days:?}");
        let learner = strategy();
        let mut memory = Memory::default();
        let first = learner.reprice(&look(), &mut memory);
        for _ in 0..100 {
            assert_eq!(learner.reprice(&Look { stock: 0, ..look() }, &mut memory), first);
        }
    }
}
