//! The books of a market: a slow and obvious account of all that was told, held against what must
//! never happen. It reads facts in the order of time and believes nothing of what the engine keeps.

use std::collections::{BTreeMap, BTreeSet};

use brocante::history::{Condition, Fact, Order, Sanction, Stage};
use brocante::market::{EventSpec, Standing};
use brocante::scenario::Scenario;
use brocante::units::{Cents, CustomerId, KindId, ProductId, SellerId, SessionId, SimTime};

use crate::worlds::{Past, Told};

/// Sessions of campaigns carry this number of a class, which no class of shoppers has.
const CAMPAIGN: u64 = 63;

/// Says what does not hold, and ends the audit.
macro_rules! hold {
    ($that:expr, $($why:tt)+) => {
        if !$that {
            return Err(format!($($why)+));
        }
    };
}

type Audit = Result<(), String>;

/// One seller's offer of one product.
#[derive(Debug, Default)]
struct Offer {
    price_cents: u32,
    stock: u64,
}

/// One seller.
#[derive(Debug, Default)]
struct Trade {
    live: bool,
    suspended: bool,
    gone: bool,
    /// Orders a day that its trial allows.
    cap: Option<u32>,
    stage: Option<Stage>,
    /// The last day it sold on, and its orders on that day.
    today: (u32, u32),
    credit: i64,
    /// Units that came in, and that were bought in lots.
    restocked: BTreeMap<ProductId, u64>,
    lots: BTreeMap<ProductId, u64>,
    orders: u32,
    cancelled: u32,
    delivered: u32,
    late: u32,
    returned: u32,
    reviews: u32,
}

/// What is known of one order.
#[derive(Debug)]
struct Deal {
    order: Order,
    bought: SimTime,
    cancelled: bool,
    shipped: bool,
    delivered: Option<(SimTime, bool)>,
    returned: bool,
    reviewed: bool,
}

/// A visit that was shown something.
struct View {
    at: SimTime,
    product: ProductId,
    slate: Vec<SellerId>,
    ended: bool,
}

/// The accounts in cents.
#[derive(Debug, Default)]
struct Money {
    paid: i64,
    refunded: i64,
    commission: i64,
    fees: i64,
    lots: i64,
}

pub struct Books<'a> {
    scenario: &'a Scenario,
    past: &'a Past,
    /// The commission in millionths of a price.
    commission_ppm: u64,
    offers: BTreeMap<(SellerId, ProductId), Offer>,
    sellers: Vec<Trade>,
    deals: BTreeMap<SessionId, Deal>,
    views: BTreeMap<SessionId, View>,
    money: Money,
    /// Who campaigns bought from.
    struck: BTreeSet<SellerId>,
    /// When fees were charged last, and who was established then and not charged yet.
    charged: (SimTime, Vec<SellerId>),
    /// The experiences that a customer had last, at one moment, and whether each was good.
    felt: Felt,
    /// Since when who is lost.
    lost: BTreeMap<CustomerId, SimTime>,
}

/// Audits a world that was run to its end.
///
/// # Errors
/// The first thing that does not hold.
pub fn audit(scenario: &Scenario, past: &Past) -> Audit {
    let census = past.market.census();
    let begin = |from_start| Trade { live: from_start, ..Trade::default() };
    let mut books = Books {
        scenario,
        past,
        commission_ppm: (scenario.market.fees.commission * 1e6).round() as u64,
        offers: BTreeMap::new(),
        sellers: census.sellers.iter().map(|card| begin(card.from_start)).collect(),
        deals: BTreeMap::new(),
        views: BTreeMap::new(),
        money: Money::default(),
        struck: BTreeSet::new(),
        charged: (SimTime(0), vec![]),
        felt: BTreeMap::new(),
        lost: BTreeMap::new(),
    };
    for told in in_order(past)? {
        books.read(told).map_err(|why| format!("{why}\n  at {} ({:?})", told.at, told))?;
    }
    books.close()
}

/// Everything that was told, in the order of time. What is decided between two ticks comes before
/// what cells do at the same moment, and what a customer feels comes after what it feels about.
fn in_order(past: &Past) -> Result<Vec<&Told>, String> {
    let mut all = Vec::new();
    for (sink, kept) in past.sinks.iter().enumerate() {
        for pair in kept.told.windows(2) {
            hold!(
                pair[0].at <= pair[1].at,
                "sink {sink} was told {:?} after {:?}",
                pair[1],
                pair[0]
            );
        }
        let between = sink + 1 == past.sinks.len();
        all.extend(kept.told.iter().map(|told| {
            let turn = match told.fact {
                Fact::MoodChanged { .. } => 2,
                _ => u8::from(!between),
            };
            (told.at, turn, told)
        }));
    }
    all.sort_by_key(|&(at, turn, _)| (at, turn));
    Ok(all.into_iter().map(|(.., told)| told).collect())
}

type Felt = BTreeMap<CustomerId, Vec<(SimTime, bool)>>;

fn feel(felt: &mut Felt, customer: CustomerId, at: SimTime, good: bool) {
    let last = felt.entry(customer).or_default();
    last.retain(|&(when, _)| when == at);
    last.push((at, good));
}

impl Books<'_> {
    fn read(&mut self, told: &Told) -> Audit {
        let at = told.at;
        match told.fact {
            Fact::Shown { .. } | Fact::Abandoned { .. } => self.visit(told),
            Fact::Bought { order } => self.bought(at, order),
            Fact::Cancelled { order }
            | Fact::Shipped { order }
            | Fact::Delivered { order, .. }
            | Fact::Returned { order, .. }
            | Fact::Reviewed { order, .. } => self.became_of(at, &order, &told.fact),
            Fact::Listed { .. }
            | Fact::Delisted { .. }
            | Fact::Repriced { .. }
            | Fact::Restocked { .. } => self.shelf(&told.fact),
            Fact::LotSold { from, to, product, units, price_cents } => {
                hold!(from != to, "a seller bought its own lot");
                hold!(units > 0, "an empty lot was sold");
                let both = self.seller(from).live && self.seller(to).live;
                hold!(both, "a lot was traded by somebody who is not live");
                *self.seller(to).lots.entry(product).or_default() += u64::from(units);
                self.money.lots += price_cents as i64;
                Ok(())
            }
            Fact::FeeCharged { seller, fee_cents } => self.fee(at, seller, fee_cents),
            Fact::MoodChanged { customer, mood } => self.mood(at, customer, mood),
            Fact::StaffDay { worked, capacity, .. } => {
                hold!(worked <= capacity, "the staff worked more than it could");
                Ok(())
            }
            _ => self.career(&told.fact),
        }
    }

    fn seller(&mut self, seller: SellerId) -> &mut Trade {
        &mut self.sellers[seller.index()]
    }

    /// A slate shows offers that can be bought; who finds no way to pay had wanted one of them.
    fn visit(&mut self, told: &Told) -> Audit {
        match told.fact {
            Fact::Shown { session, product, country, .. } => {
                let most = self.scenario.market.slate_length as usize;
                hold!(told.slate.len() <= most, "a slate of more than {most} places");
                for (i, &seller) in told.slate.iter().enumerate() {
                    hold!(!told.slate[..i].contains(&seller), "{seller:?} is shown twice");
                    let ships = self.past.market.seller(seller).profile().ships;
                    hold!(ships & 1 << country.0 != 0, "{seller:?} does not ship there");
                    self.may_sell(seller, product)?;
                }
                let slate = told.slate.clone();
                let view = View { at: told.at, product, slate, ended: false };
                let before = self.views.insert(session, view);
                hold!(before.is_none(), "a visit takes place twice");
            }
            Fact::Abandoned { session, product, seller } => {
                let view = self.views.get_mut(&session);
                let view = view.ok_or("left a slate that was never shown")?;
                let wanted = view.at == told.at && view.product == product;
                hold!(wanted && view.slate.contains(&seller), "left what was not shown");
                hold!(!view.ended, "a visit ends twice");
                view.ended = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// Live, not suspended, and with a unit of the product on its shelf.
    fn may_sell(&mut self, seller: SellerId, product: ProductId) -> Audit {
        let who = self.seller(seller);
        hold!(who.live, "{seller:?} is not live");
        hold!(!who.suspended, "{seller:?} is suspended");
        let offer = self.offers.get(&(seller, product));
        let offer = offer.ok_or(format!("{seller:?} does not offer {product:?}"))?;
        hold!(offer.stock > 0, "{seller:?} has no {product:?} left");
        Ok(())
    }

    fn bought(&mut self, at: SimTime, order: Order) -> Audit {
        let Order { session, seller, product, price_cents, .. } = order;
        if session.0 >> (64 - 6) == CAMPAIGN {
            hold!(order.customer == CustomerId(u32::MAX), "a campaign buys as a customer");
            self.struck.insert(seller);
            let targets = self.scenario.events.values().map(|event| match event {
                EventSpec::ReviewBombing(campaign) => campaign.target.sellers as usize,
                EventSpec::QualityShock(_)
                | EventSpec::ExtraReview(_)
                | EventSpec::PriceFloor(_)
                | EventSpec::StockUp(_) => 0,
            });
            let most = targets.sum();
            hold!(self.struck.len() <= most, "campaigns against {most} struck {:?}", self.struck);
        } else {
            self.chosen(at, &order)?;
        }
        self.may_sell(seller, product)?;
        let offer = self.offers.entry((seller, product)).or_default();
        offer.stock -= 1;
        hold!(offer.price_cents == price_cents, "the price asked was {} cents", offer.price_cents);
        let capacity = self.past.market.seller(seller).profile().capacity;
        let cut = self.cut(price_cents);
        let who = self.seller(seller);
        who.orders += 1;
        who.today = (at.day(), if who.today.0 == at.day() { who.today.1 + 1 } else { 1 });
        let most = capacity.min(who.cap.unwrap_or(u32::MAX));
        hold!(who.today.1 <= most, "order {} of a day of at most {most}", who.today.1);
        who.credit += i64::from(price_cents) - cut;
        self.money.paid += i64::from(price_cents);
        self.money.commission += cut;
        let deal = Deal {
            order,
            bought: at,
            cancelled: false,
            shipped: false,
            delivered: None,
            returned: false,
            reviewed: false,
        };
        hold!(self.deals.insert(session, deal).is_none(), "two orders have one name");
        Ok(())
    }

    /// A shopper takes a place of the slate it was just shown.
    fn chosen(&mut self, at: SimTime, order: &Order) -> Audit {
        let view = self.views.get_mut(&order.session).ok_or("bought without a slate")?;
        hold!(view.at == at && view.product == order.product, "bought what was not asked for");
        let place = usize::from(order.place).checked_sub(1).and_then(|i| view.slate.get(i));
        hold!(place == Some(&order.seller), "bought what was not in place {}", order.place);
        hold!(!view.ended, "a visit ends twice");
        view.ended = true;
        let customers = self.past.market.customers();
        if customers.is_empty() {
            return Ok(());
        }
        hold!(customers.get(order.customer).country() == order.country, "bought from abroad");
        let ways = self.past.market.seller(order.seller).profile().payments;
        hold!(
            customers.get(order.customer).payments() & ways != 0,
            "paid by no way the seller takes"
        );
        let never = self.scenario.shoppers.loyalty.as_ref().is_some_and(|l| l.lost_visits == 0.0);
        let tick = |at: SimTime| at.0 / self.scenario.engine.tick.as_micros();
        if let (true, Some(&since)) = (never, self.lost.get(&order.customer)) {
            // Where time is exact it matters at once, and otherwise from the next tick on.
            let exact = self.scenario.engine.refresh == brocante::driver::Refresh::Immediate;
            hold!(!exact && tick(at) == tick(since), "a customer lost at {since} came back");
        }
        Ok(())
    }

    /// The commission on a price, rounded down to the cent.
    fn cut(&self, price_cents: u32) -> i64 {
        let millionths = u128::from(price_cents) * u128::from(self.commission_ppm);
        i64::try_from(millionths / 1_000_000).expect("a commission is no more than its price")
    }

    fn became_of(&mut self, at: SimTime, order: &Order, fact: &Fact<'_>) -> Audit {
        let cut = self.cut(order.price_cents);
        let travels = self.scenario.fulfilment.is_some();
        let shoppers = &self.scenario.shoppers;
        let deal = self.deals.get_mut(&order.session).ok_or("there is no such order")?;
        hold!(deal.order == *order, "the order was {:?}", deal.order);
        hold!(at >= deal.bought, "it was bought only at {}", deal.bought);
        let ended = deal.cancelled || deal.delivered.is_some();
        let who = &mut self.sellers[order.seller.index()];
        if !matches!(fact, Fact::Reviewed { .. }) {
            hold!(travels, "orders do not travel here");
        }
        match *fact {
            Fact::Cancelled { .. } => {
                hold!(!ended && !deal.shipped, "called off too late");
                deal.cancelled = true;
                who.cancelled += 1;
                feel(&mut self.felt, order.customer, at, false);
            }
            Fact::Shipped { .. } => {
                hold!(!ended && !deal.shipped, "shipped twice or too late");
                deal.shipped = true;
            }
            Fact::Delivered { late, condition, .. } => {
                hold!(!ended && deal.shipped, "delivered twice, or before it left");
                deal.delivered = Some((at, late));
                who.delivered += 1;
                who.late += u32::from(late);
                let good = !late && condition == Condition::Sound;
                feel(&mut self.felt, order.customer, at, good);
            }
            Fact::Returned { .. } => {
                hold!(!deal.returned, "returned twice");
                let (came, _) = deal.delivered.ok_or("returned before it came")?;
                let rules = shoppers.returns.as_ref().ok_or("nothing can be returned here")?;
                // What is due within the tick of its cause waits for the next.
                let tick = self.scenario.engine.tick.as_micros();
                let last = came.plus_days(rules.within_days).0 + tick;
                hold!(at >= came && at.0 <= last, "returned out of time: it came at {came}");
                deal.returned = true;
                who.returned += 1;
            }
            Fact::Reviewed { stars, late, .. } => {
                hold!(!deal.reviewed, "reviewed twice");
                hold!((1..=5).contains(&stars), "{stars} stars");
                let from = if travels {
                    let (came, was_late) = deal.delivered.ok_or("reviewed before it came")?;
                    hold!(late == was_late, "the review and the parcel differ");
                    came
                } else {
                    deal.bought
                };
                let reviews = self.scenario.reviews.as_ref().ok_or("nobody reviews here")?;
                let asked = from.plus_days(reviews.asked_after_days);
                hold!(at >= asked, "reviewed before it was asked for, at {asked}");
                deal.reviewed = true;
                who.reviews += 1;
            }
            _ => {}
        }
        if matches!(fact, Fact::Cancelled { .. } | Fact::Returned { .. }) {
            let price = i64::from(order.price_cents);
            who.credit -= price - cut;
            self.money.refunded += price;
            self.money.commission -= cut;
        }
        Ok(())
    }

    fn shelf(&mut self, fact: &Fact<'_>) -> Audit {
        let (Fact::Listed { seller, product, .. }
        | Fact::Delisted { seller, product, .. }
        | Fact::Repriced { seller, product, .. }
        | Fact::Restocked { seller, product, .. }) = *fact
        else {
            return Ok(());
        };
        hold!(self.seller(seller).live, "{seller:?} is not live");
        let key = (seller, product);
        let listed = self.offers.contains_key(&key);
        hold!(listed != matches!(fact, Fact::Listed { .. }), "listed: {listed}");
        match *fact {
            Fact::Listed { price_cents, .. } => {
                hold!(price_cents > 0, "offered for nothing");
                self.offers.insert(key, Offer { price_cents, stock: 0 });
            }
            Fact::Delisted { units, .. } => {
                let left = self.offers.remove(&key).map_or(0, |offer| offer.stock);
                hold!(left == u64::from(units), "{left} units were left");
            }
            Fact::Repriced { price_cents, .. } => {
                hold!(price_cents > 0, "offered for nothing");
                self.offers.entry(key).or_default().price_cents = price_cents;
            }
            Fact::Restocked { units, .. } => {
                self.offers.entry(key).or_default().stock += u64::from(units);
                let who = self.seller(seller);
                let came = who.restocked.entry(product).or_default();
                *came += u64::from(units);
                let (came, bought) = (*came, who.lots.get(&product).copied().unwrap_or(0));
                let kind = self.past.market.census().sellers[seller.index()].kind;
                // A trader has no stock but what it bought in lots.
                let trades = kind == KindId::Trader;
                hold!(!trades || came <= bought, "shelved {came} of {bought} units bought");
            }
            _ => {}
        }
        Ok(())
    }

    fn fee(&mut self, at: SimTime, seller: SellerId, fee_cents: u32) -> Audit {
        if self.charged.0 != at {
            self.everybody_paid()?;
            let established = |i: &u32| {
                let who = &self.sellers[*i as usize];
                who.live && who.cap.is_none()
            };
            let all = 0..self.sellers.len() as u32;
            self.charged = (at, all.filter(established).map(SellerId).collect());
        }
        let fee = Cents::from_eur(self.scenario.market.fees.monthly_eur);
        hold!(i64::from(fee_cents) == fee.0, "the fee is {fee:?}");
        let due = self.charged.1.iter().position(|&who| who == seller);
        let due = due.ok_or("the fee is for established sellers, once")?;
        self.charged.1.remove(due);
        self.money.fees += i64::from(fee_cents);
        Ok(())
    }

    /// Fees come every 30 days, to everybody who is established then.
    fn everybody_paid(&self) -> Audit {
        let (at, owing) = &self.charged;
        hold!(at.0 % SimTime::from_day(30).0 == 0, "fees are not charged on day {}", at.day());
        hold!(owing.is_empty(), "not charged at {at}: {owing:?}");
        Ok(())
    }

    fn mood(&mut self, at: SimTime, customer: CustomerId, mood: u8) -> Audit {
        let felt = self.felt.get(&customer).ok_or("a mood without an experience")?;
        let good = mood == 2;
        hold!(felt.contains(&(at, good)), "the last experiences were {felt:?}");
        if mood == 0 {
            self.lost.insert(customer, at);
        } else {
            self.lost.remove(&customer);
        }
        Ok(())
    }

    /// What becomes of sellers.
    fn career(&mut self, fact: &Fact<'_>) -> Audit {
        match *fact {
            Fact::StageEntered { seller, stage } => {
                let cap = self.scenario.joining.as_ref().map(|joining| joining.trial.order_cap);
                let who = self.seller(seller);
                hold!(who.stage < Some(stage), "back from {:?}", who.stage);
                hold!(!who.gone, "it is gone");
                hold!(who.live == (stage == Stage::Established), "live: {}", who.live);
                who.stage = Some(stage);
                match stage {
                    Stage::Trial => (who.live, who.cap) = (true, cap),
                    Stage::Established => {
                        hold!(who.cap.is_some(), "there was no trial");
                        who.cap = None;
                    }
                    _ => {}
                }
            }
            Fact::DroppedOut { seller, .. } => {
                let who = self.seller(seller);
                hold!(!who.live && !who.gone, "a live seller dropped out");
                who.gone = true;
            }
            Fact::Exited { seller, .. } => {
                hold!(self.seller(seller).live, "who is not live cannot leave");
                let left = self.offers.keys().any(|&(who, _)| who == seller);
                hold!(!left, "it left offers behind");
                let who = self.seller(seller);
                (who.live, who.gone) = (false, true);
            }
            Fact::Sanctioned { seller, sanction } => {
                let who = self.seller(seller);
                hold!(who.live && !who.suspended, "sanctioned while not selling");
                who.suspended = sanction == Sanction::Suspension;
            }
            Fact::Reinstated { seller } => {
                let who = self.seller(seller);
                hold!(who.live && who.suspended, "there was no suspension");
                who.suspended = false;
            }
            Fact::MysteryOrdered { seller, .. } | Fact::Shocked { seller } => {
                hold!(self.seller(seller).live, "{seller:?} is not live");
            }
            _ => {}
        }
        Ok(())
    }

    /// The end: what the market keeps is what the facts add up to.
    fn close(&self) -> Audit {
        self.everybody_paid()?;
        let (ledger, money) = (self.past.market.ledger(), &self.money);
        let kept = [ledger.paid, ledger.refunded, ledger.commission, ledger.fees, ledger.lots];
        let ours = [money.paid, money.refunded, money.commission, money.fees, money.lots];
        hold!(kept == ours.map(Cents), "the ledger says {kept:?}, the facts {money:?}");
        let credits: i64 = self.sellers.iter().map(|who| who.credit).sum();
        hold!(ledger.credits() == Cents(credits), "credits: {:?}, {credits}", ledger.credits());
        let shared = credits + money.commission + money.refunded;
        hold!(money.paid == shared, "paid {}, but {shared} was shared out", money.paid);
        for (who, i) in self.sellers.iter().zip(0u32..) {
            self.close_seller(SellerId(i), who).map_err(|why| format!("seller {i}: {why}"))?;
        }
        self.close_shelves()
    }

    fn close_seller(&self, seller: SellerId, who: &Trade) -> Audit {
        let market = &self.past.market;
        let credit = market.ledger().credit(seller);
        hold!(credit == Cents(who.credit), "credited {credit:?}, not {}", who.credit);
        let standing = market.seller(seller).standing;
        let expected = match (who.live, who.suspended) {
            (true, false) => Standing::Selling,
            (true, true) => Standing::Suspended,
            (false, _) if standing == Standing::Applicant => Standing::Applicant,
            (false, _) => Standing::Gone,
        };
        hold!(standing == expected, "{standing:?}, not {expected:?}");
        self.close_lots(seller, who)?;
        let known = market.reputations().lifetime(seller);
        // A seller of the start may have a past, which no fact tells of; where nobody reviews, none.
        let from_start = market.census().sellers[seller.index()].from_start;
        let has_past = from_start && self.scenario.reviews.is_some();
        let past_reviews = if has_past { market.seller(seller).profile().past_reviews } else { 0 };
        let heard = [known.orders, known.cancelled, known.delivered, known.late, known.returned];
        let told = [who.orders, who.cancelled, who.delivered, who.late, who.returned];
        let reviews = who.reviews + past_reviews;
        hold!(known.reviews == reviews, "{} reviews, not {reviews}", known.reviews);
        let kept = if past_reviews == 0 { heard == told } else { heard >= told };
        hold!(kept, "reputation counts {heard:?}, not {told:?}");
        Ok(())
    }

    /// What a trader bought for its shelves is on them or was sold.
    fn close_lots(&self, seller: SellerId, who: &Trade) -> Audit {
        let kind = self.past.market.census().sellers[seller.index()].kind;
        if kind != KindId::Trader || !who.live {
            return Ok(());
        }
        for (&product, &bought) in &who.lots {
            let came = who.restocked.get(&product).copied().unwrap_or(0);
            let listed = self.offers.contains_key(&(seller, product));
            hold!(came == bought || !listed, "shelved {came} of {bought} units of {product:?}");
        }
        Ok(())
    }

    fn close_shelves(&self) -> Audit {
        let mut listed = 0;
        for offers in self.past.cells.iter().map(|cell| cell.offers()) {
            let spots = offers.slots().flat_map(|slot| offers.spots(slot));
            for spot in spots.filter(|&spot| offers.is_listed(spot)) {
                listed += 1;
                let key = (offers.seller(spot), offers.product(spot.slot));
                let offer = self.offers.get(&key).ok_or(format!("{key:?} was never listed"))?;
                let row = offers.row(spot);
                let kept = (row.price_cents, u64::from(row.stock));
                let ours = (offer.price_cents, offer.stock);
                hold!(kept == ours, "{key:?}: the shelf has {kept:?}, the facts say {ours:?}");
            }
        }
        hold!(listed == self.offers.len(), "{listed} of {} offers", self.offers.len());
        Ok(())
    }
}
