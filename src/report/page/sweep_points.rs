//! How a metric answers to the keys of a sweep: pictures of its points.

use super::{Axis, Chart, Colour, Layer, Point, Shape};
use crate::quantity::Span;
use crate::report::numbers::figures;
use crate::store::{Estimated, PointMeans, Varied};

/// How far below the least the colour of cells begins, as a share of what lies between least and most.
const PALE: f64 = 0.05;

/// Where the values of a key lie.
#[derive(Debug, Clone, PartialEq)]
enum Places {
    /// On a scale, in this unit; evenly in the logarithm where the range was.
    Numbers { unit: &'static str, log: bool },
    /// One after the other, in the order in which they were asked for.
    Names(Vec<String>),
}

impl Places {
    fn of(varied: &Varied, points: &[PointMeans]) -> Places {
        let texts: Vec<&String> =
            points.iter().filter_map(|point| point.values.get(&varied.key)).collect();
        let log = varied.range.as_ref().is_some_and(|range| range.contains("log"));
        let numbers = |of: fn(&str) -> Option<f64>| {
            !texts.is_empty() && texts.iter().all(|text| of(text).is_some())
        };
        if numbers(plain) {
            return Places::Numbers { unit: "", log };
        }
        if numbers(in_days) {
            return Places::Numbers { unit: "days", log };
        }
        let mut names: Vec<String> = varied.values.clone().unwrap_or_default();
        for text in texts {
            if !names.contains(text) {
                names.push(text.clone());
            }
        }
        Places::Names(names)
    }

    fn axis(&self, key: &str) -> Axis {
        match self {
            Places::Names(names) => Axis::names(key, names.clone()),
            Places::Numbers { unit, log: true } => Axis::log(key, unit),
            Places::Numbers { unit, log: false } => Axis::linear(key, unit),
        }
    }

    /// The same with a name a value, for cells.
    fn by_names(self, key: &str, points: &[PointMeans]) -> Places {
        if matches!(self, Places::Names(_)) {
            return self;
        }
        let mut values: Vec<(f64, String)> = points
            .iter()
            .filter_map(|point| Some((self.place(point, key)?, point.values.get(key)?.clone())))
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        values.dedup();
        Places::Names(values.into_iter().map(|value| value.1).collect())
    }

    fn place(&self, point: &PointMeans, key: &str) -> Option<f64> {
        let text = point.values.get(key)?;
        match self {
            Places::Names(names) => Some(names.iter().position(|name| name == text)? as f64),
            Places::Numbers { unit: "days", .. } => in_days(text),
            Places::Numbers { .. } => plain(text),
        }
    }
}

fn plain(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn in_days(text: &str) -> Option<f64> {
    text.parse::<Span>().ok().map(Span::as_days)
}

fn mean(point: &PointMeans, metric: &str) -> Option<Estimated> {
    point.metrics.get(metric).copied().filter(|of| of.value.is_some())
}

/// Along the one key that was varied: a line with its band, or dots where values are names.
pub(super) fn along(key: &Varied, metric: &str, unit: &str, points: &[PointMeans]) -> Chart {
    let places = Places::of(key, points);
    let dot = |point: &PointMeans| {
        let of = mean(point, metric)?;
        Some(Point::new(places.place(point, &key.key)?, of.value).within(of.low, of.high))
    };
    let mut dots: Vec<Point> = points.iter().filter_map(dot).collect();
    dots.sort_by(|a, b| a.x.total_cmp(&b.x));
    let says = if dots.is_empty() {
        format!("No point had a value of {metric}.")
    } else if dots.iter().any(|dot| dot.low.is_some()) {
        "Means over worlds with 95 % intervals.".to_owned()
    } else {
        "One world a point, so without intervals.".to_owned()
    };
    let names = matches!(places, Places::Names(_));
    let line = Layer::new("mean", Shape::Line, Colour::Nth(0), dots.clone());
    let bare = dots.iter().map(|dot| if names { *dot } else { dot.within(None, None) }).collect();
    let marks = Layer::new("point of the design", Shape::Dots, Colour::Nth(0), bare);
    let axes = (places.axis(&key.key), Axis::linear(metric, unit));
    let chart = Chart::new(format!("along-{metric}"), metric, says, axes);
    chart.with(if names { vec![marks] } else { vec![line, marks] })
}

/// Over a grid of two keys: a cell a point.
pub(super) fn squares(
    one: &Varied,
    two: &Varied,
    metric: &str,
    unit: &str,
    points: &[PointMeans],
) -> Chart {
    let [across, up] = [one, two].map(|key| Places::of(key, points).by_names(&key.key, points));
    let values = || points.iter().filter_map(|point| mean(point, metric)?.value);
    let least = values().fold(f64::INFINITY, f64::min);
    let most = values().fold(f64::NEG_INFINITY, f64::max);
    // Colour begins a little below the least: differences between points are small beside the values
    // themselves, and what is not there has none.
    let ground = least - PALE * if most > least { most - least } else { 1.0 };
    let cell = |point: &PointMeans| {
        let (x, y) = (across.place(point, &one.key)?, up.place(point, &two.key)?);
        Some(Point { weight: mean(point, metric)?.value, ..Point::new(x, y) })
    };
    let mut cells: Vec<Point> = points.iter().filter_map(cell).collect();
    let unit = if unit.is_empty() { String::new() } else { format!(" [{unit}]") };
    cells.sort_by(|a, b| a.x.total_cmp(&b.x));
    let scale = most - least;
    let says = if cells.is_empty() {
        format!("No point had a value of {metric}.")
    } else {
        let [pale, dark] = [least, most].map(|end| figures(end, scale));
        format!("{metric}{unit}: faintest {pale}, strongest {dark}.")
    };
    let name = format!("{metric}{unit}");
    let layer = Layer::new(name, Shape::Cells, Colour::Nth(0), cells).above(ground);
    let axes = (across.axis(&one.key), up.axis(&two.key));
    Chart::new(format!("grid-{metric}"), metric, says, axes).with([layer])
}

/// Every point against one of several keys.
pub(super) fn scatter(
    key: &Varied,
    metric: &str,
    unit: &str,
    points: &[PointMeans],
    (most, moves): (usize, bool),
) -> Chart {
    let places = Places::of(key, points);
    let dot = |point: &PointMeans| {
        Some(Point::new(places.place(point, &key.key)?, mean(point, metric)?.value))
    };
    let step = points.len().div_ceil(most).max(1);
    let mut dots: Vec<Point> = points.iter().step_by(step).filter_map(dot).collect();
    dots.sort_by(|a, b| a.x.total_cmp(&b.x));
    let says = match dots.len() {
        0 => format!("No point had a value of {metric}."),
        n if step > 1 => format!("One in {step} of the points, {n} in all."),
        _ if moves => format!("Against {}, which moves it most.", key.key),
        _ => format!("Against {}; which key moves it most is not told.", key.key),
    };
    let layer = Layer::new("point of the design", Shape::Dots, Colour::Nth(0), dots);
    let axes = (places.axis(&key.key), Axis::linear(metric, unit));
    Chart::new(format!("against-{metric}"), metric, says, axes).with([layer])
}
