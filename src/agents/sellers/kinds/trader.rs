//! Trader: buys reconditioned lots from other sellers and resells them. It has no other stock.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Profile, SellerDay, Sourcing};
use super::{Asked, Desk, Stocking};
use crate::protocol::{Notice, Outbox, Request};
use crate::units::{Cents, ProductId};

/// How a trader gets stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraderStock {
    /// Days of supply below which it looks for a lot of a product [days].
    #[garde(range(min = 0.0, max = 3650.0))]
    pub reorder_days: f64,
    /// Days of supply up to which it fills its shelf with one lot [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub cover_days: f64,
    /// Days of its whole supply for which it may have money put by [days].
    #[garde(range(min = 1.0, max = 3650.0))]
    pub purse_days: f64,
    /// The most it pays for a unit of a lot, over its target price [ratio].
    #[garde(range(min = 0.01, max = 2.0))]
    pub max_price: f64,
}

impl Stocking for TraderStock {
    fn actor(&self, cost_share: f64) -> Box<dyn Sourcing> {
        Box::new(Trader {
            stock: self.clone(),
            cost_share,
            purse: None,
            bought: BTreeMap::new(),
            asked: Asked::default(),
        })
    }
}

/// A buyer with a purse that fills at the pace of its supply, so that in the long run it takes as
/// much as any seller of its size, in lots as they come.
struct Trader {
    stock: TraderStock,
    cost_share: f64,
    // Units that it can still pay for; `None` before the first day.
    purse: Option<f64>,
    // Bought but not yet on the shelf: units, and what they cost in all.
    bought: BTreeMap<ProductId, (u32, Cents)>,
    // Products that staff asked for: looked for whatever is left of them.
    asked: Asked,
}

impl Trader {
    /// Shelves what was bought since yesterday; units of a product no longer listed stay put by.
    fn unpack(&mut self, desk: Desk<'_>, out: &mut Outbox) {
        self.bought.retain(|&product, &mut (units, paid)| {
            let listed = desk.line(product).is_some();
            if listed && units > 0 {
                let unit_cost = Cents(paid.0 / i64::from(units));
                desk.shelve(product, units, unit_cost, out);
            }
            !listed
        });
    }
}

impl Sourcing for Trader {
    fn hear(&mut self, notice: &Notice) {
        match *notice {
            Notice::LotBought { product, units, unit_price } => {
                let lot = self.bought.entry(product).or_default();
                lot.0 += units;
                lot.1 += Cents(unit_price.0 * i64::from(units));
                self.purse = self.purse.map(|purse| purse - f64::from(units));
            }
            _ => self.asked.hear(notice),
        }
    }

    fn wake(&mut self, me: &Profile, day: &SellerDay<'_>, out: &mut Outbox) {
        let desk = Desk::new(me, day, self.cost_share);
        let total = desk.total_rate();
        // It comes with a full purse, as there is nothing on its shelf yet.
        let filled = self.purse.map_or(f64::INFINITY, |purse| purse + total);
        let purse = filled.min((total * self.stock.purse_days).max(1.0));
        self.purse = Some(purse);
        // What is unpacked today is not yet in the lines' stock, so it is counted here.
        let arriving: BTreeMap<ProductId, u32> =
            self.bought.iter().map(|(&product, &(units, _))| (product, units)).collect();
        self.unpack(desk, out);
        let asked = std::mem::take(&mut self.asked);
        if purse < 1.0 {
            return;
        }
        for line in day.shelf {
            let have = line.stock + arriving.get(&line.product).copied().unwrap_or(0);
            let short = f64::from(have) < desk.rate(line) * self.stock.reorder_days || have == 0;
            let want = desk.most(line, self.stock.cover_days).saturating_sub(have);
            let units = want.min(purse as u32);
            if units > 0 && (short || asked.contains(line.product)) {
                let max_unit_price = Cents::from_eur(line.target.eur() * self.stock.max_price);
                let product = line.product;
                out.say(me.seller, Request::SeekLot { product, units, max_unit_price });
            }
        }
    }
}
