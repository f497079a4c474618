//! What is timed: every operation in four parts, as histograms.

use hdrhistogram::Histogram;

/// What the market is asked for under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Make the slate of a product for a shopper.
    Rank,
    /// Take a unit of the offer in the box of the slate made last.
    Buy,
    /// Publish a review of a seller.
    Review,
    /// Set the price of an offer.
    Reprice,
    /// Put units on the shelf of an offer.
    Restock,
}

impl Op {
    /// All, in the order in which they are told.
    pub const ALL: [Op; 5] = [Op::Rank, Op::Buy, Op::Review, Op::Reprice, Op::Restock];

    /// As it is written in files and thresholds.
    pub fn name(self) -> &'static str {
        match self {
            Op::Rank => "rank",
            Op::Buy => "buy",
            Op::Review => "review",
            Op::Reprice => "reprice",
            Op::Restock => "restock",
        }
    }
}

/// A part of the time that an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The queue in front of the core: from the intended start until the operation before was done.
    Wait,
    /// The harness's own lateness: from the moment at which the operation could start until it did.
    Lag,
    /// The operation itself.
    Service,
    /// All three: from the intended start to the end.
    Response,
}

impl Part {
    /// All, in the order in which they are told.
    pub const ALL: [Part; 4] = [Part::Wait, Part::Lag, Part::Service, Part::Response];

    /// As it is written in files and thresholds.
    pub fn name(self) -> &'static str {
        match self {
            Part::Wait => "wait",
            Part::Lag => "lag",
            Part::Service => "service",
            Part::Response => "response",
        }
    }
}

/// Significant digits that histograms keep.
pub const DIGITS: u8 = 3;

/// The greatest time that a driver's own histograms tell apart from more: an hour [ns].
pub const GREATEST: u64 = 3_600_000_000_000;

/// A histogram with room for all up to [`GREATEST`], and every page of it in memory: recording in it
/// neither allocates nor waits for the system.
fn bounded() -> Histogram<u64> {
    let mut room =
        Histogram::new_with_max(GREATEST, DIGITS).expect("3 digits of an hour are allowed");
    room.reset();
    room
}

/// Empties histograms, and does not touch those that are empty.
fn clear(of: &mut [Histogram<u64>]) {
    of.iter_mut().filter(|histogram| !histogram.is_empty()).for_each(Histogram::reset);
}

/// Histograms of every part of every operation [ns].
#[derive(Debug, Clone)]
pub struct Latencies {
    of: Vec<Histogram<u64>>,
}

impl Default for Latencies {
    fn default() -> Self {
        // They grow with what is recorded; a driver makes its own with room for all there can be.
        let empty = || Histogram::new(DIGITS).expect("3 digits are allowed");
        Latencies { of: (0..Op::ALL.len() * Part::ALL.len()).map(|_| empty()).collect() }
    }
}

impl Latencies {
    /// Histograms with room for all up to [`GREATEST`]: recording what is no more than that allocates
    /// nothing.
    pub fn bounded() -> Self {
        Latencies { of: (0..Op::ALL.len() * Part::ALL.len()).map(|_| bounded()).collect() }
    }

    /// Forgets all, and keeps the room.
    pub fn clear(&mut self) {
        clear(&mut self.of);
    }

    /// The histogram of one part over all operations [ns].
    pub fn over_all(&self, part: Part) -> Histogram<u64> {
        let mut all = Histogram::new(DIGITS).expect("3 digits are allowed");
        for op in Op::ALL {
            all.add(self.of(op, part)).expect("a histogram that grows takes every value");
        }
        all
    }

    /// Operations of all kinds that were done.
    pub fn done(&self) -> u64 {
        Op::ALL.iter().map(|&op| self.count(op)).sum()
    }

    fn at(op: Op, part: Part) -> usize {
        op as usize * Part::ALL.len() + part as usize
    }

    /// The histogram of one part of one operation [ns].
    pub fn of(&self, op: Op, part: Part) -> &Histogram<u64> {
        &self.of[Self::at(op, part)]
    }

    /// The same, to record in.
    pub fn of_mut(&mut self, op: Op, part: Part) -> &mut Histogram<u64> {
        &mut self.of[Self::at(op, part)]
    }

    /// Adds what another recorded.
    pub fn add(&mut self, other: &Latencies) {
        for (mine, theirs) in self.of.iter_mut().zip(&other.of) {
            mine.add(theirs).expect("a histogram that grows takes every value");
        }
    }

    /// Operations of a kind that were done.
    pub fn count(&self, op: Op) -> u64 {
        self.of(op, Part::Service).len()
    }
}

/// A change that rankings show some time after it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Write {
    /// An offer's price.
    Price,
    /// Units on an offer's shelf.
    Stock,
    /// A review, in the weights of its seller's offers.
    Review,
}

impl Write {
    /// All, in the order in which they are told.
    pub const ALL: [Write; 3] = [Write::Price, Write::Stock, Write::Review];

    /// As it is written in files and thresholds.
    pub fn name(self) -> &'static str {
        match self {
            Write::Price => "price",
            Write::Stock => "stock",
            Write::Review => "review",
        }
    }
}

/// From a write until a ranking shows it: a histogram for each kind [ns].
#[derive(Debug, Clone)]
pub struct Freshness {
    of: Vec<Histogram<u64>>,
}

impl Default for Freshness {
    fn default() -> Self {
        let empty = || Histogram::new(DIGITS).expect("3 digits are allowed");
        Freshness { of: Write::ALL.iter().map(|_| empty()).collect() }
    }
}

impl Freshness {
    /// Histograms with room for all up to [`GREATEST`]: recording what is no more than that allocates
    /// nothing.
    pub fn bounded() -> Self {
        Freshness { of: Write::ALL.iter().map(|_| bounded()).collect() }
    }

    /// Forgets all, and keeps the room.
    pub fn clear(&mut self) {
        clear(&mut self.of);
    }

    /// The histogram of one kind of write [ns].
    pub fn of(&self, write: Write) -> &Histogram<u64> {
        &self.of[write as usize]
    }

    /// The same, to record in.
    pub fn of_mut(&mut self, write: Write) -> &mut Histogram<u64> {
        &mut self.of[write as usize]
    }

    /// Adds what another recorded.
    pub fn add(&mut self, other: &Freshness) {
        for (mine, theirs) in self.of.iter_mut().zip(&other.of) {
            mine.add(theirs).expect("a histogram that grows takes every value");
        }
    }
}

/// What all drivers did in one second of a run, or in what is left of the last.
#[derive(Debug, Clone)]
pub struct Second {
    /// When it began [ns since the run began].
    pub start: u64,
    /// How long it was [ns].
    pub length: u64,
    /// What was done in it.
    pub latencies: Latencies,
    /// Operations that the schedule asked for in it; nothing where the next starts when one is done.
    pub offered: Option<u64>,
    /// Operations that were due by its end and not begun.
    pub backlog: u64,
    /// Operations that a full mailbox turned away.
    pub overflow: u64,
    /// From a write until a ranking shows it.
    pub freshness: Freshness,
}
