//! What one place in a recording holds.

use goat::event::{DeadLetter, Observation, Payload, Source};
use goat::values::UnixMicros;
use smallvec::SmallVec;

/// What arrived at one moment, by one file.
#[derive(Debug)]
pub(super) struct Row {
    /// When it arrived. Within a file it never falls.
    pub(super) time: UnixMicros,
    pub(super) observations: SmallVec<[Observation; 1]>,
}

impl Row {
    pub(super) fn one(time: UnixMicros, payload: Payload) -> Self {
        Self { time, observations: SmallVec::from_buf([observation(time, payload)]) }
    }

    pub(super) fn unreadable(time: UnixMicros, feed: &'static str, reason: String, raw: String) -> Self {
        Self::one(time, Payload::DeadLetter(DeadLetter::new(feed, reason, raw)))
    }
}

/// An observation whose event and arrival are one; its position is set when it is merged.
pub(super) fn observation(time: UnixMicros, payload: Payload) -> Observation {
    Observation { event_time: time, received_time: time, source: Source::Replay, source_position: 0, payload }
}
