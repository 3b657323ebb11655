//! The ledger in a `PostgreSQL` database.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use goat::postgres::{Connected, Patience, Server};
use goat::settings::Ledger as Settings;
use goat::values::{Seq, UnixMicros};
use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, GenericClient, Transaction};

use super::schema::{self, Dialect, MIGRATIONS, SNAPSHOTS, misfit, too_new};
use super::{Commit, Ledger, LedgerError, Logged, Snapshot, outdated};
use crate::chain::Link;
use crate::tables::{Carried, Kind, Layout, Record, Table, Value, kept};

mod copy;

/// Held as long as the process lives: "goatledg" in ASCII.
const LOCK: i64 = 0x676f_6174_6c65_6467;
/// How long an earlier process may take to let go of it.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(50);
const PLACE: &str = "in PostgreSQL";

const DIALECT: Dialect = Dialect {
    integer: "integer",
    bigint: "bigint",
    text: "text",
    timestamp: "timestamp with time zone",
    blob: "bytea",
    column_type,
    create,
    steps: &[],
};

/// A database, held by one process.
#[derive(Debug)]
pub struct PostgresLedger {
    /// The connection lives on it; it runs only while something is asked.
    runtime: Option<Runtime>,
    server: Server,
    connected: Connected,
}

impl Drop for PostgresLedger {
    fn drop(&mut self) {
        // Where a runtime may not be waited for, it may be left.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl PostgresLedger {
    /// Opens the ledger that the settings name, or makes it; none when they name none.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, another process has the ledger, or its tables are not those that this code
    /// knows.
    pub fn open(settings: &Settings) -> Result<Option<Self>, LedgerError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let patience = Patience {
            connect: Duration::from_millis(settings.connect_timeout_ms),
            statement: Duration::from_millis(settings.statement_timeout_ms),
            keepalive: Duration::from_secs(settings.keepalive_seconds),
        };
        let server = Server::at("ledger.url", url, "trading-engine", patience)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| LedgerError::File("the ledger's runtime".into(), error))?;
        let connected = runtime.block_on(async {
            let mut connected = server.connect().await?;
            server
                .in_time::<_, _, LedgerError>("preparing the ledger", prepare(&mut connected.client))
                .await?;
            Ok::<_, LedgerError>(connected)
        })?;
        Ok(Some(Self { runtime: Some(runtime), server, connected }))
    }

    fn ask<T>(
        &mut self,
        doing: &'static str,
        question: impl AsyncFnOnce(&mut Client) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let Some(runtime) = &self.runtime else {
            return Err(LedgerError::Locked("the connection to PostgreSQL".to_owned()));
        };
        runtime.block_on(self.server.in_time(doing, question(&mut self.connected.client)))
    }
}

/// A process that was killed holds the lock until the server has noticed.
async fn lock(client: &Client) -> Result<(), LedgerError> {
    let began = Instant::now();
    loop {
        if client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await?.try_get(0)? {
            return Ok(());
        }
        if began.elapsed() >= LOCK_PATIENCE {
            return Err(LedgerError::Locked("its database".to_owned()));
        }
        tokio::time::sleep(LOCK_RETRY).await;
    }
}

/// Takes the lock, brings the tables up to date, all or nothing, and checks them.
async fn prepare(client: &mut Client) -> Result<(), LedgerError> {
    let refuse = |problem| LedgerError::DoesNotFit { place: PLACE.to_owned(), problem };
    lock(client).await?;
    let transaction = client.transaction().await?;
    let found = columns_of(&transaction, MIGRATIONS).await?;
    let applied: i32 = if found.is_empty() {
        0
    } else {
        let newest = format!("SELECT coalesce(max(number), 0) FROM {MIGRATIONS}");
        transaction.query_one(&newest, &[]).await?.try_get(0)?
    };
    if let Some(problem) = too_new(applied) {
        return Err(refuse(problem));
    }
    if applied == 0 {
        for (table, _) in DIALECT.tables() {
            if !columns_of(&transaction, table).await?.is_empty() {
                return Err(refuse(format!(
                    "a table {table} is there that the trading-engine did not make; name another database or schema"
                )));
            }
        }
    }
    if applied < schema::newest() {
        transaction.batch_execute(&DIALECT.migrate(applied)).await?;
    }
    for (table, columns) in DIALECT.tables() {
        if let Some(problem) = misfit(table, &columns, columns_of(&transaction, table).await?) {
            return Err(refuse(problem));
        }
    }
    transaction.commit().await?;
    let stages: String = kept().map(|(table, _)| create_stage(Layout::of_ledger(table))).collect();
    client.batch_execute(&stages).await?;
    Ok(())
}

async fn columns_of(
    transaction: &Transaction<'_>,
    table: &str,
) -> Result<BTreeMap<String, String>, LedgerError> {
    let columns = "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
                   WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
    let rows = transaction.query(columns, &[&table]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

fn column_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Integer => "integer",
        Kind::BigInt => "bigint",
        Kind::Double => "double precision",
        Kind::Boolean => "boolean",
        Kind::Timestamp => "timestamp with time zone",
        Kind::Money => "numeric(18,6)",
        Kind::Json => "json",
    }
}

fn create(layout: Layout) -> String {
    let column = |column: crate::tables::Column| {
        let required = if column.required { " NOT NULL" } else { "" };
        format!("{} {}{required}", column.name, column_type(column.kind))
    };
    let columns: Vec<String> = layout.columns().map(column).collect();
    let key: Vec<&str> = layout.key().collect();
    format!("CREATE TABLE {} ({}, PRIMARY KEY ({}));", layout.table.name, columns.join(", "), key.join(", "))
}

/// Where rows wait to be put in: of this connection alone. Money waits as millionths.
fn create_stage(layout: Layout) -> String {
    let staged = |kind| if kind == Kind::Money { "bigint" } else { column_type(kind) };
    let columns: Vec<String> =
        layout.columns().map(|column| format!("{} {}", column.name, staged(column.kind))).collect();
    format!("CREATE TEMP TABLE {} ({}) ON COMMIT DELETE ROWS;", layout.stage(), columns.join(", "))
}

async fn upsert(
    transaction: &Transaction<'_>,
    layout: Layout,
    log_id: &str,
    rows: &[&[Value]],
) -> Result<(), LedgerError> {
    copy::copy(transaction, layout, log_id, rows).await?;
    let value = |column: crate::tables::Column| match column.kind {
        Kind::Money => format!("{}::numeric / 1000000", column.name),
        _ => column.name.to_owned(),
    };
    let values: Vec<String> = layout.columns().map(value).collect();
    let key: Vec<&str> = layout.key().collect();
    let changes: Vec<String> = layout
        .columns()
        .filter(|column| !key.contains(&column.name))
        .map(|column| format!("{0} = excluded.{0}", column.name))
        .collect();
    let insert = format!(
        "INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) DO UPDATE SET {}",
        layout.table.name,
        layout.column_names(),
        values.join(", "),
        layout.stage(),
        key.join(", "),
        changes.join(", "),
    );
    transaction.execute(&insert, &[]).await?;
    Ok(())
}

async fn rows(
    client: &impl GenericClient,
    layout: Layout,
    condition: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Vec<Value>>, LedgerError> {
    let read = |column: &crate::tables::Column| match column.kind {
        Kind::Timestamp => format!("(extract(epoch FROM {}) * 1000000)::bigint", column.name),
        Kind::Money => format!("({} * 1000000)::bigint", column.name),
        Kind::Json => format!("{}::text", column.name),
        _ => column.name.to_owned(),
    };
    let columns: Vec<String> = layout.table.columns.iter().map(read).collect();
    let select = format!("SELECT {} FROM {} {condition}", columns.join(", "), layout.table.name);
    let found = client.query(&select, parameters).await?;
    found
        .iter()
        .map(|row| {
            let kinds = layout.table.columns.iter().enumerate();
            kinds.map(|(at, column)| Ok(loaded(row, at, column.kind)?)).collect()
        })
        .collect()
}

fn loaded(row: &tokio_postgres::Row, at: usize, kind: Kind) -> Result<Value, tokio_postgres::Error> {
    let value = match kind {
        Kind::Text => row.try_get::<_, Option<String>>(at)?.map(Value::Text),
        Kind::Json => row.try_get::<_, Option<String>>(at)?.map(Value::Json),
        Kind::Integer => row.try_get::<_, Option<i32>>(at)?.map(Value::Integer),
        Kind::BigInt => row.try_get::<_, Option<i64>>(at)?.map(Value::BigInt),
        Kind::Timestamp => row.try_get::<_, Option<i64>>(at)?.map(Value::Timestamp),
        Kind::Money => row.try_get::<_, Option<i64>>(at)?.map(Value::Money),
        Kind::Double => row.try_get::<_, Option<f64>>(at)?.map(Value::Double),
        Kind::Boolean => row.try_get::<_, Option<bool>>(at)?.map(Value::Boolean),
    };
    Ok(value.unwrap_or(Value::Null))
}

fn as_bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Ledger for PostgresLedger {
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LedgerError> {
        self.ask("reading the snapshot", async |client| {
            let newest = format!(
                "SELECT log_id, version, cursor_seq, command, state FROM {SNAPSHOTS} ORDER BY generation DESC LIMIT 1"
            );
            let Some(row) = client.query_opt(&newest, &[]).await? else { return Ok(None) };
            let (version, cursor_seq, command): (i32, i64, i64) =
                (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            Ok(Some(Snapshot {
                log_id: row.try_get(0)?,
                version: version.unsigned_abs(),
                cursor_seq: Seq::new(cursor_seq.unsigned_abs()),
                command: command.unsigned_abs(),
                state: row.try_get(4)?,
            }))
        })
    }

    fn rows(
        &mut self,
        table: &'static Table,
        log_id: &str,
        since: Option<UnixMicros>,
    ) -> Result<Vec<Vec<Value>>, LedgerError> {
        let layout = Layout::of_ledger(table);
        let young = match (table.age(), since) {
            (Some(age), Some(since)) => {
                format!(" AND ({age} IS NULL OR {age} >= to_timestamp({}::numeric / 1000000))", since.get())
            }
            _ => String::new(),
        };
        self.ask("reading rows", async |client| {
            if layout.per_log {
                rows(client, layout, &format!("WHERE log_id = $1{young}"), &[&log_id]).await
            } else {
                rows(client, layout, &format!("WHERE true{young}"), &[]).await
            }
        })
    }

    fn rows_between(
        &mut self,
        table: &'static Table,
        log_id: &str,
        after: Seq,
        to: Seq,
    ) -> Result<Vec<Vec<Value>>, LedgerError> {
        let layout = Layout::of_ledger(table);
        self.ask("reading rows", async |client| {
            let between = "WHERE log_id = $1 AND seq > $2 AND seq <= $3";
            rows(client, layout, between, &[&log_id, &as_bigint(after.get()), &as_bigint(to.get())]).await
        })
    }

    fn commands_after(&mut self, ordinal: u64) -> Result<Vec<Vec<Value>>, LedgerError> {
        self.ask("reading commands", async |client| {
            let after = "WHERE ordinal > $1 ORDER BY ordinal";
            rows(client, Layout::of_ledger(Logged::TABLE), after, &[&as_bigint(ordinal)]).await
        })
    }

    fn command_of(&mut self, request_id: &str) -> Result<Option<Vec<Value>>, LedgerError> {
        self.ask("reading commands", async |client| {
            let layout = Layout::of_ledger(Logged::TABLE);
            let rows = rows(client, layout, "WHERE request_id = $1", &[&request_id]).await?;
            Ok(rows.into_iter().next())
        })
    }

    fn newest_link(&mut self) -> Result<Option<Vec<Value>>, LedgerError> {
        self.ask("reading the chain of results", async |client| {
            let layout = Layout::of_ledger(Link::TABLE);
            let rows = rows(client, layout, "ORDER BY number DESC LIMIT 1", &[]).await?;
            Ok(rows.into_iter().next())
        })
    }

    fn append(&mut self, command: &Logged) -> Result<(), LedgerError> {
        let layout = Layout::of_ledger(Logged::TABLE);
        self.ask("taking a command", async |client| {
            let transaction = client.transaction().await?;
            upsert(&transaction, layout, &command.log_id, &[&command.values()]).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn commit(&mut self, commit: &Commit) -> Result<(), LedgerError> {
        self.ask("taking a commit", async |client| {
            let transaction = client.transaction().await?;
            write(&transaction, commit).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn back_up(&mut self, _: &Path) -> Result<bool, LedgerError> {
        Ok(false)
    }
}

async fn write(transaction: &Transaction<'_>, commit: &Commit) -> Result<(), LedgerError> {
    let Snapshot { log_id, version, cursor_seq, command, state } = &commit.snapshot;
    let version = i32::try_from(*version).unwrap_or(i32::MAX);
    let (cursor_seq, command) = (as_bigint(cursor_seq.get()), as_bigint(*command));
    if commit.begins {
        for (table, _) in kept().filter(|(_, kept)| kept.per_log && kept.carried == Carried::Never) {
            transaction.execute(&format!("DELETE FROM {} WHERE log_id = $1", table.name), &[log_id]).await?;
        }
        transaction.execute(&format!("DELETE FROM {SNAPSHOTS} WHERE log_id = $1"), &[log_id]).await?;
        let insert = format!(
            "INSERT INTO {SNAPSHOTS} SELECT $1::text, coalesce(max(generation), 0) + 1, $2::integer,
                 $3::bigint, $4::bigint, $5::bytea FROM {SNAPSHOTS}"
        );
        transaction.execute(&insert, &[log_id, &version, &cursor_seq, &command, state]).await?;
    } else {
        let update = format!(
            "UPDATE {SNAPSHOTS} SET version = $1, cursor_seq = $2, command = $3, state = $4 WHERE log_id = $5"
        );
        let changed = transaction.execute(&update, &[&version, &cursor_seq, &command, state, log_id]).await?;
        if changed != 1 {
            return Err(LedgerError::Damaged(format!("it has {changed} snapshots of the log {log_id}")));
        }
    }
    for (table, rows) in commit.rows.tables().filter(|(table, _)| table.kept.is_some()) {
        upsert(transaction, Layout::of_ledger(table), log_id, &rows).await?;
    }
    for (table, age, oldest) in commit.hour.into_iter().flat_map(outdated) {
        let delete = format!(
            "DELETE FROM {} WHERE log_id = $1 AND {age} < to_timestamp({oldest}::numeric / 1000000)",
            table.name
        );
        transaction.execute(&delete, &[log_id]).await?;
    }
    Ok(())
}
