//! Rows in the binary form of `COPY`.

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{SinkExt, pin_mut};
use tokio_postgres::Transaction;

use crate::tables::{Layout, Value};

/// What is handed to the connection at once.
const CHUNK_BYTES: usize = 128 * 1024;
/// `PostgreSQL` counts time from the year 2000.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// The signature, no flags, no extension of the header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const NULL: i32 = -1;
const END: i16 = -1;

/// Puts rows where they wait.
pub(super) async fn copy(
    transaction: &Transaction<'_>,
    layout: Layout,
    log_id: &str,
    rows: &[&[Value]],
) -> Result<(), tokio_postgres::Error> {
    let copy = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", layout.stage(), layout.column_names());
    let sink = transaction.copy_in::<_, Bytes>(&copy).await?;
    pin_mut!(sink);
    let mut out = BytesMut::with_capacity(CHUNK_BYTES + 4096);
    out.put_slice(HEADER);
    for row in rows {
        put_row(&mut out, layout.per_log.then_some(log_id), row);
        if out.len() >= CHUNK_BYTES {
            sink.feed(out.split().freeze()).await?;
        }
    }
    out.put_i16(END);
    sink.send(out.freeze()).await?;
    sink.finish().await?;
    Ok(())
}

fn put_row(out: &mut BytesMut, log_id: Option<&str>, row: &[Value]) {
    out.put_i16(i16::try_from(row.len() + usize::from(log_id.is_some())).unwrap_or(i16::MAX));
    if let Some(log_id) = log_id {
        put_text(out, log_id);
    }
    for value in row {
        put(out, value);
    }
}

fn put(out: &mut BytesMut, value: &Value) {
    match value {
        Value::Null => out.put_i32(NULL),
        Value::Text(text) | Value::Json(text) => put_text(out, text),
        Value::Integer(number) => {
            out.put_i32(4);
            out.put_i32(*number);
        }
        Value::BigInt(number) | Value::Money(number) => put_eight(out, *number),
        Value::Timestamp(micros) => put_eight(out, micros.saturating_sub(EPOCH_MICROS)),
        Value::Double(number) => {
            out.put_i32(8);
            out.put_f64(*number);
        }
        Value::Boolean(value) => {
            out.put_i32(1);
            out.put_u8(u8::from(*value));
        }
    }
}

fn put_eight(out: &mut BytesMut, number: i64) {
    out.put_i32(8);
    out.put_i64(number);
}

/// `PostgreSQL` has no text with a zero byte; what came from outside must not be able to stop the ledger with one.
fn put_text(out: &mut BytesMut, text: &str) {
    if text.contains('\0') {
        return put_text(out, &text.replace('\0', "\u{fffd}"));
    }
    out.put_i32(i32::try_from(text.len()).unwrap_or(i32::MAX));
    out.put_slice(text.as_bytes());
}
