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
pub(crate) use copy::EPOCH_MICROS;
pub use history::{Coverage, History, Page, Range};
pub use status::Archive;
pub use target::Target;

use crate::journal::JournalError;

/// The archive cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// `archive.url` cannot be used.
    #[error("archive.url {0}")]
    Target(String),
    /// The server said no, or is not there.
    #[error("the archive failed: {0}{cause}", cause = cause(.0))]
    Database(#[from] tokio_postgres::Error),
    /// The server said nothing.
    #[error("the archive did not answer within {0} ms while {1}")]
    Silent(u128, &'static str),
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

/// What the client's own sentence leaves out, such as that a connection was refused.
fn cause(error: &tokio_postgres::Error) -> String {
    let said = error.to_string();
    let cause = std::error::Error::source(error).map(ToString::to_string);
    cause
        .filter(|cause| !said.contains(cause.as_str()))
        .map_or_else(String::new, |cause| format!(": {cause}"))
}
