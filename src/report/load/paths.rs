//! Two paths side by side: what the second costs.

use super::form::{difference, nanos, per_second};
use crate::driver::load::{Op, Part};
use crate::report::numbers::{NONE, fixed};
use crate::report::text::columns;
use crate::store::LoadSummary;

/// Every operation that both paths did, with the difference and the ratio of the second to the first:
/// most of rankings, of the others the response in two numbers.
pub(super) fn side_by_side(one: &LoadSummary, two: &LoadSummary) -> String {
    let mut rows = Vec::new();
    for op in Op::ALL {
        let told: &[(Part, &[&str])] = match op {
            Op::Rank => &[
                (Part::Response, &["mean", "p50", "p99", "p999"]),
                (Part::Service, &["mean", "p50", "p99", "p999"]),
            ],
            _ => &[(Part::Response, &["p50", "p99"])],
        };
        for &(part, names) in told {
            let (a, b) = (one.latency(op, part), two.latency(op, part));
            for &name in names {
                let Some((a, b)) = a.get(name).zip(b.get(name)) else { continue };
                let name = if name == "p999" { "p99.9" } else { name };
                let label = format!("{} {} {name}", op.name(), part.name());
                rows.push(vec![label, nanos(a), nanos(b), difference(b - a), ratio(a, b)]);
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
