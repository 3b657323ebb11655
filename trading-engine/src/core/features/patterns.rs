//! Chart patterns in the price series.
//!
//! A pattern is looked for when the series has enough points; then it is there with its numbers, or it is not.
//! Confidences are between 0 and 1. `deviation` is a mean distance in percent.

mod bottoms;
mod flags;
mod triangles;

pub(super) use self::bottoms::{CupHandle, InverseHeadShoulders};
pub(super) use self::flags::{BullFlag, BullPennant};
pub(super) use self::triangles::{AscendingTriangle, FallingWedge};

use super::series::{highest, lowest};
use super::swings::Swings;

/// Fewer points show no pattern.
const POINTS_MIN: usize = 30;
/// Prices within this many percent of each other are on one level.
const LEVEL_PERCENT: f64 = 0.15;

/// Whether a pattern is there.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) enum Sought<P> {
    /// There are too few points to look for it.
    #[default]
    TooFewPoints,
    /// It is not there.
    Absent,
    /// It is there, with its numbers.
    Found(P),
}

impl<P: Copy> Sought<P> {
    /// Looks for a pattern when there are enough points.
    fn seek(points: &[f64], points_min: usize, find: impl FnOnce() -> Option<P>) -> Self {
        if points.len() < points_min {
            return Self::TooFewPoints;
        }
        find().map_or(Self::Absent, Self::Found)
    }

    pub(super) fn found(&self) -> Option<P> {
        match self {
            Self::Found(pattern) => Some(*pattern),
            Self::TooFewPoints | Self::Absent => None,
        }
    }

    /// 1 when it is there, 0 when it is not; none when it was not looked for.
    pub(super) fn flag(&self) -> Option<f64> {
        match self {
            Self::TooFewPoints => None,
            Self::Absent => Some(0.0),
            Self::Found(_) => Some(1.0),
        }
    }
}

/// What was looked for and what was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Patterns {
    pub(super) ascending_triangle: Sought<AscendingTriangle>,
    pub(super) bull_flag: Sought<BullFlag>,
    pub(super) bull_pennant: Sought<BullPennant>,
    pub(super) falling_wedge: Sought<FallingWedge>,
    pub(super) cup_handle: Sought<CupHandle>,
    pub(super) inverse_head_shoulders: Sought<InverseHeadShoulders>,
    pub(super) swings: Option<SwingTrend>,
}

impl Patterns {
    pub(super) fn of(points: &[f64]) -> Self {
        if points.len() < POINTS_MIN {
            return Self::default();
        }
        let swings = Swings::of(points);
        Self {
            ascending_triangle: Sought::seek(points, POINTS_MIN, || AscendingTriangle::find(points, &swings)),
            bull_flag: Sought::seek(points, BullFlag::POINTS_MIN, || BullFlag::find(points)),
            bull_pennant: Sought::seek(points, POINTS_MIN, || BullPennant::find(points)),
            falling_wedge: Sought::seek(points, POINTS_MIN, || FallingWedge::find(&swings)),
            cup_handle: Sought::seek(points, CupHandle::POINTS_MIN, || CupHandle::find(points)),
            inverse_head_shoulders: Sought::seek(points, POINTS_MIN, || {
                InverseHeadShoulders::find(points, &swings)
            }),
            swings: SwingTrend::of(&swings),
        }
    }

    /// How many patterns are there; none when there were too few points to look for any.
    pub(super) fn detected(&self) -> Option<f64> {
        self.ascending_triangle.flag()?;
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
            (self.ascending_triangle.found().map(|found| found.confidence), 0.20),
            (self.bull_flag.found().map(|found| found.confidence), 0.20),
            (self.bull_pennant.found().map(|found| found.confidence), 0.18),
            (self.falling_wedge.found().map(|found| found.confidence), 0.15),
            (self.cup_handle.found().map(|found| found.confidence), 0.15),
            (self.inverse_head_shoulders.found().map(|found| found.confidence), 0.12),
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
