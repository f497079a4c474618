//! The arms of a comparison week by week, one over the other.

use std::collections::BTreeMap;

use super::{Axis, Chart, Colour, Layer, Point, Section, Shape};
use crate::measure::interval::Interval;
use crate::measure::{Better, WeekRow, all_metrics};
use crate::report::numbers::capital;
use crate::report::sweep::{HEADLINE, direction};
use crate::store::{ArmSummary, OfWorld, RunFolder, StoreError, Summary};

/// Pictures of weekly metrics at most; the tables have all.
const MOST_CHARTS: usize = 8;

/// An arm with the rows of its worlds.
type Rows<'a> = (&'a ArmSummary, Vec<OfWorld<WeekRow>>);

/// Curves of the metrics that are told week by week: those of these names first, then what is told of any
/// market. Nothing where no arm has a table.
pub(super) fn section(
    folder: &RunFolder,
    summary: &Summary,
    first: &[&str],
) -> Result<Option<Section>, StoreError> {
    let mut arms: Vec<Rows> = Vec::new();
    for (arm, nth) in summary.arms.iter().zip(0..) {
        // The tables of the base are those of the run.
        let name = (nth > 0).then_some(arm.name.as_str());
        arms.extend(folder.weeks(name)?.map(|rows| (arm, rows)));
    }
    if arms.is_empty() {
        return Ok(None);
    }
    let mut names: Vec<&str> = first.iter().chain(&HEADLINE).copied().collect();
    let weekly: Vec<_> = all_metrics().into_iter().filter(|metric| metric.weekly).collect();
    let told = |name: &&str| weekly.iter().any(|metric| metric.name == *name);
    names.retain(told);
    let mut seen = Vec::new();
    names.retain(|name| {
        let new = !seen.contains(name);
        seen.push(*name);
        new
    });
    let lead = "Means over worlds, and 95 % intervals of each mean. Arms are paired, so that their \
                difference is surer than the bands look: it is told above.";
    let mut section = Section::new("Week by week", lead);
    let orders = |row: &WeekRow| Some(row.orders as f64);
    section.charts.push(chart(&arms, "orders", Axis::linear("orders", "1/week"), "", &orders));
    for metric in names.into_iter().take(MOST_CHARTS) {
        let Some(about) = weekly.iter().find(|about| about.name == metric) else { continue };
        let of = |row: &WeekRow| row.values.iter().find(|value| value.0 == metric)?.1;
        let better = match about.better {
            Better::None => String::new(),
            better => format!(" {}.", capital(direction(better))),
        };
        section.charts.push(chart(&arms, metric, Axis::linear(metric, about.unit), &better, &of));
    }
    Ok(Some(section))
}

fn chart(
    arms: &[Rows],
    name: &str,
    y: Axis,
    better: &str,
    of: &dyn Fn(&WeekRow) -> Option<f64>,
) -> Chart {
    let layers = arms.iter().zip(0_u8..).map(|((arm, rows), nth)| {
        Layer::new(&arm.name, Shape::Line, Colour::Nth(nth), points(arm, rows, of))
    });
    let seen: Vec<Layer> = layers.filter(|it| it.points.iter().any(|at| at.y.is_some())).collect();
    let says = if seen.is_empty() {
        format!("No week had a value of {name}.")
    } else {
        format!("Means over worlds with 95 % intervals.{better}")
    };
    let axes = (Axis::linear("week of the run", "weeks"), y);
    Chart::new(format!("weekly-{name}"), name, says, axes).with(seen)
}

/// The mean over worlds of each week; of several markets over the mean of each.
fn points(
    arm: &ArmSummary,
    rows: &[OfWorld<WeekRow>],
    of: &dyn Fn(&WeekRow) -> Option<f64>,
) -> Vec<Point> {
    let mut weeks: BTreeMap<u32, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
    for OfWorld { world, row } in rows {
        let known = arm.worlds.iter().find(|known| known.world == *world);
        let Some(world) = known.filter(|world| world.complete) else { continue };
        let week = weeks.entry(row.week).or_default();
        let values = week.entry(world.market).or_default();
        values.extend(of(row).filter(|value| value.is_finite()));
    }
    let point = |(week, markets): (u32, BTreeMap<u32, Vec<f64>>)| {
        let interval = if markets.len() > 1 {
            let mean = |values: &Vec<f64>| Interval::of(values.iter().copied()).mean;
            Interval::of(markets.values().filter_map(mean))
        } else {
            Interval::of(markets.into_values().flatten())
        };
        Point::new(f64::from(week), interval.mean).within(interval.low, interval.high)
    };
    weeks.into_iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Tables;
    use crate::report::compare::tests::compared;
    use crate::report::fixture;

    #[test]
    fn arms_lie_over_one_another() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(root.path()).unwrap();
        let summary = compared();
        let (_, worlds) = fixture::worlds(3);
        for arm in [None, Some("slow")] {
            let mut tables = Tables::begin(&folder, arm).unwrap();
            worlds.iter().for_each(|world| tables.world(world).unwrap());
            tables.finish().unwrap();
        }
        let section = section(&folder, &summary, &["late_rate"]).unwrap().unwrap();
        let names: Vec<&str> = section.charts.iter().map(|chart| &*chart.name).collect();
        assert_eq!(names[..2], ["weekly-orders", "weekly-late_rate"]);
        let arms: Vec<&str> = section.charts[0].layers.iter().map(|it| &*it.name).collect();
        assert_eq!(arms, ["base", "slow"]);
        let orders: u64 = worlds.iter().map(|world| world.weeks[1].orders).sum();
        let second = section.charts[0].layers[0].points[1];
        assert_eq!((second.x, second.y), (1.0, Some(orders as f64 / 3.0)));
        assert!(second.low <= second.y && second.y <= second.high);
        let names = std::collections::BTreeSet::from_iter(names);
        assert_eq!(names.len(), section.charts.len());
    }

    #[test]
    fn without_tables_there_is_nothing_to_tell() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(root.path()).unwrap();
        assert_eq!(section(&folder, &compared(), &[]).unwrap(), None);
    }
}
