//! Reading one field of an item: by any of its names, as any of its types.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use goat::event::{Perp, PositionSide};
use goat::values::{InvalidValue, Quantity, UnixMicros};
use serde_json::Value;
use serde_json::value::RawValue;

/// An item larger than this is not looked into.
const ITEM_BYTES_MAX: usize = 256 * 1024;
/// The longest text that is believed.
const TEXT_BYTES_MAX: usize = 128;
/// How far ahead of us the source's clock may be.
const AHEAD_MAX: Duration = Duration::from_mins(5);

/// The fields of one item, each read only when it is asked for: a broken field that nobody needs does no harm.
pub(super) struct Item<'a> {
    fields: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

impl<'a> Item<'a> {
    pub(super) fn open(raw: &'a RawValue) -> Result<Self, InvalidValue> {
        let text = raw.get();
        if text.len() > ITEM_BYTES_MAX {
            return Err(InvalidValue::new("item", "at most 262144 bytes", format!("{} bytes", text.len())));
        }
        let fields = serde_json::from_str(text)
            .map_err(|_| InvalidValue::new("item", "an object with readable names", text))?;
        Ok(Self { fields })
    }

    /// The first of the names that has a value; null and an empty text are none, 0 is one.
    fn find(&self, names: &[&'static str]) -> Option<(&'static str, &'a RawValue)> {
        names.iter().find_map(|name| {
            let value = *self.fields.get(*name)?;
            (!matches!(value.get(), "null" | "\"\"")).then_some((*name, value))
        })
    }

    fn value(&self, names: &[&'static str]) -> Result<Option<(&'static str, Value)>, InvalidValue> {
        let Some((name, raw)) = self.find(names) else { return Ok(None) };
        match serde_json::from_str(raw.get()) {
            Ok(value) => Ok(Some((name, value))),
            Err(_) => Err(InvalidValue::new(name, "a value that can be read", raw.get())),
        }
    }

    /// A text of at most 128 bytes without control characters.
    pub(super) fn text(&self, names: &[&'static str]) -> Result<Option<String>, InvalidValue> {
        let Some((name, value)) = self.value(names)? else { return Ok(None) };
        let Value::String(text) = value else { return Err(InvalidValue::new(name, "a text", value)) };
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
            let rule = "at most 128 bytes without control characters";
            return Err(InvalidValue::new(name, rule, text.escape_debug()));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    pub(super) fn required_text(&self, names: &[&'static str]) -> Result<String, InvalidValue> {
        self.text(names)?.ok_or_else(|| missing(names))
    }

    /// A finite number, written as a number or as a text.
    pub(super) fn number(&self, names: &[&'static str]) -> Result<Option<f64>, InvalidValue> {
        let Some((name, value)) = self.value(names)? else { return Ok(None) };
        match as_number(&value).filter(|number| number.abs() <= 1e15) {
            Some(number) => Ok(Some(number)),
            None => Err(InvalidValue::new(name, "a number of at most 1e15", value)),
        }
    }

    /// An amount: a number that is not negative.
    pub(super) fn quantity(&self, names: &[&'static str]) -> Result<Option<Quantity>, InvalidValue> {
        let Some(number) = self.number(names)? else { return Ok(None) };
        let (name, _) = self.find(names).ok_or_else(|| missing(names))?;
        match Quantity::new(number) {
            Ok(quantity) => Ok(Some(quantity)),
            Err(error) => Err(InvalidValue { field: name, ..error }),
        }
    }

    pub(super) fn required_quantity(&self, names: &[&'static str]) -> Result<Quantity, InvalidValue> {
        self.quantity(names)?.ok_or_else(|| missing(names))
    }

    /// A count that the item may lack; one that cannot be read counts as lacking, the raw item still has it.
    pub(super) fn count(&self, names: &[&'static str]) -> u64 {
        match self.value(names) {
            Ok(Some((_, Value::Number(number)))) => number.as_u64().unwrap_or(0),
            Ok(Some((_, Value::String(text)))) => text.trim().parse().unwrap_or(0),
            _ => 0,
        }
    }

    /// The first moment that is named: Unix seconds, milliseconds, microseconds or nanoseconds, or RFC 3339.
    pub(super) fn time(
        &self,
        names: &[&'static str],
        received: UnixMicros,
    ) -> Result<UnixMicros, InvalidValue> {
        let (name, value) = self.value(names)?.ok_or_else(|| missing(names))?;
        let rule = "Unix time or RFC 3339";
        let time = as_time(&value).ok_or_else(|| InvalidValue::new(name, rule, &value))?;
        if time > received.plus(AHEAD_MAX) {
            return Err(InvalidValue::new(name, "at most 5 minutes ahead of its arrival", time));
        }
        Ok(time)
    }

    /// The perpetual position, as far as it can be read: it decides nothing about the item.
    pub(super) fn perp(&self) -> Perp {
        let text = |names: &[&'static str]| self.text(names).ok().flatten();
        let number = |name| self.number(&[name]).ok().flatten();
        let flag = self.value(&["has_perp_position"]).ok().flatten();
        let has_position = matches!(flag, Some((_, Value::Bool(true))))
            || matches!(flag, Some((_, Value::String(text))) if text.eq_ignore_ascii_case("true"));
        let side = text(&["perp_direction", "perp_side"]).and_then(|side| {
            match side.to_ascii_lowercase().as_str() {
                "long" => Some(PositionSide::Long),
                "short" => Some(PositionSide::Short),
                _ => None,
            }
        });
        Perp {
            has_position,
            platform: text(&["perp_platform"]).unwrap_or_default(),
            side,
            size: number("perp_size"),
            leverage: number("perp_leverage"),
            entry_price: number("perp_entry_price"),
        }
    }
}

fn missing(names: &[&'static str]) -> InvalidValue {
    InvalidValue::new(names.first().copied().unwrap_or("item"), "present", "nothing")
}

fn as_number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn as_time(value: &Value) -> Option<UnixMicros> {
    if let Some(number) = as_number(value) {
        return from_unix(number);
    }
    let text = value.as_str()?.trim();
    // A time without a zone is UTC, as all of the source's times are.
    UnixMicros::parse(text).or_else(|_| UnixMicros::parse(&format!("{text}Z"))).ok()
}

/// The unit follows from the size: the years 1973 to 5138 do not overlap between units.
fn from_unix(number: f64) -> Option<UnixMicros> {
    let micros = match number.abs() {
        size if size < 1e11 => number * 1e6,
        size if size < 1e14 => number * 1e3,
        size if size < 1e17 => number,
        _ => number / 1e3,
    };
    whole(micros).and_then(|micros| UnixMicros::new(micros).ok())
}

#[allow(clippy::cast_possible_truncation)] // The range is checked before.
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 9e17).then(|| number.round() as i64)
}

/// The item without the blanks between its values, its digits untouched; empty when that is more than 16 KiB.
pub(super) fn compact(raw: &RawValue) -> String {
    const RAW_BYTES_MAX: usize = 16 * 1024;
    if raw.get().len() > 4 * RAW_BYTES_MAX {
        return String::new();
    }
    let (mut quoted, mut escaped) = (false, false);
    let mut text = raw.get().to_owned();
    text.retain(|character| {
        let blank = !quoted && character.is_ascii_whitespace();
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = quoted;
        } else if character == '"' {
            quoted = !quoted;
        }
        !blank
    });
    if text.len() <= RAW_BYTES_MAX { text } else { String::new() }
}
