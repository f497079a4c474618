//! Histories on disk.

use super::*;
use crate::measure::{Counts, all_metrics};
use crate::store::{About, WorldName, WorldSummary};

fn summary() -> Summary {
    let about = About {
        command: "run".to_owned(),
        argv: vec![],
        scenario: ScenarioName { name: "quick".to_owned(), hash: "00".to_owned() },
        seed: 42,
        workers: 2,
        wall_s: 0.5,
        sim_s: 0.25,
    };
    let name =
        WorldName { world: 0, market: 0, market_seed: 1, seed: 42, weeks_done: 3, complete: true };
    let metrics = all_metrics();
    let values = [(metrics[0], Some(0.1 + 0.2)), (metrics[1], None)];
    let counts = Counts { events: 100, ..Counts::default() };
    let world = WorldSummary::new(name, crate::history::Digest::default(), counts, &values);
    Summary::new(about, &metrics, vec![world])
}

fn line() -> HistoryLine {
    HistoryLine::of(&summary(), std::time::UNIX_EPOCH)
}

#[test]
fn what_is_written_is_read() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("deep/history.jsonl");
    assert!(!append_history(&path, &[line()]).unwrap());
    assert!(!append_history(&path, &[line(), line()]).unwrap());
    let read = read_history(&path).unwrap();
    assert_eq!((read.lines.len(), read.halves.len()), (3, 0));
    assert_eq!(read.lines[2], line());
    assert_eq!(read.lines[0].metrics["gini"], 0.1 + 0.2, "to the bit");
    assert!(!read.lines[0].metrics.contains_key("late_rate"), "no sample, no number");
    assert_eq!(read.lines[0].metrics["cost.events_per_s"], 400.0);
    assert_eq!(read.lines[0].time, "19700101T000000Z");
}

#[test]
fn half_a_line_is_left_out_and_told_of() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("history.jsonl");
    append_history(&path, &[line()]).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}{}", &whole[..whole.len() / 2])).unwrap();
    let read = read_history(&path).unwrap();
    assert_eq!((read.lines.len(), read.halves), (1, vec![2]));
    // The next line does not end up in it.
    assert!(append_history(&path, &[line()]).unwrap());
    let read = read_history(&path).unwrap();
    assert_eq!((read.lines.len(), read.halves), (2, vec![2]));
}

#[test]
fn what_is_no_history_says_which_line() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("history.jsonl");
    let why = |text: &str| {
        fs::write(&path, text).unwrap();
        read_history(&path).unwrap_err().to_string()
    };
    let good = serde_json::to_string(&line()).unwrap();
    assert!(why(&format!("{good}\n\n[1, 2]\n")).starts_with("line 3 of "));
    assert!(why("not json\n").starts_with("line 1 of "));
    let newer = good.replacen("\"schema\":1", "\"schema\":2", 1);
    assert!(why(&newer).contains("has schema 2, this version reads 1"));
    assert!(read_history(&root.path().join("absent")).is_err());
}
