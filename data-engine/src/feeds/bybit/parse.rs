//! Reading messages and answers, by name: the order of fields differs between products, and numbers come with
//! and without quotes.

use goat::event::{Candle, Venue};
use goat::values::{InvalidValue, Symbol, UnixMicros};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::book::live::DepthUpdate;
use crate::book::sequence::Numbers;
use crate::feeds::binance::parse::{candle, millis, unquoted, whole};
use crate::feeds::exchange::interval::Interval;
use crate::feeds::exchange::levels::Levels;
use crate::feeds::exchange::protocol::Message;
use crate::feeds::exchange::rest::Unreadable;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    ts: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    success: Option<bool>,
    #[serde(borrow)]
    ret_msg: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Book<'a> {
    #[serde(borrow)]
    s: &'a RawValue,
    b: Levels,
    a: Levels,
    #[serde(borrow)]
    u: &'a RawValue,
    #[serde(borrow)]
    seq: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Kline<'a> {
    #[serde(borrow)]
    start: &'a RawValue,
    #[serde(borrow)]
    interval: &'a RawValue,
    #[serde(borrow)]
    open: &'a RawValue,
    #[serde(borrow)]
    high: &'a RawValue,
    #[serde(borrow)]
    low: &'a RawValue,
    #[serde(borrow)]
    close: &'a RawValue,
    #[serde(borrow)]
    volume: &'a RawValue,
    confirm: bool,
}

/// Reads a message.
///
/// # Errors
///
/// When it is no JSON object, or a field of an event that we need is missing or has a value that it cannot have.
pub fn read_message(text: &str) -> Result<Message, Unreadable> {
    let envelope: Envelope<'_> = serde_json::from_str(text)?;
    if envelope.success == Some(false) {
        let words = envelope.ret_msg.map_or("no reason given", unquoted);
        return Ok(Message::Refused(words.to_owned()));
    }
    let topic = envelope.topic.map(unquoted).unwrap_or_default();
    if topic.starts_with("orderbook.") {
        let (symbol, update) = book(&envelope)?;
        return Ok(Message::Depth(symbol, update));
    }
    match topic.strip_prefix("kline.").and_then(|rest| rest.split_once('.')) {
        Some((_, symbol)) => klines(Symbol::parse(symbol)?, &envelope),
        None => Ok(Message::Other),
    }
}

fn book(envelope: &Envelope<'_>) -> Result<(Symbol, DepthUpdate), Unreadable> {
    let book: Book<'_> = serde_json::from_str(data(envelope)?)?;
    let last = whole("u", book.u)?;
    let is_snapshot = match envelope.kind.map(unquoted) {
        Some("snapshot") => true,
        Some("delta") => false,
        other => {
            let found = other.unwrap_or("nothing");
            return Err(InvalidValue::new("type", "snapshot or delta", found).into());
        }
    };
    let cross_sequence = book.seq.map_or(Ok(0), |seq| whole("seq", seq))?;
    let update = DepthUpdate {
        numbers: Numbers { is_snapshot, first: last, last, cross_sequence },
        event_time: envelope.ts.map(|ts| millis("ts", ts)).transpose()?,
        bids: book.b.0,
        asks: book.a.0,
        // The venue takes levels out of the topic as they leave its depth: all that are there are known.
        limit: None,
    };
    Ok((Symbol::parse(unquoted(book.s))?, update))
}

/// A message holds the running candle, and as a candle closes the next one may be beside it.
fn klines(symbol: Symbol, envelope: &Envelope<'_>) -> Result<Message, Unreadable> {
    let klines: Vec<Kline<'_>> = serde_json::from_str(data(envelope)?)?;
    let Some(kline) = klines.iter().rfind(|kline| kline.confirm) else { return Ok(Message::Other) };
    let interval = Interval::parse_bybit(unquoted(kline.interval))?;
    let prices = [kline.open, kline.high, kline.low, kline.close];
    let open_time = millis("start", kline.start)?;
    Ok(Message::Candle(candle(Venue::Bybit, symbol, interval, open_time, prices, kline.volume)?))
}

fn data<'a>(envelope: &Envelope<'a>) -> Result<&'a str, InvalidValue> {
    let missing = || InvalidValue::new("data", "there", "nothing");
    envelope.data.map(RawValue::get).ok_or_else(missing)
}

#[derive(Deserialize)]
#[allow(non_snake_case)]
struct Answer<'a> {
    #[serde(borrow)]
    retCode: &'a RawValue,
    #[serde(borrow)]
    retMsg: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct KlineList<'a> {
    #[serde(borrow)]
    list: Vec<Vec<&'a RawValue>>,
}

/// Reads the answer of `/v5/market/kline`, which comes newest first; returns it oldest first. The last one may
/// still be open.
///
/// # Errors
///
/// When the venue answers with an error, or one of them cannot be a candle.
pub fn read_klines(body: &[u8], symbol: Symbol, interval: Interval) -> Result<Vec<Candle>, Unreadable> {
    let list: KlineList<'_> = serde_json::from_str(result_of(body)?.get())?;
    let mut candles = Vec::with_capacity(list.list.len());
    for row in list.list.iter().rev() {
        let [time, open, high, low, close, volume, ..] = row.as_slice() else {
            return Err(InvalidValue::new("kline", "six values or more", row.len()).into());
        };
        let open_time = millis("start", time)?;
        let prices = [*open, *high, *low, *close];
        candles.push(candle(Venue::Bybit, symbol, interval, open_time, prices, volume)?);
    }
    candles.sort_by_key(|candle| candle.open_time);
    Ok(candles)
}

/// Reads the answer of `/v5/market/time`.
///
/// # Errors
///
/// When the venue answers with an error, or tells none.
pub fn read_time(body: &[u8]) -> Result<UnixMicros, Unreadable> {
    #[derive(Deserialize)]
    #[allow(non_snake_case)]
    struct Time<'a> {
        #[serde(borrow)]
        timeNano: &'a RawValue,
    }
    let time: Time<'_> = serde_json::from_str(result_of(body)?.get())?;
    let nanos = whole("timeNano", time.timeNano)?;
    Ok(UnixMicros::new(i64::try_from(nanos / 1000).unwrap_or(i64::MAX))?)
}

/// What an answer that is no error has for us.
fn result_of(body: &[u8]) -> Result<&RawValue, Unreadable> {
    let answer: Answer<'_> = serde_json::from_slice(body)?;
    if whole("retCode", answer.retCode)? != 0 {
        let words = answer.retMsg.map_or("no reason given", unquoted);
        let found = format!("{} ({words})", answer.retCode.get());
        return Err(InvalidValue::new("retCode", "0", found).into());
    }
    Ok(answer.result.ok_or_else(|| InvalidValue::new("result", "there", "nothing"))?)
}

#[cfg(test)]
mod tests;
