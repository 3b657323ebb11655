//! Many messages: as server-sent events, or as lines of JSON.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use goat::service::Stop;
use metrics::gauge;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::codec::Streaming;
use tonic::{Code, Request};

use super::call::Rpc;
use super::request::Given;
use super::response;
use super::value::quoted;
use crate::engines::Engine;
use crate::measure::OPEN_STREAMS;
use crate::problem::Problem;

/// A comment goes out this often when there is nothing else, so that nobody on the way hangs up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The position that a stream begins after; requests that have it can be resumed.
const AFTER: &str = "after_seq";
/// The other ways to begin, which a position replaces.
const OTHER_STARTS: [&str; 1] = ["lookback_seconds"];
/// How a message names its position.
const POSITIONS: [&str; 2] = ["seq", "covers_to"];

/// How a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub(super) struct StreamLimit {
    most: u32,
    free: Arc<Semaphore>,
    stop: Stop,
}

impl StreamLimit {
    /// Each takes memory for the windows of a connection of its own.
    pub(super) fn new(most: u32, stop: Stop) -> Self {
        Self { most, free: Arc::new(Semaphore::new(most as usize)), stop }
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

/// Opens the stream and answers with it. What goes wrong before it opens is answered as a status.
pub(super) async fn open(
    rpc: &Rpc,
    request: Request<DynamicMessage>,
    form: Form,
    limit: &StreamLimit,
) -> Result<Response, Problem> {
    let opened = limit.enter()?;
    let stop = opened.stop.clone();
    let streaming = tokio::select! {
        streaming = rpc.stream(request) => streaming?,
        () = stop.cancelled() => return Err(stopping()),
    };
    let messages = messages(streaming, rpc.engine().clone(), opened);
    let headers = [(CACHE_CONTROL.as_str(), "no-store"), ("x-accel-buffering", "no")];
    Ok(match form {
        Form::Events => {
            let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
            (
                headers,
                Sse::new(messages.map(|message| Ok::<_, Infallible>(event(message)))).keep_alive(keep_alive),
            )
                .into_response()
        }
        Form::Lines => {
            let lines = messages.map(|message| Ok::<_, Infallible>(line(message)));
            (headers, [(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
        }
    })
}

/// A message as it is sent.
struct Written {
    position: Option<u64>,
    json: String,
}

/// Ends with the stream of the engine, after the first error, or when the service stops.
fn messages(
    mut streaming: Streaming<DynamicMessage>,
    engine: Engine,
    opened: OpenStream,
) -> impl Stream<Item = Result<Written, Problem>> {
    async_stream::stream! {
        loop {
            let next = tokio::select! {
                next = streaming.message() => next.map_err(|status| engine.problem(&status)),
                () = opened.stop.cancelled() => Err(stopping()),
            };
            let written = match next {
                Ok(Some(message)) => write(&message),
                Ok(None) => break,
                Err(problem) => Err(problem),
            };
            let ended = written.is_err();
            yield written;
            if ended {
                break;
            }
        }
    }
}

fn stopping() -> Problem {
    Problem::new(Code::Unavailable, "the gateway is stopping")
}

fn write(message: &DynamicMessage) -> Result<Written, Problem> {
    Ok(Written { position: position(message), json: response::json(message)? })
}

fn event(message: Result<Written, Problem>) -> Event {
    match message {
        Ok(Written { position: Some(seq), json }) => Event::default().id(seq.to_string()).data(json),
        Ok(Written { position: None, json }) => Event::default().data(json),
        Err(problem) => Event::default().event("error").data(error(&problem)),
    }
}

fn line(message: Result<Written, Problem>) -> String {
    match message {
        Ok(Written { json, .. }) => format!("{{\"result\":{json}}}\n"),
        Err(problem) => format!("{{\"error\":{}}}\n", error(&problem)),
    }
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
mod tests {
    use goat::wire::market::subscribe_response::Message as Content;
    use goat::wire::market::{EventBatch, Heartbeat, Hello, StreamPricesResponse, SubscribeResponse};
    use prost::Message;
    use serde_json::json;

    use super::*;
    use crate::schema::Schema;

    fn dynamic(name: &str, message: &impl Message) -> DynamicMessage {
        let descriptor = Schema::load().unwrap().pool.get_message_by_name(name).unwrap();
        DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).unwrap()
    }

    fn accepting(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, axum::http::HeaderValue::from_static(accept))])
    }

    #[test]
    fn the_first_form_that_is_accepted_is_written_and_events_otherwise() {
        assert_eq!(Form::wanted(&HeaderMap::new()), Form::Events);
        assert_eq!(Form::wanted(&accepting("*/*")), Form::Events);
        assert_eq!(Form::wanted(&accepting("text/event-stream")), Form::Events);
        assert_eq!(Form::wanted(&accepting("application/x-ndjson")), Form::Lines);
        assert_eq!(Form::wanted(&accepting("text/html, application/json;q=0.9, */*")), Form::Lines);
    }

    #[test]
    fn a_message_stands_where_it_or_what_it_wraps_says() {
        let of_log = |content| {
            let response = SubscribeResponse { message: Some(content) };
            position(&dynamic("goat.market.v1.SubscribeResponse", &response))
        };
        let price = StreamPricesResponse { seq: 7, ..StreamPricesResponse::default() };

        assert_eq!(position(&dynamic("goat.market.v1.StreamPricesResponse", &price)), Some(7));
        assert_eq!(
            of_log(Content::Batch(EventBatch { events: vec![], covers_from: 3, covers_to: 9 })),
            Some(9)
        );
        assert_eq!(of_log(Content::Heartbeat(Heartbeat { seq: 9, time: None })), Some(9));
        assert_eq!(of_log(Content::Hello(Hello { head_seq: 9, ..Hello::default() })), None);
    }

    #[test]
    fn a_position_replaces_every_other_start() {
        let request = goat::wire::market::StreamPricesRequest {
            after_seq: Some(1),
            lookback_seconds: Some(60),
            ..goat::wire::market::StreamPricesRequest::default()
        };
        let mut message = dynamic("goat.market.v1.StreamPricesRequest", &request);

        resume(&mut message, 5);

        assert_eq!(serde_json::to_value(&message).unwrap(), json!({"afterSeq": "5"}));
    }

    #[test]
    fn the_header_is_newer_than_the_parameter() {
        let given = || Given { query: vec![("lastEventId".to_owned(), "3".to_owned())], ..Given::default() };
        let header = HeaderMap::from_iter([(
            axum::http::HeaderName::from_static("last-event-id"),
            axum::http::HeaderValue::from_static("5"),
        )]);

        let (rest, by_parameter) = resume_position(&HeaderMap::new(), given()).unwrap();
        let (_, by_header) = resume_position(&header, given()).unwrap();

        assert!(rest.query.is_empty());
        assert_eq!((by_parameter, by_header), (Some(3), Some(5)));
    }

    #[test]
    fn what_is_no_position_is_refused() {
        let given = Given { query: vec![("lastEventId".to_owned(), "x".to_owned())], ..Given::default() };

        let refusal = resume_position(&HeaderMap::new(), given).unwrap_err();

        assert_eq!(refusal.message(), r#"Last-Event-ID must be a position such as 42, got "x""#);
    }
}
