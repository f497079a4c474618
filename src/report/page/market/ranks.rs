//! How winners and newcomers climbed: their ranks by orders, week by week.

use super::{Axis, Chart, Colour, Frame, Layer, Point, Run, Shape, layer, missing, weeks_axis};
use crate::measure::SellerRow;
use crate::report::numbers::{count, share};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many sellers a picture follows.
const FOLLOWED: usize = 5;

/// Weeks whose orders a rank is of, the last of them being the week that it is told for: one week's alone
/// jump about.
pub(super) const SMOOTHED: usize = 4;

/// Orders within the last weeks, by week and seller, of everybody live in the week.
type Recent = BTreeMap<u32, BTreeMap<u32, u64>>;

fn recent(run: &Run<'_>) -> Recent {
    let mut weekly: Recent = BTreeMap::new();
    for row in run.seller_weeks() {
        weekly.entry(row.week).or_default().insert(row.seller, row.orders);
    }
    let last = |week: u32| (week + 1).saturating_sub(SMOOTHED as u32)..=week;
    let sum = |week: u32, seller: u32| -> u64 {
        weekly.range(last(week)).filter_map(|(_, sellers)| sellers.get(&seller)).sum()
    };
    let of = |(&week, sellers): (&u32, &BTreeMap<u32, u64>)| {
        (week, sellers.keys().map(|&seller| (seller, sum(week, seller))).collect())
    };
    weekly.iter().map(of).collect()
}

/// The ranks of sellers by what they have: one more than how many have more, so that equals share a rank.
fn ranks(amounts: &BTreeMap<u32, u64>) -> BTreeMap<u32, u64> {
    let mut order: Vec<u64> = amounts.values().copied().collect();
    order.sort_unstable_by_key(|&amount| Reverse(amount));
    let rank = |amount: u64| order.partition_point(|&other| other > amount) as u64 + 1;
    amounts.iter().map(|(&seller, &amount)| (seller, rank(amount))).collect()
}

/// The ranks of everybody who sold something of late, by week and seller.
fn ranked(recent: &Recent) -> BTreeMap<u32, BTreeMap<u32, u64>> {
    let of = |(&week, amounts): (&u32, &BTreeMap<u32, u64>)| {
        let mut ranks = ranks(amounts);
        ranks.retain(|seller, _| amounts[seller] > 0);
        (week, ranks)
    };
    recent.iter().map(of).collect()
}

/// The sellers with most orders among `rows`.
fn greatest<'a>(rows: impl Iterator<Item = &'a SellerRow>) -> Vec<&'a SellerRow> {
    let mut rows: Vec<&SellerRow> = rows.filter(|row| row.orders > 0).collect();
    rows.sort_by_key(|row| (Reverse(row.orders), row.seller));
    rows.truncate(FOLLOWED);
    rows
}

fn lines(run: &Run<'_>, followed: &[&SellerRow]) -> Vec<Layer> {
    let ranked = ranked(&recent(run));
    let of = |(place, row): (usize, &&SellerRow)| {
        let at = |(&week, ranks): (&u32, &BTreeMap<u32, u64>)| {
            Point::new(f64::from(week), ranks.get(&row.seller).map(|&rank| rank as f64))
        };
        let name = format!("{}: {}, {}", row.seller, row.kind, row.country);
        layer(&name, Shape::Line, Colour::Nth(place as u8), ranked.iter().map(at).collect())
    };
    followed.iter().enumerate().map(of).collect()
}

fn rank_axis() -> Axis {
    let axis = Axis::log("rank by orders of four weeks, 1 is first", "");
    Axis { reversed: true, ..axis }.from_to(1.0, 10.0)
}

pub(super) fn winners(run: &Run<'_>) -> Chart {
    let rows = || run.sellers(run.first());
    let followed = greatest(rows());
    let all: u64 = rows().map(|row| row.orders).sum();
    let theirs: u64 = followed.iter().map(|row| row.orders).sum();
    let frame = Frame {
        name: "ranks-winners",
        title: "How winners climbed",
        x: weeks_axis(),
        y: rank_axis(),
    };
    let joined = followed.iter().filter(|row| !row.from_start).count();
    let says = format!(
        "The {} sellers with most orders of the run, {} of all orders together, {} of them there \
         from the start: where each stood among all sellers by the orders of the last four weeks. \
         {}",
        followed.len(),
        share(theirs, all),
        followed.len() - joined,
        run.of_first()
    );
    frame.with(lines(run, &followed), says, &why(run, "Nobody sold anything."))
}

pub(super) fn newcomers(run: &Run<'_>) -> Chart {
    let joiners: Vec<&SellerRow> = run.sellers(run.first()).filter(|row| !row.from_start).collect();
    let followed = greatest(joiners.iter().copied());
    let mut layers = vec![layer(
        "the newcomer in the middle",
        Shape::Dashes,
        Colour::Muted,
        middle(run, &joiners),
    )];
    layers.extend(lines(run, &followed));
    let frame = Frame {
        name: "ranks-newcomers",
        title: "How newcomers climbed",
        x: weeks_axis(),
        y: rank_axis(),
    };
    let best = followed.first().map_or_else(
        || "None of them sold anything.".to_owned(),
        |row| {
            format!(
                "The best sold {} times, rank {} of the run.",
                count(row.orders),
                of_run(run, row)
            )
        },
    );
    let says = format!(
        "The newcomers with most orders, {} of {}, and the rank in the middle of all newcomers \
         live in the week; who sold nothing of late shares the last rank. {best} {}",
        followed.len(),
        count(joiners.len() as u64),
        run.of_first()
    );
    frame.with(layers, says, &why(run, "Nobody went live during the run."))
}

/// The rank in the middle of the newcomers live in each week.
fn middle(run: &Run<'_>, joiners: &[&SellerRow]) -> Vec<Point> {
    let mut joined: Vec<u32> = joiners.iter().map(|row| row.seller).collect();
    joined.sort_unstable();
    let of = |(week, amounts): (u32, BTreeMap<u32, u64>)| {
        let ranks = ranks(&amounts);
        let theirs = ranks.iter().filter(|(seller, _)| joined.binary_search(seller).is_ok());
        let mut theirs: Vec<u64> = theirs.map(|(_, &rank)| rank).collect();
        theirs.sort_unstable();
        let middle = theirs.get(theirs.len().saturating_sub(1) / 2);
        Point::new(f64::from(week), middle.map(|&rank| rank as f64))
    };
    recent(run).into_iter().map(of).collect()
}

/// The rank of a seller by its orders in the whole run.
pub(super) fn of_run(run: &Run<'_>, row: &SellerRow) -> u64 {
    run.sellers(run.first()).filter(|other| other.orders > row.orders).count() as u64 + 1
}

fn why(run: &Run<'_>, otherwise: &str) -> String {
    missing(run.seller_weeks.as_ref(), "seller_weeks.csv", otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_share_a_rank() {
        let amounts = [(0, 5), (1, 9), (2, 5), (3, 0)].into();
        assert_eq!(ranks(&amounts), [(0, 2), (1, 1), (2, 2), (3, 4)].into());
    }
}
