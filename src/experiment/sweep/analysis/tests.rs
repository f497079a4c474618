use super::*;
use crate::experiment::{Design, Kind, Replications, read_factors};
use crate::history::Digest;
use crate::measure::{Better, all_metrics};
use crate::scenario::{Draft, Scenario};
use crate::store::{WorldName, WorldSummary};
use std::path::Path;

fn design(kind: Kind, texts: &[&str], points: Option<u32>) -> Design {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
    let draft: Draft<Scenario> = Draft::read(&path).unwrap();
    let own = draft.load(&[]).unwrap().scenario;
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    Design::new(kind, read_factors(&texts, &draft, &own).unwrap(), points, 42).unwrap()
}

/// Two metrics of opposite directions.
fn metrics() -> Vec<&'static Metric> {
    let of = |better| all_metrics().into_iter().find(|m| m.better == better).expect("a metric");
    vec![of(Better::Lower), of(Better::Higher)]
}

/// The text of the rows, where `f` says what a world of a point has of each metric.
fn rows(table: &Table<'_>, f: impl Fn(u32, u32) -> [Option<f64>; 2]) -> String {
    let worlds = table.worlds.worlds() as u32;
    let world = |point: u32, world: u32| {
        let market = world / table.worlds.each;
        let name =
            WorldName { world, market, market_seed: 1, seed: 1, weeks_done: 1, complete: true };
        let values: Vec<_> = table.metrics.iter().copied().zip(f(point, world)).collect();
        WorldSummary::new(
            name,
            Digest::default(),
            Counts { orders: 2, ..Counts::default() },
            &values,
        )
    };
    let point = |point: u32| {
        let all: Vec<_> = (0..worlds).map(|n| world(point, n)).collect();
        table.lines(point, &all)
    };
    (0..table.design.points()).map(point).collect()
}

fn number(design: &Design, point: u32, factor: usize) -> f64 {
    design.setting(point, factor).text.parse().expect("a number")
}

#[test]
fn rows_are_read_as_they_were_written() {
    let design = design(Kind::Grid, &["ranking={cheapest={}},box", "weeks=2,3"], None);
    let metrics = metrics();
    let table =
        Table { design: &design, worlds: Replications { markets: 2, each: 2 }, metrics: &metrics };
    let text = rows(&table, |point, world| {
        [Some(0.1 + f64::from(point) / 3.0), (world > 0).then_some(1e-9)]
    });
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len() as u64, table.rows()), (16, 16));
    assert!(table.header().starts_with("point,market,world,ranking,weeks,digest,sessions,"));
    assert!(lines[3].starts_with("0,1,3,{cheapest={}},2,"), "{}", lines[3]);
    let same = csv_cells(&table.header()) == csv_cells(lines[0]);
    assert!(same, "{}\n{}", table.header(), lines[0]);
    for (n, line) in lines.iter().enumerate() {
        let row = table.read(n as u64, line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(row.counts.orders, 2);
        let point = (n / 4) as f64;
        assert_eq!(row.values, [Some(0.1 + point / 3.0), (n % 4 > 0).then_some(1e-9)]);
        assert!(
            !table.is_row(n as u64 + 1, line) && !table.is_row(n as u64, &line[..line.len() - 5])
        );
    }
}

fn csv_cells(line: &str) -> usize {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    reader.records().next().unwrap().unwrap().len()
}

#[test]
fn a_grid_of_numbers_and_names() {
    // The first metric falls by the number and is 10 less for cheapest; the second is missing for it.
    let design = design(Kind::Grid, &["market.slate_length=2..6:5", "ranking=box,cheapest"], None);
    let metrics = metrics();
    let table =
        Table { design: &design, worlds: Replications { markets: 1, each: 3 }, metrics: &metrics };
    let f = |point: u32, world: u32| {
        let (length, cheap) = (number(&design, point, 0), point % 2 == 1);
        let noise = f64::from(world) - 1.0;
        let good = (!cheap).then_some(length);
        [Some(noise - length - if cheap { 10.0 } else { 0.0 }), good]
    };
    let found = analyse(&table, rows(&table, f).as_bytes(), &[0, 1], 1).unwrap();
    assert_eq!((found.counts.orders, found.sweep.points_done), (60, 10));
    assert_eq!(found.sweep.sensitivity.method, Method::StandardisedRegression);
    let lower = &found.sweep.sensitivity.metrics[metrics[0].name];
    assert!((lower.r2.unwrap() - 1.0).abs() < 1e-9, "{lower:?}");
    // Of variance 2 and 25: √(2/27) and √(25/27), largest first.
    let signed = |key: &KeySensitivity| key.coefficient.and_then(|c| c.value).unwrap();
    assert_eq!(lower.keys[0].key, "ranking");
    assert_eq!(lower.keys[0].level.as_deref(), Some("cheapest"));
    assert!((signed(&lower.keys[0]) + (25.0_f64 / 27.0).sqrt()).abs() < 1e-9, "{lower:?}");
    assert!((signed(&lower.keys[1]) + (2.0_f64 / 27.0).sqrt()).abs() < 1e-9, "{lower:?}");
    let higher = &found.sweep.sensitivity.metrics[metrics[1].name];
    assert_eq!((higher.n, higher.r2), (5, None), "{higher:?}");
    assert!(higher.why.as_deref().unwrap().contains("a key is the same"), "{higher:?}");
    // Longest is best in both, among the points that have both.
    let pareto = found.sweep.pareto.unwrap();
    assert_eq!(pareto.left_out, 5);
    assert_eq!(pareto.points.iter().map(|p| p.point).collect::<Vec<_>>(), [8]);
    assert_eq!(pareto.points[0].values["market.slate_length"], "6");
    let value = pareto.points[0].metrics[metrics[0].name];
    // Noise −1, 0, 1: mean 0, t(2) = 4.303, error 1/√3.
    assert_eq!(value.value, Some(-6.0));
    assert!((value.high.unwrap() + 6.0 - 4.302_653 / 3.0_f64.sqrt()).abs() < 1e-5, "{value:?}");
    assert_eq!(found.sweep.means.len(), 10);
    assert_eq!(found.metrics[metrics[0].name].value, Some(-9.0));
}

#[test]
fn a_sobol_design_gives_indices_and_a_part_of_it_too() {
    let keys = ["sellers.supply=0.5..1.5", "shoppers.visits_per_week=100..300"];
    let design = design(Kind::Sobol, &keys, Some(2_048));
    let metrics = metrics();
    let table =
        Table { design: &design, worlds: Replications { markets: 1, each: 1 }, metrics: &metrics };
    // Variances 1/12 and 9/12 of x + 3y; of xy on (½, 1½)², where Var = 2/12 + 1/144: S 12/25 each.
    let f = |point: u32, _: u32| {
        let (x, y) = (number(&design, point, 0), number(&design, point, 1) / 200.0);
        [Some(x + 3.0 * y), Some(x * y)]
    };
    let text = rows(&table, f);
    for (part, within) in [(2_048, 0.02), (1_001, 0.05)] {
        let some: String = text.lines().take(part).map(|line| format!("{line}\n")).collect();
        let found = analyse(&table, some.as_bytes(), &[], 1).unwrap();
        assert_eq!((found.sweep.points_done as usize, found.sweep.pareto), (part, None));
        assert_eq!(found.sweep.sensitivity.method, Method::SobolIndices);
        let sum = &found.sweep.sensitivity.metrics[metrics[0].name];
        assert_eq!(sum.n, part / 4);
        assert_eq!(sum.keys[0].key, "shoppers.visits_per_week");
        let of = |e: Option<Estimated>| e.and_then(|e| e.value).unwrap();
        assert!((of(sum.keys[0].first) - 0.9).abs() < within, "{sum:?}");
        assert!((of(sum.keys[1].total) - 0.1).abs() < within, "{sum:?}");
        let product = &found.sweep.sensitivity.metrics[metrics[1].name];
        for key in &product.keys {
            assert!((of(key.first) - 0.48).abs() < within, "{key:?}");
            assert!((of(key.total) - 0.52).abs() < within, "{key:?}");
        }
    }
    let none = analyse(&table, &b""[..], &[0], 1).unwrap();
    assert_eq!((none.digest.as_str(), none.sweep.points_done), ("", 0));
    assert_eq!(none.metrics[metrics[0].name].value, None);
    assert!(none.sweep.sensitivity.metrics[metrics[0].name].why.is_some());
}
