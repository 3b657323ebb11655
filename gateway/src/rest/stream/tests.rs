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
    assert_eq!(of_log(Content::Batch(EventBatch { events: vec![], covers_from: 3, covers_to: 9 })), Some(9));
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
