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
mod spec;
mod tree;

use std::path::Path;

use garde::Validate;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use load::read_text_of;
pub use load::{Draft, KeyKind, Loaded, first_comment, load_among, load_as, read_text};
pub use overrides::split_overrides;
pub(crate) use overrides::split_values;
pub use problem::{Class, Problem, ScenarioError};
pub(crate) use problem::{nearest, quoted};
pub use schema::{Extent, json_schema};
pub(crate) use source::{Place, Sources};
pub use spec::{EngineSpec, Scenario, StopSpec};

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

    /// What is allowed, and yet perhaps not meant.
    fn remarks(&self) -> Vec<Issue> {
        Vec::new()
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
