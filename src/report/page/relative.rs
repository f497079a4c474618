//! Differences of metrics in unlike units on one axis: as shares of the base's mean.

use super::{Axis, Chart, Colour, Layer, Point, Rule, Shape};
use crate::report::numbers::{interval, signed};

/// What reaches further than this is not drawn: its base is next to nothing [% of the base].
const FAR: f64 = 1_000.0;

/// A difference as a share of the base's mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Relative {
    /// The difference [% of the base].
    pub value: f64,
    /// Lower end of its 95 % interval [% of the base]; nothing where it has none.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Relative {
    /// Of a difference and its interval; nothing where it was not seen or the base is 0.
    pub fn of(
        base: Option<f64>,
        difference: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
    ) -> Option<Relative> {
        let size = base.map(f64::abs).filter(|&base| base > 0.0)?;
        let share = |of: f64| Some(100.0 * of / size).filter(|share| share.is_finite());
        let ends = [low, high].map(|end| end.and_then(share));
        Some(Relative { value: difference.and_then(share)?, low: ends[0], high: ends[1] })
    }

    /// How far from 0 it reaches [% of the base].
    pub fn reach(&self) -> f64 {
        let ends = [Some(self.value), self.low, self.high];
        ends.into_iter().flatten().fold(0.0, |most, end| most.max(end.abs()))
    }

    /// Whether it is told as a share at all.
    pub fn is_told(&self) -> bool {
        self.reach() <= FAR
    }

    /// `−3.1 % [−3.4, −2.8]`.
    pub fn says(&self) -> String {
        // Two figures of half the interval, or three of a difference without one.
        let half = self.high.zip(self.low).map(|(high, low)| (high - low) / 2.0);
        let scale = half.filter(|&half| half > 0.0).map(|half| 10.0 * half);
        let scale = scale.unwrap_or(10.0 * self.value.abs()).max(1.0);
        let form = |share| signed(share, scale);
        let text = interval(Some(self.value), self.low, self.high, form);
        match text.split_once(' ') {
            Some((value, ends)) => format!("{value} % {ends}"),
            None => format!("{text} %"),
        }
    }
}

/// One row of a forest plot: its label, and its dots, each of the layer of that number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// What it is of.
    pub label: String,
    /// What is drawn in it.
    pub dots: Vec<(usize, Relative)>,
}

impl Row {
    fn reach(&self) -> f64 {
        self.dots.iter().fold(0.0, |most, (_, dot)| most.max(dot.reach()))
    }
}

/// A forest plot of rows, their layers in the order of their numbers; of those that reach further than
/// `near` [% of the base] a second one, so that the rest can be seen. Rows without a share are named in words.
pub(super) fn forests(
    chart: &Chart,
    layers: &[(&str, Colour)],
    rows: Vec<Row>,
    near: f64,
) -> Vec<Chart> {
    let (told, hidden): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| !row.dots.is_empty() && row.reach() <= FAR);
    let (close, far): (Vec<Row>, Vec<Row>) = told.into_iter().partition(|row| row.reach() <= near);
    let hidden: Vec<String> = hidden.into_iter().map(|row| row.label).collect();
    let left_out = match hidden.len() {
        0 => String::new(),
        1..=6 => {
            format!(" In the table alone, as their base is 0 or nearly so: {}.", hidden.join(", "))
        }
        n => format!(" In the table alone, as their base is 0 or nearly so: {n} metrics."),
    };
    let (first, second) = if close.is_empty() { (far, vec![]) } else { (close, far) };
    let mut charts = vec![forest(chart, layers, &first)];
    charts[0].says.push_str(&left_out);
    if !second.is_empty() {
        let mut chart = forest(chart, layers, &second);
        chart.name.push_str("-far");
        chart.title.push_str(&format!(": what reaches beyond {near} %"));
        charts.push(chart);
    }
    charts
}

fn forest(chart: &Chart, layers: &[(&str, Colour)], rows: &[Row]) -> Chart {
    let labels = rows.iter().map(|row| row.label.clone()).collect();
    let mut drawn: Vec<Layer> = layers
        .iter()
        .map(|&(name, colour)| Layer::new(name, Shape::Forest, colour, vec![]))
        .collect();
    for (row, place) in rows.iter().zip(0_u32..) {
        for (layer, dot) in &row.dots {
            let point = Point::new(dot.value, f64::from(place)).within(dot.low, dot.high);
            drawn[*layer].points.push(point);
        }
    }
    for layer in &mut drawn {
        layer.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    let y = Axis { reversed: true, ..Axis::names(&chart.y.label, labels) };
    let chart = Chart { y, ..chart.clone() };
    chart.with(drawn).ruled([Rule::x(0.0, "", Colour::Muted)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_base() {
        let of = |base, d: f64| Relative::of(base, Some(d), Some(d - 0.5), Some(d + 0.5));
        let share = of(Some(-10.0), -0.25).unwrap();
        assert_eq!((share.value, share.low, share.high), (-2.5, Some(-7.5), Some(2.5)));
        assert_eq!(share.reach(), 7.5);
        assert_eq!(share.says(), "−2.5 % [−7.5, +2.5]");
        assert_eq!((of(Some(0.0), 1.0), of(None, 1.0)), (None, None));
        let alone = Relative::of(Some(200.0), Some(-7.0), None, None).unwrap();
        assert_eq!(alone.says(), "−3.5 %");
    }

    #[test]
    fn what_reaches_far_has_a_picture_of_its_own() {
        let row = |label: &str, value: f64| Row {
            label: label.to_owned(),
            dots: vec![(0, Relative { value, low: None, high: None })],
        };
        let none = Row { label: "none".to_owned(), dots: vec![] };
        let chart = Chart::new(
            "f",
            "F",
            "Says.",
            (Axis::linear("difference", "%"), Axis::names("metric", vec![])),
        );
        let layers = [("better", Colour::Good)];
        let rows = vec![row("a", 1.0), row("b", 300.0), row("c", -2.0), row("d", 1e4), none];
        let charts = forests(&chart, &layers, rows.clone(), 25.0);
        let names: Vec<&str> = charts.iter().map(|chart| &*chart.name).collect();
        assert_eq!(names, ["f", "f-far"]);
        let xs = |chart: &Chart| chart.layers[0].points.iter().map(|p| p.x).collect::<Vec<_>>();
        assert_eq!((xs(&charts[0]), xs(&charts[1])), (vec![-2.0, 1.0], vec![300.0]));
        assert!(charts[0].says.ends_with("nearly so: d, none."), "{}", charts[0].says);
        // Where there is nothing near, what is far is the picture.
        assert_eq!(forests(&chart, &layers, rows[1..2].to_vec(), 25.0).len(), 1);
        assert!(!forests(&chart, &layers, vec![], 25.0)[0].has_points());
    }
}
