//! `--set KEY=VALUE`: values that take the place of what the files say.

use toml_edit::Document;

use super::load::NO_VALUE;
use super::merge::lay;
use super::problem::{Class, Problem, clipped, quoted};
use super::shape::{Form, Shape, Shapes};
use super::source::{Place, Sources};
use super::tree::{Entry, Node, What, from_table};

/// Most parts of a key. The tree is walked by recursion, so its depth must have an end; that of files
/// has one in the parser.
const DEEPEST: usize = 32;

/// One part of a dotted key, and where it stands.
struct Segment {
    name: String,
    at: Place,
}

/// Splits `a.b=1,c.d=[2,3]` into its overrides.
///
/// A comma within brackets or quotes belongs to the value, and so does one that no `KEY=` follows.
pub fn split_overrides(text: &str) -> Vec<String> {
    split_at(text, outer_commas(text).filter(|&comma| starts_with_key(&text[comma + 1..])))
        .map(str::to_owned)
        .collect()
}

/// The values of a list, as commas that are not within brackets or quotes part them.
pub(crate) fn split_values(text: &str) -> Vec<&str> {
    split_at(text, outer_commas(text)).collect()
}

fn split_at(text: &str, commas: impl Iterator<Item = usize>) -> impl Iterator<Item = &str> {
    let mut from = 0;
    commas.chain([text.len()]).map(move |end| {
        let part = &text[from..end];
        from = end + 1;
        part.trim()
    })
}

/// The places of commas that are not within brackets or quotes.
fn outer_commas(text: &str) -> impl Iterator<Item = usize> {
    let (mut depth, mut quote) = (0_i32, None);
    text.char_indices().filter_map(move |(i, c)| {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => return Some(i),
            _ => {}
        }
        None
    })
}

fn starts_with_key(text: &str) -> bool {
    let Some((key, _)) = text.split_once('=') else { return false };
    let key = key.trim();
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "._-\"'".contains(c))
}

/// The names in a dotted key, quotes taken off.
pub(crate) fn parts(key: &str) -> Vec<String> {
    segments(key, 0).into_iter().map(|segment| segment.name).collect()
}

/// Puts one override on top of the tree.
pub(crate) fn apply(
    root: &mut Node,
    text: &str,
    sources: &mut Sources,
    shapes: &Shapes,
) -> Result<(), Box<Problem>> {
    let source = sources.add("--set".to_owned(), text.to_owned(), None);
    let whole = Place::new(source, 0..text.len());
    let refuse = |sources: &Sources, at: &Place, message: String| {
        Box::new(Problem::at(sources, at, Class::Override, message))
    };
    let Some(equals) = outside_quotes(text, '=') else {
        let message = format!("{} is not of the form KEY=VALUE", quoted(text));
        let problem = refuse(sources, &whole, message).note("for example --set engine.cells=4");
        return Err(problem.into());
    };
    let segments = segments(&text[..equals], source);
    if let Some(empty) = segments.iter().find(|s| s.name.is_empty()) {
        return Err(refuse(sources, &empty.at, "a part of the key is empty".to_owned()));
    }
    if segments.len() > DEEPEST {
        let message = format!("the key has {} parts; {DEEPEST} are the most", segments.len());
        return Err(refuse(sources, &whole, message));
    }
    if segments.len() == 1 && segments[0].name == "base" {
        let message = "`base` is read from the file alone".to_owned();
        return Err(refuse(sources, &segments[0].at, message));
    }
    let mut shape = Some(&shapes.root);
    for segment in &segments {
        shape = shape.and_then(|shape| shapes.child(shape, &segment.name));
    }
    let node = value(text, equals, source, shape, shapes).map_err(|(at, message)| {
        let message = format!("the value is not TOML: {}", clipped(&message));
        refuse(sources, &at, message)
    })?;
    put(root, &segments, node, Some(&shapes.root), shapes)
        .map_err(|(at, message)| refuse(sources, &at, message))
}

fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match quote {
            Some(q) if q == c => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == wanted => return Some(i),
            None => {}
        }
    }
    None
}

fn segments(key: &str, source: usize) -> Vec<Segment> {
    let mut out = Vec::new();
    let mut from = 0;
    loop {
        let to = outside_quotes(&key[from..], '.').map_or(key.len(), |dot| from + dot);
        let part = &key[from..to];
        let start = from + (part.len() - part.trim_start().len());
        let part = part.trim();
        let at = Place::new(source, start..start + part.len());
        let quotes = |q: char| part.len() > 1 && part.starts_with(q) && part.ends_with(q);
        let bare = if quotes('"') || quotes('\'') { &part[1..part.len() - 1] } else { part };
        out.push(Segment { name: bare.to_owned(), at });
        if to == key.len() {
            return out;
        }
        from = to + 1;
    }
}

/// Reads what stands after the sign at `equals` as TOML, or else as a bare word: `15m`, `mean-rating`.
fn value(
    text: &str,
    equals: usize,
    source: usize,
    shape: Option<&Shape>,
    shapes: &Shapes,
) -> Result<Node, (Place, String)> {
    let word = text[equals + 1..].trim();
    let start = text.len() - text[equals + 1..].trim_start().len();
    let at = Place::new(source, start..start + word.len());
    // A key of one letter, padded to the length of the real one, keeps every offset what it is.
    let pad = " ".repeat(equals.saturating_sub(1));
    let gap = " ".repeat(start - equals - 1);
    let parsed = Document::parse(format!("v{pad}={gap}{word}"));
    let node = parsed.map(|document| {
        let mut table = from_table(document.as_table(), &at);
        table.remove("v").filter(|_| table.is_empty()).map(|entry| entry.node)
    });
    let wants_text =
        shape.is_some_and(|s| matches!(shapes.resolve(s).form, Form::Text | Form::Words(_)));
    if word.is_empty() {
        return Err((at, NO_VALUE.to_owned()));
    }
    let bare = Node { what: What::Text(word.to_owned()), at: at.clone() };
    match node {
        // `name=42` means the text "42" where text belongs; `false` still switches off.
        Ok(Some(node)) => Ok(match node.what {
            What::Whole(_) | What::Real(_) | What::Date(_) | What::Truth(true) if wants_text => {
                bare
            }
            _ => node,
        }),
        // A line break could smuggle in further keys: such a text is no value, but a word still.
        Ok(None) => Ok(bare),
        Err(error) if word.starts_with(['[', '{', '"', '\'']) => {
            let span = error.span().unwrap_or(start..start);
            let clamp = |n: usize| n.clamp(at.start, at.end);
            let place = Place::new(source, clamp(span.start)..clamp(span.end));
            Err((place, error.message().to_owned()))
        }
        Err(_) => Ok(bare),
    }
}

/// Walks down to the key, making tables on the way, and lays the value there.
fn put(
    under: &mut Node,
    segments: &[Segment],
    value: Node,
    shape: Option<&Shape>,
    shapes: &Shapes,
) -> Result<(), (Place, String)> {
    let Some((segment, further)) = segments.split_first() else {
        lay(under, value, shape, shapes);
        return Ok(());
    };
    let child = shape.and_then(|shape| shapes.child(shape, &segment.name));
    if let What::List(items) = &mut under.what {
        let count = items.len();
        return match segment.name.parse::<usize>().ok().and_then(|i| items.get_mut(i)) {
            Some(item) => put(item, further, value, child, shapes),
            None => {
                let range = format!("0 to {}", count.saturating_sub(1));
                let name = quoted(&segment.name);
                Err((segment.at.clone(), format!("{name} is no item of the list: {range}")))
            }
        };
    }
    if under.as_table().is_none() {
        *under = Node::empty_table(segment.at.clone());
    }
    let What::Table(table) = &mut under.what else { return Ok(()) };
    let variant = shape.is_some_and(|shape| shapes.is_variant(shape));
    if variant && !table.contains_key(&segment.name) {
        table.clear();
    }
    let fresh =
        || Entry { key_at: segment.at.clone(), node: Node::empty_table(segment.at.clone()) };
    let entry = table.entry(segment.name.clone()).or_insert_with(fresh);
    if further.is_empty() {
        entry.key_at = segment.at.clone();
    }
    put(&mut entry.node, further, value, child, shapes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_inside_brackets_belong_to_the_value() {
        let split = |text: &str| split_overrides(text).join(" | ");
        assert_eq!(split("a=1,b.c=2"), "a=1 | b.c=2");
        assert_eq!(split("a=[1,2],b={x=1,y=2}"), "a=[1,2] | b={x=1,y=2}");
        assert_eq!(split("a=\"x,y=2\",b='p,q=1'"), "a=\"x,y=2\" | b='p,q=1'");
        assert_eq!(split("a=x,y"), "a=x,y");
        assert_eq!(split("ranking.cheapest={}"), "ranking.cheapest={}");
        assert_eq!(split(""), "");
        assert_eq!(split("a=]},b=1"), "a=]},b=1");
    }
}
