//! What happened: facts, who they speak of, the digest of a run, and the sink through which facts leave.

mod appraisal;
mod digest;
mod log;
mod names;

pub use appraisal::{Appraisal, Appraised, Place};
pub use digest::Digest;
pub use log::{FactBuffer, FactLog, merge};

use crate::units::{
    CategoryId, Cents, ClassId, CountryId, CustomerId, Grade, KindId, ProductId, SellerId,
    SessionId, SimTime, US_PER_WEEK,
};

/// One purchase of one unit, as every later fact about it repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The visit that bought; there is at most one order a visit, so this names the order.
    pub session: SessionId,
    /// Who bought.
    pub customer: CustomerId,
    /// Who sold.
    pub seller: SellerId,
    /// What was sold.
    pub product: ProductId,
    /// What was paid [cents].
    pub price_cents: u32,
    /// Where it goes.
    pub country: CountryId,
    /// The shopper's class.
    pub class: ClassId,
    /// The place of the slate it was taken from, 1 for the box.
    pub place: u8,
}

/// What came out of the parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// As promised.
    Sound,
    /// Does not work as it should.
    Defective,
    /// Works, in a worse grade than promised.
    Misgraded,
}

/// Why a unit went back, in the words of the platform's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnReason {
    /// It does not work.
    Defect,
    /// It looks worse than its grade.
    NotAsDescribed,
    /// It came too late.
    TooLate,
    /// The shopper thought better of it.
    ChangedMind,
}

/// Where an applicant stands on the way to selling, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Found and contacted by business development; not signed yet.
    Prospecting,
    /// Terms signed; documents being gathered.
    Administration,
    /// Under audit by a quality account manager.
    Charter,
    /// Offers, delivery and payment options being set up.
    Setup,
    /// Live, under the trial's order cap.
    Trial,
    /// Live, handed over to an account manager.
    Established,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Stage; 6] = [
        Stage::Prospecting,
        Stage::Administration,
        Stage::Charter,
        Stage::Setup,
        Stage::Trial,
        Stage::Established,
    ];

    /// The word people read.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Prospecting => "prospecting",
            Stage::Administration => "administration",
            Stage::Charter => "charter",
            Stage::Setup => "setup",
            Stage::Trial => "trial",
            Stage::Established => "established",
        }
    }
}

/// What monitoring did about a live seller, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sanction {
    /// Told that an indicator is over its threshold.
    Warning,
    /// Agreed on a plan to mend it.
    ActionPlan,
    /// May not sell for a while.
    Suspension,
    /// May not sell again.
    Removal,
}

/// Why a live seller is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitReason {
    /// Lost money for too many weeks.
    Unprofitable,
    /// Removed by monitoring.
    Removed,
}

/// Something that happened. Facts are the only thing that metrics see.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the sentence of a variant speaks of its fields")]
pub enum Fact<'a> {
    /// A visit was shown a slate, best place first; empty when nobody could serve it.
    Shown {
        session: SessionId,
        product: ProductId,
        country: CountryId,
        class: ClassId,
        slate: &'a [SellerId],
    },
    /// A shopper wanted an offer but found no way to pay that suits, and left.
    Abandoned { session: SessionId, product: ProductId, seller: SellerId },
    /// A visit ended in a purchase.
    Bought { order: Order },
    /// The seller called the order off before shipping; the money goes back.
    Cancelled { order: Order },
    /// The parcel left.
    Shipped { order: Order },
    /// The parcel came, after the promised day where `late`.
    Delivered { order: Order, late: bool, condition: Condition },
    /// The unit went back; the money too.
    Returned { order: Order, reason: ReturnReason },
    /// The shopper published 1 to 5 stars about an order that had come on time or `late`.
    Reviewed { order: Order, stars: u8, late: bool },

    /// A seller put a product on sale.
    Listed { seller: SellerId, product: ProductId, price_cents: u32 },
    /// A seller took a product off sale; its unsold `units` leave the platform.
    Delisted { seller: SellerId, product: ProductId, units: u32 },
    /// A seller changed a price.
    Repriced { seller: SellerId, product: ProductId, price_cents: u32 },
    /// Units came into a seller's stock from outside the platform.
    Restocked { seller: SellerId, product: ProductId, units: u32 },
    /// A lot of units changed hands between two sellers; `price_cents` is for the whole lot.
    LotSold { from: SellerId, to: SellerId, product: ProductId, units: u32, price_cents: u64 },
    /// The monthly fee was charged.
    FeeCharged { seller: SellerId, fee_cents: u32 },

    /// An applicant came to a stage (the trial is where a seller goes live).
    StageEntered { seller: SellerId, stage: Stage },
    /// An applicant gave up, or was refused, at a stage.
    DroppedOut { seller: SellerId, stage: Stage },
    /// Staff bought from a seller under another name; `passed` is what they found.
    MysteryOrdered { seller: SellerId, passed: bool },
    /// Monitoring acted.
    Sanctioned { seller: SellerId, sanction: Sanction },
    /// A suspended seller may sell again.
    Reinstated { seller: SellerId },
    /// A live seller left for good.
    Exited { seller: SellerId, reason: ExitReason },

    /// A customer changed how often it visits: 0 lost, 1 usual, 2 loyal.
    MoodChanged { customer: CustomerId, mood: u8 },
    /// The scenario changed a seller's true quality.
    Shocked { seller: SellerId },
    /// The scenario published a review of 1 to 5 stars without an order: the least that can be done to
    /// a reputation.
    Nudged { seller: SellerId, stars: u8 },
    /// A day of the staff of a stage: how many cases it worked, how many it could have worked
    /// (`capacity`), and how many wait that were ready.
    StaffDay { stage: Stage, worked: u32, capacity: u32, waiting: u32 },
}

/// The kinds of facts, as bits, so that a reader can say which it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FactMask(pub u32);

#[expect(missing_docs, reason = "each is the bit of the fact of its name")]
impl FactMask {
    pub const SHOWN: FactMask = FactMask(1);
    pub const ABANDONED: FactMask = FactMask(1 << 1);
    pub const BOUGHT: FactMask = FactMask(1 << 2);
    pub const CANCELLED: FactMask = FactMask(1 << 3);
    pub const SHIPPED: FactMask = FactMask(1 << 4);
    pub const DELIVERED: FactMask = FactMask(1 << 5);
    pub const RETURNED: FactMask = FactMask(1 << 6);
    pub const REVIEWED: FactMask = FactMask(1 << 7);
    pub const LISTED: FactMask = FactMask(1 << 8);
    pub const DELISTED: FactMask = FactMask(1 << 9);
    pub const REPRICED: FactMask = FactMask(1 << 10);
    pub const RESTOCKED: FactMask = FactMask(1 << 11);
    pub const LOT_SOLD: FactMask = FactMask(1 << 12);
    pub const FEE_CHARGED: FactMask = FactMask(1 << 13);
    pub const STAGE_ENTERED: FactMask = FactMask(1 << 14);
    pub const DROPPED_OUT: FactMask = FactMask(1 << 15);
    pub const MYSTERY_ORDERED: FactMask = FactMask(1 << 16);
    pub const SANCTIONED: FactMask = FactMask(1 << 17);
    pub const REINSTATED: FactMask = FactMask(1 << 18);
    pub const EXITED: FactMask = FactMask(1 << 19);
    pub const MOOD_CHANGED: FactMask = FactMask(1 << 20);
    pub const SHOCKED: FactMask = FactMask(1 << 21);
    pub const STAFF_DAY: FactMask = FactMask(1 << 22);
    pub const NUDGED: FactMask = FactMask(1 << 23);
    /// How many kinds there are.
    pub const KINDS: usize = 24;

    /// Both of two masks.
    #[must_use]
    pub const fn and(self, other: FactMask) -> FactMask {
        FactMask(self.0 | other.0)
    }

    /// Whether the two share a kind.
    pub const fn meets(self, other: FactMask) -> bool {
        self.0 & other.0 != 0
    }
}

impl Fact<'_> {
    /// The number of this fact's kind, 0 to [`FactMask::KINDS`] - 1.
    pub const fn kind(&self) -> usize {
        match self {
            Fact::Shown { .. } => 0,
            Fact::Abandoned { .. } => 1,
            Fact::Bought { .. } => 2,
            Fact::Cancelled { .. } => 3,
            Fact::Shipped { .. } => 4,
            Fact::Delivered { .. } => 5,
            Fact::Returned { .. } => 6,
            Fact::Reviewed { .. } => 7,
            Fact::Listed { .. } => 8,
            Fact::Delisted { .. } => 9,
            Fact::Repriced { .. } => 10,
            Fact::Restocked { .. } => 11,
            Fact::LotSold { .. } => 12,
            Fact::FeeCharged { .. } => 13,
            Fact::StageEntered { .. } => 14,
            Fact::DroppedOut { .. } => 15,
            Fact::MysteryOrdered { .. } => 16,
            Fact::Sanctioned { .. } => 17,
            Fact::Reinstated { .. } => 18,
            Fact::Exited { .. } => 19,
            Fact::MoodChanged { .. } => 20,
            Fact::Shocked { .. } => 21,
            Fact::StaffDay { .. } => 22,
            Fact::Nudged { .. } => 23,
        }
    }

    /// Of what a seller does or meets between visits: the seller. None of visits and orders, and of what
    /// concerns several or nobody.
    pub const fn seller(&self) -> Option<SellerId> {
        match *self {
            Fact::Listed { seller, .. }
            | Fact::Delisted { seller, .. }
            | Fact::Repriced { seller, .. }
            | Fact::Restocked { seller, .. }
            | Fact::FeeCharged { seller, .. }
            | Fact::StageEntered { seller, .. }
            | Fact::DroppedOut { seller, .. }
            | Fact::MysteryOrdered { seller, .. }
            | Fact::Sanctioned { seller, .. }
            | Fact::Reinstated { seller }
            | Fact::Exited { seller, .. }
            | Fact::Shocked { seller }
            | Fact::Nudged { seller, .. } => Some(seller),
            _ => None,
        }
    }

    /// The bit of this fact's kind.
    pub const fn mask(&self) -> FactMask {
        FactMask(1 << self.kind())
    }
}

/// Where facts go. There is one sink for each cell and one for what happens between them (staff,
/// joining, lots), so that no two threads share one; a sink hears its facts in the order of time.
pub trait FactSink: Send {
    /// Takes one fact.
    fn take(&mut self, at: SimTime, fact: &Fact<'_>);

    /// Whether visits are to be taken apart for this sink; where not, an appraisal is not even made.
    #[inline]
    fn appraises(&self) -> bool {
        false
    }

    /// Takes the appraisal of one visit. It comes after what the visit was shown and before what came
    /// of it.
    fn appraise(&mut self, _: &Appraisal<'_>) {}
}

/// Drops every fact: for measuring what the recording costs.
impl FactSink for () {
    fn take(&mut self, _: SimTime, _: &Fact<'_>) {}
}

/// A seller as reports name it: what is true of it from the start and never changes.
#[derive(Debug, Clone, PartialEq)]
pub struct SellerCard {
    /// Its number.
    pub seller: SellerId,
    /// What business it is.
    pub kind: KindId,
    /// Where it sells from.
    pub country: CountryId,
    /// The category most of its catalogue lies in.
    pub category: CategoryId,
    /// Mean stars that its true quality earns in the long run.
    pub true_stars: f64,
    /// Live when the run began.
    pub from_start: bool,
}

/// A product as reports name it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductCard {
    /// Its number.
    pub product: ProductId,
    /// The category it lies in.
    pub category: CategoryId,
    /// Its condition grade.
    pub grade: Grade,
    /// Its share of all visits.
    pub popularity: f64,
    /// Reference price at the start of the run.
    pub reference: Cents,
    /// Change of the reference price from one week to the next [ratio/week], mostly below 0.
    pub drift_per_week: f64,
}

impl ProductCard {
    /// The reference price [EUR] at a moment: what the product is worth on the market at large.
    pub fn reference_eur(&self, at: SimTime) -> f64 {
        let weeks = f64::from(at.week());
        self.reference.eur() * libm::exp(weeks * libm::log1p(self.drift_per_week))
    }
}

/// Everybody and everything that facts of one world may name, drawn from `market.seed`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Census {
    /// By [`SellerId`].
    pub sellers: Vec<SellerCard>,
    /// By [`ProductId`].
    pub products: Vec<ProductCard>,
    /// Names, by [`CategoryId`].
    pub categories: Vec<String>,
    /// Names, by [`CountryId`].
    pub countries: Vec<String>,
    /// Names, by [`ClassId`].
    pub classes: Vec<String>,
    /// Weeks that the run covers, the last of them perhaps not to its end.
    pub weeks: u32,
    /// When the run ended, where that was before its last week was over.
    pub ended: Option<SimTime>,
    /// How many places a slate has.
    pub slate_length: usize,
    /// What the platform keeps of the price of an order that is not refunded [ratio].
    pub commission: f64,
}

impl Census {
    /// When the run ended: nothing is known of later.
    pub fn end(&self) -> SimTime {
        self.ended.unwrap_or(SimTime(u64::from(self.weeks) * US_PER_WEEK))
    }

    /// How long the run was, with a part of a week where it ended within one [weeks].
    pub fn length_weeks(&self) -> f64 {
        self.end().0 as f64 / US_PER_WEEK as f64
    }
}
