use std::sync::Arc;

use duckdb::Connection;
use goat::event::{Observation, Payload, Source, TokenPrice};
use goat::values::{Price, Symbol};

use super::*;
use crate::journal::{LogId, Writer, recover};

fn price(second: i64) -> Observation {
    let time = UnixMicros::from_seconds(1_700_000_000 + second).unwrap();
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Jupiter,
        source_position: 0,
        payload: Payload::Price(TokenPrice {
            token: Symbol::parse("SOL").unwrap(),
            price: Price::new(100.0 + second as f64 / 7.0).unwrap(),
            block_id: 0,
        }),
    }
}

fn settings(directory: &tempfile::TempDir) -> Settings {
    Settings { data_dir: Some(directory.path().to_owned()), ..Settings::default() }
}

fn journal(settings: &Settings) -> Writer {
    let disk = Arc::new(Directory::create(journal_directory(settings)).unwrap());
    recover(disk, &settings.journal, LogId([1; 16]), &mut |_| {}).unwrap().writer
}

fn arguments(directory: &tempfile::TempDir, from: i64, to: i64) -> Arguments {
    let at = |second| UnixMicros::from_seconds(1_700_000_000 + second).unwrap();
    Arguments {
        table: "prices".to_owned(),
        from: at(from),
        to: at(to),
        out: directory.path().join("prices.parquet"),
    }
}

#[test]
fn an_export_has_the_rows_of_the_journal_in_their_order_and_replaces_the_file_whole() {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(&directory);
    let mut writer = journal(&settings);
    writer.append(&(0..5000).map(price).collect::<Vec<_>>()).unwrap();
    let arguments = arguments(&directory, 1000, 4000);
    std::fs::write(&arguments.out, "what was there before").unwrap();
    let mut told = Vec::new();

    let rows = export(&settings, &arguments, &mut told).unwrap();

    assert_eq!(rows, 3000);
    let sql = format!("SELECT seq, price, epoch_us(event_time), token FROM '{}'", arguments.out.display());
    let connection = Connection::open_in_memory().unwrap();
    let mut statement = connection.prepare(&sql).unwrap();
    let found = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .collect::<Result<Vec<(u64, f64, i64, String)>, _>>()
        .unwrap();
    let expected: Vec<_> = (1000..4000)
        .map(|second| {
            let micros = (1_700_000_000 + second) * 1_000_000;
            (second as u64 + 1, 100.0 + second as f64 / 7.0, micros, "SOL".to_owned())
        })
        .collect();
    assert_eq!(found, expected);
    let left: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn what_cannot_be_exported_is_named_and_leaves_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(&directory);
    let mut told = Vec::new();
    let mut refused =
        |arguments: &Arguments| export(&settings, arguments, &mut told).unwrap_err().to_string();

    let missing = refused(&arguments(&directory, 0, 10));
    assert!(missing.starts_with("there is no journal at"), "{missing}");
    drop(journal(&settings));
    let backwards = refused(&arguments(&directory, 10, 10));
    assert!(backwards.starts_with("--from must be before --to, got 2023-11-14T22:13:30Z"), "{backwards}");
    let unknown = refused(&Arguments { table: "price".to_owned(), ..arguments(&directory, 0, 10) });
    assert!(unknown.starts_with("there is no table \"price\"; there are prices,"), "{unknown}");
    assert!(!directory.path().join("prices.parquet").try_exists().unwrap());
}
