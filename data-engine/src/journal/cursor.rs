//! One reader of the log: a position that moves forward.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::JournalError;
use super::block::{Block, HEADER_BYTES, Header};
use super::disk::DiskFile;
use super::log::Log;
use super::segment::{SEGMENT_HEADER_BYTES, file_name};

/// Bytes read from disk at once.
const READ_BYTES: usize = 256 * 1024;

/// Encoded events in order: the content of one batch.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Encoded `repeated MarketEvent` fields. The first may begin before the position asked for.
    pub payloads: Vec<Bytes>,
    /// The first position that was asked for.
    pub first_seq: u64,
    /// The last position in it.
    pub last_seq: u64,
    /// Whether the first payload begins before `first_seq`.
    pub begins_early: bool,
}

/// One reader of the log. It holds no events, so lagging costs nothing.
#[derive(Debug)]
pub struct Cursor {
    log: Log,
    next_seq: u64,
    place: Option<Place>,
}

/// Where in the files the next block begins.
#[derive(Clone)]
struct Place {
    segment_first_seq: u64,
    file: Arc<dyn DiskFile>,
    offset: u64,
    /// The first position of the block at `offset`.
    block_seq: u64,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Place").field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl Cursor {
    pub(super) fn new(log: Log, next_seq: u64) -> Self {
        Self { log, next_seq, place: None }
    }

    /// The position that is read next.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// What follows in memory, up to `bytes_max` and at least one block. None when it must come from disk.
    pub fn read_memory(&mut self, bytes_max: usize) -> Option<Chunk> {
        let head = self.log.head().seq;
        let mut blocks = self.log.recent(self.next_seq, bytes_max)?;
        // A block is put into memory an instant before the head says that it is there.
        blocks.retain(|block| block.header.last_seq() <= head);
        self.place = None;
        self.take(blocks)
    }

    /// What follows on disk, up to `bytes_max` and at least one block. None at the head. Blocks the thread.
    ///
    /// # Errors
    ///
    /// When the position is no longer kept, or the bytes are damaged or cannot be read.
    pub fn read_disk(&mut self, bytes_max: usize) -> Result<Option<Chunk>, JournalError> {
        if self.next_seq > self.log.head().seq {
            return Ok(None);
        }
        let mut place = match self.place.take() {
            Some(place) => place,
            None => self.find()?,
        };
        let mut blocks = Vec::new();
        let mut bytes = 0;
        while bytes < bytes_max.max(1) && place.block_seq <= self.log.head().seq {
            let offset = place.offset;
            let found = self.read_blocks(&mut place, bytes_max.saturating_sub(bytes))?;
            bytes += found.iter().map(|block| block.payload.len()).sum::<usize>();
            blocks.extend(found);
            if place.offset == offset {
                self.enter_next_segment(&mut place)?;
            }
        }
        self.place = Some(place);
        Ok(self.take(blocks))
    }

    fn take(&mut self, blocks: Vec<Block>) -> Option<Chunk> {
        let first = blocks.first()?.header;
        let last_seq = blocks.last()?.header.last_seq();
        let chunk = Chunk {
            first_seq: self.next_seq,
            last_seq,
            begins_early: first.first_seq < self.next_seq,
            payloads: blocks.into_iter().map(|block| block.payload).collect(),
        };
        self.next_seq = last_seq + 1;
        Some(chunk)
    }

    fn find(&self) -> Result<Place, JournalError> {
        let segments = self.log.segments();
        let after = segments.partition_point(|segment| segment.first_seq <= self.next_seq);
        let segment = after.checked_sub(1).and_then(|place| segments.get(place));
        let segment = segment.ok_or_else(|| JournalError::TooOld {
            wanted: self.next_seq,
            oldest: segments.first().map_or(1, |segment| segment.first_seq),
        })?;
        let (block_seq, offset) = segment.block_before(self.next_seq);
        let file = Arc::clone(&segment.file);
        Ok(Place { segment_first_seq: segment.first_seq, file, offset, block_seq })
    }

    /// A segment ends where the next one begins; a durable block that is in neither is damage.
    fn enter_next_segment(&self, place: &mut Place) -> Result<(), JournalError> {
        let segments = self.log.segments();
        let after = segments.partition_point(|segment| segment.first_seq <= place.segment_first_seq);
        let next = segments.get(after).filter(|next| next.first_seq == place.block_seq);
        let oldest = segments.first().map_or(1, |segment| segment.first_seq);
        if next.is_none() && place.block_seq < oldest {
            return Err(JournalError::TooOld { wanted: place.block_seq, oldest });
        }
        let next = next.ok_or_else(|| place.damaged("no block begins here"))?;
        *place = Place {
            segment_first_seq: next.first_seq,
            file: Arc::clone(&next.file),
            offset: SEGMENT_HEADER_BYTES as u64,
            block_seq: next.first_seq,
        };
        Ok(())
    }

    /// The durable blocks that one read from disk holds, without those before the next position.
    fn read_blocks(&self, place: &mut Place, bytes_max: usize) -> Result<Vec<Block>, JournalError> {
        let head = self.log.head().seq;
        let mut bytes = place.read(bytes_max.clamp(HEADER_BYTES, READ_BYTES))?;
        let mut blocks = Vec::new();
        let mut moved = false;
        while let Some(header) = Header::parse(&bytes).filter(|header| header.last_seq() <= head) {
            if header.first_seq != place.block_seq {
                return Err(place.damaged(&format!("a block of position {} stands here", header.first_seq)));
            }
            let block_bytes = usize::try_from(header.block_bytes()).unwrap_or(usize::MAX);
            if bytes.len() < block_bytes && moved {
                break;
            }
            if bytes.len() < block_bytes {
                bytes = place.read(block_bytes)?;
            }
            let payload = bytes.slice(HEADER_BYTES.min(bytes.len())..block_bytes.min(bytes.len()));
            if !header.matches(&payload) {
                return Err(place.damaged("the content does not match its checksum"));
            }
            bytes = bytes.slice(block_bytes..);
            place.offset += header.block_bytes();
            place.block_seq = header.last_seq() + 1;
            moved = true;
            if header.last_seq() >= self.next_seq {
                blocks.push(Block { header, payload });
            }
        }
        Ok(blocks)
    }
}

impl Place {
    /// Up to `length` bytes; fewer at the end of the file.
    fn read(&self, length: usize) -> Result<Bytes, JournalError> {
        let mut bytes = BytesMut::zeroed(length);
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let read = self
                .file
                .read_at(rest, self.offset + filled as u64)
                .map_err(|error| JournalError::io("read", &file_name(self.segment_first_seq), error))?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        bytes.truncate(filled);
        Ok(bytes.freeze())
    }

    fn damaged(&self, what: &str) -> JournalError {
        JournalError::Damaged {
            file: file_name(self.segment_first_seq),
            offset: self.offset,
            seq: self.block_seq,
            what: what.to_owned(),
        }
    }
}
