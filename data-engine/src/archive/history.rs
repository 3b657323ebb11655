//! Reading the archive: the rows of a table in the order of their positions.

use std::error::Error;

use duckdb::types::{TimeUnit, Value, ValueRef};
use futures_util::TryStreamExt;
use goat::prost_types::{self, Struct};
use goat::values::UnixMicros;
use tokio::sync::Mutex;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

use super::ArchiveError;
use super::copy::EPOCH_MICROS;
use super::target::{Connected, Target};
use crate::hot::{TABLES, TableSpec, as_kind};
use crate::journal::LogId;

/// The most rows of a page.
const PAGE_ROWS_MAX: u32 = 10_000;

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// Only positions after this one; a page says which one the next page goes on after.
    pub after_seq: u64,
    /// Only positions before this one: what the journal has need not be read here.
    pub before_seq: Option<u64>,
    /// Only events at or after this time.
    pub from: Option<UnixMicros>,
    /// Only events before this time.
    pub to: Option<UnixMicros>,
}

/// Some rows, in the order of their positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Each with the names of its columns, as the hot store answers them.
    pub rows: Vec<Struct>,
    /// Where the next page goes on; none after the last one.
    pub next_after_seq: Option<u64>,
}

/// The archive of one log, for reading.
#[derive(Debug)]
pub struct History {
    target: Target,
    log_id: LogId,
    connected: Mutex<Option<Connected>>,
}

impl History {
    /// The archive of `log_id`. The server is reached at the first question.
    #[must_use]
    pub fn new(target: Target, log_id: LogId) -> Self {
        Self { target, log_id, connected: Mutex::default() }
    }

    /// At most `rows_max` rows of a table, and at most ten thousand. Questions wait for one another.
    ///
    /// # Errors
    ///
    /// When there is no such table, or the server fails or does not answer.
    pub async fn page(&self, table: &str, range: &Range, rows_max: u32) -> Result<Page, ArchiveError> {
        let table = find(table)?;
        let rows_max = rows_max.clamp(1, PAGE_ROWS_MAX);
        let sql = format!("{} ORDER BY seq LIMIT {}", select(table, range), rows_max + 1);
        let mut connected = self.connected.lock().await;
        let session = match connected.take().filter(|session| !session.client.is_closed()) {
            Some(session) => session,
            None => self.target.connect().await?,
        };
        let log_id = self.log_id.to_string();
        let rows = self.target.in_time("reading", session.client.query(&sql, &[&log_id])).await?;
        // After a failure the connection is not used again.
        *connected = Some(session);
        let rows_max = rows_max as usize;
        let more = rows.len() > rows_max;
        let kept = rows.iter().take(rows_max);
        let last_seq = kept.clone().last().and_then(|row| row.try_get::<_, i64>("seq").ok());
        let next_after_seq = last_seq.filter(|_| more).and_then(|seq| u64::try_from(seq).ok());
        Ok(Page { rows: kept.map(as_struct).collect::<Result<_, _>>()?, next_after_seq })
    }

    /// Hands every row of a range to `take`, as the values of its columns, in no particular order.
    ///
    /// # Errors
    ///
    /// When there is no such table, the server fails or falls silent, or `take` fails.
    pub async fn each(
        &self,
        table: &str,
        range: &Range,
        take: &mut (dyn FnMut(Vec<Value>) -> Result<(), ArchiveError> + Send),
    ) -> Result<(), ArchiveError> {
        let table = find(table)?;
        let session = self.target.connect().await?;
        // The whole range is one statement; that the server goes on answering is watched row by row.
        self.target.in_time("reading", session.client.batch_execute("SET statement_timeout = 0")).await?;
        let log_id = self.log_id.to_string();
        let parameters: [&(dyn ToSql + Sync); 1] = [&log_id];
        let sql = select(table, range);
        let rows = self.target.in_time("reading", session.client.query_raw(&sql, parameters)).await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = self.target.in_time("reading", rows.try_next()).await? {
            take(values(&row)?)?;
        }
        Ok(())
    }
}

fn find(name: &str) -> Result<&'static TableSpec, ArchiveError> {
    let unknown = || ArchiveError::UnknownTable(name.chars().take(64).collect());
    TABLES.iter().find(|table| table.name == name).ok_or_else(unknown)
}

/// Every number and moment in it is one that we have parsed.
fn select(table: &TableSpec, range: &Range) -> String {
    let columns: Vec<_> = table.all_columns().map(|(name, _)| name).collect();
    let mut wanted = vec![format!("seq > {}", range.after_seq)];
    if let Some(seq) = range.before_seq {
        wanted.push(format!("seq < {seq}"));
    }
    if let Some(time) = range.from {
        wanted.push(format!("event_time >= '{time}'"));
    }
    if let Some(time) = range.to {
        wanted.push(format!("event_time < '{time}'"));
    }
    format!(
        "SELECT {} FROM {} WHERE log = (SELECT log FROM archive_progress WHERE log_id = $1) AND {}",
        columns.join(", "),
        table.name,
        wanted.join(" AND ")
    )
}

fn as_struct(row: &Row) -> Result<Struct, ArchiveError> {
    let names = row.columns().iter().map(|column| column.name().to_owned());
    let kinds = values(row)?.into_iter().map(|value| as_kind(ValueRef::from(&value)));
    let fields = names.zip(kinds.map(|kind| prost_types::Value { kind: Some(kind) })).collect();
    Ok(Struct { fields })
}

fn values(row: &Row) -> Result<Vec<Value>, ArchiveError> {
    let value = |place| row.try_get::<_, Cell>(place).map(|cell| cell.0);
    Ok((0..row.len()).map(value).collect::<Result<_, _>>()?)
}

/// A value as the hot store has it.
struct Cell(Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::INT8 => Value::UBigInt(u64::try_from(i64::from_sql(kind, raw)?)?),
            Type::FLOAT8 => Value::Double(f64::from_sql(kind, raw)?),
            Type::BOOL => Value::Boolean(bool::from_sql(kind, raw)?),
            Type::TIMESTAMPTZ => {
                let micros = i64::from_be_bytes(raw.try_into()?);
                Value::Timestamp(TimeUnit::Microsecond, micros.saturating_add(EPOCH_MICROS))
            }
            _ => Value::Text(String::from_sql(kind, raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::FLOAT8 | Type::BOOL | Type::TIMESTAMPTZ | Type::TEXT)
    }
}
