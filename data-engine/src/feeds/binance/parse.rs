//! Reading messages of the combined streams, by name and tolerant of fields that we do not know.

use goat::event::{Candle, Venue};
use goat::values::{InvalidValue, Price, Quantity, Symbol, UnixMicros};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::book::fixed::Fixed;
use crate::book::live::DepthUpdate;
use crate::book::order_book::ExactLevel;
use crate::book::sequence::Numbers;
use crate::feeds::exchange::interval::Interval;
use crate::feeds::exchange::protocol::Message;
use crate::feeds::exchange::rest::Unreadable;

/// Around every payload of a combined stream; answers to requests and raw streams come without.
#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// What tells payloads apart.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    e: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// `[price, quantity]`, each in quotes.
pub(super) type Pair<'a> = (&'a RawValue, &'a RawValue);

#[derive(Deserialize)]
#[allow(non_snake_case)]
struct Depth<'a> {
    #[serde(borrow)]
    E: &'a RawValue,
    #[serde(borrow)]
    s: &'a RawValue,
    #[serde(borrow)]
    U: &'a RawValue,
    #[serde(borrow)]
    u: &'a RawValue,
    #[serde(borrow)]
    b: Vec<Pair<'a>>,
    #[serde(borrow)]
    a: Vec<Pair<'a>>,
}

#[derive(Deserialize)]
struct KlineEvent<'a> {
    #[serde(borrow)]
    k: Kline<'a>,
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
    let payload = wrapper.data.map_or(text, RawValue::get);
    let kind: Kind<'_> = serde_json::from_str(payload)?;
    if let Some(error) = kind.error.or(kind.msg.filter(|_| kind.code.is_some())) {
        return Ok(Message::Refused(error.get().trim_matches('"').to_owned()));
    }
    match kind.e.map(unquoted) {
        Some("depthUpdate") => {
            let (symbol, update) = depth(&serde_json::from_str(payload)?)?;
            Ok(Message::Depth(symbol, update))
        }
        Some("kline") => {
            let event: KlineEvent<'_> = serde_json::from_str(payload)?;
            if event.k.x { Ok(Message::Candle(kline(&event.k)?)) } else { Ok(Message::Other) }
        }
        Some("serverShutdown") => Ok(Message::Shutdown),
        _ => Ok(Message::Other),
    }
}

fn depth(depth: &Depth<'_>) -> Result<(Symbol, DepthUpdate), InvalidValue> {
    let (first, last) = (whole("U", depth.U)?, whole("u", depth.u)?);
    if first > last {
        return Err(InvalidValue::new("U", "at most u", format!("{first} with u {last}")));
    }
    let update = DepthUpdate {
        numbers: Numbers { is_snapshot: false, first, last, cross_sequence: 0 },
        event_time: Some(millis("E", depth.E)?),
        bids: levels(&depth.b)?,
        asks: levels(&depth.a)?,
        limit: None,
    };
    Ok((Symbol::parse(unquoted(depth.s))?, update))
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

/// The levels of one side.
pub(in crate::feeds) fn levels(pairs: &[Pair<'_>]) -> Result<Vec<ExactLevel>, InvalidValue> {
    pairs.iter().map(|(price, quantity)| ExactLevel::parse(unquoted(price), unquoted(quantity))).collect()
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
