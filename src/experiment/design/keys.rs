//! In which keys the arms of a test may differ: only what a side can have to itself.

use crate::market::Design;
use crate::scenario::Scenario;

/// What each visit meets.
const OF_VISITS: &[&str] = &[
    "ranking",
    "market.slate_length",
    "market.badge_stars",
    "shoppers.choice.shown_from_reviews",
    "feedback.ranking",
    "feedback.display",
];

/// What each seller is and does by itself, and what it is charged.
const OF_SELLERS: &[&str] = &[
    "sellers.supply",
    "sellers.catalogue_mu",
    "sellers.catalogue_sigma",
    "sellers.joiner_catalogue",
    "sellers.popularity_mix",
    "sellers.price_log_sd",
    "sellers.cost_share",
    "sellers.scale_sigma",
    "sellers.capacity",
    "sellers.capacity_min",
    "sellers.handling_sigma",
    "sellers.accept_proposal",
    "sellers.urgency",
    "sellers.quality",
    "sellers.past",
    "sellers.shipping",
    "sellers.pricing",
    "sellers.kinds",
    "sellers.exit",
    "sellers.reaction",
    "market.fees",
    "market.planned_conversion",
    "market.lookups_a_day",
    "market.badge_stars",
    "feedback.sellers",
];

impl Design {
    fn allowed(self) -> &'static [&'static str] {
        match self {
            Design::Shoppers | Design::Windows { .. } => OF_VISITS,
            Design::Sellers => OF_SELLERS,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Design::Shoppers => {
                "shoppers of both sides meet one market, so the arms may differ in what a visit meets alone"
            }
            Design::Windows { .. } => {
                "only what a visit meets can be switched from one window of time to the next"
            }
            Design::Sellers => {
                "sellers of both sides serve the same shoppers, so the arms may differ in what each seller \
                 has to itself alone"
            }
        }
    }
}

/// Whether the two arms differ in nothing but what a side of the design can have to itself.
///
/// # Errors
/// Which key it cannot, why not, and which it could, as one text.
pub fn check_arms(design: Design, base: &Scenario, other: &Scenario) -> Result<(), String> {
    let within = |key: &str, part: &str| {
        key.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let allowed = design.allowed();
    let keys = differing(base, other);
    let Some(key) = keys.iter().find(|key| !allowed.iter().any(|part| within(key, part))) else {
        return Ok(());
    };
    let elsewhere = [Design::Shoppers, Design::Sellers]
        .into_iter()
        .find(|there| *there != design && there.allowed().iter().any(|part| within(key, part)));
    let hint = elsewhere.map_or_else(String::new, |there| {
        format!("\n  = `{key}` can be tested by: --design {}", there.name())
    });
    Err(format!(
        "error: a {} cannot give its two sides a different `{key}`\n  = {}\n  = allowed: {}{hint}",
        design.name(),
        design.reason(),
        allowed.join(", ")
    ))
}

/// Paths of the keys in which two scenarios differ, in order.
fn differing(one: &Scenario, other: &Scenario) -> Vec<String> {
    let table = |scenario: &Scenario| match serde_json::to_value(scenario) {
        Ok(value) => value,
        // Its resolved form was written before anything ran.
        Err(why) => panic!("a scenario that cannot be written: {why}"),
    };
    let mut found = Vec::new();
    compare("", &table(one), &table(other), &mut found);
    found
}

fn compare(
    path: &str,
    one: &serde_json::Value,
    other: &serde_json::Value,
    found: &mut Vec<String>,
) {
    let (Some(mine), Some(theirs)) = (one.as_object(), other.as_object()) else {
        if one != other {
            found.push(path.to_owned());
        }
        return;
    };
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (key, value) in mine {
        let absent = serde_json::Value::Null;
        compare(&below(key), value, theirs.get(key).unwrap_or(&absent), found);
    }
    found.extend(theirs.keys().filter(|key| !mine.contains_key(*key)).map(|key| below(key)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;
    use std::path::Path;

    fn load(overrides: &[&str]) -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
        scenario::load(&path, &overrides).unwrap_or_else(|wrong| panic!("{wrong}")).scenario
    }

    #[test]
    fn keys_that_differ_are_found_wherever_they_are() {
        let base = load(&[]);
        assert_eq!(differing(&base, &load(&[])), Vec::<String>::new());
        let other = load(&["weeks=3", "sellers.exit.weeks=9", "ranking.cheapest={}"]);
        let found = differing(&base, &other);
        assert_eq!(found, ["weeks", "sellers.exit.weeks", "ranking.box", "ranking.cheapest"]);
        assert_eq!(differing(&base, &load(&["sellers.reaction=false"])), ["sellers.reaction"]);
    }

    #[test]
    fn a_side_has_only_to_itself_what_it_can_have() {
        let windows = Design::Windows { length_us: 1 };
        let base = load(&[]);
        for (design, change, says) in [
            (Design::Shoppers, "ranking.cheapest={}", None),
            (Design::Shoppers, "feedback.display=false", None),
            (Design::Shoppers, "sellers.supply=9.0", Some("seller-split")),
            (Design::Shoppers, "market.products.count=41", Some("market.slate_length")),
            (windows, "market.slate_length=2", None),
            (windows, "weeks=4", Some("switchback cannot give its two sides a different `weeks`")),
            (Design::Sellers, "sellers.supply=9.0", None),
            (Design::Sellers, "market.fees.commission=0.2", None),
            (Design::Sellers, "sellers.count=9", Some("different `sellers.count`")),
            (Design::Sellers, "ranking.cheapest={}", Some("shopper-split")),
            (Design::Sellers, "market.badge_stars=0.5", None),
        ] {
            let found = check_arms(design, &base, &load(&[change]));
            match (found, says) {
                (Ok(()), None) => {}
                (Err(why), Some(says)) => {
                    assert!(why.contains(says) && why.contains("allowed: "), "{change}: {why}");
                }
                (found, _) => panic!("{design:?}, {change}: {found:?}"),
            }
        }
    }
}
