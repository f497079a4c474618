//! Whether a stored run may stand as the baseline of another.

use std::collections::BTreeMap;

use crate::rng;
use crate::store::Summary;

/// A run that is judged, or a stored one that it is held against.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path that it was given by.
    pub label: String,
    /// What it came to.
    pub summary: Summary,
    /// The scenario as it ran, where its run folder was given.
    pub scenario: Option<String>,
}

impl Source {
    /// What to do where it cannot stand as a baseline any more.
    fn renew(&self) -> String {
        let words = self.summary.argv.iter().map(|word| {
            let plain = word.chars().all(|c| c.is_alphanumeric() || "-_./:,=+%".contains(c));
            if plain { word.clone() } else { format!("'{word}'") }
        });
        let command = words.collect::<Vec<_>>().join(" ");
        format!(
            "if that is meant, renew the baseline: run its command again and keep the folder: {command}"
        )
    }

    /// Whether nothing cut it short.
    pub fn is_whole(&self) -> bool {
        self.summary.interrupted.is_none() && self.has_a_world()
    }

    /// Whether there is a world that was run to its end; what lists no worlds is not asked.
    pub fn has_a_world(&self) -> bool {
        let worlds = &self.summary.worlds;
        worlds.is_empty() || worlds.iter().any(|world| world.complete)
    }
}

/// Which of several stored runs is the baseline of a run: of those of the same command the one of the same
/// scenario, and of loads the one that was put on alike; or else the only one.
///
/// # Errors
/// When there is none, or the one that there is cannot be compared with the run: why, and what to do.
pub fn baseline_of<'a>(run: &Source, stored: &'a [Source]) -> Result<&'a Source, String> {
    let of = |source: &&Source| source.summary.command == run.summary.command;
    let nearness = |source: &&Source| {
        let setting =
            |source: &Source| source.summary.load.as_ref().map(|load| load.setting.clone());
        let near =
            |load: &Source| load.summary.load.as_ref().and_then(|load| load.throughput.offered);
        let far =
            near(run).zip(near(source)).map_or(0.0, |(one, other)| rng::ln(one / other).abs());
        (
            source.summary.scenario.hash == run.summary.scenario.hash,
            source.summary.scenario.name == run.summary.scenario.name,
            setting(source) == setting(run),
            std::cmp::Reverse((far * 1e3) as u64),
        )
    };
    // Of equals the first.
    let same = stored.iter().filter(of).rev().max_by_key(nearness);
    let found = same.or(match stored {
        [only] => Some(only),
        _ => None,
    });
    let Some(found) = found else {
        let command = &run.summary.command;
        return Err(match stored.is_empty() {
            true => "and none is named".to_owned(),
            false => format!("and none of those that are named is of a `{command}`"),
        });
    };
    comparable(run, found)?;
    Ok(found)
}

/// Whether the one is of the same thing as the other.
fn comparable(run: &Source, base: &Source) -> Result<(), String> {
    let (one, other) = (&run.summary, &base.summary);
    let (of, label) = (&run.label, &base.label);
    if one.command != other.command {
        return Err(format!(
            "and {label} is of a `{}`, {of} of a `{}`: name a baseline that the same command made",
            other.command, one.command
        ));
    }
    if !base.has_a_world() {
        return Err(format!(
            "and {label} was interrupted before a world was complete; {}",
            base.renew()
        ));
    }
    if one.scenario.hash == other.scenario.hash {
        return Ok(());
    }
    let keys = match (&run.scenario, &base.scenario) {
        (Some(one), Some(other)) => differing(one, other),
        _ => Vec::new(),
    };
    // Other chances in the same market are a sample of the same thing.
    if keys == ["seed"] {
        return Ok(());
    }
    let (one, other) = (&one.scenario, &other.scenario);
    let how = match &keys[..] {
        [] if one.name != other.name => format!("`{}`, not `{}`", other.name, one.name),
        [] => format!("hash {}, not {}", other.hash, one.hash),
        keys if keys.len() <= 6 => format!("it differs in {}", keys.join(", ")),
        keys => format!("it differs in {} and {} more keys", keys[..6].join(", "), keys.len() - 6),
    };
    Err(format!("and {label} is of another scenario than {of} ({how}); {}", base.renew()))
}

/// The dotted paths of the keys in which two scenarios differ; none where one is no TOML.
fn differing(one: &str, other: &str) -> Vec<String> {
    let (Ok(one), Ok(other)) = (one.parse::<toml::Table>(), other.parse::<toml::Table>()) else {
        return Vec::new();
    };
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    flatten("", &one, &mut left);
    flatten("", &other, &mut right);
    let mut keys: Vec<String> = left.keys().chain(right.keys()).cloned().collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| left.get(key) != right.get(key));
    keys
}

fn flatten<'a>(path: &str, table: &'a toml::Table, into: &mut BTreeMap<String, &'a toml::Value>) {
    for (key, value) in table {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            toml::Value::Table(inner) if !inner.is_empty() => flatten(&path, inner, into),
            value => {
                into.insert(path, value);
            }
        }
    }
}
