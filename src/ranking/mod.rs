//! Ranking policies: rules that turn the candidates of a product into a slate. One a file.
//!
//! A policy works in two steps, so that the read path touches flat columns alone. [`Ranking::weigh`]
//! reads a seller's [`Merit`] and makes a [`Weight`] of it; the market calls it when that seller's
//! reputation was refreshed and keeps the result beside the price. [`Ranking::score`] runs for every
//! query over the columns of one product's offers.
//!
//! A scenario names its policy by a table ([`RankingSpec`]); [`POLICIES`] tells people what there is.
//! A new policy is a file here, its `mod` line, and its line in the list at the end of this one.

mod buy_box;
mod cheapest;
mod epp;
mod epsilon_greedy;
mod evidence;
mod fair_exposure;
mod mean_rating;
mod objective;
mod oracle_quality;
mod oracle_value;
mod popularity;
mod quality_per_price;
mod random;
mod thompson;
mod ucb;
mod wilson;

#[cfg(test)]
mod tests;

pub use evidence::Evidence;

use crate::rng::{Dice, Purpose, Stream};
use crate::units::{SellerId, SessionId};

/// What a policy may know about an offer's seller, as of the last refresh.
///
/// With the feedback channel `ranking` cut, every policy sees [`Merit::unknown`] for everybody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merit {
    /// Published reviews.
    pub reviews: u32,
    /// Sum of their stars.
    pub stars: u32,
    /// What real-valued stars are beyond that sum [thousandths of a star]; 0 where stars are whole.
    pub rest_milli: i32,
    /// Reviews of 4 or 5 stars.
    pub positive: u32,
    /// Reviews within the reputation's window.
    pub recent_reviews: u32,
    /// Sum of the stars of reviews within the window.
    pub recent_stars: u32,
    /// What real-valued stars are beyond that sum [thousandths of a star].
    pub recent_rest_milli: i32,
    /// Reviews of 4 or 5 stars within the window.
    pub recent_positive: u32,
    /// Orders taken.
    pub orders: u32,
    /// Orders that came after the promised day.
    pub late: u32,
    /// Orders that came with a unit that does not work.
    pub defective: u32,
    /// Orders that were sent back.
    pub returned: u32,
    /// Orders that the seller called off.
    pub cancelled: u32,
    /// Reviews within the offer's category.
    pub category_reviews: u32,
    /// Sum of the stars of reviews within the offer's category.
    pub category_stars: u32,
    /// What real-valued stars are beyond that sum [thousandths of a star].
    pub category_rest_milli: i32,
    /// Reviews of 4 or 5 stars within the offer's category.
    pub category_positive: u32,
    /// Orders taken within the offer's category.
    pub category_orders: u32,
    /// Of these, orders that came after the promised day.
    pub category_late: u32,
    /// Of these, orders that came with a unit that does not work.
    pub category_defective: u32,
    /// Of these, orders that were sent back.
    pub category_returned: u32,
    /// Of these, orders that the seller called off.
    pub category_cancelled: u32,
    /// Requests of customers that were answered.
    pub requests: u32,
    /// Time those answers took in all [hours].
    pub answer_hours: u32,
    /// Views of this offer so far, a view of place k counting 1/k.
    pub exposure: f64,
    /// The mean stars that true quality earns: for the `oracle-…` policies alone.
    pub true_stars: f64,
}

impl Merit {
    /// Somebody of whom nothing was learned; `true_stars` stays what it is.
    pub const fn unknown(true_stars: f64) -> Self {
        Merit {
            reviews: 0,
            stars: 0,
            rest_milli: 0,
            positive: 0,
            recent_reviews: 0,
            recent_stars: 0,
            recent_rest_milli: 0,
            recent_positive: 0,
            orders: 0,
            late: 0,
            defective: 0,
            returned: 0,
            cancelled: 0,
            category_reviews: 0,
            category_stars: 0,
            category_rest_milli: 0,
            category_positive: 0,
            category_orders: 0,
            category_late: 0,
            category_defective: 0,
            category_returned: 0,
            category_cancelled: 0,
            requests: 0,
            answer_hours: 0,
            exposure: 0.0,
            true_stars,
        }
    }
}

/// The parts of a [`Merit`] that change more often than reviews come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reads {
    /// [`Merit::orders`].
    pub orders: bool,
    /// What became of orders (late, defective, returned, cancelled), and how fast requests about them
    /// were answered.
    pub outcomes: bool,
    /// [`Merit::exposure`], which changes with every view and differs from offer to offer.
    pub exposure: bool,
    /// What was learned within the offer's category, so that a seller's offers weigh differently.
    pub category: bool,
}

impl Reads {
    /// What either of two reads.
    #[must_use]
    pub fn or(self, other: Reads) -> Reads {
        Reads {
            orders: self.orders || other.orders,
            outcomes: self.outcomes || other.outcomes,
            exposure: self.exposure || other.exposure,
            category: self.category || other.category,
        }
    }
}

/// What a policy keeps of a merit: two numbers, whose meaning is the policy's own.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weight {
    /// Such as the weight of the estimated quality, or the first shape of a posterior.
    pub a: f32,
    /// Such as the number of reviews behind it, or the second shape; 0 where one number is enough.
    pub b: f32,
}

/// The columns of one product's offers, all of one length. Offers that cannot be bought now are
/// still in them: the market masks their scores afterwards.
#[derive(Debug, Clone, Copy)]
pub struct Candidates<'a> {
    /// Asking price [EUR], greater than 0.
    pub price: &'a [f32],
    /// [`Weight::a`] of each.
    pub a: &'a [f32],
    /// [`Weight::b`] of each.
    pub b: &'a [f32],
    /// Who offers.
    pub seller: &'a [SellerId],
    /// What a star is worth to the shopper who asks [EUR/star].
    pub star_eur: f32,
}

impl Candidates<'_> {
    /// The weight of the `i`-th.
    pub fn weight(&self, i: usize) -> Weight {
        Weight { a: self.a[i], b: self.b[i] }
    }
}

/// The chance that a stochastic policy may use for one query: keyed by (session, seller), so that it
/// does not depend on who else is in the slate.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    /// The root of what happens.
    pub dice: Dice,
    /// The query, by its visit.
    pub session: SessionId,
}

impl Chance {
    /// Draws about one seller within this query.
    pub fn about(&self, seller: SellerId) -> Stream {
        self.dice.stream(self.session.0, seller.0, Purpose::Policy)
    }

    /// Draws about the query as a whole.
    pub fn whole(&self) -> Stream {
        self.dice.stream(self.session.0, u32::MAX, Purpose::Policy)
    }
}

/// One named number of a score taken apart.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Term {
    /// The name that the policy's [`About::formula`] uses.
    pub name: &'static str,
    /// Its value, in the unit of the term.
    pub value: f64,
}

/// A ranking policy. The offer with the greatest score takes the box; equal scores are ordered by a
/// seeded draw that the market makes.
///
/// Scores are compared within one query and mean nothing outside it: a policy is free to give any
/// increasing function of the formula it states. They are never NaN for finite prices above 0.
pub trait Ranking: Send + Sync {
    /// What to keep of a seller's merit.
    fn weigh(&self, merit: &Merit) -> Weight;

    /// Writes the score of every candidate; all slices have the same length.
    fn score(&self, offers: &Candidates<'_>, chance: Chance, scores: &mut [f32]);

    /// Writes the scores with chance taken out (a draw's mean, a rule without its experiments): how
    /// the offers stand as the platform would tell their sellers. A policy that draws must say it.
    fn standing(&self, offers: &Candidates<'_>, scores: &mut [f32]) {
        // A policy that comes here reads no chance, so any will do.
        self.score(offers, Chance { dice: Dice::new(0, 0), session: SessionId(0) }, scores);
    }

    /// The price [EUR] at which candidate `i` would stand at `rival`, a [`Ranking::standing`] among the
    /// same candidates: what the platform tells a seller who asks for the price to win. `None` where
    /// no price does it, or price does not matter.
    fn price_to_win(&self, offers: &Candidates<'_>, i: usize, rival: f32) -> Option<f32> {
        let _ = (offers, i, rival);
        None
    }

    /// Which parts of a [`Merit`] weights depend on, besides reviews and true stars: what is not read
    /// needs no refresh.
    fn reads(&self) -> Reads {
        Reads::default()
    }

    /// Whether scores depend on chance or on the shopper, and not on the columns alone.
    fn per_query(&self) -> bool {
        false
    }

    /// The score taken apart, in the names of [`About::formula`], so that a person can redo the sum.
    /// The last term is the `score` itself where it depends on this offer alone.
    fn explain(&self, merit: &Merit, price_eur: f32) -> Vec<Term>;

    /// The terms that come after those of [`Ranking::explain`] where the score of candidate `i` depends
    /// on the other candidates, the shopper or a draw; the last is the `score` for this query. Empty
    /// where the offer alone decides.
    fn explain_query(&self, offers: &Candidates<'_>, i: usize, chance: Chance) -> Vec<Term> {
        let _ = (offers, i, chance);
        Vec::new()
    }
}

/// What a policy is, as lists and reports say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The name of its table in a scenario.
    pub name: &'static str,
    /// One sentence for people.
    pub says: &'static str,
    /// How the score is made of the terms of [`Ranking::explain`].
    pub formula: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    /// Its keys in TOML at their reference values, each with where it comes from: `[M]` measured,
    /// `[R]` read, `[A]` assumed.
    pub reference: &'static str,
}

/// What a policy's file gives to the registry; it is implemented by the policy's table of keys.
trait Policy {
    /// What it is.
    const ABOUT: About;

    /// The policy these keys describe. They are valid.
    fn build(&self) -> Box<dyn Ranking>;
}

/// The smallest `price_power` but 0. Scores are 32 bits wide: quality is raised to
/// `quality_power / price_power`, and beyond the 40th power good sellers would start to tie.
const LEAST_PRICE_POWER: f64 = 0.1;

/// Holds `price_power` to 0 (price does not matter) or at least [`LEAST_PRICE_POWER`].
fn usable_power(value: &f64, (): &()) -> garde::Result {
    if *value == 0.0 || *value >= LEAST_PRICE_POWER {
        return Ok(());
    }
    Err(garde::Error::new(format!("must be 0 (price ignored) or at least {LEAST_PRICE_POWER}")))
}

macro_rules! policies {
    ($($variant:ident($spec:path)),* $(,)?) => {
        /// The ranking policy of a scenario: a table named by the policy, holding its keys.
        #[derive(
            Debug, Clone, PartialEq,
            serde::Serialize, serde::Deserialize, garde::Validate, schemars::JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        #[schemars(title = "ranking policy")]
        pub enum RankingSpec {
            $(#[allow(missing_docs)] $variant(#[garde(dive)] $spec),)*
        }

        impl RankingSpec {
            /// The policy this table describes. The table must have been validated.
            pub fn build(&self) -> Box<dyn Ranking> {
                match self { $(RankingSpec::$variant(spec) => spec.build(),)* }
            }

            /// What the policy is.
            pub fn about(&self) -> About {
                match self { $(RankingSpec::$variant(_) => <$spec as Policy>::ABOUT,)* }
            }

            /// The policy called `name` with the reference values of its keys.
            pub fn reference(name: &str) -> Option<RankingSpec> {
                $(
                    if <$spec as Policy>::ABOUT.name == name {
                        let spec = toml::from_str(<$spec as Policy>::ABOUT.reference);
                        return spec.ok().map(RankingSpec::$variant);
                    }
                )*
                None
            }
        }

        /// Every policy there is, in the order in which people should meet them.
        pub const POLICIES: &[About] = &[$(<$spec as Policy>::ABOUT),*];
    };
}

policies! {
    Random(random::Random),
    Cheapest(cheapest::Cheapest),
    MeanRating(mean_rating::MeanRating),
    QualityPerPrice(quality_per_price::QualityPerPrice),
    Box(buy_box::BuyBox),
    Wilson(wilson::Wilson),
    Epp(epp::Epp),
    Thompson(thompson::Thompson),
    Ucb(ucb::Ucb),
    EpsilonGreedy(epsilon_greedy::EpsilonGreedy),
    FairExposure(fair_exposure::FairExposure),
    Popularity(popularity::Popularity),
    OracleQuality(oracle_quality::OracleQuality),
    OracleValue(oracle_value::OracleValue),
}
