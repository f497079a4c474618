//! A histogram of times in the terminal: fine, evenly spaced by ratio where nearly all samples are, and
//! one line a power of ten in the tail.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use super::form::nanos;
use crate::report::numbers::{count, percent};

/// Most lines of the fine part.
const LINES: usize = 16;
/// Columns of the edge of a line, and of the blanks around the bar.
const LABEL: usize = 7;

/// Ways to part a power of ten, finest first: preferred numbers of ISO 3 (R 40, R 20, R 10, R 5) and coarser.
const SERIES: [&[u32]; 6] = [
    &[
        100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250, 265,
        280, 300, 315, 335, 355, 375, 400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710, 750,
        800, 850, 900, 950,
    ],
    &[
        100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710,
        800, 900,
    ],
    &[100, 125, 160, 200, 250, 315, 400, 500, 630, 800],
    &[100, 160, 250, 400, 630],
    &[100, 200, 500],
    &[100],
];

/// All edges of a series that are whole nanoseconds, up to some years.
fn edges(series: &[u32]) -> Vec<u64> {
    let mut edges = vec![0];
    let mut decade: u64 = 1;
    while decade <= 10_u64.pow(16) {
        let whole = series.iter().map(|&step| u64::from(step) * decade);
        edges.extend(whole.filter(|edge| edge % 100 == 0).map(|edge| edge / 100));
        decade *= 10;
    }
    edges.dedup();
    edges
}

/// Where lines begin: fine ones from the edge below `low` to the one above `high`, then powers of ten up
/// to `max`.
fn lines(low: u64, high: u64, max: u64) -> Vec<u64> {
    let cut = |series: &[u32]| {
        let edges = edges(series);
        let first = edges.partition_point(|&edge| edge <= low).saturating_sub(1);
        let end = edges.partition_point(|&edge| edge <= high);
        // The edge after the last fine line is where the tail begins.
        (edges[first..end].to_vec(), edges.get(end).copied().unwrap_or(u64::MAX))
    };
    let fitting = SERIES.iter().map(|series| cut(series)).find(|(fine, _)| fine.len() <= LINES);
    let (mut lines, tail) = fitting.unwrap_or_else(|| cut(SERIES[SERIES.len() - 1]));
    let decades = std::iter::successors(Some(10_u64), |decade| decade.checked_mul(10));
    let coarse = std::iter::once(tail).chain(decades.filter(|&decade| decade > tail));
    lines.extend(coarse.take_while(|&edge| edge <= max));
    lines
}

/// A bar of so many eighths of a column.
fn bar(eighths: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

/// The lines of a histogram [ns], in `width` columns: where a line begins, its bar, how many and what
/// share of all, and which percentiles lie in it. A line ends where the next begins. Whatever is there has
/// a bar to see. In a terminal of less than some 65 columns lines may be too long.
pub fn bars(histogram: &Histogram<u64>, width: usize) -> String {
    if histogram.is_empty() {
        return String::new();
    }
    let at = |quantile| histogram.value_at_quantile(quantile);
    let lines = lines(at(0.001), at(0.999), histogram.max());
    let line_of = |nanos| lines.partition_point(|&edge| edge <= nanos).saturating_sub(1);
    let mut counts = vec![0_u64; lines.len()];
    for step in histogram.iter_recorded() {
        // A sample is somewhere in its cell of the histogram; all of it goes where its middle is.
        let middle = histogram.median_equivalent(step.value_iterated_to());
        counts[line_of(middle)] += step.count_since_last_iteration();
    }
    let marks = [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")];
    let mut marked = vec![Vec::new(); lines.len()];
    for (quantile, name) in marks {
        marked[line_of(histogram.median_equivalent(at(quantile)))].push(name);
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let numbers = count(most).len();
    let notes = marked.iter().map(|names| names.join(" ").len()).max().unwrap_or(0);
    // Edge, blank, rule; blanks and the numbers, the share, the marks.
    let taken = LABEL + 2 + 2 + numbers + 2 + "100.0 %".len() + 2 + notes;
    let room = width.saturating_sub(taken).clamp(8, 60);
    let mut text = String::new();
    let rows = lines.iter().zip(&counts).zip(&marked).enumerate();
    for (i, ((&edge, &n), names)) in rows {
        // What is below the first line is less than one in a thousand, and counted with it.
        let from = if i == 0 { edge.min(histogram.min()) } else { edge };
        let label = nanos(from as f64);
        let eighths = (n as f64 / most as f64 * (room * 8) as f64).round() as usize;
        let bar = bar(if n > 0 { eighths.max(1) } else { 0 });
        let share = match n as f64 / histogram.len() as f64 {
            little if n > 0 && little < 0.000_5 => "<0.1 %".to_owned(),
            share => percent(share),
        };
        let line = format!(
            "{label:>LABEL$} │{bar:<room$}  {:>numbers$}  {share:>7}  {}",
            count(n),
            names.join(" ")
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_fine_where_the_samples_are_and_coarse_in_the_tail() {
        assert_eq!(lines(80, 95, 95), [80, 85, 90, 95]);
        let long = lines(80, 400, 3_000_000);
        assert_eq!(long[..3], [80, 90, 100]);
        assert_eq!(long[long.len() - 5..], [450, 1_000, 10_000, 100_000, 1_000_000]);
        // A tail that stays below the next edge needs no line of its own.
        assert_eq!(lines(80, 95, 99), [80, 85, 90, 95]);
        assert_eq!(lines(0, 0, 0), [0]);
        assert!(lines(1, u64::MAX, u64::MAX).len() <= 20);
    }

    #[test]
    fn nothing_has_no_lines() {
        assert_eq!(bars(&Histogram::new(3).unwrap(), 80), "");
    }

    proptest! {
        /// Every sample is in the line it belongs to, and no line is wider than what it may be.
        #[test]
        fn counts_are_those_of_the_samples(
            logs in prop::collection::vec(0.0_f64..24.0, 1..300),
            width in 60_usize..120,
        ) {
            let samples: Vec<u64> = logs.iter().map(|log| libm::exp(*log) as u64).collect();
            let mut histogram = Histogram::<u64>::new(3).unwrap();
            samples.iter().for_each(|&nanos| histogram.record(nanos).unwrap());
            let text = bars(&histogram, width);
            let counts = text.lines().map(|line| {
                let after = line.split('│').nth(1).unwrap();
                let number = after.split_whitespace().find(|word| word.as_bytes()[0].is_ascii_digit());
                number.unwrap().replace(',', "").parse::<usize>().unwrap()
            });
            let counts: Vec<usize> = counts.collect();
            prop_assert_eq!(counts.iter().sum::<usize>(), samples.len(), "{}", text);
            for line in text.lines() {
                prop_assert!(line.chars().count() <= width, "{}", line);
            }
            for mark in ["p50", "p90", "p99", "p99.9", "p99.99"] {
                let marked = text.split_whitespace().filter(|word| *word == mark).count();
                prop_assert_eq!(marked, 1, "{}: {}", mark, &text);
            }
            let edges = lines(
                histogram.value_at_quantile(0.001),
                histogram.value_at_quantile(0.999),
                histogram.max(),
            );
            // Samples that are equal to the histogram count where the middle of its cell is.
            let cells = samples.iter().map(|&nanos| histogram.median_equivalent(nanos));
            let mut truth = vec![0; edges.len()];
            for nanos in cells {
                truth[edges.iter().rposition(|&edge| edge <= nanos).unwrap_or(0)] += 1;
            }
            prop_assert_eq!(counts, truth);
        }
    }
}
