//! Every key of every shipped scenario, and of every ranking policy: what it refuses, and how it says so.
//!
//! The keys are walked beside the schema that the program prints. One call of the program sets all keys
//! wrong at once, so each must have its own line among the errors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use brocante::ranking::POLICIES;
use brocante::scenario::{Extent, Scenario, json_schema, load};
use serde_json::Value;

/// One key that holds a number, a truth value or a word.
struct Leaf {
    /// As `--set` takes it: `a.b.3`.
    set: String,
    /// As errors name it: `a.b[3]`.
    named: String,
    value: toml::Value,
    /// What the schema says of it.
    schema: Value,
}

/// A scenario as `check` is asked for it: a file, with something set on top.
struct Case {
    file: PathBuf,
    sets: Vec<String>,
    leaves: Vec<Leaf>,
}

fn scenario_files(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(under).expect("a folder of scenarios") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            scenario_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "toml") {
            found.push(path);
        }
    }
}

/// Every shipped scenario, and the reference under every ranking policy.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files = Vec::new();
    scenario_files(&folder, &mut files);
    files.sort();
    let mut asked: Vec<(PathBuf, Vec<String>)> =
        files.into_iter().map(|file| (file, vec![])).collect();
    for policy in POLICIES {
        let keys: Vec<_> = policy.reference.lines().map(|line| line.split('#').next()).collect();
        let keys: Vec<_> = keys.into_iter().flatten().map(str::trim).collect();
        let keys: Vec<_> = keys.into_iter().filter(|key| !key.is_empty()).collect();
        let set = format!("ranking.{}={{{}}}", policy.name, keys.join(","));
        asked.push((folder.join("backmarket-2019.toml"), vec![set]));
    }
    let schema = json_schema::<Scenario>(Extent::Whole);
    let case = |(file, sets): (PathBuf, Vec<String>)| {
        let loaded = load(&file, &sets).unwrap_or_else(|error| panic!("{sets:?}: {error}"));
        let whole = toml::from_str(&loaded.resolved).expect("what was resolved is TOML");
        let mut leaves = Vec::new();
        walk(&whole, &schema, &schema, (String::new(), String::new()), &mut leaves);
        Case { file, sets, leaves }
    };
    asked.into_iter().map(case).collect()
}

/// Follows `$ref`, and `anyOf` where it has one option, with the description of the place that refers.
fn resolved(schema: &Value, root: &Value) -> Value {
    let only = schema["anyOf"].as_array().filter(|options| options.len() == 1);
    let mut found = match (schema["$ref"].as_str(), only) {
        (Some(name), _) => root["$defs"][name.trim_start_matches("#/$defs/")].clone(),
        (None, Some(options)) => options[0].clone(),
        (None, None) => return schema.clone(),
    };
    if schema["description"].is_string() {
        found["description"] = schema["description"].clone();
    }
    resolved(&found, root)
}

fn walk(
    value: &toml::Value,
    schema: &Value,
    root: &Value,
    (set, named): (String, String),
    leaves: &mut Vec<Leaf>,
) {
    let schema = resolved(schema, root);
    match value {
        toml::Value::Table(table) => {
            for (key, inner) in table {
                let dot = if set.is_empty() { "" } else { "." };
                let path = (format!("{set}{dot}{key}"), format!("{named}{dot}{key}"));
                walk(inner, &entry(&schema, key, &path.1), root, path, leaves);
            }
        }
        toml::Value::Array(items) => {
            for (i, inner) in items.iter().enumerate() {
                let mut of_item = resolved(&schema["items"], root);
                of_item["description"] = schema["description"].clone();
                walk(
                    inner,
                    &of_item,
                    root,
                    (format!("{set}.{i}"), format!("{named}[{i}]")),
                    leaves,
                );
            }
        }
        _ => leaves.push(Leaf { set, named, value: value.clone(), schema }),
    }
}

/// The schema of what stands at `key` of a table, of a table of named entries, or of a variant.
fn entry(schema: &Value, key: &str, path: &str) -> Value {
    let of_variant = schema["oneOf"].as_array().into_iter().flatten();
    let mut places = of_variant
        .map(|option| &option["properties"][key])
        .chain([&schema["properties"][key], &schema["additionalProperties"]]);
    places.find(|found| found.is_object()).unwrap_or_else(|| panic!("no schema of {path}")).clone()
}

impl Case {
    /// The errors, by key, when `wrong` is set on top.
    fn check(&self, wrong: &[(&Leaf, String)]) -> BTreeMap<String, Value> {
        let mut command = Command::new(cargo_bin!("brocante"));
        command.args(["check", "--format", "json"]).arg(&self.file);
        for set in &self.sets {
            command.args(["--set", set]);
        }
        for (leaf, value) in wrong {
            command.args(["--set", &format!("{}={value}", leaf.set)]);
        }
        let output = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{}: {said}", self.file.display());
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let errors = answer["errors"].as_array().expect("a list of errors").iter();
        errors
            .map(|error| (error["key"].as_str().unwrap_or("").to_owned(), error.clone()))
            .collect()
    }

    fn numbers(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(|leaf| leaf.value.is_float() || leaf.value.is_integer())
    }
}

/// Sets every leaf wrong at once, and holds its error to be there, about this key, with `class`.
fn refuses(
    case: &Case,
    wrong: &[(&Leaf, String)],
    class: &str,
    look: impl Fn(&Leaf, &str, &Value),
) {
    let errors = case.check(wrong);
    for (leaf, value) in wrong {
        let error = errors.get(&leaf.named);
        let error = error.unwrap_or_else(|| panic!("{} = {value} was let through", leaf.named));
        assert_eq!(error["class"], class, "{} = {value}: {error}", leaf.named);
        look(leaf, value, error);
    }
    assert_eq!(errors.len(), wrong.len(), "other keys were blamed: {errors:?}");
}

#[test]
fn no_number_may_be_nan_or_infinite() {
    for case in cases() {
        for bad in ["nan", "inf", "-inf"] {
            let floats = case.numbers().filter(|leaf| leaf.schema["type"] == "number");
            let wrong: Vec<_> = floats.map(|leaf| (leaf, bad.to_owned())).collect();
            assert!(wrong.len() > 30, "only {} numbers in {}", wrong.len(), case.file.display());
            refuses(&case, &wrong, "out-of-range", |leaf, bad, error| {
                let says = error["message"].as_str().unwrap_or_default();
                let expected = format!("`{}` is not a finite number", leaf.named);
                assert_eq!((says, error["read"].as_str()), (&*expected, Some(bad)), "{error}");
            });
        }
    }
}

/// The unit in the last brackets of a description, but for the roots of chance, which have none.
fn unit(leaf: &Leaf) -> String {
    let says = leaf.schema["description"].as_str().unwrap_or_default();
    let unit = says.rsplit_once('[').and_then(|(_, rest)| rest.split_once(']'));
    match unit {
        Some((unit, _)) => format!(" [{unit}]"),
        None if leaf.set.ends_with("seed") => String::new(),
        None => panic!("{} has no unit: {says}", leaf.named),
    }
}

/// Also of keys that no shipped scenario has.
#[test]
fn every_number_of_the_schema_has_a_range_and_a_unit() {
    let schema = json_schema::<Scenario>(Extent::Whole);
    let types = schema["$defs"].as_object().expect("types").iter();
    let arms = types.clone().flat_map(|(name, of_type)| {
        let options = of_type["oneOf"].as_array().into_iter().flatten();
        options.map(move |option| (name.as_str(), option))
    });
    let mut numbers = 0;
    let whole = [("the scenario", &schema)];
    let tables = whole.into_iter().chain(types.map(|(name, t)| (name.as_str(), t))).chain(arms);
    for (name, table) in tables {
        for (key, property) in table["properties"].as_object().into_iter().flatten() {
            let number = if property["type"] == "array" { &property["items"] } else { property };
            if !["number", "integer"].iter().any(|kind| number["type"] == *kind) {
                continue;
            }
            numbers += 1;
            let mut told = number.clone();
            told["description"] = property["description"].clone();
            let named = format!("{key} of {name}");
            for end in ["minimum", "maximum"] {
                assert!(number[end].is_number(), "{named} has no {end}: {property}");
            }
            unit(&Leaf { set: key.clone(), named, value: toml::Value::Integer(0), schema: told });
        }
    }
    assert!(numbers > 180, "only {numbers} numbers in the schema");
}

/// A number just outside the bound that the schema names `end`, on the side of `sign`.
fn beyond(leaf: &Leaf, end: &str, sign: f64) -> Option<String> {
    let bound = &leaf.schema[end];
    let whole = leaf.schema["type"] == "integer";
    // The greatest seed is the greatest whole number that TOML has.
    if whole && bound.as_u64() == Some(i64::MAX as u64) {
        return None;
    }
    let bound = bound.as_f64().unwrap_or_else(|| panic!("{} has no {end}", leaf.named));
    let step = if whole { 1.0 } else { 1e-6 * bound.abs().max(1.0) };
    Some(format!("{}", bound + sign * step))
}

#[test]
fn numbers_out_of_range_are_told_with_range_and_unit() {
    for case in cases() {
        for (end, sign) in [("minimum", -1.0), ("maximum", 1.0)] {
            let wrong = case.numbers().filter_map(|leaf| Some((leaf, beyond(leaf, end, sign)?)));
            let wrong: Vec<_> = wrong.collect();
            refuses(&case, &wrong, "out-of-range", |leaf, bad, error| {
                let says = error["message"].as_str().unwrap_or_default();
                assert_eq!(says, format!("`{}` is out of range", leaf.named));
                assert_eq!(error["read"], bad, "{error}");
                let range = [&leaf.schema["minimum"], &leaf.schema["maximum"]];
                let [low, high] = range.map(|bound| bound.as_f64().expect("a bound"));
                let allowed = error["allowed"].as_str().unwrap_or_default();
                let told = allowed.strip_suffix(&unit(leaf)).and_then(|a| a.split_once(" to "));
                let (least, most) = told.unwrap_or_else(|| panic!("{error}"));
                let told = (least.parse::<f64>(), most.parse::<f64>());
                assert_eq!(told, (Ok(low), Ok(high)), "{error}");
            });
        }
    }
}

/// The ends of a range belong to it, by the schema as by the check that comes after it.
#[test]
fn the_ends_of_a_range_are_allowed() {
    for case in cases() {
        for end in ["minimum", "maximum"] {
            let at_end: Vec<_> = case.numbers().map(|l| (l, l.schema[end].to_string())).collect();
            // Together they make a market that cannot be: that is all which may be said of them.
            for (key, error) in case.check(&at_end) {
                assert_ne!(error["class"], "out-of-range", "{key} at its {end}: {error}");
            }
        }
    }
}

#[test]
fn text_in_place_of_a_number_is_told() {
    for case in cases() {
        let others = case.leaves.iter().filter(|leaf| !leaf.value.is_str());
        let wrong: Vec<_> = others.map(|leaf| (leaf, "\"many\"".to_owned())).collect();
        refuses(&case, &wrong, "wrong-type", |_, _, error| {
            assert_eq!(error["read"], "\"many\" (text)", "{error}");
            assert!(error["allowed"].is_string() && error["meaning"].is_string(), "{error}");
        });
    }
}

/// Renames every key that the schema requires, and looks for it by its new name and by its old one.
#[test]
fn a_misspelt_or_missing_key_is_told() {
    let schema = json_schema::<Scenario>(Extent::Whole);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("mine.toml");
    for case in cases() {
        let loaded = load(&case.file, &case.sets).expect("a right scenario");
        for misspelt in [true, false] {
            let mut whole: toml::Value = toml::from_str(&loaded.resolved).expect("TOML");
            let mut changed = Vec::new();
            spoil(&mut whole, &schema, &schema, "", misspelt, &mut changed);
            assert!(changed.len() > 50, "only {} keys required", changed.len());
            std::fs::write(&file, toml::to_string(&whole).expect("TOML")).expect("a file");
            let error = load(&file, &[]).expect_err("keys are missing");
            assert_eq!(error.more, 0);
            for key in changed {
                let about = |p: &&brocante::scenario::Problem| p.key == key;
                let problem = error.problems.iter().find(about);
                let problem = problem.unwrap_or_else(|| panic!("nothing is said of {key}"));
                if misspelt {
                    let right = key.rsplit('.').next().and_then(|k| k.strip_suffix('x'));
                    // Of names as short as the `a` and `b` of a distribution none is like another.
                    let right = right.filter(|name| name.len() > 1);
                    assert_eq!(problem.nearest.as_deref(), right, "{problem:?}");
                } else {
                    assert!(problem.message.contains("lacks the key"), "{problem:?}");
                    assert!(problem.allowed.is_some(), "{problem:?}");
                }
            }
        }
    }
}

/// Takes every required key without keys of its own out of a tree, or renames it; notes where.
fn spoil(
    value: &mut toml::Value,
    schema: &Value,
    root: &Value,
    path: &str,
    misspelt: bool,
    changed: &mut Vec<String>,
) {
    let schema = resolved(schema, root);
    let toml::Value::Table(table) = value else { return };
    let variant = schema["oneOf"].is_array();
    for key in table.keys().cloned().collect::<Vec<_>>() {
        let dot = if path.is_empty() { "" } else { "." };
        let here = format!("{path}{dot}{key}");
        let required =
            schema["required"].as_array().is_some_and(|keys| keys.contains(&key.as_str().into()));
        if table[&key].is_table() {
            spoil(&mut table[&key], &entry(&schema, &key, &here), root, &here, misspelt, changed);
        } else if required && !variant {
            let value = table.remove(&key).expect("a key of the table");
            if misspelt {
                table.insert(format!("{key}x"), value);
                changed.push(format!("{here}x"));
            } else {
                changed.push(here);
            }
        }
    }
}

/// What a run writes beside its results is the scenario that ran.
#[test]
fn a_resolved_scenario_reads_back_as_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("scenario.toml");
    for case in cases() {
        let first = load(&case.file, &case.sets).expect("a right scenario");
        std::fs::write(&file, &first.resolved).expect("a file");
        let again = load(&file, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((again.hash, again.scenario), (first.hash, first.scenario), "{:?}", case.sets);
    }
}
