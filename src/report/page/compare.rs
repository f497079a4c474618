//! What is told of a comparison: how far each arm is from the base, in every metric.

use super::relative::{Relative, Row, forests};
use super::{Axis, Cell, Chart, Colour, Finding, Mood, Section, Story, Table, designs, weekly};
use crate::experiment::LEVEL;
use crate::report::compare::{chance, in_order, missing_pairs, word};
use crate::report::numbers::{count, figures, interval, several, signed};
use crate::report::sweep::HEADLINE;
use crate::store::{ArmSummary, Difference, RunFolder, StoreError, Summary, Verdict};

/// Metrics of a forest plot; the table has all.
const MOST_ROWS: usize = 30;
/// Rows that reach further have a picture of their own [% of the base].
const NEAR: f64 = 25.0;
/// What lies within so much of the base on both ends is told to be as it was [%].
const AS_IT_WAS: f64 = 1.0;
/// Metrics that a finding names.
const NAMED: usize = 3;

pub(super) fn story(folder: &RunFolder, summary: &Summary) -> Result<Story, StoreError> {
    let others = summary.arms.get(1..).unwrap_or(&[]);
    let mut findings: Vec<Finding> = designs::finding(summary).into_iter().collect();
    let arms: Vec<(&ArmSummary, Vec<&Difference>)> =
        others.iter().map(|arm| (arm, of_arm(summary, arm))).collect();
    if !arms.is_empty() {
        findings.push(changed(summary, &arms));
        if findings.len() < 2 {
            findings.push(as_it_was(&arms));
        }
        findings.push(open(summary, &arms));
    }
    let mut sections: Vec<Section> =
        arms.iter().map(|(arm, found)| section(summary, arm, found)).collect();
    sections.extend(designs::section(summary));
    let differing = arms.iter().flat_map(|(_, found)| in_order(found));
    let differing: Vec<&str> =
        differing.map(|found| &*found.metric).filter(|name| HEADLINE.contains(name)).collect();
    sections.extend(weekly::section(folder, summary, &differing)?);
    Ok(Story { findings, sections })
}

fn of_arm<'a>(summary: &'a Summary, arm: &ArmSummary) -> Vec<&'a Difference> {
    summary.differences.iter().filter(|difference| difference.arm == arm.name).collect()
}

/// How a difference is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Better,
    Worse,
    /// No accident, and neither direction is better.
    Moved,
    Open,
}

impl Taken {
    const LAYERS: [(&'static str, Colour); 4] = [
        ("better", Colour::Good),
        ("worse", Colour::Bad),
        ("differs, neither way is better", Colour::Nth(3)),
        ("may be an accident", Colour::Muted),
    ];

    fn of(difference: &Difference) -> Taken {
        match difference.verdict {
            Verdict::Better => Taken::Better,
            Verdict::Worse => Taken::Worse,
            _ if difference.p_adjusted.is_some_and(|p| p < LEVEL) => Taken::Moved,
            _ => Taken::Open,
        }
    }
}

fn relative(found: &Difference) -> Option<Relative> {
    Relative::of(found.base, found.difference, found.low, found.high).filter(Relative::is_told)
}

fn is_headline(found: &Difference) -> bool {
    HEADLINE.contains(&&*found.metric)
}

/// `price_index −3.1 % [−3.4, −2.8]`, or in its own unit where the base is next to nothing.
fn told(summary: &Summary, found: &Difference) -> String {
    if let Some(share) = relative(found) {
        return format!("{} {}", found.metric, share.says());
    }
    let unit = summary.metric(&found.metric).map_or("", |metric| &metric.unit);
    let half = found.high.zip(found.low).map(|(high, low)| (high - low) / 2.0);
    let scale = half.or(found.difference).unwrap_or(0.0);
    let value = interval(found.difference, found.low, found.high, |d| signed(d, scale));
    format!("{} {value} {unit}", found.metric)
}

/// The first of these, headline metrics before others, in words.
fn few(summary: &Summary, mut found: Vec<&Difference>) -> String {
    found.sort_by_key(|found| !is_headline(found));
    let words: Vec<String> = found.iter().take(NAMED).map(|found| told(summary, found)).collect();
    words.join(", ")
}

/// How many independent pairs there are, in words.
fn pairs(summary: &Summary, found: &[&Difference]) -> String {
    let n = found.iter().map(|found| found.n).max().unwrap_or(0);
    let of = if summary.markets() > 1 { "markets" } else { "worlds" };
    format!("{} of {of}", several(n as u64, "pair"))
}

type Arms<'a> = [(&'a ArmSummary, Vec<&'a Difference>)];

/// What changed beyond doubt.
fn changed(summary: &Summary, arms: &Arms) -> Finding {
    let (mut better, mut worse) = (0, 0);
    let mut says = Vec::new();
    for (arm, found) in arms {
        let in_order = in_order(found);
        let decided = in_order.iter().copied().filter(|found| Taken::of(found) != Taken::Open);
        let decided: Vec<&Difference> = decided.collect();
        let of = |taken| decided.iter().filter(|found| Taken::of(found) == taken).count();
        let (good, bad, moved) = (of(Taken::Better), of(Taken::Worse), of(Taken::Moved));
        (better, worse) = (better + good, worse + bad);
        says.push(if decided.is_empty() {
            format!("{}: no metric differs beyond doubt.", arm.name)
        } else {
            let rest = if moved > 0 { format!(", {moved} neither") } else { String::new() };
            let names = few(summary, decided);
            format!("{}: {good} better, {bad} worse{rest}; {names}.", arm.name)
        });
    }
    let all: Vec<&Difference> = arms.iter().flat_map(|(_, found)| found.clone()).collect();
    let tested = all.iter().filter(|found| found.p_adjusted.is_some()).count();
    says.push(if tested == 0 {
        format!("Of {} alone there is no interval.", pairs(summary, &all))
    } else {
        format!("{}, 95 % intervals, p by Holm over the metrics of an arm.", pairs(summary, &all))
    });
    let headline = match better + worse {
        0 => "Nothing is better or worse beyond doubt".to_owned(),
        _ => format!("{better} better, {worse} worse beyond doubt"),
    };
    let mood = match (better, worse) {
        (0, 0) => Mood::Plain,
        (_, 0) => Mood::Good,
        (0, _) => Mood::Bad,
        _ => Mood::Plain,
    };
    Finding::new(headline, says.join(" "), mood)
}

/// Whether both ends of its interval are next to the base.
fn is_as_it_was(found: &Difference) -> bool {
    let share = relative(found).filter(|share| share.low.is_some() && share.high.is_some());
    share.is_some_and(|share| share.reach() <= AS_IT_WAS)
}

/// Whether its own interval leaves 0 out.
fn leaves_0_out(found: &Difference) -> bool {
    found.low.is_some_and(|low| low > 0.0) || found.high.is_some_and(|high| high < 0.0)
}

/// `wide: `, where there are several arms.
fn arm_of(arms: &Arms, found: &Difference) -> String {
    if arms.len() > 1 { format!("{}: ", found.arm) } else { String::new() }
}

/// The metric, with the arm where there are several.
fn named(arms: &Arms, found: &Difference) -> String {
    format!("{}{}", arm_of(arms, found), found.metric)
}

/// What did not change.
fn as_it_was(arms: &Arms) -> Finding {
    let all = || arms.iter().flat_map(|(_, found)| found);
    let same = all().filter(|found| found.verdict == Verdict::Same).count();
    // A metric that differs beyond doubt, however little, is told of above.
    let open = |found: &Difference| Taken::of(found) == Taken::Open && is_as_it_was(found);
    let near = all().filter(|found| found.verdict != Verdict::Same && open(found));
    let near: Vec<String> = near.map(|found| named(arms, found)).collect();
    let headline = format!("{} of {} are as they were", same + near.len(), all().count());
    let more = if near.is_empty() {
        String::new()
    } else {
        let rest = if near.len() > NAMED { ", …" } else { "" };
        let names = near[..near.len().min(NAMED)].join(", ");
        format!(
            " In {} more the whole interval is within {AS_IT_WAS} %: {names}{rest}.",
            near.len()
        )
    };
    let says = format!("{same} came out the same in every world, to the bit.{more}");
    Finding::new(headline, says, Mood::Plain)
}

/// What cannot be told, and how many worlds it would take.
fn open(summary: &Summary, arms: &Arms) -> Finding {
    let mut left: Vec<&Difference> = arms.iter().flat_map(|(_, found)| in_order(found)).collect();
    left.retain(|found| Taken::of(found) == Taken::Open && !is_as_it_was(found));
    let unseen = arms.iter().flat_map(|(_, found)| found).filter(|found| found.n == 0).count();
    let unseen = match unseen {
        0 => String::new(),
        n => format!(" {n} had no sample."),
    };
    if left.is_empty() {
        let says = format!("Every metric that differs is decided or within {AS_IT_WAS} %.{unseen}");
        return Finding::new("Nothing is left open", says, Mood::Good);
    }
    left.sort_by_key(|found| !is_headline(found));
    let words = left.iter().take(NAMED).map(|found| {
        let more = match missing_pairs(found) {
            Some(more) => format!(" (would need {} more)", several(more, "pair")),
            None if leaves_0_out(found) => " (no accident if looked at alone)".to_owned(),
            None => String::new(),
        };
        format!("{}{}{more}", arm_of(arms, found), told(summary, found))
    });
    let words = words.collect::<Vec<_>>().join("; ");
    let says = format!("May be an accident: {words}.{unseen}");
    let n = left.len();
    let headline =
        if n == 1 { "1 cannot be told".to_owned() } else { format!("{n} cannot be told") };
    Finding::new(headline, says, Mood::Plain)
}

fn section(summary: &Summary, arm: &ArmSummary, found: &[&Difference]) -> Section {
    let base = summary.arms.first().map_or("", |arm| &arm.name);
    let lead = format!(
        "Each row is the difference between {} and {base} in the same worlds, as a share of {base}'s \
         mean, with its 95 % interval: {}. Grey may be an accident, even where an interval leaves out 0: \
         of so many metrics some do so by chance, and p by Holm allows for that.",
        arm.name,
        pairs(summary, found)
    );
    let mut section = Section::new(format!("{} against {base}", arm.name), lead);
    section.charts = pictures(arm, base, found);
    section.tables.push(table(summary, arm, base, found));
    section
}

/// The forest plot: what is decided, and what is open of the headline metrics before others.
fn pictures(arm: &ArmSummary, base: &str, found: &[&Difference]) -> Vec<Chart> {
    let differ = in_order(found);
    let mut shown: Vec<usize> = (0..differ.len()).collect();
    let open = |i: usize| Taken::of(differ[i]) == Taken::Open;
    shown.sort_by_key(|&i| (open(i), !is_headline(differ[i])));
    shown.truncate(MOST_ROWS);
    shown.sort_unstable();
    let says = match (differ.len(), differ.len() - shown.len()) {
        (0, _) => "No metric differs in any world.".to_owned(),
        (n, 0) => format!("All {} that differ in any world.", several(n as u64, "metric")),
        (n, more) => {
            format!("{} of {n} metrics that differ; {more} more in the table.", shown.len())
        }
    };
    let rows = shown.into_iter().map(|i| Row {
        label: differ[i].metric.clone(),
        dots: relative(differ[i])
            .map(|dot| (Taken::of(differ[i]) as usize, dot))
            .into_iter()
            .collect(),
    });
    let x = Axis::linear(&format!("difference from {base}"), "% of its mean");
    let title = format!("{} less {base}", arm.name);
    let axes = (x.from_to(0.0, 0.0), Axis::names("metric", vec![]));
    let chart = Chart::new(format!("forest-{}", arm.name), title, says, axes);
    forests(&chart, &Taken::LAYERS, rows.collect(), NEAR)
}

fn table(summary: &Summary, arm: &ArmSummary, base: &str, found: &[&Difference]) -> Table {
    let columns = [
        "metric",
        "unit",
        base,
        &*arm.name,
        "difference",
        "from",
        "to",
        "% of base",
        "p (Holm)",
        "verdict",
        "pairs",
        "pairs missing",
    ];
    let title = format!("{} against {base}, in the metrics' own units", arm.name);
    let mut table = Table::new(&format!("differences-{}", arm.name), title, &columns);
    let rest = found.iter().copied().filter(|found| found.verdict == Verdict::Same || found.n == 0);
    for found in in_order(found).into_iter().chain(rest) {
        let half = found.high.zip(found.low).map(|(high, low)| (high - low) / 2.0);
        let scale = half.filter(|&half| half > 0.0).or(found.difference).unwrap_or(0.0);
        let number = |value: Option<f64>| Cell::number(value, |value| figures(value, scale));
        let share = relative(found).map(|share| share.value);
        let whole = |n: Option<u64>| Cell::number(n.map(|n| n as f64), |n| count(n as u64));
        table.rows.push(vec![
            Cell::text(&found.metric),
            Cell::text(summary.metric(&found.metric).map_or("", |metric| &metric.unit)),
            number(found.base),
            number(found.value),
            number(found.difference),
            number(found.low),
            number(found.high),
            Cell::number(share, |share| signed(share, share.abs().max(0.1))),
            Cell::number(found.p_adjusted, chance),
            Cell::text(match Taken::of(found) {
                _ if found.n == 0 => "no sample",
                Taken::Moved => "differs",
                _ => word(found.verdict),
            }),
            whole(Some(found.n as u64)),
            whole(missing_pairs(found)),
        ]);
    }
    table
}
