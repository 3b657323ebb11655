//! A data-engine of a few lines: serves a log from memory by the stream's rules, and breaks them on demand.

use std::convert::Infallible;
use std::future::Ready;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use goat::prost::Message as _;
use goat::tonic::body::Body;
use goat::tonic::codegen::{BoxFuture, Service, http};
use goat::tonic::server::{Grpc, NamedService, ServerStreamingService};
use goat::tonic::transport::Server;
use goat::tonic::transport::server::TcpIncoming;
use goat::tonic::{Request, Response, Status};
use goat::wire::Frame;
use goat::wire::market::subscribe_request::Start;
use goat::wire::market::subscribe_response::Message;
use goat::wire::market::{CaughtUp, EventBatch, Heartbeat, Hello, MarketEvent, Mode, SubscribeRequest};
use tokio::sync::watch;
use tokio_stream::Stream;
use tonic_prost::ProstCodec;

const BATCH_EVENTS: usize = 256;

/// What a stream does wrong, once each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A batch is left out.
    Missing,
    /// A batch comes twice.
    Repeated,
    /// Nothing comes any more, not even a heartbeat.
    Silent,
    /// The stream breaks off.
    Broken,
}

/// A log: event `seq` is the one at index `seq - 1`.
#[derive(Debug, Clone)]
pub struct Log {
    pub id: String,
    pub oldest_seq: u64,
    pub mode: Mode,
    pub events: Arc<Vec<MarketEvent>>,
}

#[derive(Debug)]
struct State {
    log: watch::Sender<Log>,
    head: watch::Sender<u64>,
    faults: Mutex<Vec<(u64, Fault)>>,
    subscriptions: AtomicU32,
    fetches_held: watch::Sender<bool>,
}

/// The server, as long as it is kept.
#[derive(Debug, Clone)]
pub struct Market {
    state: Arc<State>,
    pub address: SocketAddr,
}

impl Market {
    /// Serves `log` up to `head`.
    pub async fn start(log: Log, head: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            log: watch::Sender::new(log),
            head: watch::Sender::new(head),
            faults: Mutex::default(),
            subscriptions: AtomicU32::new(0),
            fetches_held: watch::Sender::new(false),
        });
        let service = Subscribe(Arc::clone(&state));
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        Self { state, address }
    }

    /// The log grows up to `head`.
    pub fn grow(&self, head: u64) {
        self.state.head.send_replace(head);
    }

    /// Another log takes the place of this one. Streams that are open end.
    pub fn replace(&self, log: Log, head: u64) {
        self.state.log.send_replace(log);
        self.state.head.send_replace(head);
    }

    /// At the first batch that reaches `seq`, `fault` happens.
    pub fn fail(&self, seq: u64, fault: Fault) {
        self.state.faults.lock().unwrap().push((seq, fault));
    }

    /// Whether streams that do not follow wait after their greeting.
    pub fn hold_fetches(&self, held: bool) {
        self.state.fetches_held.send_replace(held);
    }

    pub fn subscriptions(&self) -> u32 {
        self.state.subscriptions.load(Ordering::Relaxed)
    }
}

#[derive(Clone)]
struct Subscribe(Arc<State>);

impl NamedService for Subscribe {
    const NAME: &'static str = "goat.market.v1.MarketDataService";
}

impl Service<http::Request<Body>> for Subscribe {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            if !request.uri().path().ends_with("/Subscribe") {
                return Ok(Status::unimplemented("not served here").into_http());
            }
            let mut grpc = Grpc::new(ProstCodec::<Frame, SubscribeRequest>::default());
            Ok(grpc.server_streaming(service, request).await)
        })
    }
}

type Frames = Pin<Box<dyn Stream<Item = Result<Frame, Status>> + Send>>;

impl ServerStreamingService<SubscribeRequest> for Subscribe {
    type Response = Frame;
    type ResponseStream = Frames;
    type Future = Ready<Result<Response<Frames>, Status>>;

    fn call(&mut self, request: Request<SubscribeRequest>) -> Self::Future {
        self.0.subscriptions.fetch_add(1, Ordering::Relaxed);
        std::future::ready(subscribe(&self.0, &request.into_inner()).map(Response::new))
    }
}

fn seconds(event: &MarketEvent) -> i64 {
    event.event_time.map_or(0, |time| time.seconds)
}

fn first_seq(log: &Log, head: u64, request: &SubscribeRequest) -> Result<u64, Status> {
    match request.start {
        None => Ok(log.oldest_seq),
        Some(Start::AfterSeq(seq)) if seq > head => {
            Err(Status::invalid_argument(format!("{seq} is beyond {head}")))
        }
        Some(Start::AfterSeq(seq)) if seq + 1 < log.oldest_seq => {
            Err(Status::out_of_range(format!("the oldest position is {}", log.oldest_seq)))
        }
        Some(Start::AfterSeq(seq)) => Ok(seq + 1),
        Some(Start::LookbackSeconds(back)) => {
            let events = &log.events[..head as usize];
            let since = events.last().map_or(0, seconds) - i64::from(back);
            let before = events.partition_point(|event| seconds(event) < since);
            Ok(log.oldest_seq.max(before as u64 + 1))
        }
        Some(Start::Since(time)) => {
            let before = log.events[..head as usize].partition_point(|event| seconds(event) < time.seconds);
            Ok(log.oldest_seq.max(before as u64 + 1))
        }
        Some(Start::Latest(_)) => Err(Status::unimplemented("not needed here")),
    }
}

fn subscribe(state: &Arc<State>, request: &SubscribeRequest) -> Result<Frames, Status> {
    let (mut logs, mut heads) = (state.log.subscribe(), state.head.subscribe());
    let log = logs.borrow_and_update().clone();
    let opened_at = *heads.borrow_and_update();
    let mut next = first_seq(&log, opened_at, request)?;
    let hello = Hello {
        log_id: log.id.clone(),
        oldest_seq: log.oldest_seq,
        head_seq: opened_at,
        start_seq: next,
        mode: log.mode.into(),
    };
    let (follow, kinds) = (request.follow, request.kinds.clone());
    let state = Arc::clone(state);
    Ok(Box::pin(async_stream::try_stream! {
        yield Frame::of(Message::Hello(hello));
        if !follow {
            // The test is over when nobody can let it go on.
            let _ = state.fetches_held.subscribe().wait_for(|held| !held).await;
        }
        let mut said_caught_up = false;
        loop {
            let head = *heads.borrow_and_update();
            while next <= head {
                let to = head.min(next + BATCH_EVENTS as u64 - 1);
                let frame = batch(&log, &kinds, next, to);
                match take_fault(&state, to) {
                    None => yield frame,
                    Some(Fault::Missing) => {}
                    Some(Fault::Repeated) => {
                        yield frame.clone();
                        yield frame;
                    }
                    Some(Fault::Silent) => std::future::pending::<()>().await,
                    Some(Fault::Broken) => Err(Status::unavailable("broken off"))?,
                }
                next = to + 1;
                if !said_caught_up && next > opened_at {
                    said_caught_up = true;
                    yield Frame::of(Message::CaughtUp(CaughtUp { seq: opened_at }));
                }
            }
            if !said_caught_up {
                said_caught_up = true;
                yield Frame::of(Message::CaughtUp(CaughtUp { seq: opened_at }));
            }
            if !follow {
                break;
            }
            let quiet = tokio::time::timeout(Duration::from_secs(1), heads.changed()).await.is_err();
            if logs.has_changed().unwrap_or(true) {
                Err(Status::unavailable("the log was replaced"))?;
            }
            if quiet {
                yield Frame::of(Message::Heartbeat(Heartbeat { seq: next - 1, time: None }));
            }
        }
    }))
}

fn batch(log: &Log, kinds: &[i32], from: u64, to: u64) -> Frame {
    let events = log.events[from as usize - 1..to as usize].iter();
    let wanted = events.filter(|event| kinds.is_empty() || kinds.contains(&kind(event)));
    let events = EventBatch { events: wanted.cloned().collect(), ..EventBatch::default() };
    Frame::batch([events.encode_to_vec().into()], from, to)
}

fn kind(event: &MarketEvent) -> i32 {
    use goat::wire::market::EventKind;
    use goat::wire::market::market_event::Payload;
    match &event.payload {
        Some(Payload::Price(_)) => EventKind::Price.into(),
        Some(Payload::Trade(_)) => EventKind::Trade.into(),
        Some(Payload::Book(_)) => EventKind::Book.into(),
        Some(Payload::Candle(_)) => EventKind::Candle.into(),
        _ => EventKind::Unspecified.into(),
    }
}

fn take_fault(state: &State, reached: u64) -> Option<Fault> {
    let mut faults = state.faults.lock().unwrap();
    let due = faults.iter().position(|&(seq, _)| reached >= seq)?;
    Some(faults.remove(due).1)
}
