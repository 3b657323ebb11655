//! Following the wall clock.

use std::time::Duration;

use goat::event::{FeedEvent, FeedEventKind, Observation, Payload, Source};
use goat::service::{Failure, Stop};
use goat::settings::Simulated;
use goat::values::{InvalidValue, UnixMicros};

use super::world::World;
use crate::feeds::board::{Board, Name};
use crate::feeds::outbox::Outbox;
use crate::ingest::Ingest;

/// What the log holds of the world that it has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    /// The event time of the observation with position 1: where the world began.
    pub first_event_time: UnixMicros,
    /// The position of the last observation.
    pub last_source_position: u64,
}

/// Which simulated moment the wall clock stands for.
#[derive(Debug, Clone, Copy)]
struct Pace {
    world: UnixMicros,
    wall: UnixMicros,
    speed: u32,
}

impl Pace {
    /// When a simulated moment is due; what lies before the anchor is due at once.
    fn due(&self, moment: UnixMicros) -> UnixMicros {
        self.wall.plus(moment.since(self.world) / self.speed.max(1))
    }
}

/// Generates events until stopped.
///
/// The first start tells the history first, as fast as the log takes it. A later start continues the world exactly
/// after the last recorded observation and catches up; when it missed more than the history, it leaves the rest out
/// and records a gap for each feed.
///
/// # Errors
///
/// When a generated value is refused, which would be our mistake.
pub async fn run(
    settings: &Simulated,
    resume: Option<Resume>,
    ingest: Ingest,
    board: Board,
    stop: Stop,
) -> Result<(), Failure> {
    let mut outbox = Outbox::new(ingest, board, stop, Source::Simulated, Name::ALL.to_vec());
    let now = UnixMicros::now();
    let history = Duration::from_secs(u64::from(settings.history_hours) * 3600);
    let seed = settings.seed;
    // A world that is months old takes seconds to build again.
    let (world, rest, gaps) =
        tokio::task::spawn_blocking(move || begin(seed, resume, now, history))
            .await
            .map_err(|error| Failure::Internal(format!("the simulation did not begin: {error}")))??;
    let at = rest.first().map_or(world.next_second(), |observation| observation.received_time);
    let pace = Pace { world: at.max(now), wall: now, speed: settings.speed };
    follow(world, rest, gaps, pace, &mut outbox).await
}

type Beginning = (World, Vec<Observation>, Vec<Observation>);

/// The world where it goes on, what is left of its second, and the gaps that it leaves.
fn begin(
    seed: u64,
    resume: Option<Resume>,
    now: UnixMicros,
    history: Duration,
) -> Result<Beginning, Failure> {
    let earliest = now.minus(history);
    let Some(resume) = resume else {
        return Ok((World::new(seed, earliest), Vec::new(), Vec::new()));
    };
    let mut world = World::new(seed, resume.first_event_time);
    let mut rest = Vec::new();
    world.resume_after(resume.last_source_position, &mut rest).map_err(|refused| mistake(&refused))?;
    let stopped_at = rest.first().map_or(world.next_second(), |observation| observation.received_time);
    if stopped_at >= earliest {
        return Ok((world, rest, Vec::new()));
    }
    world.skip_to(earliest);
    let gaps = Name::ALL.map(|name| gap(name, stopped_at, world.next_second(), now)).to_vec();
    Ok((world, Vec::new(), gaps))
}

async fn follow(
    mut world: World,
    rest: Vec<Observation>,
    gaps: Vec<Observation>,
    pace: Pace,
    outbox: &mut Outbox,
) -> Result<(), Failure> {
    let mut second = rest;
    for gap in gaps {
        if outbox.push(gap).await.is_err() {
            return Ok(());
        }
    }
    loop {
        for observation in second.drain(..) {
            if outbox.push_at(pace.due(observation.received_time), observation).await.is_err() {
                return Ok(());
            }
        }
        world.step(&mut second).map_err(|refused| mistake(&refused))?;
    }
}

fn gap(name: Name, from: UnixMicros, to: UnixMicros, now: UnixMicros) -> Observation {
    let event = FeedEvent {
        feed: name.as_str().into(),
        kind: FeedEventKind::Gap,
        symbol: None,
        from: Some(from),
        to: Some(to),
        reason: format!("the simulation stood still from {from}; it goes on at {to}"),
    };
    Observation {
        event_time: now,
        received_time: now,
        source: Source::Engine,
        source_position: 0,
        payload: Payload::Feed(event),
    }
}

fn mistake(refused: &InvalidValue) -> Failure {
    Failure::Internal(format!("the simulation made a value that is none: {refused}"))
}

#[cfg(test)]
mod tests;
