//! Telling a recording to the log.

use std::time::Duration;

use goat::event::{FeedEvent, FeedEventKind, Observation, Payload, Source};
use goat::service::{Failure, Stop};
use goat::settings::Replay;
use goat::values::UnixMicros;
use tokio::sync::mpsc;

use super::files::{Recording, find};
use super::merge::Merge;
use super::row::observation;
use crate::feeds::board::{Board, Condition, Name};
use crate::feeds::outbox::{Ended, Outbox};
use crate::ingest::{Ingest, SUBMISSION_MAX};

/// Batches that are read ahead of the log.
const AHEAD_MAX: usize = 4;
/// The longest wait for one recorded gap, in wall time.
const GAP_WAIT_MAX: Duration = Duration::from_secs(5);

/// Where a recording ended.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    position: u64,
    time: UnixMicros,
}

/// Which moment of the recording is due when.
///
/// Recorded differences of time take their share of wall time, but a gap never more than five seconds of it at a
/// stretch: nobody learns anything from waiting for hours that were not recorded.
#[derive(Debug)]
struct Pace {
    speed: f64,
    told: Option<UnixMicros>,
    due: UnixMicros,
}

impl Pace {
    fn due(&mut self, received: UnixMicros) -> UnixMicros {
        let told = *self.told.get_or_insert(received);
        let seconds = received.since(told).as_secs_f64() / self.speed;
        self.due = self
            .due
            .plus(Duration::try_from_secs_f64(seconds).map_or(GAP_WAIT_MAX, |span| span.min(GAP_WAIT_MAX)));
        self.told = Some(told.max(received));
        self.due
    }
}

/// Replays the recordings of the settings until they end or until stopped; `resume_position` observations of them
/// are in the log already. Speed 0 is as fast as the log takes them.
///
/// The end is recorded too, once.
///
/// # Errors
///
/// When a recording cannot be read.
pub async fn run(
    settings: &Replay,
    resume_position: u64,
    ingest: Ingest,
    board: Board,
    stop: Stop,
) -> Result<(), Failure> {
    let recordings = find(&settings.path)?;
    let mut names: Vec<Name> =
        recordings.iter().flat_map(|recording| recording.kind.names()).copied().collect();
    names.sort();
    names.dedup();
    let mut outbox = Outbox::new(ingest, board, stop, Source::Replay, names);
    outbox.set(Condition::Up);

    let (batches, mut ready) = mpsc::channel(AHEAD_MAX);
    let reading = tokio::task::spawn_blocking(move || read(&recordings, resume_position, &batches));
    let told = tell(settings.speed, &mut ready, &mut outbox).await;
    // Reading ends when nobody listens.
    drop(ready);
    let read = reading.await.map_err(|error| Failure::Internal(format!("reading a recording: {error}")))?;
    if told.is_err() {
        return Ok(());
    }
    let end = match read {
        Ok(end) => end,
        Err(failure) => {
            outbox.set(Condition::Down(failure.to_string()));
            return Err(failure);
        }
    };
    if end.position >= resume_position {
        let ended = outbox.push(replay_end(end)).await.is_err() || outbox.flush().await.is_err();
        if ended {
            return Ok(());
        }
    }
    outbox.set(Condition::Off(format!("the recording ended at {}", end.time)));
    Ok(())
}

fn read(
    recordings: &[Recording],
    resume_position: u64,
    batches: &mpsc::Sender<Vec<Observation>>,
) -> Result<End, Failure> {
    let mut end = End::default();
    let mut batch = Vec::with_capacity(SUBMISSION_MAX);
    for observation in Merge::open(recordings)? {
        let observation = observation?;
        end = End { position: observation.source_position, time: end.time.max(observation.received_time) };
        if end.position <= resume_position {
            if batches.is_closed() {
                return Ok(end);
            }
            continue;
        }
        batch.push(observation);
        if batch.len() == SUBMISSION_MAX {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(SUBMISSION_MAX));
            if batches.blocking_send(full).is_err() {
                return Ok(end);
            }
        }
    }
    // When nobody listens any more, nobody misses the last batch either.
    let _ = batches.blocking_send(batch);
    Ok(end)
}

async fn tell(
    speed: f64,
    ready: &mut mpsc::Receiver<Vec<Observation>>,
    outbox: &mut Outbox,
) -> Result<(), Ended> {
    let mut pace = Pace { speed, told: None, due: UnixMicros::now() };
    while let Some(batch) = ready.recv().await {
        for observation in batch {
            if speed > 0.0 {
                outbox.push_at(pace.due(observation.received_time), observation).await?;
            } else {
                outbox.push(observation).await?;
            }
        }
    }
    outbox.flush().await
}

fn replay_end(end: End) -> Observation {
    let event = FeedEvent {
        feed: "replay".into(),
        kind: FeedEventKind::ReplayEnd,
        symbol: None,
        from: None,
        to: None,
        reason: format!("the recording ended at {}", end.time),
    };
    Observation { source_position: end.position + 1, ..observation(end.time, Payload::Feed(event)) }
}

#[cfg(test)]
mod tests;
