//! Where a history changed, for a terminal.

use std::fmt::Write as _;

use super::units::shown;
use crate::experiment::gate::{Change, Trends};
use crate::report::numbers::{NONE, count};
use crate::report::text::{Paint, table};

/// A table of every change, and what could not be looked at.
pub fn trend_text(trends: &Trends, colour: bool) -> String {
    let paint = Paint { colour };
    let several =
        |n: usize, one: &str| format!("{} {one}{}", count(n as u64), if n == 1 { "" } else { "s" });
    let mut text = format!("{}, {}\n\n", paint.bold("gate trend"), several(trends.runs, "run"));
    let mut asked: Vec<&str> = trends.changes.iter().map(|change| change.of.as_str()).collect();
    asked.sort_unstable();
    asked.dedup();
    for of in asked {
        let rows = trends.changes.iter().filter(|change| change.of == of).map(row).collect();
        let head = ["metric", "from", "commit", "before", "after", "change", "p", ""];
        let mut found = table(head, 3, rows);
        for (word, good) in [("better", true), ("worse", false)] {
            found = found.replace(&format!(" {word}"), &format!(" {}", paint.verdict(good, word)));
        }
        let _ = writeln!(text, "{}\n{found}", paint.accent(of));
    }
    if trends.changes.is_empty() && trends.series > 0 {
        text.push_str("Nothing changed.\n");
    }
    for change in trends.changes.iter().filter(|change| change.scenario_changed) {
        let _ =
            writeln!(text, "The scenario of {} was another from {} on.", change.name, change.time);
    }
    if trends.series > 0 {
        let _ = writeln!(
            text,
            "{} series looked at; where nothing changes, one call in twenty shows a change at most.",
            count(trends.series as u64)
        );
    }
    if trends.constant > 0 {
        let _ = writeln!(text, "{} never varied.", count(trends.constant as u64));
    }
    if trends.short > 0 {
        let _ = writeln!(
            text,
            "{} too short: with so many of them a series needs {}.",
            match trends.short {
                1 => "1 is".to_owned(),
                n => format!("{} are", count(n as u64)),
            },
            several(trends.needed, "run")
        );
    }
    if trends.runs == 0 {
        text.push_str("The history is empty: `brocante gate check --history FILE` adds to it.\n");
    }
    text
}

fn row(change: &Change) -> [String; 8] {
    let part = (change.after - change.before) / change.before.abs();
    [
        change.name.clone(),
        change.time.clone(),
        change.commit.as_deref().map_or(NONE.to_owned(), |it| it.chars().take(12).collect()),
        shown(change.before, &change.unit),
        shown(change.after, &change.unit),
        if part.is_finite() { format!("{:+.1} %", 100.0 * part) } else { NONE.to_owned() },
        format!("{:.4}", change.p),
        match (change.is_better(), change.digest_changed) {
            (Some(true), _) => "better",
            (Some(false), _) => "worse",
            (None, true) => "behaviour changed",
            (None, false) => "",
        }
        .to_owned(),
    ]
}
