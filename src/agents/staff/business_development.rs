//! Business development: finds sellers, and decides whom to go after and whom to call first.
//!
//! Competitive intelligence says where offers are few for the visits there are. How many sign is a
//! matter of effort, and was measured; which of the leads they are is a matter of aim. So of the leads
//! met on one day as many sign as ever, and a part of these signings goes to those of thin categories
//! and countries ([`ProspectingSpec::aim`]). When time is short they are also called first ([`call`]).

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::{Dice, Purpose};
use crate::units::{CategoryId, CountryId, SellerId};

/// The team that prospects: `joining.prospecting`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProspectingSpec {
    /// People who call leads [people].
    #[garde(range(min = 1, max = 100_000))]
    pub staff: u32,
    /// Leads that one of them works a day [cases/day].
    #[garde(range(min = 0.01, max = 10_000.0))]
    pub cases_per_staff: f64,
    /// Days after which a lead that nobody has called is lost [days].
    #[garde(range(min = 1, max = 3650))]
    pub patience_days: u32,
    /// Weight of competitive intelligence: the chance that a signing is aimed at one of the day's leads
    /// by how thin its category and country are; and, when time is short, whom to call first: 0 calls
    /// leads in the order they came, 1 those of the thinnest category and country, whatever their age
    /// [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub focus: f64,
}

impl ProspectingSpec {
    /// Leads the whole team works a day.
    pub fn rate(&self) -> f64 {
        f64::from(self.staff) * self.cases_per_staff
    }

    /// Whom the signing of `signer` goes to: with chance `focus` to one of the leads whose thinness is
    /// given, in proportion to it; else, or where nothing is thin, it stays (none).
    pub fn aim(
        &self,
        dice: Dice,
        signer: SellerId,
        thin: impl Iterator<Item = f64> + Clone,
    ) -> Option<usize> {
        let block = dice.block(u64::from(signer.0), 0, Purpose::Aim);
        let total: f64 = thin.clone().sum();
        if block.unit(0) >= self.focus || total <= 0.0 {
            return None;
        }
        let mut left = block.unit(1) * total;
        thin.enumerate().filter(|&(_, thin)| thin > 0.0).find_map(|(i, thin)| {
            left -= thin;
            (left < 0.0).then_some(i)
        })
    }
}

/// A lead that was found and waits to be called.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prospect {
    /// The number it would sell under.
    pub seller: SellerId,
    /// Day it was found.
    pub found: i32,
    /// The category most of its catalogue would lie in.
    pub category: CategoryId,
    /// Where it would sell from.
    pub country: CountryId,
}

/// Takes the leads to call on `day` out of `waiting`: at most `capacity`, most pressing first. `thin`
/// is 0 where the market is well supplied and 1 where nothing is on offer.
pub fn call(
    spec: &ProspectingSpec,
    day: i32,
    capacity: u32,
    waiting: &mut Vec<Prospect>,
    thin: impl Fn(CategoryId, CountryId) -> f64,
) -> Vec<Prospect> {
    let called = waiting.len().min(capacity as usize);
    if called < waiting.len() {
        let mut pressing: Vec<(f64, Prospect)> = waiting
            .iter()
            .map(|&lead| {
                let age = f64::from(day - lead.found) / f64::from(spec.patience_days);
                let need = thin(lead.category, lead.country);
                (spec.focus * need + (1.0 - spec.focus) * age, lead)
            })
            .collect();
        pressing.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.seller.cmp(&y.seller)));
        *waiting = pressing.into_iter().map(|(_, lead)| lead).collect();
    }
    waiting.drain(..called).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(number: u32, found: i32, category: u8) -> Prospect {
        Prospect {
            seller: SellerId(number),
            found,
            category: CategoryId(category),
            country: CountryId(0),
        }
    }

    fn first_two(focus: f64) -> Vec<u32> {
        let spec = ProspectingSpec { staff: 1, cases_per_staff: 2.0, patience_days: 10, focus };
        let mut waiting = vec![lead(0, 0, 0), lead(1, 3, 1), lead(2, 5, 2), lead(3, 5, 1)];
        let thin = |category: CategoryId, _| [0.1, 0.5, 0.9][category.index()];
        let called = call(&spec, 5, 2, &mut waiting, thin);
        assert_eq!(waiting.len(), 2);
        called.iter().map(|lead| lead.seller.0).collect()
    }

    #[test]
    fn signings_are_aimed_in_proportion_to_what_is_thin() {
        let spec =
            |focus| ProspectingSpec { staff: 1, cases_per_staff: 2.0, patience_days: 10, focus };
        let thin = [0.0, 0.2, 0.6];
        let dice = Dice::new(4, 0);
        let mut went = [0; 4];
        for i in 0..10_000 {
            let to = spec(0.5).aim(dice, SellerId(i), thin.into_iter());
            went[to.unwrap_or(3)] += 1;
        }
        // Half stay; of the others a quarter goes to .2 and three to .6; 4 sigma.
        for (got, expected) in went.into_iter().zip([0.0, 0.125, 0.375, 0.5]) {
            assert!((f64::from(got) / 1e4 - expected).abs() < 0.02, "{went:?}");
        }
        assert_eq!(spec(0.0).aim(dice, SellerId(1), thin.into_iter()), None);
        assert_eq!(spec(1.0).aim(dice, SellerId(1), [0.0, 0.0].into_iter()), None);
    }

    #[test]
    fn without_intelligence_the_oldest_lead_is_called_first() {
        assert_eq!(first_two(0.0), [0, 1]);
    }

    #[test]
    fn with_it_the_thinnest_category_is_called_first() {
        assert_eq!(first_two(1.0), [2, 1], "category 2 is thinnest; 1 came before 3");
    }

    #[test]
    fn between_the_two_both_count() {
        // Scores at focus .5: .05 + .25, .25 + .1, .45 + 0, .25 + 0.
        assert_eq!(first_two(0.5), [2, 1]);
    }
}
