//! The archive: every event in `PostgreSQL`, in the same tables as the hot store, each exactly once.
//!
//! ```text
//! journal → cursor → rows (COPY BINARY) ─┐ one transaction of at most `archive.batch_rows` rows
//!                    progress ───────────┘
//! ```
//!
//! The archiver is one more reader of the log: when the server is away its cursor waits, and nothing else does.
//! Progress stands in the same transaction as the rows, so a batch whose outcome is unknown is asked about, not
//! repeated. A table has the columns of the hot store and `log`, the number of the log in `archive_progress`:
//! positions of different logs cannot be compared.

mod archiver;
mod batch;
mod copy;
mod history;
mod partitions;
mod schema;
mod session;
mod status;
mod target;

#[cfg(test)]
pub(crate) mod tests;

pub use archiver::Archiver;
pub(crate) use goat::postgres::copy::EPOCH_MICROS;
pub use history::{Coverage, History, Page, Range};
pub use status::Archive;
pub use target::Target;

use goat::postgres::PostgresError;

use crate::journal::JournalError;

/// The archive cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// `archive.url` cannot be used, or the server said no, or nothing.
    #[error("{failed}{0}", failed = if matches!(.0, PostgresError::Address { .. }) { "" } else { "the archive failed: " })]
    Server(#[from] PostgresError),
    /// What is there is not what we write to.
    #[error("the archive's schema does not fit: {0}")]
    Schema(String),
    /// Somebody else wrote, or the log was set back.
    #[error("the archive holds position {found} of this log, where {expected} was expected")]
    Progress {
        /// What its progress says.
        found: u64,
        /// What we know.
        expected: u64,
    },
    /// There is no such table.
    #[error("there is no table {0:?} in the archive")]
    UnknownTable(String),
    /// The log cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Our mistake.
    #[error("the archive failed: {0}")]
    Internal(String),
}

impl From<tokio_postgres::Error> for ArchiveError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error.into())
    }
}
