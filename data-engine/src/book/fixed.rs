//! Decimals as venues write them, without a digit lost.

use goat::values::InvalidValue;

/// The most digits behind the point.
const PLACES: usize = 18;
/// One, in the smallest units.
const ONE: u128 = 1_000_000_000_000_000_000;
/// Larger numbers are not believed.
const LARGEST: u128 = 1_000_000_000_000_000 * ONE;
/// The smallest units in the last of so many places.
#[rustfmt::skip]
const SCALES: [u64; PLACES + 1] = [
    1_000_000_000_000_000_000,
    100_000_000_000_000_000,
    10_000_000_000_000_000,
    1_000_000_000_000_000,
    100_000_000_000_000,
    10_000_000_000_000,
    1_000_000_000_000,
    100_000_000_000,
    10_000_000_000,
    1_000_000_000,
    100_000_000,
    10_000_000,
    1_000_000,
    100_000,
    10_000,
    1_000,
    100,
    10,
    1,
];
/// Up to here every integer is a double.
const EXACT_MAX: u128 = 1 << 53;

/// A number that is not negative, in units of 10^-18, at most 10^15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fixed(u128);

impl Fixed {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads digits with at most one point among them, such as `0.00100000`.
    ///
    /// # Errors
    ///
    /// When there is anything else, more than 18 places, or more than 10^15.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, InvalidValue> {
        let refused =
            || InvalidValue::new(field, "a decimal of at most 1e15 with at most 18 places and no sign", text);
        let point = text.bytes().position(|byte| byte == b'.');
        let (whole, places) = point.map_or((text, ""), |point| (&text[..point], &text[point + 1..]));
        if whole.len() + places.len() == 0 {
            return Err(refused());
        }
        let whole = digits(whole.trim_start_matches('0')).ok_or_else(refused)?;
        let (places, scale) = digits(places).zip(SCALES.get(places.len())).ok_or_else(refused)?;
        let units = u128::from(whole) * ONE + u128::from(places) * u128::from(*scale);
        if units > LARGEST { Err(refused()) } else { Ok(Self(units)) }
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The double nearest to it: the one that reading its digits as a double gives.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // An exact integer over an exact power of ten is rounded once.
        let (mut units, mut divisor) = (self.0, 1e18);
        for (step, power) in [(10_000_000_000, 1e10), (10, 1e1), (10, 1e1), (10, 1e1), (10, 1e1)] {
            if units < EXACT_MAX || units % step != 0 {
                break;
            }
            units /= step;
            divisor /= power;
        }
        match exact(units) {
            Some(units) => units / divisor,
            None => self.to_string().parse().unwrap_or(f64::NAN),
        }
    }
}

/// The number that the digits are; none when there is something else among them, or more than [`PLACES`] of them.
fn digits(text: &str) -> Option<u64> {
    if text.len() > PLACES {
        return None;
    }
    let mut number = 0;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

#[allow(clippy::cast_precision_loss)]
fn exact(units: u128) -> Option<f64> {
    (units <= EXACT_MAX).then_some(units as f64)
}

impl std::fmt::Display for Fixed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:018}", self.0 / ONE, self.0 % ONE);
        formatter.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_such_decimal_is_refused_by_name() {
        let refused = ["", ".", "-1", "+1", "1e5", "1.2.3", "NaN", " 1", "1_0", "0.0000000000000000001"];
        for text in refused.into_iter().chain(["1000000000000001", &"9".repeat(60)]) {
            let error = Fixed::parse("price", text).unwrap_err();
            assert_eq!((error.field, error.found.is_empty()), ("price", text.is_empty()), "{text}");
        }
    }

    #[test]
    fn trailing_zeros_make_no_other_number() {
        let parse = |text| Fixed::parse("price", text).unwrap();
        assert_eq!(parse("147.48"), parse("0147.480000000000000000"));
        assert_eq!(parse("147.48000000").to_string(), "147.48");
        assert_eq!((parse("5.").to_string(), parse(".5").to_string()), ("5".to_owned(), "0.5".to_owned()));
        assert!(parse("0.00000000").is_zero());
        assert_eq!(parse("0.000000000000000001").to_f64(), 1e-18);
    }

    proptest! {
        /// A number becomes the double that its digits are read as, whatever their count.
        #[test]
        fn no_digit_is_lost_on_the_way_to_a_double(whole in 0_u64..=999_999_999_999_999, places in "[0-9]{0,18}") {
            let text = format!("{whole}.{places}");
            prop_assert_eq!(Fixed::parse("price", &text).unwrap().to_f64(), text.parse::<f64>().unwrap());
        }

        /// Whatever arrives, reading it ends.
        #[test]
        fn reading_never_panics(text in "\\PC{0,64}") {
            let _ = Fixed::parse("price", &text);
        }
    }
}
