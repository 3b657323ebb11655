//! Bybit v5 spot on loopback: topics, heartbeats, klines.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use super::binance::pairs;
use super::candles::{Candles, INTERVAL_MS};
use super::delivery::{Delivery, Socket};
use super::fault::Faults;
use super::http::{self, Answer, Question};
use super::market::{Market, Update, now_ms};

const UPDATE_EVERY: Duration = Duration::from_millis(50);

/// The venue. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Bybit {
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
    /// Connections that were made.
    pub connections: Arc<AtomicUsize>,
    /// Connections that were cut because no heartbeat came.
    pub cuts: Arc<AtomicUsize>,
    heartbeat_max: Duration,
}

/// One connection.
#[derive(Debug, Default)]
struct Conversation {
    symbol: String,
    /// The number of the last book or change that was sent; none while the topic is not subscribed.
    book: Option<u64>,
    wants_candles: bool,
    delivery: Delivery,
}

impl Bybit {
    /// The venue with these symbols; a connection without a heartbeat for so long is cut.
    pub async fn start(symbols: &[&str], heartbeat_max: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut venue = Self {
            websocket_url: format!("ws://{address}/v5/public/spot"),
            rest_url: String::new(),
            market: Market::start(symbols, UPDATE_EVERY, 1),
            candles: Candles::new(now_ms()),
            faults: Faults::default(),
            connections: Arc::default(),
            cuts: Arc::default(),
            heartbeat_max,
        };
        let asked = venue.clone();
        venue.rest_url = format!("http://{}", http::serve(move |question| asked.answer(&question)).await);
        let accepting = venue.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().converse(stream));
            }
        });
        venue
    }

    async fn converse(self, stream: TcpStream) {
        let Ok(mut socket) = accept_async(stream).await else { return };
        self.connections.fetch_add(1, Ordering::SeqCst);
        let (mut updates, mut closed) = (self.market.updates(), self.candles.closed());
        let mut conversation = Conversation::default();
        let mut last_heartbeat = Instant::now();
        loop {
            tokio::select! {
                update = updates.recv() => {
                    let Ok(update) = update else { return };
                    if !self.tell(&mut socket, &mut conversation, &update).await { return; }
                }
                start = closed.recv() => {
                    let Ok(start) = start else { return };
                    let text = Message::text(kline_text(&conversation.symbol, start));
                    if conversation.wants_candles && socket.send(text).await.is_err() { return; }
                }
                frame = socket.next() => {
                    let Some(Ok(frame)) = frame else { return };
                    if let Message::Text(text) = frame {
                        let request: Value = serde_json::from_str(&text).unwrap();
                        if request["op"] == "ping" { last_heartbeat = Instant::now(); }
                        if !self.reply(&mut socket, &mut conversation, &request).await { return; }
                    }
                }
                () = sleep_until(last_heartbeat + self.heartbeat_max) => {
                    self.cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
        }
    }

    async fn reply(&self, socket: &mut Socket, conversation: &mut Conversation, request: &Value) -> bool {
        let operation = request["op"].as_str().unwrap_or_default();
        let mut answer = json!({"success": true, "ret_msg": "", "conn_id": "c", "op": operation});
        let mut book = None;
        let topics = request["args"].as_array().cloned().unwrap_or_default();
        assert!(topics.len() <= 10, "more than ten topics in one request");
        for topic in topics.iter().filter_map(Value::as_str) {
            let symbol = topic.rsplit('.').next().unwrap_or_default();
            let known = self.market.whole(symbol);
            match (operation, topic.split('.').next(), known) {
                ("subscribe", Some("orderbook"), Some(whole)) if topic.starts_with("orderbook.50.") => {
                    symbol.clone_into(&mut conversation.symbol);
                    book = Some(whole);
                }
                ("subscribe", Some("kline"), Some(_)) if topic.starts_with("kline.5.") => {
                    symbol.clone_into(&mut conversation.symbol);
                    conversation.wants_candles = true;
                }
                ("unsubscribe", Some("orderbook"), _) => conversation.book = None,
                _ => {
                    answer["success"] = Value::Bool(false);
                    answer["ret_msg"] = json!(format!("error:handler not found,topic:{topic}"));
                }
            }
        }
        if operation == "ping" {
            answer["ret_msg"] = json!("pong");
        }
        if self.faults.is_silent(&conversation.symbol) {
            return true;
        }
        if socket.send(Message::text(answer.to_string())).await.is_err() {
            return false;
        }
        if let Some(whole) = book {
            let symbol = conversation.symbol.clone();
            let (bids, asks) = (whole.bids, whole.asks);
            let first = Update { symbol, first: whole.id, last: whole.id, time_ms: now_ms(), bids, asks };
            conversation.book = Some(whole.id);
            return socket.send(Message::text(book_text(&first, "snapshot", None))).await.is_ok();
        }
        true
    }

    async fn tell(&self, socket: &mut Socket, conversation: &mut Conversation, update: &Update) -> bool {
        let Some(last) = conversation.book.filter(|_| update.symbol == conversation.symbol) else {
            return true;
        };
        if update.last <= last {
            return true;
        }
        conversation.book = Some(update.last);
        let text = book_text(update, "delta", None);
        let crossed = book_text(update, "delta", Some("900"));
        let symbol = conversation.symbol.clone();
        conversation.delivery.send(socket, &self.faults, &symbol, text, crossed).await
    }

    fn answer(&self, question: &Question) -> Answer {
        let number =
            |name: &str| question.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(0_u64);
        if question.path == "/v5/market/time" {
            let (now, nanos) = (now_ms(), now_ms() * 1_000_000);
            let (seconds, end) = (now / 1000, format!(r#""retExtInfo":{{}},"time":{now}}}"#));
            let time = format!(r#"{{"timeSecond":"{seconds}","timeNano":"{nanos}"}}"#);
            return Answer::ok(format!(r#"{{"retCode":0,"retMsg":"OK","result":{time},{end}"#));
        }
        if question.path != "/v5/market/kline" {
            return Answer { status: 404, headers: Vec::new(), body: "{}".to_owned() };
        }
        assert_eq!(question.query.get("interval").map(String::as_str), Some("5"));
        let count = usize::try_from(number("limit")).unwrap();
        let mut starts = self.candles.starts(number("start"), usize::MAX);
        starts.retain(|start| *start <= number("end"));
        // The newest come first, and the oldest are left out.
        let row = |start: &u64| {
            let [open, high, low, close, volume] = Candles::values(*start);
            json!([start.to_string(), open, high, low, close, volume, "1"])
        };
        let list: Vec<Value> = starts.iter().rev().take(count).map(row).collect();
        let result = json!({"category": "spot", "symbol": question.query.get("symbol"), "list": list});
        Answer::ok(json!({"retCode": 0, "retMsg": "OK", "result": result, "time": now_ms()}).to_string())
    }
}

fn book_text(update: &Update, kind: &str, crossing_bid: Option<&str>) -> String {
    let Update { symbol, last, time_ms, bids, asks, .. } = update;
    let mut bids = bids.clone();
    bids.extend(crossing_bid.map(|price| (price.to_owned(), "1".to_owned())));
    let (bids, asks) = (pairs(&bids), pairs(asks));
    let sequence = last * 3;
    format!(
        r#"{{"topic":"orderbook.50.{symbol}","ts":{time_ms},"type":"{kind}","data":{{"s":"{symbol}","b":{bids},"a":{asks},"u":{last},"seq":{sequence}}},"cts":{time_ms}}}"#
    )
}

fn kline_text(symbol: &str, start: u64) -> String {
    let [open, high, low, close, volume] = Candles::values(start);
    let end = start + INTERVAL_MS - 1;
    format!(
        r#"{{"topic":"kline.5.{symbol}","data":[{{"start":{start},"end":{end},"interval":"5","open":"{open}","close":"{close}","high":"{high}","low":"{low}","volume":"{volume}","turnover":"1","confirm":true,"timestamp":{end}}}],"ts":{end},"type":"snapshot"}}"#
    )
}
