//! What a gate found, for a terminal.

use std::fmt::Write as _;

use super::{conclusion, units};
use crate::experiment::gate::{Finding, Gated, Verdict};
use crate::report::text::Paint;

/// Columns of a terminal that everything fits in.
const WIDTH: usize = 80;

/// Every finding with what was seen and allowed, sentences to those that did not just pass, and the verdict
/// last; for 80 columns.
pub fn gate_text(gated: &Gated, colour: bool) -> String {
    gate_text_within(gated, WIDTH, colour)
}

/// The same for so many columns: what does not fit beside a name goes below it.
pub fn gate_text_within(gated: &Gated, width: usize, colour: bool) -> String {
    let paint = Paint { colour };
    let mut text = format!("{}\n", paint.bold(&format!("gate {}", gated.command)));
    let mut of: Option<&str> = None;
    let names = gated.findings.iter().map(|finding| finding.name.chars().count());
    // One long name is no reason to push all numbers to the right.
    let longest = names.max().unwrap_or(0).min(width / 2);
    for finding in &gated.findings {
        if of != Some(finding.of.as_str()) {
            let _ = writeln!(text, "\n{}", paint.accent(&finding.of));
            of = Some(&finding.of);
        }
        text.push_str(&one(finding, longest, width, paint));
    }
    let passed = matches!(gated.verdict(), Verdict::Pass | Verdict::Skipped | Verdict::Advice);
    let _ = writeln!(text, "\n{}", paint.verdict(passed, &conclusion(gated)));
    text
}

/// The sign of a verdict, in its colour.
fn sign(verdict: Verdict, paint: Paint) -> String {
    match verdict {
        Verdict::Pass => paint.verdict(true, "✓"),
        Verdict::Skipped => "–".to_owned(),
        Verdict::Advice => paint.bold("!"),
        Verdict::Invalid => paint.verdict(false, "?"),
        Verdict::Changed | Verdict::Missed | Verdict::Regressed => paint.verdict(false, "✗"),
    }
}

fn one(finding: &Finding, longest: usize, width: usize, paint: Paint) -> String {
    let sign = sign(finding.verdict, paint);
    let name: String = finding.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let numbers = numbers(finding);
    let mut text = String::new();
    let beside = longest.max(name.chars().count()) + 4 + numbers.chars().count() <= width;
    if numbers.is_empty() {
        let _ = writeln!(text, "{sign} {name}");
    } else if beside {
        let _ = writeln!(text, "{sign} {name:<longest$}  {numbers}");
    } else {
        let _ = writeln!(text, "{sign} {name}");
        text.push_str(&wrapped(&numbers, width));
    }
    let told = finding.verdict != Verdict::Pass || finding.value.is_none();
    if told && !finding.says.is_empty() {
        text.push_str(&wrapped(&finding.says, width));
    }
    text
}

/// What was seen, how sure that is and what is allowed.
fn numbers(finding: &Finding) -> String {
    if finding.value.is_none() && finding.limit.is_none() {
        return String::new();
    }
    let mut text = units::value(finding);
    if let Some(interval) = units::interval(finding) {
        let _ = write!(text, " ({interval})");
    }
    if let Some(limit) = units::limit(finding) {
        let _ = write!(text, ", limit {limit}");
    }
    text
}

/// A sentence below a name, broken where it is too long.
fn wrapped(sentence: &str, width: usize) -> String {
    const INDENT: &str = "    ";
    let mut text = String::new();
    let mut line = String::new();
    for word in sentence.split_whitespace() {
        if !line.is_empty()
            && INDENT.len() + line.chars().count() + 1 + word.chars().count() > width
        {
            let _ = writeln!(text, "{INDENT}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(text, "{INDENT}{line}");
    }
    text
}
