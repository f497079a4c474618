//! The core against the path of one thread: the same offers, the same changes, the same slates.

use proptest::prelude::*;

use super::*;
use crate::market::best::Placed;
use crate::market::reputation::Known;
use crate::market::shelf::{Offers, Row, Scratch, Spot};
use crate::market::split::Side;
use crate::protocol::Query;
use crate::ranking::{POLICIES, RankingSpec};
use crate::units::{ClassId, CountryId, SessionId};

const STAR_EUR: f32 = 60.0;
const COUNTRIES: u8 = 3;
const SELLERS: u32 = 7;
const CATEGORIES: u8 = 2;
const BOTH: [Serving; 2] = [Serving::AtRead, Serving::AtWrite];

/// Every policy by its name, and variants of one that see the window or the category.
fn names() -> Vec<&'static str> {
    let all = POLICIES.iter().map(|about| about.name);
    all.chain(["box window", "box category"]).collect()
}

fn policy(name: &str) -> Box<dyn Ranking> {
    let (name, evidence) = name.split_once(' ').unwrap_or((name, "lifetime"));
    let about = POLICIES.iter().find(|about| about.name == name);
    let keys = about.unwrap_or_else(|| panic!("no policy {name}")).reference;
    let text = format!("[{name}]\n{}", keys.replace("\"lifetime\"", &format!("{evidence:?}")));
    let spec: RankingSpec = toml::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    spec.build()
}

/// The plan that a core is made of, moved by one thread with nothing clever: what it knows is changed in
/// place, and for every query a new shelf is put up and ranked by [`Offers::rank`].
#[derive(Debug, Clone)]
struct Oracle {
    products: Vec<ProductPlan>,
    sellers: Vec<SellerPlan>,
    /// Views as the weights know them.
    viewed: Vec<Vec<u64>>,
    name: &'static str,
    blind: bool,
    dice: Dice,
    length: usize,
}

impl Oracle {
    fn plan(&self, serving: Option<Serving>) -> Plan {
        Plan {
            policy: policy(self.name),
            blind: self.blind,
            dice: self.dice,
            length: self.length,
            serving,
            products: self.products.clone(),
            sellers: self.sellers.clone(),
        }
    }

    fn offer(&mut self, at: OfferAt) -> Option<&mut OfferPlan> {
        self.products.get_mut(at.product.index())?.offers.get_mut(at.row as usize)?.as_mut()
    }

    fn tallies(&mut self, seller: SellerId, category: CategoryId, change: impl Fn(&mut Tally)) {
        let SellerPlan { lifetime, window, within, .. } = &mut self.sellers[seller.index()];
        change(lifetime);
        change(window);
        change(&mut within[category.index()]);
    }

    /// The slate of a query, as the simulation would make it of these offers.
    fn rank(&self, query: &Query) -> Vec<Placed> {
        let policy = policy(self.name);
        let ProductPlan { category, offers } = &self.products[query.product.index()];
        let mut shelf = Offers::new([(query.product, *category)]);
        for (row, plan) in offers.iter().enumerate() {
            let Some(plan) = plan else {
                // Listed and delisted at the end, so that the row stays vacant.
                shelf.list(0, SellerId(0), Row::default(), Weight::default());
                continue;
            };
            let SellerPlan { lifetime, window, within, true_stars, .. } =
                &self.sellers[plan.seller.index()];
            let within = &within[category.index()];
            let known = Known { lifetime, window, within, true_stars: *true_stars };
            let views = self.viewed[query.product.index()][row];
            let weight = policy.weigh(&known.merit(views, self.blind));
            let OfferPlan { seller, price_cents, stock, ships, .. } = *plan;
            let row = Row { price_cents, stock, ships, ..Row::default() };
            let (spot, _) = shelf.list(0, seller, row, weight);
            shelf.open(spot, true);
        }
        for (row, plan) in (0u32..).zip(offers) {
            if plan.is_none() {
                shelf.delist(Spot { slot: 0, row });
            }
        }
        let rule = crate::market::shelf::Rule {
            side: Side::A,
            policy: &*policy,
            dice: self.dice,
            length: self.length,
        };
        let mut scratch = Scratch::default();
        shelf.rank(0, query, STAR_EUR, rule, &mut scratch);
        scratch.slate().to_vec()
    }
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
enum Step {
    Reprice { product: u32, row: u32, price_cents: u32 },
    Restock { product: u32, row: u32, units: u32 },
    Review { seller: u32, category: u8, stars: u8 },
    Buy { product: u32, row: u32 },
    Rank { session: u64, product: u32, country: u8 },
    Flush,
}

/// Few prices, so that many offers tie.
fn a_price() -> impl Strategy<Value = u32> {
    prop_oneof![Just(10_000u32), Just(12_000), 5_000..20_000u32]
}

fn a_tally() -> impl Strategy<Value = Tally> {
    (prop_oneof![Just(0u32), 1..30u32], 0..100u32).prop_map(|(reviews, share)| Tally {
        reviews,
        stars: reviews + reviews * 4 * share / 100,
        positive: reviews * share / 100,
        orders: reviews * 2,
        delivered: reviews * 2,
        late: reviews / 3,
        returned: reviews / 7,
        ..Tally::default()
    })
}

fn an_offer() -> impl Strategy<Value = Option<OfferPlan>> {
    let offer = (0..SELLERS, a_price(), 0..4u32, 0..1u32 << COUNTRIES, 0..3_000_000u64);
    let offer = offer.prop_map(|(seller, price_cents, stock, ships, views)| {
        Some(OfferPlan { seller: SellerId(seller), price_cents, stock, ships, views })
    });
    prop_oneof![1 => Just(None), 9 => offer]
}

/// Offers of one product: no seller twice, as equals of one seller have no order of their own.
fn a_product() -> impl Strategy<Value = ProductPlan> {
    let offers = proptest::collection::vec(an_offer(), 0..40);
    (0..CATEGORIES, offers).prop_map(|(category, mut offers)| {
        for (i, offer) in (0u32..).zip(&mut offers) {
            if let Some(offer) = offer {
                offer.seller = SellerId(offer.seller.0 + SELLERS * i);
            }
        }
        ProductPlan { category: CategoryId(category), offers }
    })
}

fn a_seller() -> impl Strategy<Value = SellerPlan> {
    let within = proptest::collection::vec(a_tally(), usize::from(CATEGORIES));
    (within, 1.0..5.0f64, 0..200_000u32).prop_map(|(within, true_stars, commission_ppm)| {
        let mut lifetime = Tally::default();
        within.iter().for_each(|tally| lifetime.add(tally));
        SellerPlan { lifetime, window: within[0], within, true_stars, commission_ppm }
    })
}

fn an_oracle() -> impl Strategy<Value = Oracle> {
    let products = proptest::collection::vec(a_product(), 1..4);
    // As many sellers as products name: those of a row are its own.
    let sellers = proptest::collection::vec(a_seller(), (SELLERS * 40) as usize);
    let name = proptest::sample::select(names());
    (products, sellers, name, proptest::bool::weighted(0.1), any::<u64>(), 1usize..13).prop_map(
        |(products, sellers, name, blind, seed, length)| {
            let views = |offer: &Option<OfferPlan>| offer.map_or(0, |offer| offer.views);
            let viewed = products.iter().map(|p| p.offers.iter().map(views).collect()).collect();
            let dice = Dice::new(seed, 0);
            Oracle { products, sellers, viewed, name, blind, dice, length }
        },
    )
}

fn a_step() -> impl Strategy<Value = Step> {
    // Some offers are not there.
    let at = || (0..3u32, 0..42u32);
    prop_oneof![
        4 => (at(), a_price()).prop_map(|((product, row), price_cents)| {
            Step::Reprice { product, row, price_cents }
        }),
        3 => (at(), 0..3u32).prop_map(|((product, row), units)| {
            Step::Restock { product, row, units }
        }),
        4 => (0..SELLERS * 40, 0..CATEGORIES, 1..6u8).prop_map(|(seller, category, stars)| {
            Step::Review { seller, category, stars }
        }),
        6 => at().prop_map(|(product, row)| Step::Buy { product, row }),
        6 => (any::<u64>(), 0..3u32, 0..COUNTRIES).prop_map(|(session, product, country)| {
            Step::Rank { session, product, country }
        }),
        1 => Just(Step::Flush),
    ]
}

/// A core and its oracle, moved together.
struct Pair<'a> {
    core: &'a Core,
    oracle: Oracle,
    writer: Writer<'a>,
    waiting: Vec<Step>,
    stamp: u64,
    batch: usize,
}

impl Pair<'_> {
    fn step(&mut self, step: Step) {
        self.stamp += 1;
        let stamp = self.stamp;
        let mut shown = Vec::new();
        let mut tell = |change, stamp| shown.push((stamp, change));
        match step {
            Step::Reprice { product, row, price_cents } => {
                let offer = OfferAt { product: ProductId(product), row };
                self.writer.reprice(offer, price_cents, stamp, &mut tell);
                self.waiting.push(step);
            }
            Step::Restock { product, row, units } => {
                let offer = OfferAt { product: ProductId(product), row };
                self.writer.restock(offer, units, stamp, &mut tell);
                self.waiting.push(step);
            }
            Step::Review { seller, category, stars } => {
                let (seller, category) = (SellerId(seller), CategoryId(category));
                self.writer.review(seller, category, stars, stamp, &mut tell);
                self.waiting.push(step);
            }
            Step::Buy { product, row } => self.buy(OfferAt { product: ProductId(product), row }),
            Step::Rank { session, product, country } => self.rank(session, product, country),
            Step::Flush => self.writer.flush(&mut tell),
        }
        if self.waiting.len() == self.batch || matches!(step, Step::Flush) {
            assert_eq!(shown.len(), self.waiting.len(), "every change is told once");
            self.catch_up();
        }
        assert_eq!(self.writer.waiting(), self.waiting.len());
    }

    /// Lets the oracle have what the core published.
    fn catch_up(&mut self) {
        for step in std::mem::take(&mut self.waiting) {
            match step {
                Step::Reprice { product, row, price_cents } => {
                    let at = OfferAt { product: ProductId(product), row };
                    if let Some(offer) = self.oracle.offer(at) {
                        offer.price_cents = price_cents;
                    }
                }
                Step::Restock { product, row, units } => {
                    let at = OfferAt { product: ProductId(product), row };
                    if let Some(offer) = self.oracle.offer(at) {
                        offer.stock += units;
                    }
                }
                Step::Review { seller, category, stars } => {
                    let (seller, category) = (SellerId(seller), CategoryId(category));
                    self.oracle.tallies(seller, category, |t| t.review(stars));
                }
                _ => unreachable!("only changes wait"),
            }
        }
        for (product, viewed) in self.oracle.products.iter().zip(&mut self.oracle.viewed) {
            *viewed = product.offers.iter().map(|o| o.map_or(0, |o| o.views)).collect();
        }
    }

    fn buy(&mut self, at: OfferAt) {
        let category = self.oracle.products.get(at.product.index()).map(|p| p.category);
        let expected = self.oracle.offer(at).filter(|o| o.stock > 0 && o.ships != 0).map(|offer| {
            offer.stock -= 1;
            Sale { seller: offer.seller, price_cents: offer.price_cents }
        });
        if let (Some(sale), Some(category)) = (expected, category) {
            self.oracle.tallies(sale.seller, category, |t| t.orders += 1);
        }
        assert_eq!(self.core.buy(at), expected);
    }

    fn rank(&mut self, session: u64, product: u32, country: u8) {
        let query = Query {
            session: SessionId(session),
            product: ProductId(product),
            country: CountryId(country),
            class: ClassId(0),
        };
        let mut reader = self.core.reader();
        self.core.rank(&query, STAR_EUR, &mut reader);
        if product as usize >= self.core.products() {
            assert_eq!(reader.slate(), []);
            return;
        }
        assert_eq!(reader.slate(), self.oracle.rank(&query), "{query:?} of {:?}", self.core);
        let reads = policy(self.oracle.name).reads();
        for (place, placed) in (1u64..).zip(reader.slate()) {
            let at = OfferAt { product: query.product, row: placed.row };
            assert_eq!(reader.offer(place as usize - 1), Some(at));
            let offer = self.oracle.offer(at).expect("an offer in the slate");
            assert!(offer.stock > 0 && offer.ships >> country & 1 == 1, "{offer:?}");
            offer.views += if reads.exposure { 1_000_000 / place } else { 0 };
        }
    }
}

/// Takes the steps on a core and its oracle, and holds all that the core knows against it at the end.
fn outcome(oracle: &Oracle, serving: Serving, batch: usize, steps: &[Step]) {
    let core = Core::of_plan(oracle.plan(Some(serving)));
    let writer = core.writer(batch);
    let (waiting, oracle) = (vec![], oracle.clone());
    let mut pair = Pair { core: &core, oracle, writer, waiting, stamp: 0, batch };
    for &step in steps {
        pair.step(step);
    }
    pair.step(Step::Flush);
    let Pair { mut oracle, .. } = pair;
    for number in 0..oracle.sellers.len() as u32 {
        assert_eq!(core.known(SellerId(number)), oracle.sellers[number as usize]);
    }
    let offers = (0..core.products() as u32).flat_map(|product| core.offers(ProductId(product)));
    for at in offers.collect::<Vec<_>>() {
        let expected = oracle.offer(at).map_or((0, 0), |o| (o.stock, o.price_cents));
        assert_eq!((core.stock(at), core.price_cents(at)), expected, "{at:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// After any changes, in batches of any size, both ways to serve give the slates of `Offers::rank`.
    #[test]
    fn slates_are_those_of_one_thread(
        oracle in an_oracle(),
        batch in 1usize..65,
        steps in proptest::collection::vec(a_step(), 0..120),
    ) {
        for serving in BOTH {
            outcome(&oracle, serving, batch, &steps);
        }
    }
}

/// Every policy has its turn, whatever the cases above drew.
#[test]
fn every_policy_is_served_as_by_one_thread() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    for name in names() {
        for batch in [1, 5, 64] {
            let given = (an_oracle(), proptest::collection::vec(a_step(), 100));
            let (oracle, steps) = given.new_tree(&mut runner).expect("a case").current();
            let oracle = Oracle { name, ..oracle };
            for serving in BOTH {
                outcome(&oracle, serving, batch, &steps);
            }
        }
    }
}

#[test]
fn what_depends_on_the_shopper_is_served_at_the_read() {
    for name in names() {
        let oracle = Oracle {
            products: vec![],
            sellers: vec![],
            viewed: vec![],
            name,
            blind: false,
            dice: Dice::new(1, 0),
            length: 3,
        };
        let best = if policy(name).per_query() { Serving::AtRead } else { Serving::AtWrite };
        for (asked, got) in
            [(None, best), (Some(Serving::AtRead), Serving::AtRead), (Some(Serving::AtWrite), best)]
        {
            assert_eq!(Core::of_plan(oracle.plan(asked)).serving(), got, "{name}");
        }
    }
}
