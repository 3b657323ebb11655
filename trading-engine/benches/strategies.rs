//! How long a back-test of a million candles takes: `cargo bench -p trading-engine --bench strategies`.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use goat::event::{Candle, Observation, Payload, Source, Venue};
use goat::values::{InvalidValue, Price, Quantity, Seq, Symbol, UnixMicros};
use trading_engine::core::command::{Command, Order};
use trading_engine::core::cycles::Threshold;
use trading_engine::core::fill::Costs;
use trading_engine::core::market::PricingBook;
use trading_engine::core::money::Usd;
use trading_engine::core::strategies::{Chosen, InstancePlan, Report, STRATEGIES};
use trading_engine::core::{Effect, Engine, Plan};

const CANDLES: u32 = 1_000_000;
const INTERVAL_SECONDS: u32 = 300;
const START_SECONDS: i64 = 1_640_995_200;

fn engine(strategy: &str) -> Result<Engine, Box<dyn Error>> {
    let threshold = Threshold::from_hundredths(30);
    let plan = Plan {
        cycle_token: Symbol::parse("SOL")?,
        cycle_thresholds: vec![threshold],
        entry_threshold: threshold,
        book: PricingBook { venue: Venue::Binance, symbol: Symbol::parse("SOLUSDT")? },
    };
    let strategy = InstancePlan {
        strategy: Chosen::named(strategy).ok_or("no such strategy")?,
        venue: Venue::Binance,
        symbol: Symbol::parse("BTCUSDT")?,
        interval_seconds: INTERVAL_SECONDS,
        start: Usd::from_dollars(10_000),
        costs: Costs::standard(),
        latency_ms: 250,
    };
    let mut engine = Engine::new(plan, Seq::ZERO);
    let order = Order::SetStrategies(vec![strategy]);
    let set = Command { ordinal: 1, after_seq: Seq::ZERO, time: UnixMicros::default(), order };
    engine.command(&set, &mut Vec::new());
    Ok(engine)
}

/// A walk of half a percent a candle around 60 000.
fn candles() -> Result<Vec<Observation>, InvalidValue> {
    let mut state = 1_u64;
    let mut last = 60_000.0_f64;
    let symbol = Symbol::parse("BTCUSDT")?;
    let mut candles = Vec::new();
    for number in 0..CANDLES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = f64::from(u32::try_from(state >> 32).unwrap_or_default()) / f64::from(u32::MAX);
        let open = last;
        last = open * (1.0 + (60_000.0 - open) / 120_000_000.0 + (uniform - 0.5) * 0.01);
        let open_seconds = START_SECONDS + i64::from(number) * i64::from(INTERVAL_SECONDS);
        let closed = UnixMicros::from_seconds(open_seconds + i64::from(INTERVAL_SECONDS))?;
        let candle = Candle {
            symbol,
            venue: Venue::Binance,
            interval_seconds: INTERVAL_SECONDS,
            open_time: UnixMicros::from_seconds(open_seconds)?,
            open: Price::new(open)?,
            high: Price::new(open.max(last) * 1.001)?,
            low: Price::new(open.min(last) * 0.999)?,
            close: Price::new(last)?,
            volume: Quantity::new(1.0 + uniform)?,
        };
        candles.push(Observation {
            event_time: closed,
            received_time: closed,
            source: Source::Simulated,
            source_position: 0,
            payload: Payload::Candle(candle),
        });
    }
    Ok(candles)
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn Error>> {
    let candles = candles()?;
    for strategy in STRATEGIES {
        let (mut engine, mut effects, mut trades) = (engine(strategy.name())?, Vec::new(), 0_u32);
        let began = Instant::now();
        for (seq, candle) in (1..).zip(&candles) {
            engine.handle(Seq::new(seq), candle, &mut effects);
            let is_trade = |effect: &Effect| matches!(effect, Effect::Strategy(Report::Trade(_)));
            trades += u32::from(effects.iter().any(is_trade));
            black_box(&effects);
            effects.clear();
        }
        let took = began.elapsed();
        println!("{:<16} {CANDLES} candles in {took:.2?}, {trades} trades", strategy.name());
    }
    Ok(())
}
