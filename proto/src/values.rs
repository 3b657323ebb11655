//! Values that are right by construction.
//!
//! A market observation (a price, a quantity) is an `f64`, as every source of ours sends it and every
//! formula of ours is defined on it: up to 15 digits it is exact. Money of the paper account is decimal.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value was refused, with the field and the value that was found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field} must be {rule}, got {found}")]
pub struct InvalidValue {
    /// The field that the value was meant for.
    pub field: &'static str,
    /// What it has to be.
    pub rule: &'static str,
    /// What it was, shortened to 64 characters.
    pub found: String,
}

impl InvalidValue {
    /// Refuses `found` for `field`.
    #[must_use]
    pub fn new(field: &'static str, rule: &'static str, found: impl fmt::Display) -> Self {
        let mut found = found.to_string();
        if let Some((end, _)) = found.char_indices().nth(64) {
            found.truncate(end);
            found.push('…');
        }
        Self { field, rule, found }
    }
}

/// The largest price and quantity that is believed.
const LARGEST: f64 = 1e15;

/// A price: quote for one unit of base. Finite and greater than zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Price(f64);

impl Price {
    /// Checks a price.
    ///
    /// # Errors
    ///
    /// When it is not a number, not greater than zero, or above 10^15.
    pub fn new(value: f64) -> Result<Self, InvalidValue> {
        if value > 0.0 && value <= LARGEST {
            return Ok(Self(value));
        }
        Err(InvalidValue::new("price", "greater than zero and at most 1e15", value))
    }

    /// The price as a number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// An amount of base or quote. Finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Quantity(f64);

impl Quantity {
    /// Checks an amount.
    ///
    /// # Errors
    ///
    /// When it is not a number, negative, or above 10^15.
    pub fn new(value: f64) -> Result<Self, InvalidValue> {
        if (0.0..=LARGEST).contains(&value) {
            return Ok(Self(value));
        }
        Err(InvalidValue::new("quantity", "at least zero and at most 1e15", value))
    }

    /// The amount as a number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// What is traded: a token (`SOL`) or a venue's instrument (`SOLUSDT`). Upper case, 1 to 20 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    length: u8,
    text: [u8; Self::LENGTH_MAX],
}

impl Symbol {
    const LENGTH_MAX: usize = 20;

    /// Reads a symbol, in any case.
    ///
    /// # Errors
    ///
    /// When it is empty, too long, or has other characters than letters, digits, `-`, `_` and `.`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let refused = || InvalidValue::new("symbol", "1 to 20 letters, digits, '-', '_' or '.'", text);
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let length = u8::try_from(text.len()).map_err(|_| refused())?;
        if text.is_empty() || !text.bytes().all(known) {
            return Err(refused());
        }
        let mut symbol = Self { length, text: [0; Self::LENGTH_MAX] };
        let slot = symbol.text.get_mut(..text.len()).ok_or_else(refused)?;
        slot.copy_from_slice(text.as_bytes());
        slot.make_ascii_uppercase();
        Ok(symbol)
    }

    /// The symbol as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A place in the log: 1, 2, 3, … without a hole and never reused. [`Seq::ZERO`] stands before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The place with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The place before it; nothing comes before [`Seq::ZERO`].
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// How many places lie between `earlier` and here; 0 when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// A moment: microseconds since 1970 in UTC, between the years 1 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMicros(i64);

impl UnixMicros {
    const EARLIEST: i64 = -62_135_596_800_000_000;
    const LATEST: i64 = 253_402_300_799_999_999;

    /// Checks a moment.
    ///
    /// # Errors
    ///
    /// When it lies outside of the years 1 to 9999.
    pub fn new(micros: i64) -> Result<Self, InvalidValue> {
        if (Self::EARLIEST..=Self::LATEST).contains(&micros) {
            return Ok(Self(micros));
        }
        Err(InvalidValue::new("time", "microseconds within the years 1 to 9999", micros))
    }

    /// Checks a moment given in whole seconds.
    ///
    /// # Errors
    ///
    /// When it lies outside of the years 1 to 9999.
    pub fn from_seconds(seconds: i64) -> Result<Self, InvalidValue> {
        Self::new(seconds.saturating_mul(1_000_000))
    }

    /// The wall clock. Only the shell of a service asks for it; everything else is told the time.
    #[must_use]
    #[allow(clippy::disallowed_methods)]
    pub fn now() -> Self {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since_epoch.as_micros()).unwrap_or(Self::LATEST).min(Self::LATEST))
    }

    /// Reads RFC 3339 text, such as `2026-01-03T22:13:51.907Z`.
    ///
    /// # Errors
    ///
    /// When it is not such text.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let parsed: jiff::Timestamp = text
            .parse()
            .map_err(|_| InvalidValue::new("time", "RFC 3339, such as 2026-01-03T22:13:51Z", text))?;
        Self::new(parsed.as_microsecond())
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// The span from `earlier` to here; zero when `earlier` is later.
    #[inline]
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Milliseconds from `earlier` to here; negative when `earlier` is later. Saturates.
    #[inline]
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> i32 {
        let millis = self.0.saturating_sub(earlier.0) / 1000;
        i32::try_from(millis).unwrap_or(if millis > 0 { i32::MAX } else { i32::MIN })
    }

    /// The moment that much later, at most the last one.
    #[inline]
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(Self::LATEST))
    }

    /// The moment that much earlier, at least the first one.
    #[inline]
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros).max(Self::EARLIEST))
    }
}

impl fmt::Display for UnixMicros {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            // With its precision: `{:.3}` has milliseconds.
            Ok(timestamp) => fmt::Display::fmt(&timestamp, formatter),
            Err(_) => write!(formatter, "{} µs", self.0),
        }
    }
}

impl fmt::Debug for UnixMicros {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_finite_and_greater_than_zero() {
        assert_eq!(Price::new(123.45).unwrap().get(), 123.45);
        for refused in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e16] {
            let error = Price::new(refused).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("price must be greater than zero and at most 1e15, got {refused}")
            );
        }
    }

    #[test]
    fn a_symbol_is_upper_case_and_short() {
        assert_eq!(Symbol::parse("solUsdt").unwrap().as_str(), "SOLUSDT");
        for refused in ["", "A SYMBOL", "<img src=x>", "ABCDEFGHIJKLMNOPQRSTU", "SÖL"] {
            assert!(Symbol::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn time_reads_and_prints_as_rfc_3339() {
        let time = UnixMicros::parse("2026-01-03T22:13:51.907Z").unwrap();
        assert_eq!(time.to_string(), "2026-01-03T22:13:51.907Z");
        assert!(UnixMicros::parse("yesterday").is_err());
        assert_eq!(time.plus(Duration::from_secs(2)).millis_since(time), 2000);
        assert_eq!(time.millis_since(time.plus(Duration::from_secs(2))), -2000);
    }

    #[test]
    fn a_refused_value_is_quoted_at_most_64_characters_long() {
        let error = InvalidValue::new("symbol", "short", "é".repeat(100));
        assert_eq!(error.found.chars().count(), 65);
    }
}
