//! What is varied: keys of the scenario, each with its values, as `--vary` has them.
//!
//! `KEY=a,b,c` lists values; `KEY=lo..hi:n` makes `n` of them, evenly spaced, both ends included;
//! `KEY=lo..hi` is the whole range, for designs that draw their points. With `:log` at the end, spacing
//! and draws are even in the logarithm.

use std::collections::BTreeSet;
use std::fmt;

use crate::quantity::Span;
use crate::ranking::RankingSpec;
use crate::scenario::{Draft, KeyKind, Scenario, nearest, split_overrides, split_values};

/// Most values that a list or a range may have.
const MOST_LEVELS: u32 = 10_000;

/// A key with the values that it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// The dotted path.
    pub key: String,
    /// What it takes.
    pub values: Values,
}

/// The values of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// These, in this order.
    Levels(Vec<Level>),
    /// Everything between two ends.
    Range(Range),
}

/// One of several values of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// As it is written in rows and tables.
    pub text: String,
    /// The override that sets it: `KEY=VALUE`.
    pub set: String,
    /// Its place on a scale; nothing for what is only a name.
    pub number: Option<f64>,
}

/// A stretch of numbers or of durations.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Whether it is even in the logarithm.
    pub log: bool,
    /// Whether only whole numbers are right.
    pub whole: bool,
    /// What stands behind the number: the unit of a duration.
    unit: String,
}

/// The value of a key at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// As it is written in rows and tables.
    pub text: String,
    /// The override that sets it: `KEY=VALUE`.
    pub set: String,
    /// What a regression sees of it.
    pub seen: Seen,
}

/// What a regression sees of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// A number, or the logarithm of one that is spaced by it.
    Number(f64),
    /// One of several names.
    Level(usize),
}

/// Reads what is varied, each text `KEY=VALUES`, or several of these with commas between them. `own` is
/// the scenario as it is without.
///
/// # Errors
/// What is wrong, and what is allowed, as one text. That a key is unknown, or a value not allowed, is
/// left to who loads the points.
pub fn read_factors(
    texts: &[String],
    draft: &Draft<Scenario>,
    own: &Scenario,
) -> Result<Vec<Factor>, String> {
    if texts.is_empty() {
        return wrong("nothing is varied".to_owned(), FORMS);
    }
    let mut factors: Vec<Factor> = Vec::new();
    for text in texts.iter().flat_map(|text| split_overrides(text)) {
        let Some((key, values)) = text.split_once('=').filter(|(key, _)| !key.trim().is_empty())
        else {
            return wrong(format!("`{}` is not of the form KEY=VALUES", shown(&text)), FORMS);
        };
        let (key, values) = (key.trim(), values.trim());
        if let Some(other) = factors.iter().find(|other| overlap(&other.key, key)) {
            let what = format!("`{key}` is varied together with `{}`", other.key);
            return wrong(what, "each key once, and none within another");
        }
        if text.chars().any(char::is_control) {
            return wrong(format!("`{key}` has a value with a control character"), "one line");
        }
        let kind = draft.kind(key);
        let values = match range(values) {
            Some(parts) => between(key, values, parts, kind.as_ref())?,
            None => Values::Levels(listed(key, values, kind.as_ref(), own)?),
        };
        factors.push(Factor { key: key.to_owned(), values });
    }
    Ok(factors)
}

/// The forms that `--vary` takes.
const FORMS: &str = "--vary KEY=a,b,c or --vary KEY=lo..hi:n, for lhs and sobol also --vary KEY=lo..hi; \
                     with :log at the end even in the logarithm";

fn wrong<T>(what: String, allowed: &str) -> Result<T, String> {
    Err(format!("error: {what}\n  = allowed: {allowed}"))
}

/// The head of a text, fit to be printed.
fn shown(text: &str) -> String {
    let head: String = text.chars().take(60).collect();
    format!("{}{}", head.escape_debug(), if text.chars().nth(60).is_some() { "…" } else { "" })
}

/// Whether one key is the other, or a part of it.
fn overlap(a: &str, b: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    within(a, b) || within(b, a)
}

/// The ends of `lo..hi` and what follows them, where the text is a range at all.
fn range(text: &str) -> Option<(&str, &str, Vec<&str>)> {
    let (low, rest) = text.split_once("..")?;
    if text.starts_with(['"', '\'', '[', '{']) {
        return None;
    }
    let mut parts = rest.split(':').map(str::trim);
    let high = parts.next().unwrap_or_default();
    Some((low.trim(), high, parts.collect()))
}

/// The values of a list.
fn listed(
    key: &str,
    text: &str,
    kind: Option<&KeyKind>,
    own: &Scenario,
) -> Result<Vec<Level>, String> {
    let mut seen = BTreeSet::new();
    let mut levels = Vec::new();
    for value in split_values(text) {
        if value.is_empty() {
            return wrong(format!("`{key}` has no value where one should be"), FORMS);
        }
        if !seen.insert(value) {
            return wrong(format!("`{key}` has the value `{}` twice", shown(value)), "each once");
        }
        if levels.len() as u32 == MOST_LEVELS {
            return wrong(
                format!("`{key}` has too many values"),
                &format!("at most {MOST_LEVELS}"),
            );
        }
        let set = match kind {
            Some(KeyKind::Variant(names)) if !value.starts_with(['{', '"', '\'']) => {
                variant(key, value, names, own)?
            }
            _ => format!("{key}={value}"),
        };
        levels.push(Level { text: value.to_owned(), set, number: number(value, kind) });
    }
    Ok(levels)
}

/// The override for a variant that is named by its bare word: the scenario's own where it is that one
/// already, or else the reference values of a ranking policy, or a table of defaults.
fn variant(key: &str, name: &str, names: &[String], own: &Scenario) -> Result<String, String> {
    if !names.iter().any(|known| known == name) {
        let hint = nearest(name, names.iter().map(String::as_str));
        let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let what = format!("`{key}` has no variant `{}`{hint}", shown(name));
        return wrong(what, &names.join(", "));
    }
    let reference = RankingSpec::reference(name);
    let keys = match reference.filter(|_| key == "ranking" && own.ranking.about().name != name) {
        Some(spec) => match toml::Table::try_from(&spec).map(|mut table| table.remove(name)) {
            Ok(Some(keys)) => keys.to_string(),
            _ => "{}".to_owned(),
        },
        None => "{}".to_owned(),
    };
    Ok(format!("{key}.{name}={keys}"))
}

/// The place of a listed value on a scale.
fn number(text: &str, kind: Option<&KeyKind>) -> Option<f64> {
    match kind? {
        KeyKind::Number { .. } => {
            text.replace('_', "").parse().ok().filter(|x: &f64| x.is_finite())
        }
        KeyKind::Span => bare(text).parse::<Span>().ok().map(Span::as_seconds),
        KeyKind::Truth => text.parse().ok().map(|truth: bool| f64::from(u8::from(truth))),
        KeyKind::Variant(_) | KeyKind::Other => None,
    }
}

/// A text without its quotes.
fn bare(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// A range, or the evenly spaced values of one.
fn between(
    key: &str,
    text: &str,
    (low, high, further): (&str, &str, Vec<&str>),
    kind: Option<&KeyKind>,
) -> Result<Values, String> {
    let refuse = |why: &str| wrong(format!("`{key}={}`: {why}", shown(text)), FORMS);
    let (whole, ends) = match kind {
        Some(KeyKind::Span) => (true, spans(low, high)),
        Some(KeyKind::Number { whole }) => (*whole, numbers(low, high)),
        // What an unknown key is for will be said when its first value is loaded.
        None => (false, numbers(low, high)),
        Some(_) => return refuse("the key takes neither numbers nor durations: list its values"),
    };
    let Some((low, high, unit)) = ends else {
        return refuse("the ends are not two numbers, or two durations, as the key takes them");
    };
    let (mut count, mut log) = (None, false);
    for part in further {
        match part.parse::<u32>() {
            _ if part == "log" && !log => log = true,
            Ok(n) if count.is_none() && !log => count = Some(n),
            _ => return refuse(&format!("`{}` after the range", shown(part))),
        }
    }
    if low >= high {
        return refuse("the range is empty: its lower end is not below the upper one");
    }
    if log && low <= 0.0 {
        return refuse("a logarithm needs ends above 0");
    }
    if whole && (low.fract() != 0.0 || high.fract() != 0.0) {
        return refuse("the key takes whole numbers");
    }
    let range = Range { low, high, log, whole, unit };
    let Some(count) = count else { return Ok(Values::Range(range)) };
    if count < 2 {
        return refuse("a range of fewer than 2 values is empty");
    }
    if count > MOST_LEVELS {
        return refuse(&format!("more than {MOST_LEVELS} values"));
    }
    let steps = (0..count).map(|i| range.along(f64::from(i) / f64::from(count - 1)));
    let levels: Vec<Level> = steps
        .map(|x| {
            let Setting { text, set, .. } = range.setting(key, x);
            Level { text, set, number: Some(if log { libm::log(x) } else { x }) }
        })
        .collect();
    if levels.windows(2).any(|pair| pair[0].text == pair[1].text) {
        return refuse("there are not that many different values in it");
    }
    Ok(Values::Levels(levels))
}

fn numbers(low: &str, high: &str) -> Option<(f64, f64, String)> {
    let read = |text: &str| text.replace('_', "").parse().ok().filter(|x: &f64| x.is_finite());
    Some((read(low)?, read(high)?, String::new()))
}

/// Two durations, in the smaller of their units.
fn spans(low: &str, high: &str) -> Option<(f64, f64, String)> {
    let (low, high) = (bare(low), bare(high));
    let nanos = |text: &str| text.parse::<Span>().ok().map(Span::as_nanos);
    let one = |text: &str| {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
        Some((unit.to_owned(), format!("1{unit}").parse::<Span>().ok()?.as_nanos()))
    };
    let (low_ns, high_ns) = (nanos(low)?, nanos(high)?);
    let (unit, ns) = [one(low)?, one(high)?].into_iter().min_by_key(|(_, ns)| *ns)?;
    Some((low_ns as f64 / ns as f64, high_ns as f64 / ns as f64, unit))
}

impl Range {
    /// The number that lies a share `u` of the way from the lower end to the upper, both ends included;
    /// rounded to the nearest where it must be whole.
    fn along(&self, u: f64) -> f64 {
        let x = if self.log {
            let (low, high) = (libm::log(self.low), libm::log(self.high));
            libm::exp(low + u * (high - low))
        } else {
            self.low + u * (self.high - self.low)
        };
        let x = if self.whole { libm::round(x) } else { tidy(x) };
        x.clamp(self.low, self.high)
    }

    /// The number that a draw from (0, 1) stands for: each whole number as often as any other.
    fn drawn(&self, u: f64) -> f64 {
        if !self.whole {
            return self.along(u);
        }
        // From half below the lower end to half above the upper one.
        let wide =
            Range { low: self.low - 0.5, high: self.high + 0.5, whole: false, ..self.clone() };
        libm::round(wide.along(u)).clamp(self.low, self.high)
    }

    fn setting(&self, key: &str, x: f64) -> Setting {
        // A number of a key that takes fractions keeps its point, and what is large its exponent.
        let text = if self.whole { format!("{x:.0}{}", self.unit) } else { format!("{x:?}") };
        let seen = Seen::Number(if self.log { libm::log(x) } else { x });
        Setting { set: format!("{key}={text}"), text, seen }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |x| self.setting("", x).text;
        let log = if self.log { ", even in the logarithm" } else { "" };
        write!(f, "{} to {}{log}", text(self.low), text(self.high))
    }
}

/// A number to 12 figures: a step of .1 is not to end in …04.
fn tidy(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

impl Factor {
    /// How many values it has; nothing for a range.
    pub fn levels(&self) -> Option<u32> {
        match &self.values {
            Values::Levels(levels) => Some(levels.len() as u32),
            Values::Range(_) => None,
        }
    }

    /// Whether its values are names only, with no order among them.
    pub fn is_categorical(&self) -> bool {
        match &self.values {
            Values::Levels(levels) => levels.iter().any(|level| level.number.is_none()),
            Values::Range(_) => false,
        }
    }

    /// One of its values.
    pub fn any(&self) -> Setting {
        self.drawn(0.5)
    }

    /// The value at a draw from (0, 1).
    pub(super) fn drawn(&self, u: f64) -> Setting {
        match &self.values {
            Values::Range(range) => range.setting(&self.key, range.drawn(u)),
            Values::Levels(levels) => {
                let level = (u * levels.len() as f64) as usize;
                self.level(level.min(levels.len() - 1))
            }
        }
    }

    /// One of its listed values.
    ///
    /// # Panics
    /// When there is no such value.
    pub(super) fn level(&self, level: usize) -> Setting {
        let Values::Levels(levels) = &self.values else { unreachable!("a range has no levels") };
        let Level { text, set, number } = levels[level].clone();
        let seen = match number.filter(|_| !self.is_categorical()) {
            Some(number) => Seen::Number(number),
            None => Seen::Level(level),
        };
        Setting { text, set, seen }
    }
}

#[cfg(test)]
mod tests;
