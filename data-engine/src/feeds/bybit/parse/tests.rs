use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Message {
    read_message(text).unwrap()
}

const DELTA: &str = r#"{"topic":"orderbook.50.BTCUSDT","ts":1672304484978,"type":"delta","data":{"s":"BTCUSDT","b":[["16493.50","0.006"],["16493.00","0"]],"a":[["16611.00","0.029"]],"u":18521288,"seq":7961638724},"cts":1672304484976}"#;
const KLINE: &str = r#"{"topic":"kline.5.BTCUSDT","data":[{"start":1672324800000,"end":1672325099999,"interval":"5","open":"16649.5","close":"16677","high":"16677","low":"16608","volume":"2.081","turnover":"34666.4005","confirm":CONFIRM,"timestamp":1672324988882}],"ts":1672324988882,"type":"snapshot"}"#;

#[test]
fn a_book_is_read_whatever_the_order_of_fields_and_with_numbers_as_text() {
    let Message::Depth(symbol, update) = read(DELTA) else { panic!() };
    assert_eq!((symbol.as_str(), update.numbers.last), ("BTCUSDT", 18_521_288));
    assert_eq!(update.numbers.cross_sequence, 7_961_638_724);
    assert!(!update.numbers.is_snapshot && update.bids[1].quantity.is_zero());

    let text = DELTA
        .replace("1672304484978", "\"1672304484978\"")
        .replace("18521288", "\"18521288\"")
        .replace("\"16611.00\"", "16611.00");
    assert_eq!(read(&text), read(DELTA));
}

#[test]
fn a_snapshot_says_so() {
    let Message::Depth(_, update) = read(&DELTA.replace("delta", "snapshot")) else { panic!() };
    assert!(update.numbers.is_snapshot);
}

#[test]
fn only_a_confirmed_candle_is_one() {
    assert_eq!(read(&KLINE.replace("CONFIRM", "false")), Message::Other);
    let Message::Candle(candle) = read(&KLINE.replace("CONFIRM", "true")) else { panic!() };
    assert_eq!((candle.interval_seconds, candle.close.get()), (300, 16677.0));
    assert_eq!(candle.open_time.get(), 1_672_324_800_000_000);
}

#[test]
fn answers_are_told_apart() {
    let table = [
        (r#"{"success":true,"ret_msg":"pong","conn_id":"0970e817","op":"ping"}"#, Message::Other),
        (r#"{"success":true,"ret_msg":"","conn_id":"x","req_id":"1","op":"subscribe"}"#, Message::Other),
        (
            r#"{"success":false,"ret_msg":"error:handler not found,topic:orderbook.7.X","op":"subscribe"}"#,
            Message::Refused("error:handler not found,topic:orderbook.7.X".to_owned()),
        ),
        (r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[]}"#, Message::Other),
    ];
    for (text, expected) in table {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let refusal = |text: &str| read_message(text).unwrap_err().to_string();
    assert_eq!(refusal(&DELTA.replace("delta", "diff")), "type must be snapshot or delta, got diff");
    assert_eq!(refusal(&DELTA.replace("18521288", "1.5")), "u must be a whole number, got 1.5");
    assert_eq!(refusal(r#"{"topic":"orderbook.50.X","type":"delta"}"#), "data must be there, got nothing");
}

#[test]
fn klines_come_newest_first_and_are_returned_oldest_first() {
    let body = br#"{"retCode":0,"retMsg":"OK","result":{"symbol":"X","category":"spot","list":[["1670608800000","17071","17073","17027","17055.5","268611","15.74"],["1670605200000","17071.5","17071.5","17061","17071","4177","0.24"]]},"time":1}"#;
    let (symbol, interval) = (Symbol::parse("X").unwrap(), Interval::parse("1h").unwrap());
    let candles = read_klines(body, symbol, interval).unwrap();
    assert_eq!(candles.iter().map(|candle| candle.close.get()).collect::<Vec<_>>(), [17071.0, 17055.5]);

    let refused = br#"{"retCode":10006,"retMsg":"Too many visits!","result":{}}"#;
    let error = read_klines(refused, symbol, interval).unwrap_err().to_string();
    assert_eq!(error, "retCode must be 0, got 10006 (Too many visits!)");
}

proptest! {
    /// Whatever arrives, reading it ends.
    #[test]
    fn reading_never_panics(text in "\\PC{0,64}", at in 0_usize..DELTA.len()) {
        let _ = read_message(&text);
        let _ = read_message(&DELTA[..at]);
        let _ = read_message(&DELTA.replace("[\"16493.00\",\"0\"]", &text));
    }
}
