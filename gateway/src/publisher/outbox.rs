//! What was composed and what became of it: a file that the gateway owns.
//!
//! `SQLite` in `<data_dir>/gateway/outbox.sqlite`, locked by one process, every commit on the disk before it counts. A
//! post or an alert is kept under the id of what it tells, so that it is composed once, whatever happens.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use goat::values::UnixMicros;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

mod alerts;
mod posts;
mod schema;

pub(crate) use alerts::{Alert, KINDS, Kept, Message, MessageState, Severity};
pub(crate) use posts::{Post, PostState};

/// In the outbox's folder.
pub(crate) const FILE: &str = "outbox.sqlite";
/// Another process may be ending.
const LOCKED_WITHIN: Duration = Duration::from_secs(5);

/// The outbox cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboxError {
    /// `SQLite` says so.
    #[error("the outbox: {0}")]
    Database(#[from] rusqlite::Error),
    /// Its folder cannot be made.
    #[error("the outbox: {0}")]
    Folder(#[from] std::io::Error),
    /// A row is not what was written.
    #[error("the outbox is damaged: {0}")]
    Damaged(String),
    /// A newer version wrote it.
    #[error("the outbox has version {found}, and this program knows {known}")]
    Newer {
        /// Of the file.
        found: i64,
        /// Of the program.
        known: i64,
    },
    /// The work was not done.
    #[error("the outbox: {0}")]
    Interrupted(String),
}

/// The file, opened. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct Outbox(Arc<Mutex<Connection>>);

impl Outbox {
    /// Opens the outbox under `directory`, makes it when there is none, and takes what was under way as unknown.
    ///
    /// # Errors
    ///
    /// When another process has it, or it is damaged or newer.
    pub(crate) fn open(directory: &Path) -> Result<Self, OutboxError> {
        std::fs::create_dir_all(directory)?;
        Self::on(Connection::open(directory.join(FILE))?)
    }

    fn on(mut connection: Connection) -> Result<Self, OutboxError> {
        connection.busy_timeout(LOCKED_WITHIN)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        schema::bring_up_to_date(&mut connection)?;
        {
            let books = Books(connection.transaction()?);
            books.recover()?;
            books.0.commit()?;
        }
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Writes a copy as of now into `folder`, where it takes the place of the one before; beside it first, synced, and
    /// renamed, so that there is a whole copy or none. Says its size.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) async fn back_up(&self, folder: &Path) -> Result<u64, OutboxError> {
        let (shared, folder) = (Arc::clone(&self.0), folder.to_owned());
        let copied = tokio::task::spawn_blocking(move || {
            // One copy at a time, and nothing else meanwhile.
            let connection = shared.lock().unwrap_or_else(PoisonError::into_inner);
            copy(&connection, &folder)
        });
        copied.await.map_err(|error| OutboxError::Interrupted(error.to_string()))?
    }

    /// Does `work` in one transaction, on a thread that may wait for the disk.
    ///
    /// # Errors
    ///
    /// Those of the work. Nothing of it is kept then.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Books<'_>) -> Result<T, OutboxError> + Send + 'static,
    ) -> Result<T, OutboxError> {
        let shared = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let mut connection = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let books = Books(connection.transaction()?);
            let result = work(&books)?;
            books.0.commit()?;
            Ok(result)
        });
        done.await.map_err(|error| OutboxError::Interrupted(error.to_string()))?
    }
}

fn copy(connection: &Connection, folder: &Path) -> Result<u64, OutboxError> {
    std::fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!("{FILE}.new"));
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let path = unfinished.to_str().ok_or_else(|| std::io::Error::other("the path is no text"))?;
    connection.execute("VACUUM INTO ?1", [path])?;
    let file = std::fs::File::open(&unfinished)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(FILE))?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(file.metadata()?.len())
}

/// The outbox within a transaction.
pub(crate) struct Books<'a>(Transaction<'a>);

impl Books<'_> {
    /// A thing that was remembered.
    pub(crate) fn remembered<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, OutboxError> {
        let found: Option<String> = self
            .0
            .query_row("SELECT value FROM memory WHERE name = ?1", [name], |row| row.get(0))
            .optional()?;
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|error| OutboxError::Damaged(format!("{name}: {error}")))
        };
        found.map(read).transpose()
    }

    /// Remembers a thing under a name, instead of what was there.
    pub(crate) fn remember(&self, name: &str, value: &impl serde::Serialize) -> Result<(), OutboxError> {
        let text = serde_json::to_string(value)
            .map_err(|error| OutboxError::Damaged(format!("{name} cannot be written: {error}")))?;
        self.0.execute(
            "INSERT INTO memory (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, text],
        )?;
        Ok(())
    }

    /// Forgets it.
    pub(crate) fn forget(&self, name: &str) -> Result<(), OutboxError> {
        self.0.execute("DELETE FROM memory WHERE name = ?1", [name])?;
        Ok(())
    }
}

/// A moment as it is kept: microseconds since 1970.
fn time(micros: i64) -> Result<UnixMicros, OutboxError> {
    UnixMicros::new(micros).map_err(|error| OutboxError::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests;
