//! A 64-bit name of everything that happened, in its order.

use super::{Fact, Order};
use crate::units::SimTime;

/// The digest of the facts of one cell, or of a whole run once cells are joined.
///
/// It covers facts and their times, and nothing about how they were computed: worker count, paths and
/// the machine never enter. The mixing step is a folded 64 × 64 -> 128-bit multiplication (as in
/// wyhash): about four cycles a word, and not cryptographic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0xA076_1D64_78BD_642F)
    }
}

impl Digest {
    /// Adds one fact.
    pub fn add(&mut self, at: SimTime, fact: &Fact<'_>) {
        self.word(at.0 ^ (fact.kind() as u64) << 58);
        match *fact {
            Fact::Shown { session, product, country, class, slate } => {
                self.word(session.0);
                self.pair(product.0, u32::from(country.0) << 8 | u32::from(class.0));
                for two in slate.chunks(2) {
                    self.pair(two[0].0, two.get(1).map_or(u32::MAX, |s| s.0));
                }
            }
            Fact::Abandoned { session, product, seller } => {
                self.word(session.0);
                self.pair(product.0, seller.0);
            }
            Fact::Bought { order } | Fact::Cancelled { order } | Fact::Shipped { order } => {
                self.order(&order);
            }
            Fact::Delivered { order, late, condition } => {
                self.order(&order);
                self.pair(u32::from(late), condition as u32);
            }
            Fact::Returned { order, reason } => {
                self.order(&order);
                self.word(reason as u64);
            }
            Fact::Reviewed { order, stars, late } => {
                self.order(&order);
                self.pair(u32::from(stars), u32::from(late));
            }
            Fact::Listed { seller, product, price_cents: n }
            | Fact::Repriced { seller, product, price_cents: n }
            | Fact::Delisted { seller, product, units: n }
            | Fact::Restocked { seller, product, units: n } => {
                self.pair(seller.0, product.0);
                self.word(u64::from(n));
            }
            Fact::LotSold { from, to, product, units, price_cents } => {
                self.pair(from.0, to.0);
                self.pair(product.0, units);
                self.word(price_cents);
            }
            Fact::FeeCharged { seller, fee_cents } => self.pair(seller.0, fee_cents),
            Fact::StageEntered { seller, stage } | Fact::DroppedOut { seller, stage } => {
                self.pair(seller.0, stage as u32);
            }
            Fact::MysteryOrdered { seller, passed } => self.pair(seller.0, u32::from(passed)),
            Fact::Sanctioned { seller, sanction } => self.pair(seller.0, sanction as u32),
            Fact::Exited { seller, reason } => self.pair(seller.0, reason as u32),
            Fact::Reinstated { seller } | Fact::Shocked { seller } => {
                self.word(u64::from(seller.0))
            }
            Fact::MoodChanged { customer, mood } => self.pair(customer.0, u32::from(mood)),
            Fact::Nudged { seller, stars } => self.pair(seller.0, u32::from(stars)),
            Fact::StaffDay { stage, worked, capacity, waiting } => {
                self.pair(stage as u32, worked);
                self.pair(capacity, waiting);
            }
        }
    }

    /// Joins the digests of cells, in the order of their numbers.
    pub fn join(parts: impl IntoIterator<Item = Digest>) -> Digest {
        let mut whole = Digest::default();
        for part in parts {
            whole.word(part.0);
        }
        whole
    }

    /// Sixteen hexadecimal digits, as reports print it.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }

    fn order(&mut self, order: &Order) {
        self.word(order.session.0);
        self.pair(order.customer.0, order.seller.0);
        self.pair(order.product.0, order.price_cents);
        let where_to = u32::from(order.country.0) << 8 | u32::from(order.class.0);
        self.pair(where_to, u32::from(order.place));
    }

    fn pair(&mut self, high: u32, low: u32) {
        self.word(u64::from(high) << 32 | u64::from(low));
    }

    #[inline]
    fn word(&mut self, word: u64) {
        let product =
            u128::from(self.0 ^ word ^ 0xE703_7ED1_A0B4_28DB) * 0x8EBC_6AF0_9C88_C6E3_u128;
        self.0 = (product as u64 ^ (product >> 64) as u64).wrapping_add(word.rotate_left(23));
    }
}
