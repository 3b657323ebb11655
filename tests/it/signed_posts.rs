//! Only what a holder of a token has signed, lately and once, is recorded.

use std::io::Write;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::rest::{Answer, Rest};
use tests::signer::{SignedHeaders, Signer, seconds_now};
use tests::webhook::Poster;

use super::guide::document::documents;

const TOKEN: &str = "qnsec_MTIzNDU2Nzg5MA==";
const NEXT_TOKEN: &str = "qnsec_of-next-month==";
const HUGE_BYTES: usize = 100 * 1024 * 1024;

fn trade(signature: &str) -> String {
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
    .to_string()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(plain).unwrap();
    packed.finish().unwrap()
}

async fn receiving(tokens: &str) -> (Cluster, Poster) {
    let world = World::webhook_alone().with("GOAT_FEEDS__WEBHOOK__TOKENS", tokens);
    let mut cluster = Cluster::prepare(world).await;
    cluster.expect_losses_of_the_data_engine();
    cluster.start_data_engine().await;
    let poster = Poster::new(cluster.addresses.webhook);
    (cluster, poster)
}

async fn restart(cluster: &mut Cluster) {
    cluster.data_engine.kill();
    cluster.start_data_engine().await;
}

async fn health(cluster: &Cluster) -> Value {
    Rest::new(cluster.addresses.webhook).json("/webhook/health").await
}

async fn send(poster: &Poster, headers: &SignedHeaders, body: &str) -> Answer {
    poster.send("/webhook", headers, body.to_owned()).await.unwrap()
}

fn assert_refused(answer: &Answer, status: u16, reason: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let told = answer.json();
    assert_eq!((&told["success"], &told["reason"]), (&json!(false), &json!(reason)), "{told}");
    assert!(!answer.text.contains("qnsec"), "{}", answer.text);
}

fn assert_accepted(answer: &Answer) {
    assert_eq!((answer.status, &answer.json()["inserted"]), (200, &json!(1)), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_with_our_token_is_refused_with_its_reason_and_not_recorded() {
    let (cluster, poster) = receiving(TOKEN).await;
    let (signer, stranger) = (Signer::new(TOKEN), Signer::new("qnsec_of-somebody-else"));
    let (body, now) = (trade("forged"), seconds_now());
    let authentic = || signer.sign(body.as_bytes());
    let changed = |place: usize, value: &str| {
        let mut headers = authentic();
        value.clone_into(&mut headers[place].1);
        headers
    };
    let refusals = [
        (stranger.sign(body.as_bytes()), "bad_signature"),
        (signer.sign(b"another body"), "bad_signature"),
        (changed(0, "another-nonce"), "bad_signature"),
        (changed(1, &(now - 1).to_string()), "bad_signature"),
        (changed(2, &"0".repeat(64)), "bad_signature"),
        (changed(2, "no digits"), "unreadable_header"),
        (changed(1, &format!("0{now}")), "unreadable_header"),
        (signer.sign_as("old", now - 400, body.as_bytes()), "stale_timestamp"),
        (signer.sign_as("young", now + 400, body.as_bytes()), "stale_timestamp"),
    ];

    for (headers, reason) in &refusals {
        assert_refused(&send(&poster, headers, &body).await, 401, reason);
    }
    for missing in 0..3 {
        let headers: Vec<_> =
            authentic().into_iter().enumerate().filter(|(place, _)| *place != missing).collect();
        let headers: Vec<_> = headers.into_iter().map(|(_, header)| header).collect();
        assert_refused(
            &poster.send("/webhook", &headers, body.clone()).await.unwrap(),
            401,
            "missing_header",
        );
    }
    let unsigned: &[(&str, &str)] = &[];
    for body in [body.clone(), trade("unsigned").repeat(100), String::new()] {
        assert_refused(&poster.send("/webhook", unsigned, body).await.unwrap(), 401, "missing_header");
    }

    assert_eq!(cluster.posted().await, 0);
    assert_accepted(&send(&poster, &authentic(), &body).await);
    assert_eq!(cluster.posted().await, 1);
    let health = health(&cluster).await;
    assert_eq!((&health["signatures_required"], &health["posts"]["accepted"]), (&json!(true), &json!(1)));
    let refused =
        json!({"bad_signature": 5, "missing_header": 6, "stale_timestamp": 2, "unreadable_header": 2});
    assert_eq!(health["posts"]["refused"], refused, "{health}");
    assert_eq!(health["feeds"]["trades"]["rejected"], 15, "{health}");
    assert!(health["last_post_time"].is_string() && health["feeds"]["trades"]["last_event_time"].is_string());
    let metrics = Rest::new(cluster.addresses.metrics[0]).get("/metrics").await.text;
    assert!(metrics.contains(r#"goat_webhook_posts_total{outcome="bad_signature"} 5"#), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_was_answered_is_refused_when_it_comes_again_also_after_a_kill() {
    let (mut cluster, poster) = receiving(TOKEN).await;
    let signer = Signer::new(TOKEN);
    let posts: Vec<_> = (0..20)
        .map(|number| trade(&format!("trade {number}")))
        .map(|body| (signer.sign(body.as_bytes()), body))
        .collect();
    for (headers, body) in &posts {
        assert_accepted(&send(&poster, headers, body).await);
    }

    for _ in 0..2 {
        for (headers, body) in &posts {
            assert_refused(&send(&poster, headers, body).await, 401, "replayed_nonce");
        }
        restart(&mut cluster).await;
    }
    let (nonce, other) = (&posts[0].0[0].1, trade("another trade"));
    let reused = signer.sign_as(nonce, seconds_now() + 60, other.as_bytes());
    assert_refused(&send(&poster, &reused, &other).await, 401, "replayed_nonce");

    assert_eq!(cluster.posted().await, 20);
    let anew = send(&poster, &signer.sign(posts[0].1.as_bytes()), &posts[0].1).await;
    assert_eq!((anew.status, &anew.json()["duplicates"]), (200, &json!(1)), "{}", anew.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nonce_is_not_used_up_by_a_post_that_was_refused() {
    let (cluster, poster) = receiving(TOKEN).await;
    let signer = Signer::new(TOKEN);
    let (broken, whole, now) = ("{\"signature\":", trade("the second attempt"), seconds_now());

    let refused = send(&poster, &signer.sign_as("one", now, broken.as_bytes()), broken).await;
    assert_refused(&refused, 400, "malformed");

    assert_accepted(&send(&poster, &signer.sign_as("one", now, whole.as_bytes()), &whole).await);
    assert_eq!(cluster.posted().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_token_is_replaced_both_are_accepted_and_then_only_the_new_one() {
    let (mut cluster, poster) = receiving(&json!([TOKEN, NEXT_TOKEN]).to_string()).await;
    let post = async |token: &str, signature: &str| {
        let body = trade(signature);
        send(&poster, &Signer::new(token).sign(body.as_bytes()), &body).await
    };
    assert_accepted(&post(TOKEN, "by the old").await);
    assert_accepted(&post(NEXT_TOKEN, "by the new").await);

    cluster.data_engine.set("GOAT_FEEDS__WEBHOOK__TOKENS", NEXT_TOKEN);
    restart(&mut cluster).await;

    assert_refused(&post(TOKEN, "by the old, too late").await, 401, "bad_signature");
    assert_accepted(&post(NEXT_TOKEN, "by the new again").await);
    assert_eq!(cluster.posted().await, 3);
    assert!(!cluster.data_engine.logs.text().contains("qnsec"), "{}", cluster.data_engine.logs.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_signed_is_the_uncompressed_body_and_its_size_is_bounded_too() {
    let (cluster, poster) = receiving(TOKEN).await;
    let signer = Signer::new(TOKEN);
    let packed = async |content: &[u8], sent: Vec<u8>| {
        let mut headers = signer.sign(content).to_vec();
        headers.push(("content-encoding", "gzip".to_owned()));
        poster.send("/webhook", &headers, sent).await.unwrap()
    };
    let (plain, spaces) = (trade("compressed"), vec![b' '; HUGE_BYTES]);

    assert_refused(&packed(&gzip(plain.as_bytes()), gzip(plain.as_bytes())).await, 401, "bad_signature");
    assert_refused(&packed(&spaces, gzip(&spaces)).await, 413, "too_large");
    assert_refused(&packed(plain.as_bytes(), plain.clone().into_bytes()).await, 400, "not_gzip");
    let large = vec![b' '; 9 * 1024 * 1024];
    // The receiver may answer and hang up before all of it is sent.
    if let Ok(answer) = poster.send("/webhook", &signer.sign(&large), large.clone()).await {
        assert_refused(&answer, 413, "too_large");
    }
    assert_eq!(cluster.posted().await, 0);
    assert_accepted(&packed(plain.as_bytes(), gzip(plain.as_bytes())).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_whether_we_are_there_is_answered_and_nothing_else() {
    let (cluster, poster) = receiving(TOKEN).await;
    let unsigned: &[(&str, &str)] = &[];
    let ping = r#"{"message":"PING"}"#;

    for path in ["/", "/webhook", "/webhook/whale-activity"] {
        let answer = poster.send(path, unsigned, ping).await.unwrap();
        assert_eq!((answer.status, answer.json()), (200, json!({"message": "PONG"})), "{}", answer.text);
        assert_eq!(Rest::new(cluster.addresses.webhook).get(path).await.status, 200);
    }
    let signed = Signer::new(TOKEN).sign(ping.as_bytes());
    assert_eq!(send(&poster, &signed, ping).await.json(), json!({"message": "PONG"}));
    let more = format!(r#"{{"message":"PING","matchedTransactions":[{}]}}"#, trade("in a ping"));
    assert_refused(&poster.send("/webhook", unsigned, more).await.unwrap(), 401, "missing_header");
    assert_eq!(cluster.posted().await, 0);
}

/// The lines of the guide that sign a post, run by a shell as they stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_example_of_a_signed_post_is_accepted() {
    let blocks: Vec<String> = documents()
        .into_iter()
        .flat_map(|document| document.blocks)
        .filter(|block| block.language == "sh" && block.text.contains("x-qn-signature"))
        .map(|block| block.text)
        .collect();
    let [signing] = blocks.as_slice() else { panic!("the guide shows how to sign a post, once") };
    let (cluster, _poster) = receiving(TOKEN).await;
    let script = signing.replace("127.0.0.1:8001", &cluster.addresses.webhook.to_string());
    assert!(!script.contains(":8001"), "{script}");

    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &script]).env("TOKEN", TOKEN).stdin(Stdio::null());
    let printed = tokio::task::spawn_blocking(move || shell.output().unwrap()).await.unwrap();

    let answer = String::from_utf8_lossy(&printed.stdout);
    let expected = json!({"success": true, "received": 1, "inserted": 1, "duplicates": 0, "rejected": 0});
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), expected, "{printed:?}");
    assert_eq!(cluster.posted().await, 1);
}
