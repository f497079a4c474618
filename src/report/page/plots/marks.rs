//! What is drawn of each layer of a chart.

use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::super::{Chart, Layer, Point, Scale, Shape};
use super::axis::{lies, place};
use super::{Context, Drawn, INK, rgb};

/// A point where it is drawn.
#[derive(Debug, Clone, Copy)]
struct Placed {
    at: (f64, f64),
    low: Option<f64>,
    high: Option<f64>,
    weight: Option<f64>,
}

/// Where the points of a layer lie; nothing for one that has no place, which breaks a line.
fn placed(chart: &Chart, layer: &Layer) -> Vec<Option<Placed>> {
    let along = if lies(layer.shape) { &chart.x } else { &chart.y };
    let of = |point: &Point| {
        let at = (place(&chart.x, point.x)?, place(&chart.y, point.y?)?);
        let end = |value: Option<f64>| value.and_then(|value| place(along, value));
        Some(Placed { at, low: end(point.low), high: end(point.high), weight: point.weight })
    };
    layer.points.iter().map(of).collect()
}

/// Draws every layer of a chart, the hindmost first.
pub(super) fn layers<DB: DrawingBackend>(
    context: &mut Context<'_, DB>,
    chart: &Chart,
    fine: u32,
) -> Drawn<DB> {
    for (nth, layer) in chart.layers.iter().enumerate() {
        let points = placed(chart, layer);
        match layer.shape {
            Shape::Line | Shape::Dashes | Shape::Steps => line(context, layer, &points, fine)?,
            Shape::Cells => cells(context, chart, layer.ground, &points)?,
            Shape::Dots | Shape::Forest | Shape::Bars | Shape::Lying => {
                marks(context, chart, nth, &points, fine)?;
            }
        }
    }
    Ok(())
}

/// The corners of a line that keeps its height until the next point.
fn stepped(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners = Vec::with_capacity(2 * points.len());
    for &(x, y) in points {
        corners.extend(corners.last().map(|&(_, before)| (x, before)));
        corners.push((x, y));
    }
    corners
}

/// A line from point to point, with its band; it breaks where a point is missing.
fn line<DB: DrawingBackend>(
    context: &mut Context<'_, DB>,
    layer: &Layer,
    points: &[Option<Placed>],
    fine: u32,
) -> Drawn<DB> {
    let colour = rgb(layer.colour);
    let path = |of: &dyn Fn(&Placed) -> Option<f64>, run: &[Option<Placed>]| {
        let all: Vec<(f64, f64)> =
            run.iter().flatten().filter_map(|it| of(it).map(|y| (it.at.0, y))).collect();
        if layer.shape == Shape::Steps { stepped(&all) } else { all }
    };
    for run in points.split(Option::is_none).filter(|run| !run.is_empty()) {
        let banded: Vec<Option<Placed>> = run
            .iter()
            .copied()
            .filter(|it| it.is_some_and(|it| it.low.is_some() && it.high.is_some()))
            .collect();
        if banded.len() > 1 {
            let mut around = path(&|it| it.low, &banded);
            around.extend(path(&|it| it.high, &banded).into_iter().rev());
            context.draw_series([Polygon::new(around, colour.mix(0.2))])?;
        }
        let corners = path(&|it| Some(it.at.1), run);
        let style = colour.stroke_width(2 * fine);
        if let [alone] = corners[..] {
            context.draw_series([Circle::new(alone, 3 * fine, colour.filled())])?;
        } else if layer.shape == Shape::Dashes {
            let (size, gap) = (7 * fine as i32, 5 * fine as i32);
            let dashes = DashedPathElement::new(corners, size, gap, style);
            context.draw_series([dashes.into_dyn()])?;
        } else {
            context.draw_series([PathElement::new(corners, style)])?;
        }
    }
    Ok(())
}

/// The least distance between places; 1 on an axis of names.
fn spacing(scale: &Scale, places: impl Iterator<Item = f64>) -> f64 {
    if matches!(scale, Scale::Names(_)) {
        return 1.0;
    }
    let mut places: Vec<f64> = places.collect();
    places.sort_by(f64::total_cmp);
    let gaps = places.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 1e-9);
    Some(gaps.fold(f64::INFINITY, f64::min)).filter(|gap| gap.is_finite()).unwrap_or(1.0)
}

/// Filled cells, the darker the heavier.
fn cells<DB: DrawingBackend>(
    context: &mut Context<'_, DB>,
    chart: &Chart,
    ground: f64,
    points: &[Option<Placed>],
) -> Drawn<DB> {
    let there = || points.iter().flatten();
    let wide = spacing(&chart.x.scale, there().map(|it| it.at.0)) / 2.0;
    let high = spacing(&chart.y.scale, there().map(|it| it.at.1)) / 2.0;
    let above = |it: &Placed| it.weight.map_or(0.0, |weight| weight - ground);
    let most = there().map(above).fold(f64::MIN_POSITIVE, f64::max);
    let heavy = there().filter(|it| above(it) > 0.0);
    context.draw_series(heavy.map(|it| {
        let (x, y) = it.at;
        let share = 0.08 + 0.92 * (above(it) / most).sqrt();
        Rectangle::new([(x - wide, y - high), (x + wide, y + high)], ramp(share).filled())
    }))?;
    Ok(())
}

/// One hue from nearly white to dark, as in the page's style sheet.
fn ramp(share: f64) -> RGBColor {
    let mix = |low: f64, high: f64| libm::round(low + (high - low) * share) as u8;
    RGBColor(mix(232.0, 8.0), mix(240.0, 48.0), mix(247.0, 107.0))
}

/// How many layers stand before the nth where they stand side by side, and how many do: those of one shape,
/// where any two of them have a point at the same place.
fn side_by_side(chart: &Chart, nth: usize) -> (f64, f64) {
    let shape = chart.layers[nth].shape;
    let alike = || chart.layers.iter().enumerate().filter(|(_, other)| other.shape == shape);
    let mut places: Vec<Option<u64>> = Vec::new();
    for (_, layer) in alike() {
        let across = |it: &Point| if lies(shape) { it.y } else { Some(it.x) };
        let mut of_layer: Vec<_> =
            layer.points.iter().map(|it| across(it).map(f64::to_bits)).collect();
        of_layer.sort_unstable();
        of_layer.dedup();
        places.extend(of_layer);
    }
    let all = places.len();
    places.sort_unstable();
    places.dedup();
    if places.len() == all {
        return (0.0, 1.0);
    }
    (alike().filter(|(place, _)| *place < nth).count() as f64, alike().count() as f64)
}

/// Dots and bars with their whiskers. Layers that have something at one place stand side by side.
fn marks<DB: DrawingBackend>(
    context: &mut Context<'_, DB>,
    chart: &Chart,
    nth: usize,
    points: &[Option<Placed>],
    fine: u32,
) -> Drawn<DB> {
    let layer = &chart.layers[nth];
    let (shape, colour) = (layer.shape, rgb(layer.colour));
    let lies = lies(shape);
    let (before, of) = side_by_side(chart, nth);
    let across = |it: &Placed| if lies { it.at.1 } else { it.at.0 };
    let scale = if lies { &chart.y.scale } else { &chart.x.scale };
    let bar = matches!(shape, Shape::Bars | Shape::Lying);
    let span = match (bar, scale) {
        (true, _) => 0.8 * spacing(scale, points.iter().flatten().map(across)),
        (false, Scale::Names(_)) => 0.6,
        _ => 0.0,
    };
    let shift = ((before + 0.5) / of - 0.5) * span;
    // From (along, across) to (x, y).
    let turn = |along: f64, across: f64| if lies { (along, across) } else { (across, along) };
    let floor = {
        let range = if lies {
            context.plotting_area().get_x_range()
        } else {
            context.plotting_area().get_y_range()
        };
        let axis = if lies { &chart.x } else { &chart.y };
        place(axis, 0.0).unwrap_or(range.start)
    };
    for it in points.iter().flatten() {
        let (along, at) = (if lies { it.at.0 } else { it.at.1 }, across(it) + shift);
        let half = span / of / 2.0 * 0.94;
        if bar {
            let corners = [turn(floor, at - half), turn(along, at + half)];
            context.draw_series([Rectangle::new(corners, colour.filled())])?;
        }
        if let (Some(low), Some(high)) = (it.low, it.high) {
            let ink = if bar { INK } else { colour };
            let ends = vec![turn(low, at), turn(high, at)];
            context.draw_series([PathElement::new(ends, ink.stroke_width(3 * fine / 2))])?;
        }
        if !bar {
            let size = if points.len() > 300 { 2 * fine } else { 4 * fine };
            context.draw_series([Circle::new(turn(along, at), size, colour.filled())])?;
        }
    }
    Ok(())
}
