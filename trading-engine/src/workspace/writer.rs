//! The one thread that writes the tables.

use std::time::{Duration, Instant};

use duckdb::{Connection, Transaction};
use tokio::sync::{mpsc, oneshot};

use super::readers::WorkspaceError;
use super::{Rows, TABLES, rows};
use crate::Outcome;

/// Batches of rows that may wait for the writer. A full queue makes the next batch larger.
pub const ROWS_QUEUED_MAX: usize = 2;

/// How often old rows are dropped and their memory is given back.
const RETENTION_EVERY: Duration = Duration::from_mins(5);

/// Hands rows to the writing thread, which ends when the last of these is gone.
pub type Writer = mpsc::Sender<Rows>;

/// Writes what comes through the returned queue until it is closed, on a thread of its own.
///
/// The outcome comes when the thread ends: after the last rows, or at the first that could not be written.
///
/// # Errors
///
/// When the thread cannot be started.
pub fn write_on_a_thread(mut connection: Connection) -> std::io::Result<(Writer, Outcome<WorkspaceError>)> {
    let (queue, mut batches) = mpsc::channel::<Rows>(ROWS_QUEUED_MAX);
    let (told, outcome) = oneshot::channel();
    std::thread::Builder::new().name("workspace".to_owned()).spawn(move || {
        let mut retained = Instant::now();
        let mut ended = Ok(());
        while let Some(batch) = batches.blocking_recv() {
            let began = Instant::now();
            ended = write(&mut connection, &batch);
            if ended.is_ok() && retained.elapsed() >= RETENTION_EVERY {
                ended = drop_old_rows(&connection);
                retained = Instant::now();
            }
            if ended.is_err() {
                break;
            }
            metrics::histogram!("goat_trading_workspace_write_seconds").record(began.elapsed());
        }
        // The receiver is gone only when the service is.
        let _ = told.send(ended);
    })?;
    Ok((queue, outcome))
}

pub(super) fn write(connection: &mut Connection, batch: &Rows) -> Result<(), WorkspaceError> {
    let transaction = connection.transaction()?;
    if batch.begins {
        for table in TABLES {
            transaction.execute(&format!("DELETE FROM {}", table.name), [])?;
        }
    }
    if !batch.prices.is_empty() {
        append(&transaction, "prices", rows::prices(&batch.prices)?)?;
    }
    if !batch.analysis.is_empty() {
        append(&transaction, "price_analysis", rows::analysis(&batch.analysis)?)?;
    }
    if !batch.active.is_empty() {
        transaction.execute("DELETE FROM price_cycles WHERE active", [])?;
    }
    if !batch.active.is_empty() || !batch.closed.is_empty() {
        append(&transaction, "price_cycles", rows::cycles(&batch.closed, &batch.active)?)?;
    }
    transaction.commit()?;
    Ok(())
}

fn append(
    transaction: &Transaction<'_>,
    table: &str,
    batch: duckdb::arrow::record_batch::RecordBatch,
) -> Result<(), WorkspaceError> {
    let mut appender = transaction.appender(table)?;
    appender.append_record_batch(batch)?;
    appender.flush()?;
    Ok(())
}

/// Drops rows that are older than their table keeps them, against the newest price.
pub(super) fn drop_old_rows(connection: &Connection) -> Result<(), WorkspaceError> {
    for table in TABLES {
        connection.execute_batch(&format!(
            "DELETE FROM {name} WHERE {age} < (SELECT max(event_time) FROM prices) - INTERVAL {hours} HOUR",
            name = table.name,
            age = table.age,
            hours = table.retention_hours,
        ))?;
    }
    connection.execute_batch("CHECKPOINT")?;
    Ok(())
}
