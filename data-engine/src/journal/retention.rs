//! Which segments go, and when.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use goat::event::{FeedEvent, FeedEventKind, Observation, Payload, Source};
use goat::values::UnixMicros;

use super::disk::Disk;
use super::log::{Head, Log};
use super::origin::Origin;
use super::segment::{Segment, file_name};
use super::writer::WriteError;

/// Deleting a large file takes a disk some milliseconds, so old ones go a few at a time.
const OLD_AT_ONCE_MAX: u32 = 4;

/// How far the log has been archived. Cloning shares it; the default says that there is no archive.
#[derive(Debug, Clone, Default)]
pub struct Watermark(Option<Arc<AtomicU64>>);

impl Watermark {
    /// There is an archive, and it has nothing yet.
    #[must_use]
    pub fn at_zero() -> Self {
        Self(Some(Arc::default()))
    }

    /// The archive holds everything up to `seq`.
    pub fn reached(&self, seq: u64) {
        if let Some(archived) = &self.0 {
            archived.fetch_max(seq, Ordering::AcqRel);
        }
    }

    /// The last position that is archived; 0 when there is no archive.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.0.as_ref().map_or(0, |archived| archived.load(Ordering::Acquire))
    }

    /// Whether there is an archive.
    fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the log may forget everything up to `seq`.
    fn lets_go(&self, seq: u64) -> bool {
        self.0.is_none() || self.seq() >= seq
    }
}

/// The rules by which segments go.
#[derive(Debug)]
pub(super) struct Retention {
    pub(super) age_max: Duration,
    pub(super) bytes_max: u64,
    /// What the next segment will take.
    pub(super) segment_bytes: u64,
    pub(super) archived: Watermark,
}

/// The oldest segment, as retention judges it.
#[derive(Debug, Clone, Copy)]
struct Oldest {
    first_seq: u64,
    last_seq: u64,
    /// The newest event time before its beginning.
    time_before: UnixMicros,
    /// The newest event time up to its end.
    time: UnixMicros,
    /// Of all segments together.
    bytes: u64,
}

/// A segment that goes though it is young and nobody else has it.
#[derive(Debug)]
pub(super) struct Forgotten {
    oldest: Oldest,
    bytes_max: u64,
}

impl Forgotten {
    /// What the log is told of it.
    ///
    /// It happens at the log's newest time: a replayed world must not look old beside it.
    pub(super) fn as_observation(&self, head: Head, now: UnixMicros) -> Observation {
        let Oldest { first_seq, last_seq, time_before, time, bytes } = self.oldest;
        let reason = format!(
            "positions {first_seq} to {last_seq} are deleted: the journal takes {bytes} bytes, \
             journal.disk_bytes_max is {}, and there is no archive",
            self.bytes_max
        );
        let event = FeedEvent {
            feed: "journal".into(),
            kind: FeedEventKind::Forgotten,
            symbol: None,
            from: Some(time_before).filter(|time| *time > UnixMicros::default()),
            to: Some(time),
            reason,
        };
        Observation {
            event_time: head.time,
            received_time: now,
            source: Source::Engine,
            source_position: 0,
            payload: Payload::Feed(event),
        }
    }
}

impl Retention {
    /// The oldest segment, when there is no room for another one, it is young, and there is no archive.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub(super) fn must_forget(&self, log: &Log, head: Head) -> Result<Option<Forgotten>, WriteError> {
        if self.archived.is_on() {
            return Ok(None);
        }
        let bytes_max = self.bytes_max;
        let forced = |oldest: &Oldest| self.is_full(oldest) && oldest.time >= self.oldest_kept(head);
        Ok(Oldest::of(log, head)?.filter(forced).map(|oldest| Forgotten { oldest, bytes_max }))
    }

    /// Deletes what the log has been told it forgets.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub(super) fn forget(
        &self,
        disk: &dyn Disk,
        log: &Log,
        forgotten: &Forgotten,
        origin: &mut Origin,
    ) -> Result<(), WriteError> {
        let Oldest { first_seq, last_seq, bytes, .. } = forgotten.oldest;
        tracing::warn!(
            first_seq,
            last_seq,
            bytes,
            bytes_max = self.bytes_max,
            "journal.disk_bytes_max is reached; events younger than journal.retention_hours go"
        );
        metrics::counter!("goat_journal_segments_forgotten_total").increment(1);
        delete(disk, log, first_seq, true, origin).map_err(WriteError::NotWritten)
    }

    fn is_full(&self, oldest: &Oldest) -> bool {
        oldest.bytes.saturating_add(self.segment_bytes) > self.bytes_max
    }

    /// A single event from the far future must not make everything else look old.
    fn oldest_kept(&self, head: Head) -> UnixMicros {
        head.time.min(UnixMicros::now()).minus(self.age_max)
    }

    /// Deletes what is old and what there is no room for, the oldest first, and never the newest segment.
    ///
    /// Each deletion is durable before the next begins, so that a crash leaves no hole.
    ///
    /// # Errors
    ///
    /// When there is no room and what would make it is not archived, or the disk fails.
    pub(super) fn make_room(
        &self,
        disk: &dyn Disk,
        log: &Log,
        head: Head,
        origin: &mut Origin,
    ) -> Result<(), WriteError> {
        let oldest_kept = self.oldest_kept(head);
        let mut deleted = 0;
        loop {
            let Some(oldest) = Oldest::of(log, head)? else { return Ok(()) };
            let full = self.is_full(&oldest);
            let archived = self.archived.lets_go(oldest.last_seq);
            if full && !archived {
                let archived_seq = self.archived.seq();
                return Err(WriteError::Full {
                    bytes: oldest.bytes,
                    bytes_max: self.bytes_max,
                    archived_seq,
                });
            }
            let old = archived && oldest.time < oldest_kept && deleted < OLD_AT_ONCE_MAX;
            if !full && !old {
                return Ok(());
            }
            match delete(disk, log, oldest.first_seq, deleted == 0, origin) {
                Ok(()) => {}
                Err(error) if full => return Err(WriteError::NotWritten(error)),
                Err(error) => {
                    tracing::warn!(%error, first_seq = oldest.first_seq, "an old segment could not be deleted");
                    return Ok(());
                }
            }
            deleted += 1;
        }
    }
}

impl Oldest {
    /// None while there is but one segment.
    fn of(log: &Log, head: Head) -> Result<Option<Self>, WriteError> {
        let segments = log.segments();
        let [first, second, ..] = segments.as_slice() else { return Ok(None) };
        let lengths: io::Result<Vec<u64>> = segments.iter().map(Segment::bytes).collect();
        let bytes = lengths.map_err(WriteError::NotWritten)?.iter().sum();
        let time_before = first.index.first().map_or(head.time, |entry| entry.time_before);
        let time = second.index.first().map_or(head.time, |entry| entry.time_before);
        let (first_seq, last_seq) = (first.first_seq, second.first_seq - 1);
        Ok(Some(Self { first_seq, last_seq, time_before, time, bytes }))
    }
}

fn delete(disk: &dyn Disk, log: &Log, first_seq: u64, begins: bool, origin: &mut Origin) -> io::Result<()> {
    if begins {
        origin.keep(disk)?;
        // A deletion of an earlier time may still be unsynced; it must not come back without its successor.
        disk.sync()?;
    }
    disk.remove(&file_name(first_seq))?;
    // The name is gone, so no new reader may find it. Those that have it open read it to its end.
    log.change_segments(|segments| segments.retain(|segment| segment.first_seq != first_seq));
    metrics::counter!("goat_journal_segments_deleted_total").increment(1);
    disk.sync()
}
