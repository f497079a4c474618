//! Money: who paid whom. Amounts are whole cents, so that nothing is lost in rounding.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Cents, SellerId};

/// `[market.fees]`: what the platform charges its sellers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeesSpec {
    /// Commission on the price of every order [ratio]; it is rounded down to the cent and given
    /// back when the order is refunded.
    #[garde(range(min = 0.0, max = 1.0))]
    pub commission: f64,
    /// Fee of an established seller [EUR/30 days].
    #[garde(range(min = 0.0, max = 1e6))]
    pub monthly_eur: f64,
}

/// The accounts of one market.
///
/// At any time, what shoppers paid is what sellers were credited, plus commission, plus refunds.
/// Fees and lots are transfers, kept apart.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// Commission on each seller's orders [parts per million].
    commission_ppm: Vec<u32>,
    /// Paid by shoppers, refunded or not.
    pub paid: Cents,
    /// Given back to shoppers.
    pub refunded: Cents,
    /// Kept by the platform.
    pub commission: Cents,
    /// Fees paid by sellers to the platform.
    pub fees: Cents,
    /// Paid by sellers to sellers for lots.
    pub lots: Cents,
    credits: Vec<Cents>,
}

impl Ledger {
    /// Empty accounts for `sellers` sellers.
    pub fn new(fees: &FeesSpec, sellers: usize) -> Self {
        Ledger {
            commission_ppm: vec![per_million(fees); sellers],
            paid: Cents(0),
            refunded: Cents(0),
            commission: Cents(0),
            fees: Cents(0),
            lots: Cents(0),
            credits: vec![Cents(0); sellers],
        }
    }

    /// Charges one seller by other fees than the rest, from its first order on.
    pub(super) fn charge_by(&mut self, seller: SellerId, fees: &FeesSpec) {
        self.commission_ppm[seller.index()] = per_million(fees);
    }

    /// The commission on a seller's price, rounded down.
    pub fn commission_on(&self, seller: SellerId, price_cents: u32) -> Cents {
        let ppm = u64::from(self.commission_ppm[seller.index()]);
        Cents((u64::from(price_cents) * ppm / 1_000_000) as i64)
    }

    /// A shopper pays for an order.
    pub fn pay(&mut self, seller: SellerId, price_cents: u32) {
        let price = Cents(i64::from(price_cents));
        let cut = self.commission_on(seller, price_cents);
        self.paid += price;
        self.commission += cut;
        self.credits[seller.index()] += price - cut;
    }

    /// A shopper gets the money of an order back, and the seller its commission.
    pub fn refund(&mut self, seller: SellerId, price_cents: u32) {
        let price = Cents(i64::from(price_cents));
        let cut = self.commission_on(seller, price_cents);
        self.refunded += price;
        self.commission -= cut;
        self.credits[seller.index()] -= price - cut;
    }

    /// What a seller was credited for its orders, refunds taken off.
    pub fn credit(&self, seller: SellerId) -> Cents {
        self.credits[seller.index()]
    }

    /// What all sellers were credited.
    pub fn credits(&self) -> Cents {
        self.credits.iter().copied().sum()
    }
}

fn per_million(fees: &FeesSpec) -> u32 {
    (fees.commission * 1e6).round() as u32
}
