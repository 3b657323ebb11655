//! Rows in the binary form of `COPY`, built here: a row is a few copies of bytes and no call a value.

use bytes::{BufMut, Bytes, BytesMut};

/// `PostgreSQL` counts time from the year 2000.
pub const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// What is handed to the connection at once.
const CHUNK_BYTES: usize = 128 * 1024;
/// The signature, no flags, no extension of the header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const NULL: i32 = -1;
const END: i16 = -1;

/// Rows of one table on their way: each [`CopyRows::row`] is followed by as many values as it says.
#[derive(Debug)]
pub struct CopyRows {
    full: Vec<Bytes>,
    open: BytesMut,
}

impl Default for CopyRows {
    fn default() -> Self {
        let mut open = BytesMut::with_capacity(CHUNK_BYTES + 4096);
        open.put_slice(HEADER);
        Self { full: Vec::new(), open }
    }
}

impl CopyRows {
    /// Begins a row of so many columns.
    pub fn row(&mut self, columns: usize) {
        if self.open.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut self.open, BytesMut::with_capacity(CHUNK_BYTES + 4096));
            self.full.push(full.freeze());
        }
        self.open.put_i16(i16::try_from(columns).unwrap_or(i16::MAX));
    }

    /// No value; a column that may not be empty refuses it.
    pub fn null(&mut self) {
        self.open.put_i32(NULL);
    }

    /// An `integer`.
    pub fn integer(&mut self, number: i32) {
        self.open.put_i32(4);
        self.open.put_i32(number);
    }

    /// A `bigint`.
    pub fn bigint(&mut self, number: i64) {
        self.open.put_i32(8);
        self.open.put_i64(number);
    }

    /// A `timestamp` or `timestamptz`, from microseconds since 1970.
    pub fn timestamp(&mut self, micros: i64) {
        self.bigint(micros.saturating_sub(EPOCH_MICROS));
    }

    /// A `double precision`.
    pub fn double(&mut self, number: f64) {
        self.open.put_i32(8);
        self.open.put_f64(number);
    }

    /// A `boolean`.
    pub fn boolean(&mut self, value: bool) {
        self.open.put_i32(1);
        self.open.put_u8(u8::from(value));
    }

    /// A `text` or `json`. `PostgreSQL` has none with a zero byte; it becomes U+FFFD, so that what came from outside
    /// cannot stop everything behind it.
    pub fn text(&mut self, text: &str) {
        if text.contains('\0') {
            return self.text(&text.replace('\0', "\u{fffd}"));
        }
        self.open.put_i32(i32::try_from(text.len()).unwrap_or(i32::MAX));
        self.open.put_slice(text.as_bytes());
    }

    /// Everything in order, with the mark of the end.
    #[must_use]
    pub fn finish(mut self) -> Vec<Bytes> {
        self.open.put_i16(END);
        self.full.push(self.open.freeze());
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_bytes_that_the_format_says() {
        let mut rows = CopyRows::default();
        rows.row(5);
        rows.integer(3);
        rows.bigint(7);
        rows.null();
        rows.text("a\0b");
        rows.boolean(true);
        let mut expected = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        expected.extend(b"\0\x05\0\0\0\x04\0\0\0\x03");
        expected.extend(b"\0\0\0\x08\0\0\0\0\0\0\0\x07\xff\xff\xff\xff");
        expected.extend("\0\0\0\x05a\u{fffd}b\0\0\0\x01\x01".as_bytes());
        expected.extend(b"\xff\xff");
        assert_eq!(rows.finish().concat(), expected);
    }

    #[test]
    fn many_rows_go_in_pieces_and_none_is_cut() {
        let mut rows = CopyRows::default();
        for number in 0..50_000 {
            rows.row(1);
            rows.bigint(number);
        }
        let pieces = rows.finish();
        assert!(pieces.len() > 5, "{}", pieces.len());
        assert_eq!(pieces.concat().len(), HEADER.len() + 50_000 * 14 + 2);
    }
}
