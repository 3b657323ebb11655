//! Path, query and body as the message that an RPC takes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Query;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use bytes::Bytes;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage, Value};
use serde::de::DeserializeSeed;
use tonic::Code;

use super::value;
use crate::problem::Problem;
use crate::schema::{Binding, BodyRule, dotted, field_path};

/// A body that has not come by then is not waited for.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a request gives: names with texts, and a body.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) path: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// The parameters of a query, decoded, in order.
pub(super) fn query(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    Query::try_from_uri(uri)
        .map(|Query(pairs)| pairs)
        .map_err(|error| Problem::invalid(format!("the query cannot be read: {}", error.body_text())))
}

/// Reads a body of JSON. One that announces more than is read is refused before it is sent.
///
/// Another content type is refused: browsers send those across origins without asking first.
pub(crate) async fn read_body(headers: &HeaderMap, body: Body, bytes_max: u32) -> Result<Bytes, Problem> {
    let announced: Option<u64> =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length| length > bytes_max.into()) {
        return Err(body_too_large(bytes_max));
    }
    let bytes = tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, bytes_max as usize))
        .await
        .map_err(|_| too_slow())?
        .map_err(|error| too_large_or_broken(&error, bytes_max))?;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !bytes.is_empty() && !essence.eq_ignore_ascii_case("application/json") {
        let message = format!("the body must be application/json, got {}", value::quoted(content_type));
        return Err(Problem::invalid(message).with_http(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(bytes)
}

fn too_large_or_broken(error: &axum::Error, bytes_max: u32) -> Problem {
    // The length limit is the only error of the body that is not the connection's, and it has no type of ours.
    if error.to_string().contains("length limit") {
        body_too_large(bytes_max)
    } else {
        Problem::invalid(format!("the body could not be read: {error}"))
    }
}

fn too_slow() -> Problem {
    Problem::new(Code::DeadlineExceeded, "the body did not come within 10 s")
        .with_http(StatusCode::REQUEST_TIMEOUT)
}

/// The body is longer than what this request may have.
fn body_too_large(bytes_max: u32) -> Problem {
    Problem::invalid(format!("the body is longer than {bytes_max} bytes"))
        .with_http(StatusCode::PAYLOAD_TOO_LARGE)
}

/// Makes the message of a request: first the body, then the query, then the path.
///
/// # Errors
///
/// When a name is unknown, a value has the wrong type, or two of them contradict each other.
pub(super) fn build(
    binding: &Binding,
    input: MessageDescriptor,
    given: &Given,
) -> Result<DynamicMessage, Problem> {
    let mut filling = Filling { message: from_body(binding, input, &given.body)?, filled: BTreeSet::new() };
    for (name, text) in &given.path {
        filling.refuse_another_in_the_body(name, text)?;
        filling.fill(name, text)?;
    }
    for (name, text) in &given.query {
        refuse_body_field(binding, &filling.message.descriptor(), name)?;
        filling.fill(name, text)?;
    }
    Ok(filling.message)
}

fn from_body(binding: &Binding, input: MessageDescriptor, body: &[u8]) -> Result<DynamicMessage, Problem> {
    if body.is_empty() {
        return Ok(DynamicMessage::new(input));
    }
    let json: serde_json::Value = serde_json::from_slice(body)
        .map_err(|error| Problem::invalid(format!("the body is not JSON: {error}")))?;
    let json = match &binding.body {
        BodyRule::Nothing => return Ok(DynamicMessage::new(input)),
        BodyRule::Whole => json,
        BodyRule::Field(field) => serde_json::json!({field.json_name(): json}),
    };
    message(&input, &json, "body")
}

/// Canonical JSON as a message. `place` says where it stood, for the refusal.
///
/// # Errors
///
/// Names the first field that cannot be, with its value.
pub(crate) fn message(
    input: &MessageDescriptor,
    json: &serde_json::Value,
    place: &str,
) -> Result<DynamicMessage, Problem> {
    input.clone().deserialize(json).map_err(|error| refused(input, json, place, &error))
}

fn refused(
    input: &MessageDescriptor,
    json: &serde_json::Value,
    place: &str,
    error: &serde_json::Error,
) -> Problem {
    let alone = |(name, value): (&String, &serde_json::Value)| {
        let error = input.clone().deserialize(serde_json::json!({name: value})).err()?;
        Some(format!("{name} in the {place} is {}: {error}", value::quoted(&value.to_string())))
    };
    let first = json.as_object().and_then(|fields| fields.iter().find_map(alone));
    Problem::invalid(first.unwrap_or_else(|| format!("the {place} is no {}: {error}", input.name())))
}

/// What the body fills cannot stand in the query too.
fn refuse_body_field(binding: &Binding, input: &MessageDescriptor, name: &str) -> Result<(), Problem> {
    let in_body = match &binding.body {
        BodyRule::Nothing => false,
        BodyRule::Whole => true,
        BodyRule::Field(field) => field_path(input, name).is_some_and(|fields| fields.first() == Some(field)),
    };
    if in_body {
        Err(Problem::invalid(format!("{name} belongs in the body, not in the query")))
    } else {
        Ok(())
    }
}

/// A message being filled, with the names that have been given.
struct Filling {
    message: DynamicMessage,
    filled: BTreeSet<String>,
}

impl Filling {
    fn fill(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        let fields = field_path(&self.message.descriptor(), name).ok_or_else(|| self.unknown(name))?;
        let Some((field, parents)) = fields.split_last() else {
            return Err(self.unknown(name));
        };
        if field.is_map() {
            return Err(Problem::invalid(format!(
                "{name} is a map, which cannot stand in a path or a query"
            )));
        }
        let canonical = dotted(&fields);
        if !self.filled.insert(canonical.clone()) && !field.is_list() {
            return Err(Problem::invalid(format!("{canonical} is given twice")));
        }
        let value =
            value::parse(field, text).map_err(|reason| Problem::invalid(format!("{canonical} {reason}")))?;
        let parent = descend(&mut self.message, parents)
            .ok_or_else(|| Problem::invalid(format!("{canonical} cannot be set")))?;
        put(parent, field, value)
    }

    /// What the path names cannot be something else in the body.
    fn refuse_another_in_the_body(&self, name: &str, text: &str) -> Result<(), Problem> {
        let Some(fields) = field_path(&self.message.descriptor(), name) else { return Ok(()) };
        let Some((field, parents)) = fields.split_last() else { return Ok(()) };
        let mut parent = Cow::Borrowed(&self.message);
        for outer in parents {
            let Some(inner) = parent.get_field(outer).as_message().cloned() else { return Ok(()) };
            parent = Cow::Owned(inner);
        }
        let is_another = parent.has_field(field)
            && value::parse(field, text).is_ok_and(|value| value != *parent.get_field(field));
        if is_another {
            let name = dotted(&fields);
            return Err(Problem::invalid(format!("{name} is another in the body than in the path")));
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Problem {
        let known: Vec<String> =
            self.message.descriptor().fields().map(|field| field.name().to_owned()).collect();
        let takes = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Problem::invalid(format!("unknown parameter {}; known here: {takes}", value::quoted(name)))
    }
}

fn descend<'a>(
    message: &'a mut DynamicMessage,
    parents: &[FieldDescriptor],
) -> Option<&'a mut DynamicMessage> {
    let mut inner = message;
    for field in parents {
        inner = inner.get_field_mut(field).as_message_mut()?;
    }
    Some(inner)
}

fn put(message: &mut DynamicMessage, field: &FieldDescriptor, value: Value) -> Result<(), Problem> {
    if let Some(choice) = field.containing_oneof()
        && let Some(other) = choice.fields().find(|other| other != field && message.has_field(other))
    {
        let (field, other) = (field.name(), other.name());
        return Err(Problem::invalid(format!(
            "{other} and {field} are both given, and only one of them can be"
        )));
    }
    match message.get_field_mut(field) {
        Value::List(items) => items.push(value),
        single => *single = value,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
