//! Percentile curves, as HdrHistogram plots them.

use hdrhistogram::Histogram;

use super::{Told, Unit};
use crate::driver::load::{Op, Part, Write};
use crate::experiment::LoadMetric;
use crate::report::page::{Axis, Chart, Colour, Layer, Point, Scale, Shape};
use crate::store::{LoadSummary, Percentiles};

/// Points from one halving of what is left to the next; HdrHistogram's own reports take as many.
const TICKS: u32 = 5;
/// Where the axis ends [%].
const LAST: f64 = 99.999;

/// The value [`Unit`] at each percentile [%] from 0 to [`LAST`]: as many points in each half of what is
/// left.
pub(super) fn curve(histogram: &Histogram<u64>, unit: Unit) -> Vec<Point> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let at = |percentile: f64, nanos: u64| Point::new(percentile, unit.of_nanos(nanos as f64));
    let mut points = vec![at(0.0, histogram.min())];
    let steps = histogram.iter_quantiles(TICKS);
    points.extend(steps.filter_map(|step| {
        let percentile = 100.0 * step.quantile_iterated_to();
        let inside = percentile > 0.0 && percentile < LAST;
        inside.then(|| at(percentile, step.value_iterated_to()))
    }));
    // Where there are so many that this one is another than the greatest, or not: the curve ends here.
    points.push(at(LAST, histogram.value_at_quantile(LAST / 100.0)));
    points
}

/// The few points of a curve that a summary has.
fn sketch(of: &Percentiles, unit: Unit) -> Vec<Point> {
    let known =
        [(50.0, of.p50), (90.0, of.p90), (99.0, of.p99), (99.9, of.p999), (99.99, of.p9999)];
    let seen = known.into_iter().filter_map(|(percentile, nanos)| Some((percentile, nanos?)));
    seen.map(|(percentile, nanos)| Point::new(percentile, unit.of_nanos(nanos as f64))).collect()
}

fn axes(label: &str, unit: Unit) -> (Axis, Axis) {
    let x = Axis { scale: Scale::Percentile, ..Axis::linear("percentile", "%") };
    (x.from_to(0.0, LAST), Axis::log(label, unit.name))
}

impl Told<'_> {
    /// Response of every operation, beside that of rankings on the other path.
    pub(super) fn responses(&self) -> Chart {
        let unit = Unit::of(self.load);
        let of = |(&op, nth): (&Op, u8)| {
            let histogram = self.observed.as_ref()?.latencies.of(op, Part::Response);
            let points = curve(histogram, unit);
            Some(Layer::new(op.name(), Shape::Line, Colour::Nth(nth), points))
        };
        let layers = Op::ALL.iter().zip(0_u8..).filter_map(of);
        let beside = |other: &LoadSummary| {
            let name = format!("rank, {} path", other.setting.path);
            let points = sketch(&other.latency(Op::Rank, Part::Response), unit);
            Layer::new(name, Shape::Dashes, Colour::Nth(0), points)
        };
        let beside = self.beside.map(beside);
        let path = &self.load.setting.path;
        let says = self.says("Response by operation; no point lies beyond what was measured.");
        let title = format!("Response by operation on the {path} path");
        let chart = Chart::new("response", title, says, axes("response", unit));
        let response = |metric| matches!(metric, LoadMetric::Latency(_, Part::Response, name) if name != "count");
        chart.with(layers.chain(beside)).ruled(self.limits(unit.nanos, response))
    }

    /// What the response of rankings is made of: the queue, the harness's own lateness, the ranking.
    pub(super) fn parts(&self) -> Chart {
        let unit = Unit::of(self.load);
        let of = |(&part, nth): (&Part, u8)| {
            let histogram = self.observed.as_ref()?.latencies.of(Op::Rank, part);
            let points = curve(histogram, unit);
            let colour = if part == Part::Response { Colour::Nth(0) } else { Colour::Nth(nth + 1) };
            // On a logarithm there is no 0: a curve begins where there is something.
            let points =
                points.into_iter().filter(|point| point.y.is_some_and(|y| y > 0.0)).collect();
            Some(Layer::new(part.name(), Shape::Line, colour, points))
        };
        let layers = Part::ALL.iter().zip(0_u8..).filter_map(of);
        let says = self.says(
            "Wait is the queue in front of the core, lag the harness's own lateness, service the ranking \
             itself; response is all three of each request. Where a curve is not drawn it is 0. Lag far \
             below response speaks for the measurement.",
        );
        let axes = axes("part of the response of rankings", unit);
        let chart = Chart::new("parts", "Lag beside response of rankings", says, axes);
        let rank =
            |metric| matches!(metric, LoadMetric::Latency(Op::Rank, _, name) if name != "count");
        chart.with(layers).ruled(self.limits(unit.nanos, rank))
    }

    /// From a write until a ranking shows it.
    pub(super) fn freshness(&self) -> Chart {
        let unit = Unit::of(self.load);
        let of = |(&write, nth): (&Write, u8)| {
            let points = curve(self.observed.as_ref()?.freshness.of(write), unit);
            Some(Layer::new(write.name(), Shape::Line, Colour::Nth(nth), points))
        };
        let layers: Vec<Layer> = Write::ALL.iter().zip(0_u8..).filter_map(of).collect();
        let silent = layers.iter().all(|layer| layer.points.is_empty());
        let says = match &self.observed {
            Some(observed) if observed.done > 0 && silent => {
                "No change was shown in a ranking.".to_owned()
            }
            _ => self.says("From a write until a ranking shows it, by the kind of write."),
        };
        let axes = axes("age of a change when it is shown", unit);
        let chart = Chart::new("freshness", "Freshness by kind of write", says, axes);
        let fresh = |metric| matches!(metric, LoadMetric::Freshness(_, name) if name != "count");
        chart.with(layers).ruled(self.limits(unit.nanos, fresh))
    }
}
