//! Amounts, each as exact as it is shown.
//!
//! An amount is kept as it is written, in cents and in hundredths of a percent. So a sentence that depends on a value
//! depends on what the reader sees of it.

use goat::values::Price;
use serde::{Deserialize, Serialize};

/// Money in US cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Usd(i64);

/// A share in hundredths of a percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Percent(i64);

/// The nearest hundredth, halves away from zero; none for what is no number or absurdly large.
fn hundredths(value: f64) -> Option<i64> {
    const LARGEST: f64 = 1e12;
    let scaled = value * 100.0;
    // What is in this range fits without loss.
    #[allow(clippy::cast_possible_truncation)]
    (scaled.abs() < LARGEST).then(|| scaled.round() as i64)
}

impl Usd {
    /// Rounds dollars to cents; none when they are no number.
    pub(crate) fn of(dollars: f64) -> Option<Self> {
        hundredths(dollars).map(Self)
    }

    /// So many cents.
    pub(crate) const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// Cents.
    pub(crate) fn get(self) -> i64 {
        self.0
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Its size, without a sign: `$1,234.50`.
    pub(crate) fn size(self) -> String {
        format!("${}", grouped(self.0.unsigned_abs()))
    }

    /// With its sign only when it is negative: `-$1,234.50`.
    pub(crate) fn plain(self) -> String {
        format!("{}{}", if self.0 < 0 { "-" } else { "" }, self.size())
    }

    /// With its sign, also when it is positive: `+$1,234.50`.
    pub(crate) fn signed(self) -> String {
        format!("{}{}", sign(self.0), self.size())
    }
}

impl Percent {
    /// Rounds a percentage to hundredths; none when it is no number.
    pub(crate) fn of(percent: f64) -> Option<Self> {
        hundredths(percent).map(Self)
    }

    /// So many hundredths of a percent.
    pub(crate) const fn from_hundredths(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// Hundredths of a percent.
    pub(crate) fn get(self) -> i64 {
        self.0
    }

    /// Its size, without a sign: `0.51%`.
    pub(crate) fn size(self) -> String {
        format!("{}%", grouped(self.0.unsigned_abs()))
    }

    /// With its sign, also when it is positive: `+0.51%`.
    pub(crate) fn signed(self) -> String {
        format!("{}{}", sign(self.0), self.size())
    }

    /// How much further it is than the other.
    pub(crate) fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

fn sign(value: i64) -> &'static str {
    match value {
        ..0 => "-",
        0 => "",
        1.. => "+",
    }
}

/// Hundredths as a number with two decimals and thousands apart: `1,234.50`.
fn grouped(hundredths: u64) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    format!("{}.{rest:02}", count(whole))
}

/// A whole number with thousands apart: `1,204`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A price with as many decimals as it needs to be told from its neighbours: five digits at least.
pub(crate) fn price(price: Price) -> String {
    let decimals = match price.get() {
        1000.0.. => 2,
        10.0.. => 3,
        0.1.. => 5,
        _ => 8,
    };
    let written = format!("{:.decimals$}", price.get());
    let (whole, rest) = written.split_once('.').unwrap_or((&written, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    format!("${whole}.{rest}")
}

/// A span as its two largest units: `2 h 5 min`.
pub(crate) fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_its_sign_before_the_dollar_and_thousands_apart() {
        assert_eq!(Usd::of(-42.5).unwrap().signed(), "-$42.50");
        assert_eq!(Usd::of(1_234_567.891).unwrap().signed(), "+$1,234,567.89");
        assert_eq!(Usd::of(-0.001).unwrap().signed(), "$0.00");
        assert_eq!(Percent::of(0.505).unwrap().signed(), "+0.51%");
        assert_eq!(Usd::of(f64::NAN), None);
        assert_eq!(Percent::of(f64::INFINITY), None);
    }

    #[test]
    fn a_price_keeps_the_digits_that_matter() {
        assert_eq!(price(Price::new(113_587.99).unwrap()), "$113,587.99");
        assert_eq!(price(Price::new(133.5).unwrap()), "$133.500");
        assert_eq!(price(Price::new(0.123_456_7).unwrap()), "$0.12346");
    }

    #[test]
    fn a_span_is_told_in_two_units() {
        assert_eq!([59, 60, 7500, 90_061].map(span), ["59 s", "1 min", "2 h 5 min", "1 d 1 h"]);
    }
}
