//! The bytes of a block.

use bytes::{BufMut, Bytes, BytesMut};
use goat::values::UnixMicros;
use goat::wire::market::MarketEvent;

/// A block is closed at this many events.
pub const BLOCK_EVENTS_MAX: u32 = 256;
/// A block is closed when its payload has reached this size.
pub const BLOCK_BYTES_MAX: usize = 32 * 1024;
/// The largest payload that is believed: one event of the largest size that any feed lets in, and air.
const PAYLOAD_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// Bytes before each payload.
pub(super) const HEADER_BYTES: usize = 32;
const HEADER_CHECKED_BYTES: usize = HEADER_BYTES - 4;

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) payload_bytes: u32,
    pub(super) count: u32,
    pub(super) first_seq: u64,
    /// The newest event time in the log up to and including this block.
    pub(super) time: UnixMicros,
    payload_crc: u32,
}

impl Header {
    /// Reads a header; none when its bytes were not written as one.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (checked, crc) = bytes.get(..HEADER_BYTES)?.split_at_checked(HEADER_CHECKED_BYTES)?;
        if crc32c::crc32c(checked) != u32::from_le_bytes(crc.try_into().ok()?) {
            return None;
        }
        let header = Self {
            payload_bytes: u32::from_le_bytes(checked.get(0..4)?.try_into().ok()?),
            count: u32::from_le_bytes(checked.get(4..8)?.try_into().ok()?),
            first_seq: u64::from_le_bytes(checked.get(8..16)?.try_into().ok()?),
            time: UnixMicros::new(i64::from_le_bytes(checked.get(16..24)?.try_into().ok()?)).ok()?,
            payload_crc: u32::from_le_bytes(checked.get(24..28)?.try_into().ok()?),
        };
        let plausible = header.count > 0 && header.payload_bytes <= PAYLOAD_BYTES_MAX && header.first_seq > 0;
        plausible.then_some(header)
    }

    fn write(self, out: &mut [u8]) {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.put_u32_le(self.payload_bytes);
        bytes.put_u32_le(self.count);
        bytes.put_u64_le(self.first_seq);
        bytes.put_i64_le(self.time.get());
        bytes.put_u32_le(self.payload_crc);
        bytes.put_u32_le(crc32c::crc32c(&bytes));
        out.copy_from_slice(&bytes);
    }

    /// The last position in the block.
    pub(super) fn last_seq(self) -> u64 {
        self.first_seq + u64::from(self.count) - 1
    }

    /// Bytes from the start of this block to the start of the next.
    pub(super) fn block_bytes(self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.payload_bytes)
    }

    /// Whether these are the bytes that were written under this header.
    pub(super) fn matches(self, payload: &[u8]) -> bool {
        payload.len() as u64 == u64::from(self.payload_bytes) && crc32c::crc32c(payload) == self.payload_crc
    }
}

/// A block in memory. Cloning shares its bytes.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) header: Header,
    pub(super) payload: Bytes,
}

/// Turns events into blocks, ready to be written at once.
#[derive(Debug)]
pub(super) struct Encoder {
    bytes: BytesMut,
    headers: Vec<Header>,
    open: Option<Open>,
    time: UnixMicros,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    start: usize,
    first_seq: u64,
    count: u32,
}

impl Encoder {
    /// Begins with the newest event time that the log already has.
    pub(super) fn new(time: UnixMicros) -> Self {
        Self { bytes: BytesMut::new(), headers: Vec::new(), open: None, time }
    }

    /// Adds an event; positions must follow one another.
    pub(super) fn push(&mut self, event: &MarketEvent) {
        let open = match self.open {
            Some(open) => open,
            None => self.begin(event.seq),
        };
        debug_assert_eq!(event.seq, open.first_seq + u64::from(open.count));
        prost::encoding::message::encode(1, event, &mut self.bytes);
        let event_time = event.event_time.and_then(|time| UnixMicros::try_from(time).ok());
        self.time = self.time.max(event_time.unwrap_or_default());

        let open = Open { count: open.count + 1, ..open };
        self.open = Some(open);
        let payload_bytes = self.bytes.len() - open.start - HEADER_BYTES;
        if open.count >= BLOCK_EVENTS_MAX || payload_bytes >= BLOCK_BYTES_MAX {
            self.close();
        }
    }

    /// The bytes to write and the blocks that they consist of.
    pub(super) fn finish(mut self) -> (Bytes, Vec<Block>) {
        self.close();
        let bytes = self.bytes.freeze();
        let mut blocks = Vec::with_capacity(self.headers.len());
        let mut start = HEADER_BYTES;
        for header in self.headers {
            let end = start + header.payload_bytes as usize;
            blocks.push(Block { header, payload: bytes.slice(start..end) });
            start = end + HEADER_BYTES;
        }
        (bytes, blocks)
    }

    fn begin(&mut self, first_seq: u64) -> Open {
        let start = self.bytes.len();
        self.bytes.put_bytes(0, HEADER_BYTES);
        Open { start, first_seq, count: 0 }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let (before, payload) = self.bytes.split_at_mut(open.start + HEADER_BYTES);
        let header = Header {
            payload_bytes: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            count: open.count,
            first_seq: open.first_seq,
            time: self.time,
            payload_crc: crc32c::crc32c(payload),
        };
        if let Some(space) = before.get_mut(open.start..) {
            header.write(space);
        }
        self.headers.push(header);
    }
}
