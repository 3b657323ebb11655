//! Whether a stream covers the log without a hole.

use std::ops::RangeInclusive;

/// Part of the log is missing, or has come before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Discontinuity {
    /// A batch does not go on where the stream was.
    #[error("a batch covers {from} to {to}, but {expected} comes next")]
    Batch {
        /// Its first position.
        from: u64,
        /// Its last.
        to: u64,
        /// The one that should have been the first.
        expected: u64,
    },
    /// An event lies outside of its batch, or behind another.
    #[error("event {seq} came where {from} to {to} were due")]
    Event {
        /// Its position.
        seq: u64,
        /// The first that it could have had.
        from: u64,
        /// The last.
        to: u64,
    },
}

/// How far a stream has covered the log.
///
/// Batches connect to one another; a heartbeat or the marker of the end may vouch for positions behind the
/// last batch, which the next batch may then cover once more, without events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continuity {
    last_covers_to: u64,
    reached: u64,
}

impl Continuity {
    /// A stream that begins after a position.
    #[must_use]
    pub fn after(seq: u64) -> Self {
        Self { last_covers_to: seq, reached: seq }
    }

    /// Everything up to here was seen or not asked for.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Everything up to `seq` was sent or not asked for.
    pub fn vouch(&mut self, seq: u64) {
        self.reached = self.reached.max(seq);
    }

    /// Takes a batch that covers `from..=to` and says where its events may lie.
    ///
    /// # Errors
    ///
    /// When positions are missing before it, or it covers some of the batch before.
    pub fn cover(&mut self, from: u64, to: u64) -> Result<RangeInclusive<u64>, Discontinuity> {
        let connects = from > self.last_covers_to && from <= self.reached.saturating_add(1);
        if !connects || to < from {
            return Err(Discontinuity::Batch { from, to, expected: self.last_covers_to.saturating_add(1) });
        }
        let due = self.reached.saturating_add(1)..=to;
        self.last_covers_to = to;
        self.reached = self.reached.max(to);
        Ok(due)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_missing_or_repeated_batch_is_named() {
        let mut stream = Continuity::after(4);
        assert_eq!(stream.cover(5, 9).unwrap(), 5..=9);

        let missing = stream.cover(11, 12).unwrap_err();
        assert_eq!(missing.to_string(), "a batch covers 11 to 12, but 10 comes next");
        assert!(stream.cover(5, 9).is_err());
        assert!(stream.cover(10, 8).is_err());
        assert_eq!(stream.reached(), 9);
    }

    #[test]
    fn what_a_heartbeat_vouched_for_may_be_covered_once_more_but_holds_no_event() {
        let mut stream = Continuity::after(0);
        stream.vouch(7);

        assert_eq!(stream.cover(1, 9).unwrap(), 8..=9);
        assert_eq!(stream.reached(), 9);
        stream.vouch(12);
        assert_eq!(stream.cover(13, 14).unwrap(), 13..=14);
    }

    proptest! {
        /// Batches that are accepted leave no position between them and cover none twice.
        #[test]
        fn accepted_batches_tile(batches in prop::collection::vec((1_u64..30, 0_u64..5), 0..60)) {
            let mut stream = Continuity::after(0);
            let mut covered = Vec::new();
            for (from, length) in batches {
                if let Ok(due) = stream.cover(from, from + length) {
                    covered.extend(due);
                }
            }
            let whole: Vec<u64> = (1..=stream.reached()).collect();
            prop_assert_eq!(covered, whole);
        }
    }
}
