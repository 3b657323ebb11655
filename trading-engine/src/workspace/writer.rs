//! The one thread that writes the tables.

use std::time::Instant;

use duckdb::{Connection, Transaction};
use tokio::sync::{mpsc, oneshot};

use super::readers::WorkspaceError;
use super::{Questions, Recent, Rows};
use crate::Outcome;
use crate::core::Hour;
use crate::jobs::JobName;
use crate::tables::{
    Batch, BookRowPace, Layout, RAW_TABLES, Shown, Table, analysis_batch, duck, price_batch, shown,
};

const HOUR_MICROS: i64 = 3_600_000_000;

/// Batches of rows that may wait for the writer. A full queue makes the next batch larger; questions go with batches
/// of their own, and those of some plays find room while the rows from before a start are waited for.
pub const ROWS_QUEUED_MAX: usize = 8;

/// What is written next.
#[derive(Debug)]
pub enum Delivery {
    /// These rows.
    Rows(Box<Rows>),
    /// Those from before a start, all of them before anything that follows.
    Recent(mpsc::Receiver<Recent>),
}

impl From<Rows> for Delivery {
    fn from(rows: Rows) -> Self {
        Self::Rows(Box::new(rows))
    }
}

/// Hands rows to the writing thread, which ends when the last of these is gone.
pub type Writer = mpsc::Sender<Delivery>;

/// Writes what comes through the returned queue until it is closed, on a thread of its own.
///
/// The outcome comes when the thread ends: after the last rows, at the first that could not be written, or when those
/// from before a start break off, which they do when the process ends. No query is answered from part of them.
///
/// # Errors
///
/// When the thread cannot be started.
pub fn write_on_a_thread(
    mut connection: Connection,
    questions: Questions,
) -> std::io::Result<(Writer, Outcome<WorkspaceError>)> {
    let (queue, mut deliveries) = mpsc::channel(ROWS_QUEUED_MAX);
    let (told, outcome) = oneshot::channel();
    std::thread::Builder::new().name("workspace".to_owned()).spawn(move || {
        let (mut ended, mut pace) = (Ok(()), BookRowPace::default());
        while let Some(delivery) = deliveries.blocking_recv() {
            match deliver(&mut connection, &questions, &mut pace, delivery) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    ended = Err(error);
                    break;
                }
            }
        }
        // The receiver is gone only when the service is.
        let _ = told.send(ended);
    })?;
    Ok((queue, outcome))
}

/// What came of dropping old rows, with the rows that came with the hour.
fn kept(ended: &Result<(), WorkspaceError>, hour: Hour) -> Result<String, String> {
    let begins = hour.begins;
    ended.as_ref().map(|()| format!("what is too old for {begins} is gone")).map_err(ToString::to_string)
}

/// Whether it can go on.
fn deliver(
    connection: &mut Connection,
    questions: &Questions,
    pace: &mut BookRowPace,
    delivery: Delivery,
) -> Result<bool, WorkspaceError> {
    let mut rows = match delivery {
        Delivery::Rows(rows) => *rows,
        Delivery::Recent(mut recent) => loop {
            match recent.blocking_recv() {
                Some(Recent::Rows(mut rows)) => {
                    rows.keep_pace(pace);
                    write(connection, &rows)?;
                }
                Some(Recent::Whole) => return Ok(true),
                None => return Ok(false),
            }
        },
    };
    let began = Instant::now();
    rows.keep_pace(pace);
    let retention = rows.hour.map(|hour| (hour, questions.jobs().begin(JobName::Retention)));
    let written = write(connection, &rows);
    if let Some((hour, run)) = retention {
        run.end(kept(&written, hour));
    }
    written?;
    for query in rows.queries {
        questions.ask(connection, query);
    }
    for question in rows.searches {
        questions.search(connection, question);
    }
    metrics::histogram!("goat_trading_workspace_write_seconds").record(began.elapsed());
    Ok(true)
}

/// Writes rows of keyed tables, before there is a thread for it.
///
/// # Errors
///
/// When they cannot be written.
pub fn fill(connection: &mut Connection, batch: Batch) -> Result<(), WorkspaceError> {
    write(connection, &Rows { batch, ..Rows::default() })
}

pub(super) fn write(connection: &mut Connection, batch: &Rows) -> Result<(), WorkspaceError> {
    let transaction = connection.transaction()?;
    if batch.begins {
        for (table, _) in shown() {
            transaction.execute(&format!("DELETE FROM {}", table.name), [])?;
        }
    }
    if !batch.prices.is_empty() {
        duck::append(&transaction, "prices", price_batch(&batch.prices)?)?;
    }
    if !batch.analysis.is_empty() {
        duck::append(&transaction, "price_analysis", analysis_batch(&batch.analysis)?)?;
    }
    for table in RAW_TABLES {
        let rows: Vec<_> = batch.raw(table).iter().map(Vec::as_slice).collect();
        if !rows.is_empty() {
            let columns = duck::record_batch(Layout::of_workspace(table), "", &rows)?;
            duck::append(&transaction, table.name, columns)?;
        }
    }
    for (table, rows) in batch.batch.tables().filter(|(table, _)| table.shown.is_some()) {
        duck::upsert(&transaction, Layout::of_workspace(table), "", &rows)?;
    }
    if let Some(hour) = batch.hour {
        drop_old_rows(&transaction, hour)?;
    }
    transaction.commit()?;
    if batch.hour.is_some() {
        // Gives the memory of what was dropped back.
        connection.execute_batch("CHECKPOINT")?;
    }
    Ok(())
}

/// Drops rows that are older than their table keeps them, of those that stood before the hour.
fn drop_old_rows(transaction: &Transaction<'_>, hour: Hour) -> Result<(), WorkspaceError> {
    for (table, shown) in shown() {
        let Shown::Hours { age, hours } = shown else { continue };
        let oldest = hour.begins.get() - i64::from(hours) * HOUR_MICROS;
        let before = position_column(table)
            .map_or_else(String::new, |column| format!(" AND {column} <= {}", hour.seq.get()));
        transaction.execute_batch(&format!(
            "DELETE FROM {} WHERE {age} < make_timestamp({oldest}){before}",
            table.name
        ))?;
    }
    Ok(())
}

/// The column that says which event made a row what it is.
fn position_column(table: &Table) -> Option<&'static str> {
    ["seq", "end_seq"].into_iter().find(|column| table.position(column).is_some())
}
