//! One file of the journal: its name, its header, its place in the log.

use std::fmt;
use std::sync::Arc;

use goat::values::UnixMicros;

use super::disk::DiskFile;

const MAGIC: &[u8; 8] = b"GOATLOG1";
/// magic, log id, first seq, crc.
pub(super) const SEGMENT_HEADER_BYTES: usize = 8 + 16 + 8 + 4;
const CHECKED_BYTES: usize = SEGMENT_HEADER_BYTES - 4;
const EXTENSION: &str = ".seg";

/// Within a segment, one index entry is kept for about this many bytes.
const INDEX_EVERY_BYTES: u64 = 64 * 1024;

/// Names a log. Positions of different logs cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogId(pub [u8; 16]);

impl fmt::Display for LogId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// The file name of the segment that begins at `first_seq`.
pub(super) fn file_name(first_seq: u64) -> String {
    format!("{first_seq:020}{EXTENSION}")
}

/// The first position of a segment, from its file name; none for other files.
pub(super) fn first_seq_of(name: &str) -> Option<u64> {
    name.strip_suffix(EXTENSION)?.parse().ok()
}

/// The bytes that a segment begins with.
pub(super) fn header(log_id: LogId, first_seq: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&log_id.0);
    bytes.extend_from_slice(&first_seq.to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// Reads a segment's header; none when its bytes were not written as one.
pub(super) fn parse_header(bytes: &[u8]) -> Option<(LogId, u64)> {
    let (checked, crc) = bytes.get(..SEGMENT_HEADER_BYTES)?.split_at_checked(CHECKED_BYTES)?;
    let whole =
        checked.starts_with(MAGIC) && crc32c::crc32c(checked) == u32::from_le_bytes(crc.try_into().ok()?);
    if !whole {
        return None;
    }
    let log_id = LogId(checked.get(8..24)?.try_into().ok()?);
    Some((log_id, u64::from_le_bytes(checked.get(24..32)?.try_into().ok()?)))
}

/// Where a block begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) first_seq: u64,
    pub(super) offset: u64,
    /// The newest event time before this block.
    pub(super) time_before: UnixMicros,
}

/// A segment as readers and writer know it.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) first_seq: u64,
    pub(super) file: Arc<dyn DiskFile>,
    /// Every so often a block: reading begins at the nearest one before what is wanted.
    pub(super) index: Vec<IndexEntry>,
}

impl Segment {
    pub(super) fn new(first_seq: u64, file: Arc<dyn DiskFile>) -> Self {
        Self { first_seq, file, index: Vec::new() }
    }

    /// What its file takes.
    pub(super) fn bytes(&self) -> std::io::Result<u64> {
        self.file.length()
    }

    /// Remembers where a block begins, when the last one remembered is far enough behind.
    pub(super) fn note(&mut self, entry: IndexEntry) {
        let far = self.index.last().is_none_or(|last| entry.offset >= last.offset + INDEX_EVERY_BYTES);
        if far {
            self.index.push(entry);
        }
    }

    /// First position and offset of the last remembered block that begins at or before `seq`.
    pub(super) fn block_before(&self, seq: u64) -> (u64, u64) {
        let after = self.index.partition_point(|entry| entry.first_seq <= seq);
        let entry = after.checked_sub(1).and_then(|place| self.index.get(place));
        entry.map_or((self.first_seq, SEGMENT_HEADER_BYTES as u64), |entry| (entry.first_seq, entry.offset))
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Segment").field("first_seq", &self.first_seq).finish_non_exhaustive()
    }
}
