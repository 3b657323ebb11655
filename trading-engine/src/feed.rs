//! The stream from the data-engine, as long as the process lives.
//!
//! The core asks for a position ([`Request`]); the feed connects, takes frames off the socket into a bounded
//! queue as they come, and says when the stream ended and why. It decodes nothing and decides nothing: what
//! to ask for next is the core's to say, because only the core knows what it has folded. A request replaces
//! the one before.

mod continuity;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use goat::service::{ServiceChannel, Stop};
use goat::values::UnixMicros;
use goat::wire::market::{EventKind, SubscribeRequest, subscribe_request};
use goat::wire::{Frame, MarketDataServiceClient};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tonic::{Code, Status};

pub use continuity::{Continuity, Discontinuity};

/// Frames that may wait for the core, of at most some 32 KiB each. When the queue is full the socket is left
/// unread, and the server's cursor waits.
pub const FRAMES_QUEUED_MAX: usize = 1024;

/// Silence after which the stream is stale and asked for anew. The server sends a heartbeat each second.
pub const SILENCE_MAX: Duration = Duration::from_secs(3);

/// How long the server may take to accept a request.
const OPEN_MAX: Duration = Duration::from_secs(5);
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_LAST: Duration = Duration::from_secs(2);
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What the core reads.
pub(crate) const KINDS: [EventKind; 6] = [
    EventKind::Price,
    EventKind::Book,
    EventKind::Trade,
    EventKind::Whale,
    EventKind::Candle,
    EventKind::Feed,
];

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After a position.
    After(u64),
    /// This many seconds before the newest event.
    Lookback(u32),
    /// At the first event of this time or a later one.
    Since(UnixMicros),
    /// At the oldest event kept.
    Oldest,
}

/// What the core wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Rises with each request; what belongs to an earlier one is out of date.
    pub session: u64,
    /// Where to begin.
    pub start: Start,
    /// Whether to wait a little first, because the one before went wrong.
    pub after_failure: bool,
}

/// What came of a request, in order: frames, then one end.
#[derive(Debug)]
pub struct Item {
    /// The request's.
    pub session: u64,
    /// When it came, by our clock.
    pub received_time: UnixMicros,
    /// What came.
    pub content: Content,
}

/// What came.
#[derive(Debug)]
pub enum Content {
    /// A message, still encoded.
    Frame(Box<Frame>),
    /// The stream is over.
    Ended(Ended),
}

/// Why a stream is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The start is no longer kept.
    #[error("the data-engine no longer has the start: {0}")]
    TooOld(String),
    /// The start cannot be right, such as one beyond the log's head.
    #[error("the data-engine refused the start: {0}")]
    Refused(String),
    /// Nothing came, not even a heartbeat.
    #[error("nothing has come for {} s, not even a heartbeat", SILENCE_MAX.as_secs())]
    Silent,
    /// Anything else: not there, gone, stopping.
    #[error("the data-engine cannot be read: {0}")]
    Lost(String),
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        let message = status.message().to_owned();
        match status.code() {
            Code::OutOfRange => Self::TooOld(message),
            Code::InvalidArgument => Self::Refused(message),
            code => Self::Lost(format!("{code:?}: {message}")),
        }
    }
}

/// The core's end of the feed.
#[derive(Debug)]
pub struct Feed {
    /// Asks for another stream.
    pub requests: watch::Sender<Option<Request>>,
    /// What came of the requests.
    pub items: mpsc::Receiver<Item>,
}

/// Starts the feed from the data-engine. It ends when stopped, or when the core's end is gone.
#[must_use]
pub fn start(market: ServiceChannel, stop: Stop) -> Feed {
    let (requests, asked) = watch::channel(None);
    let (queue, items) = mpsc::channel(FRAMES_QUEUED_MAX);
    let socket = Socket { client: client(market), asked, queue, backoff: backoff() };
    tokio::spawn(stop.run_until_cancelled_owned(socket.run()));
    Feed { requests, items }
}

pub(crate) fn client(market: ServiceChannel) -> MarketDataServiceClient<ServiceChannel> {
    MarketDataServiceClient::new(market).max_decoding_message_size(FRAME_BYTES_MAX)
}

pub(crate) fn subscribe_request(start: Start, kinds: &[EventKind], follow: bool) -> SubscribeRequest {
    let start = match start {
        Start::After(seq) => Some(subscribe_request::Start::AfterSeq(seq)),
        Start::Lookback(seconds) => Some(subscribe_request::Start::LookbackSeconds(seconds)),
        Start::Since(time) => Some(subscribe_request::Start::Since(time.into())),
        Start::Oldest => None,
    };
    let kinds = kinds.iter().map(|&kind| kind.into()).collect();
    SubscribeRequest { kinds, symbols: Vec::new(), start, follow }
}

fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(BACKOFF_FIRST)
        .with_max_delay(BACKOFF_LAST)
        .without_max_times()
        .with_jitter()
        .with_jitter_seed(UnixMicros::now().get().unsigned_abs())
        .build()
}

struct Socket {
    client: MarketDataServiceClient<ServiceChannel>,
    asked: watch::Receiver<Option<Request>>,
    queue: mpsc::Sender<Item>,
    backoff: ExponentialBackoff,
}

impl Socket {
    async fn run(mut self) {
        loop {
            let request = *self.asked.borrow_and_update();
            let mut newer = self.asked.clone();
            let Some(request) = request else {
                if newer.changed().await.is_err() {
                    return;
                }
                continue;
            };
            let replaced = tokio::select! {
                replaced = newer.changed() => replaced,
                () = self.serve(request) => newer.changed().await,
            };
            if replaced.is_err() {
                return;
            }
        }
    }

    /// Serves one request to its end.
    async fn serve(&mut self, request: Request) {
        if request.after_failure {
            tokio::time::sleep(self.backoff.next().unwrap_or(BACKOFF_LAST)).await;
        }
        let ended = self.read(request).await;
        self.put(request.session, Content::Ended(ended)).await;
    }

    async fn read(&mut self, request: Request) -> Ended {
        let wanted = subscribe_request(request.start, &KINDS, true);
        let mut stream = match timeout(OPEN_MAX, self.client.subscribe(wanted)).await {
            Ok(Ok(response)) => response.into_inner(),
            Ok(Err(status)) => return status.into(),
            Err(_) => return Ended::Lost(format!("it did not answer within {} s", OPEN_MAX.as_secs())),
        };
        loop {
            match timeout(SILENCE_MAX, stream.message()).await {
                Ok(Ok(Some(frame))) => {
                    self.backoff = backoff();
                    self.put(request.session, Content::Frame(Box::new(frame))).await;
                }
                Ok(Ok(None)) => return Ended::Lost("it closed the stream".to_owned()),
                Ok(Err(status)) => return status.into(),
                Err(_) => return Ended::Silent,
            }
        }
    }

    async fn put(&mut self, session: u64, content: Content) {
        let item = Item { session, received_time: UnixMicros::now(), content };
        // The core's end is gone only when the service stops, and then this task does too.
        let _ = self.queue.send(item).await;
    }
}
