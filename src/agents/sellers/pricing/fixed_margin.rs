//! Fixed margin: the target price, whatever others ask.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Look, Memory, Pricing};

/// Asks the target price: cost and a margin, following the reference price as it falls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedMargin {
    /// Share of sellers who price like this [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// How often it looks at each price [looks/day].
    #[garde(range(min = 0.001, max = 96.0))]
    pub looks_per_day: f64,
}

impl Pricing for FixedMargin {
    fn looks_a_day(&self) -> f64 {
        self.looks_per_day
    }

    fn reprice(&self, look: &Look, _: &mut Memory) -> f64 {
        look.target
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::look;
    use super::*;

    #[test]
    fn it_asks_its_target_even_when_a_rival_is_cheaper() {
        let strategy = FixedMargin { share: 1.0, looks_per_day: 1.0 };
        let seen = Look { price: 120.0, target: 98.5, to_win: Some(60.0), ..look() };
        assert_eq!(strategy.reprice(&seen, &mut Memory::default()), 98.5);
    }
}
