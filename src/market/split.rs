//! A test within one world: who meets which of two sides.
//!
//! A side is a pure function of the seed and of who is asked about, so that whoever listens to facts can
//! tell it again, and a world whose two sides are alike is, fact for fact, the world without a test.

use super::build::class_bounds;
use super::{FeedbackSpec, MarketPlan, MarketSpec};
use crate::agents::sellers::SellersSpec;
use crate::agents::shoppers::{ShoppersSpec, Traffic};
use crate::ranking::Ranking;
use crate::rng::{Dice, Purpose};
use crate::units::{ClassId, CustomerId, ProductId, SellerId, SessionId, SimTime};

/// One of the two sides of a test. Where nothing is tested everybody is on the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Side {
    /// The base.
    #[default]
    A,
    /// What is tried.
    B,
}

impl Side {
    /// Both, in order.
    pub const BOTH: [Side; 2] = [Side::A, Side::B];

    /// Its place in an array of both.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }

    fn of_bit(bit: u32) -> Side {
        Side::BOTH[(bit & 1) as usize]
    }
}

/// Who is dealt to the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Customers; where they are not followed, visits.
    Shoppers,
    /// Sellers.
    Sellers,
    /// Windows of time: of each two in a row one is of either side, in an order that is drawn.
    Windows {
        /// Length of a window: a whole number of ticks [µs].
        length_us: u64,
    },
}

impl Design {
    /// The word people read and type.
    pub const fn name(self) -> &'static str {
        match self {
            Design::Shoppers => "shopper-split",
            Design::Sellers => "seller-split",
            Design::Windows { .. } => "switchback",
        }
    }
}

/// What the second side of a test has that may differ from the first, whose own is in the plan of the
/// market.
pub struct SplitPlan<'a> {
    /// Who is dealt to the sides.
    pub design: Design,
    /// The marketplace itself.
    pub market: &'a MarketSpec,
    /// How they choose.
    pub shoppers: &'a ShoppersSpec,
    /// How sellers are and act.
    pub sellers: &'a SellersSpec,
    /// Which feedback channels are open.
    pub feedback: FeedbackSpec,
    /// The rule that ranks.
    pub policy: Box<dyn Ranking>,
}

// What a coin is about: a number never changes its meaning.
const CUSTOMER: u32 = 0;
const VISIT: u32 = 1;
const WINDOWS: u32 = 2;
const SELLER: u32 = 3;
const LOOK: u32 = 4;

/// Who is on which side.
#[derive(Debug, Clone)]
pub struct Split {
    design: Design,
    dice: Dice,
    tick_us: u64,
    visitors: Visitors,
}

/// The customers of a class who there are at a time: the first, and how many. 1 at least, so that a class
/// too small for a customer of its own shares its neighbour's. `bounds` are the first customers of the
/// classes, and one past the last.
pub(super) fn customers_now(
    bounds: &[u32],
    customers: u32,
    traffic: &Traffic,
    class: ClassId,
    at: SimTime,
) -> (u32, u32) {
    let (first, end) = (bounds[class.index()], bounds[class.index() + 1]);
    let part = traffic.part_of_last(at).min(1.0);
    let last = customers.saturating_sub(1);
    (first.min(last), ((f64::from(end - first) * part) as u32).max(1))
}

/// From whom visits come, for those who know no more of a visit than its number.
#[derive(Debug, Clone)]
struct Visitors {
    traffic: Traffic,
    /// First customer of each class, and one past the last.
    bounds: Vec<u32>,
    /// Customers who are followed.
    customers: u32,
}

impl MarketPlan<'_> {
    /// Who is on which side; none where nothing is tested.
    pub(super) fn dealing(&self) -> Option<Split> {
        let design = self.split.as_ref()?.design;
        let bounds = class_bounds(self.shoppers, self.followed());
        let customers = self.followed() as u32;
        let visitors =
            Visitors { traffic: Traffic::new(self.shoppers, self.weeks), bounds, customers };
        Some(Split::new(design, Dice::new(self.seed, self.world), self.tick_us, visitors))
    }
}

impl Split {
    fn new(design: Design, dice: Dice, tick_us: u64, visitors: Visitors) -> Self {
        Split { design, dice, tick_us, visitors }
    }

    /// Who is dealt to the sides.
    pub fn design(&self) -> Design {
        self.design
    }

    fn coin(&self, who: u64, about: u32) -> Side {
        Side::of_bit(self.dice.block(who, about, Purpose::Split).0[0])
    }

    /// The side of a visit, by whom it is. Where sellers are dealt, all visits are alike.
    pub fn of_visit(&self, session: SessionId, customer: CustomerId) -> Side {
        match self.design {
            Design::Shoppers if self.visitors.customers > 0 => self.of_customer(customer),
            Design::Shoppers => self.coin(session.0, VISIT),
            Design::Windows { .. } => self.of_time(self.start_of(session)),
            Design::Sellers => Side::A,
        }
    }

    /// The side of a visit that is known by its number alone; nothing for the orders of campaigns, which
    /// no visit is behind.
    pub fn of_session(&self, session: SessionId) -> Option<Side> {
        let class = session.class();
        if class.index() + 1 >= self.visitors.bounds.len() {
            return None;
        }
        let Visitors { traffic, bounds, customers } = &self.visitors;
        let customer = if *customers > 0 {
            // As arrivals draw it.
            let at = self.start_of(session);
            let (first, count) = customers_now(bounds, *customers, traffic, class, at);
            let block = self.dice.block(session.0, 0, Purpose::Arrival);
            CustomerId(first + block.below(2, count))
        } else {
            CustomerId(u32::MAX)
        };
        Some(self.of_visit(session, customer))
    }

    fn start_of(&self, session: SessionId) -> SimTime {
        SimTime(u64::from(session.tick()) * self.tick_us)
    }

    fn of_customer(&self, customer: CustomerId) -> Side {
        self.coin(u64::from(customer.0), CUSTOMER)
    }

    /// The side in force at a time.
    fn of_time(&self, at: SimTime) -> Side {
        let Design::Windows { length_us } = self.design else { return Side::A };
        let window = at.0 / length_us;
        let first = self.coin(window / 2, WINDOWS);
        if window.is_multiple_of(2) { first } else { Side::BOTH[1 - first.index()] }
    }

    /// The side of a seller. Where others are dealt, all sellers are alike.
    pub fn of_seller(&self, seller: SellerId) -> Side {
        match self.design {
            Design::Sellers => self.coin(u64::from(seller.0), SELLER),
            Design::Shoppers | Design::Windows { .. } => Side::A,
        }
    }

    /// The side whose policy tells a seller how one of its offers stands. Where both serve at a time each
    /// offer hears of one of them for good: to hear of both in turn would make prices swing between two
    /// rules, and of one alone would hide the other from sellers.
    pub(super) fn of_look(&self, seller: SellerId, product: ProductId, now: SimTime) -> Side {
        match self.design {
            Design::Shoppers => self.coin(u64::from(seller.0) | u64::from(product.0) << 32, LOOK),
            Design::Windows { .. } => self.of_time(now),
            Design::Sellers => Side::A,
        }
    }

    /// Customers on each side; nothing where they are not followed or not what is dealt.
    pub fn customers(&self) -> Option<[u32; 2]> {
        if self.design != Design::Shoppers || self.visitors.customers == 0 {
            return None;
        }
        let mut on = [0; 2];
        for customer in 0..self.visitors.customers {
            on[self.of_customer(CustomerId(customer)).index()] += 1;
        }
        Some(on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes, of 600 and 400 customers, none growing.
    fn split(design: Design, customers: u32) -> Split {
        let text = r#"
visits_per_week = 100.0
growth_per_week = 0.0
hour_share = [1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
weekday_share = [1.0, 0, 0, 0, 0, 0, 0]
classes = {}
choice = { neutral_stars = 4.0, shown_from_reviews = 1, neutral_days = 3.0 }
"#;
        let shoppers: ShoppersSpec = toml::from_str(text).expect("shoppers");
        let traffic = Traffic::new(&shoppers, 10);
        let bounds = vec![0, customers * 6 / 10, customers];
        let visitors = Visitors { traffic, bounds, customers };
        Split::new(design, Dice::new(42, 0), 3_600_000_000, visitors)
    }

    fn session(class: u8, tick: u32, j: u32) -> SessionId {
        SessionId::new(ClassId(class), 3, tick, j)
    }

    #[test]
    fn a_number_of_a_visit_tells_its_class_and_tick() {
        let session = SessionId::new(ClassId(62), 1_023, (1 << 26) - 2, (1 << 22) - 1);
        assert_eq!((session.class(), session.tick()), (ClassId(62), (1 << 26) - 2));
    }

    #[test]
    fn a_customer_stays_on_its_side_and_halves_are_halves() {
        let split = split(Design::Shoppers, 1_000);
        let [a, b] = split.customers().expect("they are followed");
        assert_eq!(a + b, 1_000);
        assert!(a.abs_diff(b) < 140, "{a} and {b}");
        let of = |n: u32, customer| split.of_visit(session(0, n, n), CustomerId(customer));
        assert!((0..100).all(|customer| (0..9).all(|n| of(n, customer) == of(0, customer))));
        assert_eq!(split.of_seller(SellerId(7)), Side::A);
    }

    #[test]
    fn visits_of_nobody_in_particular_are_dealt_one_by_one_and_campaigns_not_at_all() {
        let split = split(Design::Shoppers, 0);
        assert_eq!(split.customers(), None);
        let sides = (0..1_000).filter_map(|j| split.of_session(session(1, 5, j)));
        let b = sides.filter(|&side| side == Side::B).count();
        assert!((430..570).contains(&b), "{b} of 1,000");
        assert_eq!(split.of_session(session(63, 5, 0)), None);
    }

    #[test]
    fn of_two_windows_in_a_row_each_side_has_one() {
        let split = split(Design::Windows { length_us: 6 * 3_600_000_000 }, 1_000);
        let of = |tick| split.of_session(session(0, tick, 9)).expect("a visit");
        let mut first = [0; 2];
        for pair in 0..200 {
            let window = |n: u32| -> Vec<Side> {
                let from = (2 * pair + n) * 6;
                (from..from + 6).map(of).collect()
            };
            let (one, other) = (window(0), window(1));
            assert!(one.iter().all(|&side| side == one[0]) && other.iter().all(|&s| s != one[0]));
            first[one[0].index()] += 1;
        }
        assert!(first.iter().all(|&n| n > 60), "{first:?} of 200 pairs begin with each");
    }
}
