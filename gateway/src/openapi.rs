//! `OpenAPI` 3.1 from the descriptors: the same bindings that are routed, with the schema's comments.

use std::collections::BTreeSet;

use goat::access;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::app::{HEALTH, OPENAPI};
use crate::rest::{is_one_parameter, resumed_by};
use crate::schema::{Binding, BodyRule, Comments, Operation, Schema, dotted, summary};

mod health;
mod messages;

pub(crate) use messages::{DEFINITIONS, Messages};

use messages::{COMPONENTS, STATUS, reference, status};

/// The name of the one security scheme.
const TOKEN: &str = "token";
/// How deep parameters nest.
const PARAMETER_DEPTH_MAX: usize = 4;

/// The description of everything that is served, always in the same order. `asks_for_tokens`: whether each call has to
/// show one; where there are none, none is described.
pub(crate) fn document(schema: &Schema, asks_for_tokens: bool) -> Value {
    let comments = Comments::of(&schema.pool);
    let mut messages = Messages::new(&comments, COMPONENTS);
    let mut paths = Map::new();
    for (operation, binding) in schema.bindings() {
        let place = paths.entry(binding.template.to_string()).or_insert_with(|| json!({}));
        if let Value::Object(verbs) = place {
            let verb = binding.verb.as_str().to_ascii_lowercase();
            verbs.insert(verb, described(operation, binding, &comments, &mut messages));
        }
    }
    paths.insert(HEALTH.to_owned(), health::path());
    if !asks_for_tokens {
        let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
        operations.filter_map(Value::as_object_mut).for_each(|operation| drop(operation.remove("security")));
    }
    let mut schemas = messages.into_schemas();
    schemas.insert(STATUS.to_owned(), status());
    schemas.insert(health::SCHEMA.to_owned(), health::schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Follow The Goat",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "gRPC is the product; these paths follow from its schema. JSON is canonical proto3 JSON: \
                integers of 64 bits are strings, enums are names, times are RFC 3339. Parameters are known by their \
                snake_case and their camelCase names.",
        },
        "servers": [{"url": "/"}],
        "tags": tags(schema, &comments),
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {TOKEN: {
            "type": "http",
            "scheme": "bearer",
            "description": "Needed where access.tokens names tokens. `read` looks, `admin` also changes.",
        }}},
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

fn described(
    operation: &Operation,
    binding: &Binding,
    comments: &Comments,
    messages: &mut Messages<'_>,
) -> Value {
    let rpc = &operation.rpc;
    let comment = comments.at(&rpc.parent_file(), rpc.path());
    let mut described = json!({
        "operationId": operation_id(operation, binding),
        "tags": [rpc.parent_service().name()],
        "summary": summary(comment),
        "description": comment,
        "parameters": parameters(operation, binding, messages),
        "responses": responses(operation, messages),
        "security": [{TOKEN: [access::scope(rpc).as_str()]}],
    });
    if let (Some(body), Value::Object(fields)) = (request_body(operation, binding, messages), &mut described)
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

fn parameters(operation: &Operation, binding: &Binding, messages: &Messages<'_>) -> Vec<Value> {
    let mut known: BTreeSet<String> = binding.template.captures().map(dotted).collect();
    let mut parameters: Vec<Value> = binding
        .template
        .captures()
        .filter_map(|fields| Some(parameter(&dotted(fields), fields.last()?, "path", messages)))
        .collect();
    match &binding.body {
        BodyRule::Whole => return parameters,
        BodyRule::Field(field) => {
            known.insert(field.name().to_owned());
        }
        BodyRule::Nothing => {}
    }
    query_parameters(&operation.rpc.input(), &[], &known, messages, &mut parameters);
    if operation.rpc.is_server_streaming() && resumed_by(&operation.rpc.input()).is_some() {
        parameters.extend([("Last-Event-ID", "header"), ("lastEventId", "query")].map(|(name, place)| {
            json!({
                "name": name, "in": place, "required": false,
                "description": "The last position that the reader has seen: the stream resumes after it.",
                "schema": {"type": "string", "format": "uint64"},
            })
        }));
    }
    parameters
}

fn query_parameters(
    message: &MessageDescriptor,
    parents: &[FieldDescriptor],
    known: &BTreeSet<String>,
    messages: &Messages<'_>,
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
                    query_parameters(&inner, &fields, known, messages, parameters);
                }
            }
            _ => parameters.push(parameter(&name, &field, "query", messages)),
        }
    }
}

fn parameter(name: &str, field: &FieldDescriptor, place: &str, messages: &Messages<'_>) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": messages.comment(field),
        "schema": messages::parameter(field),
    })
}

fn request_body(operation: &Operation, binding: &Binding, messages: &mut Messages<'_>) -> Option<Value> {
    let schema = match &binding.body {
        BodyRule::Nothing => return None,
        BodyRule::Whole => messages.message(&operation.rpc.input()),
        BodyRule::Field(field) => messages.field(field),
    };
    Some(json!({"required": true, "content": {"application/json": {"schema": schema}}}))
}

fn responses(operation: &Operation, messages: &mut Messages<'_>) -> Value {
    let answer = messages.message(&operation.rpc.output());
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
    json!({
        "200": {"description": description, "content": content},
        "400": failure("The request cannot be right; the message names the field and the value."),
        "401": failure("No token was shown, or one that nobody knows."),
        "403": failure("The token does not allow it."),
        "503": failure("The engine does not answer, or cannot at present."),
        "default": failure("The request failed."),
    })
}

fn failure(description: &str) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": reference(STATUS)}}})
}

#[cfg(test)]
mod tests;
