//! Binance spot on loopback: combined streams, depth snapshots, klines.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use super::candles::{Candles, INTERVAL_MS};
use super::delivery::Delivery;
use super::fault::Faults;
use super::http::{self, Answer, Question};
use super::market::{Market, Pair, Update, now_ms};

/// The notice before the venue cuts a connection.
pub const SHUTDOWN: &str = r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#;
const UPDATE_EVERY: Duration = Duration::from_millis(100);
const PING_EVERY: Duration = Duration::from_millis(300);

/// How the venue answers snapshots, when not with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshots {
    /// With one.
    Good,
    /// Too many requests: come back after so many seconds.
    TooMany(u64),
    /// With one so many updates old.
    Old(u64),
}

/// The venue. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Binance {
    /// `ws://…`
    pub websocket_url: String,
    /// `http://…`
    pub rest_url: String,
    /// What is true.
    pub market: Market,
    /// What is true of candles.
    pub candles: Candles,
    /// What goes wrong.
    pub faults: Faults,
    /// How snapshots are answered.
    pub snapshots: Arc<Mutex<Snapshots>>,
    /// Requests for snapshots that came.
    pub snapshot_requests: Arc<AtomicUsize>,
    /// Connections that were made.
    pub connections: Arc<AtomicUsize>,
    /// Pings that were answered.
    pub pongs: Arc<AtomicUsize>,
    /// Connections that had to be cut because of their age.
    pub cuts: Arc<AtomicUsize>,
    lifetime: Duration,
}

impl Binance {
    /// The venue with these symbols; a connection is cut at the age of `lifetime`.
    pub async fn start(symbols: &[&str], lifetime: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut venue = Self {
            websocket_url: format!("ws://{address}"),
            rest_url: String::new(),
            market: Market::start(symbols, UPDATE_EVERY, 3),
            candles: Candles::new(now_ms()),
            faults: Faults::default(),
            snapshots: Arc::new(Mutex::new(Snapshots::Good)),
            snapshot_requests: Arc::default(),
            connections: Arc::default(),
            pongs: Arc::default(),
            cuts: Arc::default(),
            lifetime,
        };
        let asked = venue.clone();
        let rest: SocketAddr = http::serve(move |question| asked.answer(&question)).await;
        venue.rest_url = format!("http://{rest}");
        let accepting = venue.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().converse(stream));
            }
        });
        venue
    }

    async fn converse(self, stream: TcpStream) {
        let mut target = String::new();
        #[allow(clippy::result_large_err)] // The shape that the handshake wants.
        let note = |request: &Request, response: Response| {
            target = request.uri().to_string();
            Ok(response)
        };
        let Ok(mut socket) = accept_hdr_async(stream, note).await else { return };
        let streams = target.strip_prefix("/stream?streams=").expect("combined streams");
        let symbol = streams.split('@').next().unwrap_or_default().to_ascii_uppercase();
        self.connections.fetch_add(1, Ordering::SeqCst);
        let (mut updates, mut closed) = (self.market.updates(), self.candles.closed());
        let (wants_depth, wants_candles) = (streams.contains("@depth@100ms"), streams.contains("@kline_5m"));
        let (mut delivery, mut pings) = (Delivery::default(), tokio::time::interval(PING_EVERY));
        let end = tokio::time::sleep(self.lifetime);
        tokio::pin!(end);
        loop {
            tokio::select! {
                update = updates.recv() => {
                    let Ok(update) = update else { return };
                    if update.symbol == symbol && wants_depth {
                        let (text, crossed) = (depth_text(&update, None), depth_text(&update, Some("900")));
                        if !delivery.send(&mut socket, &self.faults, &symbol, text, crossed).await { return; }
                    }
                }
                start = closed.recv() => {
                    let Ok(start) = start else { return };
                    let text = Message::text(kline_text(&symbol, start));
                    if wants_candles && socket.send(text).await.is_err() { return; }
                }
                frame = socket.next() => match frame {
                    Some(Ok(Message::Pong(_))) => { self.pongs.fetch_add(1, Ordering::SeqCst); }
                    Some(Ok(_)) => {}
                    None | Some(Err(_)) => return,
                },
                _ = pings.tick() => if socket.send(Message::Ping("now".into())).await.is_err() { return; },
                () = &mut end => {
                    self.cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
        }
    }

    fn answer(&self, question: &Question) -> Answer {
        let value = |name: &str| question.query.get(name).cloned().unwrap_or_default();
        match question.path.as_str() {
            "/api/v3/depth" => self.snapshot(&value("symbol"), &value("limit")),
            "/api/v3/time" => Answer::ok(format!(r#"{{"serverTime":{}}}"#, now_ms())),
            "/api/v3/klines" => {
                assert_eq!(value("interval"), "5m");
                let count = value("limit").parse().unwrap();
                let starts = self.candles.starts(value("startTime").parse().unwrap(), count);
                let row = |start: &u64| {
                    let [open, high, low, close, volume] = Candles::values(*start);
                    let end = start + INTERVAL_MS - 1;
                    format!(
                        r#"[{start},"{open}","{high}","{low}","{close}","{volume}",{end},"1",1,"1","1","0"]"#
                    )
                };
                Answer::ok(format!("[{}]", starts.iter().map(row).collect::<Vec<_>>().join(",")))
            }
            _ => Answer { status: 404, headers: Vec::new(), body: "{}".to_owned() },
        }
    }

    fn snapshot(&self, symbol: &str, limit: &str) -> Answer {
        assert_eq!(limit, "1000");
        self.snapshot_requests.fetch_add(1, Ordering::SeqCst);
        let age = match *self.snapshots.lock().unwrap() {
            Snapshots::Good => 0,
            Snapshots::Old(age) => age,
            Snapshots::TooMany(seconds) => {
                let headers = vec![("Retry-After", seconds.to_string())];
                let body = r#"{"code":-1003,"msg":"Too many requests"}"#.to_owned();
                return Answer { status: 429, headers, body };
            }
        };
        let Some(whole) = self.market.whole(symbol) else {
            let body = r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned();
            return Answer { status: 400, headers: Vec::new(), body };
        };
        let (id, bids, asks) = (whole.id - age, pairs(&whole.bids), pairs(&whole.asks));
        let body = format!(r#"{{"lastUpdateId":{id},"bids":{bids},"asks":{asks}}}"#);
        Answer { headers: vec![("X-MBX-USED-WEIGHT-1M", "50".to_owned())], ..Answer::ok(body) }
    }
}

fn depth_text(update: &Update, crossing_bid: Option<&str>) -> String {
    let Update { symbol, first, last, time_ms, bids, asks } = update;
    let mut bids = bids.clone();
    bids.extend(crossing_bid.map(|price| (price.to_owned(), "1".to_owned())));
    let (bids, asks) = (pairs(&bids), pairs(asks));
    let stream = symbol.to_ascii_lowercase();
    format!(
        r#"{{"stream":"{stream}@depth@100ms","data":{{"e":"depthUpdate","E":{time_ms},"s":"{symbol}","U":{first},"u":{last},"b":{bids},"a":{asks}}}}}"#
    )
}

fn kline_text(symbol: &str, start: u64) -> String {
    let [open, high, low, close, volume] = Candles::values(start);
    let (end, stream) = (start + INTERVAL_MS - 1, symbol.to_ascii_lowercase());
    format!(
        r#"{{"stream":"{stream}@kline_5m","data":{{"e":"kline","E":{end},"s":"{symbol}","k":{{"t":{start},"T":{end},"s":"{symbol}","i":"5m","f":1,"L":2,"o":"{open}","c":"{close}","h":"{high}","l":"{low}","v":"{volume}","n":2,"x":true,"q":"1","V":"1","Q":"1","B":"0"}}}}}}"#
    )
}

/// Levels as both venues write them.
pub(super) fn pairs(pairs: &[Pair]) -> String {
    let texts: Vec<_> =
        pairs.iter().map(|(price, quantity)| format!(r#"["{price}","{quantity}"]"#)).collect();
    format!("[{}]", texts.join(","))
}
