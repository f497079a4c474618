//! What a test within one world says, the truth, and how far the two are apart, for a terminal.

use super::numbers::{figures, or_none};
use super::text::{Paint, table};
use crate::store::{DesignResult, Summary};
use std::fmt::Write;

/// A table for each design; empty where no design was asked for.
pub(super) fn designs(summary: &Summary, paint: Paint) -> String {
    let mut text = String::new();
    let [Some(base), Some(other)] = [summary.arms.first(), summary.arms.get(1)] else {
        return text;
    };
    for rows in summary.designs.chunk_by(|one, next| one.design == next.design) {
        let Some(first) = rows.first() else { continue };
        let n = rows.iter().map(|row| row.n).max().unwrap_or(0);
        let of = if summary.markets() > 1 { "markets" } else { "worlds" };
        let title = format!("{}: {} against {}", first.design, other.name, base.name);
        let _ = writeln!(
            text,
            "{}, {n} {of} (± half a 95 % interval)\n",
            paint.bold(&format!("What a {title} says"))
        );
        text.push_str(&rows_of(&base.name, rows));
        text.push('\n');
    }
    if !summary.designs.is_empty() {
        text.push_str(
            "The test has both arms in one world; the truth is everybody in the one against everybody in\n\
             the other. biased: the interval of their difference leaves out 0; wrong sign: so do those of test\n\
             and truth, on the two sides of it.\n\n",
        );
    }
    text
}

fn rows_of(base: &str, rows: &[DesignResult]) -> String {
    let lines = rows.iter().filter(|row| row.n > 0).map(|row| {
        let scale = [row.estimate, row.truth].into_iter().flatten().fold(0.0, size);
        [
            row.metric.clone(),
            or_none(row.base, |value| figures(value, scale)),
            with_half(row.estimate, row.high),
            with_half(row.truth, row.truth_high),
            with_half(row.bias, row.bias_high),
            remark(row).to_owned(),
        ]
    });
    table(["metric", base, "the test says", "the truth", "bias", ""], 1, lines.collect())
}

fn size(most: f64, value: f64) -> f64 {
    most.max(value.abs())
}

/// A mean with half of its interval, in figures of the smaller of the two that is not 0.
pub(super) fn with_half(mean: Option<f64>, high: Option<f64>) -> String {
    let half = mean.zip(high).map(|(mean, high)| high - mean);
    let scale = half.filter(|half| *half > 0.0).or(mean).unwrap_or(0.0);
    let mean = or_none(mean, |mean| figures(mean, scale));
    half.map_or(mean.clone(), |half| format!("{mean} ± {}", figures(half, half)))
}

/// What is no accident about the difference between test and truth.
pub(super) fn remark(row: &DesignResult) -> &'static str {
    let test = sign(row.low, row.high);
    let truth = sign(row.truth_low, row.truth_high);
    match sign(row.bias_low, row.bias_high) {
        0 => "",
        _ if test * truth < 0 => "wrong sign",
        _ => "biased",
    }
}

/// On which side of 0 an interval lies; 0 where it is on both.
fn sign(low: Option<f64>, high: Option<f64>) -> i32 {
    low.zip(high).map_or(0, |(low, high)| i32::from(low > 0.0) - i32::from(high < 0.0))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::measure::{Counts, all_metrics};
    use crate::report::compare_text;
    use crate::report::fixture;
    use crate::store::ArmSummary;

    /// What a design says of a metric.
    pub(in crate::report) fn row(design: &str, metric: &str, bias: [f64; 3]) -> DesignResult {
        DesignResult {
            design: design.to_owned(),
            metric: metric.to_owned(),
            unit: "ratio".to_owned(),
            base: Some(0.0312),
            estimate: Some(0.00412),
            low: Some(0.00401),
            high: Some(0.00423),
            truth: Some(0.00412 - bias[0]),
            truth_low: Some(0.0008),
            truth_high: Some(0.0030),
            bias: Some(bias[0]),
            bias_low: Some(bias[1]),
            bias_high: Some(bias[2]),
            n: 8,
        }
    }

    #[test]
    fn tables_say_what_is_biased() {
        let (summary, _) = fixture::worlds(3);
        let worlds = summary.worlds.clone();
        let arm = |name: &str| ArmSummary::new(name.to_owned(), &all_metrics(), worlds.clone());
        let arms = vec![arm("base"), arm("cheapest")];
        let unseen = DesignResult { n: 0, ..row("switchback", "epp", [0.0; 3]) };
        let wrong = DesignResult {
            truth: Some(-0.001),
            truth_low: Some(-0.0015),
            truth_high: Some(-0.0005),
            ..row("switchback", "gmv", [0.005, 0.004, 0.006])
        };
        let rows = vec![
            wrong,
            row("shopper-split", "conversion", [0.002, 0.001, 0.003]),
            row("shopper-split", "late_rate", [0.002, -0.001, 0.005]),
            row("switchback", "conversion", [-0.002, -0.003, -0.001]),
            unseen,
        ];
        let summary = summary.compared(arms, vec![]).tested(rows, vec![], &Counts::default());
        let text = compare_text(&summary, None, false);
        let line = |from: usize, word: &str| {
            let mut lines = text.lines().skip(from).filter(|line| line.starts_with(word));
            lines.next().unwrap_or_else(|| panic!("no {word}: {text}")).to_owned()
        };
        assert!(text.contains("What a shopper-split: cheapest against base says"), "{text}");
        assert!(line(0, "conversion").ends_with("biased"), "{text}");
        assert!(!line(0, "late_rate").contains("biased"), "{text}");
        assert!(line(0, "conversion").contains("0.004120 ± 0.000110"), "{text}");
        assert_eq!(text.matches("conversion").count(), 2, "{text}");
        assert!(!text.contains("epp"), "{text}");
        assert!(line(0, "gmv").ends_with("wrong sign"), "{text}");
    }
}
