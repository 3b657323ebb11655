//! The whole engine, as a process of its own, against a data-engine that does as it is told.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp
)]

mod market;
mod process;
mod recordings;

use std::time::{Duration, Instant};

use goat::event::Observation;
use goat::event::Venue;
use goat::tonic::Code;
use goat::values::{Seq, Symbol};
use goat::wire::market::Mode;
use goat::wire::trading::{
    GetStatusResponse, ListCyclesRequest, ListCyclesResponse, ListPriceAnalysisRequest, StreamTradingRequest,
    feed_connection, restart, stream_trading_response,
};
use market::{Fault, Log, Market};
use process::Engine;
use recordings::{log_of, price_at, prices, trade_at};
use trading_engine::core::cycles::Threshold;
use trading_engine::core::market::PricingBook;
use trading_engine::core::{self, Plan};
use trading_engine::snapshot::state_hash;

const THRESHOLDS: [u32; 7] = [20, 25, 30, 35, 40, 45, 50];

fn plan() -> Plan {
    let symbol = |text| Symbol::parse(text).unwrap();
    Plan {
        cycle_token: symbol("SOL"),
        cycle_thresholds: THRESHOLDS.map(Threshold::from_hundredths).to_vec(),
        entry_threshold: Threshold::from_hundredths(30),
        book: PricingBook { venue: Venue::Binance, symbol: symbol("SOLUSDT") },
    }
}

/// The state that the engine must have reached after `events`, folded without a process around it.
fn folded(after_seq: u64, events: &[Observation]) -> core::Engine {
    let mut engine = core::Engine::new(plan(), Seq::new(after_seq));
    let mut effects = Vec::new();
    for (seq, event) in (after_seq + 1..).zip(events) {
        engine.handle(Seq::new(seq), event, &mut effects);
        effects.clear();
    }
    engine
}

fn hash_of(events: &[Observation]) -> String {
    state_hash(&folded(0, events)).unwrap()
}

/// Prices that turn often: a zigzag with a slow swell, one tick a second.
fn zigzag(seconds: i64) -> Vec<Observation> {
    let price = |second: i64| {
        let phase = (second % 90) as f64 / 90.0;
        let swing = if phase < 0.5 { phase } else { 1.0 - phase };
        125.0 * (1.0 + 0.02 * swing + 0.000_01 * (second % 700) as f64)
    };
    (0..seconds)
        .map(|second| price_at(1_767_000_000_000_000 + second * 1_000_000, "SOL", price(second)))
        .collect()
}

fn closed(cycles: &ListCyclesResponse) -> Vec<u32> {
    cycles.closed.iter().map(|count| count.closed).collect()
}

async fn list(engine: &mut Engine, request: ListCyclesRequest) -> ListCyclesResponse {
    engine.client.list_cycles(request).await.unwrap().into_inner()
}

fn golden(name: &str, expected: [u32; 7]) {
    let Some(prices) = prices(name) else { return };
    let began = Instant::now();
    let engine = folded(0, &prices);
    eprintln!("{name}: {} ns an event", began.elapsed().as_nanos() / prices.len() as u128);
    let closed: Vec<u32> = engine.cycles().tracks().iter().map(|track| track.closed).collect();
    assert_eq!(closed, expected);
    assert_eq!(engine.cycles().active().count(), 7);
}

#[test]
fn the_29th_of_december_has_its_known_cycles() {
    golden("prices-2025-12-29.parquet", [174, 117, 86, 62, 53, 43, 33]);
}

#[test]
fn the_30th_of_december_has_its_known_cycles() {
    golden("prices-2025-12-30.parquet", [105, 73, 51, 34, 30, 24, 17]);
}

#[test]
fn the_hour_of_the_3rd_of_january_has_its_known_cycles() {
    golden("prices-2026-01-03T21Z.parquet", [5, 3, 2, 1, 1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_day_through_the_stream_has_its_known_cycles() {
    let Some(prices) = prices("prices-2025-12-29.parquet") else { return };
    let head = prices.len() as u64;
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("day", Mode::Replay, &prices), head).await;

    let mut engine = Engine::start(folder.path(), market.address, &[]);
    let status = engine.caught_up_at(head).await;

    eprintln!("a day of {head} events: caught up in {:?} ms", status.catch_up_ms);
    assert_eq!(status.state_hash, hash_of(&prices));
    assert_eq!(status.restart.unwrap().kind(), restart::Kind::Cold);
    let active = list(&mut engine, ListCyclesRequest { active_only: true, ..Default::default() }).await;
    assert_eq!((active.count, closed(&active)), (7, vec![174, 117, 86, 62, 53, 43, 33]));
    let all = list(&mut engine, ListCyclesRequest { limit: Some(10_000), ..Default::default() }).await;
    assert_eq!(all.count, 568 + 7);
    assert!(engine.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_any_moment_leave_no_trace_in_the_state() {
    let events = zigzag(40_000);
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("killed", Mode::Replay, &events), 100).await;
    let steps = [100, 2_000, 2_001, 9_000, 9_700, 21_000, 33_333, 40_000];

    for (pair, wait_ms) in steps.windows(2).zip([400, 10, 150, 30, 260, 90, 300]) {
        let mut engine = Engine::start(folder.path(), market.address, &[]);
        engine.until("a connection", |status| status.caught_up).await;
        market.grow(pair[1]);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        engine.kill();
    }
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    let status = engine.caught_up_at(40_000).await;

    assert_eq!(status.restart.unwrap().kind(), restart::Kind::Warm);
    assert_eq!(status.state_hash, hash_of(&events));
    let whole = folded(0, &events);
    let expected: Vec<u32> = whole.cycles().tracks().iter().map(|track| track.closed).collect();
    let all = list(&mut engine, ListCyclesRequest { limit: Some(10_000), ..Default::default() }).await;
    assert_eq!(closed(&all), expected);
    assert_eq!(all.count, expected.iter().sum::<u32>() + 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_commits_what_was_folded_and_the_next_start_goes_on_there() {
    let events = zigzag(9_000);
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("log", Mode::Live, &events), 9_000).await;

    let mut engine = Engine::start(folder.path(), market.address, &[]);
    let cold = engine.caught_up_at(9_000).await.restart.unwrap();
    assert!(engine.terminate().await.success());
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    let status = engine.caught_up_at(9_000).await;

    assert_eq!((cold.from_seq, cold.reason.as_str()), (9_000 - 7_201, "the ledger is empty"));
    let warm = status.restart.clone().unwrap();
    assert_eq!((warm.kind(), warm.from_seq, warm.events), (restart::Kind::Warm, 9_000, 0));
    let fetched = |status: &GetStatusResponse| {
        status.tables.iter().any(|table| table.name == "prices" && table.rows == 9_000)
    };
    engine.until("the prices of the last hours", fetched).await;
    assert!(engine.terminate().await.success());

    let mut engine = Engine::start(folder.path(), market.address, &["--cold"]);
    let cold = engine.caught_up_at(9_000).await;
    assert_eq!(cold.restart.unwrap().reason, "asked for with --cold");
    assert_eq!(cold.state_hash, status.state_hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_are_missing_or_come_twice_and_streams_that_break_off_are_read_again() {
    let events = zigzag(7_000);
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("faulty", Mode::Simulated, &events), 100).await;
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    engine.caught_up_at(100).await;

    for (seq, fault) in [(2_000, Fault::Missing), (4_000, Fault::Repeated), (7_000, Fault::Broken)] {
        market.fail(seq - 1_000, fault);
        market.grow(seq);
        engine.caught_up_at(seq).await;
    }
    let status = engine.caught_up_at(7_000).await;

    assert_eq!(status.state_hash, hash_of(&events));
    assert_eq!(status.feed.unwrap().reconnects, 3);
    assert!(market.subscriptions() >= 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_stale_and_ends_in_a_new_stream() {
    let events = zigzag(600);
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("silent", Mode::Live, &events), 300).await;
    market.fail(400, Fault::Silent);

    let mut engine = Engine::start(folder.path(), market.address, &[]);
    engine.caught_up_at(300).await;
    market.grow(600);
    let stale = feed_connection::State::Stale;
    let status =
        engine.until("STALE", |status| status.feed.as_ref().is_some_and(|feed| feed.state() == stale)).await;

    assert!(status.feed.unwrap().reason.starts_with("nothing has come for 3 s"));
    let status = engine.caught_up_at(600).await;
    assert_eq!(status.state_hash, hash_of(&events));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_that_is_no_longer_kept_leads_to_a_cold_start_that_says_so() {
    let events = zigzag(9_000);
    let folder = tempfile::tempdir().unwrap();
    let log = log_of("kept", Mode::Live, &events);
    let market = Market::start(log.clone(), 1_000).await;
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    engine.caught_up_at(1_000).await;
    assert!(engine.terminate().await.success());

    market.replace(Log { oldest_seq: 5_000, ..log }, 9_000);
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    let status = engine.caught_up_at(9_000).await;

    let restart = status.restart.unwrap();
    assert_eq!((restart.kind(), restart.from_seq), (restart::Kind::Cold, 4_999));
    assert!(restart.reason.contains("the oldest position is 5000"), "{}", restart.reason);
    assert_eq!(status.state_hash, state_hash(&folded(4_999, &events[4_999..])).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_log_leads_to_a_cold_start_while_running() {
    let (events, others) = (zigzag(2_000), zigzag(3_000));
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("first", Mode::Live, &events), 2_000).await;
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    engine.caught_up_at(2_000).await;

    market.replace(log_of("second", Mode::Live, &others), 3_000);
    let status = engine
        .until("the other log", |status| {
            status.log_id == "second"
                && status.caught_up
                && status.state_seq == status.cursor_seq
                && status.cursor_seq == 3_000
        })
        .await;

    assert_eq!(status.restart.unwrap().reason, "the log is second, not first");
    assert_eq!(status.state_hash, hash_of(&others));
    assert_eq!(
        list(&mut engine, ListCyclesRequest { active_only: true, ..Default::default() }).await.count,
        7
    );
    engine.kill();
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    assert_eq!(engine.caught_up_at(3_000).await.state_hash, hash_of(&others));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hours_of_backlog_are_caught_up_with() {
    let mut events = Vec::new();
    for tick in zigzag(7_200) {
        let micros = tick.event_time.get();
        events.push(tick);
        events.push(price_at(micros, "BTC", 90_000.0));
        events.push(price_at(micros, "ETH", 3_000.0));
        events.extend((0..3).map(|number| trade_at(micros, number)));
    }
    let head = events.len() as u64;
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("backlog", Mode::Live, &events), head).await;

    let mut engine = Engine::start(folder.path(), market.address, &[]);
    let status = engine.caught_up_at(head).await;

    eprintln!("two hours of backlog: caught up in {:?} ms", status.catch_up_ms);
    assert_eq!((status.cursor_seq, status.catch_up_ms.is_some()), (head, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_that_cannot_be_right_are_refused_by_name() {
    let events = zigzag(300);
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("log", Mode::Live, &events), 300).await;
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    engine.caught_up_at(300).await;

    for (threshold, limit, refusal) in [
        (Some(0.33), None, "threshold is 0.33; computed are 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5"),
        (None, Some(0), "limit is 0; it must be 1 to 10000"),
        (None, Some(10_001), "limit is 10001; it must be 1 to 10000"),
    ] {
        let cycles = ListCyclesRequest { threshold, limit, active_only: false };
        let refused = engine.client.list_cycles(cycles).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, refusal));
        let rows = ListPriceAnalysisRequest { threshold, limit };
        let refused = engine.client.list_price_analysis(rows).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, refusal));
    }
    let analyzed = |status: &GetStatusResponse| {
        status.tables.iter().any(|table| table.name == "price_analysis" && table.rows > 0)
    };
    engine.until("the analysis", analyzed).await;
    let rows = ListPriceAnalysisRequest { threshold: Some(0.3), limit: Some(5) };
    let rows = engine.client.list_price_analysis(rows).await.unwrap().into_inner();
    assert_eq!((rows.count, rows.rows[0].seq, rows.rows[4].seq), (5, 300, 296));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_see_the_active_cycles_then_every_turn_and_are_told_when_it_stops() {
    let events = zigzag(2_000);
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("watched", Mode::Live, &events), 500).await;
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    engine.caught_up_at(500).await;
    let before = list(&mut engine, ListCyclesRequest { limit: Some(10_000), ..Default::default() }).await;

    let mut stream = engine.client.stream_trading(StreamTradingRequest {}).await.unwrap().into_inner();
    let mut seen = Vec::new();
    for _ in 0..7 {
        seen.push(stream.message().await.unwrap().unwrap());
    }
    market.grow(2_000);
    engine.caught_up_at(2_000).await;
    let after = list(&mut engine, ListCyclesRequest { limit: Some(10_000), ..Default::default() }).await;
    let turns: u32 = closed(&after).iter().sum::<u32>() - closed(&before).iter().sum::<u32>();
    assert!(turns > 20, "{turns}");
    let mut ended = 0;
    while ended < turns {
        let told = stream.message().await.unwrap().unwrap();
        let Some(stream_trading_response::Event::Cycle(cycle)) = told.event else { panic!("no cycle") };
        ended += u32::from(!cycle.active);
    }

    let stopped = tokio::spawn(engine.terminate());
    let end = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            other => break other,
        }
    };
    assert_eq!(end.unwrap_err().code(), Code::Unavailable);
    assert!(stopped.await.unwrap().success());
    assert!(seen.iter().all(|told| told.seq == 500));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_and_metrics_are_told_over_http() {
    let events = zigzag(300);
    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log_of("log", Mode::Live, &events), 300).await;
    let mut engine = Engine::start(folder.path(), market.address, &[]);
    engine.caught_up_at(300).await;

    assert!(engine.get("/readyz").starts_with("HTTP/1.1 200"));
    let metrics = engine.get("/metrics");
    for (name, value) in
        [("goat_trading_events_folded_total", " 300"), ("goat_trading_cursor_lag_events", " 0")]
    {
        assert!(metrics.contains(&format!("{name}{value}\n")), "{metrics}");
    }
    for name in ["goat_trading_fold_batch_seconds", "goat_trading_feed_queue_frames"] {
        assert!(metrics.contains(name), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_waits_for_a_data_engine_that_is_not_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let absent = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut engine = Engine::start(folder.path(), absent, &[]);

    let waits = |status: &GetStatusResponse| status.feed.as_ref().is_some_and(|feed| !feed.reason.is_empty());
    let status = engine.until("a reason", waits).await;

    let feed = status.feed.unwrap();
    assert_eq!(feed.state(), feed_connection::State::Connecting);
    assert!(feed.reason.starts_with("the data-engine cannot be read: "), "{}", feed.reason);
    assert!(!status.caught_up && status.restart.is_none());
    assert!(engine.terminate().await.success());
}
