//! Readers over loopback gRPC.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goat::prost::Message as _;
use goat::service::subscriber_channel;
use goat::tonic::Streaming;
use goat::wire::market::SubscribeRequest;
use goat::wire::market::subscribe_request::Start;
use goat::wire::market::subscribe_response::Message;
use goat::wire::{Frame, MarketDataServiceClient, scan_events};

use crate::engine::Engine;
use crate::process;

const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a reader does with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Finds position, kind and payload of each event.
    Scanned,
    /// Makes a message of each event.
    Decoded,
}

impl Reading {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Scanned => "scanned",
            Self::Decoded => "decoded",
        }
    }

    /// How many events a frame has, and the last position.
    fn count(self, frame: &Frame) -> (u64, u64) {
        if self == Self::Scanned {
            let bytes = frame.encode_to_vec();
            let (mut count, mut last) = (0, 0);
            for event in scan_events(batch(&bytes)) {
                count += 1;
                last = event.seq;
            }
            return (count, last);
        }
        match frame.parse().expect("a frame is a message") {
            Message::Batch(batch) => (batch.events.len() as u64, batch.covers_to),
            _ => (0, 0),
        }
    }
}

/// What is inside of a frame that holds a batch; nothing for other frames.
fn batch(frame: &[u8]) -> &[u8] {
    const BATCH_KEY: u8 = 0x12;
    match frame.split_first() {
        Some((&BATCH_KEY, rest)) => {
            let length_bytes = rest.iter().take_while(|byte| *byte & 0x80 != 0).count() + 1;
            rest.get(length_bytes..).unwrap_or_default()
        }
        _ => &[],
    }
}

pub(crate) async fn subscribe(address: SocketAddr, after: u64, follow: bool) -> Streaming<Frame> {
    let mut client =
        MarketDataServiceClient::new(subscriber_channel(address)).max_decoding_message_size(FRAME_BYTES_MAX);
    let request =
        SubscribeRequest { start: Some(Start::AfterSeq(after)), follow, ..SubscribeRequest::default() };
    client.subscribe(request).await.expect("the stream opens").into_inner()
}

/// One reader from position 1 to the end: the events that it got.
pub(crate) async fn read_all(address: SocketAddr, reading: Reading) -> u64 {
    let mut stream = subscribe(address, 0, false).await;
    let mut total = 0;
    while let Some(frame) = stream.message().await.expect("the stream goes on") {
        total += reading.count(&frame).0;
    }
    total
}

/// Readers that follow while the log grows as fast as it can: the events that all of them got together.
pub(crate) async fn follow_live(engine: &Arc<Engine>, count: usize, events: u64, reading: Reading) -> u64 {
    let head = engine.head();
    let ready = Arc::new(AtomicUsize::new(0));
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (address, target, ready) = (engine.address, head + events, Arc::clone(&ready));
        readers.spawn(async move {
            let mut stream = subscribe(address, head, true).await;
            ready.fetch_add(1, Ordering::Relaxed);
            let (mut total, mut last) = (0, head);
            while last < target {
                let frame = stream.message().await.expect("the stream goes on").expect("it follows");
                let (found, reached) = reading.count(&frame);
                total += found;
                last = last.max(reached);
            }
            total
        });
    }
    while ready.load(Ordering::Relaxed) < count {
        tokio::task::yield_now().await;
    }
    let writer = Arc::clone(engine);
    let writing = tokio::task::spawn_blocking(move || writer.append(events));
    let totals = readers.join_all().await;
    writing.await.expect("the writer");
    totals.into_iter().sum()
}

/// By how many bytes the process grows while one reader stands still and the log goes on.
pub(crate) async fn growth_by_a_stalled_reader(engine: &Arc<Engine>, events: u64) -> u64 {
    let mut stalled = subscribe(engine.address, engine.head(), true).await;
    stalled.message().await.expect("the stream goes on").expect("a greeting");
    let before = process::resident_bytes();
    let writer = Arc::clone(engine);
    tokio::task::spawn_blocking(move || writer.append(events)).await.expect("the writer");
    process::resident_bytes().saturating_sub(before)
}
