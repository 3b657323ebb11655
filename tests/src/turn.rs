//! How many clusters run at once: two cores carry two.

use tokio::sync::{Semaphore, SemaphorePermit};

const CLUSTERS_MAX: u32 = 2;

static TURNS: Semaphore = Semaphore::const_new(CLUSTERS_MAX as usize);

/// Waits for room for one cluster, which is kept until the turn is dropped.
pub async fn take() -> SemaphorePermit<'static> {
    TURNS.acquire().await.expect("the semaphore is never closed")
}

/// Waits until nothing else runs, for what is measured.
pub async fn take_alone() -> SemaphorePermit<'static> {
    TURNS.acquire_many(CLUSTERS_MAX).await.expect("the semaphore is never closed")
}
