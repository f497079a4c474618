//! The tables of a run: one row a (world, week), a (world, seller), a (world, applicant), of what was sold
//! to whom, and of its first world one a (week, seller).
//!
//! A value that was not observed is an empty cell, never 0. Days and stars are rounded to four places
//! (9 seconds of a day); weekly metrics are written in full.

use crate::history::Stage;
use crate::measure::{ApplicantRow, SellerRow, SellerWeekRow, TradeRow, WeekRow};
use crate::store::WorldTables;
use std::io::{self, Write};
use std::marker::PhantomData;

/// The columns of `sellers.csv`, after the world's.
const SELLERS: [&str; 21] = [
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

/// The first columns of `onboarding.csv`, after the world's.
const WHO: [&str; 4] = ["applicant", "kind", "country", "category"];

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

/// A row of one of the tables whose columns are always the same.
pub trait Row: Sized {
    /// The names of its columns after the world's.
    fn head() -> Vec<String>;

    /// Those of a world.
    fn of(world: &WorldTables) -> &[Self];

    /// Its cells after the world's.
    fn cells(&self) -> Vec<String>;
}

/// A table of such rows, with the number of the world before each.
pub struct Rows<W: Write, R> {
    table: ::csv::Writer<W>,
    row: PhantomData<R>,
}

impl<W: Write, R: Row> Rows<W, R> {
    /// A table with its head.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W) -> io::Result<Self> {
        let mut table = ::csv::Writer::from_writer(out);
        table.write_record(std::iter::once("world".to_string()).chain(R::head()))?;
        Ok(Rows { table, row: PhantomData })
    }

    /// Writes the rows of a world.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn world(&mut self, world: &WorldTables) -> io::Result<()> {
        let number = world.world.to_string();
        R::of(world).iter().try_for_each(|row| {
            Ok(self.table.write_record(std::iter::once(number.clone()).chain(row.cells()))?)
        })
    }

    /// The whole table.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        whole(self.table)
    }
}

/// What was written, down to the last row.
pub(super) fn whole<W: Write>(table: ::csv::Writer<W>) -> io::Result<W> {
    table.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.to_string()))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_string()).collect()
}

impl Row for SellerRow {
    fn head() -> Vec<String> {
        names(&SELLERS)
    }

    fn of(world: &WorldTables) -> &[Self] {
        &world.sellers
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.seller.to_string(),
            self.kind.clone(),
            self.country.clone(),
            self.category.clone(),
            self.from_start.to_string(),
            short(Some(self.live_day)),
            short(self.first_sale_day),
            self.orders.to_string(),
            full(Some(self.gmv_eur)),
            self.reviews.to_string(),
            short(self.mean_stars),
            short(Some(self.true_stars)),
            self.delivered.to_string(),
            self.late.to_string(),
            self.defective.to_string(),
            self.returned.to_string(),
            self.cancelled.to_string(),
            short(self.views),
            self.sanctions.to_string(),
            short(self.exit_day),
            self.exit_reason.clone().unwrap_or_default(),
        ]
    }
}

impl Row for ApplicantRow {
    fn head() -> Vec<String> {
        let stages = Stage::ALL.map(|stage| format!("{}_day", stage.name()));
        let (who, dropped) = (names(&WHO), names(&["dropped_at", "dropped_day"]));
        who.into_iter().chain(stages).chain(dropped).collect()
    }

    fn of(world: &WorldTables) -> &[Self] {
        &world.applicants
    }

    fn cells(&self) -> Vec<String> {
        let who = [&self.kind, &self.country, &self.category].map(String::clone);
        let dropped = [self.dropped_at.clone().unwrap_or_default(), short(self.dropped_day)];
        let days = self.entered_day.map(short);
        let first = std::iter::once(self.applicant.to_string());
        first.chain(who).chain(days).chain(dropped).collect()
    }
}

impl Row for SellerWeekRow {
    fn head() -> Vec<String> {
        names(&["week", "seller", "orders", "boxes", "views", "reviews", "stars"])
    }

    fn of(world: &WorldTables) -> &[Self] {
        &world.seller_weeks
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.week.to_string(),
            self.seller.to_string(),
            self.orders.to_string(),
            self.boxes.to_string(),
            short(Some(self.views)),
            self.reviews.to_string(),
            short(self.stars),
        ]
    }
}

impl Row for TradeRow {
    fn head() -> Vec<String> {
        names(&["kind", "category", "country", "orders", "gmv_eur"])
    }

    fn of(world: &WorldTables) -> &[Self] {
        &world.trade
    }

    fn cells(&self) -> Vec<String> {
        let what = [&self.kind, &self.category, &self.country].map(String::clone);
        let sums = [self.orders.to_string(), full(Some(self.gmv_eur))];
        what.into_iter().chain(sums).collect()
    }
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

    fn rows<R: Row>(worlds: &[WorldTables]) -> String {
        let mut table = Rows::<_, R>::new(Vec::new()).unwrap();
        worlds.iter().for_each(|world| table.world(world).unwrap());
        String::from_utf8(table.finish().unwrap()).unwrap()
    }

    #[test]
    fn headers_and_first_rows() {
        let (_, worlds) = fixture::run();
        insta::assert_snapshot!("weekly_csv", weekly(&worlds));
        insta::assert_snapshot!("sellers_csv", rows::<SellerRow>(&worlds));
        insta::assert_snapshot!("onboarding_csv", rows::<ApplicantRow>(&worlds));
        insta::assert_snapshot!("seller_weeks_csv", rows::<SellerWeekRow>(&worlds));
        insta::assert_snapshot!("trade_csv", rows::<TradeRow>(&worlds));
    }

    #[test]
    fn no_world_still_has_headers() {
        assert_eq!(weekly(&[]), "world,week,sessions,orders\n");
        assert!(rows::<SellerRow>(&[]).starts_with("world,seller,kind,"));
        assert!(rows::<ApplicantRow>(&[]).ends_with(",dropped_at,dropped_day\n"));
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
        let bytes = rows::<SellerRow>(&worlds);
        let mut reader = ::csv::Reader::from_reader(bytes.as_bytes());
        let rows: Vec<SellerRow> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows[0].country, worlds[0].sellers[0].country);
        assert_eq!(rows.len(), worlds.iter().map(|world| world.sellers.len()).sum::<usize>());
        assert_eq!(rows[1].orders, worlds[0].sellers[1].orders);
        assert_eq!(rows[1].exit_day, worlds[0].sellers[1].exit_day);
    }
}
