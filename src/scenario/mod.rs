//! Scenarios: TOML files that say what is simulated, and errors that say what is wrong with them.
//!
//! A scenario is one question. Its types live beside the code that they configure; this folder puts
//! them together, reads them from files, and knows none of their keys: what may be written is read off
//! the JSON Schema of the types (`shape`), so that a new key is one new field and nothing else.
//!
//! On the way from a path to a [`Scenario`]:
//! 1. `source` reads the file and its chain of bases, `tree` remembers where each value was written;
//! 2. `merge` lays one tree on the other (a table that names a variant is replaced by another
//!    variant), and `overrides` puts `--set KEY=VALUE` on top;
//! 3. `inspect` holds the tree against the shape: everything that is unknown, missing, of the wrong
//!    type or out of range is said at once, with its place;
//! 4. serde makes the scenario, garde and [`Checked::cross_check`] have the last word.

mod inspect;
mod load;
mod merge;
mod overrides;
mod problem;
mod schema;
mod shape;
mod source;
mod tree;

use std::path::Path;

use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use load::{Loaded, first_comment, load_as, read_text};
pub use overrides::split_overrides;
pub use problem::{Class, Problem, ScenarioError};
pub use schema::{Extent, json_schema};

use crate::quantity::Span;
use crate::units::{SessionId, US_PER_WEEK};

/// What is simulated, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Root of everything that happens in the first world.
    #[garde(range(max = i64::MAX as u64))]
    pub seed: u64,
    /// Virtual time that is simulated [weeks].
    #[garde(range(min = 1, max = 520))]
    pub weeks: u32,
    /// How virtual time is cut into ticks and the market into cells.
    #[garde(dive)]
    pub engine: EngineSpec,
}

/// How virtual time is cut into ticks and the market into cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineSpec {
    /// Length of a tick. Features are refreshed, and sellers and staff act, between two ticks.
    #[garde(range(min = Span::seconds(1), max = Span::weeks(1)))]
    pub tick: Span,
    /// Parts that the market is dealt into, which may run in parallel within a tick [cells].
    #[garde(range(min = 1, max = 1 << SessionId::BITS[1]))]
    pub cells: u32,
    /// When reputations are refreshed.
    #[garde(skip)]
    pub refresh: Refresh,
}

/// When reputations are refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refresh {
    /// At the barrier between two ticks, as marketplaces refresh their features in batches.
    Tick,
    /// After every fact, in the exact order of events. Needs one cell.
    Immediate,
}

/// Something that is wrong although each value is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Issue {
    /// Dotted path of the key to point at, such as `countries.fr.share`.
    pub path: String,
    /// One sentence.
    pub message: String,
    /// What was read, where the message does not say it.
    pub read: Option<String>,
    /// What is allowed, with its unit.
    pub allowed: Option<String>,
    /// Names that would be right in place of what was read; the nearest is suggested.
    pub known: Vec<String>,
}

impl Issue {
    /// An issue about the key at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Issue { path: path.into(), message: message.into(), ..Issue::default() }
    }

    /// A reference at `path` to a `name` that nothing has.
    pub fn unknown<'a>(
        path: impl Into<String>,
        noun: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Issue {
            path: path.into(),
            message: format!("there is no {noun} `{name}`"),
            read: Some(name.to_owned()),
            allowed: None,
            known: known.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Adds what was read, and what is allowed.
    #[must_use]
    pub fn with(mut self, read: impl Into<String>, allowed: impl Into<String>) -> Self {
        self.read = Some(read.into());
        self.allowed = Some(allowed.into());
        self
    }
}

/// What a type needs in order to be read by [`load_as`].
pub trait Checked: DeserializeOwned + Serialize + Validate<Context = ()> + JsonSchema {
    /// Checks across keys: shares that add up, references that lead somewhere, a market that is not
    /// empty. Asked only when every value by itself is right.
    fn cross_check(&self) -> Vec<Issue>;
}

impl Checked for Scenario {
    fn cross_check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        let engine = &self.engine;
        if !US_PER_WEEK.is_multiple_of(engine.tick.as_micros()) {
            let issue = Issue::new("engine.tick", "a week must be a whole number of ticks");
            issues
                .push(issue.with(engine.tick.to_string(), "a part of a week: 1m, 15m, 1h, 1d, …"));
        }
        if engine.refresh == Refresh::Immediate && engine.cells != 1 {
            let message = "`refresh = \"immediate\"` means one exact order of events, so one cell";
            let issue = Issue::new("engine.cells", message);
            issues.push(issue.with(engine.cells.to_string(), "1"));
        }
        issues
    }
}

impl Scenario {
    /// A few facts for people, as (name, value).
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("weeks", self.weeks.to_string()),
            ("seed", self.seed.to_string()),
            ("tick", self.engine.tick.to_string()),
            ("cells", self.engine.cells.to_string()),
        ]
    }
}

/// Reads the scenario at `path`, with `overrides` (each `KEY=VALUE`) on top.
///
/// # Errors
/// When the file or one of its bases cannot be read, or the scenario is not right.
pub fn load(path: &Path, overrides: &[String]) -> Result<Loaded<Scenario>, ScenarioError> {
    load_as(path, overrides)
}

/// The names that the table at the dotted `path` may hold (variants, or else keys), each with what its
/// doc comment says; none where there is no such table.
pub fn arms<T: JsonSchema>(path: &str) -> Vec<(String, String)> {
    shape::Shapes::of::<T>().names_at(path)
}
