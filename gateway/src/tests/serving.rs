use std::net::SocketAddr;
use std::time::{Duration, Instant};

use goat::service::{Entrance, Stop, serve_http};
use goat::settings::Settings;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::engine;

/// A gateway before an engine for the market, and before nobody for trading.
pub(super) struct Served {
    pub(super) address: SocketAddr,
    pub(super) nobody: SocketAddr,
    stop: Stop,
    pub(super) client: reqwest::Client,
    ended: tokio::task::JoinHandle<()>,
}

impl Served {
    pub(super) async fn start() -> Self {
        Self::before(engine::start().await).await
    }

    async fn before(engine: SocketAddr) -> Self {
        Self::with(engine, Settings::default()).await
    }

    /// With these settings but for where it listens and whom it asks.
    pub(super) async fn with(engine: SocketAddr, mut settings: Settings) -> Self {
        // A port that was free a moment ago has nobody behind it.
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop::new();
        settings.data_engine.listen = engine;
        settings.trading_engine.listen = nobody;
        let entrance = Entrance::of(&settings).unwrap();
        let router = crate::router(&settings, &entrance, &stop).unwrap();
        let ended = tokio::spawn({
            let stop = stop.clone();
            async move { serve_http(listener, &entrance, "gateway", router, stop).await }
        });
        Self { address, nobody, stop, client: reqwest::Client::new(), ended }
    }

    pub(super) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.send(Method::GET, path, &[]).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn refusal(&self, path: &str) -> (u16, String) {
        let (status, json) = self.get(path).await;
        (status, json["message"].as_str().unwrap().to_owned())
    }
}

/// Reads a stream until it ends or `enough` has come.
async fn read_until(response: &mut Response, enough: &str) -> String {
    let mut read = String::new();
    while !read.contains(enough) {
        match response.chunk().await.unwrap() {
            Some(chunk) => read.push_str(std::str::from_utf8(&chunk).unwrap()),
            None => break,
        }
    }
    read
}

#[tokio::test]
async fn a_call_takes_its_fields_from_path_and_query() {
    let gateway = Served::start().await;

    let (status, price) = gateway.get("/price/SOL").await;
    let (_, history) = gateway.get("/api/v1/price/SOL/history?hours=0.5&maxPoints=2").await;

    assert_eq!(status, 200);
    assert_eq!(
        price,
        json!({
            "token": "SOL", "price": 150.5, "ageMs": 0, "stale": false, "source": "SOURCE_UNSPECIFIED", "seq": "7",
        })
    );
    assert_eq!(
        history,
        json!({
            "token": "SOL", "points": [{"price": 0.5}, {"price": 0.5}], "gaps": [], "source": "SOURCE_UNSPECIFIED",
            "incompleteReason": "",
        })
    );
}

#[tokio::test]
async fn a_statement_is_posted_and_a_position_is_asked_for() {
    let gateway = Served::start().await;

    for path in ["/query", "/api/v1/query"] {
        let url = format!("http://{}{path}", gateway.address);
        let answer = gateway.client.post(url).json(&json!({"sql": "SELECT 1"})).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["columns"], json!([{"name": "SELECT 1", "type": "VARCHAR"}]));
    }
    let (_, sync) = gateway.get("/sync/prices?since_id=7").await;
    assert_eq!((&sync["table"], &sync["nextSinceId"]), (&json!("prices"), &json!("7")));
}

#[tokio::test]
async fn an_error_of_the_engine_is_a_status_in_json() {
    let gateway = Served::start().await;

    let (status, error) = gateway.get("/price/DOGE").await;

    assert_eq!(status, 404);
    assert_eq!(error, json!({"code": 5, "message": "no price of DOGE has been recorded", "details": []}));
}

#[tokio::test]
async fn a_request_that_cannot_be_right_names_the_field_and_the_value() {
    let gateway = Served::start().await;

    let (status, wrong) = gateway.refusal("/cycles?threshold=abc").await;
    let (_, negative) = gateway.refusal("/cycles?limit=-1").await;
    let (_, unknown) = gateway.refusal("/price/SOL?colour=red").await;
    let (_, unreadable) = gateway.refusal("/price/%ff").await;

    assert_eq!((status, wrong.as_str()), (400, r#"threshold must be a finite number, got "abc""#));
    assert_eq!(negative, r#"limit must be a whole number from 0 to 4294967295, got "-1""#);
    assert_eq!(unknown, r#"unknown parameter "colour"; known here: token"#);
    assert_eq!(unreadable, "the path cannot be read: Invalid UTF-8 in `token`");
}

#[tokio::test]
async fn unknown_paths_and_wrong_verbs_have_their_own_status() {
    let gateway = Served::start().await;

    let unknown = gateway.refusal("/prize/SOL").await;
    let wrong = gateway.send(Method::DELETE, "/price/SOL", &[]).await;
    let allowed = wrong.headers()["allow"].to_str().unwrap().to_owned();
    let (status, verb): (_, Value) = (wrong.status().as_u16(), wrong.json().await.unwrap());

    assert_eq!(unknown, (404, "nothing is served at /prize/SOL".to_owned()));
    assert_eq!((status, allowed.as_str()), (405, "GET,HEAD"));
    assert_eq!(verb, json!({"code": 12, "message": "DELETE is not allowed on /price/SOL", "details": []}));
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_it_comes_and_who_changes_something_may_send_more() {
    let gateway = Served::start().await;

    for (path, bytes_max) in [("/query", 64 * 1024), ("/insert", 4 * 1024 * 1024)] {
        let head = |length: u32| {
            format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            )
        };
        let mut connection = TcpStream::connect(gateway.address).await.unwrap();
        connection.write_all(head(bytes_max + 1).as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
        assert!(answer.contains(&format!("the body is longer than {bytes_max} bytes")), "{path}: {answer}");

        let url = format!("http://{}{path}", gateway.address);
        let taken = gateway.client.post(url).body(vec![b' '; bytes_max as usize]).send().await.unwrap();
        assert_eq!(taken.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_named_with_its_address() {
    let gateway = Served::start().await;

    let (status, error) = gateway.get("/cycles").await;
    let streamed = gateway.send(Method::GET, "/stream/trading", &[]).await;

    assert_eq!((status, error["code"].as_i64()), (503, Some(14)));
    let expected = format!(
        "the trading-engine does not answer at {}: Connection refused (os error 111)",
        gateway.nobody
    );
    assert_eq!(error["message"], expected);
    assert_eq!(streamed.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn events_carry_their_positions_and_resume_after_the_last_one() {
    let gateway = Served::start().await;

    let headers = [("accept", "text/event-stream"), ("last-event-id", "41")];
    let mut stream = gateway.send(Method::GET, "/stream/prices?lookback_seconds=60", &headers).await;
    let read = read_until(&mut stream, "id: 51").await;

    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    assert_eq!(stream.headers()["cache-control"], "no-store");
    assert!(!stream.headers().contains_key("content-encoding"));
    let first = read.split("\n\n").next().unwrap();
    assert!(first.starts_with("id: 42\ndata: {\"seq\":\"42\",\"source\":"), "{first}");
}

#[tokio::test]
async fn a_stream_that_fails_says_so_and_ends() {
    let gateway = Served::start().await;

    let path = "/stream/prices?symbols=FAILS";
    let events = gateway.send(Method::GET, path, &[]).await.text().await.unwrap();
    let lines = gateway.send(Method::GET, path, &[("accept", "application/x-ndjson")]).await;
    let content_type = lines.headers()["content-type"].clone();
    let lines = lines.text().await.unwrap();

    let error = r#"{"code":14,"message":"the feed broke","details":[]}"#;
    assert!(events.ends_with(&format!("event: error\ndata: {error}\n\n")), "{events}");
    assert_eq!(content_type, "application/x-ndjson");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 11);
    assert!(lines[0].starts_with(r#"{"result":{"seq":"1","#), "{}", lines[0]);
    assert_eq!(lines[10], format!(r#"{{"error":{error}}}"#));
}

#[tokio::test]
async fn an_engine_that_dies_ends_its_streams_with_an_error() {
    let engine = engine::start().await;
    let between = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Served::before(between.local_addr().unwrap()).await;
    let line = tokio::spawn(forward(between, engine));
    let mut stream = gateway.send(Method::GET, "/stream/prices", &[]).await;
    read_until(&mut stream, "id: 10").await;
    let before = gateway.get("/price/SOL").await;

    line.abort();
    let rest = read_until(&mut stream, "never").await;
    let during = gateway.get("/price/SOL").await;

    assert_eq!((before.0, during.0), (200, 503));
    assert!(
        rest.contains("event: error\ndata: {\"code\":14,\"message\":\"the data-engine does not answer at "),
        "{rest}"
    );
}

/// Carries connections to the engine, and drops them all when it is dropped.
async fn forward(between: TcpListener, engine: SocketAddr) {
    let mut carried = tokio::task::JoinSet::new();
    loop {
        let (mut near, _) = between.accept().await.unwrap();
        let mut far = TcpStream::connect(engine).await.unwrap();
        carried.spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
    }
}

#[tokio::test]
async fn a_stream_that_cannot_begin_is_refused_with_a_status() {
    let gateway = Served::start().await;

    let (status, error) = gateway.get("/api/v1/subscribe").await;
    let (bad, message) = gateway.refusal("/stream/prices?lastEventId=now").await;

    assert_eq!(
        (status, error),
        (400, json!({"code": 11, "message": "the oldest position kept is 4", "details": []}))
    );
    assert_eq!((bad, message.as_str()), (400, r#"Last-Event-ID must be a position such as 42, got "now""#));
}

#[tokio::test]
async fn frames_of_the_log_are_read_and_a_batch_stands_where_it_ends() {
    let gateway = Served::start().await;

    let events =
        gateway.send(Method::GET, "/api/v1/subscribe?lastEventId=5", &[]).await.text().await.unwrap();

    let events: Vec<&str> = events.split_terminator("\n\n").collect();
    assert!(events[0].starts_with(r#"data: {"hello":{"#), "{}", events[0]);
    assert!(events[1].starts_with("id: 8\ndata: {\"batch\":{\"events\":[{\"seq\":\"6\""), "{}", events[1]);
}

#[tokio::test]
async fn a_static_segment_wins_over_a_capture() {
    let gateway = Served::start().await;

    let captured = gateway.send(Method::GET, "/stream/user,feeds", &[]).await.text().await.unwrap();
    let mut fixed = gateway.send(Method::GET, "/stream/prices", &[]).await;

    assert!(captured.contains(r#""symbol":"user,feeds""#), "{captured}");
    assert!(read_until(&mut fixed, "\n\n").await.contains(r#""token":"SOL""#));
}

#[tokio::test]
async fn stopping_ends_open_streams_at_once() {
    let gateway = Served::start().await;
    let mut stream = gateway.send(Method::GET, "/stream/prices", &[]).await;
    read_until(&mut stream, "id: 10").await;

    let began = Instant::now();
    gateway.stop.cancel();
    let rest = read_until(&mut stream, "never").await;
    gateway.ended.await.unwrap();

    assert!(rest.contains("the gateway is stopping"), "{rest}");
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn health_is_answered_though_an_engine_is_down() {
    let gateway = Served::start().await;

    let (status, health) = gateway.get("/health").await;

    assert_eq!((status, health["status"].as_str()), (503, Some("down")));
    assert_eq!((&health["market"]["state"], &health["market"]["headSeq"]), (&json!("up"), &json!("7")));
    assert_eq!(health["trading"]["state"], "down");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let gateway = Served::start().await;

    for path in ["/", "/price/SOL", "/nowhere", "/openapi.json", "/health"] {
        let answer = gateway.send(Method::GET, path, &[]).await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn what_is_long_is_compressed_for_who_asks_and_a_stream_never_is() {
    let gateway = Served::start().await;
    let gzip = [("accept-encoding", "gzip"), ("accept", "application/x-ndjson")];

    let description = gateway.send(Method::GET, "/openapi.json", &gzip).await;
    let lines = gateway.send(Method::GET, "/stream/prices", &gzip).await;

    assert_eq!(description.headers()["content-encoding"], "gzip");
    assert!(!lines.headers().contains_key("content-encoding"));
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let gateway = Served::start().await;
    let (mut silent, mut slow) = (
        TcpStream::connect(gateway.address).await.unwrap(),
        TcpStream::connect(gateway.address).await.unwrap(),
    );
    slow.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n").await.unwrap();

    let mut nothing = Vec::new();
    let both = async {
        let _ = silent.read_to_end(&mut nothing).await;
        let _ = slow.read_to_end(&mut nothing).await;
    };

    assert!(tokio::time::timeout(Duration::from_secs(8), both).await.is_ok());
}
