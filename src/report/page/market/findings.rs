//! What the first screen says of a market: three findings, chosen and ordered by one rule.
//!
//! Every finding has a weight from 0 to 1: how far what happened lies from what nothing special would be,
//! as a part of the farthest it could lie. Of winners it is how far the ten greatest are above an even share;
//! of newcomers, the share that waited in vain; of the loop, how far the box favours one end of the stars
//! over the other; of shoppers, how clearly what they got moved within the run, if by a twentieth or more.
//! The three of most weight are told, the weightiest first.

use super::feedback::{GROUPS, evenly, most, standings};
use super::{Point, Run, ratio, tidy};
use crate::measure::interval::Interval;
use crate::measure::{Better, Metric, SellerRow, all_metrics};
use crate::report::numbers::{count, figures, fixed, percent, share};
use crate::report::page::{Finding, Mood};
use crate::report::text::{mean_with, with_interval};
use crate::store::WorldSummary;
use std::cmp::Reverse;
use std::ops::Range;

/// How many are told.
const TOLD: usize = 3;

/// The first weeks, which lack what takes its time: late parcels, returns, reviews [weeks].
const SETTLING: u32 = 4;

/// Parts of the run after that whose ends are held against one another.
const PARTS: u32 = 4;

/// Those who are looked at as the greatest.
const TOP: usize = 10;

/// Weeks that each of two parts of the run needs, where there is one world, to be held against the other:
/// of two times four like weeks all of the one lie above all of the other in one case of seventy.
const ENOUGH: usize = 4;

/// The least change that is worth a finding, as a part of what was before.
const WORTH: f64 = 0.05;

/// What shoppers get that has a direction, of which the one that moved most is told. Nothing in EUR is among
/// them: that moves as products age.
const OF_SHOPPERS: [(&str, &str); 6] = [
    ("price_index", "The price index"),
    ("defect_rate", "The share of defective units"),
    ("late_rate", "The share of late parcels"),
    ("return_rate", "The share of returns"),
    ("cancel_rate", "The share of cancelled orders"),
    ("mean_stars", "Mean stars"),
];

/// A finding with its weight.
type Weighed = (f64, Finding);

pub(super) fn findings(run: &Run<'_>) -> Vec<Finding> {
    let orders: u64 = run.summary.averaged().map(|world| world.counts.orders).sum();
    if orders == 0 {
        return vec![nothing(run)];
    }
    let all = [winners(run), newcomers(run), feedback(run), shoppers(run)];
    let mut found: Vec<Weighed> = all.into_iter().flatten().collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(TOLD);
    found.into_iter().map(|(_, finding)| finding).collect()
}

fn plain(headline: String, says: String) -> Finding {
    Finding { headline, says, mood: Mood::Plain }
}

fn nothing(run: &Run<'_>) -> Finding {
    let visits: u64 = run.summary.averaged().map(|world| world.counts.sessions).sum();
    let says = match visits {
        0 => "Nobody came.".to_owned(),
        visits => format!(
            "Of {} visits none ended in an order; {} found nobody who sells what they wanted.",
            count(visits),
            with_interval(run.summary, "unmet_rate", &percent)
        ),
    };
    plain("Nobody bought anything".to_owned(), says)
}

fn metric(run: &Run<'_>, name: &str, form: &dyn Fn(f64) -> String) -> String {
    with_interval(run.summary, name, form)
}

/// Who won, and how much: the ten greatest, or where there are hardly more, the greatest.
fn winners(run: &Run<'_>) -> Option<Weighed> {
    let rows: Vec<&SellerRow> = run.sellers(run.first()).collect();
    let all: u64 = rows.iter().map(|row| row.orders).sum();
    let first = rows.iter().max_by_key(|row| (row.orders, Reverse(row.seller)))?;
    let few = rows.len() <= 2 * TOP;
    let top = if few { ratio(first.orders, all)? } else { run.summary.value("top10_share")? };
    let even = if few { 1.0 } else { TOP as f64 } / rows.len() as f64;
    let headline = if few {
        format!("One seller has {} of sales{}", percent(top), run.in_first())
    } else {
        format!("Ten sellers have {} of sales", metric(run, "top10_share", &percent))
    };
    let since = if first.from_start { "there from the start" } else { "which joined in the run" };
    let says = format!(
        "As unequal as if {} sellers of one size shared all orders; an even share would be {}. \
         Gini {}. The greatest{} is seller {}, a {} from {}, {since}, with {}. {}",
        metric(run, "effective_sellers", &|value| fixed(value, 0)),
        percent(even),
        metric(run, "gini", &|value| fixed(value, 3)),
        run.in_first(),
        first.seller,
        first.kind,
        first.country,
        share(first.orders, all),
        run.of_means()
    );
    let weight = (top - even) / (1.0 - even).max(1e-9);
    Some((weight, plain(headline, tidy(&says))))
}

/// Sellers of a world, and those of them without an order.
fn unsold(run: &Run<'_>, world: u32, from_start: bool) -> (u64, u64) {
    let group = run.sellers(world).filter(|row| row.from_start == from_start);
    group.fold((0, 0), |(all, none), row| (all + 1, none + u64::from(row.orders == 0)))
}

/// How newcomers fared.
fn newcomers(run: &Run<'_>) -> Option<Weighed> {
    let of_worlds = run.summary.mean_over_worlds(|world| Some(world.counts.sellers_joined as f64));
    let joined = of_worlds.mean.filter(|&joined| joined > 0.0)?;
    let never = |from_start: bool| {
        let of = |world: &WorldSummary| {
            let (all, none) = unsold(run, world.world, from_start);
            ratio(none, all)
        };
        run.mean(0.0, of)
    };
    let said = |point: Point| mean_with((point.y, point.low, point.high), &percent);
    let (of_newcomers, of_others) = (never(false), never(true));
    let theirs = run.mean(0.0, |world| {
        let rows = || run.sellers(world.world);
        let theirs = rows().filter(|row| !row.from_start).map(|row| row.orders).sum();
        ratio(theirs, rows().map(|row| row.orders).sum())
    });
    let watched = run.summary.value("unsold_at_90d");
    let (weight, headline) = match watched {
        Some(unsold) => (
            unsold,
            format!("{} of newcomers unsold at 90 days", metric(run, "unsold_at_90d", &percent)),
        ),
        None => {
            (of_newcomers.y?, format!("{} of newcomers have sold nothing yet", said(of_newcomers)))
        }
    };
    let half = match run.summary.value("cold_start_days") {
        Some(_) if run.some("cold_start_days") => format!(
            "In {} of {} worlds half made a sale within the run.",
            run.summary.metric("cold_start_days").map_or(0, |of| of.n),
            run.worlds()
        ),
        Some(_) => {
            let days = metric(run, "cold_start_days", &|days| fixed(days, 1));
            format!("Half wait more than {days} days for the first sale.")
        }
        None if watched.is_some() => "Fewer than half made a sale within the run.".to_owned(),
        None => "The run is too short to watch any of them for 90 days.".to_owned(),
    };
    let says = format!(
        "{} went live, {} a week, and took {} of all orders. {half} {} never sold, against {} of \
         those there from the start. {}",
        fixed(joined, 0),
        metric(run, "joined_per_week", &|value| fixed(value, 1)),
        said(theirs),
        said(of_newcomers),
        said(of_others),
        run.of_means()
    );
    Some((weight, plain(headline, tidy(&says))))
}

/// What stars bring.
fn feedback(run: &Run<'_>) -> Option<Weighed> {
    let groups = standings(&run.seller_weeks().collect::<Vec<_>>());
    let (low, high) = (&groups[0], &groups[GROUPS - 1]);
    let of = |group, station| evenly(group, &groups, station);
    let (lowest, highest) = (of(low, 1)?, of(high, 1)?);
    let headline = format!(
        "The best rated have {} times an even share of boxes, the worst {}",
        fixed(highest, 1),
        fixed(lowest, 1)
    );
    let says = format!(
        "Sellers in the highest fifth of stars ({}) had {} times an even share of the orders of \
         the week after, those in the lowest ({}) {} times. {} What goes together need not cause: \
         brocante nudge tells that. {}",
        fixed(high.mean_stars()?, 2),
        fixed(of(high, 2)?, 1),
        fixed(low.mean_stars()?, 2),
        fixed(of(low, 2)?, 1),
        most(&groups),
        run.alone()
    );
    let weight = (highest - lowest).abs() / (highest + lowest).max(1e-9);
    Some((weight, plain(headline, tidy(&says))))
}

/// A value's mean over the weeks from one on, in each world, and its mean over worlds.
fn over_weeks(run: &Run<'_>, name: &str, weeks: &Range<u32>, world: u32) -> Option<f64> {
    let rows = run.weeks(world).filter(|row| weeks.contains(&row.week));
    Interval::of(rows.filter_map(|row| row.get(name))).mean
}

/// How much more often a week of the one part lies above a week of the other than below it: from −1 to 1
/// (Cliff, Psychol. Bull. 114, 1993).
fn apart(before: &[f64], after: &[f64]) -> f64 {
    let pairs = before.iter().flat_map(|a| after.iter().map(move |b| b.total_cmp(a) as i32));
    f64::from(pairs.sum::<i32>()) / (before.len() * after.len()).max(1) as f64
}

/// Something that moved within the run.
struct Moved {
    says: &'static str,
    metric: &'static Metric,
    before: f64,
    change: Point,
    weight: f64,
}

impl Moved {
    /// Whether it moved up or down in more worlds than luck would have it. What one world does may be its
    /// own.
    fn is_sure(&self) -> bool {
        let Point { low, high, .. } = self.change;
        low.is_some_and(|low| low > 0.0) || high.is_some_and(|high| high < 0.0)
    }
}

/// How a metric moved from some weeks to others; nothing where one of them has none of it.
fn moved(
    run: &Run<'_>,
    name: &'static str,
    says: &'static str,
    parts: &[Range<u32>; 2],
) -> Option<Moved> {
    let metric = all_metrics().into_iter().find(|metric| metric.name == name)?;
    let of = |part: usize, world| over_weeks(run, name, &parts[part], world);
    let before = run.mean(0.0, |world| of(0, world.world)).y?;
    let change = run.mean(0.0, |world| Some(of(1, world.world)? - of(0, world.world)?));
    let weeks = run.weekly(|row| row.get(name));
    let within = |part: usize| -> Vec<f64> {
        let weeks = weeks.iter().filter(|point| parts[part].contains(&(point.x as u32)));
        weeks.filter_map(|point| point.y).collect()
    };
    let weight = apart(&within(0), &within(1)).abs();
    let moved = Moved { says, metric, before, change, weight };
    // Few weeks of one world lie apart by luck, and several worlds say themselves what is luck.
    let told = if change.low.is_some() { moved.is_sure() } else { parts[0].len() >= ENOUGH };
    (told && (change.y? / before).abs() >= WORTH).then_some(moved)
}

/// What of that which shoppers get moved most within the run.
fn shoppers(run: &Run<'_>) -> Option<Weighed> {
    let weeks = run.summary.weeks;
    let part = weeks.saturating_sub(SETTLING) / PARTS;
    if part == 0 {
        return None;
    }
    let parts = [SETTLING..SETTLING + part, weeks - part..weeks];
    let all = OF_SHOPPERS.iter().filter_map(|&(name, says)| moved(run, name, says, &parts));
    let most = all.max_by(|a, b| a.weight.total_cmp(&b.weight))?;
    let (mean, low, high) = (most.change.y?, most.change.low, most.change.high);
    let better = match most.metric.better {
        Better::Lower => mean < 0.0,
        Better::Higher | Better::None => mean > 0.0,
    };
    let mood = match better {
        _ if !most.is_sure() || most.metric.better == Better::None => Mood::Plain,
        true => Mood::Good,
        false => Mood::Bad,
    };
    let form = |value: f64| match most.metric.unit {
        "ratio" if most.metric.name.ends_with("_rate") => percent(value),
        "ratio" => figures(value, most.before),
        unit => format!("{} {unit}", figures(value, most.before)),
    };
    let (says, before, change, weight) = (most.says, most.before, mean, most.weight);
    let how = if change < 0.0 { "fell" } else { "rose" };
    let headline = format!("{says} {how} from {} to {}", form(before), form(before + change));
    let [early, late] = parts;
    let by = match most.metric.unit {
        "ratio" if most.metric.name.ends_with("_rate") => {
            let points = [Some(change), low, high].map(|of| of.map(|share| 100.0 * share));
            let [change, low, high] = points;
            format!("{} percentage points", mean_with((change, low, high), &|x| fixed(x, 1)))
        }
        _ => mean_with((Some(change), low, high), &form),
    };
    let says = format!(
        "From weeks {} to {} to weeks {} to {}, a change of {}: of what shoppers get, nothing \
         moved more clearly. {}",
        early.start,
        early.end - 1,
        late.start,
        late.end - 1,
        by,
        run.of_means()
    );
    Some((weight, Finding { headline, says, mood }))
}
