//! What people read of a load test, seen as they see it.

use super::*;
use crate::report::json;
use crate::store::RunFolder;

fn text(summary: &Summary, responses: Option<&Histogram<u64>>) -> String {
    let folder = Path::new("results/20261122T213704Z-small-load");
    load_text(summary, responses, Some(folder), WIDTH, false)
}

#[test]
fn one_path() {
    let (load, responses) = fixture::direct();
    let summary = fixture::summary(fixture::judged(load), None);
    insta::assert_snapshot!("load_direct", text(&summary, Some(&responses)));
}

#[test]
fn two_paths() {
    let ((direct, _), (actor, responses)) = (fixture::direct(), fixture::actor());
    let summary = fixture::summary(actor, Some(direct));
    insta::assert_snapshot!("load_two_paths", text(&summary, Some(&responses)));
}

#[test]
fn a_search_that_cannot_be_believed() {
    let load = fixture::invalid(fixture::searched(fixture::direct().0));
    insta::assert_snapshot!("load_invalid", text(&fixture::summary(load, None), None));
}

/// Nothing was done, nothing is offered, nothing is known.
#[test]
fn of_nothing() {
    let (direct, _) = fixture::direct();
    let setting =
        crate::store::LoadSetting { mode: "closed:4".to_owned(), arrivals: None, ..direct.setting };
    let load = LoadSummary::new(setting, &crate::store::Measured::default(), vec![]);
    insta::assert_snapshot!("load_of_nothing", text(&fixture::summary(load, None), None));
    assert_eq!(load_text(&crate::report::fixture::run().0, None, None, WIDTH, false), "");
}

#[test]
fn everything_fits_and_colours_say_the_same() {
    let ((direct, responses), (actor, _)) = (fixture::direct(), fixture::actor());
    let direct = fixture::invalid(fixture::searched(fixture::judged(direct)));
    let summary = fixture::summary(direct, Some(fixture::judged(actor)));
    for width in [60, 80, 100] {
        let plain = load_text(&summary, Some(&responses), None, width, false);
        for line in plain.lines() {
            let columns = line.chars().count();
            assert!(columns <= WIDTH.max(width), "{columns} columns: {line}");
            assert_eq!(line, line.trim_end(), "blanks at the end");
        }
        assert!(!plain.contains('\u{1b}'));
        let coloured = load_text(&summary, Some(&responses), None, width, true);
        assert!(coloured.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }
}

#[test]
fn the_fields_of_a_load_stand_at_the_top_and_are_read_back() {
    let load = fixture::searched(fixture::judged(fixture::direct().0));
    let summary = fixture::summary(load, Some(fixture::invalid(fixture::actor().0)));
    let value: serde_json::Value = serde_json::from_str(&json::summary(&summary)).unwrap();
    for part in ["wait", "lag", "service", "response"] {
        for name in ["p50", "p90", "p99", "p999", "p9999", "max", "count"] {
            assert!(value["latency"]["rank"][part][name].is_u64(), "{part}.{name}");
        }
        assert!(value["latency"]["rank"][part]["mean"].is_f64(), "{part}");
    }
    assert!(value["freshness"]["price"]["p99"].is_u64());
    assert!(value["freshness"]["stock"]["p99"].is_null());
    assert_eq!(value["throughput"]["offered"], 20_003.0);
    assert_eq!(value["slo"][0]["expr"], "rank.response.p99 < 50us");
    assert_eq!(
        value["slo"][2],
        serde_json::json!({
            "expr": "freshness.stock.p99 < 10ms", "value": null, "pass": false
        })
    );
    assert_eq!((&value["valid"], &value["max_rate"]), (&true.into(), &8e6.into()));
    assert_eq!(value["invalid_why"], serde_json::json!([]));
    assert_eq!(value["curve"].as_array().unwrap().len(), 5);
    assert_eq!(value["curve"][0]["rate"], 1e6);
    assert_eq!((&value["path"], &value["mode"]), (&"direct".into(), &"open".into()));
    assert_eq!(value["beside"]["valid"], false);
    // To the last bit, through a file.
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(Some(root.path()), root.path(), "scenario", "load").unwrap();
    crate::report::write_load(&folder, "name = \"small\"\n", &summary).unwrap();
    assert!(folder.summary().unwrap() == summary);
    let table = |name: &str| std::fs::read_to_string(root.path().join(name)).unwrap();
    assert_ne!(table("latency.csv"), table("latency-actor.csv"));
    // A summary of a load that lacks a field is refused with its name, and not taken for another's.
    let mut broken = value;
    broken.as_object_mut().unwrap().remove("throughput");
    folder.write("summary.json", broken.to_string()).unwrap();
    let error = std::error::Error::source(&folder.summary().unwrap_err()).unwrap().to_string();
    assert!(error.contains("missing field `throughput`"), "{error}");
    // Other commands have none of it.
    let (run, _) = crate::report::fixture::run();
    let run: serde_json::Value = serde_json::from_str(&json::summary(&run)).unwrap();
    for name in
        ["latency", "freshness", "throughput", "slo", "valid", "curve", "path", "beside", "load"]
    {
        assert!(run.get(name).is_none(), "{name}");
    }
}
