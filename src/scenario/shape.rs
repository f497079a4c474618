//! What a scenario may look like, read off the JSON Schema that its types declare.
//!
//! The types are the only place that says which keys there are. Their schema knows ranges, units and
//! meanings besides, so errors can be found and explained without a word about any key here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::quantity::Span;

/// The shape of one value.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// What it means, from the doc comment.
    pub says: Option<String>,
    /// What one calls a thing of this type: its `title`, or else the words of the type's name.
    pub noun: Option<String>,
    /// Whether it may be absent.
    pub optional: bool,
    pub form: Form,
}

impl Shape {
    /// The shape of what nothing is known of.
    pub const ANY: Shape = Shape { says: None, noun: None, optional: false, form: Form::Any };
}

/// What kind of value is expected.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// A table with given keys. `rest` is the shape of entries with names of the user's own.
    Table {
        keys: BTreeMap<String, Shape>,
        required: Vec<String>,
        rest: Rest,
    },
    /// A table that names a variant: exactly one entry. Some variants may be a word instead.
    Variant {
        arms: Vec<(String, Shape)>,
        words: Vec<String>,
    },
    /// One of these words.
    Words(Vec<(String, Option<String>)>),
    Number(Bounds),
    Text,
    /// A duration, within bounds.
    Span {
        min: Option<Span>,
        max: Option<Span>,
    },
    Truth,
    /// A list: shapes of the first items, of all further ones, and how many there may be.
    List {
        first: Vec<Shape>,
        items: Option<Box<Shape>>,
        least: usize,
        most: usize,
    },
    /// A type of its own, by name.
    Ref(String),
    /// Something that only serde can judge.
    Any,
}

/// What a table may hold besides its given keys.
#[derive(Debug, Clone)]
pub(crate) enum Rest {
    Nothing,
    Anything,
    Named(Box<Shape>),
}

/// The range of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub whole: bool,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Whether the ends themselves are not allowed.
    pub above: bool,
    pub below: bool,
}

/// The shape of a scenario, and of the types it is made of.
#[derive(Debug)]
pub(crate) struct Shapes {
    pub root: Shape,
    types: BTreeMap<String, Shape>,
}

/// Keywords under which only serde can judge: they combine schemas in ways no scenario type does.
const COMBINED: [&str; 5] = ["allOf", "not", "if", "dependentSchemas", "propertyNames"];

impl Shapes {
    /// The shape of `T`.
    pub fn of<T: schemars::JsonSchema>() -> Self {
        Self::read(schemars::schema_for!(T).as_value())
    }

    pub fn read(schema: &Value) -> Self {
        let types = schema.get("$defs").and_then(Value::as_object);
        let types = types.into_iter().flatten().map(|(name, def)| {
            let mut shape = shape(def);
            shape.noun = shape.noun.or_else(|| Some(words_of(name)));
            (name.clone(), shape)
        });
        Shapes { types: types.collect(), root: shape(schema) }
    }

    /// The shape itself where `shape` is only the name of a type.
    pub fn resolve<'a>(&'a self, shape: &'a Shape) -> &'a Shape {
        let mut shape = shape;
        // A type that is nothing but another's name may be followed; one that is its own may not.
        for _ in 0..8 {
            match &shape.form {
                Form::Ref(name) => match self.types.get(name) {
                    Some(next) => shape = next,
                    None => break,
                },
                _ => break,
            }
        }
        shape
    }

    /// The shape of the value at `key` in a table (or variant, or list) of shape `shape`.
    pub fn child<'a>(&'a self, shape: &'a Shape, key: &str) -> Option<&'a Shape> {
        match &self.resolve(shape).form {
            Form::Table { keys, rest, .. } => keys.get(key).or(match rest {
                Rest::Named(shape) => Some(shape),
                _ => None,
            }),
            Form::Variant { arms, .. } => {
                arms.iter().find(|(name, _)| name == key).map(|(_, shape)| shape)
            }
            Form::List { first, items, .. } => {
                key.parse::<usize>().ok().and_then(|i| first.get(i)).or(items.as_deref())
            }
            _ => None,
        }
    }

    /// Whether a table of this shape names a variant.
    pub fn is_variant(&self, shape: &Shape) -> bool {
        matches!(self.resolve(shape).form, Form::Variant { .. })
    }

    /// Whether `false` in place of this value means "not there": it may be absent and is no truth value.
    pub fn can_be_switched_off(&self, shape: &Shape) -> bool {
        let form = &self.resolve(shape).form;
        shape.optional && !matches!(form, Form::Truth | Form::Any | Form::Ref(_))
    }

    /// What the value at the end of these steps means; an item of a list means what its list does.
    pub fn says(&self, steps: &[String]) -> Option<String> {
        let mut shape = &self.root;
        let mut of_list = None;
        for step in steps {
            let own = shape.says.as_ref().or(self.resolve(shape).says.as_ref());
            of_list = own.filter(|_| matches!(self.resolve(shape).form, Form::List { .. }));
            shape = self.child(shape, step)?;
        }
        shape.says.as_ref().or(self.resolve(shape).says.as_ref()).or(of_list).cloned()
    }

    /// The variants or keys of the table at a dotted path, with what they mean.
    pub fn names_at(&self, path: &str) -> Vec<(String, String)> {
        let mut shape = &self.root;
        for key in path.split('.').filter(|key| !key.is_empty()) {
            match self.child(shape, key) {
                Some(child) => shape = child,
                None => return Vec::new(),
            }
        }
        let says = |shape: &Shape| {
            let own = shape.says.as_ref().or(self.resolve(shape).says.as_ref());
            own.and_then(|says| says.split("\n\n").next()).unwrap_or_default().replace('\n', " ")
        };
        match &self.resolve(shape).form {
            Form::Table { keys, .. } => keys.iter().map(|(k, s)| (k.clone(), says(s))).collect(),
            Form::Variant { arms, .. } => arms.iter().map(|(k, s)| (k.clone(), says(s))).collect(),
            _ => Vec::new(),
        }
    }

    /// Where else a key of this name is, if in one place only.
    pub fn elsewhere(&self, name: &str) -> Option<String> {
        let mut found = Vec::new();
        self.search(&self.root, name, &mut Vec::new(), &mut found);
        (found.len() == 1).then(|| found.remove(0))
    }

    fn search<'a>(
        &'a self,
        shape: &'a Shape,
        name: &str,
        path: &mut Vec<&'a str>,
        found: &mut Vec<String>,
    ) {
        // Types may hold themselves; nobody nests a scenario deeper than this.
        if path.len() >= 8 || found.len() > 1 {
            return;
        }
        let children: Vec<(&str, &Shape)> = match &self.resolve(shape).form {
            Form::Table { keys, .. } => keys.iter().map(|(k, s)| (k.as_str(), s)).collect(),
            Form::Variant { arms, .. } => arms.iter().map(|(k, s)| (k.as_str(), s)).collect(),
            _ => return,
        };
        for (key, child) in children {
            path.push(key);
            if key == name {
                found.push(path.join("."));
            }
            self.search(child, name, path, found);
            path.pop();
        }
    }
}

/// `RankingSpec` as people say it: `ranking`.
fn words_of(name: &str) -> String {
    let mut words = String::new();
    for c in name.trim_end_matches("Spec").trim_end_matches("Params").chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

/// The unit within a description: what stands in its last square brackets, as in `Price [EUR]`.
///
/// Links to code and the marks of where a value comes from, `[M]`, `[R]` and `[A]`, are none.
pub(crate) fn unit(says: &str) -> Option<&str> {
    let mut rest = says;
    while let Some((before, _)) = rest.rsplit_once('[') {
        let inside = &rest[before.len() + 1..];
        if let Some((unit, after)) = inside.split_once(']') {
            let begins_a_line = before.is_empty() || before.ends_with('\n');
            let defines_a_link = begins_a_line && after.starts_with(':');
            let link = unit.contains('`') || after.starts_with('(') || defines_a_link;
            if !link && !["M", "R", "A", ""].contains(&unit) && unit.chars().count() <= 24 {
                return Some(unit);
            }
        }
        rest = before;
    }
    None
}

fn text(schema: &Map<String, Value>, key: &str) -> Option<String> {
    schema.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn array<'a>(schema: &'a Map<String, Value>, key: &str) -> Option<&'a Vec<Value>> {
    schema.get(key).and_then(Value::as_array)
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn shape(schema: &Value) -> Shape {
    let Some(object) = schema.as_object() else {
        return Shape::ANY;
    };
    let says = text(object, "description");
    let noun = text(object, "title");
    if let Some(options) = array(object, "anyOf") {
        let mut real = options.iter().filter(|option| !is_null(option));
        let (Some(one), None) = (real.next(), real.next()) else {
            return Shape { says, noun, optional: options.iter().any(is_null), form: Form::Any };
        };
        let inner = shape(one);
        let (says, noun) = (says.or(inner.says), noun.or(inner.noun));
        let optional = inner.optional || options.iter().any(is_null);
        return Shape { says, noun, optional, form: inner.form };
    }
    let (form, optional) = form(object);
    Shape { says, noun, optional, form }
}

fn form(object: &Map<String, Value>) -> (Form, bool) {
    if COMBINED.iter().any(|key| object.contains_key(*key)) {
        return (Form::Any, false);
    }
    if let Some(name) = text(object, "$ref") {
        let name = name.strip_prefix("#/$defs/").map(str::to_owned);
        return (name.map_or(Form::Any, Form::Ref), false);
    }
    if object.get("format").and_then(Value::as_str) == Some("span") {
        let bound = |key: &str| text(object, key).and_then(|text| text.parse().ok());
        let optional = array(object, "type").is_some_and(|kinds| kinds.iter().any(|k| k == "null"));
        return (Form::Span { min: bound("minimum"), max: bound("maximum") }, optional);
    }
    if let Some(options) = array(object, "oneOf") {
        return (variants(options).unwrap_or(Form::Any), false);
    }
    let (kind, optional) = match object.get("type") {
        Some(Value::String(kind)) => (kind.as_str(), false),
        Some(Value::Array(kinds)) => {
            let optional = kinds.iter().any(|k| k == "null");
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|k| *k != "null");
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => (kind, optional),
                _ => return (Form::Any, optional),
            }
        }
        _ => return (Form::Any, false),
    };
    let form = match kind {
        "object" => table(object),
        "array" => list(object),
        "number" | "integer" => Form::Number(bounds(object, kind == "integer")),
        "boolean" => Form::Truth,
        "string" => match words(object) {
            Some(words) => Form::Words(words),
            None => Form::Text,
        },
        _ => Form::Any,
    };
    (form, optional)
}

/// The words of a `string` schema that allows a few only.
fn words(object: &Map<String, Value>) -> Option<Vec<(String, Option<String>)>> {
    let says = text(object, "description");
    if let Some(word) = text(object, "const") {
        return Some(vec![(word, says)]);
    }
    let words = array(object, "enum")?;
    let words = words.iter().filter_map(Value::as_str);
    Some(words.map(|word| (word.to_owned(), None)).collect())
}

/// Alternatives are words, or tables with one required key; anything else is not ours.
fn variants(options: &[Value]) -> Option<Form> {
    let (mut arms, mut plain) = (Vec::new(), Vec::new());
    for option in options {
        let object = option.as_object()?;
        if object.get("type").and_then(Value::as_str) == Some("string") {
            plain.extend(words(object)?);
            continue;
        }
        let properties = object.get("properties")?.as_object()?;
        let (name, content) = properties.iter().next().filter(|_| properties.len() == 1)?;
        array(object, "required").filter(|required| required.len() == 1)?;
        let mut arm = shape(content);
        arm.says = text(object, "description").or(arm.says);
        arms.push((name.clone(), arm));
    }
    if arms.is_empty() {
        return Some(Form::Words(plain));
    }
    Some(Form::Variant { arms, words: plain.into_iter().map(|(word, _)| word).collect() })
}

fn table(object: &Map<String, Value>) -> Form {
    let properties = object.get("properties").and_then(Value::as_object);
    let keys = properties.into_iter().flatten().map(|(k, s)| (k.clone(), shape(s))).collect();
    let required = array(object, "required").into_iter().flatten();
    let required = required.filter_map(Value::as_str).map(str::to_owned).collect();
    let patterns = object.get("patternProperties").and_then(Value::as_object);
    let rest = match (object.get("additionalProperties"), patterns) {
        (_, Some(patterns)) if !patterns.is_empty() => Rest::Anything,
        (Some(Value::Bool(false)), _) => Rest::Nothing,
        (Some(named @ Value::Object(_)), _) => Rest::Named(Box::new(shape(named))),
        _ => Rest::Anything,
    };
    Form::Table { keys, required, rest }
}

fn list(object: &Map<String, Value>) -> Form {
    let count = |key: &str| object.get(key).and_then(Value::as_u64).map(|n| n as usize);
    let first = array(object, "prefixItems").into_iter().flatten().map(shape).collect();
    let items = object.get("items").filter(|items| items.is_object()).map(|s| Box::new(shape(s)));
    let (least, most) = (count("minItems").unwrap_or(0), count("maxItems").unwrap_or(usize::MAX));
    Form::List { first, items, least, most }
}

/// The declared range, within what the type can hold.
fn bounds(object: &Map<String, Value>, whole: bool) -> Bounds {
    let number = |key: &str| object.get(key).and_then(Value::as_f64);
    let (low, high) = match object.get("format").and_then(Value::as_str) {
        Some("uint8") => (Some(0.0), Some(f64::from(u8::MAX))),
        Some("uint16") => (Some(0.0), Some(f64::from(u16::MAX))),
        Some("uint32") => (Some(0.0), Some(f64::from(u32::MAX))),
        Some("uint64" | "uint") => (Some(0.0), None),
        Some("int8") => (Some(f64::from(i8::MIN)), Some(f64::from(i8::MAX))),
        Some("int16") => (Some(f64::from(i16::MIN)), Some(f64::from(i16::MAX))),
        Some("int32") => (Some(f64::from(i32::MIN)), Some(f64::from(i32::MAX))),
        _ => (None, None),
    };
    let (min, above) = match number("exclusiveMinimum") {
        Some(min) => (Some(min), true),
        None => (number("minimum").or(low), false),
    };
    let (max, below) = match number("exclusiveMaximum") {
        Some(max) => (Some(max), true),
        None => (number("maximum").or(high), false),
    };
    Bounds { whole, min, max, above, below }
}

impl Bounds {
    /// Whatever is a number at all.
    pub const FINITE: Bounds =
        Bounds { whole: false, min: None, max: None, above: false, below: false };

    /// Whether `x` is within; NaN and infinities never are.
    pub fn hold(&self, x: f64) -> bool {
        let low = self.min.is_none_or(|min| if self.above { x > min } else { x >= min });
        let high = self.max.is_none_or(|max| if self.below { x < max } else { x <= max });
        x.is_finite() && low && high
    }

    /// The range for people, with its unit: `0 to 1000 [reviews]`.
    pub fn describe(&self, unit: Option<&str>) -> String {
        // A whole number is written to its last digit; the cast saturates at what TOML can hold.
        let show = |x: f64| if self.whole { (x as i64).to_string() } else { figure(x) };
        let (min, max) = (self.min.map(show), self.max.map(show));
        let range = match (min, max) {
            (Some(min), Some(max)) if !self.above && !self.below => format!("{min} to {max}"),
            (Some(min), Some(max)) => {
                let low = if self.above { "more than" } else { "at least" };
                let high = if self.below { "less than" } else { "at most" };
                format!("{low} {min} and {high} {max}")
            }
            (Some(min), None) if self.above => format!("more than {min}"),
            (Some(min), None) => format!("{min} or more"),
            (None, Some(max)) if self.below => format!("less than {max}"),
            (None, Some(max)) => format!("{max} or less"),
            (None, None) => "any finite number".to_owned(),
        };
        match unit {
            Some(unit) => format!("{range} [{unit}]"),
            None => range,
        }
    }
}

/// The range of a duration for people.
pub(crate) fn describe_span(min: Option<Span>, max: Option<Span>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or longer"),
        (None, Some(max)) => format!("{max} or shorter"),
        (None, None) => "such as 250ms, 15m or 8w".to_owned(),
    }
}

/// A number without a row of zeros.
fn figure(x: f64) -> String {
    if x != 0.0 && !(1e-4..1e15).contains(&x.abs()) { format!("{x:e}") } else { format!("{x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stand_in_the_last_brackets() {
        for (says, expected) in [
            ("Price of a lot [EUR].", Some("EUR")),
            ("Pull towards the mean [reviews] [M]", Some("reviews")),
            ("See [`Span`] and [this](there).", None),
            ("Change a week [ratio/week]: -0.004 is 0.4 % down.", Some("ratio/week")),
            ("As in [this].\n[this]: there", Some("this")),
            ("Half an interval [0", None),
            ("", None),
        ] {
            assert_eq!(unit(says), expected, "{says}");
        }
    }

    /// What the shape of the scenario says of its keys is all there is to say: none is left to serde.
    #[test]
    fn every_key_of_the_scenario_has_a_shape_of_its_own() {
        fn look(shape: &Shape, path: &str) {
            match &shape.form {
                Form::Any => panic!("only serde can judge {path}"),
                Form::Table { keys, rest, .. } => {
                    keys.iter().for_each(|(key, shape)| look(shape, &format!("{path}.{key}")));
                    match rest {
                        Rest::Anything => panic!("{path} may hold anything"),
                        Rest::Named(shape) => look(shape, &format!("{path}.*")),
                        Rest::Nothing => {}
                    }
                }
                Form::Variant { arms, .. } => {
                    arms.iter().for_each(|(arm, shape)| look(shape, &format!("{path}.{arm}")));
                }
                Form::List { first, items, .. } => {
                    first.iter().chain(items.as_deref()).for_each(|item| look(item, path));
                }
                _ => {}
            }
        }
        let shapes = Shapes::of::<crate::scenario::Scenario>();
        look(&shapes.root, "scenario");
        shapes.types.iter().for_each(|(name, shape)| look(shape, name));
        assert!(shapes.types.len() > 40, "only {} types", shapes.types.len());
    }

    #[test]
    fn ranges_hold_what_they_say() {
        let b = |min, max, above| Bounds { whole: false, min, max, above, below: false };
        let closed = b(Some(0.0), Some(1.0), false);
        for (x, inside) in [(0.0, true), (1.0, true), (-0.1, false), (f64::NAN, false)] {
            assert_eq!(closed.hold(x), inside, "{x}");
        }
        assert!(!b(None, None, false).hold(f64::INFINITY));
        assert!(!b(Some(0.0), None, true).hold(0.0));
        assert_eq!(closed.describe(Some("ratio")), "0 to 1 [ratio]");
        assert_eq!(b(Some(0.0), None, true).describe(None), "more than 0");
        assert_eq!(b(Some(0.0), Some(1.0), true).describe(None), "more than 0 and at most 1");
        assert_eq!(b(Some(1.0), None, false).describe(Some("days")), "1 or more [days]");
        assert_eq!(figure(1e300), "1e300");
        assert_eq!(figure(1_000_000.0), "1000000");
    }
}
