//! Commands keep their place among the events, whatever kills the engine and when: asked of both ledgers.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]

#[path = "../../data-engine/src/archive/tests/cluster.rs"]
mod cluster;
mod market;
mod process;
mod recordings;

use std::path::Path;
use std::time::Duration;

use cluster::Cluster;
use goat::event::{Observation, Venue};
use goat::tonic::{Code, Status};
use goat::values::{Seq, Symbol};
use goat::wire::market::Mode;
use goat::wire::trading::{Controls, PauseTradingRequest, ResumeTradingRequest, restart};
use market::Market;
use process::Engine;
use recordings::{log_of, price_at};
use trading_engine::core::cycles::Threshold;
use trading_engine::core::market::PricingBook;
use trading_engine::core::{self, Plan};
use trading_engine::ledger::{DuckLedger, Ledger, Logged, PostgresLedger, recorded};
use trading_engine::snapshot::state_hash;

const EVENTS: u64 = 20_000;
const KILLS: u64 = 12;

fn prices() -> Vec<Observation> {
    let price = |second: i64| 125.0 + (second % 90) as f64 / 60.0;
    (0..i64::try_from(EVENTS).unwrap())
        .map(|second| price_at(1_767_000_000_000_000 + second * 1_000_000, "SOL", price(second)))
        .collect()
}

/// The state that the events lead to with each command after the event that it was given after.
fn folded(events: &[Observation], commands: &[Logged]) -> core::Engine {
    let symbol = |text| Symbol::parse(text).unwrap();
    let plan = Plan {
        cycle_token: symbol("SOL"),
        cycle_thresholds: [20, 25, 30, 35, 40, 45, 50].map(Threshold::from_hundredths).to_vec(),
        entry_threshold: Threshold::from_hundredths(30),
        book: PricingBook { venue: Venue::Binance, symbol: symbol("SOLUSDT") },
    };
    let mut engine = core::Engine::new(plan, Seq::ZERO);
    let mut effects = Vec::new();
    let mut commands = commands.iter().peekable();
    for seq in 0..=events.len() as u64 {
        if let Some(event) = seq.checked_sub(1).and_then(|at| events.get(usize::try_from(at).unwrap())) {
            engine.handle(Seq::new(seq), event, &mut effects);
        }
        while let Some(next) = commands.next_if(|next| next.command.after_seq.get() == seq) {
            engine.command(&next.command, &mut effects);
        }
        effects.clear();
    }
    assert!(commands.next().is_none());
    engine
}

async fn pause(engine: &mut Engine, reason: &str, request_id: &str) -> Result<Controls, Status> {
    let request = PauseTradingRequest {
        reason: reason.to_owned(),
        requested_by: "test".to_owned(),
        request_id: request_id.to_owned(),
        ..PauseTradingRequest::default()
    };
    Ok(engine.client.pause_trading(request).await?.into_inner().controls.unwrap())
}

async fn resume(engine: &mut Engine) -> Result<Controls, Status> {
    let request = ResumeTradingRequest::default();
    Ok(engine.client.resume_trading(request).await?.into_inner().controls.unwrap())
}

/// Kills an engine again and again between and during commands; returns the reasons of the commands that were answered.
async fn kill_between_commands(folder: &Path, market: &Market, settings: &[(&str, &str)]) -> Vec<String> {
    let mut answered = Vec::new();
    for kill in 1..=KILLS {
        let mut engine = Engine::start_with(folder, market.address, &[], settings);
        engine.until("a connection", |status| status.caught_up).await;
        market.grow(EVENTS * kill / KILLS);
        for round in 0..4 {
            let name = format!("{kill}.{round}");
            if pause(&mut engine, &name, &name).await.is_ok() {
                answered.push(name);
            }
            resume(&mut engine).await.unwrap();
        }
        let mut client = engine.client.clone();
        let last = tokio::spawn(async move {
            let reason = format!("{kill}.last");
            client.pause_trading(PauseTradingRequest { reason, ..Default::default() }).await.is_ok()
        });
        tokio::time::sleep(Duration::from_millis(kill % 5 * 2)).await;
        engine.kill();
        if last.await.unwrap() {
            answered.push(format!("{kill}.last"));
        }
    }
    answered
}

async fn commands_keep_their_place(
    settings: &[(&str, &str)],
    open: impl Fn(&Path) -> Box<dyn Ledger> + Sync,
) {
    let events = prices();
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("log", Mode::Replay, &events), 100).await;

    let answered = kill_between_commands(folder.path(), &market, settings).await;
    let mut engine = Engine::start_with(folder.path(), market.address, &[], settings);
    let status = engine.caught_up_at(EVENTS).await;
    assert!(engine.terminate().await.success());

    // A ledger waits for its database, which no task may do.
    let read = || open(folder.path()).commands_after(0).unwrap();
    let rows = std::thread::scope(|scope| scope.spawn(read).join().unwrap());
    let commands: Vec<Logged> = recorded(&rows).unwrap();
    let reasons: Vec<String> = commands.iter().map(|one| format!("{:?}", one.command.order)).collect();
    assert!(answered.len() as u64 >= KILLS * 4, "{answered:?}");
    for name in &answered {
        let times = reasons.iter().filter(|reason| reason.contains(&format!("{name:?}"))).count();
        assert_eq!(times, 1, "the pause {name} was answered and is {times} times in the ledger");
    }
    let expected = folded(&events, &commands);
    assert_eq!(status.state_hash, state_hash(&expected).unwrap());
    let paused = status.controls.unwrap().paused;
    assert_eq!(paused, expected.controls().pause.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_keep_their_place_in_a_file() {
    let open =
        |folder: &Path| -> Box<dyn Ledger> { Box::new(DuckLedger::open(&folder.join("trading")).unwrap()) };
    commands_keep_their_place(&[], open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_keep_their_place_in_a_database() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let url = cluster.url();
    let open = |_: &Path| -> Box<dyn Ledger> {
        let settings = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
        Box::new(PostgresLedger::open(&settings).unwrap().unwrap())
    };
    commands_keep_their_place(&[("GOAT_LEDGER__URL", &url)], open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_outlives_cold_starts_and_other_logs_and_is_carried_out_once() {
    let events = prices();
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("first", Mode::Live, &events), 500).await;
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    engine.caught_up_at(500).await;

    let first = pause(&mut engine, "maintenance", "a").await.unwrap();
    let again = pause(&mut engine, "maintenance", "a").await.unwrap();
    assert_eq!((first.paused, first.reason.as_str(), &first), (true, "maintenance", &again));
    let other = pause(&mut engine, "another", "a").await.unwrap_err();
    assert_eq!(
        (other.code(), other.message()),
        (Code::InvalidArgument, "request_id \"a\" belongs to another command")
    );
    let long = pause(&mut engine, &"x".repeat(501), "").await.unwrap_err();
    assert_eq!(long.code(), Code::InvalidArgument, "{}", long.message());
    // Killed at once: the command is durable, the state that contains it may not be.
    engine.kill();

    let mut engine = Engine::start(folder.path(), market.address, &["--cold"]);
    let status = engine.caught_up_at(500).await;
    assert_eq!(status.restart.unwrap().kind(), restart::Kind::Cold);
    assert_eq!(status.controls, Some(first.clone()));
    market.replace(log_of("second", Mode::Live, &events), 700);
    let moved = engine.until("the other log", |status| status.log_id == "second" && status.caught_up).await;
    assert_eq!(moved.controls, Some(first));
    assert!(!resume(&mut engine).await.unwrap().paused);
    engine.kill();

    let mut engine = Engine::start(folder.path(), market.address, &[]);
    let status = engine.caught_up_at(700).await;
    assert!(!status.controls.unwrap().paused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_log_there_is_no_place_for_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let absent = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut engine = Engine::start(folder.path(), absent, &[]);
    engine.until("an answer", |_| true).await;

    let refused = pause(&mut engine, "", "").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("has not met its log yet"), "{}", refused.message());
}
