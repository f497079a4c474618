//! What a core is opened with: plain columns, drawn by a bench or taken from a market at rest.

use super::Serving;
use crate::market::{Cell, Market, Side, Standing, Tally};
use crate::ranking::Ranking;
use crate::rng::Dice;
use crate::units::{CategoryId, SellerId};

/// One offer at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferPlan {
    /// Who makes it.
    pub seller: SellerId,
    /// Asking price [cents].
    pub price_cents: u32,
    /// Units on the shelf.
    pub stock: u32,
    /// Countries that it ships to, as bits; 0 for an offer that nobody can buy, whatever its stock.
    pub ships: u32,
    /// Views so far, in millionths of a view of the first place.
    pub views: u64,
}

/// One product at the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductPlan {
    /// The category it lies in.
    pub category: CategoryId,
    /// Its offers by row; a row may be vacant.
    pub offers: Vec<Option<OfferPlan>>,
}

/// What is known of one seller at the start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SellerPlan {
    /// All that was ever counted.
    pub lifetime: Tally,
    /// What was counted within the window of reputations.
    pub window: Tally,
    /// All that was ever counted, by category.
    pub within: Vec<Tally>,
    /// The mean stars that true quality earns.
    pub true_stars: f64,
    /// Commission on the price of every order [parts per million].
    pub commission_ppm: u32,
}

/// A core before it opens.
pub struct Plan {
    /// The ranking to serve by.
    pub policy: Box<dyn Ranking>,
    /// Whether the policy sees every seller as unknown.
    pub blind: bool,
    /// The root of chance for policies that draw, and between equals.
    pub dice: Dice,
    /// Places of a slate.
    pub length: usize,
    /// How to serve; without it, the best way for the policy.
    pub serving: Option<Serving>,
    /// Products, by number.
    pub products: Vec<ProductPlan>,
    /// Sellers, by number.
    pub sellers: Vec<SellerPlan>,
}

impl Plan {
    /// The plan of a market at rest with its cells, its first side where it is tested.
    ///
    /// Quotas are left out: what limits a seller's orders of a day (capacity, the cap of a trial) has no
    /// meaning without the barriers that deal it out. So an offer is open here if its seller may sell
    /// and it has stock, even if the seller had all the orders of its day.
    pub fn of_market<'a>(
        market: &Market,
        cells: impl IntoIterator<Item = &'a Cell>,
        policy: Box<dyn Ranking>,
        length: usize,
        serving: Option<Serving>,
    ) -> Plan {
        let census = &market.census().products;
        let mut products: Vec<ProductPlan> = census
            .iter()
            .map(|card| ProductPlan { category: card.category, offers: vec![] })
            .collect();
        for cell in cells {
            let offers = cell.offers();
            for slot in offers.slots() {
                let rows = offers.spots(slot).map(|spot| {
                    let row = offers.row(spot);
                    let seller = offers.seller(spot);
                    let may_sell = market.seller(seller).standing == Standing::Selling;
                    offers.is_listed(spot).then_some(OfferPlan {
                        seller,
                        price_cents: row.price_cents,
                        stock: row.stock,
                        ships: if may_sell { row.ships } else { 0 },
                        views: row.views,
                    })
                });
                products[offers.product(slot).index()].offers = rows.collect();
            }
        }
        let categories = products.iter().map(|p| p.category.index() + 1).max().unwrap_or(0);
        let sellers = (0..market.sellers().len() as u32).map(SellerId);
        Plan {
            policy,
            blind: market.view(Side::A).blind,
            dice: market.dice(),
            length,
            serving,
            sellers: sellers.map(|seller| seller_plan(market, seller, categories)).collect(),
            products,
        }
    }
}

fn seller_plan(market: &Market, seller: SellerId, categories: usize) -> SellerPlan {
    let known = market.reputations();
    let within = (0..categories as u8).map(|c| *known.within(seller, CategoryId(c)));
    // A million cents pay as many cents as the commission has parts per million.
    let commission_ppm = market.ledger().commission_on(seller, 1_000_000).0 as u32;
    SellerPlan {
        lifetime: *known.lifetime(seller),
        window: *known.window(seller),
        within: within.collect(),
        true_stars: known.true_stars(seller),
        commission_ppm,
    }
}
