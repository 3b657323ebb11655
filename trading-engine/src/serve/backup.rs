//! A copy of the ledger, for a backup.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goat::error::{Kind, internal};
use goat::wire::trading as wire;
use tokio::sync::Mutex;
use tonic::Status;

use super::Trading;
use crate::ledger::{LedgerError, Records, Snapshot};
use crate::snapshot::hash_of;

/// In the ledger's folder.
const FOLDER: &str = "backup";
const FILE: &str = "ledger.duckdb";
const UNFINISHED: &str = "ledger.duckdb.new";

/// How copies are made.
#[derive(Debug, Clone)]
pub struct Backups {
    records: Records,
    /// Where the ledger lies.
    folder: PathBuf,
    /// One at a time.
    turn: Arc<Mutex<()>>,
}

/// A copy that was not made.
#[derive(Debug, thiserror::Error)]
enum BackupError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    File(#[from] io::Error),
}

impl Backups {
    /// Copies of the ledger in `folder`.
    #[must_use]
    pub fn new(records: Records, folder: PathBuf) -> Self {
        Self { records, folder, turn: Arc::default() }
    }

    /// Written beside, synced, and renamed: there is a whole copy or none. Blocks the thread.
    fn write(&self) -> Result<Option<(Snapshot, u64)>, BackupError> {
        let folder = self.folder.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        let unfinished = folder.join(UNFINISHED);
        for left_behind in [unfinished.clone(), folder.join(format!("{UNFINISHED}.wal"))] {
            remove(&left_behind)?;
        }
        let ended = |_| io::Error::other("the ledger's thread has ended");
        let Some(snapshot) = self.records.back_up(unfinished.clone()).map_err(ended)?? else {
            return Ok(None);
        };
        let (whole, bytes) = (folder.join(FILE), std::fs::metadata(&unfinished)?.len());
        std::fs::rename(unfinished, whole)?;
        File::open(&folder)?.sync_all()?;
        Ok(Some((snapshot, bytes)))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Trading {
    pub(super) async fn back_up_ledger(&self) -> Result<wire::BackUpLedgerResponse, Status> {
        let backups = self.backups.clone();
        let turn = Arc::clone(&backups.turn).lock_owned().await;
        let written = tokio::task::spawn_blocking(move || {
            let written = backups.write();
            drop(turn);
            written
        });
        let written = written.await.map_err(|error| internal("copying the ledger", &error))?;
        let Some((snapshot, bytes)) = written.map_err(|error| internal("copying the ledger", &error))? else {
            return Err(Kind::Precondition.status(
                "there is no ledger to copy: nothing was committed yet, or it lies in PostgreSQL, which pg_dump copies",
            ));
        };
        Ok(wire::BackUpLedgerResponse {
            path: format!("trading/{FOLDER}/{FILE}"),
            bytes,
            log_id: snapshot.log_id,
            cursor_seq: snapshot.cursor_seq.get(),
            state_hash: hash_of(&snapshot.state),
        })
    }
}
