//! The keys of `joining`.

use garde::Validate;
use toml::Value;

use super::*;

/// The paths of every number under `value`.
fn numbers(value: &Value, path: Vec<String>, found: &mut Vec<(Vec<String>, bool)>) {
    match value {
        Value::Table(table) => {
            for (key, below) in table {
                let mut path = path.clone();
                path.push(key.clone());
                numbers(below, path, found);
            }
        }
        Value::Float(_) => found.push((path, true)),
        Value::Integer(_) => found.push((path, false)),
        other => panic!("{path:?} is {other}"),
    }
}

fn with(root: &Value, path: &[String], new: Value) -> Value {
    let mut root = root.clone();
    let mut at = &mut root;
    for key in path {
        at = at.get_mut(key.as_str()).expect("the path exists");
    }
    *at = new;
    root
}

fn accepted(value: Value) -> bool {
    JoiningSpec::deserialize(value).is_ok_and(|spec| spec.validate().is_ok())
}

#[test]
fn the_reference_is_valid_and_survives_a_round_trip() {
    let spec = reference();
    spec.validate().expect("within its ranges");
    let again: JoiningSpec = toml::from_str(&toml::to_string(&spec).unwrap()).unwrap();
    assert_eq!(spec, again);
}

#[test]
fn no_number_may_be_absurd_missing_or_misspelt() {
    let root: Value = crate::reference::table("joining");
    let mut found = Vec::new();
    numbers(&root, Vec::new(), &mut found);
    assert!(found.len() > 90, "{} numbers", found.len());
    assert!(accepted(root.clone()));
    for (path, float) in found {
        if float {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e300] {
                assert!(!accepted(with(&root, &path, Value::Float(bad))), "{path:?} = {bad}");
            }
        } else {
            for bad in [-1, i64::from(u32::MAX)] {
                assert!(!accepted(with(&root, &path, Value::Integer(bad))), "{path:?} = {bad}");
            }
        }
        let (key, tables) = path.split_last().unwrap();
        let mut short = root.clone();
        let mut at = &mut short;
        for table in tables {
            at = at.get_mut(table.as_str()).unwrap();
        }
        let value = at.as_table_mut().unwrap().remove(key).unwrap();
        assert!(!accepted(short.clone()), "{path:?} left out");
        let mut at = &mut short;
        for table in tables {
            at = at.get_mut(table.as_str()).unwrap();
        }
        at.as_table_mut().unwrap().insert(format!("{key}s"), value);
        assert!(!accepted(short), "{path:?} misspelt");
    }
}

#[test]
fn the_schema_tells_ranges_and_meanings() {
    let schema = serde_json::to_value(schemars::schema_for!(JoiningSpec)).unwrap();
    let conversion = &schema["$defs"]["LeadsSpec"]["properties"]["conversion"];
    assert_eq!(conversion["maximum"], 1.0, "{conversion}");
    assert!(conversion["description"].as_str().unwrap().contains("sign"));
}
