//! A load over time: a heat map of the response of rankings, its percentiles, and how much was done.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::observed::Span;
use super::{Told, Unit};
use crate::driver::load::{Op, Part};
use crate::experiment::LoadMetric;
use crate::report::load::form::per_second;
use crate::report::numbers::count;
use crate::report::page::{Axis, Chart, Colour, Layer, Point, Rule, Shape};

/// Cells of a heat map at most.
const MOST_CELLS: usize = 20_000;
/// Bins of a power of ten, finest first.
const BINS: [f64; 3] = [20.0, 10.0, 5.0];

/// The bin of a time [ns], so many to a power of ten.
fn bin(nanos: u64, per_decade: f64) -> i32 {
    libm::floor(libm::log10(nanos.max(1) as f64) * per_decade) as i32
}

/// The middle of a bin [ns].
fn middle(bin: i32, per_decade: f64) -> f64 {
    libm::exp10((f64::from(bin) + 0.5) / per_decade)
}

/// How many samples lie in each bin.
pub(super) fn bins(histogram: &Histogram<u64>, per_decade: f64) -> BTreeMap<i32, u64> {
    let mut bins = BTreeMap::new();
    for step in histogram.iter_recorded() {
        // A sample is somewhere in its cell of the histogram; all of it goes where its middle is.
        let nanos = histogram.median_equivalent(step.value_iterated_to());
        *bins.entry(bin(nanos, per_decade)).or_insert(0) += step.count_since_last_iteration();
    }
    bins
}

/// The finest bins of which no more cells can come than may.
pub(super) fn fitting(spans: &[Span]) -> f64 {
    let seen = || spans.iter().filter(|span| !span.rank.is_empty());
    let least = seen().map(|span| span.rank.min()).min().unwrap_or(1);
    let most = seen().map(|span| span.rank.max()).max().unwrap_or(1);
    let cells = |per_decade: f64| {
        let high = bin(most, per_decade) - bin(least, per_decade) + 1;
        spans.len() * high.max(1) as usize
    };
    let fits = BINS.into_iter().find(|&per_decade| cells(per_decade) <= MOST_CELLS);
    fits.unwrap_or(BINS[BINS.len() - 1])
}

impl Told<'_> {
    fn spans(&self) -> &[Span] {
        self.observed.as_ref().map_or(&[], |observed| &observed.spans)
    }

    /// The middle of a span [s].
    fn when(&self, span: usize) -> f64 {
        let width = self.observed.as_ref().map_or(1, |observed| observed.width_s) as f64;
        (span as f64 + 0.5) * width
    }

    /// How long a cell or a point is, in words.
    fn width(&self) -> String {
        match self.observed.as_ref().map_or(1, |observed| observed.width_s) {
            1 => "a second".to_owned(),
            n => format!("{n} s"),
        }
    }

    fn seconds(&self) -> Axis {
        let width = self.observed.as_ref().map_or(1, |observed| observed.width_s) as f64;
        Axis::linear("since the start", "s").from_to(0.0, width * self.spans().len() as f64)
    }

    fn of_rankings(metric: LoadMetric) -> bool {
        matches!(metric, LoadMetric::Latency(Op::Rank, Part::Response, name) if name != "count")
    }

    /// Where the responses of rankings lie, second by second.
    pub(super) fn heat(&self) -> Chart {
        let unit = Unit::of(self.load);
        let per_decade = fitting(self.spans());
        let (mut cells, mut greatest) = (Vec::new(), 0);
        for (i, span) in self.spans().iter().enumerate() {
            for (bin, n) in bins(&span.rank, per_decade) {
                let y = unit.of_nanos(middle(bin, per_decade));
                let weight = Some(n as f64);
                cells.push(Point { weight, ..Point::new(self.when(i), y) });
                greatest = greatest.max(n);
            }
        }
        let says = self.says(&format!(
            "Each cell is {} wide; the stronger its colour, the more rankings, up to {} in one cell.",
            self.width(),
            count(greatest)
        ));
        let axes = (self.seconds(), Axis::log("response of rankings", unit.name));
        let layer = Layer::new("rankings", Shape::Cells, Colour::Nth(0), cells);
        let chart = Chart::new("heat", "Response of rankings over time", says, axes);
        chart.with([layer]).ruled(self.limits(unit.nanos, Told::of_rankings))
    }

    /// Percentiles of each span.
    pub(super) fn percentiles_by_second(&self) -> Chart {
        let unit = Unit::of(self.load);
        let of = |(name, quantile, nth): (&str, f64, u8)| {
            let point = |(i, span): (usize, &Span)| {
                let nanos = span.rank.value_at_quantile(quantile);
                let y = (!span.rank.is_empty()).then(|| unit.of_nanos(nanos as f64));
                Point::new(self.when(i), y)
            };
            let points = self.spans().iter().enumerate().map(point).collect();
            Layer::new(name, Shape::Line, Colour::Nth(nth), points)
        };
        let three = [("p50", 0.5, 0), ("p99", 0.99, 1), ("p99.9", 0.999, 2)];
        let few = self.spans().iter().map(|span| span.rank.len()).min().unwrap_or(0) < 1_000;
        let few =
            if few { " Where there are less than a thousand, p99.9 is the longest." } else { "" };
        let says = self.says(&format!("Percentiles of {} each.{few}", self.width()));
        let axes = (self.seconds(), Axis::log("response of rankings", unit.name));
        let chart = Chart::new("response-over-time", "Percentiles over time", says, axes);
        chart.with(three.map(of)).ruled(self.limits(unit.nanos, Told::of_rankings))
    }

    /// How much was done in each span, and what was offered in the mean.
    pub(super) fn throughput(&self) -> Chart {
        let spans = self.spans().iter().enumerate();
        let points = spans.map(|(i, span)| Point::new(self.when(i), span.rate())).collect();
        let layer = Layer::new("achieved", Shape::Line, Colour::Nth(0), points);
        let offered = self.load.throughput.offered.map(|offered| {
            Rule::y(offered, format!("offered in the mean {}", per_second(offered)), Colour::Muted)
        });
        let says = self.says(&format!("Operations of all kinds, {} each.", self.width()));
        let axes = (self.seconds(), Axis::linear("operations", "1/s").from_to(0.0, 0.0));
        let chart = Chart::new("throughput", "Throughput over time", says, axes);
        let rate = |metric| matches!(metric, LoadMetric::Achieved);
        chart.with([layer]).ruled(offered).ruled(self.limits(1.0, rate))
    }
}
