use proptest::prelude::*;

use super::*;

fn usd(dollars: f64) -> Usd {
    Usd::from_f64(dollars).unwrap()
}

#[test]
fn a_number_is_rounded_to_the_millionth_and_ties_go_to_the_even() {
    // 1/128 and 3/128 lie exactly between two millionths.
    for (dollars, micros) in [
        (0.007_812_5, 7_812),
        (0.023_437_5, 23_438),
        (-0.007_812_5, -7_812),
        (0.1 + 0.2, 300_000),
        (125.123_456_4, 125_123_456),
        (-0.000_000_4, 0),
        (f64::MIN_POSITIVE / 2.0, 0),
        (f64::MIN_POSITIVE, 0),
        (0.000_000_5, 0),
        (0.000_001_5, 2),
        (999_999_999_999_999.9, 999_999_999_999_999_875_000),
    ] {
        assert_eq!(usd(dollars).micros(), micros, "{dollars}");
    }
}

#[test]
fn what_is_no_amount_is_refused_with_its_value() {
    for refused in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e15, -1.1e15] {
        let error = Usd::from_f64(refused).unwrap_err().to_string();
        assert_eq!(error, format!("amount must be a number of USD between -1e15 and 1e15, got {refused}"));
    }
    assert_eq!(usd(1e15).micros(), 1_000_000_000_000_000_000_000);
}

#[test]
fn equal_amounts_have_equal_bytes_however_they_were_reached() {
    let reached = [usd(1.5), Usd::from_micros(1_500_000), Usd::from_dollars(2) - usd(0.5), -usd(-1.5)];

    let bytes = reached.map(|amount| postcard::to_stdvec(&amount).unwrap());

    assert!(bytes.iter().all(|each| *each == bytes[0]));
    let zeros = [Usd::ZERO, -Usd::ZERO, usd(-0.0), usd(1.0) - usd(1.0)];
    assert!(zeros.iter().all(|zero| postcard::to_stdvec(zero).unwrap() == [0]));
}

#[test]
fn sums_end_at_the_bounds() {
    assert_eq!(Usd::MAX + usd(1e15), Usd::MAX);
    assert_eq!(Usd::MIN - usd(1e15), Usd::MIN);
    assert_eq!(Usd::MAX + Usd::MIN, Usd::ZERO);
}

#[test]
fn an_amount_is_shown_with_at_least_two_decimal_places() {
    for (amount, shown) in [
        (usd(10_000.0), "10000.00"),
        (usd(-0.5), "-0.50"),
        (Usd::from_micros(1), "0.000001"),
        (Usd::from_micros(-1_234_500), "-1.2345"),
        (-Usd::ZERO, "0.00"),
    ] {
        assert_eq!(amount.to_string(), shown);
    }
}

#[test]
fn basis_points_are_rounded_once() {
    assert_eq!(usd(1234.56).basis_points(10.0).unwrap(), usd(1.234_56));
    assert!(usd(1.0).basis_points(f64::NAN).is_err());
}

proptest! {
    /// Adding and taking away again leads back, and the bytes say the same amount.
    #[test]
    fn sums_are_exact(one in -1e12_f64..1e12, other in -1e12_f64..1e12) {
        let (one, other) = (usd(one), usd(other));

        prop_assert_eq!(one + other - other, one);
        prop_assert_eq!((one + other).micros(), one.micros() + other.micros());
        let bytes = postcard::to_stdvec(&(one + other)).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Usd>(&bytes).unwrap(), other + one);
    }
}
