//! `popularity`: the box is drawn with chances that grow with past sales.
//!
//! Each offer runs a race: it arrives after an exponential time of rate (a + c · sales)^gamma, and the
//! order of arrival is the slate. So the box is drawn in proportion to the rates, the second place in
//! proportion to those that are left, and so on (Plackett and Luce). With gamma = 1 sales form a Pólya
//! urn, and with newcomers the process of Yule and Simon.
//!
//! Source: Eggenberger and Pólya 1923; Yule 1925; Simon 1955, "On a Class of Skew Distribution
//! Functions"; Luce 1959 for the slate.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::random::Lots;
use super::{About, Candidates, Chance, Merit, Policy, Ranking, Reads, Term, Weight};
use crate::rng::unit64;

/// Draws the slate with chances in proportion to (a + c · sales)^gamma, sales being the orders that the
/// seller ever took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Popularity {
    /// What everybody starts with [orders].
    #[garde(range(min = 1e-6, max = 1e6))]
    pub a: f64,
    /// What each order adds [weight].
    #[garde(range(min = 0.0, max = 1e6))]
    pub c: f64,
    /// How much more than in proportion the popular win [power].
    #[garde(range(min = 0.0, max = 4.0))]
    pub gamma: f64,
}

impl Policy for Popularity {
    const ABOUT: About = About {
        name: "popularity",
        says: "Draws the box with chances that grow with past sales: success breeds success.",
        formula: "rate = (a + c * sales)^gamma; score = -(an exponential draw of mean 1) / rate",
        source: "Pólya 1923; Yule 1925; Simon 1955; Luce 1959",
        reference: r#"
a = 1.0 # [R] the urn of the known answers
c = 1.0 # [R] the urn of the known answers
gamma = 1.0 # [R] in proportion
"#,
    };

    fn build(&self) -> Box<dyn Ranking> {
        Box::new(Race { a: self.a, c: self.c, gamma: self.gamma })
    }
}

struct Race {
    a: f64,
    c: f64,
    gamma: f64,
}

impl Race {
    fn rate(&self, merit: &Merit) -> f64 {
        let attraction = self.a + self.c * f64::from(merit.orders);
        if self.gamma == 1.0 { attraction } else { libm::pow(attraction, self.gamma) }
    }
}

impl Ranking for Race {
    fn weigh(&self, merit: &Merit) -> Weight {
        // The mean time of arrival, within what 32 bits can carry through the race.
        Weight { a: (1.0 / self.rate(merit)).clamp(1e-30, 1e30) as f32, b: 0.0 }
    }

    fn reads(&self) -> Reads {
        Reads { orders: true, ..Reads::default() }
    }

    fn score(&self, offers: &Candidates<'_>, chance: Chance, scores: &mut [f32]) {
        let lots = Lots::new(&mut chance.whole());
        for (i, score) in scores.iter_mut().enumerate() {
            let time = -libm::log(unit64(lots.of(offers.seller[i])));
            *score = -(time as f32) * offers.a[i];
        }
    }

    fn standing(&self, offers: &Candidates<'_>, scores: &mut [f32]) {
        for (score, mean_time) in scores.iter_mut().zip(offers.a) {
            *score = -mean_time;
        }
    }

    fn per_query(&self) -> bool {
        true
    }

    fn explain(&self, merit: &Merit, _: f32) -> Vec<Term> {
        vec![
            Term { name: "a", value: self.a },
            Term { name: "c", value: self.c },
            Term { name: "sales", value: merit.orders.into() },
            Term { name: "gamma", value: self.gamma },
            Term { name: "rate", value: self.rate(merit) },
        ]
    }

    fn explain_query(&self, offers: &Candidates<'_>, i: usize, chance: Chance) -> Vec<Term> {
        let lots = Lots::new(&mut chance.whole());
        let draw = -libm::log(unit64(lots.of(offers.seller[i])));
        let score = -(draw as f32) * offers.a[i];
        vec![Term { name: "draw", value: draw }, Term { name: "score", value: score.into() }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{argmax, columns, moments, reference, score_of};
    use super::*;

    fn sold(orders: u32) -> Merit {
        Merit { orders, ..Merit::unknown(4.0) }
    }

    #[test]
    fn the_box_is_drawn_in_proportion_and_so_is_the_place_below() {
        let policy = Popularity { a: 1.0, c: 2.0, gamma: 0.5 }.build();
        // Attractions 1, 3, 9, of which the rates are the roots.
        let merits = [sold(0), sold(1), sold(4)];
        let rates: Vec<f64> = [1.0, 3.0, 9.0].map(libm::sqrt).to_vec();
        let market = columns(policy.as_ref(), &merits, &[1.0, 2.0, 3.0]);
        let queries = 60_000;
        let (mut first, mut second_after_last) = ([0.0f64; 3], [0.0f64; 3]);
        for session in 0..queries {
            let mut scores = score_of(policy.as_ref(), &market, 51, session);
            let winner = argmax(&scores);
            first[winner] += 1.0;
            if winner == 2 {
                scores[2] = f32::NEG_INFINITY;
                second_after_last[argmax(&scores)] += 1.0;
            }
        }
        let sum: f64 = rates.iter().sum();
        for i in 0..3 {
            let (share, due) = (first[i] / queries as f64, rates[i] / sum);
            let se = libm::sqrt(due * (1.0 - due) / queries as f64);
            assert!((share - due).abs() < 4.0 * se, "seed 51: offer {i} won {share}, not {due}");
        }
        let due = rates[0] / (rates[0] + rates[1]);
        let share = second_after_last[0] / first[2];
        let se = libm::sqrt(due * (1.0 - due) / first[2]);
        assert!((share - due).abs() < 4.0 * se, "seed 51: second place {share}, not {due}");
    }

    /// Known answer: in Pólya's urn with a = c, the share of sales ends uniform: mean 1/2, and variance
    /// (n + 2)/(12 n) at n sales, that is 1/12 in the limit.
    #[test]
    fn sales_of_two_form_polyas_urn() {
        let policy = reference("popularity").build();
        let (worlds, sales) = (1_000u64, 500u32);
        let mut shares: Vec<f64> = Vec::new();
        for world in 0..worlds {
            let mut merits = [sold(0), sold(0)];
            for sale in 0..sales {
                let market = columns(policy.as_ref(), &merits, &[1.0, 1.0]);
                let session = world * u64::from(sales) + u64::from(sale);
                merits[argmax(&score_of(policy.as_ref(), &market, 52, session))].orders += 1;
            }
            shares.push(f64::from(merits[0].orders) / f64::from(sales));
        }
        let (mean, variance) = moments(&shares);
        let variance0 = f64::from(sales + 2) / (12.0 * f64::from(sales));
        let root = libm::sqrt(worlds as f64);
        assert!((mean - 0.5).abs() < 4.0 * libm::sqrt(variance0) / root, "seed 52: mean {mean}");
        // A uniform's squared deviation has variance 1/180.
        let tolerance = 4.0 * libm::sqrt(1.0 / 180.0) / root;
        assert!((variance - variance0).abs() < tolerance, "seed 52: variance {variance}");
        shares.sort_by(f64::total_cmp);
        let distance = shares
            .iter()
            .enumerate()
            .fold(0.0f64, |d, (i, share)| d.max((share - (i as f64 + 0.5) / worlds as f64).abs()));
        // Kolmogorov-Smirnov at .1 %, and the width of half a sale.
        assert!(distance < 1.95 / root + 0.002, "seed 52: distance {distance} from uniform");
    }
}
