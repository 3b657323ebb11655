//! `pat_`: chart patterns in the second-by-second SOL price (see `sp_`). A point is a second with a known price.
//!
//! Turning points are the highest (lowest) of the 21 points around them, equal neighbours counting once. Patterns need
//! 30 points; flag and cup 60. Confidences go from 0 to 1. The numbers of a pattern that is not there are none.

use super::{Feature, Group, Unit};
use crate::core::features::moment::Moment;

const fn pattern(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    compute: fn(&Moment) -> Option<f64>,
) -> Feature {
    Feature::once(name, Group::Patterns, unit, formula, compute)
}

pub(super) const FEATURES: &[Feature] = &[
    pattern(
        "pat_breakout_score",
        Unit::Ratio,
        "Σ confidence × w / Σ w over the patterns that are there; w: triangle 0.20, flag 0.20, pennant 0.18, wedge \
         0.15, cup 0.15, head and shoulders 0.12; none when no pattern is there",
        |at| at.patterns.breakout_score(),
    ),
    pattern("pat_detected_count", Unit::Count, "patterns that are there, of six", |at| {
        at.patterns.detected()
    }),
    pattern(
        "pat_asc_tri_detected",
        Unit::Flag,
        "two highs and two lows or more; mean |high / median high − 1| ≤ 0.15 %; lows that rise by least squares",
        |at| at.patterns.ascending_triangle.flag(),
    ),
    pattern(
        "pat_asc_tri_confidence",
        Unit::Ratio,
        "0.4 (1 − deviation / 0.15 %) + 0.35 min(1, rise of the lows in % a swing × 10) + 0.25 max(0, 1 − compression)",
        |at| Some(at.patterns.ascending_triangle.found()?.confidence),
    ),
    pattern("pat_asc_tri_resistance_level", Unit::Usd, "median of the highs", |at| {
        Some(at.patterns.ascending_triangle.found()?.resistance_level)
    }),
    pattern("pat_asc_tri_support_level", Unit::Usd, "median of the lows", |at| {
        Some(at.patterns.ascending_triangle.found()?.support_level)
    }),
    pattern(
        "pat_asc_tri_compression_ratio",
        Unit::Ratio,
        "range of the second half of the points / range of the first half",
        |at| Some(at.patterns.ascending_triangle.found()?.compression_ratio),
    ),
    pattern(
        "pat_bull_flag_detected",
        Unit::Flag,
        "first 40 % of the points: low before high, 0.3 % or more apart (pole); the rest: slope ≤ 0.05 % a point, \
         retracement ≤ 50 %",
        |at| at.patterns.bull_flag.flag(),
    ),
    pattern(
        "pat_bull_flag_confidence",
        Unit::Ratio,
        "0.4 min(1, height in %) + 0.35 (1 − retracement) + 0.25 max(0, 1 − |slope in %| / 0.1)",
        |at| Some(at.patterns.bull_flag.found()?.confidence),
    ),
    pattern(
        "pat_bull_flag_pole_height_pct",
        Unit::Percent,
        "(pole high − pole low) / pole low × 100",
        |at| Some(at.patterns.bull_flag.found()?.pole_height_percent),
    ),
    pattern(
        "pat_bull_flag_retracement_pct",
        Unit::Percent,
        "max(0, pole high − lowest of the flag) / (pole high − pole low) × 100",
        |at| Some(at.patterns.bull_flag.found()?.retracement_percent),
    ),
    pattern(
        "pat_bull_pennant_detected",
        Unit::Flag,
        "first 35 % of the points: a pole; the rest: two highs and two lows or more, highs not rising, lows not \
         falling, compression ≤ 0.9",
        |at| at.patterns.bull_pennant.flag(),
    ),
    pattern(
        "pat_bull_pennant_confidence",
        Unit::Ratio,
        "0.35 min(1, height in %) + 0.35 min(1, (rise of the lows − rise of the highs in % a swing) / 0.5) + 0.3 (1 − \
         compression)",
        |at| Some(at.patterns.bull_pennant.found()?.confidence),
    ),
    pattern(
        "pat_bull_pennant_compression_ratio",
        Unit::Ratio,
        "range of the second half of the pennant / range of its first half",
        |at| Some(at.patterns.bull_pennant.found()?.compression_ratio),
    ),
    pattern(
        "pat_fall_wedge_detected",
        Unit::Flag,
        "two highs and two lows or more; both fall by least squares over the points, the highs more steeply; \
         contraction ≤ 0.95",
        |at| at.patterns.falling_wedge.flag(),
    ),
    pattern(
        "pat_fall_wedge_confidence",
        Unit::Ratio,
        "0.4 min(1, (slope of lows − slope of highs) / |slope of highs|) + 0.35 (1 − contraction) + 0.25 min(1, \
         turning points / 6)",
        |at| Some(at.patterns.falling_wedge.found()?.confidence),
    ),
    pattern(
        "pat_fall_wedge_contraction",
        Unit::Ratio,
        "max(0, last high − last low) / (first high − first low)",
        |at| Some(at.patterns.falling_wedge.found()?.contraction),
    ),
    pattern(
        "pat_cup_handle_detected",
        Unit::Flag,
        "first 75 % of the points in thirds: the highest of the first and of the last (the rims) ≤ 0.15 % apart, the \
         lowest of the middle (the bottom) the lowest of all, depth ≥ 0.3 %; the rest: retracement ≤ 50 %",
        |at| at.patterns.cup_handle.flag(),
    ),
    pattern(
        "pat_cup_handle_confidence",
        Unit::Ratio,
        "0.4 min(1, depth in %) + 0.35 (1 − retracement) + 0.25 (1 − distance of the rims / 0.15 %), with retracement \
         = max(0, right rim − lowest of the rest) / (right rim − bottom)",
        |at| Some(at.patterns.cup_handle.found()?.confidence),
    ),
    pattern("pat_cup_handle_depth_pct", Unit::Percent, "(lower rim − bottom) / lower rim × 100", |at| {
        Some(at.patterns.cup_handle.found()?.depth_percent)
    }),
    pattern(
        "pat_inv_hs_detected",
        Unit::Flag,
        "three lows in a row: the outer (the shoulders) ≤ 0.15 % apart, the middle one (the head) ≥ 0.05 % under the \
         lower shoulder; the newest such three",
        |at| at.patterns.inverse_head_shoulders.flag(),
    ),
    pattern(
        "pat_inv_hs_confidence",
        Unit::Ratio,
        "0.4 min(1, head under shoulder in % / 0.3) + 0.35 (1 − distance of the shoulders / 0.15 %) + 0.25 max(0, 1 − \
         distance of the two peaks beside the head / 0.15 %)",
        |at| Some(at.patterns.inverse_head_shoulders.found()?.confidence),
    ),
    pattern("pat_inv_hs_neckline", Unit::Usd, "mean of the two peaks beside the head", |at| {
        Some(at.patterns.inverse_head_shoulders.found()?.neckline)
    }),
    pattern(
        "pat_swing_trend",
        Unit::Sign,
        "1 (bullish): higher lows and no lower highs; −1 (bearish): lower highs and no higher lows; 0 otherwise; none \
         without two highs and two lows",
        |at| Some(at.patterns.swings?.sign()),
    ),
    pattern("pat_swing_higher_lows", Unit::Flag, "the last low is above the first", |at| {
        Some(f64::from(u8::from(at.patterns.swings?.higher_lows)))
    }),
    pattern("pat_swing_lower_highs", Unit::Flag, "the last high is below the first", |at| {
        Some(f64::from(u8::from(at.patterns.swings?.lower_highs)))
    }),
];
