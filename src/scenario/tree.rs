//! A TOML document as a tree in which every key and value knows where it was written.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Datetime, Item, TableLike, Value};

use super::source::Place;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub what: What,
    pub at: Place,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Table(Table),
    List(Vec<Node>),
    Text(String),
    Whole(i64),
    Real(f64),
    Truth(bool),
    Date(Datetime),
}

/// Keys in alphabetical order. Order never matters to a scenario, so none is kept.
pub(crate) type Table = BTreeMap<String, Entry>;

/// A value with its key.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key_at: Place,
    pub node: Node,
}

impl Node {
    pub fn empty_table(at: Place) -> Self {
        Node { what: What::Table(Table::new()), at }
    }

    /// What kind of value it is, as messages say it.
    pub fn noun(&self) -> &'static str {
        match &self.what {
            What::Table(_) => "a table",
            What::List(_) => "a list",
            What::Text(_) => "text",
            What::Whole(_) => "a whole number",
            What::Real(_) => "a number",
            What::Truth(_) => "true or false",
            What::Date(_) => "a date",
        }
    }

    pub fn as_table(&self) -> Option<&Table> {
        match &self.what {
            What::Table(table) => Some(table),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.what {
            What::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same value without its places, for serde.
    pub fn to_value(&self) -> toml::Value {
        match &self.what {
            What::Table(table) => {
                let pairs = table.iter().map(|(key, entry)| (key.clone(), entry.node.to_value()));
                toml::Value::Table(pairs.collect())
            }
            What::List(items) => toml::Value::Array(items.iter().map(Node::to_value).collect()),
            What::Text(text) => toml::Value::String(text.clone()),
            What::Whole(n) => toml::Value::Integer(*n),
            What::Real(x) => toml::Value::Float(*x),
            What::Truth(b) => toml::Value::Boolean(*b),
            What::Date(date) => toml::Value::Datetime(*date),
        }
    }
}

/// Reads the tree off a parsed document. What has no span of its own is said to be at `at`.
pub(crate) fn from_table(table: &dyn TableLike, at: &Place) -> Table {
    let mut out = Table::new();
    for (name, item) in table.iter() {
        let key_at = place(table.key(name).and_then(toml_edit::Key::span), at);
        let at = place(item.span(), &key_at);
        let what = match item {
            Item::None => continue,
            Item::Value(value) => what(value, &at),
            Item::Table(table) => What::Table(from_table(table, &key_at)),
            Item::ArrayOfTables(tables) => {
                let node = |table: &toml_edit::Table| {
                    let at = place(table.span(), &key_at);
                    Node { what: What::Table(from_table(table, &at)), at }
                };
                What::List(tables.iter().map(node).collect())
            }
        };
        out.insert(name.to_owned(), Entry { key_at, node: Node { what, at } });
    }
    out
}

fn place(span: Option<Range<usize>>, or: &Place) -> Place {
    span.map_or_else(|| or.clone(), |span| Place::new(or.source, span))
}

fn what(value: &Value, at: &Place) -> What {
    match value {
        Value::String(text) => What::Text(text.value().clone()),
        Value::Integer(n) => What::Whole(*n.value()),
        Value::Float(x) => What::Real(*x.value()),
        Value::Boolean(b) => What::Truth(*b.value()),
        Value::Datetime(date) => What::Date(*date.value()),
        Value::InlineTable(table) => What::Table(from_table(table, at)),
        Value::Array(items) => {
            let node = |item: &Value| {
                let at = place(item.span(), at);
                Node { what: what(item, &at), at }
            };
            What::List(items.iter().map(node).collect())
        }
    }
}

/// Where a path leads, and how much of it the tree has.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// The key, or the value where it has none (an item of a list, or the whole document).
    pub key_at: &'a Place,
    pub node: &'a Node,
    /// The keys and numbers of items that lead there, variants included.
    pub steps: Vec<String>,
    /// What of the path the tree does not have.
    pub rest: String,
}

impl Found<'_> {
    /// The whole path with dots.
    pub fn path(&self) -> String {
        let rest = (!self.rest.is_empty()).then_some(&self.rest);
        self.steps.iter().chain(rest).map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// What to mark: a value, or the key of a table, whose own span may be many lines.
    pub fn mark(&self) -> &Place {
        match self.node.what {
            What::Table(_) => self.key_at,
            _ => &self.node.at,
        }
    }
}

/// Follows a path such as `countries.fr.share` or `events[2].week` as far as it goes.
///
/// Paths come from serde and garde as well. garde does not say which variant it is in, and calls the
/// content of a variant `[0]`; since a table that names a variant has one entry, both are understood.
/// Names are matched against the tree's own keys, so that one with a dot in it is found too.
pub(crate) fn locate<'a>(root: &'a Node, path: &str) -> Found<'a> {
    let (mut node, mut key_at) = (root, &root.at);
    let (mut rest, mut steps) = (path, Vec::new());
    loop {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            break;
        }
        let index = rest.strip_prefix('[').and_then(|r| r.split_once(']'));
        let (bare, after_bare) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
        match &node.what {
            What::List(items) => {
                let (number, after) = index.unwrap_or((bare, after_bare));
                let Some(item) = number.parse::<usize>().ok().and_then(|i| items.get(i)) else {
                    break;
                };
                steps.push(number.to_owned());
                (node, key_at, rest) = (item, &item.at, after);
            }
            What::Table(table) => {
                let whole = |key: &str| {
                    let after = rest.strip_prefix(key)?;
                    (after.is_empty() || after.starts_with(['.', '['])).then_some(after)
                };
                let known = table
                    .iter()
                    .filter_map(|(key, entry)| Some((key, entry, whole(key)?)))
                    .max_by_key(|(key, ..)| key.len());
                if let Some((key, entry, after)) = known {
                    steps.push(key.clone());
                    (node, key_at, rest) = (&entry.node, &entry.key_at, after);
                    continue;
                }
                let Some((name, only)) = table.iter().next().filter(|_| table.len() == 1) else {
                    break;
                };
                // Only where the path goes on inside: a key that is missing stays missing here.
                let inside = index.is_some()
                    || only.node.as_table().is_some_and(|inner| inner.contains_key(bare));
                if !inside {
                    break;
                }
                steps.push(name.clone());
                (node, key_at) = (&only.node, &only.key_at);
                rest = index.map_or(rest, |(_, after)| after);
            }
            _ => break,
        }
    }
    Found { key_at, node, steps, rest: rest.to_owned() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The tree of a TOML text.
    pub fn tree(text: &str) -> Node {
        let document = toml_edit::Document::parse(text).unwrap();
        let at = Place::new(0, 0..0);
        Node { what: What::Table(from_table(document.as_table(), &at)), at }
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let text = "a.b = 1\n[c]\nd = [10, {e = \"é\"}]\n[[f]]\ng = 2.5\n";
        let root = tree(text);
        for (path, key, value) in [
            ("a.b", "b", "1"),
            ("c.d", "d", "[10, {e = \"é\"}]"),
            ("c.d[0]", "10", "10"),
            ("c.d[1].e", "e", "\"é\""),
            ("f[0].g", "g", "2.5"),
            ("c", "c", "[c]"),
        ] {
            let found = locate(&root, path);
            assert_eq!(&text[found.key_at.start..found.key_at.end], key, "key of {path}");
            assert_eq!(&text[found.node.at.start..found.node.at.end], value, "value of {path}");
            assert_eq!(found.rest, "");
        }
    }

    #[test]
    fn paths_of_serde_and_garde_lead_to_the_same_place() {
        let root = tree("[x.box]\nk = 1\n[named.\"a.b\"]\nshare = 2\n[[l]]\nr.mean = {n = 3}");
        for (path, full, rest) in [
            ("x.box.k", "x.box.k", ""),
            ("x.k", "x.box.k", ""),
            ("x[0].k", "x.box.k", ""),
            ("named.a.b.share", "named.a.b.share", ""),
            ("l[0].r[0].n", "l.0.r.mean.n", ""),
            ("l.0.r.n", "l.0.r.mean.n", ""),
            ("l[7].r", "l.[7].r", "[7].r"),
            ("nothing.here", "nothing.here", "nothing.here"),
            ("x.box.k.deeper", "x.box.k.deeper", "deeper"),
            ("", "", ""),
        ] {
            let found = locate(&root, path);
            assert_eq!((found.path().as_str(), found.rest.as_str()), (full, rest), "{path}");
        }
    }
}
