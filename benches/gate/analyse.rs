//! Windows of a recording, judged as `gate ab` judges.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use brocante::experiment::gate::ab::{
    Decision, GROWS, Look, PAIRS, SCATTER, decide, interval, scatter,
};
use brocante::measure::proportion::wilson;
use brocante::rng;

use super::record::{CONDITIONS, FILE};

/// What of a process's batches the gate compares.
pub const STATISTIC: &str = "p50";
/// In the order of the columns.
const STATISTICS: [&str; 6] = ["min", "p10", "p25", "p50", "p75", "middle"];
/// Windows of a condition, where there are so many.
const WINDOWS: usize = 400;

/// Pairs [ln] by neighbour, condition and round, of one statistic.
type Pairs = BTreeMap<(String, String), Vec<f64>>;

fn read(folder: &Path, statistic: usize) -> Pairs {
    let path = folder.join(FILE);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    let mut pairs = Pairs::new();
    for line in text.lines().skip(1) {
        let words: Vec<&str> = line.split(',').collect();
        // A recording that was cut off ends within a row.
        let [neighbour, _, condition, times @ ..] = &words[..] else { continue };
        let times: Vec<f64> = times.iter().filter_map(|word| word.parse().ok()).collect();
        if times.len() == 2 * STATISTICS.len() {
            let (base, head) = (times[statistic], times[STATISTICS.len() + statistic]);
            let of = pairs.entry(((*neighbour).to_owned(), (*condition).to_owned())).or_default();
            of.push(rng::ln(head / base));
        }
    }
    pairs
}

/// What became of the windows of a condition.
#[derive(Default)]
struct Judged {
    trials: u64,
    slower: u64,
    unconfirmed: u64,
    invalid: u64,
    /// Pairs of first looks in all.
    pairs: u64,
    /// Scatter of each window's first look [ln].
    scatter: Vec<f64>,
    /// Those whose first look scattered by no more than the gate allows, and how many of them were slower.
    calm: (u64, u64),
}

/// As many pairs from a round on as a look takes.
fn look(head: &[f64], null: &[f64], from: usize) -> Look {
    let mut look = Look::default();
    for at in from.. {
        if look.is_enough(PAIRS) {
            break;
        }
        look.head.push(head[at]);
        look.null.push(null[at]);
    }
    look
}

fn judge(head: &[f64], null: &[f64]) -> Judged {
    let mut judged = Judged::default();
    let rounds = head.len().min(null.len());
    let Some(places) = rounds.checked_sub(2 * GROWS * PAIRS + 1) else { return judged };
    let step = (places / WINDOWS).max(1);
    for from in (0..=places).step_by(step) {
        let first = look(head, null, from);
        let decision = match decide(&first, None) {
            Decision::LookAgain => {
                // The second look begins one round later, with the order reversed.
                let second = look(head, null, from + first.head.len() + 1);
                decide(&first, Some(&second))
            }
            decision => decision,
        };
        let by = scatter(&first.head).unwrap_or(0.0);
        let slower = u64::from(decision == Decision::Slower);
        judged.trials += 1;
        judged.slower += slower;
        judged.unconfirmed += u64::from(decision == Decision::Unconfirmed);
        judged.invalid += u64::from(matches!(decision, Decision::Invalid(_)));
        judged.pairs += first.head.len() as u64;
        judged.scatter.push(by);
        if by <= SCATTER {
            judged.calm = (judged.calm.0 + 1, judged.calm.1 + slower);
        }
    }
    judged.scatter.sort_by(f64::total_cmp);
    judged
}

fn share(k: u64, n: u64) -> String {
    if n == 0 {
        return "–".to_owned();
    }
    let (low, high) = wilson(k, n, 0.95);
    let percent = 100.0 * k as f64 / n as f64;
    format!("{percent:.1} % ({:.1} to {:.1})", 100.0 * low, 100.0 * high)
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    sorted.get(((sorted.len().max(1) - 1) as f64 * part) as usize).map_or(f64::NAN, |x| 100.0 * x)
}

/// The tables of a recording.
pub fn tables(folder: &Path, statistic: &str) -> String {
    let place = STATISTICS.iter().position(|name| *name == statistic);
    let place = place.unwrap_or_else(|| panic!("--statistic {statistic}: one of {STATISTICS:?}"));
    let mut text = format!("Looks of {PAIRS} pairs or more, by the {statistic} of batches\n\n");
    text += "| neighbour | condition | pairs | seen [%] | trials | slower | of these up to 1.2 % scatter | \
             unconfirmed | INVALID | pairs of a first look | scatter p10, p50, p90 [%] |\n";
    text += "|---|---|---|---|---|---|---|---|---|---|---|\n";
    let pairs = read(folder, place);
    for neighbour in ["none", "spins"] {
        let of = |condition: &str| pairs.get(&(neighbour.to_owned(), condition.to_owned()));
        let Some(null) = of("null") else { continue };
        for (condition, _) in CONDITIONS {
            let Some(head) = of(condition) else { continue };
            let Judged { trials, slower, unconfirmed, invalid, pairs: taken, scatter, calm } =
                judge(head, null);
            let taken = taken as f64 / trials.max(1) as f64;
            let seen = interval(head).map_or_else(
                || "–".to_owned(),
                |seen| {
                    let [low, median, high] =
                        [seen.low, seen.median, seen.high].map(|ln| 100.0 * (rng::exp(ln) - 1.0));
                    format!("{median:+.2} ({low:+.2} to {high:+.2})")
                },
            );
            let spread = [0.1, 0.5, 0.9].map(|part| format!("{:.2}", quantile(&scatter, part)));
            let (pairs, spread) = (head.len(), spread.join(", "));
            let (slower, invalid) = (share(slower, trials), share(invalid, trials));
            let (calm, unconfirmed) = (share(calm.1, calm.0), share(unconfirmed, trials));
            let _ = writeln!(
                text,
                "| {neighbour} | {condition} | {pairs} | {seen} | {trials} | {slower} | {calm} | \
                 {unconfirmed} | {invalid} | {taken:.0} | {spread} |"
            );
        }
    }
    text + &statistics(folder)
}

/// What the other statistics would do.
fn statistics(folder: &Path) -> String {
    let mut text =
        "\n| neighbour | statistic | scatter of pairs [%] | A/A slower | +2.5 % found | +5 % \
                    found | A/A INVALID |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for neighbour in ["none", "spins"] {
        for (place, name) in STATISTICS.into_iter().enumerate() {
            let pairs = read(folder, place);
            let of = |condition: &str| {
                pairs.get(&(neighbour.to_owned(), condition.to_owned())).map_or(&[][..], |all| all)
            };
            let null = of("null");
            if null.is_empty() {
                continue;
            }
            let [same, some, five] = ["A/A", "+2.5 %", "+5 %"].map(|name| judge(of(name), null));
            let by = scatter(of("A/A")).unwrap_or(f64::NAN) * 100.0;
            let slower = |of: &Judged| share(of.slower, of.trials);
            let _ = writeln!(
                text,
                "| {neighbour} | {name} | {by:.2} | {} | {} | {} | {} |",
                slower(&same),
                slower(&some),
                slower(&five),
                share(same.invalid, same.trials)
            );
        }
    }
    text
}
