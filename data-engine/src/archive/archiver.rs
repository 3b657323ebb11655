//! Follows the log into the archive, through every outage of its server.

use std::convert::Infallible;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use goat::service::Stop;
use goat::wire::market::archive::State;

use super::batch::{Batch, Feeder};
use super::session::Session;
use super::{Archive, ArchiveError, Target};
use crate::journal::{Log, Start};

/// Between two attempts to reach the server.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_mins(1);
/// An idle archive looks at its connection and tells its lag this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The one writer of the archive.
#[derive(Debug)]
pub struct Archiver {
    target: Target,
    settings: goat::settings::Archive,
    archive: Archive,
}

impl Archiver {
    /// An archiver that writes to `target` and tells `archive` how it goes.
    #[must_use]
    pub fn new(target: Target, settings: goat::settings::Archive, archive: Archive) -> Self {
        Self { target, settings, archive }
    }

    /// Archives until stopped. What fails is tried again; the log waits for nothing but its retention.
    pub async fn run(self, log: Log, stop: Stop) {
        let mut delays = delays();
        loop {
            let before = self.archive.watermark().seq();
            let Err(error) = tokio::select! {
                () = stop.cancelled() => return,
                ended = self.follow(&log) => ended,
            };
            if self.archive.watermark().seq() > before {
                delays = self::delays();
            }
            self.archive.set(State::Down, error.to_string());
            metrics::counter!("goat_archive_failures_total").increment(1);
            let delay = delays.next().unwrap_or(RETRY_MAX).clamp(RETRY_MIN, RETRY_MAX);
            let until = tokio::time::Instant::now() + delay;
            while tokio::time::Instant::now() < until {
                self.archive.measure(log.head());
                let look = until.min(tokio::time::Instant::now() + LOOK_EVERY);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(look) => {}
                }
            }
        }
    }

    /// Archives on one connection until it fails.
    async fn follow(&self, log: &Log) -> Result<Infallible, ArchiveError> {
        let mut session = Session::open(&self.target, log).await?;
        let progress = &mut session.progress;
        self.archive.reached(progress.last_seq, progress.time);
        let cursor = log.cursor(Start::After(progress.last_seq))?;
        let pace = std::mem::take(&mut progress.pace);
        let feeder = Feeder::new(cursor, progress.log, pace, &self.settings);
        let (mut feeder, mut next) = prepared(feeder).await?;
        loop {
            self.archive.measure(log.head());
            let Some(batch) = next else {
                self.archive.set(State::Live, String::new());
                (feeder, next) = self.await_events(feeder, &session, log).await?;
                continue;
            };
            let (seq, time, rows, full) = (batch.last_seq, batch.time, batch.rows, batch.full);
            if full {
                self.archive.set(State::CatchingUp, String::new());
                // The server takes one batch while the next one is being made.
                let (committed, made) = tokio::join!(session.commit(batch), prepared(feeder));
                committed?;
                (feeder, next) = made?;
            } else {
                session.commit(batch).await?;
                next = None;
            }
            self.archive.reached(seq, time);
            metrics::counter!("goat_archive_rows_total").increment(rows as u64);
        }
    }

    /// Waits for events, and then for those that come soon after: they share a transaction.
    async fn await_events(
        &self,
        feeder: Feeder,
        session: &Session,
        log: &Log,
    ) -> Result<(Feeder, Option<Batch>), ArchiveError> {
        let archived = session.progress.last_seq;
        loop {
            let grown = tokio::time::timeout(LOOK_EVERY, log.grown_past(archived)).await;
            self.archive.measure(log.head());
            if session.is_closed() {
                return Err(ArchiveError::Internal("the server closed the connection".to_owned()));
            }
            match grown {
                Ok(true) => break,
                // The log is closed: the engine is about to stop, and says so to us.
                Ok(false) => tokio::time::sleep(LOOK_EVERY).await,
                Err(_) => {}
            }
        }
        tokio::time::sleep(Duration::from_millis(self.settings.batch_interval_ms)).await;
        prepared(feeder).await
    }
}

/// Makes the next batch on a thread that may block.
async fn prepared(mut feeder: Feeder) -> Result<(Feeder, Option<Batch>), ArchiveError> {
    let made = tokio::task::spawn_blocking(move || {
        let batch = feeder.next_batch()?;
        Ok((feeder, batch))
    });
    made.await.map_err(|error| ArchiveError::Internal(format!("making a batch: {error}")))?
}

fn delays() -> backon::ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(RETRY_MIN)
        .with_max_delay(RETRY_MAX)
        .with_jitter()
        .without_max_times()
        .build()
}
