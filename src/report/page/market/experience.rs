//! Week by week: how concentrated sales are, what shoppers pay, how it goes, and the stars they give.

use super::{Axis, Chart, Colour, Frame, Layer, Run, Section, Shape, layer, missing, weeks_axis};
use crate::report::numbers::{fixed, percent};
use crate::report::text::with_interval;

/// One line of a picture: its name, the metric, and whether it is drawn dashed.
type Line = (&'static str, &'static str, Shape);

pub(super) fn section(run: &Run<'_>) -> Section {
    Section {
        title: "Week by week".to_owned(),
        lead: "Look for what is still moving at the end: a line that has not settled is of a \
         market that has not either."
            .to_owned(),
        charts: vec![
            orders(run),
            concentration(run),
            prices(run),
            order_value(run),
            faults(run),
            stars(run),
        ],
        tables: vec![],
    }
}

fn lines(run: &Run<'_>, lines: &[Line], factor: f64) -> Vec<Layer> {
    let of = |(place, &(name, metric, shape)): (usize, &Line)| {
        let points = run.weekly(|row| row.get(metric).map(|value| value * factor));
        layer(name, shape, Colour::Nth(place as u8), points)
    };
    lines.iter().enumerate().map(of).collect()
}

fn why(run: &Run<'_>) -> String {
    missing(run.weeks.as_ref(), "weekly.csv", "No week had anything of this to count.")
}

fn metric(run: &Run<'_>, name: &str, form: &dyn Fn(f64) -> String) -> String {
    with_interval(run.summary, name, form)
}

fn orders(run: &Run<'_>) -> Chart {
    let points = run.weekly(|row| Some(row.orders as f64));
    let frame = Frame {
        name: "orders",
        title: "Orders",
        x: weeks_axis(),
        y: Axis::linear("in the week", "orders").from_to(0.0, 1.0),
    };
    let says = format!(
        "Orders of each week; over the run {} of all visits ended in one. {}",
        metric(run, "conversion", &percent),
        run.of_means()
    );
    frame.with(vec![layer("orders", Shape::Line, Colour::Nth(0), points)], says, &why(run))
}

fn concentration(run: &Run<'_>) -> Chart {
    let layers = lines(
        run,
        &[
            ("Gini of sales", "gini", Shape::Line),
            ("Gini of exposure", "exposure_gini", Shape::Dashes),
            ("top ten's share of sales", "top10_share", Shape::Line),
            ("top ten's share of exposure", "exposure_top10_share", Shape::Dashes),
        ],
        1.0,
    );
    let frame = Frame {
        name: "concentration",
        title: "Concentration",
        x: weeks_axis(),
        y: Axis::linear("Gini, and share", "ratio").from_to(0.0, 1.0),
    };
    let says = format!(
        "How unequally each week's sales and views are shared among the sellers live in it: 0 is \
         alike, 1 is one seller with all. Over the run Gini {} and top ten {} of sales. {}",
        metric(run, "gini", &|value| fixed(value, 3)),
        metric(run, "top10_share", &percent),
        run.of_means()
    );
    frame.with(layers, says, &why(run))
}

fn prices(run: &Run<'_>) -> Chart {
    let layers = lines(run, &[("price index", "price_index", Shape::Line)], 1.0);
    let frame = Frame {
        name: "price-index",
        title: "Prices paid",
        x: weeks_axis(),
        y: Axis::linear("price paid over reference price", "ratio"),
    };
    let says = format!(
        "What shoppers pay, in parts of what the product is worth on the market at large in that \
         week: less is better for them. {} over the run. {}",
        metric(run, "price_index", &|value| fixed(value, 3)),
        run.of_means()
    );
    frame.with(layers, says, &why(run))
}

fn order_value(run: &Run<'_>) -> Chart {
    let layers = lines(run, &[("mean price", "order_value", Shape::Line)], 1.0);
    let frame = Frame {
        name: "order-value",
        title: "Mean price of an order",
        x: weeks_axis(),
        y: Axis::linear("mean price", "EUR/order"),
    };
    let says = format!(
        "EUR {} an order over the run. Reference prices fall as products age, so it falls with them. {}",
        metric(run, "order_value", &|value| fixed(value, 2)),
        run.of_means()
    );
    frame.with(layers, says, &why(run))
}

fn faults(run: &Run<'_>) -> Chart {
    let layers = lines(
        run,
        &[
            ("late", "late_rate", Shape::Line),
            ("defective", "defect_rate", Shape::Line),
            ("returned", "return_rate", Shape::Line),
            ("cancelled", "cancel_rate", Shape::Line),
        ],
        100.0,
    );
    let frame = Frame {
        name: "defects",
        title: "What goes wrong",
        x: weeks_axis(),
        y: Axis::linear("share of parcels; cancelled: of orders", "%").from_to(0.0, 1.0),
    };
    let rate = |name: &str| metric(run, name, &percent);
    let says = format!(
        "Over the run {} late, {} defective, {} returned, {} cancelled. The first weeks lack what \
         takes longer: late parcels and returns. {}",
        rate("late_rate"),
        rate("defect_rate"),
        rate("return_rate"),
        rate("cancel_rate"),
        run.of_means()
    );
    frame.with(layers, says, &why(run))
}

fn stars(run: &Run<'_>) -> Chart {
    let layers = lines(
        run,
        &[
            ("all reviews", "mean_stars", Shape::Line),
            ("parcel on time", "stars_when_on_time", Shape::Dashes),
            ("parcel late", "stars_when_late", Shape::Dashes),
        ],
        1.0,
    );
    let frame = Frame {
        name: "stars",
        title: "Stars",
        x: weeks_axis(),
        y: Axis::linear("mean of the week's reviews", "stars").from_to(1.0, 5.0),
    };
    let stars = |name: &str| metric(run, name, &|value| fixed(value, 2));
    let says = format!(
        "Mean stars over the run: {}, {} of parcels on time and {} of late ones; {} of parcels are reviewed. {}",
        stars("mean_stars"),
        stars("stars_when_on_time"),
        stars("stars_when_late"),
        metric(run, "review_rate", &percent),
        run.of_means()
    );
    frame.with(layers, says, &why(run))
}
