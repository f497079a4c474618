//! The search for the highest rate: latency against throughput.

use super::{Told, Unit};
use crate::driver::load::{Op, Part};
use crate::experiment::LoadMetric;
use crate::report::load::form::short_rate;
use crate::report::page::{Axis, Chart, Colour, Layer, Point, Rule, Scale, Section, Shape};
use crate::store::CurvePoint;

/// Rates further apart than this are laid out by their logarithm.
const FAR: f64 = 20.0;

pub(super) fn section(told: &Told) -> Section {
    let lead = "Each dot is a load of its own: what was offered, how long rankings took, and whether \
                every threshold held.";
    let mut section = Section::new("In search of the highest rate", lead);
    section.charts = vec![latency(told), achieved(told)];
    section.tables.push(super::tables::curve(told.load));
    section
}

fn rates(curve: &[CurvePoint]) -> Axis {
    let least = curve.iter().map(|point| point.rate).fold(f64::INFINITY, f64::min);
    let most = curve.iter().map(|point| point.rate).fold(0.0, f64::max);
    let scale = if most > FAR * least { Scale::Log } else { Scale::Linear };
    Axis { scale, ..Axis::linear("offered", "1/s") }
}

/// Where the core could no longer follow: the most that was done by a load that fell behind.
fn saturation(curve: &[CurvePoint]) -> Option<f64> {
    let behind = curve.iter().filter(|point| point.saturated == Some(true));
    behind.filter_map(|point| point.achieved).max_by(f64::total_cmp)
}

fn lines(told: &Told) -> Vec<Rule> {
    let saturated = saturation(&told.load.curve);
    let saturated = saturated
        .map(|most| Rule::x(most, format!("saturated at {}", short_rate(most)), Colour::Bad));
    let holds = told
        .load
        .max_rate
        .map(|rate| Rule::x(rate, format!("holds up to {}", short_rate(rate)), Colour::Good));
    holds.into_iter().chain(saturated).collect()
}

fn latency(told: &Told) -> Chart {
    let (curve, unit) = (&told.load.curve, Unit::of(told.load));
    let dot = |point: &CurvePoint, nanos: Option<u64>| {
        Point::new(point.rate, nanos.map(|nanos| unit.of_nanos(nanos as f64)))
    };
    let dots = |pass: bool| {
        let these = curve.iter().filter(|point| point.pass == pass);
        these.map(|point| dot(point, point.p99)).collect::<Vec<_>>()
    };
    // Of loads at the same rate the line takes the fastest: whatever else the machine did is in the others.
    let lowest = |of: fn(&CurvePoint) -> Option<u64>| {
        let same = curve.chunk_by(|one, next| one.rate == next.rate);
        let of_rate = |these: &[CurvePoint]| {
            let least = these.iter().filter_map(of).min();
            these.first().map(|point| dot(point, least))
        };
        same.filter_map(of_rate).collect::<Vec<_>>()
    };
    let layers = [
        Layer::new("p50", Shape::Line, Colour::Muted, lowest(|point| point.p50)),
        Layer::new(
            "p99, the fastest at each rate",
            Shape::Line,
            Colour::Nth(3),
            lowest(|it| it.p99),
        ),
        Layer::new("p99 of a load that held", Shape::Dots, Colour::Good, dots(true)),
        Layer::new("p99 of a load that did not", Shape::Dots, Colour::Bad, dots(false)),
    ];
    let rank = |metric| matches!(metric, LoadMetric::Latency(Op::Rank, Part::Response, name) if name != "count");
    let says = "Response of rankings against what was offered, with thresholds and the rate beyond which \
                they do not hold.";
    let axes = (rates(curve), Axis::log("response of rankings", unit.name));
    let chart = Chart::new("latency-by-rate", "Latency against throughput", says, axes);
    chart.with(layers).ruled(lines(told)).ruled(told.limits(unit.nanos, rank))
}

fn achieved(told: &Told) -> Chart {
    let curve = &told.load.curve;
    let dots = |pass: bool| {
        let these = curve.iter().filter(|point| point.pass == pass);
        these.map(|point| Point::new(point.rate, point.achieved)).collect::<Vec<_>>()
    };
    let all: Vec<Point> = curve.iter().map(|point| Point::new(point.rate, point.rate)).collect();
    let layers = [
        Layer::new("as much as offered", Shape::Dashes, Colour::Muted, all),
        Layer::new("a load that held", Shape::Dots, Colour::Good, dots(true)),
        Layer::new("a load that did not", Shape::Dots, Colour::Bad, dots(false)),
    ];
    let says = match saturation(curve) {
        Some(_) => "Where dots lie below the line, the core could not follow.",
        None => "No load was so much that the core could not follow.",
    };
    let x = rates(curve);
    let y = Axis { scale: x.scale.clone(), ..Axis::linear("achieved", "1/s") };
    Chart::new("achieved-by-rate", "Achieved against offered", says, (x, y)).with(layers)
}
