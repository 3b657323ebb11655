use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Message {
    read_message(text).unwrap()
}

fn refusal(text: &str) -> String {
    read_message(text).unwrap_err().to_string()
}

const DEPTH: &str = r#"{"stream":"bnbbtc@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","100"],["0.0027","0.00000000"]],"new":{"field":1}}}"#;
const KLINE: &str = r#"{"stream":"btcusdt@kline_5m","data":{"e":"kline","E":1672515900010,"s":"BTCUSDT","k":{"t":1672515600000,"T":1672515899999,"s":"BTCUSDT","i":"5m","f":100,"L":200,"o":"16500.10","c":"16520.00","h":"16530.5","l":"16490","v":"1000.5","n":100,"x":CLOSED,"q":"1","V":"5","Q":"0","B":"1"}}}"#;

#[test]
fn a_depth_event_is_read_wrapped_or_raw() {
    let Message::Depth(symbol, update) = read(DEPTH) else { panic!() };
    assert_eq!((symbol.as_str(), update.numbers.first, update.numbers.last), ("BNBBTC", 157, 160));
    assert_eq!(update.event_time.unwrap().get(), 1_672_515_782_136_000);
    assert_eq!((update.bids.len(), update.asks.len()), (1, 2));
    assert!(update.asks[1].quantity.is_zero());

    let raw = &DEPTH[DEPTH.find("\"data\":").unwrap() + 7..DEPTH.len() - 1];
    assert_eq!(read(raw), read(DEPTH));
}

#[test]
fn only_a_closed_candle_is_one() {
    assert_eq!(read(&KLINE.replace("CLOSED", "false")), Message::Other);
    let Message::Candle(candle) = read(&KLINE.replace("CLOSED", "true")) else { panic!() };
    assert_eq!((candle.interval_seconds, candle.open_time.get()), (300, 1_672_515_600_000_000));
    assert_eq!((candle.open.get(), candle.close.get(), candle.volume.get()), (16500.1, 16520.0, 1000.5));
}

#[test]
fn answers_shutdowns_and_other_streams_are_told_apart() {
    let table = [
        (r#"{"result":null,"id":1}"#, Message::Other),
        (r#"{"stream":"x@aggTrade","data":{"e":"aggTrade","E":1,"s":"X","a":1}}"#, Message::Other),
        (r#"{"e":"serverShutdown","E":1770123456789}"#, Message::Shutdown),
        (
            r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#,
            Message::Shutdown,
        ),
        (
            r#"{"code":2,"msg":"Invalid request: x","id":1}"#,
            Message::Refused("Invalid request: x".to_owned()),
        ),
        (r#"{"error":{"code":2},"id":1}"#, Message::Refused(r#"{"code":2}"#.to_owned())),
    ];
    for (text, expected) in table {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let table = [
        (DEPTH.replace("\"U\":157", "\"U\":161"), "U must be at most u, got 161 with u 160"),
        (DEPTH.replace("\"U\":157", "\"U\":-1"), "U must be a whole number, got -1"),
        (
            DEPTH.replace("0.0024", "-0.0024"),
            "price must be a decimal of at most 1e15 with at most 18 places and no sign, got -0.0024",
        ),
        (DEPTH.replace("0.0024", "0"), "price must be greater than zero, got 0"),
        (
            DEPTH.replace("\"10\"", "\"NaN\""),
            "quantity must be a decimal of at most 1e15 with at most 18 places and no sign, got NaN",
        ),
        (
            KLINE.replace("CLOSED", "true").replace("\"5m\"", "\"7m\""),
            "interval must be 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h or 1d, got 7m",
        ),
        (
            KLINE.replace("CLOSED", "true").replace("16530.5", "16500"),
            "high must be at least and low at most open and close, got 16500",
        ),
    ];
    for (text, expected) in table {
        // Of a level the place in the message is told as well.
        let refusal = refusal(&text);
        assert_eq!(refusal.split(" at line").next(), Some(expected));
    }
    assert!(refusal(&DEPTH.replace("\"b\":", "\"bids\":")).contains("b must be there, got nothing"));
    assert!(read_message("[1]").is_err() && read_message("").is_err());
}

proptest! {
    /// Whatever arrives, reading it ends.
    #[test]
    fn reading_never_panics(text in "\\PC{0,64}", at in 0_usize..DEPTH.len()) {
        let _ = read_message(&text);
        let _ = read_message(&DEPTH[..at]);
        let _ = read_message(&format!(r#"{{"e":"depthUpdate","E":1,"s":"A","U":1,"u":1,"b":[],"a":[[{text},1]]}}"#));
    }
}
