//! `ma_rsi` against a second implementation that shares nothing with it: three years of candles, pandas, to the cent.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use goat::event::{Candle, Observation, Payload, Source, Venue};
use goat::values::{Price, Quantity, Seq, Symbol, UnixMicros};
use trading_engine::core::command::{Command as Ordered, Order};
use trading_engine::core::cycles::Threshold;
use trading_engine::core::fill::{Costs, UncheckedCosts};
use trading_engine::core::market::PricingBook;
use trading_engine::core::money::Usd;
use trading_engine::core::strategies::{Chosen, ClosedTrade, InstancePlan, Report};
use trading_engine::core::{Effect, Engine, Plan};

const CANDLES: i64 = 3 * 365 * 288;
const SECOND: i64 = 1_000_000;
const INTERVAL: i64 = 300 * SECOND;
/// A midnight of UTC.
const START: i64 = 1_640_995_200 * SECOND;

/// Python with pandas: named by `GOAT_PYTHON`, or the Makefile's.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("GOAT_PYTHON").map(PathBuf::from);
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    let made = cache.map(|cache| cache.join("follow-the-goat/pandas-3.1.1/bin/python"));
    let found = named.into_iter().chain(made).find(|path| path.is_file());
    if found.is_none() {
        println!("SKIPPED: Python with pandas is neither named by GOAT_PYTHON nor made by `make pandas`");
    }
    found
}

/// A walk whose swings make crossings, stops and targets; cents.
fn market() -> Vec<[f64; 4]> {
    let mut state = 42_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let cents = |price: f64| (price * 100.0).round() / 100.0;
    let mut last = 60_000.0_f64;
    (0..CANDLES)
        .map(|_| {
            let open = last;
            let pull = (60_000.0 - open) / 60_000.0 * 0.0005;
            last = cents(open * (1.0 + pull + (uniform() - 0.5) * 0.02));
            let high = cents(open.max(last) * (1.0 + uniform() * 0.002));
            let low = cents(open.min(last) * (1.0 - uniform() * 0.002));
            [open, high, low, last]
        })
        .collect()
}

fn engine() -> Engine {
    let symbol = |text| Symbol::parse(text).unwrap();
    let threshold = Threshold::from_hundredths(30);
    let plan = Plan {
        cycle_token: symbol("SOL"),
        cycle_thresholds: vec![threshold],
        entry_threshold: threshold,
        book: PricingBook { venue: Venue::Binance, symbol: symbol("SOLUSDT") },
    };
    let costs = UncheckedCosts { taker_fee_bps: 10.0, slippage_bps: 3.0, ..UncheckedCosts::default() };
    let strategy = InstancePlan {
        strategy: Chosen::named("ma_rsi").unwrap(),
        venue: Venue::Binance,
        symbol: symbol("BTCUSDT"),
        interval_seconds: 300,
        start: Usd::from_dollars(10_000),
        costs: Costs::new(costs).unwrap(),
        latency_ms: 250,
    };
    let mut engine = Engine::new(plan, Seq::ZERO);
    let order = Order::SetStrategies(vec![strategy]);
    let set = Ordered { ordinal: 1, after_seq: Seq::ZERO, time: UnixMicros::default(), order };
    engine.command(&set, &mut Vec::new());
    engine
}

fn candle(number: i64, [open, high, low, close]: [f64; 4]) -> Observation {
    let price = |price| Price::new(price).unwrap();
    let closed = START + (number + 1) * INTERVAL;
    let candle = Candle {
        symbol: Symbol::parse("BTCUSDT").unwrap(),
        venue: Venue::Binance,
        interval_seconds: 300,
        open_time: UnixMicros::new(START + number * INTERVAL).unwrap(),
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume: Quantity::new(1.0).unwrap(),
    };
    Observation {
        event_time: UnixMicros::new(closed).unwrap(),
        received_time: UnixMicros::new(closed + SECOND / 10).unwrap(),
        source: Source::Simulated,
        source_position: 0,
        payload: Payload::Candle(candle),
    }
}

fn traded(market: &[[f64; 4]]) -> Vec<ClosedTrade> {
    let (mut engine, mut effects, mut trades) = (engine(), Vec::new(), Vec::new());
    for (number, prices) in (0..).zip(market) {
        let seq = Seq::new(u64::try_from(number).unwrap() + 1);
        engine.handle(seq, &candle(number, *prices), &mut effects);
        trades.extend(effects.drain(..).filter_map(|effect| match effect {
            Effect::Strategy(Report::Trade(trade)) => Some(*trade),
            _ => None,
        }));
    }
    trades
}

#[test]
fn three_years_of_candles_give_the_trades_of_pandas_to_the_cent() {
    let Some(python) = python() else { return };
    let market = market();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("candles.csv");
    let mut rows = String::new();
    for [open, high, low, close] in &market {
        writeln!(rows, "{open},{high},{low},{close}").unwrap();
    }
    std::fs::write(&path, rows).unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/ma_rsi.py");
    let ended = Command::new(python).arg(script).arg(&path).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let expected = String::from_utf8(ended.stdout).unwrap();
    let trades = traded(&market);

    let place = |time: UnixMicros| (time.get() - START) / INTERVAL - 1;
    let mut total = 0.0;
    for (trade, row) in trades.iter().zip(expected.lines()) {
        let fields: Vec<&str> = row.split(',').collect();
        let (entered, left) = (place(trade.opened_at()).to_string(), place(trade.closed_at()).to_string());
        assert_eq!([entered.as_str(), left.as_str(), trade.exit_reason.as_ref()], fields[..3], "{row}");
        let profit: f64 = fields[3].parse().unwrap();
        assert!((trade.profit.to_f64() - profit).abs() < 0.005, "{} and {profit}", trade.profit);
        total += profit;
    }
    assert_eq!(trades.len(), expected.lines().count());
    let made: Usd = trades.iter().map(|trade| trade.profit).sum();
    assert!((made.to_f64() - total).abs() < 0.005, "{made} and {total} in all");
    assert!(trades.len() > 1_000, "{} trades", trades.len());
    for reason in ["STOP_LOSS", "TAKE_PROFIT", "SIGNAL"] {
        assert!(trades.iter().any(|trade| trade.exit_reason == reason), "no {reason}");
    }
    println!("{} trades over {CANDLES} candles, {made} USD, as pandas has them", trades.len());
}
