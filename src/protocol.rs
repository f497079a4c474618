//! What agents and the market say to one another.

use crate::units::{CategoryId, Cents, ClassId, CountryId, ProductId, SellerId, SessionId};

/// A shopper's question to the market: who sells this product to me?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The visit that asks.
    pub session: SessionId,
    /// What is looked for.
    pub product: ProductId,
    /// Where it would go.
    pub country: CountryId,
    /// The shopper's class.
    pub class: ClassId,
}

/// What a seller asks of the market when it is awake.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the sentence of a variant speaks of its fields")]
pub enum Request {
    /// Units came in from outside: put them on the shelf. `unit_cost` is what each cost the seller.
    Restock { product: ProductId, units: u32, unit_cost: Cents },
    /// Put a product on sale at a price, with no stock yet.
    List { product: ProductId, price: Cents },
    /// Come down to a price for a product on sale: from now on it is what is asked without competition.
    Meet { product: ProductId, price: Cents },
    /// Take a product off sale.
    Delist { product: ProductId },
    /// Offer a lot to other sellers at a price a unit: units that are in nobody's shelf yet.
    OfferLot { product: ProductId, units: u32, unit_price: Cents },
    /// Ask for lots of a product, at most so many units at most at this price each.
    SeekLot { product: ProductId, units: u32, max_unit_price: Cents },
    /// Leave the marketplace.
    Exit,
}

/// What a seller hears between two wakings. Feedback about its reputation and its standing arrives
/// by the channel `sellers`, and not at all when that channel is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the sentence of a variant speaks of its fields")]
pub enum Notice {
    /// A unit was sold at this price; its carrier gets `parcel` for it.
    Sold { product: ProductId, price: Cents, parcel: Cents },
    /// A unit came back, or the order was called off; this much was refunded. `parcel` is what the
    /// carrier does not get after all, as nothing left.
    Refunded { product: ProductId, price: Cents, parcel: Cents },
    /// A review of 1 to 5 stars was published (channel `sellers`).
    Reviewed { stars: u8 },
    /// A lot it had asked for was bought at a price a unit: units to put on its shelf.
    LotBought { product: ProductId, units: u32, unit_price: Cents },
    /// A lot it had offered, or part of it, was sold at a price a unit.
    LotSold { product: ProductId, units: u32, unit_price: Cents },
    /// A lot, or part of it, found no buyer today; the units are the seller's own to shelve.
    LotUnsold { product: ProductId, units: u32, unit_price: Cents },
    /// Staff agreed on an action plan: true quality improves.
    ActionPlan,
    /// Staff proposes a product to list at a price, or a price to meet (account management).
    Proposed { product: ProductId, price: Cents },
    /// Staff asks for more stock of a product that sells out.
    RestockAsked { product: ProductId },
    /// The monthly fee was charged.
    FeeCharged { fee: Cents },
}

/// A request with who makes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    /// Who asks.
    pub seller: SellerId,
    /// What is asked.
    pub request: Request,
}

/// Where an agent's requests wait until the market carries them out.
#[derive(Debug, Default)]
pub struct Outbox {
    said: Vec<Said>,
}

impl Outbox {
    /// Says one thing.
    pub fn say(&mut self, seller: SellerId, request: Request) {
        self.said.push(Said { seller, request });
    }

    /// Everything said since the last call, in order.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Said> {
        self.said.drain(..)
    }

    /// What waits, in order.
    pub fn waiting(&self) -> &[Said] {
        &self.said
    }
}

/// One of a seller's offers as the seller sees it when awake.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShelfLine {
    /// What is offered.
    pub product: ProductId,
    /// The category it lies in.
    pub category: CategoryId,
    /// Units on the shelf.
    pub stock: u32,
    /// Asking price now.
    pub price: Cents,
    /// What this seller asked without competition when it listed the product, at today's reference
    /// price: its costs go by it, whatever prices it agrees to meet.
    pub target: Cents,
    /// Units this offer would sell a day if all offers of the product sold alike [units/day].
    pub fair_share: f64,
    /// Units sold since the last waking.
    pub sold: u32,
}
