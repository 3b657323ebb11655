//! What a table no longer has.

use std::sync::{Mutex, PoisonError};

use duckdb::Connection;
use goat::values::UnixMicros;

use super::tables::{TABLES, TableSpec};
use super::{HotError, HotStore};

/// Rows that were dropped from a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    /// Rows up to this position may be gone; every later one is there. 0 when nothing was dropped.
    pub(super) through_seq: u64,
    /// Rows from this event time on are there, whatever their position; none when the log itself begins later.
    pub(super) before: Option<UnixMicros>,
}

/// What a table no longer has, as the folder tells its readers.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Dropped>);

impl Kept {
    /// The log begins after `seq`.
    pub(super) fn begin(&self, seq: u64) {
        *self.lock() = Dropped { through_seq: seq, before: None };
    }

    /// Rows before `time` are about to be dropped, the last of them at `seq`.
    pub(super) fn drop_through(&self, seq: u64, time: UnixMicros) {
        let mut dropped = self.lock();
        *dropped = Dropped { through_seq: dropped.through_seq.max(seq), before: Some(time) };
    }

    pub(super) fn get(&self) -> Dropped {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Dropped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HotStore {
    /// Drops the rows of each table that are older than `oldest` says.
    pub(crate) fn drop_rows(
        &self,
        connection: &Connection,
        oldest: impl Fn(&TableSpec) -> UnixMicros,
    ) -> Result<(), HotError> {
        for (table, kept) in TABLES.iter().zip(&self.shared.kept) {
            let oldest = oldest(table);
            let last: Option<u64> = connection.query_row(
                &format!("SELECT max(seq) FROM {} WHERE event_time < make_timestamp(?)", table.name),
                [oldest.get()],
                |row| row.get(0),
            )?;
            let Some(last) = last else { continue };
            // Said before it is done: a reader that misses a row finds the reason.
            kept.drop_through(last, oldest);
            let dropped = connection.execute(
                &format!("DELETE FROM {} WHERE event_time < make_timestamp(?)", table.name),
                [oldest.get()],
            )?;
            metrics::counter!("goat_hot_rows_dropped_total", "table" => table.name).increment(dropped as u64);
        }
        Ok(())
    }
}
