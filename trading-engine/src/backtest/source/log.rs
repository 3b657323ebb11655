//! The log of a data-engine: the configured one, or one of our own that reads recordings.

use goat::service::{Failure, Reach, ServiceChannel};
use goat::settings::Settings;
use goat::values::{Seq, UnixMicros};
use goat::wire::Frame;
use goat::wire::market::subscribe_request::Start;
use goat::wire::market::subscribe_response::Message;
use goat::wire::market::{EventKind, GetReplayInfoRequest, SubscribeRequest};
use tokio::sync::mpsc;
use tonic::codec::Streaming;

use super::recorder::Recorder;
use super::{Batch, Origin, Span, decode};
use crate::feed::{self, Continuity};

/// Where reading begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Begin {
    /// At an event time; at the log's oldest event without one.
    At(Option<UnixMicros>),
    /// After a position.
    After(Seq),
}

/// A log that is read once.
#[derive(Debug)]
pub(super) struct Log {
    stream: Streaming<Frame>,
    /// Ends with this.
    _recorder: Option<Recorder>,
}

impl Log {
    /// Opens the events of a span; also says which log it is, and where it ends.
    pub(super) async fn open(
        settings: &Settings,
        span: &Span,
        kinds: &[EventKind],
    ) -> Result<(Origin, u64, Self), Failure> {
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
        let (origin, head_seq, log) =
            Self::begin(channel, Begin::At(span.from), kinds).await.map_err(named)?;
        Ok((origin, head_seq, Self { _recorder: recorder, ..log }))
    }

    /// Opens the log behind a channel.
    pub(super) async fn begin(
        channel: ServiceChannel,
        begin: Begin,
        kinds: &[EventKind],
    ) -> Result<(Origin, u64, Self), Failure> {
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
        Ok((origin, hello.head_seq, Self { stream, _recorder: None }))
    }

    /// Reads to the end, into the queue.
    pub(super) async fn read(
        mut self,
        after_seq: Seq,
        to: Option<UnixMicros>,
        queue: &mpsc::Sender<Batch>,
    ) -> Result<(), Failure> {
        let lost = |status: tonic::Status| Failure::Unavailable(format!("the stream: {}", status.message()));
        let mut continuity = Continuity::after(after_seq.get());
        let hole = |error: feed::Discontinuity| Failure::Unavailable(format!("the stream: {error}"));
        while let Some(frame) = self.stream.message().await.map_err(lost)? {
            match frame.parse().map_err(|error| no_message(&error))? {
                Message::Batch(batch) => {
                    continuity.cover(batch.covers_from, batch.covers_to).map_err(hole)?;
                    let batch = decode(batch.events, batch.covers_to, to);
                    let is_last = batch.is_last;
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
