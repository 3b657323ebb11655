//! Durable appends as the webhook makes them: one event, and the answer waits for the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use data_engine::feeds::board::Board;
use data_engine::ingest::Ingest;
use data_engine::sequencer::{Memory, Sequencer};
use goat::settings::Sync;

use crate::engine::{open, prices};
use crate::table::rate;

const SPAN: Duration = Duration::from_secs(3);

/// So many producers, each with one event under way: rate and latencies.
pub(crate) async fn measure(producers: usize) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let writer = open(&directory.path().join("journal"), Sync::Always);
    let (ingest, queue) = Ingest::new();
    let sequencer = Sequencer::new(writer, Memory::default(), Board::default());
    let recording = std::thread::spawn(move || sequencer.run(queue));

    let number = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..producers {
        let (ingest, number) = (ingest.clone(), Arc::clone(&number));
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while began.elapsed() < SPAN {
                let event = prices(number.fetch_add(1, Ordering::Relaxed), 1);
                let submitted = Instant::now();
                ingest.submit(event).await.expect("it is recorded");
                latencies.push(submitted.elapsed());
            }
            latencies
        });
    }
    let mut latencies: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let took = began.elapsed();
    drop(ingest);
    recording.join().expect("the sequencer").expect("the journal was written");
    latencies.sort_unstable();
    let share = |hundredths: usize| latencies[(latencies.len() - 1) * hundredths / 100].as_secs_f64() * 1e3;
    let rate = rate(latencies.len() as u64, took);
    format!("{rate} {:.2}/{:.2} ms", share(50), share(99))
}
