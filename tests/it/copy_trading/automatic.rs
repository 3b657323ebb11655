//! Automatic filters: a market in which an edge is there to be found, from its recording to a play that filters by it;
//! and what else is done beside the engine while it reads: days compared, plans made, SQL answered.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use goat::wire::trading as wire;
use goat::wire::trading::pattern_analysis::Consequence;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::until::until;

use super::{PATIENCE, committed, files};

/// 2026-01-05T12:00:00Z: it reaches into the next day.
const BEGIN_SECONDS: i64 = 1_767_614_400;
const EPISODE_SECONDS: i64 = 240;
/// Fifty-three hours.
const EPISODES: i64 = 800;

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
            post(
                half + 3 + number * 4,
                if number == 0 { "alice" } else { "bob" },
                "buy",
                100.0,
                100 + number,
            );
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

async fn cluster(directory: &Path) -> Cluster {
    let (prices, trades) =
        (directory.join("prices-edge.parquet"), directory.join("quicknode-trades-edge.ndjson"));
    let paths = format!("{},{}", prices.display(), trades.display());
    let world = World::replay(&prices)
        .with("GOAT_FEEDS__REPLAY__PATH", paths)
        .with("GOAT_LIMITS__CALL_TIMEOUT_MS", 300_000);
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

/// Writes the recording into a folder and reads it to its end in one go.
async fn whole(directory: &Path) -> (Cluster, String) {
    write_prices(&directory.join("prices-edge.parquet"));
    write_trades(&directory.join("quicknode-trades-edge.ndjson"));
    let mut whole = cluster(directory).await;
    whole.trading_engine.start();
    let head = whole.quiet_head().await;
    let hash = committed(&whole, head).await;
    (whole, hash)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_is_found_judged_and_applied_and_what_is_asked_beside_it_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let (cluster, _) = whole(directory.path()).await;
    assert_applied(&cluster, &analyses(&cluster, "").await).await;
    assert_compared(&cluster).await;
    assert_planned(&cluster).await;
    assert_queried(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn automatic_filters_are_the_same_through_kills() {
    let directory = tempfile::tempdir().unwrap();
    let (unharmed, hash) = whole(directory.path()).await;
    let found = analyses(&unharmed, "").await;
    drop(unharmed);

    let mut killed = cluster(directory.path()).await;
    killed.trading_engine.start();
    for pause_ms in [4_000, 300, 7_000, 2_500, 40, 5_000, 9_000] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        killed.trading_engine.kill();
        killed.trading_engine.start();
    }
    let head = killed.quiet_head().await;
    assert_eq!(committed(&killed, head).await, hash, "through kills");
    assert_eq!(analyses(&killed, "").await, found, "through kills");
    // The day that the kills fell into is the same when it is folded again.
    assert_same_day(&killed).await;
}

async fn assert_same_day(cluster: &Cluster) {
    let request = wire::CheckParityRequest { day: "2026-01-05".to_owned() };
    let parity = until("no other day is being compared", PATIENCE, async || {
        cluster.trading().check_parity(request.clone()).await.ok()
    })
    .await;
    let parity = parity.into_inner().parity.unwrap();
    assert_eq!(parity.state(), wire::parity::State::Match, "{parity:?}");
    assert!(parity.decisions > 300 && parity.commands > 100 && parity.events > 40_000, "{parity:?}");
    assert_eq!((parity.differences, parity.first_difference.as_str()), (0, ""), "{parity:?}");
    println!("{parity:?}");
}

/// Each day was compared of itself when it was over, and is again when it is asked for.
async fn assert_compared(cluster: &Cluster) {
    let job = until("two days were compared of themselves", PATIENCE, async || {
        let jobs =
            cluster.trading().get_scheduler(wire::GetSchedulerRequest {}).await.ok()?.into_inner().jobs;
        jobs.into_iter().find(|job| job.name == "parity" && job.runs == 2 && !job.running)
    })
    .await;
    assert_eq!(
        (job.runs, job.failures, job.last_outcome()),
        (2, 0, wire::job::Outcome::Succeeded),
        "{job:?}"
    );
    assert!(job.last_result.starts_with("2026-01-06: all"), "{job:?}");
    assert_eq!(job.next_due_at.unwrap().seconds, BEGIN_SECONDS + 60 * 3600, "{job:?}");
    let status = cluster.trading().get_status(wire::GetStatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.parity.unwrap().state(), wire::parity::State::Match);
    assert_same_day(cluster).await;

    // What cannot be compared says why.
    let request = wire::CheckParityRequest { day: "2026-01-07".to_owned() };
    let parity = cluster.trading().check_parity(request).await.unwrap().into_inner().parity.unwrap();
    assert_eq!(parity.state(), wire::parity::State::NotPossible, "{parity:?}");
    assert!(parity.reason.contains("2026-01-08"), "{parity:?}");
    let request = wire::CheckParityRequest { day: "someday".to_owned() };
    let refused = cluster.trading().check_parity(request).await.unwrap_err();
    assert!(refused.message().contains("someday"), "{refused:?}");

    let jobs = cluster.trading().get_scheduler(wire::GetSchedulerRequest {}).await.unwrap().into_inner().jobs;
    let job = |name: &str| jobs.iter().find(|job| job.name == name).unwrap();
    let (filters, retention) = (job("filters:learns"), job("retention"));
    assert!(filters.runs > 200 && filters.failures == 0 && filters.next_due_at.is_some(), "{filters:?}");
    assert!(retention.runs >= 17 && retention.failures == 0, "{retention:?}");
    assert!(jobs.iter().all(|job| job.name != "filters:stays"), "{jobs:?}");
}

/// A play that wants more wallets together than there are enters nothing; nothing is changed by asking.
async fn assert_planned(cluster: &Cluster) {
    let mut changed = play(cluster, "stays").await;
    changed.bundle = Some(wire::Bundle { wallets: 3, seconds: 5 });
    let request = wire::PlanPlayRequest {
        id: "stays".to_owned(),
        play: Some(changed),
        from: Some(timestamp(BEGIN_SECONDS)),
        to: Some(timestamp(BEGIN_SECONDS + 6 * 3600)),
    };
    // One at a time: of two the second is refused; and whoever goes away gives the turn back.
    let ask = || {
        let (mut client, asked) = (cluster.trading(), request.clone());
        tokio::spawn(async move { client.plan_play(asked).await })
    };
    let (mut one, mut two) = (ask(), ask());
    let (ended, under_way) = tokio::select! {
        ended = &mut one => (ended, two),
        ended = &mut two => (ended, one),
    };
    let refused = ended.unwrap().unwrap_err();
    assert_eq!(refused.code(), goat::tonic::Code::ResourceExhausted, "{refused:?}");
    under_way.abort();
    let plan = until("the turn is given back", PATIENCE, async || {
        cluster.trading().plan_play(request.clone()).await.ok()
    })
    .await
    .into_inner();
    println!("{} events: {:?}", plan.events, plan.decisions.first());
    assert!(plan.removed_count > 50 && plan.added_count == 0, "{plan:?}");
    assert!(
        plan.removed.iter().all(|id| id.rsplit_once('.').is_some_and(|(_, play)| play == "stays")),
        "{plan:?}"
    );
    assert!(plan.decisions[0].ends_with("entered → rejected at bundle"), "{plan:?}");
    let (before, after) = (plan.before.unwrap(), plan.after.unwrap());
    assert_eq!(before.trades - plan.removed_count, after.trades);
    assert_eq!(play(cluster, "stays").await.bundle, None);

    let mut reversed = request.clone();
    reversed.to = Some(timestamp(BEGIN_SECONDS));
    let refused = cluster.trading().plan_play(reversed).await.unwrap_err();
    assert_eq!(refused.code(), goat::tonic::Code::InvalidArgument, "{refused:?}");
    let mut unknown = request;
    unknown.play.as_mut().unwrap().validator =
        Some(wire::Validator { project_ids: vec!["nobodys".to_owned()], ..wire::Validator::default() });
    let refused = cluster.trading().plan_play(unknown).await.unwrap_err();
    assert!(refused.message().contains("nobodys"), "{refused:?}");
}

async fn assert_queried(cluster: &Cluster) {
    let query = async |sql: &str| {
        let request = wire::QuerySqlRequest { sql: sql.to_owned() };
        cluster.trading().query_sql(request).await.map(goat::tonic::Response::into_inner)
    };
    let answer = query(
        "SELECT consequence, count(*) AS looks FROM pattern_analysis GROUP BY consequence ORDER BY looks DESC",
    )
    .await
    .unwrap();
    let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((names, answer.truncated), (vec!["consequence", "looks"], false));
    assert!(answer.count >= 2, "{answer:?}");
    for sql in [
        "DELETE FROM pattern_analysis",
        "SELECT 1; DROP TABLE decisions",
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY decisions TO '/tmp/decisions.csv'",
        "SELECT * FROM duckdb_settings()",
    ] {
        let refused = query(sql).await.unwrap_err();
        assert_eq!(refused.code(), goat::tonic::Code::InvalidArgument, "{sql}: {refused:?}");
    }
    let endless = query("SELECT count(*) FROM range(10000000) a, range(10000000) b").await.unwrap_err();
    assert_eq!(endless.code(), goat::tonic::Code::ResourceExhausted, "{endless:?}");
    let cut = query("SELECT seq FROM prices").await.unwrap();
    assert_eq!((cut.count, cut.truncated), (10_000, true));
}

fn timestamp(seconds: i64) -> goat::prost_types::Timestamp {
    goat::prost_types::Timestamp { seconds, nanos: 0 }
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
