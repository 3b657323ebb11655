//! Nonces of posts that were answered with success: none is taken twice, also after a restart.
//!
//! A nonce is written after its post's events are durable and before the answer. So a sender that got no answer can
//! send the same post again: whatever of it was recorded is known by its signature and recorded once. Only when the
//! process dies, or the connection breaks, in the moment between that write and the answer's arrival is the second
//! attempt refused as used; its events are in the log by then.
//!
//! - [`memory`]: which nonces are used, under way or forgotten. Pure.
//! - [`files`]: what of it survives.

mod files;
mod memory;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use goat::settings::Sync;
use goat::values::UnixMicros;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use self::files::{Files, WriteError};
pub use self::memory::Unavailable;
use self::memory::{Memory, Minute};

/// Nonces that may wait to be written; more wait outside.
const QUEUE_MAX: usize = 256;

/// 128 bits of a nonce's SHA-256.
type Key = [u8; 16];

/// The nonces. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Nonces {
    memory: Arc<Mutex<Memory>>,
    queue: mpsc::Sender<Used>,
}

/// A nonce that is about to be used, and is written at `now`.
#[derive(Debug)]
struct Used {
    key: Key,
    minute: Minute,
    now: i64,
    outcome: oneshot::Sender<Result<(), Unwritten>>,
}

/// The nonce is not used up: its post must not be answered with success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the nonce cannot be written")]
pub struct Unwritten;

/// Opens the nonces in `directory`; the writer must run for any of them to be used up.
///
/// # Errors
///
/// When the directory cannot be read or written.
pub fn open(directory: &Path, sync: Sync, window: Duration) -> io::Result<(Nonces, Writer)> {
    let window_seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    let mut memory = Memory::new(window_seconds);
    let files = Files::open(directory, sync, &mut memory)?;
    let memory = Arc::new(Mutex::new(memory));
    let (queue, waiting) = mpsc::channel(QUEUE_MAX);
    let writer = Writer { files, memory: Arc::clone(&memory), waiting };
    Ok((Nonces { memory, queue }, writer))
}

impl Nonces {
    /// Keeps every other post with this nonce out, until the reservation is dropped. The post must have been verified,
    /// its `timestamp` included.
    ///
    /// # Errors
    ///
    /// When the nonce is used, under way or forgotten, or there is no room.
    pub fn reserve(&self, nonce: &str, timestamp: i64, now: UnixMicros) -> Result<Reservation, Unavailable> {
        let (key, minute) = (key(nonce), Minute::of(timestamp));
        let now = now.get().div_euclid(1_000_000);
        lock(&self.memory).reserve(key, minute, now)?;
        Ok(Reservation { nonces: self.clone(), key, minute, now })
    }
}

/// A nonce that nobody else can use meanwhile.
#[derive(Debug)]
pub struct Reservation {
    nonces: Nonces,
    key: Key,
    minute: Minute,
    now: i64,
}

impl Reservation {
    /// Uses the nonce up, for good once this returns.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn use_up(self) -> Result<(), Unwritten> {
        let (outcome, told) = oneshot::channel();
        let used = Used { key: self.key, minute: self.minute, now: self.now, outcome };
        self.nonces.queue.send(used).await.map_err(|_| Unwritten)?;
        told.await.map_err(|_| Unwritten)?
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        lock(&self.nonces.memory).release(&self.key);
    }
}

/// Writes nonces, those that wait together with one sync.
#[derive(Debug)]
pub struct Writer {
    files: Files,
    memory: Arc<Mutex<Memory>>,
    waiting: mpsc::Receiver<Used>,
}

impl Writer {
    /// Works until every [`Nonces`] is gone.
    ///
    /// # Errors
    ///
    /// When a sync failed: it is never tried again, and only a restart tells what the disk holds.
    pub fn run(mut self) -> io::Result<()> {
        while let Some(first) = self.waiting.blocking_recv() {
            let mut group = vec![first];
            while group.len() < QUEUE_MAX
                && let Ok(next) = self.waiting.try_recv()
            {
                group.push(next);
            }
            self.commit(group)?;
        }
        Ok(())
    }

    fn commit(&mut self, mut group: Vec<Used>) -> io::Result<()> {
        // Whoever hung up was not answered, and may send the same again.
        group.retain(|used| !used.outcome.is_closed());
        let Some(now) = group.iter().map(|used| used.now).max() else { return Ok(()) };
        let mut by_minute: BTreeMap<Minute, Vec<Used>> = BTreeMap::new();
        for used in group {
            by_minute.entry(used.minute).or_default().push(used);
        }
        for (minute, posts) in by_minute {
            self.commit_minute(minute, posts)?;
        }
        let expired = lock(&self.memory).forget_expired(now);
        if let Some(newest) = expired
            && let Err(error) = self.files.forget(newest)
        {
            // They stay, and are tried again when the next ones expire.
            tracing::warn!(%error, "the files of forgotten nonces cannot be removed");
        }
        Ok(())
    }

    fn commit_minute(&mut self, minute: Minute, posts: Vec<Used>) -> io::Result<()> {
        let keys: Vec<Key> = posts.iter().map(|used| used.key).collect();
        if let Err(error) = self.files.append(minute, &keys) {
            tracing::error!(%error, posts = posts.len(), "the nonces of posts cannot be written");
            for used in posts {
                // Whoever hung up does not mind.
                let _ = used.outcome.send(Err(Unwritten));
            }
            return match error {
                WriteError::NotWritten(_) => Ok(()),
                WriteError::Uncertain(error) => Err(error),
            };
        }
        let mut memory = lock(&self.memory);
        for used in posts {
            // Told under the lock: the nonce is known before anybody else can ask for it.
            if used.outcome.send(Ok(())).is_ok() {
                memory.use_up(used.key, minute);
            }
        }
        Ok(())
    }
}

fn key(nonce: &str) -> Key {
    let digest = Sha256::digest(nonce);
    let mut key = Key::default();
    for (to, from) in key.iter_mut().zip(digest) {
        *to = from;
    }
    key
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
