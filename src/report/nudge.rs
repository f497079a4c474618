//! What came of a nudge: a table for each pair of worlds, and the story for a terminal.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use super::numbers::{count, figures, interval, or_none, signed};
use super::text::{Paint, foot, table};
use crate::experiment::nudge::{Pair, Setting};
use crate::store::{Estimate, NudgeSummary, SettingSummary, Summary};

/// `nudges.csv`: one row a (setting, world).
pub struct Nudges<W: Write>(::csv::Writer<W>);

impl<W: Write> Nudges<W> {
    /// A table with its head, for nudges told over so many weeks.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, weeks: u32) -> io::Result<Self> {
        let mut table = ::csv::Writer::from_writer(out);
        let columns = "setting world market seller identical gain gain_of_all reallocated complete";
        let weeks = (1..=weeks).map(|week| format!("gain_week_{week}"));
        table.write_record(columns.split(' ').map(str::to_owned).chain(weeks))?;
        Ok(Nudges(table))
    }

    /// Writes a pair that was nudged in this setting.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn pair(&mut self, setting: &Setting, pair: &Pair, weeks: u32) -> io::Result<()> {
        let text = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let row = [
            setting.name.clone(),
            pair.world.to_string(),
            pair.market.to_string(),
            pair.seller.map_or_else(String::new, |seller| seller.to_string()),
            pair.identical.to_string(),
            text(pair.gain()),
            text(pair.seller.map(|_| pair.gain_of_all())),
            text(pair.seller.map(|_| pair.reallocated)),
            pair.complete.to_string(),
        ];
        let by_week = pair.by_week();
        let weekly = (0..weeks as usize).map(|week| text(by_week.get(week).copied()));
        Ok(self.0.write_record(row.into_iter().chain(weekly))?)
    }

    /// The whole table.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        super::csv::whole(self.0)
    }
}

/// What was done, what came of it with each channel open or cut, week by week, and how long it lasted.
pub fn nudge_text(summary: &Summary, folder: Option<&Path>, colour: bool) -> String {
    let paint = Paint { colour };
    let mut text = String::new();
    let Some(nudge) = &summary.nudge else { return text };
    let _ =
        writeln!(text, "{}\n", paint.bold(&format!("{}: {}", summary.scenario.name, done(nudge))));
    text.push_str(&settings(nudge));
    if !nudge.channels.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold("What each channel contributes"));
        let rows = nudge.channels.iter().map(|channel| {
            [channel.channel.clone(), orders(&channel.gain), orders(&channel.reallocated)]
        });
        text.push_str(&table(["channel", "orders gained", "in other hands"], 1, rows.collect()));
    }
    if let Some(first) = nudge.settings.first() {
        let _ = writeln!(text, "\n{}", paint.bold(&format!("Week by week, {}", first.name)));
        text.push_str(&response(nudge, first));
    }
    let _ = writeln!(text, "\n[…]: {}.", nudge.method);
    text.push('\n');
    text.push_str(&foot(summary, folder, paint));
    text
}

/// What was done to whom.
pub(super) fn done(nudge: &NudgeSummary) -> String {
    let what = match (&*nudge.what, nudge.stars) {
        (_, Some(1)) => "one review of 1 star".to_owned(),
        (_, Some(stars)) => format!("one review of {stars} stars"),
        (way, None) => format!("four weeks of {way} quality"),
    };
    let whom = match &*nudge.whom {
        "drawn" => "a seller drawn in each world".to_owned(),
        "greatest" => "the seller with most credit".to_owned(),
        number => format!("seller {number}"),
    };
    format!("{what} for {whom}, on day {}, told over {} weeks", nudge.day, nudge.weeks)
}

fn settings(nudge: &NudgeSummary) -> String {
    let shock = nudge.stars.is_none();
    let row = |setting: &SettingSummary| {
        let mut row = vec![
            setting.name.clone(),
            count(setting.twins as u64),
            count(setting.identical as u64),
            orders(&setting.gain),
            orders(&setting.gain_of_all),
            orders(&setting.reallocated),
        ];
        if shock {
            row.extend([&setting.turn_days, &setting.recovery_days].map(days));
        }
        row
    };
    let rows: Vec<Vec<String>> = nudge.settings.iter().map(row).collect();
    let turns = if nudge.what == "worse" { "halved after" } else { "half as much again after" };
    let header = ["channels", "twins", "same", "its orders", "all orders", "in other hands"];
    if shock {
        let header = [&header[..], &[turns, "back after"]].concat();
        let rows = rows.into_iter().filter_map(|row| <[String; 8]>::try_from(row).ok()).collect();
        return table(<[&str; 8]>::try_from(header).unwrap_or([""; 8]), 1, rows);
    }
    let rows = rows.into_iter().filter_map(|row| <[String; 6]>::try_from(row).ok()).collect();
    table(header, 1, rows)
}

/// The impulse response, with a bar for each week.
fn response(nudge: &NudgeSummary, setting: &SettingSummary) -> String {
    let most =
        setting.by_week.iter().filter_map(|week| week.value).fold(0.0, |a: f64, b| a.max(b.abs()));
    let rows = (1..).zip(&setting.by_week).map(|(week, estimate)| {
        let share = setting.share_by_day.get(7 * (week - 1)..).unwrap_or(&[]);
        let share: Vec<f64> = share.iter().take(7).copied().flatten().collect();
        let mean = (!share.is_empty()).then(|| share.iter().sum::<f64>() / share.len() as f64);
        let of = or_none(mean, |mean| figures(mean, 0.1));
        let of = if nudge.stars.is_some() { String::new() } else { of };
        [week.to_string(), orders(estimate), of, bar(estimate.value.unwrap_or(0.0), most)]
    });
    let share = if nudge.stars.is_some() { "" } else { "share over usual" };
    table(["week", "its orders", share, ""], 1, rows.collect())
}

/// A bar to the right for more and to the left for fewer.
fn bar(value: f64, most: f64) -> String {
    const HALF: usize = 12;
    let length = if most > 0.0 { (value.abs() / most * HALF as f64).round() as usize } else { 0 };
    let (left, right) = if value < 0.0 { (length, 0) } else { (0, length) };
    format!("{:>HALF$}│{:<HALF$}", "▄".repeat(left), "▄".repeat(right))
}

/// `+1.25 [−0.5, 3.0]`.
pub(super) fn orders(estimate: &Estimate) -> String {
    let scale = estimate.high.zip(estimate.low).map(|(high, low)| high - low);
    let scale = scale.filter(|&scale| scale > 0.0).or(estimate.value).unwrap_or(1.0);
    interval(estimate.value, estimate.low, estimate.high, |value| signed(value, scale))
}

pub(super) fn days(estimate: &Option<Estimate>) -> String {
    let Some(estimate) = estimate else { return or_none(None, |_| String::new()) };
    if estimate.value.is_none() {
        return "not seen".to_owned();
    }
    interval(estimate.value, estimate.low, estimate.high, |days| format!("{days:.0} d"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::store::ChannelSummary;

    fn around(value: f64, half: f64) -> Estimate {
        Estimate { value: Some(value), low: Some(value - half), high: Some(value + half), n: 30 }
    }

    fn setting(name: &str, gain: f64) -> SettingSummary {
        SettingSummary {
            name: name.to_owned(),
            open: vec!["ranking".to_owned()],
            twins: 30,
            identical: if gain == 0.0 { 30 } else { 0 },
            gain: around(gain, gain.abs() / 2.0),
            gain_of_all: around(gain / 10.0, gain.abs()),
            reallocated: around(gain.abs(), gain.abs() / 3.0),
            by_week: vec![around(gain * 0.75, 1.0), around(gain * 0.25, 1.0)],
            share_by_day: Vec::new(),
            turn_days: None,
            recovery_days: None,
        }
    }

    /// A nudge of this kind.
    pub(in crate::report) fn nudge(what: &str) -> NudgeSummary {
        let mut settings = vec![setting("as it is", -10.9), setting("all cut", 0.0)];
        if what != "review" {
            for setting in &mut settings {
                setting.share_by_day = vec![Some(0.5); 14];
                setting.turn_days = Some(Estimate { high: None, ..around(9.0, 2.0) });
                setting.recovery_days = Some(Estimate::default());
            }
        }
        NudgeSummary {
            what: what.to_owned(),
            stars: (what == "review").then_some(1),
            whom: "drawn".to_owned(),
            day: 21,
            weeks: 2,
            method: "by hand".to_owned(),
            settings,
            channels: vec![ChannelSummary {
                channel: "ranking".to_owned(),
                gain: around(-8.1, 4.0),
                reallocated: around(15.7, 20.0),
            }],
        }
    }

    #[test]
    fn a_review_and_a_shock() {
        let (mut summary, _) = fixture::run();
        summary.nudge = Some(nudge("review"));
        insta::assert_snapshot!("nudge_review", nudge_text(&summary, None, false));
        summary.nudge = Some(nudge("worse"));
        insta::assert_snapshot!("nudge_shock", nudge_text(&summary, None, false));
    }
}
