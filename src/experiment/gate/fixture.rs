//! Runs with given values.

use std::sync::LazyLock;

use super::{Source, Subject};
use crate::driver::load::{Op, Part};
use crate::history::Digest;
use crate::measure::{Counts, all_metrics};
use crate::store::{
    About, LoadSetting, LoadSummary, Measured, ScenarioName, Summary, WorldName, WorldSummary,
};

pub(super) static GINI: LazyLock<Subject> = LazyLock::new(|| {
    let metric = all_metrics().into_iter().find(|metric| metric.name == "gini");
    Subject::Market(metric.expect("a metric"))
});

/// A run of worlds with this Gini each, of this seed. Digests tell values apart.
pub(super) fn run_of(gini: &[f64], seed: u64) -> Summary {
    let metrics = all_metrics();
    let world = |(n, value): (usize, &f64)| {
        let name = WorldName {
            world: n as u32,
            market: 0,
            market_seed: 1,
            seed,
            weeks_done: 3,
            complete: true,
        };
        let metric = metrics.iter().find(|metric| metric.name == "gini").expect("a metric");
        let counts = Counts { orders: 100 + n as u64, ..Counts::default() };
        let found = [(*metric, Some(*value).filter(|value| value.is_finite()))];
        let mut world = WorldSummary::new(name, Digest::default(), counts, &found);
        world.digest = format!("{:016x}", value.to_bits());
        world
    };
    let about = About {
        command: "run".to_owned(),
        argv: ["brocante", "run", "quick.toml"].map(str::to_owned).to_vec(),
        scenario: ScenarioName { name: "quick".to_owned(), hash: "00".to_owned() },
        seed,
        workers: 2,
        wall_s: 0.5,
        sim_s: 0.25,
    };
    Summary::new(about, &metrics, gini.iter().enumerate().map(world).collect())
}

/// A load whose rankings took so long [us], each once.
pub(super) fn load_of(micros: std::ops::Range<u64>) -> Summary {
    let mut measured = Measured { length: 1_000_000_000, ..Measured::default() };
    for micros in micros {
        for part in [Part::Service, Part::Response] {
            measured.latencies.of_mut(Op::Rank, part).record(micros * 1_000).unwrap();
        }
    }
    let setting = LoadSetting {
        path: "direct".to_owned(),
        mode: "closed:1".to_owned(),
        arrivals: None,
        stages: None,
        drivers: 1,
        warmup_weeks: 1,
        batch: 1,
        sample_calls: 1,
        serving: "scored at the read".to_owned(),
    };
    let mut summary = run_of(&[0.5], 42);
    summary.command = "load".to_owned();
    summary.metrics.clear();
    summary.worlds.iter_mut().for_each(|world| world.metrics.clear());
    summary.loaded(LoadSummary::new(setting, &measured, vec![]), None)
}

pub(super) fn source(label: &str, summary: Summary) -> Source {
    Source { label: label.to_owned(), summary, scenario: None }
}
