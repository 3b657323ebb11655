//! A reader of the log that resumes by its cursor, whatever happens to the other end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use goat::service::subscriber_channel;
use goat::tonic::transport::Channel;
use goat::tonic::{Code, Status};
use goat::wire::market::subscribe_request::Start;
use goat::wire::market::subscribe_response::Message;
use goat::wire::market::{EventKind, SubscribeRequest};
use goat::wire::{Frame, MarketDataServiceClient};

use crate::checker::{Contents, Coverage};

const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The data-engine sends a heartbeat each second.
const SILENCE_MAX: Duration = Duration::from_secs(10);
const BEFORE_RECONNECTING: Duration = Duration::from_millis(20);

/// A client for streams of the data-engine at `address`.
#[must_use]
pub fn client(address: SocketAddr) -> MarketDataServiceClient<Channel> {
    MarketDataServiceClient::new(subscriber_channel(address)).max_decoding_message_size(FRAME_BYTES_MAX)
}

/// A request for everything after `seq`.
#[must_use]
pub fn after(seq: u64) -> SubscribeRequest {
    SubscribeRequest { start: Some(Start::AfterSeq(seq)), follow: true, ..SubscribeRequest::default() }
}

/// A reader with its cursor and with all that it has seen.
#[derive(Debug)]
pub struct Reader {
    address: SocketAddr,
    kinds: Vec<EventKind>,
    symbols: Vec<String>,
    coverage: Coverage,
    /// What it has seen.
    pub contents: Contents,
    /// How often it had to connect anew.
    pub reconnects: u32,
}

impl Reader {
    /// A reader of all events from position 1 on.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            kinds: Vec::new(),
            symbols: Vec::new(),
            coverage: Coverage::default(),
            contents: Contents::default(),
            reconnects: 0,
        }
    }

    /// The same, for some kinds and symbols.
    #[must_use]
    pub fn filtered(address: SocketAddr, kinds: &[EventKind], symbols: &[&str]) -> Self {
        let symbols = symbols.iter().map(|&symbol| symbol.to_owned()).collect();
        Self { kinds: kinds.to_vec(), symbols, ..Self::new(address) }
    }

    /// The last position that it was told about.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.coverage.to()
    }

    /// Reads until `enough`, resuming after every loss of the connection.
    pub async fn read_until(&mut self, patience: Duration, mut enough: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !enough(self) {
            assert!(began.elapsed() < patience, "the reader stands at {} after {patience:?}", self.cursor());
            if let Err(status) = self.read_connection(began + patience, &mut enough).await {
                let is_loss = matches!(
                    status.code(),
                    Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled
                );
                assert!(is_loss, "the stream was refused at {}: {status}", self.cursor());
                self.reconnects += 1;
                tokio::time::sleep(BEFORE_RECONNECTING).await;
            }
        }
    }

    async fn read_connection(
        &mut self,
        deadline: Instant,
        enough: &mut impl FnMut(&Self) -> bool,
    ) -> Result<(), Status> {
        let mut request = after(self.cursor());
        request.kinds = self.kinds.iter().map(|&kind| kind.into()).collect();
        request.symbols.clone_from(&self.symbols);
        let mut stream = client(self.address).subscribe(request).await?.into_inner();
        while Instant::now() < deadline && !enough(self) {
            let silent = |_| Status::unavailable("not even a heartbeat");
            let frame = tokio::time::timeout(SILENCE_MAX, stream.message()).await.map_err(silent)??;
            let Some(frame) = frame else { return Err(Status::unavailable("the stream was closed")) };
            self.take_over(&frame);
        }
        Ok(())
    }

    fn take_over(&mut self, frame: &Frame) {
        match frame.parse().expect("a frame is a message") {
            Message::Hello(hello) => assert_eq!(hello.start_seq, self.cursor() + 1),
            Message::Batch(batch) => {
                self.coverage.cover(batch.covers_from, batch.covers_to, &batch.events);
                for event in &batch.events {
                    self.contents.see(event);
                }
            }
            Message::CaughtUp(caught_up) => assert_eq!(caught_up.seq, self.cursor()),
            Message::Heartbeat(heartbeat) => assert_eq!(heartbeat.seq, self.cursor()),
        }
    }
}
