//! Two paths side by side: what the second costs.

use super::form::{difference, nanos, per_second};
use crate::driver::load::{Op, Part};
use crate::report::numbers::{NONE, fixed};
use crate::report::text::columns;
use crate::store::LoadSummary;

/// The numbers that paths are told apart by.
const TOLD: [&str; 4] = ["mean", "p50", "p99", "p999"];

/// Every operation that both paths did, with the difference and the ratio of the second to the first.
pub(super) fn side_by_side(one: &LoadSummary, two: &LoadSummary) -> String {
    let mut rows = Vec::new();
    for op in Op::ALL {
        for part in [Part::Response, Part::Service] {
            let (a, b) = (one.latency(op, part), two.latency(op, part));
            for name in TOLD {
                if let (Some(a), Some(b)) = (a.get(name), b.get(name)) {
                    let name = if name == "p999" { "p99.9" } else { name };
                    let label = format!("{} {} {name}", op.name(), part.name());
                    rows.push(vec![label, nanos(a), nanos(b), difference(b - a), ratio(a, b)]);
                }
            }
            // Of all but rankings the response alone is told.
            if op != Op::Rank {
                break;
            }
        }
    }
    if let (Some(a), Some(b)) = (one.throughput.achieved, two.throughput.achieved) {
        let sign = if b > a { "+" } else { "" };
        let more = format!("{sign}{}", per_second(b - a));
        rows.push(vec!["achieved".to_owned(), per_second(a), per_second(b), more, ratio(a, b)]);
    }
    let header = ["", &one.setting.path, &two.setting.path, "difference", "times"];
    columns(header.map(str::to_owned).to_vec(), 1, rows)
}

/// How many times as much.
fn ratio(a: f64, b: f64) -> String {
    let ratio = b / a;
    let places = if ratio < 10.0 { 2 } else { 1 };
    if ratio.is_finite() { format!("×{}", fixed(ratio, places)) } else { NONE.to_owned() }
}
