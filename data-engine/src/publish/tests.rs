use goat::prost_types::Timestamp;
use goat::wire::market::{self as wire, new_event::Payload as New};
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_700_000_000;

fn now() -> UnixMicros {
    UnixMicros::from_seconds(NOW).unwrap()
}

fn live(change: impl FnOnce(&mut Settings)) -> Border {
    let mut settings = Settings::default();
    settings.feeds.mode = goat::settings::Mode::Live;
    change(&mut settings);
    Border::of(&settings)
}

fn event(payload: New) -> NewEvent {
    NewEvent { event_time: None, payload: Some(payload) }
}

fn price(token: &str, price: f64) -> New {
    New::Price(wire::Price { token: token.to_owned(), price, block_id: 0 })
}

fn candle(open_seconds: i64) -> wire::Candle {
    wire::Candle {
        symbol: "JUPUSDT".to_owned(),
        venue: wire::Venue::Binance.into(),
        interval_seconds: 60,
        open_time: Some(Timestamp { seconds: open_seconds, nanos: 0 }),
        open: 2.0,
        high: 3.0,
        low: 1.0,
        close: 2.5,
        volume: 7.0,
    }
}

fn book(bids: &[(f64, f64)], asks: &[(f64, f64)]) -> New {
    let levels = |side: &[(f64, f64)]| {
        side.iter().map(|&(price, quantity)| wire::Level { price, quantity }).collect::<Vec<_>>()
    };
    New::Book(Box::new(wire::BookSnapshot {
        symbol: "JUPUSDT".to_owned(),
        venue: wire::Venue::Binance.into(),
        bids: levels(bids),
        asks: levels(asks),
        ..wire::BookSnapshot::default()
    }))
}

fn trade() -> wire::WalletTrade {
    wire::WalletTrade {
        signature: "s".to_owned(),
        wallet: "w".to_owned(),
        side: wire::Side::Buy.into(),
        sol_amount: 1.0,
        stablecoin: "USDC".to_owned(),
        stablecoin_amount: 100.0,
        price: 100.0,
        ..wire::WalletTrade::default()
    }
}

fn whale() -> wire::WhaleMovement {
    wire::WhaleMovement {
        signature: "s".to_owned(),
        wallet: "w".to_owned(),
        ..wire::WhaleMovement::default()
    }
}

fn user(feed: &str, json: &str) -> New {
    New::User(wire::UserEvent { feed: feed.to_owned(), symbol: String::new(), json: json.to_owned() })
}

fn refused(border: &Border, event: NewEvent) -> String {
    border.admit(event, now(), now()).unwrap_err().to_string()
}

#[test]
fn every_kind_is_taken_as_the_operators_own_and_at_its_time() {
    let border = live(|_| {});
    for (payload, seconds) in [
        (price("jup", 0.5), NOW),
        (book(&[(1.0, 2.0), (0.9, 1.0)], &[(1.1, 3.0)]), NOW),
        (New::Trade(trade()), NOW),
        (New::Whale(whale()), NOW),
        (New::Candle(candle(NOW - 120)), NOW - 60),
        (user("mood", r#"{"index":0.7}"#), NOW),
    ] {
        let taken = border.admit(event(payload.clone()), now(), now()).unwrap();
        assert_eq!(taken.source, Source::User, "{payload:?}");
        assert_eq!(taken.event_time, UnixMicros::from_seconds(seconds).unwrap(), "{payload:?}");
    }
}

#[test]
fn the_features_of_a_book_are_computed_and_not_believed() {
    let New::Book(mut told) = book(&[(1.0, 2.0)], &[(2.0, 3.0)]) else { panic!() };
    told.features = Some(wire::BookFeatures { mid_price: 99.0, ..wire::BookFeatures::default() });

    let taken = live(|_| {}).admit(event(New::Book(told)), now(), now()).unwrap();

    let Payload::Book(book) = taken.payload else { panic!() };
    assert_eq!((book.features.mid_price, book.features.spread), (1.5, 1.0));
}

#[test]
fn what_cannot_be_right_is_refused_by_field_and_value() {
    let border = live(|_| {});
    let bad_candle = |change: fn(&mut wire::Candle)| {
        let mut candle = candle(NOW - 120);
        change(&mut candle);
        New::Candle(candle)
    };
    let bad_trade = |change: fn(&mut wire::WalletTrade)| {
        let mut trade = trade();
        change(&mut trade);
        New::Trade(trade)
    };
    for (payload, sentence) in [
        (price("", 1.0), "symbol must be 1 to 20 letters, digits, '-', '_' or '.', got "),
        (price("JUP", -3.0), "price must be greater than zero and at most 1e15, got -3"),
        (price("JUP", f64::NAN), "price must be greater than zero and at most 1e15, got NaN"),
        (book(&[], &[(1.0, 1.0)]), "bids must be 1 to 200 levels, got 0"),
        (book(&[(1.0, 1.0)], &[(1.0, 1.0)]), "asks must be above the best bid, got 1"),
        (book(&[(1.0, 1.0), (1.5, 1.0)], &[(2.0, 1.0)]), "bids must be best first, each price once, got 1.5"),
        (book(&[(1.0, 0.0)], &[(2.0, 1.0)]), "bids must be levels with a quantity above zero, got 0"),
        (bad_trade(|trade| trade.signature.clear()), "signature must be present, got nothing"),
        (
            bad_trade(|trade| trade.wallet = "a\0b".into()),
            "wallet must be at most 128 bytes without control characters, got a\\0b",
        ),
        (
            bad_trade(|trade| trade.sol_amount = -1.0),
            "sol_amount must be at least zero and at most 1e15, got -1",
        ),
        (bad_trade(|trade| trade.side = 0), "side is missing"),
        (bad_trade(|trade| trade.side = 9), "side has the unknown number 9"),
        (
            bad_trade(|trade| trade.perp_size = Some(f64::INFINITY)),
            "perp_size must be a number of at most 1e15, got inf",
        ),
        (bad_candle(|candle| candle.high = 2.1), "high must be the highest of the four prices, got 2.1"),
        (bad_candle(|candle| candle.low = 2.1), "low must be the lowest of the four prices, got 2.1"),
        (bad_candle(|candle| candle.volume = -1.0), "volume must be at least zero and at most 1e15, got -1"),
        (
            bad_candle(|candle| candle.interval_seconds = 0),
            "interval_seconds must be from 1 to 2678400, got 0",
        ),
        (bad_candle(|candle| candle.open_time = None), "open_time is missing"),
        (user("", "1"), "feed must be 1 to 64 of a-z, 0-9, '-', '_' and '.', got "),
        (user("mood", "{"), "json must be JSON, got {"),
    ] {
        assert_eq!(refused(&border, event(payload)), sentence);
    }
    let mut whale = whale();
    whale.direction = "up".to_owned();
    assert_eq!(refused(&border, event(New::Whale(whale))), "direction must be in, out or empty, got up");
    assert_eq!(
        refused(&border, NewEvent::default()),
        "payload, one of price, book, trade, whale, candle and user, is missing"
    );
}

#[test]
fn a_time_lies_between_what_the_table_keeps_and_five_seconds_ahead() {
    let border = live(|_| {});
    let at = |payload: New, seconds: i64| NewEvent {
        event_time: Some(Timestamp { seconds, nanos: 0 }),
        payload: Some(payload),
    };
    let hours = |hours: i64| NOW - hours * 3600;
    let trade = || New::Trade(trade());
    for allowed in [at(price("JUP", 1.0), NOW + 5), at(price("JUP", 1.0), hours(24)), at(trade(), hours(72))]
    {
        border.admit(allowed, now(), now()).unwrap();
    }
    assert_eq!(
        refused(&border, at(price("JUP", 1.0), NOW + 6)),
        "event_time must be at most 5 s ahead of the service's clock, got 2023-11-14T22:13:26Z"
    );
    for too_old in [at(price("JUP", 1.0), hours(24) - 1), at(trade(), hours(72) - 1)] {
        assert!(
            refused(&border, too_old).starts_with("event_time must be no older than what its table keeps")
        );
    }
    assert_eq!(
        refused(&border, at(New::Candle(candle(NOW)), NOW)),
        "open_time must be that of a closed candle, got 2023-11-14T22:13:20Z"
    );
}

#[test]
fn what_an_own_feed_delivers_is_refused_until_it_is_allowed() {
    let sol = || event(price("sol", 100.0));
    let said = refused(&live(|_| {}), sol());
    assert!(said.starts_with("the price of SOL comes from a feed of this instance"), "{said}");
    let mut own_candle = candle(NOW - 120);
    own_candle.symbol = "btcusdt".to_owned();
    let said = refused(&live(|_| {}), event(New::Candle(own_candle)));
    assert!(said.starts_with("the candles of BTCUSDT at Binance"), "{said}");
    let simulated = Border::of(&Settings::default());
    let said = refused(&simulated, event(price("JUP", 1.0)));
    assert!(said.starts_with("the price of JUP comes from"), "{said}");

    assert!(live(|settings| settings.feeds.jupiter.enabled = false).admit(sol(), now(), now()).is_ok());
    assert!(live(|settings| settings.publish.allow_overlap = true).admit(sol(), now(), now()).is_ok());
    assert!(simulated.admit(event(New::Trade(trade())), now(), now()).is_ok());
}

proptest! {
    /// Whatever is let in survives the log: it reads back as what was let in.
    #[test]
    fn what_is_let_in_reads_back(number in any::<f64>(), text in ".{0,40}", seconds in -9_i64..9) {
        let border = live(|_| {});
        let mut odd_trade = trade();
        (odd_trade.sol_amount, odd_trade.wallet) = (number, text.clone());
        for payload in [price(&text, number), New::Trade(odd_trade), user("f", &text), book(&[(number, 1.0)], &[(number + 1.0, 1.0)])] {
            let time = Some(Timestamp { seconds: NOW + seconds, nanos: 0 });
            if let Ok(taken) = border.admit(NewEvent { event_time: time, payload: Some(payload) }, now(), now()) {
                let recorded = goat::convert::record(1, &taken);
                prop_assert_eq!(Observation::try_from(recorded).unwrap(), taken);
            }
        }
    }
}
