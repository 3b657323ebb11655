//! What is wrong is refused with a reason; what is right beside it is kept.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::rest::rows_of;
use tests::until::{PATIENCE, until_true};
use tests::webhook::Poster;

type Headers = &'static [(&'static str, &'static str)];

const HUGE_BYTES: usize = 100 * 1024 * 1024;
const GROWTH_BYTES_MAX: u64 = 48 * 1024 * 1024;

fn trade(signature: &str) -> Value {
    json!({
        "signature": signature,
        "wallet_address": "Ev3MQTLPnxqzufgAF9x79hbyjyiKg3fvuA2s4oVs3KAa",
        "direction": "buy",
        "sol_amount": 1.5,
        "stablecoin": "USDC",
        "stablecoin_amount": 200.25,
        "price": 133.5,
        "block_time": 1_767_478_430,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut item = trade(&format!("bad-{field}-{value}").chars().take(60).collect::<String>());
    item[field] = value;
    item
}

async fn receiving() -> (Cluster, Poster) {
    let mut cluster = Cluster::prepare(World::webhook_alone()).await;
    cluster.start_data_engine().await;
    cluster.start_gateway().await;
    let poster = Poster::new(cluster.addresses.webhook);
    (cluster, poster)
}

async fn rows(cluster: &Cluster, table: &str) -> u64 {
    rows_of(&cluster.rest().json("/tables").await, table)
}

async fn wait_for_rows(cluster: &Cluster, table: &str, count: u64) {
    until_true(&format!("{count} rows in {table}"), PATIENCE, async || rows(cluster, table).await == count)
        .await;
}

/// One good trade is taken: whatever came before did no harm.
async fn assert_receives(poster: &Poster, signature: &str) {
    let (status, answer) = poster.post("/webhook", &[], trade(signature).to_string()).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&answer["inserted"], &answer["rejected"]), (&json!(1), &json!(0)), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_no_post_is_refused_and_the_next_one_is_taken() {
    let (cluster, poster) = receiving().await;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; HUGE_BYTES]).unwrap();
    let gzip: Headers = &[("content-encoding", "gzip")];
    let plain: Headers = &[];
    let refusals: [(&str, Headers, Vec<u8>, StatusCode); 8] = [
        ("half an object", plain, b"{\"signature\":".to_vec(), StatusCode::BAD_REQUEST),
        ("NaN", plain, b"[{\"price\":NaN}]".to_vec(), StatusCode::BAD_REQUEST),
        ("nothing", plain, Vec::new(), StatusCode::BAD_REQUEST),
        ("a bare number", plain, b"42".to_vec(), StatusCode::BAD_REQUEST),
        ("no UTF-8", plain, vec![0xff, 0xfe, 0x00], StatusCode::BAD_REQUEST),
        ("no gzip", gzip, b"{}".to_vec(), StatusCode::BAD_REQUEST),
        (
            "an unknown encoding",
            &[("content-encoding", "br")],
            b"{}".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("a bomb", gzip, bomb.finish().unwrap(), StatusCode::PAYLOAD_TOO_LARGE),
    ];

    for (what, headers, body, expected) in refusals {
        let (status, answer) = poster.post("/webhook", headers, body).await.unwrap();
        assert_eq!(status, expected, "{what}: {answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["success"] == false && answer["error"].is_string(), "{what}: {answer}");
        assert_receives(&poster, &format!("after {what}")).await;
    }
    wait_for_rows(&cluster, "sol_stablecoin_trades", 8).await;
    assert_eq!(rows(&cluster, "dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nesting_without_end_is_one_bad_item() {
    let (cluster, poster) = receiving().await;
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));

    let (status, answer) = poster.post("/webhook", &[], deep).await.unwrap();

    assert_eq!(status, StatusCode::OK, "{answer}");
    wait_for_rows(&cluster, "dead_letters", 1).await;
    assert_receives(&poster, "after it").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_are_refused_and_take_no_memory() {
    let (cluster, poster) = receiving().await;
    assert_receives(&poster, "before").await;
    let before = cluster.data_engine.resident_bytes();

    for _ in 0..3 {
        // The receiver may answer and hang up before all of it is sent.
        if let Ok((status, _)) = poster.post("/webhook", &[], vec![b'['; HUGE_BYTES]).await {
            assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        }
        let grown = cluster.data_engine.resident_bytes().saturating_sub(before);
        assert!(grown <= GROWTH_BYTES_MAX, "the data-engine grew by {grown} bytes");
    }
    assert_receives(&poster, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_items_are_kept_with_their_reasons_and_hold_no_good_ones_back() {
    let (cluster, poster) = receiving().await;
    let bad = [
        ("price", json!("NaN")),
        ("price", json!("1e400")),
        ("price", json!(0)),
        ("price", json!(-3)),
        ("price", json!([1])),
        ("sol_amount", json!("many")),
        ("sol_amount", json!(-1)),
        ("direction", json!("sideways")),
        ("wallet_address", json!(null)),
        ("signature", json!("with\u{0}zero")),
        ("signature", json!("x".repeat(100_000))),
        ("block_time", json!("yesterday")),
    ];
    let mut items = vec![trade("first good one")];
    items.extend(bad.iter().map(|(field, value)| with(field, value.clone())));
    items.extend([json!(7), json!("text"), json!([[[[[[1]]]]]]), trade("last good one")]);
    let mut body = json!({ "matchedTransactions": items }).to_string();
    // A number that no double holds cannot be written by the library that writes this.
    body = body.replace("\"1e400\"", "1e400");

    let (status, answer) = poster.post("/webhook", &[], body).await.unwrap();

    assert_eq!(status, StatusCode::OK, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let rejected = bad.len() as u64 + 3;
    assert_eq!(
        (answer["inserted"].as_u64(), answer["rejected"].as_u64()),
        (Some(2), Some(rejected)),
        "{answer}"
    );
    wait_for_rows(&cluster, "sol_stablecoin_trades", 2).await;
    wait_for_rows(&cluster, "dead_letters", rejected).await;
    let letters = cluster.rest().json("/latest/dead_letters").await;
    let reasons: Vec<&str> =
        letters["rows"].as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap()).collect();
    for field in ["price", "sol_amount", "direction", "wallet", "signature"] {
        assert!(reasons.iter().any(|reason| reason.contains(field)), "no reason names {field}: {reasons:?}");
    }
    assert!(reasons.iter().all(|reason| !reason.is_empty()));
    assert_receives(&poster, "another one").await;
}
