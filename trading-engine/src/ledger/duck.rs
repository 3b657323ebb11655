//! The ledger in a `DuckDB` file.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use duckdb::types::{TimeUnit, Value};
use duckdb::{Appender, Config, Connection, OptionalExt, Row, Transaction, params};
use goat::values::{Seq, UnixMicros};

use super::schema::{self, PRICE_CYCLES, SNAPSHOTS};
use super::{Commit, Ledger, LedgerError, Saved, Snapshot};
use crate::core::cycles::{Cycle, CycleId, End, Threshold};

/// What the ledger may take of the memory.
const MEMORY: &str = "256MB";
const FILE: &str = "ledger.duckdb";

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
        let connection = Connection::open_with_flags(&path, config)?;
        schema::prepare(&connection, &path)?;
        Ok(Self { connection, _lock: lock })
    }
}

fn lock(path: PathBuf) -> Result<File, LedgerError> {
    let opened = File::options().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(|error| LedgerError::File(path.clone(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Locked(path)),
        Err(TryLockError::Error(error)) => Err(LedgerError::File(path, error)),
    }
}

impl Ledger for DuckLedger {
    fn load(&mut self) -> Result<Option<Saved>, LedgerError> {
        let newest =
            "SELECT log_id, version, cursor_seq, state FROM snapshots ORDER BY generation DESC LIMIT 1";
        let snapshot = self.connection.query_row(newest, [], |row| {
            Ok(Snapshot {
                log_id: row.get(0)?,
                version: row.get(1)?,
                cursor_seq: Seq::new(row.get(2)?),
                state: row.get(3)?,
            })
        });
        let Some(snapshot) = snapshot.optional()? else { return Ok(None) };

        let closed = "SELECT threshold_hundredths, start_seq, epoch_us(start_time), end_seq, epoch_us(end_time), \
                      start_price, highest_price, lowest_price, max_percent_increase, \
                      max_percent_increase_from_lowest, data_points, longest_gap_ms \
                      FROM price_cycles WHERE log_id = ? AND end_seq IS NOT NULL \
                      ORDER BY end_seq, threshold_hundredths";
        let mut statement = self.connection.prepare(closed)?;
        let rows = statement.query_map([&snapshot.log_id], read_cycle)?;
        let closed: Vec<Cycle> = rows.collect::<Result<_, _>>()?;
        Ok(Some(Saved { snapshot, closed }))
    }

    fn commit(&mut self, commit: &Commit) -> Result<(), LedgerError> {
        let transaction = self.connection.transaction()?;
        write(&transaction, commit)?;
        transaction.commit()?;
        Ok(())
    }
}

fn write(transaction: &Transaction<'_>, commit: &Commit) -> Result<(), duckdb::Error> {
    let snapshot = &commit.snapshot;
    let log_id = &snapshot.log_id;
    if commit.begins {
        transaction.execute("DELETE FROM price_cycles WHERE log_id = ?", [log_id])?;
        transaction.execute("DELETE FROM snapshots WHERE log_id = ?", [log_id])?;
        let next = "SELECT coalesce(max(generation), 0) + 1 FROM snapshots";
        let generation: u64 = transaction.query_row(next, [], |row| row.get(0))?;
        let mut snapshots = transaction.appender(SNAPSHOTS.name)?;
        snapshots.append_row(params![
            log_id,
            generation,
            snapshot.version,
            snapshot.cursor_seq.get(),
            snapshot.state
        ])?;
        snapshots.flush()?;
    } else {
        transaction.execute("DELETE FROM price_cycles WHERE log_id = ? AND end_seq IS NULL", [log_id])?;
        transaction.execute(
            "UPDATE snapshots SET version = ?, cursor_seq = ?, state = ? WHERE log_id = ?",
            params![snapshot.version, snapshot.cursor_seq.get(), snapshot.state, log_id],
        )?;
    }

    let mut cycles = transaction.appender(PRICE_CYCLES.name)?;
    for cycle in commit.closed.iter().chain(&commit.active) {
        append_cycle(&mut cycles, log_id, cycle)?;
    }
    cycles.flush()
}

fn append_cycle(appender: &mut Appender<'_>, log_id: &str, cycle: &Cycle) -> Result<(), duckdb::Error> {
    let timestamp = |time: UnixMicros| Value::Timestamp(TimeUnit::Microsecond, time.get());
    appender.append_row(params![
        log_id,
        cycle.id.to_string(),
        cycle.id.threshold.hundredths(),
        cycle.id.start_seq.get(),
        timestamp(cycle.start_time),
        cycle.end.map(|end| end.seq.get()),
        cycle.end.map_or(Value::Null, |end| timestamp(end.time)),
        cycle.start_price,
        cycle.highest_price,
        cycle.lowest_price,
        cycle.max_percent_increase,
        cycle.max_percent_increase_from_lowest,
        cycle.data_points,
        cycle.longest_gap_ms,
    ])
}

fn read_cycle(row: &Row<'_>) -> Result<Cycle, duckdb::Error> {
    let time = |column: usize| -> Result<UnixMicros, duckdb::Error> {
        let micros = row.get(column)?;
        UnixMicros::new(micros).map_err(|_| duckdb::Error::IntegralValueOutOfRange(column, micros.into()))
    };
    Ok(Cycle {
        id: CycleId { threshold: Threshold::from_hundredths(row.get(0)?), start_seq: Seq::new(row.get(1)?) },
        start_time: time(2)?,
        end: Some(End { seq: Seq::new(row.get(3)?), time: time(4)? }),
        start_price: row.get(5)?,
        highest_price: row.get(6)?,
        lowest_price: row.get(7)?,
        max_percent_increase: row.get(8)?,
        max_percent_increase_from_lowest: row.get(9)?,
        data_points: row.get(10)?,
        longest_gap_ms: row.get(11)?,
    })
}

#[cfg(test)]
mod tests;
