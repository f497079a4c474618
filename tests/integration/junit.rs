//! JUnit XML of a gate: with `BROCANTE_JUNIT_FOLDER` set to a folder reports of every verdict are left there,
//! for a validator of another hand (`tests/check_junit.py`).

use std::path::Path;

use brocante::experiment::gate::{Evidence, Finding, Gated, Verdict};
use brocante::report::gate_junit;

const VERDICTS: [Verdict; 7] = [
    Verdict::Pass,
    Verdict::Skipped,
    Verdict::Advice,
    Verdict::Invalid,
    Verdict::Changed,
    Verdict::Missed,
    Verdict::Regressed,
];

fn gated(says: &str, of: &[&str], value: Option<f64>) -> Gated {
    let finding = |(n, &verdict): (usize, &Verdict)| Finding {
        evidence: [Evidence::Work, Evidence::Instructions, Evidence::Time, Evidence::Budget][n % 4],
        name: format!("question {n} <= baseline & \"more\""),
        of: of.get(n % of.len().max(1)).copied().unwrap_or_default().to_owned(),
        value,
        low: value.map(|value| value - 1.0),
        high: value.map(|value| value + 1.0),
        limit: value,
        unit: "ns".to_owned(),
        verdict,
        says: says.to_owned(),
    };
    let findings = VERDICTS.iter().enumerate().map(finding).collect();
    Gated { command: "check".to_owned(), findings }
}

#[test]
fn junit_of_every_verdict() {
    let temporary = tempfile::tempdir().unwrap();
    let left = std::env::var_os("BROCANTE_JUNIT_FOLDER");
    let folder = left.as_deref().map_or(temporary.path(), Path::new);
    std::fs::create_dir_all(folder).unwrap();
    let odd = "a line\nand <another> & ]]> \u{1b}[31m \u{0} \u{fffe} é 日本";
    let none = Gated { command: "ab".to_owned(), findings: vec![] };
    for (name, gated) in [
        ("plain", gated("It is so.", &["results/mine"], Some(12.5))),
        ("silent", gated("", &[], None)),
        ("odd", gated(odd, &["a", odd, "b"], Some(f64::NAN))),
        ("empty", none),
    ] {
        let xml = gate_junit(&gated).unwrap();
        std::fs::write(folder.join(format!("{name}.xml")), &xml).unwrap();
        let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
        let n = gated.findings.len();
        // Of seven verdicts three fail, one is an error and one is skipped.
        let expected = if n == 0 { (0, 0, 0) } else { (7, 3, 1) };
        assert_eq!((read.tests, read.failures, read.errors), expected, "{name}");
        assert_eq!(xml.matches("<testcase ").count(), n, "{name}");
        assert_eq!(xml.matches("<failure").count(), expected.1, "{name}");
        assert_eq!(xml.matches("<error").count(), expected.2, "{name}");
        assert_eq!(xml.matches("<skipped").count(), n / 7, "{name}");
    }
}
