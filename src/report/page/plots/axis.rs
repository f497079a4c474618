//! An axis for plotters: places are what is laid out evenly, whatever the scale; ticks are ours.

use std::ops::Range;

use plotters::coord::ranged1d::{
    KeyPointHint, NoDefaultFormatting, Ranged, ReversibleRanged, ValueFormatter,
};

use super::super::{At, Axis, Chart, Scale, Shape};
use crate::report::numbers::figures;

/// Which of a chart's axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    X,
    Y,
}

/// Places from one end to the other, and the ticks between.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Places {
    pub ends: (f64, f64),
    pub ticks: Vec<(f64, String)>,
    reversed: bool,
}

/// The place of a value; nothing where the scale has none for it.
pub(super) fn place(axis: &Axis, value: f64) -> Option<f64> {
    let place = match axis.scale {
        Scale::Linear | Scale::Names(_) => value,
        Scale::Log => libm::log10(value),
        Scale::Percentile => -libm::log10(1.0 - value / 100.0),
    };
    Some(place).filter(|place| place.is_finite())
}

/// Whether the intervals and bars of a shape lie along x.
pub(super) fn lies(shape: Shape) -> bool {
    matches!(shape, Shape::Forest | Shape::Lying)
}

impl Places {
    /// The axis of a chart with everything on it that has to be seen.
    pub fn of(chart: &Chart, which: Which) -> Places {
        let axis = match which {
            Which::X => &chart.x,
            Which::Y => &chart.y,
        };
        let ends = ends(chart, axis, which);
        Places { ends, ticks: ticks(axis, ends), reversed: axis.reversed }
    }

    /// The longest label at its ticks, in characters.
    pub fn widest(&self) -> usize {
        self.ticks.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0)
    }
}

/// The values of a chart that an axis has to show.
fn seen(chart: &Chart, axis: &Axis, which: Which) -> impl Iterator<Item = f64> {
    let mut values: Vec<f64> = axis.shown.iter().flat_map(|&(low, high)| [low, high]).collect();
    for layer in &chart.layers {
        let along = if lies(layer.shape) { Which::X } else { Which::Y };
        let bars = matches!(layer.shape, Shape::Bars | Shape::Lying);
        for point in layer.points.iter().filter(|point| point.y.is_some()) {
            values.extend(if which == Which::X { Some(point.x) } else { point.y });
            if along == which {
                values.extend([point.low, point.high].into_iter().flatten());
                values.extend(bars.then_some(0.0));
            }
        }
    }
    values.extend(chart.rules.iter().filter_map(|rule| match (rule.at, which) {
        (At::X(x), Which::X) => Some(x),
        (At::Y(y), Which::Y) => Some(y),
        _ => None,
    }));
    values.into_iter()
}

fn ends(chart: &Chart, axis: &Axis, which: Which) -> (f64, f64) {
    if let Scale::Names(names) = &axis.scale {
        return (-0.5, names.len().max(1) as f64 - 0.5);
    }
    let places = seen(chart, axis, which).filter_map(|value| place(axis, value));
    let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| {
        (low.min(place), high.max(place))
    });
    if low > high {
        return (0.0, 1.0);
    }
    if low == high {
        let by = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
        return (low - by, high + by);
    }
    let margin = if axis.scale == Scale::Percentile { 0.0 } else { 0.04 * (high - low) };
    let wished = |end: f64| {
        let of = |(low, high)| [place(axis, low), place(axis, high)];
        axis.shown.is_some_and(|shown| of(shown).contains(&Some(end)))
    };
    // An end that was asked for stays where it is; one that data reach gets a margin.
    (if wished(low) { low } else { low - margin }, if wished(high) { high } else { high + margin })
}

fn ticks(axis: &Axis, (low, high): (f64, f64)) -> Vec<(f64, String)> {
    let within = |place: &f64| *place >= low - 1e-9 && *place <= high + 1e-9;
    match &axis.scale {
        Scale::Names(names) => {
            names.iter().enumerate().map(|(n, name)| (n as f64, shortened(name))).collect()
        }
        Scale::Percentile => {
            let wanted = [0.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999];
            let placed = wanted.map(|value| (place(axis, value).unwrap_or(0.0), value));
            let mut kept: Vec<(f64, String)> = Vec::new();
            // The last percentiles are what such an axis is for: where two would touch, the lower one
            // gives way.
            for (place, value) in placed.into_iter().rev().filter(|(place, _)| within(place)) {
                if kept.last().is_none_or(|(next, _)| next - place > 0.07 * (high - low)) {
                    kept.push((place, format!("{value} %")));
                }
            }
            kept.reverse();
            kept
        }
        Scale::Log => decades(low, high)
            .into_iter()
            .filter(within)
            .map(|place| (place, compact(libm::exp10(place))))
            .collect(),
        Scale::Linear => {
            let step = step((high - low) / 7.0);
            let first = libm::ceil(low / step - 1e-9);
            let all = (0..=20).map(|n| (first + f64::from(n)) * step);
            all.filter(within).map(|place| (place, at_step(place, step))).collect()
        }
    }
}

/// Ticks of a logarithmic axis: fewer of a decade the more decades there are.
fn decades(low: f64, high: f64) -> Vec<f64> {
    let steps: &[f64] = match high - low {
        span if span > 2.5 => &[1.0],
        span if span > 0.9 => &[1.0, 2.0, 5.0],
        _ => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    };
    let skip = if steps.len() == 1 { libm::ceil((high - low) / 8.0).max(1.0) } else { 1.0 };
    let (mut decade, mut all) = (libm::floor(low), Vec::new());
    while decade <= high {
        all.extend(steps.iter().map(|step| decade + libm::log10(*step)));
        decade += skip;
    }
    all
}

/// The least of 1, 2, 2.5, 5 and their tenfolds that is no less.
fn step(least: f64) -> f64 {
    let size = libm::exp10(libm::floor(libm::log10(least)));
    let fits = [1.0, 2.0, 2.5, 5.0].into_iter().map(|step| step * size);
    fits.into_iter().find(|step| *step >= least).unwrap_or(10.0 * size)
}

/// A tick with as many places as its step has.
fn at_step(value: f64, step: f64) -> String {
    let value = if value.abs() < 1e-9 * step { 0.0 } else { value };
    if step >= 1_000.0 {
        return compact(value);
    }
    let places = (1..=8).find(|places| {
        let scaled = step * libm::exp10(f64::from(*places - 1));
        (scaled - libm::round(scaled)).abs() < 1e-6
    });
    crate::report::numbers::fixed(value, places.unwrap_or(9) as usize - 1)
}

/// A number in few characters: `20 k`, `1.5 M`.
fn compact(value: f64) -> String {
    let units = [(1e9, " G"), (1e6, " M"), (1e3, " k")];
    let unit = units.into_iter().find(|(scale, _)| value.abs() >= scale * (1.0 - 1e-9));
    let (scale, unit) = unit.filter(|_| value.abs() >= 1e4 * (1.0 - 1e-9)).unwrap_or((1.0, ""));
    let shown = figures(value / scale, value / scale);
    let short = if shown.contains('.') {
        shown.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        shown
    };
    format!("{short}{unit}")
}

/// A name that fits beside an axis.
fn shortened(name: &str) -> String {
    const MOST: usize = 28;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

impl Ranged for Places {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let (low, high) = self.ends;
        let share = (value - low) / (high - low);
        let share = if self.reversed { 1.0 - share } else { share };
        let (from, to) = (f64::from(limit.0), f64::from(limit.1));
        libm::round(from + share * (to - from)) as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // plotters asks for lines between the lines too, with a hint of another weight.
        let most = hint.max_num_points();
        let every = self.ticks.len().div_ceil(most.max(1)).max(1);
        self.ticks.iter().step_by(every).map(|(place, _)| *place).collect()
    }

    fn range(&self) -> Range<f64> {
        self.ends.0..self.ends.1
    }
}

impl ReversibleRanged for Places {
    fn unmap(&self, _: i32, _: (i32, i32)) -> Option<f64> {
        None
    }
}

impl ValueFormatter<f64> for Places {
    fn format_ext(&self, value: &f64) -> String {
        let near = |(place, _): &&(f64, String)| (place - value).abs() < 1e-9;
        self.ticks.iter().find(near).map_or_else(String::new, |(_, label)| label.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: &Axis, ends: (f64, f64)) -> Vec<String> {
        ticks(axis, ends).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let linear = Axis::linear("x", "s");
        assert_eq!(labels(&linear, (-0.2, 1.3)), ["0.00", "0.25", "0.50", "0.75", "1.00", "1.25"]);
        let large = ["0", "5,000", "10 k", "15 k", "20 k", "25 k", "30 k"];
        assert_eq!(labels(&linear, (0.0, 31_000.0)), large);
        let log = Axis::log("x", "ns");
        assert_eq!(labels(&log, (1.0, 5.0)), ["10", "100", "1,000", "10 k", "100 k"]);
        assert_eq!(labels(&log, (1.9, 3.1)), ["100", "200", "500", "1,000"]);
        let percentile = Axis { scale: Scale::Percentile, ..Axis::linear("p", "%") };
        let expected = ["0 %", "50 %", "75 %", "90 %", "99 %", "99.9 %"];
        assert_eq!(labels(&percentile, (0.0, 3.2)), expected);
    }

    #[test]
    fn percentiles_are_one_step_apart() {
        let axis = Axis { scale: Scale::Percentile, ..Axis::linear("p", "%") };
        let at = |value| place(&axis, value);
        let near = |a: Option<f64>, b: f64| (a.unwrap() - b).abs() < 1e-9;
        assert!(near(at(90.0), 1.0) && near(at(99.0), 2.0) && near(at(99.9), 3.0));
        assert_eq!(at(100.0), None);
        assert_eq!(place(&Axis::log("x", "s"), 0.0), None);
    }

    proptest! {
        #[test]
        fn there_are_a_few_ticks_and_all_lie_within(low in -1e6..1e6_f64, span in 1e-3..1e6_f64) {
            for axis in [Axis::linear("x", "s"), Axis::log("x", "s")] {
                let ends = if axis.scale == Scale::Log { (low / 1e5, low / 1e5 + span / 1e5) } else { (low, low + span) };
                let ticks = ticks(&axis, ends);
                prop_assert!(ticks.len() <= 31, "{}", ticks.len());
                prop_assert!(axis.scale == Scale::Log || ticks.len() >= 3, "{ends:?}: {ticks:?}");
                for (place, _) in ticks {
                    prop_assert!(place >= ends.0 - 1e-6 && place <= ends.1 + 1e-6);
                }
            }
        }
    }
}
