//! The one writer of the log.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use goat::event::Observation;
use goat::settings::Sync;
use goat::values::UnixMicros;
use tokio::sync::watch;

use super::block::{Block, Encoder};
use super::disk::{Disk, DiskFile};
use super::log::{Head, Log};
use super::origin::Origin;
use super::retention::{Retention, Watermark};
use super::segment::{IndexEntry, LogId, SEGMENT_HEADER_BYTES, Segment, file_name, header};

/// Observations could not be made durable. None of them is in the log.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// They were not written; the writer can be used again.
    #[error("the journal cannot be written: {0}")]
    NotWritten(io::Error),
    /// What the disk holds is uncertain; the writer refuses further work, and only a restart tells.
    #[error("the journal cannot be trusted to have been written: {0}")]
    Uncertain(io::Error),
    /// There is no room, and what could make it is not archived yet; the writer can be used again.
    #[error(
        "the journal takes {bytes} bytes, journal.disk_bytes_max is {bytes_max}, and the archive has only \
         reached position {archived_seq}"
    )]
    Full {
        /// What all segments take.
        bytes: u64,
        /// What they may take.
        bytes_max: u64,
        /// How far the archive has got.
        archived_seq: u64,
    },
}

/// Appends to the log. There is one, and one thread has it.
pub struct Writer {
    disk: Arc<dyn Disk>,
    log: Log,
    head: watch::Sender<Head>,
    sync: Sync,
    segment_bytes_max: u64,
    retention: Retention,
    origin: Origin,
    open: Option<OpenSegment>,
    uncertain: bool,
}

/// The segment that is written to.
pub(super) struct OpenSegment {
    pub(super) file: Arc<dyn DiskFile>,
    /// Its length without what a failed write may have left behind.
    pub(super) length: u64,
}

/// What is about to become durable.
struct Pending {
    blocks: Vec<Block>,
    first_offset: u64,
    head: Head,
    time_before: UnixMicros,
}

impl Writer {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        log_id: LogId,
        segments: Vec<Segment>,
        open: Option<OpenSegment>,
        head: Head,
        settings: &goat::settings::Journal,
    ) -> Self {
        let (sender, receiver) = watch::channel(head);
        Self {
            disk,
            log: Log::new(log_id, segments, receiver),
            head: sender,
            sync: settings.sync,
            segment_bytes_max: settings.segment_bytes,
            retention: Retention {
                age_max: Duration::from_secs(u64::from(settings.retention_hours) * 3600),
                bytes_max: settings.disk_bytes_max,
                segment_bytes: settings.segment_bytes,
                archived: Watermark::default(),
            },
            origin: Origin::default(),
            open,
            uncertain: false,
        }
    }

    pub(super) fn remember(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// From now on nothing is deleted that `archived` has not reached.
    pub fn archived_by(&mut self, archived: Watermark) {
        self.retention.archived = archived;
    }

    /// The log's world, which can be rewound, began at `time`: kept when its first event goes.
    pub fn world_began(&mut self, time: UnixMicros) {
        self.origin.begin(time);
    }

    /// The log, for reading.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// The newest durable position.
    #[must_use]
    pub fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// Gives observations their positions and makes them durable, all or none, then shows them to readers.
    ///
    /// # Errors
    ///
    /// When they are not durable. After [`WriteError::Uncertain`] every further call fails.
    pub fn append<'a>(
        &mut self,
        observations: impl IntoIterator<Item = &'a Observation>,
    ) -> Result<Head, WriteError> {
        if self.uncertain {
            return Err(WriteError::Uncertain(io::Error::other("an earlier write failed")));
        }
        let mut observations = observations.into_iter().peekable();
        if observations.peek().is_none() {
            return Ok(self.head());
        }
        self.open_segment()?;
        self.append_to_open(observations)
    }

    fn append_to_open<'a>(
        &mut self,
        observations: impl IntoIterator<Item = &'a Observation>,
    ) -> Result<Head, WriteError> {
        let before = self.head();
        let mut encoder = Encoder::new(before.time);
        let mut seq = before.seq;
        let mut world_start = None;
        for observation in observations {
            seq += 1;
            if observation.source_position == 1 {
                world_start = Some(observation.event_time);
            }
            encoder.push(&goat::convert::record(seq, observation));
        }
        let (bytes, blocks) = encoder.finish();
        let Some(last) = blocks.last() else { return Ok(before) };
        let head = Head { seq, time: last.header.time };

        let first_offset = self.open.as_ref().map_or(0, |open| open.length);
        self.write(&bytes, first_offset)?;
        if let Some(time) = world_start {
            self.world_began(time);
        }
        self.publish(Pending { blocks, first_offset, head, time_before: before.time });
        Ok(head)
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else {
            return Err(WriteError::NotWritten(io::Error::other("no segment is open")));
        };
        if let Err(error) = open.file.write_all_at(bytes, offset) {
            // What a failed write left behind must not stand before the next block.
            if open.file.cut(offset).is_err() {
                self.uncertain = true;
                return Err(WriteError::Uncertain(error));
            }
            return Err(WriteError::NotWritten(error));
        }
        // A failed sync is never tried again: the system may have dropped what it could not write.
        if self.sync == Sync::Always {
            let begun = Instant::now();
            if let Err(error) = open.file.sync() {
                self.uncertain = true;
                return Err(WriteError::Uncertain(error));
            }
            metrics::histogram!("goat_journal_sync_seconds").record(begun.elapsed());
        }
        open.length = offset + bytes.len() as u64;
        Ok(())
    }

    /// Sees to it that the open segment has room, or begins a new one.
    ///
    /// What is forgotten for want of room is said in the log before it goes: a crash in between says it again, but
    /// nothing goes unsaid.
    fn open_segment(&mut self) -> Result<(), WriteError> {
        if let Some(open) = &self.open
            && open.length < self.segment_bytes_max
        {
            return Ok(());
        }
        while self.open.is_some()
            && let Some(forgotten) = self.retention.must_forget(&self.log, self.head())?
        {
            let said = forgotten.as_observation(self.head(), UnixMicros::now());
            self.append_to_open([&said])?;
            self.retention.forget(self.disk.as_ref(), &self.log, &forgotten, &mut self.origin)?;
        }
        let first_seq = self.head().seq + 1;
        self.retention.make_room(self.disk.as_ref(), &self.log, self.head(), &mut self.origin)?;
        let name = file_name(first_seq);
        let file = match self.disk.create(&name).and_then(|file| self.begin(&file, first_seq).map(|()| file))
        {
            Ok(file) => file,
            Err(error) => {
                // The name must be free for the next try. When it stays taken, that try says so.
                let _ = self.disk.remove(&name);
                return Err(WriteError::NotWritten(error));
            }
        };
        let length = SEGMENT_HEADER_BYTES as u64;
        self.open = Some(OpenSegment { file: Arc::clone(&file), length });
        self.log.change_segments(|segments| segments.push(Segment::new(first_seq, file)));
        Ok(())
    }

    fn begin(&self, file: &Arc<dyn DiskFile>, first_seq: u64) -> io::Result<()> {
        file.write_all_at(&header(self.log.id(), first_seq), 0)?;
        if self.sync == Sync::Always {
            file.sync()?;
            self.disk.sync()?;
        }
        Ok(())
    }

    fn publish(&mut self, pending: Pending) {
        self.log.change_segments(|segments| {
            let Some(segment) = segments.last_mut() else { return };
            let mut offset = pending.first_offset;
            let mut time_before = pending.time_before;
            for block in &pending.blocks {
                segment.note(IndexEntry { first_seq: block.header.first_seq, offset, time_before });
                offset += block.header.block_bytes();
                time_before = block.header.time;
            }
        });
        self.log.keep_recent(pending.blocks);
        self.head.send_replace(pending.head);
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Writer").field("head", &self.head()).finish_non_exhaustive()
    }
}
