//! `price_analysis`: each tick seen from each threshold's cycle. The table with the most rows: written in columns.

use std::sync::Arc;

use duckdb::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use duckdb::arrow::datatypes::{Field, Schema};
use duckdb::arrow::error::ArrowError;
use duckdb::arrow::record_batch::RecordBatch;

use super::raw::position;
use super::{Kind, Shown, Table, duck, required};
use crate::core::cycles::PriceAnalysis;

pub(super) const TABLE: Table = Table {
    name: "price_analysis",
    columns: &[
        required("seq", Kind::BigInt),
        required("event_time", Kind::Timestamp),
        required("threshold_percent", Kind::Double),
        required("cycle_id", Kind::Text),
        required("current_price", Kind::Double),
        required("highest_price", Kind::Double),
        required("lowest_price", Kind::Double),
        required("percent_increase", Kind::Double),
        required("percent_from_highest", Kind::Double),
        required("percent_increase_from_lowest", Kind::Double),
    ],
    key: &[],
    shown: Some(Shown::Hours { age: "event_time", hours: 2 }),
    kept: None,
};

/// Rows as the table's columns.
///
/// # Errors
///
/// When they do not make columns of one length.
pub fn batch_of(rows: &[PriceAnalysis]) -> Result<RecordBatch, ArrowError> {
    let rows = || rows.iter();
    let doubles = |value: fn(&PriceAnalysis) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows().map(value)))
    };
    columns_of(
        &TABLE,
        vec![
            Arc::new(Int64Array::from_iter_values(rows().map(|row| position(row.seq)))),
            Arc::new(TimestampMicrosecondArray::from_iter_values(rows().map(|row| row.event_time.get()))),
            doubles(|row| row.cycle.threshold.percent()),
            Arc::new(StringArray::from_iter_values(rows().map(|row| row.cycle.to_string()))),
            doubles(|row| row.current_price),
            doubles(|row| row.highest_price),
            doubles(|row| row.lowest_price),
            doubles(|row| row.percent_increase),
            doubles(|row| row.percent_from_highest),
            doubles(|row| row.percent_increase_from_lowest),
        ],
    )
}

/// Columns under the names and the kinds of their table.
pub(super) fn columns_of(table: &Table, arrays: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    let field = |column: &super::Column| Field::new(column.name, duck::data_type(column.kind), true);
    let fields: Vec<Field> = table.columns.iter().map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}
