//! Every fact of a run, kept in its folder: what a file of facts can do, in builds that have one.

use super::{RunFolder, StoreError};
use crate::history::FactLog;

/// The number that changes whenever a column of `facts.parquet` is renamed or changes its meaning.
pub const FACTS_SCHEMA: u32 = 1;

/// Whether this build can keep facts.
pub const KEEPS_FACTS: bool = cfg!(feature = "parquet");

/// A file that takes every fact of every world of a run.
pub trait FactStore: FactLog {
    /// Facts that follow belong to this world.
    fn world(&mut self, number: u32);

    /// Adds a line to what the file says of itself.
    fn note(&mut self, key: &str, value: String);

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// When it cannot be written, now or before.
    fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

/// Begins `facts.parquet` in a run folder.
///
/// # Errors
/// When the file cannot be made, and in a build without the feature `parquet`.
pub fn open_facts(folder: &RunFolder) -> Result<Box<dyn FactStore>, StoreError> {
    #[cfg(feature = "parquet")]
    let opened = super::parquet::FactFile::begin(folder).map(|file| Box::new(file) as _);
    #[cfg(not(feature = "parquet"))]
    let opened = {
        let _ = folder;
        Err(StoreError::NoFacts)
    };
    opened
}
