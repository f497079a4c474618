//! The JSON Schema of a scenario file, for editors.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::shape::describe_span;
use crate::quantity::Span;

/// What the schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// A file as people write it. It may have a `base`, and whoever has one may leave out any key; so no
    /// key is required (a schema sees one file, never the chain: whether the whole is complete is what
    /// [`load()`](super::load()) says). `false` switches off what may be absent.
    File,
    /// A scenario that stands by itself, such as the `scenario.toml` of a run folder: no `base`, and
    /// every key that has to be there is required.
    Whole,
}

/// The JSON Schema (draft 2020-12) of `T`.
pub fn json_schema<T: JsonSchema>(extent: Extent) -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    adapt(&mut schema, extent);
    if let (Extent::File, Some(keys)) = (extent, schema.get_mut("properties")) {
        keys["base"] = json!({
            "description": "Another scenario file, relative to this one, whose keys hold where this \
                            file has none of its own.",
            "type": "string",
            "minLength": 1,
        });
    }
    schema
}

fn adapt(schema: &mut Value, extent: Extent) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| adapt(item, extent)),
        Value::Object(object) => {
            plain_span(object);
            without_null(object, extent);
            let table = object.get("type").is_some_and(|kind| kind == "object");
            if extent == Extent::File && table {
                object.shift_remove("required");
                if let Some(named @ Value::Object(_)) = object.get_mut("additionalProperties") {
                    let entry = named.take();
                    *named = json!({ "anyOf": [entry, OFF.clone()] });
                }
            }
            for (key, inner) in object.iter_mut() {
                match (key.as_str(), inner) {
                    ("oneOf", Value::Array(options)) => {
                        options.iter_mut().for_each(|option| adapt_variant(option, extent));
                    }
                    // What stands under these is data, not schema.
                    ("enum" | "const" | "default" | "examples" | "required", _) => {}
                    (_, inner) => adapt(inner, extent),
                }
            }
        }
        _ => {}
    }
}

/// A variant keeps the key that names it: without that it would be no variant.
fn adapt_variant(option: &mut Value, extent: Extent) {
    let required = option.get("required").cloned();
    adapt(option, extent);
    if let (Some(object), Some(required)) = (option.as_object_mut(), required) {
        object.insert("required".to_owned(), required);
    }
}

static OFF: std::sync::LazyLock<Value> = std::sync::LazyLock::new(
    || json!({ "description": "Switches off what the base has.", "const": false }),
);

/// A duration is text to an editor; its bounds, which JSON Schema has no word for, are told.
fn plain_span(object: &mut Map<String, Value>) {
    if object.get("format").is_none_or(|format| format != "span") {
        return;
    }
    let mut bound = |key: &str| object.shift_remove(key)?.as_str()?.parse::<Span>().ok();
    let range = describe_span(bound("minimum"), bound("maximum"));
    let says = object.get("description").and_then(Value::as_str).unwrap_or("A duration.");
    let says = format!("{says} Allowed: {range}");
    object.insert("description".to_owned(), says.into());
    if let Some(Value::Array(kinds)) = object.get_mut("type") {
        kinds.retain(|kind| kind != "number");
        if kinds.len() == 1 {
            object.insert("type".to_owned(), "string".into());
        }
    }
    object.shift_remove("format");
}

/// TOML has no null. What may be absent may be switched off by `false` in a file with a base.
fn without_null(object: &mut Map<String, Value>, extent: Extent) {
    let null = |value: &Value| value == "null" || value.get("type").is_some_and(|t| t == "null");
    if let Some(Value::Array(options)) = object.get_mut("anyOf")
        && options.iter().any(null)
    {
        options.retain(|option| !null(option));
        if extent == Extent::File {
            options.push(OFF.clone());
        }
    }
    let Some(Value::Array(kinds)) = object.get_mut("type") else { return };
    if !kinds.iter().any(null) {
        return;
    }
    kinds.retain(|kind| !null(kind));
    if kinds.len() == 1 {
        let kind = kinds.remove(0);
        object.insert("type".to_owned(), kind);
    }
    if extent == Extent::File && object.get("type").is_none_or(|kind| kind != "boolean") {
        let says = object.shift_remove("description");
        let inner = std::mem::take(object);
        object.extend(says.map(|says| ("description".to_owned(), says)));
        object.insert("anyOf".to_owned(), json!([inner, OFF.clone()]));
    }
}
