//! What changes nothing: a range of prices, up to a moment.
//!
//! Most prices came before. They neither reach a stop nor set a mark on the path, so where hundreds are watched, nearly
//! all are passed over with three comparisons. What is quiet follows from the state, and is never a part of it.

use goat::values::UnixMicros;

/// Something that follows from the state beside it, or its default while nobody has looked: no part of the state.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Derived<T>(pub(super) T);

impl<T> PartialEq for Derived<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Prices from `lowest` to `highest` that come no later than `until`, all three included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quiet {
    lowest: f64,
    highest: f64,
    until_micros: i64,
}

/// Never.
impl Default for Quiet {
    fn default() -> Self {
        Self::NEVER
    }
}

impl Quiet {
    pub(super) const ALWAYS: Self =
        Self { lowest: f64::NEG_INFINITY, highest: f64::INFINITY, until_micros: i64::MAX };
    pub(super) const NEVER: Self = Self { until_micros: i64::MIN, ..Self::ALWAYS };

    pub(super) fn between(lowest: f64, highest: f64) -> Self {
        Self { lowest, highest, ..Self::ALWAYS }
    }

    pub(super) fn until(time: UnixMicros) -> Self {
        Self { until_micros: time.get(), ..Self::ALWAYS }
    }

    pub(super) fn before(time: UnixMicros) -> Self {
        Self { until_micros: time.get() - 1, ..Self::ALWAYS }
    }

    /// What is quiet for both.
    pub(super) fn and(self, other: Self) -> Self {
        // No bound is NaN, and without that care these are one instruction each.
        Self {
            lowest: if other.lowest > self.lowest { other.lowest } else { self.lowest },
            highest: if other.highest < self.highest { other.highest } else { self.highest },
            until_micros: self.until_micros.min(other.until_micros),
        }
    }

    pub(super) fn holds(&self, now: UnixMicros, price: f64) -> bool {
        self.lowest <= price && price <= self.highest && now.get() <= self.until_micros
    }
}
