//! How newcomers fared: how long they wait for the first sale, and how far they climb.

use super::{Axis, Chart, Colour, Frame, Point, Rule, Run, Section, Shape, layer, missing, ranks};
use crate::measure::SellerRow;
use crate::measure::survival::{Survival, Wait, curve, median_days};
use crate::report::numbers::{count, fixed, percent};
use crate::report::page::At;
use crate::report::text::with_interval;
use crate::units::SimTime;
use std::collections::BTreeMap;

/// When one looks whether a newcomer has sold [days].
const DAY: f64 = 90.0;

/// Newcomers that a kind needs for a band of its own.
const ENOUGH: usize = 30;

pub(super) fn section(run: &Run<'_>) -> Section {
    Section {
        title: "Newcomers".to_owned(),
        lead: "How long those who went live in the run wait for their first sale, and how far up they come."
            .to_owned(),
        charts: vec![by_time(run), by_kind(run), ranks::newcomers(run)],
        tables: vec![],
    }
}

/// The wait of everybody who went live in the run, to the first sale; leaving and the end of the run cut it
/// off.
fn waits<'a>(rows: impl Iterator<Item = &'a SellerRow>, end_days: f64) -> Vec<Wait> {
    let day = |days: f64| SimTime::default().plus_days(days);
    rows.filter(|row| !row.from_start)
        .map(|row| {
            let watched = row.exit_day.unwrap_or(end_days).min(end_days);
            Wait::new(day(row.live_day), row.first_sale_day.map(day), day(watched))
        })
        .collect()
}

/// A curve as steps [%], for as long as one in ten is still watched: beyond that one sale more or less moves
/// it far (Pocock, Clayton and Altman, Lancet 359, 2002).
fn steps(waits: &[Wait]) -> Vec<Point> {
    let mut watched: Vec<u64> = waits.iter().map(|wait| wait.us).collect();
    watched.sort_unstable();
    let Some(&end) = watched.iter().rev().nth(waits.len().div_ceil(10).saturating_sub(1)) else {
        return vec![];
    };
    let (end, percent) = (SimTime(end).days(), |share: f64| 100.0 * share);
    let point = |at: &Survival| {
        let of = Point::new(at.days, percent(at.chance));
        of.within(at.low.map(percent), at.high.map(percent))
    };
    let happened = curve(waits.iter().copied());
    let mut points = vec![Point::new(0.0, 100.0)];
    points.extend(happened.iter().filter(|at| at.days <= end).map(point));
    let last = points[points.len() - 1];
    if end > last.x {
        points.push(Point { x: end, ..last });
    }
    points
}

/// The curve at one moment [days]; nothing where nobody was watched so long.
fn at(waits: &[Wait], days: f64) -> Option<Survival> {
    let watched = |wait: &Wait| SimTime(wait.us).days() >= days;
    waits.iter().any(watched).then_some(())?;
    let start = Survival { days: 0.0, at_risk: waits.len(), chance: 1.0, low: None, high: None };
    let points = curve(waits.iter().copied());
    Some(points.into_iter().rfind(|point| point.days <= days).unwrap_or(start))
}

/// Newcomers of the first world by kind, with their waits.
fn kinds(run: &Run<'_>) -> Vec<(String, Vec<Wait>)> {
    let mut rows: BTreeMap<&str, Vec<&SellerRow>> = BTreeMap::new();
    for row in run.sellers(run.first()).filter(|row| !row.from_start) {
        rows.entry(&row.kind).or_default().push(row);
    }
    let of = |rows: Vec<&SellerRow>| waits(rows.into_iter(), run.end_days());
    let mut kinds: Vec<_> =
        rows.into_iter().map(|(kind, rows)| (kind.to_owned(), of(rows))).collect();
    // The fastest first, by how many still wait at the day, or at the end where that comes first.
    let day = DAY.min(run.end_days() / 2.0);
    let waiting = |waits: &[Wait]| at(waits, day).map_or(1.0, |point| point.chance);
    kinds.sort_by(|a, b| waiting(&a.1).total_cmp(&waiting(&b.1)).then(a.0.cmp(&b.0)));
    kinds
}

fn why(run: &Run<'_>) -> String {
    missing(run.sellers.as_ref(), "sellers.csv", "Nobody went live during the run.")
}

fn by_time(run: &Run<'_>) -> Chart {
    let all = waits(run.sellers(run.first()), run.end_days());
    let kinds = kinds(run);
    let enough = |(_, waits): &&(String, Vec<Wait>)| waits.len() >= ENOUGH;
    let fastest = kinds.iter().find(enough).map(|(kind, _)| kind);
    let slowest = kinds.iter().rfind(enough).map(|(kind, _)| kind);
    let mut layers = vec![layer("all", Shape::Steps, Colour::Muted, steps(&all))];
    for (place, (kind, waits)) in kinds.iter().enumerate() {
        let mut points = steps(waits);
        // Eight bands over one another would say nothing.
        if Some(kind) != fastest && Some(kind) != slowest {
            points.iter_mut().for_each(|point| *point = Point::new(point.x, point.y));
        }
        let name = format!("{kind} ({})", waits.len());
        layers.push(layer(&name, Shape::Steps, Colour::Nth(place as u8), points));
    }
    let frame = Frame {
        name: "cold-start",
        title: "Cold start",
        x: Axis::linear("since going live", "days"),
        y: Axis::linear("still without a sale", "%").from_to(0.0, 100.0),
    };
    let rule = Rule { at: At::X(DAY), label: "90 days".to_owned(), colour: Colour::Muted };
    let bands = match (fastest, slowest) {
        (Some(fastest), Some(slowest)) if fastest != slowest => {
            format!(", of {fastest} (the fastest) and {slowest} (the slowest)")
        }
        _ => String::new(),
    };
    let half = median_days(all.iter().copied()).map_or_else(
        || "fewer than half have sold by the end".to_owned(),
        |days| format!("half have sold after {} days", fixed(days, 1)),
    );
    let late = at(&all, DAY).map_or_else(String::new, |point| {
        format!(", and {} have not after 90", percent(point.chance))
    });
    let says = format!(
        "Share of the newcomers who have sold nothing yet, by kind (how many joined in brackets), \
         as Kaplan and Meier estimate it: who leaves unsold, and the end of the run, end the \
         watching; a curve ends where fewer than one in ten are watched. Bands are Greenwood's 95 \
         % intervals by the log of the log: of all{bands}. Of {} newcomers {half}{late}. {}",
        count(all.len() as u64),
        run.of_first()
    );
    let rules = if run.end_days() > DAY { vec![rule] } else { vec![] };
    frame.ruled(layers, rules, says, &why(run))
}

/// The same at one day, by kind.
fn by_kind(run: &Run<'_>) -> Chart {
    let mut kinds = kinds(run);
    let all = waits(run.sellers(run.first()), run.end_days());
    if !all.is_empty() {
        kinds.push(("all".to_owned(), all));
    }
    let names: Vec<String> =
        kinds.iter().map(|(kind, waits)| format!("{kind} ({})", waits.len())).collect();
    let points = |(place, (_, waits)): (usize, &(String, Vec<Wait>))| {
        let point = at(waits, DAY)?;
        let y = Some(place as f64);
        let (low, high) = (point.low.map(|low| 100.0 * low), point.high.map(|high| 100.0 * high));
        Some(Point { x: 100.0 * point.chance, y, low, high, weight: None })
    };
    let points: Vec<Point> = kinds.iter().enumerate().filter_map(points).collect();
    let frame = Frame {
        name: "cold-start-kinds",
        title: "Still unsold after 90 days",
        x: Axis::linear("still without a sale 90 days after going live", "%").from_to(0.0, 100.0),
        y: Axis::names("kind of seller", names),
    };
    let says = format!(
        "The curves above where they cross 90 days, with their 95 % intervals: kinds whose \
         intervals overlap much are not told apart by this run. The metric unsold_at_90d counts \
         who left unsold as unsold: {}. {}",
        with_interval(run.summary, "unsold_at_90d", &percent),
        run.of_first()
    );
    let short =
        missing(run.sellers.as_ref(), "sellers.csv", "No newcomer was watched for 90 days.");
    frame.with(vec![layer("still unsold", Shape::Forest, Colour::Nth(0), points)], says, &short)
}
