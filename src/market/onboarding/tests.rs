//! What the whole of onboarding promises: a stand-in for the market, and an auditor that follows the
//! decisions from outside.

mod flow;
mod promises;

use std::cell::Cell;
use std::collections::BTreeMap;

use super::*;
use crate::rng::{Alias, Purpose, beta, lognormal, poisson};
use crate::units::KindId;

/// The joining of the reference scenario.
pub(super) fn reference() -> JoiningSpec {
    crate::reference::table("joining")
}

/// Shares of the kinds among leads, by [`KindId::ALL`].
pub(super) const KINDS: [f64; 8] = [0.15, 0.3, 0.06, 0.15, 0.1, 0.04, 0.12, 0.08];

/// What the contact's number says it is: a kind by [`KINDS`], one of eight countries and of six
/// categories.
fn lead(dice: Dice, contact: Contact) -> Lead {
    let block = dice.block(u64::from(contact.seller.0), 0, Purpose::SellerProfile);
    let countries = Alias::new(&[0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05]);
    let categories = Alias::new(&[0.4, 0.2, 0.15, 0.1, 0.1, 0.05]);
    Lead {
        contact,
        kind: KindId::ALL[Alias::new(&KINDS).pick(block.0[0]) as usize],
        country: CountryId(countries.pick(block.0[1]) as u8),
        category: CategoryId(categories.pick(block.0[2]) as u8),
    }
}

/// A market of sellers that sell at a steady rate of their own.
pub(super) struct FakeMarket {
    dice: Dice,
    day: i32,
    live_since: BTreeMap<SellerId, i32>,
    /// Multiplies true risk, and what the indicators show.
    pub(super) trouble: f64,
    /// What stars are shown.
    pub(super) stars: Option<f64>,
    /// How often staff asked for stars.
    pub(super) looked: Cell<u32>,
    /// Who carried out an action plan as an applicant, and by what that multiplies its risk.
    mended: BTreeSet<SellerId>,
    pub(super) cure: f64,
}

impl FakeMarket {
    pub(super) fn new(seed: u64) -> Self {
        let (dice, live_since) = (Dice::new(seed, 0), BTreeMap::new());
        let (looked, mended) = (Cell::new(0), BTreeSet::new());
        let (trouble, stars, cure) = (1.0, None, 1.0);
        FakeMarket { dice, day: 0, live_since, trouble, stars, looked, mended, cure }
    }

    fn rate(&self, seller: SellerId) -> f64 {
        lognormal(&mut self.dice.stream(u64::from(seller.0), 0, Purpose::SellerProfile), 0.5, 1.0)
    }
}

impl WorldView for FakeMarket {
    fn risk(&self, seller: SellerId) -> f64 {
        let mut draws = self.dice.stream(u64::from(seller.0), 0, Purpose::SellerQuality);
        let defect = beta(&mut draws, 2.0, 38.0);
        let late = beta(&mut draws, 2.9, 34.4);
        let cure = if self.mended.contains(&seller) { self.cure } else { 1.0 };
        (self.trouble * (defect + late + 0.02)).min(1.0) * cure
    }

    fn indicators(&self, seller: SellerId) -> Indicators {
        let since = self.live_since.get(&seller).copied().unwrap_or(-400);
        let days = f64::from(self.day - since);
        let orders = (self.rate(seller) * days.min(56.0)) as u32;
        let about = (self.day / 7) as u32;
        let mut draws = self.dice.stream(u64::from(seller.0), about, Purpose::Outcome);
        let bad = poisson(&mut draws, f64::from(orders) * self.risk(seller) / 2.0).min(orders);
        let delivered = (self.rate(seller) * days) as u32;
        Indicators { orders, defective: bad, late: bad, cancelled: bad / 8, delivered }
    }

    fn stars(&self, _: SellerId) -> Option<f64> {
        self.looked.set(self.looked.get() + 1);
        self.stars
    }

    fn orders_yesterday(&self, seller: SellerId) -> u32 {
        let draws =
            &mut self.dice.stream(u64::from(seller.0), self.day as u32, Purpose::ArrivalCount);
        poisson(draws, self.rate(seller))
    }

    fn thin(&self, category: CategoryId, country: CountryId) -> f64 {
        f64::from(category.0) / 10.0 + f64::from(country.0) / 20.0
    }

    fn sold_out(&self, seller: SellerId) -> Option<ProductId> {
        seller.0.is_multiple_of(2).then_some(ProductId(seller.0 / 2))
    }

    fn gap(&self, seller: SellerId, known: &[ProductId]) -> Option<(ProductId, Cents)> {
        let next = known.last().map_or(0, |last| last.0 + 1);
        (!seller.0.is_multiple_of(3)).then_some((ProductId(next), Cents(10_000)))
    }

    fn price_to_meet(&self, seller: SellerId) -> Option<(ProductId, Cents)> {
        (!seller.0.is_multiple_of(5)).then_some((ProductId(seller.0), Cents(9_000)))
    }
}

/// Sellers numbered from 0, spread over categories and countries.
pub(super) fn residents(n: u32) -> Vec<Resident> {
    let place = |i: u32| (CategoryId((i % 6) as u8), CountryId((i / 6 % 8) as u8));
    (0..n)
        .map(|i| Resident { seller: SellerId(i), category: place(i).0, country: place(i).1 })
        .collect()
}

/// A run of onboarding against the stand-in.
pub(super) struct Run {
    pub(super) staff: Onboarding,
    pub(super) market: FakeMarket,
    pub(super) dice: Dice,
    pub(super) day: i32,
}

impl Run {
    pub(super) fn new(spec: &JoiningSpec, seed: u64, there: u32, weeks: u32, blind: bool) -> Run {
        Run::on(FakeMarket::new(seed), spec, seed, there, weeks, blind)
    }

    /// The same on a market that is not as usual.
    pub(super) fn on(
        market: FakeMarket,
        spec: &JoiningSpec,
        seed: u64,
        there: u32,
        weeks: u32,
        blind: bool,
    ) -> Run {
        let (market_dice, dice) = (Dice::new(seed, 0), Dice::new(seed ^ 0xABCD, 0));
        let contacts = draw_contacts(&spec.leads, market_dice, SellerId(there), weeks);
        let leads = contacts.into_iter().map(|contact| lead(market_dice, contact)).collect();
        let staff = Onboarding::new(spec, leads, &residents(there), market_dice, blind);
        let mut run = Run { staff, market, dice, day: 0 };
        for day in run.staff.first_day()..0 {
            let mended = run.staff.warm_up_day(day, &run.market, dice);
            run.market.mended.extend(mended);
        }
        run
    }

    /// The decisions of the next day.
    pub(super) fn next_day(&mut self) -> Vec<Decision> {
        let mut out = Vec::new();
        self.market.day = self.day;
        self.staff.day(self.day, &self.market, self.dice, &mut out);
        for decision in &out {
            match *decision {
                Decision::GoLive { seller, .. } => {
                    self.market.live_since.insert(seller, self.day);
                }
                Decision::Mend { seller } => {
                    self.market.mended.insert(seller);
                }
                _ => {}
            }
        }
        self.day += 1;
        out
    }

    /// The decisions of the next `weeks`, with their days.
    pub(super) fn weeks(&mut self, weeks: u32) -> Vec<(i32, Decision)> {
        let mut all = Vec::new();
        for _ in 0..7 * weeks {
            let day = self.day;
            all.extend(self.next_day().into_iter().map(|decision| (day, decision)));
        }
        all
    }
}
