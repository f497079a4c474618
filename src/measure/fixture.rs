//! Small markets for the tests of this folder and of reports.

use super::recorder::Recorder;
use crate::history::{
    Appraisal, Appraised, Census, Condition, ExitReason, Fact, FactSink, Order, Place, ProductCard,
    ReturnReason, Sanction, SellerCard, Stage,
};
use crate::units::{
    CategoryId, Cents, ClassId, CountryId, CustomerId, Grade, KindId, ProductId, SellerId,
    SessionId, SimTime, US_PER_DAY,
};
use proptest::prelude::*;

/// A moment of so many days.
pub fn at(days: f64) -> SimTime {
    SimTime::default().plus_days(days)
}

/// A market of two products, whose reference prices are 100 and 200 EUR and fall by 10 % a week.
pub struct Town {
    pub census: Census,
}

impl Town {
    /// One with sellers live from the start and leads after them; it runs for two weeks.
    pub fn new(sellers: u32, leads: u32) -> Town {
        Town { census: Town::census(sellers, leads, 2) }
    }

    pub fn census(sellers: u32, leads: u32, weeks: u32) -> Census {
        let seller = |n: u32| SellerCard {
            seller: SellerId(n),
            kind: KindId::ALL[n as usize % 3],
            country: CountryId((n % 2) as u8),
            category: CategoryId(0),
            true_stars: 4.0 + 0.1 * f64::from(n),
            from_start: n < sellers,
        };
        let product = |n: u32| ProductCard {
            product: ProductId(n),
            category: CategoryId(0),
            grade: Grade::Good,
            popularity: 0.5,
            reference: Cents(10_000 * i64::from(n + 1)),
            drift_per_week: -0.1,
        };
        Census {
            sellers: (0..sellers + leads).map(seller).collect(),
            products: (0..2).map(product).collect(),
            categories: vec!["phones".to_string()],
            countries: vec!["France".to_string(), "España".to_string()],
            classes: vec!["everybody".to_string()],
            weeks,
            ended: None,
            slate_length: 5,
            commission: 0.1,
        }
    }

    pub fn order(&self, seller: u32, product: u32, price_cents: u32, place: u8) -> Order {
        Order {
            session: SessionId(7),
            customer: CustomerId(1),
            seller: SellerId(seller),
            product: ProductId(product),
            price_cents,
            country: CountryId(0),
            class: ClassId(0),
            place,
        }
    }

    /// An order of 100 EUR from the box.
    pub fn sells(&self, sink: &mut dyn FactSink, day: f64, seller: u32) {
        sink.take(at(day), &Fact::Bought { order: self.order(seller, 0, 10_000, 1) });
    }

    pub fn shows(&self, sink: &mut dyn FactSink, day: f64, slate: &[u32]) {
        let slate: Vec<SellerId> = slate.iter().copied().map(SellerId).collect();
        let shown = Fact::Shown {
            session: SessionId(7),
            product: ProductId(0),
            country: CountryId(0),
            class: ClassId(0),
            slate: &slate,
        };
        sink.take(at(day), &shown);
    }

    pub fn signs(&self, sink: &mut dyn FactSink, day: f64, seller: u32) {
        let stage = Stage::Administration;
        sink.take(at(day), &Fact::StageEntered { seller: SellerId(seller), stage });
    }

    pub fn joins(&self, sink: &mut dyn FactSink, day: f64, seller: u32) {
        let stage = Stage::Trial;
        sink.take(at(day), &Fact::StageEntered { seller: SellerId(seller), stage });
    }

    pub fn exits(&self, sink: &mut dyn FactSink, day: f64, seller: SellerId) {
        sink.take(at(day), &Fact::Exited { seller, reason: ExitReason::Unprofitable });
    }

    /// A visit of the sample that looks at every place and buys nothing.
    pub fn visit<'a>(&self, day: f64, candidates: &'a [Appraised]) -> Appraisal<'a> {
        Appraisal {
            at: at(day),
            session: SessionId(7),
            product: ProductId(0),
            country: CountryId(0),
            class: ClassId(0),
            of_visits: true,
            alpha: 0.05,
            leaving: Some(0.0),
            looked: candidates.iter().filter(|one| one.shown.is_some()).count(),
            chosen: None,
            candidates,
        }
    }

    /// A metric of the run so far; the name must be one.
    pub fn value(&self, recorder: &Recorder, name: &str) -> Option<f64> {
        let values = recorder.values(&self.census);
        let found = values.iter().find(|(metric, _)| metric.name == name);
        found.unwrap_or_else(|| panic!("no metric {name}")).1
    }
}

/// A candidate that asks 100 EUR, with its score and its score in truth, and its place if it has one.
pub fn candidate(
    seller: u32,
    value: f64,
    (score, true_score): (f32, f32),
    place: Option<u8>,
) -> Appraised {
    let shown = place.map(|number| Place { number, utility: 0.0 });
    let (seller, price_cents) = (SellerId(seller), 10_000);
    Appraised { seller, price_cents, value, score, true_score, shown }
}

/// A fact made of small numbers, with the slate it owns; or an appraisal of that slate.
#[derive(Debug, Clone)]
pub struct AnyFact {
    pub at: SimTime,
    kind: u8,
    seller: u32,
    product: u32,
    number: u32,
    slate: Vec<SellerId>,
}

impl AnyFact {
    /// Tells it to a sink.
    pub fn tell(&self, sink: &mut dyn FactSink) {
        let (seller, product) = (SellerId(self.seller), ProductId(self.product));
        let (number, flag) = (self.number, self.number.is_multiple_of(2));
        let order = Order {
            session: SessionId(u64::from(number)),
            customer: CustomerId(number),
            seller,
            product,
            price_cents: number,
            country: CountryId(0),
            class: ClassId(0),
            place: (number % 5 + 1) as u8,
        };
        if self.kind > 16 {
            return self.appraise(sink);
        }
        let stage = Stage::ALL[number as usize % Stage::ALL.len()];
        let condition = match number % 3 {
            0 => Condition::Sound,
            1 => Condition::Defective,
            _ => Condition::Misgraded,
        };
        let reason = if flag { ExitReason::Removed } else { ExitReason::Unprofitable };
        let fact = match self.kind {
            0 | 1 => Fact::Shown {
                session: order.session,
                product,
                country: order.country,
                class: order.class,
                slate: &self.slate,
            },
            2 | 3 => Fact::Bought { order },
            4 => Fact::Cancelled { order },
            5 | 6 => Fact::Delivered { order, late: flag, condition },
            7 => Fact::Returned { order, reason: ReturnReason::Defect },
            8 => Fact::Reviewed { order, stars: (number % 5 + 1) as u8, late: flag },
            9 => Fact::Listed { seller, product, price_cents: number },
            10 => Fact::Delisted { seller, product, units: number },
            11 | 12 => Fact::StageEntered { seller, stage },
            13 => Fact::DroppedOut { seller, stage },
            14 => Fact::Exited { seller, reason },
            15 => Fact::StaffDay { stage, worked: number / 2, capacity: number, waiting: 0 },
            _ => Fact::Sanctioned { seller, sanction: Sanction::Suspension },
        };
        sink.take(self.at, &fact);
    }

    /// Tells of a visit that was shown up to three places of the slate, with values and scores that are
    /// all but whole.
    fn appraise(&self, sink: &mut dyn FactSink) {
        let one = |(i, seller): (u8, &SellerId)| {
            let mixed = (self.number ^ seller.0 << 3).wrapping_mul(2_654_435_761) >> 7;
            let value = f64::from(mixed % 4_001) / 7.0 - 200.0;
            let scores = ((mixed % 5) as f32, (mixed % 7) as f32);
            let one = candidate(seller.0, value, scores, (i < 3).then_some(i + 1));
            let shown = one.shown.map(|place| Place { utility: value / 300.0, ..place });
            Appraised { price_cents: self.number + mixed % 1_000, shown, ..one }
        };
        let candidates: Vec<Appraised> = (0..).zip(&self.slate).map(one).collect();
        let town = Town { census: Census::default() };
        let visit = town.visit(self.at.days(), &candidates);
        let chosen = (visit.looked > 0).then_some((self.number % 3 + 1) as u8);
        let chosen = chosen.filter(|&place| usize::from(place) <= visit.looked);
        let of_visits = self.kind == 17;
        sink.appraise(&Appraisal { at: self.at, chosen, of_visits, ..visit });
    }
}

/// Facts and appraisals of ten sellers and two products within so many weeks, in the order of time.
pub fn any_facts(weeks: u64) -> impl Strategy<Value = Vec<AnyFact>> {
    let slate = prop::collection::vec((0_u32..10).prop_map(SellerId), 0..6);
    let fact = (0..weeks * 7 * US_PER_DAY, 0_u8..19, 0_u32..10, 0_u32..2, 1_u32..50_000, slate)
        .prop_map(|(at, kind, seller, product, number, slate)| AnyFact {
            at: SimTime(at),
            kind,
            seller,
            product,
            number,
            slate,
        });
    prop::collection::vec(fact, 0..120).prop_map(|mut facts| {
        facts.sort_by_key(|fact| fact.at);
        facts
    })
}
