//! Senders that are too slow, too many or too early: each is told so, and harms nobody else.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tests::cluster::{Cluster, World};
use tests::rest::{Answer, Rest};
use tests::until::PATIENCE;
use tests::webhook::Poster;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const UNSIGNED: &[(&str, &str)] = &[];
const CONNECTIONS_MAX: usize = 64;
const BETWEEN_BYTES: Duration = Duration::from_millis(50);

fn trade(signature: &str) -> String {
    json!({
        "signature": signature,
        "wallet_address": "Ev3MQTLPnxqzufgAF9x79hbyjyiKg3fvuA2s4oVs3KAa",
        "direction": "sell",
        "sol_amount": 1,
        "stablecoin": "USDC",
        "stablecoin_amount": 130,
        "block_time": 1_767_478_430,
    })
    .to_string()
}

async fn receiving(world: World) -> (Cluster, Poster) {
    let mut cluster = Cluster::prepare(world).await;
    cluster.start_data_engine().await;
    let poster = Poster::new(cluster.addresses.webhook);
    (cluster, poster)
}

async fn post(poster: &Poster, signature: &str) -> Answer {
    poster.send("/webhook", UNSIGNED, trade(signature)).await.unwrap()
}

/// Sends `first` at once and then a byte now and then, until the other side has had enough: what it said.
async fn drip(address: SocketAddr, first: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(BETWEEN_BYTES).await;
        }
    });
    let mut said = Vec::new();
    // A connection that is reset was closed all the same.
    let _ = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut said)).await.expect("it is cut off");
    dripping.abort();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_drips_is_cut_off_and_makes_room_for_others() {
    let world = World::webhook_alone()
        .with("GOAT_FEEDS__WEBHOOK__CONNECTIONS_MAX", CONNECTIONS_MAX)
        .with("GOAT_FEEDS__WEBHOOK__HEAD_TIMEOUT_MS", 500)
        .with("GOAT_FEEDS__WEBHOOK__BODY_TIMEOUT_MS", 500);
    let (cluster, poster) = receiving(world).await;
    let address = cluster.addresses.webhook;
    let heads = ["", "POST / HTTP/1.1\r\nhost: x\r\nx-slow: "];
    let body = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n{";
    let mut slow = tokio::task::JoinSet::new();
    // Twice as many as there is room for: half of them wait to be let in, and so does the good one.
    for number in 0..2 * CONNECTIONS_MAX {
        let first = [heads[0], heads[1], body][number % 3];
        slow.spawn(async move { (first == body, drip(address, first).await) });
    }

    assert_eq!(post(&poster, "in between").await.status, 200);

    for (was_body, said) in slow.join_all().await {
        assert!(!said.contains(" 200 "), "{said}");
        assert!(!was_body || said.starts_with("HTTP/1.1 408 "), "{said}");
    }
    assert_eq!(cluster.posted().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_above_the_rate_are_told_when_to_come_again() {
    let world = World::webhook_alone()
        .with("GOAT_FEEDS__WEBHOOK__POSTS_PER_SECOND_MAX", 1)
        .with("GOAT_FEEDS__WEBHOOK__BURST_POSTS_MAX", 3);
    let (cluster, poster) = receiving(world).await;

    let mut accepted = 0;
    let refused = loop {
        let answer = post(&poster, &format!("trade {accepted}")).await;
        if answer.status != 200 {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 1000, "the rate is not limited");
    };

    assert!(accepted >= 3, "{accepted}");
    assert_eq!((refused.status, &refused.json()["reason"]), (429, &json!("too_many_posts")));
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    assert_eq!(cluster.posted().await, accepted);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    assert_eq!(post(&poster, "in time").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_journal_is_answered_with_when_to_come_again_and_nothing_is_recorded() {
    let world = World::webhook_alone()
        .with("GOAT_JOURNAL__SEGMENT_BYTES", 16_384)
        .with("GOAT_JOURNAL__DISK_BYTES_MAX", 65_536)
        .with("GOAT_FEEDS__WEBHOOK__TOKENS", "[]")
        // Nobody listens there: nothing is ever archived, and so nothing may be deleted.
        .with("GOAT_ARCHIVE__URL", "postgres://nobody:nothing@127.0.0.1:1/nowhere");
    let (mut cluster, poster) = receiving(world).await;
    cluster.expect("the archive cannot be written");
    cluster.expect("nothing was recorded");

    let mut accepted = 0;
    let refused = loop {
        let answer = post(&poster, &format!("trade {accepted}")).await;
        if answer.status != 200 {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 10_000, "the journal never fills");
    };

    let told = refused.json();
    assert_eq!((refused.status, &told["reason"]), (503, &json!("journal_full")), "{told}");
    assert!(told["error"].as_str().unwrap().contains("journal.disk_bytes_max"), "{told}");
    assert_eq!(refused.headers["retry-after"], "2");
    assert_eq!(cluster.posted().await, accepted);
    let health = Rest::new(cluster.addresses.webhook).json("/webhook/health").await;
    assert_eq!(health["posts"]["refused"], json!({"journal_full": 1}), "{health}");
    assert_eq!(health["posts"]["accepted"], accepted, "{health}");
}
