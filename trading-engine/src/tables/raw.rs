//! The raw tables: what was observed, with the columns that the data-engine's tables have.

use std::collections::BTreeMap;
use std::sync::Arc;

use duckdb::arrow::array::{Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use duckdb::arrow::error::ArrowError;
use duckdb::arrow::record_batch::RecordBatch;
use goat::event::{Observation, Payload, PositionSide, Source, Venue};
use goat::values::{Seq, Symbol, UnixMicros};

use super::price_analysis::columns_of;
use super::{Column, Kind, Table, Value, book, candle, movement, price, required, trade};

/// Tables of which every row is an event of the log.
pub const RAW_TABLES: [&Table; 5] =
    [&price::TABLE, &book::TABLE, &trade::TABLE, &movement::TABLE, &candle::TABLE];

pub(super) const SEQ: Column = required("seq", Kind::BigInt);
pub(super) const EVENT_TIME: Column = required("event_time", Kind::Timestamp);
pub(super) const RECEIVED_TIME: Column = required("received_time", Kind::Timestamp);
pub(super) const SOURCE: Column = required("source", Kind::Text);

pub(super) const BOOK_ROW_EVERY_MICROS: i64 = 1_000_000;

/// A token's price, as recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceRow {
    /// Its position.
    pub seq: Seq,
    /// When it was.
    pub event_time: UnixMicros,
    /// When it reached us.
    pub received_time: UnixMicros,
    /// Where it came from.
    pub source: Source,
    /// Whose price.
    pub token: Symbol,
    /// USD for one token.
    pub price: f64,
    /// The block whose last swap made it; 0 when the source does not say.
    pub block_id: u64,
}

impl PriceRow {
    /// The row of an event; none when it is no price.
    #[must_use]
    pub fn of(seq: Seq, observation: &Observation) -> Option<Self> {
        let Payload::Price(price) = &observation.payload else { return None };
        Some(Self {
            seq,
            event_time: observation.event_time,
            received_time: observation.received_time,
            source: observation.source,
            token: price.token,
            price: price.price.get(),
            block_id: price.block_id,
        })
    }
}

/// Prices as their table's columns.
///
/// # Errors
///
/// When they do not make columns of one length.
pub fn price_batch(rows: &[PriceRow]) -> Result<RecordBatch, ArrowError> {
    let rows = || rows.iter();
    let times = |time: fn(&PriceRow) -> UnixMicros| {
        Arc::new(TimestampMicrosecondArray::from_iter_values(rows().map(|row| time(row).get())))
    };
    columns_of(
        &price::TABLE,
        vec![
            Arc::new(Int64Array::from_iter_values(rows().map(|row| position(row.seq)))),
            times(|row| row.event_time),
            times(|row| row.received_time),
            Arc::new(StringArray::from_iter_values(rows().map(|row| source_name(row.source)))),
            Arc::new(StringArray::from_iter_values(rows().map(|row| row.token.to_string()))),
            Arc::new(Float64Array::from_iter_values(rows().map(|row| row.price))),
            Arc::new(
                rows()
                    .map(|row| (row.block_id != 0).then(|| i64::try_from(row.block_id).unwrap_or(i64::MAX)))
                    .collect::<Int64Array>(),
            ),
        ],
    )
}

/// The row of an event that is no price, with its table; none when it belongs to no table.
#[must_use]
pub fn raw_row(seq: Seq, observation: &Observation) -> Option<(&'static Table, Vec<Value>)> {
    let (table, rest) = match &observation.payload {
        Payload::Book(book) => (&book::TABLE, book::values(book)),
        Payload::Trade(trade) => (&trade::TABLE, trade::values(trade)),
        Payload::Whale(whale) => (&movement::TABLE, movement::values(whale)),
        Payload::Candle(candle) => (&candle::TABLE, candle::values(candle)),
        Payload::Price(_) | Payload::Feed(_) | Payload::DeadLetter(_) | Payload::User(_) => return None,
    };
    let mut row = vec![
        seq.into(),
        observation.event_time.into(),
        observation.received_time.into(),
        source_name(observation.source).into(),
    ];
    row.extend(rest);
    Some((table, row))
}

/// The tables keep one snapshot of a book a second: the first.
#[derive(Debug, Clone, Default)]
pub struct BookPace(BTreeMap<(Venue, Symbol), i64>);

impl BookPace {
    /// Whether an event becomes a row. Everything does but further snapshots of a book in a second.
    pub fn admits(&mut self, observation: &Observation) -> bool {
        let Payload::Book(book) = &observation.payload else { return true };
        let second = observation.event_time.get().div_euclid(BOOK_ROW_EVERY_MICROS);
        self.0.insert((book.venue, book.symbol), second) != Some(second)
    }
}

/// A position as the databases have it: they count to 2^63.
pub(super) fn position(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}

/// A number whose zero means that the source did not say.
pub(super) fn known(number: u64) -> Value {
    if number == 0 { Value::Null } else { number.into() }
}

/// Text that may be absent.
pub(super) fn given(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

pub(super) fn venue_name(venue: Venue) -> Value {
    match venue {
        Venue::Binance => "binance",
        Venue::Bybit => "bybit",
    }
    .into()
}

pub(super) fn side_of_position(side: Option<PositionSide>) -> Value {
    side.map(|side| match side {
        PositionSide::Long => "long",
        PositionSide::Short => "short",
    })
    .into()
}

fn source_name(source: Source) -> &'static str {
    match source {
        Source::Jupiter => "jupiter",
        Source::Binance => "binance",
        Source::Bybit => "bybit",
        Source::QuickNode => "quicknode",
        Source::Simulated => "simulated",
        Source::Replay => "replay",
        Source::User => "user",
        Source::Engine => "engine",
    }
}
