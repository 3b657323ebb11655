//! A ring of one-second buckets.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::moment::{MINUTES_BACK, Minutes};

const SECONDS_BACK: i64 = MINUTES_BACK as i64 * 60;

/// How long a second is kept: the fifteen minutes, the longest lag of ten more, and one minute of margin for a
/// moment that lies behind the newest event.
pub(super) const HISTORY_SECONDS: i64 = SECONDS_BACK + 60;

/// What can be added up over time.
pub(super) trait Bucket: Default {
    /// Takes in a bucket that follows in time.
    fn merge(&mut self, later: &Self);
}

/// The seconds in which something happened, oldest first; at most [`HISTORY_SECONDS`] of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Seconds<B> {
    seconds: VecDeque<Second<B>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Second<B> {
    number: i64,
    bucket: B,
}

impl<B: Bucket> Seconds<B> {
    /// Changes the bucket of a second. A second before the newest one counts as the newest.
    pub(super) fn change(&mut self, number: i64, change: impl FnOnce(&mut B)) {
        if self.seconds.back().is_none_or(|newest| newest.number < number) {
            self.forget_before(number - HISTORY_SECONDS + 1);
            self.seconds.push_back(Second { number, bucket: B::default() });
        }
        if let Some(newest) = self.seconds.back_mut() {
            change(&mut newest.bucket);
        }
    }

    /// The minutes before the second `end`, newest first.
    pub(super) fn minutes(&self, end: i64) -> Minutes<B> {
        let mut minutes = Minutes::default();
        for (number, bucket) in self.between(end - SECONDS_BACK, end) {
            let minute = usize::try_from((end - 1 - number) / 60).unwrap_or(usize::MAX);
            minutes.merge(minute, bucket);
        }
        minutes
    }

    /// The buckets of the seconds `[from, end)`, oldest first.
    pub(super) fn between(&self, from: i64, end: i64) -> impl Iterator<Item = (i64, &B)> {
        let first = self.seconds.partition_point(|second| second.number < from);
        let last = self.seconds.partition_point(|second| second.number < end).max(first);
        self.seconds.range(first..last).map(|second| (second.number, &second.bucket))
    }

    fn forget_before(&mut self, number: i64) {
        while self.seconds.front().is_some_and(|oldest| oldest.number < number) {
            self.seconds.pop_front();
        }
    }
}
