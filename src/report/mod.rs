//! What people and programs read of a run. One output a file.

mod compare;
pub mod csv;
pub mod json;
mod numbers;
mod text;
mod why;

pub use compare::compare_text;
pub use text::summary_text;
pub use why::why_text;

use crate::store::{RunFolder, StoreError, Summary, WorldTables};

/// Writes the files that every run leaves: the scenario as it ran, the tables, and last the summary,
/// which is made when all else is written: it says how long that took, and where it is, the run is
/// whole.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub fn write_run(
    folder: &RunFolder,
    scenario_toml: &str,
    worlds: &[WorldTables],
    summary: impl FnOnce() -> Summary,
) -> Result<Summary, StoreError> {
    folder.write("scenario.toml", scenario_toml)?;
    folder.write_with("weekly.csv", |out| csv::weekly(out, worlds))?;
    folder.write_with("sellers.csv", |out| csv::sellers(out, worlds))?;
    folder.write_with("onboarding.csv", |out| csv::onboarding(out, worlds))?;
    let summary = summary();
    folder.write("summary.json", json::summary(&summary))?;
    Ok(summary)
}

/// Writes what an arm of a comparison leaves beside the files of the base: its scenario and tables, with
/// its name in theirs.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub fn write_arm(
    folder: &RunFolder,
    name: &str,
    scenario_toml: &str,
    worlds: &[WorldTables],
) -> Result<(), StoreError> {
    folder.write(&format!("scenario-{name}.toml"), scenario_toml)?;
    folder.write_with(&format!("weekly-{name}.csv"), |out| csv::weekly(out, worlds))?;
    folder.write_with(&format!("sellers-{name}.csv"), |out| csv::sellers(out, worlds))?;
    folder.write_with(&format!("onboarding-{name}.csv"), |out| csv::onboarding(out, worlds))
}

#[cfg(test)]
mod fixture;
