//! `OpenAPI` 3.1 from the descriptors: the same bindings that are routed, with the schema's comments.

use std::collections::BTreeSet;

use goat::access;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::app::{HEALTH, OPENAPI};
use crate::rest::{is_one_parameter, resumed_by};
use crate::schema::{
    Binding, BodyRule, Comments, FieldRule, Operation, Schema, dotted, example, example_of, summary,
};

mod failures;
mod given;
mod health;
mod messages;

pub(crate) use messages::{DEFINITIONS, Messages};

use given::Given;
use messages::{COMPONENTS, STATUS, reference, status};

/// The name of the one security scheme.
const TOKEN: &str = "token";
/// How deep parameters nest.
const PARAMETER_DEPTH_MAX: usize = 4;

/// What the description of one operation adds to.
struct Describing<'a> {
    comments: &'a Comments,
    answers: Messages<'a>,
    given: Given<'a>,
    asks_for_tokens: bool,
}

/// The description of everything that is served, always in the same order. `settings` are those of the services, as an
/// object. `asks_for_tokens`: whether each call has to show one; where there are none, none is described.
pub(crate) fn document(schema: &Schema, settings: &Value, asks_for_tokens: bool) -> Value {
    let comments = Comments::of(&schema.pool);
    let mut describing = Describing {
        comments: &comments,
        answers: Messages::new(&comments, COMPONENTS),
        given: Given::new(&comments, settings),
        asks_for_tokens,
    };
    let mut paths = Map::new();
    for (operation, binding) in schema.bindings() {
        let place = paths.entry(binding.template.to_string()).or_insert_with(|| json!({}));
        if let Value::Object(verbs) = place {
            let verb = binding.verb.as_str().to_ascii_lowercase();
            verbs.insert(verb, described(operation, binding, &mut describing));
        }
    }
    paths.insert(HEALTH.to_owned(), health::path(asks_for_tokens));
    if !asks_for_tokens {
        let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
        operations.filter_map(Value::as_object_mut).for_each(|operation| drop(operation.remove("security")));
    }
    let mut schemas = describing.answers.into_schemas();
    schemas.extend(describing.given.into_schemas());
    schemas.insert(STATUS.to_owned(), status());
    schemas.insert(health::SCHEMA.to_owned(), health::schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Follow The Goat",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "gRPC is the product; these paths follow from its schema. JSON is canonical proto3 JSON: \
                integers of 64 bits are strings, enums are names, times are RFC 3339. Parameters and the fields of \
                bodies are known by their snake_case and their camelCase names.",
        },
        "servers": [{"url": "/"}],
        "tags": tags(schema, &comments),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": failures::components(),
            "securitySchemes": {TOKEN: {
                "type": "http",
                "scheme": "bearer",
                "description": "Needed where access.tokens names tokens. `read` looks, `admin` also changes.",
            }},
        },
        "externalDocs": {"description": "This document", "url": OPENAPI},
    })
}

fn tags(schema: &Schema, comments: &Comments) -> Vec<Value> {
    let services = schema.pool.services().filter(|service| {
        schema.operations.iter().any(|operation| operation.rpc.parent_service() == service)
    });
    let tag = |service: prost_reflect::ServiceDescriptor| json!({"name": service.name(), "description": comments.at(&service.parent_file(), service.path())});
    services.map(tag).collect()
}

fn described(operation: &Operation, binding: &Binding, describing: &mut Describing<'_>) -> Value {
    let rpc = &operation.rpc;
    let comment = describing.comments.at(&rpc.parent_file(), rpc.path());
    let mut described = json!({
        "operationId": operation_id(operation, binding),
        "tags": [rpc.parent_service().name()],
        "summary": summary(comment),
        "description": comment,
        "parameters": parameters(operation, binding, describing),
        "responses": responses(operation, binding, describing),
        "security": [{TOKEN: [access::scope(rpc).as_str()]}],
    });
    if let (Some(body), Value::Object(fields)) =
        (request_body(operation, binding, describing), &mut described)
    {
        fields.insert("requestBody".to_owned(), body);
    }
    described
}

/// The RPC's name; further bindings are numbered.
fn operation_id(operation: &Operation, binding: &Binding) -> String {
    let name = format!("{}_{}", operation.rpc.parent_service().name(), operation.rpc.name());
    match operation
        .bindings
        .iter()
        .position(|other| other.template == binding.template && other.verb == binding.verb)
    {
        None | Some(0) => name,
        Some(place) => format!("{name}_{}", place + 1),
    }
}

fn parameters(operation: &Operation, binding: &Binding, describing: &Describing<'_>) -> Vec<Value> {
    let mut known: BTreeSet<String> = binding.template.captures().map(dotted).collect();
    let mut parameters: Vec<Value> = binding
        .template
        .captures()
        .filter_map(|fields| Some(parameter(&dotted(fields), fields.last()?, "path", describing)))
        .collect();
    match &binding.body {
        BodyRule::Whole => return parameters,
        BodyRule::Field(field) => {
            known.insert(field.name().to_owned());
        }
        BodyRule::Nothing => {}
    }
    query_parameters(&operation.rpc.input(), &[], &known, describing, &mut parameters);
    if operation.rpc.is_server_streaming() && resumed_by(&operation.rpc.input()).is_some() {
        parameters.extend([("Last-Event-ID", "header"), ("lastEventId", "query")].map(|(name, place)| {
            json!({
                "name": name, "in": place, "required": false,
                "description": "The last position that the reader has seen: the stream resumes after it.",
                "schema": {"type": "integer", "format": "uint64", "minimum": 0, "maximum": u64::MAX},
            })
        }));
    }
    parameters
}

fn query_parameters(
    message: &MessageDescriptor,
    parents: &[FieldDescriptor],
    known: &BTreeSet<String>,
    describing: &Describing<'_>,
    parameters: &mut Vec<Value>,
) {
    for field in message.fields() {
        let mut fields = parents.to_vec();
        fields.push(field.clone());
        let name = dotted(&fields);
        if known.contains(&name) || field.is_map() {
            continue;
        }
        match field.kind() {
            Kind::Message(inner) if !is_one_parameter(&field) => {
                if !field.is_list() && fields.len() < PARAMETER_DEPTH_MAX {
                    query_parameters(&inner, &fields, known, describing, parameters);
                }
            }
            _ => parameters.push(parameter(&name, &field, "query", describing)),
        }
    }
}

fn parameter(name: &str, field: &FieldDescriptor, place: &str, describing: &Describing<'_>) -> Value {
    let comment = describing.comments.at(&field.parent_message().parent_file(), field.path());
    let mut described = json!({
        "name": name,
        "in": place,
        "required": place == "path" || FieldRule::of(field).required,
        "description": comment,
        "schema": describing.given.parameter(field),
    });
    if let (Some(example), Value::Object(keywords)) = (parameter_example(field), &mut described) {
        keywords.insert("example".to_owned(), example);
    }
    described
}

/// 64 bits are digits in a path or a query, and a text in JSON.
fn parameter_example(field: &FieldDescriptor) -> Option<Value> {
    let example = example(field)?;
    let is_number = matches!(field.kind(), Kind::Uint64 | Kind::Int64);
    let digits = example.as_str().filter(|_| is_number).and_then(|text| text.parse().ok());
    Some(digits.map_or(example, |digits: u64| json!(digits)))
}

fn request_body(operation: &Operation, binding: &Binding, describing: &mut Describing<'_>) -> Option<Value> {
    let input = operation.rpc.input();
    let captured: Vec<FieldDescriptor> =
        binding.template.captures().filter_map(|fields| fields.first().cloned()).collect();
    let (schema, is_required, example) = match &binding.body {
        BodyRule::Nothing => return None,
        BodyRule::Whole => {
            let given = || input.fields().filter(|field| !captured.contains(field));
            let is_required = given().any(|field| FieldRule::of(&field).required);
            (describing.given.object(&input, &captured), is_required, example_of(given()))
        }
        BodyRule::Field(field) => {
            let Kind::Message(message) = field.kind() else { return None };
            (describing.given.message(&message), FieldRule::of(field).required, example(field))
        }
    };
    let content = json!({"schema": schema, "example": example.unwrap_or_else(|| json!({}))});
    Some(json!({"required": is_required, "content": {"application/json": content}}))
}

fn responses(operation: &Operation, binding: &Binding, describing: &mut Describing<'_>) -> Value {
    let answer = describing.answers.message(&operation.rpc.output());
    let content = if operation.rpc.is_server_streaming() {
        let status = reference(STATUS);
        json!({
            "text/event-stream": {"schema": answer},
            "application/x-ndjson": {
                "schema": {"type": "object", "properties": {"result": answer, "error": status}},
            },
        })
    } else {
        json!({"application/json": {"schema": answer}})
    };
    let description = if operation.rpc.is_server_streaming() {
        "A stream: each event's data, or each line's result, is one such message. The id of an event is its position."
    } else {
        "The answer."
    };
    let has_body = binding.body != BodyRule::Nothing;
    let mut responses: Map<String, Value> =
        failures::responses(has_body, describing.asks_for_tokens).collect();
    responses.insert("200".to_owned(), json!({"description": description, "content": content}));
    responses.into()
}

#[cfg(test)]
mod tests;
