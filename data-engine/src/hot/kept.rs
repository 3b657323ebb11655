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

/// Rows that a reader asked for and that may have been dropped before it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// Up to this position; every later row is there.
    pub through_seq: u64,
    /// Before this event time; none when the log itself begins later.
    pub before: Option<UnixMicros>,
}

impl Dropped {
    /// What may be missing of the rows after a position and since a moment.
    pub(super) fn missing(self, after_seq: u64, since: UnixMicros) -> Option<Missing> {
        let Self { through_seq, before } = self;
        let touched = through_seq > after_seq && before.is_none_or(|before| before > since);
        touched.then_some(Missing { through_seq, before })
    }
}

/// What a table no longer has, as the folder tells its readers.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Dropped>);

impl Kept {
    /// The log begins after `seq`.
    pub(super) fn begin(&self, seq: u64) {
        *self.lock() = Dropped { through_seq: seq, before: None };
    }

    /// Rows are about to be dropped, all of them before `time`, the last of them at `seq`.
    pub(super) fn drop_through(&self, seq: u64, time: UnixMicros) {
        let mut dropped = self.lock();
        let before = dropped.before.map_or(time, |before| before.max(time));
        *dropped = Dropped { through_seq: dropped.through_seq.max(seq), before: Some(before) };
    }

    pub(super) fn get(&self) -> Dropped {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Dropped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HotStore {
    /// Drops the rows of each table that came before `oldest` says, which is told when the table's newest row came: so no
    /// table is emptied by what another one was told, nor by a time that a sender made up.
    pub(crate) fn drop_rows(
        &self,
        connection: &Connection,
        oldest: impl Fn(&TableSpec, UnixMicros) -> UnixMicros,
    ) -> Result<(), HotError> {
        const OLD: &str = "received_time < make_timestamp(?)";
        for (table, kept) in TABLES.iter().zip(&self.shared.kept) {
            let name = table.name;
            let newest = format!("SELECT epoch_us(max(received_time)) FROM {name}");
            let newest: Option<i64> = connection.query_row(&newest, [], |row| row.get(0))?;
            let Some(newest) = newest.and_then(|micros| UnixMicros::new(micros).ok()) else { continue };
            let oldest = oldest(table, newest);
            let (last, latest): (Option<u64>, Option<i64>) = connection.query_row(
                &format!("SELECT max(seq), epoch_us(max(event_time)) FROM {name} WHERE {OLD}"),
                [oldest.get()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let (Some(last), Some(latest)) = (last, latest) else { continue };
            // Said before it is done: a reader that misses a row finds the reason.
            let after_them = UnixMicros::new(latest.saturating_add(1)).unwrap_or_default();
            kept.drop_through(last, oldest.max(after_them));
            let dropped = connection.execute(&format!("DELETE FROM {name} WHERE {OLD}"), [oldest.get()])?;
            metrics::counter!("goat_hot_rows_dropped_total", "table" => name).increment(dropped as u64);
        }
        Ok(())
    }
}
