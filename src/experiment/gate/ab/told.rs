//! What pairs say, as findings.

use super::pairs::{CLEAR, LEAST};
use super::{Decision, Doubt, Interval, Look, interval, scatter};
use crate::experiment::gate::{Evidence, Finding, Verdict};
use crate::rng;

/// The names of the two questions that pairs answer.
const NAMES: [&str; 2] = ["base against itself", "pairs of rank"];

/// A logarithm of a ratio as a change [%].
fn percent(ln: f64) -> f64 {
    100.0 * (rng::exp(ln) - 1.0)
}

/// `+1.2 %`.
fn signed(ln: f64) -> String {
    // A change that rounds to nothing has no sign.
    let percent = percent(ln);
    if percent.abs() < 0.05 { "0.0 %".to_owned() } else { format!("{percent:+.1} %") }
}

fn with_interval(Interval { low, median, high }: Interval) -> String {
    format!("{} ({} to {})", signed(median), signed(low), signed(high))
}

/// Why programs that do different work are not timed.
pub const OTHER_WORK: &str = "Times of different work cannot be compared.";

/// The findings of times that were not taken, and why.
pub fn not_timed(of: &str, says: &str) -> Vec<Finding> {
    NAMES.map(|name| finding(of, name, &[], Verdict::Skipped, says.to_owned())).to_vec()
}

/// What is left open where somebody stopped it.
pub fn stopped(of: &str, found: usize) -> Finding {
    let says = format!("It was interrupted after {found} of 4 answers: nothing is concluded.");
    finding(of, "interrupted", &[], Verdict::Invalid, says)
}

/// The findings of one look or two.
pub fn findings(of: &str, decision: Decision, first: &Look, second: Option<&Look>) -> Vec<Finding> {
    let last = second.unwrap_or(first);
    // Where base was told from itself in the first look, that is what is to be shown.
    let null = match decision {
        Decision::Invalid(Doubt::Null(by)) => [Some(first), second]
            .into_iter()
            .flatten()
            .find(|look| interval(&look.null).is_some_and(|seen| seen.median == by))
            .unwrap_or(last),
        _ => last,
    };
    vec![null_finding(of, decision, null), head_finding(of, decision, first, second)]
}

fn null_finding(of: &str, decision: Decision, look: &Look) -> Finding {
    let seen = interval(&look.null).map_or_else(String::new, with_interval);
    let (verdict, says) = match decision {
        Decision::Invalid(Doubt::Null(_)) => {
            let says = format!(
                "Base was told from itself: {seen}. That is the machine's doing; ask again when it is left \
                 alone."
            );
            (Verdict::Invalid, says)
        }
        _ => (Verdict::Pass, format!("Base against base: {seen} in {} pairs.", look.null.len())),
    };
    finding(of, NAMES[0], &look.null, verdict, says)
}

fn head_finding(of: &str, decision: Decision, first: &Look, second: Option<&Look>) -> Finding {
    let last = second.unwrap_or(first);
    let told = |look: &Look| interval(&look.head).map_or_else(String::new, with_interval);
    let (pairs, seen, before) = (last.head.len(), told(last), told(first));
    let by = scatter(&last.head).map_or_else(String::new, |by| format!("{:.1} %", percent(by)));
    let rule = format!(
        "{:.0} % beyond doubt and {:.1} % in the median",
        percent(rng::ln(CLEAR)),
        percent(rng::ln(LEAST))
    );
    let (verdict, says) = match decision {
        Decision::Pass => {
            let says = format!(
                "Rankings of head take {seen} of base's time in {pairs} pairs that scatter by {by}: not \
                 slower by {rule}."
            );
            (Verdict::Pass, says)
        }
        Decision::Slower => {
            let says = format!(
                "Head is slower: {before} in {} pairs, {seen} in {pairs} more in reversed order; more than \
                 {rule}.",
                first.head.len()
            );
            (Verdict::Regressed, says)
        }
        Decision::Unconfirmed | Decision::LookAgain => {
            let says = format!(
                "Head looked slower, {before}, and a second look in reversed order did not confirm it: \
                 {seen}. Ask again."
            );
            (Verdict::Advice, says)
        }
        Decision::Invalid(Doubt::Null(_)) => {
            let says = format!("Base was told from itself, so {seen} says nothing.");
            (Verdict::Invalid, says)
        }
        Decision::Invalid(Doubt::Scatter(by)) => {
            let says = format!(
                "{pairs} pairs that scatter by {:.1} % leave open whether head is slower: {seen}. Ask again \
                 when the machine is left alone, or with more --pairs.",
                percent(by)
            );
            (Verdict::Invalid, says)
        }
        Decision::Invalid(Doubt::Few) => {
            (Verdict::Invalid, format!("{pairs} pairs are too few for an interval."))
        }
    };
    finding(of, NAMES[1], &last.head, verdict, says)
}

fn finding(of: &str, name: &str, pairs: &[f64], verdict: Verdict, says: String) -> Finding {
    let seen = interval(pairs);
    Finding {
        evidence: Evidence::Time,
        name: name.to_owned(),
        of: of.to_owned(),
        value: seen.map(|seen| percent(seen.median)),
        low: seen.map(|seen| percent(seen.low)),
        high: seen.map(|seen| percent(seen.high)),
        limit: Some(100.0 * (LEAST - 1.0)),
        unit: "%".to_owned(),
        verdict,
        says,
    }
}
