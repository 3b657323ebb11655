//! Automatic filters: a market in which an edge is there to be found, from its recording to a play that filters by it.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use goat::wire::trading as wire;
use goat::wire::trading::pattern_analysis::Consequence;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};

use super::{committed, files};

/// 2026-01-05T00:00:00Z.
const BEGIN_SECONDS: i64 = 1_767_571_200;
const EPISODE_SECONDS: i64 = 240;
/// Eighteen hours.
const EPISODES: i64 = 270;
/// An hour in 15 seconds.
const PACE: u32 = 240;

/// Whether the crowd buys before the wallet does, and the price rises afterwards.
fn rises(episode: i64) -> bool {
    // Every residue comes about equally often and without a pattern that repeats.
    (episode * 7_919 + episode * episode * 31).rem_euclid(101) < 50
}

/// The price within an episode: a swing of its own that ends its cycle, then up or down after the wallet bought at
/// half-time.
fn price(second: i64) -> f64 {
    let (episode, within) = (second / EPISODE_SECONDS, second % EPISODE_SECONDS);
    #[allow(clippy::cast_precision_loss)]
    let part = |from: i64, seconds: i64| ((within - from) as f64 / seconds as f64).clamp(0.0, 1.0);
    let swing = 0.4 * (part(0, 30) - part(30, 40));
    let after = if rises(episode) { 0.9 } else { -0.5 };
    let move_percent = swing + after * (part(130, 60) - part(200, 40));
    150.0 * (1.0 + move_percent / 100.0)
}

fn write_prices(path: &Path) {
    let connection = duckdb::Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE prices (ts TIMESTAMP, token VARCHAR, price DOUBLE)").unwrap();
    let mut appender = connection.appender("prices").unwrap();
    for second in 0..EPISODES * EPISODE_SECONDS {
        let time = duckdb::types::Value::Timestamp(
            duckdb::types::TimeUnit::Microsecond,
            (BEGIN_SECONDS + second) * 1_000_000,
        );
        appender.append_row(duckdb::params![time, "SOL", price(second)]).unwrap();
    }
    drop(appender);
    connection.execute_batch(&format!("COPY prices TO '{}' (FORMAT PARQUET)", path.display())).unwrap();
}

/// The crowd's trades in the minute before half-time, and the followed wallets' buys right after it.
fn write_trades(path: &Path) {
    let mut lines = String::new();
    let mut post = |second: i64, wallet: &str, direction: &str, usd: f64, number: i64| {
        let seconds = BEGIN_SECONDS + second;
        let time = goat::values::UnixMicros::from_seconds(seconds).unwrap();
        let trade = json!({
            "signature": format!("s{second}-{number}"), "wallet_address": wallet, "direction": direction,
            "sol_amount": usd / 150.0, "stablecoin": "USDC", "stablecoin_amount": usd,
            "price": price(second), "block_time": seconds, "block_height": seconds,
        });
        let line = json!({
            "received_at": time.to_string(), "path": "/webhook", "payload": { "matchedTransactions": [trade] },
        });
        writeln!(lines, "{line}").unwrap();
    };
    for episode in 0..EPISODES {
        let half = episode * EPISODE_SECONDS + EPISODE_SECONDS / 2;
        let direction = if rises(episode) { "buy" } else { "sell" };
        for number in 0..10 {
            post(half - 55 + number * 5, "crowd", direction, 400.0, number);
        }
        for number in 0..2 {
            post(half + 3 + number * 4, ["alice", "bob"][number as usize], "buy", 100.0, 100 + number);
        }
    }
    std::fs::write(path, lines).unwrap();
}

fn plays() -> [Value; 2] {
    let play = |id: &str, auto: bool| {
        json!({
            "id": id, "name": id, "active": true, "wallets": {"addresses": ["alice", "bob"]}, "maxEntriesPerCycle": 1,
            "sizeUsd": 100, "autoUpdate": auto,
            "exit": {
                "decreases": [{"from": -1.0, "to": 0.0, "tolerance": 0.004}],
                "increases": [{"from": 0.0, "to": 1.0, "tolerance": 0.002}],
                "maximumHoldSeconds": 90
            }
        })
    };
    [play("learns", true), play("stays", false)]
}

async fn cluster(directory: &Path, speed: u32) -> Cluster {
    let (prices, trades) =
        (directory.join("prices-edge.parquet"), directory.join("quicknode-trades-edge.ndjson"));
    let paths = format!("{},{}", prices.display(), trades.display());
    let world = World::replay(&prices)
        .with("GOAT_FEEDS__REPLAY__PATH", paths)
        .with("GOAT_FEEDS__REPLAY__SPEED", speed);
    let mut cluster = Cluster::prepare(world).await;
    let setting = files(&cluster, &plays());
    cluster.trading_engine.set("GOAT_TRADING__PLAYS", setting);
    cluster.start_data_engine().await;
    cluster
}

async fn analyses(cluster: &Cluster, play: &str) -> Vec<wire::PatternAnalysis> {
    let request = wire::ListPatternAnalysisRequest {
        play_id: play.to_owned(),
        limit: Some(10_000),
        ..wire::ListPatternAnalysisRequest::default()
    };
    cluster.trading().list_pattern_analysis(request).await.unwrap().into_inner().analyses
}

async fn play(cluster: &Cluster, id: &str) -> wire::Play {
    let request = wire::GetPlayRequest { id: id.to_owned() };
    cluster.trading().get_play(request).await.unwrap().into_inner().play.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_is_found_judged_and_applied_the_same_through_kills() {
    let directory = tempfile::tempdir().unwrap();
    write_prices(&directory.path().join("prices-edge.parquet"));
    write_trades(&directory.path().join("quicknode-trades-edge.ndjson"));

    let mut whole = cluster(directory.path(), 0).await;
    whole.trading_engine.start();
    let head = whole.quiet_head().await;
    let hash = committed(&whole, head).await;
    let found = analyses(&whole, "").await;
    assert_applied(&whole, &found).await;
    drop(whole);

    let mut killed = cluster(directory.path(), PACE).await;
    killed.trading_engine.start();
    for pause_ms in [9_000, 300, 14_000, 6_500, 40, 11_000, 17_000] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        killed.trading_engine.kill();
        killed.trading_engine.start();
    }
    let head = killed.quiet_head().await;
    assert_eq!(committed(&killed, head).await, hash, "through kills");
    assert_eq!(analyses(&killed, "").await, found, "through kills");
}

async fn assert_applied(cluster: &Cluster, found: &[wire::PatternAnalysis]) {
    assert!(found.iter().all(|one| one.play_id == "learns"), "a play that does not allow it is not searched");
    // Nothing while the evidence is thin, and it is said how thin it was.
    let oldest = found.last().unwrap();
    assert_eq!(oldest.consequence(), Consequence::NotSearched, "{oldest:?}");
    assert!(oldest.suggestion.is_none() && oldest.reason.contains("30 are needed"), "{oldest:?}");

    let applied = found.iter().filter(|one| one.consequence() == Consequence::Applied);
    let applied: Vec<_> = applied.collect();
    for one in found.iter().filter(|one| one.consequence() != Consequence::NotSearched) {
        println!("{:?}: {}", one.consequence(), one.reason);
    }
    let first = applied.last().expect("an edge is applied");
    let suggestion = first.suggestion.as_ref().unwrap();
    let judged = suggestion.judged.as_ref().unwrap();
    assert!(judged.cycles >= 30 && judged.gain.as_ref().unwrap().low_percent.unwrap() > 0.0, "{judged:?}");
    assert!(judged.difference.as_ref().unwrap().low_percent.unwrap() > 0.0, "{judged:?}");
    assert!(first.reason.contains("out of sample"), "{}", first.reason);

    let newest = applied.first().unwrap();
    let learned = play(cluster, "learns").await;
    assert_eq!((learned.version, newest.play_version), (newest.play_version, learned.version));
    assert_eq!(learned.validator.unwrap().project_ids, ["auto-learns"]);
    let request = wire::GetFilterProjectRequest { id: "auto-learns".to_owned() };
    let project = cluster.trading().get_filter_project(request).await.unwrap().into_inner().project.unwrap();
    assert!(project.automatic && project.version == newest.project_version, "{project:?}");
    assert_eq!(project.filters, newest.suggestion.as_ref().unwrap().filters);
    assert!(project.description.contains("out of sample"), "{project:?}");
    assert_eq!(play(cluster, "stays").await.version, 1);

    // From then on it turns away what it did not before, and what it enters brings more.
    let rejected = wire::ListShadowsRequest {
        play_id: "learns".to_owned(),
        gate: "validator".to_owned(),
        ..wire::ListShadowsRequest::default()
    };
    let shadows = cluster.trading().list_shadows(rejected).await.unwrap().into_inner().shadows;
    assert!(shadows.len() > 10, "{}", shadows.len());
    let of_project =
        |shadow: &wire::Shadow| shadow.gains.as_ref().unwrap().by_exit_after_costs_percent.unwrap();
    #[allow(clippy::cast_precision_loss)]
    let mean = shadows.iter().map(of_project).sum::<f64>() / shadows.len() as f64;
    assert!(mean < 0.0, "what is turned away would have brought {mean} %");
}
