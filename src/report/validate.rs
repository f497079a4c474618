//! The known answers and what came out, for a terminal.

use std::fmt::Write;
use std::path::Path;

use super::numbers::{NONE, fixed};
use super::text::{Paint, foot, table};
use crate::store::{Answer, Summary};

/// Every quantity under its case: expected, got, tolerance, verdict. Colours are the caller's wish.
pub fn validate_text(summary: &Summary, folder: Option<&Path>, colour: bool) -> String {
    let paint = Paint { colour };
    let answers = &summary.cases;
    let mut rows = Vec::new();
    for (i, answer) in answers.iter().enumerate() {
        if i == 0 || answers[i - 1].name != answer.name {
            rows.push([
                answer.name.clone(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ]);
        }
        rows.push(row(answer));
    }
    let mut text = table(["quantity", "expected", "got", "tolerance", ""], 1, rows);
    for name in names(answers) {
        // The first line of a case is its name alone.
        text = text.replacen(&format!("\n{name}\n"), &format!("\n{}\n", paint.bold(name)), 1);
    }
    let failed: Vec<&str> = names(answers)
        .into_iter()
        .filter(|name| answers.iter().any(|it| it.name == *name && !it.pass))
        .collect();
    let passed = answers.iter().filter(|answer| answer.pass).count();
    let _ = writeln!(text, "\n{passed} of {} known answers come out right.", answers.len());
    if !failed.is_empty() {
        let _ = writeln!(text, "{}", paint.bold(&format!("Not so: {}", failed.join(", "))));
    }
    text.push('\n');
    text.push_str(&foot(summary, folder, paint));
    text
}

/// The cases, in their order.
pub(super) fn names(answers: &[Answer]) -> Vec<&str> {
    let mut names: Vec<&str> = answers.iter().map(|answer| answer.name.as_str()).collect();
    names.dedup();
    names
}

fn row(answer: &Answer) -> [String; 5] {
    let places = places(answer);
    let got = answer.got.map_or_else(|| NONE.to_owned(), |got| fixed(got, places));
    [
        format!("  {}", answer.quantity),
        fixed(answer.expected, places),
        got,
        if answer.tolerance == 0.0 {
            "exact".to_owned()
        } else {
            format!("± {}", fixed(answer.tolerance, places))
        },
        if answer.pass { "✓" } else { "✗" }.to_owned(),
    ]
}

/// Places after the point: two where the value is exact, for money, and otherwise as many as show two
/// figures of the tolerance.
pub(super) fn places(answer: &Answer) -> usize {
    let size = libm::floor(libm::log10(answer.tolerance));
    if size.is_finite() { (1.0 - size).clamp(0.0, 6.0) as usize } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn cases_with_their_quantities_and_a_verdict_each() {
        let cases = vec![
            Answer::new("urn", "mean share", 0.5, 0.512_3, 0.018),
            Answer::new("urn", "variance", 0.083_4, 0.090_1, 0.004_2),
            Answer::new("till", "paid [EUR]", 1_234.56, 1_234.56, 0.0),
            Answer::new("till", "never seen", 1.0, f64::NAN, 0.1),
        ];
        let (summary, _) = fixture::run();
        let summary = Summary { cases, ..summary };
        let text = validate_text(&summary, None, false);
        let table: Vec<&str> = text.lines().take(9).collect();
        let expected = [
            "quantity      expected       got  tolerance",
            "urn",
            "  mean share     0.500     0.512    ± 0.018  ✓",
            "  variance      0.0834    0.0901   ± 0.0042  ✗",
            "till",
            "  paid [EUR]  1,234.56  1,234.56      exact  ✓",
            "  never seen      1.00         –     ± 0.10  ✗",
            "",
            "2 of 4 known answers come out right.",
        ];
        let squeezed = |lines: &[&str]| -> Vec<String> {
            lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
        };
        assert_eq!(squeezed(&table), squeezed(&expected), "{text}");
        assert!(text.contains("\nNot so: urn, till\n"), "{text}");
        assert!(!text.contains('\u{1b}'));
        assert!(validate_text(&summary, None, true).contains("\u{1b}[1murn"), "{text}");
    }
}
