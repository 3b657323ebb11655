use goat::event::{TokenPrice, Venue};
use goat::values::{Price, Symbol};

use super::*;

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(seconds).unwrap()
}

fn price(event_time: i64, received_time: i64) -> Observation {
    let (token, price) = (Symbol::parse("SOL").unwrap(), Price::new(100.0).unwrap());
    Observation {
        event_time: at(event_time),
        received_time: at(received_time),
        source: Source::Jupiter,
        source_position: 0,
        payload: Payload::Price(TokenPrice { token, price, block_id: 0 }),
    }
}

fn candle(event_time: i64, received_time: i64) -> Observation {
    let price = Price::new(100.0).unwrap();
    let candle = goat::event::Candle {
        symbol: Symbol::parse("BTCUSDT").unwrap(),
        venue: Venue::Bybit,
        interval_seconds: 300,
        open_time: at(event_time - 300),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: goat::values::Quantity::new(1.0).unwrap(),
    };
    let payload = Payload::Candle(candle);
    Observation { source: Source::Bybit, payload, ..self::price(event_time, received_time) }
}

fn feed(board: &Board, name: &str, now: i64) -> wire::Feed {
    board.feeds(at(now)).into_iter().find(|feed| feed.name == name).unwrap()
}

#[test]
fn after_a_start_data_are_as_old_as_the_log_says() {
    let (board, mut seen) = (Board::default(), Seen::default());
    let event = |seen: &mut Seen, observation: &Observation| {
        seen.event(Subject::of(observation).unwrap(), Moment::of(observation));
    };
    event(&mut seen, &candle(300, 301));
    event(&mut seen, &price(400, 401));
    board.recall(&seen, at(420));
    board.set(Name::Candles, Source::Bybit, Condition::Up);
    board.set(Name::Prices, Source::Jupiter, Condition::Up);
    board.set(Name::Trades, Source::QuickNode, Condition::Up);

    let candles = feed(&board, "candles", 421);
    assert_eq!((candles.state(), candles.since), (State::Live, Some(at(420).into())));
    assert_eq!((candles.age_ms, candles.accepted), (Some(120_000), 0), "counts begin with the start");
    let prices = feed(&board, "prices", 421);
    let reason = "the newest event is 20.0 s old, limit 5 s";
    assert_eq!((prices.state(), prices.reason.as_str()), (State::Stale, reason));
    assert_eq!(feed(&board, "trades", 421).reason, "no event yet");
    board.accepted(&price(422, 422), at(422));
    assert_eq!(feed(&board, "prices", 422).since, Some(at(422).into()));
}

#[test]
fn a_feed_goes_stale_by_the_age_of_its_data_and_says_so() {
    let board = Board::default();
    board.set(Name::Prices, Source::Jupiter, Condition::Up);
    assert_eq!(feed(&board, "prices", 0).state(), State::Syncing);

    board.accepted(&price(100, 101), at(101));

    let live = feed(&board, "prices", 106);
    assert_eq!((live.state(), live.since), (State::Live, Some(at(101).into())));
    let stale = feed(&board, "prices", 107);
    assert_eq!(
        (stale.state(), stale.reason.as_str()),
        (State::Stale, "the newest event is 6.0 s old, limit 5 s")
    );
    assert_eq!((stale.age_ms, stale.lag_ms, stale.since), (Some(6000), Some(1000), Some(at(101).into())));
}

#[test]
fn a_feed_that_only_old_data_reach_is_stale() {
    let board = Board::default();
    board.set(Name::Candles, Source::Binance, Condition::Up);
    board.accepted(&candle(300, 2000), at(2000));
    let stale = feed(&board, "candles", 2000);
    assert_eq!((stale.state(), stale.age_ms), (State::Stale, Some(0)));
    assert_eq!(stale.sources().collect::<Vec<_>>(), [wire::Source::Binance, wire::Source::Bybit]);

    board.accepted(&candle(1800, 2001), at(2001));
    assert_eq!(feed(&board, "candles", 2001).state(), State::Live);
}

#[test]
fn a_stream_that_skips_blocks_says_so() {
    let board = Board::default();
    board.set(Name::Trades, Source::QuickNode, Condition::Up);
    board.blocks_skipped(3);
    let stale = feed(&board, "trades", 100);
    assert_eq!(stale.reason, "nothing has come; the stream lags: 3 blocks were skipped as too old");
    assert_eq!((stale.state(), stale.blocks_skipped), (State::Stale, 3));
}

#[test]
fn what_is_told_again_is_as_old_as_its_telling() {
    let board = Board::default();
    board.set(Name::Prices, Source::Replay, Condition::Up);
    board.accepted(&Observation { source: Source::Replay, ..price(100, 101) }, at(90_000));
    assert_eq!(feed(&board, "prices", 90_003).state(), State::Live);
    assert_eq!(feed(&board, "prices", 90_006).state(), State::Stale);
}

#[test]
fn an_event_that_arrived_stale_is_counted_as_late() {
    let board = Board::default();
    for received_time in [100, 105, 106] {
        board.accepted(&price(100, received_time), at(received_time));
    }
    let feed = feed(&board, "prices", 106);
    assert_eq!((feed.accepted, feed.late), (3, 1));
}
