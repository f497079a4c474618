//! How a finding's numbers look.

use crate::experiment::gate::Finding;
use crate::report::load::form::{nanos, per_second};
use crate::report::numbers::{NONE, figures, fixed};

/// A value in its unit. Budgets are about small differences: four figures.
pub fn shown(value: f64, unit: &str) -> String {
    match unit {
        "ns" => nanos(value),
        "1/s" => per_second(value),
        "bytes" => format!("{} MiB", figures(value / 1_048_576.0, value / 10_485_760.0)),
        "EUR" => format!("EUR {}", number(value)),
        "" | "ratio" | "count" | "correlation" => number(value),
        unit => format!("{} {unit}", number(value)),
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return fixed(value, 0);
    }
    figures(value, value / 10.0)
}

/// The value, or a dash.
pub fn value(finding: &Finding) -> String {
    finding.value.map_or_else(|| NONE.to_owned(), |value| shown(value, &finding.unit))
}

/// `0.91 to 0.93`; nothing where there is no interval.
pub fn interval(finding: &Finding) -> Option<String> {
    let (low, high) = (finding.low?, finding.high?);
    Some(format!("{} to {}", shown(low, &finding.unit), shown(high, &finding.unit)))
}

/// What is allowed, or nothing.
pub fn limit(finding: &Finding) -> Option<String> {
    finding.limit.map(|limit| shown(limit, &finding.unit))
}
