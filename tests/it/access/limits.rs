//! What exceeds a limit is refused with a status that says so.

use std::net::SocketAddr;
use std::time::Duration;

use goat::tonic::Code;
use goat::wire::market;
use serde_json::json;
use tests::cluster::{Cluster, World};
use tests::event_stream::EventStream;
use tests::until::{PATIENCE, until, until_true};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stream_too_many_is_refused_and_one_that_ends_makes_room() {
    let cluster = Cluster::start(World::simulated(20).with("GOAT_LIMITS__SUBSCRIPTIONS_MAX", 2)).await;
    let mut client = cluster.market();
    let request = || market::StreamPricesRequest { lookback_seconds: Some(5), ..Default::default() };

    // The trading-engine has the other one.
    let first = client.stream_prices(request()).await.unwrap();
    let refusal = client.stream_prices(request()).await.err().unwrap();
    drop(first);

    assert_eq!(refusal.code(), Code::ResourceExhausted);
    assert_eq!(refusal.message(), "2 streams are open; try again later");
    until_true("there is room again", PATIENCE, async || client.stream_prices(request()).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_long_is_refused_by_its_length() {
    let mut cluster =
        Cluster::prepare(World::simulated(20).with("GOAT_LIMITS__REQUEST_BYTES_MAX", 1024)).await;
    cluster.start_data_engine().await;
    let request = market::QueryRequest { sql: " ".repeat(2000), ..Default::default() };

    let refusal = cluster.market().query(request).await.err().unwrap();

    assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal:?}");
    assert!(refusal.message().contains("at most 1024"), "{refusal:?}");
    assert!(cluster.market().list_feeds(market::ListFeedsRequest {}).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_too_many_is_told_so() {
    let mut cluster = Cluster::prepare(World::simulated(20).with("GOAT_LIMITS__CONNECTIONS_MAX", 2)).await;
    cluster.data_engine.start();
    cluster.gateway.start();
    cluster.market_status().await;
    let rest = cluster.rest();
    until_true("the gateway answers", PATIENCE, async || rest.try_get("/price/SOL").await.is_ok()).await;

    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(cluster.addresses.gateway).await.unwrap();
        stream.write_all(b"GET /stream/prices HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        held.push(stream);
    }
    let fresh = || tests::rest::Rest::new(cluster.addresses.gateway);
    until_true("one more is refused", PATIENCE, async || {
        let answer = fresh().get("/tables").await;
        answer.status == 503 && answer.message().contains("too many connections")
    })
    .await;
    drop((held, rest));

    until_true("there is room again", PATIENCE, async || fresh().get("/openapi.json").await.status == 200)
        .await;
    let metrics = tests::rest::Rest::new(cluster.addresses.metrics[2]).get("/metrics").await.text;
    assert!(metrics.contains("goat_refused_connections_total{server=\"gateway\"}"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_are_too_long_or_never_come_end_the_connection() {
    let world = World::simulated(20)
        .with("GOAT_LIMITS__HEADER_BYTES_MAX", 8192)
        .with("GOAT_LIMITS__HEADER_TIMEOUT_MS", 300);
    let mut cluster = Cluster::prepare(world).await;
    cluster.data_engine.start();
    cluster.gateway.start();
    cluster.market_status().await;
    let rest = cluster.rest();
    until_true("the gateway answers", PATIENCE, async || rest.try_get("/openapi.json").await.is_ok()).await;

    let long =
        rest.client.get(format!("{}/tables", rest.base)).header("x-long", "x".repeat(9000)).send().await;
    assert_eq!(long.unwrap().status(), 431);
    for address in [cluster.addresses.gateway, cluster.addresses.market, cluster.addresses.metrics[0]] {
        for beginning in [&b""[..], b"PRI * HT", b"GET / HTTP/1.1\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(beginning).await.unwrap();
            let mut answer = Vec::new();
            let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
            assert!(closed.is_ok(), "{address} waits for the rest of {beginning:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_often_is_told_when_to_come_again_and_a_stream_is_one_request() {
    let world = World::simulated(20).with("GOAT_GATEWAY__REQUESTS_PER_SECOND_MAX", 1);
    let mut cluster = Cluster::prepare(world).await;
    cluster.start_data_engine().await;
    cluster.gateway.start();
    let rest = cluster.rest();
    let mut stream = until("a stream opens", PATIENCE, async || {
        let answer = rest.try_get("/openapi.json").await.ok()?;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        (answer.status == 200).then_some(EventStream::open(&rest, "/stream/prices?after_seq=0", None).await)
    })
    .await;

    let refused = until("a request comes too early", PATIENCE, async || {
        let answer = rest.get("/price/SOL").await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    let events = stream.take(20, PATIENCE).await;

    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!(8)), "{}", refused.text);
    assert_eq!(refused.message(), "more than 1 requests a second come from your address; try again later");
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    assert_eq!(events.len(), 20, "what was opened goes on");
    until_true("it is let in later", PATIENCE, async || rest.get("/price/SOL").await.status == 200).await;
}

/// Sends a beginning and then a byte now and then until the gateway has had enough: what it said.
async fn drip(address: SocketAddr, beginning: &str) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    writing.write_all(beginning.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut said = Vec::new();
    // A connection that is reset was closed all the same.
    let _ = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut said)).await.expect("it is cut off");
    dripping.abort();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_slow_senders_are_cut_off_while_others_are_answered() {
    let world = World::simulated(20).with("GOAT_LIMITS__HEADER_TIMEOUT_MS", 500);
    let mut cluster = Cluster::prepare(world).await;
    cluster.start_data_engine().await;
    cluster.gateway.start();
    let (rest, address) = (cluster.rest(), cluster.addresses.gateway);
    until_true("the gateway answers", PATIENCE, async || rest.try_get("/price/SOL").await.is_ok()).await;
    let head = "GET /price/SOL HTTP/1.1\r\nhost: localhost\r\nx-slow: ";
    let body = "POST /query HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n{";
    // After an answer the connection is kept; the next head has no more time than the first.
    let second = format!("GET /price/SOL HTTP/1.1\r\nhost: localhost\r\n\r\n{head}");
    let beginnings = ["", head, body, &second].map(str::to_owned);

    let mut slow = tokio::task::JoinSet::new();
    for number in 0..200 {
        let beginning = beginnings[number % beginnings.len()].clone();
        slow.spawn(async move {
            let said = drip(address, &beginning).await;
            (beginning, said)
        });
    }
    assert_eq!(rest.get("/price/SOL").await.status, 200, "in between");

    for (beginning, said) in slow.join_all().await {
        let answers = said.matches("HTTP/1.1 ").count();
        match beginning.as_str() {
            beginning if beginning == body => assert!(said.starts_with("HTTP/1.1 408 "), "{said}"),
            beginning if beginning == second => {
                assert!(said.starts_with("HTTP/1.1 200 ") && answers == 1, "{said}");
            }
            _ => assert!(!said.contains(" 200 "), "{said}"),
        }
    }
    assert_eq!(rest.get("/price/SOL").await.status, 200, "afterwards");
}
