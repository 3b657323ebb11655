//! Whether a stream covers the log without a hole.

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
    /// The stream says that it has sent what has not come.
    #[error("everything up to {seq} is said to be sent, but {expected} comes next")]
    Unsent {
        /// The position that it is said to have reached.
        seq: u64,
        /// The first that has not come.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continuity {
    reached: u64,
}

impl Continuity {
    /// A stream that begins after a position.
    #[must_use]
    pub fn after(seq: u64) -> Self {
        Self { reached: seq }
    }

    /// Everything up to here was seen or not asked for.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Takes a batch that covers `from..=to`.
    ///
    /// # Errors
    ///
    /// When positions are missing before it, or it covers some of what came before.
    pub fn cover(&mut self, from: u64, to: u64) -> Result<(), Discontinuity> {
        let expected = self.reached.saturating_add(1);
        if from != expected || to < from {
            return Err(Discontinuity::Batch { from, to, expected });
        }
        self.reached = to;
        Ok(())
    }

    /// Compares with what a heartbeat or the marker of the end says was sent.
    ///
    /// # Errors
    ///
    /// When some of it has not come.
    pub fn confirm(&self, seq: u64) -> Result<(), Discontinuity> {
        if seq <= self.reached {
            return Ok(());
        }
        Err(Discontinuity::Unsent { seq, expected: self.reached.saturating_add(1) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_missing_or_repeated_batch_is_named() {
        let mut stream = Continuity::after(4);
        stream.cover(5, 9).unwrap();

        let missing = stream.cover(11, 12).unwrap_err();
        assert_eq!(missing.to_string(), "a batch covers 11 to 12, but 10 comes next");
        assert!(stream.cover(5, 9).is_err());
        assert!(stream.cover(10, 8).is_err());
        assert_eq!(stream.reached(), 9);
    }

    #[test]
    fn a_batch_that_was_lost_at_the_end_shows_at_the_heartbeat() {
        let mut stream = Continuity::after(0);
        stream.cover(1, 7).unwrap();

        stream.confirm(7).unwrap();
        let unsent = stream.confirm(9).unwrap_err();
        assert_eq!(unsent.to_string(), "everything up to 9 is said to be sent, but 8 comes next");
    }

    proptest! {
        /// Batches that are accepted leave no position between them and cover none twice.
        #[test]
        fn accepted_batches_tile(batches in prop::collection::vec((1_u64..30, 0_u64..5), 0..60)) {
            let mut stream = Continuity::after(0);
            let mut covered = Vec::new();
            for (from, length) in batches {
                if stream.cover(from, from + length).is_ok() {
                    covered.extend(from..=from + length);
                }
            }
            let whole: Vec<u64> = (1..=stream.reached()).collect();
            prop_assert_eq!(covered, whole);
        }
    }
}
