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

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Clock, Direct, Hand, Op, Outlet, Recorder, Sample, Starts, Step, Told};

/// A request on its way.
#[derive(Debug, Clone, Copy)]
pub struct Letter {
    step: Step,
    /// The intended start.
    due: u64,
    /// When it was posted.
    sent: u64,
}

/// Where the requests of all cells go in.
#[derive(Debug, Clone)]
pub struct Mailboxes {
    cells: Vec<Sender<Letter>>,
}

/// Where those of one cell come out.
pub type Inbox = Receiver<Letter>;

impl Mailboxes {
    /// Mailboxes for so many cells, each with room for `room` letters.
    pub fn new(cells: u32, room: usize) -> (Mailboxes, Vec<Inbox>) {
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
pub struct Post<'a, C> {
    mailboxes: Mailboxes,
    clock: C,
    steps: &'a [Step],
    /// When requests are due, in step with the driver's own.
    starts: Starts<'a>,
    cell: usize,
    overflow: u64,
}

impl<'a, C: Clock> Post<'a, C> {
    /// A hand that posts `steps`, over and over, as they are due by `starts`.
    pub fn new(mailboxes: Mailboxes, clock: C, steps: &'a [Step], starts: Starts<'a>) -> Self {
        Post { mailboxes, clock, steps, starts, cell: 0, overflow: 0 }
    }
}

impl<C: Clock> Hand for Post<'_, C> {
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

/// Works off what comes into the cells of one thread until every hand that posts is gone, and says when
/// the last was done [ns since the run began]. `hand` makes the hand of a cell.
///
/// # Errors
/// When the system refuses a runtime.
pub fn work<'a, C: Clock, O: Outlet>(
    inboxes: Vec<Inbox>,
    clock: C,
    recorder: Recorder<O>,
    hand: impl Fn() -> Direct<'a, C>,
) -> std::io::Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let desk = RefCell::new(Desk { clock, recorder });
    let cells: FuturesUnordered<_> =
        inboxes.into_iter().map(|inbox| cell(inbox, hand(), &desk)).collect();
    runtime.block_on(cells.collect::<()>());
    let Desk { mut clock, recorder } = desk.into_inner();
    let at = clock.now();
    recorder.finish(at);
    Ok(at)
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
