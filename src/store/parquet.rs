//! `facts.parquet`: one wide table, one row a fact, with nulls in the columns that say nothing of it.
//!
//! Rows are ordered by world, then as [`FactLog`] tells them. They leave in groups of a bounded size,
//! so memory does not grow with the run. Names are words in dictionaries; sellers, products, customers
//! and sessions are numbers. What the file needs to be understood alone stands in its key-value
//! metadata, under keys that begin with `brocante:`.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use ::parquet::basic::{Compression, Encoding, ZstdLevel};
use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::ByteArray;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{KeyValue, SortingColumn};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::parser::parse_message_type;
use ::parquet::schema::types::ColumnPath;

use super::facts::{FACTS_SCHEMA, FactStore};
use super::{Pending, RunFolder, StoreError};
use crate::history::{
    Census, Condition, ExitReason, Fact, FactLog, Order, ReturnReason, Sanction, Stage,
};
use crate::units::{SellerId, SimTime};

/// Rows of a group: some 30 MB of memory while it fills.
const GROUP: usize = 1 << 17;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Number,
    Long,
    /// Microseconds: they never fall within a world, so differences are small.
    Time,
    Truth,
    Word(Words),
}

/// Which words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Kinds,
    Countries,
    Classes,
    Conditions,
    Reasons,
    Stages,
    Sanctions,
    Moods,
}

/// The columns, by their place in the file; the slate follows as the last.
#[derive(Debug, Clone, Copy)]
enum Column {
    World,
    Time,
    Cell,
    Kind,
    Session,
    Customer,
    Seller,
    ToSeller,
    Product,
    Country,
    Class,
    PriceCents,
    Place,
    Late,
    Condition,
    Reason,
    Stars,
    Units,
    FeeCents,
    Stage,
    Sanction,
    Passed,
    Mood,
    Worked,
    Capacity,
    Waiting,
}

const COLUMNS: [(&str, Holds); 26] = [
    ("world", Holds::Number),
    ("time_us", Holds::Time),
    ("cell", Holds::Number),
    ("kind", Holds::Word(Words::Kinds)),
    ("session", Holds::Long),
    ("customer", Holds::Number),
    ("seller", Holds::Number),
    ("to_seller", Holds::Number),
    ("product", Holds::Number),
    ("country", Holds::Word(Words::Countries)),
    ("class", Holds::Word(Words::Classes)),
    ("price_cents", Holds::Long),
    ("place", Holds::Number),
    ("late", Holds::Truth),
    ("condition", Holds::Word(Words::Conditions)),
    ("reason", Holds::Word(Words::Reasons)),
    ("stars", Holds::Number),
    ("units", Holds::Number),
    ("fee_cents", Holds::Number),
    ("stage", Holds::Word(Words::Stages)),
    ("sanction", Holds::Word(Words::Sanctions)),
    ("passed", Holds::Truth),
    ("mood", Holds::Word(Words::Moods)),
    ("worked", Holds::Number),
    ("capacity", Holds::Number),
    ("waiting", Holds::Number),
];

/// Columns that every row has.
const ALWAYS: [Column; 3] = [Column::World, Column::Time, Column::Kind];

fn is_required(place: usize) -> bool {
    ALWAYS.iter().any(|&column| column as usize == place)
}

/// The schema in Parquet's own notation.
fn schema() -> String {
    let mut text = "message facts {\n".to_owned();
    for (place, (name, holds)) in COLUMNS.iter().enumerate() {
        let presence = if is_required(place) { "REQUIRED" } else { "OPTIONAL" };
        let line = match holds {
            Holds::Number => format!("INT32 {name} (INTEGER(32,false))"),
            Holds::Long => format!("INT64 {name} (INTEGER(64,false))"),
            Holds::Time => format!("INT64 {name}"),
            Holds::Truth => format!("BOOLEAN {name}"),
            Holds::Word(_) => format!("BYTE_ARRAY {name} (STRING)"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{presence} {line};");
    }
    text + "OPTIONAL group slate (LIST) { REPEATED group list { REQUIRED INT32 element \
            (INTEGER(32,false)); } } }"
}

/// One fact, as a row: what each column says of it.
struct Row([Option<u64>; COLUMNS.len()]);

impl Row {
    fn set(&mut self, column: Column, value: impl Into<u64>) {
        self.0[column as usize] = Some(value.into());
    }

    fn order(&mut self, order: &Order) {
        self.set(Column::Session, order.session.0);
        self.set(Column::Customer, order.customer.0);
        self.set(Column::Seller, order.seller.0);
        self.set(Column::Product, order.product.0);
        self.set(Column::PriceCents, order.price_cents);
        self.set(Column::Country, order.country.0);
        self.set(Column::Place, order.place);
        // An order that a campaign placed was not taken from a slate, by no class of shoppers.
        if order.place > 0 {
            self.set(Column::Class, order.class.0);
        }
    }

    fn fact(&mut self, fact: &Fact<'_>) {
        self.set(Column::Kind, fact.kind() as u64);
        match *fact {
            Fact::Shown { session, product, country, class, .. } => {
                self.set(Column::Session, session.0);
                self.set(Column::Product, product.0);
                self.set(Column::Country, country.0);
                self.set(Column::Class, class.0);
            }
            Fact::Abandoned { session, product, seller } => {
                self.set(Column::Session, session.0);
                self.set(Column::Product, product.0);
                self.set(Column::Seller, seller.0);
            }
            Fact::Bought { order } | Fact::Cancelled { order } | Fact::Shipped { order } => {
                self.order(&order);
            }
            Fact::Delivered { order, late, condition } => {
                self.order(&order);
                self.set(Column::Late, late);
                self.set(Column::Condition, condition as u64);
            }
            Fact::Returned { order, reason } => {
                self.order(&order);
                self.set(Column::Reason, reason as u64);
            }
            Fact::Reviewed { order, stars, late } => {
                self.order(&order);
                self.set(Column::Stars, stars);
                self.set(Column::Late, late);
            }
            _ => self.affair(fact),
        }
    }

    /// Facts about sellers and staff.
    fn affair(&mut self, fact: &Fact<'_>) {
        let mut offer = |seller: SellerId, product: u32, column, value: u32| {
            self.set(Column::Seller, seller.0);
            self.set(Column::Product, product);
            self.set(column, value);
        };
        match *fact {
            Fact::Listed { seller, product, price_cents }
            | Fact::Repriced { seller, product, price_cents } => {
                offer(seller, product.0, Column::PriceCents, price_cents);
            }
            Fact::Delisted { seller, product, units }
            | Fact::Restocked { seller, product, units } => {
                offer(seller, product.0, Column::Units, units);
            }
            Fact::LotSold { from, to, product, units, price_cents } => {
                offer(from, product.0, Column::Units, units);
                self.set(Column::ToSeller, to.0);
                self.set(Column::PriceCents, price_cents);
            }
            Fact::FeeCharged { seller, fee_cents } => self.of(seller, Column::FeeCents, fee_cents),
            Fact::StageEntered { seller, stage } | Fact::DroppedOut { seller, stage } => {
                self.of(seller, Column::Stage, stage as u64);
            }
            Fact::MysteryOrdered { seller, passed } => self.of(seller, Column::Passed, passed),
            Fact::Sanctioned { seller, sanction } => {
                self.of(seller, Column::Sanction, sanction as u64);
            }
            Fact::Exited { seller, reason } => {
                let after = ReturnReason::ALL.len() as u64;
                self.of(seller, Column::Reason, after + reason as u64);
            }
            Fact::Reinstated { seller } | Fact::Shocked { seller } => {
                self.set(Column::Seller, seller.0);
            }
            Fact::MoodChanged { customer, mood } => {
                self.set(Column::Customer, customer.0);
                self.set(Column::Mood, mood);
            }
            Fact::Nudged { seller, stars } => self.of(seller, Column::Stars, stars),
            Fact::StaffDay { stage, worked, capacity, waiting } => {
                self.set(Column::Stage, stage as u64);
                self.set(Column::Worked, worked);
                self.set(Column::Capacity, capacity);
                self.set(Column::Waiting, waiting);
            }
            // The facts of visits and orders are told by `fact`.
            _ => {}
        }
    }

    fn of(&mut self, seller: SellerId, column: Column, value: impl Into<u64>) {
        self.set(Column::Seller, seller.0);
        self.set(column, value);
    }
}

/// The values of one column that wait to be written, and for each row whether it has one.
#[derive(Debug, Default)]
struct Waiting {
    values: Vec<u64>,
    levels: Vec<i16>,
}

/// The slates that wait, in Parquet's terms: how deep each entry is defined (0 no slate, 1 an empty
/// one, 2 a seller) and whether it goes on with the slate of the entry before (1) or begins one (0).
#[derive(Debug, Default)]
struct Slates {
    sellers: Vec<i32>,
    defined: Vec<i16>,
    repeated: Vec<i16>,
}

impl Slates {
    fn push(&mut self, fact: &Fact<'_>) {
        let Fact::Shown { slate, .. } = fact else {
            self.defined.push(0);
            self.repeated.push(0);
            return;
        };
        self.repeated.push(0);
        self.defined.push(if slate.is_empty() { 1 } else { 2 });
        for _ in 1..slate.len() {
            self.defined.push(2);
            self.repeated.push(1);
        }
        self.sellers.extend(slate.iter().map(|seller| seller.0 as i32));
    }
}

/// The file, while it is being written.
pub(super) struct FactFile {
    writer: SerializedFileWriter<Pending>,
    path: std::path::PathBuf,
    /// The first thing that went wrong; nothing is taken after it.
    broken: Option<io::Error>,
    world: u32,
    /// Countries and classes, as the last world that began names them.
    countries: Vec<ByteArray>,
    classes: Vec<ByteArray>,
    rows: usize,
    columns: [Waiting; COLUMNS.len()],
    slates: Slates,
}

impl FactFile {
    /// Begins the file in a run folder.
    pub(super) fn begin(folder: &RunFolder) -> Result<Self, StoreError> {
        let file = folder.begin("facts.parquet")?;
        let path = file.path().to_owned();
        let writer = parse_message_type(&schema())
            .and_then(|schema| {
                SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties()?))
            })
            .map_err(|error| failure(&path, error.into()))?;
        let mut file = FactFile {
            writer,
            path,
            broken: None,
            world: 0,
            countries: vec![],
            classes: vec![],
            rows: 0,
            columns: Default::default(),
            slates: Slates::default(),
        };
        file.note("schema", FACTS_SCHEMA.to_string());
        Ok(file)
    }

    /// Writes the rows that wait as a group of their own.
    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for (place, waiting) in self.columns.iter_mut().enumerate() {
            let Some(column) = group.next_column()? else { break };
            let holds = COLUMNS[place].1;
            let words = match holds {
                Holds::Word(Words::Countries) => &self.countries,
                Holds::Word(Words::Classes) => &self.classes,
                Holds::Word(words) => &fixed_words(words),
                _ => &vec![],
            };
            let levels = (!is_required(place)).then_some(&waiting.levels[..]);
            write_column(column, holds, &waiting.values, levels, words)?;
            waiting.values.clear();
            waiting.levels.clear();
        }
        if let Some(mut column) = group.next_column()? {
            let Slates { sellers, defined, repeated } = &mut self.slates;
            if let ColumnWriter::Int32ColumnWriter(out) = column.untyped() {
                out.write_batch(sellers, Some(defined), Some(repeated))?;
            }
            column.close()?;
            sellers.clear();
            defined.clear();
            repeated.clear();
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }

    fn flush_rows(&mut self) {
        if self.broken.is_none() {
            self.broken = self.write_group().err().map(io::Error::from);
        }
    }
}

impl FactLog for FactFile {
    fn begin(&mut self, census: &Census) {
        // Rows that wait are told in the words of their own world.
        self.flush_rows();
        let words = |names: &[String]| names.iter().map(|name| name.as_str().into()).collect();
        self.countries = words(&census.countries);
        self.classes = words(&census.classes);
    }

    fn take(&mut self, at: SimTime, cell: Option<u32>, fact: &Fact<'_>) {
        let mut row = Row([None; COLUMNS.len()]);
        row.set(Column::World, self.world);
        row.set(Column::Time, at.0);
        row.fact(fact);
        if let Some(cell) = cell {
            row.set(Column::Cell, cell);
        }
        for (column, value) in self.columns.iter_mut().zip(row.0) {
            column.levels.push(i16::from(value.is_some()));
            column.values.extend(value);
        }
        self.slates.push(fact);
        self.rows += 1;
        if self.rows == GROUP {
            self.flush_rows();
        }
    }

    fn is_broken(&self) -> bool {
        self.broken.is_some()
    }
}

impl FactStore for FactFile {
    fn world(&mut self, number: u32) {
        self.world = number;
    }

    fn note(&mut self, key: &str, value: String) {
        let note = KeyValue::new(format!("brocante:{key}"), value);
        self.writer.append_key_value_metadata(note);
    }

    fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        self.flush_rows();
        let path = self.path;
        if let Some(error) = self.broken {
            return Err(failure(&path, error));
        }
        let file = self.writer.into_inner().map_err(|error| failure(&path, error.into()))?;
        file.finish()
    }
}

fn failure(path: &std::path::Path, source: io::Error) -> StoreError {
    StoreError::Io { what: "write", path: path.to_owned(), source }
}

fn properties() -> Result<WriterProperties, ParquetError> {
    let path = |column: Column| ColumnPath::from(COLUMNS[column as usize].0);
    let by = |column: Column| SortingColumn {
        column_idx: column as i32,
        descending: false,
        nulls_first: false,
    };
    let built = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_created_by(concat!("brocante ", env!("CARGO_PKG_VERSION")).to_owned())
        // Times differ from row to row, and little; sessions hardly ever come twice in a group.
        .set_column_dictionary_enabled(path(Column::Time), false)
        .set_column_encoding(path(Column::Time), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(path(Column::Session), false)
        .set_sorting_columns(Some(vec![by(Column::World), by(Column::Time)]));
    Ok(built.build())
}

/// The words of what no scenario names.
fn fixed_words(words: Words) -> Vec<ByteArray> {
    let fixed: Vec<&str> = match words {
        Words::Kinds => Fact::KIND_NAMES.to_vec(),
        Words::Conditions => Condition::ALL.iter().map(|c| c.name()).collect(),
        Words::Reasons => {
            let returns = ReturnReason::ALL.iter().map(|reason| reason.name());
            returns.chain(ExitReason::ALL.iter().map(|reason| reason.name())).collect()
        }
        Words::Stages => Stage::ALL.iter().map(|stage| stage.name()).collect(),
        Words::Sanctions => Sanction::ALL.iter().map(|sanction| sanction.name()).collect(),
        Words::Moods => Fact::MOOD_NAMES.to_vec(),
        Words::Countries | Words::Classes => vec![],
    };
    fixed.into_iter().map(ByteArray::from).collect()
}

fn write_column(
    mut column: SerializedColumnWriter<'_>,
    holds: Holds,
    values: &[u64],
    levels: Option<&[i16]>,
    words: &[ByteArray],
) -> Result<(), ParquetError> {
    match column.untyped() {
        ColumnWriter::Int32ColumnWriter(out) => {
            let numbers: Vec<i32> = values.iter().map(|&value| value as i32).collect();
            out.write_batch(&numbers, levels, None)?;
        }
        ColumnWriter::Int64ColumnWriter(out) => {
            let numbers: Vec<i64> = values.iter().map(|&value| value as i64).collect();
            out.write_batch(&numbers, levels, None)?;
        }
        ColumnWriter::BoolColumnWriter(out) => {
            let truths: Vec<bool> = values.iter().map(|&value| value != 0).collect();
            out.write_batch(&truths, levels, None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(out) => {
            let words: Vec<ByteArray> =
                values.iter().map(|&value| words[value as usize].clone()).collect();
            out.write_batch(&words, levels, None)?;
        }
        _ => unreachable!("the schema has no other column than {holds:?}"),
    }
    column.close()
}
