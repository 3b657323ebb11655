//! Posts to X with the real programs: each closed trade told once, in order, whatever happens, and nothing without
//! credentials.

mod strategies;
mod wording;

use std::time::Duration;

use goat::wire::trading::{ListPositionsRequest, PauseTradingRequest, Position};
use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::fakes::x::{CREDENTIALS, Fate, X};
use tests::until::{until, until_true};

const PATIENCE: Duration = Duration::from_mins(10);
/// Long enough that what is told of it is a thread.
const PLAY: &str = "a-play-with-a-name-that-is-very-verylong";

/// A simulated market in which a play opens often and leaves soon.
fn world(directory: &std::path::Path) -> World {
    let play = json!({
        "id": PLAY, "name": PLAY, "active": true, "maxEntriesPerCycle": 20, "sizeUsd": 100,
        "wallets": {"sql": "SELECT wallet AS wallet_address FROM sol_stablecoin_trades"},
        "exit": {
            "decreases": [{"from": -1.0, "to": 0.0, "tolerance": 0.001}],
            "increases": [{"from": 0.0, "to": 1.0, "tolerance": 0.0005}],
            "maximumHoldSeconds": 60
        }
    });
    let path = directory.join("play.json");
    std::fs::write(&path, play.to_string()).unwrap();
    quick(World::simulated(60))
        .with("GOAT_TRADING__PLAYS", json!([path.display().to_string()]))
        .with("GOAT_TRADING__OPEN_MAX", 2)
        .with("GOAT_STRATEGIES", "[]")
}

/// With a gateway that looks often and waits for nothing.
fn quick(world: World) -> World {
    world
        .with("GOAT_PUBLISHER__POLL_MS", 100)
        .with("GOAT_PUBLISHER__HISTORY_HOURS", 1000)
        .with("GOAT_PUBLISHER__POSTS__INTERVAL_SECONDS_MIN", 0)
        .with("GOAT_PUBLISHER__POSTS__INTERVAL_SECONDS_MAX", 0)
        .with("GOAT_PUBLISHER__POSTS__BETWEEN_SECONDS_MIN", 0)
        .with("GOAT_PUBLISHER__POSTS__PER_DAY_MAX", 10_000)
}

fn with_account(world: World, x: &X) -> World {
    let names = ["API_KEY", "API_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"];
    let credentials = names.into_iter().zip(CREDENTIALS);
    credentials
        .fold(world, |world, (name, value)| world.with(&format!("GOAT_PUBLISHER__X__{name}"), value))
        .with("GOAT_PUBLISHER__X__URL", &x.url)
        .with("GOAT_PUBLISHER__X__TIMEOUT_MS", 500)
}

/// Those that are closed, in the order of their ends.
async fn closed(cluster: &Cluster) -> Vec<Position> {
    let request = ListPositionsRequest {
        status: "closed".to_owned(),
        limit: Some(5000),
        ..ListPositionsRequest::default()
    };
    let mut positions = cluster.trading().list_positions(request).await.unwrap().into_inner().positions;
    positions.sort_by_key(|position| position.closed_at.map(|time| (time.seconds, time.nanos)));
    positions
}

/// The posts about trades, oldest first.
async fn told(cluster: &Cluster) -> Vec<Value> {
    let answer = cluster.rest().json("/posts?kind=trade_result&limit=1000").await;
    let mut posts = answer["posts"].as_array().unwrap().clone();
    posts.reverse();
    posts
}

fn texts(post: &Value) -> Vec<String> {
    let parts = post["parts"].as_array().unwrap().iter();
    parts.map(|part| part["text"].as_str().unwrap().to_owned()).collect()
}

/// Ends every position and opens no other.
async fn halt(cluster: &Cluster) {
    let request = PauseTradingRequest { close_positions: true, ..PauseTradingRequest::default() };
    cluster.trading().pause_trading(request).await.unwrap();
    until_true("every position is closed", PATIENCE, async || {
        let account = cluster.trading().get_account(goat::wire::trading::GetAccountRequest {}).await;
        account.unwrap().into_inner().account.unwrap().open_positions == 0
    })
    .await;
}

async fn kill_the_gateway(cluster: &mut Cluster) {
    cluster.gateway.kill();
    cluster.start_gateway().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_closed_trade_is_told_once_and_in_order_through_faults_and_kills() {
    let (x, directory) = (X::start().await, tempfile::tempdir().unwrap());
    let mut cluster = Cluster::prepare(with_account(world(directory.path()), &x)).await;
    x.next(&[
        Fate::Good,
        Fate::SilentAfter,
        Fate::Good,
        Fate::FailingAfter,
        Fate::Limited(2),
        Fate::Good,
        Fate::Good,
    ]);
    cluster.start_all().await;

    let told_of_trades =
        || x.tweets().iter().filter(|tweet| tweet.text.contains("Paper trade closed")).count();
    for enough in [1, 3, 6] {
        until_true("trades are told", PATIENCE, async || told_of_trades() >= enough).await;
        kill_the_gateway(&mut cluster).await;
    }
    halt(&cluster).await;
    kill_the_gateway(&mut cluster).await;
    let closed = closed(&cluster).await;
    let told = until("every trade is told", PATIENCE, async || {
        let posts = told(&cluster).await;
        let all_sent = posts.iter().all(|post| post["state"] == "STATE_SENT");
        (posts.len() >= closed.len() && all_sent).then_some(posts)
    })
    .await;

    let ids = |post: &Value| post["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let mut trades: Vec<String> = told.iter().map(ids).collect();
    let expected: Vec<Vec<String>> = told.iter().map(texts).collect();
    let tweets = x.tweets();
    let of_trades: Vec<String> = expected.concat();
    let posted: Vec<String> =
        tweets.iter().map(|tweet| tweet.text.clone()).filter(|text| of_trades.contains(text)).collect();
    assert_eq!(posted, of_trades, "each part once, in the order in which the trades were composed");
    assert!(expected.iter().any(|parts| parts.len() > 1), "there are threads");
    trades.sort();
    let mut closed: Vec<String> = closed.into_iter().map(|position| position.id).collect();
    closed.sort();
    assert_eq!(trades, closed, "each closed trade, and no other");
    for post in &told {
        let parts = post["parts"].as_array().unwrap();
        for (first, second) in parts.iter().zip(parts.iter().skip(1)) {
            let answer = tweets.iter().find(|tweet| tweet.id == second["tweetId"].as_str().unwrap()).unwrap();
            assert_eq!(answer.reply_to.as_deref(), first["tweetId"].as_str(), "{post}");
        }
        assert!(parts.iter().all(|part| part["weightedLength"].as_u64().unwrap() <= 280), "{post}");
    }
    assert_eq!(x.fates_left(), 0);
    assert!(
        tweets.iter().all(|tweet| tweet.text.contains("SIMULATED") || tweet.text.starts_with("On ")),
        "{tweets:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_credentials_everything_is_shown_and_nothing_leaves() {
    let (x, directory) = (X::start().await, tempfile::tempdir().unwrap());
    let world = world(directory.path()).with("GOAT_PUBLISHER__X__URL", &x.url);
    let cluster = Cluster::start(world).await;
    let rest = cluster.rest();

    until_true("a trade and a lesson are composed", PATIENCE, async || {
        let lessons = rest.json("/posts?kind=lesson").await;
        lessons["count"].as_u64() > Some(0) && !told(&cluster).await.is_empty()
    })
    .await;

    let posts = rest.json("/posts").await;
    let all = posts["posts"].as_array().unwrap();
    assert!(all.iter().all(|post| post["state"] == "STATE_PREVIEW"), "{posts}");
    let status = rest.json("/publisher/status").await;
    assert_eq!((&status["dryRun"], &status["waiting"]), (&Value::from(true), &Value::from(0)), "{status}");
    for kind in ["trade_result", "daily", "market", "lesson"] {
        let preview = rest.send(Method::POST, "/posts/preview", &json!({"kind": kind}).to_string()).await;
        assert_eq!(preview.status, 200, "{kind}: {}", preview.text);
        let preview = preview.json();
        let lengths =
            preview["post"]["parts"].as_array().unwrap().iter().map(|part| part["weightedLength"].as_u64());
        assert!(lengths.into_iter().all(|length| length <= Some(280)), "{preview}");
    }
    let refused = rest.send(Method::POST, "/posts/preview", r#"{"kind":"paused"}"#).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(refused.message().contains("no post of the kind paused"), "{}", refused.text);
    let unknown = rest.send(Method::POST, "/posts/preview", r#"{"kind":"boast"}"#).await;
    assert!(unknown.message().contains(r#"got "boast""#), "{}", unknown.text);
    assert_eq!(x.requests(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_switch_stops_everything_also_after_a_restart() {
    let (x, directory) = (X::start().await, tempfile::tempdir().unwrap());
    let mut cluster = Cluster::prepare(with_account(world(directory.path()), &x)).await;
    cluster.start_all().await;
    until_true("something is told", PATIENCE, async || !x.tweets().is_empty()).await;

    let stopped = cluster.rest().send(Method::POST, "/publisher/stop", r#"{"reason":"too loud"}"#).await;
    assert_eq!(stopped.json()["outbound"]["reason"], "too loud", "{}", stopped.text);
    kill_the_gateway(&mut cluster).await;
    let before = x.requests();
    let composed = told(&cluster).await.len();
    until_true("trades go on", PATIENCE, async || told(&cluster).await.len() > composed + 2).await;
    assert_eq!(x.requests(), before, "nothing leaves");

    let resumed = cluster.rest().send(Method::POST, "/publisher/resume", "{}").await;
    assert_eq!(resumed.json()["outbound"]["stopped"], false, "{}", resumed.text);
    let sent = x.tweets().len();
    until_true("what waited goes out", PATIENCE, async || x.tweets().len() > sent + 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_is_not_wanted_is_given_up_and_an_account_that_is_locked_is_waited_for() {
    let (x, directory) = (X::start().await, tempfile::tempdir().unwrap());
    let mut cluster = Cluster::prepare(with_account(world(directory.path()), &x)).await;
    cluster.expect("a post was refused");
    x.next(&[Fate::Forbidden, Fate::Unknown]);
    cluster.start_all().await;

    until_true("the next is told", PATIENCE, async || !x.tweets().is_empty()).await;

    let refused = cluster.rest().json("/posts?state=refused").await;
    assert_eq!(refused["count"], 1, "{refused}");
    assert_eq!(refused["posts"][0]["trouble"], "403 This text is not wanted here.");
    let parts = texts(&refused["posts"][0]);
    assert!(x.tweets().iter().all(|tweet| !parts.contains(&tweet.text)), "it is not told after all");
}
