//! The tables of a run folder, read back.

use super::{RunFolder, StoreError, failed};
use crate::history::Stage;
use crate::measure::{ApplicantRow, SellerRow, SellerWeekRow, TradeRow, WeekRow, all_metrics};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::fs::File;
use std::io::ErrorKind;
use std::num::ParseFloatError;

/// The name of a file of the run, or of the arm of this name.
pub fn named(stem: &str, ending: &str, arm: Option<&str>) -> String {
    arm.map_or_else(|| format!("{stem}.{ending}"), |arm| format!("{stem}-{arm}.{ending}"))
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct OfWorld<R> {
    /// Number of the world.
    pub world: u32,
    /// The rest of the row.
    pub row: R,
}

/// What a reader says of a row that it cannot take.
type Wrong = Box<dyn Error + Send + Sync>;

/// The first column of every table.
#[derive(Deserialize)]
struct World {
    world: u32,
}

/// Each reader takes the arm of a comparison, or none for the run itself, and gives nothing where there is
/// no such table. It is an error when the table cannot be read, or a row of it is not what this program
/// writes.
impl RunFolder {
    /// The rows of `weekly.csv`. Columns that are no metric of this version are left out.
    ///
    /// # Errors
    /// As said above.
    pub fn weeks(&self, arm: Option<&str>) -> Result<Option<Vec<OfWorld<WeekRow>>>, StoreError> {
        let known = all_metrics();
        self.table("weekly", arm, |head, record| {
            #[derive(Deserialize)]
            struct Counts {
                week: u32,
                sessions: u64,
                orders: u64,
            }
            let Counts { week, sessions, orders } = fields(head, record)?;
            let mut values = Vec::with_capacity(head.len());
            for (name, cell) in head.iter().zip(record) {
                if let Some(metric) = known.iter().find(|metric| metric.name == name) {
                    values.push((metric.name, observed(name, cell)?));
                }
            }
            Ok(WeekRow { week, sessions, orders, values })
        })
    }

    /// The rows of `sellers.csv`.
    ///
    /// # Errors
    /// As said above.
    pub fn sellers(
        &self,
        arm: Option<&str>,
    ) -> Result<Option<Vec<OfWorld<SellerRow>>>, StoreError> {
        self.table("sellers", arm, fields)
    }

    /// The rows of `onboarding.csv`.
    ///
    /// # Errors
    /// As said above.
    pub fn applicants(
        &self,
        arm: Option<&str>,
    ) -> Result<Option<Vec<OfWorld<ApplicantRow>>>, StoreError> {
        self.table("onboarding", arm, |head, record| {
            #[derive(Deserialize)]
            struct Who {
                applicant: u32,
                kind: String,
                country: String,
                category: String,
                dropped_at: Option<String>,
                dropped_day: Option<f64>,
            }
            let who: Who = fields(head, record)?;
            let mut entered_day = [None; Stage::ALL.len()];
            for (day, stage) in entered_day.iter_mut().zip(Stage::ALL) {
                let mut cells = head.iter().zip(record);
                let cell = cells.find(|(name, _)| name.strip_suffix("_day") == Some(stage.name()));
                *day = cell.map_or(Ok(None), |(name, cell)| observed(name, cell))?;
            }
            let Who { applicant, kind, country, category, dropped_at, dropped_day } = who;
            Ok(ApplicantRow {
                applicant,
                kind,
                country,
                category,
                entered_day,
                dropped_at,
                dropped_day,
            })
        })
    }

    /// The rows of `seller_weeks.csv`, which are of the first world alone.
    ///
    /// # Errors
    /// As said above.
    pub fn seller_weeks(
        &self,
        arm: Option<&str>,
    ) -> Result<Option<Vec<OfWorld<SellerWeekRow>>>, StoreError> {
        self.table("seller_weeks", arm, fields)
    }

    /// The rows of `trade.csv`.
    ///
    /// # Errors
    /// As said above.
    pub fn trade(&self, arm: Option<&str>) -> Result<Option<Vec<OfWorld<TradeRow>>>, StoreError> {
        self.table("trade", arm, fields)
    }

    fn table<R>(
        &self,
        stem: &str,
        arm: Option<&str>,
        row: impl Fn(&::csv::StringRecord, &::csv::StringRecord) -> Result<R, Wrong>,
    ) -> Result<Option<Vec<OfWorld<R>>>, StoreError> {
        let path = self.path().join(named(stem, "csv", arm));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path)(error)),
        };
        let wrong = |line, source| StoreError::Row { path: path.clone(), line, source };
        let unread = |error: ::csv::Error| {
            let line = error.position().map_or(1, ::csv::Position::line);
            wrong(line, Box::new(error))
        };
        let mut reader = ::csv::Reader::from_reader(file);
        let head = reader.headers().map_err(unread)?.clone();
        let mut rows = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(unread)?;
            let line = record.position().map_or(1, ::csv::Position::line);
            let both = fields(&head, &record)
                .and_then(|World { world }| Ok(OfWorld { world, row: row(&head, &record)? }));
            rows.push(both.map_err(|source| wrong(line, source))?);
        }
        Ok(Some(rows))
    }
}

/// A number; nothing where the cell is empty.
fn observed(name: &str, cell: &str) -> Result<Option<f64>, Wrong> {
    let value = Some(cell).filter(|cell| !cell.is_empty()).map(str::parse);
    value.transpose().map_err(|error: ParseFloatError| format!("{name}: {error}").into())
}

/// The fields of a type from the columns of their names.
fn fields<R: DeserializeOwned>(
    head: &::csv::StringRecord,
    record: &::csv::StringRecord,
) -> Result<R, Wrong> {
    record.deserialize(Some(head)).map_err(|error| {
        let ::csv::ErrorKind::Deserialize { err, .. } = error.kind() else { return error.into() };
        let column = err.field().and_then(|field| head.get(field as usize));
        column
            .map_or_else(|| err.kind().to_string(), |name| format!("{name}: {}", err.kind()))
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn folder(root: &Path) -> RunFolder {
        RunFolder::create(Some(root), Path::new("unused"), "s", "run").unwrap()
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        assert_eq!(folder.weeks(None).unwrap(), None);
        folder.write("weekly.csv", "world,week,sessions,orders\n").unwrap();
        assert_eq!(folder.weeks(None).unwrap(), Some(vec![]));
        assert_eq!(folder.weeks(Some("cheap")).unwrap(), None);
    }

    #[test]
    fn weeks_have_the_metrics_that_are_known() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        let table = "world,week,sessions,orders,gini,of_the_future,hhi\n3,7,90,5,0.5,1,\n";
        folder.write("weekly-cheap.csv", table).unwrap();
        let rows = folder.weeks(Some("cheap")).unwrap().unwrap();
        let values = vec![("gini", Some(0.5)), ("hhi", None)];
        let row = WeekRow { week: 7, sessions: 90, orders: 5, values };
        assert_eq!(rows, [OfWorld { world: 3, row }]);
    }

    #[test]
    fn a_broken_row_is_named() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        let says = |error: StoreError| format!("{:#}", anyhow::Error::new(error));
        for (table, line, why) in [
            (
                "world,week,sessions,orders,gini\n0,0,1,1,0.5\n0,1,1,1,many\n",
                3,
                "gini: invalid float",
            ),
            ("world,week,sessions,orders,gini\n0,zero,1,1,0.5\n", 2, "week: invalid digit"),
            ("world,week,sessions,orders\n0,0,1\n", 2, "fields"),
            ("week,sessions,orders\n0,1,1\n", 2, "world"),
        ] {
            folder.write("weekly.csv", table).unwrap();
            let message = says(folder.weeks(None).unwrap_err());
            assert!(message.contains(&format!("weekly.csv, line {line}, ")), "{message}");
            assert!(message.contains(why), "{message}");
        }
        folder
            .write("trade.csv", "world,kind,category,country,orders,gmv_eur\n0,a,b,c,-1,2\n")
            .unwrap();
        let message = says(folder.trade(None).unwrap_err());
        assert!(message.contains("trade.csv, line 2, ") && message.contains("orders"), "{message}");
    }
}
