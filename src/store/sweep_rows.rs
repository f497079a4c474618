//! `rows.csv` of a sweep, read back: the means of each point.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use super::sweep::{Estimated, PointMeans, Varied};
use super::{RunFolder, StoreError, failed};
use crate::measure::interval::Interval;

/// The table of a sweep: one row a world.
pub const SWEEP_ROWS: &str = "rows.csv";

/// The values of a point by market, metric by metric.
type Markets = Vec<BTreeMap<u32, Vec<f64>>>;

/// The means of every point that has rows, with the intervals over its worlds, of these metrics; nothing
/// where there is no table.
///
/// As in a summary, of several markets each is one value: the mean of its worlds.
///
/// # Errors
/// When the table cannot be read, or a line is not one of a sweep of these keys.
pub fn point_means(
    folder: &RunFolder,
    vary: &[Varied],
    metrics: &[&str],
) -> Result<Option<Vec<PointMeans>>, StoreError> {
    let path = folder.path().join(SWEEP_ROWS);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", &path)(error)),
    };
    let broken =
        |line: u64, says: String| StoreError::Row { path: path.clone(), line, source: says.into() };
    let mut table = csv::Reader::from_reader(io::BufReader::new(file));
    let header = table.headers().map_err(|error| broken(1, reads(&error)))?.clone();
    let column = |name: &str| {
        let at = header.iter().position(|head| head == name);
        at.ok_or_else(|| broken(1, format!("there is no column {name}")))
    };
    let (point, market) = (column("point")?, column("market")?);
    let keys: Vec<usize> =
        vary.iter().map(|varied| column(&varied.key)).collect::<Result<_, _>>()?;
    let columns: Vec<usize> =
        metrics.iter().map(|metric| column(metric)).collect::<Result<_, _>>()?;
    let mut found: BTreeMap<u32, (Vec<String>, Markets)> = BTreeMap::new();
    for (row, line) in table.records().zip(2..) {
        let row = row.map_err(|error| broken(line, reads(&error)))?;
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let number = |at: usize| {
            let says = || broken(line, format!("there is no number in the column {}", &header[at]));
            cell(at).parse::<u32>().map_err(|_| says())
        };
        let (point, market) = (number(point)?, number(market)?);
        let (_, of) = found.entry(point).or_insert_with(|| {
            let values = keys.iter().map(|&at| cell(at).to_owned()).collect();
            (values, vec![BTreeMap::new(); metrics.len()])
        });
        for (markets, &at) in of.iter_mut().zip(&columns).filter(|(_, at)| !cell(**at).is_empty()) {
            let value = cell(at).parse::<f64>().ok().filter(|value| value.is_finite());
            let says = || broken(line, format!("there is no number in the column {}", &header[at]));
            markets.entry(market).or_default().push(value.ok_or_else(says)?);
        }
    }
    let named = |(point, (values, of)): (u32, (Vec<String>, Markets))| PointMeans {
        point,
        values: vary.iter().map(|varied| varied.key.clone()).zip(values).collect(),
        metrics: metrics.iter().map(|name| (*name).to_owned()).zip(of.iter().map(mean)).collect(),
    };
    Ok(Some(found.into_iter().map(named).collect()))
}

/// The mean over worlds of one market, or over the means of several.
fn mean(markets: &BTreeMap<u32, Vec<f64>>) -> Estimated {
    let of = |values: &Vec<f64>| Interval::of(values.iter().copied());
    let interval = match markets.len() {
        0 | 1 => Interval::of(markets.values().flatten().copied()),
        _ => Interval::of(markets.values().filter_map(|values| of(values).mean)),
    };
    Estimated { value: interval.mean, low: interval.low, high: interval.high }
}

fn reads(error: &csv::Error) -> String {
    error.to_string()
}
