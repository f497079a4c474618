//! `plots/*.svg` and `*.png`: the charts of a page drawn with plotters, for papers, slides and wherever
//! no script runs. All that knows plotters is here.

mod axis;
mod marks;

use std::sync::Once;

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use self::axis::{Places, Which, place};
use super::{At, Chart, Colour, Rule, Scale};

/// Its text: plotters' own choice of fonts would ask the system for one, and fail where there is none.
const FONT: &[u8] = include_bytes!("../assets/Roboto-Regular.ttf");
const FAMILY: &str = "sans-serif";

const WIDTH: u32 = 900;
/// Pixels of a PNG along each pixel of an SVG.
const FINE: u32 = 2;

const INK: RGBColor = RGBColor(0x1a, 0x1d, 0x21);
const SOFT: RGBColor = RGBColor(0x56, 0x5d, 0x66);
const GRID: RGBColor = RGBColor(0xe3, 0xe6, 0xea);
const GOOD: RGBColor = RGBColor(0x00, 0x72, 0xb2);
const BAD: RGBColor = RGBColor(0xc4, 0x4d, 0x00);
const MUTED: RGBColor = RGBColor(0x9a, 0xa1, 0xaa);
/// As in the page's style sheet.
const PALETTE: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xb8, 0x58, 0x8e),
    RGBColor(0xc9, 0x8a, 0x00),
    RGBColor(0x3f, 0xa0, 0xdd),
    RGBColor(0x5b, 0x4b, 0x9a),
    RGBColor(0x3d, 0x46, 0x50),
];

/// A picture that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the picture {name}: {why}")]
pub struct PlotError {
    /// The name of the chart.
    pub name: String,
    /// What plotters said.
    pub why: String,
}

impl PlotError {
    fn of(chart: &Chart) -> impl Fn(&dyn std::fmt::Display) -> PlotError {
        |why| PlotError { name: chart.name.clone(), why: why.to_string() }
    }
}

fn rgb(colour: Colour) -> RGBColor {
    match colour {
        Colour::Nth(n) => PALETTE[usize::from(n) % PALETTE.len()],
        Colour::Good => GOOD,
        Colour::Bad => BAD,
        Colour::Muted => MUTED,
    }
}

/// A chart as a scalable picture, on white.
///
/// # Errors
/// When plotters cannot draw it.
pub fn svg(chart: &Chart) -> Result<String, PlotError> {
    let mut text = String::new();
    {
        let size = size(chart);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&area, chart, 1).map_err(|error| PlotError::of(chart)(&error))?;
    }
    Ok(text)
}

/// A chart as a PNG, on white, twice as fine as the scalable one is large.
///
/// # Errors
/// When plotters cannot draw it, or it cannot be encoded.
pub fn png(chart: &Chart) -> Result<Vec<u8>, PlotError> {
    let (width, height) = size(chart);
    let (width, height) = (width * FINE, height * FINE);
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        draw(&area, chart, FINE).map_err(|error| PlotError::of(chart)(&error))?;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    written.map_err(|error| PlotError::of(chart)(&error))?;
    Ok(file)
}

/// Wide and high [px]; as many rows as there are names get room.
fn size(chart: &Chart) -> (u32, u32) {
    let plot = match &chart.y.scale {
        Scale::Names(names) => 120 + 22 * names.len() as u32,
        _ => 400,
    };
    let names = if turned(chart) { 110 } else { 0 };
    (WIDTH, (plot + names + 60).clamp(240, 2_000))
}

/// Whether names under the picture are too long to lie side by side.
fn turned(chart: &Chart) -> bool {
    let Scale::Names(names) = &chart.x.scale else { return false };
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    (longest as u32 * 7 + 12) * names.len() as u32 > WIDTH - 90
}

type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Text of so many pixels.
fn text(px: u32, colour: RGBColor) -> TextStyle<'static> {
    TextStyle { color: colour.to_backend_color(), ..TextStyle::from((FAMILY, px).into_font()) }
}

fn draw<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, chart: &Chart, fine: u32) -> Drawn<DB> {
    static FONTS: Once = Once::new();
    FONTS.call_once(|| {
        let read = register_font(FAMILY, FontStyle::Normal, FONT);
        assert!(read.is_ok(), "the font is part of the program");
    });
    area.fill(&WHITE)?;
    let margin = (10 * fine) as i32;
    area.draw(&Text::new(chart.title.clone(), (margin, margin), text(16 * fine, INK)))?;
    let (_, below) = area.split_vertically(34 * fine);
    let height = below.dim_in_pixel().1;
    let (plot, legend) = below.split_vertically(height - 26 * fine);
    let (x, y) = (Places::of(chart, Which::X), Places::of(chart, Which::Y));
    let wide = (y.widest() as u32 * 7).max(30) + 34;
    let tall = if turned(chart) { (x.widest() as u32 * 7).min(150) + 30 } else { 44 };
    let (most_x, most_y) = (x.ticks.len(), y.ticks.len());
    let mut context = ChartBuilder::on(&plot)
        .x_label_area_size(tall * fine)
        .y_label_area_size(wide * fine)
        .margin_left(8 * fine)
        .margin_right(34 * fine)
        .margin_top(6 * fine)
        .build_cartesian_2d(x, y)?;
    let small = text(12 * fine, SOFT);
    let under = if turned(chart) {
        small.clone().transform(FontTransform::Rotate90)
    } else {
        small.clone()
    };
    let mut mesh = context.configure_mesh();
    mesh.x_desc(chart.x.says())
        .y_desc(chart.y.says())
        .x_labels(most_x.max(1))
        .y_labels(most_y.max(1))
        .x_max_light_lines(0)
        .y_max_light_lines(0)
        .bold_line_style(GRID.stroke_width(fine))
        .light_line_style(TRANSPARENT)
        .axis_style(SOFT.stroke_width(fine))
        .axis_desc_style(text(13 * fine, INK))
        .label_style(small)
        .x_label_style(under);
    mesh.draw()?;
    marks::layers(&mut context, chart, fine)?;
    rules(&context, chart, fine)?;
    named(&legend, chart, fine)?;
    area.present()
}

type Context<'a, DB> = ChartContext<'a, DB, Cartesian2d<Places, Places>>;

/// Lines right across, each with its word.
fn rules<DB: DrawingBackend>(context: &Context<'_, DB>, chart: &Chart, fine: u32) -> Drawn<DB> {
    let area = context.plotting_area();
    let (across, up) = area.get_pixel_range();
    for (n, Rule { at, label, colour }) in chart.rules.iter().enumerate() {
        let colour = if *colour == Colour::Muted { SOFT } else { rgb(*colour) };
        let (x, y) = (area.get_x_range(), area.get_y_range());
        let (ends, along) = match *at {
            At::X(at) => {
                let Some(at) = place(&chart.x, at) else { continue };
                ([(at, y.start), (at, y.end)], true)
            }
            At::Y(at) => {
                let Some(at) = place(&chart.y, at) else { continue };
                ([(x.start, at), (x.end, at)], false)
            }
        };
        let [from, to] = ends.map(|end| area.map_coordinate(&end));
        let (size, gap) = (5 * fine as i32, 4 * fine as i32);
        area.draw(&DashedPathElement::new(ends, size, gap, colour.stroke_width(fine)))?;
        let style = text(11 * fine, colour);
        let (wide, high) = area.estimate_text_size(label, &style)?;
        let (wide, high, fine) = (wide as i32, high as i32, fine as i32);
        let corner = if along {
            let right = from.0 + 4 * fine;
            let left = if right + wide > across.end { from.0 - wide - 4 * fine } else { right };
            (left, up.start + (4 + 13 * (n as i32 % 3)) * fine)
        } else {
            (across.end - wide - 4 * fine, to.1 - high - 3 * fine)
        };
        // Words are placed in pixels of the whole picture, which the area's own coordinates are not.
        let area = area.strip_coord_spec();
        let (left, top) = area.get_base_pixel();
        area.draw(&Text::new(label.clone(), (corner.0 - left, corner.1 - top), style))?;
    }
    Ok(())
}

/// The names of the layers under the picture, as far as they fit; one layer alone needs none.
fn named<DB: DrawingBackend>(
    legend: &DrawingArea<DB, Shift>,
    chart: &Chart,
    fine: u32,
) -> Drawn<DB> {
    if chart.layers.len() < 2 {
        return Ok(());
    }
    let (room, unit) = (legend.dim_in_pixel().0 as i32, fine as i32);
    let (mut at, style) = (40 * unit, text(12 * fine, INK));
    for layer in &chart.layers {
        let wide = legend.estimate_text_size(&layer.name, &style)?.0 as i32;
        if at + wide + 20 * unit > room {
            return legend.draw(&Text::new("…", (at, 4 * unit), style));
        }
        let square = [(at, 6 * unit), (at + 11 * unit, 15 * unit)];
        legend.draw(&Rectangle::new(square, rgb(layer.colour).filled()))?;
        legend.draw(&Text::new(layer.name.clone(), (at + 16 * unit, 4 * unit), style.clone()))?;
        at += wide + 34 * unit;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn hex(colour: RGBColor) -> String {
        format!("#{:02x}{:02x}{:02x}", colour.0, colour.1, colour.2)
    }

    #[test]
    fn colours_are_those_of_the_page() {
        let css = include_str!("../assets/report.css");
        let light = css.split("@media").next().unwrap();
        for (n, colour) in PALETTE.into_iter().enumerate() {
            assert!(light.contains(&format!("--nth-{n}: {};", hex(colour))), "{n}");
        }
        let named =
            [("good", GOOD), ("bad", BAD), ("muted", MUTED), ("ink", INK), ("ink-soft", SOFT)];
        for (name, colour) in named {
            assert!(light.contains(&format!("--{name}: {};", hex(colour))), "{name}");
        }
    }

    #[test]
    fn every_shape_leaves_marks() {
        let page = fixture::page();
        for chart in &page.story.sections[0].charts {
            let svg = svg(chart).unwrap();
            let drawn = ["<polyline", "<circle", "<polygon", "<rect"];
            let marks =
                |text: &str| drawn.map(|tag| text.matches(tag).count()).iter().sum::<usize>();
            let empty = Chart { layers: vec![], rules: vec![], ..chart.clone() };
            let bare = marks(&super::svg(&empty).unwrap());
            assert!(marks(&svg) > bare || !chart.has_points(), "{}: {bare}", chart.name);
            assert!(svg.contains(&chart.x.says()) && svg.contains(&chart.title), "{}", chart.name);
        }
    }

    #[test]
    fn the_same_chart_is_the_same_picture() {
        let page = fixture::page();
        let chart = &page.story.sections[0].charts[0];
        assert_eq!(svg(chart).unwrap(), svg(chart).unwrap());
        let drawn = png(chart).unwrap();
        assert_eq!(drawn, png(chart).unwrap());
        let decoder = png::Decoder::new(std::io::Cursor::new(&drawn));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let wide = size(chart).0 * FINE;
        assert_eq!(info.width, wide);
        let ink = pixels.chunks(3).filter(|pixel| *pixel != [255, 255, 255]).count();
        assert!(ink > 5_000, "{ink} pixels that are not white");
    }

    /// Charts of strange numbers are drawn, or leave out what has no place.
    #[test]
    fn odd_values_do_no_harm() {
        use super::super::{Axis, Layer, Point, Shape};
        let values = [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, -1e-300, 100.0];
        let shapes = [
            Shape::Line,
            Shape::Dashes,
            Shape::Steps,
            Shape::Dots,
            Shape::Forest,
            Shape::Bars,
            Shape::Lying,
            Shape::Cells,
        ];
        let percentile = Axis { scale: Scale::Percentile, ..Axis::linear("p", "%") };
        for x in [Axis::linear("x", "s"), Axis::log("x", "s"), percentile] {
            for shape in shapes {
                let point = |&y: &f64| Point::new(y, y).within(Some(y), Some(y + 1.0));
                let points = values.iter().map(point).collect();
                let layer = Layer::new("l", shape, Colour::Nth(9), points);
                let mut chart = fixture::page().story.sections[0].charts[0].clone();
                (chart.x, chart.layers) = (x.clone(), vec![layer]);
                svg(&chart).unwrap();
            }
        }
    }
}
