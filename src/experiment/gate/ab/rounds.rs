//! Pairs of processes, in turns.

use super::{Finding, Follower, Look, ProgramError, Sample, work};
use crate::rng;

/// Pairs of one look where nothing is said: their interval is from the 5th to the 16th.
pub const PAIRS: usize = 20;

/// Which program a process is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The old one.
    Base,
    /// The new one.
    Head,
    /// The old one under another name.
    Null,
}

/// Why the rounds ended early.
#[derive(Debug)]
pub enum Halt {
    /// A program gave no sample.
    Program(ProgramError),
    /// Something was found that makes times meaningless.
    Found(Box<Finding>),
}

impl From<ProgramError> for Halt {
    fn from(wrong: ProgramError) -> Self {
        Halt::Program(wrong)
    }
}

/// The processes of a round: a pair of base and head, and a pair of base and base. The order turns within
/// pairs from round to round, so that what gets faster or slower all the time does no side a favour.
pub fn order(round: usize, reversed: bool) -> [Side; 4] {
    use Side::{Base, Head, Null};
    if round.is_multiple_of(2) != reversed {
        [Base, Head, Base, Null]
    } else {
        [Head, Base, Null, Base]
    }
}

/// Rounds of processes.
pub struct Rounds<'a, R> {
    of: &'a str,
    pairs: usize,
    /// What every process must agree with.
    first: &'a Sample,
    run: R,
    follower: &'a mut dyn Follower,
    /// Processes that have ended, and those that there will be.
    done: u64,
    all: u64,
}

impl<'a, R: FnMut(Side) -> Result<Sample, ProgramError>> Rounds<'a, R> {
    /// Looks of so many pairs, by `run`.
    pub fn new(
        of: &'a str,
        pairs: usize,
        first: &'a Sample,
        run: R,
        follower: &'a mut dyn Follower,
    ) -> Self {
        Rounds { of, pairs, first, run, follower, done: 0, all: 4 * pairs as u64 }
    }

    /// Says what is under way.
    pub fn says(&mut self, what: &'static str) -> Result<(), Halt> {
        if self.follower.at(self.done, self.all, what).is_break() {
            return Err(Halt::Program(ProgramError::Stopped));
        }
        Ok(())
    }

    /// One look.
    pub fn look(&mut self, reversed: bool) -> Result<Look, Halt> {
        self.all = self.done + 4 * self.pairs as u64;
        let mut look = Look::default();
        let mut round = 0;
        while !look.is_enough(self.pairs) {
            // A look that grows takes as many pairs again.
            self.all = self.all.max(self.done + 4 * (self.pairs - round % self.pairs) as u64);
            let sides = order(round, reversed);
            let mut ln = [0.0; 4];
            for (ln, side) in ln.iter_mut().zip(sides) {
                self.says(if reversed { "second look" } else { "pairs" })?;
                let sample = (self.run)(side)?;
                self.agrees(side, &sample)?;
                *ln = rng::ln(sample.time());
                self.done += 1;
            }
            let forward = sides[0] == Side::Base;
            let over = |one: f64, two: f64| if forward { two - one } else { one - two };
            look.head.push(over(ln[0], ln[1]));
            look.null.push(over(ln[2], ln[3]));
            round += 1;
        }
        Ok(look)
    }

    fn agrees(&self, side: Side, sample: &Sample) -> Result<(), Halt> {
        if (&sample.digest, &sample.slates) == (&self.first.digest, &self.first.slates) {
            return Ok(());
        }
        let name = if side == Side::Head { "head" } else { "base" };
        Err(Halt::Found(Box::new(work::unsteady(self.of, name, self.first, sample))))
    }
}
