//! Values of SQL as JSON has them.

use duckdb::types::{TimeUnit, Value, ValueRef};
use prost_types::{ListValue, Value as Json, value::Kind};

use crate::values::UnixMicros;

/// Up to here every integer is a double.
const EXACT_MAX: u128 = 1 << 53;
const DAY_MICROS: i64 = 86_400_000_000;

/// A value of SQL as JSON has it: what would lose a digit as a double is text, times are RFC 3339, and what has
/// no counterpart is text.
#[must_use]
pub fn as_kind(value: ValueRef<'_>) -> Kind {
    match value {
        ValueRef::Text(text) => Kind::StringValue(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Double(value) => double(value),
        other => owned(other.to_owned()),
    }
}

fn owned(value: Value) -> Kind {
    match value {
        Value::Null => Kind::NullValue(0),
        Value::Boolean(value) => Kind::BoolValue(value),
        Value::TinyInt(value) => Kind::NumberValue(f64::from(value)),
        Value::SmallInt(value) => Kind::NumberValue(f64::from(value)),
        Value::Int(value) => Kind::NumberValue(f64::from(value)),
        Value::UTinyInt(value) => Kind::NumberValue(f64::from(value)),
        Value::USmallInt(value) => Kind::NumberValue(f64::from(value)),
        Value::UInt(value) => Kind::NumberValue(f64::from(value)),
        Value::BigInt(value) => integer(value.into()),
        Value::UBigInt(value) => integer(value.into()),
        Value::HugeInt(value) => integer(value),
        Value::UHugeInt(value) => Kind::StringValue(value.to_string()),
        Value::Float(value) => double(value.into()),
        Value::Double(value) => double(value),
        Value::Decimal(value) => Kind::StringValue(value.to_string()),
        Value::Timestamp(unit, value) => timestamp(unit, value),
        Value::Date32(days) => date(days),
        Value::Time64(unit, value) => Kind::StringValue(time_of_day(micros(unit, value))),
        Value::Interval { months, days, nanos } => Kind::StringValue(interval(months, days, nanos)),
        Value::Text(text) | Value::Enum(text) => Kind::StringValue(text),
        Value::List(values) | Value::Array(values) => list(values),
        other => Kind::StringValue(format!("{other:?}")),
    }
}

#[allow(clippy::cast_precision_loss)]
fn integer(value: i128) -> Kind {
    if value.unsigned_abs() <= EXACT_MAX {
        Kind::NumberValue(value as f64)
    } else {
        Kind::StringValue(value.to_string())
    }
}

/// JSON has no number for the three that are none.
fn double(value: f64) -> Kind {
    if value.is_finite() { Kind::NumberValue(value) } else { Kind::StringValue(value.to_string()) }
}

fn micros(unit: TimeUnit, value: i64) -> i64 {
    match unit {
        TimeUnit::Second => value.saturating_mul(1_000_000),
        TimeUnit::Millisecond => value.saturating_mul(1000),
        TimeUnit::Microsecond => value,
        TimeUnit::Nanosecond => value.div_euclid(1000),
    }
}

fn timestamp(unit: TimeUnit, value: i64) -> Kind {
    match UnixMicros::new(micros(unit, value)) {
        Ok(time) => Kind::StringValue(time.to_string()),
        Err(_) => Kind::NullValue(0),
    }
}

fn date(days: i32) -> Kind {
    match UnixMicros::new(i64::from(days).saturating_mul(DAY_MICROS)) {
        Ok(midnight) => {
            let text = midnight.to_string();
            Kind::StringValue(text.split_once('T').map_or(text.as_str(), |(date, _)| date).to_owned())
        }
        Err(_) => Kind::NullValue(0),
    }
}

fn time_of_day(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000_000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{:06}", seconds % 60, micros.rem_euclid(1_000_000))
}

/// A duration of ISO 8601, as it is in the database: months, days and seconds are not converted.
fn interval(months: i32, days: i32, nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let micros = nanos.unsigned_abs() / 1000;
    format!("P{months}M{days}DT{sign}{}.{:06}S", micros / 1_000_000, micros % 1_000_000)
}

fn list(values: Vec<Value>) -> Kind {
    let values = values.into_iter().map(|value| Json { kind: Some(owned(value)) }).collect();
    Kind::ListValue(ListValue { values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Kind {
        Kind::StringValue(text.to_owned())
    }

    #[test]
    fn no_digit_of_an_integer_is_lost() {
        assert_eq!(integer(1 << 53), Kind::NumberValue(9_007_199_254_740_992.0));
        assert_eq!(integer((1 << 53) + 1), text("9007199254740993"));
        assert_eq!(integer(i64::MIN.into()), text("-9223372036854775808"));
        assert_eq!(as_kind(ValueRef::UBigInt(u64::MAX)), text("18446744073709551615"));
    }

    #[test]
    fn times_and_what_json_does_not_have_are_text() {
        assert_eq!(as_kind(ValueRef::Timestamp(TimeUnit::Second, 0)), text("1970-01-01T00:00:00Z"));
        assert_eq!(as_kind(ValueRef::Date32(-1)), text("1969-12-31"));
        assert_eq!(as_kind(ValueRef::Time64(TimeUnit::Microsecond, 3_723_000_001)), text("01:02:03.000001"));
        assert_eq!(as_kind(ValueRef::Double(f64::NAN)), text("NaN"));
        assert_eq!(
            owned(Value::Interval { months: 1, days: 2, nanos: -1_500_000_000 }),
            text("P1M2DT-1.500000S")
        );
        assert_eq!(
            owned(Value::List(vec![Value::Int(1), Value::Null])),
            Kind::ListValue(ListValue {
                values: vec![
                    Json { kind: Some(Kind::NumberValue(1.0)) },
                    Json { kind: Some(Kind::NullValue(0)) }
                ],
            })
        );
    }
}
