//! What is wrong with a scenario, and how people read it.

use std::fmt::Write as _;

use serde::Serialize;

use super::source::{Place, Snippet, Sources, printable};

/// What kind of mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The file cannot be read: not there, a directory, too large, not UTF-8.
    Unreadable,
    /// The file holds nothing.
    Empty,
    /// It is not TOML.
    Syntax,
    /// `base` names nothing that can be read, or the bases form a circle.
    Base,
    /// A `--set` is not of the form `KEY=VALUE`.
    Override,
    /// There is no such key.
    UnknownKey,
    /// There is no such variant, or nothing of that name.
    UnknownName,
    /// A key that must be there is not.
    Missing,
    /// Text where a number belongs, and the like.
    WrongType,
    /// A number or a duration outside what is allowed.
    OutOfRange,
    /// Each value is allowed, but not together.
    Inconsistent,
}

/// One mistake, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of mistake it is.
    pub class: Class,
    /// The file as it was given, or `--set`.
    pub file: String,
    /// 1-based; absent where a file as a whole is meant.
    pub line: Option<usize>,
    /// 1-based, in characters.
    pub column: Option<usize>,
    /// Dotted path of the key; empty where no key is meant.
    pub key: String,
    /// One sentence.
    pub message: String,
    /// What was read.
    pub read: Option<String>,
    /// What is allowed instead.
    pub allowed: Option<String>,
    /// The right name nearest to the one that was read.
    pub nearest: Option<String>,
    /// Right names.
    pub known: Vec<String>,
    /// What the key means, and in which unit.
    pub meaning: Option<String>,
    /// Remarks below the picture.
    pub notes: Vec<String>,
    #[serde(skip)]
    pub(crate) order: (usize, usize),
    #[serde(skip)]
    pub(crate) snippet: Option<Snippet>,
    /// Whether it is about a key that a base sets.
    #[serde(skip)]
    of_base: bool,
}

/// Names after which a list in a message is cut.
const NAMES: usize = 24;

impl Problem {
    /// A problem of a file as a whole.
    pub(crate) fn of_file(class: Class, file: &str, message: String) -> Self {
        Problem {
            class,
            file: file.to_owned(),
            line: None,
            column: None,
            key: String::new(),
            message,
            read: None,
            allowed: None,
            nearest: None,
            known: Vec::new(),
            meaning: None,
            notes: Vec::new(),
            order: (0, 0),
            snippet: None,
            of_base: false,
        }
    }

    /// A problem of a place within a file or an override.
    pub(crate) fn at(sources: &Sources, place: &Place, class: Class, message: String) -> Self {
        let source = sources.get(place.source);
        let snippet = sources.snippet(place);
        let mut problem = Problem::of_file(class, &source.name, message);
        problem.line = Some(snippet.line);
        problem.column = Some(snippet.column);
        problem.order = (place.source, place.start);
        problem.snippet = Some(snippet);
        if let Some(file) = &source.base_of {
            problem.notes.push(format!("this file is the base of {file}"));
            problem.of_base = true;
        }
        problem
    }

    /// Whether it is about a key that a base sets.
    pub(crate) const fn is_of_base(&self) -> bool {
        self.of_base
    }

    pub(crate) fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    pub(crate) fn read(mut self, read: impl Into<String>) -> Self {
        self.read = Some(read.into());
        self
    }

    pub(crate) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Right names, and which of them is nearest to `wrong`.
    pub(crate) fn know<'a>(&mut self, wrong: &str, known: impl IntoIterator<Item = &'a str>) {
        self.known = known.into_iter().map(str::to_owned).collect();
        self.nearest = nearest(wrong, self.known.iter().map(String::as_str)).map(str::to_owned);
    }

    /// What stands beside the mark.
    fn label(&self) -> String {
        let mut parts = Vec::new();
        if let Some(read) = &self.read {
            parts.push(format!("read {read}"));
        }
        if let Some(allowed) = &self.allowed {
            parts.push(format!("allowed: {allowed}"));
        }
        let mut label = parts.join("; ");
        let mut add = |gap: &str, text: String| {
            if !label.is_empty() {
                label.push_str(gap);
            }
            label.push_str(&text);
        };
        if let Some(nearest) = &self.nearest {
            add("; ", format!("did you mean `{nearest}`?"));
        }
        if !self.known.is_empty() {
            let mut names = self.known[..self.known.len().min(NAMES)].join(", ");
            if self.known.len() > NAMES {
                names.push_str(", …");
            }
            let gap = if self.nearest.is_some() { " " } else { "; " };
            add(gap, format!("known: {names}"));
        }
        label
    }

    /// The picture: what is wrong, where, and what is allowed.
    pub fn draw(&self, styled: bool) -> String {
        self.draw_as("error", styled)
    }

    /// The same of something that is allowed.
    pub fn draw_remark(&self, styled: bool) -> String {
        self.draw_as("remark", styled)
    }

    fn draw_as(&self, what: &str, styled: bool) -> String {
        let (red, blue, bold, off) = if styled {
            ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m")
        } else {
            ("", "", "", "")
        };
        // A doc comment may be broken over several lines, and into paragraphs.
        let clean = |text: &str| {
            let lines = text.split('\n').filter(|line| !line.is_empty());
            lines.collect::<Vec<_>>().join(" ").chars().map(printable).collect::<String>()
        };
        let mut out = format!("{red}{what}{off}{bold}: {}{off}\n", clean(&self.message));
        let label = clean(&self.label());
        let gutter = match &self.snippet {
            Some(snippet) => {
                let number = snippet.line.to_string();
                let gutter = " ".repeat(number.len() + 1);
                let file = clean(&self.file);
                let at = format!("{file}:{}:{}", snippet.line, snippet.column);
                let space = " ".repeat(snippet.before);
                let marks = "^".repeat(snippet.marked);
                let _ = writeln!(out, "{gutter}{blue}┌─{off} {at}");
                let _ = writeln!(out, "{blue}{number} │{off} {}", snippet.text.trim_end());
                let line = format!("{gutter}{blue}│{off} {space}{red}{marks} {label}");
                let _ = writeln!(out, "{}{off}", line.trim_end());
                gutter
            }
            None => {
                if !label.is_empty() {
                    let _ = writeln!(out, "  {blue}={off} {label}");
                }
                "  ".to_owned()
            }
        };
        for note in self.meaning.iter().chain(&self.notes) {
            let _ = writeln!(out, "{gutter}{blue}={off} {}", clean(note));
        }
        out
    }
}

/// Everything that was found wrong with a scenario. A program that meets it ends with code 2.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.draw(false))]
pub struct ScenarioError {
    /// In the order of the files; a thousand at most.
    pub problems: Vec<Problem>,
    /// How many more there were.
    pub more: usize,
}

impl ScenarioError {
    const KEPT: usize = 1_000;
    const DRAWN: usize = 20;

    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|p| p.order);
        let more = problems.len().saturating_sub(Self::KEPT);
        problems.truncate(Self::KEPT);
        ScenarioError { problems, more }
    }

    /// All pictures, one below the other.
    pub fn draw(&self, styled: bool) -> String {
        let drawn: Vec<_> =
            self.problems.iter().take(Self::DRAWN).map(|p| p.draw(styled)).collect();
        let mut out = drawn.join("\n");
        let left = self.problems.len().saturating_sub(Self::DRAWN) + self.more;
        if left > 0 {
            let _ = write!(out, "\n… and {left} more\n");
        }
        out.truncate(out.trim_end().len());
        out
    }
}

impl From<Box<Problem>> for ScenarioError {
    fn from(problem: Box<Problem>) -> Self {
        ScenarioError::new(vec![*problem])
    }
}

impl From<Problem> for ScenarioError {
    fn from(problem: Problem) -> Self {
        ScenarioError::new(vec![problem])
    }
}

/// A name or value that a person wrote, quoted, and clipped where it is long.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", clipped(text))
}

/// The first line of a text, or what fits of it.
pub(crate) fn clipped(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    let more = line.len() < text.trim_end().len() || line.chars().nth(LONGEST).is_some();
    let head: String = line.chars().take(LONGEST).map(printable).collect();
    if more { head + "…" } else { head }
}

/// The name that somebody who wrote `wrong` most likely meant.
pub(crate) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Nobody mistypes a name of a hundred letters, and the distance costs the product of the lengths.
    if wrong.is_empty() || wrong.chars().count() > 64 {
        return None;
    }
    let plain = |name: &str| name.to_lowercase().replace('_', "-");
    let wrong = plain(wrong);
    let far = |name: &&str| {
        let name = plain(name);
        let edits = strsim::osa_distance(&wrong, &name);
        // The first or last word of a longer name is a guess as good as two letters wrong.
        let part = wrong.len() >= 3 && (name.starts_with(&wrong) || name.ends_with(&wrong));
        if part { edits.min(2) } else { edits }
    };
    known
        .into_iter()
        .map(|name| (far(&name), name))
        .filter(|(far, name)| {
            *far <= 2.min(name.chars().count() / 2) || far * 3 <= name.chars().count()
        })
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Extent, Scenario, json_schema};

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        let known = ["random", "cheapest", "mean-rating", "box", "quality-per-price"];
        for (wrong, meant) in [
            ("boxx", Some("box")),
            ("Box", Some("box")),
            ("mean_rating", Some("mean-rating")),
            ("mean", Some("mean-rating")),
            ("rating", Some("mean-rating")),
            ("chepaest", Some("cheapest")),
            ("quality-for-price", Some("quality-per-price")),
            ("thompson", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(wrong, known), meant, "{wrong}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_its_mark() {
        let mut sources = Sources::default();
        let text = format!("a = 1\n{} x = 9\r\nlast", "é".repeat(500));
        let at = text.find('x').unwrap();
        sources.add("f".into(), text.clone(), None);
        let snippet = sources.snippet(&Place::new(0, at..at + 5));
        assert_eq!((snippet.line, snippet.column), (2, 502));
        assert_eq!(snippet.text.chars().skip(snippet.before).collect::<String>(), "x = 9");
        assert_eq!(snippet.marked, 5);
        // Places past the end, and spans over several lines, stay within their line.
        let end = sources.snippet(&Place::new(0, text.len()..text.len() + 9));
        assert_eq!((end.line, end.column, end.marked), (3, 5, 1));
        let many = sources.snippet(&Place::new(0, 0..text.len()));
        assert_eq!((many.line, many.column, many.marked), (1, 1, 5));
    }

    /// Every description in a schema.
    fn descriptions(schema: &serde_json::Value, found: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(map) => {
                let says = map.get("description").and_then(|says| says.as_str());
                found.extend(says.map(str::to_owned));
                map.values().for_each(|inner| descriptions(inner, found));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|i| descriptions(i, found)),
            _ => {}
        }
    }

    #[test]
    fn what_a_key_means_is_printed_as_words() {
        let mut all = Vec::new();
        let schema = json_schema::<Scenario>(Extent::Whole);
        descriptions(&serde_json::to_value(&schema).unwrap(), &mut all);
        assert!(all.len() > 200 && all.iter().any(|says| says.contains('\n')), "{}", all.len());
        for says in all {
            let mut problem = Problem::of_file(Class::Missing, "f", "no".to_owned());
            problem.meaning = Some(says);
            let drawn = problem.draw(false);
            assert!(!drawn.contains('\u{fffd}') && drawn.lines().count() == 2, "{drawn}");
        }
    }

    #[test]
    fn nothing_that_moves_the_cursor_is_printed() {
        let mut sources = Sources::default();
        sources.add("f\u{1b}[2J".into(), "a = \u{202e}\u{7}x".into(), None);
        let place = Place::new(0, 4..5);
        let problem = Problem::at(&sources, &place, Class::Syntax, "bad \u{1b}[31m".into());
        let drawn = problem.read("\u{1b}c").draw(false);
        assert!(drawn.chars().all(|c| c == '\n' || printable(c) == c), "{drawn:?}");
    }
}
