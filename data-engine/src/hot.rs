//! The hot store: recent events as tables, for SQL.
//!
//! `DuckDB` in memory, a fold of the journal: one thread follows the log with a cursor of its own and appends
//! rows; readers have connections of their own. It is rebuilt at every start, in the background, and answers
//! [`HotError::Rebuilding`] until it is whole.

mod fold;
mod gaps;
mod kept;
pub(crate) mod pace;
mod read;
mod rows;
mod tables;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use duckdb::{Config, Connection};
use goat::settings::{Hot, Query};
use tokio::sync::Semaphore;

use kept::Kept;

pub use fold::Folder;
pub(crate) use goat::query::as_kind;
pub use kept::Missing;
pub use read::Point;
pub(crate) use rows::PAGE_BYTES_MAX;
pub use rows::{Page, Span};
pub use tables::{TABLES, TableSpec};

/// Queries that run at the same time; further ones wait.
const READERS_MAX: usize = 4;

/// A question to the hot store has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HotError {
    /// The tables are being rebuilt.
    #[error("the hot store is being rebuilt from the journal: {applied} of {head} events")]
    Rebuilding {
        /// Position that the tables contain.
        applied: u64,
        /// Position that they must reach.
        head: u64,
    },
    /// The tables can no longer be filled; the journal still is.
    #[error("the hot store has failed, and is rebuilt at the next start: {0}")]
    Failed(String),
    /// There is no such table.
    #[error("there is no table {name:?}; there are {known}")]
    UnknownTable {
        /// What was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The database failed.
    #[error("the hot store failed: {0}")]
    Database(#[from] duckdb::Error),
}

/// The tables, for reading. Cloning shares them.
#[derive(Debug, Clone)]
pub struct HotStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Makes connections, and tells what memory the queries take.
    root: Mutex<Connection>,
    kept: Vec<Kept>,
    /// Connections that wait for a reader.
    connections: Mutex<Vec<Connection>>,
    readers: Semaphore,
    applied_seq: AtomicU64,
    /// The head of the log when the store was opened: whole from there on.
    whole_at: u64,
    settings: Hot,
    failure: OnceLock<String>,
}

impl HotStore {
    /// Makes empty tables, and the folder that fills them.
    ///
    /// The database can read and write no file, load nothing, and its configuration is locked. Its memory limit is
    /// what the tables may take and, beyond that, what the queries may.
    ///
    /// # Errors
    ///
    /// When the database cannot be opened.
    pub fn open(settings: &Hot, query: &Query, head_seq: u64) -> Result<(Self, Folder), HotError> {
        let queries_mb = query.memory_mb_max.saturating_mul(query.running_max);
        let config = Config::default()
            .threads(2)?
            .max_memory(&format!("{}MB", settings.memory_mb_max.saturating_add(queries_mb)))?
            .enable_autoload_extension(false)?
            .with("autoinstall_known_extensions", "false")?
            .with("allow_community_extensions", "false")?
            .with("temp_directory", "")?
            .enable_external_access(false)?;
        let connection = Connection::open_in_memory_with_flags(config)?;
        for table in TABLES {
            connection.execute_batch(&table.create())?;
        }
        connection.execute_batch("SET lock_configuration = true")?;
        let connections = (0..READERS_MAX).map(|_| connection.try_clone()).collect::<Result<Vec<_>, _>>()?;
        let shared = Shared {
            root: Mutex::new(connection.try_clone()?),
            kept: TABLES.iter().map(|_| Kept::default()).collect(),
            connections: Mutex::new(connections),
            readers: Semaphore::new(READERS_MAX),
            applied_seq: AtomicU64::new(0),
            whole_at: head_seq,
            settings: settings.clone(),
            failure: OnceLock::new(),
        };
        let store = Self { shared: Arc::new(shared) };
        Ok((store.clone(), Folder::new(store, connection)))
    }

    /// A connection of its own, to be thrown away by whoever uses it.
    pub(crate) fn connect(&self) -> Result<Connection, HotError> {
        let root = self.shared.root.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(root.try_clone()?)
    }

    /// The last position that the tables contain.
    #[must_use]
    pub fn applied_seq(&self) -> u64 {
        self.shared.applied_seq.load(Ordering::Acquire)
    }

    /// Whether the tables contain everything that was in the log when the store was opened.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.shared.failure.get().is_none() && self.applied_seq() >= self.shared.whole_at
    }

    fn fail(&self, reason: String) {
        tracing::error!(reason, "the hot store has failed; recording goes on");
        // Only the first failure is the cause.
        let _ = self.shared.failure.set(reason);
    }

    /// # Errors
    ///
    /// While the tables are rebuilt, and once they have failed.
    pub(crate) fn ensure_whole(&self) -> Result<(), HotError> {
        if let Some(reason) = self.shared.failure.get() {
            return Err(HotError::Failed(reason.clone()));
        }
        if self.is_whole() {
            return Ok(());
        }
        Err(HotError::Rebuilding { applied: self.applied_seq(), head: self.shared.whole_at })
    }

    fn take_connection(&self) -> Option<Connection> {
        self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn return_connection(&self, connection: Connection) {
        self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}
