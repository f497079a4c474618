//! The gate: did this change make ranking slower, or the market worse?
//!
//! However it was found, evidence comes as [`Finding`]s, one a question, and a [`Gated`] holds those of one
//! call. The exit code follows from the gravest of them.

pub mod ab;
mod baseline;
mod budget;
mod check;
mod contrast;
mod divisive;
#[cfg(test)]
mod fixture;
mod subject;
mod trend;

pub use baseline::{Source, baseline_of};
pub use budget::{Allowance, Budget, Budgets, Limit};
pub use check::{FALSE_ALARMS, Run, check, needs_baseline};
pub use contrast::{Contrast, Sample};
pub use divisive::{ChangePoint, change_points, values_needed};
pub use subject::{Cost, Subject};
pub use trend::{Change, FALSE_TRENDS, MOST_RUNS, Trends, trends};

use serde::{Deserialize, Serialize};

/// What kind of evidence a finding rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Digests of base and head: do they do the same work?
    Work,
    /// Instructions that a simulated processor counted.
    Instructions,
    /// Wall time of pairs of processes.
    Time,
    /// A measured value held against a budget.
    Budget,
    /// The history of runs: advice alone.
    Trend,
}

/// What is concluded of one question, the least grave first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing speaks against it.
    Pass,
    /// Not asked, and why is said.
    Skipped,
    /// Worth a look; fails nothing.
    Advice,
    /// The environment made the measurement invalid.
    Invalid,
    /// The behaviour changed, so times cannot be compared.
    Changed,
    /// A budget was missed, or what it is about was not measured.
    Missed,
    /// Slower, beyond doubt.
    Regressed,
}

impl Verdict {
    /// The exit code that says it: 0 where nothing fails, and of the four codes that CI jobs rely on the
    /// one of this verdict.
    pub fn code(self) -> u8 {
        match self {
            Verdict::Pass | Verdict::Skipped | Verdict::Advice => 0,
            Verdict::Missed => 10,
            Verdict::Regressed => 11,
            Verdict::Invalid => 12,
            Verdict::Changed => 14,
        }
    }
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it rests on.
    pub evidence: Evidence,
    /// What was looked at, unique in its call: a threshold as it was written, `pairs of rank`, ….
    pub name: String,
    /// What was asked about: a file, a scenario or a run folder.
    pub of: String,
    /// What was seen, in `unit`; nothing where there was no sample.
    pub value: Option<f64>,
    /// Lower end of its interval; nothing where it has none.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// What is allowed, in `unit`; nothing where nothing is forbidden.
    pub limit: Option<f64>,
    /// The unit of all four: `ns`, `ratio`, `1/s`, `EUR`, … or empty.
    pub unit: String,
    /// What is concluded.
    pub verdict: Verdict,
    /// That in a sentence, and what to do where there is something to do.
    pub says: String,
}

/// What one call of the gate found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gated {
    /// `check`, `ab` or `trend`.
    pub command: String,
    /// Every finding, in the order in which the questions were asked.
    pub findings: Vec<Finding>,
}

impl Gated {
    /// The gravest of all: what the exit code says.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(verdicts: &[Verdict]) -> Gated {
        let finding = |(n, &verdict): (usize, &Verdict)| Finding {
            evidence: Evidence::Budget,
            name: format!("question {n}"),
            of: String::new(),
            value: None,
            low: None,
            high: None,
            limit: None,
            unit: String::new(),
            verdict,
            says: String::new(),
        };
        let findings = verdicts.iter().enumerate().map(finding).collect();
        Gated { command: "check".to_owned(), findings }
    }

    #[test]
    fn the_gravest_counts() {
        use Verdict::{Advice, Changed, Invalid, Missed, Pass, Regressed, Skipped};
        assert_eq!(found(&[]).verdict(), Pass);
        assert_eq!(found(&[Pass, Advice, Skipped]).verdict(), Advice);
        assert_eq!(found(&[Invalid, Missed, Pass]).verdict(), Missed, "a sure miss is not excused");
        assert_eq!(found(&[Changed, Skipped]).verdict(), Changed);
        assert_eq!(found(&[Missed, Regressed, Invalid]).verdict(), Regressed);
    }
}
