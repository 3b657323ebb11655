//! A steep rise and what follows it.

use super::{above_zero, compression};
use crate::core::features::series::lowest;
use crate::core::features::swings::{Swings, as_numbers, mean, slope};

/// A rise from the lowest to the highest point of the first part of a series.
struct Pole {
    low: f64,
    high: f64,
    height_percent: f64,
}

impl Pole {
    const HEIGHT_PERCENT_MIN: f64 = 0.3;

    /// None when it is too small, or falls.
    fn find(points: &[f64]) -> Option<Self> {
        let by_price = |one: &(usize, &f64), other: &(usize, &f64)| one.1.total_cmp(other.1);
        let (low_at, &low) = points.iter().enumerate().min_by(by_price)?;
        let (high_at, &high) = points.iter().enumerate().max_by(by_price)?;
        let height_percent = (high - low) / low * 100.0;
        (low_at < high_at && height_percent >= Self::HEIGHT_PERCENT_MIN).then_some(Self {
            low,
            high,
            height_percent,
        })
    }
}

/// A pole, then a rest that gives back at most half of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::core::features) struct BullFlag {
    pub(in crate::core::features) confidence: f64,
    pub(in crate::core::features) pole_height_percent: f64,
    pub(in crate::core::features) retracement_percent: f64,
}

impl BullFlag {
    pub(super) const POINTS_MIN: usize = 60;
    const SLOPE_PERCENT_MAX: f64 = 0.05;
    const RETRACEMENT_MAX: f64 = 0.5;

    pub(super) fn find(points: &[f64]) -> Option<Self> {
        // The first 40 % are the pole.
        let (pole, flag) = points.split_at(points.len() * 2 / 5);
        let pole = Pole::find(pole)?;
        let slope_percent = slope(as_numbers(0..flag.len()).zip(flag.iter().copied())) / mean(flag) * 100.0;
        let retracement = above_zero((pole.high - lowest(flag)?) / (pole.high - pole.low));
        if slope_percent > Self::SLOPE_PERCENT_MAX || retracement > Self::RETRACEMENT_MAX {
            return None;
        }
        let confidence = 0.4 * pole.height_percent.min(1.0)
            + 0.35 * (1.0 - retracement)
            + 0.25 * above_zero(1.0 - slope_percent.abs() / 0.1);
        Some(Self {
            confidence,
            pole_height_percent: pole.height_percent,
            retracement_percent: retracement * 100.0,
        })
    }
}

/// A pole, then highs that do not rise and lows that do not fall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::core::features) struct BullPennant {
    pub(in crate::core::features) confidence: f64,
    pub(in crate::core::features) compression_ratio: f64,
}

impl BullPennant {
    const COMPRESSION_MAX: f64 = 0.9;

    pub(super) fn find(points: &[f64]) -> Option<Self> {
        // The first 35 % are the pole.
        let (pole, pennant) = points.split_at(points.len() * 7 / 20);
        let pole = Pole::find(pole)?;
        let swings = Swings::of(pennant);
        let (highs, lows) = swings.pairs()?;
        let (fall, rise) = (highs.percent_per_swing(), lows.percent_per_swing());
        let compression_ratio = compression(pennant)?;
        if fall > 0.0 || rise < 0.0 || compression_ratio > Self::COMPRESSION_MAX {
            return None;
        }
        // Half a percent from swing to swing, both lines together, is as good as it gets.
        let confidence = 0.35 * pole.height_percent.min(1.0)
            + 0.35 * ((rise - fall) / 0.5).min(1.0)
            + 0.3 * (1.0 - compression_ratio);
        Some(Self { confidence, compression_ratio })
    }
}
