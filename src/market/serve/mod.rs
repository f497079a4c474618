//! The market as many threads meet it at once: rankings, orders, and the changes of sellers.
//!
//! A [`Core`] is opened from a market at rest and then serves rankings to any number of threads while
//! others reprice, restock, publish reviews and take orders. It knows no clock and does no input or
//! output. There are two ways to serve ([`Serving`]); both give the very slates that
//! [`Offers::rank`](super::Offers::rank) gives for the same offers.
//!
//! # What can be relied on
//!
//! - A ranking sees each product as of one moment: no half of a publication. It never waits for a writer
//!   (only after having been overtaken time and again by writers of the same product does it lock them
//!   out), and it allocates nothing.
//! - A unit is sold once. An offer whose last unit was sold is closed before the buyer's call returns.
//! - Money, orders and reviews are whole numbers, counted under the lock of their seller: nothing is lost,
//!   and no order of events matters. The platform's side of the books is kept by product, the sellers' by
//!   seller, so that each can be held against the other.
//! - A weight is never replaced by one that was made of an older account.
//!
//! # What is left out
//!
//! Offers are neither listed nor delisted, sellers neither join nor leave, weeks do not end: the window
//! of reputations grows. Quotas of a day are not dealt out ([`Plan::of_market`]).
//!
//! # Locks
//!
//! One for each product, held by who publishes, and one for each seller, held by who counts. Who holds a
//! product's may take a seller's, and never the other way round. What readers read is a latch of relaxed
//! atomics (two copies and a count), and what buyers take is one word for each offer: see the docs of the
//! files for which thread may do what.

mod accounts;
mod latch;
mod plan;
mod reader;
mod shelf;
#[cfg(test)]
mod tests;
mod till;
mod writer;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use plan::{OfferPlan, Plan, ProductPlan, SellerPlan};
pub use reader::Reader;
pub use writer::{Change, Writer};

use super::{Cell, Market, Tally};
use crate::ranking::{Ranking, Reads, Weight};
use crate::rng::Dice;
use crate::units::{CategoryId, Cents, ProductId, SellerId};
use accounts::Accounts;
use latch::Latch;
use shelf::{Rule, Shelf};
use till::Till;

/// How rankings are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// Offers are scored at the read: for any policy.
    AtRead,
    /// Their order is kept at the write: for policies whose scores depend neither on chance nor on the
    /// shopper ([`Ranking::per_query`]).
    AtWrite,
}

/// Which offer: a row of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferAt {
    /// What is offered.
    pub product: ProductId,
    /// The offer's row among those of the product.
    pub row: u32,
}

/// A unit that was sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sale {
    /// By whom.
    pub seller: SellerId,
    /// At this price [cents].
    pub price_cents: u32,
}

/// What a core took in and whom it owes, since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Books {
    /// Paid by shoppers, counted by product.
    pub paid: Cents,
    /// Owed to sellers, counted by seller.
    pub credits: Cents,
    /// Kept by the platform, counted by seller.
    pub commission: Cents,
}

/// Where the rows of a product are.
#[derive(Debug, Clone, Copy)]
struct Spread {
    /// Place of its first row in the columns.
    place: u32,
    /// Rows that can have an offer.
    rows: u32,
    /// The same rounded up to whole vectors.
    room: u32,
    /// Its latch in the arena [cache lines].
    line: u32,
}

/// The seller of a vacant row.
const NOBODY: SellerId = SellerId(u32::MAX);
/// What stands in a vacant row.
const VACANT: OfferPlan =
    OfferPlan { seller: NOBODY, price_cents: 100, stock: 0, ships: 0, views: 0 };
/// Rows that are scored in one step.
const LANES: usize = 8;
/// Words of a cache line.
const LINE: usize = 8;
/// How often a reader that was overtaken looks again before it locks the writers out.
const PATIENCE: usize = 32;

/// A market that any number of threads use at once.
pub struct Core {
    policy: Box<dyn Ranking>,
    dice: Dice,
    length: usize,
    serving: Serving,
    reads: Reads,
    per_query: bool,
    products: Vec<Spread>,
    categories: Vec<CategoryId>,
    /// What readers read.
    arena: Vec<AtomicU64>,
    /// The first word of the arena that begins a cache line.
    base: usize,
    // By place.
    sellers: Vec<SellerId>,
    ships: Vec<u32>,
    tills: Vec<Till<AtomicU64>>,
    views: Vec<AtomicU64>,
    // By product.
    shelves: Vec<Mutex<Shelf>>,
    viewed: Vec<AtomicBool>,
    paid: Vec<AtomicU64>,
    /// Whether any weight ever had a second number.
    second: AtomicBool,
    /// Where the next sweep of views begins.
    next_viewed: AtomicUsize,
    accounts: Accounts,
    /// Offers seller by seller, and where those of each begin.
    listed: Vec<OfferAt>,
    listed_from: Vec<u32>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Core { serving, length, .. } = self;
        write!(f, "Core({serving:?}, {} products, slates of {length})", self.products.len())
    }
}

impl Core {
    /// The core of a market at rest: all offers, prices, stock and reputations. `policy` is the ranking
    /// to serve by, `length` the places of a slate; without `serving`, it is the best for the policy.
    /// [`Plan::of_market`] says what is left out.
    pub fn of_market<'a>(
        market: &Market,
        cells: impl IntoIterator<Item = &'a Cell>,
        policy: Box<dyn Ranking>,
        length: usize,
        serving: Option<Serving>,
    ) -> Core {
        Core::of_plan(Plan::of_market(market, cells, policy, length, serving))
    }

    /// The core of a plan. A policy that scores each query anew is served at the read, whatever the plan
    /// says.
    ///
    /// # Panics
    /// If an offer names a seller that there is not.
    pub fn of_plan(plan: Plan) -> Core {
        let per_query = plan.policy.per_query();
        let best = if per_query { Serving::AtRead } else { Serving::AtWrite };
        let serving = plan.serving.filter(|_| !per_query).unwrap_or(best);
        let categories = plan.products.iter().map(|p| p.category.index() + 1).max().unwrap_or(0);
        let mut core = Core {
            dice: plan.dice,
            length: plan.length,
            serving,
            reads: plan.policy.reads(),
            per_query,
            policy: plan.policy,
            products: vec![],
            categories: plan.products.iter().map(|product| product.category).collect(),
            arena: vec![],
            base: 0,
            sellers: vec![],
            ships: vec![],
            tills: vec![],
            views: vec![],
            shelves: vec![],
            viewed: plan.products.iter().map(|_| AtomicBool::new(false)).collect(),
            paid: plan.products.iter().map(|_| AtomicU64::new(0)).collect(),
            second: AtomicBool::new(false),
            next_viewed: AtomicUsize::new(0),
            accounts: Accounts::new(plan.sellers, categories, plan.blind),
            listed: vec![],
            listed_from: vec![],
        };
        core.list(&plan.products);
        core.open();
        core
    }

    /// Lays out rows and words.
    fn list(&mut self, products: &[ProductPlan]) {
        let mut lines = 0;
        let mut listed = Vec::new();
        for (number, product) in (0u32..).zip(products) {
            let (place, rows) = (self.tills.len() as u32, product.offers.len());
            let room = rows.next_multiple_of(LANES);
            let spread = Spread { place, rows: rows as u32, room: room as u32, line: lines as u32 };
            lines += Latch::<AtomicU64>::words(2 * room).div_ceil(LINE);
            self.products.push(spread);
            self.shelves.push(Mutex::new(Shelf::new(room)));
            for row in 0..room {
                let offer = product.offers.get(row).copied().flatten();
                let offer = offer.map_or(VACANT, |offer| {
                    assert!(offer.seller.index() < self.accounts.len(), "nobody sells {offer:?}");
                    let at = OfferAt { product: ProductId(number), row: row as u32 };
                    listed.push((offer.seller, at));
                    offer
                });
                self.sellers.push(offer.seller);
                self.ships.push(offer.ships);
                self.tills.push(Till::new(offer.price_cents, offer.stock));
                self.views.push(AtomicU64::new(offer.views));
            }
        }
        listed.sort_unstable();
        self.listed_from = (0..=self.accounts.len() as u32)
            .map(|seller| listed.partition_point(|&(of, _)| of.0 < seller) as u32)
            .collect();
        self.listed = listed.into_iter().map(|(_, at)| at).collect();
        self.arena = (0..(lines + 1) * LINE).map(|_| AtomicU64::new(0)).collect();
        let bytes = self.arena.as_ptr().align_offset(LINE * size_of::<u64>());
        self.base = if bytes < LINE { bytes } else { 0 };
    }

    /// Publishes everything for the first time.
    fn open(&self) {
        for number in (0..self.products.len() as u32).map(ProductId) {
            self.change(number, |product, shelf| {
                for row in 0..product.rows {
                    let place = (product.place + row) as usize;
                    shelf.ask(row, self.tills[place].look().0);
                    shelf.open(row, self.reach(place));
                }
            });
        }
        for seller in (0..self.accounts.len() as u32).map(SellerId) {
            self.weigh_offers(seller, |offer, weight, version| {
                self.change(offer.product, |_, shelf| shelf.weigh(offer.row, weight, version));
            });
        }
    }

    /// How rankings are answered.
    pub fn serving(&self) -> Serving {
        self.serving
    }

    /// How many products there are.
    pub fn products(&self) -> usize {
        self.products.len()
    }

    /// How many sellers there are.
    pub fn sellers(&self) -> usize {
        self.accounts.len()
    }

    /// The rows of a product, vacant ones included.
    pub fn offers(&self, product: ProductId) -> impl Iterator<Item = OfferAt> + use<> {
        let rows = self.products.get(product.index()).map_or(0, |spread| spread.rows);
        (0..rows).map(move |row| OfferAt { product, row })
    }

    /// The category of a product that there is.
    pub fn category(&self, product: ProductId) -> CategoryId {
        self.categories[product.index()]
    }

    /// Room to rank in, for one reading thread.
    pub fn reader(&self) -> Reader {
        Reader::new(self)
    }

    /// A collector of changes, for one writing thread: it publishes when `batch` changes wait.
    pub fn writer(&self, batch: usize) -> Writer<'_> {
        Writer::new(self, batch)
    }

    /// Takes one unit of an offer at its price of that moment, if there is one: nothing is ever sold
    /// twice. The order is in the seller's money and tallies when the call returns, and if it was the
    /// last unit, the offer is closed.
    pub fn buy(&self, offer: OfferAt) -> Option<Sale> {
        let place = self.place(offer)?;
        if self.ships[place] == 0 {
            return None;
        }
        let (price_cents, left) = self.tills[place].take()?;
        if left == 0 {
            // Somebody may have restocked meanwhile: what counts is the stock under the lock. As the
            // last to hold it sees all stock that was changed before, the offer ends up as it should.
            self.change(offer.product, |_, shelf| shelf.open(offer.row, self.reach(place)));
        }
        self.paid[offer.product.index()].fetch_add(price_cents.into(), Ordering::Relaxed);
        let seller = self.sellers[place];
        let mut account = self.accounts.of(seller);
        account.note(self.category(offer.product), |tally| tally.orders += 1);
        account.pay(price_cents);
        drop(account);
        if self.reads.orders {
            self.weigh_offers(seller, |offer, weight, version| {
                self.change(offer.product, |_, shelf| shelf.weigh(offer.row, weight, version));
            });
        }
        Some(Sale { seller, price_cents })
    }

    /// Brings the weights of offers up to the views counted so far, in the next `most` products: for
    /// policies that read exposure. Every flush of a writer does it for some products in turn.
    pub fn refresh_views(&self, most: usize) {
        if !self.reads.exposure {
            return;
        }
        let n = self.products.len();
        let from = self.next_viewed.fetch_add(most.min(n), Ordering::Relaxed);
        for i in (0..most.min(n)).map(|i| from.wrapping_add(i) % n) {
            let viewed = &self.viewed[i];
            if viewed.load(Ordering::Relaxed) && viewed.swap(false, Ordering::Acquire) {
                self.weigh_product(ProductId(i as u32));
            }
        }
    }

    /// Weighs the offers of one product anew.
    fn weigh_product(&self, product: ProductId) {
        let category = self.category(product);
        self.change(product, |spread, shelf| {
            for row in 0..spread.rows {
                let place = (spread.place + row) as usize;
                if self.sellers[place] == NOBODY {
                    continue;
                }
                let views = self.views[place].load(Ordering::Relaxed);
                let account = self.accounts.of(self.sellers[place]);
                let weight = self.accounts.weigh(&*self.policy, &account, category, views);
                shelf.weigh(row, weight, account.version);
            }
        });
    }

    /// Weighs a seller's offers and hands each over with its weight and the version it was made of.
    fn weigh_offers(&self, seller: SellerId, mut each: impl FnMut(OfferAt, Weight, u64)) {
        let from = self.listed_from[seller.index()] as usize;
        let to = self.listed_from[seller.index() + 1] as usize;
        let offers = &self.listed[from..to];
        let alike = !self.reads.exposure && !self.reads.category;
        let weigh = |category, views| {
            let account = self.accounts.of(seller);
            (self.accounts.weigh(&*self.policy, &account, category, views), account.version)
        };
        let same = alike.then(|| weigh(CategoryId(0), 0));
        for &offer in offers {
            let (weight, version) = same.unwrap_or_else(|| {
                let place = (self.products[offer.product.index()].place + offer.row) as usize;
                let views = self.views[place].load(Ordering::Relaxed);
                weigh(self.category(offer.product), views)
            });
            each(offer, weight, version);
        }
    }

    /// Lets `look` read the published words of a product, as of one moment.
    #[inline]
    fn read<T>(
        &self,
        product: Spread,
        number: ProductId,
        mut look: impl FnMut(&[AtomicU64]) -> T,
    ) -> T {
        let latch = self.latch(product);
        match latch.read(&mut look) {
            Some(seen) => seen,
            None => self.read_again(&latch, number, look),
        }
    }

    #[cold]
    fn read_again<T>(
        &self,
        latch: &Latch<'_, AtomicU64>,
        number: ProductId,
        mut look: impl FnMut(&[AtomicU64]) -> T,
    ) -> T {
        for _ in 0..PATIENCE {
            if let Some(seen) = latch.read(&mut look) {
                return seen;
            }
        }
        let _nobody_publishes = self.shelf(number);
        latch.read(look).expect("a latch does not turn while its product is locked")
    }

    /// Changes a product, and publishes what changed.
    fn change(&self, number: ProductId, how: impl FnOnce(Spread, &mut Shelf)) {
        let Some(&product) = self.products.get(number.index()) else { return };
        let mut shelf = self.shelf(number);
        how(product, &mut shelf);
        let sellers = &self.sellers[product.place as usize..][..product.room as usize];
        if shelf.has_second() && !self.second.load(Ordering::Relaxed) {
            self.second.store(true, Ordering::Relaxed);
        }
        let rule = Rule { policy: &*self.policy, serving: self.serving };
        shelf.publish(self.latch(product), sellers, rule);
    }

    fn shelf(&self, number: ProductId) -> MutexGuard<'_, Shelf> {
        // A thread that panicked did so before it published, and its panic is reported anyway.
        self.shelves[number.index()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn latch(&self, product: Spread) -> Latch<'_, AtomicU64> {
        let words = Latch::<AtomicU64>::words(2 * product.room as usize);
        Latch::at(&self.arena[self.base + product.line as usize * LINE..][..words])
    }

    /// Where an offer is, if there is such an offer.
    fn place(&self, offer: OfferAt) -> Option<usize> {
        let product = self.products.get(offer.product.index())?;
        let place = (offer.row < product.rows).then(|| (product.place + offer.row) as usize)?;
        (self.sellers[place] != NOBODY).then_some(place)
    }

    /// Countries that can buy an offer with the stock of now, as bits.
    fn reach(&self, place: usize) -> u32 {
        if self.tills[place].look().1 > 0 { self.ships[place] } else { 0 }
    }
}

/// What a core says of itself: each number is right by itself, and all together once nobody changes it.
impl Core {
    /// Who makes an offer; nobody where the row is vacant, or there is none.
    pub fn seller(&self, offer: OfferAt) -> Option<SellerId> {
        self.place(offer).map(|place| self.sellers[place])
    }

    /// Units of an offer.
    pub fn stock(&self, offer: OfferAt) -> u32 {
        self.place(offer).map_or(0, |place| self.tills[place].look().1)
    }

    /// The price of an offer [cents]; 0 where there is none.
    pub fn price_cents(&self, offer: OfferAt) -> u32 {
        self.place(offer).map_or(0, |place| self.tills[place].look().0)
    }

    /// Views of an offer, in millionths of a view of the first place; counted where the policy reads
    /// them.
    pub fn views(&self, offer: OfferAt) -> u64 {
        self.place(offer).map_or(0, |place| self.views[place].load(Ordering::Relaxed))
    }

    /// What is known of a seller that there is.
    pub fn known(&self, seller: SellerId) -> SellerPlan {
        self.accounts.of(seller).known.clone()
    }

    /// All that was ever counted of a seller that there is.
    pub fn tally(&self, seller: SellerId) -> Tally {
        self.accounts.of(seller).known.lifetime
    }

    /// What a seller is owed for its orders since the core was opened.
    pub fn credit(&self, seller: SellerId) -> Cents {
        self.accounts.of(seller).credit
    }

    /// The money since the core was opened.
    pub fn books(&self) -> Books {
        let paid = self.paid.iter().map(|paid| paid.load(Ordering::Relaxed) as i64).sum();
        let mut books = Books { paid: Cents(paid), ..Books::default() };
        for seller in (0..self.sellers() as u32).map(SellerId) {
            let account = self.accounts.of(seller);
            books.credits += account.credit;
            books.commission += account.commission;
        }
        books
    }
}
