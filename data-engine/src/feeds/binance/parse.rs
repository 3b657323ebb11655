//! Reading messages of the combined streams, by name and tolerant of fields that we do not know.

use goat::event::{Candle, Venue};
use goat::values::{InvalidValue, Price, Quantity, Symbol, UnixMicros};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::book::fixed::Fixed;
use crate::book::live::DepthUpdate;
use crate::book::sequence::Numbers;
use crate::feeds::exchange::interval::Interval;
use crate::feeds::exchange::levels::Side;
use crate::feeds::exchange::protocol::Message;
use crate::feeds::exchange::rest::Unreadable;

/// Around every payload of a combined stream; answers to requests and raw streams come without.
#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow)]
    data: Option<Event<'a>>,
}

/// All fields of the payloads that we read: which of them are there tells payloads apart.
#[derive(Deserialize)]
#[allow(non_snake_case)]
struct Event<'a> {
    #[serde(borrow)]
    e: Option<&'a RawValue>,
    #[serde(borrow)]
    E: Option<&'a RawValue>,
    #[serde(borrow)]
    s: Option<&'a RawValue>,
    #[serde(borrow)]
    U: Option<&'a RawValue>,
    #[serde(borrow)]
    u: Option<&'a RawValue>,
    #[serde(default)]
    b: Side,
    #[serde(default)]
    a: Side,
    #[serde(borrow)]
    k: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Kline<'a> {
    #[serde(borrow)]
    s: &'a RawValue,
    #[serde(borrow)]
    i: &'a RawValue,
    #[serde(borrow)]
    t: &'a RawValue,
    #[serde(borrow)]
    o: &'a RawValue,
    #[serde(borrow)]
    h: &'a RawValue,
    #[serde(borrow)]
    l: &'a RawValue,
    #[serde(borrow)]
    c: &'a RawValue,
    #[serde(borrow)]
    v: &'a RawValue,
    x: bool,
}

/// Reads a message.
///
/// # Errors
///
/// When it is no JSON object, or a field of an event that we need is missing or has a value that it cannot have.
pub fn read_message(text: &str) -> Result<Message, Unreadable> {
    let wrapper: Wrapper<'_> = serde_json::from_str(text)?;
    let event = wrapper.data.map_or_else(|| serde_json::from_str(text), Ok)?;
    if let Some(error) = event.error.or(event.msg.filter(|_| event.code.is_some())) {
        return Ok(Message::Refused(error.get().trim_matches('"').to_owned()));
    }
    match event.e.map(unquoted) {
        Some("depthUpdate") => {
            let (symbol, update) = depth(event)?;
            Ok(Message::Depth(symbol, update))
        }
        Some("kline") => {
            let read: Kline<'_> = serde_json::from_str(there("k", event.k)?.get())?;
            if read.x { Ok(Message::Candle(kline(&read)?)) } else { Ok(Message::Other) }
        }
        Some("serverShutdown") => Ok(Message::Shutdown),
        _ => Ok(Message::Other),
    }
}

fn depth(event: Event<'_>) -> Result<(Symbol, DepthUpdate), InvalidValue> {
    let (first, last) = (whole("U", there("U", event.U)?)?, whole("u", there("u", event.u)?)?);
    if first > last {
        return Err(InvalidValue::new("U", "at most u", format!("{first} with u {last}")));
    }
    let update = DepthUpdate {
        numbers: Numbers { is_snapshot: false, first, last, cross_sequence: 0 },
        event_time: Some(millis("E", there("E", event.E)?)?),
        bids: there("b", event.b.levels)?,
        asks: there("a", event.a.levels)?,
        limit: None,
    };
    Ok((Symbol::parse(unquoted(there("s", event.s)?))?, update))
}

fn there<T>(field: &'static str, value: Option<T>) -> Result<T, InvalidValue> {
    value.ok_or_else(|| InvalidValue::new(field, "there", "nothing"))
}

fn kline(kline: &Kline<'_>) -> Result<Candle, InvalidValue> {
    let prices = [kline.o, kline.h, kline.l, kline.c];
    candle(
        Venue::Binance,
        Symbol::parse(unquoted(kline.s))?,
        Interval::parse(unquoted(kline.i))?,
        millis("t", kline.t)?,
        prices,
        kline.v,
    )
}

/// Checks a candle: its prices are open, high, low and close.
pub(in crate::feeds) fn candle(
    venue: Venue,
    symbol: Symbol,
    interval: Interval,
    open_time: UnixMicros,
    prices: [&RawValue; 4],
    volume: &RawValue,
) -> Result<Candle, InvalidValue> {
    if open_time.get().rem_euclid(interval.micros()) != 0 {
        return Err(InvalidValue::new("open time", "a multiple of the interval", open_time));
    }
    let [open, high, low, close] = prices;
    let price = |field, text| Price::new(Fixed::parse(field, unquoted(text))?.to_f64());
    let candle = Candle {
        symbol,
        venue,
        interval_seconds: interval.seconds(),
        open_time,
        open: price("open", open)?,
        high: price("high", high)?,
        low: price("low", low)?,
        close: price("close", close)?,
        volume: Quantity::new(Fixed::parse("volume", unquoted(volume))?.to_f64())?,
    };
    let within = |price: Price| candle.low <= price && price <= candle.high;
    if within(candle.open) && within(candle.close) {
        Ok(candle)
    } else {
        Err(InvalidValue::new("high", "at least and low at most open and close", candle.high.get()))
    }
}

/// A number, in quotes or without.
pub(in crate::feeds) fn whole(field: &'static str, value: &RawValue) -> Result<u64, InvalidValue> {
    let text = unquoted(value);
    text.parse().map_err(|_| InvalidValue::new(field, "a whole number", text))
}

/// Milliseconds since 1970, in quotes or without.
pub(in crate::feeds) fn millis(field: &'static str, value: &RawValue) -> Result<UnixMicros, InvalidValue> {
    let refused = || InvalidValue::new(field, "milliseconds within the years 1 to 9999", unquoted(value));
    let millis: i64 = unquoted(value).parse().map_err(|_| refused())?;
    UnixMicros::new(millis.checked_mul(1000).ok_or_else(refused)?)
}

/// A value as text. An escape stays one, and is then refused where digits or a name are wanted.
pub(in crate::feeds) fn unquoted(value: &RawValue) -> &str {
    let text = value.get();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests;
