//! Patterns between two lines.

use super::{LEVEL_PERCENT, above_zero, compression, percent_apart};
use crate::core::features::swings::{Swings, mean, median};

/// Highs on one level and rising lows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::core::features) struct AscendingTriangle {
    pub(in crate::core::features) confidence: f64,
    /// The median of the highs.
    pub(in crate::core::features) resistance_level: f64,
    /// The median of the lows.
    pub(in crate::core::features) support_level: f64,
    pub(in crate::core::features) compression_ratio: f64,
}

impl AscendingTriangle {
    pub(super) fn find(points: &[f64], swings: &Swings) -> Option<Self> {
        let (highs, lows) = swings.pairs()?;
        let resistance_level = median(&highs.prices())?;
        let distances: Vec<f64> =
            highs.prices().iter().map(|&high| percent_apart(high, resistance_level)).collect();
        let deviation = mean(&distances);
        let rise = lows.percent_per_swing();
        if deviation > LEVEL_PERCENT || rise <= 0.0 {
            return None;
        }
        let compression_ratio = compression(points)?;
        // A tenth of a percent from low to low is as good as it gets.
        let confidence = 0.4 * (1.0 - deviation / LEVEL_PERCENT)
            + 0.35 * (rise * 10.0).min(1.0)
            + 0.25 * above_zero(1.0 - compression_ratio);
        Some(Self { confidence, resistance_level, support_level: median(&lows.prices())?, compression_ratio })
    }
}

/// Falling highs and less steeply falling lows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::core::features) struct FallingWedge {
    pub(in crate::core::features) confidence: f64,
    /// The last width over the first.
    pub(in crate::core::features) contraction: f64,
}

impl FallingWedge {
    const CONTRACTION_MAX: f64 = 0.95;
    const TOUCHES_FULL: f64 = 6.0;

    pub(super) fn find(swings: &Swings) -> Option<Self> {
        let (highs, lows) = swings.pairs()?;
        let (high_slope, low_slope) = (highs.price_per_point(), lows.price_per_point());
        let (first_width, last_width) = (highs.first - lows.first, highs.last - lows.last);
        if high_slope >= 0.0 || low_slope >= 0.0 || low_slope <= high_slope || first_width <= 0.0 {
            return None;
        }
        let contraction = above_zero(last_width / first_width);
        if contraction > Self::CONTRACTION_MAX {
            return None;
        }
        let touches = f64::from(u16::try_from(highs.count() + lows.count()).ok()?);
        let confidence = 0.4 * ((low_slope - high_slope) / high_slope.abs()).min(1.0)
            + 0.35 * (1.0 - contraction)
            + 0.25 * (touches / Self::TOUCHES_FULL).min(1.0);
        Some(Self { confidence, contraction })
    }
}
