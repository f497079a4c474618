//! A lane: everything one cell needs to run through a tick by itself.

use std::ops::Range;

use super::arrivals::{Arrivals, Visit};
use super::calendar::{Calendar, Due, Entry};
use crate::agents::shoppers::{Chooser, Glance};
use crate::history::{Condition, Fact, FactMask, FactSink, Order};
use crate::market::{Cell, Market, Placed, Planted, Spot};
use crate::protocol::Query;
use crate::rng::Purpose;
use crate::units::{ClassId, CustomerId, SellerId, SimTime};

/// Facts that the market must hear of between ticks; views are not among them.
const FOR_THE_MARKET: FactMask = FactMask::BOUGHT
    .and(FactMask::CANCELLED)
    .and(FactMask::DELIVERED)
    .and(FactMask::RETURNED)
    .and(FactMask::REVIEWED);

/// An item of the agenda: the time in the tick [µs] above, then whether it is a visit, then its place.
const VISIT: u64 = 1 << 31;
const INDEX: u64 = VISIT - 1;

/// What a lane did, for the counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Visits that took place.
    pub visits: u64,
    /// Calendar entries executed.
    pub entries: u64,
}

/// One cell with its calendar, its arrivals and the sink of its facts.
pub struct Lane<S> {
    /// The cell.
    pub cell: Cell,
    /// Who hears its facts.
    pub sink: S,
    /// What it did so far.
    pub work: Work,
    calendar: Calendar,
    arrivals: Arrivals,
    outbox: Vec<(SimTime, Fact<'static>)>,
    visits: Vec<Visit>,
    due: Vec<Entry>,
    agenda: Vec<u64>,
    shown: Vec<SellerId>,
    glances: Vec<Glance>,
}

impl<S: FactSink> Lane<S> {
    /// A lane at the start of a run.
    pub fn new(cell: Cell, arrivals: Arrivals, calendar: Calendar, sink: S) -> Self {
        Lane {
            cell,
            sink,
            work: Work::default(),
            calendar,
            arrivals,
            outbox: Vec::new(),
            visits: Vec::new(),
            due: Vec::new(),
            agenda: Vec::new(),
            shown: Vec::new(),
            glances: Vec::new(),
        }
    }

    /// Runs one tick: takes over what was refreshed, lets sellers look at prices, then does what is
    /// due and serves who visits, in the order of time.
    pub fn tick(&mut self, market: &Market, tick: u32, span: Range<SimTime>) {
        self.begin(market, tick, span.clone());
        for i in 0..self.agenda.len() {
            self.act(market, self.agenda[i], span.start);
        }
        self.follow_up(market, 0);
    }

    /// Does the next thing on the agenda, and puts on it what that makes due within the same tick:
    /// for `refresh = "immediate"`. `next` counts what was done; false when nothing is left.
    pub fn act_next(&mut self, market: &Market, next: &mut usize, start: SimTime) -> bool {
        let Some(&item) = self.agenda.get(*next) else { return false };
        *next += 1;
        let told = self.outbox.len();
        self.act(market, item, start);
        self.follow_up(market, told);
        for entry in self.calendar.take_soon() {
            let item = u64::from(entry.offset_us) << 32 | self.due.len() as u64;
            // What is caused now comes after everything else of the same microsecond.
            let at = self.agenda[*next..].partition_point(|&other| other >> 32 <= item >> 32);
            self.due.push(entry);
            self.agenda.insert(*next + at, item);
        }
        true
    }

    /// The first phase of a tick, and the agenda of the second.
    pub fn begin(&mut self, market: &Market, tick: u32, span: Range<SimTime>) {
        self.cell.refresh(market);
        let sink = &mut self.sink;
        self.cell.reprice(market, market.looking(), span.start, |at, fact| sink.take(at, fact));
        for planted in market.planted() {
            if planted.cell == self.cell.number {
                self.plant(market, span.start, planted);
            }
        }
        self.due.clear();
        self.visits.clear();
        self.calendar.open(tick, &mut self.due);
        self.arrivals.draw(market, tick, span.start, span.end, &mut self.visits);
        self.plan();
    }

    /// Facts the market has not heard of yet, in the order of time.
    pub fn outbox(&mut self) -> &mut Vec<(SimTime, Fact<'static>)> {
        &mut self.outbox
    }

    /// Entries still in the calendar.
    pub fn waiting(&self) -> u64 {
        self.calendar.waiting()
    }

    /// Sorts what is due and who visits by time. Things at the same microsecond are ordered by what
    /// they are, never by when they were put in the calendar.
    fn plan(&mut self) {
        let (due, visits) = (&self.due, &self.visits);
        self.agenda.clear();
        self.agenda.extend((0u64..).zip(due).map(|(i, e)| u64::from(e.offset_us) << 32 | i));
        self.agenda.extend((VISIT..).zip(visits).map(|(i, v)| u64::from(v.offset_us) << 32 | i));
        self.agenda.sort_unstable();
        let key = |item: u64| {
            let i = (item & INDEX) as usize;
            if item & VISIT == 0 {
                (due[i].order.session, due[i].due.rank() + 1)
            } else {
                (visits[i].session, 0)
            }
        };
        // Ties are rare: only runs of equal times are sorted again.
        let mut from = 0;
        while from < self.agenda.len() {
            let time = self.agenda[from] >> 32;
            let run = self.agenda[from..].iter().take_while(|&&x| x >> 32 == time).count();
            if run > 1 {
                self.agenda[from..from + run].sort_unstable_by_key(|&item| key(item));
            }
            from += run;
        }
    }

    fn act(&mut self, market: &Market, item: u64, start: SimTime) {
        let at = SimTime(start.0 + (item >> 32));
        let i = (item & INDEX) as usize;
        if item & VISIT == 0 {
            let entry = self.due[i];
            self.work.entries += 1;
            self.execute(at, entry.due, entry.order);
        } else {
            let visit = self.visits[i];
            self.work.visits += 1;
            self.serve(market, at, &visit);
        }
    }

    /// One visit: search, look, choose or leave.
    fn serve(&mut self, market: &Market, at: SimTime, visit: &Visit) {
        let product = self.cell.offers().product(visit.slot);
        let Visit { session, country, class, .. } = *visit;
        let taste = market.class(class);
        let query = Query { session, product, country, class };
        self.cell.rank(market, visit.slot, &query, taste.taste.star_eur as f32);
        let offers = self.cell.offers();
        let slate = self.cell.slate();
        let spot = |placed: &Placed| Spot { slot: visit.slot, row: placed.row };
        self.shown.clear();
        self.shown.extend(slate.iter().map(|placed| offers.seller(spot(placed))));
        let shown = Fact::Shown { session, product, country, class, slate: &self.shown };
        self.sink.take(at, &shown);
        if slate.is_empty() {
            return;
        }
        let place = if visit.leaves == f64::INFINITY && !visit.chooses {
            Some(1)
        } else {
            let chooser = Chooser {
                dice: market.dice(),
                session,
                taste: taste.taste,
                reference: market.reference_eur(product),
                neutral_stars: market.neutral_stars(),
                neutral_days: market.neutral_days(),
            };
            let looks = if visit.chooses { slate.len() } else { 1 };
            self.glances.clear();
            self.glances.extend(slate[..looks].iter().map(|placed| Glance {
                seller: offers.seller(spot(placed)),
                price: f64::from(offers.price(spot(placed))),
                stars: f64::from(offers.stars(spot(placed))),
                days: market.promised_days(offers.seller(spot(placed)), country),
            }));
            chooser.choose(&self.glances, visit.leaves)
        };
        if market.reads().exposure {
            self.cell.count_views(visit.slot);
        }
        if let Some(place) = place {
            let spot = spot(&self.cell.slate()[usize::from(place) - 1]);
            self.buy(market, at, visit, spot, place);
        }
    }

    fn buy(&mut self, market: &Market, at: SimTime, visit: &Visit, spot: Spot, place: u8) {
        let offers = self.cell.offers();
        let (seller, product) = (offers.seller(spot), offers.product(spot.slot));
        if market.seller(seller).profile().payments & visit.payments == 0 {
            let session = visit.session;
            self.sink.take(at, &Fact::Abandoned { session, product, seller });
            return;
        }
        let order = Order {
            session: visit.session,
            customer: visit.customer,
            seller,
            product,
            price_cents: offers.row(spot).price_cents,
            country: visit.country,
            class: visit.class,
            place,
        };
        self.cell.sell(spot);
        self.tell(at, Fact::Bought { order });
    }

    /// Puts in the calendar what becomes of the orders that were bought or came, beginning with a fact
    /// of the outbox. Within a tick nothing reacts to it, so that a tick does this at its end, order
    /// after order, where no draw waits for another.
    fn follow_up(&mut self, market: &Market, from: usize) {
        for i in from..self.outbox.len() {
            let (at, fact) = self.outbox[i];
            match fact {
                // A campaign's order was sent off when it was placed.
                Fact::Bought { order } if order.place > 0 => {
                    let came = self.send_off(market, at, &order);
                    if let (Some((came, late)), None) = (came, market.fulfilment()) {
                        self.ask_for_review(market, came, &order, late, Condition::Sound);
                    }
                }
                Fact::Delivered { order, late, condition } => {
                    self.ask_back(market, at, &order, late, condition);
                    if order.place > 0 {
                        self.ask_for_review(market, at, &order, late, condition);
                    }
                }
                _ => {}
            }
        }
    }

    /// Puts in the calendar what becomes of an order, and says when it comes and whether too late;
    /// nothing where the seller calls it off. Where orders do not travel it is there at once.
    fn send_off(&mut self, market: &Market, at: SimTime, order: &Order) -> Option<(SimTime, bool)> {
        let Some(fulfilment) = market.fulfilment() else { return Some((at, false)) };
        let dice = market.dice();
        let seller = market.seller(order.seller);
        let (profile, now) = (seller.profile(), &seller.quality);
        let journey = fulfilment.journey(
            profile.carrier,
            profile.handling,
            profile.country != order.country,
            &profile.quality,
            now,
            dice,
            order.session.0,
            order.seller.0,
        );
        let outcome = dice.block(order.session.0, order.seller.0, Purpose::Outcome);
        let leaves = at.plus_days(journey.handling_days);
        if outcome.unit(0) < now.cancel {
            self.calendar.push(leaves, Due::Cancel, *order);
            return None;
        }
        let condition = if outcome.unit(1) < now.defect {
            Condition::Defective
        } else if outcome.unit(2) < now.misgrade {
            Condition::Misgraded
        } else {
            Condition::Sound
        };
        self.calendar.push(leaves, Due::Ship, *order);
        let comes = at.plus_days(journey.total_days);
        self.calendar.push(comes, Due::Deliver { late: journey.late, condition }, *order);
        Some((comes, journey.late))
    }

    fn execute(&mut self, at: SimTime, due: Due, order: Order) {
        match due {
            Due::Cancel => self.tell(at, Fact::Cancelled { order }),
            Due::Ship => self.tell(at, Fact::Shipped { order }),
            Due::Deliver { late, condition } => {
                self.tell(at, Fact::Delivered { order, late, condition });
            }
            Due::Return { reason } => self.tell(at, Fact::Returned { order, reason }),
            Due::Review { stars, late } => self.tell(at, Fact::Reviewed { order, stars, late }),
        }
    }

    /// Decides whether a delivered unit goes back, and when.
    fn ask_back(&mut self, market: &Market, at: SimTime, order: &Order, late: bool, c: Condition) {
        let Some(returns) = market.returns() else { return };
        let draw = market.dice().block(order.session.0, order.seller.0, Purpose::Return);
        if let Some(reason) = returns.reason(c, late, draw.unit(0)) {
            let back = at.plus_days(draw.unit(1) * returns.within_days);
            self.calendar.push(back, Due::Return { reason }, *order);
        }
    }

    /// Decides whether an order is reviewed, when, and with how many stars.
    fn ask_for_review(
        &mut self,
        market: &Market,
        at: SimTime,
        order: &Order,
        late: bool,
        condition: Condition,
    ) {
        let Some(reviews) = market.reviews() else { return };
        let draw = market.dice().block(order.session.0, order.seller.0, Purpose::Review);
        let stars = market.stars_given(order, late, condition, draw);
        if draw.unit(0) < reviews.response[usize::from(stars) - 1] {
            let answered = reviews.asked_after_days + reviews.delay.days(draw.0[2]);
            self.calendar.push(at.plus_days(answered), Due::Review { stars, late }, *order);
        }
    }

    fn tell(&mut self, at: SimTime, fact: Fact<'static>) {
        self.sink.take(at, &fact);
        if fact.mask().meets(FOR_THE_MARKET) {
            self.outbox.push((at, fact));
        }
    }

    /// An order that a campaign places, if the offer can be bought and is still the same seller's: paid
    /// and sent like any other, and if it comes, sure to be reviewed with the stars the campaign wants.
    fn plant(&mut self, market: &Market, at: SimTime, planted: &Planted) {
        let Planted { session, spot, seller, stars, .. } = *planted;
        let Some(reviews) = market.reviews() else { return };
        let offers = self.cell.offers();
        if !offers.is_open(spot) || offers.seller(spot) != seller {
            return;
        }
        let order = Order {
            session,
            customer: CustomerId(u32::MAX),
            seller,
            product: offers.product(spot.slot),
            price_cents: offers.row(spot).price_cents,
            country: market.seller(seller).profile().country,
            class: ClassId(0),
            place: 0,
        };
        self.cell.sell(spot);
        self.tell(at, Fact::Bought { order });
        let Some((came, late)) = self.send_off(market, at, &order) else { return };
        let draw = market.dice().block(session.0, seller.0, Purpose::Review);
        let answered = reviews.asked_after_days + reviews.delay.days(draw.0[2]);
        self.calendar.push(came.plus_days(answered), Due::Review { stars, late }, order);
    }
}
