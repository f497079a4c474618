//! Pricing strategies, one a file, and the registry by which a profile names its own.
//!
//! A new strategy is a file with its parameters and its `impl Pricing`, a field of [`PricingSpec`]
//! and a line in `PricingSpec::entries`.

mod clearance;
mod fixed_margin;
mod follower;
mod learner;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use clearance::Clearance;
pub use fixed_margin::FixedMargin;
pub use follower::Follower;
pub use learner::Learner;

use super::{Pricing, PricingId, pick};

/// The strategies of a scenario, each with the share of sellers who follow it. A strategy that is
/// absent has no followers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PricingSpec {
    /// Asks its target price, whatever others ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub fixed_margin: Option<FixedMargin>,
    /// Goes for the price that wins the box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub follower: Option<Follower>,
    /// Makes ageing stock cheaper step by step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub clearance: Option<Clearance>,
    /// Tries a few prices and keeps to the one that earned most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub learner: Option<Learner>,
}

/// A strategy as the registry lists it: its key, its share, and itself.
type Entry = (&'static str, f64, Box<dyn Pricing>);

impl PricingSpec {
    fn entries(&self) -> Vec<Entry> {
        let mut found: Vec<Entry> = Vec::new();
        if let Some(s) = &self.fixed_margin {
            found.push(("fixed_margin", s.share, Box::new(s.clone())));
        }
        if let Some(s) = &self.follower {
            found.push(("follower", s.share, Box::new(s.clone())));
        }
        if let Some(s) = &self.clearance {
            found.push(("clearance", s.share, Box::new(s.clone())));
        }
        if let Some(s) = &self.learner {
            found.push(("learner", s.share, Box::new(s.clone())));
        }
        found
    }

    /// What the shares add up to; 1 in a sound scenario.
    pub fn shares_sum(&self) -> f64 {
        self.entries().iter().map(|(_, share, _)| share).sum()
    }

    /// The keys of the strategies with how often each looks at its prices [looks/day].
    pub fn looks(&self) -> Vec<(&'static str, f64)> {
        let entries = self.entries().into_iter();
        entries.map(|(name, _, strategy)| (name, strategy.looks_a_day())).collect()
    }

    /// What ranges cannot say of the strategies.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if let Some(follower) = &self.follower
            && follower.floor > follower.ceiling
        {
            let message = format!("{} is above the ceiling {}", follower.floor, follower.ceiling);
            found.push(("sellers.pricing.follower.floor".to_owned(), message));
        }
        found
    }
}

/// The registry: the strategies of a scenario by [`PricingId`].
pub struct Pricings {
    entries: Vec<Entry>,
}

impl Pricings {
    /// Lists the strategies that a scenario has.
    pub fn new(spec: &PricingSpec) -> Self {
        Pricings { entries: spec.entries() }
    }

    /// The strategy of that number.
    pub fn get(&self, id: PricingId) -> &dyn Pricing {
        &*self.entries[usize::from(id.0)].2
    }

    /// Its key in a scenario.
    pub fn name(&self, id: PricingId) -> &'static str {
        self.entries[usize::from(id.0)].0
    }

    /// Every strategy's number.
    pub fn ids(&self) -> impl Iterator<Item = PricingId> + use<> {
        (0..self.entries.len() as u8).map(PricingId)
    }

    /// The strategy that the uniform `u` points to, by the shares.
    pub(super) fn draw(&self, u: f64) -> PricingId {
        PricingId(pick(self.entries.iter().map(|(_, share, _)| *share), u) as u8)
    }
}

impl std::fmt::Debug for Pricings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|(name, share, _)| (name, share))).finish()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::reference;
    use super::super::{Look, Memory};
    use super::*;
    use proptest::prelude::*;

    /// A seller of one offer with a rival, before it has done anything.
    pub(in super::super) fn look() -> Look {
        Look {
            price: 100.0,
            target: 100.0,
            break_even: 87.0,
            to_win: None,
            winning: false,
            stock: 5,
            sold: 0,
            age_days: 0.0,
            elapsed_days: 1.0,
            floor_factor: 1.0,
            chance: 0.5,
        }
    }

    #[test]
    fn shares_are_drawn_and_add_up() {
        let spec = reference().pricing;
        assert!((spec.shares_sum() - 1.0).abs() < 1e-9);
        let all = Pricings::new(&spec);
        let n = 10_000;
        for (id, (name, share, _)) in all.ids().zip(&all.entries) {
            let drawn = (0..n).filter(|&i| all.draw((f64::from(i) + 0.5) / f64::from(n)) == id);
            let got = drawn.count() as f64 / f64::from(n);
            assert!((got - share).abs() < 1e-3, "{name}: {got} for {share}");
        }
    }

    proptest! {
        /// Whatever a strategy sees, its price is finite, above 0 and never over 150 % of the target.
        #[test]
        fn no_strategy_asks_nonsense(
            looks in proptest::collection::vec(
                (0.01..5_000.0f64, proptest::option::of(0.0..9_000.0f64), any::<bool>(), 0u32..50,
                 0u32..20, 0.0..400.0f64, 0.001..30.0f64, 0.0..1.0f64),
                1..40,
            ),
        ) {
            let all = Pricings::new(&reference().pricing);
            for id in all.ids() {
                let mut memory = Memory::default();
                let mut price = looks[0].0;
                for &(target, to_win, winning, stock, sold, age_days, elapsed_days, chance) in &looks {
                    let seen = Look {
                        price, target, break_even: 0.87 * target, to_win, winning, stock, sold,
                        age_days, elapsed_days, floor_factor: 1.0, chance,
                    };
                    price = all.get(id).reprice(&seen, &mut memory);
                    let name = all.name(id);
                    prop_assert!(price > 0.0 && price <= 1.5 * target, "{name} asks {price}, {seen:?}");
                }
            }
        }
    }
}
