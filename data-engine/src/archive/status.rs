//! How the archiving goes, as RPC and metrics show it.

use std::sync::{Arc, Mutex, PoisonError};

use goat::values::UnixMicros;
use goat::wire::market as wire;
use goat::wire::market::archive::State;

use crate::journal::{Head, Watermark};

/// How the archiving goes. Cloning shares it; the default is an archive that is off.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    archived: Watermark,
    condition: Arc<Mutex<Condition>>,
}

#[derive(Debug, Default)]
struct Condition {
    state: Option<State>,
    reason: String,
    /// The newest event time that is archived.
    time: Option<UnixMicros>,
}

impl Archive {
    /// An archive that has nothing yet.
    #[must_use]
    pub fn connecting() -> Self {
        let archive = Self { archived: Watermark::at_zero(), condition: Arc::default() };
        archive.set(State::Connecting, String::new());
        archive
    }

    /// How far it has got, for the journal's retention.
    #[must_use]
    pub fn watermark(&self) -> Watermark {
        self.archived.clone()
    }

    /// The archive as it is while the log ends at `head`.
    #[must_use]
    pub fn as_wire(&self, head: Head) -> wire::Archive {
        let condition = self.condition.lock().unwrap_or_else(PoisonError::into_inner);
        let state = condition.state.unwrap_or(State::Off);
        let archived_seq = self.archived.seq();
        wire::Archive {
            state: state.into(),
            reason: if state == State::Off {
                "archive.url is not set".to_owned()
            } else {
                condition.reason.clone()
            },
            archived_seq,
            lag_seq: if state == State::Off { 0 } else { head.seq.saturating_sub(archived_seq) },
        }
    }

    /// One line a change.
    pub(super) fn set(&self, state: State, reason: String) {
        let mut condition = self.condition.lock().unwrap_or_else(PoisonError::into_inner);
        if condition.state == Some(state) && condition.reason == reason {
            return;
        }
        let archived_seq = self.archived.seq();
        if state == State::Down {
            tracing::warn!(reason, archived_seq, "the archive cannot be written; recording goes on");
        } else {
            tracing::info!(state = state.as_str_name(), archived_seq, "the archive changed");
        }
        condition.state = Some(state);
        condition.reason = reason;
    }

    /// Everything up to `seq` is archived, the newest event of it at `time`.
    pub(super) fn reached(&self, seq: u64, time: UnixMicros) {
        self.archived.reached(seq);
        let mut condition = self.condition.lock().unwrap_or_else(PoisonError::into_inner);
        condition.time = condition.time.max(Some(time));
    }

    /// Shows how far behind `head` the archive is.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn measure(&self, head: Head) {
        let time = self.condition.lock().unwrap_or_else(PoisonError::into_inner).time;
        let lag_seq = head.seq.saturating_sub(self.archived.seq());
        let lag = time.filter(|_| lag_seq > 0).map_or(0.0, |time| head.time.since(time).as_secs_f64());
        metrics::gauge!("goat_archive_lag_seq").set(lag_seq as f64);
        metrics::gauge!("goat_archive_lag_seconds").set(lag);
    }
}
