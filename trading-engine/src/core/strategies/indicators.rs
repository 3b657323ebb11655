//! Figures over bars, computed anew each time: nothing drifts, and a restart changes nothing.
//!
//! They are ours because the definitions are: the RSI is Cutler's, with plain averages, where libraries (`ta`, `yata`)
//! smooth as Wilder did; and an incremental average gathers rounding errors that a mean over the window does not.

use super::Bar;

/// The mean of the last `count` closes; none when there are fewer.
pub(super) fn average_close(bars: &[Bar], count: usize) -> Option<f64> {
    mean(bars, count, |bar| bar.close)
}

/// The mean volume of the last `count` bars; none when there are fewer.
pub(super) fn average_volume(bars: &[Bar], count: usize) -> Option<f64> {
    mean(bars, count, |bar| bar.volume)
}

/// Cutler's relative strength index over the last `changes` changes of the close, from 0 to 100; 50 when nothing
/// moved. None when there are fewer.
pub(super) fn relative_strength(bars: &[Bar], changes: usize) -> Option<f64> {
    let last = last(bars, changes + 1)?;
    let (mut gains, mut losses) = (0.0, 0.0);
    for pair in last.windows(2) {
        let [before, after] = pair else { continue };
        let change = after.close - before.close;
        if change > 0.0 {
            gains += change;
        } else {
            losses -= change;
        }
    }
    if gains + losses == 0.0 {
        return Some(50.0);
    }
    Some(100.0 * gains / (gains + losses))
}

/// The mean height of the last `count` bars against their mean close, in percent; none when there are fewer.
pub(super) fn height_percent(bars: &[Bar], count: usize) -> Option<f64> {
    let height = mean(bars, count, |bar| bar.high - bar.low)?;
    Some(height / average_close(bars, count)? * 100.0)
}

/// The highest high of these bars; none without any.
pub(super) fn highest(bars: &[Bar]) -> Option<f64> {
    bars.iter().map(|bar| bar.high).reduce(f64::max)
}

/// The lowest low of these bars; none without any.
pub(super) fn lowest(bars: &[Bar]) -> Option<f64> {
    bars.iter().map(|bar| bar.low).reduce(f64::min)
}

/// The last `count` bars; none when there are fewer.
pub(super) fn last(bars: &[Bar], count: usize) -> Option<&[Bar]> {
    bars.get(bars.len().checked_sub(count)?..)
}

/// All but the newest bar.
pub(super) fn before(bars: &[Bar]) -> &[Bar] {
    bars.split_last().map_or(&[], |(_, before)| before)
}

#[allow(clippy::cast_precision_loss)]
fn mean(bars: &[Bar], count: usize, of: impl Fn(&Bar) -> f64) -> Option<f64> {
    let last = last(bars, count)?;
    (count > 0).then(|| last.iter().map(of).sum::<f64>() / count as f64)
}
