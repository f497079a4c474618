//! A scenario in small, with one of every form that scenarios have, and folders of files to load it
//! from. It belongs to the tests, so that they hold whatever the real scenario grows into.

use std::collections::BTreeMap;
use std::path::Path;

use brocante::quantity::Span;
use brocante::scenario::{Checked, Issue, Loaded, ScenarioError, load_as};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A market in small.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// Root of all chance.
    #[garde(range(max = i64::MAX as u64))]
    pub seed: u64,
    /// Virtual time that is simulated [weeks].
    #[garde(range(min = 1, max = 520))]
    pub weeks: u32,
    /// What the file is called in reports.
    #[garde(length(max = 40))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[garde(dive)]
    pub engine: Engine,
    /// The rule that gives the box.
    #[garde(dive)]
    pub ranking: Policy,
    /// Countries by name.
    #[garde(dive)]
    pub countries: BTreeMap<String, Country>,
    /// Carriers by name.
    #[garde(dive)]
    pub carriers: BTreeMap<String, Carrier>,
    /// A fall in quality; without it there is none.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shock: Option<Shock>,
    /// What happens when.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Length of a tick.
    #[garde(range(min = Span::seconds(1), max = Span::weeks(1)))]
    pub tick: Span,
    /// When features are refreshed.
    #[garde(skip)]
    pub refresh: When,
    /// Whether facts are kept.
    #[garde(skip)]
    pub facts: bool,
    /// Share of sessions by quarter of the day [ratio].
    #[garde(inner(range(min = 0.0, max = 1.0)))]
    pub quarters: [f64; 4],
    /// Longest pause of a worker.
    #[garde(range(max = Span::seconds(1)))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Span>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Between two ticks.
    Tick,
    Immediate,
}

/// How the box is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "ranking policy")]
pub enum Policy {
    /// By chance.
    Random {},
    /// The lowest price wins.
    Cheapest(#[garde(dive)] Cheapest),
    MeanRating(#[garde(dive)] MeanRating),
    /// Quality squared over price.
    Box {
        /// Pull of the mean [reviews].
        #[garde(range(min = 0.0, max = 1000.0))]
        shrinkage: f64,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cheapest {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeanRating {
    /// Reviews below which a mean counts for nothing [reviews].
    #[garde(custom(even))]
    pub least: u32,
}

/// A rule that no schema knows.
fn even(n: &u32, _: &()) -> garde::Result {
    if n.is_multiple_of(2) { Ok(()) } else { Err(garde::Error::new(format!("{n} is odd"))) }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Country {
    /// Share of sessions [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// The usual carrier, by its name in `carriers`.
    #[garde(skip)]
    pub carrier: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    /// Time on the road [days].
    #[garde(range(min = 0.5, max = 30.0))]
    pub days: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shock {
    /// First week of it [week].
    #[garde(range(max = 519))]
    pub week: u32,
    /// Defect rate over the usual [times].
    #[garde(range(min = 0.0, max = 100.0))]
    pub defects: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When [week].
    #[garde(range(max = 519))]
    pub week: u32,
    /// What takes over.
    #[garde(dive)]
    pub ranking: Policy,
}

impl Checked for Shop {
    fn cross_check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        if self.countries.is_empty() {
            issues.push(Issue::new("countries", "the market is empty: it has no country"));
            return issues;
        }
        let sum: f64 = self.countries.values().map(|country| country.share).sum();
        if (sum - 1.0).abs() > 1e-9 {
            let issue = Issue::new("countries", "the shares of countries must add up to 1");
            issues.push(issue.with(format!("{sum:.3}"), "1, give or take 1e-9"));
        }
        for (name, country) in &self.countries {
            if !self.carriers.contains_key(&country.carrier) {
                let path = format!("countries.{name}.carrier");
                let known = self.carriers.keys().map(String::as_str);
                issues.push(Issue::unknown(path, "carrier", &country.carrier, known));
            }
        }
        issues
    }
}

/// A scenario that is right.
pub const RIGHT: &str = r#"# Does the box help newcomers?
# A comment of more lines.
seed = 42
weeks = 52

[engine]
tick = "15m"
refresh = "tick"
facts = false
quarters = [0.1, 0.3, 0.4, 0.2]

[ranking.box]
shrinkage = 21

[countries.fr]
share = 0.6
carrier = "snail"

[countries.de]
share = 0.4
carrier = "hare"

[carriers]
snail.days = 5.0
hare = { days = 1 }

[shock]
week = 10
defects = 3.0

[[events]]
week = 4
ranking.cheapest = {}
"#;

/// Loads `mine.toml` of a folder with these files.
pub fn load(files: &[(&str, &str)], set: &[&str]) -> Result<Loaded<Shop>, ScenarioError> {
    let folder = tempfile::tempdir().expect("a folder for a test");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file for a test");
    }
    load_from(folder.path(), set)
}

/// Loads `mine.toml` of this folder; errors name files as seen from there.
pub fn load_from(folder: &Path, set: &[&str]) -> Result<Loaded<Shop>, ScenarioError> {
    let set: Vec<String> = set.iter().map(|&text| text.to_owned()).collect();
    load_as::<Shop>(&folder.join("mine.toml"), &set).map_err(|mut error| {
        let prefix = format!("{}/", folder.display());
        for problem in &mut error.problems {
            problem.file = problem.file.replace(&prefix, "");
            problem.message = problem.message.replace(&prefix, "");
            problem.nearest = problem.nearest.take().map(|name| name.replace(&prefix, ""));
            for note in &mut problem.notes {
                *note = note.replace(&prefix, "");
            }
        }
        error
    })
}

/// `RIGHT` with one stretch of text replaced; the stretch must be there.
pub fn with(old: &str, new: &str) -> String {
    assert!(RIGHT.contains(old), "no {old:?} in the scenario");
    RIGHT.replacen(old, new, 1)
}

/// What people read when a scenario of this text is loaded.
pub fn wrong(text: &str) -> String {
    wrong_set(text, &[])
}

/// The same with overrides.
pub fn wrong_set(text: &str, set: &[&str]) -> String {
    match load(&[("mine.toml", text)], set) {
        Ok(_) => "it is right".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The scenario of this text, which must be right.
pub fn right_set(text: &str, set: &[&str]) -> Loaded<Shop> {
    load(&[("mine.toml", text)], set).unwrap_or_else(|error| panic!("{set:?}\n{error}"))
}
