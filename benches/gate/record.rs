//! Processes, and what they took.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use brocante::experiment::Trial;
use brocante::experiment::gate::ab::{BATCH, Kernel, Length, Program, Quantiles, Staged};
use brocante::protocol::Query;
use brocante::scenario;
use brocante::store::ScenarioName;

use super::Asked;

/// The first word of a child's command line.
pub const CHILD: &str = "sample";
/// The recording, in its folder.
pub const FILE: &str = "pairs.csv";
/// Conditions: a name, and how many rankings there are to one that is done twice.
pub const CONDITIONS: [(&str, &str); 4] =
    [("A/A", "00"), ("+2.5 %", "40"), ("+5 %", "20"), ("null", "00")];
/// How long a child times its rankings [ns]: as long as `gate sample`.
const TIMED: u64 = 60_000_000;

/// What a process measured, in the order of the columns.
pub fn times(quantiles: Quantiles) -> [f64; 6] {
    let Quantiles { min, p10, p25, p50, p75, middle } = quantiles;
    [min, p10, p25, p50, p75, middle]
}

/// Warms a market up and times its rankings, `again` telling how many there are to one that is done twice:
/// `SCENARIO AGAIN`.
pub fn child(words: &[String]) {
    let [file, again] = words else { panic!("{CHILD} SCENARIO AGAIN") };
    let again: usize = again.parse().expect("a number of rankings");
    let loaded = scenario::load(Path::new(file), &[]).unwrap_or_else(|wrong| panic!("{wrong}"));
    let scenario = &loaded.scenario;
    let trial = Trial { scenario, world: 0, workers: 1, measured: false };
    let warm = trial.warm(1, &mut ()).expect("nobody stops it");
    let mut kernel = Kernel::new(&warm, scenario, None).expect("somebody asks");
    for (phase, list) in kernel.lists.iter_mut().enumerate() {
        *list = planted(list, again, phase);
    }
    let name = ScenarioName { name: loaded.name, hash: loaded.hash };
    let sample = kernel.sample(&warm, name, Length::For(TIMED));
    println!("{}", serde_json::to_string(&sample).expect("a line"));
}

/// A list with one of every `again` rankings done twice, another one in each list. The second time comes
/// half a list away from the first: it is not as warm as right after it.
fn planted(list: &[Query], again: usize, phase: usize) -> Vec<Query> {
    assert_eq!(list.len(), BATCH);
    let mut planted = Vec::new();
    for (at, query) in list.iter().enumerate() {
        planted.push(*query);
        if again > 0 && at % again == phase % again {
            planted.push(list[(at + BATCH / 2) % BATCH]);
        }
    }
    planted
}

/// A thread that spins until it is told to stop.
struct Neighbour {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Neighbour {
    fn moves_in() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !heard.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        Neighbour { stop, thread: Some(thread) }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

/// Records every condition, quiet and beside a neighbour.
pub fn record(asked: &Asked) {
    fs::create_dir_all(&asked.out).expect("a folder for the recording");
    let path = asked.out.join(FILE);
    let mut rows = BufWriter::new(File::create(&path).expect("a file for the recording"));
    let columns = |side: &str| {
        ["min", "p10", "p25", "p50", "p75", "middle"].map(|name| format!("{side}_{name}")).join(",")
    };
    writeln!(rows, "neighbour,round,condition,{},{}", columns("base"), columns("head"))
        .expect("a row");
    for (neighbour, lives_there) in [("none", false), ("spins", true)] {
        let _neighbour = lives_there.then(Neighbour::moves_in);
        stream(asked, neighbour, &mut rows);
    }
    rows.flush().expect("the last rows");
    eprintln!("recorded {}", path.display());
}

/// Rounds of all conditions, one pair of each.
fn stream(asked: &Asked, neighbour: &str, rows: &mut impl Write) {
    let me = std::env::current_exe().expect("a program");
    let staged = Staged::new(&me, &me, &[]).expect("copies of this program");
    let stop = AtomicBool::new(false);
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let rounds = asked.processes / 2;
    #[expect(clippy::disallowed_methods, reason = "how long it takes is told by the wall clock")]
    let began = Instant::now();
    for round in 0..rounds {
        if asked.pin && !cores.is_empty() {
            // Children inherit it.
            core_affinity::set_for_current(cores[round % cores.len()]);
        }
        for (name, again) in CONDITIONS {
            let other = if name == "null" { &staged.null } else { &staged.head };
            let [base, head] = [(&staged.base, "00"), (other, again)].map(|(program, again)| {
                let words = [CHILD.into(), OsString::from(&asked.scenario), again.into()];
                Program { arguments: words.to_vec(), ..program.clone() }
            });
            let run = |program: &Program| {
                let sample = program.sample(&[], &stop).unwrap_or_else(|wrong| panic!("{wrong}"));
                times(sample.quantiles)
            };
            // As `gate ab` turns its pairs.
            let (base, head) = if round.is_multiple_of(2) {
                let base = run(&base);
                (base, run(&head))
            } else {
                let head = run(&head);
                (run(&base), head)
            };
            let numbers = |times: [f64; 6]| times.map(|time| format!("{time:.1}")).join(",");
            writeln!(rows, "{neighbour},{round},{name},{},{}", numbers(base), numbers(head))
                .expect("a row");
        }
        if (round + 1).is_multiple_of(25) || round + 1 == rounds {
            let left = began.elapsed() / (round as u32 + 1) * (rounds - round - 1) as u32;
            eprintln!("neighbour {neighbour}: {} of {rounds} rounds, {left:.0?} left", round + 1);
            rows.flush().expect("rows");
        }
    }
}
