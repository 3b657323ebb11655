//! Questions to the tables.

use duckdb::{Connection, params};
use goat::prost_types::{Struct, Value};
use goat::values::UnixMicros;
use goat::wire::market::Table;

use super::as_kind;
use super::kept::Missing;
use super::tables::{TABLES, TableSpec};
use super::{HotError, HotStore};

/// A price and its moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Its place in the log.
    pub seq: u64,
    /// When.
    pub time: UnixMicros,
    /// USD.
    pub price: f64,
}

impl HotStore {
    /// The newest rows of a table, newest first.
    ///
    /// # Errors
    ///
    /// When there is no such table, it is not whole yet, or the database fails.
    pub async fn latest(&self, table: &str, limit: u32) -> Result<Vec<Struct>, HotError> {
        let table = find(table)?;
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached(&format!("SELECT * FROM {} ORDER BY seq DESC LIMIT ?", table.name))?;
            let mut rows = statement.query(params![limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(as_struct(row)?);
            }
            Ok(found)
        })
        .await
    }

    /// The prices of a token since a moment, oldest first, and what may have been dropped of them before they
    /// were read.
    ///
    /// # Errors
    ///
    /// When the table is not whole yet, or the database fails.
    pub async fn prices_since(
        &self,
        token: String,
        since: UnixMicros,
    ) -> Result<(Vec<Point>, Option<Missing>), HotError> {
        let store = self.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, epoch_us(event_time), price FROM prices
                 WHERE token = ? AND event_time >= make_timestamp(?) ORDER BY event_time, seq",
            )?;
            let points = statement.query_map(params![token, since.get()], |row| {
                let time = UnixMicros::new(row.get(1)?).unwrap_or_default();
                Ok(Point { seq: row.get(0)?, time, price: row.get(2)? })
            })?;
            let points = points.collect::<Result<Vec<_>, _>>()?;
            Ok((points, store.dropped("prices").missing(0, since)))
        })
        .await
    }

    /// Every table with its number of rows, also while they are being rebuilt.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn tables(&self) -> Result<Vec<Table>, HotError> {
        let settings = self.shared.settings.clone();
        self.read_any(move |connection| {
            let count = |table: &TableSpec| {
                let sql = format!("SELECT count(*)::UINTEGER FROM {}", table.name);
                let rows = connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
                let retention_hours = table.retention_hours(&settings);
                Ok(Table { name: table.name.to_owned(), rows, retention_hours })
            };
            TABLES.iter().map(count).collect()
        })
        .await
    }

    /// What the database takes, tables and queries together.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn memory_bytes(&self) -> Result<u64, HotError> {
        self.read_any(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT coalesce(sum(memory_usage_bytes), 0)::UBIGINT FROM duckdb_memory()",
            )?;
            Ok(statement.query_row([], |row| row.get(0))?)
        })
        .await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, HotError> + Send + 'static,
    ) -> Result<T, HotError> {
        self.ensure_whole()?;
        self.read_any(question).await
    }

    /// Asks on a connection of its own, on a thread that may block.
    async fn read_any<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, HotError> + Send + 'static,
    ) -> Result<T, HotError> {
        let gone = || HotError::Database(duckdb::Error::InvalidQuery);
        let _reader = self.shared.readers.acquire().await.map_err(|_| gone())?;
        let store = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let connection = store.take_connection().ok_or_else(gone)?;
            let answer = question(&connection);
            store.return_connection(connection);
            answer
        });
        answer.await.map_err(|_| gone())?
    }
}

pub(super) fn find(name: &str) -> Result<&'static TableSpec, HotError> {
    TABLES.iter().find(|table| table.name == name).ok_or_else(|| HotError::UnknownTable {
        name: name.chars().take(64).collect(),
        known: TABLES.iter().map(|table| table.name).collect::<Vec<_>>().join(", "),
    })
}

pub(super) fn as_struct(row: &duckdb::Row<'_>) -> Result<Struct, HotError> {
    let names = row.as_ref().column_names();
    let mut fields = std::collections::BTreeMap::new();
    for (place, name) in names.into_iter().enumerate() {
        fields.insert(name, Value { kind: Some(as_kind(row.get_ref(place)?)) });
    }
    Ok(Struct { fields })
}
