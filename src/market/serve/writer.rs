//! How sellers' changes and shoppers' reviews get in: in batches, published product by product.

use super::{Core, OfferAt};
use crate::ranking::Weight;
use crate::units::{CategoryId, SellerId};

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// An asking price.
    Price,
    /// Units on a shelf.
    Stock,
    /// A published review.
    Review,
}

/// A change of one offer that is about to be published.
#[derive(Debug, Clone, Copy)]
struct Edit {
    offer: OfferAt,
    /// Its number among the edits of a batch: later ones win.
    nth: u32,
    stamp: u64,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Price(u32),
    Stock(u32),
    /// A weight and the version of the account that it was made of.
    Weight(Weight, u64),
}

#[derive(Debug, Clone, Copy)]
struct Review {
    seller: SellerId,
    category: CategoryId,
    stars: u8,
    stamp: u64,
}

/// Collects changes and publishes them, one for each writing thread.
///
/// Every change has a stamp of the caller [ns]. When as many wait as the batch holds, or at a flush, all
/// are published, product by product, and `shown(kind, stamp)` is called for each as soon as every
/// ranking that begins from then on sees it; a review counts as seen when all offers of its seller show
/// it. Changes that wait when a writer is dropped are lost: flush first.
#[derive(Debug)]
pub struct Writer<'a> {
    core: &'a Core,
    batch: usize,
    edits: Vec<Edit>,
    reviews: Vec<Review>,
    /// Sellers with reviews in the batch.
    reviewed: Vec<SellerId>,
}

/// Products whose views a flush brings in at most, where the policy reads them.
const SWEEP: usize = 64;

impl<'a> Writer<'a> {
    pub(super) fn new(core: &'a Core, batch: usize) -> Self {
        Writer { core, batch: batch.max(1), edits: vec![], reviews: vec![], reviewed: vec![] }
    }

    /// Asks another price [cents] for an offer; nothing changes where there is no such offer.
    pub fn reprice(
        &mut self,
        offer: OfferAt,
        price_cents: u32,
        stamp: u64,
        shown: &mut impl FnMut(Change, u64),
    ) {
        self.edit(offer, What::Price(price_cents), stamp);
        self.flush_if_full(shown);
    }

    /// Puts units on the shelf of an offer, as many as can be counted; they can be bought once they are
    /// published.
    pub fn restock(
        &mut self,
        offer: OfferAt,
        units: u32,
        stamp: u64,
        shown: &mut impl FnMut(Change, u64),
    ) {
        self.edit(offer, What::Stock(units), stamp);
        self.flush_if_full(shown);
    }

    /// Publishes a review of 1 to 5 stars for an order in a category.
    ///
    /// # Panics
    /// If there is no such seller or category.
    pub fn review(
        &mut self,
        seller: SellerId,
        category: CategoryId,
        stars: u8,
        stamp: u64,
        shown: &mut impl FnMut(Change, u64),
    ) {
        self.reviews.push(Review { seller, category, stars, stamp });
        self.flush_if_full(shown);
    }

    /// How many changes wait.
    pub fn waiting(&self) -> usize {
        self.edits.len() + self.reviews.len()
    }

    /// Publishes all changes that wait.
    pub fn flush(&mut self, shown: &mut impl FnMut(Change, u64)) {
        self.take_reviews();
        // Most batches touch a product once; those that do not keep the order of what was said.
        self.edits.sort_unstable_by_key(|edit| (edit.offer.product, edit.nth));
        for edits in self.edits.chunk_by(|one, next| one.offer.product == next.offer.product) {
            self.publish(edits);
            for edit in edits {
                match edit.what {
                    What::Price(_) => shown(Change::Price, edit.stamp),
                    What::Stock(_) => shown(Change::Stock, edit.stamp),
                    What::Weight(..) => {}
                }
            }
        }
        self.edits.clear();
        for review in self.reviews.drain(..) {
            shown(Change::Review, review.stamp);
        }
        self.core.refresh_views(SWEEP);
    }

    fn flush_if_full(&mut self, shown: &mut impl FnMut(Change, u64)) {
        if self.waiting() >= self.batch {
            self.flush(shown);
        }
    }

    fn edit(&mut self, offer: OfferAt, what: What, stamp: u64) {
        let nth = self.edits.len() as u32;
        self.edits.push(Edit { offer, nth, stamp, what });
    }

    /// Counts the reviews and weighs their sellers anew, each once.
    fn take_reviews(&mut self) {
        self.reviewed.clear();
        for review in &self.reviews {
            let mut account = self.core.accounts.of(review.seller);
            account.note(review.category, |tally| tally.review(review.stars));
            self.reviewed.push(review.seller);
        }
        self.reviewed.sort_unstable();
        self.reviewed.dedup();
        for seller in std::mem::take(&mut self.reviewed) {
            self.core.weigh_offers(seller, |offer, weight, version| {
                let nth = self.edits.len() as u32;
                let what = What::Weight(weight, version);
                self.edits.push(Edit { offer, nth, stamp: 0, what });
            });
        }
    }

    /// Publishes the changes of one product together.
    fn publish(&self, edits: &[Edit]) {
        let core = self.core;
        let number = edits[0].offer.product;
        core.change(number, |_, shelf| {
            for edit in edits {
                let Some(place) = core.place(edit.offer) else { continue };
                let row = edit.offer.row;
                match edit.what {
                    What::Price(price_cents) => {
                        core.tills[place].ask(price_cents);
                        shelf.ask(row, price_cents);
                    }
                    What::Stock(units) => {
                        core.tills[place].add(units);
                        shelf.open(row, core.reach(place));
                    }
                    What::Weight(weight, version) => shelf.weigh(row, weight, version),
                }
            }
        });
    }
}
