//! The tables of a run, written as its worlds end.

use std::io;

use super::csv;
use crate::store::{Pending, RunFolder, StoreError, WorldTables};

/// `weekly.csv`, `sellers.csv` and `onboarding.csv` on their way: rows are written to the run folder as
/// worlds end, so that no world's rows are kept in memory, and the files get their names when all are
/// there.
pub struct Tables {
    weekly: csv::Weekly<Pending>,
    sellers: csv::Sellers<Pending>,
    applicants: csv::Applicants<Pending>,
}

impl Tables {
    /// Begins the tables of a run, or of the arm of this name.
    ///
    /// # Errors
    /// When there cannot be such files.
    pub fn begin(folder: &RunFolder, arm: Option<&str>) -> Result<Tables, StoreError> {
        let begin = |table: &str| folder.begin(&named(table, "csv", arm));
        let weekly = csv::Weekly::new(begin("weekly")?);
        let (sellers, onboarding) = (begin("sellers")?, begin("onboarding")?);
        Ok(Tables {
            weekly,
            sellers: csv::Sellers::new(sellers).map_err(refused)?,
            applicants: csv::Applicants::new(onboarding).map_err(refused)?,
        })
    }

    /// Writes the rows of the next world.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn world(&mut self, world: &WorldTables) -> Result<(), StoreError> {
        self.weekly.world(world).map_err(refused)?;
        self.sellers.world(world).map_err(refused)?;
        self.applicants.world(world).map_err(refused)
    }

    /// Gives the files their names.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(self) -> Result<(), StoreError> {
        self.weekly.finish().map_err(refused)?.finish()?;
        self.sellers.finish().map_err(refused)?.finish()?;
        self.applicants.finish().map_err(refused)?.finish()
    }
}

/// The name of a file of the run, or of the arm of this name.
pub(super) fn named(stem: &str, ending: &str, arm: Option<&str>) -> String {
    arm.map_or_else(|| format!("{stem}.{ending}"), |arm| format!("{stem}-{arm}.{ending}"))
}

fn refused(source: io::Error) -> StoreError {
    StoreError::Io { what: "write", path: "the tables of the run folder".into(), source }
}
