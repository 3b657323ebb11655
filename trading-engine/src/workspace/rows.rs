//! Rows on their way into the tables, column by column.

use std::sync::Arc;

use duckdb::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, StringArray, TimestampMicrosecondArray, UInt32Array,
    UInt64Array,
};
use duckdb::arrow::error::ArrowError;
use duckdb::arrow::record_batch::RecordBatch;
use goat::event::{Observation, Payload, Source};
use goat::values::{Seq, Symbol, UnixMicros};

use crate::core::cycles::{Cycle, PriceAnalysis};

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
        })
    }
}

/// What has come about since the rows before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The tables are emptied first: the state began anew.
    pub begins: bool,
    /// Raw prices.
    pub prices: Vec<PriceRow>,
    /// Ticks in their cycles.
    pub analysis: Vec<PriceAnalysis>,
    /// Cycles that ended.
    pub closed: Vec<Cycle>,
    /// The cycles that are active now; none means that they are those of before.
    pub active: Vec<Cycle>,
}

impl Rows {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prices.len() + self.analysis.len() + self.closed.len() + self.active.len()
    }

    /// Whether writing them would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && !self.begins
    }
}

fn column<'a, R: 'a, A, T>(rows: impl Iterator<Item = &'a R>, value: impl Fn(&R) -> T) -> ArrayRef
where
    A: FromIterator<T> + duckdb::arrow::array::Array + 'static,
{
    Arc::new(rows.map(value).collect::<A>())
}

pub(super) fn prices(rows: &[PriceRow]) -> Result<RecordBatch, ArrowError> {
    let rows = || rows.iter();
    RecordBatch::try_from_iter([
        ("seq", column::<_, UInt64Array, _>(rows(), |row| Some(row.seq.get()))),
        ("event_time", column::<_, TimestampMicrosecondArray, _>(rows(), |row| Some(row.event_time.get()))),
        (
            "received_time",
            column::<_, TimestampMicrosecondArray, _>(rows(), |row| Some(row.received_time.get())),
        ),
        ("source", column::<_, StringArray, _>(rows(), |row| Some(row.source.as_str()))),
        ("token", column::<_, StringArray, _>(rows(), |row| Some(row.token.to_string()))),
        ("price", column::<_, Float64Array, _>(rows(), |row| Some(row.price))),
    ])
}

pub(super) fn analysis(rows: &[PriceAnalysis]) -> Result<RecordBatch, ArrowError> {
    let rows = || rows.iter();
    RecordBatch::try_from_iter([
        ("seq", column::<_, UInt64Array, _>(rows(), |row| Some(row.seq.get()))),
        ("event_time", column::<_, TimestampMicrosecondArray, _>(rows(), |row| Some(row.event_time.get()))),
        (
            "threshold_percent",
            column::<_, Float64Array, _>(rows(), |row| Some(row.cycle.threshold.percent())),
        ),
        ("cycle_id", column::<_, StringArray, _>(rows(), |row| Some(row.cycle.to_string()))),
        ("current_price", column::<_, Float64Array, _>(rows(), |row| Some(row.current_price))),
        ("highest_price", column::<_, Float64Array, _>(rows(), |row| Some(row.highest_price))),
        ("lowest_price", column::<_, Float64Array, _>(rows(), |row| Some(row.lowest_price))),
        ("percent_increase", column::<_, Float64Array, _>(rows(), |row| Some(row.percent_increase))),
        ("percent_from_highest", column::<_, Float64Array, _>(rows(), |row| Some(row.percent_from_highest))),
        (
            "percent_increase_from_lowest",
            column::<_, Float64Array, _>(rows(), |row| Some(row.percent_increase_from_lowest)),
        ),
    ])
}

pub(super) fn cycles(closed: &[Cycle], active: &[Cycle]) -> Result<RecordBatch, ArrowError> {
    let rows = || closed.iter().chain(active);
    RecordBatch::try_from_iter_with_nullable([
        ("id", column::<_, StringArray, _>(rows(), |row| Some(row.id.to_string())), false),
        (
            "threshold_percent",
            column::<_, Float64Array, _>(rows(), |row| Some(row.id.threshold.percent())),
            false,
        ),
        (
            "start_time",
            column::<_, TimestampMicrosecondArray, _>(rows(), |row| Some(row.start_time.get())),
            false,
        ),
        (
            "end_time",
            column::<_, TimestampMicrosecondArray, _>(rows(), |row| row.end.map(|end| end.time.get())),
            true,
        ),
        ("start_seq", column::<_, UInt64Array, _>(rows(), |row| Some(row.id.start_seq.get())), false),
        ("end_seq", column::<_, UInt64Array, _>(rows(), |row| row.end.map(|end| end.seq.get())), true),
        ("start_price", column::<_, Float64Array, _>(rows(), |row| Some(row.start_price)), false),
        ("highest_price", column::<_, Float64Array, _>(rows(), |row| Some(row.highest_price)), false),
        ("lowest_price", column::<_, Float64Array, _>(rows(), |row| Some(row.lowest_price)), false),
        (
            "max_percent_increase",
            column::<_, Float64Array, _>(rows(), |row| Some(row.max_percent_increase)),
            false,
        ),
        (
            "max_percent_increase_from_lowest",
            column::<_, Float64Array, _>(rows(), |row| Some(row.max_percent_increase_from_lowest)),
            false,
        ),
        ("data_points", column::<_, UInt32Array, _>(rows(), |row| Some(row.data_points)), false),
        ("longest_gap_ms", column::<_, Int32Array, _>(rows(), |row| Some(row.longest_gap_ms)), false),
        ("active", column::<_, BooleanArray, _>(rows(), |row| Some(row.is_active())), false),
    ])
}
