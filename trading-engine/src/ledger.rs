//! What must survive: the snapshot of the state and the rows that belong to it.
//!
//! A commit is whole or not at all: the rows, the state and the cursor go together. After a crash the events
//! after the last commit are folded again, so a commit may come late and never wrong. Commits are made on a
//! thread of their own ([`commit_on_a_thread`]); the core does not wait for the disk.

mod duck;
mod schema;

use std::path::PathBuf;
use std::time::Instant;

use goat::values::Seq;
use tokio::sync::{mpsc, oneshot};

pub use duck::DuckLedger;

use crate::Outcome;
use crate::core::cycles::Cycle;

/// Commits that may wait for the disk. A full queue makes the next commit larger, not the core slower.
pub const COMMITS_QUEUED_MAX: usize = 1;

/// The state at a position of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The log that the position belongs to.
    pub log_id: String,
    /// [`crate::snapshot::VERSION`] of the code that wrote it.
    pub version: u32,
    /// The last position that the state contains.
    pub cursor_seq: Seq,
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
}

/// What is written together.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Replaces the one before.
    pub snapshot: Snapshot,
    /// The first commit after a cold start: what the ledger has of this log is dropped.
    pub begins: bool,
    /// Cycles that ended since the commit before.
    pub closed: Vec<Cycle>,
    /// The cycles that are active now; they replace those of the commit before.
    pub active: Vec<Cycle>,
}

/// A place that outlives the process.
pub trait Ledger: Send {
    /// The newest snapshot with its rows; none before the first commit.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or when its parts contradict one another.
    fn load(&mut self) -> Result<Option<Saved>, LedgerError>;

    /// Writes a commit. When it returns, the commit survives a crash.
    ///
    /// # Errors
    ///
    /// When nothing of it was written.
    fn commit(&mut self, commit: &Commit) -> Result<(), LedgerError>;
}

/// The ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process has it.
    #[error("the ledger is in use by another trading-engine: {0} is locked")]
    Locked(PathBuf),
    /// It was written by other code; says what is different.
    #[error("the ledger {path} does not fit: {problem}")]
    DoesNotFit {
        /// The file.
        path: PathBuf,
        /// What is different.
        problem: String,
    },
    /// Its parts contradict one another.
    #[error("the ledger is damaged: {0}; start with --cold to compute it anew")]
    Damaged(String),
    /// The file or its folder.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
    /// The database.
    #[error("the ledger: {0}")]
    Database(#[from] duckdb::Error),
}

/// Commits what comes through the returned queue until it is closed, on a thread of its own.
///
/// The outcome comes when the thread ends: after the last commit, or at the first that failed.
///
/// # Errors
///
/// When the thread cannot be started.
pub fn commit_on_a_thread(
    mut ledger: Box<dyn Ledger>,
) -> std::io::Result<(mpsc::Sender<Commit>, Outcome<LedgerError>)> {
    let (queue, mut commits) = mpsc::channel::<Commit>(COMMITS_QUEUED_MAX);
    let (told, outcome) = oneshot::channel();
    std::thread::Builder::new().name("ledger".to_owned()).spawn(move || {
        let mut ended = Ok(());
        while let Some(commit) = commits.blocking_recv() {
            let began = Instant::now();
            ended = ledger.commit(&commit);
            if ended.is_err() {
                break;
            }
            metrics::histogram!("goat_trading_commit_seconds").record(began.elapsed());
        }
        drop(commits);
        // The receiver is gone only when the service is.
        let _ = told.send(ended);
    })?;
    Ok((queue, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct FullDisk;

    impl Ledger for FullDisk {
        fn load(&mut self) -> Result<Option<Saved>, LedgerError> {
            Ok(None)
        }

        fn commit(&mut self, _: &Commit) -> Result<(), LedgerError> {
            Err(LedgerError::File("ledger".into(), std::io::ErrorKind::StorageFull.into()))
        }
    }

    #[tokio::test]
    async fn the_first_commit_that_fails_is_the_last_and_says_why() {
        let (queue, outcome) = commit_on_a_thread(Box::new(FullDisk)).unwrap();
        let snapshot = Snapshot { log_id: "log".into(), version: 1, cursor_seq: Seq::new(1), state: vec![] };
        let commit = Commit { snapshot, begins: true, closed: vec![], active: vec![] };

        queue.send(commit).await.unwrap();

        assert_eq!(outcome.await.unwrap().unwrap_err().to_string(), "ledger: no storage space");
        assert!(queue.is_closed());
    }
}
