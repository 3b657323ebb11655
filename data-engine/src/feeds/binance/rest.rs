//! Reading answers over HTTP.

use goat::event::{Candle, Venue};
use goat::values::{Symbol, UnixMicros};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::parse::{candle, millis, whole};
use crate::book::live::DepthUpdate;
use crate::book::sequence::Numbers;
use crate::feeds::exchange::interval::Interval;
use crate::feeds::exchange::levels::Levels;
use crate::feeds::exchange::rest::Unreadable;

/// Levels of a snapshot: what 50 of the minute's weight buy.
pub const DEPTH_LIMIT: usize = 1_000;

#[derive(Deserialize)]
#[allow(non_snake_case)]
struct Snapshot<'a> {
    #[serde(borrow)]
    lastUpdateId: &'a RawValue,
    bids: Levels,
    asks: Levels,
}

/// Reads the answer of `/api/v3/depth`, which tells no time.
///
/// # Errors
///
/// When a field is missing or has a value that it cannot have.
pub fn read_depth(body: &[u8]) -> Result<DepthUpdate, Unreadable> {
    let snapshot: Snapshot<'_> = serde_json::from_slice(body)?;
    let last = whole("lastUpdateId", snapshot.lastUpdateId)?;
    Ok(DepthUpdate {
        numbers: Numbers { is_snapshot: true, first: last, last, cross_sequence: 0 },
        event_time: None,
        bids: snapshot.bids.0,
        asks: snapshot.asks.0,
        limit: Some(DEPTH_LIMIT),
    })
}

/// Reads the answer of `/api/v3/klines`: oldest first, the last one may still be open.
///
/// # Errors
///
/// When one of them cannot be a candle.
pub fn read_klines(body: &[u8], symbol: Symbol, interval: Interval) -> Result<Vec<Candle>, Unreadable> {
    let rows: Vec<Vec<&RawValue>> = serde_json::from_slice(body)?;
    let mut candles = Vec::with_capacity(rows.len());
    for row in rows {
        let [time, open, high, low, close, volume, ..] = row.as_slice() else {
            let count = row.len();
            return Err(goat::values::InvalidValue::new("kline", "six values or more", count).into());
        };
        let open_time = millis("open time", time)?;
        let prices = [*open, *high, *low, *close];
        candles.push(candle(Venue::Binance, symbol, interval, open_time, prices, volume)?);
    }
    Ok(candles)
}

/// Reads the answer of `/api/v3/time`.
///
/// # Errors
///
/// When it tells none.
pub fn read_time(body: &[u8]) -> Result<UnixMicros, Unreadable> {
    #[derive(Deserialize)]
    #[allow(non_snake_case)]
    struct Time<'a> {
        #[serde(borrow)]
        serverTime: &'a RawValue,
    }
    let time: Time<'_> = serde_json::from_slice(body)?;
    Ok(millis("serverTime", time.serverTime)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_shows_so_many_levels_of_a_deeper_book() {
        let body = br#"{"lastUpdateId":1027024,"bids":[["4.00000000","431.00000000"]],"asks":[["4.00000200","12.00000000"]]}"#;
        let update = read_depth(body).unwrap();
        assert!(update.numbers.is_snapshot);
        assert_eq!((update.numbers.last, update.limit), (1_027_024, Some(1000)));
        assert_eq!(update.asks[0].price.to_string(), "4.000002");
    }

    #[test]
    fn the_venues_clock_is_read() {
        let time = read_time(br#"{"serverTime":1499827319559}"#).unwrap();
        assert_eq!(time.get(), 1_499_827_319_559_000);
        assert!(read_time(b"{}").unwrap_err().to_string().contains("serverTime"));
    }

    #[test]
    fn klines_are_rows_of_numbers_and_quoted_numbers() {
        let body = br#"[[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999,"2434.19055334",308,"1756.87402397","28.46694368","0"]]"#;
        let (symbol, interval) = (Symbol::parse("X").unwrap(), Interval::parse("1h").unwrap());
        let candles = read_klines(body, symbol, interval).unwrap();
        assert_eq!((candles[0].high.get(), candles[0].volume.get()), (0.8, 148_976.114_278_15));

        let error = read_klines(b"[[1,2]]", symbol, interval).unwrap_err().to_string();
        assert_eq!(error, "kline must be six values or more, got 2");
    }
}
