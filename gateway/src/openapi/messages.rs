//! Messages as JSON schemas, as answers write them in canonical proto3 JSON.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::schema::Comments;

/// Where the schemas of a description lie.
pub(crate) const COMPONENTS: &str = "#/components/schemas/";
/// Where the schemas lie that one JSON schema brings along.
pub(crate) const DEFINITIONS: &str = "#/$defs/";
/// The form of every refusal.
pub(super) const STATUS: &str = "google.rpc.Status";

/// Collects the schema of every message that was asked for, and of those inside.
pub(crate) struct Messages<'a> {
    comments: &'a Comments,
    place: &'static str,
    schemas: BTreeMap<String, Value>,
}

impl<'a> Messages<'a> {
    /// None yet; references will lead to `place`.
    pub(crate) fn new(comments: &'a Comments, place: &'static str) -> Self {
        Self { comments, place, schemas: BTreeMap::new() }
    }

    /// All that were collected, by full name.
    pub(crate) fn into_schemas(self) -> Map<String, Value> {
        self.schemas.into_iter().collect()
    }

    /// The comment above a field.
    pub(super) fn comment(&self, field: &FieldDescriptor) -> &str {
        self.comments.at(&field.parent_message().parent_file(), field.path())
    }

    /// A message: itself when JSON has a form of its own for it, otherwise a reference.
    pub(crate) fn message(&mut self, message: &MessageDescriptor) -> Value {
        if let Some(schema) = well_known(message.full_name()) {
            return schema;
        }
        let name = message.full_name().to_owned();
        if !self.schemas.contains_key(&name) {
            // A message may hold itself.
            self.schemas.insert(name.clone(), Value::Null);
            let schema = self.object(message);
            self.schemas.insert(name.clone(), schema);
        }
        self.reference(&name)
    }

    /// A field of a message, with its comment.
    pub(crate) fn field(&mut self, field: &FieldDescriptor) -> Value {
        let schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let value = self.kind(&entry.map_entry_value_field().kind());
                json!({"type": "object", "additionalProperties": value})
            }
            kind if field.is_list() => json!({"type": "array", "items": self.kind(&kind)}),
            kind => self.kind(&kind),
        };
        with_description(schema, self.comment(field))
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Message(message) => self.message(message),
            Kind::Enum(names) => self.enumeration(names),
            scalar_kind => scalar(scalar_kind),
        }
    }

    fn enumeration(&mut self, names: &EnumDescriptor) -> Value {
        let name = names.full_name().to_owned();
        let comment = |path: &[i32]| self.comments.at(&names.parent_file(), path);
        let mut lines = vec![comment(names.path()).to_owned()];
        lines.extend(names.values().filter_map(|value| match comment(value.path()) {
            "" => None,
            comment => Some(format!("- `{}`: {comment}", value.name())),
        }));
        let schema = with_description(enum_names(names), lines.join("\n").trim());
        self.schemas.entry(name.clone()).or_insert(schema);
        self.reference(&name)
    }

    fn reference(&self, name: &str) -> Value {
        json!({"$ref": format!("{}{name}", self.place)})
    }

    fn object(&mut self, message: &MessageDescriptor) -> Value {
        let fields: Vec<FieldDescriptor> = message.fields().collect();
        let properties: Map<String, Value> =
            fields.iter().map(|field| (field.json_name().to_owned(), self.field(field))).collect();
        let mut schema = json!({"type": "object", "properties": properties});
        let written: Vec<&str> =
            fields.iter().filter(|field| is_always_written(field)).map(FieldDescriptor::json_name).collect();
        if let (Value::Object(fields), false) = (&mut schema, written.is_empty()) {
            fields.insert("required".to_owned(), json!(written));
        }
        with_description(schema, self.comments.at(&message.parent_file(), message.path()))
    }
}

/// Whether an answer has a field also when it is zero or empty: lists, maps, and values without presence.
fn is_always_written(field: &FieldDescriptor) -> bool {
    field.is_list() || field.is_map() || !field.supports_presence()
}

/// A reference to a schema of the description.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{COMPONENTS}{name}")})
}

pub(super) fn with_description(mut schema: Value, comment: &str) -> Value {
    if let (Value::Object(fields), false) = (&mut schema, comment.is_empty()) {
        fields.insert("description".to_owned(), json!(comment));
    }
    schema
}

pub(super) fn scalar(kind: &Kind) -> Value {
    match kind {
        Kind::Double => json!({"type": "number", "format": "double"}),
        Kind::Float => json!({"type": "number", "format": "float"}),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX})
        }
        Kind::Uint32 | Kind::Fixed32 => {
            json!({"type": "integer", "format": "uint32", "minimum": 0, "maximum": u32::MAX})
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({"type": "string", "format": "int64"}),
        Kind::Uint64 | Kind::Fixed64 => json!({"type": "string", "format": "uint64"}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        Kind::Enum(names) => enum_names(names),
        Kind::String => json!({"type": "string"}),
        Kind::Message(_) => json!({"type": "object"}),
    }
}

pub(super) fn enum_names(names: &EnumDescriptor) -> Value {
    let names: Vec<String> = names.values().map(|value| value.name().to_owned()).collect();
    json!({"type": "string", "enum": names})
}

/// Messages that JSON writes in a form of their own.
pub(super) fn well_known(name: &str) -> Option<Value> {
    Some(match name {
        "google.protobuf.Timestamp" => json!({"type": "string", "format": "date-time"}),
        "google.protobuf.Duration" | "google.protobuf.FieldMask" => json!({"type": "string"}),
        "google.protobuf.Struct" | "google.protobuf.Any" => {
            json!({"type": "object", "additionalProperties": true})
        }
        "google.protobuf.Value" => json!({}),
        "google.protobuf.ListValue" => json!({"type": "array", "items": {}}),
        "google.protobuf.Empty" => json!({"type": "object"}),
        _ => return None,
    })
}

/// The schema of every refusal.
pub(super) fn status() -> Value {
    json!({
        "type": "object",
        "description": "Why a request failed.",
        "properties": {
            "code": {"type": "integer", "format": "int32", "description": "The code in gRPC, such as 5 for NOT_FOUND."},
            "message": {"type": "string", "description": "One sentence."},
            "details": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["code", "message", "details"],
    })
}
