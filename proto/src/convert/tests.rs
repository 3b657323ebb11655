use proptest::prelude::*;

use super::*;
use crate::event::{
    BookSnapshot, Candle, DeadLetter, FeedEvent, FeedEventKind, Level, Observation, Payload, Perp,
    PositionSide, Side, Source, TokenPrice, UserEvent, Venue, WalletTrade, WhaleMovement,
};
use crate::values::{Price, Quantity, Symbol};
use crate::wire::market as wire;

fn observation(payload: Payload) -> Observation {
    let time = UnixMicros::from_seconds(1_767_478_430).unwrap();
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Jupiter,
        source_position: 3,
        payload,
    }
}

fn price_event(price: f64) -> wire::MarketEvent {
    let price = TokenPrice { token: symbol("SOL"), price: Price::new(price).unwrap(), block_id: 7 };
    record(42, &observation(Payload::Price(price)))
}

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

fn price(value: f64) -> Price {
    Price::new(value).unwrap()
}

fn quantity(value: f64) -> Quantity {
    Quantity::new(value).unwrap()
}

fn perp() -> Perp {
    Perp {
        has_position: true,
        platform: "drift".into(),
        side: Some(PositionSide::Short),
        size: Some(2.5),
        leverage: None,
        entry_price: Some(120.0),
    }
}

fn one_of_each_kind() -> Vec<Payload> {
    let time = UnixMicros::from_seconds(1_767_478_400).unwrap();
    let level = |value| Level { price: price(value), quantity: quantity(1.5) };
    vec![
        Payload::Price(TokenPrice { token: symbol("SOL"), price: price(120.25), block_id: 7 }),
        Payload::Book(Box::new(BookSnapshot {
            symbol: symbol("SOLUSDT"),
            venue: Venue::Bybit,
            update_id: 88,
            bids: vec![level(120.0), level(119.99)],
            asks: vec![level(120.01)],
            features: wire::BookFeatures { mid_price: 120.005, ..wire::BookFeatures::default() },
        })),
        Payload::Trade(Box::new(WalletTrade {
            signature: "s".into(),
            wallet: "w".into(),
            side: Side::Sell,
            sol_amount: quantity(0.0),
            stablecoin: "USDC".into(),
            stablecoin_amount: quantity(213.4),
            price: price(120.3),
            slot: 1,
            block_height: 2,
            perp: perp(),
            raw_json: "{}".into(),
        })),
        Payload::Whale(Box::new(WhaleMovement {
            signature: "s".into(),
            wallet: "w".into(),
            whale_type: "WHALE".into(),
            direction: "out".into(),
            action: "transfer".into(),
            significance: "HIGH".into(),
            sol_change: -1200.0,
            abs_change: quantity(1200.0),
            percentage_moved: 4.0,
            previous_balance: 30_000.0,
            current_balance: 28_800.0,
            fee_paid: 0.000_005,
            slot: 9,
            perp: Perp::default(),
            raw_json: "{}".into(),
        })),
        Payload::Candle(Candle {
            symbol: symbol("BTCUSDT"),
            venue: Venue::Binance,
            interval_seconds: 300,
            open_time: time,
            open: price(1.0),
            high: price(2.0),
            low: price(0.5),
            close: price(1.5),
            volume: quantity(10.0),
        }),
        Payload::Feed(FeedEvent {
            feed: "prices".into(),
            kind: FeedEventKind::Gap,
            symbol: Some(symbol("SOL")),
            from: Some(time),
            to: None,
            reason: "nothing came".into(),
        }),
        Payload::DeadLetter(DeadLetter::new("trades", "price must be greater than zero, got 0", "{}")),
        Payload::User(Box::new(UserEvent::new("my.feed", Some(symbol("SOL")), r#"{"mood":0.7}"#).unwrap())),
    ]
}

#[test]
fn every_kind_survives_the_wire() {
    for payload in one_of_each_kind() {
        let sent = observation(payload);
        assert_eq!(Observation::try_from(record(42, &sent)).unwrap(), sent);
    }
}

proptest! {
    /// A moment survives the wire to the microsecond, before 1970 too.
    #[test]
    fn a_moment_survives_the_wire(micros in -62_135_596_800_000_000_i64..253_402_300_799_999_999) {
        let time = UnixMicros::new(micros).unwrap();
        let wire = prost_types::Timestamp::from(time);
        prop_assert!((0..1_000_000_000).contains(&wire.nanos));
        prop_assert_eq!(UnixMicros::try_from(wire).unwrap(), time);
    }

    /// A price survives the wire to the last bit.
    #[test]
    fn a_price_survives_the_wire(price in 1e-9_f64..1e12) {
        let observation = Observation::try_from(price_event(price)).unwrap();
        let Payload::Price(read) = observation.payload else { panic!("not a price") };
        prop_assert_eq!(read.price.get().to_bits(), price.to_bits());
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let mut event = price_event(1.0);
    event.event_time = None;
    assert_eq!(Observation::try_from(event).unwrap_err().to_string(), "event_time is missing");

    let mut event = price_event(1.0);
    event.source = 99;
    assert_eq!(Observation::try_from(event).unwrap_err().to_string(), "source has the unknown number 99");

    let mut event = price_event(1.0);
    if let Some(wire::market_event::Payload::Price(price)) = &mut event.payload {
        price.price = f64::NAN;
    }
    let error = Observation::try_from(event).unwrap_err();
    assert_eq!(error.to_string(), "price must be greater than zero and at most 1e15, got NaN");
}
