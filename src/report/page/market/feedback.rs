//! The feedback loop in one picture: stars, then boxes, then sales, then reviews, which make stars.

use super::{Axis, Chart, Colour, Frame, Point, Run, Section, Shape, layer, missing};
use crate::measure::SellerWeekRow;
use crate::report::numbers::{fixed, or_none};
use std::collections::BTreeMap;

/// Groups of equally many sellers with reviews, by their stars.
pub(super) const GROUPS: usize = 5;

/// What each group is asked for, in the order of the loop.
const STATIONS: [&str; 4] = ["sellers", "boxes", "orders", "reviews"];

pub(super) fn section(run: &Run<'_>) -> Section {
    Section {
        title: "The feedback loop".to_owned(),
        lead: "Stars bring the box, the box brings sales, sales bring reviews, and reviews are \
         stars. Each line is a group of sellers by the stars that they had; read it from left to \
         right."
            .to_owned(),
        charts: vec![picture(run)],
        tables: vec![],
    }
}

/// Sellers with like stars, and what the week after brought them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Standing {
    /// Sellers, once for each week.
    pub(super) sellers: u64,
    /// Sum of their stars, once for each week.
    stars: f64,
    /// Boxes, orders and reviews of the week after.
    pub(super) after: [u64; 3],
}

impl Standing {
    fn add(&mut self, stars: f64, after: Option<&SellerWeekRow>) {
        self.sellers += 1;
        self.stars += stars;
        let came = after.map_or([0; 3], |row| [row.boxes, row.orders, row.reviews]);
        self.after.iter_mut().zip(came).for_each(|(sum, came)| *sum += came);
    }

    /// Mean of their stars.
    pub(super) fn mean_stars(&self) -> Option<f64> {
        (self.sellers > 0).then(|| self.stars / self.sellers as f64)
    }

    /// Sellers, boxes, orders and reviews.
    fn all(&self) -> [u64; 4] {
        let [boxes, orders, reviews] = self.after;
        [self.sellers, boxes, orders, reviews]
    }
}

/// Fifths of the sellers with reviews by their stars at the end of a week, the lowest first, and last those
/// without a review; each with what the week after brought, over all weeks that have one.
pub(super) fn standings(rows: &[&SellerWeekRow]) -> [Standing; GROUPS + 1] {
    let mut weeks: BTreeMap<u32, Vec<&SellerWeekRow>> = BTreeMap::new();
    for row in rows {
        weeks.entry(row.week).or_default().push(row);
    }
    let mut groups = [Standing::default(); GROUPS + 1];
    for (week, mut sellers) in weeks.clone() {
        let Some(next) = weeks.get(&(week + 1)) else { continue };
        let next: BTreeMap<u32, &SellerWeekRow> =
            next.iter().map(|row| (row.seller, *row)).collect();
        let after = |row: &SellerWeekRow| next.get(&row.seller).copied();
        for row in sellers.extract_if(.., |row| row.stars.is_none()) {
            groups[GROUPS].add(0.0, after(row));
        }
        let stars = |row: &SellerWeekRow| row.stars.unwrap_or_default();
        sellers.sort_by(|a, b| stars(a).total_cmp(&stars(b)).then(a.seller.cmp(&b.seller)));
        for (place, row) in sellers.iter().enumerate() {
            groups[place * GROUPS / sellers.len()].add(stars(row), after(row));
        }
    }
    groups
}

/// The shares [%] of a group at each station; nothing where nobody has anything.
pub(super) fn shares(group: &Standing, groups: &[Standing]) -> [Option<f64>; STATIONS.len()] {
    let mine = group.all();
    std::array::from_fn(|station| {
        let all: u64 = groups.iter().map(|group| group.all()[station]).sum();
        super::ratio(mine[station], all).map(|share| 100.0 * share)
    })
}

/// How many times an even share of a station a group has; nothing where there is nothing to share.
pub(super) fn evenly(group: &Standing, groups: &[Standing], station: usize) -> Option<f64> {
    let shares = shares(group, groups);
    let (share, sellers) = (shares[station]?, shares[0]?);
    (sellers > 0.0).then(|| share / sellers)
}

/// A sentence on the group with most boxes.
pub(super) fn most(groups: &[Standing]) -> String {
    let of = |group: &&Standing| group.after[0];
    let Some(most) = groups.iter().max_by_key(of).filter(|most| most.after[0] > 0) else {
        return String::new();
    };
    let share = or_none(shares(most, groups)[1], |share| format!("{} %", fixed(share, 1)));
    match most.mean_stars().filter(|stars| *stars > 0.0) {
        Some(stars) => {
            format!("Most boxes, {share}, go to the fifth with {} stars.", fixed(stars, 2))
        }
        None => format!("Most boxes, {share}, go to sellers without a review."),
    }
}

/// The name of a group.
fn name(place: usize, group: &Standing) -> String {
    let which = match place {
        0 => "lowest fifth",
        1 => "second",
        2 => "middle",
        3 => "fourth",
        4 => "highest fifth",
        _ => return "no review yet".to_owned(),
    };
    format!("{which}: {} stars", or_none(group.mean_stars(), |stars| fixed(stars, 2)))
}

fn picture(run: &Run<'_>) -> Chart {
    let rows: Vec<&SellerWeekRow> = run.seller_weeks().collect();
    let groups = standings(&rows);
    let layers = groups.iter().enumerate().filter(|(_, group)| group.sellers > 0);
    let layers = layers.map(|(place, group)| {
        let shares = shares(group, &groups).into_iter().enumerate();
        let points = shares.map(|(station, share)| Point::new(station as f64, share)).collect();
        let colour = if place == GROUPS { Colour::Muted } else { Colour::Nth(place as u8) };
        layer(&name(place, group), Shape::Line, colour, points)
    });
    let layers = layers.collect();
    let frame = Frame {
        name: "feedback-loop",
        title: "From stars to boxes to sales",
        x: Axis::names("station of the loop", STATIONS.map(str::to_owned).to_vec()),
        y: Axis::linear("share of the group", "%").from_to(0.0, 1.0),
    };
    let said = |group: &Standing, station: usize| {
        or_none(evenly(group, &groups, station), |times| fixed(times, 2))
    };
    let (low, high) = (&groups[0], &groups[GROUPS - 1]);
    let says = format!(
        "Sellers by the mean of all reviews that they had at the end of a week, in fifths, and \
         what the week after brought them, over all weeks. Lines that fan out from sellers to \
         boxes: stars bring boxes. Lines that stay level from boxes to orders: boxes bring sales \
         one for one; where a line falls there, shoppers pass these boxes by. A level picture: \
         stars move nothing. Here the highest fifth has {} times its even share of boxes and {} \
         of orders, the lowest {} and {}. {} What goes together need not cause: brocante nudge \
         tells that. {}",
        said(high, 1),
        said(high, 2),
        said(low, 1),
        said(low, 2),
        most(&groups),
        run.of_first()
    );
    let why = missing(
        run.seller_weeks.as_ref(),
        "seller_weeks.csv",
        "No week followed another with sales in it: there is no loop to see.",
    );
    // Sellers alone, without anything that came to them, are no loop.
    let any = groups.iter().any(|group| group.after != [0; 3]);
    frame.with(if any { layers } else { vec![] }, says, &why)
}
