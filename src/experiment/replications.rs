//! The worlds of a run: replications of each of its markets, for one arm or several.

use std::collections::BTreeMap;

use super::side_by_side::{Seat, side_by_side};
use super::trial::{Heartbeat, Trial, World};
use crate::driver::Go;
use crate::measure::SellerRow;
use crate::measure::unpredictability::{NAMES, values_of_worlds};
use crate::scenario::Scenario;
use crate::store::{WorldName, WorldSummary, WorldTables};

/// Somebody who follows several worlds at once.
pub trait Follow: Sync {
    /// A world begins: who is told of it. Nobody where it is not to begin, and then no later one does.
    fn begins(&self, number: u64) -> Option<Box<dyn Heartbeat + '_>>;
}

/// Nobody follows.
impl Follow for () {
    fn begins(&self, _: u64) -> Option<Box<dyn Heartbeat + '_>> {
        Some(Box::new(()))
    }
}

/// Which worlds of a scenario there are. Worlds of one market share who exists and no draw of what
/// happens; markets share neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replications {
    /// Markets: `market.seed` counted up from that of the scenario.
    pub markets: u32,
    /// Worlds of each market.
    pub each: u32,
}

impl Replications {
    /// Worlds in all.
    pub fn worlds(self) -> u64 {
        u64::from(self.markets) * u64::from(self.each)
    }

    /// The scenario of a world, with its market's seed.
    pub fn scenario_of(self, world: u32, scenario: &Scenario) -> Scenario {
        let mut scenario = scenario.clone();
        scenario.market.seed += u64::from(world / self.each);
        scenario
    }

    /// How the `world`-th runs of a scenario that [`Replications::scenario_of`] made. Worlds are counted
    /// through all markets, so that no two of them share a draw of what happens.
    pub fn trial_of(self, world: u32, scenario: &Scenario, workers: usize) -> Trial<'_> {
        Trial { scenario, world, workers, measured: true }
    }

    /// Runs every world of every arm, one world a thread first, and hands what each came to to `keep`
    /// with the number of its arm: world by world, all arms of one before the next, so that who is
    /// interrupted has whole pairs.
    pub fn run(
        self,
        arms: &[Scenario],
        workers: usize,
        follow: &dyn Follow,
        mut keep: impl FnMut(usize, Ran) -> Go,
    ) {
        let n_arms = arms.len() as u64;
        let run = |n: u64, seat: Seat| {
            let (world, arm) = ((n / n_arms) as u32, (n % n_arms) as usize);
            let mut heart = follow.begins(n)?;
            let scenario = self.scenario_of(world, &arms[arm]);
            let ran = self.trial_of(world, &scenario, seat.cells).run(heart.as_mut());
            Some((arm, self.conclude(&scenario, world, seat, ran)))
        };
        side_by_side(workers, self.worlds() * n_arms, run, |(arm, ran)| keep(arm, ran));
    }

    /// What is kept of a world that was run.
    pub fn conclude(self, scenario: &Scenario, number: u32, seat: Seat, world: World) -> Ran {
        let name = WorldName {
            world: number,
            market: number / self.each,
            market_seed: scenario.market.seed,
            seed: scenario.seed,
            weeks_done: world.weeks_done(),
            complete: world.complete,
        };
        Ran {
            summary: WorldSummary::new(name, world.digest, world.counts, &world.metrics),
            tables: WorldTables { world: number, ..world.tables },
            late_sales: world.late_sales,
            sim_s: world.sim_s,
            thread: seat.thread,
        }
    }
}

/// What is kept of a world that was run: not its market, which would add up.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// Its values.
    pub summary: WorldSummary,
    /// Its rows.
    pub tables: WorldTables,
    /// Orders by seller in the second half of the run.
    pub late_sales: Vec<u64>,
    /// What simulating it took [s].
    pub sim_s: f64,
    /// The thread that it ran on.
    pub thread: usize,
}

/// The worlds of one arm that were run, in their order, without their rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Worlds {
    /// The values of each.
    pub summaries: Vec<WorldSummary>,
    /// The sellers of the first.
    pub first: Vec<SellerRow>,
    late_sales: Vec<Vec<u64>>,
}

impl Worlds {
    /// Adds the next world.
    pub fn keep(&mut self, ran: Ran) {
        if self.summaries.is_empty() {
            self.first = ran.tables.sellers;
        }
        self.summaries.push(ran.summary);
        self.late_sales.push(ran.late_sales);
    }

    /// Gives the worlds the values that only worlds together have; `cut` are the same worlds with every
    /// feedback channel cut.
    pub fn relate(&mut self, cut: Option<&Worlds>) {
        let cut = cut.map(Worlds::distances);
        for (world, value) in self.distances() {
            let without = cut.as_ref().and_then(|cut| cut.get(&world).copied());
            let summary = self.summaries.iter_mut().find(|summary| summary.world == world);
            let Some(summary) = summary else { continue };
            summary.metrics.insert(NAMES[0].to_owned(), Some(value));
            summary.metrics.insert(NAMES[1].to_owned(), without.map(|cut| value - cut));
        }
    }

    /// By world: its value of unpredictability, among the complete worlds of its market.
    fn distances(&self) -> BTreeMap<u32, f64> {
        let mut markets: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, world) in self.summaries.iter().enumerate().filter(|(_, world)| world.complete)
        {
            markets.entry(world.market).or_default().push(place);
        }
        let mut values = BTreeMap::new();
        for places in markets.values() {
            let sales: Vec<&[u64]> = places.iter().map(|&i| &self.late_sales[i][..]).collect();
            let worlds = places.iter().map(|&i| self.summaries[i].world);
            let named = worlds.zip(values_of_worlds(&sales));
            values.extend(named.filter_map(|(world, value)| Some((world, value?))));
        }
        values
    }
}

/// Time spent simulating by the thread that did most of it: of worlds one after the other their sum.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Busiest(Vec<f64>);

impl Busiest {
    /// A world was run.
    pub fn add(&mut self, ran: &Ran) {
        self.spent(ran.thread, ran.sim_s);
    }

    /// A thread spent so much on a world [s].
    pub fn spent(&mut self, thread: usize, sim_s: f64) {
        if self.0.len() <= thread {
            self.0.resize(thread + 1, 0.0);
        }
        self.0[thread] += sim_s;
    }

    /// The time of the busiest thread [s].
    pub fn seconds(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::ops::ControlFlow;
    use std::path::Path;

    const FOUR: Replications = Replications { markets: 2, each: 2 };

    fn small() -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let few = ["weeks=2".to_owned(), "shoppers.visits_per_week=400.0".to_owned()];
        crate::scenario::load(&path, &few).unwrap_or_else(|wrong| panic!("{wrong}")).scenario
    }

    fn worlds(workers: usize) -> Vec<(usize, Ran)> {
        let cut = Scenario { feedback: crate::market::FeedbackSpec::CUT, ..small() };
        let mut kept = Vec::new();
        FOUR.run(&[small(), cut], workers, &(), |arm, ran| {
            kept.push((arm, Ran { sim_s: 0.0, thread: 0, ..ran }));
            ControlFlow::Continue(())
        });
        kept
    }

    #[test]
    fn the_same_worlds_in_the_same_order_at_any_number_of_workers() {
        let one = worlds(1);
        let order: Vec<_> = one.iter().map(|(arm, ran)| (ran.summary.world, *arm)).collect();
        assert_eq!(order, (0..4).flat_map(|world| [(world, 0), (world, 1)]).collect::<Vec<_>>());
        assert!(one == worlds(3), "worlds differ with the number of workers");
        let digests: BTreeSet<_> = one.iter().map(|(_, ran)| &ran.summary.digest).collect();
        assert_eq!(digests.len(), 8, "no two worlds are alike");
    }

    /// Who exists is shared within a market, and no draw of what happens by any two worlds.
    #[test]
    fn what_worlds_share() {
        let scenario = small();
        let of = |world| FOUR.scenario_of(world, &scenario);
        let seeds = [0, 1, 2, 3].map(|world| of(world).market.seed - scenario.market.seed);
        assert_eq!(seeds, [0, 0, 1, 1]);
        let numbers: BTreeSet<_> =
            (0..4).map(|world| FOUR.trial_of(world, &scenario, 1).world).collect();
        assert_eq!(numbers.len(), 4);
    }

    #[test]
    fn values_of_worlds_together_are_of_complete_worlds_of_one_market() {
        let mut ran = [Worlds::default(), Worlds::default()];
        for (arm, world) in worlds(2) {
            ran[arm].keep(world);
        }
        let [mut open, cut] = ran;
        open.relate(Some(&cut));
        let value = |world: usize, name: &str| open.summaries[world].metrics[name];
        // Two worlds of a market make one pair: a value for the first.
        for world in [0, 2] {
            let distance = value(world, NAMES[0]).expect("a distance");
            assert!(distance > 0.0 && distance < 1.0, "{distance}");
            assert!(value(world, NAMES[1]).is_some_and(|excess| excess < distance));
            assert_eq!(value(world + 1, NAMES[0]), None);
        }
    }
}
