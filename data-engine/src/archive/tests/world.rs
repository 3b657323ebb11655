//! A journal worth archiving, and what an archive of it must hold.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use duckdb::types::Value;
use goat::event::Observation;
use goat::service::Stop;
use goat::values::UnixMicros;
use goat::wire::market::EventBatch;
use prost::Message;

use crate::feeds::board::Board;
use crate::feeds::{replay, simulated};
use crate::hot::TABLES;
use crate::hot::pace::BookPace;
use crate::ingest::{Ingest, Receipt};
use crate::journal::{Directory, Log, LogId, Start, Writer, recover};

/// By table and hour: how many rows, and the sum of their hashes.
pub(in crate::archive) type Sums = BTreeMap<(&'static str, i64), (u64, u64)>;

/// A journal in a directory that is there as long as this is.
pub(in crate::archive) fn journal(segment_bytes: u64) -> (tempfile::TempDir, Writer) {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(Directory::create(directory.path().to_owned()).unwrap());
    let settings = goat::settings::Journal {
        sync: goat::settings::Sync::Os,
        segment_bytes,
        ..goat::settings::Journal::default()
    };
    let writer = recover(disk, &settings, LogId(rand::random()), &mut |_| {}).unwrap().writer;
    (directory, writer)
}

/// The first so many observations of the simulated world's past hour.
pub(in crate::archive) async fn simulated(count: usize) -> Vec<Observation> {
    let (ingest, stop) = (Ingest::new(), Stop::new());
    let settings = goat::settings::Simulated { history_hours: 1, ..goat::settings::Simulated::default() };
    let stopped = stop.clone();
    let feed = tokio::spawn(async move {
        simulated::feed::run(&settings, None, ingest.0, Board::default(), stopped).await
    });
    let told = drained(ingest.1, count).await;
    stop.cancel();
    feed.await.unwrap().unwrap();
    told
}

/// Every observation of a recording; none, and SKIPPED, when it is not there.
pub(in crate::archive) async fn recorded(name: &str) -> Option<Vec<Observation>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/recordings");
    let path =
        std::env::var_os("GOAT_RECORDINGS").map_or_else(|| PathBuf::from(default), PathBuf::from).join(name);
    if !path.is_file() {
        println!("SKIPPED: there is no recording {}; GOAT_RECORDINGS names their folder", path.display());
        return None;
    }
    let (ingest, stop) = (Ingest::new(), Stop::new());
    let settings = goat::settings::Replay { path: path.to_string_lossy().into_owned(), speed: 0.0 };
    let stopped = stop.clone();
    let feed =
        tokio::spawn(
            async move { replay::feed::run(&settings, 0, ingest.0, Board::default(), stopped).await },
        );
    let told = drained(ingest.1, usize::MAX).await;
    stop.cancel();
    feed.await.unwrap().unwrap();
    Some(told)
}

/// Takes what a feed tells, without its places in its own source.
async fn drained(
    mut queue: tokio::sync::mpsc::Receiver<crate::ingest::Submission>,
    count: usize,
) -> Vec<Observation> {
    let mut told = Vec::new();
    while told.len() < count
        && let Some(submission) = queue.recv().await
    {
        let unplaced = submission.observations.into_iter();
        told.extend(unplaced.map(|observation| Observation { source_position: 0, ..observation }));
        let ended = told.last().is_some_and(|last| matches!(last.payload, goat::event::Payload::Feed(_)));
        submission.outcome.send(Ok(Receipt::default())).ok();
        if ended && count == usize::MAX {
            break;
        }
    }
    told
}

/// What the archive of a log must hold.
pub(in crate::archive) fn expected(log: &Log) -> Sums {
    let mut cursor = log.cursor(Start::Oldest).unwrap();
    let (mut sums, mut pace) = (Sums::new(), BookPace::default());
    while let Some(chunk) = cursor.read_disk(1 << 20).unwrap() {
        for payload in chunk.payloads {
            for event in EventBatch::decode(payload).unwrap().events {
                let time = UnixMicros::try_from(event.event_time.unwrap()).unwrap();
                if !pace.admits(&event, time) {
                    continue;
                }
                for table in TABLES {
                    if let Some(row) = table.row(&event) {
                        add(&mut sums, table.name, &row);
                    }
                }
            }
        }
    }
    sums
}

/// Counts a row in.
pub(in crate::archive) fn add(sums: &mut Sums, table: &'static str, row: &[Value]) {
    let Value::Timestamp(_, micros) = row[1] else { panic!("no event time in {row:?}") };
    let mut hash = DefaultHasher::new();
    for value in row {
        match value {
            // One type of integer for both sides.
            Value::UInt(number) => format!("{:?}", Value::UBigInt(u64::from(*number))).hash(&mut hash),
            value => format!("{value:?}").hash(&mut hash),
        }
    }
    let (rows, sum) = sums.entry((table, micros.div_euclid(3_600_000_000))).or_default();
    *rows += 1;
    *sum = sum.wrapping_add(hash.finish());
}
