//! Where the events come from: a log that a data-engine has, read once from its beginning or from a time.

mod recorder;

use std::path::PathBuf;

use goat::event::Observation;
use goat::service::{Failure, Reach, ServiceChannel};
use goat::settings::Settings;
use goat::values::{Seq, UnixMicros};
use goat::wire::Frame;
use goat::wire::market::subscribe_request::Start;
use goat::wire::market::subscribe_response::Message;
use goat::wire::market::{EventBatch, EventKind, GetReplayInfoRequest, Mode, SubscribeRequest};
use tokio::sync::mpsc;
use tonic::codec::Streaming;

use super::moment;
use super::progress::Progress;
use super::replay::{Replay, Setup};
use crate::feed::{self, Continuity};
use recorder::Recorder;

/// What the engine reads live.
pub(super) const KINDS: [EventKind; 6] = feed::KINDS;

/// Batches that may wait for the fold.
const BATCHES_QUEUED_MAX: usize = 64;

/// Which events.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Span {
    /// Recordings: a folder or a file, read through a data-engine of its own
    #[arg(long, value_name = "PATH", conflicts_with_all = ["from", "to"])]
    pub recordings: Option<PathBuf>,
    /// Instead of recordings, the log of the configured data-engine from this event time on
    #[arg(long, value_parser = moment)]
    pub from: Option<UnixMicros>,
    /// Ends at the first event that came later than this; at the log's end when absent
    #[arg(long, value_parser = moment, requires = "from")]
    pub to: Option<UnixMicros>,
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
    stream: Streaming<Frame>,
    /// Ends with this.
    _recorder: Option<Recorder>,
}

/// Where reading begins.
#[derive(Debug, Clone, Copy)]
enum Begin {
    /// At an event time; at the log's oldest event without one.
    At(Option<UnixMicros>),
    /// After a position.
    After(Seq),
}

/// Part of a log, decoded.
#[derive(Debug)]
pub struct Batch {
    /// With their positions; what cannot be read, with its time.
    pub events: Vec<(Seq, Result<Observation, Option<UnixMicros>>)>,
    /// Everything up to here is in it or was not asked for; none when it was cut off before.
    pub covers_to: Option<Seq>,
}

impl Source {
    /// Opens the events of a span.
    ///
    /// # Errors
    ///
    /// When the data-engine is not there, or does not have what is asked for.
    pub async fn open(settings: &Settings, span: &Span, kinds: &[EventKind]) -> Result<Self, Failure> {
        if let (Some(from), Some(to)) = (span.from, span.to)
            && from >= to
        {
            return Err(Failure::Usage(format!("--from must be before --to, got {from} and {to}")));
        }
        let recorder = match &span.recordings {
            Some(path) => Some(Recorder::record(path).await?),
            None => None,
        };
        let address = recorder.as_ref().map_or(settings.data_engine.listen, Recorder::address);
        let channel = match &recorder {
            Some(recorder) => recorder.channel()?,
            None => Reach::of(settings)?.service_channel(address),
        };
        let named = |failure: Failure| match failure {
            Failure::Unavailable(reason) => Failure::Unavailable(format!("{address}: {reason}")),
            failure => failure,
        };
        let source = Self::begin(channel, Begin::At(span.from), span.to, kinds).await.map_err(named)?;
        Ok(Self { _recorder: recorder, ..source })
    }

    /// The events of a span, of everything that the engine reads.
    ///
    /// # Errors
    ///
    /// When the data-engine is not there, or does not have what is asked for.
    pub async fn since(channel: ServiceChannel, from: UnixMicros, to: UnixMicros) -> Result<Self, Failure> {
        Self::begin(channel, Begin::At(Some(from)), Some(to), &KINDS).await
    }

    /// The events after a position, of everything that the engine reads.
    ///
    /// # Errors
    ///
    /// When the data-engine is not there, or does not have them any more.
    pub async fn after(channel: ServiceChannel, seq: Seq) -> Result<Self, Failure> {
        Self::begin(channel, Begin::After(seq), None, &KINDS).await
    }

    /// The log that is read.
    #[must_use]
    pub fn log_id(&self) -> &str {
        &self.origin.log_id
    }

    async fn begin(
        channel: ServiceChannel,
        begin: Begin,
        to: Option<UnixMicros>,
        kinds: &[EventKind],
    ) -> Result<Self, Failure> {
        let unavailable =
            |status: tonic::Status| Failure::Unavailable(format!("the data-engine: {}", status.message()));
        let mut client = feed::client(channel);
        let (start, begins_late) = match begin {
            Begin::After(seq) => (Some(Start::AfterSeq(seq.get())), None),
            Begin::At(from) => {
                let info = client.get_replay_info(GetReplayInfoRequest {}).await.map_err(unavailable)?;
                let oldest = info.into_inner().oldest_event_time;
                let oldest = oldest.and_then(|time| UnixMicros::try_from(time).ok());
                let begins_late = from.and_then(|from| oldest.filter(|oldest| *oldest > from));
                let start = from.filter(|_| begins_late.is_none()).map(|from| Start::Since(from.into()));
                (start, begins_late)
            }
        };
        let request = SubscribeRequest {
            kinds: kinds.iter().map(|&kind| kind.into()).collect(),
            symbols: Vec::new(),
            start,
            follow: false,
        };
        let mut stream = client.subscribe(request).await.map_err(unavailable)?.into_inner();
        let first = stream.message().await.map_err(unavailable)?;
        let Some(Message::Hello(hello)) =
            first.map(|frame| frame.parse()).transpose().map_err(|error| no_message(&error))?
        else {
            return Err(Failure::Unavailable("the stream began with something else than a greeting".into()));
        };
        let origin = Origin {
            mode: hello.mode(),
            after_seq: Seq::new(hello.start_seq.saturating_sub(1)),
            log_id: hello.log_id,
            begins_late,
        };
        Ok(Self { origin, head_seq: hello.head_seq, to, stream, _recorder: None })
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
    pub async fn read(mut self, queue: &mpsc::Sender<Batch>) -> Result<(), Failure> {
        let lost = |status: tonic::Status| Failure::Unavailable(format!("the stream: {}", status.message()));
        let mut continuity = Continuity::after(self.origin.after_seq.get());
        let hole = |error: feed::Discontinuity| Failure::Unavailable(format!("the stream: {error}"));
        while let Some(frame) = self.stream.message().await.map_err(lost)? {
            match frame.parse().map_err(|error| no_message(&error))? {
                Message::Batch(batch) => {
                    continuity.cover(batch.covers_from, batch.covers_to).map_err(hole)?;
                    let batch = decode(batch, self.to);
                    let is_last = batch.covers_to.is_none();
                    // Whoever folds has ended only when it failed, and says so itself.
                    if queue.send(batch).await.is_err() || is_last {
                        return Ok(());
                    }
                }
                Message::CaughtUp(end) => return continuity.confirm(end.seq).map_err(hole),
                Message::Hello(_) | Message::Heartbeat(_) => {}
            }
        }
        Err(Failure::Unavailable("the data-engine closed the stream before its end".to_owned()))
    }
}

fn no_message(error: &goat::convert::InvalidMessage) -> Failure {
    Failure::Unavailable(format!("the stream: {error}"))
}

fn decode(batch: EventBatch, to: Option<UnixMicros>) -> Batch {
    let mut covers_to = Some(Seq::new(batch.covers_to));
    let mut events = Vec::with_capacity(batch.events.len());
    for event in batch.events {
        let seq = Seq::new(event.seq);
        let event_time = event.event_time.and_then(|time| UnixMicros::try_from(time).ok());
        let observed = Observation::try_from(event).map_err(|_| event_time);
        if let (Ok(observation), Some(to)) = (&observed, to)
            && observation.received_time > to
        {
            covers_to = None;
            break;
        }
        events.push((seq, observed));
    }
    Batch { events, covers_to }
}

fn fold_batch(replay: &mut Replay, batch: &Batch) -> Result<(), Failure> {
    for (seq, observed) in &batch.events {
        match observed {
            Ok(observation) => replay.fold(*seq, observation)?,
            Err(event_time) => replay.pass(*seq, *event_time),
        }
    }
    if let Some(seq) = batch.covers_to {
        replay.pass(seq, None);
    }
    Ok(())
}
