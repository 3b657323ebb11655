//! The tables that are asked with SQL: `DuckDB` in memory, a fold of what was observed and of what the core reports.
//!
//! One thread writes ([`Writer`]), readers have connections of their own ([`Readers`]). The tables are those of
//! [`crate::tables`] that say how they are shown. After a start the raw ones are fetched anew beside the stream, as far
//! back as they are kept ([`Fetch`]), and nothing else is written before they are whole; what the ledger keeps comes
//! from there; `price_analysis` begins at the cursor, so plays may not ask it.
//!
//! Old rows go at each full hour of event time, and a row goes only when it stood before the event that began the
//! hour: what a table holds at a position follows from the log, not from when it was written.

mod answers;
mod discovery;
mod fetch;
mod filter_search;
mod history;
mod links;
mod outcomes;
mod queries;
mod readers;
mod rows;
mod samples;
mod wallet_query;
mod writer;

use duckdb::{Config, Connection};

pub use answers::{FunnelRow, Lateness};
pub use discovery::{Discovery, QUERY_TIME_MAX, Questions, discovery};
pub use fetch::{Begins, Fetch, Recent};
pub use filter_search::SEARCH_TIME_MAX;
pub use outcomes::{EntryOutcome, Origin};
pub use queries::Queries;
pub use readers::{Readers, WorkspaceError};
pub use rows::Rows;
pub use samples::{Asked, Samples};
pub use wallet_query::check_wallet_query;
pub use writer::{Delivery, ROWS_QUEUED_MAX, Writer, fill, write_on_a_thread};

use crate::tables::{Layout, duck, shown};

/// What the tables may take of the memory together, 1 GB, and twice what a play's query and what a user's may.
const MEMORY: &str = "2024MB";
const THREADS: i64 = 1;

/// Other names under which tables are known.
const VIEWS: &str = "CREATE VIEW cycle_tracker AS SELECT * FROM price_cycles;";

/// Makes the empty tables. All times in them are UTC.
///
/// # Errors
///
/// When the database does not start.
pub fn open() -> Result<Connection, duckdb::Error> {
    let config = Config::default().threads(THREADS)?.max_memory(MEMORY)?.enable_external_access(false)?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    for (table, _) in shown() {
        let layout = Layout::of_workspace(table);
        connection.execute_batch(&duck::create(layout))?;
        if !table.key.is_empty() {
            connection.execute_batch(&duck::create_stage(layout))?;
        }
    }
    connection.execute_batch(VIEWS)?;
    connection.execute_batch("SET lock_configuration = true")?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
