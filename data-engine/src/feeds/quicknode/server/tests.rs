use std::io::Write;
use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tower::ServiceExt;

use super::*;
use crate::ingest::{Receipt, Refused, Submission};

const TRADE: &str = r#"{"signature":"s","wallet":"w","direction":"buy","sol_amount":1,"stablecoin_amount":100,"block_time":1767478430}"#;

fn limits() -> Limits {
    Limits::of(&Webhook { body_bytes_max: 1 << 20, ..Webhook::default() })
}

fn receiver() -> (Router, mpsc::Receiver<Submission>) {
    let (ingest, submissions) = Ingest::new();
    (router(limits(), None, ingest, Board::default()), submissions)
}

/// A log that takes everything, submission by submission.
fn accepting(mut submissions: mpsc::Receiver<Submission>) -> tokio::task::JoinHandle<Vec<usize>> {
    tokio::spawn(async move {
        let mut sizes = Vec::new();
        while let Some(Submission { observations, outcome }) = submissions.recv().await {
            sizes.push(observations.len());
            let accepted = u32::try_from(observations.len()).unwrap();
            outcome.send(Ok(Receipt { accepted, head_seq: 1, ..Receipt::default() })).unwrap();
        }
        sizes
    })
}

fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).body(body.into()).unwrap()
}

async fn answer(router: &Router, request: Request<Body>) -> (StatusCode, serde_json::Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn every_path_takes_posts_and_says_what_became_of_them() {
    let (router, submissions) = receiver();
    let log = accepting(submissions);
    for path in ["/", "/webhook", "/webhook/", "/webhooks/whale-activity", "/webhook/whale-activity/"] {
        let body = format!(r#"{{"matchedTransactions":[{TRADE},7]}}"#);
        let (status, answer) = answer(&router, post(path, body)).await;
        assert_eq!(status, StatusCode::OK);
        let expected = serde_json::json!({"success": true, "received": 2, "inserted": 1, "duplicates": 0, "rejected": 1});
        assert_eq!(answer, expected, "{path}");
    }
    assert_eq!(
        answer(&router, post("/", r#"{"message":"PING"}"#)).await.1,
        serde_json::json!({"message": "PONG"})
    );
    assert_eq!(
        answer(&router, Request::get("/webhook/health").body(Body::empty()).unwrap()).await.0,
        StatusCode::OK
    );
    assert_eq!(answer(&router, post("/other", "{}")).await.0, StatusCode::NOT_FOUND);
    drop(router);
    assert_eq!(log.await.unwrap(), [2; 5]);
}

#[tokio::test]
async fn a_large_post_is_recorded_in_several_submissions() {
    let (router, submissions) = receiver();
    let log = accepting(submissions);
    let body = format!("[{}]", vec![TRADE; 2_500].join(","));
    let (status, answer) = answer(&router, post("/", body)).await;
    assert_eq!((status, answer["received"].as_u64()), (StatusCode::OK, Some(2_500)));
    drop(router);
    assert_eq!(log.await.unwrap(), [1024, 1024, 452]);
}

#[tokio::test]
async fn nothing_is_acknowledged_that_was_not_recorded() {
    let (router, mut submissions) = receiver();
    tokio::spawn(async move {
        let submission = submissions.recv().await.unwrap();
        submission.outcome.send(Err(Refused::Unwritable)).unwrap();
    });
    let response = router.oneshot(post("/", TRADE)).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "2");
}

#[tokio::test]
async fn what_cannot_be_taken_is_answered_with_its_reason() {
    let (router, _submissions) = receiver();
    assert_eq!(answer(&router, post("/", "{")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(answer(&router, post("/", vec![b' '; (1 << 20) + 1])).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let gzip =
        |body: Vec<u8>| Request::post("/").header("content-encoding", "gzip").body(Body::from(body)).unwrap();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 8 << 20]).unwrap();
    assert_eq!(answer(&router, gzip(bomb.finish().unwrap())).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer(&router, gzip(b"{}".to_vec())).await.0, StatusCode::BAD_REQUEST);
    let unknown = Request::post("/").header("content-encoding", "br").body(Body::from("{}")).unwrap();
    assert_eq!(answer(&router, unknown).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_gzip_post_is_read() {
    let (router, submissions) = receiver();
    let _log = accepting(submissions);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(TRADE.as_bytes()).unwrap();
    let request = Request::post("/")
        .header("content-encoding", "gzip")
        .body(Body::from(packed.finish().unwrap()))
        .unwrap();
    assert_eq!(answer(&router, request).await.1["inserted"], 1);
}

async fn listening(
    limits: Limits,
) -> (SocketAddr, mpsc::Receiver<Submission>, Stop, tokio::task::JoinHandle<Result<(), Failure>>) {
    let (ingest, submissions) = Ingest::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), Stop::new());
    let router = router(limits, None, ingest, Board::default());
    let serving = tokio::spawn(serve_within(limits, (listener, None), router, stop.clone()));
    (address, submissions, stop, serving)
}

async fn exchange(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut text = String::new();
    // A connection that is reset was closed all the same.
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut text)).await.unwrap();
    text
}

#[tokio::test]
async fn a_sender_that_dawdles_is_cut_off() {
    let short = Duration::from_millis(150);
    let limits = Limits { head_timeout: short, body_timeout: short, ..limits() };
    let (address, _submissions, stop, serving) = listening(limits).await;

    assert!(!exchange(address, "").await.contains("200"));
    assert!(!exchange(address, "POST / HTTP/1.1\r\nhost: x\r\n").await.contains("200"));
    let body = exchange(address, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{").await;
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");

    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn posts_beyond_the_limit_are_turned_away() {
    let limits = Limits { posts_max: 1, ..limits() };
    let (address, mut submissions, stop, serving) = listening(limits).await;
    let request = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{TRADE}",
        TRADE.len()
    );
    let held = tokio::spawn({
        let request = request.clone();
        async move { exchange(address, &request).await }
    });
    let submission = submissions.recv().await.unwrap();

    assert!(exchange(address, &request).await.starts_with("HTTP/1.1 503"));

    submission.outcome.send(Ok(Receipt::default())).unwrap();
    assert!(held.await.unwrap().starts_with("HTTP/1.1 200"));
    stop.cancel();
    serving.await.unwrap().unwrap();
}
