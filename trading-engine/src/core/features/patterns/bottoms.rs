//! Patterns of a fall that is made good.

use super::{LEVEL_PERCENT, above_zero, percent_apart};
use crate::core::features::series::{highest, lowest};
use crate::core::features::swings::Swings;

/// A cup between two rims on one level, then a handle that gives back at most half of its depth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::core::features) struct CupHandle {
    pub(in crate::core::features) confidence: f64,
    /// From the lower rim to the bottom, in percent of the rim.
    pub(in crate::core::features) depth_percent: f64,
}

impl CupHandle {
    pub(super) const POINTS_MIN: usize = 60;
    const DEPTH_PERCENT_MIN: f64 = 0.3;
    const RETRACEMENT_MAX: f64 = 0.5;

    pub(super) fn find(points: &[f64]) -> Option<Self> {
        // The first three quarters are the cup: a third of it each for the left rim, the bottom and the right rim.
        let (cup, handle) = points.split_at(points.len() * 3 / 4);
        let (left_part, rest) = cup.split_at(cup.len() / 3);
        let (middle_part, right_part) = rest.split_at(rest.len() / 2);
        let (left, right, bottom) = (highest(left_part)?, highest(right_part)?, lowest(middle_part)?);
        let rim = left.min(right);
        let depth_percent = (rim - bottom) / rim * 100.0;
        let rims_apart = percent_apart(right, left);
        if depth_percent < Self::DEPTH_PERCENT_MIN || rims_apart > LEVEL_PERCENT || lowest(cup)? < bottom {
            return None;
        }
        let retracement = above_zero((right - lowest(handle)?) / (right - bottom));
        if retracement > Self::RETRACEMENT_MAX {
            return None;
        }
        let confidence = 0.4 * depth_percent.min(1.0)
            + 0.35 * (1.0 - retracement)
            + 0.25 * (1.0 - rims_apart / LEVEL_PERCENT);
        Some(Self { confidence, depth_percent })
    }
}

/// Three lows one after the other: two shoulders on one level, and a head between that is under both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::core::features) struct InverseHeadShoulders {
    pub(in crate::core::features) confidence: f64,
    /// The mean of the highest prices on both sides of the head.
    pub(in crate::core::features) neckline: f64,
}

impl InverseHeadShoulders {
    /// The head is at least that much under the lower shoulder.
    const HEAD_PERCENT_MIN: f64 = 0.05;
    const HEAD_PERCENT_FULL: f64 = 0.3;

    /// The newest one.
    pub(super) fn find(points: &[f64], swings: &Swings) -> Option<Self> {
        swings.lows.windows(3).rev().find_map(|lows| {
            let [left, head, right] = lows else { return None };
            let shoulder = left.price.min(right.price);
            let head_percent = (shoulder - head.price) / shoulder * 100.0;
            let shoulders_apart = percent_apart(left.price, right.price);
            if head_percent < Self::HEAD_PERCENT_MIN || shoulders_apart > LEVEL_PERCENT {
                return None;
            }
            let before = highest(points.get(left.at..head.at)?)?;
            let after = highest(points.get(head.at..right.at)?)?;
            let confidence = 0.4 * (head_percent / Self::HEAD_PERCENT_FULL).min(1.0)
                + 0.35 * (1.0 - shoulders_apart / LEVEL_PERCENT)
                + 0.25 * above_zero(1.0 - percent_apart(before, after) / LEVEL_PERCENT);
            Some(Self { confidence, neckline: f64::midpoint(before, after) })
        })
    }
}
