//! What pictures are put together from: lines, bars and sparklines.

use std::sync::LazyLock;
use std::time::Duration;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// The least room that anything is drawn in: columns and rows.
pub(super) const LEAST: (u16, u16) = (24, 6);

/// Rows from which there is room for headings, and for what the keys do.
pub(super) const ROOMY: usize = 16;

/// Columns of the name in front of a value, and of the value.
const NAME: usize = 12;
pub(super) const VALUE: usize = 12;

/// What is drawn where there is too little room for anything else.
pub(super) fn too_small(width: u16, height: u16) -> Vec<Line<'static>> {
    let (columns, rows) = LEAST;
    let says = [
        format!("too small: {width}×{height}, needs {columns}×{rows}"),
        format!("needs {columns}×{rows}"),
        "small".to_owned(),
    ];
    let fits = says.into_iter().find(|text| text.chars().count() <= usize::from(width));
    vec![Line::from(fits.unwrap_or_default())]
}

pub(super) fn bold(text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), Modifier::BOLD)
}

pub(super) fn dim(text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), Modifier::DIM)
}

/// Whether there may be colours: obeys `NO_COLOR`.
static COLOURS: LazyLock<bool> = LazyLock::new(|| {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
});

pub(super) fn coloured(text: impl Into<String>, colour: Color) -> Span<'static> {
    let style = if *COLOURS { Style::new().fg(colour) } else { Style::new() };
    Span::styled(text.into(), style)
}

/// One text at the left edge and one at the right, which goes where there is too little room.
pub(super) fn edges(left: &str, right: &str, width: usize) -> Line<'static> {
    let (long, short) = (left.chars().count(), right.chars().count());
    match width.checked_sub(long + short) {
        Some(gap) if gap >= 2 => {
            Line::from(vec![bold(left), " ".repeat(gap).into(), right.to_owned().into()])
        }
        _ => Line::from(bold(left)),
    }
}

/// A value with its name in front.
pub(super) fn named(name: &str, value: &str) -> Vec<Span<'static>> {
    vec![dim(format!("{name:<NAME$}")), format!("{value:>VALUE$}").into()]
}

/// A value, and how it went in what room is left.
pub(super) fn traced(
    name: &str,
    value: &str,
    values: &[Option<f64>],
    floor: Option<f64>,
    width: usize,
) -> Line<'static> {
    let mut spans = named(name, value);
    let room = width.saturating_sub(NAME + VALUE + 2);
    spans.push(coloured(format!("  {}", spark(values, floor, room)), Color::Cyan));
    Line::from(spans)
}

/// How values went, the newest last, as many as there is room for: a block each between `floor`, or the
/// least of them, and the greatest; a dot where nothing was observed.
pub(super) fn spark(values: &[Option<f64>], floor: Option<f64>, width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = &values[values.len().saturating_sub(width)..];
    let seen = || shown.iter().flatten().copied().filter(|value| value.is_finite());
    let low = floor.unwrap_or_else(|| seen().fold(f64::INFINITY, f64::min));
    let high = seen().fold(f64::NEG_INFINITY, f64::max);
    let block = |value: f64| {
        let part = if high > low { (value - low) / (high - low) } else { 0.0 };
        BLOCKS[((part * 8.0) as usize).min(7)]
    };
    let one = |value: &Option<f64>| value.filter(|it| it.is_finite()).map_or('·', block);
    shown.iter().map(one).collect()
}

/// A bar that is full to this part.
pub(super) fn bar(part: f64, width: usize) -> Vec<Span<'static>> {
    let full = ((part.clamp(0.0, 1.0) * width as f64).round() as usize).min(width);
    vec![coloured("█".repeat(full), Color::Cyan), dim("░".repeat(width - full))]
}

/// A bar over the room that the words beside it leave; words go from the last on where there is too
/// little.
pub(super) fn bar_with(part: f64, words: &[String], width: usize) -> Line<'static> {
    const LEAST_BAR: usize = 8;
    let percent = format!("{:>3.0} %", (100.0 * part.clamp(0.0, 1.0)).floor());
    let mut kept = percent;
    for word in words.iter().filter(|word| !word.is_empty()) {
        let longer = format!("{kept}  {word}");
        if longer.chars().count() + LEAST_BAR + 2 > width {
            break;
        }
        kept = longer;
    }
    let room = width.saturating_sub(kept.chars().count() + 2);
    let mut spans = bar(part, room.min(40));
    spans.push(format!("  {kept}").into());
    Line::from(spans)
}

/// A time as people tell it: `12 s`, `3 min 20 s`, `1 h 02 min`.
pub(super) fn clock(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3_600, s / 60 % 60),
    }
}
