//! What is told of a nudge: how much it moved, for how long, and by which channel.

use super::{
    Axis, Cell, Chart, Colour, Finding, Layer, Mood, Point, Rule, Section, Shape, Story, Table,
};
use crate::experiment::nudge::Shock;
use crate::report::nudge::{days, done, orders};
use crate::report::numbers::{capital, count, figures, or_none, percent, several};
use crate::store::{
    ChannelSummary, Estimate, NudgeSummary, RunFolder, SettingSummary, StoreError, Summary,
};

/// The name of the setting in which no channel is open.
const ALL_CUT: &str = "all cut";
/// In which unit effects are told.
const UNIT: &str = "orders/nudge";

pub(super) fn story(_: &RunFolder, summary: &Summary) -> Result<Story, StoreError> {
    let Some(nudge) = &summary.nudge else { return Ok(Story::default()) };
    let mut sections = vec![response(nudge)];
    if nudge.settings.iter().any(|setting| !setting.share_by_day.is_empty()) {
        sections.push(shares(nudge));
    }
    sections.push(channels(nudge));
    Ok(Story { findings: findings(nudge), sections })
}

fn is_shock(nudge: &NudgeSummary) -> bool {
    nudge.stars.is_none()
}

/// Whether an interval leaves 0 out.
fn is_decided(estimate: &Estimate) -> bool {
    estimate.low.is_some_and(|low| low > 0.0) || estimate.high.is_some_and(|high| high < 0.0)
}

fn findings(nudge: &NudgeSummary) -> Vec<Finding> {
    let Some(first) = nudge.settings.first() else { return vec![] };
    let n = several(first.twins as u64, "pair");
    let gain = or_none(first.gain.value, |_| orders(&first.gain));
    let doubt =
        if is_decided(&first.gain) { "" } else { " The interval has 0 in it, or there is none." };
    let says = format!(
        "{}: {gain} orders for the nudged seller, {} in all hands, {} in other hands, over {n} of a \
         world and its twin.{doubt}",
        capital(&done(nudge)),
        orders(&first.gain_of_all),
        orders(&first.reallocated),
    );
    let headline = or_none(first.gain.value, |gain| format!("{} orders", figures(gain, gain)));
    let mut findings = vec![Finding::new(headline, says, Mood::Plain)];
    if is_shock(nudge) {
        findings.push(how_long(nudge, first));
    }
    findings.extend(strongest(nudge));
    findings.extend(cut(nudge));
    findings.truncate(3);
    findings
}

/// How long a shock is felt.
fn how_long(nudge: &NudgeSummary, first: &SettingSummary) -> Finding {
    let turned = if nudge.what == "worse" { "halved" } else { "half as much again" };
    let (turn, back) = (days(&first.turn_days), days(&first.recovery_days));
    let after = |days: &str| match days {
        "not seen" => "that was not seen".to_owned(),
        days => format!("after {days}"),
    };
    let headline = format!("Share {turned}: {}", after(turn.split(" [").next().unwrap_or("")));
    let says = format!(
        "The seller's share of orders, over what it would have been, {turned} in the mean of a week: {}. \
         Once the shock of {} days is over, back within 10 % in the mean of two weeks: {}.",
        after(&turn),
        Shock::DAYS,
        after(&back)
    );
    Finding::new(headline, says, Mood::Plain)
}

/// The channel that most of it goes by.
fn strongest(nudge: &NudgeSummary) -> Option<Finding> {
    let size = |channel: &ChannelSummary| channel.gain.value.map_or(0.0, f64::abs);
    if nudge.channels.is_empty() {
        return None;
    }
    let decided = nudge.channels.iter().filter(|channel| is_decided(&channel.gain));
    let most = decided.max_by(|a, b| size(a).total_cmp(&size(b)));
    let each: Vec<String> = nudge
        .channels
        .iter()
        .map(|channel| format!("{} {}", channel.channel, orders(&channel.gain)))
        .collect();
    let headline = match most {
        Some(most) => format!("Most of what can be told apart goes by {}", most.channel),
        None => "No channel is told apart from none".to_owned(),
    };
    let says = format!(
        "What the nudged seller has more because of each channel, the difference to the same worlds \
         with it cut [{UNIT}]: {}.",
        each.join(", ")
    );
    Some(Finding::new(headline, says, Mood::Plain))
}

/// Whether what is left with all channels cut is nothing.
fn cut(nudge: &NudgeSummary) -> Option<Finding> {
    let setting = nudge.settings.iter().find(|setting| setting.name == ALL_CUT)?;
    if is_shock(nudge) {
        let says = format!(
            "With every channel cut the seller has {} orders: what shoppers and staff meet is worse or \
             better whatever is told of it.",
            setting.gain.value.map(|_| orders(&setting.gain))?
        );
        let headline = match is_decided(&setting.gain) {
            true => "Quality counts without the loop",
            false => "Without the loop nothing can be told apart",
        };
        return Some(Finding::new(headline, says, Mood::Plain));
    }
    let (identical, twins) = (setting.identical, setting.twins);
    let says = format!(
        "With every channel cut {identical} of {twins} twins are the same in every fact but the \
         review: by the four channels, and by nothing else, what is told reaches what is done."
    );
    if identical >= twins {
        return Some(Finding::new("Cut, nothing is left of it", says, Mood::Good));
    }
    let says = format!(
        "With every channel cut only {identical} of {twins} twins are the same in every fact but the \
         review: it reaches later choices by a way that is none of the four channels."
    );
    Some(Finding::new("Something leaks", says, Mood::Bad))
}

/// The gain in each week of a setting, in the middle of which it was made.
fn weekly(setting: &SettingSummary) -> Vec<Point> {
    let weeks = setting.by_week.iter().zip(1_u32..);
    weeks
        .map(|(gain, week)| Point::new(f64::from(week), gain.value).within(gain.low, gain.high))
        .collect()
}

/// The ends of all weekly gains, so that pictures of one kind can be held against one another.
fn ends(nudge: &NudgeSummary) -> (f64, f64) {
    let all = nudge.settings.iter().flat_map(|setting| &setting.by_week);
    let values = all.flat_map(|gain| [gain.value, gain.low, gain.high]).flatten();
    values.fold((0.0, 0.0), |(low, high), x| (f64::min(low, x), f64::max(high, x)))
}

fn response(nudge: &NudgeSummary) -> Section {
    let lead = "The impulse response: how many orders the nudged seller has more than its twin in each \
                week since. The picture on top is of the market as it is; below it the same with a \
                channel cut, on the same scale.";
    let mut section = Section::new("Week by week", lead);
    let (least, most) = ends(nudge);
    let axes = || {
        let y = Axis::linear("orders more than in the twin", "orders/week");
        (Axis::linear("week since the nudge", "weeks"), y.from_to(least, most))
    };
    let zero = || Rule::y(0.0, "", Colour::Muted);
    let Some((first, others)) = nudge.settings.split_first() else { return section };
    let named = |setting: &SettingSummary, colour| {
        Layer::new(&setting.name, Shape::Line, colour, weekly(setting))
    };
    let behind = others.iter().find(|setting| setting.name == ALL_CUT);
    let says = format!("Mean over {} and its 95 % interval.", several(first.twins as u64, "twin"));
    let chart = Chart::new("impulse", "Impulse response", says, axes()).ruled([zero()]);
    let layers = behind.map(|cut| named(cut, Colour::Muted)).into_iter();
    section.charts.push(chart.with(layers.chain([named(first, Colour::Nth(0))])));
    for (setting, nth) in others.iter().filter(|it| it.name != ALL_CUT).zip(1_u8..) {
        let name = format!("impulse-{}", setting.name.replace(' ', "-"));
        let says =
            format!("Mean over {}; dashed: {}.", several(setting.twins as u64, "twin"), first.name);
        let bare = weekly(first).into_iter().map(|point| point.within(None, None)).collect();
        let dashed = Layer::new(&first.name, Shape::Dashes, Colour::Nth(0), bare);
        let chart = Chart::new(name, capital(&setting.name), says, axes()).ruled([zero()]);
        section.charts.push(chart.with([named(setting, Colour::Nth(nth)), dashed]));
    }
    section.tables.push(weeks(nudge));
    section
}

fn weeks(nudge: &NudgeSummary) -> Table {
    let columns = ["channels", "week", "orders more [orders/nudge]", "from", "to", "pairs"];
    let mut table = Table::new("weeks", "Week by week", &columns);
    for setting in &nudge.settings {
        for (gain, week) in setting.by_week.iter().zip(1_u32..) {
            let mut row = vec![Cell::text(&setting.name), whole(u64::from(week))];
            row.extend(cells(gain));
            row.push(whole(gain.n as u64));
            table.rows.push(row);
        }
    }
    table
}

fn whole(n: u64) -> Cell {
    Cell::number(Some(n as f64), |_| count(n))
}

/// A mean and the ends of its interval.
fn cells(estimate: &Estimate) -> [Cell; 3] {
    let half = estimate.high.zip(estimate.low).map(|(high, low)| (high - low) / 2.0);
    let scale = half.filter(|&half| half > 0.0).or(estimate.value).unwrap_or(0.0);
    [estimate.value, estimate.low, estimate.high]
        .map(|value| Cell::number(value, |value| figures(value, scale)))
}

/// After a shock: the share of orders over what it would have been, day by day.
fn shares(nudge: &NudgeSummary) -> Section {
    let worse = nudge.what == "worse";
    let lead = "The nudged seller's share of all orders, over its share in the same worlds without the \
                shock: 1 is as if nothing had happened.";
    let mut section = Section::new("Share over what it would have been", lead);
    let layer = |(setting, nth): (&SettingSummary, u8)| {
        let points = setting.share_by_day.iter().zip(0_u32..);
        let points = points.map(|(share, day)| Point::new(f64::from(day) + 0.5, *share)).collect();
        let colour = if setting.name == ALL_CUT { Colour::Muted } else { Colour::Nth(nth) };
        Layer::new(&setting.name, Shape::Line, colour, points)
    };
    let all: Vec<(&SettingSummary, u8)> = nudge.settings.iter().zip(0_u8..).collect();
    let is_end = |(setting, nth): &(&SettingSummary, u8)| *nth == 0 || setting.name == ALL_CUT;
    let (ends, cut): (Vec<_>, Vec<_>) = all.into_iter().partition(is_end);
    let (turn, back) = if worse { (0.5, 0.9) } else { (1.5, 1.1) };
    let rules = [
        Rule::x(f64::from(Shock::DAYS), "end of the shock", Colour::Muted),
        Rule::y(1.0, "as it would be", Colour::Muted),
        Rule::y(back, "back within 10 %", Colour::Good),
        Rule::y(turn, if worse { "halved" } else { "half as much again" }, Colour::Bad),
    ];
    let axes = || {
        let y = Axis::linear("share over its counterfactual", "ratio").from_to(0.0, 1.0);
        (Axis::linear("day since the shock began", "days"), y)
    };
    let says = "Mean share in the twins over mean share in the worlds, a day each; single days jump, \
                the times in the table are of means over one and two weeks.";
    let chart = Chart::new("share", "Share over its counterfactual", says, axes());
    // What matters most is drawn last.
    section.charts.push(chart.with(ends.into_iter().rev().map(layer)).ruled(rules.clone()));
    if !cut.is_empty() {
        let says = "The same with one channel cut.";
        let chart = Chart::new("share-cut", "With a channel cut", says, axes());
        section.charts.push(chart.with(cut.into_iter().map(layer)).ruled(rules));
    }
    section
}

/// A forest plot of one estimate a row.
fn forest(
    (name, title, says): (&str, &str, &str),
    label: &str,
    rows: &[(String, Estimate)],
) -> Chart {
    let y = Axis::names("channels", rows.iter().map(|(name, _)| name.clone()).collect()).reversed();
    let dot = |((_, gain), row): (&(String, Estimate), u32)| {
        let value = gain.value?;
        Some((is_decided(gain), Point::new(value, f64::from(row)).within(gain.low, gain.high)))
    };
    let dots: Vec<(bool, Point)> = rows.iter().zip(0..).filter_map(dot).collect();
    let of = |decided: bool, name, colour| {
        let mut points: Vec<Point> =
            dots.iter().filter(|dot| dot.0 == decided).map(|dot| dot.1).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        Layer::new(name, Shape::Forest, colour, points)
    };
    let layers =
        [of(true, "no accident", Colour::Nth(0)), of(false, "may be an accident", Colour::Muted)];
    let x = Axis::linear(label, UNIT).from_to(0.0, 0.0);
    Chart::new(name, title, says, (x, y)).with(layers).ruled([Rule::x(0.0, "", Colour::Muted)])
}

fn channels(nudge: &NudgeSummary) -> Section {
    let lead = "What is left with channels cut, and what each channel adds: the same worlds, with and \
                without it. All intervals are of 95 %.";
    let mut section = Section::new("Channel by channel", lead);
    let settings = |of: fn(&SettingSummary) -> Estimate| -> Vec<(String, Estimate)> {
        nudge.settings.iter().map(|setting| (setting.name.clone(), of(setting))).collect()
    };
    let what = ("gains", "Orders of the nudged seller", "Over all weeks that are told of.");
    let rows = settings(|setting| setting.gain);
    section.charts.push(forest(what, "orders more than in the twin", &rows));
    if !nudge.channels.is_empty() {
        let rows = |of: fn(&ChannelSummary) -> Estimate| -> Vec<(String, Estimate)> {
            nudge.channels.iter().map(|channel| (channel.channel.clone(), of(channel))).collect()
        };
        let says = "As it is, less with the channel cut.";
        let what = ("channels", "What each channel contributes", says);
        section.charts.push(forest(what, "orders because of the channel", &rows(|it| it.gain)));
    }
    let what = ("reallocated", "Orders in other hands", "Half of all differences between sellers.");
    let rows = settings(|setting| setting.reallocated);
    section.charts.push(forest(what, "orders in other hands than in the twin", &rows));
    section.tables.push(table(nudge));
    section
}

fn table(nudge: &NudgeSummary) -> Table {
    let mut columns = vec![
        "channels",
        "twins",
        "identical",
        "share identical [%]",
        "its orders [orders/nudge]",
        "all orders [orders/nudge]",
        "in other hands [orders/nudge]",
    ];
    let shock = is_shock(nudge);
    if shock {
        columns.extend(["turned after [days]", "back after [days]"]);
    }
    let mut table = Table::new("settings", "With channels open and cut", &columns);
    for setting in &nudge.settings {
        let (identical, twins) = (setting.identical as u64, setting.twins as u64);
        let told = |of: &Estimate| {
            let shown = orders(of);
            Cell::number(of.value, |_| shown)
        };
        let part = (twins > 0).then(|| identical as f64 / twins as f64);
        let mut row = vec![
            Cell::text(&setting.name),
            whole(twins),
            whole(identical),
            Cell::number(part, percent),
            told(&setting.gain),
            told(&setting.gain_of_all),
            told(&setting.reallocated),
        ];
        if shock {
            row.extend(
                [&setting.turn_days, &setting.recovery_days]
                    .map(|of| Cell::Number { value: of.and_then(|of| of.value), shown: days(of) }),
            );
        }
        table.rows.push(row);
    }
    table
}
