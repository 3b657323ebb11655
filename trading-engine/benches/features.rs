//! How long features take: a fold, and the whole catalogue at one moment of a full window.
//!
//! `cargo bench -p trading-engine` prints the figures; nothing is asserted. Wanted: `at` under 1 ms, a price fold
//! far under 1 µs.

// A measurement that cannot be taken is worth nothing.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use goat::event::{
    BookSnapshot, Observation, Payload, Perp, Side, Source, TokenPrice, Venue, WalletTrade, WhaleMovement,
};
use goat::values::{Price, Quantity, Symbol, UnixMicros};
use goat::wire::market::BookFeatures;
use trading_engine::core::features::Windows;

const START_MICROS: i64 = 1_767_000_000_000_000;
const FULL_SECONDS: i64 = 26 * 60;

fn time(second: i64) -> UnixMicros {
    UnixMicros::new(START_MICROS + second * 1_000_000).unwrap()
}

fn observed(second: i64, payload: Payload) -> Observation {
    let now = time(second);
    Observation {
        event_time: now,
        received_time: now,
        source: Source::Simulated,
        source_position: 0,
        payload,
    }
}

/// Goes up and down, so that there are turning points.
fn wave(second: i64) -> f64 {
    let place = f64::from(u16::try_from(second % 97).unwrap());
    120.0 + (place / 10.0).sin() * 0.4 + f64::from(u8::try_from(second % 7).unwrap()) * 0.01
}

fn price(token: &str, second: i64) -> Observation {
    let token = Symbol::parse(token).unwrap();
    let price = Price::new(wave(second)).unwrap();
    observed(second, Payload::Price(TokenPrice { token, price, block_id: 0 }))
}

fn book(second: i64) -> Observation {
    let features = BookFeatures {
        mid_price: wave(second),
        bid_depth_10: 400.0,
        ask_depth_10: 500.0,
        bid_vwap_10: 119.9,
        ask_vwap_10: 120.1,
        bid_slope: -20.0,
        ask_slope: 10.0,
        net_liquidity_change_1s: Some(3.0),
        ..BookFeatures::default()
    };
    let symbol = Symbol::parse("SOLUSDT").unwrap();
    let (bids, asks) = (Vec::new(), Vec::new());
    let book = BookSnapshot { symbol, venue: Venue::Binance, update_id: 1, bids, asks, features };
    observed(second, Payload::Book(Box::new(book)))
}

fn trade(second: i64) -> Observation {
    let trade = WalletTrade {
        signature: String::new(),
        wallet: String::new(),
        side: if second % 3 == 0 { Side::Sell } else { Side::Buy },
        sol_amount: Quantity::new(5.0).unwrap(),
        stablecoin: "USDC".to_owned(),
        stablecoin_amount: Quantity::new(600.0).unwrap(),
        price: Price::new(wave(second)).unwrap(),
        slot: 0,
        block_height: 0,
        perp: Perp::default(),
        raw_json: String::new(),
    };
    observed(second, Payload::Trade(Box::new(trade)))
}

fn movement(second: i64) -> Observation {
    let movement = WhaleMovement {
        signature: String::new(),
        wallet: String::new(),
        whale_type: String::new(),
        direction: if second % 2 == 0 { "in" } else { "out" }.to_owned(),
        action: String::new(),
        significance: String::new(),
        sol_change: 0.0,
        abs_change: Quantity::new(100.0).unwrap(),
        percentage_moved: 6.0,
        previous_balance: 0.0,
        current_balance: 0.0,
        fee_paid: 0.0,
        slot: 0,
        perp: Perp::default(),
        raw_json: String::new(),
    };
    observed(second, Payload::Whale(Box::new(movement)))
}

/// Every source has something in every second.
fn full() -> Windows {
    let mut windows = Windows::new(Venue::Binance, Symbol::parse("SOLUSDT").unwrap());
    for second in 0..FULL_SECONDS {
        let prices = ["SOL", "BTC", "ETH"].map(|token| price(token, second));
        for event in prices.iter().chain(&[book(second), trade(second), movement(second)]) {
            windows.fold(time(second), event);
        }
    }
    windows
}

fn measure(criterion: &mut Criterion) {
    let mut windows = full();
    criterion.bench_function("features at a moment, full windows", |bencher| {
        bencher.iter(|| black_box(&windows).at(black_box(time(FULL_SECONDS))));
    });
    for (name, made) in
        [("price", price("SOL", 0)), ("book", book(0)), ("trade", trade(0)), ("whale", movement(0))]
    {
        let mut micros = START_MICROS + FULL_SECONDS * 1_000_000;
        criterion.bench_function(&format!("fold of a {name}, 10 a second"), |bencher| {
            bencher.iter(|| {
                micros += 100_000;
                windows.fold(UnixMicros::new(micros).unwrap(), black_box(&made));
            });
        });
    }
}

criterion_group!(benches, measure);
criterion_main!(benches);
