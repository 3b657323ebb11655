//! The tables of the archive, made by numbered migrations and checked against what we write.

use std::collections::BTreeMap;

use tokio_postgres::{Client, Transaction};

use super::ArchiveError;
use crate::hot::{TABLES, TableSpec};

/// Held while migrating, so that two engines do not at once: "goat" in ASCII.
const LOCK: i64 = 0x676f_6174;
/// Before the columns of the hot store.
pub(super) const LOG_COLUMN: (&str, &str) = ("log", "integer");
/// Rows of a table come in the order of their positions, and nearly in that of their times.
const PARTITION_KEY: &str = "RANGE (event_time)";

/// One step of the schema. Steps are only ever added, and the later ones hold whether or not an earlier one
/// already made what they make: the first makes the tables as they are today.
struct Migration {
    number: i32,
    name: &'static str,
    statements: fn() -> Vec<String>,
}

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "tables, progress and gaps", statements: tables },
    Migration { number: 2, name: "events of the operator's own feeds", statements: user_events },
];

fn user_events() -> Vec<String> {
    let table = TABLES.iter().find(|table| table.name == "user_events");
    table.map(create).unwrap_or_default()
}

fn tables() -> Vec<String> {
    let mut statements = vec![
        "CREATE TABLE archive_progress (
             log integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, log_id text NOT NULL UNIQUE,
             last_seq bigint NOT NULL, last_time timestamp with time zone, books text NOT NULL)"
            .to_owned(),
        "CREATE TABLE archive_gaps (
             log integer NOT NULL, from_seq bigint NOT NULL, to_seq bigint NOT NULL, reason text NOT NULL)"
            .to_owned(),
    ];
    statements.extend(TABLES.iter().flat_map(create));
    statements
}

/// Makes a table, unless it is there: what is there is checked afterwards.
fn create(table: &TableSpec) -> Vec<String> {
    let columns: Vec<_> = table
        .all_columns()
        .map(|(name, kind)| {
            format!("{name} {}{}", column_type(kind), if required(kind) { " NOT NULL" } else { "" })
        })
        .collect();
    let (name, (log, kind)) = (table.name, LOG_COLUMN);
    vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {name} ({log} {kind} NOT NULL, {}) PARTITION BY {PARTITION_KEY}",
            columns.join(", ")
        ),
        format!(
            "CREATE INDEX IF NOT EXISTS {name}_event_time_seq ON {name} USING brin (event_time, seq)
             WITH (pages_per_range = 32)"
        ),
    ]
}

/// The type of a column of the hot store in `PostgreSQL`. It has no unsigned numbers; ours stay below 2^63.
fn column_type(kind: &str) -> &'static str {
    match kind.split(' ').next() {
        Some("UBIGINT" | "UINTEGER") => "bigint",
        Some("TIMESTAMP") => "timestamp with time zone",
        Some("DOUBLE") => "double precision",
        Some("BOOLEAN") => "boolean",
        _ => "text",
    }
}

fn required(kind: &str) -> bool {
    kind.ends_with("NOT NULL")
}

/// Brings the schema up to date and checks it; all or nothing.
pub(super) async fn prepare(client: &mut Client) -> Result<(), ArchiveError> {
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS archive_migrations (
                 number integer PRIMARY KEY, name text NOT NULL, applied timestamp with time zone NOT NULL)",
        )
        .await?;
    let applied: i32 = transaction
        .query_one("SELECT coalesce(max(number), 0) FROM archive_migrations", &[])
        .await?
        .try_get(0)?;
    let newest = MIGRATIONS.iter().map(|migration| migration.number).max().unwrap_or_default();
    if applied > newest {
        return Err(ArchiveError::Schema(format!(
            "migration {applied} was applied by a newer version; this one knows {newest}"
        )));
    }
    if applied == 0 {
        refuse_foreign_tables(&transaction).await?;
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.number > applied) {
        for statement in (migration.statements)() {
            transaction.batch_execute(&statement).await?;
        }
        transaction
            .execute(
                "INSERT INTO archive_migrations (number, name, applied) VALUES ($1, $2, now())",
                &[&migration.number, &migration.name],
            )
            .await?;
        tracing::info!(number = migration.number, name = migration.name, "the archive's schema was migrated");
    }
    for table in TABLES {
        verify(&transaction, table).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// A table of ours that nobody of us made belongs to somebody else.
async fn refuse_foreign_tables(transaction: &Transaction<'_>) -> Result<(), ArchiveError> {
    for name in TABLES.iter().map(|table| table.name).chain(["archive_progress", "archive_gaps"]) {
        let row = transaction.query_one("SELECT to_regclass($1) IS NOT NULL", &[&name]).await?;
        if row.try_get(0)? {
            return Err(ArchiveError::Schema(format!(
                "a table {name} is there that the data-engine did not make; name another database or schema"
            )));
        }
    }
    Ok(())
}

/// Names the first difference between a table and what is written to it.
async fn verify(transaction: &Transaction<'_>, table: &TableSpec) -> Result<(), ArchiveError> {
    let misfit = |what: String| Err(ArchiveError::Schema(format!("{} {what}", table.name)));
    let row = transaction.query_one("SELECT pg_get_partkeydef(to_regclass($1))", &[&table.name]).await?;
    let key: Option<String> = row.try_get(0)?;
    if key.as_deref() != Some(PARTITION_KEY) {
        return misfit(format!(
            "is partitioned by {}, not by {PARTITION_KEY}",
            key.as_deref().unwrap_or("nothing, or is not there")
        ));
    }
    let rows = transaction
        .query(
            "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull AND NOT atthasdef AND attidentity = ''
             FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped",
            &[&table.name],
        )
        .await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let (name, kind, required): (String, String, bool) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        found.insert(name, (kind, required));
    }
    let ours = table.all_columns().map(|(name, kind)| (name, column_type(kind)));
    for (name, wanted) in [LOG_COLUMN].into_iter().chain(ours) {
        match found.remove(name) {
            None => return misfit(format!("has no column {name}")),
            Some((kind, _)) if kind != wanted => {
                return misfit(format!("has the column {name} of type {kind}, not {wanted}"));
            }
            Some(_) => {}
        }
    }
    // A column that somebody added is theirs, unless it wants a value that we do not have.
    match found.into_iter().find(|(_, (_, required))| *required) {
        Some((name, _)) => misfit(format!("has the column {name}, which is NOT NULL and not ours")),
        None => Ok(()),
    }
}
