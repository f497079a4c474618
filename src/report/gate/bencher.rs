//! What a gate measured, as Bencher Metric Format: `{"benchmark": {"measure": {"value": …}}}`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::experiment::gate::{Gated, Verdict};

/// Every value that was seen, with its interval where it has one. The benchmark is the metric, and where
/// several things were asked about the thing before it; the measure is named by the unit: `latency` [ns]
/// and `throughput` [1/s] are those that Bencher has built in.
///
/// The format: <https://bencher.dev/docs/reference/bencher-metric-format>.
pub fn gate_bencher(gated: &Gated) -> String {
    let asked: BTreeSet<&str> = gated.findings.iter().map(|it| it.of.as_str()).collect();
    let mut benchmarks = Map::new();
    // What a restless machine made of it is no measurement.
    let believed = gated.findings.iter().filter(|finding| finding.verdict != Verdict::Invalid);
    for finding in believed {
        let Some(value) = finding.value.filter(|value| value.is_finite()) else { continue };
        let mut metric = Map::new();
        metric.insert("value".to_owned(), json!(value));
        for (name, end) in [("lower_value", finding.low), ("upper_value", finding.high)] {
            if let Some(end) = end.filter(|end| end.is_finite()) {
                metric.insert(name.to_owned(), json!(end));
            }
        }
        let name = benchmark(&finding.name);
        let name = if asked.len() > 1 { format!("{}/{name}", finding.of) } else { name.to_owned() };
        let measures = benchmarks.entry(clipped(&name, 1_024)).or_insert_with(|| json!({}));
        if let Value::Object(measures) = measures {
            // Of several thresholds on one metric the first has said it.
            measures.entry(measure(&finding.unit)).or_insert(Value::Object(metric));
        }
    }
    format!("{:#}\n", Value::Object(benchmarks))
}

/// The metric that a threshold is about, or the whole name of what is no threshold.
fn benchmark(name: &str) -> &str {
    name.split(['<', '>', '=', '!']).next().unwrap_or(name).trim()
}

/// The slug of a measure: letters, digits and dashes, 64 at most.
fn measure(unit: &str) -> String {
    match unit {
        "ns" => "latency".to_owned(),
        "1/s" => "throughput".to_owned(),
        "" => "value".to_owned(),
        "%" => "percent".to_owned(),
        unit => {
            let dashed =
                |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
            clipped(&unit.chars().map(dashed).collect::<String>(), 64)
        }
    }
}

fn clipped(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
