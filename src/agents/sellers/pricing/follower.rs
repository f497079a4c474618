//! Price-to-win follower: as cheap as it takes to have the box, within limits.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Look, Memory, Pricing};

/// Asks the platform for the price that wins, takes it between a floor and a ceiling, and feels its
/// way up again while it wins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Follower {
    /// Share of sellers who price like this [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// How often it looks at each price [looks/day].
    #[garde(range(min = 0.001, max = 96.0))]
    pub looks_per_day: f64,
    /// Lowest price it goes to, over the target price [ratio]; what leaves nothing after commission and
    /// parcel is a floor too.
    #[garde(range(min = 0.01, max = 1.5))]
    pub floor: f64,
    /// Highest price it goes to, over the target price [ratio].
    #[garde(range(min = 0.01, max = 1.5))]
    pub ceiling: f64,
    /// By how much it raises its price while it has the box [ratio/day].
    #[garde(range(min = 0.0, max = 1.0))]
    pub drift: f64,
    /// By how much it goes under the price that would just win [ratio].
    #[garde(range(min = 0.0, max = 0.5))]
    pub undercut: f64,
}

impl Pricing for Follower {
    fn looks_a_day(&self) -> f64 {
        self.looks_per_day
    }

    fn reprice(&self, look: &Look, _: &mut Memory) -> f64 {
        // It doesn't sell at a loss to win, whatever it aimed at.
        let low = look.floor_factor * (self.floor * look.target).max(look.break_even);
        let high = self.ceiling * look.target;
        let wish = match look.to_win {
            Some(price) if !look.winning => price * (1.0 - self.undercut),
            // With the box, or without anybody to beat, there is room to ask for more.
            _ => look.price * libm::exp(look.elapsed_days * libm::log1p(self.drift)),
        };
        // Not `clamp`: a floor above the ceiling is reported where scenarios are checked.
        wish.max(low).min(high)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::look;
    use super::*;

    fn strategy() -> Follower {
        Follower {
            share: 1.0,
            looks_per_day: 4.0,
            floor: 0.93,
            ceiling: 1.0,
            drift: 0.005,
            undercut: 0.0,
        }
    }

    fn next(seen: Look) -> f64 {
        strategy().reprice(&seen, &mut Memory::default())
    }

    #[test]
    fn it_takes_the_price_to_win_between_floor_and_target() {
        assert_eq!(next(Look { to_win: Some(96.0), ..look() }), 96.0);
        assert_eq!(next(Look { to_win: Some(80.0), ..look() }), 93.0);
        assert_eq!(next(Look { to_win: Some(130.0), price: 95.0, ..look() }), 100.0);
        let dear = Look { break_even: 95.0, ..look() };
        assert_eq!(next(Look { to_win: Some(80.0), ..dear }), 95.0, "it does not sell at a loss");
        let bold = Follower { undercut: 0.01, ..strategy() };
        let seen = Look { to_win: Some(96.0), ..look() };
        assert!((bold.reprice(&seen, &mut Memory::default()) - 95.04).abs() < 1e-9);
    }

    #[test]
    fn in_a_price_war_its_floor_is_lower_and_nothing_else() {
        let war = Look { floor_factor: 0.8, ..look() };
        assert!((next(Look { to_win: Some(50.0), ..war }) - 74.4).abs() < 1e-9);
        assert_eq!(next(Look { to_win: Some(80.0), ..war }), 80.0);
        assert_eq!(next(Look { to_win: Some(130.0), ..war }), 100.0);
    }

    #[test]
    fn it_drifts_up_half_a_percent_a_day_while_it_wins() {
        let seen = Look { price: 94.0, winning: true, to_win: Some(93.5), ..look() };
        assert!((next(seen) - 94.47).abs() < 1e-9);
        // Four looks of a quarter of a day are the same as one of a day.
        let mut price = 94.0;
        for _ in 0..4 {
            price = next(Look { price, elapsed_days: 0.25, ..seen });
        }
        assert!((price - 94.47).abs() < 1e-9);
        assert_eq!(next(Look { price: 99.9, ..seen }), 100.0);
    }
}
