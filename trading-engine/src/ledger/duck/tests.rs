use super::*;

fn cycle(hundredths: u32, start_seq: u64, end_seq: Option<u64>) -> Cycle {
    let time =
        |seq: u64| UnixMicros::new(1_767_000_000_000_000 + i64::try_from(seq).unwrap() * 250_000).unwrap();
    Cycle {
        id: CycleId { threshold: Threshold::from_hundredths(hundredths), start_seq: Seq::new(start_seq) },
        start_time: time(start_seq),
        end: end_seq.map(|seq| End { seq: Seq::new(seq), time: time(seq) }),
        start_price: 124.312_345_678_9,
        highest_price: 125.1,
        lowest_price: 124.000_000_000_000_01,
        max_percent_increase: 0.634,
        max_percent_increase_from_lowest: 0.887,
        data_points: 7,
        longest_gap_ms: 801_000,
    }
}

fn commit(log_id: &str, cursor_seq: u64, begins: bool, closed: Vec<Cycle>, active: Vec<Cycle>) -> Commit {
    let state = vec![0, 255, u8::try_from(cursor_seq % 200).unwrap()];
    Commit {
        snapshot: Snapshot { log_id: log_id.into(), version: 1, cursor_seq: Seq::new(cursor_seq), state },
        begins,
        closed,
        active,
    }
}

fn rows(ledger: &DuckLedger, condition: &str) -> u64 {
    let count = format!("SELECT count(*) FROM price_cycles WHERE {condition}");
    ledger.connection.query_row(&count, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_was_committed_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = DuckLedger::open(folder.path()).unwrap();
    assert_eq!(ledger.load().unwrap(), None);

    ledger.commit(&commit("log", 5, true, vec![], vec![cycle(20, 1, None), cycle(25, 1, None)])).unwrap();
    let ended = cycle(20, 1, Some(9));
    let last = commit("log", 9, false, vec![ended], vec![cycle(20, 9, None), cycle(25, 1, None)]);
    ledger.commit(&last).unwrap();
    drop(ledger);

    let mut ledger = DuckLedger::open(folder.path()).unwrap();
    assert_eq!(ledger.load().unwrap(), Some(Saved { snapshot: last.snapshot, closed: vec![ended] }));
    assert_eq!((rows(&ledger, "true"), rows(&ledger, "end_seq IS NULL")), (3, 2));
}

#[test]
fn a_new_log_leaves_the_rows_of_the_old_one_and_a_new_beginning_replaces_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = DuckLedger::open(folder.path()).unwrap();
    ledger.commit(&commit("old", 9, true, vec![cycle(20, 1, Some(5))], vec![cycle(20, 5, None)])).unwrap();

    ledger.commit(&commit("new", 3, true, vec![], vec![cycle(20, 2, None)])).unwrap();
    assert_eq!(ledger.load().unwrap().unwrap().snapshot.log_id, "new");
    assert_eq!(rows(&ledger, "log_id = 'old'"), 2);

    ledger.commit(&commit("old", 4, true, vec![], vec![cycle(20, 3, None)])).unwrap();
    assert_eq!(ledger.load().unwrap().unwrap().snapshot.log_id, "old");
    assert_eq!((rows(&ledger, "log_id = 'old'"), rows(&ledger, "log_id = 'new'")), (1, 1));
}

#[test]
fn a_second_engine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _held = DuckLedger::open(folder.path()).unwrap();

    let refused = DuckLedger::open(folder.path()).unwrap_err().to_string();
    assert!(refused.starts_with("the ledger is in use by another trading-engine"), "{refused}");
}

#[test]
fn a_file_of_other_code_is_refused_with_what_is_different() {
    let spoilers = [
        ("UPDATE schema_version SET version = 7", "its schema version is 7, not 1"),
        ("DROP TABLE price_cycles", "table price_cycles is missing"),
        ("ALTER TABLE price_cycles DROP COLUMN data_points", "column price_cycles.data_points is missing"),
        (
            "ALTER TABLE snapshots ALTER cursor_seq TYPE DOUBLE",
            "column snapshots.cursor_seq is DOUBLE, not UBIGINT",
        ),
    ];
    for (spoil, problem) in spoilers {
        let folder = tempfile::tempdir().unwrap();
        let ledger = DuckLedger::open(folder.path()).unwrap();
        ledger.connection.execute_batch(spoil).unwrap();
        drop(ledger);

        let refused = DuckLedger::open(folder.path()).unwrap_err().to_string();
        assert!(refused.ends_with(problem), "{refused}");
    }
}
