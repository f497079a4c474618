//! What a validation adds to `summary.json`: each quantity that is known, and what came out.

use serde::{Deserialize, Serialize};

/// A quantity whose value is known, and what the market made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The case, such as `polya-urn`.
    pub name: String,
    /// What was looked at, in a few words.
    pub quantity: String,
    /// The known value.
    pub expected: f64,
    /// What came out; nothing where there was no sample, which is no pass.
    pub got: Option<f64>,
    /// By how much the two may differ, up or down.
    pub tolerance: f64,
    /// Whether they differ by no more than that.
    pub pass: bool,
}

impl Answer {
    /// A quantity with its verdict. What is not finite was not observed.
    pub fn new(name: &str, quantity: &str, expected: f64, got: f64, tolerance: f64) -> Answer {
        let got = Some(got).filter(|got| got.is_finite());
        let pass = got.is_some_and(|got| (got - expected).abs() <= tolerance);
        let (name, quantity) = (name.to_owned(), quantity.to_owned());
        Answer { name, quantity, expected, got, tolerance, pass }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_does_not_pass() {
        let of = |got| Answer::new("case", "quantity", 1.0, got, 0.25);
        assert!(of(1.25).pass && of(0.75).pass && !of(1.26).pass && !of(0.74).pass);
        assert_eq!((of(f64::NAN).got, of(f64::NAN).pass), (None, false));
        assert!(!of(f64::INFINITY).pass);
        assert!(!Answer::new("case", "quantity", f64::NAN, 1.0, f64::INFINITY).pass);
    }
}
