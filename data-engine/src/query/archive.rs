//! One query on the archive: a connection of its own, a read-only transaction, thrown away afterwards.
//!
//! Layers behind the guard: names are looked up in the server's own catalogue alone and the tables stand as common
//! table expressions of this log's rows, so that nothing else has a name; a superuser becomes a role that can only
//! read tables; the transaction is read-only; the server stops the statement by itself, and spills to disk at
//! most what [`SPILL_FACTOR`] says, where the role may limit that.

use std::pin::pin;
use std::time::Instant;

use duckdb::types::{TimeUnit, Value, ValueRef};
use futures_util::TryStreamExt;
use goat::prost_types::{ListValue, Value as Json};
use goat::query::json_bytes;
use goat::settings::Query as Limits;
use goat::sql::{Dialect, admit};
use goat::wire::market::{Column, QueryResponse};
use prost::Message;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use super::QueryError;
use crate::archive::{ArchiveError, EPOCH_MICROS, Target};
use crate::hot::{TABLES, as_kind};
use crate::journal::LogId;

/// A step of a query holds this part of its memory; a statement has several steps.
const STEPS: u32 = 8;
/// How many times its memory a query may write to disk.
const SPILL_FACTOR: u32 = 4;
const DAY_MICROS: i64 = 86_400_000_000;
/// Parsing and printing recurse as deep as a statement is nested or long; untouched pages cost nothing.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// What may run on the archive in place of `sql`. Blocks its thread.
pub(super) fn admitted(sql: &str, limits: &Limits) -> Result<String, QueryError> {
    let failed = |error: &dyn std::fmt::Display| {
        QueryError::Failed(format!("the thread of a query did not end well: {error}"))
    };
    let tables: Vec<_> = TABLES.iter().map(|table| table.name).collect();
    let bytes_max = usize::try_from(limits.text_bytes_max).unwrap_or(usize::MAX);
    let thread = std::thread::Builder::new().name("query".to_owned()).stack_size(STACK_BYTES);
    std::thread::scope(|scope| {
        let admitting = thread
            .spawn_scoped(scope, || admit(sql, &tables, bytes_max, Dialect::PostgreSql))
            .map_err(|error| failed(&error))?;
        Ok(admitting.join().map_err(|_| failed(&"it panicked"))??)
    })
}

/// The archive of one log, for queries.
#[derive(Debug, Clone)]
pub struct Asked {
    target: Target,
    log_id: LogId,
}

impl Asked {
    /// The archive of `log_id` at `target`; none when there is no target.
    #[must_use]
    pub fn of(target: Option<&Target>, log_id: LogId) -> Option<Self> {
        target.map(|target| Self { target: target.clone(), log_id })
    }

    /// Answers a statement that was admitted.
    pub(crate) async fn answer(&self, admitted: &str, limits: &Limits) -> Result<QueryResponse, QueryError> {
        let connected = self.target.connect().await?;
        let client = &connected.client;
        let begun = Instant::now();
        let failed = |error| as_query_error(error, limits);
        let tables = self.prepare(client, limits).await?;
        let snapshot = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
        client.batch_execute(snapshot).await.map_err(failed)?;
        let applied_seq = tables.last_seq(client).await?;
        let framed = tables.framed(client, admitted, limits).await.map_err(failed)?;
        let mut answer = read(client, &framed, limits).await.map_err(failed)?;
        answer.applied_seq = applied_seq;
        answer.took_ms = begun.elapsed().as_secs_f64() * 1000.0;
        Ok(answer)
    }

    /// Bounds the session and finds the tables.
    async fn prepare(&self, client: &Client, limits: &Limits) -> Result<Tables, ArchiveError> {
        let millis = limits.timeout_ms;
        let step_mb = (limits.memory_mb_max / STEPS).max(1);
        client
            .batch_execute(&format!(
                "SET statement_timeout = {millis}; SET lock_timeout = {millis};
                 SET idle_in_transaction_session_timeout = {millis}; SET work_mem = '{step_mb}MB';
                 SET max_parallel_workers_per_gather = 0; SET jit = off; SET default_transaction_read_only = on"
            ))
            .await?;
        let spill_mb = limits.memory_mb_max.saturating_mul(SPILL_FACTOR);
        let limited = client.batch_execute(&format!("SET temp_file_limit = '{spill_mb}MB'")).await;
        // Only some roles may set it; the others have the server's own limit.
        if let Err(error) = limited
            && error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE)
        {
            return Err(error.into());
        }
        let found = client
            .query_opt(
                "SELECT quote_ident(nspname), (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
                 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                 WHERE pg_class.oid = to_regclass('archive_progress')",
                &[],
            )
            .await?;
        let Some(row) = found else { return Err(ArchiveError::Schema("it has no tables yet".to_owned())) };
        let (schema, is_superuser): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
        if is_superuser {
            client.batch_execute("SET ROLE pg_read_all_data").await?;
        }
        client.batch_execute("SET search_path = pg_catalog").await?;
        let sql = format!("SELECT log FROM {schema}.archive_progress WHERE log_id = $1");
        let row = client.query_opt(&sql, &[&self.log_id.to_string()]).await?;
        let nothing = || ArchiveError::Schema("it has nothing of this log yet".to_owned());
        Ok(Tables { log: row.ok_or_else(nothing)?.try_get(0)?, schema })
    }
}

/// Where the rows of a log are.
struct Tables {
    schema: String,
    log: i32,
}

impl Tables {
    async fn last_seq(&self, client: &Client) -> Result<u64, ArchiveError> {
        let sql = format!("SELECT last_seq FROM {}.archive_progress WHERE log = $1", self.schema);
        let last_seq: i64 = client.query_one(&sql, &[&self.log]).await?.try_get(0)?;
        Ok(u64::try_from(last_seq).unwrap_or_default())
    }

    /// The statement with what it may see, its columns as they are read, and one row more than is answered.
    async fn framed(
        &self,
        client: &Client,
        admitted: &str,
        limits: &Limits,
    ) -> Result<Framed, tokio_postgres::Error> {
        let Self { schema, log } = self;
        let views: Vec<_> = TABLES
            .iter()
            .map(|table| {
                let columns: Vec<_> = table.all_columns().map(|(name, _)| name).collect();
                let (name, columns) = (table.name, columns.join(", "));
                format!(
                    "{name} AS NOT MATERIALIZED (SELECT {columns} FROM {schema}.{name} WHERE log = {log})"
                )
            })
            .collect();
        let views = views.join(",\n");
        // The line ends before the bracket: nothing in the statement can take it in.
        let asked = client
            .prepare(&format!("WITH {views}\nSELECT * FROM (\n{admitted}\n) AS answer LIMIT 0"))
            .await?;
        let columns: Vec<_> = asked
            .columns()
            .iter()
            .map(|column| Column { name: column.name().to_owned(), r#type: type_name(column.type_()) })
            .collect();
        // Names may repeat, and a type that is not read as it is becomes text.
        let places = asked.columns().iter().enumerate();
        let read: Vec<_> =
            places
                .clone()
                .map(|(place, column)| {
                    if Cell::accepts(column.type_()) {
                        format!("c{place}")
                    } else {
                        format!("c{place}::text")
                    }
                })
                .collect();
        let names: Vec<_> = places.map(|(place, _)| format!("c{place}")).collect();
        let names = if names.is_empty() { String::new() } else { format!("({})", names.join(", ")) };
        let statement = client
            .prepare(&format!(
                "WITH {views}\nSELECT {} FROM (\n{admitted}\n) AS answer{names} LIMIT {}",
                read.join(", "),
                u64::from(limits.rows_max).saturating_add(1)
            ))
            .await?;
        Ok(Framed { statement, columns })
    }
}

/// A statement that can run, and the columns that its asker sees.
struct Framed {
    statement: Statement,
    columns: Vec<Column>,
}

async fn read(
    client: &Client,
    framed: &Framed,
    limits: &Limits,
) -> Result<QueryResponse, tokio_postgres::Error> {
    let bytes_max = usize::try_from(limits.result_bytes_max).unwrap_or(usize::MAX);
    let head = framed.columns.iter().map(|column| column.name.len() + column.r#type.len() + 32);
    let mut bytes: usize = head.sum();
    let mut answer = QueryResponse { columns: framed.columns.clone(), ..QueryResponse::default() };
    let nothing: [&(dyn ToSql + Sync); 0] = [];
    let mut rows = pin!(client.query_raw(&framed.statement, nothing).await?);
    while let Some(row) = rows.try_next().await? {
        let list = ListValue { values: values(&row)? };
        // Four bytes of tag and length for each row.
        let sent = list.encoded_len().saturating_add(4);
        bytes = bytes.saturating_add(sent.max(list.values.iter().map(json_bytes).sum()));
        if bytes > bytes_max || answer.count >= limits.rows_max {
            answer.truncated = true;
            break;
        }
        answer.rows.push(list);
        answer.count = answer.count.saturating_add(1);
    }
    Ok(answer)
}

fn values(row: &Row) -> Result<Vec<Json>, tokio_postgres::Error> {
    let value = |place| -> Result<Json, tokio_postgres::Error> {
        let Cell(value) = row.try_get(place)?;
        Ok(Json { kind: Some(as_kind(ValueRef::from(&value))) })
    };
    (0..row.len()).map(value).collect()
}

/// A value as the hot store would have it.
struct Cell(Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let timestamp = |micros: i64| Value::Timestamp(TimeUnit::Microsecond, micros);
        Ok(Self(match *kind {
            Type::INT2 => Value::SmallInt(i16::from_sql(kind, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(kind, raw)?),
            Type::INT8 => Value::BigInt(i64::from_sql(kind, raw)?),
            Type::FLOAT4 => Value::Float(f32::from_sql(kind, raw)?),
            Type::FLOAT8 => Value::Double(f64::from_sql(kind, raw)?),
            Type::BOOL => Value::Boolean(bool::from_sql(kind, raw)?),
            Type::TIMESTAMPTZ | Type::TIMESTAMP => {
                timestamp(i64::from_be_bytes(raw.try_into()?).saturating_add(EPOCH_MICROS))
            }
            Type::DATE => {
                let epoch_days = i32::try_from(EPOCH_MICROS / DAY_MICROS)?;
                Value::Date32(i32::from_be_bytes(raw.try_into()?).saturating_add(epoch_days))
            }
            _ => Value::Text(String::from_sql(kind, raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::FLOAT4
                | Type::FLOAT8
                | Type::BOOL
                | Type::TIMESTAMPTZ
                | Type::TIMESTAMP
                | Type::DATE
                | Type::TEXT
                | Type::VARCHAR
        )
    }
}

/// The type as the hot store writes it.
fn type_name(kind: &Type) -> String {
    match *kind {
        Type::INT2 => "SMALLINT".to_owned(),
        Type::INT4 => "INTEGER".to_owned(),
        Type::INT8 => "BIGINT".to_owned(),
        Type::FLOAT4 => "FLOAT".to_owned(),
        Type::FLOAT8 => "DOUBLE".to_owned(),
        Type::BOOL => "BOOLEAN".to_owned(),
        Type::NUMERIC => "DECIMAL".to_owned(),
        Type::TEXT | Type::VARCHAR | Type::UNKNOWN => "VARCHAR".to_owned(),
        Type::TIMESTAMPTZ => "TIMESTAMP WITH TIME ZONE".to_owned(),
        _ => kind.name().to_ascii_uppercase(),
    }
}

fn as_query_error(error: tokio_postgres::Error, limits: &Limits) -> QueryError {
    let Some(said) = error.as_db_error() else { return QueryError::Archive(error.into()) };
    let code = said.code();
    if *code == SqlState::QUERY_CANCELED {
        return QueryError::TooLong(limits.timeout_ms);
    }
    let too_large = [
        SqlState::CONFIGURATION_LIMIT_EXCEEDED,
        SqlState::OUT_OF_MEMORY,
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        SqlState::DISK_FULL,
    ];
    if too_large.contains(code) {
        return QueryError::TooMuchMemory(limits.memory_mb_max);
    }
    match code.code().get(..2) {
        // The connection or the server went away.
        Some("08" | "57" | "58") => QueryError::Archive(error.into()),
        Some("XX") => QueryError::Failed(error.to_string()),
        _ => QueryError::NotUnderstood(said.message().lines().next().unwrap_or_default().to_owned()),
    }
}
