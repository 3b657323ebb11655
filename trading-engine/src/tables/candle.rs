//! `candles`: closed candles of the exchanges.

use goat::event::Candle;

use super::raw::{EVENT_TIME, RECEIVED_TIME, SEQ, SOURCE, venue_name};
use super::{Kind, Shown, Table, Value, optional, required};

pub(super) const TABLE: Table = Table {
    name: "candles",
    columns: &[
        SEQ,
        EVENT_TIME,
        RECEIVED_TIME,
        SOURCE,
        required("venue", Kind::Text),
        required("symbol", Kind::Text),
        required("interval_seconds", Kind::BigInt),
        required("open_time", Kind::Timestamp),
        optional("open", Kind::Double),
        optional("high", Kind::Double),
        optional("low", Kind::Double),
        optional("close", Kind::Double),
        optional("volume", Kind::Double),
    ],
    key: &[],
    shown: Some(Shown::Hours { age: "event_time", hours: 72 }),
    kept: None,
};

pub(super) fn values(candle: &Candle) -> Vec<Value> {
    vec![
        venue_name(candle.venue),
        candle.symbol.to_string().into(),
        candle.interval_seconds.into(),
        candle.open_time.into(),
        candle.open.get().into(),
        candle.high.get().into(),
        candle.low.get().into(),
        candle.close.get().into(),
        candle.volume.get().into(),
    ]
}
