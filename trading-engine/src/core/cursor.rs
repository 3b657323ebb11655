//! How far the log was read.

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

/// The last position that the state contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The position; 0 before the first.
    pub seq: Seq,
    /// The ordinal of the last command that the state contains; 0 before the first.
    pub command: u64,
    event_micros: Option<i64>,
}

impl Cursor {
    /// Where everything up to `seq` was read and nothing made of it.
    pub(super) fn after(seq: Seq) -> Self {
        Self { seq, ..Self::default() }
    }

    pub(super) fn note(&mut self, event_time: Option<UnixMicros>) {
        self.event_micros = event_time.map(UnixMicros::get).or(self.event_micros);
    }

    /// The time of the last event that was read; none before the first.
    #[must_use]
    pub fn event_time(&self) -> Option<UnixMicros> {
        self.event_micros.and_then(|micros| UnixMicros::new(micros).ok())
    }
}
