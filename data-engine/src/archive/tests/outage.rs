//! A day of prices and an hour of books, through ten deaths of the server; and how fast it goes without them.

use goat::event::Observation;

use super::*;
use crate::feeds::board::Board;
use crate::ingest::Ingest;
use crate::sequencer::{Memory, Sequencer};
use world::recorded;

const KILLS: usize = 10;
const SUBMISSION: usize = 128;

/// A day of recorded prices with simulated books, trades and whales between them.
async fn a_day() -> Option<Vec<Observation>> {
    let mut prices = recorded("prices-2025-12-29.parquet").await?.into_iter();
    let simulated = simulated(80_000).await;
    let mut day = Vec::with_capacity(prices.len() + simulated.len());
    let prices_each = prices.len().div_ceil(simulated.len());
    for observation in simulated {
        day.push(observation);
        day.extend(prices.by_ref().take(prices_each));
    }
    day.extend(prices);
    Some(day)
}

/// The time above which one in a hundred lies.
fn p99(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

async fn submit(ingest: &Ingest, observations: &[Observation], took: &mut Vec<Duration>) {
    for part in observations.chunks(SUBMISSION) {
        let began = Instant::now();
        ingest.submit(part.to_vec()).await.unwrap();
        took.push(began.elapsed());
    }
}

/// Law: however often the server dies, each row is there once, and whoever records does not notice.
#[tokio::test(flavor = "multi_thread")]
async fn ten_deaths_of_the_server_cost_no_row_and_double_none() {
    let Some(day) = a_day().await else { return };
    let mut cluster = Cluster::start();
    let (_directory, writer) = journal(1 << 22);
    let log = writer.log();
    let (ingest, queue) = Ingest::new();
    let sequencer = Sequencer::new(writer, Memory::default(), Board::default());
    let recording = std::thread::spawn(move || sequencer.run(queue));
    let running = Running::begin(&cluster, &log);

    let (mut up, mut down) = (Vec::new(), Vec::new());
    let parts: Vec<_> = day.chunks(day.len().div_ceil(2 * KILLS)).collect();
    for (kill, pair) in parts.chunks(2).enumerate() {
        let archived = running.archive.as_wire(log.head()).archived_seq;
        submit(&ingest, pair[0], &mut up).await;
        // Some deaths come while it catches up, some a little later, whatever it does then.
        running.until(&log, "archiving again", |now| now.archived_seq > archived).await;
        tokio::time::sleep(Duration::from_millis(kill as u64 * 17 % 60)).await;
        cluster.kill();
        for rest in &pair[1..] {
            submit(&ingest, rest, &mut down).await;
        }
        cluster.go_on();
    }
    running.until_whole(&log).await;
    drop(ingest);
    recording.join().unwrap().unwrap();

    assert_eq!(archived(&history(&cluster, &log)).await, expected(&log));
    for table in TABLES {
        let doubled = cluster.psql(&format!("SELECT count(*) - count(DISTINCT seq) FROM {}", table.name));
        assert_eq!(doubled, "0", "{}", table.name);
    }
    println!(
        "{} observations, {KILLS} deaths; a submission of {SUBMISSION} took p99 {:?} while the server was up, {:?} while it was down",
        day.len(),
        p99(&mut up),
        p99(&mut down)
    );
    running.end().await;
}

/// Printed, not judged: other tests run beside it.
#[tokio::test(flavor = "multi_thread")]
async fn how_fast_it_archives_against_psql_with_the_same_rows() {
    let Some(day) = a_day().await else { return };
    let cluster = Cluster::start();
    let (_directory, mut writer) = journal(1 << 26);
    for part in day.chunks(512) {
        writer.append(part).unwrap();
    }
    let log = writer.log();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let began = Instant::now();
        let running = Running::begin(&cluster, &log);
        running.until_whole(&log).await;
        ours.push(began.elapsed());
        running.end().await;

        for table in TABLES {
            let file = cluster.folder().join(table.name);
            std::fs::remove_file(&file).ok();
            cluster.psql(&format!("COPY (SELECT * FROM {}) TO '{}' BINARY", table.name, file.display()));
            cluster.psql(&format!("TRUNCATE {}", table.name));
        }
        let began = Instant::now();
        for table in TABLES {
            let file = cluster.folder().join(table.name);
            cluster.psql(&format!("\\copy {} FROM '{}' BINARY", table.name, file.display()));
        }
        theirs.push(began.elapsed());
        let tables: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        cluster.psql(&format!("TRUNCATE {}, archive_progress", tables.join(", ")));
    }
    let rows: u64 = expected(&log).values().map(|(rows, _)| rows).sum();
    let rate = |times: &[Duration]| rows as f64 / times.iter().min().unwrap().as_secs_f64();
    println!(
        "{rows} rows of {} events: archived at {:.0} rows/s, psql \\copy at {:.0} rows/s, ratio {:.2}",
        log.head().seq,
        rate(&ours),
        rate(&theirs),
        rate(&ours) / rate(&theirs)
    );
}
