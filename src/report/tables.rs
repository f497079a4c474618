//! The tables of a run, written as its worlds end.

use std::io;

use super::csv::{Rows, Weekly};
use crate::measure::{ApplicantRow, SellerRow, SellerWeekRow, TradeRow};
use crate::store::{Pending, RunFolder, StoreError, WorldTables, named};

/// `weekly.csv`, `sellers.csv`, `onboarding.csv`, `trade.csv` and `seller_weeks.csv` on their way: rows are
/// written to the run folder as worlds end, so that no world's rows are kept in memory, and the files get
/// their names when all are there.
///
/// `seller_weeks.csv` has rows of the first world of the run alone: some 2 MB for a year of the reference.
pub struct Tables {
    weekly: Weekly<Pending>,
    sellers: Rows<Pending, SellerRow>,
    applicants: Rows<Pending, ApplicantRow>,
    trade: Rows<Pending, TradeRow>,
    seller_weeks: Rows<Pending, SellerWeekRow>,
}

impl Tables {
    /// Begins the tables of a run, or of the arm of this name.
    ///
    /// # Errors
    /// When there cannot be such files.
    pub fn begin(folder: &RunFolder, arm: Option<&str>) -> Result<Tables, StoreError> {
        let begin = |table: &str| folder.begin(&named(table, "csv", arm));
        let weekly = Weekly::new(begin("weekly")?);
        let (sellers, onboarding) = (begin("sellers")?, begin("onboarding")?);
        let (trade, seller_weeks) = (begin("trade")?, begin("seller_weeks")?);
        Ok(Tables {
            weekly,
            sellers: Rows::new(sellers).map_err(refused)?,
            applicants: Rows::new(onboarding).map_err(refused)?,
            trade: Rows::new(trade).map_err(refused)?,
            seller_weeks: Rows::new(seller_weeks).map_err(refused)?,
        })
    }

    /// Writes the rows of the next world.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn world(&mut self, world: &WorldTables) -> Result<(), StoreError> {
        self.weekly.world(world).map_err(refused)?;
        self.sellers.world(world).map_err(refused)?;
        self.applicants.world(world).map_err(refused)?;
        self.trade.world(world).map_err(refused)?;
        self.seller_weeks.world(world).map_err(refused)
    }

    /// Gives the files their names.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(self) -> Result<(), StoreError> {
        self.weekly.finish().map_err(refused)?.finish()?;
        self.sellers.finish().map_err(refused)?.finish()?;
        self.applicants.finish().map_err(refused)?.finish()?;
        self.trade.finish().map_err(refused)?.finish()?;
        self.seller_weeks.finish().map_err(refused)?.finish()
    }
}

fn refused(source: io::Error) -> StoreError {
    StoreError::Io { what: "write", path: "the tables of the run folder".into(), source }
}
