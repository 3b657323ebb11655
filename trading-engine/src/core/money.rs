//! Money of the paper account: decimal, to the millionth of a dollar.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use goat::values::InvalidValue;
use serde::{Deserialize, Serialize};

/// US dollars, or a stablecoin that counts as them, in whole millionths. May be negative.
///
/// An amount comes from a number through [`Usd::from_f64`] and nowhere else, so it is rounded once. What follows
/// by adding and subtracting is exact. Sums end at [`Usd::MAX`] and [`Usd::MIN`]: it takes 10^17 of the largest amounts
/// that [`Usd::from_f64`] lets in, so no account gets there.
///
/// In a state it is its millionths as one integer: equal amounts have equal bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(i128);

/// The largest amount that is taken from a number.
const LARGEST: f64 = 1e15;

const MICROS: u64 = 10_u64.pow(Usd::SCALE);

impl Usd {
    /// Decimal places.
    pub const SCALE: u32 = 6;
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Where sums end.
    pub const MAX: Self = Self(i128::MAX);
    /// Where differences end.
    pub const MIN: Self = Self(-i128::MAX);

    /// The amount nearest to the exact value of `dollars`; of two equally near ones the even.
    ///
    /// # Errors
    ///
    /// When it is not a number, or beyond 10^15 in either direction.
    pub fn from_f64(dollars: f64) -> Result<Self, InvalidValue> {
        if dollars.is_nan() || dollars.abs() > LARGEST {
            return Err(InvalidValue::new("amount", "a number of USD between -1e15 and 1e15", dollars));
        }
        let micros = micros_of(dollars.abs());
        Ok(Self(if dollars.is_sign_negative() { -micros } else { micros }))
    }

    /// That many whole dollars.
    #[must_use]
    pub fn from_dollars(dollars: i32) -> Self {
        Self(i128::from(dollars) * i128::from(MICROS))
    }

    /// That many millionths of a dollar.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.into())
    }

    /// The amount in millionths of a dollar.
    #[must_use]
    pub fn micros(self) -> i128 {
        self.0
    }

    /// The nearest number, for ratios and for showing.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn to_f64(self) -> f64 {
        // Below 2^53 millionths, nine billion dollars, only the division rounds.
        self.0 as f64 / MICROS as f64
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

/// The millionths nearest to a number from 0 to [`LARGEST`]; of two equally near ones the even.
///
/// A double is a whole number of 53 bits times a power of two, so its millionths are a fraction of 73 bits that is
/// rounded where it is exact.
fn micros_of(dollars: f64) -> i128 {
    const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = dollars.to_bits();
    let (exponent, fraction) = (bits >> FRACTION_BITS, bits & ((1 << FRACTION_BITS) - 1));
    // Without its leading one it is below 2^-1022.
    if exponent == 0 {
        return 0;
    }
    let scaled = i128::from(fraction | (1 << FRACTION_BITS)) * i128::from(MICROS);
    // `LARGEST` is below 2^50, so at least three bits are cut off; of 73 bits a hundred leave nothing.
    let cut = (u64::from(FRACTION_BITS) + 1023).saturating_sub(exponent);
    let Some(cut) = u32::try_from(cut).ok().filter(|bits| (1..100).contains(bits)) else { return 0 };
    let (whole, rest) = (scaled >> cut, scaled & ((1 << cut) - 1));
    let half = 1_i128 << (cut - 1);
    let is_up = rest > half || (rest == half && whole & 1 == 1);
    whole + i128::from(is_up)
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0).max(Self::MIN.0))
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
        let (magnitude, unit) = (self.0.unsigned_abs(), u128::from(MICROS));
        let fraction = format!("{:06}", magnitude % unit);
        let significant = fraction.trim_end_matches('0').len().max(2);
        formatter.pad_integral(
            self.0 >= 0,
            "",
            &format!("{}.{}", magnitude / unit, fraction.get(..significant).unwrap_or(&fraction)),
        )
    }
}

impl fmt::Debug for Usd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self} USD")
    }
}

#[cfg(test)]
mod tests;
