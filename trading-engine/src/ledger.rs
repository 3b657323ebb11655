//! What must survive: the snapshot of the state, the rows that belong to it, and the commands.
//!
//! A commit is whole or not at all: the rows, the state and the cursor go together. After a crash the events
//! after the last commit are folded again, so a commit may come late and never wrong. Commands cannot be read
//! again anywhere, so each is made durable, with its place, before it is folded. All of it happens on a thread
//! of its own ([`keep_on_a_thread`]).
//!
//! A ledger is a `DuckDB` file ([`DuckLedger`]) or a `PostgreSQL` database ([`PostgresLedger`]): the same tables,
//! derived from [`crate::tables`].

mod duck;
mod keeper;
mod postgres;
mod schema;

use std::path::{Path, PathBuf};
use std::time::Duration;

use goat::postgres::PostgresError;
use goat::values::{Seq, UnixMicros};

pub use duck::DuckLedger;
pub use keeper::{COMMITS_QUEUED_MAX, Ended, Keeper, Records, Taken, keep_on_a_thread};
pub use postgres::PostgresLedger;

use crate::chain::{Head, Link};
use crate::core::command::Command;
use crate::core::cycles::Cycle;
use crate::tables::duck::DuckError;
use crate::tables::{Batch, InvalidRow, Record, Recorded, Row, Shown, Table, Value, kept, shown};

/// The state at a position of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The log that the position belongs to.
    pub log_id: String,
    /// [`crate::snapshot::VERSION`] of the code that wrote it.
    pub version: u32,
    /// The last position that the state contains.
    pub cursor_seq: Seq,
    /// The ordinal of the last command that the state contains.
    pub command: u64,
    /// The encoded state.
    pub state: Vec<u8>,
}

/// What a ledger knows at the start of the process.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// The newest snapshot.
    pub snapshot: Snapshot,
    /// The closed cycles of the snapshot's log, oldest first.
    pub closed: Vec<Cycle>,
    /// Commands that the snapshot does not contain, in the order of their ordinals.
    pub commands: Vec<Logged>,
    /// The end of the chain of results.
    pub chain: Head,
}

/// A command with what the ledger knows of it besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// The log that its place belongs to.
    pub log_id: String,
    /// What the one who sent it calls it, so that it may be sent again.
    pub request_id: Option<String>,
    /// The command.
    pub command: Command,
}

/// What is written together.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Replaces the one before.
    pub snapshot: Snapshot,
    /// The first commit after a cold start: what the ledger has of this log and is computed anew is dropped.
    pub begins: bool,
    /// Rows that came about or changed since the commit before.
    pub rows: Batch,
    /// A full hour began since: what is too old for it goes.
    pub hour: Option<UnixMicros>,
}

/// A place that outlives the process. One process has it at a time.
pub trait Ledger: Send {
    /// The newest snapshot; none before the first commit.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LedgerError>;

    /// The rows of a table; of those that belong to a log only the ones of `log_id`, and of those with a time only
    /// the ones that are not older than `since`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn rows(
        &mut self,
        table: &'static Table,
        log_id: &str,
        since: Option<UnixMicros>,
    ) -> Result<Vec<Vec<Value>>, LedgerError>;

    /// The rows of a table with the column `seq`, of a log, after a position and up to another.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn rows_between(
        &mut self,
        table: &'static Table,
        log_id: &str,
        after: Seq,
        to: Seq,
    ) -> Result<Vec<Vec<Value>>, LedgerError>;

    /// The rows of the commands after an ordinal, in the order of their ordinals.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn commands_after(&mut self, ordinal: u64) -> Result<Vec<Vec<Value>>, LedgerError>;

    /// The row of the command that was sent under `request_id`; none when there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn command_of(&mut self, request_id: &str) -> Result<Option<Vec<Value>>, LedgerError>;

    /// The newest row of the chain of results; none before the first.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn newest_link(&mut self) -> Result<Option<Vec<Value>>, LedgerError>;

    /// Adds a command. When it returns, the command survives a crash.
    ///
    /// # Errors
    ///
    /// When it was not written, or the outcome is unknown.
    fn append(&mut self, command: &Logged) -> Result<(), LedgerError>;

    /// Writes a commit; the same once more changes nothing. When it returns, the commit survives a crash.
    ///
    /// # Errors
    ///
    /// When nothing of it was written, or the outcome is unknown.
    fn commit(&mut self, commit: &Commit) -> Result<(), LedgerError>;

    /// Writes everything to the new file `to`, as of the last commit; false when the ledger is no file, and whoever
    /// keeps it copies it.
    ///
    /// # Errors
    ///
    /// When there is a file at `to`, or it cannot be written whole. The ledger is as it was.
    fn back_up(&mut self, to: &Path) -> Result<bool, LedgerError>;
}

/// The newest snapshot with what belongs to it; none before the first commit.
///
/// # Errors
///
/// When it cannot be read.
pub fn load(ledger: &mut dyn Ledger) -> Result<Option<Saved>, LedgerError> {
    let Some(snapshot) = ledger.snapshot()? else { return Ok(None) };
    let cycles: Vec<Cycle> = recorded(&ledger.rows(Cycle::TABLE, &snapshot.log_id, None)?)?;
    let mut closed: Vec<Cycle> = cycles.into_iter().filter(|cycle| !cycle.is_active()).collect();
    closed.sort_by_key(|cycle| (cycle.end.map(|end| end.seq), cycle.id.threshold));
    let commands = recorded(&ledger.commands_after(snapshot.command)?)?;
    let chain = chain(ledger)?;
    Ok(Some(Saved { snapshot, closed, commands, chain }))
}

/// The end of the chain of results.
///
/// # Errors
///
/// When it cannot be read.
pub fn chain(ledger: &mut dyn Ledger) -> Result<Head, LedgerError> {
    let newest: Vec<Link> = recorded(&Vec::from_iter(ledger.newest_link()?))?;
    Ok(newest.first().map(Head::at).unwrap_or_default())
}

/// What has become too old: a table, its column of time, and the microseconds before which its rows go.
fn outdated(hour: UnixMicros) -> impl Iterator<Item = (&'static Table, &'static str, i64)> {
    kept().filter_map(move |(table, kept)| {
        let oldest = hour.get() - i64::from(kept.hours?) * 3_600_000_000;
        Some((table, table.age()?, oldest))
    })
}

/// The rows with which the workspace begins at an hour: of every table that both have.
///
/// # Errors
///
/// When they cannot be read.
pub fn shown_rows(ledger: &mut dyn Ledger, log_id: &str, hour: UnixMicros) -> Result<Batch, LedgerError> {
    let mut batch = Batch::default();
    for (table, shown) in shown().filter(|(table, _)| table.kept.is_some()) {
        let since = match shown {
            Shown::Always => None,
            Shown::Hours { hours, .. } => Some(hour.minus(Duration::from_secs(u64::from(hours) * 3600))),
        };
        for row in ledger.rows(table, log_id, since)? {
            batch.put_row(table, row);
        }
    }
    Ok(batch)
}

/// Records of their rows.
///
/// # Errors
///
/// When a row is none.
pub fn recorded<R: Recorded>(rows: &[Vec<Value>]) -> Result<Vec<R>, LedgerError> {
    let read = rows.iter().map(|row| R::recorded(&Row::new(R::TABLE, row)));
    Ok(read.collect::<Result<_, InvalidRow>>()?)
}

/// The documents of a table's rows.
///
/// # Errors
///
/// When the rows cannot be read, or have none.
pub fn documents(
    ledger: &mut dyn Ledger,
    table: &'static Table,
    log_id: &str,
) -> Result<Vec<String>, LedgerError> {
    let rows = ledger.rows(table, log_id, None)?;
    let text = |row: &Vec<Value>| Row::new(table, row).text(Table::DOCUMENT).map(str::to_owned);
    Ok(rows.iter().map(text).collect::<Result<_, InvalidRow>>()?)
}

/// The ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process has it.
    #[error("the ledger is in use by another trading-engine: {0} is locked")]
    Locked(String),
    /// It was written by other code; says what is different.
    #[error("the ledger {place} does not fit: {problem}")]
    DoesNotFit {
        /// The file, or the database.
        place: String,
        /// What is different.
        problem: String,
    },
    /// Its parts contradict one another.
    #[error("the ledger is damaged: {0}; start with --cold to compute it anew")]
    Damaged(String),
    /// A row is not what this version knows.
    #[error("the ledger has a row that this version cannot read: {0}")]
    Unreadable(#[from] InvalidRow),
    /// The file or its folder.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
    /// The database in the file.
    #[error("the ledger: {0}")]
    Duck(#[from] DuckError),
    /// The database on a server, or its address.
    #[error("{of}{0}", of = if matches!(.0, PostgresError::Address { .. }) { "" } else { "the ledger: " })]
    Postgres(#[from] PostgresError),
}

impl From<duckdb::Error> for LedgerError {
    fn from(error: duckdb::Error) -> Self {
        Self::Duck(error.into())
    }
}

impl From<tokio_postgres::Error> for LedgerError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error.into())
    }
}
