//! `latency.csv`: every percentile of a load test, one row an (operation, part).

use std::io::{self, Write};

use crate::driver::load::{Op, Part, Write as Written};
use crate::store::{LoadSummary, Percentiles};

/// The columns; times are nanoseconds.
const COLUMNS: [&str; 10] =
    ["op", "part", "count", "mean", "p50", "p90", "p99", "p999", "p9999", "max"];

/// Writes the table [ns]. Operations come in the order in which they are told, and after them
/// `freshness`, whose parts are the kinds of writes. What was not recorded is an empty cell, never 0.
///
/// # Errors
/// When it cannot be written.
pub fn latency_csv<W: Write>(load: &LoadSummary, out: W) -> io::Result<W> {
    let mut table = ::csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for op in Op::ALL {
        for part in Part::ALL {
            table.write_record(row(op.name(), part.name(), &load.latency(op, part)))?;
        }
    }
    for write in Written::ALL {
        table.write_record(row("freshness", write.name(), &load.freshness(write)))?;
    }
    crate::report::csv::whole(table)
}

fn row(op: &str, part: &str, of: &Percentiles) -> [String; 10] {
    let cell = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    [
        op.to_owned(),
        part.to_owned(),
        of.count.to_string(),
        of.mean.map_or_else(String::new, |mean| mean.to_string()),
        cell(of.p50),
        cell(of.p90),
        cell(of.p99),
        cell(of.p999),
        cell(of.p9999),
        cell(of.max),
    ]
}

#[cfg(test)]
mod tests {
    use crate::report::load::fixture;

    #[test]
    fn every_part_has_a_row_and_nothing_is_no_0() {
        let load = fixture::direct().0;
        let csv = String::from_utf8(super::latency_csv(&load, Vec::new()).unwrap()).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 1 + 5 * 4 + 3);
        assert_eq!(lines[0], "op,part,count,mean,p50,p90,p99,p999,p9999,max");
        let rank = load.latency["rank"]["response"];
        let start = format!("rank,response,{},{},", rank.count, rank.mean.unwrap());
        assert!(lines.iter().any(|line| line.starts_with(&start)), "{csv}");
        assert!(lines.contains(&"restock,wait,0,,,,,,,"), "{csv}");
        assert!(lines.contains(&"freshness,stock,0,,,,,,,"), "{csv}");
    }
}
