//! The way of a rewindable source into the log: in batches, again when the log cannot be written.

use std::time::Duration;

use goat::event::{Observation, Source};
use goat::service::Stop;
use goat::values::UnixMicros;

use super::board::{Board, Condition, Name};
use crate::ingest::{Ingest, Refused, SUBMISSION_MAX};

const RETRY: Duration = Duration::from_secs(1);
/// Sleeping in short spells, so that a clock that was set is noticed.
const SPELL: Duration = Duration::from_secs(1);
/// What is due within the same span goes together.
const GROUP: Duration = Duration::from_millis(50);

/// The feed is to end: asked to stop, or the log is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended;

/// Collects observations and submits them in order.
#[derive(Debug)]
pub(super) struct Outbox {
    ingest: Ingest,
    board: Board,
    stop: Stop,
    source: Source,
    names: Vec<Name>,
    condition: Condition,
    batch: Vec<Observation>,
    group_end: UnixMicros,
}

impl Outbox {
    pub(super) fn new(ingest: Ingest, board: Board, stop: Stop, source: Source, names: Vec<Name>) -> Self {
        let (batch, group_end) = (Vec::with_capacity(SUBMISSION_MAX), UnixMicros::default());
        let outbox =
            Self { ingest, board, stop, source, names, condition: Condition::Syncing, batch, group_end };
        outbox.show(&outbox.condition);
        outbox
    }

    /// Says how the feeds are.
    pub(super) fn set(&mut self, condition: Condition) {
        if self.condition != condition {
            self.show(&condition);
            self.condition = condition;
        }
    }

    fn show(&self, condition: &Condition) {
        for name in &self.names {
            self.board.set(*name, self.source, condition.clone());
        }
    }

    /// Adds one observation, and submits when the batch is full.
    pub(super) async fn push(&mut self, observation: Observation) -> Result<(), Ended> {
        self.batch.push(observation);
        if self.batch.len() >= SUBMISSION_MAX { self.flush().await } else { Ok(()) }
    }

    /// Adds one observation when it is due; what is overdue collects in full batches.
    pub(super) async fn push_at(&mut self, due: UnixMicros, observation: Observation) -> Result<(), Ended> {
        if due > self.group_end && due > UnixMicros::now() {
            self.flush().await?;
            self.set(Condition::Up);
            self.group_end = due.plus(GROUP);
            self.wait_until(self.group_end).await?;
        }
        self.push(observation).await
    }

    /// Submits what has been collected; returns when it is durable.
    pub(super) async fn flush(&mut self) -> Result<(), Ended> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(SUBMISSION_MAX));
        let mut refused_before = false;
        loop {
            if self.stop.is_cancelled() {
                return Err(Ended);
            }
            match self.ingest.submit(batch.clone()).await {
                Ok(_) => {
                    if refused_before {
                        self.show(&self.condition);
                    }
                    return Ok(());
                }
                Err(Refused::Stopping) => return Err(Ended),
                Err(refused @ (Refused::Unwritable | Refused::Full)) => {
                    refused_before = true;
                    self.show(&Condition::Down(refused.to_string()));
                    self.sleep(RETRY).await?;
                }
            }
        }
    }

    /// Waits until the wall clock shows `due`.
    async fn wait_until(&self, due: UnixMicros) -> Result<(), Ended> {
        loop {
            let left = due.since(UnixMicros::now());
            if left.is_zero() {
                return if self.stop.is_cancelled() { Err(Ended) } else { Ok(()) };
            }
            self.sleep(left.min(SPELL)).await?;
        }
    }

    async fn sleep(&self, span: Duration) -> Result<(), Ended> {
        tokio::select! {
            () = self.stop.cancelled() => Err(Ended),
            () = tokio::time::sleep(span) => Ok(()),
        }
    }
}
