//! The ranking core of brocante, by both ways of serving.
//!
//! Sales go through `Core::buy`: they also take the unit, book the money and count the order. A batch of
//! prices and restocks is published product by product.

use anyhow::{Result, ensure};
use brocante::market::serve::{
    Core, OfferAt, OfferPlan, Plan, ProductPlan, SellerPlan, Serving, Writer as CoreWriter,
};
use brocante::protocol;
use brocante::rng::Dice;
use brocante::units::{CategoryId, ClassId, CountryId, ProductId, SellerId, SessionId};

use crate::market::{Change, Market, Offer, Query, SLATE, What, policy};
use crate::peer::{Peer, Reader, Writer};

/// A core.
pub struct Ours {
    core: Core,
}

impl Ours {
    /// The offers of a market, served one way.
    ///
    /// # Errors
    /// If the policy is missing.
    pub fn of(market: &Market, serving: Serving) -> Result<Ours> {
        let offer = |offer: &Offer| {
            let Offer { seller, price_cents, stock, ships, .. } = *offer;
            Some(OfferPlan { seller: SellerId(seller), price_cents, stock, ships, views: 0 })
        };
        let product = |offers: &Vec<Offer>| ProductPlan {
            category: CategoryId(0),
            offers: offers.iter().map(offer).collect(),
        };
        let seller = |tally| SellerPlan {
            lifetime: tally,
            window: tally,
            within: vec![tally],
            true_stars: 4.15,
            commission_ppm: 100_000,
        };
        let core = Core::of_plan(Plan {
            policy: policy()?,
            blind: false,
            dice: Dice::new(market.seed, 0),
            length: SLATE,
            serving: Some(serving),
            products: market.products.iter().map(product).collect(),
            sellers: market.sellers.iter().copied().map(seller).collect(),
        });
        ensure!(core.serving() == serving, "the policy is not served by {serving:?}");
        Ok(Ours { core })
    }
}

impl Peer for Ours {
    type Reader<'a> = OurReader<'a>;
    type Writer<'a> = OurWriter<'a>;

    fn reader(&self) -> Result<OurReader<'_>> {
        Ok(OurReader { core: &self.core, reader: self.core.reader() })
    }

    fn writer(&self) -> Result<OurWriter<'_>> {
        // It publishes when it is told to: at the end of a batch.
        Ok(OurWriter { core: &self.core, writer: self.core.writer(usize::MAX) })
    }
}

/// Ranks.
pub struct OurReader<'a> {
    core: &'a Core,
    reader: brocante::market::serve::Reader,
}

impl Reader for OurReader<'_> {
    fn top10(&mut self, query: Query) -> Result<usize> {
        let query = protocol::Query {
            session: SessionId(0),
            product: ProductId(query.product),
            country: CountryId(query.country),
            class: ClassId(0),
        };
        self.core.rank(&query, 0.0, &mut self.reader);
        Ok(self.reader.slate().len())
    }

    fn rows(&self, rows: &mut Vec<u32>) {
        rows.clear();
        rows.extend(self.reader.slate().iter().map(|placed| placed.row));
    }
}

/// Reprices, restocks and buys.
pub struct OurWriter<'a> {
    core: &'a Core,
    writer: CoreWriter<'a>,
}

impl Writer for OurWriter<'_> {
    fn apply(&mut self, changes: &[Change]) -> Result<()> {
        let mut shown = |_, _| ();
        for Change { product, row, what, offer } in changes {
            let at = OfferAt { product: ProductId(*product), row: *row };
            match what {
                What::Price => self.writer.reprice(at, offer.price_cents, 0, &mut shown),
                What::Restocked => self.writer.restock(at, 1, 0, &mut shown),
                What::Sold => {
                    let sale = self.core.buy(at);
                    ensure!(sale.is_some(), "{at:?} has no unit to sell");
                }
            }
        }
        self.writer.flush(&mut shown);
        Ok(())
    }
}
