//! The seller as an actor: its books, its quality, its mind about reviews, and its way to get stock.

use std::sync::Arc;

use super::exit::Books;
use super::given::Plenty;
use super::quality::{QualityRules, TrueQuality};
use super::reaction::Reaction;
use super::{Profile, Quality, SellerDay, SellersSpec, Sourcing};
use crate::protocol::{Notice, Outbox, Request};
use crate::rng::{Dice, Purpose};
use crate::units::{Cents, ProductId, SellerId};

/// A seller who hears notices and is woken once a day.
pub struct Seller {
    profile: Arc<Profile>,
    sourcing: Box<dyn Sourcing>,
    quality: TrueQuality,
    reaction: Reaction,
    books: Books,
    // Products that staff proposed since the last waking.
    proposed: Vec<(ProductId, Cents)>,
    // The last day on which it woke.
    today: u32,
}

impl Seller {
    /// A seller who has not woken yet.
    pub fn new(profile: Arc<Profile>, spec: &SellersSpec) -> Self {
        let kind = profile.kind;
        let sourcing: Box<dyn Sourcing> = match spec.kinds.get(kind) {
            _ if profile.given.is_some() => Box::new(Plenty),
            Some((_, stocking)) => stocking.actor(spec.cost_share),
            None => panic!(
                "seller {:?} is a {}, which the scenario has none of",
                profile.seller,
                kind.name()
            ),
        };
        let quality = TrueQuality::new(profile.quality);
        Seller {
            profile,
            sourcing,
            quality,
            reaction: Reaction::default(),
            books: Books::default(),
            proposed: Vec::new(),
            today: 0,
        }
    }

    /// Who it is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Its true quality on a day.
    pub fn quality(&self, day: u32, rules: &QualityRules) -> Quality {
        self.quality.on(day, rules)
    }

    /// Its true quality, for events of the scenario that change it.
    pub fn quality_mut(&mut self) -> &mut TrueQuality {
        &mut self.quality
    }

    /// Hears what happened since the last waking, one notice at a time. `commission` is the
    /// platform's share of a price. A given seller keeps no books and minds nothing.
    pub fn hear(
        &mut self,
        notice: &Notice,
        commission: f64,
        spec: &SellersSpec,
        rules: &QualityRules,
    ) {
        if self.profile.given.is_some() {
            return;
        }
        match *notice {
            // What comes with every order is a matter of books and mind alone, and heard often.
            Notice::Sold { price, parcel, .. } => {
                let caring = self.reaction.caring(self.today);
                let effort = spec.reaction.filter(|_| caring).map_or(0.0, |r| r.cost);
                let shares = commission + effort;
                return self.books.sold(price, shares, parcel);
            }
            Notice::Refunded { price, parcel, .. } => {
                return self.books.refunded(price, commission, parcel);
            }
            Notice::Reviewed { stars } => {
                if let Some(reaction) = &spec.reaction {
                    self.reaction.heard(stars, reaction);
                }
                return;
            }
            Notice::LotSold { units, unit_price, .. } => {
                let unit_cost = self.sourcing.lot_cost(unit_price);
                self.books.lot_sold(units, unit_price, unit_cost);
            }
            Notice::ActionPlan => self.quality.action_plan(rules),
            Notice::Proposed { product, price } => self.proposed.push((product, price)),
            Notice::FeeCharged { fee } => self.books.fee_charged(fee),
            Notice::LotBought { .. } | Notice::LotUnsold { .. } | Notice::RestockAsked { .. } => {}
        }
        self.sourcing.hear(notice);
    }

    /// Wakes: on Mondays it closes the books of the week, may leave, and drifts; every day it
    /// thinks about its reviews and what was proposed, and sees to its stock. A given seller sees to its
    /// stock alone.
    pub fn wake(
        &mut self,
        day: &SellerDay<'_>,
        spec: &SellersSpec,
        rules: &QualityRules,
        out: &mut Outbox,
    ) {
        self.today = day.day;
        if self.profile.given.is_some() {
            return self.sourcing.wake(&self.profile, day, out);
        }
        let me = self.profile.seller;
        for line in day.shelf.iter().filter(|line| line.sold > 0) {
            self.books.gone(line.product, line.sold);
        }
        if day.day.is_multiple_of(7) && day.day > 0 {
            let (_, leaves) = self.books.close_week(spec.exit.as_ref());
            if leaves {
                out.say(me, Request::Exit);
                return;
            }
            self.quality.drift_week(day.day / 7, me, day.dice, rules);
        }
        if let Some(reaction) = &spec.reaction
            && let Some(end) = self.reaction.consider(day.day, reaction)
        {
            self.quality.change_until(end, reaction.care, day.day);
        }
        for (product, price) in std::mem::take(&mut self.proposed) {
            let listed = day.shelf.iter().any(|line| line.product == product);
            // Its mind about a product is made up once and for all, that about a price is not.
            let about = if listed { 1 + day.day } else { 0 };
            if accepts(day.dice, me, product, about, spec.accept_proposal) {
                let meet = Request::Meet { product, price };
                out.say(me, if listed { meet } else { Request::List { product, price } });
            }
        }
        let before = out.waiting().len();
        self.sourcing.wake(&self.profile, day, out);
        for said in &out.waiting()[before..] {
            if let Request::Restock { product, units, unit_cost } = said.request {
                let line = day.shelf.iter().find(|line| line.product == product);
                self.books.stocked(product, line.map_or(0, |line| line.stock), units, unit_cost);
            }
        }
    }
}

/// Whether a seller takes up what its account manager proposes about a product.
fn accepts(dice: Dice, seller: SellerId, product: ProductId, about: u32, chance: f64) -> bool {
    let who = u64::from(seller.0) | u64::from(product.0) << 32;
    dice.block(who, about, Purpose::Proposal).unit(0) < chance
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Fair, reference, star_shares};
    use super::*;
    use crate::protocol::ShelfLine;
    use crate::units::{CategoryId, KindId};

    fn seller(kind: KindId) -> (Seller, SellersSpec, QualityRules) {
        let spec = reference();
        let rules = QualityRules::new(&spec.quality, &star_shares());
        let fair = Fair::new(&spec);
        let profile = fair.profiles(400).into_iter().find(|p| p.kind == kind);
        let profile = profile.expect("400 sellers are of all kinds");
        (Seller::new(Arc::new(profile), &spec), spec, rules)
    }

    fn day(day: u32, shelf: &[ShelfLine]) -> SellerDay<'_> {
        SellerDay { day, shelf, supply: 6.0, urgency: 2.0, dice: Dice::new(1, 0) }
    }

    #[test]
    fn a_seller_who_only_pays_fees_leaves_when_it_no_longer_tolerates_them() {
        let (mut one, mut spec, rules) = seller(KindId::Repairer);
        spec.exit = Some(super::super::ExitSpec { weeks: 8, tolerated_loss: 0.0 });
        let mut left = None;
        for today in 0..200 {
            if today % 28 == 0 {
                one.hear(&Notice::FeeCharged { fee: Cents(5_000) }, 0.1, &spec, &rules);
            }
            let mut out = Outbox::default();
            one.wake(&day(today, &[]), &spec, &rules, &mut out);
            if out.waiting().iter().any(|said| said.request == Request::Exit) {
                left = Some(today);
                break;
            }
        }
        assert_eq!(left, Some(56), "eight weeks of fees and no sale");
    }

    #[test]
    fn it_earns_what_it_sells_for_less_what_it_paid() {
        let (mut one, spec, rules) = seller(KindId::Factory);
        let line = ShelfLine {
            product: ProductId(1),
            category: CategoryId(0),
            stock: 0,
            price: Cents(20_000),
            target: Cents(20_000),
            fair_share: 0.5,
            sold: 0,
        };
        let mut out = Outbox::default();
        one.wake(&day(0, &[line]), &spec, &rules, &mut out);
        let bought = out.waiting().iter().any(|said| {
            matches!(said.request, Request::Restock { unit_cost, .. }
                if unit_cost == Cents::from_eur(200.0 * spec.cost_share))
        });
        assert!(bought, "a factory opens with stock at its cost: {:?}", out.waiting());
        let sold = Notice::Sold { product: ProductId(1), price: Cents(20_000), parcel: Cents(500) };
        one.hear(&sold, 0.1, &spec, &rules);
        one.wake(&day(1, &[ShelfLine { sold: 1, ..line }]), &spec, &rules, &mut out);
        let (margin, _) = one.books.close_week(None);
        let earned = 200.0 * (0.9 - spec.cost_share) - 5.0;
        assert!((margin - earned).abs() < 0.01, "margin {margin}, not {earned}");
    }

    #[test]
    fn bad_reviews_and_action_plans_change_quality() {
        let (mut one, spec, rules) = seller(KindId::Trader);
        let before = one.quality(0, &rules);
        for _ in 0..200 {
            one.hear(&Notice::Reviewed { stars: 1 }, 0.1, &spec, &rules);
        }
        one.wake(&day(1, &[]), &spec, &rules, &mut Outbox::default());
        let caring = one.quality(1, &rules);
        assert!(caring.defect < before.defect && caring.late < before.late, "{caring:?}");
        let days = spec.reaction.expect("the reference has a reaction").days;
        assert_eq!(one.quality(1 + days, &rules), before, "care ends");
        one.hear(&Notice::ActionPlan, 0.1, &spec, &rules);
        assert!(one.quality(1 + days, &rules).late < before.late);
    }

    #[test]
    fn prices_are_met_for_what_is_on_sale_and_a_refusal_is_not_for_ever() {
        let (mut one, spec, rules) = seller(KindId::Leasing);
        let line = ShelfLine {
            product: ProductId(7),
            category: CategoryId(0),
            stock: 1,
            price: Cents(20_000),
            target: Cents(20_000),
            fair_share: 0.0,
            sold: 0,
        };
        let met = (0..400).filter(|&today| {
            let proposal = Notice::Proposed { product: ProductId(7), price: Cents(19_000) };
            one.hear(&proposal, 0.1, &spec, &rules);
            let mut out = Outbox::default();
            one.wake(&day(today, &[line]), &spec, &rules, &mut out);
            let meet = Request::Meet { product: ProductId(7), price: Cents(19_000) };
            out.waiting().iter().any(|said| said.request == meet)
        });
        let share = met.count() as f64 / 400.0;
        assert!((share - spec.accept_proposal).abs() < 0.1, "{share} of prices met");
    }

    #[test]
    fn proposals_are_taken_up_by_their_share() {
        let (mut one, spec, rules) = seller(KindId::Leasing);
        for i in 0..2_000 {
            let proposal = Notice::Proposed { product: ProductId(i), price: Cents(100) };
            one.hear(&proposal, 0.1, &spec, &rules);
        }
        let mut out = Outbox::default();
        one.wake(&day(1, &[]), &spec, &rules, &mut out);
        let listed = out.waiting().iter().filter(|s| matches!(s.request, Request::List { .. }));
        let share = listed.count() as f64 / 2_000.0;
        assert!((share - spec.accept_proposal).abs() < 0.05, "share {share}");
    }
}
