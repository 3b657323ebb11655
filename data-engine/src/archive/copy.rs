//! Rows in the binary form of `COPY`, built here: a row is a few copies of bytes and no call a value.

use bytes::{BufMut, Bytes, BytesMut};
use duckdb::types::Value;

/// What is handed to the connection at once.
const CHUNK_BYTES: usize = 128 * 1024;
/// `PostgreSQL` counts time from the year 2000.
pub(crate) const EPOCH_MICROS: i64 = 946_684_800_000_000;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const NULL: i32 = -1;
const END: i16 = -1;

/// Rows of one table on their way.
#[derive(Debug)]
pub(super) struct CopyBuffer {
    chunks: Vec<Bytes>,
    open: BytesMut,
}

impl CopyBuffer {
    pub(super) fn new() -> Self {
        let mut open = BytesMut::with_capacity(CHUNK_BYTES + 4096);
        open.put_slice(SIGNATURE);
        // No flags, no extension of the header.
        open.put_i64(0);
        Self { chunks: Vec::new(), open }
    }

    /// Adds a row of the log with this number.
    pub(super) fn push(&mut self, log: i32, row: &[Value]) {
        self.open.put_i16(i16::try_from(row.len() + 1).unwrap_or(i16::MAX));
        self.open.put_i32(4);
        self.open.put_i32(log);
        for value in row {
            put(&mut self.open, value);
        }
        if self.open.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut self.open, BytesMut::with_capacity(CHUNK_BYTES + 4096));
            self.chunks.push(full.freeze());
        }
    }

    /// Everything, with the mark of the end.
    pub(super) fn finish(mut self) -> Vec<Bytes> {
        self.open.put_i16(END);
        self.chunks.push(self.open.freeze());
        self.chunks
    }
}

fn put(out: &mut BytesMut, value: &Value) {
    match value {
        Value::UBigInt(number) => put_eight(out, i64::try_from(*number).unwrap_or(i64::MAX)),
        Value::UInt(number) => put_eight(out, i64::from(*number)),
        Value::Timestamp(_, micros) => put_eight(out, micros.saturating_sub(EPOCH_MICROS)),
        Value::Double(number) => {
            out.put_i32(8);
            out.put_f64(*number);
        }
        Value::Boolean(value) => {
            out.put_i32(1);
            out.put_u8(u8::from(*value));
        }
        Value::Text(text) => put_text(out, text),
        // The tables have no other types; a column that may not be empty refuses it.
        _ => out.put_i32(NULL),
    }
}

fn put_eight(out: &mut BytesMut, number: i64) {
    out.put_i32(8);
    out.put_i64(number);
}

/// `PostgreSQL` has no text with a zero byte; a sender must not be able to stop the archive with one.
fn put_text(out: &mut BytesMut, text: &str) {
    if text.contains('\0') {
        return put_text(out, &text.replace('\0', "\u{fffd}"));
    }
    out.put_i32(i32::try_from(text.len()).unwrap_or(i32::MAX));
    out.put_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_bytes_that_the_format_says() {
        let mut buffer = CopyBuffer::new();
        buffer.push(3, &[Value::UInt(7), Value::Null, Value::Text("a\0b".to_owned()), Value::Boolean(true)]);
        let bytes: Vec<u8> = buffer.finish().concat();

        let mut expected = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        expected.extend(b"\0\x05\0\0\0\x04\0\0\0\x03");
        expected.extend(b"\0\0\0\x08\0\0\0\0\0\0\0\x07\xff\xff\xff\xff");
        expected.extend("\0\0\0\x05a\u{fffd}b\0\0\0\x01\x01".as_bytes());
        expected.extend(b"\xff\xff");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn a_number_beyond_the_columns_range_becomes_its_end() {
        let mut out = BytesMut::new();
        put(&mut out, &Value::UBigInt(u64::MAX));
        assert_eq!(out.split_off(4).as_ref(), i64::MAX.to_be_bytes());
    }
}
