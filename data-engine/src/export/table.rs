//! The rows on their way: a table in a database of its own, on disk beside the file that it becomes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duckdb::types::Value;
use duckdb::{Config, Connection, appender_params_from_iter};
use goat::service::Failure;
use goat::settings::Settings;
use goat::values::UnixMicros;
use goat::wire::market::EventBatch;
use prost::Message;
use tempfile::TempDir;

use crate::hot::pace::BookPace;
use crate::hot::{TABLES, TableSpec};

const FLUSH_ROWS: usize = 8192;
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Rows of one table within a span of event time.
pub(super) struct Table {
    spec: &'static TableSpec,
    from: UnixMicros,
    to: UnixMicros,
    all_books: bool,
    pace: BookPace,
    connection: Connection,
    /// Holds the database and the file until it is whole.
    directory: TempDir,
    waiting: Vec<Vec<Value>>,
    rows: u64,
    told: Instant,
    failure: Option<duckdb::Error>,
}

fn failed(error: &duckdb::Error) -> Failure {
    Failure::Io(format!("the export failed: {error}"))
}

impl Table {
    pub(super) fn begin(
        settings: &Settings,
        name: &str,
        (from, to): (UnixMicros, UnixMicros),
        out: &Path,
    ) -> Result<Self, Failure> {
        let spec = TABLES.iter().find(|table| table.name == name).ok_or_else(|| {
            let known: Vec<_> = TABLES.iter().map(|table| table.name).collect();
            Failure::Usage(format!("there is no table {name:?}; there are {}", known.join(", ")))
        })?;
        let beside = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = tempfile::Builder::new()
            .prefix(".export-")
            .tempdir_in(beside)
            .map_err(|error| Failure::Io(format!("{}: {error}", beside.display())))?;
        let open = || {
            let config = Config::default()
                .threads(2)?
                .max_memory(&format!("{}MB", settings.hot.memory_mb_max))?
                .enable_autoload_extension(false)?;
            let connection = Connection::open_with_flags(directory.path().join("rows.duckdb"), config)?;
            connection.execute_batch(&spec.create())?;
            Ok(connection)
        };
        let connection = open().map_err(|error| failed(&error))?;
        Ok(Self {
            spec,
            from,
            to,
            all_books: settings.archive.all_books,
            pace: BookPace::default(),
            connection,
            directory,
            waiting: Vec::new(),
            rows: 0,
            told: Instant::now(),
            failure: None,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.spec.name
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the rows of a block. Returns its last position when it is time to say something.
    pub(super) fn take_payload(&mut self, payload: &[u8]) -> Option<u64> {
        // The block's checksum held, so what does not decode was written by a newer version.
        let batch = EventBatch::decode(payload).ok()?;
        let last_seq = batch.events.last().map(|event| event.seq);
        for event in batch.events {
            let time = event.event_time.and_then(|time| UnixMicros::try_from(time).ok()).unwrap_or_default();
            let wanted = self.pace.admits(&event, time) || self.all_books;
            if wanted
                && (self.from..self.to).contains(&time)
                && let Some(row) = self.spec.row(&event)
            {
                self.push(row);
            }
        }
        // The journal's scan goes on by itself; the failure is told at its end.
        if self.failure.is_none() && self.waiting.len() >= FLUSH_ROWS {
            self.failure = self.append().err();
        }
        let due = self.told.elapsed() >= TELL_EVERY;
        if due {
            self.told = Instant::now();
        }
        last_seq.filter(|_| due)
    }

    pub(super) fn push(&mut self, row: Vec<Value>) {
        self.rows += 1;
        if self.failure.is_none() {
            self.waiting.push(row);
        }
    }

    pub(super) fn flush_when_due(&mut self) -> Result<(), Failure> {
        if self.waiting.len() >= FLUSH_ROWS { self.flush() } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        if let Some(error) = self.failure.take() {
            return Err(failed(&error));
        }
        self.append().map_err(|error| failed(&error))
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) -> Result<(), Failure> {
        (self.pace, self.rows) = (BookPace::default(), 0);
        self.waiting.clear();
        let sql = format!("DELETE FROM {}", self.spec.name);
        self.connection.execute_batch(&sql).map_err(|error| failed(&error))
    }

    /// Writes the file, in the order of positions, beside the place where it will be: its place in the same folder
    /// makes the last step a rename.
    pub(super) fn finish(self) -> Result<(u64, Written), Failure> {
        let path = self.directory.path().join("rows.parquet");
        let text = path.to_string_lossy().replace('\'', "''");
        let sql = format!(
            "COPY (SELECT * FROM {} ORDER BY seq) TO '{text}' (FORMAT parquet, COMPRESSION zstd)",
            self.spec.name
        );
        self.connection.execute_batch(&sql).map_err(|error| failed(&error))?;
        Ok((self.rows, Written { path, _directory: self.directory }))
    }

    fn append(&mut self) -> Result<(), duckdb::Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut appender = self.connection.appender(self.spec.name)?;
        for row in self.waiting.drain(..) {
            appender.append_row(appender_params_from_iter(row))?;
        }
        appender.flush()
    }
}

/// A whole file in a folder that goes with it.
pub(super) struct Written {
    pub(super) path: PathBuf,
    _directory: TempDir,
}
