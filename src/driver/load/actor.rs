//! The path `actor`: the market's cells as tasks behind bounded mailboxes, in a runtime of tokio.
//!
//! A driver posts each request to the cell of its product, or of its seller, and goes on; the cell works
//! its letters off one by one on the same core that the path `direct` calls. What the mailboxes cost is
//! the difference of the two. A letter that finds its mailbox full is turned away and counted: nothing
//! waits for room, and nothing is lost in silence.
//!
//! Of a request through a mailbox, `lag` is how late it was posted, `wait` how long it lay there, and
//! `service` the work of the cell.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::seconds::{both, joined};
use super::threads::Collector;
use super::{
    Buffer, Clock, Direct, Driven, Hand, Merger, Op, Outlet, Plan, Recorder, Sample, Second,
    Starts, Step, Timetable, Told, TscClock, drive,
};

/// A request on its way.
#[derive(Debug, Clone, Copy)]
struct Letter {
    step: Step,
    /// The intended start.
    due: u64,
    /// When it was posted.
    sent: u64,
}

/// Where the requests of all cells go in.
#[derive(Debug, Clone)]
struct Mailboxes {
    cells: Vec<Sender<Letter>>,
}

/// Where those of one cell come out.
type Inbox = Receiver<Letter>;

impl Mailboxes {
    /// Mailboxes for so many cells, each with room for `room` letters.
    fn new(cells: u32, room: usize) -> (Mailboxes, Vec<Inbox>) {
        let both = (0..cells.max(1)).map(|_| channel(room.max(1)));
        let (cells, inboxes) = both.unzip();
        (Mailboxes { cells }, inboxes)
    }

    /// The cell that a step is for; a purchase goes where the visit before it went.
    fn cell_of(&self, step: &Step, before: usize) -> usize {
        let number = match step {
            Step::Rank { product, .. }
            | Step::Reprice { product, .. }
            | Step::Restock { product, .. } => product.index(),
            Step::Review { seller, .. } => seller.index(),
            Step::Buy => return before,
        };
        number % self.cells.len()
    }
}

/// A driver's hand that posts.
struct Post<'a> {
    mailboxes: Mailboxes,
    /// The clock of the run, from its begin on.
    clock: TscClock,
    begins: &'a OnceLock<Instant>,
    steps: &'a [Step],
    /// When requests are due, in step with the driver's own.
    starts: Starts<'a>,
    /// The cell of the visit before.
    cell: usize,
    overflow: u64,
}

impl Hand for Post<'_> {
    fn begin(&mut self, epoch: Instant) {
        self.clock = TscClock::since(epoch);
        self.begins.get_or_init(|| epoch);
    }

    fn call(&mut self, i: u64) -> Op {
        let step = self.steps[(i % self.steps.len() as u64) as usize];
        self.cell = self.mailboxes.cell_of(&step, self.cell);
        let sent = self.clock.now();
        let due = self.starts.next().unwrap_or(sent);
        match self.mailboxes.cells[self.cell].try_send(Letter { step, due, sent }) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => self.overflow += 1,
        }
        step.op()
    }

    fn op(&self, i: u64) -> Op {
        self.steps[(i % self.steps.len() as u64) as usize].op()
    }

    fn tell(&mut self, told: &mut Told<'_>) {
        told.overflow(std::mem::take(&mut self.overflow));
    }
}

/// Letters that a cell works off before it lets the next have a turn.
const TURN: usize = 64;

/// What the cells of one thread share.
struct Desk<C, O> {
    clock: C,
    recorder: Recorder<O>,
}

impl<C: Clock, O: Outlet> Desk<C, O> {
    /// Does what a letter asks for.
    fn answer(&mut self, letter: Letter, hand: &mut Direct<'_, C>) {
        let Letter { step, due, sent } = letter;
        let start = self.clock.now().max(sent);
        let op = hand.act(step);
        let end = self.clock.now();
        // What lies between is the mailbox's: the recorder counts as wait what comes before `free`.
        let sent = sent.max(due);
        let free = due + (start - sent.min(start));
        self.recorder.push(Sample { op, n: 1, of: 1, due, free, start, end });
    }

    /// Writes down what was done since the last time, and hands over full seconds.
    fn settle(&mut self, hand: &mut Direct<'_, C>) {
        self.recorder.settle();
        hand.tell(&mut self.recorder.told());
    }
}

/// Works off what comes into the cells of one thread until every hand that posts is gone. `hand` makes the
/// hand of a cell.
fn work<'a, C: Clock, O: Outlet>(
    inboxes: Vec<Inbox>,
    clock: C,
    recorder: Recorder<O>,
    hand: &impl Fn() -> Direct<'a, C>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime without input and output asks nothing of the system");
    let desk = RefCell::new(Desk { clock, recorder });
    let cells: FuturesUnordered<_> =
        inboxes.into_iter().map(|inbox| cell(inbox, hand(), &desk)).collect();
    runtime.block_on(cells.collect::<()>());
    let Desk { mut clock, recorder } = desk.into_inner();
    let at = clock.now();
    recorder.finish(at);
}

/// One cell: an actor that reads its letters in the order in which they came.
async fn cell<C: Clock, O: Outlet>(
    mut inbox: Inbox,
    mut hand: Direct<'_, C>,
    desk: &RefCell<Desk<C, O>>,
) {
    let mut letters = Vec::with_capacity(TURN);
    while inbox.recv_many(&mut letters, TURN).await > 0 {
        let mut desk = desk.borrow_mut();
        for letter in letters.drain(..) {
            desk.answer(letter, &mut hand);
        }
        desk.settle(&mut hand);
    }
}

/// The cells behind the mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cells {
    /// How many there are.
    pub number: u32,
    /// Letters that a mailbox holds at most.
    pub room: usize,
    /// Threads that they share.
    pub threads: u32,
}

/// Lets the cells begin, whatever became of the drivers that were to say when.
struct Unblock<'a>(&'a OnceLock<Instant>);

impl Drop for Unblock<'_> {
    fn drop(&mut self) {
        self.0.get_or_init(TscClock::epoch);
    }
}

/// Runs a plan whose timetable is `table` through mailboxes: drivers post the `steps` of each, cells work
/// them off with hands that `hand` makes. `watch` hears of every second when the run is over.
///
/// # Panics
/// When a hand does.
pub fn drive_through_mailboxes<'a>(
    plan: &Plan<'_>,
    table: &Timetable<'_>,
    cells: Cells,
    steps: &[Vec<Step>],
    hand: impl Fn() -> Direct<'a, TscClock> + Sync,
    watch: impl FnMut(Second),
) -> Driven {
    let begins = OnceLock::new();
    let (mailboxes, inboxes) = Mailboxes::new(cells.number, cells.room);
    let threads = cells.threads.clamp(1, cells.number.max(1));
    let mut shares: Vec<Vec<Inbox>> = (0..threads).map(|_| Vec::new()).collect();
    for (number, inbox) in inboxes.into_iter().enumerate() {
        shares[number % threads as usize].push(inbox);
    }
    let cores = if plan.pin { core_affinity::get_core_ids() } else { None }.unwrap_or_default();
    let mut collector = Collector::new(threads);
    let (begins, hand, cores) = (&begins, &hand, &cores[..]);
    thread::scope(|scope| {
        let unblock = Unblock(begins);
        for (number, inboxes) in shares.into_iter().enumerate() {
            let lane = collector.lane();
            scope.spawn(move || {
                // Drivers take the last cores, cells the first.
                if let Some(core) = cores.get(number) {
                    core_affinity::set_for_current(*core);
                }
                let recorder = Recorder::new(Buffer::new(number as u32), lane);
                let clock = TscClock::since(*begins.wait());
                work(inboxes, clock, recorder, hand);
            });
        }
        let merged = scope.spawn(move || {
            let mut seconds = Vec::new();
            let merger = Merger::new(threads, None);
            let total = collector.merge(merger, &mut |second| seconds.push(second));
            (total, seconds)
        });
        let mut posted = Vec::new();
        let post = |driver: u32| Post {
            mailboxes: mailboxes.clone(),
            clock: TscClock::since(TscClock::epoch()),
            begins,
            steps: &steps[driver as usize],
            starts: table.starts(driver),
            cell: 0,
            overflow: 0,
        };
        let driven = drive(plan, post, |second| posted.push(second));
        drop(mailboxes);
        drop(unblock);
        let (total, worked) = match merged.join() {
            Ok(merged) => merged,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        joined(posted, worked).into_iter().for_each(watch);
        Driven { total: both(&driven.total, total), ..driven }
    })
}
