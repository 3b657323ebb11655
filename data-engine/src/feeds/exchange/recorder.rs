//! The bounded way into the log.

use std::time::Duration;

use goat::event::{FeedEvent, Observation, Payload, Source};
use goat::service::Stop;
use goat::values::UnixMicros;
use tokio::sync::mpsc;

use crate::ingest::{Ingest, Refused};

/// Observations of one symbol that may wait for the log.
const QUEUE_MAX: usize = 256;
const RETRY: Duration = Duration::from_millis(500);

/// Takes observations of one symbol, and never makes its connection wait for the disk.
#[derive(Debug, Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Observation>,
}

impl Recorder {
    /// An entrance, and the queue that [`Recorder::run`] empties.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Observation>) {
        let (queue, observations) = mpsc::channel(QUEUE_MAX);
        (Self { queue }, observations)
    }

    /// Hands over what can be done without when the queue is full: the next snapshot of a book replaces it.
    pub fn offer(&self, observation: Observation) {
        if self.queue.try_send(observation).is_err() {
            metrics::counter!("goat_feed_dropped_total").increment(1);
        }
    }

    /// Hands over what must be recorded; waits while the queue is full.
    pub async fn tell(&self, observation: Observation) {
        // The queue is closed only when the engine is stopping.
        let _ = self.queue.send(observation).await;
    }

    /// Tells what happened to a feed.
    pub async fn event(&self, event: FeedEvent, now: UnixMicros) {
        self.tell(said(event, now)).await;
    }

    /// Records until every entrance is gone. While the log cannot be written, snapshots of books are let go and
    /// everything else waits.
    pub async fn run(mut observations: mpsc::Receiver<Observation>, ingest: Ingest, stop: Stop) {
        let mut batch = Vec::with_capacity(QUEUE_MAX);
        while observations.recv_many(&mut batch, QUEUE_MAX).await > 0 {
            while !batch.is_empty() {
                match ingest.submit(batch.clone()).await {
                    Ok(_) => batch.clear(),
                    Err(Refused::Stopping) => return,
                    Err(Refused::Unwritable | Refused::Full) if stop.is_cancelled() => return,
                    Err(Refused::Unwritable | Refused::Full) => {
                        batch.retain(|observation| !matches!(observation.payload, Payload::Book(_)));
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
        }
    }
}

/// Something that the engine says about a feed.
#[must_use]
pub fn said(event: FeedEvent, now: UnixMicros) -> Observation {
    Observation {
        event_time: now,
        received_time: now,
        source: Source::Engine,
        source_position: 0,
        payload: Payload::Feed(event),
    }
}
