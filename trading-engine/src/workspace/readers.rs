//! Reading the tables beside the thread that writes them.

use std::sync::{Arc, Mutex, PoisonError};

use duckdb::{Connection, Row, params};
use goat::values::{Seq, UnixMicros};
use tokio::sync::Semaphore;

use crate::core::cycles::{PriceAnalysis, Threshold};
use crate::tables::duck::DuckError;
use crate::tables::{Shown, Table, cycle_id, shown};

/// Queries at a time; more wait.
const READERS: usize = 2;

/// The tables could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The database.
    #[error("the workspace: {0}")]
    Database(#[from] duckdb::Error),
    /// Rows could not be laid out in columns.
    #[error("the workspace's columns: {0}")]
    Columns(#[from] duckdb::arrow::error::ArrowError),
    /// Rows of a keyed table.
    #[error("the workspace: {0}")]
    Rows(#[from] DuckError),
    /// The query did not come to an end.
    #[error("the workspace's reader ended: {0}")]
    Ended(String),
}

/// A few connections that take turns.
#[derive(Debug, Clone)]
pub struct Readers {
    permits: Arc<Semaphore>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Connections to the database that `writer` writes.
    ///
    /// # Errors
    ///
    /// When one cannot be made.
    pub fn new(writer: &Connection) -> Result<Self, WorkspaceError> {
        let connections: Vec<_> = (0..READERS).map(|_| writer.try_clone()).collect::<Result<_, _>>()?;
        Ok(Self {
            permits: Arc::new(Semaphore::new(READERS)),
            connections: Arc::new(Mutex::new(connections)),
        })
    }

    /// The position of recent ticks in their cycles, newest first, then by threshold.
    ///
    /// # Errors
    ///
    /// When the query fails.
    pub async fn price_analysis(
        &self,
        threshold: Option<Threshold>,
        limit: u32,
    ) -> Result<Vec<PriceAnalysis>, WorkspaceError> {
        self.read(move |connection| {
            let newest = "SELECT seq, epoch_us(event_time), threshold_percent, cycle_id, current_price, \
                          highest_price, lowest_price, percent_increase, percent_from_highest, \
                          percent_increase_from_lowest FROM price_analysis \
                          WHERE $1 IS NULL OR threshold_percent = $1 \
                          ORDER BY seq DESC, threshold_percent LIMIT $2";
            let mut statement = connection.prepare(newest)?;
            let rows =
                statement.query_map(params![threshold.map(Threshold::percent), limit], read_analysis)?;
            rows.collect()
        })
        .await
    }

    /// How many rows each table has.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub async fn counts(&self) -> Result<Vec<(&'static Table, Shown, u32)>, WorkspaceError> {
        self.read(|connection| {
            let count = |(table, shown): (&'static Table, Shown)| {
                let rows = format!("SELECT count(*) FROM {}", table.name);
                let rows: u64 = connection.query_row(&rows, [], |row| row.get(0))?;
                Ok((table, shown, u32::try_from(rows).unwrap_or(u32::MAX)))
            };
            shown().map(count).collect()
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, duckdb::Error> + Send + 'static,
    ) -> Result<T, WorkspaceError> {
        let ended = |error: &dyn std::fmt::Display| WorkspaceError::Ended(error.to_string());
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|error| ended(&error))?;
        let connections = Arc::clone(&self.connections);
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let taken = connections.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection =
                taken.ok_or_else(|| WorkspaceError::Ended("a connection was lost".to_owned()))?;
            let answer = query(&connection);
            connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(answer?)
        });
        read.await.map_err(|error| ended(&error))?
    }
}

fn read_analysis(row: &Row<'_>) -> Result<PriceAnalysis, duckdb::Error> {
    let micros: i64 = row.get(1)?;
    let cycle: String = row.get(3)?;
    let cycle =
        cycle_id(&cycle).ok_or_else(|| duckdb::Error::InvalidColumnName(format!("cycle_id {cycle:?}")))?;
    Ok(PriceAnalysis {
        seq: Seq::new(row.get(0)?),
        event_time: UnixMicros::new(micros)
            .map_err(|_| duckdb::Error::IntegralValueOutOfRange(1, micros.into()))?,
        cycle,
        current_price: row.get(4)?,
        highest_price: row.get(5)?,
        lowest_price: row.get(6)?,
        percent_increase: row.get(7)?,
        percent_from_highest: row.get(8)?,
        percent_increase_from_lowest: row.get(9)?,
    })
}
