//! What holds for every scenario: nothing makes the loader panic, and what was resolved reads back.

use brocante::scenario::{Checked, Extent, Issue, json_schema, split_overrides};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::shop::{Policy, RIGHT, Shop, load, load_from, right_set, with};

/// Loads bytes that are most likely wrong. Errors must be drawable too, and lie within the file.
fn survives(bytes: &[u8], set: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), bytes).unwrap();
    if let Err(error) = load_from(folder.path(), set) {
        assert!(!error.problems.is_empty(), "an error without a problem");
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        for problem in error.problems.iter().filter(|problem| problem.file == "mine.toml") {
            let line = problem.line.unwrap_or(1);
            assert!((1..=lines).contains(&line), "line {line} of {lines}: {problem:?}");
        }
        assert!(error.draw(true).contains("error"));
    }
}

/// One change of a text: at a place, takes some bytes away and puts others there.
type Change = (prop::sample::Index, usize, Vec<u8>);

fn change() -> impl Strategy<Value = Change> {
    let pieces =
        ["nan", "[[", "]]", "=", ".", "\"", "{", "}", "\n[", "-", "1e999", "false", "é", "#"];
    let piece = prop::sample::select(pieces.to_vec()).prop_map(|text| text.as_bytes().to_vec());
    let put = prop_oneof![piece, vec(any::<u8>(), 0..4), Just(Vec::new())];
    (any::<prop::sample::Index>(), 0_usize..12, put)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn garbage_never_panics(bytes in vec(any::<u8>(), 0..300), text in "\\PC{0,200}") {
        survives(&bytes, &[]);
        survives(text.as_bytes(), &[]);
    }

    #[test]
    fn a_scenario_with_random_changes_never_panics(changes in vec(change(), 1..5)) {
        let mut bytes = RIGHT.as_bytes().to_vec();
        for (at, gone, put) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + gone).min(bytes.len());
            bytes.splice(at..end, put);
        }
        survives(&bytes, &[]);
    }

    #[test]
    fn random_overrides_never_panic(
        any in "\\PC{0,40}",
        likely in "(weeks|ranking|events|shock|engine)[a-z0-9.=\"'{}\\[\\], \\n-]{0,30}",
    ) {
        survives(RIGHT.as_bytes(), &[&any]);
        survives(RIGHT.as_bytes(), &[&likely, &any]);
        for part in split_overrides(&likely) {
            prop_assert!(likely.contains(&part));
        }
    }

    #[test]
    fn an_override_is_what_the_resolved_scenario_says(
        seed in 0..i64::MAX,
        weeks in 1..=520_u32,
        count in 1..500_u32,
        unit in prop::sample::select(vec!["s", "m"]),
        shrinkage in 0.0..1000.0_f64,
        share in 0.0..1.0_f64,
        label in "\\PC{0,9}",
        shock in any::<bool>(),
        policy in 0..4_usize,
    ) {
        let ranking = [
            "ranking.random={}".to_owned(),
            "ranking={cheapest={}}".to_owned(),
            "ranking.mean-rating.least=8".to_owned(),
            format!("ranking.box.shrinkage={shrinkage:?}"),
        ][policy].clone();
        let sets = [
            format!("seed={seed}"),
            format!("weeks = {weeks}"),
            format!("engine.tick={count}{unit}"),
            format!("countries.fr.share={share:?}"),
            format!("countries={{de={{share={:?}}}}}", 1.0 - share),
            format!("label={}", toml::Value::String(label.clone())),
            format!("events.0.{ranking}"),
            ranking,
            if shock { "shock.defects=9".to_owned() } else { "shock=false".to_owned() },
        ];
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let loaded = right_set(RIGHT, &sets);
        let shop = &loaded.scenario;
        prop_assert_eq!((shop.seed, shop.weeks), (seed as u64, weeks));
        prop_assert_eq!(shop.engine.tick.to_string(), format!("{count}{unit}"));
        prop_assert_eq!(shop.countries["fr"].share, share);
        prop_assert_eq!(shop.label.as_ref(), Some(&label));
        prop_assert_eq!(shop.shock.as_ref().map(|s| s.defects), shock.then_some(9.0));
        prop_assert_eq!(&shop.events[0].ranking, &shop.ranking);
        match &shop.ranking {
            Policy::Box { shrinkage: s } => prop_assert_eq!((policy, *s), (3, shrinkage)),
            other => prop_assert!(policy < 3, "{:?}", other),
        }
        let again = right_set(&loaded.resolved, &[]);
        prop_assert_eq!(&again.scenario, shop);
        prop_assert_eq!(&again.hash, &loaded.hash);
        prop_assert_eq!(&again.resolved, &loaded.resolved);
    }

    #[test]
    fn it_does_not_matter_which_file_of_a_chain_says_a_key(cut in vec(0..3_usize, 9)) {
        // Every [table] of the scenario goes to one of three files, each the base of the next.
        let mut files = [String::new(), "base = \"a.toml\"\n".into(), "base = \"b.toml\"\n".into()];
        let mut parts: Vec<&str> = RIGHT.split("\n\n").collect();
        // Keys outside of tables must come first in whatever file they are in.
        let head = parts.remove(0);
        for (i, line) in head.lines().filter(|line| !line.starts_with('#')).enumerate() {
            files[cut[i]].push_str(&format!("{line}\n"));
        }
        for (i, part) in parts.iter().enumerate() {
            files[cut[i + 2]].push_str(&format!("{part}\n"));
        }
        prop_assume!(!files[0].is_empty());
        let [a, b, mine] = &files;
        let all = [("a.toml", a.as_str()), ("b.toml", b.as_str()), ("mine.toml", mine.as_str())];
        let chained = load(&all, &[]).unwrap();
        prop_assert_eq!(&chained.scenario, &right_set(RIGHT, &[]).scenario);
        prop_assert_eq!(chained.files.len(), 3);
    }
}

#[test]
fn a_file_changes_what_its_base_says() {
    let mine = "# Mine\nbase = \"base.toml\"\nshock = false\n[ranking.cheapest]\n[countries]\n\
                fr.share = 1\nde = false\n[engine]\nquarters = [1, 0, 0, 0]\n";
    let loaded = load(&[("mine.toml", mine), ("base.toml", RIGHT)], &["weeks=8"]).unwrap();
    let shop = loaded.scenario;
    assert!(matches!(shop.ranking, Policy::Cheapest(_)));
    assert_eq!(shop.shock, None);
    assert_eq!(shop.countries.len(), 1);
    assert_eq!(shop.countries["fr"].carrier, "snail");
    assert_eq!(shop.engine.quarters, [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(shop.engine.tick.to_string(), "15m");
    assert_eq!(shop.weeks, 8);
    assert_eq!(loaded.question.as_deref(), Some("Mine"));
    assert!(loaded.resolved.starts_with("# Mine\n"));
    assert!(!loaded.resolved.contains("base"));
}

#[test]
fn the_hash_names_the_values_and_nothing_else() {
    let hash = |text: &str, set: &[&str]| right_set(text, set).hash;
    let right = hash(RIGHT, &[]);
    assert_eq!(right.len(), 16);
    assert_eq!(right, hash(&with("# Does", "# Did"), &[]));
    assert_eq!(right, hash(&with("21", "21.0 # as before"), &[]));
    assert_eq!(right, hash(RIGHT, &["weeks=52"]));
    assert_ne!(right, hash(RIGHT, &["weeks=53"]));
}

#[test]
fn a_long_list_of_mistakes_is_cut() {
    let many: String = (0..5_000).map(|i| format!("key{i} = {i}\n")).collect();
    let error = load(&[("mine.toml", &format!("{many}{RIGHT}"))], &[]).unwrap_err();
    assert_eq!(error.problems.len() + error.more, 5_000);
    let drawn = error.to_string();
    assert!(drawn.ends_with("… and 4980 more"), "{}", &drawn[drawn.len() - 80..]);
}

#[test]
fn nesting_without_end_is_refused() {
    for text in ["[".repeat(500_000), "a.".repeat(500_000), format!("a={}", "[".repeat(900_000))] {
        survives(text.as_bytes(), &[]);
        survives(RIGHT.as_bytes(), &[&format!("{text}=1")]);
    }
}

/// Calls `look` on every object of a schema.
fn every_object(schema: &serde_json::Value, look: &mut dyn FnMut(&serde_json::Value)) {
    match schema {
        serde_json::Value::Object(object) => {
            look(schema);
            object.values().for_each(|inner| every_object(inner, look));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| every_object(item, look)),
        _ => {}
    }
}

#[test]
fn the_schema_for_files_lets_a_base_say_the_rest() {
    let file = json_schema::<Shop>(Extent::File);
    assert_eq!(file["properties"]["base"]["type"], "string");
    assert_eq!(file["additionalProperties"], false);
    assert_eq!(file["required"], serde_json::Value::Null);
    assert_eq!(file["properties"]["weeks"]["maximum"], 520);
    assert_eq!(file["properties"]["label"]["anyOf"][1]["const"], false);
    let arms =
        file["$defs"]["ranking policy"].get("oneOf").or(file["$defs"]["Policy"].get("oneOf"));
    for arm in arms.and_then(|arms| arms.as_array()).expect("arms of the policy") {
        assert_eq!(arm["required"].as_array().map(Vec::len), Some(1), "{arm}");
    }
    let tick = &file["$defs"]["Engine"]["properties"]["tick"];
    assert_eq!(tick["type"], "string");
    assert_eq!(tick["description"], "Length of a tick. Allowed: 1s to 1w");
    let whole = json_schema::<Shop>(Extent::Whole);
    assert_eq!(whole["properties"].get("base"), None);
    assert!(whole["required"].as_array().is_some_and(|keys| keys.contains(&"seed".into())));
    for schema in [&file, &whole] {
        every_object(schema, &mut |object| {
            assert!(object["type"] != "null" && !object["type"].is_array(), "{object}");
            assert!(object["minimum"].is_null() || object["minimum"].is_number(), "{object}");
        });
    }
}

/// The trait asks for nothing but the checks; a type without any has an empty list.
#[test]
fn issues_name_what_is_known() {
    let issue = Issue::unknown("a.b", "carrier", "hair", ["hare", "snail"]);
    assert_eq!(issue.message, "there is no carrier `hair`");
    assert_eq!(issue.known, ["hare", "snail"]);
    assert!(right_set(RIGHT, &[]).scenario.cross_check().is_empty());
}
