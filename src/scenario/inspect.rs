//! Holds a tree against its shape, and says everything that does not fit.

use super::problem::{Class, Problem, clipped, nearest, quoted};
use super::shape::{Bounds, Form, Rest, Shape, Shapes, describe_span, unit};
use super::source::{Place, Sources};
use super::tree::{Node, Table, What};
use crate::quantity::Span;

/// How a path continues.
enum Step {
    Key(String),
    Item(usize),
}

struct Inspector<'a> {
    shapes: &'a Shapes,
    sources: &'a Sources,
    path: Vec<Step>,
    problems: Vec<Problem>,
}

/// All that does not fit: unknown and missing keys, wrong types, numbers out of range.
pub(crate) fn inspect(root: &Node, shapes: &Shapes, sources: &Sources) -> Vec<Problem> {
    let mut inspector = Inspector { shapes, sources, path: Vec::new(), problems: Vec::new() };
    inspector.value(root, &shapes.root, &root.at);
    inspector.problems
}

/// `a.b[2].c`; a key that could be mistaken for a path is quoted.
fn join(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Item(i) => out.push_str(&format!("[{i}]")),
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                let bare = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
                if !key.is_empty() && key.chars().all(bare) {
                    out.push_str(&clipped(key));
                } else {
                    out.push_str(&format!("\"{}\"", clipped(key)));
                }
            }
        }
    }
    out
}

impl Inspector<'_> {
    fn add(&mut self, place: &Place, class: Class, message: String) -> &mut Problem {
        let problem = Problem::at(self.sources, place, class, message).key(join(&self.path));
        self.problems.push(problem);
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// What the path so far is called in a sentence.
    fn here(&self) -> String {
        if self.path.is_empty() { "the scenario".into() } else { format!("`{}`", join(&self.path)) }
    }

    fn read(&self, node: &Node) -> String {
        match &node.what {
            What::Table(_) | What::List(_) => node.noun().to_owned(),
            _ => clipped(self.sources.read(&node.at)),
        }
    }

    fn value(&mut self, node: &Node, outer: &Shape, key_at: &Place) {
        let shape = self.shapes.resolve(outer);
        let says = outer.says.as_deref().or(shape.says.as_deref());
        let mark = if node.as_table().is_some() { key_at } else { &node.at };
        match (&shape.form, &node.what) {
            (Form::Table { .. }, What::Table(table)) => self.table(table, shape, key_at),
            (Form::Variant { arms, words }, What::Table(table)) => {
                self.variant(table, arms, words, noun(outer, shape), key_at);
            }
            (Form::Variant { arms, words }, What::Text(word)) => {
                if arms.iter().any(|(name, _)| name == word) {
                    let path = join(&self.path);
                    let problem = self.wrong_type(mark, says, format!("the table [{path}.{word}]"));
                    problem.read = Some(format!("\"{word}\" (text)"));
                } else if !words.contains(word) {
                    let known = arms.iter().map(|(name, _)| name).chain(words);
                    let known: Vec<_> = known.map(String::as_str).collect();
                    self.unknown_name(mark, word, noun(outer, shape), &known);
                }
            }
            (Form::Words(words), What::Text(word)) => {
                let known: Vec<_> = words.iter().map(|(word, _)| word.as_str()).collect();
                if !known.contains(&word.as_str()) {
                    self.unknown_name(mark, word, noun(outer, shape), &known);
                }
            }
            (Form::Number(bounds), What::Whole(_)) => self.number(node, bounds, says),
            (Form::Number(bounds), What::Real(x)) if !bounds.whole || !x.is_finite() => {
                self.number(node, bounds, says);
            }
            (Form::Span { min, max }, What::Text(text)) => {
                self.span(node, text, (*min, *max), says)
            }
            (Form::List { .. }, What::List(items)) => self.list(items, shape, node, says),
            (Form::Text, What::Text(_)) | (Form::Truth, What::Truth(_)) => {}
            (Form::Any | Form::Ref(_), _) => self.numbers_within(node),
            _ => {
                let (expected, read) = (expected(shape, says), self.read(node));
                let noun = node.noun();
                let problem = self.wrong_type(mark, says, expected);
                problem.read = Some(if noun == read { read } else { format!("{read} ({noun})") });
            }
        }
    }

    /// Refuses what is not finite where the shape says nothing more: no scenario holds such a number,
    /// and a range of garde's lets NaN through, because it compares with no bound.
    fn numbers_within(&mut self, node: &Node) {
        match &node.what {
            What::Real(_) => self.number(node, &Bounds::FINITE, None),
            What::Table(table) => {
                for (key, entry) in table {
                    self.path.push(Step::Key(key.clone()));
                    self.numbers_within(&entry.node);
                    self.path.pop();
                }
            }
            What::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.path.push(Step::Item(i));
                    self.numbers_within(item);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn wrong_type(&mut self, at: &Place, says: Option<&str>, expected: String) -> &mut Problem {
        let message = format!("{} has the wrong type", self.here());
        let problem = self.add(at, Class::WrongType, message);
        problem.allowed = Some(expected);
        problem.meaning = says.map(str::to_owned);
        problem
    }

    fn number(&mut self, node: &Node, bounds: &Bounds, says: Option<&str>) {
        let x = match node.what {
            What::Whole(n) => n as f64,
            What::Real(x) => x,
            _ => return,
        };
        if bounds.hold(x) {
            return;
        }
        let read = self.read(node);
        let what = if x.is_finite() { "is out of range" } else { "is not a finite number" };
        let message = format!("{} {what}", self.here());
        let problem = self.add(&node.at, Class::OutOfRange, message);
        problem.read = Some(read);
        problem.allowed = Some(bounds.describe(says.and_then(unit)));
        problem.meaning = says.map(str::to_owned);
    }

    fn span(
        &mut self,
        node: &Node,
        text: &str,
        (min, max): (Option<Span>, Option<Span>),
        says: Option<&str>,
    ) {
        let span = match text.parse::<Span>() {
            Ok(span) => span,
            Err(wrong) => {
                let allowed = format!("a duration, {}", describe_span(min, max));
                let problem = self.wrong_type(&node.at, says, allowed);
                problem.read = Some(format!("\"{}\"", clipped(text)));
                problem.notes.push(wrong.to_string());
                return;
            }
        };
        if min.is_none_or(|min| span >= min) && max.is_none_or(|max| span <= max) {
            return;
        }
        let message = format!("{} is out of range", self.here());
        let problem = self.add(&node.at, Class::OutOfRange, message);
        problem.read = Some(clipped(text));
        problem.allowed = Some(describe_span(min, max));
        problem.meaning = says.map(str::to_owned);
    }

    fn list(&mut self, items: &[Node], shape: &Shape, node: &Node, says: Option<&str>) {
        let Form::List { first, items: further, least, most } = &shape.form else { return };
        let n = items.len();
        if n < *least || n > *most {
            let message = format!("{} holds the wrong number of items", self.here());
            let allowed = match (*least, *most) {
                (a, b) if a == b => format!("{a}"),
                (a, usize::MAX) => format!("{a} or more"),
                (a, b) => format!("{a} to {b}"),
            };
            let problem = self.add(&node.at, Class::OutOfRange, message);
            problem.read = Some(format!("{n}"));
            problem.allowed = Some(allowed);
        }
        for (i, item) in items.iter().enumerate() {
            if let Some(shape) = first.get(i).or(further.as_deref()) {
                let mut shape = shape.clone();
                if shape.says.is_none() && self.shapes.resolve(&shape).says.is_none() {
                    shape.says = says.map(str::to_owned);
                }
                self.path.push(Step::Item(i));
                self.value(item, &shape, &item.at);
                self.path.pop();
            }
        }
    }

    fn table(&mut self, table: &Table, shape: &Shape, key_at: &Place) {
        let Form::Table { keys, required, rest } = &shape.form else { return };
        let mut meant = Vec::new();
        for (key, entry) in table {
            let child = match (keys.get(key), rest) {
                (Some(child), _) => child,
                (None, Rest::Named(child)) => child,
                (None, Rest::Anything) => &Shape::ANY,
                (None, Rest::Nothing) => {
                    // A key that is there is not meant by one that is misspelt.
                    let free = keys.keys().filter(|k| !table.contains_key(*k));
                    meant.extend(nearest(key, free.map(String::as_str)).map(str::to_owned));
                    self.unknown_key(key, &entry.key_at, keys.keys().map(String::as_str));
                    continue;
                }
            };
            self.path.push(Step::Key(key.clone()));
            self.value(&entry.node, child, &entry.key_at);
            self.path.pop();
        }
        for key in required.iter().filter(|k| !table.contains_key(*k) && !meant.contains(k)) {
            self.missing(key, &keys[key], key_at);
        }
    }

    fn missing(&mut self, key: &str, child: &Shape, table_at: &Place) {
        let table = self.here();
        self.path.push(Step::Key(key.to_owned()));
        let inner = self.shapes.resolve(child);
        let says = child.says.as_deref().or(inner.says.as_deref());
        let expected = expected(inner, says);
        let message = format!("{table} lacks the key `{key}`");
        let problem = self.add(table_at, Class::Missing, message);
        problem.allowed = Some(expected);
        problem.meaning = says.map(|says| format!("{key}: {says}"));
        self.path.pop();
    }

    fn unknown_key<'k>(&mut self, key: &str, at: &Place, known: impl Iterator<Item = &'k str>) {
        let message = match self.path.is_empty() {
            true => format!("unknown key {}", quoted(key)),
            false => format!("unknown key {} in `{}`", quoted(key), join(&self.path)),
        };
        let elsewhere = self.shapes.elsewhere(key);
        self.path.push(Step::Key(key.to_owned()));
        let problem = self.add(at, Class::UnknownKey, message);
        problem.know(key, known);
        if let (None, Some(path)) = (&problem.nearest, elsewhere) {
            problem.notes.push(if path.contains('.') {
                format!("there is a key `{path}`")
            } else {
                format!("`{path}` belongs to the top of the file, before the first [table]")
            });
        }
        self.path.pop();
    }

    fn unknown_name(&mut self, at: &Place, name: &str, noun: Option<&str>, known: &[&str]) {
        let message = match noun {
            Some(noun) => format!("unknown {noun} {}", quoted(name)),
            None => format!("{} knows no {}", self.here(), quoted(name)),
        };
        let problem = self.add(at, Class::UnknownName, message);
        problem.know(name, known.iter().copied());
    }

    fn variant(
        &mut self,
        table: &Table,
        arms: &[(String, Shape)],
        words: &[String],
        noun: Option<&str>,
        key_at: &Place,
    ) {
        let known: Vec<_> =
            arms.iter().map(|(name, _)| name).chain(words).map(String::as_str).collect();
        if table.is_empty() {
            let message = format!("{} names no {}", self.here(), noun.unwrap_or("variant"));
            let problem = self.add(key_at, Class::Missing, message);
            problem.know("", known.iter().copied());
        }
        for (name, entry) in table {
            let arm = arms.iter().find(|(known, _)| known == name);
            let word = words.contains(name) && entry.node.as_table().is_some_and(Table::is_empty);
            match arm {
                Some((_, shape)) => {
                    self.path.push(Step::Key(name.clone()));
                    self.value(&entry.node, shape, &entry.key_at);
                    self.path.pop();
                }
                None if word => {}
                None => {
                    let elsewhere = self.shapes.elsewhere(name);
                    self.unknown_name(&entry.key_at, name, noun, &known);
                    let meant = entry.node.as_text().filter(|text| known.contains(text));
                    let table = meant.map(|meant| format!("write [{}.{meant}]", join(&self.path)));
                    let note = table.or(elsewhere.map(|path| format!("there is a key `{path}`")));
                    if let Some(problem) = self.problems.last_mut() {
                        problem.notes.extend(note);
                    }
                }
            }
        }
        if let (true, Some(last)) = (table.len() > 1, table.values().max_by_key(|e| &e.key_at)) {
            let names: Vec<_> = table.keys().map(|name| clipped(name)).collect();
            let message =
                format!("{} names more than one {}", self.here(), noun.unwrap_or("variant"));
            let problem = self.add(&last.key_at, Class::Inconsistent, message);
            problem.read = Some(names.join(", "));
            problem.allowed = Some("exactly one".to_owned());
        }
    }
}

/// What one calls a thing of this shape; `outer` is the shape that refers to it.
fn noun<'a>(outer: &'a Shape, shape: &'a Shape) -> Option<&'a str> {
    outer.noun.as_deref().or(shape.noun.as_deref())
}

/// What belongs there, in words.
fn expected(shape: &Shape, says: Option<&str>) -> String {
    let name = |names: Vec<&str>| names.join(", ");
    match &shape.form {
        Form::Table { rest: Rest::Named(_), .. } => "a table of named entries".to_owned(),
        Form::Table { .. } => "a table".to_owned(),
        Form::Variant { arms, .. } => {
            let names = arms.iter().map(|(name, _)| name.as_str()).collect();
            format!("a table that names one of {}", name(names))
        }
        Form::Words(words) => {
            let words = words.iter().map(|(word, _)| word.as_str()).collect();
            format!("one of {}", name(words))
        }
        Form::Number(bounds) => {
            let kind = if bounds.whole { "a whole number" } else { "a number" };
            match bounds.describe(says.and_then(unit)) {
                range if range.starts_with("any") => kind.to_owned(),
                range => format!("{kind}, {range}"),
            }
        }
        Form::Span { min, max } => format!("a duration in quotes, {}", describe_span(*min, *max)),
        Form::Text => "text in quotes".to_owned(),
        Form::Truth => "true or false".to_owned(),
        Form::List { .. } => "a list in [brackets]".to_owned(),
        Form::Ref(_) | Form::Any => "another kind of value".to_owned(),
    }
}
