//! The tables: every metric, every seller, and sellers by kind and by country.

use super::{Cell, Run, Section, Table, formed, number, ratio, table, whole, words};
use crate::measure::{Better, SellerRow, all_metrics};
use crate::report::groups::{Group, grouped};
use crate::report::numbers::{figures, fixed, percent};
use std::cmp::Reverse;

pub(super) fn section(run: &Run<'_>) -> Section {
    Section {
        title: "All figures".to_owned(),
        lead: format!(
            "Every metric of the run, and every seller{}. A dash is what was not observed.",
            run.in_first()
        ),
        charts: vec![],
        tables: vec![metrics(run), sellers(run)],
    }
}

fn metrics(run: &Run<'_>) -> Table {
    let known = all_metrics();
    let summary = run.summary;
    // In the order of the registry, and then what this version does not know.
    let place = |name: &str| known.iter().position(|metric| metric.name == name);
    let mut names: Vec<&String> = summary.metrics.keys().collect();
    names.sort_by_key(|name| (place(name).unwrap_or(usize::MAX), *name));
    let row = |name: &&String| {
        let metric = &summary.metrics[*name];
        let scale = metric.value.unwrap_or_default();
        let cell = |value: Option<f64>| formed(value, |value| figures(value, scale));
        let better = match metric.better {
            Better::Lower => "less",
            Better::Higher => "more",
            Better::None => "neither",
        };
        let says = place(name).map_or("", |place| known[place].says);
        vec![
            words(name),
            cell(metric.value),
            cell(metric.low),
            cell(metric.high),
            whole(metric.n as u64),
            words(&metric.unit),
            words(better),
            words(says),
        ]
    };
    let columns = ["metric", "mean", "low [95 %]", "high [95 %]", "n", "unit", "better", "meaning"];
    table("metrics", "Metrics", &columns, names.iter().map(row).collect())
}

fn sellers(run: &Run<'_>) -> Table {
    let mut rows: Vec<&SellerRow> = run.sellers(run.first()).collect();
    let all: u64 = rows.iter().map(|row| row.orders).sum();
    rows.sort_by_key(|row| (Reverse(row.orders), row.seller));
    let row = |row: &&SellerRow| {
        vec![
            // A name, not a quantity: it is shown as it is written everywhere.
            Cell::Number { value: Some(f64::from(row.seller)), shown: row.seller.to_string() },
            words(&row.kind),
            words(&row.country),
            words(&row.category),
            number(Some(row.live_day), 0),
            number(row.first_sale_day, 1),
            whole(row.orders),
            formed(ratio(row.orders, all), percent),
            number(Some(row.gmv_eur), 0),
            whole(row.reviews),
            number(row.mean_stars, 2),
            formed(ratio(row.late, row.delivered), percent),
            formed(ratio(row.defective, row.delivered), percent),
            number(row.exit_day, 0),
        ]
    };
    let columns = [
        "seller",
        "kind",
        "country",
        "category",
        "live since [day]",
        "first sale [day]",
        "orders",
        "share [%]",
        "sales [EUR]",
        "reviews",
        "mean [stars]",
        "late [%]",
        "defective [%]",
        "left [day]",
    ];
    table("sellers", "Sellers", &columns, rows.iter().map(row).collect())
}

/// Sellers by kind.
pub(super) fn by_kind(run: &Run<'_>) -> Table {
    groups(run, "kinds", "By kind", "kind", |row| &row.kind)
}

/// Sellers by country.
pub(super) fn by_country(run: &Run<'_>) -> Table {
    groups(run, "countries", "By country of the seller", "country", |row| &row.country)
}

fn groups(
    run: &Run<'_>,
    name: &str,
    title: &str,
    head: &str,
    key: impl Fn(&SellerRow) -> &str,
) -> Table {
    let (groups, all) = grouped(run.sellers(run.first()), key);
    let row = |(name, group): &(&str, Group)| {
        vec![
            words(name),
            whole(group.sellers),
            whole(group.orders),
            formed(ratio(group.orders, all.orders), percent),
            formed(ratio(group.unsold, group.sellers), percent),
            formed(group.mean_stars(), |stars| fixed(stars, 2)),
            whole(group.exits),
        ]
    };
    let columns = [
        head,
        "sellers",
        "orders",
        "share of orders [%]",
        "never sold [%]",
        "mean [stars]",
        "left",
    ];
    table(name, title, &columns, groups.iter().map(row).collect())
}
