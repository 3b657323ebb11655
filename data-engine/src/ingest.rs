//! The one way into the log.

use std::time::Instant;

use goat::event::Observation;
use tokio::sync::{mpsc, oneshot};

/// The most observations in one submission.
pub const SUBMISSION_MAX: usize = 1024;

/// Submissions that may wait for the sequencer; a feed that finds the queue full waits, and so does the
/// sender behind it.
pub const QUEUE_MAX: usize = 256;

/// Observations on their way into the log, with the place where the outcome is awaited.
#[derive(Debug)]
pub struct Submission {
    /// In the order in which they are recorded.
    pub observations: Vec<Observation>,
    /// Told once the observations are durable, or are never going to be.
    pub outcome: oneshot::Sender<Result<Receipt, Refused>>,
}

/// What became of a submission: each observation is in the log, now or since before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Recorded by this submission.
    pub accepted: u32,
    /// Recorded before.
    pub duplicate: u32,
    /// The newest position when the submission was done.
    pub head_seq: u64,
    /// The position of the first observation that was recorded; the others follow it. 0 when none was.
    pub first_seq: u64,
}

/// Nothing of a submission was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The log cannot be written at present; the same submission may succeed later.
    #[error("the journal cannot be written; nothing was recorded")]
    Unwritable,
    /// The log has no room until the archive has caught up; the same submission may succeed later.
    #[error("the journal has reached journal.disk_bytes_max and waits for the archive; nothing was recorded")]
    Full,
    /// The service is about to stop.
    #[error("the data-engine is stopping; nothing was recorded")]
    Stopping,
}

/// A submission that would not wait was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no room in the queue.
    #[error("{QUEUE_MAX} submissions wait for the journal already; nothing was recorded, try again later")]
    QueueFull,
    /// Nothing of it was recorded.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Hands observations to the sequencer.
#[derive(Debug, Clone)]
pub struct Ingest {
    queue: mpsc::Sender<Submission>,
}

impl Ingest {
    /// An entrance and the queue behind it.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Submission>) {
        let (queue, submissions) = mpsc::channel(QUEUE_MAX);
        (Self { queue }, submissions)
    }

    /// Hands over at most [`SUBMISSION_MAX`] observations and returns when they are durable.
    ///
    /// They are recorded together or not at all.
    ///
    /// # Errors
    ///
    /// When nothing was recorded.
    pub async fn submit(&self, observations: Vec<Observation>) -> Result<Receipt, Refused> {
        debug_assert!(observations.len() <= SUBMISSION_MAX);
        let (begun, is_empty) = (Instant::now(), observations.is_empty());
        let (outcome, told) = oneshot::channel();
        self.queue.send(Submission { observations, outcome }).await.map_err(|_| Refused::Stopping)?;
        let receipt = told.await.map_err(|_| Refused::Stopping)??;
        if !is_empty {
            metrics::histogram!("goat_ingest_submit_seconds").record(begun.elapsed());
        }
        Ok(receipt)
    }

    /// Has the sequencer look at the clock, and record what it finds silent.
    ///
    /// # Errors
    ///
    /// When it could not be recorded.
    pub async fn look_at_the_clock(&self) -> Result<Receipt, Refused> {
        self.submit(Vec::new()).await
    }

    /// Submissions that wait for the sequencer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// How many submissions the queue still has room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.queue.capacity()
    }

    /// As [`Ingest::submit`], for a sender who can come again: it does not wait for room in the queue.
    ///
    /// # Errors
    ///
    /// When nothing was recorded.
    pub async fn try_submit(&self, observations: Vec<Observation>) -> Result<Receipt, NotTaken> {
        debug_assert!(observations.len() <= SUBMISSION_MAX);
        let (outcome, told) = oneshot::channel();
        self.queue.try_send(Submission { observations, outcome }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotTaken::QueueFull,
            mpsc::error::TrySendError::Closed(_) => NotTaken::Refused(Refused::Stopping),
        })?;
        Ok(told.await.map_err(|_| Refused::Stopping)??)
    }
}
