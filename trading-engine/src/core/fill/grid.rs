//! Quantities as whole hundred-millionths of base, which add up exactly.

/// Units in one of base.
const UNITS: f64 = 1e8;

/// Up to here, 2^51, a whole number of units is the same again after it was a quantity.
const UNITS_MAX: f64 = 2_251_799_813_685_248.0;

/// The whole units in a quantity: never more than it; 0 for what is no quantity. At most 2^51.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(in crate::core) fn floor_units(quantity: f64) -> u64 {
    // A NaN becomes 0 in the cast.
    let nearest = (quantity * UNITS).round().clamp(0.0, UNITS_MAX) as u64;
    if from_units(nearest) > quantity { nearest.saturating_sub(1) } else { nearest }
}

/// The quantity of so many units.
#[allow(clippy::cast_precision_loss)]
pub(in crate::core) fn from_units(units: u64) -> f64 {
    units as f64 / UNITS
}
