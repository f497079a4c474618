//! What people and programs read of a run. One output a file.

mod compare;
pub mod csv;
mod design;
mod gate;
pub mod json;
mod load;
mod nudge;
mod numbers;
pub mod page;
mod sweep;
mod tables;
mod text;
mod validate;
mod why;

pub use compare::compare_text;
pub use gate::{gate_bencher, gate_junit, gate_markdown, gate_text, gate_text_within, trend_text};
pub use load::{latency_csv, live_line, load_text};
pub use nudge::{Nudges, nudge_text};
pub use sweep::sweep_text;
pub use tables::Tables;
pub use text::summary_text;
pub use validate::validate_text;
pub use why::why_text;

use crate::store::{RunFolder, StoreError, Summary};

/// Ends a run folder: the scenario as it ran, and last the summary, which is made when all else is
/// written: it says how long that took, and where it is, the run is whole.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub fn write_run(
    folder: &RunFolder,
    scenario_toml: &str,
    tables: Tables,
    summary: impl FnOnce() -> Summary,
) -> Result<Summary, StoreError> {
    folder.write("scenario.toml", scenario_toml)?;
    tables.finish()?;
    let summary = summary();
    folder.write("summary.json", json::summary(&summary))?;
    Ok(summary)
}

/// Ends what an arm of a comparison leaves beside the files of the base: its scenario and tables, with
/// its name in theirs.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub fn write_arm(
    folder: &RunFolder,
    name: &str,
    scenario_toml: &str,
    tables: Tables,
) -> Result<(), StoreError> {
    folder.write(&tables::named("scenario", "toml", Some(name)), scenario_toml)?;
    tables.finish()
}

/// Ends the folder of a sweep, whose rows are there already: the scenario that was varied, and last the
/// summary.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub fn write_sweep(
    folder: &RunFolder,
    scenario_toml: &str,
    summary: &Summary,
) -> Result<(), StoreError> {
    folder.write("scenario.toml", scenario_toml)?;
    folder.write("summary.json", json::summary(summary))
}

/// Ends the folder of a load, whose `latency.hlog` is there already: the scenario that was put under load,
/// `latency.csv`, of a second path `latency-<path>.csv`, and last the summary.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub fn write_load(
    folder: &RunFolder,
    scenario_toml: &str,
    summary: &Summary,
) -> Result<(), StoreError> {
    folder.write("scenario.toml", scenario_toml)?;
    let beside = summary.beside.as_deref().map(|load| (load, Some(load.setting.path.as_str())));
    for (load, path) in summary.load.iter().map(|load| (load, None)).chain(beside) {
        let name = tables::named("latency", "csv", path);
        folder.write_with(&name, |out| latency_csv(load, out).map(drop))?;
    }
    folder.write("summary.json", json::summary(summary))
}

#[cfg(test)]
mod fixture;
