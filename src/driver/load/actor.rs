//! The path `actor`: the market's cells as tasks behind bounded mailboxes, in a runtime of tokio.
//!
//! A driver posts each request to the cell of its product, or of its seller, and goes on; the cell works
//! its letters off one by one on the same core that the path `direct` calls. What the mailboxes cost is
//! the difference of the two. What a driver does with a letter, and whose record is told:
//!
//! | mode | a driver | `wait` | `service` |
//! |---|---|---|---|
//! | `open`, `replay` | posts and goes on; a full mailbox turns a letter away, which is counted | how long it lay in the mailbox | the work of the cell |
//! | `offline` | posts and goes on; waits for room where there is none | the same | the same |
//! | `closed`, `single` | posts, and spins until the cell has answered | for the driver's other callers | the round trip: way there, mailbox, cell, way back |
//!
//! `lag` is how late a letter was posted by its timetable, and none where there is no timetable. A driver
//! has one thread and waits for the letter that it posted: in `closed` mode no more letters are under way
//! at once than there are drivers, however many callers take turns on them. Nothing is lost in silence.

use std::cell::RefCell;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::seconds::{Joiner, Side, Told as Record};
use super::threads::Collector;
use super::{
    Buffer, Clock, Direct, Driven, Hand, Merger, Mode, Op, Outlet, Plan, Recorder, Sample, Second,
    Starts, Step, Told, TscClock, drive,
};

/// A request on its way.
#[derive(Debug, Clone, Copy)]
struct Letter {
    step: Step,
    /// The intended start.
    due: u64,
    /// When it was posted.
    sent: u64,
    /// Who posted it.
    driver: u32,
}

/// Letters of a driver that were answered, where it waits for that; on a line of the cache of its own, as
/// the driver spins on it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Answered(AtomicU64);

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

/// What a driver does with a letter.
enum Manner<'a> {
    /// Posts it as the driver's own timetable says, and goes on; what finds no room is turned away.
    Paced(Starts<'a>),
    /// Posts it when there is room, and goes on.
    Hurried,
    /// Posts it and waits for the answer.
    Answered { by: &'a AtomicU64, sent: u64 },
}

/// A driver's hand that posts.
struct Post<'a> {
    driver: u32,
    mailboxes: Mailboxes,
    /// The clock of the run, from its begin on.
    clock: TscClock,
    begins: &'a OnceLock<Instant>,
    steps: &'a [Step],
    manner: Manner<'a>,
    /// The cell of the visit before.
    cell: usize,
    overflow: u64,
}

/// Looks at what it waits for before it lets others have the core, where drivers and cells have to share
/// one [1]: some 10 to 50 us.
const LOOKS: u32 = 1_024;

/// Spins until `done`, and says whether it came to that: not where whoever should see to it has gone.
fn spin_until(mut done: impl FnMut() -> bool, gone: impl Fn() -> bool) -> bool {
    loop {
        for _ in 0..LOOKS {
            if done() {
                return true;
            }
            spin_loop();
        }
        if gone() {
            return false;
        }
        thread::yield_now();
    }
}

impl Post<'_> {
    /// Posts a step to the cell that it is for. One that cannot be posted is turned away.
    fn post(&mut self, step: Step) {
        let cell = &self.mailboxes.cells[self.cell];
        let (driver, clock) = (self.driver, &mut self.clock);
        let mut letter = |due: Option<u64>| {
            let sent = clock.now();
            Letter { step, due: due.unwrap_or(sent), sent, driver }
        };
        let full = |sent| matches!(sent, Err(TrySendError::Full(_)));
        let posted = match &mut self.manner {
            Manner::Paced(starts) => cell.try_send(letter(starts.next())).is_ok(),
            Manner::Hurried => {
                spin_until(|| !full(cell.try_send(letter(None))), || cell.is_closed())
                    && !cell.is_closed()
            }
            Manner::Answered { by, sent } => {
                *sent += 1;
                spin_until(|| !full(cell.try_send(letter(None))), || cell.is_closed())
                    && spin_until(|| by.load(Ordering::Acquire) >= *sent, || cell.is_closed())
            }
        };
        self.overflow += u64::from(!posted);
    }
}

impl Hand for Post<'_> {
    fn begin(&mut self, epoch: Instant) {
        self.clock = TscClock::since(epoch);
        self.begins.get_or_init(|| epoch);
    }

    fn call(&mut self, i: u64) -> Op {
        let step = self.steps[(i % self.steps.len() as u64) as usize];
        self.cell = self.mailboxes.cell_of(&step, self.cell);
        self.post(step);
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
struct Desk<'a, C, O> {
    clock: C,
    recorder: Recorder<O>,
    /// By driver; nothing where nobody waits for answers.
    answered: &'a [Answered],
}

impl<C: Clock, O: Outlet> Desk<'_, C, O> {
    /// Does what a letter asks for.
    fn answer(&mut self, letter: Letter, hand: &mut Direct<'_, C>) {
        let Letter { step, due, sent, driver } = letter;
        let start = self.clock.now().max(sent);
        let op = hand.act(step);
        if let Some(answered) = self.answered.get(driver as usize) {
            answered.0.fetch_add(1, Ordering::Release);
        }
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
    answered: &[Answered],
    hand: &impl Fn() -> Direct<'a, C>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime without input and output asks nothing of the system");
    let desk = RefCell::new(Desk { clock, recorder, answered });
    let cells: FuturesUnordered<_> =
        inboxes.into_iter().map(|inbox| cell(inbox, hand(), &desk)).collect();
    runtime.block_on(cells.collect::<()>());
    let Desk { mut clock, recorder, .. } = desk.into_inner();
    let at = clock.now();
    recorder.finish(at);
}

/// One cell: an actor that reads its letters in the order in which they came.
async fn cell<C: Clock, O: Outlet>(
    mut inbox: Inbox,
    mut hand: Direct<'_, C>,
    desk: &RefCell<Desk<'_, C, O>>,
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

/// How letters are posted in a mode, driver by driver.
fn manner<'a>(mode: Mode<'a>, driver: u32, answered: &'a [Answered]) -> Manner<'a> {
    match mode {
        Mode::Open(table) => Manner::Paced(table.starts(driver)),
        Mode::Offline => Manner::Hurried,
        Mode::Single | Mode::Closed(_) => {
            Manner::Answered { by: &answered[driver as usize].0, sent: 0 }
        }
    }
}

/// Runs a plan through mailboxes: drivers post the `steps` of each, cells work them off with hands that
/// `hand` makes. `watch` hears of a second on the calling thread when drivers and cells both told of it.
///
/// # Panics
/// When a hand does.
pub fn drive_through_mailboxes<'a>(
    plan: &Plan<'_>,
    cells: Cells,
    steps: &[Vec<Step>],
    hand: impl Fn() -> Direct<'a, TscClock> + Sync,
    mut watch: impl FnMut(Second),
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
    let record = Record::by(plan.mode);
    let waiting = if record == Record::Posted { plan.drivers() } else { 0 };
    let answered: Vec<Answered> = (0..waiting).map(|_| Answered::default()).collect();
    let (begins, hand, cores, answered) = (&begins, &hand, &cores[..], &answered[..]);
    let (tell, heard) = mpsc::channel();
    thread::scope(|scope| {
        for (number, inboxes) in shares.into_iter().enumerate() {
            let lane = collector.lane();
            scope.spawn(move || {
                // Drivers take the last cores, cells the first.
                if let Some(core) = cores.get(number) {
                    core_affinity::set_for_current(*core);
                }
                let recorder = Recorder::new(Buffer::new(number as u32), lane);
                let clock = TscClock::since(*begins.wait());
                work(inboxes, clock, recorder, answered, hand);
            });
        }
        let works = Teller { side: Side::Works, tell: tell.clone() };
        let merged = scope.spawn(move || {
            let merger = Merger::new(threads, None);
            collector.merge(merger, &mut |second| works.second(second))
        });
        let posts = Teller { side: Side::Posts, tell };
        let drove = scope.spawn(move || {
            let _unblock = Unblock(begins);
            let post = |driver: u32| Post {
                driver,
                mailboxes: mailboxes.clone(),
                clock: TscClock::since(TscClock::epoch()),
                begins,
                steps: &steps[driver as usize],
                manner: manner(plan.mode, driver, answered),
                cell: 0,
                overflow: 0,
            };
            drive(plan, post, |second| posts.second(second))
        });
        let mut joiner = Joiner::new(record);
        for (side, second) in heard {
            joiner.take(side, second, &mut watch);
        }
        let driven = of_thread(drove);
        let total = record.total(driven.total, of_thread(merged));
        Driven { total, ..driven }
    })
}

/// What a thread came to; its panic goes on here.
fn of_thread<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Tells of the seconds of one side, and that there are no more when it goes.
struct Teller {
    side: Side,
    tell: mpsc::Sender<(Side, Option<Second>)>,
}

impl Teller {
    fn second(&self, second: Second) {
        // Who does not hear it came to grief, and says so itself.
        let _ = self.tell.send((self.side, Some(second)));
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        let _ = self.tell.send((self.side, None));
    }
}
