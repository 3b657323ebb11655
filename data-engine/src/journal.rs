//! The append-only log: the truth that everything else is rebuilt from.
//!
//! ```text
//! journal/00000000000000000001.seg   segment header, then blocks
//! block   = len | count | first_seq | time | payload crc | header crc | payload
//! payload = the `events` field of the stream's batch message, already encoded
//! ```
//!
//! One thread writes ([`Writer`]); any number of readers follow ([`Log`], [`Cursor`]). An event is durable,
//! and visible to readers, when [`Writer::append`] has returned: after `fdatasync` with
//! `journal.sync = always`, after `write` with `os`. A failed sync is final: the writer refuses all further work.
//!
//! **Invariant:** positions are 1, 2, 3, … over blocks and segments, without a hole.
//!
//! A segment is deleted when a new one is begun: the oldest first, once it is older than `journal.retention_hours`
//! or `journal.disk_bytes_max` leaves no room, and never before it is archived, when there is an archive.
//!
//! At start every block is checked. A write that was cut short by a crash can only be the last one of the
//! last segment: it is removed, and said so. Anything else that does not fit is damage: the service does not
//! start, and names file, offset and position (`data-engine journal verify`, `… repair`).

mod block;
mod copy;
mod cursor;
mod disk;
mod log;
mod origin;
mod recovery;
mod retention;
mod segment;
mod writer;

#[cfg(test)]
mod tests;

use std::io;

pub use block::{BLOCK_BYTES_MAX, BLOCK_EVENTS_MAX};
pub use copy::copy;
pub use cursor::{Chunk, Cursor};
pub use disk::{Directory, Disk, DiskFile};
pub use log::{Head, Log, Start};
pub use recovery::{Inspection, Recovered, TornTail, inspect, recover, repair};
pub use retention::Watermark;
pub use segment::LogId;
pub use writer::{WriteError, Writer};

/// The journal cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The bytes on disk are not what was written.
    #[error("the journal is damaged: {file} at byte {offset}, where position {seq} should be: {what}")]
    Damaged {
        /// The segment.
        file: String,
        /// Where in it.
        offset: u64,
        /// The position that should be there.
        seq: u64,
        /// What was found instead.
        what: String,
    },
    /// Reading or writing failed.
    #[error("the journal cannot be {doing}: {file}: {source}")]
    Io {
        /// read, written, …
        doing: &'static str,
        /// The file or directory.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The position is older than what is kept.
    #[error("position {wanted} is no longer kept; the oldest is {oldest}")]
    TooOld {
        /// The position asked for.
        wanted: u64,
        /// The oldest one kept.
        oldest: u64,
    },
}

impl JournalError {
    fn io(doing: &'static str, file: &str, source: io::Error) -> Self {
        Self::Io { doing, file: file.to_owned(), source }
    }
}
