//! What a gate found, for the summary of a CI job.

use std::fmt::Write as _;

use super::{conclusion, units, word};
use crate::experiment::gate::{Finding, Gated, Verdict};
use crate::report::numbers::NONE;

/// A heading with the verdict, a table of all findings, and the sentences of those that did not just pass.
pub fn gate_markdown(gated: &Gated) -> String {
    let mut text = format!("### brocante gate {}: {}\n\n", gated.command, conclusion(gated));
    if gated.findings.is_empty() {
        return text;
    }
    text.push_str("| | asked | of | seen | interval | limit | verdict |\n");
    text.push_str("|:-:|---|---|--:|--:|--:|---|\n");
    for finding in &gated.findings {
        let _ = writeln!(text, "{}", row(finding));
    }
    let told = gated.findings.iter().filter(|finding| finding.verdict != Verdict::Pass);
    let mut first = true;
    for finding in told.filter(|finding| !finding.says.is_empty()) {
        if std::mem::take(&mut first) {
            text.push('\n');
        }
        let (name, says) = (code(&finding.name), plain(&finding.says));
        let _ = writeln!(text, "- {name}: {says}");
    }
    text
}

fn row(finding: &Finding) -> String {
    let sign = match finding.verdict {
        Verdict::Pass => "✅",
        Verdict::Skipped => "⏭️",
        Verdict::Advice => "💡",
        Verdict::Invalid => "⚠️",
        Verdict::Changed | Verdict::Missed | Verdict::Regressed => "❌",
    };
    let none = || NONE.to_owned();
    let cells = [
        sign.to_owned(),
        code(&finding.name),
        plain(&finding.of),
        units::value(finding),
        units::interval(finding).unwrap_or_else(none),
        units::limit(finding).unwrap_or_else(none),
        word(finding.verdict).to_owned(),
    ];
    format!("| {} |", cells.join(" | "))
}

/// A text as code within a cell: a bar ends a cell even there, unless it is escaped.
fn code(text: &str) -> String {
    // Two backticks hold a text that has one in it; with a space, one at its very end does no harm.
    let line = line(text).replace('|', "\\|");
    if line.contains('`') { format!("`` {line} ``") } else { format!("`{line}`") }
}

/// A text within a cell or an item: nothing in it is taken for Markdown, a bar or a tag.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for c in line(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '*' | '_' | '[' | ']' | '~' | '#' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// In one line, without what moves a cursor.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).collect()
}
