//! The verdicts of a comparison, for a terminal.

use std::fmt::Write;
use std::path::Path;

use super::design::designs;
use super::numbers::{count, figures, fixed, or_none, percent};
use super::text::{Paint, foot, table};
use crate::store::{Difference, Summary, Verdict};

/// For every arm but the base a table with the metrics that differ, those that are decided first, then by
/// their adjusted p; what came out the same is counted. Colours are the caller's wish.
pub fn compare_text(summary: &Summary, folder: Option<&Path>, colour: bool) -> String {
    let paint = Paint { colour };
    let mut text = String::new();
    let base = summary.arms.first().map_or("", |arm| &arm.name);
    for arm in summary.arms.iter().skip(1) {
        let found: Vec<_> = summary.differences.iter().filter(|d| d.arm == arm.name).collect();
        let pairs = found.iter().map(|difference| difference.n).max().unwrap_or(0);
        let of = if summary.markets() > 1 { "markets" } else { "worlds" };
        let title = paint.bold(&format!("{}: {} against {base}", summary.scenario.name, arm.name));
        let _ = writeln!(
            text,
            "{title}, {} weeks, {pairs} pairs of {of} (± half a 95 % interval)\n",
            summary.weeks
        );
        text.push_str(&differing(base, &arm.name, &found));
        text.push_str(&notes(&found));
        text.push('\n');
    }
    text.push_str(&designs(summary, paint));
    text.push_str(&foot(summary, folder, paint));
    text
}

/// Those that differ in any world: decided first, and then by how likely it is an accident.
pub(super) fn in_order<'a>(found: &[&'a Difference]) -> Vec<&'a Difference> {
    let differ = |found: &&&Difference| found.verdict != Verdict::Same && found.n > 0;
    let mut differ: Vec<_> = found.iter().filter(differ).copied().collect();
    let rank = |verdict| match verdict {
        Verdict::Better => 0,
        Verdict::Worse => 1,
        Verdict::Unclear | Verdict::Same => 2,
    };
    let p = |difference: &Difference| difference.p_adjusted.unwrap_or(f64::INFINITY);
    differ.sort_by(|a, b| rank(a.verdict).cmp(&rank(b.verdict)).then(p(a).total_cmp(&p(b))));
    differ
}

/// Further pairs that would decide what is not decided; nothing where none are known to be missing.
pub(super) fn missing_pairs(difference: &Difference) -> Option<u64> {
    let short = difference.worlds_needed.filter(|_| difference.verdict == Verdict::Unclear);
    short.and_then(|n| n.checked_sub(difference.n as u64)).filter(|&n| n > 0)
}

fn differing(base: &str, arm: &str, found: &[&Difference]) -> String {
    let differ = in_order(found);
    if differ.is_empty() {
        return "No metric differs.\n".to_owned();
    }
    let rows = differ.iter().map(|difference| {
        let half = difference.high.zip(difference.low).map(|(high, low)| (high - low) / 2.0);
        let change = or_none(difference.difference, |d| figures(d, half.unwrap_or(d)));
        let half = half.map_or_else(String::new, |half| format!(" ± {}", figures(half, half)));
        let scale = difference.difference.unwrap_or(0.0);
        let shown = |value: Option<f64>| or_none(value, |value| figures(value, scale));
        [
            difference.metric.clone(),
            shown(difference.base),
            shown(difference.value),
            format!("{change}{half}"),
            or_none(difference.p_adjusted, chance),
            word(difference.verdict).to_owned(),
            missing_pairs(difference).map_or_else(String::new, |n| format!("+{}", count(n))),
        ]
    });
    let header = ["metric", base, arm, "difference", "p (Holm)", "verdict", "needs"];
    table(header, 1, rows.collect())
}

/// What is the same, what was not seen, and what pairing was good for.
fn notes(found: &[&Difference]) -> String {
    let mut text = String::new();
    let same = found.iter().filter(|difference| difference.verdict == Verdict::Same).count();
    let unseen = found.iter().filter(|difference| difference.n == 0).count();
    let _ = writeln!(
        text,
        "\n{same} of {} metrics are the same in every world; {unseen} had no sample.",
        found.len()
    );
    let differ = found.iter().filter(|difference| difference.verdict != Verdict::Same);
    let mut saved: Vec<f64> = differ.filter_map(|difference| difference.variance_saved).collect();
    saved.sort_by(f64::total_cmp);
    if let Some(&median) = saved.get(saved.len() / 2) {
        let _ = writeln!(
            text,
            "Pairing takes away {} of the variance of a difference (median of those that differ).",
            percent(median)
        );
    }
    if found.iter().any(|it| it.verdict == Verdict::Unclear && it.n > 0) {
        text.push_str("needs: further pairs for a power of 80 % on that metric alone.\n");
    }
    text
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Unclear => "unclear",
        Verdict::Same => "same",
    }
}

/// A p-value: more digits would say nothing.
pub(super) fn chance(p: f64) -> String {
    if p < 0.0001 { "<.0001".to_owned() } else { fixed(p, 4) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::experiment::differences;
    use crate::measure::all_metrics;
    use crate::report::fixture;
    use crate::store::ArmSummary;

    /// A comparison of three pairs, in which two metrics differ.
    pub(in crate::report) fn compared() -> Summary {
        let (summary, _) = fixture::worlds(3);
        let base = summary.worlds.clone();
        let mut other = base.clone();
        for (n, world) in other.iter_mut().enumerate() {
            let mut add = |name: &str, by: f64| {
                let value = world.metrics.get_mut(name).expect("a metric");
                *value = value.map(|value| value + by);
            };
            add("late_rate", 0.1 + 0.000_1 * n as f64);
            add("gini", 0.01 * n as f64);
        }
        let metrics = all_metrics();
        let found = differences("slow", &base, &other, &metrics);
        let arm = |name: &str, worlds| ArmSummary::new(name.to_owned(), &metrics, worlds);
        summary.compared(vec![arm("base", base), arm("slow", other)], found)
    }

    #[test]
    fn decided_first_and_the_same_only_counted() {
        let text = compare_text(&compared(), None, false);
        let line = |word: &str| text.lines().position(|line| line.starts_with(word));
        let (late, gini) = (line("late_rate"), line("gini"));
        assert!(late.is_some() && late < gini, "{text}");
        assert!(text.contains("worse") && text.contains("unclear"), "{text}");
        assert_eq!(line("late_rate_"), None);
        assert!(text.contains("slow against base") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains(" metrics are the same in every world"), "{text}");
    }

    #[test]
    fn a_table_of_differences() {
        insta::assert_snapshot!(compare_text(&compared(), Some(Path::new("results/mine")), false));
    }

    #[test]
    fn numbers_have_figures() {
        assert_eq!(figures(0.012_345, 0.012_345), "0.0123");
        assert_eq!(figures(12_345.6, 12_345.6), "12,346");
        assert_eq!(figures(0.0, 0.0), "0.00");
        assert_eq!(chance(0.000_01), "<.0001");
    }
}
