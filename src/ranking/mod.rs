//! Ranking policies: rules that turn the candidates of a product into a slate. One a file.
//!
//! A policy works in two steps, so that the read path touches flat columns alone. [`Ranking::weigh`]
//! reads a seller's [`Merit`] and makes a [`Weight`] of it; the market calls it when that seller's
//! reputation was refreshed and keeps the result beside the price. [`Ranking::score`] runs for every
//! query over the columns of one product's offers.

use crate::rng::{Dice, Purpose, Stream};
use crate::units::{SellerId, SessionId};

/// What a policy may know about an offer's seller, as of the last refresh.
///
/// With the feedback channel `ranking` cut, every policy sees [`Merit::unknown`] for everybody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merit {
    /// Published reviews, and the sum of their stars.
    pub reviews: u32,
    pub stars: u32,
    /// Reviews of 4 or 5 stars.
    pub positive: u32,
    /// The same three within the reputation's window.
    pub recent_reviews: u32,
    pub recent_stars: u32,
    pub recent_positive: u32,
    /// Orders taken, and what became of them.
    pub orders: u32,
    pub late: u32,
    pub defective: u32,
    pub returned: u32,
    pub cancelled: u32,
    /// Reviews and their stars within the offer's category.
    pub category_reviews: u32,
    pub category_stars: u32,
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
            positive: 0,
            recent_reviews: 0,
            recent_stars: 0,
            recent_positive: 0,
            orders: 0,
            late: 0,
            defective: 0,
            returned: 0,
            cancelled: 0,
            category_reviews: 0,
            category_stars: 0,
            exposure: 0.0,
            true_stars,
        }
    }
}

/// What a policy keeps of a merit: two numbers, whose meaning is the policy's own.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weight {
    pub a: f32,
    pub b: f32,
}

/// The columns of one product's offers, all of one length. Offers that cannot be bought now are
/// still in them: the market masks their scores afterwards.
#[derive(Debug, Clone, Copy)]
pub struct Candidates<'a> {
    /// Asking price [EUR].
    pub price: &'a [f32],
    /// The policy's weights.
    pub a: &'a [f32],
    pub b: &'a [f32],
    pub seller: &'a [SellerId],
    /// What a star is worth to the shopper who asks [EUR/star].
    pub star_eur: f32,
}

/// The chance that a stochastic policy may use for one query: keyed by (session, seller), so that it
/// does not depend on who else is in the slate.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    pub dice: Dice,
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

/// A ranking policy. The offer with the greatest score takes the box; equal scores are ordered by a
/// seeded draw that the market makes.
pub trait Ranking: Send + Sync {
    /// What to keep of a seller's merit.
    fn weigh(&self, merit: &Merit) -> Weight;

    /// Writes the score of every candidate; all slices have the same length.
    fn score(&self, offers: &Candidates<'_>, chance: Chance, scores: &mut [f32]);

    /// The price [EUR] at which an offer of this weight would score `rival`, if price matters here:
    /// what the platform tells a seller who asks for the price to win.
    fn price_to_win(&self, weight: Weight, rival: f32) -> Option<f32> {
        let _ = (weight, rival);
        None
    }

    /// Whether weights depend on [`Merit::exposure`], which changes with every view.
    fn reads_exposure(&self) -> bool {
        false
    }

    /// Whether scores depend on chance or on the shopper, and not on the columns alone.
    fn per_query(&self) -> bool {
        false
    }
}
