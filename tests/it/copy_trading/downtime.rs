//! What is decided while the engine catches up is there, and is marked late.

use goat::wire::trading as wire;
use serde_json::json;
use tests::cluster::{Cluster, World};
use tests::rest::integer;
use tests::until::until;

use super::{PATIENCE, decisions, files, play, positions};

const EVERYONE: &str = "SELECT DISTINCT wallet_address FROM decisions";

async fn trades(cluster: &Cluster) -> u64 {
    tests::rest::rows_of(&cluster.rest().json("/tables").await, "sol_stablecoin_trades")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_due_while_the_engine_was_down_is_decided_late_and_counted_apart() {
    // Beside other work it would catch up late, and nothing would be on time.
    let mut cluster = Cluster::prepare_alone(World::simulated(20)).await;
    let setting = files(&cluster, &[play("everyone", &json!({ "sql": EVERYONE, "cacheSeconds": 10 }))]);
    cluster.trading_engine.set("GOAT_TRADING__PLAYS", setting);
    cluster.start_all().await;
    // What is not committed when the engine is killed is decided again, and late then; and whether something was late
    // is told a moment after it was done.
    until("positions that were left on time are committed", PATIENCE, async || {
        let left_at = cluster.market_status().await.head_seq;
        until("what was left is committed", PATIENCE, async || {
            (cluster.trading_status(|_| true).await.state_seq >= left_at).then_some(())
        })
        .await;
        let left = positions(&cluster).await.into_iter().filter(|one| one.closed_at.is_some());
        (left.filter(|one| !one.decided_late).count() > 2).then_some(())
    })
    .await;
    let left_at = cluster.market_status().await.head_seq;
    until("all of that is committed", PATIENCE, async || {
        (cluster.trading_status(|_| true).await.state_seq >= left_at).then_some(())
    })
    .await;

    cluster.trading_engine.kill();
    let before = cluster.market_status().await.head_seq;
    let recorded = trades(&cluster).await;
    until("trades are recorded while the engine is down", PATIENCE, async || {
        (trades(&cluster).await > recorded + 40).then_some(())
    })
    .await;
    let after = cluster.market_status().await.head_seq;
    cluster.start_trading_engine().await;
    until("a decision is on time again", PATIENCE, async || {
        decisions(&cluster).await.iter().any(|one| one.seq > after && !one.decided_late).then_some(())
    })
    .await;

    let all = decisions(&cluster).await;
    let due: Vec<&wire::Decision> = all.iter().filter(|one| one.seq > before && one.seq <= after).collect();
    assert!(due.len() > 10, "{} decisions were due", due.len());
    assert!(due.iter().all(|one| one.decided_late), "a decision that was due in the downtime is not late");
    let on_time = all.iter().filter(|one| one.seq > after && !one.decided_late).map(|one| one.seq).min();
    let late = all.iter().filter(|one| one.decided_late).map(|one| one.seq).max();
    assert!(on_time > late, "on time from {on_time:?}, late up to {late:?}");
    assert!(all.iter().any(|one| one.seq < before && !one.decided_late));

    assert_counted_apart(&cluster).await;
}

async fn assert_counted_apart(cluster: &Cluster) {
    // The account moves on between two questions: the positions are asked before and after.
    let (sums, answer) = until("nothing is left between two questions", PATIENCE, async || {
        let before = sums(&positions(cluster).await);
        let answer = cluster.rest().json("/plays/performance?hours=24").await["plays"][0].clone();
        (before == sums(&positions(cluster).await)).then_some((before, answer))
    })
    .await;
    let millionths = |field: &str| super::recorded::millionths(answer[field].as_f64().unwrap());
    assert_eq!(answer["positions"].as_u64(), Some(sums.all), "{answer}");
    assert_eq!(answer["onTimePositions"].as_u64(), Some(sums.on_time), "{answer}");
    assert_eq!(answer["decidedLate"].as_u64(), Some(sums.all - sums.on_time), "{answer}");
    assert_eq!(millionths("profitUsd"), sums.profit, "{answer}");
    assert_eq!(millionths("onTimeProfitUsd"), sums.on_time_profit, "{answer}");
    assert!(integer(&answer["onTimePositions"]) > 0, "{answer}");
    println!("{sums:?}");
}

/// Of the positions that were left; money in millionths of a dollar.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    all: u64,
    on_time: u64,
    profit: i64,
    on_time_profit: i64,
}

fn sums(positions: &[wire::Position]) -> Sums {
    let mut sums = Sums::default();
    for position in positions {
        let Some(profit) = position.profit_usd.map(super::recorded::millionths) else { continue };
        sums.all += 1;
        sums.profit += profit;
        if !position.decided_late {
            sums.on_time += 1;
            sums.on_time_profit += profit;
        }
    }
    sums
}
