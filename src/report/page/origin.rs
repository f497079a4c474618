//! How a run can be seen again.

use crate::report::numbers::{count, fixed};
use crate::store::Summary;

/// Names and values of what made a run: with the same of each, the same digest comes out.
pub(super) fn origin(summary: &Summary) -> Vec<(String, String)> {
    let Summary { argv, scenario, machine, cost, .. } = summary;
    let words = argv.iter().map(|word| quoted(word)).collect::<Vec<_>>();
    let commit = summary.commit.as_deref().map_or(String::new(), |it| format!(", commit {it}"));
    let cpu = machine.cpu.as_deref().map_or(String::new(), |cpu| format!("{cpu}, "));
    // What was asked beside the scenario stands in the command alone.
    let again = match summary.command.as_str() {
        "run" => "brocante run scenario.toml",
        _ => "",
    };
    let speed = cost.events_per_s.map(|n| format!(", {} events/s", count(n as u64)));
    let entries = [
        ("command", words.join(" ")),
        ("again, from this folder", again.to_owned()),
        ("scenario", format!("{}, hash {}", scenario.name, scenario.hash)),
        ("seed", summary.seed.to_string()),
        ("digest", summary.digest.clone()),
        ("version", format!("{}{commit}", summary.version)),
        ("machine", format!("{cpu}{} cores", machine.cores)),
        (
            "took",
            format!(
                "{} s on {} workers{}",
                fixed(cost.wall_s, 1),
                summary.workers,
                speed.unwrap_or_default()
            ),
        ),
    ];
    let told = entries.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A word of a command line as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_back_into_a_shell() {
        let words = ["run", "ranking.cheapest={}", "it's", ""].map(quoted);
        assert_eq!(words, ["run", "'ranking.cheapest={}'", "'it'\\''s'", "''"]);
    }
}
