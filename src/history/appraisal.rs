//! A visit taken apart: every candidate of its slate with what it was truly worth to the shopper.

use crate::units::{ClassId, CountryId, ProductId, SellerId, SessionId, SimTime};

/// A visit with all that could have been shown to it, as somebody sees it who knows true quality.
///
/// It is no fact: nobody on the market knows it, it is told of a sample of visits alone, and it enters
/// no digest. Metrics that compare what was shown with what was there are made of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Appraisal<'a> {
    /// When the visit took place.
    pub at: SimTime,
    /// The visit.
    pub session: SessionId,
    /// What was looked for.
    pub product: ProductId,
    /// Where it would go.
    pub country: CountryId,
    /// The shopper's class.
    pub class: ClassId,
    /// Whether the visit is of the sample of visits. If not, it is told because it ended in an order,
    /// which are rarer and sampled more densely: see [`Appraisal::chosen`].
    pub of_visits: bool,
    /// The class's price sensitivity [utility/EUR].
    pub alpha: f64,
    /// Utility of leaving without buying [utility]; none where nobody leaves.
    pub leaving: Option<f64>,
    /// How many places the shopper looked at: all of the slate, or the box alone.
    pub looked: usize,
    /// The place that was bought from, 1 for the box; none where the visit ended without an order,
    /// also for want of a way to pay.
    pub chosen: Option<u8>,
    /// Every offer that could be sold to the shopper's country then, shown or not; how the shopper can
    /// pay is not known when the slate is made, and leaves none out. In the order of the shelf.
    pub candidates: &'a [Appraised],
}

/// One candidate of an appraisal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Appraised {
    /// Who offers.
    pub seller: SellerId,
    /// Asking price [cents].
    pub price_cents: u32,
    /// What the offer is truly worth to the shopper, less its price [EUR]: what a star is worth to the
    /// class times the mean stars that the seller's quality of today earns, less the price.
    pub value: f64,
    /// The policy's score in this query.
    pub score: f32,
    /// The policy's score with chance taken out, had it unlimited evidence of today's true quality.
    pub true_score: f32,
    /// Where it was shown, and how it looked there.
    pub shown: Option<Place>,
}

/// A place of the slate as the shopper saw it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Its number, 1 for the box.
    pub number: u8,
    /// The systematic utility of the offer to the shopper, as if it were in the first place.
    pub utility: f64,
}

impl Appraisal<'_> {
    /// The candidate shown in a place, 1 for the box.
    pub fn at_place(&self, number: u8) -> Option<&Appraised> {
        let there = |one: &&Appraised| one.shown.is_some_and(|place| place.number == number);
        self.candidates.iter().find(there)
    }
}
