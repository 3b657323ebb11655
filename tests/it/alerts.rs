//! Alerts with the real gateway: every channel in its own protocol, once each, and nothing when stopped.

use std::path::Path;
use std::time::Duration;

use goat::values::UnixMicros;
use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::fakes::chats::{Chats, SECRET, TOKEN};
use tests::fakes::smtp::Smtp;
use tests::until::until_true;
use tests::webhook::Poster;

const PATIENCE: Duration = Duration::from_mins(10);
const CHATS: [&str; 4] = ["telegram", "discord", "slack", "webhook"];

fn world(chats: &Chats, smtp: &Smtp) -> World {
    told_to(World::simulated(1), chats, smtp)
}

fn told_to(world: World, chats: &Chats, smtp: &Smtp) -> World {
    world
        .with("GOAT_PUBLISHER__POLL_MS", 100)
        .with("GOAT_ALERTS__DOWN_AFTER_SECONDS", 1)
        .with("GOAT_ALERTS__TELEGRAM__TOKEN", TOKEN)
        .with("GOAT_ALERTS__TELEGRAM__CHAT_ID", "\"7\"")
        .with("GOAT_ALERTS__TELEGRAM__URL", &chats.url)
        .with("GOAT_ALERTS__DISCORD__URL", format!("{}/discord", chats.url))
        .with("GOAT_ALERTS__SLACK__URL", format!("{}/slack", chats.url))
        .with("GOAT_ALERTS__WEBHOOK__URL", format!("{}/webhook", chats.url))
        .with("GOAT_ALERTS__WEBHOOK__SECRET", SECRET)
        .with("GOAT_ALERTS__MAIL__SERVER", "127.0.0.1")
        .with("GOAT_ALERTS__MAIL__PORT", smtp.address.port())
        .with("GOAT_ALERTS__MAIL__FROM", "Goat <goat@example.org>")
        .with("GOAT_ALERTS__MAIL__TO", "owner@example.org")
}

/// A play that follows everyone, and enters when the price has moved by `timing_percent` within a minute, if given.
fn play(directory: &Path, timing_percent: Option<f64>) -> String {
    let mut play = json!({
        "id": "follower", "name": "follower", "active": true, "maxEntriesPerCycle": 20, "sizeUsd": 100,
        "wallets": {"sql": "SELECT wallet AS wallet_address FROM sol_stablecoin_trades"},
        "exit": {"maximumHoldSeconds": 30}
    });
    if let Some(percent) = timing_percent {
        let timing =
            json!({"direction": "DIRECTION_INCREASE", "windowSeconds": 60, "changePercent": percent});
        play["timing"] = timing;
    }
    let path = directory.join("play.json");
    std::fs::write(&path, play.to_string()).unwrap();
    json!([path.display().to_string()]).to_string()
}

fn count_of(told: &[String], words: &str) -> usize {
    told.iter().filter(|text| text.contains(words)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_alert_reaches_every_channel_once_though_they_are_busy() {
    let (chats, smtp) = (Chats::start().await, Smtp::start().await);
    let cluster = Cluster::start(world(&chats, &smtp)).await;
    chats.refuse(4);

    let raised = cluster.rest().send(Method::POST, "/alerts/test", "{}").await;
    assert_eq!(raised.status, 200, "{}", raised.text);
    let id = raised.json()["alert"]["id"].as_str().unwrap().to_owned();
    let is_delivered = async || {
        let alerts = cluster.rest().json("/alerts?kind=test").await;
        let messages = alerts["alerts"][0]["messages"].as_array().unwrap().clone();
        messages.len() == 5 && messages.iter().all(|message| message["state"] == "STATE_SENT")
    };
    until_true("every channel has taken it", PATIENCE, is_delivered).await;

    for channel in CHATS {
        assert_eq!(
            count_of(&chats.told(channel), "This is a test"),
            1,
            "{channel}: {:?}",
            chats.told(channel)
        );
    }
    assert_eq!(count_of(&smtp.mails(), "Subject: critical: This is a test"), 1, "{:?}", smtp.mails());
    assert_eq!(chats.refused(), 4);
    assert!(id.starts_with("test/"), "{id}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_dies_is_told_once_and_its_return_too() {
    let (chats, smtp) = (Chats::start().await, Smtp::start().await);
    let mut cluster = Cluster::start(world(&chats, &smtp)).await;

    cluster.trading_engine.kill();
    let told = |words: &'static str| {
        let chats = chats.clone();
        async move || count_of(&chats.told("slack"), words) > 0
    };
    until_true("its end is told", PATIENCE, told("CRITICAL: The trading-engine does not answer")).await;
    cluster.gateway.kill();
    cluster.start_gateway().await;
    cluster.start_trading_engine().await;
    until_true("its return is told", PATIENCE, told("Over: The trading-engine does not answer")).await;

    let engine = cluster.rest().json("/alerts?kind=engine").await;
    assert_eq!(engine["count"], 2, "{engine}");
    assert_eq!(count_of(&chats.told("slack"), "CRITICAL: The trading-engine does not answer"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_is_told_with_its_reason_and_mentions_nobody() {
    let (chats, smtp) = (Chats::start().await, Smtp::start().await);
    let cluster = Cluster::start(world(&chats, &smtp)).await;

    let body = r#"{"reason":"maintenance @everyone"}"#;
    assert_eq!(cluster.rest().send(Method::POST, "/trading/pause", body).await.status, 200);
    let is_told = async || count_of(&chats.told("discord"), "WARNING: Trading is paused") == 1;
    until_true("the pause is told", PATIENCE, is_told).await;

    let told = chats.told("discord");
    assert!(told.iter().any(|text| text.contains("maintenance everyone")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_while_everything_is_stopped_by_the_settings() {
    let (chats, smtp) = (Chats::start().await, Smtp::start().await);
    let cluster = Cluster::start(world(&chats, &smtp).with("GOAT_PUBLISHER__OUTBOUND", false)).await;
    let rest = cluster.rest();

    assert_eq!(rest.send(Method::POST, "/trading/pause", "{}").await.status, 200);
    until_true("the pause is seen", PATIENCE, async || {
        rest.json("/alerts?kind=paused").await["count"].as_u64() == Some(1)
    })
    .await;

    let status = rest.json("/publisher/status").await;
    assert_eq!(status["outbound"]["stopped"], true, "{status}");
    assert_eq!(status["messagesWaiting"], Value::from(5), "{status}");
    let refused = rest.send(Method::POST, "/alerts/test", "{}").await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let resumed = rest.send(Method::POST, "/publisher/resume", "{}").await;
    assert_eq!(resumed.message(), "publisher.outbound is false in the settings");
    assert_eq!((chats.count(), smtp.mails().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_and_exits_are_told_with_their_price_and_their_profit() {
    let (chats, smtp) = (Chats::start().await, Smtp::start().await);
    let directory = tempfile::tempdir().unwrap();
    let world = World::simulated(60)
        .with("GOAT_TRADING__PLAYS", play(directory.path(), None))
        .with("GOAT_ALERTS__PER_HOUR_MAX", 10_000);
    let cluster = Cluster::start(told_to(world, &chats, &smtp)).await;

    let is_told = async || {
        let told = chats.told("telegram");
        count_of(&told, "Paper entry: follower at $") > 0 && count_of(&told, "Paper exit: follower, ") > 0
    };
    until_true("an entry and an exit are told", PATIENCE, is_told).await;

    let told = chats.told("telegram");
    let exit = told.iter().find(|text| text.contains("Paper exit: ")).unwrap();
    assert!(exit.contains("SIMULATED MARKET") && exit.contains(", held "), "{exit}");
    let raised = cluster.rest().json("/alerts?kind=exit&limit=1000").await;
    let mut ids: Vec<&str> =
        raised["alerts"].as_array().unwrap().iter().map(|alert| alert["id"].as_str().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "each once");
}

/// A wallet's trade of `age_seconds` ago.
fn trade(signature: &str, age_seconds: i64) -> String {
    let now = UnixMicros::now().get() / 1_000_000;
    json!({
        "signature": signature, "wallet_address": "Ev3MQTLPnxqzufgAF9x79hbyjyiKg3fvuA2s4oVs3KAa",
        "direction": "buy", "sol_amount": 1.5, "stablecoin": "USDC", "stablecoin_amount": 200.25, "price": 133.5,
        "block_time": now - age_seconds,
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_is_stale_is_told_and_its_end_too_and_both_are_written_down() {
    let (chats, smtp) = (Chats::start().await, Smtp::start().await);
    let cluster = Cluster::start(told_to(World::webhook_alone(), &chats, &smtp)).await;
    let poster = Poster::new(cluster.addresses.webhook);
    let unsigned: &[(&str, &str)] = &[];
    let post = async |signature: &str, age_seconds| {
        let answer = poster.send("/webhook", unsigned, trade(signature, age_seconds)).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    let trades_reachable = async || {
        let status = cluster.rest().json("/publisher/status").await;
        assert!(status["upstreamsCheckedAt"].is_string(), "{status}");
        let upstreams = status["upstreams"].as_array().unwrap().clone();
        upstreams.into_iter().find(|one| one["name"] == "feed/trades").unwrap()
    };

    post("old", 7200).await;
    let is_told = async || count_of(&chats.told("slack"), "WARNING: The feed trades is stale") == 1;
    until_true("the feed is told to be stale", PATIENCE, is_told).await;
    until_true("it is written down", PATIENCE, async || trades_reachable().await["reachable"] == false).await;
    assert!(trades_reachable().await["reason"].as_str().unwrap().starts_with("stale"));

    let mut number = 0;
    let is_over = async || {
        number += 1;
        post(&format!("new-{number}"), 0).await;
        count_of(&chats.told("slack"), "Over: The feed trades is stale") == 1
    };
    until_true("its end is told", PATIENCE, is_over).await;
    until_true("it is written down", PATIENCE, async || trades_reachable().await["reachable"] == true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_is_told_with_the_gate_that_the_candidates_failed_at() {
    let (chats, smtp) = (Chats::start().await, Smtp::start().await);
    let directory = tempfile::tempdir().unwrap();
    let world = World::simulated(60)
        .with("GOAT_TRADING__PLAYS", play(directory.path(), Some(90.0)))
        .with("GOAT_ALERTS__SILENCE_HOURS", 0.1);
    let _cluster = Cluster::start(told_to(world, &chats, &smtp)).await;

    let explained = |text: &String| {
        text.contains("WARNING: [SIMULATED MARKET] No entry in ")
            && text.contains(" failed at timing (median ")
            && text.contains("percent, threshold 90.00)")
    };
    let is_told = async || chats.told("discord").iter().any(explained);
    until_true("the silence is explained", PATIENCE, is_told).await;
}
