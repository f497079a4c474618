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
    let again = match (summary.command.as_str(), &summary.interrupted) {
        ("run", None) => again(summary),
        _ => String::new(),
    };
    let speed = cost.events_per_s.map(|n| format!(", {} events/s", count(n as u64)));
    let entries = [
        ("command", words.join(" ")),
        ("again, from this folder", again),
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

/// The command that runs the same worlds from the scenario that the folder holds.
fn again(summary: &Summary) -> String {
    let markets = summary.markets().max(1);
    let mut again = "brocante run scenario.toml".to_owned();
    if markets > 1 {
        again += &format!(" --markets {markets}");
    }
    if summary.worlds.len() > markets {
        again += &format!(" --replications {}", summary.worlds.len() / markets);
    }
    if summary.argv.iter().any(|word| word == "--with-cut") {
        again += " --with-cut";
    }
    again
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
    use crate::report::fixture;

    #[test]
    fn again_is_the_same_worlds_and_nothing_of_half_a_run() {
        let of = |change: &dyn Fn(&mut Summary)| {
            let mut summary = fixture::worlds(4).0;
            change(&mut summary);
            let told = origin(&summary);
            told.into_iter().find(|(name, _)| name.starts_with("again")).map(|(_, value)| value)
        };
        let again = |words: &str| Some(format!("brocante run scenario.toml{words}"));
        assert_eq!(of(&|_| {}), again(" --replications 4"));
        assert_eq!(of(&|it| it.worlds.truncate(1)), again(""));
        let markets = |it: &mut Summary| (0..4).for_each(|n| it.worlds[n].market = n as u32 / 2);
        assert_eq!(of(&markets), again(" --markets 2 --replications 2"));
        let cut = |it: &mut Summary| it.argv.push("--with-cut".to_owned());
        assert_eq!(of(&cut), again(" --replications 4 --with-cut"));
        assert_eq!(of(&|it| it.interrupted = Some("kept 4 of 9 worlds".to_owned())), None);
    }

    #[test]
    fn words_go_back_into_a_shell() {
        let words = ["run", "ranking.cheapest={}", "it's", ""].map(quoted);
        assert_eq!(words, ["run", "'ranking.cheapest={}'", "'it'\\''s'", "''"]);
    }
}
