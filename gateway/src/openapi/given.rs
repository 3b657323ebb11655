//! What requests give, as JSON schemas: the types of the schema, narrowed by its rules.
//!
//! What is answered has one form; what is taken may be written as canonical proto3 JSON allows: a field that has not to
//! be given may be null, an enum be a number, and 64 bits a number too.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};
use serde_json::{Map, Value, json};

use super::messages::{self, reference, scalar, well_known, with_description};
use crate::schema::{Comments, FieldRule, is_deprecated, one_is_required};

/// What the name of a message's schema ends with where it is given.
const GIVEN: &str = ".given";
/// Every whole number of so many digits fits into 64 bits.
const UNSIGNED: &str = "^[0-9]{1,19}$";
const SIGNED: &str = "^-?[0-9]{1,18}$";

/// Collects the schema of every message that a body holds.
pub(super) struct Given<'a> {
    comments: &'a Comments,
    settings: &'a Value,
    schemas: BTreeMap<String, Value>,
}

impl<'a> Given<'a> {
    /// None yet. `settings` has the lists that rules name by their keys.
    pub(super) fn new(comments: &'a Comments, settings: &'a Value) -> Self {
        Self { comments, settings, schemas: BTreeMap::new() }
    }

    /// All that were collected, by name.
    pub(super) fn into_schemas(self) -> impl Iterator<Item = (String, Value)> {
        self.schemas.into_iter()
    }

    /// A message: itself when JSON has a form of its own for it, otherwise a reference.
    pub(super) fn message(&mut self, message: &MessageDescriptor) -> Value {
        if let Some(schema) = well_known(message.full_name()) {
            return schema;
        }
        let name = format!("{}{GIVEN}", message.full_name());
        if !self.schemas.contains_key(&name) {
            // A message may hold itself.
            self.schemas.insert(name.clone(), Value::Null);
            let schema = self.object(message, &[]);
            self.schemas.insert(name.clone(), schema);
        }
        reference(&name)
    }

    /// The fields of a message but those in `without`. Of a choice one can be given.
    pub(super) fn object(&mut self, message: &MessageDescriptor, without: &[FieldDescriptor]) -> Value {
        let choice = message.oneofs().find(|choice| !choice.is_synthetic());
        let chosen: Vec<FieldDescriptor> = choice.iter().flat_map(OneofDescriptor::fields).collect();
        let plain: Vec<FieldDescriptor> =
            message.fields().filter(|field| !chosen.contains(field) && !without.contains(field)).collect();
        let mut forms: Vec<Value> =
            chosen.iter().map(|chosen| self.properties(&plain, Some(chosen))).collect();
        if !choice.as_ref().is_some_and(one_is_required) {
            forms.push(self.properties(&plain, None));
        }
        let schema = match forms.as_slice() {
            [only] => only.clone(),
            _ => json!({"oneOf": forms}),
        };
        with_description(schema, self.comments.at(&message.parent_file(), message.path()))
    }

    fn properties(&mut self, plain: &[FieldDescriptor], chosen: Option<&FieldDescriptor>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in plain.iter().chain(chosen) {
            let is_required = FieldRule::of(field).required || Some(field) == chosen;
            if is_required {
                required.push(field.json_name().to_owned());
            }
            properties.insert(field.json_name().to_owned(), self.property(field, is_required));
        }
        let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
        if let (Value::Object(fields), false) = (&mut schema, required.is_empty()) {
            fields.insert("required".to_owned(), json!(required));
        }
        schema
    }

    fn property(&mut self, field: &FieldDescriptor, is_required: bool) -> Value {
        let rule = FieldRule::of(field);
        let schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let value = self.value(&entry.map_entry_value_field(), &FieldRule::default());
                json!({"type": "object", "additionalProperties": value})
            }
            _ if field.is_list() => list(self.value(field, &rule), &rule),
            _ => self.value(field, &rule),
        };
        let mut schema = if is_required { schema } else { or_null(schema) };
        if let (Value::Object(fields), true) = (&mut schema, is_deprecated(field)) {
            fields.insert("deprecated".to_owned(), json!(true));
        }
        let comment = self.comments.at(&field.parent_message().parent_file(), field.path());
        with_description(schema, comment)
    }

    /// One value of a field, as JSON writes it.
    fn value(&mut self, field: &FieldDescriptor, rule: &FieldRule) -> Value {
        let schema = match field.kind() {
            Kind::Message(message) => return self.message(&message),
            Kind::Enum(names) => return names_or_numbers(&names, rule.required),
            Kind::Uint64 | Kind::Fixed64 => json!({
                "type": ["string", "integer"], "format": "uint64", "pattern": UNSIGNED, "minimum": 0, "maximum": u64::MAX,
            }),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({
                "type": ["string", "integer"], "format": "int64", "pattern": SIGNED, "minimum": i64::MIN, "maximum": i64::MAX,
            }),
            kind => scalar(&kind),
        };
        self.narrowed(schema, field, rule)
    }

    /// A field as one parameter of a path or a query. 64 bits are digits there, as all numbers are.
    pub(super) fn parameter(&self, field: &FieldDescriptor) -> Value {
        let rule = FieldRule::of(field);
        let schema = match field.kind() {
            Kind::Message(message) => {
                well_known(message.full_name()).unwrap_or_else(|| json!({"type": "string", "enum": ["true"]}))
            }
            Kind::Enum(names) => messages::enum_names(&names),
            Kind::Uint64 | Kind::Fixed64 => {
                json!({"type": "integer", "format": "uint64", "minimum": 0, "maximum": u64::MAX})
            }
            kind => scalar(&kind),
        };
        let schema = self.narrowed(schema, field, &rule);
        if field.is_list() { list(schema, &rule) } else { schema }
    }

    /// A schema of a number or a text with what the rule asks for beyond its type.
    fn narrowed(&self, mut schema: Value, field: &FieldDescriptor, rule: &FieldRule) -> Value {
        let Value::Object(keywords) = &mut schema else { return schema };
        let is_whole = keywords.get("type") == Some(&json!("integer"));
        let mut number = |keyword: &str, bound: Option<f64>| {
            keywords.extend(bound.map(|bound| (keyword.to_owned(), written(bound, is_whole))));
        };
        number("minimum", rule.minimum);
        number("maximum", rule.maximum);
        number("exclusiveMinimum", rule.above);
        // An empty text is an absent one.
        let may_be_empty = !rule.required && !field.is_list();
        keywords.extend(rule.length_max.map(|most| ("maxLength".to_owned(), json!(most))));
        if let (Some(least), false) = (rule.length_min, may_be_empty) {
            keywords.insert("minLength".to_owned(), json!(least));
        }
        if !rule.pattern.is_empty() {
            let pattern = &rule.pattern;
            let anchored = if may_be_empty { format!("^({pattern})?$") } else { format!("^{pattern}$") };
            keywords.insert("pattern".to_owned(), json!(anchored));
        }
        if !rule.one_of.is_empty() {
            let nothing = may_be_empty.then_some("");
            let known: Vec<&str> = rule.one_of.iter().map(String::as_str).chain(nothing).collect();
            keywords.insert("enum".to_owned(), json!(known));
        }
        if let Some(known) = listed(self.settings, &rule.one_of_setting) {
            keywords.insert("enum".to_owned(), known.clone());
        }
        schema
    }
}

/// What a setting lists, by its key.
pub(super) fn listed<'a>(settings: &'a Value, key: &str) -> Option<&'a Value> {
    settings.pointer(&format!("/{}", key.replace('.', "/"))).filter(|value| value.is_array())
}

fn list(items: Value, rule: &FieldRule) -> Value {
    let mut schema = Map::from_iter([("type".to_owned(), json!("array")), ("items".to_owned(), items)]);
    schema.extend(rule.items_min.map(|fewest| ("minItems".to_owned(), json!(fewest))));
    schema.extend(rule.items_max.map(|most| ("maxItems".to_owned(), json!(most))));
    schema.into()
}

/// An enum of a body; where it has to be given, zero says nothing.
fn names_or_numbers(names: &EnumDescriptor, is_required: bool) -> Value {
    let known: Vec<_> = names.values().filter(|value| !is_required || value.number() != 0).collect();
    let mut values: Vec<Value> = known.iter().map(|value| json!(value.name())).collect();
    values.extend(known.iter().map(|value| json!(value.number())));
    json!({"type": ["string", "integer"], "enum": values})
}

/// A bound, written as the field's numbers are.
fn written(bound: f64, is_whole: bool) -> Value {
    // Bounds of whole numbers have 32 bits.
    #[allow(clippy::cast_possible_truncation)]
    let whole = bound as i64;
    if is_whole { json!(whole) } else { json!(bound) }
}

/// The schema, or null.
fn or_null(mut schema: Value) -> Value {
    let Value::Object(keywords) = &mut schema else { return schema };
    // Without a keyword it takes null as everything else.
    if keywords.is_empty() {
        return schema;
    }
    match keywords.get_mut("type") {
        Some(Value::Array(types)) => types.push(json!("null")),
        Some(one) => *one = json!([one, "null"]),
        None => return json!({"anyOf": [schema, {"type": "null"}]}),
    }
    if let Some(Value::Array(known)) = keywords.get_mut("enum") {
        known.push(Value::Null);
    }
    schema
}
