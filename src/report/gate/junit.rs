//! What a gate found, for a reporter of tests: a test case for each finding.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::{units, word};
use crate::experiment::gate::{Evidence, Finding, Gated, Verdict};

/// JUnit XML: a suite for each thing that was asked about, a case for each finding. What fails the gate is
/// a failure, an invalid measurement an error; advice passes, with its sentence in the output.
///
/// # Errors
/// When the writer of XML does not take it, which it does of any text.
pub fn gate_junit(gated: &Gated) -> Result<String, SerializeError> {
    let mut report = Report::new(format!("brocante gate {}", gated.command));
    for finding in &gated.findings {
        let case = case(finding, &gated.command);
        let (suites, name) = (&mut report.test_suites, suite_of(finding));
        let place = suites.iter().position(|suite| suite.name.as_str() == name);
        let place = place.unwrap_or_else(|| {
            suites.push(TestSuite::new(name));
            suites.len() - 1
        });
        suites[place].add_test_case(case);
    }
    report.tests = report.test_suites.iter().map(|suite| suite.tests).sum();
    report.failures = report.test_suites.iter().map(|suite| suite.failures).sum();
    report.errors = report.test_suites.iter().map(|suite| suite.errors).sum();
    Ok(as_the_schema_has_it(&report.to_string()?))
}

fn suite_of(finding: &Finding) -> String {
    // As the writer of XML will keep it, so that one suite is found again.
    let name = if finding.of.is_empty() { "gate" } else { finding.of.as_str() };
    quick_junit::XmlString::new(line(name)).into_string()
}

/// Text in one line, of characters that XML has.
fn line(text: &str) -> String {
    let kept = text.chars().filter(|c| !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    kept.map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The writer of XML calls the number of skipped cases `disabled`; the schema that Jenkins holds reports
/// against calls it `skipped`, and refuses a file with an attribute that it does not know.
fn as_the_schema_has_it(xml: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with("<testsuite ") {
        // Within a value quotes are escaped: the first that looks like the attribute is it.
        true => line.replacen(" disabled=\"", " skipped=\"", 1),
        false => line.to_owned(),
    };
    let mut text = xml.lines().map(line).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

fn case(finding: &Finding, command: &str) -> TestCase {
    let status = match finding.verdict {
        Verdict::Pass | Verdict::Advice => TestCaseStatus::success(),
        Verdict::Skipped => TestCaseStatus::skipped(),
        Verdict::Invalid => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Changed | Verdict::Missed | Verdict::Regressed => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
    };
    let mut case = TestCase::new(line(&finding.name), status);
    case.set_classname(format!("brocante.gate.{command}.{}", evidence(finding.evidence)));
    let seen = seen(finding);
    if matches!(finding.verdict, Verdict::Pass | Verdict::Advice) {
        let said = [seen, line(&finding.says)];
        let said: Vec<String> = said.into_iter().filter(|text| !text.is_empty()).collect();
        case.set_system_out(said.join("\n"));
    } else {
        case.status.set_message(line(&finding.says));
        case.status.set_type(word(finding.verdict));
        if !seen.is_empty() {
            case.status.set_description(seen);
        }
    }
    case
}

fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Work => "work",
        Evidence::Instructions => "instructions",
        Evidence::Time => "time",
        Evidence::Budget => "budget",
        Evidence::Trend => "trend",
    }
}

/// The numbers in one line.
fn seen(finding: &Finding) -> String {
    let parts = [
        finding.value.map(|_| format!("seen {}", units::value(finding))),
        units::interval(finding).map(|interval| format!("interval {interval}")),
        units::limit(finding).map(|limit| format!("limit {limit}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
