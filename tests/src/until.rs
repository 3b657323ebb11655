//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// The longest that anything is waited for, unless a test says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(10);

/// Attempts until there is an answer; panics with `what` when there is none in time.
pub async fn until<T>(what: &str, patience: Duration, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = attempt().await {
            return answer;
        }
        assert!(began.elapsed() < patience, "waited {} s in vain: {what}", patience.as_secs());
        tokio::time::sleep(BETWEEN_ATTEMPTS).await;
    }
}

/// Attempts until `attempt` says yes.
pub async fn until_true(what: &str, patience: Duration, mut attempt: impl AsyncFnMut() -> bool) {
    until(what, patience, async || attempt().await.then_some(())).await;
}
