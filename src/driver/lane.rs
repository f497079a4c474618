//! A lane: everything one cell needs to run through a tick by itself.

use std::ops::Range;

use super::aftermath::{Aftermath, send_off};
use super::appraiser::{Appraiser, Seen, glance};
use super::arrivals::{Arrivals, Visit, comes};
use super::calendar::{Calendar, Due, Entry};
use super::simulate::{Clock, Refresh};
use super::sort::{SortRoom, sort_by_time};
use crate::agents::shoppers::{Browsing, Chooser, Glance};
use crate::history::{Fact, FactMask, FactSink, Order};
use crate::market::{Cell, Market, Placed, Planted, Spot};
use crate::protocol::Query;
use crate::rng::Purpose;
use crate::units::{ClassId, CustomerId, ProductId, SellerId, SimTime};

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
    /// Orders placed, those of campaigns included.
    pub orders: u64,
}

/// One cell with its calendar, its arrivals and the sink of its facts. Lanes lie side by side and are
/// written by different threads, so none shares a cache line with the next: 128 bytes, as processors
/// fetch lines in pairs.
#[repr(align(128))]
pub struct Lane<S> {
    /// The cell.
    pub cell: Cell,
    /// Who hears its facts.
    pub sink: S,
    /// What it did so far.
    pub work: Work,
    /// The seller who just came, and gets the order of the next visit.
    pub newcomer: Option<SellerId>,
    calendar: Calendar,
    arrivals: Arrivals,
    outbox: Vec<(SimTime, Fact<'static>)>,
    visits: Vec<Visit>,
    due: Vec<Entry>,
    aftermath: Aftermath,
    agenda: Vec<u64>,
    room: SortRoom,
    shown: Vec<SellerId>,
    glances: Vec<Glance>,
    appraiser: Appraiser,
}

impl<S: FactSink> Lane<S> {
    /// A lane at the start of a run; `popularity` are the products' shares of all visits, by slot.
    pub fn new(cell: Cell, popularity: &[f64], clock: &Clock, sink: S) -> Self {
        let arrivals = Arrivals::new(cell.number, popularity);
        let calendar = Calendar::new(clock.tick_us, clock.ticks());
        let (arrivals, calendar) = match clock.refresh {
            Refresh::Tick => (arrivals, calendar),
            Refresh::Immediate => (arrivals.exact(), calendar.exact()),
        };
        Lane {
            cell,
            sink,
            work: Work::default(),
            newcomer: None,
            calendar,
            arrivals,
            outbox: Vec::new(),
            visits: Vec::new(),
            due: Vec::new(),
            aftermath: Aftermath::default(),
            agenda: Vec::new(),
            room: SortRoom::default(),
            shown: Vec::new(),
            glances: Vec::new(),
            appraiser: Appraiser::default(),
        }
    }

    /// Runs one tick: takes over what was refreshed, lets sellers look at prices, then does what is
    /// due and serves who visits, in the order of time.
    pub fn tick(&mut self, market: &Market, tick: u32, span: Range<SimTime>) {
        self.begin(market, tick, span.clone());
        for i in 0..self.agenda.len() {
            self.act(market, self.agenda[i], span.start);
        }
        self.aftermath.follow(market, &self.outbox, &mut self.calendar);
    }

    /// Does the next thing on the agenda, and puts on it what that makes due within the same tick:
    /// for `refresh = "immediate"`. `next` counts what was done; false when nothing is left.
    pub fn act_next(&mut self, market: &Market, next: &mut usize, start: SimTime) -> bool {
        let Some(&item) = self.agenda.get(*next) else { return false };
        *next += 1;
        let visit = (item & VISIT != 0).then(|| self.visits[(item & INDEX) as usize]);
        if visit.is_some_and(|visit| !comes(market, &visit)) {
            return true;
        }
        let told = self.outbox.len();
        self.act(market, item, start);
        self.aftermath.follow(market, &self.outbox[told..], &mut self.calendar);
        for entry in self.calendar.take_soon() {
            let item = u64::from(entry.offset_us) << 32 | self.due.len() as u64;
            // What is caused now comes after everything else of the same microsecond.
            let at = self.agenda[*next..].partition_point(|&other| other >> 32 <= item >> 32);
            self.due.push(entry);
            self.agenda.insert(*next + at, item);
        }
        true
    }

    /// When the next thing on the agenda takes place, if it is a visit that buys from a new seller.
    pub fn brings_somebody(&self, market: &Market, next: usize, start: SimTime) -> Option<SimTime> {
        let item = self.agenda.get(next).filter(|&item| item & VISIT != 0)?;
        let visit = &self.visits[(item & INDEX) as usize];
        let brings = market.brings_somebody(visit.session) && comes(market, visit);
        brings.then(|| SimTime(start.0 + (item >> 32)))
    }

    /// When the last of the first `done` things of the agenda was done in a tick that began at `start`.
    pub fn time_of(&self, done: usize, start: SimTime) -> SimTime {
        let last = done.checked_sub(1).and_then(|last| self.agenda.get(last));
        SimTime(start.0 + last.map_or(0, |item| item >> 32))
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

    /// Sorts what is due and who visits by time. Things at the same microsecond are ordered by what
    /// they are, never by when they were put in the calendar.
    fn plan(&mut self) {
        let (due, visits) = (&self.due, &self.visits);
        self.agenda.clear();
        self.agenda.extend((0u64..).zip(due).map(|(i, e)| u64::from(e.offset_us) << 32 | i));
        self.agenda.extend((VISIT..).zip(visits).map(|(i, v)| u64::from(v.offset_us) << 32 | i));
        sort_by_time(&mut self.agenda, &mut self.room);
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
            self.work.entries += 1;
            self.execute(at, i);
        } else {
            let visit = self.visits[i];
            self.work.visits += 1;
            self.serve(market, at, &visit);
        }
    }

    /// One visit: search, look, choose or leave.
    fn serve(&mut self, market: &Market, at: SimTime, visit: &Visit) {
        let taken = match self.newcomer.take() {
            Some(seller) => Some(self.meet(at, visit, seller)),
            None => self.browse(market, at, visit),
        };
        if let Some((spot, place)) = taken {
            self.buy(market, at, visit, spot, place);
        }
    }

    /// What a visit takes of what it is shown, with its place.
    fn browse(&mut self, market: &Market, at: SimTime, visit: &Visit) -> Option<(Spot, u8)> {
        let product = self.cell.offers().product(visit.slot);
        let Visit { session, country, class, .. } = *visit;
        let taste = market.class(class);
        let query = Query { session, product, country, class };
        let side = market.side(session, visit.customer);
        let view = market.view(side);
        self.cell.rank_on(side, market, visit.slot, &query, taste.taste.star_eur as f32);
        let offers = self.cell.offers();
        let slate = self.cell.slate();
        let spot = |placed: &Placed| Spot { slot: visit.slot, row: placed.row };
        self.shown.clear();
        self.shown.extend(slate.iter().map(|placed| offers.seller(spot(placed))));
        let shown = Fact::Shown { session, product, country, class, slate: &self.shown };
        self.sink.take(at, &shown);
        if slate.is_empty() {
            self.appraise(market, at, visit, None);
            return None;
        }
        let logit = !matches!(market.browsing(), Browsing::Cascade(_));
        let place = if visit.leaves == f64::INFINITY && !visit.chooses && logit {
            Some(1)
        } else {
            let looks = if visit.chooses { slate.len() } else { 1 };
            let cell = &self.cell;
            self.glances.clear();
            self.glances.extend(
                slate[..looks].iter().map(|placed| glance(market, view, cell, spot(placed), visit)),
            );
            let chooser = chooser(market, visit, product);
            chooser.browse(market.browsing(), &self.glances, visit.leaves)
        };
        self.appraise(market, at, visit, place);
        if market.reads().exposure {
            self.cell.count_views(visit.slot);
        }
        place.map(|place| (spot(&self.cell.slate()[usize::from(place) - 1]), place))
    }

    /// What a visit takes that buys from a seller who is new: nobody else is shown.
    #[cold]
    fn meet(&mut self, at: SimTime, visit: &Visit, seller: SellerId) -> (Spot, u8) {
        let product = self.cell.offers().product(visit.slot);
        let Visit { session, country, class, .. } = *visit;
        let shown = Fact::Shown { session, product, country, class, slate: &[seller] };
        self.sink.take(at, &shown);
        let spot = self.cell.spot_of(seller, visit.slot);
        (spot.unwrap_or_else(|| panic!("{seller:?} lists no {product:?}")), 1)
    }

    /// Tells of a visit that wants the offer in a `place`, if it is one to be taken apart.
    #[inline]
    fn appraise(&mut self, market: &Market, at: SimTime, visit: &Visit, place: Option<u8>) {
        if !self.sink.appraises() {
            return;
        }
        // Who finds no way to pay buys nothing.
        let pays =
            |place: &u8| market.takes(self.shown[usize::from(*place) - 1]) & visit.payments != 0;
        let chosen = place.filter(pays);
        let sampled = self.appraiser.samples(market, visit.session, chosen.is_some());
        if let Some(of_visits) = sampled {
            let product = self.cell.offers().product(visit.slot);
            let chooser = &chooser(market, visit, product);
            let seen = Seen { visit, chooser, chosen };
            let made = self.appraiser.appraise(market, &self.cell, at, seen, of_visits);
            self.sink.appraise(&made);
        }
    }

    fn buy(&mut self, market: &Market, at: SimTime, visit: &Visit, spot: Spot, place: u8) {
        let offers = self.cell.offers();
        let (seller, product) = (offers.seller(spot), offers.product(spot.slot));
        if market.takes(seller) & visit.payments == 0 {
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
        self.work.orders += 1;
        self.cell.sell(spot);
        tell(&mut self.outbox, &mut self.sink, at, Fact::Bought { order });
    }

    fn execute(&mut self, at: SimTime, i: usize) {
        // Read where it lies: a copy of a copy would wait for the first.
        let Entry { due, order, .. } = &self.due[i];
        let order = *order;
        let fact = match *due {
            Due::Cancel => Fact::Cancelled { order },
            Due::Ship => Fact::Shipped { order },
            Due::Deliver { late, condition } => Fact::Delivered { order, late, condition },
            Due::Return { reason } => Fact::Returned { order, reason },
            Due::Review { stars, late } => Fact::Reviewed { order, stars, late },
        };
        tell(&mut self.outbox, &mut self.sink, at, fact);
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
        self.work.orders += 1;
        self.cell.sell(spot);
        tell(&mut self.outbox, &mut self.sink, at, Fact::Bought { order });
        let sent = send_off(market, at, &order, &mut self.calendar);
        let Some((came, late)) = sent else { return };
        let draw = market.dice().block(session.0, seller.0, Purpose::Review);
        let answered = reviews.asked_after_days + reviews.delay.days(draw.0[2]);
        self.calendar.push(came.plus_days(answered), Due::Review { stars, late }, &order);
    }
}

/// The shopper of a visit in front of a slate of a product.
#[inline(always)]
fn chooser(market: &Market, visit: &Visit, product: ProductId) -> Chooser {
    Chooser {
        dice: market.dice(),
        session: visit.session,
        taste: market.class(visit.class).taste,
        reference: market.reference_eur(product),
        neutral_stars: market.neutral_stars(),
        neutral_days: market.neutral_days(),
    }
}

/// Says what happened. A fact that the market must hear is written where it waits for the market and
/// told from there: reading what was just written elsewhere would stall.
#[inline(always)]
fn tell<S: FactSink>(
    outbox: &mut Vec<(SimTime, Fact<'static>)>,
    sink: &mut S,
    at: SimTime,
    fact: Fact<'static>,
) {
    if !fact.mask().meets(FOR_THE_MARKET) {
        sink.take(at, &fact);
        return;
    }
    outbox.push((at, fact));
    if let Some((at, fact)) = outbox.last() {
        sink.take(*at, fact);
    }
}
