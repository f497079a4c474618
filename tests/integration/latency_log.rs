//! `latency.hlog` and `latency.csv` say the same, and the log is one that HdrHistogram's tools read.
//!
//! With `BROCANTE_LATENCY_FOLDER` set to a new or empty folder both files are left there, for another
//! implementation to read (`tests/read_hlog.py`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use brocante::driver::load::{Freshness, Latencies, Op, Part, Second, Write};
use brocante::report::latency_csv;
use brocante::rng::mix64;
use brocante::store::{LatencyLog, LoadSetting, LoadSummary, Measured, RunFolder};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

/// 2026-11-22T21:37:04Z and a half.
fn began() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_795_383_424_500)
}

/// Times from 0 ns to some minutes: evenly over the powers of two.
fn drawn(i: u64) -> u64 {
    let bits = mix64(i) % 38;
    mix64(i ^ 0xabcd) & ((1 << bits) - 1)
}

/// A second in which nothing was restocked, and in the third nothing but rankings was done.
fn second(n: u64) -> Second {
    let mut latencies = Latencies::default();
    let mut freshness = Freshness::default();
    for i in 0..2_000 {
        let op = if n == 2 { Op::Rank } else { Op::ALL[(mix64(i) % 4) as usize] };
        for (part, about) in Part::ALL.into_iter().zip(0..) {
            latencies.of_mut(op, part).record(drawn(8_000 * n + 4 * i + about)).unwrap();
        }
        if op == Op::Reprice {
            freshness.of_mut(Write::Price).record(drawn(i)).unwrap();
        }
    }
    // The last second is not a whole one.
    let length = if n == 4 { 250_000_000 } else { 1_000_000_000 };
    let start = n * 1_000_000_000;
    Second { start, length, latencies, offered: None, backlog: 0, overflow: 0, freshness }
}

fn write(folder: &Path) -> LoadSummary {
    let folder = RunFolder::create(Some(folder), folder, "small", "load").unwrap();
    let mut log = LatencyLog::begin(&folder, "latency.hlog", began()).unwrap();
    let mut measured = Measured::default();
    for second in (0..5).map(second) {
        log.second(&second).unwrap();
        measured.add(&second);
    }
    let unfinished: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert!(unfinished.iter().all(|entry| entry.file_name() != "latency.hlog"), "not yet whole");
    log.finish().unwrap();
    let setting = LoadSetting {
        path: "direct".to_owned(),
        mode: "closed:1".to_owned(),
        arrivals: None,
        stages: None,
        drivers: 1,
        warmup_weeks: 0,
        batch: 1,
        sample_calls: 1,
        serving: "scored at the read".to_owned(),
    };
    let load = LoadSummary::new(setting, &measured, vec![]);
    folder.write("latency.csv", latency_csv(&load, Vec::new()).unwrap()).unwrap();
    load
}

#[test]
fn the_log_holds_what_was_recorded() {
    let temporary = tempfile::tempdir().unwrap();
    let left = std::env::var_os("BROCANTE_LATENCY_FOLDER");
    let folder = left.as_deref().map_or(temporary.path(), Path::new);
    let load = write(folder);
    let text = fs::read_to_string(folder.join("latency.hlog")).unwrap();
    assert!(text.starts_with("#[Histogram log format version 1.3]\n"), "{text:.300}");
    assert!(text.contains("\n#[StartTime: 1795383424.500 (seconds since epoch)]\n"));
    assert!(text.contains("\n\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","));
    let mut merged: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
    let mut seconds = Vec::new();
    let mut decoder = Deserializer::new();
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        let LogEntry::Interval(line) = entry.unwrap() else { continue };
        use base64::Engine;
        let engine = base64::engine::general_purpose::STANDARD;
        let bytes = engine.decode(line.encoded_histogram()).unwrap();
        let one: Histogram<u64> = decoder.deserialize(&mut bytes.as_slice()).unwrap();
        assert!(!one.is_empty());
        assert!((line.max() - one.max() as f64 / 1e6).abs() < 1e-3, "the longest, in ms");
        let tag = line.tag().unwrap().as_str().to_owned();
        seconds.push((line.start_timestamp().as_secs(), tag.clone(), line.duration()));
        merged.entry(tag).or_insert_with(|| Histogram::new(3).unwrap()).add(&one).unwrap();
    }
    // Four parts of four operations and one freshness, but in the third second those of one alone.
    assert_eq!(seconds.len(), 4 * 17 + 4);
    let of_third: Vec<_> = seconds.iter().filter(|(second, ..)| *second == 2).collect();
    assert!(of_third.iter().all(|(_, tag, _)| tag.starts_with("rank.")), "{of_third:?}");
    assert!(seconds.is_sorted_by_key(|(second, ..)| *second));
    assert_eq!(seconds.last().unwrap().2, Duration::from_millis(250));
    for op in Op::ALL {
        for part in Part::ALL {
            let (told, read) =
                (load.latency(op, part), merged.get(&format!("{}.{}", op.name(), part.name())));
            assert_eq!(told.count, read.map_or(0, Histogram::len), "{op:?} {part:?}");
            assert_eq!(told.p99, read.map(|read| read.value_at_quantile(0.99)));
            assert_eq!(told.max, read.map(Histogram::max));
        }
    }
    assert_eq!(merged["freshness.price"].len(), load.freshness(Write::Price).count);
    assert_eq!(merged.len(), 17);
}

#[test]
fn a_log_that_was_not_finished_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(Some(root.path()), root.path(), "small", "load").unwrap();
    let mut log = LatencyLog::begin(&folder, "latency.hlog", began()).unwrap();
    log.second(&second(0)).unwrap();
    drop(log);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}
