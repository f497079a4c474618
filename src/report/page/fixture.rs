//! A page with every shape, every scale and every kind of cell, for tests of how pages are drawn.

use super::{
    At, Axis, Cell, Chart, Colour, Finding, Layer, Mood, Page, Point, Rule, Scale, Section, Shape,
    Story, Table,
};

/// Charts on it that have something to draw.
pub const DRAWN: usize = 8;

fn chart(name: &str, x: Axis, y: Axis, layers: Vec<Layer>) -> Chart {
    let says = format!("What {name} shows, for those who do not see it.");
    Chart {
        name: name.to_owned(),
        title: format!("Chart {name}"),
        says,
        x,
        y,
        layers,
        rules: vec![],
    }
}

fn layer(n: u8, shape: Shape, points: Vec<Point>) -> Layer {
    Layer::new(format!("layer {n}"), shape, Colour::Nth(n), points)
}

fn wave(n: u8, shape: Shape) -> Layer {
    let point = |i: u32| {
        let y = 2.0 + f64::from(n) + 0.02 * f64::from(i) * f64::from(i % 7);
        Point::new(f64::from(i), y).within(Some(y - 0.4), Some(y + 0.6))
    };
    let mut points: Vec<Point> = (0..40).map(point).collect();
    points[20] = Point::new(20.0, None);
    layer(n, shape, points)
}

fn names(n: usize) -> Vec<String> {
    let all = ["factory", "wholesaler", "retailer", "repairer of telephones", "trader", "leasing"];
    all[..n].iter().map(|name| (*name).to_owned()).collect()
}

fn effects(shape: Shape) -> Layer {
    let point = |row: u32| {
        let x = f64::from(row) * 0.7 - 1.5;
        Point::new(x, f64::from(row)).within(Some(x - 0.5), Some(x + 0.9))
    };
    layer(1, shape, (0..5).map(point).collect())
}

fn bars() -> Chart {
    let bar = |n: u8| {
        let point = |i: u32| {
            let y = f64::from(i + 1) * f64::from(n + 1);
            Point::new(f64::from(i), y).within(Some(y * 0.9), Some(y * 1.2))
        };
        layer(n, Shape::Bars, (0..6).map(point).collect())
    };
    let x = Axis::names("kind of seller", names(6));
    chart("bars", x, Axis::linear("orders", "thousands"), vec![bar(0), bar(1)])
}

fn cells() -> Chart {
    let point = |i: u32| Point {
        weight: Some(f64::from(i * i % 37)),
        ..Point::new(f64::from(i % 12), libm::pow(10.0, 2.0 + f64::from(i / 12) * 0.25))
    };
    let heat = layer(0, Shape::Cells, (0..144).map(point).collect());
    chart("cells", Axis::linear("time", "s"), Axis::log("latency", "ns"), vec![heat])
}

fn percentiles() -> Chart {
    let at = [0.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 99.999, 100.0];
    let point = |(i, &p): (usize, &f64)| Point::new(p, 100.0 * libm::pow(3.0, i as f64));
    let line = layer(0, Shape::Line, at.iter().enumerate().map(point).collect());
    let x = Axis { scale: Scale::Percentile, ..Axis::linear("percentile", "%") };
    let limit = Rule { at: At::Y(50_000.0), label: "limit 50 µs".into(), colour: Colour::Bad };
    let rules = vec![limit];
    Chart { rules, ..chart("percentiles", x, Axis::log("latency", "ns"), vec![line]) }
}

fn charts() -> Vec<Chart> {
    let week = || Axis::linear("week", "weeks");
    let zero = Rule { at: At::X(0.0), label: "no difference".into(), colour: Colour::Muted };
    let rows = || Axis { reversed: true, ..Axis::names("metric", names(5)) };
    let forest =
        chart("forest", Axis::linear("difference", "%"), rows(), vec![effects(Shape::Forest)]);
    let lines = vec![wave(0, Shape::Line), wave(2, Shape::Steps), wave(4, Shape::Dashes)];
    vec![
        chart("lines", week(), Axis::linear("stars", "stars"), lines),
        chart("dots", week(), Axis::log("orders", "orders"), vec![wave(3, Shape::Dots)]),
        Chart { rules: vec![zero], ..forest },
        chart("lying", Axis::linear("share", "%"), rows(), vec![effects(Shape::Lying)]),
        bars(),
        cells(),
        percentiles(),
        chart(
            "ranks",
            week(),
            Axis { reversed: true, ..Axis::linear("rank", "place") }.from_to(1.0, 10.0),
            vec![wave(5, Shape::Line)],
        ),
        Chart { says: "Nobody joined.".into(), ..chart("empty", week(), week(), vec![]) },
    ]
}

/// The page.
pub fn page() -> Page {
    let finding = |mood, headline: &str| Finding {
        headline: headline.to_owned(),
        says: "In words, 3.1 to 4.2.".to_owned(),
        mood,
    };
    let number = |value: Option<f64>| {
        let shown = value.map_or("–".to_owned(), |value| format!("{value:.1}"));
        Cell::Number { value, shown }
    };
    let row =
        |name: &str, value, other| vec![Cell::Text(name.to_owned()), number(value), number(other)];
    let table = Table {
        name: "sellers".to_owned(),
        title: "Sellers".to_owned(),
        columns: ["kind", "price [EUR]", "stars"].map(String::from).to_vec(),
        rows: vec![
            row("trader", Some(10.5), Some(4.0)),
            row("factory", Some(9.0), None),
            row("retailer", Some(100.0), Some(3.5)),
        ],
    };
    let section = Section {
        title: "All shapes".to_owned(),
        lead: "What can be drawn.".to_owned(),
        charts: charts(),
        tables: vec![table],
    };
    let findings = vec![
        finding(Mood::Plain, "As it was"),
        finding(Mood::Good, "Better"),
        finding(Mood::Bad, "Worse"),
    ];
    Page {
        title: "fixture: every shape".to_owned(),
        story: Story { findings, sections: vec![section] },
        origin: vec![("command".to_owned(), "brocante run fixture.toml".to_owned())],
    }
}
