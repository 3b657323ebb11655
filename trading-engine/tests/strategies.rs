//! Paper strategies in the whole engine, as a process that is killed again and again.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp
)]

mod market;
mod process;
mod recordings;

use std::path::Path;
use std::time::Duration;

use goat::event::{BookSnapshot, Candle, Level, Observation, Payload, Source, Venue};
use goat::values::{Price, Quantity, Symbol, UnixMicros};
use goat::wire::market::{BookFeatures, Mode};
use goat::wire::trading::{
    GetResultsRequest, GetResultsResponse, ListStrategiesRequest, ListStrategyTradesRequest, Strategy,
    StrategyTrade,
};
use market::Market;
use process::Engine;
use recordings::log_of;

const KILLS: u64 = 50;
/// A day's.
const CANDLES: i64 = 288;
const SECOND: i64 = 1_000_000;
const INTERVAL: i64 = 300 * SECOND;
/// A midnight of UTC.
const START: i64 = 1_766_966_400 * SECOND;
/// Seconds into a candle at which a book comes.
const BOOKS_AT: [i64; 3] = [2, 120, 240];
/// Milliseconds between two kills: from right after a start to well under way.
const PAUSES_MS: [u64; 7] = [0, 40, 90, 15, 160, 60, 25];
const STRATEGIES: &str = r#"[{strategy="ma_rsi",venue="binance"},{strategy="ma_rsi",venue="bybit"},{strategy="donchian",venue="bybit"}]"#;

fn observed(micros: i64, payload: Payload) -> Observation {
    let time = UnixMicros::new(micros).unwrap();
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Simulated,
        source_position: 0,
        payload,
    }
}

fn symbol() -> Symbol {
    Symbol::parse("BTCUSDT").unwrap()
}

fn book(venue: Venue, price: f64) -> Box<BookSnapshot> {
    let level =
        |price: f64| Level { price: Price::new(price).unwrap(), quantity: Quantity::new(1.0).unwrap() };
    Box::new(BookSnapshot {
        symbol: symbol(),
        venue,
        update_id: 1,
        bids: vec![level(price - 0.5)],
        asks: vec![level(price + 0.5)],
        features: BookFeatures { mid_price: price, ..BookFeatures::default() },
    })
}

fn candle(venue: Venue, number: i64, [open, high, low, close]: [f64; 4]) -> Candle {
    let price = |price| Price::new(price).unwrap();
    Candle {
        symbol: symbol(),
        venue,
        interval_seconds: 300,
        open_time: UnixMicros::new(START + number * INTERVAL).unwrap(),
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume: Quantity::new(1.0).unwrap(),
    }
}

/// Uniform numbers from 0 to 1, the same for the same seed.
fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

/// A walk whose swings make crossings, stops and targets, on two exchanges that are a little apart.
fn walk(days: i64) -> Vec<Observation> {
    let mut uniform = random(7);
    let (mut last, mut events) = (60_000.0_f64, Vec::new());
    for number in 0..days * CANDLES {
        let begins = START + number * INTERVAL;
        let mut path = vec![last];
        for second in BOOKS_AT {
            let pull = (60_000.0 - last) / 60_000.0 * 0.0005;
            last = (last * (1.0 + pull + (uniform() - 0.5) * 0.012)).round();
            path.push(last);
            for (venue, apart) in [(Venue::Binance, 0.0), (Venue::Bybit, (uniform() * 20.0).round())] {
                events.push(observed(begins + second * SECOND, Payload::Book(book(venue, last + apart))));
            }
        }
        let (high, low) =
            path.iter().fold((0.0_f64, f64::MAX), |(high, low), &price| (high.max(price), low.min(price)));
        for (venue, apart) in [(Venue::Binance, 0.0), (Venue::Bybit, 7.0)] {
            let prices = [path[0], high, low, last].map(|price| price + apart);
            let closed =
                observed(begins + INTERVAL + SECOND / 10, Payload::Candle(candle(venue, number, prices)));
            events.push(closed);
        }
    }
    events
}

fn start(folder: &Path, market: &Market) -> Engine {
    Engine::start_with(folder, market.address, &[], &[("GOAT_STRATEGIES", STRATEGIES)])
}

/// By paging, a few at a time.
async fn all_trades(engine: &mut Engine) -> Vec<StrategyTrade> {
    let (mut trades, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListStrategyTradesRequest { limit: Some(37), page_token, ..Default::default() };
        let page = engine.client.list_strategy_trades(request).await.unwrap().into_inner();
        trades.extend(page.trades);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return trades;
        }
    }
}

/// Everything that is told of the strategies.
async fn told(engine: &mut Engine) -> (Vec<Strategy>, Vec<StrategyTrade>, Vec<GetResultsResponse>) {
    let strategies =
        engine.client.list_strategies(ListStrategiesRequest {}).await.unwrap().into_inner().strategies;
    let expected: u32 = strategies.iter().map(|strategy| strategy.trades).sum();
    // The tables follow the state a moment later.
    let mut trades = all_trades(engine).await;
    for _ in 0..200 {
        if trades.len() >= expected as usize {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        trades = all_trades(engine).await;
    }
    let mut results = Vec::new();
    for strategy in &strategies {
        let request = GetResultsRequest { strategy: strategy.name.clone(), ..Default::default() };
        results.push(engine.client.get_results(request).await.unwrap().into_inner());
    }
    (strategies, trades, results)
}

fn assert_worth_comparing(strategies: &[Strategy], trades: &[StrategyTrade]) {
    assert_eq!(strategies.len(), 3);
    for strategy in strategies {
        let own = trades.iter().filter(|trade| trade.strategy == strategy.name);
        assert_eq!(own.count(), strategy.trades as usize, "{}", strategy.name);
        assert!(strategy.trades > 20, "{} has {} trades", strategy.name, strategy.trades);
        let account = strategy.account.as_ref().unwrap();
        let made = account.realised_usd + account.unrealised_usd - account.fees_usd;
        assert!((account.equity_usd - account.start_usd - made).abs() < 1e-6, "{account:?}");
    }
    for reason in ["STOP_LOSS", "TAKE_PROFIT", "SIGNAL"] {
        assert!(trades.iter().any(|trade| trade.exit_reason == reason), "no {reason}");
    }
}

/// The account that is followed event by event and the results that are computed from the trades are one.
fn assert_results_are_the_account(strategies: &[Strategy], results: &[GetResultsResponse]) {
    for (strategy, results) in strategies.iter().zip(results) {
        let account = strategy.account.as_ref().unwrap();
        let all = results.windows.last().unwrap().always_on.as_ref().unwrap();
        assert_eq!((results.windows.last().unwrap().window.as_str(), all.trades), ("all", strategy.trades));
        for window in &results.windows {
            let found = window.always_on.as_ref().unwrap();
            assert!((found.equity_usd - account.equity_usd).abs() < 0.005, "{} {window:?}", strategy.name);
            let made = found.realised_usd + found.unrealised_usd - found.fees_usd;
            assert!((found.equity_usd - found.start_usd - made).abs() < 1e-6, "{} {window:?}", strategy.name);
        }
        assert!((all.start_usd - account.start_usd).abs() < 1e-9, "{all:?}");
        assert!((all.fees_usd - account.fees_usd).abs() < 1e-6, "{all:?}");
        assert_eq!(all.streak, strategy.streak);
        assert!(all.sharpe.is_some() && all.max_drawdown.is_some() && !all.n_too_small, "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_leave_the_trades_the_results_and_the_state_as_they_would_have_been() {
    let events = walk(40);
    let head = events.len() as u64;
    let log = log_of("strategies", Mode::Replay, &events);

    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log.clone(), head).await;
    let mut engine = start(folder.path(), &market);
    let whole = engine.caught_up_at(head).await;
    let (strategies, trades, results) = told(&mut engine).await;
    drop(engine);

    let folder = tempfile::tempdir().unwrap();
    let market = Market::start(log, 1).await;
    for kill in 1..=KILLS {
        let mut engine = start(folder.path(), &market);
        // Often it is killed on its way to the log's end, sometimes soon after.
        if kill % 3 == 1 {
            engine.until("a connection", |status| status.caught_up).await;
        }
        market.grow(head * kill / KILLS);
        tokio::time::sleep(Duration::from_millis(PAUSES_MS[kill as usize % PAUSES_MS.len()] * 2)).await;
        engine.kill();
    }
    let mut engine = start(folder.path(), &market);
    let killed = engine.caught_up_at(head).await;
    let again = told(&mut engine).await;

    assert_worth_comparing(&strategies, &trades);
    assert_results_are_the_account(&strategies, &results);
    assert_eq!(killed.restart.unwrap().kind, goat::wire::trading::restart::Kind::Warm as i32);
    assert_eq!(whole.state_hash, killed.state_hash);
    assert_eq!(again, (strategies, trades, results));
}

/// Reads a live log as it grows; with a cold start on the way when it is said how far.
async fn lived(events: &[Observation], cold_after: Option<u64>) -> (Vec<Strategy>, Vec<StrategyTrade>) {
    let (folder, head) = (tempfile::tempdir().unwrap(), events.len() as u64);
    let market = Market::start(log_of("live", Mode::Live, events), 1).await;
    let mut engine = start(folder.path(), &market);
    engine.until("a connection", |status| status.caught_up).await;
    if let Some(seq) = cold_after {
        market.grow(seq);
        engine.caught_up_at(seq).await;
        // What a kill leaves uncommitted may be older than the two hours that are read again.
        assert!(engine.terminate().await.success());
        let settings = [("GOAT_STRATEGIES", STRATEGIES)];
        engine = Engine::start_with(folder.path(), market.address, &["--cold"], &settings);
        let again = engine.caught_up_at(seq).await.restart.unwrap();
        assert_eq!(again.kind, goat::wire::trading::restart::Kind::Cold as i32);
        assert!(again.events > 100, "two hours are read again: {again:?}");
    }
    market.grow(head);
    engine.caught_up_at(head).await;
    let (strategies, trades, _) = told(&mut engine).await;
    (strategies, trades)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_and_trades_outlive_a_cold_start() {
    let events = walk(12);

    let (strategies, trades) = lived(&events, None).await;
    let again = lived(&events, Some(events.len() as u64 * 2 / 3)).await;

    assert!(strategies.iter().all(|strategy| strategy.trades > 5), "{strategies:?}");
    assert_eq!(again, (strategies, trades));
}
