use std::path::PathBuf;

use goat::event::TokenPrice;
use goat::values::Price;
use proptest::prelude::*;

use super::super::files::{find, identity};
use super::*;

fn at(micros: i64) -> UnixMicros {
    UnixMicros::new(micros).unwrap()
}

fn price(token: &str, micros: i64, value: f64) -> Row {
    let price =
        TokenPrice { token: Symbol::parse(token).unwrap(), price: Price::new(value).unwrap(), block_id: 0 };
    Row::one(at(micros), Payload::Price(price))
}

fn told(files: Vec<Vec<Row>>) -> Vec<(i64, f64)> {
    let rows = files.into_iter().map(|rows| Box::new(rows.into_iter().map(Ok)) as Rows).collect();
    Merge::new(rows)
        .unwrap()
        .map(|observation| match observation.unwrap() {
            Observation { received_time, payload: Payload::Price(price), .. } => {
                (received_time.get(), price.price.get())
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn what_arrives_at_once_is_told_in_the_order_of_the_files() {
    let files = vec![
        vec![price("SOL", 1, 10.0), price("SOL", 3, 11.0)],
        vec![price("BTC", 1, 20.0), price("BTC", 2, 21.0)],
    ];
    assert_eq!(told(files), [(1, 10.0), (1, 20.0), (2, 21.0), (3, 11.0)]);
}

#[test]
fn a_price_that_two_files_repeat_is_told_once() {
    let files = vec![
        vec![price("SOL", 1, 10.0), price("BTC", 1, 20.0)],
        vec![price("SOL", 1, 10.0), price("SOL", 2, 10.0)],
    ];
    assert_eq!(told(files), [(1, 10.0), (1, 20.0), (2, 10.0)]);
}

proptest! {
    /// However times are spread over files, the sequence never goes back, and nothing is lost.
    #[test]
    fn the_sequence_is_in_order_and_whole(mut files in prop::collection::vec(prop::collection::vec(1_i64..50, 0..30), 1..5)) {
        let mut expected = 0;
        let rows = files.iter_mut().enumerate().map(|(file, times)| {
            times.sort_unstable();
            times.dedup();
            expected += times.len();
            times.iter().map(|time| price(&format!("T{file}"), *time, 1.0)).collect()
        });
        let told = told(rows.collect());
        prop_assert!(told.is_sorted_by_key(|(time, _)| *time));
        prop_assert_eq!(told.len(), expected);
    }
}

/// The recordings, when they are there.
fn recordings() -> Option<PathBuf> {
    let folder = std::env::var("GOAT_RECORDINGS").unwrap_or_else(|_| "../../shared/recordings".to_owned());
    let folder = PathBuf::from(folder);
    if !folder.join("prices-2025-12-29.parquet").is_file() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn a_recorded_day_of_prices_is_told_whole_and_in_order() {
    let Some(folder) = recordings() else { return };
    let path = folder.join("prices-2025-12-29.parquet");
    let begun = std::time::Instant::now();

    let observations: Vec<Observation> =
        Merge::open(&find(path.to_str().unwrap()).unwrap()).unwrap().collect::<Result<_, _>>().unwrap();

    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("{} rows in {seconds:.2} s", observations.len());
    assert_eq!(observations.len(), 231_567);
    assert!(observations.is_sorted_by_key(|observation| observation.received_time));
    let sol =
        |item: &&Observation| matches!(item.payload, Payload::Price(price) if price.token.as_str() == "SOL");
    assert_eq!(observations.iter().filter(sol).count(), 77_189);
    assert_eq!(observations.last().unwrap().source_position, 231_567);
}

#[test]
fn every_recording_of_a_folder_is_told() {
    let Some(folder) = recordings() else { return };
    let recordings = find(folder.to_str().unwrap()).unwrap();
    let begun = std::time::Instant::now();
    let (mut prices, mut books, mut trades, mut letters) = (0, 0, 0, 0);
    let mut last = UnixMicros::default();
    for observation in Merge::open(&recordings).unwrap() {
        let observation = observation.unwrap();
        assert!(observation.received_time >= last);
        last = observation.received_time;
        match observation.payload {
            Payload::Price(_) => prices += 1,
            Payload::Book(book) => {
                books += 1;
                assert_eq!((book.symbol.as_str(), book.bids.len()), ("SOLUSDT", 20));
            }
            Payload::Trade(_) => trades += 1,
            _ => letters += 1,
        }
    }
    eprintln!("all recordings in {:.2} s", begun.elapsed().as_secs_f64());
    assert_eq!((prices, books, trades, letters), (231_567 + 251_154 + 10_785, 14_532, 2_262, 0));
}

fn parquet(folder: &std::path::Path, name: &str, select: &str) {
    let connection = duckdb::Connection::open_in_memory().unwrap();
    let path = folder.join(name);
    connection.execute_batch(&format!("COPY ({select}) TO '{}' (FORMAT parquet)", path.display())).unwrap();
}

fn all(path: &std::path::Path) -> Vec<Observation> {
    Merge::open(&find(path.to_str().unwrap()).unwrap()).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn rows_that_cannot_be_read_become_dead_letters_and_hold_nothing_back() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "SELECT * FROM (VALUES (TIMESTAMP '2026-01-01 00:00:01', 'SOL', 1.0::DOUBLE),
        (TIMESTAMP '2026-01-01 00:00:02', 'SOL', 'nan'::DOUBLE), (TIMESTAMP '2026-01-01 00:00:03', NULL, 2.0),
        (NULL, 'SOL', 2.0), (TIMESTAMP '2026-01-01 00:00:04', 'SOL', 3.0)) rows(ts, token, price)";
    parquet(folder.path(), "whatever.parquet", rows);

    let observations = all(folder.path());

    let reasons: Vec<String> = observations
        .iter()
        .map(|observation| match &observation.payload {
            Payload::DeadLetter(letter) => letter.reason.clone(),
            Payload::Price(price) => price.price.get().to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        reasons,
        [
            "ts must be present, got nothing",
            "1",
            "price must be greater than zero and at most 1e15, got NaN",
            "token must be present, got nothing",
            "3"
        ]
    );
}

#[test]
fn times_of_every_type_are_read_in_utc() {
    for kind in ["TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMPTZ"] {
        let folder = tempfile::tempdir().unwrap();
        let time = if kind == "TIMESTAMPTZ" {
            "to_timestamp(1767225600.5)"
        } else {
            "make_timestamp(1767225600500000)"
        };
        let rows = format!("SELECT CAST({time} AS {kind}) AS timestamp, 'SOL' AS token, 1.0 AS price");
        parquet(folder.path(), "prices-x.parquet", &rows);
        let times: Vec<i64> = all(folder.path()).iter().map(|price| price.event_time.get()).collect();
        assert_eq!(times, [1_767_225_600_500_000], "{kind}");
    }
}

#[test]
fn a_crossed_or_broken_book_becomes_a_dead_letter() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "SELECT * FROM (VALUES (TIMESTAMP '2026-01-01 00:00:01', '[[1.0, 2.0]]', '[[1.5, 2.0]]'),
        (TIMESTAMP '2026-01-01 00:00:02', '[[2.0, 2.0]]', '[[1.5, 2.0]]'),
        (TIMESTAMP '2026-01-01 00:00:03', 'x', '[[1.5, 2.0]]')) rows(ts, bids_json, asks_json)";
    parquet(folder.path(), "b.parquet", rows);

    let letters = all(folder.path());

    let kinds: Vec<bool> = letters.iter().map(|item| matches!(item.payload, Payload::Book(_))).collect();
    assert_eq!(kinds, [true, false, false]);
}

#[test]
fn posts_are_told_in_their_order_with_their_unreadable_lines() {
    let folder = tempfile::tempdir().unwrap();
    let trade = r#"{"signature":"s","wallet":"w","direction":"buy","sol_amount":1,"stablecoin_amount":100,"block_time":1767478430}"#;
    let post = |second: u32| {
        format!(r#"{{"received_at":"2026-01-03T22:13:{second}Z","path":"/webhook","payload":[{trade}]}}"#)
    };
    let text = ["broken".to_owned(), post(52), post(51), "{}".to_owned(), post(53)].join("\n");
    std::fs::write(folder.path().join("quicknode-trades-x.ndjson"), text).unwrap();

    let observations = all(folder.path());

    let trades: Vec<bool> =
        observations.iter().map(|item| matches!(item.payload, Payload::Trade(_))).collect();
    assert_eq!(trades, [false, true, true, false, true]);
    assert_eq!(observations[0].received_time, observations[1].received_time);
    assert!(observations.iter().all(|item| item.source == goat::event::Source::Replay));
}

#[test]
fn a_folder_without_recordings_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("README.md"), "nothing").unwrap();
    std::fs::write(folder.path().join("other.parquet"), "nothing").unwrap();
    let refused = find(folder.path().to_str().unwrap()).unwrap_err().to_string();
    assert!(
        refused.contains(folder.path().to_str().unwrap()) && refused.contains("prices-*.parquet"),
        "{refused}"
    );
}

#[test]
fn a_replay_is_known_by_the_names_and_sizes_of_its_files() {
    let identify = |name: &str, select: &str| {
        let folder = tempfile::tempdir().unwrap();
        parquet(folder.path(), name, select);
        identity(folder.path().to_str().unwrap()).unwrap()
    };
    let rows = "SELECT TIMESTAMP '2026-01-01' AS ts, 'SOL' AS token, 1.0 AS price";
    assert_eq!(identify("prices-a.parquet", rows), identify("prices-a.parquet", rows));
    assert_ne!(identify("prices-a.parquet", rows), identify("prices-b.parquet", rows));
}
