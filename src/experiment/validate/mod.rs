//! Known answers: quantities whose value follows from a formula, and what real worlds make of them.
//!
//! A case is a scenario under `scenarios/known-answers/`, run through the market, its agents, policies
//! and driver like any other, and a formula that knows what must come out, computed from the keys of
//! that very scenario: other parameters have other answers. The files are embedded in the program, so
//! that an installed one can be validated anywhere.
//!
//! A new case is a function in the file of its theme, its scenario, and its lines in [`CASES`] and
//! [`SHIPPED`].

mod arrivals;
mod bandits;
mod bench;
mod channels;
mod choices;
mod intervals;
mod orders;
mod queues;
mod reviews;
mod sample;
mod trade;
mod urns;

use std::path::PathBuf;

pub use bench::{Audience, Extent, Ledger};

use crate::scenario::{self, Loaded, Scenario, ScenarioError};
use crate::store::Answer;
use bench::Bench;

/// A known answer.
pub struct Case {
    /// What it is called; its scenario has the same name.
    pub name: &'static str,
    /// What it is about, in one sentence.
    pub says: &'static str,
    /// Where the answer comes from.
    pub source: &'static str,
    /// Worlds of each market that it takes for its stated tolerances [worlds].
    pub worlds: u32,
    /// Settings that are run in so many worlds; 0: nothing is simulated.
    settings: u32,
    /// About what it takes on one core [s]: what progress is measured by.
    pub cost_s: f64,
    check: fn(&mut Bench<'_>) -> Result<(), Halt>,
}

/// Why a case came to no end.
#[derive(Debug)]
pub enum Halt {
    /// Somebody asked to stop.
    Stopped,
    /// The scenario is not of the form that the formula is about.
    Unfit(String),
    /// The scenario is not right.
    Wrong(Box<ScenarioError>),
}

/// What came out of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdicts {
    /// Each quantity.
    pub answers: Vec<Answer>,
    /// What it took.
    pub ledger: Ledger,
}

/// Every case.
pub const CASES: &[Case] = &[
    arrivals::POISSON,
    arrivals::HOURS,
    reviews::SELF_SELECTION,
    choices::MNL,
    choices::CASCADE,
    choices::POSITION,
    urns::POLYA,
    urns::DIRICHLET,
    urns::YULE_SIMON,
    bandits::THOMPSON,
    bandits::UCB1,
    bandits::BEST_OF_N,
    orders::COUPONS,
    orders::FIRST_SALE,
    orders::LITTLE,
    trade::PLACES,
    trade::LOWEST_PRICE,
    trade::MONEY,
    channels::CUT,
    intervals::COVERAGE,
    queues::MM1,
    queues::MD1,
    queues::OMISSION,
];

/// A file under `scenarios/known-answers/`, by its path, with its text.
macro_rules! shipped {
    ($($name:literal)*) => {
        &[$((
            concat!("scenarios/known-answers/", $name, ".toml"),
            include_str!(concat!("../../../scenarios/known-answers/", $name, ".toml")),
        )),*]
    };
}

/// The files that are embedded, with those that they start from.
pub const SHIPPED: &[(&str, &str)] = shipped![
    "../backmarket-2019"
    "../quick"
    "bare-market"
    "base"
    "best-of-n"
    "cascade"
    "channels-cut"
    "coordinated-omission"
    "coupon-collector"
    "dirichlet"
    "first-sale"
    "lowest-price"
    "mnl"
    "money"
    "orders-under-way"
    "poisson-arrivals"
    "polya-urn"
    "position"
    "queue-md1"
    "queue-mm1"
    "self-selected-reviews"
    "slate-places"
    "thompson"
    "ucb1"
    "visits-by-hour"
    "yule-simon"
];

impl Case {
    /// Its scenario, as shipped.
    pub fn origin(&self) -> Origin {
        let path = PathBuf::from(format!("scenarios/known-answers/{}.toml", self.name));
        Origin { path, shipped: true }
    }

    /// Whether it runs worlds at all.
    pub fn simulates(&self) -> bool {
        self.settings > 0
    }

    /// Whether the scenario of `origin` with `overrides` on top is one that it can be tried on: found
    /// out without running a world.
    ///
    /// # Errors
    /// When the scenario is not right or not one that the case is about.
    pub fn fits(&'static self, origin: &Origin, overrides: &[String]) -> Result<(), Halt> {
        let reload = |further: &[String]| origin.load(&[overrides, further].concat());
        let extent = Extent { markets: 1, replications: None, workers: 1 };
        match (self.check)(&mut Bench::new(self, &reload, extent, &mut ()).dry()) {
            Err(Halt::Stopped) => Ok(()),
            fits => fits,
        }
    }

    /// Runs it on the scenario of `origin` with `overrides` on top.
    ///
    /// # Errors
    /// When the scenario is not right or not one that the case is about, or somebody asked to stop.
    pub fn run(
        &'static self,
        origin: &Origin,
        overrides: &[String],
        extent: Extent,
        audience: &mut dyn Audience,
    ) -> Result<Verdicts, Halt> {
        let reload = |further: &[String]| origin.load(&[overrides, further].concat());
        let mut bench = Bench::new(self, &reload, extent, audience);
        (self.check)(&mut bench)?;
        let Bench { answers, ledger, .. } = bench;
        Ok(Verdicts { answers, ledger })
    }
}

/// Where the scenario of a case comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The path of its file.
    pub path: PathBuf,
    /// Whether that is one of [`SHIPPED`], which is not looked for on the disk.
    pub shipped: bool,
}

impl Origin {
    /// Reads the scenario, with `overrides` (each `KEY=VALUE`) on top.
    ///
    /// # Errors
    /// When the scenario is not right.
    pub fn load(&self, overrides: &[String]) -> Result<Loaded<Scenario>, ScenarioError> {
        let shipped = if self.shipped { SHIPPED } else { &[] };
        scenario::load_among(&self.path, shipped, overrides)
    }
}

/// The case of a name.
pub fn case(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}

/// The case that a file of the user's is about: the one whose scenario it is, or is based on.
pub fn case_of(files: &[PathBuf]) -> Option<&'static Case> {
    files.iter().find_map(|file| case(file.file_stem()?.to_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_scenario_that_is_shipped_is_right_and_every_case_has_one() {
        for (path, _) in SHIPPED {
            let origin = Origin { path: PathBuf::from(path), shipped: true };
            let loaded = origin.load(&[]).unwrap_or_else(|wrong| panic!("{wrong}"));
            assert!(loaded.question.is_some_and(|asks| asks.ends_with('?')), "{path}");
            assert_eq!(loaded.remarks, [], "{path}");
        }
        for case in CASES.iter().filter(|case| case.simulates()) {
            let path = case.origin().path;
            let shipped = SHIPPED.iter().any(|(name, _)| path == Path::new(name));
            assert!(shipped, "{} has no scenario", case.name);
        }
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/known-answers");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let own = SHIPPED.iter().filter(|(path, _)| !path.contains(".."));
        let known: Vec<&str> = own.filter_map(|(path, _)| path.rsplit('/').next()).collect();
        assert_eq!(files, known);
    }

    #[test]
    fn names_are_unique() {
        for (i, case) in CASES.iter().enumerate() {
            assert!(CASES[..i].iter().all(|other| other.name != case.name), "{}", case.name);
        }
    }
}
