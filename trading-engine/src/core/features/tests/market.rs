//! Events of a made-up market.

use goat::event::{
    BookSnapshot, Observation, Payload, Perp, PositionSide, Side, Source, TokenPrice, Venue, WalletTrade,
    WhaleMovement,
};
use goat::values::{Price, Quantity, Symbol, UnixMicros};

/// A whole second.
const START_MICROS: i64 = 1_767_000_000_000_000;

pub(super) type Known = (UnixMicros, Observation);

pub(super) fn time(millis: i64) -> UnixMicros {
    UnixMicros::new(START_MICROS + millis * 1000).unwrap()
}

pub(super) fn observed(millis: i64, payload: Payload) -> Known {
    // When it happened does not count, only when it became known.
    let observation = Observation {
        event_time: time(millis - 777_000),
        received_time: time(millis),
        source: Source::Simulated,
        source_position: 0,
        payload,
    };
    (time(millis), observation)
}

pub(super) fn price(token: &str, price: f64) -> Payload {
    Payload::Price(TokenPrice {
        token: Symbol::parse(token).unwrap(),
        price: Price::new(price).unwrap(),
        block_id: 0,
    })
}

/// A book of two sides with those depths; the rest follows from them so that no two numbers are alike.
pub(super) fn book(mid: f64, bid_depth: f64, ask_depth: f64, change: Option<f64>) -> BookSnapshot {
    let mut book = BookSnapshot {
        symbol: Symbol::parse("SOLUSDT").unwrap(),
        venue: Venue::Binance,
        update_id: 1,
        bids: Vec::new(),
        asks: Vec::new(),
        features: goat::wire::market::BookFeatures::default(),
    };
    book.features.mid_price = mid;
    book.features.bid_depth_10 = bid_depth;
    book.features.ask_depth_10 = ask_depth;
    book.features.volume_imbalance = (bid_depth - ask_depth) / (bid_depth + ask_depth);
    book.features.bid_vwap_10 = mid * (1.0 - bid_depth * 1e-7);
    book.features.ask_vwap_10 = mid * (1.0 + ask_depth * 1e-7);
    book.features.spread_bps = 0.5 + bid_depth / 1000.0;
    book.features.microprice_deviation_bps = (ask_depth - bid_depth) / 700.0;
    book.features.bid_slope = -3.0 * bid_depth;
    book.features.ask_slope = 2.0 * ask_depth;
    book.features.net_liquidity_change_1s = change;
    book
}

pub(super) fn booked(book: BookSnapshot) -> Payload {
    Payload::Book(Box::new(book))
}

pub(super) fn trade(side: Side, sol: f64, price: f64, perp: Option<PositionSide>) -> Payload {
    Payload::Trade(Box::new(WalletTrade {
        signature: String::new(),
        wallet: String::new(),
        side,
        sol_amount: Quantity::new(sol).unwrap(),
        stablecoin: "USDC".to_owned(),
        stablecoin_amount: Quantity::new(sol * price).unwrap(),
        price: Price::new(price).unwrap(),
        slot: 0,
        block_height: 0,
        perp: Perp { has_position: perp.is_some(), side: perp, ..Perp::default() },
        raw_json: String::new(),
    }))
}

/// An inflow when `change` is above zero.
pub(super) fn movement(change: f64, share_percent: f64) -> WhaleMovement {
    WhaleMovement {
        signature: String::new(),
        wallet: String::new(),
        whale_type: String::new(),
        direction: if change > 0.0 { "in" } else { "out" }.to_owned(),
        action: String::new(),
        significance: String::new(),
        sol_change: change,
        abs_change: Quantity::new(change.abs()).unwrap(),
        percentage_moved: share_percent,
        previous_balance: 0.0,
        current_balance: 0.0,
        fee_paid: 0.0,
        slot: 0,
        perp: Perp::default(),
        raw_json: String::new(),
    }
}

pub(super) fn moved(movement: WhaleMovement) -> Payload {
    Payload::Whale(Box::new(movement))
}
