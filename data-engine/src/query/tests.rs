//! Queries against tables with rows in them.

mod analytics;
mod archive;
mod bounds;

use std::sync::Arc;
use std::time::Duration;

use goat::event::{Observation, Payload, Source, TokenPrice};
use goat::prost_types::value::Kind;
use goat::service::Stop;
use goat::settings::{Hot, Query as Limits};
use goat::values::{Price, Symbol, UnixMicros};

use super::*;
use crate::journal::{Directory, Log, LogId, Writer, recover};
use goat::sql::statements::{ORDINARY, hostile};

pub(crate) const PRICES: u32 = 1000;

/// The price of the second is 100 plus the second, of SOL and BTC in turns.
fn observation(second: u32) -> Observation {
    let time = UnixMicros::from_seconds(1_700_000_000 + i64::from(second)).unwrap();
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Simulated,
        source_position: u64::from(second) + 1,
        payload: Payload::Price(TokenPrice {
            token: Symbol::parse(if second.is_multiple_of(2) { "SOL" } else { "BTC" }).unwrap(),
            price: Price::new(100.0 + f64::from(second)).unwrap(),
            block_id: 0,
        }),
    }
}

/// Tables with rows, and their folder's thread.
pub(crate) struct Filled {
    pub(crate) hot: HotStore,
    writer: Writer,
    stop: Stop,
    folding: Option<std::thread::JoinHandle<()>>,
    _directory: tempfile::TempDir,
}

impl Filled {
    pub(crate) fn log(&self) -> Log {
        self.writer.log()
    }

    /// Records the prices of these seconds, and waits until the tables have them.
    pub(crate) async fn record(&mut self, seconds: std::ops::Range<u32>) {
        self.observe(&seconds.map(observation).collect::<Vec<_>>()).await;
    }

    pub(crate) async fn observe(&mut self, observations: &[Observation]) {
        self.writer.append(observations).unwrap();
        self.until_folded().await;
    }

    async fn until_folded(&self) {
        while self.hot.applied_seq() < self.writer.head().seq {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        self.stop.cancel();
        // The folder waits on the runtime of the test, which ends with it.
        if let Some(folding) = self.folding.take() {
            folding.join().unwrap();
        }
    }
}

pub(crate) async fn filled() -> Filled {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(Directory::create(directory.path().to_owned()).unwrap());
    let settings = goat::settings::Journal::default();
    let mut writer = recover(disk, &settings, LogId([1; 16]), &mut |_| {}).unwrap().writer;
    writer.append(&(0..PRICES).map(observation).collect::<Vec<_>>()).unwrap();
    let (hot, folder) = HotStore::open(&Hot::default(), &Limits::default(), writer.head().seq).unwrap();
    let (log, stop) = (writer.log(), Stop::new());
    let (stopped, runtime) = (stop.clone(), tokio::runtime::Handle::current());
    let folding = Some(std::thread::spawn(move || folder.run(&log, &runtime, &stopped)));
    let filled = Filled { hot, writer, stop, folding, _directory: directory };
    filled.until_folded().await;
    filled
}

/// Every row of every table, as one number.
pub(super) fn digest(hot: &HotStore) -> Vec<String> {
    let connection = hot.connect().unwrap();
    let of_table = |table: &crate::hot::TableSpec| {
        let sql = format!("SELECT count(*) || ':' || coalesce(bit_xor(hash(t)), 0) FROM {} t", table.name);
        connection.query_row(&sql, [], |row| row.get::<_, String>(0)).unwrap()
    };
    let mut digests: Vec<_> = crate::hot::TABLES.iter().map(of_table).collect();
    let catalogue =
        "SELECT (SELECT count(*) FROM duckdb_tables()) || '/' || (SELECT count(*) FROM duckdb_views()
        WHERE NOT internal) || '/' || (SELECT count(*) FROM duckdb_databases()) || '/' ||
        (SELECT count(*) FROM duckdb_functions() WHERE NOT internal)";
    digests.push(connection.query_row(catalogue, [], |row| row.get(0)).unwrap());
    digests
}

pub(super) fn queries(hot: &HotStore) -> Queries {
    Queries::new(hot.clone(), None, &Limits::default())
}

/// The answer as text, one line a row.
pub(super) fn printed(answer: &QueryResponse) -> String {
    let value = |value: &goat::prost_types::Value| match value.kind.as_ref().unwrap() {
        Kind::NullValue(_) => "null".to_owned(),
        Kind::NumberValue(number) => number.to_string(),
        Kind::StringValue(text) => text.clone(),
        Kind::BoolValue(value) => value.to_string(),
        other => format!("{other:?}"),
    };
    let row = |row: &goat::prost_types::ListValue| row.values.iter().map(value).collect::<Vec<_>>().join(" ");
    answer.rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_statement_changes_a_table() {
    let filled = filled().await;
    let queries = queries(&filled.hot);
    let before = digest(&filled.hot);

    for (sql, _) in hostile::all() {
        let refused = queries.answer((*sql).to_owned(), QueryTarget::Hot).await.unwrap_err();
        assert!(matches!(refused, QueryError::Refused(_)), "{sql}: {refused}");
    }

    assert_eq!(digest(&filled.hot), before);
}

/// The layer behind the guard: the database by itself refuses what reaches outside of it.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_the_database_still_reads_no_file_and_keeps_its_settings() {
    let filled = filled().await;
    let before = digest(&filled.hot);
    for sql in [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_blob('/proc/self/environ')",
        "COPY prices TO '/tmp/prices.csv'",
        "ATTACH '/tmp/other.db' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '1TB'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET threads = 64",
        "INSERT INTO prices SELECT * FROM prices",
        "DELETE FROM prices",
        "CREATE TABLE stolen (a INTEGER)",
        "EXPLAIN ANALYZE DELETE FROM prices",
    ] {
        let connection = filled.hot.connect().unwrap();
        connection.execute_batch("BEGIN TRANSACTION READ ONLY").unwrap();
        assert!(connection.execute_batch(sql).is_err(), "{sql}");
    }
    assert_eq!(digest(&filled.hot), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_guard_lets_through_the_database_understands() {
    let filled = filled().await;
    let queries = queries(&filled.hot);
    let mut wrong = Vec::new();
    for sql in ORDINARY {
        if let Err(error) = queries.answer((*sql).to_owned(), QueryTarget::Hot).await {
            wrong.push(format!("{sql}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
