//! The tables of a run: one row a (world, week), a (world, seller), a (world, applicant).
//!
//! A value that was not observed is an empty cell, never 0. Days and stars are rounded to four places
//! (9 seconds of a day); weekly metrics are written in full.

use crate::history::Stage;
use crate::measure::{ApplicantRow, SellerRow, WeekRow};
use crate::store::WorldTables;
use std::io::{self, Write};

/// The columns of `sellers.csv`.
const SELLERS: [&str; 22] = [
    "world",
    "seller",
    "kind",
    "country",
    "category",
    "from_start",
    "live_day",
    "first_sale_day",
    "orders",
    "gmv_eur",
    "reviews",
    "mean_stars",
    "true_stars",
    "delivered",
    "late",
    "defective",
    "returned",
    "cancelled",
    "views",
    "sanctions",
    "exit_day",
    "exit_reason",
];

/// `weekly.csv`: its metrics are those of the first week of all.
pub struct Weekly<W: Write> {
    table: ::csv::Writer<W>,
    headed: bool,
}

impl<W: Write> Weekly<W> {
    /// An empty table.
    pub fn new(out: W) -> Self {
        Weekly { table: ::csv::Writer::from_writer(out), headed: false }
    }

    fn head(&mut self, first: Option<&WeekRow>) -> io::Result<()> {
        let metrics = first.map_or(&[][..], |row| &row.values).iter().map(|(name, _)| *name);
        self.headed = true;
        Ok(self
            .table
            .write_record(["world", "week", "sessions", "orders"].into_iter().chain(metrics))?)
    }

    /// Writes the weeks of a world.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn world(&mut self, world: &WorldTables) -> io::Result<()> {
        for row in &world.weeks {
            if !self.headed {
                self.head(Some(row))?;
            }
            let counts = [u64::from(world.world), u64::from(row.week), row.sessions, row.orders];
            let values = row.values.iter().map(|(_, value)| full(*value));
            self.table.write_record(counts.map(|n| n.to_string()).into_iter().chain(values))?;
        }
        Ok(())
    }

    /// The whole table, which has a head even where it has no row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.headed {
            self.head(None)?;
        }
        whole(self.table)
    }
}

/// `sellers.csv`.
pub struct Sellers<W: Write>(::csv::Writer<W>);

impl<W: Write> Sellers<W> {
    /// A table with its head.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W) -> io::Result<Self> {
        let mut table = ::csv::Writer::from_writer(out);
        table.write_record(SELLERS)?;
        Ok(Sellers(table))
    }

    /// Writes the sellers of a world.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn world(&mut self, world: &WorldTables) -> io::Result<()> {
        world
            .sellers
            .iter()
            .try_for_each(|row| Ok(self.0.write_record(seller(world.world, row))?))
    }

    /// The whole table.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        whole(self.0)
    }
}

/// `onboarding.csv`.
pub struct Applicants<W: Write>(::csv::Writer<W>);

impl<W: Write> Applicants<W> {
    /// A table with its head.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W) -> io::Result<Self> {
        let mut table = ::csv::Writer::from_writer(out);
        let stages = Stage::ALL.map(|stage| format!("{}_day", stage.name()));
        let who = ["world", "applicant", "kind", "country", "category"].map(str::to_string);
        let dropped = ["dropped_at", "dropped_day"].map(str::to_string);
        table.write_record(who.into_iter().chain(stages).chain(dropped))?;
        Ok(Applicants(table))
    }

    /// Writes the applicants of a world.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn world(&mut self, world: &WorldTables) -> io::Result<()> {
        let number = world.world;
        world
            .applicants
            .iter()
            .try_for_each(|row| Ok(self.0.write_record(applicant(number, row))?))
    }

    /// The whole table.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        whole(self.0)
    }
}

/// What was written, down to the last row.
pub(super) fn whole<W: Write>(table: ::csv::Writer<W>) -> io::Result<W> {
    table.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.to_string()))
}

fn seller(world: u32, row: &SellerRow) -> [String; SELLERS.len()] {
    [
        world.to_string(),
        row.seller.to_string(),
        row.kind.clone(),
        row.country.clone(),
        row.category.clone(),
        row.from_start.to_string(),
        short(Some(row.live_day)),
        short(row.first_sale_day),
        row.orders.to_string(),
        full(Some(row.gmv_eur)),
        row.reviews.to_string(),
        short(row.mean_stars),
        short(Some(row.true_stars)),
        row.delivered.to_string(),
        row.late.to_string(),
        row.defective.to_string(),
        row.returned.to_string(),
        row.cancelled.to_string(),
        short(row.views),
        row.sanctions.to_string(),
        short(row.exit_day),
        row.exit_reason.clone().unwrap_or_default(),
    ]
}

fn applicant(world: u32, row: &ApplicantRow) -> impl Iterator<Item = String> {
    let who = [
        world.to_string(),
        row.applicant.to_string(),
        row.kind.clone(),
        row.country.clone(),
        row.category.clone(),
    ];
    let dropped = [row.dropped_at.clone().unwrap_or_default(), short(row.dropped_day)];
    who.into_iter().chain(row.entered_day.map(short)).chain(dropped)
}

/// A number with all its digits, or an empty cell.
fn full(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(String::new, |value| value.to_string())
}

/// A number to four places, or an empty cell.
fn short(value: Option<f64>) -> String {
    full(value.map(|value| (value * 1e4).round() / 1e4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn weekly(worlds: &[WorldTables]) -> String {
        let mut table = Weekly::new(Vec::new());
        worlds.iter().for_each(|world| table.world(world).unwrap());
        String::from_utf8(table.finish().unwrap()).unwrap()
    }

    fn sellers(worlds: &[WorldTables]) -> String {
        let mut table = Sellers::new(Vec::new()).unwrap();
        worlds.iter().for_each(|world| table.world(world).unwrap());
        String::from_utf8(table.finish().unwrap()).unwrap()
    }

    fn onboarding(worlds: &[WorldTables]) -> String {
        let mut table = Applicants::new(Vec::new()).unwrap();
        worlds.iter().for_each(|world| table.world(world).unwrap());
        String::from_utf8(table.finish().unwrap()).unwrap()
    }

    #[test]
    fn headers_and_first_rows() {
        let (_, worlds) = fixture::run();
        insta::assert_snapshot!("weekly_csv", weekly(&worlds));
        insta::assert_snapshot!("sellers_csv", sellers(&worlds));
        insta::assert_snapshot!("onboarding_csv", onboarding(&worlds));
    }

    #[test]
    fn no_world_still_has_headers() {
        assert_eq!(weekly(&[]), "world,week,sessions,orders\n");
        assert!(sellers(&[]).starts_with("world,seller,kind,"));
        assert!(onboarding(&[]).ends_with(",dropped_at,dropped_day\n"));
    }

    #[test]
    fn numbers_that_are_none() {
        assert_eq!([full(None), full(Some(f64::NAN)), short(Some(f64::INFINITY))], ["", "", ""]);
        assert_eq!(short(Some(1.0 / 3.0)), "0.3333");
        assert_eq!(short(Some(12.0)), "12");
        assert_eq!(full(Some(0.1)), "0.1");
    }

    /// A reader gets back what was written, quotes and commas in names included.
    #[test]
    fn sellers_survive_a_reader() {
        let (_, mut worlds) = fixture::run();
        worlds[0].sellers[0].country = "Bosnia, \"and\" Herzegovina".to_string();
        let bytes = sellers(&worlds);
        let mut reader = ::csv::Reader::from_reader(bytes.as_bytes());
        let rows: Vec<SellerRow> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows[0].country, worlds[0].sellers[0].country);
        assert_eq!(rows.len(), worlds.iter().map(|world| world.sellers.len()).sum::<usize>());
        assert_eq!(rows[1].orders, worlds[0].sellers[1].orders);
        assert_eq!(rows[1].exit_day, worlds[0].sellers[1].exit_day);
    }
}
