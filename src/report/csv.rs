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

/// Writes `weekly.csv`. Its metrics are those of the first week of all.
///
/// # Errors
/// When `out` cannot be written to.
pub fn weekly(out: impl Write, worlds: &[WorldTables]) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(out);
    let first: Option<&WeekRow> = worlds.iter().find_map(|world| world.weeks.first());
    let metrics = first.map_or(&[][..], |row| &row.values).iter().map(|(name, _)| *name);
    table.write_record(["world", "week", "sessions", "orders"].into_iter().chain(metrics))?;
    for world in worlds {
        for row in &world.weeks {
            let counts = [u64::from(world.world), u64::from(row.week), row.sessions, row.orders];
            let values = row.values.iter().map(|(_, value)| full(*value));
            table.write_record(counts.map(|n| n.to_string()).into_iter().chain(values))?;
        }
    }
    table.flush()
}

/// Writes `sellers.csv`.
///
/// # Errors
/// When `out` cannot be written to.
pub fn sellers(out: impl Write, worlds: &[WorldTables]) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(out);
    table.write_record(SELLERS)?;
    for world in worlds {
        for row in &world.sellers {
            table.write_record(seller(world.world, row))?;
        }
    }
    table.flush()
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

/// Writes `onboarding.csv`.
///
/// # Errors
/// When `out` cannot be written to.
pub fn onboarding(out: impl Write, worlds: &[WorldTables]) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(out);
    let stages = Stage::ALL.map(|stage| format!("{}_day", stage.name()));
    let who = ["world", "applicant", "kind", "country", "category"].map(str::to_string);
    let dropped = ["dropped_at", "dropped_day"].map(str::to_string);
    table.write_record(who.into_iter().chain(stages).chain(dropped))?;
    for world in worlds {
        for row in &world.applicants {
            table.write_record(applicant(world.world, row))?;
        }
    }
    table.flush()
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

    fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        write(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn headers_and_first_rows() {
        let (_, worlds) = fixture::run();
        insta::assert_snapshot!("weekly_csv", text(|out| weekly(out, &worlds)));
        insta::assert_snapshot!("sellers_csv", text(|out| sellers(out, &worlds)));
        insta::assert_snapshot!("onboarding_csv", text(|out| onboarding(out, &worlds)));
    }

    #[test]
    fn no_world_still_has_headers() {
        assert_eq!(text(|out| weekly(out, &[])), "world,week,sessions,orders\n");
        assert!(text(|out| sellers(out, &[])).starts_with("world,seller,kind,"));
        assert!(text(|out| onboarding(out, &[])).ends_with(",dropped_at,dropped_day\n"));
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
        let bytes = text(|out| sellers(out, &worlds));
        let mut reader = ::csv::Reader::from_reader(bytes.as_bytes());
        let rows: Vec<SellerRow> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows[0].country, worlds[0].sellers[0].country);
        assert_eq!(rows.len(), worlds.iter().map(|world| world.sellers.len()).sum::<usize>());
        assert_eq!(rows[1].orders, worlds[0].sellers[1].orders);
        assert_eq!(rows[1].exit_day, worlds[0].sellers[1].exit_day);
    }
}
