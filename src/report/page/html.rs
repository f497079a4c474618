//! `report.html`: the page of a run as one file, which opens offline and asks nothing of any other place.

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    At, Axis, Cell, Chart, Colour, Layer, Mood, Page, Point, Scale, Section, Shape, Table,
};

const TEMPLATE: &str = include_str!("assets/report.html");
const CSS: &str = include_str!("assets/report.css");
const JS: &str = include_str!("assets/report.js");
const UPLOT_JS: &str = include_str!("assets/uPlot.min.js");
const UPLOT_CSS: &str = include_str!("assets/uPlot.min.css");
const UPLOT_LICENSE: &str = include_str!("assets/uPlot.LICENSE");

/// What the template is given.
#[derive(Serialize)]
struct Given<'a> {
    title: &'a str,
    version: &'a str,
    findings: Vec<Value>,
    sections: Vec<Value>,
    origin: Vec<Value>,
    css: &'a str,
    js: &'a str,
    uplot_css: &'a str,
    uplot_js: String,
}

/// The page as HTML.
pub fn html(page: &Page) -> String {
    let mut environment = Environment::new();
    // What the template misspells is a mistake of ours and shows in the tests, not a hole in the page.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let finding = |finding: &super::Finding| {
        let mood = match finding.mood {
            Mood::Good => "good",
            Mood::Bad => "bad",
            Mood::Plain => "plain",
        };
        json!({ "headline": finding.headline, "says": finding.says, "mood": mood })
    };
    let origin = |(name, value): &(String, String)| json!({ "name": name, "value": value });
    let given = Given {
        title: &page.title,
        version: env!("CARGO_PKG_VERSION"),
        findings: page.story.findings.iter().map(finding).collect(),
        sections: page.story.sections.iter().map(section).collect(),
        origin: page.origin.iter().map(origin).collect(),
        css: CSS,
        js: JS,
        uplot_css: UPLOT_CSS,
        uplot_js: format!("/*! uPlot\n{UPLOT_LICENSE}*/\n{UPLOT_JS}"),
    };
    environment
        .add_template("report.html", TEMPLATE)
        .and_then(|()| {
            environment.get_template("report.html")?.render(minijinja::value::Serde(given))
        })
        .unwrap_or_else(|error| panic!("the template of the page is part of the program: {error}"))
}

/// A title as an anchor: small letters, digits and dashes.
fn anchor(title: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("about-{}", title.chars().map(plain).collect::<String>())
}

fn section(section: &Section) -> Value {
    json!({
        "title": section.title,
        "anchor": anchor(&section.title),
        "lead": section.lead,
        "charts": section.charts.iter().map(figure).collect::<Vec<_>>(),
        "tables": section.tables.iter().map(table).collect::<Vec<_>>(),
    })
}

fn figure(chart: &Chart) -> Value {
    // Data stand in an element of the page: no `<` in a name may end it.
    let json = chart.has_points().then(|| data(chart).to_string().replace('<', "\\u003c"));
    json!({ "name": chart.name, "title": chart.title, "says": chart.says, "json": json })
}

fn table(table: &Table) -> Value {
    let is_number = |column: usize| {
        table.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Number { .. })))
    };
    let columns = table.columns.iter().enumerate();
    let columns =
        columns.map(|(column, title)| json!({ "title": title, "number": is_number(column) }));
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => json!({ "number": false, "value": "", "shown": text }),
        Cell::Number { value, shown } => {
            let value = value.filter(|value| value.is_finite());
            let value = value.map_or_else(String::new, |value| value.to_string());
            json!({ "number": true, "value": value, "shown": shown })
        }
    };
    let rows = table.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>());
    json!({
        "name": table.name,
        "title": table.title,
        "columns": columns.collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// A chart as the script reads it.
fn data(chart: &Chart) -> Value {
    let rules = chart.rules.iter().map(|rule| {
        let (across, value) = match rule.at {
            At::X(x) => ("x", x),
            At::Y(y) => ("y", y),
        };
        json!({
            "across": across, "value": number(Some(value)), "label": rule.label,
            "colour": colour(rule.colour),
        })
    });
    json!({
        "x": axis(&chart.x),
        "y": axis(&chart.y),
        "layers": chart.layers.iter().map(layer).collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
    })
}

fn axis(axis: &Axis) -> Value {
    let scale = match axis.scale {
        Scale::Linear => "linear",
        Scale::Log => "log",
        Scale::Percentile => "percentile",
        Scale::Names(_) => "names",
    };
    let mut said = json!({
        "says": axis.says(), "unit": axis.unit, "scale": scale, "reversed": axis.reversed,
        "shown": axis.shown.map(|(low, high)| [low, high]),
    });
    if let Scale::Names(names) = &axis.scale {
        said["names"] = json!(names);
    }
    said
}

/// Points as columns, which takes a third of the room that objects take; a column without a value is left
/// out.
fn layer(layer: &Layer) -> Value {
    let shape = match layer.shape {
        Shape::Line => "line",
        Shape::Dashes => "dashes",
        Shape::Steps => "steps",
        Shape::Dots => "dots",
        Shape::Forest => "forest",
        Shape::Bars => "bars",
        Shape::Lying => "lying",
        Shape::Cells => "cells",
    };
    let mut said = Map::new();
    said.insert("name".to_owned(), json!(layer.name));
    said.insert("shape".to_owned(), json!(shape));
    said.insert("colour".to_owned(), json!(colour(layer.colour)));
    let column = |of: fn(&Point) -> Option<f64>| {
        Value::Array(layer.points.iter().map(|point| number(of(point))).collect())
    };
    said.insert("x".to_owned(), column(|point| Some(point.x)));
    said.insert("y".to_owned(), column(|point| point.y));
    if layer.points.iter().any(|point| point.low.is_some() || point.high.is_some()) {
        said.insert("low".to_owned(), column(|point| point.low));
        said.insert("high".to_owned(), column(|point| point.high));
    }
    if layer.points.iter().any(|point| point.weight.is_some()) {
        said.insert("weight".to_owned(), column(|point| point.weight));
        said.insert("ground".to_owned(), number(Some(layer.ground)));
    }
    Value::Object(said)
}

fn colour(colour: Colour) -> String {
    match colour {
        Colour::Nth(n) => format!("nth-{}", n % 8),
        Colour::Good => "good".to_owned(),
        Colour::Bad => "bad".to_owned(),
        Colour::Muted => "muted".to_owned(),
    }
}

/// A number to seven digits: more are not to be seen, and cost room.
fn number(value: Option<f64>) -> Value {
    let Some(value) = value.filter(|value| value.is_finite()) else { return Value::Null };
    let rounded: f64 = format!("{value:.6e}").parse().unwrap_or(value);
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 {
        json!(rounded as i64)
    } else {
        json!(rounded)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn numbers_take_little_room() {
        let said = [0.0, 1.0 / 3.0, 12_345_678.9, -4.0, 1e-9].map(|value| number(Some(value)));
        assert_eq!(said.map(|n| n.to_string()), ["0", "0.3333333", "12345680", "-4", "1e-9"]);
        assert_eq!([number(None), number(Some(f64::NAN))], [Value::Null, Value::Null]);
    }

    /// Nothing of a run's words is taken for markup, in texts, attributes and data.
    #[test]
    fn names_are_never_markup() {
        let mut page = fixture::page();
        let evil = "</script><img src=x onerror=alert(1)>\" onload=\"";
        page.title = evil.to_owned();
        let section = &mut page.story.sections[0];
        section.charts[0].layers[0].name = evil.to_owned();
        section.charts[0].says = evil.to_owned();
        section.tables[0].rows[0][0] = Cell::Text(evil.to_owned());
        let html = html(&page);
        assert!(!html.contains("<img"), "markup from a name");
        assert!(!html.contains("\" onload=\""), "an attribute from a name");
        assert_eq!(html.matches("</script>").count(), 2 + fixture::DRAWN);
    }

    #[test]
    fn all_is_in_the_file() {
        let html = html(&fixture::page());
        for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert!(html.contains("default-src 'none'"));
        // A picture without a point says why and has no canvas.
        assert!(html.contains("Nobody joined."));
        assert_eq!(html.matches("<figure").count(), fixture::DRAWN + 1);
        assert_eq!(
            html.matches("data-chart").count(),
            fixture::DRAWN + 1,
            "and once in the script"
        );
        // What was not observed is last in a sorted table, and shown as a dash.
        assert!(html.contains("data-value=\"\">–</td>"));
    }
}
