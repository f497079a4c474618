//! A warm start: the scenario runs in virtual time first, and the state it comes to is what a load meets.

use crate::driver::load::{Tape, TapeSink};
use crate::driver::{Finished, Work};
use crate::experiment::trial::now;
use crate::experiment::{Heartbeat, Trial};
use crate::history::{Appraisal, Digest, Fact, FactSink};
use crate::market::{Cell, Market, Spot};
use crate::measure::{Counts, Recorder};
use crate::units::{ProductId, SellerId, SimTime, US_PER_WEEK};

/// A market after its warm-up, with what its last week asked of it.
pub struct Warm {
    /// The market.
    pub market: Market,
    /// Its cells, in order, up to date with all that was learned.
    pub cells: Vec<Cell>,
    /// What the last week asked of it.
    pub tape: Tape,
    /// The digest of every fact of the warm-up: the same seed comes to the same state.
    pub digest: Digest,
    /// How many of what happened in the warm-up.
    pub counts: Counts,
    /// Length of the warm-up [weeks].
    pub weeks: u32,
    /// Wall time that it took, set-up included [s].
    pub sim_s: f64,
}

impl Trial<'_> {
    /// Runs the world for so many `weeks`, at least one and at most those that the scenario has; none when
    /// the heart stops it before.
    pub fn warm(&self, weeks: u32, heart: &mut dyn Heartbeat) -> Option<Warm> {
        assert!((1..=self.scenario.weeks).contains(&weeks), "a warm-up of {weeks} weeks");
        let start_of = |week: u32| SimTime(u64::from(week) * US_PER_WEEK);
        // What midnight brings counts for the week that it begins.
        let last = start_of(weeks - 1)..start_of(weeks);
        let listener =
            || Listener { recorder: Recorder::bare(), tape: TapeSink::within(last.clone()) };
        let began = now();
        let run = self.observe(weeks, heart, listener);
        let sim_s = began.elapsed().as_secs_f64();
        (run.weeks == weeks).then(|| Warm { sim_s, ..Warm::of(run, weeks) })
    }
}

impl Warm {
    fn of(run: Finished<Listener>, weeks: u32) -> Warm {
        let Finished { market, lanes, sink, work, wakes, .. } = run;
        let (mut cells, mut listeners) = (Vec::new(), Vec::new());
        for lane in lanes {
            let mut cell = lane.cell;
            // The next tick would begin with this: what was learned until now reaches the columns.
            cell.refresh(&market);
            cells.push(cell);
            listeners.push(lane.sink);
        }
        listeners.push(sink);
        let (mut recorders, mut tapes) = (Vec::new(), Vec::new());
        for Listener { recorder, tape } in listeners {
            recorders.push(recorder);
            tapes.push(tape);
        }
        let digest = Digest::join(recorders.iter().map(Recorder::digest));
        let counts = counts(recorders, &market, weeks, work, wakes);
        let shelves = Shelves::new(&market, &cells);
        let category = |product: ProductId| market.census().products[product.index()].category;
        let tape = Tape::new(&tapes, |product, seller| shelves.row(product, seller), category);
        Warm { tape, market, digest, counts, weeks, sim_s: 0.0, cells }
    }
}

fn counts(recorders: Vec<Recorder>, market: &Market, weeks: u32, work: Work, wakes: u64) -> Counts {
    let mut recorders = recorders.into_iter().rev();
    let Some(mut whole) = recorders.next() else { return Counts::default() };
    recorders.for_each(|mut cell| whole.absorb(&mut cell));
    let mut census = market.census().clone();
    census.weeks = weeks;
    let mut counts = whole.counts(&census);
    counts.events = work.visits + work.entries + wakes;
    counts
}

/// Where products are.
struct Shelves<'a> {
    cells: &'a [Cell],
    /// Cell and slot, by product.
    homes: Vec<(usize, u32)>,
}

impl<'a> Shelves<'a> {
    fn new(market: &Market, cells: &'a [Cell]) -> Self {
        let mut homes = vec![(0, 0); market.census().products.len()];
        for (number, cell) in cells.iter().enumerate() {
            for slot in cell.offers().slots() {
                homes[cell.offers().product(slot).index()] = (number, slot);
            }
        }
        Shelves { cells, homes }
    }

    /// The row of a seller's offer of a product, if it is listed.
    fn row(&self, product: ProductId, seller: SellerId) -> Option<u32> {
        let (cell, slot) = self.homes[product.index()];
        self.cells[cell].spot_of(seller, slot).map(|Spot { row, .. }| row)
    }
}

/// Keeps the digest and the tape.
struct Listener {
    recorder: Recorder,
    tape: TapeSink,
}

impl FactSink for Listener {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        self.recorder.take(at, fact);
        self.tape.take(at, fact);
    }

    fn appraises(&self) -> bool {
        self.recorder.appraises()
    }

    fn appraise(&mut self, appraisal: &Appraisal<'_>) {
        self.recorder.appraise(appraisal);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::driver::load::Op;
    use crate::scenario;

    #[test]
    fn the_same_seed_comes_to_the_same_state_and_asks_the_same() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{wrong}"));
        let trial = Trial { scenario: &loaded.scenario, world: 0, workers: 2, measured: false };
        let warm = trial.warm(2, &mut ()).expect("nobody stops it");
        let again = Trial { workers: 1, ..trial }.warm(2, &mut ()).expect("nobody stops it");
        assert_eq!((warm.digest, warm.tape.mix()), (again.digest, again.tape.mix()));
        let short = trial.warm(1, &mut ()).expect("nobody stops it");
        let sessions = warm.counts.sessions - short.counts.sessions;
        assert_eq!(warm.tape.mix()[Op::Rank as usize], sessions, "the visits of the second week");
        assert!(warm.tape.mix().iter().all(|&n| n > 0), "{:?}", warm.tape.mix());
    }
}
