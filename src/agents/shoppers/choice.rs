//! What a shopper takes: a multinomial logit over the places looked at and leaving.
//!
//! The utility of the offer in place k is
//! V = α·(w·(stars − neutral) − d·(days − neutral days) − (price − reference)) − ln k
//! plus Gumbel noise, days being those promised. Instead of adding Gumbel noise and taking the
//! greatest, every alternative runs an exponential race: it arrives at E / exp(V) with E exponential of
//! mean 1, and the first to arrive is taken. The two are the same distribution (the negated logarithm of
//! an exponential is Gumbel), and the race needs one logarithm less, and no logarithm of the place.
//!
//! Two other ways through a slate, for markets whose outcome is known exactly, are [`CascadeSpec`] and
//! [`PositionSpec`].

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::{Dice, Purpose, exp, ln};
use crate::units::{SellerId, SessionId};

/// `[shoppers.choice]`: how a slate is looked at and left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceSpec {
    /// Utility of leaving without buying [utility]; absent: nobody leaves.
    #[garde(range(min = -100.0, max = 100.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving: Option<f64>,
    /// Stars that a shopper assumes of a seller whose rating is not shown, and at which a rating
    /// neither helps nor hurts [stars].
    #[garde(range(min = 1.0, max = 5.0))]
    pub neutral_stars: f64,
    /// Promised days of delivery that neither help nor hurt an offer [days].
    #[garde(range(min = 0.0, max = 1_000.0))]
    pub neutral_days: f64,
    /// Reviews from which a seller's rating is shown [count].
    #[garde(range(min = 1, max = 1_000_000))]
    pub shown_from_reviews: u32,
    /// Places are looked at one by one and judged each by itself, in place of the logit; absent: they
    /// are not. Not together with `position`.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cascade: Option<CascadeSpec>,
    /// Only some places are looked at, and the logit chooses among these, without the term of the
    /// place; absent: all are looked at, with it. Not together with `cascade`.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionSpec>,
}

/// `[shoppers.choice.cascade]`: places are looked at from the top, and each is taken with the same
/// chance, or else the next is looked at; who comes to the end leaves, and neither prices nor stars nor
/// `leaving` matter. Place k is taken with the chance take·(1 − take)^(k − 1): the cascade model of
/// Craswell, Zoeter, Taylor and Ramsey 2008, "An Experimental Comparison of Click Position-Bias Models".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CascadeSpec {
    /// Chance that a place which is looked at is taken [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub take: f64,
}

/// `[shoppers.choice.position]`: place k is looked at with the chance 1/k^decay, each by itself: the
/// examination hypothesis of Richardson, Dominowska and Ragno 2007, "Predicting Clicks".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PositionSpec {
    /// How fast the chance falls with the place: 0 looks at all of them [power].
    #[garde(range(min = 0.0, max = 10.0))]
    pub decay: f64,
}

/// How shoppers go through the places that they may look at.
#[derive(Debug, Clone, PartialEq)]
pub enum Browsing {
    /// All compete, with −ln k in the utility of place k.
    All,
    /// One by one, each taken with this chance.
    Cascade(f64),
    /// Those compete that are looked at, without a term of the place: the chance of each place, the
    /// first is 1.
    Position(Vec<f64>),
}

impl ChoiceSpec {
    /// How places are gone through, for slates of at most so many.
    pub fn browsing(&self, slate_length: usize) -> Browsing {
        if let Some(cascade) = self.cascade {
            return Browsing::Cascade(cascade.take);
        }
        let chances = |position: PositionSpec| {
            (1..=slate_length).map(|k| libm::pow(k as f64, -position.decay)).collect()
        };
        self.position.map_or(Browsing::All, |position| Browsing::Position(chances(position)))
    }
}

/// What a class of shoppers likes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taste {
    /// Price sensitivity [utility/EUR].
    pub alpha: f64,
    /// What a star is worth [EUR/star].
    pub star_eur: f64,
    /// What a day less of promised delivery is worth [EUR].
    pub promise_eur_per_day: f64,
}

/// One place of the slate as a shopper sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glance {
    /// Who offers; taste is drawn for each seller, whatever its place.
    pub seller: SellerId,
    /// Asking price [EUR].
    pub price: f64,
    /// Stars shown, or the neutral number where none are.
    pub stars: f64,
    /// Days in which delivery to the shopper is promised.
    pub days: f64,
}

/// A shopper in front of a slate.
#[derive(Debug, Clone, Copy)]
pub struct Chooser {
    /// The root that tastes are drawn from.
    pub dice: Dice,
    /// The visit, which keys the draws.
    pub session: SessionId,
    /// What the shopper's class cares for.
    pub taste: Taste,
    /// The going reference price of the product [EUR].
    pub reference: f64,
    /// Stars at which quality neither adds to an offer nor takes from it [stars].
    pub neutral_stars: f64,
    /// Promised days that neither add to an offer nor take from it [days].
    pub neutral_days: f64,
}

/// Places that are drawn for together: their draws don't wait for one another.
const TOGETHER: usize = 8;

/// When leaving arrives in the race, by the shopper's uniform draw about it; never where nobody leaves.
pub fn leaves(leaving: Option<f64>, unit: f64) -> f64 {
    leaving.map_or(f64::INFINITY, |slowness| -ln(unit) * slowness)
}

impl Chooser {
    /// The place taken (1 for the box), or `None` for leaving, among `looked_at`, best place first.
    /// Leaving arrives at `leaves`; where it never does, something is always taken.
    pub fn choose(&self, looked_at: &[Glance], leaves: f64) -> Option<u8> {
        self.race(looked_at, leaves, f64::from)
    }

    /// The same for any way of going through the places.
    #[inline]
    pub fn browse(&self, browsing: &Browsing, looked_at: &[Glance], leaves: f64) -> Option<u8> {
        match browsing {
            Browsing::All => self.choose(looked_at, leaves),
            Browsing::Cascade(take) => self.cascade(looked_at, *take),
            Browsing::Position(chances) => self.by_position(looked_at, leaves, chances),
        }
    }

    /// The place taken among those that are looked at by chance: another never arrives.
    #[cold]
    fn by_position(&self, looked_at: &[Glance], leaves: f64, chances: &[f64]) -> Option<u8> {
        let factor = |place| if self.examines(place, chances) { 1.0 } else { f64::INFINITY };
        self.race(looked_at, leaves, factor)
    }

    /// The first place from the top that is taken; the draw is about the seller, as a taste is.
    #[cold]
    fn cascade(&self, looked_at: &[Glance], take: f64) -> Option<u8> {
        let taken = |glance: &Glance| {
            let draw = self.dice.block(self.session.0, glance.seller.0, Purpose::Taste);
            draw.fine_unit(0) < take
        };
        looked_at.iter().position(taken).map(|place| place as u8 + 1)
    }

    /// Whether a place is looked at.
    fn examines(&self, place: u8, chances: &[f64]) -> bool {
        let chance = chances.get(usize::from(place) - 1).copied().unwrap_or(0.0);
        let draw =
            || self.dice.block(self.session.0, u32::from(place), Purpose::Examination).unit(0);
        chance >= 1.0 || draw() < chance
    }

    /// The race of choices, in which place k is slower by `factor(k)`.
    #[inline]
    fn race(&self, looked_at: &[Glance], leaves: f64, factor: impl Fn(u8) -> f64) -> Option<u8> {
        let mut first = leaves;
        let mut taken = (leaves == f64::INFINITY && !looked_at.is_empty()).then_some(1);
        let mut place = 0u8;
        for some in looked_at.chunks(TOGETHER) {
            let mut units = [0.0; TOGETHER];
            for (unit, glance) in units.iter_mut().zip(some) {
                let draw = self.dice.block(self.session.0, glance.seller.0, Purpose::Taste);
                *unit = draw.fine_unit(0);
            }
            for (unit, glance) in units.iter().zip(some) {
                place += 1;
                let slowness = exp(-self.utility(glance)) * factor(place);
                // −ln u is at least 1 − u: most are beaten before their logarithm is taken.
                if (1.0 - unit) * slowness >= first {
                    continue;
                }
                let arrival = -ln(*unit) * slowness;
                if arrival < first {
                    (first, taken) = (arrival, Some(place));
                }
            }
        }
        taken
    }

    /// The systematic utility of an offer in the first place.
    #[inline]
    pub fn utility(&self, glance: &Glance) -> f64 {
        let stars = self.taste.star_eur * (glance.stars - self.neutral_stars);
        let wait = self.taste.promise_eur_per_day * (glance.days - self.neutral_days);
        self.taste.alpha * (stars - wait - (glance.price - self.reference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answer of `measures.md`: V = (0; 1, .5, 0), the first leaving.
    #[test]
    fn shares_are_those_of_the_logit() {
        let expected = [0.15706, 0.42693, 0.25895, 0.15706];
        let n = 200_000u64;
        let mut taken = [0u32; 4];
        for j in 0..n {
            let session = SessionId(j);
            let chooser = Chooser {
                dice: Dice::new(7, 0),
                session,
                taste: Taste { alpha: 1.0, star_eur: 0.0, promise_eur_per_day: 0.0 },
                reference: 0.0,
                neutral_stars: 4.0,
                neutral_days: 0.0,
            };
            // The utility of place k carries −ln k: undo it, to state the utilities of the case.
            let utilities: [f64; 3] = [1.0, 0.5, 0.0];
            let glances: [Glance; 3] = std::array::from_fn(|i| Glance {
                seller: SellerId(i as u32),
                price: -(utilities[i] + libm::log((i + 1) as f64)),
                stars: 4.0,
                days: 3.0,
            });
            let unit = Dice::new(7, 0).block(session.0, 0, Purpose::Shopper).fine_unit(0);
            taken[chooser.choose(&glances, leaves(Some(1.0), unit)).map_or(0, usize::from)] += 1;
        }
        for (i, p) in expected.iter().enumerate() {
            let got = f64::from(taken[i]) / n as f64;
            let four_sigma = 4.0 * (p * (1.0 - p) / n as f64).sqrt();
            assert!((got - p).abs() < four_sigma, "place {i}: {got} is not {p} ± {four_sigma}");
        }
    }

    #[test]
    fn where_nobody_leaves_something_is_always_taken() {
        let chooser = Chooser {
            dice: Dice::new(1, 0),
            session: SessionId(1),
            taste: Taste { alpha: 1.0, star_eur: 0.0, promise_eur_per_day: 0.0 },
            reference: 0.0,
            neutral_stars: 4.0,
            neutral_days: 0.0,
        };
        // A price so absurd that its race never ends is still better than nothing.
        let glance = Glance { seller: SellerId(1), price: 1e9, stars: 1.0, days: 9.0 };
        assert_eq!(chooser.choose(&[glance], leaves(None, 0.5)), Some(1));
        assert_eq!(chooser.choose(&[], leaves(None, 0.5)), None);
    }
    #[test]
    fn a_day_less_is_worth_what_the_class_says() {
        let taste = Taste { alpha: 0.5, star_eur: 60.0, promise_eur_per_day: 2.0 };
        let (dice, session) = (Dice::new(1, 0), SessionId(1));
        let chooser = Chooser {
            dice,
            session,
            taste,
            reference: 100.0,
            neutral_stars: 4.0,
            neutral_days: 8.0,
        };
        let usual = Glance { seller: SellerId(1), price: 100.0, stars: 4.0, days: 8.0 };
        assert_eq!(chooser.utility(&usual), 0.0);
        // Three days sooner make up for 6 EUR.
        assert_eq!(chooser.utility(&Glance { days: 5.0, price: 106.0, ..usual }), 0.0);
        assert_eq!(chooser.utility(&Glance { days: 9.0, ..usual }), -1.0);
    }
}
