//! One connection that writes: from its progress to the end of its batch.

use bytes::Bytes;
use futures_util::SinkExt;
use goat::postgres::copy::CopyRows;
use goat::values::UnixMicros;
use tokio_postgres::Statement;

use super::ArchiveError;
use super::batch::Batch;
use super::partitions::Partitions;
use super::schema::{LOG_COLUMN, prepare};
use super::target::{Connected, Target};
use crate::hot::pace::BookPace;
use crate::hot::{TABLES, TableSpec};
use crate::journal::Log;

const ADVANCE: &str = "UPDATE archive_progress
    SET last_seq = $3, books = $4, last_time = 'epoch'::timestamptz + $5::bigint * interval '1 microsecond'
    WHERE log = $1 AND last_seq = $2";

/// A connection that has read its progress.
#[derive(Debug)]
pub(super) struct Session {
    target: Target,
    connected: Connected,
    copies: Vec<Statement>,
    advance: Statement,
    partitions: Partitions,
    pub(super) progress: Progress,
}

/// How far the archive of a log has got.
#[derive(Debug)]
pub(super) struct Progress {
    /// The number of the log in the archive.
    pub(super) log: i32,
    pub(super) last_seq: u64,
    pub(super) pace: BookPace,
    pub(super) time: UnixMicros,
}

impl Session {
    /// Connects, brings the schema up to date, and finds where the archive of this log stands.
    pub(super) async fn open(target: &Target, log: &Log) -> Result<Self, ArchiveError> {
        let mut connected = target.connect().await?;
        let setting_up = async {
            prepare(&mut connected.client).await?;
            let mut copies = Vec::with_capacity(TABLES.len());
            for table in TABLES {
                copies.push(connected.client.prepare(&copy_statement(table)).await?);
            }
            let advance = connected.client.prepare(ADVANCE).await?;
            let partitions = Partitions::read(&connected.client).await?;
            let progress = read_progress(&connected, log).await?;
            Ok::<_, ArchiveError>((copies, advance, partitions, progress))
        };
        let (copies, advance, partitions, progress) = target.in_time("being set up", setting_up).await?;
        let mut session = Self { target: target.clone(), connected, copies, advance, partitions, progress };
        session.note_gap(log).await?;
        Ok(session)
    }

    /// Whether the server is known to be gone.
    pub(super) fn is_closed(&self) -> bool {
        self.connected.client.is_closed()
    }

    /// Writes a batch and the progress, both or neither.
    pub(super) async fn commit(&mut self, batch: Batch) -> Result<(), ArchiveError> {
        let target = self.target.clone();
        target.in_time("taking a batch", self.write(batch)).await
    }

    async fn write(&mut self, batch: Batch) -> Result<(), ArchiveError> {
        for (&place, rows) in &batch.tables {
            let Some(table) = TABLES.get(place) else { continue };
            let days = rows.days.iter().copied();
            self.partitions.ensure(&mut self.connected.client, table, days).await?;
        }
        let Progress { log, last_seq, .. } = self.progress;
        let (before, after) = (as_bigint(last_seq), as_bigint(batch.last_seq));
        let time = batch.time.max(self.progress.time);
        let transaction = self.connected.client.transaction().await?;
        // First of all: an earlier session of ours that the server has not given up yet still holds this row.
        let moved =
            transaction.execute(&self.advance, &[&log, &before, &after, &batch.books, &time.get()]).await?;
        if moved != 1 {
            return Err(ArchiveError::Progress { found: batch.last_seq, expected: last_seq });
        }
        for (place, rows) in batch.tables {
            let Some(statement) = self.copies.get(place) else { continue };
            let sink = transaction.copy_in::<Statement, Bytes>(statement).await?;
            send(sink, rows.copy).await?;
        }
        transaction.commit().await?;
        self.progress.last_seq = batch.last_seq;
        self.progress.time = time;
        Ok(())
    }

    /// What the log forgot before it was archived is missing for good: it is said in `archive_gaps`.
    async fn note_gap(&mut self, log: &Log) -> Result<(), ArchiveError> {
        let (last_seq, oldest) = (self.progress.last_seq, log.oldest_seq());
        let head = log.head().seq;
        if last_seq > head {
            return Err(ArchiveError::Progress { found: last_seq, expected: head });
        }
        if oldest <= last_seq + 1 {
            return Ok(());
        }
        tracing::warn!(
            from_seq = last_seq + 1,
            to_seq = oldest - 1,
            "positions were deleted before they were archived"
        );
        let (before, after) = (as_bigint(last_seq), as_bigint(oldest - 1));
        let transaction = self.connected.client.transaction().await?;
        transaction
            .execute(&self.advance, &[&self.progress.log, &before, &after, &"[]", &self.progress.time.get()])
            .await?;
        transaction
            .execute(
                "INSERT INTO archive_gaps (log, from_seq, to_seq, reason) VALUES ($1, $2, $3, $4)",
                &[&self.progress.log, &(before + 1), &after, &"deleted by retention before it was archived"],
            )
            .await?;
        transaction.commit().await?;
        self.progress.last_seq = oldest - 1;
        self.progress.pace = BookPace::default();
        Ok(())
    }
}

async fn send(sink: tokio_postgres::CopyInSink<Bytes>, rows: CopyRows) -> Result<(), tokio_postgres::Error> {
    let mut sink = std::pin::pin!(sink);
    for chunk in rows.finish() {
        sink.feed(chunk).await?;
    }
    sink.finish().await?;
    Ok(())
}

async fn read_progress(connected: &Connected, log: &Log) -> Result<Progress, ArchiveError> {
    let (client, log_id) = (&connected.client, log.id().to_string());
    client
        .execute(
            "INSERT INTO archive_progress (log_id, last_seq, books) VALUES ($1, 0, '[]') ON CONFLICT DO NOTHING",
            &[&log_id],
        )
        .await?;
    let row = client
        .query_one(
            "SELECT log, last_seq, books, (extract(epoch FROM last_time) * 1000000)::bigint
             FROM archive_progress WHERE log_id = $1",
            &[&log_id],
        )
        .await?;
    let (last_seq, books, micros): (i64, String, Option<i64>) =
        (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let pace = BookPace::parse(&books)
        .map_err(|error| ArchiveError::Schema(format!("archive_progress.books cannot be read: {error}")))?;
    Ok(Progress {
        log: row.try_get(0)?,
        last_seq: u64::try_from(last_seq).unwrap_or_default(),
        pace,
        time: micros.and_then(|micros| UnixMicros::new(micros).ok()).unwrap_or_default(),
    })
}

fn copy_statement(table: &TableSpec) -> String {
    let names: Vec<_> = table.all_columns().map(|(name, _)| name).collect();
    format!("COPY {} ({}, {}) FROM STDIN BINARY", table.name, LOG_COLUMN.0, names.join(", "))
}

/// Positions stay below 2^63.
fn as_bigint(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
