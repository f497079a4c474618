//! `run --facts`: the file says what happened, to whoever reads it.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

use crate::worlds::{SMALL, path};

#[test]
fn what_is_written_can_be_read() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let mut command = Command::new(cargo_bin!("brocante"));
    command.arg("run").arg(path(SMALL)).arg("--out").arg(&out).arg("--facts");
    command.args(["--weeks", "3", "--replications", "2"]);
    command.args(["--set", "shoppers.visits_per_week=2000.0", "--quiet"]);
    assert!(command.output().unwrap().status.success());
    let summary = std::fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();

    let reader = SerializedFileReader::new(File::open(out.join("facts.parquet")).unwrap()).unwrap();
    let notes = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let note = |key: &str| {
        let found = notes.iter().find(|note| note.key == format!("brocante:{key}"));
        found.and_then(|note| note.value.clone()).unwrap_or_else(|| panic!("no note {key}"))
    };
    assert_eq!(note("scenario_hash"), summary["scenario"]["hash"].as_str().unwrap());
    let digests: Value = serde_json::from_str(&note("worlds")).unwrap();
    assert_eq!(digests[1]["digest"], summary["worlds"][1]["digest"]);

    // By world: facts of each kind, the cents of orders, the stars of reviews.
    let mut kinds: BTreeMap<(i64, String), u64> = BTreeMap::new();
    let (mut rows, mut paid, mut stars) = (0_u64, [0_i64; 2], [(0_i64, 0_i64); 2]);
    for row in reader.get_row_iter(None).unwrap() {
        let row: BTreeMap<String, Field> = row
            .unwrap()
            .get_column_iter()
            .map(|(name, field)| (name.clone(), field.clone()))
            .collect();
        let number = |name: &str| match row.get(name) {
            Some(Field::Int(n)) => Some(i64::from(*n)),
            Some(Field::Long(n)) => Some(*n),
            Some(Field::UInt(n)) => Some(i64::from(*n)),
            Some(Field::UByte(n)) => Some(i64::from(*n)),
            Some(Field::UShort(n)) => Some(i64::from(*n)),
            Some(Field::ULong(n)) => i64::try_from(*n).ok(),
            _ => None,
        };
        let Some(Field::Str(kind)) = row.get("kind") else { panic!("no kind in {row:?}") };
        let world = number("world").unwrap();
        rows += 1;
        *kinds.entry((world, kind.to_lowercase())).or_default() += 1;
        if kind.eq_ignore_ascii_case("bought") {
            paid[world as usize] += number("price_cents").unwrap();
        }
        if kind.eq_ignore_ascii_case("reviewed") {
            let (sum, n) = stars[world as usize];
            stars[world as usize] = (sum + number("stars").unwrap(), n + 1);
        }
    }
    assert_eq!(summary["counts"]["facts"], rows);
    for (n, world) in summary["worlds"].as_array().unwrap().iter().enumerate() {
        let of = |kind: &str| kinds.get(&(n as i64, kind.to_owned())).copied().unwrap_or(0);
        for (kind, count) in [
            ("shown", "sessions"),
            ("bought", "orders"),
            ("reviewed", "reviews"),
            ("returned", "returns"),
            ("repriced", "repricings"),
        ] {
            assert_eq!(world["counts"][count], of(kind), "{kind} of {kinds:?}");
        }
        assert!(of("bought") > 50, "{kinds:?}");
        let gmv = world["metrics"]["gmv"].as_f64().unwrap();
        assert!((gmv - paid[n] as f64 / 100.0).abs() < 0.01, "{gmv} EUR and {} cents", paid[n]);
        let mean = world["metrics"]["mean_stars"].as_f64().unwrap();
        assert!((mean - stars[n].0 as f64 / stars[n].1 as f64).abs() < 1e-9, "{mean} stars");
    }
}
