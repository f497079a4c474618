//! How often `gate ab` is wrong: false alarms, slow-downs that it misses, and looks that it calls invalid.
//!
//!     cargo bench --bench gate                                # records, then analyses: over an hour
//!     cargo bench --bench gate -- --from target/gate-proof    # analyses a recording again
//!     cargo bench --bench gate -- --smoke                     # proof that it runs: some ten minutes
//!
//! Processes of this very program warm a market up and time its rankings by the function that `gate sample`
//! calls. In those that are planted to be slower, one of every 20 or 40 rankings is done twice: +5 % or
//! +2.5 % of ranking work to the ranking. All conditions go round in one stream, pairs turning as those of
//! `gate ab` do, with a null control; once with the machine as it is, and once beside a thread that spins.
//! Every time is kept as CSV. Windows of consecutive rounds are then judged by the function that `gate ab`
//! judges by: first look, confirmation, null control and scatter.
//!
//! | option | meaning |
//! |---|---|
//! | `--processes N` | processes of each condition, two to a pair; default 2,000 |
//! | `--from DIR` | no recording: analyse that of a folder |
//! | `--out DIR` | where the recording goes; default `target/gate-proof` |
//! | `--scenario FILE` | what is ranked; default `scenarios/gate.toml` |
//! | `--statistic NAME` | min, p10, p25, p50, p75 or middle of a process's batches; default that of the gate |
//! | `--pin` | all processes of a round on one core, the next round on the next |
//! | `--smoke` | 300 processes of each condition |
//!
//! Wanted of each row: false alarms at most 1 %, +5 % found in 95 % at least, +2.5 % in 60 %, and in 80 %
//! where pairs scatter by 1.2 % at most. Windows overlap, so that intervals are a little too narrow.

#[path = "gate/analyse.rs"]
mod analyse;
#[path = "gate/record.rs"]
mod record;

use std::path::PathBuf;

/// What the command line asks for.
struct Asked {
    processes: usize,
    from: Option<PathBuf>,
    out: PathBuf,
    scenario: PathBuf,
    statistic: String,
    pin: bool,
}

fn asked(words: &[String]) -> Asked {
    let value = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        Some(words.get(at + 1).unwrap_or_else(|| panic!("{name} needs a value")).clone())
    };
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let smoke = words.iter().any(|word| word == "--smoke");
    let processes = value("--processes").map(|n| n.parse().expect("--processes: a number"));
    Asked {
        processes: processes.unwrap_or(if smoke { 300 } else { 2_000 }),
        from: value("--from").map(PathBuf::from),
        out: value("--out").map_or_else(|| root.join("target/gate-proof"), PathBuf::from),
        scenario: value("--scenario")
            .map_or_else(|| root.join("scenarios/gate.toml"), PathBuf::from),
        statistic: value("--statistic").unwrap_or_else(|| analyse::STATISTIC.to_owned()),
        pin: words.iter().any(|word| word == "--pin"),
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == record::CHILD) {
        record::child(&words[1..]);
        return;
    }
    // `cargo test --benches` asks for a proof that it runs, no measurement.
    if words.iter().any(|word| word == "--test") {
        return;
    }
    let asked = asked(&words);
    let folder = asked.from.clone().unwrap_or_else(|| {
        record::record(&asked);
        asked.out.clone()
    });
    print!("{}", analyse::tables(&folder, &asked.statistic));
}
