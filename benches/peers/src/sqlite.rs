//! SQLite, compiled in.
//!
//! The score is stored, and an index holds the offers that are in stock by product and falling score,
//! with all that a query reads: a query walks the index and stops at the tenth. That is faster to read
//! than scoring in SQL, and costs two steps in the index for a change. Statements are prepared once; a
//! batch of changes is one transaction.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::market::{Change, Market, Query, SLATE, What};
use crate::peer::{Peer, Reader, Writer};

const SCHEMA: &str = "
    CREATE TABLE offers (
        id INTEGER PRIMARY KEY,
        product INTEGER NOT NULL,
        row INTEGER NOT NULL,
        seller INTEGER NOT NULL,
        price_cents INTEGER NOT NULL,
        stock INTEGER NOT NULL,
        ships INTEGER NOT NULL,
        score REAL NOT NULL
    );
    CREATE INDEX ranking ON offers (product, score DESC, ships, row) WHERE stock > 0;
";
const FIND: &str = "
    SELECT row FROM offers INDEXED BY ranking
    WHERE product = ?1 AND stock > 0 AND ships & ?2 ORDER BY score DESC LIMIT ?3
";
const PRICE: &str = "UPDATE offers SET price_cents = ?2, score = ?3 WHERE id = ?1";
const SOLD: &str = "UPDATE offers SET stock = stock - 1 WHERE id = ?1";
const RESTOCKED: &str = "UPDATE offers SET stock = stock + 1 WHERE id = ?1";

/// The number of an offer: products have fewer than 2^16 of them.
fn id(product: u32, row: u32) -> i64 {
    i64::from(product) << 16 | i64::from(row)
}

/// Where the database is, and how threads share it.
enum Kept {
    /// In memory: one connection behind a lock, which a batch holds from begin to commit.
    InMemory(Mutex<Connection>),
    /// A file with a write-ahead log that is never synced: readers go on while a batch is written.
    Logged(TempDir),
}

/// A database of offers.
pub struct Sqlite {
    kept: Kept,
}

/// What a database file is called in its folder.
const FILE: &str = "offers.db";

impl Sqlite {
    /// The offers of a market in a database in memory.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn in_memory(market: &Market) -> Result<Sqlite> {
        let connection = Connection::open_in_memory()?;
        fill(&connection, market)?;
        Ok(Sqlite { kept: Kept::InMemory(Mutex::new(connection)) })
    }

    /// The offers of a market in a file with a write-ahead log, in memory where the system has a folder
    /// that is.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn logged(market: &Market) -> Result<Sqlite> {
        let in_memory = std::path::Path::new("/dev/shm");
        let folder = if in_memory.is_dir() { TempDir::new_in(in_memory)? } else { TempDir::new()? };
        let connection = open(&folder)?;
        fill(&connection, market)?;
        Ok(Sqlite { kept: Kept::Logged(folder) })
    }

    fn connect(&self) -> Result<Connected<'_>> {
        Ok(match &self.kept {
            Kept::InMemory(connection) => Connected::Shared(connection),
            Kept::Logged(folder) => Connected::Own(open(folder)?),
        })
    }
}

fn open(folder: &TempDir) -> Result<Connection> {
    let path = folder.path().join(FILE);
    let connection = Connection::open(&path).with_context(|| format!("{}", path.display()))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "mmap_size", 1 << 30)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(connection)
}

fn fill(connection: &Connection, market: &Market) -> Result<()> {
    connection.execute_batch(SCHEMA)?;
    connection.execute_batch("BEGIN")?;
    let mut insert =
        connection.prepare("INSERT INTO offers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    for (product, offers) in (0u32..).zip(&market.products) {
        for (row, offer) in (0u32..).zip(offers) {
            insert.execute(params![
                id(product, row),
                product,
                row,
                offer.seller,
                offer.price_cents,
                offer.stock,
                offer.ships,
                f64::from(offer.score)
            ])?;
        }
    }
    connection.execute_batch("COMMIT; ANALYZE")?;
    Ok(())
}

/// A connection that threads share, or one's own.
enum Connected<'a> {
    Shared(&'a Mutex<Connection>),
    Own(Connection),
}

/// A connection in use.
enum Used<'a> {
    Shared(MutexGuard<'a, Connection>),
    Own(&'a Connection),
}

impl Connected<'_> {
    fn get(&self) -> Used<'_> {
        match self {
            Connected::Shared(connection) => {
                Used::Shared(connection.lock().unwrap_or_else(PoisonError::into_inner))
            }
            Connected::Own(connection) => Used::Own(connection),
        }
    }
}

impl std::ops::Deref for Used<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Used::Shared(connection) => connection,
            Used::Own(connection) => connection,
        }
    }
}

impl Peer for Sqlite {
    type Reader<'a> = SqliteReader<'a>;
    type Writer<'a> = SqliteWriter<'a>;

    fn reader(&self) -> Result<SqliteReader<'_>> {
        Ok(SqliteReader { connection: self.connect()?, rows: Vec::with_capacity(SLATE) })
    }

    fn writer(&self) -> Result<SqliteWriter<'_>> {
        Ok(SqliteWriter { connection: self.connect()? })
    }
}

/// Runs the query.
pub struct SqliteReader<'a> {
    connection: Connected<'a>,
    rows: Vec<u32>,
}

impl Reader for SqliteReader<'_> {
    fn top10(&mut self, query: Query) -> Result<usize> {
        self.rows.clear();
        let connection = self.connection.get();
        let mut find = connection.prepare_cached(FIND)?;
        let mut found = find.query(params![query.product, 1u32 << query.country, SLATE as u32])?;
        while let Some(row) = found.next()? {
            self.rows.push(row.get(0)?);
        }
        Ok(self.rows.len())
    }

    fn rows(&self, rows: &mut Vec<u32>) {
        rows.clone_from(&self.rows);
    }
}

/// Runs updates in a transaction.
pub struct SqliteWriter<'a> {
    connection: Connected<'a>,
}

impl Writer for SqliteWriter<'_> {
    fn apply(&mut self, changes: &[Change]) -> Result<()> {
        let connection = self.connection.get();
        let transaction = connection.unchecked_transaction()?;
        {
            let mut price = transaction.prepare_cached(PRICE)?;
            let mut sold = transaction.prepare_cached(SOLD)?;
            let mut restocked = transaction.prepare_cached(RESTOCKED)?;
            for Change { product, row, what, offer } in changes {
                let id = id(*product, *row);
                match what {
                    What::Price => {
                        price.execute(params![id, offer.price_cents, f64::from(offer.score)])?
                    }
                    What::Sold => sold.execute([id])?,
                    What::Restocked => restocked.execute([id])?,
                };
            }
        }
        transaction.commit()?;
        Ok(())
    }
}
