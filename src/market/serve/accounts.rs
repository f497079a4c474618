//! What a core knows of its sellers, and what it owes them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::plan::SellerPlan;
use crate::market::Tally;
use crate::market::reputation::Known;
use crate::ranking::{Merit, Ranking, Weight};
use crate::units::{CategoryId, Cents, SellerId};

/// One seller.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Account {
    pub known: SellerPlan,
    /// How often `known` changed. Weights carry the version that they were made of, so that whoever
    /// publishes late does not undo what is newer.
    pub version: u64,
    /// Price of the orders since the core was opened, less commission.
    pub credit: Cents,
    /// What the platform kept of them.
    pub commission: Cents,
}

impl Account {
    /// Takes note of what came of trade in a category.
    pub fn note(&mut self, category: CategoryId, change: impl Fn(&mut Tally)) {
        let SellerPlan { lifetime, window, within, .. } = &mut self.known;
        change(lifetime);
        change(window);
        change(&mut within[category.index()]);
        self.version += 1;
    }

    /// Books the price of an order.
    pub fn pay(&mut self, price_cents: u32) {
        let (price, ppm) = (u64::from(price_cents), u64::from(self.known.commission_ppm));
        let cut = price * ppm / 1_000_000;
        self.credit += Cents((price - cut) as i64);
        self.commission += Cents(cut as i64);
    }

    fn merit(&self, category: CategoryId, views: u64, blind: bool) -> Merit {
        let SellerPlan { lifetime, window, within, true_stars, .. } = &self.known;
        let within = &within[category.index()];
        Known { lifetime, window, within, true_stars: *true_stars }.merit(views, blind)
    }
}

/// All sellers.
#[derive(Debug)]
pub(super) struct Accounts {
    accounts: Vec<Mutex<Account>>,
    blind: bool,
}

impl Accounts {
    /// The accounts of these sellers; categories are numbered below `categories`.
    pub fn new(sellers: Vec<SellerPlan>, categories: usize, blind: bool) -> Self {
        let open = |mut known: SellerPlan| {
            if known.within.len() < categories {
                known.within.resize(categories, Tally::default());
            }
            Mutex::new(Account { known, ..Account::default() })
        };
        Accounts { accounts: sellers.into_iter().map(open).collect(), blind }
    }

    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// One account, until the guard is dropped. No other lock is taken meanwhile.
    pub fn of(&self, seller: SellerId) -> MutexGuard<'_, Account> {
        // A thread that panicked left whole numbers behind, and its panic is reported anyway.
        self.accounts[seller.index()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the policy keeps of an account for an offer with so many views.
    pub fn weigh(
        &self,
        policy: &dyn Ranking,
        account: &Account,
        category: CategoryId,
        views: u64,
    ) -> Weight {
        policy.weigh(&account.merit(category, views, self.blind))
    }
}
