//! The way of an event from a feed to its readers: sequencer, journal, hot store and stream, at a steady rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use data_engine::feeds::board::Board;
use data_engine::feeds::simulated::world::World;
use data_engine::hot::HotStore;
use data_engine::ingest::Ingest;
use data_engine::sequencer::{Memory, Sequencer};
use goat::event::{Observation, Payload};
use goat::service::Stop;
use goat::settings::{Settings, Sync};
use goat::values::UnixMicros;
use goat::wire::market::subscribe_response::Message;
use tokio::task::JoinSet;

use crate::engine::{journal_bytes, open, serve};
use crate::{process, readers};

const EVENTS_PER_SECOND: usize = 50_000;
const SECONDS: usize = 10;
const TICK: Duration = Duration::from_millis(1);
const GROUP: usize = EVENTS_PER_SECOND / 1000;
/// Order books are ten times as large as the rest; a busy second brings a thousand of them.
const EVENTS_OF_A_BOOK: usize = 50;
/// Latencies of the first second are not counted: connections and pages are warmed up by it.
const WARM_UP: usize = EVENTS_PER_SECOND;

/// What came of it, as text.
pub(crate) async fn measure(sync: Sync, reader_count: usize) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let journal = directory.path().join("journal");
    let writer = open(&journal, sync);
    let settings = Settings::default();
    let (hot, folder) = HotStore::open(&settings.hot, &settings.query, 0).expect("a database in memory");
    let (stop, log, runtime) = (Stop::new(), writer.log(), tokio::runtime::Handle::current());
    let stopped = stop.clone();
    let folding = std::thread::spawn(move || folder.run(&log, &runtime, &stopped));
    let (ingest, queue) = Ingest::new();
    let address = serve(&writer, hot.clone(), ingest.clone(), &stop).await;
    let sequencer = Sequencer::new(writer, Memory::default(), Board::default());
    std::thread::spawn(move || sequencer.run(queue));

    let groups = groups();
    let events: usize = groups.iter().map(Vec::len).sum();
    let ready = Arc::new(AtomicUsize::new(0));
    let mut reading = JoinSet::new();
    for _ in 0..reader_count {
        reading.spawn(latencies(address, events, Arc::clone(&ready)));
    }
    while ready.load(Ordering::Relaxed) < reader_count {
        tokio::task::yield_now().await;
    }
    let before = process::cpu_time();
    let recorded = submit(&ingest, groups).await;
    let mut all: Vec<u32> = reading.join_all().await.into_iter().flatten().collect();
    let cpu = process::cpu_time().saturating_sub(before);
    all.sort_unstable();
    stop.cancel();
    folding.join().expect("the fold ended");
    format!(
        "{} ms (durable {}) at {EVENTS_PER_SECOND} events/s of {} bytes, {:.1} cores",
        percentiles(&all),
        percentiles(&recorded),
        journal_bytes(&journal) / u64::try_from(events).expect("small"),
        cpu.as_secs_f64() / f64::from(u32::try_from(SECONDS).expect("small")),
    )
}

fn percentiles(ascending: &[u32]) -> String {
    let at = |thousandths: usize| f64::from(ascending[(ascending.len() - 1) * thousandths / 1000]) / 1000.0;
    format!("p50 {:.2} p99 {:.2} p99.9 {:.2}", at(500), at(990), at(999))
}

/// What the simulated world tells, with fewer books.
fn groups() -> Vec<Vec<Observation>> {
    let mut world = World::new(7, UnixMicros::from_seconds(1_767_478_430).expect("a time"));
    let (mut other, mut books) = (Vec::new(), Vec::new());
    while other.len() < EVENTS_PER_SECOND || books.len() < EVENTS_PER_SECOND / EVENTS_OF_A_BOOK {
        let mut told = Vec::new();
        world.step(&mut told).expect("a second of the world");
        let is_book = |one: &Observation| matches!(one.payload, Payload::Book(_));
        let (more_books, more): (Vec<_>, Vec<_>) = told.into_iter().partition(is_book);
        // A candle comes once; the engine would know it again.
        other.extend(more.into_iter().filter(|one| !matches!(one.payload, Payload::Candle(_))));
        books.extend(more_books);
    }
    let next = |place: usize| {
        let number = place / EVENTS_OF_A_BOOK;
        let (from, number) =
            if place.is_multiple_of(EVENTS_OF_A_BOOK) { (&books, number) } else { (&other, place - number) };
        own(from[number % from.len()].clone(), place)
    };
    (0..SECONDS * 1000).map(|group| (0..GROUP).map(|place| next(group * GROUP + place)).collect()).collect()
}

/// The observation as a new one.
fn own(observation: Observation, place: usize) -> Observation {
    let mut own = Observation { source_position: 0, ..observation };
    match &mut own.payload {
        Payload::Trade(trade) => trade.signature = place.to_string(),
        Payload::Whale(whale) => whale.signature = place.to_string(),
        _ => {}
    }
    own
}

/// Each group at its millisecond, whether the ones before are durable or not; how long each took to be so, in
/// microseconds, ascending.
async fn submit(ingest: &Ingest, groups: Vec<Vec<Observation>>) -> Vec<u32> {
    let mut waiting = JoinSet::new();
    let mut ticks = tokio::time::interval(TICK);
    for mut group in groups {
        ticks.tick().await;
        let now = UnixMicros::now();
        for observation in &mut group {
            observation.received_time = now;
        }
        let ingest = ingest.clone();
        waiting.spawn(async move {
            ingest.submit(group).await.expect("it is recorded");
            u32::try_from(UnixMicros::now().since(now).as_micros()).expect("less than an hour")
        });
    }
    let mut took = waiting.join_all().await;
    took.sort_unstable();
    took
}

/// From submission to reading, in microseconds, of one reader that decodes all events.
async fn latencies(address: std::net::SocketAddr, events: usize, ready: Arc<AtomicUsize>) -> Vec<u32> {
    let mut stream = readers::subscribe(address, 0, true).await;
    ready.fetch_add(1, Ordering::Relaxed);
    let (mut found, mut seen) = (Vec::with_capacity(events), 0);
    while seen < events {
        let frame = stream.message().await.expect("the stream goes on").expect("it follows");
        let Message::Batch(batch) = frame.parse().expect("a frame is a message") else { continue };
        let now = UnixMicros::now();
        for event in batch.events {
            seen += 1;
            let Some(received) = event.received_time.and_then(|time| UnixMicros::try_from(time).ok()) else {
                continue;
            };
            if seen > WARM_UP {
                found.push(u32::try_from(now.since(received).as_micros()).expect("less than an hour"));
            }
        }
    }
    found
}
