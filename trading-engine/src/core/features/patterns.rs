//! Chart patterns in the price series.
//!
//! A pattern is looked for when the series has enough points; then it is there with its numbers, or it is not.
//! Confidences are between 0 and 1. `deviation` is a mean distance in percent.

mod bottoms;
mod flags;
mod triangles;

pub(super) use bottoms::{CupHandle, InverseHeadShoulders};
pub(super) use flags::{BullFlag, BullPennant};
pub(super) use triangles::{AscendingTriangle, FallingWedge};

use super::series::{highest, lowest};
use super::swings::Swings;

/// Fewer points show no pattern.
const POINTS_MIN: usize = 30;
/// Prices within this many percent of each other are on one level.
const LEVEL_PERCENT: f64 = 0.15;

/// What was looked for and what was found. The outer none: too few points to look.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Patterns {
    pub(super) ascending_triangle: Option<Option<AscendingTriangle>>,
    pub(super) bull_flag: Option<Option<BullFlag>>,
    pub(super) bull_pennant: Option<Option<BullPennant>>,
    pub(super) falling_wedge: Option<Option<FallingWedge>>,
    pub(super) cup_handle: Option<Option<CupHandle>>,
    pub(super) inverse_head_shoulders: Option<Option<InverseHeadShoulders>>,
    pub(super) swings: Option<SwingTrend>,
}

impl Patterns {
    pub(super) fn of(points: &[f64]) -> Self {
        if points.len() < POINTS_MIN {
            return Self::default();
        }
        let swings = Swings::of(points);
        Self {
            ascending_triangle: Some(AscendingTriangle::find(points, &swings)),
            bull_flag: (points.len() >= BullFlag::POINTS_MIN).then(|| BullFlag::find(points)),
            bull_pennant: Some(BullPennant::find(points)),
            falling_wedge: Some(FallingWedge::find(&swings)),
            cup_handle: (points.len() >= CupHandle::POINTS_MIN).then(|| CupHandle::find(points)),
            inverse_head_shoulders: Some(InverseHeadShoulders::find(points, &swings)),
            swings: SwingTrend::of(&swings),
        }
    }

    /// How many patterns are there; none when there were too few points to look for any.
    pub(super) fn detected(&self) -> Option<f64> {
        self.ascending_triangle.as_ref()?;
        let detected = self.weighted().iter().filter(|(confidence, _)| confidence.is_some()).count();
        Some(f64::from(u8::try_from(detected).ok()?))
    }

    /// The mean confidence of the patterns that are there, by weight; none when there is none.
    pub(super) fn breakout_score(&self) -> Option<f64> {
        let (mut confidences, mut weights) = (0.0, 0.0);
        for (confidence, weight) in self.weighted() {
            if let Some(confidence) = confidence {
                confidences += confidence * weight;
                weights += weight;
            }
        }
        (weights > 0.0).then(|| confidences / weights)
    }

    /// Each pattern's confidence and weight. The weights add up to 1.
    fn weighted(&self) -> [(Option<f64>, f64); 6] {
        [
            (self.ascending_triangle.flatten().map(|found| found.confidence), 0.20),
            (self.bull_flag.flatten().map(|found| found.confidence), 0.20),
            (self.bull_pennant.flatten().map(|found| found.confidence), 0.18),
            (self.falling_wedge.flatten().map(|found| found.confidence), 0.15),
            (self.cup_handle.flatten().map(|found| found.confidence), 0.15),
            (self.inverse_head_shoulders.flatten().map(|found| found.confidence), 0.12),
        ]
    }
}

/// Where the turning points go, from the first of each kind to the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SwingTrend {
    pub(super) lower_highs: bool,
    pub(super) higher_lows: bool,
}

impl SwingTrend {
    fn of(swings: &Swings) -> Option<Self> {
        let (highs, lows) = swings.pairs()?;
        Some(Self { lower_highs: highs.last < highs.first, higher_lows: lows.last > lows.first })
    }

    /// 1 bullish, -1 bearish, 0 neither.
    pub(super) fn sign(self) -> f64 {
        let is_bullish = self.higher_lows && !self.lower_highs;
        let is_bearish = self.lower_highs && !self.higher_lows;
        f64::from(i8::from(is_bullish) - i8::from(is_bearish))
    }
}

/// The range of the second half over that of the first; none when the first half stands still.
fn compression(points: &[f64]) -> Option<f64> {
    let (first, second) = points.split_at(points.len() / 2);
    let before = highest(first)? - lowest(first)?;
    (before > 0.0).then_some((highest(second)? - lowest(second)?) / before)
}

/// How far two prices are apart, in percent of the second.
fn percent_apart(price: f64, of: f64) -> f64 {
    ((price / of - 1.0) * 100.0).abs()
}

/// The part that is not negative.
fn above_zero(number: f64) -> f64 {
    number.max(0.0)
}
