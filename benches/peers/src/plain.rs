//! What one writes in ten minutes: a `Vec` of offers for each product, all behind one lock.

use std::sync::{PoisonError, RwLock};

use anyhow::Result;

use crate::market::{Change, Market, Offer, Query, SLATE};
use crate::peer::{Peer, Reader, Writer};

/// Offers behind a lock. A batch of changes takes the lock once.
pub struct Plain {
    products: RwLock<Vec<Vec<Offer>>>,
}

impl Plain {
    /// The offers of a market.
    pub fn of(market: &Market) -> Plain {
        Plain { products: RwLock::new(market.products.clone()) }
    }
}

impl Peer for Plain {
    type Reader<'a> = PlainReader<'a>;
    type Writer<'a> = PlainWriter<'a>;

    fn reader(&self) -> Result<PlainReader<'_>> {
        Ok(PlainReader { peer: self, found: vec![] })
    }

    fn writer(&self) -> Result<PlainWriter<'_>> {
        Ok(PlainWriter { peer: self })
    }
}

/// Filters, scores, selects and sorts.
pub struct PlainReader<'a> {
    peer: &'a Plain,
    found: Vec<(f32, u32)>,
}

impl Reader for PlainReader<'_> {
    fn top10(&mut self, query: Query) -> Result<usize> {
        let found = &mut self.found;
        found.clear();
        let products = self.peer.products.read().unwrap_or_else(PoisonError::into_inner);
        for (row, offer) in (0u32..).zip(&products[query.product as usize]) {
            if offer.serves(query.country) {
                found.push((offer.weight / (offer.price_cents as f32 / 100.0), row));
            }
        }
        drop(products);
        let better = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0);
        if found.len() > SLATE {
            found.select_nth_unstable_by(SLATE, better);
            found.truncate(SLATE);
        }
        found.sort_unstable_by(better);
        Ok(found.len())
    }

    fn rows(&self, rows: &mut Vec<u32>) {
        rows.clear();
        rows.extend(self.found.iter().map(|(_, row)| row));
    }
}

/// Writes offers in place.
pub struct PlainWriter<'a> {
    peer: &'a Plain,
}

impl Writer for PlainWriter<'_> {
    fn apply(&mut self, changes: &[Change]) -> Result<()> {
        let mut products = self.peer.products.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            let offer = &mut products[change.product as usize][change.row as usize];
            offer.price_cents = change.offer.price_cents;
            offer.stock = change.offer.stock;
        }
        Ok(())
    }
}
