//! How deep one book was, second by second.

use std::collections::VecDeque;
use std::time::Duration;

use goat::values::UnixMicros;

const SPAN: Duration = Duration::from_secs(1);

/// The recent ten-level depths of one book.
///
/// It holds one more than the snapshots of the last second, and at most [`DepthHistory::LENGTH_MAX`].
#[derive(Debug, Clone, Default)]
pub struct DepthHistory {
    depths: VecDeque<(UnixMicros, f64)>,
}

impl DepthHistory {
    /// The most depths that are kept.
    pub const LENGTH_MAX: usize = 1_000;

    /// The depth of the newest snapshot that was at least one second old at `now`; none without one.
    pub fn one_second_before(&mut self, now: UnixMicros) -> Option<f64> {
        let limit = now.minus(SPAN);
        while self.depths.get(1).is_some_and(|(time, _)| *time <= limit) {
            self.depths.pop_front();
        }
        self.depths.front().filter(|(time, _)| *time <= limit).map(|(_, depth)| *depth)
    }

    /// Adds a snapshot's depth. Times never fall.
    pub fn push(&mut self, time: UnixMicros, depth: f64) {
        if self.depths.len() == Self::LENGTH_MAX {
            self.depths.pop_front();
        }
        self.depths.push_back((time, depth));
    }

    /// Forgets everything: what came before an outage is no second ago.
    pub fn clear(&mut self) {
        self.depths.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> UnixMicros {
        UnixMicros::new(millis * 1000).unwrap()
    }

    #[test]
    fn the_depth_of_a_second_ago_is_the_newest_that_is_old_enough() {
        let mut history = DepthHistory::default();
        for (millis, depth) in [(0, 1.0), (100, 2.0), (200, 3.0)] {
            history.push(at(millis), depth);
        }

        let found = [999, 1000, 1150, 5000].map(|millis| history.one_second_before(at(millis)));

        assert_eq!(found, [None, Some(1.0), Some(2.0), Some(3.0)]);
    }

    #[test]
    fn a_history_is_bounded() {
        let mut history = DepthHistory::default();
        for millis in 0..2_000 {
            history.push(at(millis), 1.0);
        }
        assert_eq!(history.depths.len(), DepthHistory::LENGTH_MAX);
    }
}
