//! Alerts with the real gateway: every channel in its own protocol, once each, and nothing when stopped.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tests::cluster::{Cluster, World};
use tests::fakes::chats::{Chats, SECRET, TOKEN};
use tests::fakes::smtp::Smtp;
use tests::until::until_true;

const PATIENCE: Duration = Duration::from_mins(10);
const CHATS: [&str; 4] = ["telegram", "discord", "slack", "webhook"];

fn world(chats: &Chats, smtp: &Smtp) -> World {
    World::simulated(1)
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
