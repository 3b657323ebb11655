//! What exceeds a limit is refused with a status that says so.

use goat::tonic::Code;
use goat::wire::market;
use tests::cluster::{Cluster, World};
use tests::until::{PATIENCE, until_true};
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
