//! Do base and head do the same work?

use super::Sample;
use crate::experiment::gate::{Evidence, Finding, Verdict};

/// Holds what two programs did against one another: times of different work say nothing.
pub fn same_work(of: &str, base: &Sample, head: &Sample) -> Finding {
    let (verdict, says) = if base.digest != head.digest {
        (Verdict::Changed, differs("the facts of the warm-up", &base.digest, &head.digest))
    } else if base.slates != head.slates {
        (Verdict::Changed, differs("the slates of the serving core", &base.slates, &head.slates))
    } else if base.serving != head.serving {
        let says = format!(
            "Base scores at the {}, head at the {}: fix it by --serve.",
            base.serving, head.serving
        );
        (Verdict::Changed, says)
    } else if (base.batch, base.lists) != (head.batch, head.lists) {
        let says = format!(
            "Base times {} lists of {} rankings, head {} of {}: take a base that does as head does.",
            base.lists, base.batch, head.lists, head.batch
        );
        (Verdict::Changed, says)
    } else {
        let says = format!(
            "Base and head do the same work: digest {}, slates {}.",
            base.digest, base.slates
        );
        (Verdict::Pass, says)
    };
    finding(of, verdict, says)
}

/// A program whose answers differ from one process to the next.
pub fn unsteady(of: &str, name: &str, first: &Sample, later: &Sample) -> Finding {
    let says = format!(
        "Processes of {name} differ: digest {} and {}, slates {} and {}. It is not deterministic, and that \
         is to be mended first.",
        first.digest, later.digest, first.slates, later.slates
    );
    finding(of, Verdict::Changed, says)
}

fn differs(what: &str, base: &str, head: &str) -> String {
    format!(
        "The behaviour changed: {what} differ, {base} in base and {head} in head. Times of different work \
         cannot be compared; if the change is meant, compare with a base that has it."
    )
}

fn finding(of: &str, verdict: Verdict, says: String) -> Finding {
    Finding {
        evidence: Evidence::Work,
        name: "same work".to_owned(),
        of: of.to_owned(),
        value: None,
        low: None,
        high: None,
        limit: None,
        unit: String::new(),
        verdict,
        says,
    }
}
