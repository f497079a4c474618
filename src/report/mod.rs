//! What people and programs read of a run. One output a file.

pub mod csv;
pub mod json;
mod numbers;
mod text;

pub use text::summary_text;

use crate::store::{RunFolder, StoreError, Summary, WorldTables};

/// Writes the files that every run leaves: the summary, the scenario as it ran, and the tables.
/// The summary comes last: where it is, the run is whole.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub fn write_run(
    folder: &RunFolder,
    scenario_toml: &str,
    worlds: &[WorldTables],
    summary: &Summary,
) -> Result<(), StoreError> {
    folder.write("scenario.toml", scenario_toml)?;
    folder.write_with("weekly.csv", |out| csv::weekly(out, worlds))?;
    folder.write_with("sellers.csv", |out| csv::sellers(out, worlds))?;
    folder.write_with("onboarding.csv", |out| csv::onboarding(out, worlds))?;
    folder.write("summary.json", json::summary(summary))
}

#[cfg(test)]
mod fixture;
