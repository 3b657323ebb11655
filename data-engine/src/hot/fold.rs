//! Fills the tables from the log.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use duckdb::types::Value;
use duckdb::{Connection, appender_params_from_iter};
use goat::prost_types::Timestamp;
use goat::service::Stop;
use goat::values::UnixMicros;
use goat::wire::market::{EventBatch, MarketEvent};
use prost::Message;
use tokio::runtime::Handle;

use super::pace::BookPace;
use super::tables::TABLES;
use super::{HotError, HotStore};
use crate::journal::{Chunk, Cursor, JournalError, Log, Start};

/// A flush costs about 0.3 ms whatever it holds, so rows wait for each other this long at most.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
const FLUSH_ROWS: usize = 8192;
/// By the log's clock and by ours: a table has at most so much more than it keeps.
const RETENTION_EVERY: Duration = Duration::from_mins(5);
/// Dropping rows costs as much for a minute of them as for an hour, and a recording may tell an hour in a second.
const BETWEEN_RETENTIONS: Duration = Duration::from_secs(2);
const READ_BYTES: usize = 1024 * 1024;

/// The one writer of the tables.
#[derive(Debug)]
pub struct Folder {
    store: HotStore,
    connection: Connection,
    rows: BTreeMap<&'static str, Vec<Vec<Value>>>,
    waiting: usize,
    read_seq: u64,
    newest: UnixMicros,
    retention: Retention,
    pace: BookPace,
}

/// When old rows were dropped last.
#[derive(Debug)]
struct Retention {
    /// By the log's clock.
    newest: UnixMicros,
    at: Instant,
}

/// The fold cannot go on.
#[derive(Debug, thiserror::Error)]
enum FoldError {
    /// The log cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The tables cannot be written.
    #[error(transparent)]
    Hot(#[from] HotError),
}

impl Folder {
    pub(super) fn new(store: HotStore, connection: Connection) -> Self {
        Self {
            store,
            connection,
            rows: BTreeMap::new(),
            waiting: 0,
            read_seq: 0,
            newest: UnixMicros::default(),
            retention: Retention { newest: UnixMicros::default(), at: Instant::now() },
            pace: BookPace::default(),
        }
    }

    /// Follows the log until stopped. Blocks its thread. When it cannot go on, the tables say so.
    pub fn run(mut self, log: &Log, runtime: &Handle, stop: &Stop) {
        yield_to_the_log();
        if let Err(error) = self.follow(log, runtime, stop) {
            self.store.fail(error.to_string());
        }
    }

    fn follow(&mut self, log: &Log, runtime: &Handle, stop: &Stop) -> Result<(), FoldError> {
        let mut cursor = log.cursor(Start::Oldest)?;
        for kept in &self.store.shared.kept {
            kept.begin(cursor.next_seq().saturating_sub(1));
        }
        let mut flushed = Instant::now();
        while !stop.is_cancelled() {
            let chunk = match next_chunk(&mut cursor) {
                // Retention was faster: the fold goes on with the oldest event that is left.
                Err(JournalError::TooOld { .. }) => {
                    cursor = log.cursor(Start::Oldest)?;
                    continue;
                }
                chunk => chunk?,
            };
            let at_head = chunk.is_none();
            if let Some(chunk) = chunk {
                self.take(&chunk);
            }
            let due = self.waiting >= FLUSH_ROWS || flushed.elapsed() >= FLUSH_EVERY || at_head;
            if due && self.read_seq > self.store.applied_seq() {
                self.flush()?;
                flushed = Instant::now();
            }
            if self.retention.is_due(self.newest, at_head) {
                self.tidy()?;
                self.retention = Retention { newest: self.newest, at: Instant::now() };
            }
            if at_head {
                let read_seq = self.read_seq;
                runtime.block_on(async {
                    tokio::select! {
                        _ = log.grown_past(read_seq) => tokio::time::sleep(FLUSH_EVERY).await,
                        () = tokio::time::sleep(Duration::from_secs(1)) => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
        }
        Ok(())
    }

    fn take(&mut self, chunk: &Chunk) {
        for payload in &chunk.payloads {
            // The block's checksum held, so what does not decode was written by a newer version.
            let Ok(batch) = EventBatch::decode(payload.as_ref()) else { continue };
            for event in &batch.events {
                self.take_event(event);
            }
        }
        self.read_seq = chunk.last_seq;
    }

    fn take_event(&mut self, event: &MarketEvent) {
        let moment = |time: Option<Timestamp>| time.and_then(|time| UnixMicros::try_from(time).ok());
        let event_time = moment(event.event_time).unwrap_or_default();
        self.newest = self.newest.max(moment(event.received_time).unwrap_or_default());
        if !self.pace.admits(event, event_time) {
            return;
        }
        for table in TABLES {
            if let Some(row) = table.row(event) {
                self.rows.entry(table.name).or_default().push(row);
                self.waiting += 1;
            }
        }
    }

    fn flush(&mut self) -> Result<(), HotError> {
        for (table, rows) in &mut self.rows {
            if rows.is_empty() {
                continue;
            }
            let mut appender = self.connection.appender(table)?;
            for row in rows.drain(..) {
                appender.append_row(appender_params_from_iter(row))?;
            }
            appender.flush()?;
        }
        self.waiting = 0;
        self.store.shared.applied_seq.store(self.read_seq, Ordering::Release);
        Ok(())
    }

    /// Drops what is older than its table keeps. Only a checkpoint gives the memory back.
    fn tidy(&self) -> Result<(), HotError> {
        let settings = &self.store.shared.settings;
        self.store.drop_rows(&self.connection, |table, newest| {
            newest.minus(Duration::from_secs(u64::from(table.retention_hours(settings)) * 3600))
        })?;
        self.connection.execute_batch("CHECKPOINT")?;
        Ok(())
    }
}

impl Retention {
    fn is_due(&self, newest: UnixMicros, at_head: bool) -> bool {
        let (in_the_log, here) = (newest.since(self.newest), self.at.elapsed());
        here >= RETENTION_EVERY || in_the_log >= RETENTION_EVERY && (at_head || here >= BETWEEN_RETENTIONS)
    }
}

/// The tables may be some milliseconds late, what is recorded and streamed may not: where they want the same core, the
/// thread of the tables waits.
fn yield_to_the_log() {
    const NICE: i32 = 10;
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "the tables are filled at the priority of everything else");
    }
}

fn next_chunk(cursor: &mut Cursor) -> Result<Option<Chunk>, JournalError> {
    if let Some(chunk) = cursor.read_memory(READ_BYTES) {
        return Ok(Some(chunk));
    }
    cursor.read_disk(READ_BYTES)
}
