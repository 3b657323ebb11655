//! The ledger in a `DuckDB` file.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use duckdb::{Config, Connection, OptionalExt, Transaction, params};
use goat::values::{Seq, UnixMicros};

use super::schema::{Dialect, MIGRATIONS, SNAPSHOTS, Step, misfit, too_new};
use super::{Commit, Ledger, LedgerError, Logged, Snapshot, outdated};
use crate::chain::Link;
use crate::tables::duck::{self, column_type};
use crate::tables::{Carried, Layout, Record, Table, Value, kept};

/// What the ledger may take of the memory.
const MEMORY: &str = "256MB";
const FILE: &str = "ledger.duckdb";

const DIALECT: Dialect = Dialect {
    integer: "INTEGER",
    bigint: "BIGINT",
    text: "VARCHAR",
    timestamp: "TIMESTAMP WITH TIME ZONE",
    blob: "BLOB",
    column_type,
    create: duck::create,
    steps: &[Step {
        number: 2,
        before: "ALTER TABLE price_cycles RENAME TO price_cycles_before; DROP TABLE snapshots;",
        after:
            "INSERT INTO price_cycles SELECT log_id, id, threshold_hundredths / 100.0, start_time, end_time,
                    start_seq, end_seq, start_price, highest_price, lowest_price, max_percent_increase,
                    max_percent_increase_from_lowest, data_points, longest_gap_ms, end_seq IS NULL
                FROM price_cycles_before;
                DROP TABLE price_cycles_before; DROP TABLE schema_version;",
    }],
};

/// One file, held by one process.
///
/// Rows are keyed by their log, so that those of an earlier log stay readable.
#[derive(Debug)]
pub struct DuckLedger {
    connection: Connection,
    /// `DuckDB`'s own lock is lost when anyone in this process closes the file; this one is not.
    _lock: File,
}

impl DuckLedger {
    /// Whether there is a ledger in `folder`.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn exists(folder: &Path) -> Result<bool, LedgerError> {
        let path = folder.join(FILE);
        path.try_exists().map_err(|error| LedgerError::File(path, error))
    }

    /// Opens the ledger in `folder`, or makes it.
    ///
    /// # Errors
    ///
    /// When another process has it, when it cannot be opened, or when its tables are not those that this
    /// code knows.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        std::fs::create_dir_all(folder).map_err(|error| LedgerError::File(folder.to_owned(), error))?;
        let lock = lock(folder.join("LOCK"))?;
        let path = folder.join(FILE);
        let config = Config::default().threads(1)?.max_memory(MEMORY)?;
        let mut connection = Connection::open_with_flags(&path, config)?;
        prepare(&mut connection, &path)?;
        for (table, _) in kept() {
            connection.execute_batch(&duck::create_stage(Layout::of_ledger(table)))?;
        }
        Ok(Self { connection, _lock: lock })
    }
}

fn lock(path: PathBuf) -> Result<File, LedgerError> {
    let opened = File::options().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(|error| LedgerError::File(path.clone(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Locked(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(LedgerError::File(path, error)),
    }
}

/// Brings the tables up to date, all or nothing, and checks them.
fn prepare(connection: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    let refuse = |problem| LedgerError::DoesNotFit { place: path.display().to_string(), problem };
    let transaction = connection.transaction()?;
    let tables: Vec<String> = {
        let names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'";
        let mut statement = transaction.prepare(names)?;
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    let has = |name: &str| tables.iter().any(|table| table == name);
    let applied = match () {
        () if has(MIGRATIONS) => {
            let newest = format!("SELECT coalesce(max(number), 0) FROM {MIGRATIONS}");
            transaction.query_row(&newest, [], |row| row.get(0))?
        }
        () if tables.is_empty() => 0,
        // Before migrations had numbers in a table of their own.
        () if has("schema_version") => 1,
        () => return Err(refuse(format!("table {MIGRATIONS} is missing"))),
    };
    if let Some(problem) = too_new(applied) {
        return Err(refuse(problem));
    }
    if applied < super::schema::newest() {
        transaction.execute_batch(&DIALECT.migrate(applied))?;
    }
    for (table, columns) in DIALECT.tables() {
        if let Some(problem) = misfit(table, &columns, columns_of(&transaction, table)?) {
            return Err(refuse(problem));
        }
    }
    transaction.commit()?;
    Ok(())
}

fn columns_of(connection: &Connection, table: &str) -> Result<BTreeMap<String, String>, duckdb::Error> {
    let columns = "SELECT column_name, data_type FROM information_schema.columns \
                   WHERE table_name = ? AND table_schema = 'main'";
    let mut statement = connection.prepare(columns)?;
    let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

impl Ledger for DuckLedger {
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LedgerError> {
        let newest = format!(
            "SELECT log_id, version, cursor_seq, command, state FROM {SNAPSHOTS} ORDER BY generation DESC LIMIT 1"
        );
        let snapshot = self.connection.query_row(&newest, [], |row| {
            Ok(Snapshot {
                log_id: row.get(0)?,
                version: row.get(1)?,
                cursor_seq: Seq::new(row.get(2)?),
                command: row.get(3)?,
                state: row.get(4)?,
            })
        });
        Ok(snapshot.optional()?)
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
                format!(" AND ({age} IS NULL OR {age} >= make_timestamp({}))", since.get())
            }
            _ => String::new(),
        };
        Ok(if layout.per_log {
            duck::rows(&self.connection, layout, &format!("WHERE log_id = ?{young}"), &[&log_id])?
        } else {
            duck::rows(&self.connection, layout, &format!("WHERE true{young}"), &[])?
        })
    }

    fn rows_between(
        &mut self,
        table: &'static Table,
        log_id: &str,
        after: Seq,
        to: Seq,
    ) -> Result<Vec<Vec<Value>>, LedgerError> {
        let between = "WHERE log_id = ? AND seq > ? AND seq <= ?";
        let layout = Layout::of_ledger(table);
        Ok(duck::rows(&self.connection, layout, between, &[&log_id, &after.get(), &to.get()])?)
    }

    fn commands_after(&mut self, ordinal: u64) -> Result<Vec<Vec<Value>>, LedgerError> {
        let after = "WHERE ordinal > ? ORDER BY ordinal";
        Ok(duck::rows(&self.connection, Layout::of_ledger(Logged::TABLE), after, &[&ordinal])?)
    }

    fn command_of(&mut self, request_id: &str) -> Result<Option<Vec<Value>>, LedgerError> {
        let layout = Layout::of_ledger(Logged::TABLE);
        let rows = duck::rows(&self.connection, layout, "WHERE request_id = ?", &[&request_id])?;
        Ok(rows.into_iter().next())
    }

    fn newest_link(&mut self) -> Result<Option<Vec<Value>>, LedgerError> {
        let layout = Layout::of_ledger(Link::TABLE);
        let rows = duck::rows(&self.connection, layout, "ORDER BY number DESC LIMIT 1", &[])?;
        Ok(rows.into_iter().next())
    }

    fn append(&mut self, command: &Logged) -> Result<(), LedgerError> {
        let layout = Layout::of_ledger(Logged::TABLE);
        let transaction = self.connection.transaction()?;
        duck::upsert(&transaction, layout, &command.log_id, &[&command.values()])?;
        transaction.commit()?;
        Ok(())
    }

    fn commit(&mut self, commit: &Commit) -> Result<(), LedgerError> {
        let transaction = self.connection.transaction()?;
        write(&transaction, commit)?;
        transaction.commit()?;
        Ok(())
    }

    fn back_up(&mut self, to: &Path) -> Result<bool, LedgerError> {
        let refuse = |error| LedgerError::File(to.to_owned(), error);
        if to.try_exists().map_err(refuse)? {
            return Err(refuse(std::io::ErrorKind::AlreadyExists.into()));
        }
        let quoted = to.display().to_string().replace('\'', "''");
        self.connection.execute_batch(&format!("ATTACH '{quoted}' AS backup"))?;
        let ledger: String = self.connection.query_row("SELECT current_database()", [], |row| row.get(0))?;
        let copied = self.connection.execute_batch(&format!("COPY FROM DATABASE \"{ledger}\" TO backup"));
        // Detaching writes what is not in the file yet.
        let detached = self.connection.execute_batch("DETACH backup");
        copied.and(detached)?;
        File::open(to).and_then(|file| file.sync_all()).map_err(refuse)?;
        Ok(true)
    }
}

fn write(transaction: &Transaction<'_>, commit: &Commit) -> Result<(), LedgerError> {
    let Snapshot { log_id, version, cursor_seq, command, state } = &commit.snapshot;
    if commit.begins {
        for (table, _) in kept().filter(|(_, kept)| kept.per_log && kept.carried == Carried::Never) {
            transaction.execute(&format!("DELETE FROM {} WHERE log_id = ?", table.name), [log_id])?;
        }
        transaction.execute(&format!("DELETE FROM {SNAPSHOTS} WHERE log_id = ?"), [log_id])?;
        transaction.execute(
            &format!(
                "INSERT INTO {SNAPSHOTS} SELECT ?, coalesce(max(generation), 0) + 1, ?, ?, ?, ? FROM {SNAPSHOTS}"
            ),
            params![log_id, version, cursor_seq.get(), command, state],
        )?;
    } else {
        let changed = transaction.execute(
            &format!(
                "UPDATE {SNAPSHOTS} SET version = ?, cursor_seq = ?, command = ?, state = ? WHERE log_id = ?"
            ),
            params![version, cursor_seq.get(), command, state, log_id],
        )?;
        if changed != 1 {
            return Err(LedgerError::Damaged(format!("it has {changed} snapshots of the log {log_id}")));
        }
    }
    for (table, rows) in commit.rows.tables().filter(|(table, _)| table.kept.is_some()) {
        duck::upsert(transaction, Layout::of_ledger(table), log_id, &rows)?;
    }
    for (table, age, oldest) in commit.hour.into_iter().flat_map(outdated) {
        transaction.execute(
            &format!("DELETE FROM {} WHERE log_id = ? AND {age} < make_timestamp({oldest})", table.name),
            [log_id],
        )?;
    }
    Ok(())
}
