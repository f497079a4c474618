//! Who sells what to whom: kinds of sellers, categories and countries of buyers.

use super::{
    Axis, Chart, Colour, Frame, Point, Run, Section, Shape, Table, formed, layer, missing, number,
    ratio, table, whole, words,
};
use crate::measure::TradeRow;
use crate::report::numbers::{percent, share};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many pairs of kind and category the picture of all three shows.
const PAIRS: usize = 20;

pub(super) fn section(run: &Run<'_>) -> Section {
    Section {
        title: "Who sells what to whom".to_owned(),
        lead: "The darker a cell, the more of its column's orders it has. Columns that look alike \
         mean that countries, or categories, are served by the same sellers."
            .to_owned(),
        charts: vec![
            map(run, "kind-category", ["Kinds and categories", "category"], &|row| &row.category),
            map(run, "kind-country", ["Kinds and countries", "country of the buyer"], &|row| {
                &row.country
            }),
            all_three(run),
        ],
        tables: vec![rows(run)],
    }
}

/// A name to sort by.
type Key<'a> = &'a dyn Fn(&TradeRow) -> &str;

/// Orders by name, the most first.
fn greatest(rows: &[&TradeRow], key: impl Fn(&TradeRow) -> String) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        *sums.entry(key(row)).or_default() += row.orders;
    }
    let mut order: Vec<_> = sums.into_iter().collect();
    order.sort_by_key(|(_, orders)| Reverse(*orders));
    order
}

/// The names along an axis, and which of them a row belongs to.
pub(super) type Names<'a> = (&'a [String], &'a dyn Fn(&TradeRow) -> String);

/// Which share [%] of each column's orders each row has: cells of names across and up.
///
/// The shares of a column sum to 100 where all rows of it are among `up`.
pub(super) fn cells(rows: &[&TradeRow], across: Names<'_>, up: Names<'_>) -> Vec<Point> {
    let (mut sums, mut columns) = (BTreeMap::new(), vec![0; across.0.len()]);
    for row in rows {
        let place = |(names, key): Names<'_>| {
            let name = key(row);
            names.iter().position(|one| *one == name)
        };
        let Some(x) = place(across) else { continue };
        columns[x] += row.orders;
        if let Some(y) = place(up) {
            *sums.entry((x, y)).or_default() += row.orders;
        }
    }
    let cell = |((x, y), orders): ((usize, usize), u64)| Point {
        weight: ratio(orders, columns[x]).map(|share| 100.0 * share),
        ..Point::new(x as f64, y as f64)
    };
    sums.into_iter().map(cell).collect()
}

fn names(order: &[(String, u64)]) -> Vec<String> {
    order.iter().map(|(name, _)| name.clone()).collect()
}

fn why(run: &Run<'_>) -> String {
    missing(run.trade.as_ref(), "trade.csv", "Nobody bought anything.")
}

/// Kinds of sellers over something else.
fn map(run: &Run<'_>, name: &str, [title, label]: [&str; 2], key: Key<'_>) -> Chart {
    let rows: Vec<&TradeRow> = run.trade(run.first()).collect();
    let (kind, other) = (|row: &TradeRow| row.kind.clone(), |row: &TradeRow| key(row).to_owned());
    let (kinds, others) = (greatest(&rows, kind), greatest(&rows, other));
    let all: u64 = kinds.iter().map(|(_, orders)| orders).sum();
    // The greatest kind stands at the top.
    let up: Vec<String> = names(&kinds).into_iter().rev().collect();
    let across = names(&others);
    let points = cells(&rows, (&across, &other), (&up, &kind));
    let first = |order: &[(String, u64)]| {
        order.first().map_or_else(String::new, |(name, orders)| {
            format!("{name} has {}", share(*orders, all))
        })
    };
    let says = format!(
        "Which share of the orders of each column went to which kind of sellers: columns sum to \
         100 %. Of all orders {} and {}; both are in the order of orders. {}",
        first(&kinds),
        first(&others),
        run.of_first()
    );
    let frame =
        Frame { name, title, x: Axis::names(label, across), y: Axis::names("kind of seller", up) };
    frame.with(
        vec![layer("share of the column's orders [%]", Shape::Cells, Colour::Nth(0), points)],
        says,
        &why(run),
    )
}

/// All three at once: pairs of kind and category over countries.
fn all_three(run: &Run<'_>) -> Chart {
    let rows: Vec<&TradeRow> = run.trade(run.first()).collect();
    let pair = |row: &TradeRow| format!("{} · {}", row.kind, row.category);
    let country = |row: &TradeRow| row.country.clone();
    let (mut pairs, countries) = (greatest(&rows, pair), greatest(&rows, country));
    let all: u64 = pairs.iter().map(|(_, orders)| orders).sum();
    let there = pairs.len();
    pairs.truncate(PAIRS);
    let shown: u64 = pairs.iter().map(|(_, orders)| orders).sum();
    let up: Vec<String> = names(&pairs).into_iter().rev().collect();
    let across = names(&countries);
    let points = cells(&rows, (&across, &country), (&up, &pair));
    let says = format!(
        "Which share of the orders of each country went to which kind of sellers in which \
         category: the {} greatest of {there} pairs, {} of all orders. {}",
        pairs.len(),
        share(shown, all),
        run.of_first()
    );
    let frame = Frame {
        name: "kind-category-country",
        title: "Kinds, categories and countries",
        x: Axis::names("country of the buyer", across),
        y: Axis::names("kind of seller · category", up),
    };
    frame.with(
        vec![layer("share of the column's orders [%]", Shape::Cells, Colour::Nth(0), points)],
        says,
        &why(run),
    )
}

fn rows(run: &Run<'_>) -> Table {
    let rows: Vec<&TradeRow> = run.trade(run.first()).collect();
    let all: u64 = rows.iter().map(|row| row.orders).sum();
    let mut order = rows;
    order.sort_by_key(|row| Reverse(row.orders));
    let row = |row: &&TradeRow| {
        vec![
            words(&row.kind),
            words(&row.category),
            words(&row.country),
            whole(row.orders),
            formed(ratio(row.orders, all), percent),
            number(Some(row.gmv_eur), 0),
            number(ratio(row.gmv_eur.round() as u64, row.orders), 0),
        ]
    };
    let columns = [
        "kind of seller",
        "category",
        "country of the buyer",
        "orders",
        "share of orders [%]",
        "sales [EUR]",
        "mean price [EUR]",
    ];
    table("trade", "Who sold what to whom", &columns, order.iter().map(row).collect())
}
