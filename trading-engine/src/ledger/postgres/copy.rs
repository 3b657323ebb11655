//! Rows in the binary form of `COPY`.

use bytes::Bytes;
use futures_util::{SinkExt, pin_mut};
use goat::postgres::copy::CopyRows;
use tokio_postgres::Transaction;

use crate::tables::{Layout, Value};

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
    let mut out = CopyRows::default();
    for row in rows {
        put_row(&mut out, layout.per_log.then_some(log_id), row);
    }
    for chunk in out.finish() {
        sink.feed(chunk).await?;
    }
    sink.finish().await?;
    Ok(())
}

fn put_row(out: &mut CopyRows, log_id: Option<&str>, row: &[Value]) {
    out.row(row.len() + usize::from(log_id.is_some()));
    if let Some(log_id) = log_id {
        out.text(log_id);
    }
    for value in row {
        put(out, value);
    }
}

fn put(out: &mut CopyRows, value: &Value) {
    match value {
        Value::Null => out.null(),
        Value::Text(text) | Value::Json(text) => out.text(text),
        Value::Integer(number) => out.integer(*number),
        Value::BigInt(number) | Value::Money(number) => out.bigint(*number),
        Value::Timestamp(micros) => out.timestamp(*micros),
        Value::Double(number) => out.double(*number),
        Value::Boolean(value) => out.boolean(*value),
    }
}
