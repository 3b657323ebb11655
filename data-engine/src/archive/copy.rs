//! Values of the tables in the binary form of `COPY`.

use duckdb::types::Value;
use goat::postgres::copy::CopyRows;

/// Adds a row of the log with this number.
pub(super) fn push(rows: &mut CopyRows, log: i32, row: &[Value]) {
    rows.row(row.len() + 1);
    rows.integer(log);
    for value in row {
        put(rows, value);
    }
}

fn put(rows: &mut CopyRows, value: &Value) {
    match value {
        Value::UBigInt(number) => rows.bigint(i64::try_from(*number).unwrap_or(i64::MAX)),
        Value::UInt(number) => rows.bigint(i64::from(*number)),
        Value::Timestamp(_, micros) => rows.timestamp(*micros),
        Value::Double(number) => rows.double(*number),
        Value::Boolean(value) => rows.boolean(*value),
        Value::Text(text) => rows.text(text),
        // The tables have no other types.
        _ => rows.null(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_begins_with_its_log_and_a_number_beyond_the_columns_range_becomes_its_end() {
        let (mut rows, mut expected) = (CopyRows::default(), CopyRows::default());
        push(&mut rows, 3, &[Value::UBigInt(u64::MAX), Value::UInt(7), Value::Null]);
        expected.row(4);
        expected.integer(3);
        expected.bigint(i64::MAX);
        expected.bigint(7);
        expected.null();
        assert_eq!(rows.finish(), expected.finish());
    }
}
