//! What became of the posts: for metrics and for `GET /webhook/health`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use goat::values::UnixMicros;

use super::refusal::Refusal;

/// Counts since the start. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<Counts>>);

/// The counts at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// When the last post arrived, whatever became of it.
    pub(super) last_post_time: Option<UnixMicros>,
    /// Posts that were answered with success.
    pub(super) accepted: u64,
    /// Posts that were not, by reason.
    pub(super) refused: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(super) fn arrived(&self, now: UnixMicros) {
        let mut counts = self.lock();
        counts.last_post_time = counts.last_post_time.max(Some(now));
    }

    pub(super) fn accepted(&self) {
        self.lock().accepted += 1;
        metrics::counter!("goat_webhook_posts_total", "outcome" => "accepted").increment(1);
    }

    pub(super) fn refused(&self, refusal: &Refusal) {
        let (_, reason) = refusal.kind();
        *self.lock().refused.entry(reason).or_default() += 1;
        metrics::counter!("goat_webhook_posts_total", "outcome" => reason).increment(1);
    }

    pub(super) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
