//! Whom a play follows does not depend on restarts: its query sees the raw tables as they are without them.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]

mod market;
mod process;
mod recordings;

use std::path::Path;

use goat::event::Observation;
use goat::wire::market::Mode;
use goat::wire::trading::ListDecisionsRequest;
use market::Market;
use process::Engine;
use recordings::{log_of, price_at, trade_at};

const SECONDS: i64 = 600;
const START_MICROS: i64 = 1_767_000_000_000_000;

/// Follows those who traded more than three times, by the raw trades.
const PLAY: &str = r#"
id = "traders"
name = "Traders"
active = true
max_entries_per_cycle = 1000

[wallets]
sql = "SELECT wallet AS wallet_address FROM sol_stablecoin_trades GROUP BY wallet HAVING count(*) > 3"
cache_seconds = 20

[exit]
maximum_hold_seconds = 60
"#;

/// A price each second, and after it the buy of one of forty wallets.
fn events() -> Vec<Observation> {
    (0..SECONDS)
        .flat_map(|second| {
            let micros = START_MICROS + second * 1_000_000;
            let price = price_at(micros, "SOL", 125.0 + (second % 90) as f64 / 60.0);
            [price, trade_at(micros + 500_000, u32::try_from(second * 7 % 40).unwrap())]
        })
        .collect()
}

fn start(folder: &Path, market: &Market) -> Engine {
    std::fs::write(folder.join("traders.toml"), PLAY).unwrap();
    let plays = [("GOAT_TRADING__PLAYS", r#"["traders.toml"]"#)];
    Engine::start_with(folder, market.address, &[], &plays)
}

/// By decision: whether it entered, and why not.
async fn decisions(engine: &mut Engine) -> Vec<String> {
    let request = ListDecisionsRequest { limit: Some(1000), ..ListDecisionsRequest::default() };
    let answer = engine.client.list_decisions(request).await.unwrap().into_inner();
    assert_eq!(answer.next_page_token, "");
    answer.decisions.iter().map(|one| format!("{} {:?} {:?}", one.id, one.verdict(), one.gate())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_of_the_raw_trades_after_a_restart_sees_those_from_before_it() {
    let events = events();
    let (head, half) = (events.len() as u64, events.len() as u64 / 2);

    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("whole", Mode::Replay, &events), half).await;
    let mut engine = start(folder.path(), &market);
    engine.caught_up_at(half).await;
    market.grow(head);
    let status = engine.caught_up_at(head).await;
    let expected = (decisions(&mut engine).await, status.state_hash);
    assert!(expected.0.iter().any(|one| one.contains("Enter")), "{:?}", expected.0);
    engine.kill();

    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("whole", Mode::Replay, &events), half).await;
    let mut engine = start(folder.path(), &market);
    engine.caught_up_at(half).await;
    engine.kill();
    market.hold_fetches(true);
    let mut engine = start(folder.path(), &market);
    // Every second asks whether a list is too old: within twenty the play has asked, and the answer is not due.
    for seq in half + 1..=half + 42 {
        market.grow(seq);
        let waits =
            engine.until("an event", |status| status.cursor_seq >= seq || status.cursor_seq > half + 39);
        if tokio::time::timeout(std::time::Duration::from_millis(300), waits).await.is_err() {
            break;
        }
    }
    market.hold_fetches(false);
    market.grow(head);
    let status = engine.caught_up_at(head).await;

    assert_eq!(decisions(&mut engine).await, expected.0);
    assert_eq!(status.state_hash, expected.1);
    assert!(engine.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_waits_for_its_recent_rows_can_be_stopped() {
    let events = events();
    let half = events.len() as u64 / 2;
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("stopped", Mode::Replay, &events), half).await;
    let mut engine = start(folder.path(), &market);
    engine.caught_up_at(half).await;
    engine.kill();
    market.hold_fetches(true);
    let mut engine = start(folder.path(), &market);
    engine.until("a connection", |status| status.caught_up).await;
    market.grow(events.len() as u64);
    // It comes to where an answer is due, and no further.
    engine.until("events", |status| status.cursor_seq >= half).await;
    assert!(engine.terminate().await.success());

    market.hold_fetches(false);
    let mut engine = start(folder.path(), &market);
    engine.caught_up_at(events.len() as u64).await;
    assert!(engine.terminate().await.success());
}
