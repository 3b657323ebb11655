//! Many messages: as server-sent events, or as lines of JSON.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use goat::service::Stop;
use metrics::gauge;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Code;

use super::call::Rpc;
use super::fanout::{self, Fanout, Told, Topic, Written};
use super::request::Given;
use super::response;
use super::value::quoted;
use crate::access::Shown;
use crate::measure::OPEN_STREAMS;
use crate::problem::Problem;

/// A comment goes out this often when there is nothing else, so that nobody on the way hangs up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const SIGN_OF_LIFE: &[u8] = b":\n\n";
/// The position that a stream begins after; requests that have it can be resumed.
const AFTER: &str = "after_seq";
/// The other ways to begin, which a position replaces.
const OTHER_STARTS: [&str; 1] = ["lookback_seconds"];
/// How a message names its position; one that covers several names the last.
const POSITION: &str = "seq";
const POSITIONS: [&str; 2] = [POSITION, "covers_to"];

/// How a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// Server-sent events.
    Events,
    /// `{"result": …}` a line, `{"error": …}` last when it fails.
    Lines,
}

impl Form {
    /// The first form in `Accept` that we write; events when none is.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        accepted
            .flat_map(|value| value.split(','))
            .find_map(|range| match range.split(';').next().unwrap_or_default().trim() {
                "text/event-stream" => Some(Self::Events),
                "application/x-ndjson" | "application/json" => Some(Self::Lines),
                _ => None,
            })
            .unwrap_or(Self::Events)
    }
}

/// Lets so many streams be open at once, and ends them all when the service stops.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    most: u32,
    free: Arc<Semaphore>,
    fanout: Fanout,
    stop: Stop,
}

impl Streams {
    /// None is open yet.
    pub(super) fn new(most: u32, stop: Stop) -> Self {
        Self { most, free: Arc::new(Semaphore::new(most as usize)), fanout: Fanout::default(), stop }
    }

    fn enter(&self) -> Result<OpenStream, Problem> {
        let permit = Arc::clone(&self.free).try_acquire_owned().map_err(|_| {
            Problem::new(Code::ResourceExhausted, format!("{} streams are open; try again later", self.most))
        })?;
        gauge!(OPEN_STREAMS).increment(1);
        Ok(OpenStream { _permit: permit, stop: self.stop.clone() })
    }
}

/// Counted while it lives.
#[derive(Debug)]
struct OpenStream {
    _permit: OwnedSemaphorePermit,
    stop: Stop,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        gauge!(OPEN_STREAMS).decrement(1);
    }
}

/// Takes the position to resume after out of a request: the header `Last-Event-ID`, which a browser
/// sends when it reconnects, before the parameter `lastEventId`.
///
/// # Errors
///
/// When it is no position.
pub(super) fn resume_position(
    headers: &HeaderMap,
    mut given: Given,
) -> Result<(Given, Option<u64>), Problem> {
    let mut last = None;
    given.query.retain(|(name, text)| {
        let is_ours = matches!(name.as_str(), "lastEventId" | "last_event_id");
        if is_ours {
            last = Some(text.clone());
        }
        !is_ours
    });
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Some(text) = header.or(last).filter(|text| !text.is_empty()) else {
        return Ok((given, None));
    };
    let refused =
        || Problem::invalid(format!("Last-Event-ID must be a position such as 42, got {}", quoted(&text)));
    text.parse().map(|seq| (given, Some(seq))).map_err(|_| refused())
}

/// Makes a request begin after a position, whatever else it said about its beginning. A request that
/// has no positions stays as it is.
pub(super) fn resume(message: &mut DynamicMessage, after: u64) {
    if let Some(field) = resumed_by(&message.descriptor()) {
        for other in OTHER_STARTS {
            message.clear_field_by_name(other);
        }
        message.set_field(&field, Value::U64(after));
    }
}

/// The field of a request that a stream can be resumed by.
pub(crate) fn resumed_by(request: &MessageDescriptor) -> Option<FieldDescriptor> {
    request.get_field_by_name(AFTER).filter(|field| field.kind() == Kind::Uint64)
}

/// What a stream is opened with.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) message: DynamicMessage,
    pub(super) shown: Shown,
    pub(super) form: Form,
}

/// Opens the stream and answers with it. What goes wrong before it opens is answered as a status.
pub(super) async fn open(rpc: &Rpc, asked: Asked, streams: &Streams) -> Result<Response, Problem> {
    let opened = streams.enter()?;
    let (stop, form) = (opened.stop.clone(), asked.form);
    let told = tokio::select! {
        told = told(rpc, asked, streams) => told?,
        () = stop.cancelled() => return Err(stopping()),
    };
    let content_type = match form {
        Form::Events => "text/event-stream",
        Form::Lines => "application/x-ndjson",
    };
    let headers = [
        (CONTENT_TYPE.as_str(), content_type),
        (CACHE_CONTROL.as_str(), "no-store"),
        ("x-accel-buffering", "no"),
    ];
    Ok((headers, Body::from_stream(sent(told, form, opened))).into_response())
}

type Messages = Pin<Box<dyn Stream<Item = Told> + Send>>;

/// Everything that one reader is told. Who begins at the present shares its stream from the beginning, who begins
/// earlier shares it later, and what has no positions to meet by is not shared.
async fn told(rpc: &Rpc, asked: Asked, streams: &Streams) -> Result<Messages, Problem> {
    if !is_shareable(rpc) {
        return opened(rpc.clone(), asked).await;
    }
    let present =
        Asked { message: from_the_present(&asked.message), shown: asked.shown.clone(), form: asked.form };
    let topic = Topic {
        path: rpc.path().clone(),
        request: present.message.encode_to_vec(),
        shown: present.shown.clone(),
        form: present.form,
    };
    let begins_earlier = asked.message != present.message;
    // What cannot be begun is refused before anything is shared.
    let own = if begins_earlier { Some(opened(rpc.clone(), asked).await?) } else { None };
    let again = Again {
        rpc: rpc.clone(),
        message: present.message.clone(),
        shown: topic.shown.clone(),
        form: topic.form,
    };
    let (shared, opening) = streams.fanout.join(topic, || Box::pin(opened(rpc.clone(), present)));
    if own.is_none() {
        opening.done().await?;
    }
    Ok(Box::pin(fanout::follow(own, shared, move |last| again.clone().after(last))))
}

/// A stream that can be opened again where a reader stands.
#[derive(Debug, Clone)]
struct Again {
    rpc: Rpc,
    message: DynamicMessage,
    shown: Shown,
    form: Form,
}

impl Again {
    async fn after(mut self, last: u64) -> Result<Messages, Problem> {
        resume(&mut self.message, last);
        opened(self.rpc, Asked { message: self.message, shown: self.shown, form: self.form }).await
    }
}

/// Whether two streams of this RPC with the same filters have the same messages, each known by its position, and can
/// begin after any of them.
fn is_shareable(rpc: &Rpc) -> bool {
    let begins_anywhere = resumed_by(&rpc.input()).is_some_and(|after| {
        let is_choice = after.containing_oneof().is_some_and(|choice| choice.fields().len() > 1);
        !is_choice
    });
    let position = rpc.output().get_field_by_name(POSITION);
    begins_anywhere && position.is_some_and(|field| field.kind() == Kind::Uint64)
}

/// The same request without a beginning of its own.
fn from_the_present(message: &DynamicMessage) -> DynamicMessage {
    let mut message = message.clone();
    message.clear_field_by_name(AFTER);
    for other in OTHER_STARTS {
        message.clear_field_by_name(other);
    }
    message
}

/// A stream of the engine for one reader, or for all who share it.
async fn opened(rpc: Rpc, asked: Asked) -> Result<Messages, Problem> {
    let Asked { message, shown, form } = asked;
    let streaming = rpc.stream(shown.on(message)).await?;
    let engine = rpc.engine().clone();
    Ok(streaming.map(move |message| write(&message.map_err(|status| engine.problem(&status))?, form)).boxed())
}

/// What goes out: the messages, the error that ended them, and signs of life in between.
fn sent(mut told: Messages, form: Form, opened: OpenStream) -> impl Stream<Item = Result<Bytes, Infallible>> {
    async_stream::stream! {
        loop {
            let told = tokio::select! {
                biased;
                () = opened.stop.cancelled() => Err(stopping()),
                told = told.next() => match told {
                    Some(told) => told,
                    None => return,
                },
                () = tokio::time::sleep(KEEP_ALIVE), if form == Form::Events => {
                    yield Ok(Bytes::from_static(SIGN_OF_LIFE));
                    continue;
                }
            };
            match told {
                Ok(message) => yield Ok(message.bytes),
                Err(problem) => {
                    yield Ok(written_error(&problem, form));
                    return;
                }
            }
        }
    }
}

fn stopping() -> Problem {
    Problem::new(Code::Unavailable, "the gateway is stopping")
}

/// A message as it is sent. Canonical JSON is one line, so each field of an event is one too.
fn write(message: &DynamicMessage, form: Form) -> Told {
    let (position, json) = (position(message), response::json(message)?);
    let text = match (form, position) {
        (Form::Events, Some(seq)) => format!("id: {seq}\ndata: {json}\n\n"),
        (Form::Events, None) => format!("data: {json}\n\n"),
        (Form::Lines, _) => format!("{{\"result\":{json}}}\n"),
    };
    Ok(Written { position, bytes: text.into() })
}

fn written_error(problem: &Problem, form: Form) -> Bytes {
    let json = error(problem);
    let text = match form {
        Form::Events => format!("event: error\ndata: {json}\n\n"),
        Form::Lines => format!("{{\"error\":{json}}}\n"),
    };
    text.into()
}

fn error(problem: &Problem) -> String {
    // A number, a text and an empty list are always JSON.
    serde_json::to_string(&problem.body()).unwrap_or_default()
}

/// Where a message stands in the log: by its own field, or by that of the message it wraps.
fn position(message: &DynamicMessage) -> Option<u64> {
    let own = |message: &DynamicMessage| {
        POSITIONS.iter().find_map(|name| message.get_field_by_name(name).and_then(|value| value.as_u64()))
    };
    own(message).or_else(|| {
        let wrapped = message.fields().find(|(field, _)| field.containing_oneof().is_some());
        wrapped.and_then(|(_, value)| value.as_message().and_then(own))
    })
}

#[cfg(test)]
mod tests;
