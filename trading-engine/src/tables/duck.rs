//! Tables in `DuckDB`: made, checked, written in columns, and read back.

use std::sync::Arc;

use duckdb::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use duckdb::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use duckdb::arrow::error::ArrowError;
use duckdb::arrow::record_batch::RecordBatch;
use duckdb::types::Value as Stored;
use duckdb::{Connection, Transaction};

use super::{Kind, Layout, Value};

/// Rows could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DuckError {
    /// The database.
    #[error(transparent)]
    Database(#[from] duckdb::Error),
    /// Rows could not be laid out in columns.
    #[error("the columns: {0}")]
    Columns(#[from] ArrowError),
}

/// The type of a column of that kind.
pub(crate) fn column_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Json => "VARCHAR",
        Kind::Integer => "INTEGER",
        Kind::BigInt => "BIGINT",
        Kind::Double => "DOUBLE",
        Kind::Boolean => "BOOLEAN",
        Kind::Timestamp => "TIMESTAMP",
        Kind::Money => "DECIMAL(18,6)",
    }
}

/// The statement that makes a table.
pub(crate) fn create(layout: Layout) -> String {
    let column = |column: super::Column| {
        let required = if column.required { " NOT NULL" } else { "" };
        format!("{} {}{required}", column.name, column_type(column.kind))
    };
    let columns: Vec<String> = layout.columns().map(column).collect();
    format!("CREATE TABLE {} ({});", layout.table.name, columns.join(", "))
}

/// The statement that makes the place where rows of a keyed table wait: of this connection alone.
pub(crate) fn create_stage(layout: Layout) -> String {
    let staged = |kind| if kind == Kind::Money { "BIGINT" } else { column_type(kind) };
    let columns: Vec<String> =
        layout.columns().map(|column| format!("{} {}", column.name, staged(column.kind))).collect();
    format!("CREATE TEMP TABLE {} ({});", layout.stage(), columns.join(", "))
}

/// Writes rows of a keyed table in; those that have the key of one of them are replaced.
pub(crate) fn upsert(
    transaction: &Transaction<'_>,
    layout: Layout,
    log_id: &str,
    rows: &[&[Value]],
) -> Result<(), DuckError> {
    let (name, stage) = (layout.table.name, layout.stage());
    let mut appender = transaction.appender_to_catalog_and_db(&stage, "temp", "main")?;
    appender.append_record_batch(record_batch(layout, log_id, rows)?)?;
    appender.flush()?;
    drop(appender);
    let same: Vec<String> =
        layout.key().map(|column| format!("{name}.{column} = {stage}.{column}")).collect();
    let values: Vec<String> = layout.columns().map(|column| unstaged(column.name, column.kind)).collect();
    transaction.execute_batch(&format!(
        "DELETE FROM {name} USING temp.{stage} WHERE {};
         INSERT INTO {name} SELECT {} FROM temp.{stage};
         TRUNCATE temp.{stage};",
        same.join(" AND "),
        values.join(", ")
    ))?;
    Ok(())
}

/// Money waits as millionths, which every writer can write.
fn unstaged(column: &str, kind: Kind) -> String {
    match kind {
        Kind::Money => format!("(({column}::DECIMAL(19,0)) * 0.000001::DECIMAL(7,6))::DECIMAL(18,6)"),
        _ => column.to_owned(),
    }
}

/// Adds columns of a table without a key.
pub(crate) fn append(
    transaction: &Transaction<'_>,
    table: &str,
    batch: RecordBatch,
) -> Result<(), duckdb::Error> {
    let mut appender = transaction.appender(table)?;
    appender.append_record_batch(batch)?;
    appender.flush()
}

/// Rows as columns.
pub(crate) fn record_batch(
    layout: Layout,
    log_id: &str,
    rows: &[&[Value]],
) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    if layout.per_log {
        fields.push(Field::new("log_id", DataType::Utf8, true));
        arrays.push(Arc::new(StringArray::from_iter_values(rows.iter().map(|_| log_id))));
    }
    for (at, column) in layout.table.columns.iter().enumerate() {
        fields.push(Field::new(column.name, data_type(column.kind), true));
        arrays.push(array(column.kind, rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null))));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

pub(crate) fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Integer => DataType::Int32,
        Kind::BigInt | Kind::Money => DataType::Int64,
        Kind::Double => DataType::Float64,
        Kind::Boolean => DataType::Boolean,
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

fn array<'a>(kind: Kind, values: impl Iterator<Item = &'a Value>) -> ArrayRef {
    match kind {
        Kind::Text | Kind::Json => Arc::new(
            values
                .map(|value| match value {
                    Value::Text(text) | Value::Json(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect::<StringArray>(),
        ),
        Kind::Integer => Arc::new(
            values
                .map(|value| match value {
                    Value::Integer(number) => Some(*number),
                    _ => None,
                })
                .collect::<Int32Array>(),
        ),
        Kind::BigInt | Kind::Money => Arc::new(
            values
                .map(|value| match value {
                    Value::BigInt(number) | Value::Money(number) => Some(*number),
                    _ => None,
                })
                .collect::<Int64Array>(),
        ),
        Kind::Double => Arc::new(
            values
                .map(|value| match value {
                    Value::Double(number) => Some(*number),
                    _ => None,
                })
                .collect::<Float64Array>(),
        ),
        Kind::Boolean => Arc::new(
            values
                .map(|value| match value {
                    Value::Boolean(value) => Some(*value),
                    _ => None,
                })
                .collect::<BooleanArray>(),
        ),
        Kind::Timestamp => Arc::new(
            values
                .map(|value| match value {
                    Value::Timestamp(micros) => Some(*micros),
                    _ => None,
                })
                .collect::<TimestampMicrosecondArray>(),
        ),
    }
}

/// Rows of a table, in the order of its columns. `condition` is the end of the statement, from `WHERE` on.
pub(crate) fn rows(
    connection: &Connection,
    layout: Layout,
    condition: &str,
    parameters: &[&dyn duckdb::ToSql],
) -> Result<Vec<Vec<Value>>, duckdb::Error> {
    let columns = layout.table.columns;
    let read: Vec<String> = columns
        .iter()
        .map(|column| match column.kind {
            Kind::Timestamp => format!("epoch_us({})", column.name),
            Kind::Money => format!("({}::DECIMAL(25,6) * 1000000::DECIMAL(7,0))::BIGINT", column.name),
            _ => column.name.to_owned(),
        })
        .collect();
    let select = format!("SELECT {} FROM {} {condition}", read.join(", "), layout.table.name);
    let mut statement = connection.prepare(&select)?;
    let found = statement.query_map(parameters, |row| {
        columns.iter().enumerate().map(|(at, column)| Ok(loaded(column.kind, row.get(at)?))).collect()
    })?;
    found.collect()
}

fn loaded(kind: Kind, stored: Stored) -> Value {
    match (stored, kind) {
        (Stored::Text(text), Kind::Json) => Value::Json(text),
        (Stored::Text(text), _) => Value::Text(text),
        (Stored::Int(number), _) => Value::Integer(number),
        (Stored::BigInt(number), Kind::Timestamp) => Value::Timestamp(number),
        (Stored::BigInt(number), Kind::Money) => Value::Money(number),
        (Stored::BigInt(number), _) => Value::BigInt(number),
        (Stored::Double(number), _) => Value::Double(number),
        (Stored::Boolean(value), _) => Value::Boolean(value),
        _ => Value::Null,
    }
}
