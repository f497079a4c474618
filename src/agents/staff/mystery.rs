//! Mystery orders: staff buys under another name, from those who are new and those who score low, and
//! sees one draw of a seller's true quality.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::{Dice, Purpose};
use crate::units::SellerId;

/// Days in a month, on average.
const DAYS_PER_MONTH: f64 = 365.0 / 12.0;

/// Mystery shopping: `joining.mystery`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MysterySpec {
    /// Mystery orders in all [orders/month].
    #[garde(range(min = 0.0, max = 1_000_000.0))]
    pub orders_per_month: f64,
    /// Days after going live for which a seller is new [days].
    #[garde(range(min = 0, max = 3650))]
    pub new_days: u32,
    /// How readily a new seller is picked [weight].
    #[garde(range(min = 0.0, max = 1_000.0))]
    pub new_weight: f64,
    /// Mean stars below which a seller scores low [stars].
    #[garde(range(min = 0.0, max = 5.0))]
    pub low_stars: f64,
    /// How readily a seller that scores low is picked; for one that is new too, the weights add up
    /// [weight].
    #[garde(range(min = 0.0, max = 1_000.0))]
    pub low_weight: f64,
}

impl MysterySpec {
    /// Mystery orders a day.
    pub fn rate(&self) -> f64 {
        self.orders_per_month / DAYS_PER_MONTH
    }

    /// How readily a seller is picked: `live_days` since it went live (none if it always was), with
    /// its mean stars if it has any that staff may see.
    pub fn weight(&self, live_days: Option<i32>, stars: Option<f64>) -> f64 {
        let new = live_days.is_some_and(|days| i64::from(days) < i64::from(self.new_days));
        let low = stars.is_some_and(|stars| stars < self.low_stars);
        (if new { self.new_weight } else { 0.0 }) + (if low { self.low_weight } else { 0.0 })
    }
}

/// Picks up to `n` different sellers in proportion to their weights.
///
/// Each runs a race of its own: an exponential time over its weight, the fastest are picked
/// (Efraimidis and Spirakis 2006). A draw belongs to (seller, day), so one seller more or less in the
/// race changes nobody else's time.
pub fn pick(
    n: u32,
    day: i32,
    dice: Dice,
    candidates: impl Iterator<Item = (SellerId, f64)>,
) -> Vec<SellerId> {
    if n == 0 {
        return Vec::new();
    }
    let mut race: Vec<(f64, SellerId)> = candidates
        .filter(|&(_, weight)| weight > 0.0)
        .map(|(seller, weight)| {
            let block = dice.block(u64::from(seller.0), day as u32, Purpose::Mystery);
            (-libm::log(block.fine_unit(0)) / weight, seller)
        })
        .collect();
    race.sort_by(|(a, x), (b, y)| a.total_cmp(b).then(x.cmp(y)));
    race.into_iter().take(n as usize).map(|(_, seller)| seller).collect()
}

/// Whether the mystery order of a day went well, for a seller whose orders go wrong with chance `risk`.
pub fn passes(dice: Dice, seller: SellerId, day: i32, risk: f64) -> bool {
    dice.block(u64::from(seller.0), day as u32, Purpose::Mystery).unit(2) >= risk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sellers_are_picked_in_proportion_to_their_weight() {
        let dice = Dice::new(17, 0);
        let mut picked = [0u32; 4];
        let days = 20_000;
        for day in 0..days {
            let race = [0.0, 1.0, 2.0, 5.0].iter().enumerate();
            for seller in pick(1, day, dice, race.map(|(i, &w)| (SellerId(i as u32), w))) {
                picked[seller.index()] += 1;
            }
        }
        assert_eq!(picked[0], 0, "no weight, no order");
        for (i, share) in [(1, 0.125), (2, 0.25), (3, 0.625)] {
            let got = f64::from(picked[i]) / f64::from(days);
            assert!((got - share).abs() < 0.015, "weight {share} got {got}, seed 17");
        }
    }

    #[test]
    fn nobody_is_picked_twice_a_day_and_weights_add_up() {
        let race = (0..3).map(|i| (SellerId(i), 1.0));
        let mut picked = pick(7, 0, Dice::new(1, 0), race);
        picked.sort_unstable();
        assert_eq!(picked, [SellerId(0), SellerId(1), SellerId(2)]);
        let spec = MysterySpec {
            orders_per_month: 175.0,
            new_days: 90,
            new_weight: 1.0,
            low_stars: 3.9,
            low_weight: 2.0,
        };
        assert_eq!(spec.weight(Some(3), Some(3.0)), 3.0);
        assert_eq!(spec.weight(Some(90), Some(3.9)), 0.0);
        assert_eq!(spec.weight(None, Some(3.0)), 2.0);
        assert_eq!(spec.weight(Some(89), None), 1.0);
        assert!((spec.rate() * 365.0 - 2100.0).abs() < 1e-9);
    }

    #[test]
    fn a_mystery_order_reveals_true_quality_one_draw_at_a_time() {
        let dice = Dice::new(23, 0);
        let failed = (0..20_000).filter(|&day| !passes(dice, SellerId(4), day, 0.16)).count();
        assert!((failed as f64 / 20_000.0 - 0.16).abs() < 0.011, "{failed} failed, seed 23");
    }
}
