//! Worlds in small, run with every fact kept: what the tests of the engine are made of.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use brocante::driver::{Go, Lane, Watch, Work, simulate};
use brocante::history::{Digest, Fact, FactSink};
use brocante::market::{Cell, Market, MarketPlan, Opening};
use brocante::ranking::POLICIES;
use brocante::scenario::{self, Loaded, Scenario, ScenarioError};
use brocante::units::{SellerId, SimTime};

/// The small world in which everything happens.
pub const SMALL: &str = "tests/data/small.toml";

/// A path of the repository.
pub fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// A scenario of the repository with overrides (each `KEY=VALUE`).
pub fn try_load(
    file: &str,
    overrides: &[impl AsRef<str>],
) -> Result<Loaded<Scenario>, ScenarioError> {
    let overrides: Vec<String> = overrides.iter().map(|text| text.as_ref().to_owned()).collect();
    scenario::load(&path(file), &overrides)
}

/// The same; it must be right.
pub fn load(file: &str, overrides: &[impl AsRef<str>]) -> Loaded<Scenario> {
    try_load(file, overrides)
        .unwrap_or_else(|error| panic!("{}\n{error}", command(file, overrides)))
}

/// The command that runs the same world.
pub fn command(file: &str, overrides: &[impl AsRef<str>]) -> String {
    let set = overrides.iter().map(|text| format!(" --set '{}'", text.as_ref()));
    format!("brocante run {file}{}", set.collect::<String>())
}

/// The override that ranks by a policy with the reference values of its keys.
pub fn ranking(policy: &str) -> String {
    let about = POLICIES.iter().find(|about| about.name == policy);
    let keys = about.unwrap_or_else(|| panic!("no policy {policy}")).reference;
    let keys: toml::Table = toml::from_str(keys).expect("reference keys are TOML");
    let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("ranking.{policy}={{{}}}", keys.join(","))
}

/// A fact as it was told; the slate of a view is kept beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub at: SimTime,
    pub fact: Fact<'static>,
    pub slate: Vec<SellerId>,
}

/// A sink that keeps everything.
#[derive(Debug, Default)]
pub struct Keep {
    pub told: Vec<Told>,
    pub digest: Digest,
}

impl FactSink for Keep {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        self.digest.add(at, fact);
        let kept = |fact| Told { at, fact, slate: vec![] };
        self.told.push(match *fact {
            Fact::Shown { session, product, country, class, slate } => Told {
                slate: slate.to_vec(),
                ..kept(Fact::Shown { session, product, country, class, slate: &[] })
            },
            Fact::Abandoned { session, product, seller } => {
                kept(Fact::Abandoned { session, product, seller })
            }
            Fact::Bought { order } => kept(Fact::Bought { order }),
            Fact::Cancelled { order } => kept(Fact::Cancelled { order }),
            Fact::Shipped { order } => kept(Fact::Shipped { order }),
            Fact::Delivered { order, late, condition } => {
                kept(Fact::Delivered { order, late, condition })
            }
            Fact::Returned { order, reason } => kept(Fact::Returned { order, reason }),
            Fact::Reviewed { order, stars, late } => kept(Fact::Reviewed { order, stars, late }),
            Fact::Listed { seller, product, price_cents } => {
                kept(Fact::Listed { seller, product, price_cents })
            }
            Fact::Delisted { seller, product, units } => {
                kept(Fact::Delisted { seller, product, units })
            }
            Fact::Repriced { seller, product, price_cents } => {
                kept(Fact::Repriced { seller, product, price_cents })
            }
            Fact::Restocked { seller, product, units } => {
                kept(Fact::Restocked { seller, product, units })
            }
            Fact::LotSold { from, to, product, units, price_cents } => {
                kept(Fact::LotSold { from, to, product, units, price_cents })
            }
            Fact::FeeCharged { seller, fee_cents } => kept(Fact::FeeCharged { seller, fee_cents }),
            Fact::StageEntered { seller, stage } => kept(Fact::StageEntered { seller, stage }),
            Fact::DroppedOut { seller, stage } => kept(Fact::DroppedOut { seller, stage }),
            Fact::MysteryOrdered { seller, passed } => {
                kept(Fact::MysteryOrdered { seller, passed })
            }
            Fact::Sanctioned { seller, sanction } => kept(Fact::Sanctioned { seller, sanction }),
            Fact::Reinstated { seller } => kept(Fact::Reinstated { seller }),
            Fact::Exited { seller, reason } => kept(Fact::Exited { seller, reason }),
            Fact::MoodChanged { customer, mood } => kept(Fact::MoodChanged { customer, mood }),
            Fact::Shocked { seller } => kept(Fact::Shocked { seller }),
            Fact::Nudged { seller, stars } => kept(Fact::Nudged { seller, stars }),
            Fact::StaffDay { stage, worked, capacity, waiting } => {
                kept(Fact::StaffDay { stage, worked, capacity, waiting })
            }
        });
    }
}

/// A world that was run to its end.
pub struct Past {
    /// What was told by each cell, and last by what happens between them.
    pub sinks: Vec<Keep>,
    pub market: Market,
    pub cells: Vec<Cell>,
    pub work: Work,
    pub wakes: u64,
}

impl Past {
    /// The name of all that happened.
    pub fn digest(&self) -> Digest {
        Digest::join(self.sinks.iter().map(|sink| sink.digest))
    }
}

/// Nobody watches.
struct Unwatched;

impl Watch<Keep> for Unwatched {
    fn day(&mut self, _: u32, _: Work) -> Go {
        ControlFlow::Continue(())
    }

    fn week(&mut self, _: u32, _: &mut [&mut Keep], _: &Market) {}
}

/// Runs the first world of a scenario on the engine, with every fact kept.
pub fn run(scenario: &Scenario, workers: usize) -> Past {
    run_plan(scenario, scenario.plan(0), workers)
}

/// Runs a world of a scenario as it was planned.
pub fn run_plan(scenario: &Scenario, plan: MarketPlan<'_>, workers: usize) -> Past {
    let clock = scenario.clock();
    let Opening { market, cells, popularity } = plan.build();
    let lanes = cells.into_iter().zip(&popularity);
    let lanes =
        lanes.map(|(cell, popularity)| Lane::new(cell, popularity, &clock, Keep::default()));
    let lanes = lanes.collect();
    let over = simulate(clock, market, lanes, Keep::default(), workers, &mut Unwatched);
    let (cells, mut sinks): (_, Vec<Keep>) =
        over.lanes.into_iter().map(|lane| (lane.cell, lane.sink)).unzip();
    sinks.push(over.sink);
    Past { sinks, market: over.market, cells, work: over.work, wakes: over.wakes }
}
