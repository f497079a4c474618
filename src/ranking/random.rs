//! `random`: a fresh shuffle for every query, the baseline that favours nobody.
//!
//! Source: the logging policy of Open Bandit (Saito, Aihara, Matsutani and Narita 2021), and the
//! control arm of any ranking experiment.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, Candidates, Chance, Merit, Policy, Ranking, Term, Weight};
use crate::rng::{Stream, mix64};
use crate::units::SellerId;

/// Shuffles the offers anew for every query. It has no keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Random {}

impl Policy for Random {
    const ABOUT: About = About {
        name: "random",
        says: "Shuffles the offers anew for every query.",
        formula: "score = a uniform draw for each (session, seller)",
        source: "control arm; Saito, Aihara, Matsutani & Narita 2021 (Open Bandit)",
        reference: "",
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Shuffle)
    }
}

struct Shuffle;

impl Ranking for Shuffle {
    fn weigh(&self, _: &Merit) -> Weight {
        Weight::default()
    }

    fn score(&self, offers: &Candidates<'_>, chance: Chance, scores: &mut [f32]) {
        shuffle(&mut chance.whole(), offers.seller, scores);
    }

    fn standing(&self, _: &Candidates<'_>, scores: &mut [f32]) {
        scores.fill(0.5);
    }

    fn per_query(&self) -> bool {
        true
    }

    fn explain(&self, _: &Merit, _: f32) -> Vec<Term> {
        Vec::new()
    }

    fn explain_query(&self, offers: &Candidates<'_>, i: usize, chance: Chance) -> Vec<Term> {
        let lot = Lots::new(&mut chance.whole()).uniform(offers.seller[i]);
        vec![Term { name: "score", value: lot.into() }]
    }
}

/// One cheap draw for each seller of a query: the sequence of SplitMix64 (Steele, Lea and Flood 2014)
/// from a keyed start, read at the seller's number. One keyed block, which costs some 25 ns, pays for
/// all of them, and a draw still does not depend on who else is in the slate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lots(u64);

impl Lots {
    /// Lots that start from the next 64 bits of `draws`.
    pub fn new(draws: &mut Stream) -> Self {
        Lots(u64::from(draws.next_u32()) | u64::from(draws.next_u32()) << 32)
    }

    /// The 64 bits of one seller.
    pub fn of(self, seller: SellerId) -> u64 {
        let step = (u64::from(seller.0) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mix64(self.0.wrapping_add(step))
    }

    /// A uniform in [0, 1) of one seller.
    pub fn uniform(self, seller: SellerId) -> f32 {
        // The top 24 bits: all that 32 bits of floating point hold evenly.
        (self.of(seller) >> 40) as f32 * (1.0 / 16_777_216.0)
    }
}

/// Writes a uniform in [0, 1) for each seller.
pub(super) fn shuffle(draws: &mut Stream, sellers: &[SellerId], scores: &mut [f32]) {
    let lots = Lots::new(draws);
    for (score, &seller) in scores.iter_mut().zip(sellers) {
        *score = lots.uniform(seller);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{argmax, columns, score_of};
    use super::*;

    #[test]
    fn everyone_takes_the_box_equally_often() {
        let policy = Random {}.build();
        let market = columns(policy.as_ref(), &[Merit::unknown(4.0); 5], &[10.0; 5]);
        let queries = 50_000u32;
        let mut wins = [0u32; 5];
        for session in 0..queries {
            wins[argmax(&score_of(policy.as_ref(), &market, 11, session.into()))] += 1;
        }
        let expected = f64::from(queries) / 5.0;
        let chi2: f64 = wins
            .iter()
            .map(|&w| (f64::from(w) - expected) * (f64::from(w) - expected) / expected)
            .sum();
        // The 99.9 % point of chi-squared with 4 degrees of freedom.
        assert!(chi2 < 18.47, "seed 11: chi² {chi2}, wins {wins:?}");
    }

    #[test]
    fn orders_of_three_are_equally_likely() {
        let policy = Random {}.build();
        let market = columns(policy.as_ref(), &[Merit::unknown(4.0); 3], &[10.0; 3]);
        let mut seen = [0u32; 8];
        for session in 0..60_000 {
            let s = score_of(policy.as_ref(), &market, 12, session);
            let code = usize::from(s[0] > s[1])
                | usize::from(s[1] > s[2]) << 1
                | usize::from(s[0] > s[2]) << 2;
            seen[code] += 1;
        }
        let orders: Vec<u32> = seen.into_iter().filter(|&n| n > 0).collect();
        assert_eq!(orders.len(), 6, "seed 12: {seen:?}");
        let chi2: f64 =
            orders.iter().map(|&n| (f64::from(n) - 1e4) * (f64::from(n) - 1e4) / 1e4).sum();
        // The 99.9 % point with 5 degrees of freedom.
        assert!(chi2 < 20.52, "seed 12: chi² {chi2}, orders {orders:?}");
    }
}
