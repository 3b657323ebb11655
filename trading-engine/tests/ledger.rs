//! What a ledger promises, asked of both: the file and the database.
#![allow(
    clippy::needless_for_each,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::print_stdout
)]

#[path = "../../data-engine/src/archive/tests/cluster.rs"]
mod cluster;

use std::time::Instant;

use cluster::Cluster;
use goat::values::{Seq, UnixMicros};
use tempfile::TempDir;
use trading_engine::chain::Head;
use trading_engine::core::command::{Command, Order, Request};
use trading_engine::core::controls::{Controls, Pause};
use trading_engine::core::cycles::{Cycle, CycleId, End, Threshold};
use trading_engine::ledger::{
    Commit, DuckLedger, Ledger, LedgerError, Logged, PostgresLedger, Saved, Snapshot, documents, load,
};
use trading_engine::tables::{Batch, Record};

const ROWS: u64 = 100_000;
const STATE_BYTES: usize = 1_000_000;

/// Where a ledger can be opened, spoilt and looked at behind its back while it is closed.
trait Place {
    fn open(&self) -> Result<Box<dyn Ledger>, LedgerError>;
    fn execute(&self, sql: &str);
    fn clear(&mut self);
}

struct Folder(TempDir);

impl Place for Folder {
    fn open(&self) -> Result<Box<dyn Ledger>, LedgerError> {
        Ok(Box::new(DuckLedger::open(self.0.path())?))
    }

    fn execute(&self, sql: &str) {
        let connection = duckdb::Connection::open(self.0.path().join("ledger.duckdb")).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    fn clear(&mut self) {
        self.0 = tempfile::tempdir().unwrap();
    }
}

struct Database(Cluster);

impl Place for Database {
    fn open(&self) -> Result<Box<dyn Ledger>, LedgerError> {
        let settings = serde_json::from_value(serde_json::json!({ "url": self.0.url() })).unwrap();
        Ok(Box::new(PostgresLedger::open(&settings)?.unwrap()))
    }

    fn execute(&self, sql: &str) {
        self.0.psql(sql);
    }

    fn clear(&mut self) {
        // The one before lets go of its lock when the server notices that it is gone.
        self.0.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trading-engine'");
        while self.0.psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") != "0" {
            std::thread::yield_now();
        }
        self.0.psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
}

fn at(second: u64) -> UnixMicros {
    UnixMicros::new(1_767_000_000_000_123 + i64::try_from(second).unwrap() * 1_000_000).unwrap()
}

fn cycle(hundredths: u32, start_seq: u64, end_seq: Option<u64>) -> Cycle {
    Cycle {
        id: CycleId { threshold: Threshold::from_hundredths(hundredths), start_seq: Seq::new(start_seq) },
        start_time: at(start_seq),
        end: end_seq.map(|seq| End { seq: Seq::new(seq), time: at(seq) }),
        start_price: 124.312_345_678_9,
        highest_price: 125.1,
        lowest_price: 124.000_000_000_000_01,
        max_percent_increase: 0.634,
        max_percent_increase_from_lowest: 0.887,
        data_points: 7,
        longest_gap_ms: 801_000,
    }
}

fn paused() -> Controls {
    let pause =
        Pause { since: at(3), requested_by: "Zoë \u{1f410}".into(), reason: "a \"test\"\t\\ 0".into() };
    Controls { pause: Some(pause) }
}

fn command(ordinal: u64, request_id: Option<&str>) -> Logged {
    let request = Request { requested_by: "me".into(), reason: format!("number {ordinal}") };
    let order = Order::PauseTrading(request);
    let command = Command { ordinal, after_seq: Seq::new(ordinal * 10), time: at(ordinal), order };
    Logged { log_id: "log".into(), request_id: request_id.map(str::to_owned), command }
}

fn commit(log_id: &str, cursor_seq: u64, begins: bool, cycles: &[Cycle]) -> Commit {
    let state = vec![0, 255, u8::try_from(cursor_seq % 200).unwrap()];
    let mut rows = Batch::default();
    cycles.iter().for_each(|cycle| rows.put(cycle));
    rows.put(&paused());
    let snapshot =
        Snapshot { log_id: log_id.into(), version: 7, cursor_seq: Seq::new(cursor_seq), command: 1, state };
    Commit { snapshot, begins, rows, hour: None }
}

fn cycles_of(ledger: &mut dyn Ledger, log_id: &str) -> usize {
    ledger.rows(Cycle::TABLE, log_id, None).unwrap().len()
}

fn keeps_what_was_committed(place: &dyn Place) {
    let mut ledger = place.open().unwrap();
    assert_eq!(load(ledger.as_mut()).unwrap(), None);
    ledger.commit(&commit("log", 5, true, &[cycle(20, 1, None), cycle(25, 1, None)])).unwrap();
    for (ordinal, request_id) in [(1, None), (2, Some("two")), (3, None)] {
        ledger.append(&command(ordinal, request_id)).unwrap();
    }
    let ended = cycle(20, 1, Some(9));
    let last = commit("log", 9, false, &[ended, cycle(20, 9, None), cycle(25, 1, None)]);
    // Whoever does not know whether it was written writes it again.
    ledger.commit(&last).unwrap();
    ledger.commit(&last).unwrap();
    drop(ledger);

    let mut ledger = place.open().unwrap();
    let commands = vec![command(2, Some("two")), command(3, None)];
    let saved = Saved { snapshot: last.snapshot, closed: vec![ended], commands, chain: Head::default() };
    assert_eq!(load(ledger.as_mut()).unwrap(), Some(saved));
    assert_eq!(cycles_of(ledger.as_mut(), "log"), 3);
    let document: Vec<Controls> = documents(ledger.as_mut(), Controls::TABLE, "log")
        .unwrap()
        .iter()
        .map(|document| serde_json::from_str(document).unwrap())
        .collect();
    assert_eq!(document, [paused()]);
    assert_eq!(ledger.command_of("two").unwrap(), Some(command(2, Some("two")).values()));
    assert_eq!(ledger.command_of("three").unwrap(), None);
}

fn tells_logs_apart(place: &dyn Place) {
    let mut ledger = place.open().unwrap();
    ledger.commit(&commit("old", 9, true, &[cycle(20, 1, Some(5)), cycle(20, 5, None)])).unwrap();

    ledger.commit(&commit("new", 3, true, &[cycle(20, 1, None)])).unwrap();
    assert_eq!(ledger.snapshot().unwrap().unwrap().log_id, "new");
    assert_eq!(cycles_of(ledger.as_mut(), "old"), 2);

    ledger.commit(&commit("old", 4, true, &[cycle(20, 3, None)])).unwrap();
    assert_eq!(ledger.snapshot().unwrap().unwrap().log_id, "old");
    assert_eq!((cycles_of(ledger.as_mut(), "old"), cycles_of(ledger.as_mut(), "new")), (1, 1));
    let stranger =
        ledger.commit(&commit("unknown", 4, false, &[cycle(20, 3, None)])).unwrap_err().to_string();
    assert!(stranger.contains("it has 0 snapshots of the log unknown"), "{stranger}");
    assert_eq!(cycles_of(ledger.as_mut(), "unknown"), 0);
}

fn is_held_by_one(place: &dyn Place) {
    let held = place.open().unwrap();
    let refused = place.open().err().unwrap().to_string();
    assert!(refused.starts_with("the ledger is in use by another trading-engine"), "{refused}");
    drop(held);
}

fn refuses_what_does_not_fit(place: &mut dyn Place, spoilers: &[(&str, &str)]) {
    for (spoil, problem) in spoilers {
        place.clear();
        drop(place.open().unwrap());
        place.execute(spoil);
        let refused = place.open().err().unwrap().to_string();
        assert!(refused.ends_with(problem), "{spoil}: {refused}");
    }
}

fn measure(name: &str, place: &dyn Place) {
    let mut ledger = place.open().unwrap();
    ledger.commit(&commit("log", 1, true, &[])).unwrap();
    let mut rows = Batch::default();
    for seq in 1..=ROWS {
        rows.put(&cycle(20, seq, Some(seq + 1)));
    }
    let mut bulk = commit("log", 2, false, &[]);
    bulk.rows.merge(rows);
    for round in ["new", "replaced"] {
        let began = Instant::now();
        ledger.commit(&bulk).unwrap();
        println!("{name}: {:.0} rows/s ({round})", ROWS as f64 / began.elapsed().as_secs_f64());
    }
    let mut took = Vec::new();
    for seq in 3..23 {
        let mut one = commit("log", seq, false, &[cycle(20, seq, None)]);
        let noise = (0..STATE_BYTES as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8);
        one.snapshot.state = noise.collect();
        let began = Instant::now();
        ledger.commit(&one).unwrap();
        took.push(began.elapsed());
    }
    let began = Instant::now();
    for ordinal in 1..=20 {
        ledger.append(&command(ordinal, None)).unwrap();
    }
    let append = began.elapsed() / 20;
    took.sort();
    println!(
        "{name}: a commit with a state of 1 MB: median {:?}, longest {:?}; a command {append:?}",
        took[10], took[19]
    );
}

#[test]
fn a_file_keeps_its_promises() {
    let mut place = Folder(tempfile::tempdir().unwrap());
    keeps_what_was_committed(&place);
    place.clear();
    tells_logs_apart(&place);
    place.clear();
    is_held_by_one(&place);
    let spoilers = [
        (
            "UPDATE ledger_migrations SET number = 99",
            "its migration 99 was made by a newer version; this one knows 5",
        ),
        ("DROP TABLE price_cycles", "table price_cycles is missing"),
        ("ALTER TABLE price_cycles DROP COLUMN data_points", "column price_cycles.data_points is missing"),
        (
            "ALTER TABLE snapshots ALTER cursor_seq TYPE DOUBLE",
            "column snapshots.cursor_seq is DOUBLE, not BIGINT",
        ),
        ("ALTER TABLE commands ADD COLUMN other INTEGER", "column commands.other is not known"),
        ("DROP TABLE ledger_migrations", "table ledger_migrations is missing"),
    ];
    refuses_what_does_not_fit(&mut place, &spoilers);
    place.clear();
    measure("file", &place);
}

#[test]
fn a_database_keeps_its_promises() {
    let mut place = Database(Cluster::start());
    keeps_what_was_committed(&place);
    place.clear();
    tells_logs_apart(&place);
    place.clear();
    is_held_by_one(&place);
    let spoilers = [
        (
            "UPDATE ledger_migrations SET number = 99",
            "its migration 99 was made by a newer version; this one knows 5",
        ),
        ("DROP TABLE price_cycles", "table price_cycles is missing"),
        ("ALTER TABLE price_cycles DROP COLUMN data_points", "column price_cycles.data_points is missing"),
        (
            "ALTER TABLE snapshots ALTER cursor_seq TYPE double precision",
            "column snapshots.cursor_seq is double precision, not bigint",
        ),
        ("ALTER TABLE commands ADD COLUMN other integer", "column commands.other is not known"),
        (
            "DROP TABLE ledger_migrations",
            "a table snapshots is there that the trading-engine did not make; name another database or schema",
        ),
    ];
    refuses_what_does_not_fit(&mut place, &spoilers);
    place.clear();
    measure("database", &place);
}

#[test]
fn a_file_from_before_the_migrations_is_brought_up_to_date() {
    let place = Folder(tempfile::tempdir().unwrap());
    place.execute(
        "CREATE TABLE schema_version (version UINTEGER); INSERT INTO schema_version VALUES (1);
         CREATE TABLE snapshots (log_id VARCHAR, generation UBIGINT, version UINTEGER, cursor_seq UBIGINT, state BLOB);
         INSERT INTO snapshots VALUES ('log', 1, 1, 9, 'x'::BLOB);
         CREATE TABLE price_cycles (log_id VARCHAR, id VARCHAR, threshold_hundredths UINTEGER, start_seq UBIGINT,
             start_time TIMESTAMP, end_seq UBIGINT, end_time TIMESTAMP, start_price DOUBLE, highest_price DOUBLE,
             lowest_price DOUBLE, max_percent_increase DOUBLE, max_percent_increase_from_lowest DOUBLE,
             data_points UINTEGER, longest_gap_ms INTEGER);
         INSERT INTO price_cycles VALUES ('log', '20.1', 20, 1, make_timestamp(1767000001000123), 9,
             make_timestamp(1767000009000123), 124.3123456789, 125.1, 124.00000000000001, 0.634, 0.887, 7, 801000);",
    );

    let mut ledger = place.open().unwrap();

    assert_eq!(ledger.rows(Cycle::TABLE, "log", None).unwrap(), [cycle(20, 1, Some(9)).values()]);
    assert_eq!(ledger.snapshot().unwrap(), None);
}

#[test]
fn an_address_that_cannot_be_used_is_refused_by_the_name_of_its_setting() {
    let open = |url: &str| {
        let settings = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
        PostgresLedger::open(&settings).unwrap_err().to_string()
    };
    let refused = open("postgres://goat:canary@db.example/d?sslmode=disable");
    assert!(
        refused.starts_with("ledger.url says sslmode=disable") && !refused.contains("canary"),
        "{refused}"
    );
    let refused = open("postgres://goat:canary@127.0.0.1:1/d");
    assert!(refused.starts_with("the ledger: ") && !refused.contains("canary"), "{refused}");
}

#[test]
fn a_copy_is_the_ledger_as_of_its_last_commit_and_the_ledger_goes_on() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut ledger = DuckLedger::open(folder.path()).unwrap();
    ledger.commit(&commit("log", 10, true, &[cycle(20, 1, Some(5)), cycle(30, 2, None)])).unwrap();
    ledger.append(&command(2, Some("once"))).unwrap();
    let then = load(&mut ledger).unwrap();
    let path = elsewhere.path().join("ledger.duckdb");

    assert!(ledger.back_up(&path).unwrap());

    let refused = ledger.back_up(&path).unwrap_err();
    assert!(refused.to_string().contains("exists"), "{refused}");
    ledger.commit(&commit("log", 20, false, &[])).unwrap();
    assert!(!elsewhere.path().join("ledger.duckdb.wal").try_exists().unwrap(), "the copy is one file");
    let mut copy = DuckLedger::open(elsewhere.path()).unwrap();
    assert_eq!(load(&mut copy).unwrap(), then);
    copy.commit(&commit("log", 11, false, &[cycle(30, 2, Some(11))])).unwrap();
    copy.commit(&commit("log", 11, false, &[cycle(30, 2, Some(11))])).unwrap();
    assert_eq!(load(&mut copy).unwrap().unwrap().closed.len(), 2, "rows are still upserted by key");
}
