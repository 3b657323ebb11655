//! Reading the archive: the rows of a table in the order of their positions.

use std::error::Error;

use duckdb::types::{TimeUnit, Value, ValueRef};
use futures_util::TryStreamExt;
use goat::prost_types::{self, Struct};
use goat::values::UnixMicros;
use prost::Message;
use tokio::sync::Mutex;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Row};

use super::ArchiveError;
use super::EPOCH_MICROS;
use super::target::{Connected, Target};
use crate::hot::{PAGE_BYTES_MAX, Point, TABLES, TableSpec, as_kind};
use crate::journal::LogId;

/// The most rows of a page.
const PAGE_ROWS_MAX: u32 = 10_000;
/// Positions that are looked through at first; each further step is larger. Without a bound the server would sort
/// everything that follows for each page.
const STEP_SEQS: u64 = 100_000;
const STEP_FACTOR: u64 = 4;

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
    /// What the archive had when the page was read.
    pub coverage: Coverage,
}

/// What the archive has of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Everything up to here is archived, but for what is missing.
    pub last_seq: u64,
    /// Positions up to this one may be missing: the log forgot them before they were archived. 0 when none are.
    pub missing_through_seq: u64,
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
        let rows_max = rows_max.clamp(1, PAGE_ROWS_MAX) as usize;
        self.asked(async |client| self.read_page(client, table, range, rows_max).await).await
    }

    /// Every price of a token within a range, oldest first, and what the archive had when it was read.
    ///
    /// # Errors
    ///
    /// When the server fails or does not answer.
    pub async fn prices(&self, token: &str, range: &Range) -> Result<(Vec<Point>, Coverage), ArchiveError> {
        self.asked(async |client| {
            let coverage = self.coverage(client).await?;
            let sql = format!(
                "SELECT seq, event_time, price FROM prices
                 WHERE log = (SELECT log FROM archive_progress WHERE log_id = $1) AND token = $2 AND {}
                 ORDER BY event_time, seq",
                wanted(range)
            );
            let (log_id, token) = (self.log_id.to_string(), token.to_owned());
            let parameters: [&(dyn ToSql + Sync); 2] = [&log_id, &token];
            let mut rows = std::pin::pin!(client.query_raw(&sql, parameters).await?);
            let mut points = Vec::new();
            while let Some(row) = rows.try_next().await? {
                points.extend(as_point(&values(&row)?));
            }
            Ok((points, coverage))
        })
        .await
    }

    /// Asks on the connection that is kept. After a failure it is not used again.
    async fn asked<T>(
        &self,
        question: impl AsyncFnOnce(&Client) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        let answering = async {
            let mut connected = self.connected.lock().await;
            let session = match connected.take().filter(|session| !session.client.is_closed()) {
                Some(session) => session,
                None => self.target.connect().await?,
            };
            let answer = question(&session.client).await?;
            *connected = Some(session);
            Ok::<_, ArchiveError>(answer)
        };
        self.target.in_time("reading", answering).await
    }

    /// What is committed later only adds to it.
    async fn coverage(&self, client: &Client) -> Result<Coverage, ArchiveError> {
        let row = client
            .query_opt(
                "SELECT last_seq, coalesce((SELECT max(to_seq) FROM archive_gaps WHERE archive_gaps.log = progress.log), 0)
                 FROM archive_progress progress WHERE log_id = $1",
                &[&self.log_id.to_string()],
            )
            .await?;
        let Some(row) = row else { return Ok(Coverage::default()) };
        let seq = |place: usize| {
            Ok::<_, ArchiveError>(u64::try_from(row.try_get::<_, i64>(place)?).unwrap_or_default())
        };
        Ok(Coverage { last_seq: seq(0)?, missing_through_seq: seq(1)? })
    }

    async fn read_page(
        &self,
        client: &Client,
        table: &TableSpec,
        range: &Range,
        rows_max: usize,
    ) -> Result<Page, ArchiveError> {
        let coverage = self.coverage(client).await?;
        let end = range.before_seq.unwrap_or(u64::MAX).min(coverage.last_seq.saturating_add(1));
        let log_id = self.log_id.to_string();
        let mut page = Page { rows: Vec::new(), next_after_seq: None, coverage };
        let (mut after_seq, mut step, mut bytes) = (range.after_seq, STEP_SEQS, 0_usize);
        let mut last_seq = 0;
        while after_seq.saturating_add(1) < end {
            let before_seq = end.min(after_seq.saturating_add(1).saturating_add(step));
            let part = Range { after_seq, before_seq: Some(before_seq), ..*range };
            let limit = rows_max.saturating_sub(page.rows.len()).saturating_add(1);
            let sql = format!("{} ORDER BY seq LIMIT {limit}", select(table, &part));
            let parameters: [&(dyn ToSql + Sync); 1] = [&log_id];
            let mut rows = std::pin::pin!(client.query_raw(&sql, parameters).await?);
            while let Some(row) = rows.try_next().await? {
                let fields = as_struct(&row)?;
                bytes = bytes.saturating_add(fields.encoded_len());
                let is_full = page.rows.len() >= rows_max || bytes > PAGE_BYTES_MAX;
                if is_full && !page.rows.is_empty() {
                    page.next_after_seq = Some(last_seq);
                    return Ok(page);
                }
                last_seq = u64::try_from(row.try_get::<_, i64>("seq")?).unwrap_or_default();
                page.rows.push(fields);
            }
            after_seq = before_seq - 1;
            step = step.saturating_mul(STEP_FACTOR);
        }
        Ok(page)
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

fn select(table: &TableSpec, range: &Range) -> String {
    let columns: Vec<_> = table.all_columns().map(|(name, _)| name).collect();
    format!(
        "SELECT {} FROM {} WHERE log = (SELECT log FROM archive_progress WHERE log_id = $1) AND {}",
        columns.join(", "),
        table.name,
        wanted(range)
    )
}

/// Every number and moment in it is one that we have parsed.
fn wanted(range: &Range) -> String {
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
    wanted.join(" AND ")
}

fn as_point(values: &[Value]) -> Option<Point> {
    let [Value::UBigInt(seq), Value::Timestamp(_, micros), Value::Double(price)] = values else {
        return None;
    };
    Some(Point { seq: *seq, time: UnixMicros::new(*micros).ok()?, price: *price })
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
