//! What a gate found: for a terminal, for a job summary, for a test reporter and for a tracker of
//! benchmarks. One output a file.

mod bencher;
mod junit;
mod markdown;
mod text;
mod trend;
mod units;

pub use bencher::gate_bencher;
pub use junit::gate_junit;
pub use markdown::gate_markdown;
pub use text::{gate_text, gate_text_within};
pub use trend::trend_text;

use crate::experiment::gate::{Gated, Verdict};
use crate::report::numbers::count;

/// A verdict in a word, as people read it.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passed",
        Verdict::Skipped => "skipped",
        Verdict::Advice => "advice",
        Verdict::Invalid => "invalid",
        Verdict::Changed => "behaviour changed",
        Verdict::Missed => "missed",
        Verdict::Regressed => "slower",
    }
}

/// All that was found in one line: the gravest, how many there are of each, and the exit code.
fn conclusion(gated: &Gated) -> String {
    let verdict = gated.verdict();
    let said = match verdict {
        Verdict::Pass | Verdict::Skipped | Verdict::Advice => "PASSED",
        Verdict::Invalid => "INVALID",
        Verdict::Changed => "BEHAVIOUR CHANGED",
        Verdict::Missed => "MISSED",
        Verdict::Regressed => "SLOWER",
    };
    let all = [
        Verdict::Regressed,
        Verdict::Missed,
        Verdict::Changed,
        Verdict::Invalid,
        Verdict::Advice,
        Verdict::Skipped,
        Verdict::Pass,
    ];
    let of = |verdict: Verdict| {
        let n = gated.findings.iter().filter(|finding| finding.verdict == verdict).count();
        (n > 0).then(|| format!("{} {}", count(n as u64), word(verdict)))
    };
    let parts: Vec<String> = all.into_iter().filter_map(of).collect();
    let parts = if parts.is_empty() { "nothing was asked".to_owned() } else { parts.join(", ") };
    match verdict.code() {
        0 => format!("{said}: {parts}"),
        code => format!("{said}: {parts} (exit code {code})"),
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
