//! Money of the paper account: decimal, to the millionth of a dollar.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use goat::values::InvalidValue;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// US dollars, or a stablecoin that counts as them, in whole millionths. May be negative.
///
/// An amount comes from a number through [`Usd::from_f64`] and nowhere else, so it is rounded once. What follows
/// by adding and subtracting is exact. Sums end at [`Usd::MAX`] and [`Usd::MIN`]: 96 bits hold 79 million of the
/// largest amounts that [`Usd::from_f64`] lets in, so no account gets there.
///
/// In a state it is its millionths as one integer: equal amounts have equal bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(Decimal);

/// The largest amount that is taken from a number.
const LARGEST: f64 = 1e15;

impl Usd {
    /// Decimal places.
    pub const SCALE: u32 = 6;
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// Where sums end.
    pub const MAX: Self = Self(Decimal::from_parts(u32::MAX, u32::MAX, u32::MAX, false, Self::SCALE));
    /// Where differences end.
    pub const MIN: Self = Self(Decimal::from_parts(u32::MAX, u32::MAX, u32::MAX, true, Self::SCALE));

    /// The amount nearest to the exact value of `dollars`; of two equally near ones the even.
    ///
    /// # Errors
    ///
    /// When it is not a number, or beyond 10^15 in either direction.
    pub fn from_f64(dollars: f64) -> Result<Self, InvalidValue> {
        let refused = || InvalidValue::new("amount", "a number of USD between -1e15 and 1e15", dollars);
        if dollars.is_nan() || dollars.abs() > LARGEST {
            return Err(refused());
        }
        let exact = Decimal::from_f64_retain(dollars).ok_or_else(refused)?;
        Ok(Self(exact.round_dp_with_strategy(Self::SCALE, RoundingStrategy::MidpointNearestEven)))
    }

    /// That many whole dollars.
    #[must_use]
    pub fn from_dollars(dollars: i32) -> Self {
        Self(Decimal::from(dollars))
    }

    /// That many millionths of a dollar.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(Decimal::new(micros, Self::SCALE))
    }

    /// The amount in millionths of a dollar.
    #[must_use]
    pub fn micros(self) -> i128 {
        let mut scaled = self.0;
        scaled.rescale(Self::SCALE);
        scaled.mantissa()
    }

    /// The nearest number, for ratios and for showing.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0.to_f64().unwrap_or_default()
    }

    /// The amount without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self < Self::ZERO
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self > Self::ZERO
    }

    /// This many basis points of it, rounded as [`Usd::from_f64`] does.
    ///
    /// # Errors
    ///
    /// When the result is not an amount.
    pub fn basis_points(self, bps: f64) -> Result<Self, InvalidValue> {
        Self::from_f64(self.to_f64() * bps / 10_000.0)
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let bound = if self.is_negative() { Self::MIN } else { Self::MAX };
        // The library gives up decimal places before it gives up a sum.
        self.0.checked_add(other.0).map_or(bound, |sum| Self(sum).clamp(Self::MIN, Self::MAX))
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Usd {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Usd {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    /// As many decimal places as it has, but at least two.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.normalize();
        shown.rescale(shown.scale().max(2));
        fmt::Display::fmt(&shown, formatter)
    }
}

impl fmt::Debug for Usd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self} USD")
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i128(self.micros())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let micros = i128::deserialize(deserializer)?;
        Decimal::try_from_i128_with_scale(micros, Self::SCALE).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
