//! The tables that are asked with SQL: `DuckDB` in memory, a fold of what the core reports.
//!
//! One thread writes ([`Writer`]), readers have connections of their own ([`Readers`]). After a start the
//! raw `prices` of the last [`PRICES_FETCHED_HOURS`] are fetched anew beside the stream; `price_analysis`
//! is not: after a warm restart it begins at the cursor.

mod fetch;
mod readers;
mod rows;
mod writer;

use duckdb::{Config, Connection};

pub use fetch::fetch_recent_prices;
pub use readers::{Readers, WorkspaceError};
pub use rows::{PriceRow, Rows};
pub use writer::{ROWS_QUEUED_MAX, Writer, write_on_a_thread};

/// What the tables may take of the memory together.
const MEMORY: &str = "1GB";
const THREADS: i64 = 1;

/// How far back a warm restart fetches raw prices, in hours before the log's newest event.
pub const PRICES_FETCHED_HOURS: u32 = 2;

/// A table, and how long it keeps its rows, by event time.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The column that says how old a row is; rows without one are kept.
    age: &'static str,
    /// Rows older than this against the newest are dropped.
    pub retention_hours: u32,
}

/// Every table with its retention. Cycles are referred to by what is traded in them, so they stay longer.
pub const TABLES: [Table; 3] = [
    Table { name: "prices", age: "event_time", retention_hours: 24 },
    Table { name: "price_cycles", age: "end_time", retention_hours: 72 },
    Table { name: "price_analysis", age: "event_time", retention_hours: 2 },
];

const SCHEMA: &str = "
    CREATE TABLE prices (
        seq UBIGINT, event_time TIMESTAMP, received_time TIMESTAMP, source VARCHAR, token VARCHAR, price DOUBLE);
    CREATE TABLE price_cycles (
        id VARCHAR, threshold_percent DOUBLE, start_time TIMESTAMP, end_time TIMESTAMP,
        start_seq UBIGINT, end_seq UBIGINT, start_price DOUBLE, highest_price DOUBLE, lowest_price DOUBLE,
        max_percent_increase DOUBLE, max_percent_increase_from_lowest DOUBLE,
        data_points UINTEGER, longest_gap_ms INTEGER, active BOOLEAN);
    CREATE VIEW cycle_tracker AS SELECT * FROM price_cycles;
    CREATE TABLE price_analysis (
        seq UBIGINT, event_time TIMESTAMP, threshold_percent DOUBLE, cycle_id VARCHAR, current_price DOUBLE,
        highest_price DOUBLE, lowest_price DOUBLE, percent_increase DOUBLE, percent_from_highest DOUBLE,
        percent_increase_from_lowest DOUBLE);";

/// Makes the empty tables. All times in them are UTC.
///
/// # Errors
///
/// When the database does not start.
pub fn open() -> Result<Connection, duckdb::Error> {
    let config = Config::default().threads(THREADS)?.max_memory(MEMORY)?.enable_external_access(false)?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
