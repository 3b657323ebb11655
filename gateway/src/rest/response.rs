//! A message as canonical JSON.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use goat::error::internal;
use prost_reflect::{DynamicMessage, SerializeOptions};

use crate::problem::Problem;

/// Fields without presence appear also when they are zero: `"count": 0` says more than nothing.
const CANONICAL: SerializeOptions = SerializeOptions::new().skip_default_fields(false);

/// A message as one line of canonical proto3 JSON.
pub(crate) fn json(message: &DynamicMessage) -> Result<String, Problem> {
    let mut text = Vec::with_capacity(256);
    let written = message.serialize_with_options(&mut serde_json::Serializer::new(&mut text), &CANONICAL);
    written.map_err(|error| unwritable(&error))?;
    String::from_utf8(text).map_err(|error| unwritable(&error))
}

/// The answer to a call that has one message.
pub(super) fn whole(message: &DynamicMessage) -> Result<Response, Problem> {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    Ok((headers, json(message)?).into_response())
}

fn unwritable(error: &dyn std::fmt::Display) -> Problem {
    let status = internal("writing an answer as JSON", error);
    Problem::new(status.code(), status.message())
}

#[cfg(test)]
mod tests {
    use goat::wire::market::{GetPriceResponse, ListTablesResponse, PricePoint, Source};
    use prost::Message;

    use super::*;
    use crate::schema::Schema;

    fn json_of(name: &str, message: &impl Message) -> String {
        let descriptor = Schema::load().unwrap().pool.get_message_by_name(name).unwrap();
        json(&DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).unwrap()).unwrap()
    }

    #[test]
    fn long_integers_are_strings_enums_are_names_and_times_are_rfc_3339() {
        let time = |seconds, nanos| Some(goat::prost_types::Timestamp { seconds, nanos });
        let price = GetPriceResponse {
            token: "SOL".to_owned(),
            price: 150.25,
            event_time: time(1_700_000_000, 250_000_000),
            source: Source::Jupiter.into(),
            seq: u64::MAX,
            ..GetPriceResponse::default()
        };

        assert_eq!(
            json_of("goat.market.v1.GetPriceResponse", &price),
            r#"{"token":"SOL","price":150.25,"eventTime":"2023-11-14T22:13:20.250Z","ageMs":0,"stale":false,"source":"SOURCE_JUPITER","seq":"18446744073709551615"}"#
        );
    }

    #[test]
    fn a_default_without_presence_is_written_and_an_absent_message_is_not() {
        assert_eq!(
            json_of("goat.market.v1.ListTablesResponse", &ListTablesResponse::default()),
            r#"{"tables":[]}"#
        );
        assert_eq!(json_of("goat.market.v1.PricePoint", &PricePoint::default()), r#"{"price":0.0}"#);
    }
}
