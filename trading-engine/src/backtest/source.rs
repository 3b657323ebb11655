//! Where the events come from: a log that a data-engine has or has archived, read once from its beginning or from a
//! time.

mod archive;
mod log;
mod recorder;

use std::path::PathBuf;

use goat::event::Observation;
use goat::service::{Failure, ServiceChannel};
use goat::settings::{Secret, Settings};
use goat::values::{Seq, UnixMicros};
use goat::wire::market::{EventKind, MarketEvent, Mode};
use tokio::sync::mpsc;

use super::moment;
use super::progress::Progress;
use super::replay::{Replay, Setup};
use crate::feed;
use archive::Archive;
use log::{Begin, Log};

/// What the engine reads live.
pub(super) const KINDS: [EventKind; 6] = feed::KINDS;

/// Batches that may wait for the fold.
const BATCHES_QUEUED_MAX: usize = 64;

/// Which events.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Span {
    /// Recordings: a folder or a file, read through a data-engine of its own
    #[arg(long, value_name = "PATH", conflicts_with_all = ["from", "to", "archive"])]
    pub recordings: Option<PathBuf>,
    /// Instead of recordings, the log of the configured data-engine from this event time on
    #[arg(long, value_parser = moment)]
    pub from: Option<UnixMicros>,
    /// Ends at the first event that came later than this; at the log's end when absent
    #[arg(long, value_parser = moment, requires = "from")]
    pub to: Option<UnixMicros>,
    /// Read them from this archive in PostgreSQL; from that of `archive.url` when no address is given
    #[arg(long, value_name = "postgres://…", num_args = 0..=1, value_parser = secret, requires = "from")]
    pub archive: Option<Option<Secret>>,
    /// Of an archive that has several logs, the one with this id
    #[arg(long, value_name = "ID", requires = "archive")]
    pub log: Option<String>,
}

/// Which log was read, and how much of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The log.
    pub log_id: String,
    /// Its world.
    pub mode: Mode,
    /// The position before the first event.
    pub after_seq: Seq,
    /// Where the log began, when that is later than what was asked for.
    pub begins_late: Option<UnixMicros>,
}

/// A stream of recorded events.
#[derive(Debug)]
pub struct Source {
    pub(super) origin: Origin,
    head_seq: u64,
    to: Option<UnixMicros>,
    events: Events,
}

/// Who has them.
#[derive(Debug)]
enum Events {
    Log(Box<Log>),
    Archive(Box<Archive>),
}

/// Part of a log, decoded.
#[derive(Debug)]
pub struct Batch {
    /// With their positions; what cannot be read, with its time.
    pub events: Vec<(Seq, Result<Observation, Option<UnixMicros>>)>,
    /// Everything up to here is in it or was not asked for.
    pub covers_to: Seq,
    /// Whether the next event came later than was asked for.
    is_last: bool,
}

impl Source {
    /// Opens the events of a span.
    ///
    /// # Errors
    ///
    /// When the data-engine or the archive is not there, or does not have what is asked for.
    pub async fn open(settings: &Settings, span: &Span, kinds: &[EventKind]) -> Result<Self, Failure> {
        if let (Some(from), Some(to)) = (span.from, span.to)
            && from >= to
        {
            return Err(Failure::Usage(format!("--from must be before --to, got {from} and {to}")));
        }
        let (origin, head_seq, events) = if let (Some(address), Some(from)) = (&span.archive, span.from) {
            let (origin, archive) = Archive::open(settings, address.as_ref(), from, span, kinds).await?;
            (origin, archive.last_seq(), Events::Archive(Box::new(archive)))
        } else {
            let (origin, head_seq, log) = Log::open(settings, span, kinds).await?;
            (origin, head_seq, Events::Log(Box::new(log)))
        };
        Ok(Self { origin, head_seq, to: span.to, events })
    }

    /// The events of a span, of everything that the engine reads.
    ///
    /// # Errors
    ///
    /// When the data-engine is not there, or does not have what is asked for.
    pub async fn since(channel: ServiceChannel, from: UnixMicros, to: UnixMicros) -> Result<Self, Failure> {
        Self::read_from(channel, Begin::At(Some(from)), Some(to)).await
    }

    /// The events after a position, of everything that the engine reads.
    ///
    /// # Errors
    ///
    /// When the data-engine is not there, or does not have them any more.
    pub async fn after(channel: ServiceChannel, seq: Seq) -> Result<Self, Failure> {
        Self::read_from(channel, Begin::After(seq), None).await
    }

    /// The log that is read.
    #[must_use]
    pub fn log_id(&self) -> &str {
        &self.origin.log_id
    }

    async fn read_from(
        channel: ServiceChannel,
        begin: Begin,
        to: Option<UnixMicros>,
    ) -> Result<Self, Failure> {
        let (origin, head_seq, log) = Log::begin(channel, begin, &KINDS).await?;
        Ok(Self { origin, head_seq, to, events: Events::Log(Box::new(log)) })
    }

    /// Folds everything into an engine for each of the setups, all over the same events. `turn` is kept until that has
    /// ended, which it soon does when nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// When the stream breaks off or an engine cannot go on.
    pub async fn fold<T: Send + 'static>(
        self,
        setups: Vec<Setup>,
        turn: T,
    ) -> Result<(Origin, Vec<Replay>), Failure> {
        let origin = self.origin.clone();
        let (after, head) = (origin.after_seq, self.head_seq);
        let (queue, mut batches) = mpsc::channel(BATCHES_QUEUED_MAX);
        let folded = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut replays =
                setups.iter().map(|setup| Replay::begin(setup, after)).collect::<Result<Vec<_>, _>>()?;
            let mut progress = Progress::new();
            while let Some(batch) = batches.blocking_recv() {
                replays.iter_mut().try_for_each(|replay| fold_batch(replay, &batch))?;
                let reached = replays.first().map_or(after, |replay| replay.engine().cursor().seq);
                progress.show("folding", reached.get() - after.get(), head.saturating_sub(after.get()));
            }
            progress.end();
            Ok::<_, Failure>(replays)
        });
        let read = self.read(&queue).await;
        drop(queue);
        let replays = folded.await.map_err(|error| Failure::Internal(format!("the fold: {error}")))??;
        read?;
        Ok((origin, replays))
    }

    /// Reads to the end, into the queue.
    ///
    /// # Errors
    ///
    /// When the stream breaks off, or what it says cannot be used.
    pub async fn read(self, queue: &mpsc::Sender<Batch>) -> Result<(), Failure> {
        match self.events {
            Events::Log(log) => log.read(self.origin.after_seq, self.to, queue).await,
            Events::Archive(archive) => archive.read(self.to, queue).await,
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "what clap asks for")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::from(text.to_owned()))
}

/// Events as the core takes them, up to the first that came later than `to`.
fn decode(found: Vec<MarketEvent>, covers_to: u64, to: Option<UnixMicros>) -> Batch {
    let mut events = Vec::with_capacity(found.len());
    for event in found {
        let seq = Seq::new(event.seq);
        let event_time = event.event_time.and_then(|time| UnixMicros::try_from(time).ok());
        let observed = Observation::try_from(event).map_err(|_| event_time);
        if let (Ok(observation), Some(to)) = (&observed, to)
            && observation.received_time > to
        {
            return Batch { events, covers_to: Seq::new(seq.get().saturating_sub(1)), is_last: true };
        }
        events.push((seq, observed));
    }
    Batch { events, covers_to: Seq::new(covers_to), is_last: false }
}

fn fold_batch(replay: &mut Replay, batch: &Batch) -> Result<(), Failure> {
    for (seq, observed) in &batch.events {
        match observed {
            Ok(observation) => replay.fold(*seq, observation)?,
            Err(event_time) => replay.pass(*seq, *event_time),
        }
    }
    replay.pass(batch.covers_to, None);
    Ok(())
}
