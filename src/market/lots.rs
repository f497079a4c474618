//! The market of lots: sellers who trade reconditioned units in bulk with other sellers.

use crate::units::{Cents, ProductId, SellerId};

/// A lot, or part of one, that looks for a buyer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lot {
    pub seller: SellerId,
    pub product: ProductId,
    pub units: u32,
    pub unit_price: Cents,
}

/// Somebody who looks for a lot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    pub buyer: SellerId,
    pub product: ProductId,
    pub units: u32,
    pub max_unit_price: Cents,
}

/// A trade between two sellers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LotTrade {
    pub from: SellerId,
    pub to: SellerId,
    pub product: ProductId,
    pub units: u32,
    pub unit_price: Cents,
}

/// The lots offered and wanted since the last clearing.
#[derive(Debug, Clone, Default)]
pub struct LotMarket {
    offered: Vec<Lot>,
    wanted: Vec<Wanted>,
}

impl LotMarket {
    /// Puts a lot up.
    pub fn offer(&mut self, lot: Lot) {
        self.offered.push(lot);
    }

    /// Asks for a lot.
    pub fn seek(&mut self, wanted: Wanted) {
        self.wanted.push(wanted);
    }

    /// Clears the market: buyers in the order of their numbers each take the cheapest units of what
    /// they want, cheap enough for them. Returns the trades, and what found no buyer.
    pub fn clear(&mut self) -> (Vec<LotTrade>, Vec<Lot>) {
        let mut offered = std::mem::take(&mut self.offered);
        let mut wanted = std::mem::take(&mut self.wanted);
        offered.sort_by_key(|l| (l.product, l.unit_price, l.seller));
        wanted.sort_by_key(|w| (w.buyer, w.product));
        let mut trades = Vec::new();
        for mut want in wanted {
            let first = offered.partition_point(|l| l.product < want.product);
            for lot in &mut offered[first..] {
                if lot.product != want.product || lot.unit_price > want.max_unit_price {
                    break;
                }
                let units = lot.units.min(want.units);
                if units == 0 || lot.seller == want.buyer {
                    continue;
                }
                lot.units -= units;
                want.units -= units;
                trades.push(LotTrade {
                    from: lot.seller,
                    to: want.buyer,
                    product: want.product,
                    units,
                    unit_price: lot.unit_price,
                });
            }
        }
        offered.retain(|l| l.units > 0);
        (trades, offered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(seller: u32, units: u32, cents: i64) -> Lot {
        Lot { seller: SellerId(seller), product: ProductId(1), units, unit_price: Cents(cents) }
    }

    fn want(buyer: u32, units: u32, cents: i64) -> Wanted {
        Wanted {
            buyer: SellerId(buyer),
            product: ProductId(1),
            units,
            max_unit_price: Cents(cents),
        }
    }

    #[test]
    fn buyers_take_the_cheapest_units_they_can_pay_in_the_order_of_their_numbers() {
        let mut market = LotMarket::default();
        market.offer(lot(1, 10, 900));
        market.offer(lot(2, 5, 800));
        market.seek(want(9, 20, 850));
        market.seek(want(8, 3, 900));
        let (trades, unsold) = market.clear();
        let taken: Vec<_> = trades.iter().map(|t| (t.from.0, t.to.0, t.units)).collect();
        assert_eq!(taken, [(2, 8, 3), (2, 9, 2)]);
        assert_eq!(unsold, [lot(1, 10, 900)]);
    }

    #[test]
    fn nobody_buys_from_itself() {
        let mut market = LotMarket::default();
        market.offer(lot(1, 10, 100));
        market.seek(want(1, 10, 100));
        let (trades, unsold) = market.clear();
        assert!(trades.is_empty());
        assert_eq!(unsold.len(), 1);
    }
}
