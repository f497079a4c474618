//! Several threads rank, buy, reprice, restock and review on one core; afterwards nothing is lost, and
//! nothing was sold twice.
//!
//!     cargo test --release --test integration -- --include-ignored stress

use std::thread;

use brocante::market::Tally;
use brocante::market::serve::{
    Core, OfferAt, OfferPlan, Plan, ProductPlan, Reader, SellerPlan, Serving, Writer,
};
use brocante::protocol::Query;
use brocante::ranking::RankingSpec;
use brocante::rng::{Dice, Purpose, Stream};
use brocante::units::{CategoryId, Cents, ClassId, CountryId, ProductId, SellerId, SessionId};

const SEED: u64 = 20_261_123;
const PRODUCTS: u32 = 40;
const SELLERS: u32 = 60;
const COUNTRIES: u32 = 4;
const CATEGORIES: u32 = 3;
const THREADS: u32 = 4;
const STAR_EUR: f32 = 60.0;

fn draws(who: u64) -> Stream {
    Dice::new(SEED, 0).stream(who, 0, Purpose::Arrival)
}

/// Products with 1 to 60 offers, little stock, and sellers with a past.
fn plan(policy: &str, serving: Option<Serving>) -> Plan {
    let mut draws = draws(0);
    let products = (0..PRODUCTS).map(|number| {
        let n = 1 + draws.below(SELLERS);
        let offer = |seller| {
            Some(OfferPlan {
                seller: SellerId(seller),
                price_cents: 10_000 + draws.below(5_000),
                stock: draws.below(20),
                ships: draws.below(1 << COUNTRIES),
                views: 0,
            })
        };
        let category = CategoryId((number % CATEGORIES) as u8);
        ProductPlan { category, offers: (0..n).map(offer).collect() }
    });
    let products = products.collect();
    let sellers = (0..SELLERS).map(|_| {
        let within: Vec<Tally> = (0..CATEGORIES)
            .map(|_| {
                let reviews = draws.below(50);
                let stars = reviews * 3 + draws.below(reviews * 2 + 1);
                Tally {
                    reviews,
                    stars,
                    positive: reviews / 2,
                    orders: reviews * 2,
                    ..Tally::default()
                }
            })
            .collect();
        let mut lifetime = Tally::default();
        within.iter().for_each(|tally| lifetime.add(tally));
        let commission_ppm = draws.below(200_000);
        SellerPlan { lifetime, window: within[0], within, true_stars: 4.0, commission_ppm }
    });
    Plan {
        policy: RankingSpec::reference(policy).expect("a policy").build(),
        blind: false,
        dice: Dice::new(SEED, 0),
        length: 10,
        serving,
        sellers: sellers.collect(),
        products,
    }
}

/// What one thread did, by offer and by seller.
struct Deeds {
    sold: Vec<Vec<u64>>,
    restocked: Vec<Vec<u64>>,
    paid: Vec<u64>,
    facts: Vec<Vec<Tally>>,
    shown: u64,
    changes: u64,
}

impl Deeds {
    fn none(core: &Core) -> Deeds {
        let rows = |p| vec![0u64; core.offers(ProductId(p)).count()];
        let by_offer: Vec<Vec<u64>> = (0..PRODUCTS).map(rows).collect();
        Deeds {
            sold: by_offer.clone(),
            restocked: by_offer,
            paid: vec![0; SELLERS as usize],
            facts: vec![vec![Tally::default(); CATEGORIES as usize]; SELLERS as usize],
            shown: 0,
            changes: 0,
        }
    }

    fn add(&mut self, other: &Deeds) {
        let add = |to: &mut [u64], from: &[u64]| to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        for (to, from) in self.sold.iter_mut().zip(&other.sold) {
            add(to, from);
        }
        for (to, from) in self.restocked.iter_mut().zip(&other.restocked) {
            add(to, from);
        }
        add(&mut self.paid, &other.paid);
        let facts = self.facts.iter_mut().flatten().zip(other.facts.iter().flatten());
        facts.for_each(|(to, from)| to.add(from));
        (self.shown, self.changes) = (self.shown + other.shown, self.changes + other.changes);
    }
}

/// One thread at work.
struct Thread<'a> {
    core: &'a Core,
    draws: Stream,
    reader: Reader,
    writer: Writer<'a>,
    deeds: Deeds,
}

impl Thread<'_> {
    fn query(&mut self) -> Query {
        Query {
            session: SessionId(self.draws.next_u32().into()),
            product: ProductId(self.draws.below(PRODUCTS)),
            country: CountryId(self.draws.below(COUNTRIES) as u8),
            class: ClassId(0),
        }
    }

    /// Ranks, and holds the slate against what must be true of any.
    fn rank(&mut self) {
        let query = self.query();
        self.core.rank(&query, STAR_EUR, &mut self.reader);
        let slate = self.reader.slate();
        assert!(slate.len() <= 10, "{query:?}: {slate:?}");
        assert!(slate.windows(2).all(|two| two[0].score >= two[1].score), "{query:?}: {slate:?}");
        let is_score = |score: f32| score.is_finite() && score != 0.0;
        assert!(slate.iter().all(|placed| is_score(placed.score)), "{query:?}: {slate:?}");
    }

    fn buy(&mut self) {
        self.rank();
        let place = self.draws.below(10) as usize;
        let Some(offer) = self.reader.offer(place) else { return };
        if let Some(sale) = self.core.buy(offer) {
            let (product, seller) = (offer.product.index(), sale.seller.index());
            self.deeds.sold[product][offer.row as usize] += 1;
            self.deeds.paid[seller] += u64::from(sale.price_cents);
            self.deeds.facts[seller][product % CATEGORIES as usize].orders += 1;
        }
    }

    fn act(&mut self) {
        let Thread { core, draws, .. } = self;
        let what = draws.below(100);
        let product = ProductId(draws.below(PRODUCTS));
        let row = draws.below(core.offers(product).count() as u32);
        let offer = OfferAt { product, row };
        let mut shown = 0;
        let mut tell = |_, stamp| shown += stamp;
        match what {
            0..60 => return self.rank(),
            60..85 => return self.buy(),
            85..94 => {
                let price_cents = 10_000 + draws.below(5_000);
                self.writer.reprice(offer, price_cents, 1, &mut tell);
            }
            94..98 => {
                let units = draws.below(12);
                self.deeds.restocked[product.index()][row as usize] += u64::from(units);
                self.writer.restock(offer, units, 1, &mut tell);
            }
            _ => {
                let (seller, stars) = (draws.below(SELLERS), 1 + draws.below(5) as u8);
                let category = draws.below(CATEGORIES);
                self.deeds.facts[seller as usize][category as usize].review(stars);
                let category = CategoryId(category as u8);
                self.writer.review(SellerId(seller), category, stars, 1, &mut tell);
            }
        }
        self.deeds.changes += 1;
        self.deeds.shown += shown;
    }
}

/// Lets the threads loose for so many operations in all, and returns what they did together.
fn let_loose(core: &Core, operations: u64) -> Deeds {
    let work = |number: u32| {
        let (deeds, batch) = (Deeds::none(core), [1, 7, 64][number as usize % 3]);
        let (draws, reader, writer) =
            (draws(1 + u64::from(number)), core.reader(), core.writer(batch));
        let mut thread = Thread { core, draws, reader, writer, deeds };
        for _ in 0..operations / u64::from(THREADS) {
            thread.act();
        }
        thread.writer.flush(&mut |_, stamp| thread.deeds.shown += stamp);
        thread.deeds
    };
    let mut all = Deeds::none(core);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || work(n))).collect();
        for thread in threads {
            all.add(&thread.join().expect("no thread panics"));
        }
    });
    all
}

/// What must be true of a core and what was done on it, once nobody works on it.
fn check(core: &Core, start: &Plan, did: &Deeds, what: &str) {
    assert_eq!(did.shown, did.changes, "{what}: every change was told once");
    let mut sold = 0;
    for (p, product) in start.products.iter().enumerate() {
        for (r, offer) in product.offers.iter().enumerate() {
            let at = OfferAt { product: ProductId(p as u32), row: r as u32 };
            let had = u64::from(offer.expect("an offer").stock) + did.restocked[p][r];
            let left = u64::from(core.stock(at));
            assert_eq!(left + did.sold[p][r], had, "{what}: units of {at:?}");
            sold += did.sold[p][r];
        }
    }
    assert!(sold > 0, "{what}: nothing was sold");
    for (s, plan) in start.sellers.iter().enumerate() {
        let known = core.known(SellerId(s as u32));
        let mut expected = plan.clone();
        for (within, facts) in expected.within.iter_mut().zip(&did.facts[s]) {
            within.add(facts);
            expected.lifetime.add(facts);
            expected.window.add(facts);
        }
        assert_eq!(known, expected, "{what}: seller {s}");
    }
    let books = core.books();
    assert_eq!(books.paid, Cents(did.paid.iter().sum::<u64>() as i64), "{what}: {books:?}");
    assert_eq!(books.paid, books.credits + books.commission, "{what}: {books:?}");
}

/// What readers see at the end is what a core shows that is opened with the same state.
fn check_slates(core: &Core, start: Plan, what: &str) {
    let mut plan = Plan { serving: Some(Serving::AtRead), ..start };
    for (s, seller) in (0u32..).zip(&mut plan.sellers) {
        *seller = core.known(SellerId(s));
    }
    for (p, product) in (0u32..).zip(&mut plan.products) {
        for (row, offer) in (0u32..).zip(product.offers.iter_mut().flatten()) {
            let at = OfferAt { product: ProductId(p), row };
            (offer.stock, offer.price_cents) = (core.stock(at), core.price_cents(at));
        }
    }
    let fresh = Core::of_plan(plan);
    let (mut one, mut other) = (core.reader(), fresh.reader());
    for session in 0..u64::from(PRODUCTS * COUNTRIES * 5) {
        let query = Query {
            session: SessionId(session),
            product: ProductId(session as u32 % PRODUCTS),
            country: CountryId((session as u32 / PRODUCTS % COUNTRIES) as u8),
            class: ClassId(0),
        };
        core.rank(&query, STAR_EUR, &mut one);
        fresh.rank(&query, STAR_EUR, &mut other);
        assert_eq!(one.slate(), other.slate(), "{what}: {query:?}");
    }
}

fn stress(policy: &str, serving: Serving, operations: u64) {
    let core = Core::of_plan(plan(policy, Some(serving)));
    let what = format!("{policy}, {serving:?}, seed {SEED}, {operations} operations");
    let did = let_loose(&core, operations);
    let start = plan(policy, Some(serving));
    check(&core, &start, &did, &what);
    check_slates(&core, start, &what);
}

#[test]
fn nothing_is_lost_and_nothing_is_sold_twice() {
    stress("box", Serving::AtRead, 200_000);
    stress("box", Serving::AtWrite, 200_000);
}

/// Its weights change with every order.
#[test]
fn nothing_is_lost_where_orders_weigh() {
    stress("popularity", Serving::AtRead, 50_000);
    stress("epp", Serving::AtWrite, 50_000);
}

#[test]
#[ignore = "an hour's worth of operations: some minutes"]
fn a_hundred_million_operations() {
    for (policy, serving, operations) in [
        ("box", Serving::AtRead, 45_000_000),
        ("box", Serving::AtWrite, 45_000_000),
        ("epp", Serving::AtWrite, 10_000_000),
    ] {
        stress(policy, serving, operations);
    }
}

#[test]
fn a_ranking_allocates_nothing() {
    for serving in [Serving::AtRead, Serving::AtWrite] {
        let core = Core::of_plan(plan("box", Some(serving)));
        let mut reader = core.reader();
        let mut draws = draws(9);
        let allocations = allocation_counter::measure(|| {
            for session in 0..10_000 {
                let query = Query {
                    session: SessionId(session),
                    product: ProductId(draws.below(PRODUCTS)),
                    country: CountryId(draws.below(COUNTRIES) as u8),
                    class: ClassId(0),
                };
                core.rank(&query, STAR_EUR, &mut reader);
            }
        });
        assert_eq!(allocations.count_total, 0, "{serving:?}");
    }
}
