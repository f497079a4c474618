//! Budget files: what a change may do to latency and to the market, a line each.
//!
//! ```text
//! baseline = "quick"      # what `baseline` stands for below: a path from the folder of the budget file
//! rank.response.p99 < 50us
//! unsold_at_90d < 0.6
//! gini <= baseline + 0.02
//! gmv >= baseline * 0.95
//! ```
//!
//! A line is a threshold as `--slo` has it, on any number of a summary, and its limit may hang on that of a
//! baseline. It may stand in quotes; `#` begins a comment.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::subject::Subject;
use crate::experiment::slo::{BASELINE, Comparison, parts};
use crate::scenario::{Class, Place, Problem, ScenarioError, Sources, quoted, read_text_of};

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// It is held against this.
    Plain(f64),
    /// It is held against what a baseline has, with an allowance.
    Baseline(Allowance),
}

/// What is allowed beside a baseline's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Allowance {
    /// So much more, or less where it is negative.
    Plus(f64),
    /// So many times as much.
    Times(f64),
}

impl Allowance {
    /// What is allowed where a baseline has this.
    pub fn of(self, baseline: f64) -> f64 {
        match self {
            Allowance::Plus(more) => baseline + more,
            Allowance::Times(times) => baseline * times,
        }
    }
}

/// One line of a budget file.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// As it was written, without quotes and comment.
    pub expr: String,
    /// What it is about.
    pub subject: Subject,
    /// How the value must stand to the limit.
    pub comparison: Comparison,
    /// What it is held against.
    pub limit: Limit,
    place: Place,
}

/// A budget file that was read and found right.
#[derive(Debug, Clone)]
pub struct Budgets {
    /// The baselines that it names at its head, as paths that start where the program runs.
    pub baselines: Vec<PathBuf>,
    /// Its lines, in their order.
    pub lines: Vec<Budget>,
    sources: Sources,
}

impl Budgets {
    /// Reads a budget file.
    ///
    /// # Errors
    /// When it cannot be read or has no line, or with everything that is wrong with its lines.
    pub fn read(path: &Path) -> Result<Budgets, ScenarioError> {
        let text = read_text_of("budget file", path)?;
        Budgets::parse(&path.display().to_string(), text, path.parent().unwrap_or(Path::new("")))
    }

    /// The same of a text; paths in it start from `folder`.
    ///
    /// # Errors
    /// When it has no line, or with everything that is wrong with its lines.
    pub fn parse(name: &str, text: String, folder: &Path) -> Result<Budgets, ScenarioError> {
        let mut sources = Sources::default();
        let source = sources.add(name.to_owned(), text, None);
        let text = sources.get(source).text.clone();
        let (mut baselines, mut lines, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let place =
                |range: Range<usize>| Place::new(source, start + range.start..start + range.end);
            let read = match content(line) {
                Ok(None) => Ok(()),
                Ok(Some(range)) => match baseline_of(line, range.clone()) {
                    Some(path) => head(line, path, &lines).map(|path| {
                        baselines.push(folder.join(path));
                    }),
                    None => budget(line, range, &lines, &place).map(|budget| {
                        lines.push(budget);
                    }),
                },
                Err(fault) => Err(fault),
            };
            if let Err(fault) = read {
                let Fault { at, class, message, read, allowed, known } = *fault;
                let mut problem = Problem::at(&sources, &place(at), class, message);
                (problem.read, problem.allowed) = (read, allowed);
                if let Some((wrong, known)) = known {
                    problem.know(&wrong, known.iter().map(String::as_str));
                }
                problems.push(problem);
            }
            start += line.len();
        }
        if problems.is_empty() && lines.is_empty() {
            let message = format!("the budget file {} has no budget", quoted(name));
            let problem = Problem::of_file(Class::Empty, name, message);
            problems.push(problem.allowed("lines such as `gini <= baseline + 0.02`"));
        }
        if !problems.is_empty() {
            return Err(ScenarioError::new(problems));
        }
        Ok(Budgets { baselines, lines, sources })
    }

    /// What is wrong where a line hangs on a baseline and there is none for it.
    pub fn without_baseline(&self, budget: &Budget, why: &str) -> ScenarioError {
        let message = format!("`{}` hangs on a baseline, {why}", budget.expr);
        let problem = Problem::at(&self.sources, &budget.place, Class::Missing, message);
        let how = "name a run folder or its summary.json by --baseline, or at the head of the file, seen from its folder: \
                   baseline = \"quick\"";
        problem.note(how).into()
    }
}

/// What is wrong with a line, and where in it.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: Range<usize>,
    pub class: Class,
    pub message: String,
    pub read: Option<String>,
    pub allowed: Option<String>,
    /// What was read, and the names that would be right.
    pub known: Option<(String, Vec<String>)>,
}

impl Fault {
    pub fn new(at: Range<usize>, class: Class, message: impl Into<String>) -> Box<Fault> {
        let message = message.into();
        Box::new(Fault { at, class, message, read: None, allowed: None, known: None })
    }

    pub fn with(mut self: Box<Self>, read: &str, allowed: impl Into<String>) -> Box<Fault> {
        (self.read, self.allowed) = (Some(quoted(read)), Some(allowed.into()));
        self
    }

    /// The same in a text that begins so far into another.
    fn from(mut self: Box<Self>, start: usize) -> Box<Fault> {
        self.at = self.at.start + start..self.at.end + start;
        self
    }
}

/// Where in a line what is no comment is, without the quotes around it; nothing where there is none.
fn content(line: &str) -> Result<Option<Range<usize>>, Box<Fault>> {
    let mut within = false;
    let is_comment = |c: char| {
        within ^= c == '"';
        c == '#' && !within
    };
    let line = line.trim_end();
    let end = line.find(is_comment).unwrap_or(line.len());
    let text = line[..end].trim_end();
    let start = text.len() - text.trim_start_matches(['\u{feff}', ' ', '\t']).len();
    if start == text.len() {
        return Ok(None);
    }
    if !text[start..].starts_with('"') {
        return Ok(Some(start..text.len()));
    }
    let Some(length) = text[start + 1..].find('"') else {
        let message = "a quote is opened and not closed";
        return Err(Fault::new(start..text.len(), Class::Syntax, message));
    };
    let close = start + 1 + length;
    if close + 1 < text.len() {
        let fault = Fault::new(close + 1..text.len(), Class::Syntax, "a line is one budget");
        return Err(fault.with(text[close + 1..].trim(), "nothing but a comment after it"));
    }
    let inner = &text[start + 1..close];
    let blank = inner.len() - inner.trim_start().len();
    let from = start + 1 + blank;
    Ok(Some(from..from + inner.trim().len()))
}

/// Where the path is in a line `baseline = "path"`; nothing in any other line.
fn baseline_of(line: &str, range: Range<usize>) -> Option<Range<usize>> {
    let rest = line[range.clone()].strip_prefix(BASELINE)?.trim_start();
    let rest = rest.strip_prefix('=').filter(|rest| !rest.starts_with('='))?;
    Some(range.end - rest.trim_start().len()..range.end)
}

/// The path of a baseline.
fn head<'a>(line: &'a str, at: Range<usize>, before: &[Budget]) -> Result<&'a str, Box<Fault>> {
    let text = line[at.clone()].trim();
    if !before.is_empty() {
        let message = "a baseline is named before the first budget";
        return Err(Fault::new(at, Class::Inconsistent, message));
    }
    let path = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').filter(|path| !path.contains('"')),
        None => Some(text).filter(|text| !text.contains('"')),
    };
    path.filter(|path| !path.is_empty()).ok_or_else(|| {
        let allowed = "the path of a run folder or of its summary.json, in quotes";
        Fault::new(at, Class::Syntax, "`baseline` names no path").with(text, allowed)
    })
}

/// A line as a budget.
fn budget(
    line: &str,
    range: Range<usize>,
    before: &[Budget],
    place: &impl Fn(Range<usize>) -> Place,
) -> Result<Budget, Box<Fault>> {
    let expr = &line[range.clone()];
    let whole = || Fault::new(range.clone(), Class::Syntax, "this is no budget");
    let [path, sign, limit] = parts(expr).ok_or_else(|| {
        whole().with(expr, "a metric, a comparison and a limit, as in `gini <= baseline + 0.02`")
    })?;
    let moved = |fault: Box<Fault>| fault.from(range.start);
    let at_sign = || range.start + sign.start..range.start + sign.end;
    let comparison = Comparison::read(&expr[sign.clone()])
        .map_err(|error| Fault::new(at_sign(), Class::Syntax, error.to_string()))?;
    let subject =
        Subject::read(&expr[path.clone()]).map_err(|fault| moved(fault.from(path.start)))?;
    let bound = &expr[limit.clone()];
    let limit_of = match bound.strip_prefix(BASELINE) {
        Some(rest) => allowance(&subject, rest)
            .map_err(|fault| moved(fault.from(limit.start + BASELINE.len())))
            .map(Limit::Baseline)?,
        None => subject
            .quantity(bound)
            .map_err(|fault| moved(fault.from(limit.start)))
            .map(Limit::Plain)?,
    };
    if matches!(limit_of, Limit::Baseline(_))
        && matches!(comparison, Comparison::Equal | Comparison::Unequal)
    {
        let message = "two samples are never just equal, or certain to differ";
        let fault = Fault::new(at_sign(), Class::Inconsistent, message);
        return Err(fault.with(&expr[sign], "<, <=, > or >= beside a baseline"));
    }
    let words = |text: &str| text.split_whitespace().collect::<String>();
    if before.iter().any(|other| words(&other.expr) == words(expr)) {
        return Err(Fault::new(range.clone(), Class::Inconsistent, "this line is there already"));
    }
    let expr = expr.to_owned();
    Ok(Budget { expr, subject, comparison, limit: limit_of, place: place(range) })
}

/// What follows the word `baseline`.
fn allowance(subject: &Subject, rest: &str) -> Result<Allowance, Box<Fault>> {
    let wrong = || {
        let allowed =
            "`baseline`, or `baseline` followed by + or - and a value, or by * and a factor";
        let start = rest.len() - rest.trim_start().len();
        let text = rest.trim();
        let fault = Fault::new(start..start + text.len(), Class::Syntax, "this is no allowance");
        fault.with(text, allowed)
    };
    let text = rest.trim_start();
    let Some(sign) = text.chars().next() else { return Ok(Allowance::Plus(0.0)) };
    if !"+-*".contains(sign) {
        return Err(wrong());
    }
    let value = text[1..].trim_start();
    let start = rest.len() - value.len();
    if value.is_empty() {
        return Err(wrong());
    }
    if sign == '*' {
        let factor = value.parse::<f64>().ok().filter(|it| it.is_finite() && *it > 0.0);
        let times = factor.map(Allowance::Times);
        return times.ok_or_else(|| {
            let at = start..start + value.len();
            let fault = Fault::new(at, Class::WrongType, "a baseline is multiplied by a factor");
            fault.with(value, "a number above 0, such as 1.05")
        });
    }
    let value = subject.quantity(value).map_err(|fault| fault.from(start))?;
    Ok(Allowance::Plus(if sign == '-' { -value } else { value }))
}

#[cfg(test)]
mod tests;
