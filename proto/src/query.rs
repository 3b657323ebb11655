//! Read-only SQL on a `DuckDB` that is also written to: bounded, watched, and stopped at its bounds.
//!
//! Layers, each of which would have to fail:
//!
//! 1. [`crate::sql`]: one SELECT whose every part is on a list; what runs is the printed tree.
//! 2. A database that can read and write no file and load nothing, as its [`Database`] promises.
//! 3. A connection of its own, in a read-only transaction that is rolled back; thrown away afterwards.
//! 4. Bounds: rows, bytes, time, memory, queries at a time and queries that wait. A watch interrupts.

mod run;
mod value;

use std::sync::Arc;
use std::time::Duration;

use duckdb::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use run::json_bytes;
pub use value::as_kind;

use crate::settings::Query as Limits;
use crate::sql::Refusal;
use crate::wire::market::QueryResponse;

/// Given to a query beyond its time, to notice that it was interrupted.
pub const GRACE: Duration = Duration::from_secs(1);

/// A query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The statement is not one that is let through.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database does not understand it, or a value in it fails.
    #[error("the query failed: {0}")]
    NotUnderstood(String),
    /// It was stopped.
    #[error("the query was stopped after {0} ms; ask for less")]
    TooLong(u32),
    /// It was stopped.
    #[error("the query was stopped because it needs more than {0} MB of memory; ask for less")]
    TooMuchMemory(u32),
    /// It was not begun.
    #[error("{0} queries are running or waiting already; try again later")]
    TooMany(u32),
    /// Our mistake.
    #[error("{0}")]
    Failed(String),
}

/// What is asked. It can open no file and load nothing.
pub trait Database: Clone + Send + 'static {
    /// The names that may be read.
    fn tables(&self) -> Vec<&'static str>;

    /// A connection to be thrown away.
    ///
    /// # Errors
    ///
    /// When none can be made, in one sentence.
    fn connect(&self) -> Result<Connection, String>;

    /// The last position that the tables contain.
    fn applied_seq(&self) -> u64;
}

/// What running queries hold of a database's memory, in bytes: hash tables, sorts, results. The tables are not part
/// of it.
///
/// # Errors
///
/// When it cannot be measured.
pub fn memory_bytes(connection: &Connection) -> Result<u64, duckdb::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(sum(memory_usage_bytes), 0)::UBIGINT FROM duckdb_memory() WHERE tag IN
         ('HASH_TABLE', 'ORDER_BY', 'COLUMN_DATA', 'ALLOCATOR', 'WINDOW', 'OVERFLOW_STRINGS')",
    )?;
    statement.query_row([], |row| row.get(0))
}

/// Room for a few queries at a time. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Places {
    running: Arc<Semaphore>,
    /// Those that run and those that wait.
    admitted: Arc<Semaphore>,
    admitted_max: u32,
}

/// A place among the queries, given back when the query has ended, also when nobody waits for it any more.
#[derive(Debug)]
pub struct Place {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Places {
    /// As many as the limits say.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let permits = |count: u32| Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1)));
        let admitted_max = limits.running_max.saturating_add(limits.waiting_max);
        Self { running: permits(limits.running_max), admitted: permits(admitted_max), admitted_max }
    }

    /// Waits for a place.
    ///
    /// # Errors
    ///
    /// When too many wait already.
    pub async fn take(&self) -> Result<Place, QueryError> {
        let too_many = || QueryError::TooMany(self.admitted_max);
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| too_many())?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| too_many())?;
        Ok(Place { _running: running, _admitted: admitted })
    }
}

/// Answers one statement within its limits.
///
/// # Errors
///
/// When it is refused, fails, or reaches a bound.
pub async fn answer<D: Database>(
    database: D,
    limits: &Limits,
    sql: String,
    place: Place,
) -> Result<QueryResponse, QueryError> {
    let query = run::Query { database, limits: limits.clone(), sql };
    let answer = tokio::task::spawn_blocking(move || {
        let answer = query.watched();
        drop(place);
        answer
    });
    let patience = Duration::from_millis(limits.timeout_ms.into()) + GRACE;
    match tokio::time::timeout(patience, answer).await {
        Ok(answered) => {
            answered.unwrap_or_else(|error| Err(QueryError::Failed(format!("its thread ended: {error}"))))
        }
        // It keeps its place until the database notices.
        Err(_) => Err(QueryError::TooLong(limits.timeout_ms)),
    }
}
