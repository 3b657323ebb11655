//! The log as its readers share it: what is kept, what is durable, and the newest blocks in memory.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use goat::values::UnixMicros;
use goat::wire::market::{EventBatch, MarketEvent};
use prost::Message;
use tokio::sync::watch;

use super::JournalError;
use super::block::Block;
use super::cursor::Cursor;
use super::segment::{LogId, Segment};

/// The newest blocks are kept in memory up to this size; a reader further behind reads from disk.
const RECENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The end of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// The newest durable position; 0 while there is none.
    pub seq: u64,
    /// The newest event time up to there.
    pub time: UnixMicros,
}

/// Where a reader wants to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest event kept.
    Oldest,
    /// After this position.
    After(u64),
    /// Where the log first reached this event time.
    Since(UnixMicros),
    /// After everything there is.
    Latest,
}

/// The log, for reading. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Log {
    shared: Arc<Shared>,
    head: watch::Receiver<Head>,
}

#[derive(Debug)]
struct Shared {
    log_id: LogId,
    segments: RwLock<Vec<Segment>>,
    recent: RwLock<Recent>,
}

#[derive(Debug, Default)]
struct Recent {
    blocks: VecDeque<Block>,
    bytes: usize,
}

impl Log {
    pub(super) fn new(log_id: LogId, segments: Vec<Segment>, head: watch::Receiver<Head>) -> Self {
        let shared = Shared { log_id, segments: RwLock::new(segments), recent: RwLock::default() };
        Self { shared: Arc::new(shared), head }
    }

    /// The log's name.
    #[must_use]
    pub fn id(&self) -> LogId {
        self.shared.log_id
    }

    /// The newest durable position.
    #[must_use]
    pub fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// The oldest position kept; one past the head while the log is empty.
    #[must_use]
    pub fn oldest_seq(&self) -> u64 {
        self.segments().first().map_or(1, |segment| segment.first_seq)
    }

    /// How many files there are, and what they take together.
    ///
    /// # Errors
    ///
    /// When a file cannot be asked for its length.
    pub fn size(&self) -> io::Result<(u64, u64)> {
        let segments = self.segments();
        let lengths: io::Result<Vec<u64>> = segments.iter().map(Segment::bytes).collect();
        Ok((segments.len() as u64, lengths?.iter().sum()))
    }

    /// Waits until there is something after `seq`. Returns false when the log has been closed.
    pub async fn grown_past(&self, seq: u64) -> bool {
        self.head.clone().wait_for(|head| head.seq > seq).await.is_ok()
    }

    /// A reader that begins at `start`. Reads from disk to find a time: blocks the thread.
    ///
    /// # Errors
    ///
    /// When the position is not kept, or the log cannot be read.
    pub fn cursor(&self, start: Start) -> Result<Cursor, JournalError> {
        let next_seq = match start {
            Start::Oldest => self.oldest_seq(),
            Start::After(seq) => seq.saturating_add(1),
            Start::Since(time) => self.first_seq_since(time)?,
            Start::Latest => self.head().seq + 1,
        };
        let oldest = self.oldest_seq();
        if next_seq < oldest {
            return Err(JournalError::TooOld { wanted: next_seq, oldest });
        }
        Ok(Cursor::new(self.clone(), next_seq))
    }

    /// The first event at or after `time`; past the head when there is none.
    fn first_seq_since(&self, time: UnixMicros) -> Result<u64, JournalError> {
        let near = {
            let segments = self.segments();
            let entries = segments.iter().flat_map(|segment| segment.index.iter());
            entries.take_while(|entry| entry.time_before < time).last().map(|entry| entry.first_seq)
        };
        let mut cursor = Cursor::new(self.clone(), near.unwrap_or_else(|| self.oldest_seq()));
        while let Some(chunk) = cursor.read_disk(1)? {
            let events =
                chunk.payloads.iter().filter_map(|payload| EventBatch::decode(payload.as_ref()).ok());
            let found = events.flat_map(|batch| batch.events).find(|event| is_since(event, time));
            if let Some(event) = found {
                return Ok(event.seq);
            }
        }
        Ok(cursor.next_seq())
    }

    pub(super) fn segments(&self) -> RwLockReadGuard<'_, Vec<Segment>> {
        self.shared.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change_segments(&self, change: impl FnOnce(&mut Vec<Segment>)) {
        change(&mut self.shared.segments.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Keeps the newest blocks in memory, dropping the oldest ones beyond the bound.
    pub(super) fn keep_recent(&self, blocks: Vec<Block>) {
        let mut recent = self.shared.recent.write().unwrap_or_else(PoisonError::into_inner);
        for block in blocks {
            recent.bytes += block.payload.len();
            recent.blocks.push_back(block);
        }
        while recent.bytes > RECENT_BYTES_MAX {
            let Some(oldest) = recent.blocks.pop_front() else { break };
            recent.bytes -= oldest.payload.len();
        }
    }

    /// The blocks in memory from the one that holds `seq` on, up to `bytes_max`; none when `seq` is not there.
    pub(super) fn recent(&self, seq: u64, bytes_max: usize) -> Option<Vec<Block>> {
        let recent = self.shared.recent.read().unwrap_or_else(PoisonError::into_inner);
        let start = recent.blocks.partition_point(|block| block.header.last_seq() < seq);
        let first = recent.blocks.get(start)?;
        if first.header.first_seq > seq {
            return None;
        }
        let mut bytes = 0;
        let blocks = recent.blocks.iter().skip(start).take_while(|block| {
            let fits = bytes == 0 || bytes + block.payload.len() <= bytes_max;
            bytes += block.payload.len();
            fits
        });
        Some(blocks.cloned().collect())
    }
}

fn is_since(event: &MarketEvent, time: UnixMicros) -> bool {
    event.event_time.and_then(|event_time| UnixMicros::try_from(event_time).ok()) >= Some(time)
}
