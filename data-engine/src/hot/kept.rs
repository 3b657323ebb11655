//! What a table no longer has.

use std::sync::{Mutex, PoisonError};

use goat::values::UnixMicros;

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
