//! `goat.rules.v1`: what a value has to be beyond its type, read from the options of a field.

use std::borrow::Cow;

use goat::prost_types::FieldOptions;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, OneofDescriptor, Value};
use serde_json::{Map, json};

const FIELD: &str = "goat.rules.v1.field";
const ONE_REQUIRED: &str = "goat.rules.v1.one_required";

/// The rule of a field. Without one everything of its type is taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FieldRule {
    /// The least number.
    pub(crate) minimum: Option<f64>,
    /// The largest number.
    pub(crate) maximum: Option<f64>,
    /// What a number has to exceed.
    pub(crate) above: Option<f64>,
    /// The fewest characters.
    pub(crate) length_min: Option<u32>,
    /// The most characters.
    pub(crate) length_max: Option<u32>,
    /// The whole text, without anchors; empty for any.
    pub(crate) pattern: String,
    /// The only texts; empty for any.
    pub(crate) one_of: Vec<String>,
    /// The key of the setting that lists the only values; empty for any.
    pub(crate) one_of_setting: String,
    /// The fewest items.
    pub(crate) items_min: Option<u32>,
    /// The most items.
    pub(crate) items_max: Option<u32>,
    /// Has to be given.
    pub(crate) required: bool,
    example: String,
}

impl FieldRule {
    /// The rule that `field` declares.
    pub(crate) fn of(field: &FieldDescriptor) -> Self {
        let Some(rule) = declared(field) else { return Self::default() };
        let number = |name| rule.has_field_by_name(name).then(|| get(&rule, name).as_f64()).flatten();
        let count = |name| rule.has_field_by_name(name).then(|| get(&rule, name).as_u32()).flatten();
        let text = |name| get(&rule, name).as_str().unwrap_or_default().to_owned();
        let known = get(&rule, "one_of");
        let known = known.as_list().unwrap_or_default().iter();
        Self {
            minimum: number("minimum"),
            maximum: number("maximum"),
            above: number("above"),
            length_min: count("length_min"),
            length_max: count("length_max"),
            pattern: text("pattern"),
            one_of: known.filter_map(|word| word.as_str().map(str::to_owned)).collect(),
            one_of_setting: text("one_of_setting"),
            items_min: count("items_min"),
            items_max: count("items_max"),
            required: get(&rule, "required").as_bool().unwrap_or_default(),
            example: text("example"),
        }
    }
}

/// Whether one field of `choice` has to be given.
pub(crate) fn one_is_required(choice: &OneofDescriptor) -> bool {
    let Some(extension) = choice.parent_message().parent_pool().get_extension_by_name(ONE_REQUIRED) else {
        return false;
    };
    choice.options().get_extension(&extension).as_bool().unwrap_or_default()
}

/// A value of `field` that is taken, in JSON: its own example, or one made of the examples of the fields inside.
pub(crate) fn example(field: &FieldDescriptor) -> Option<serde_json::Value> {
    let text = FieldRule::of(field).example;
    if !text.is_empty() {
        return Some(read_example(field, &text));
    }
    match field.kind() {
        Kind::Message(message) if !field.is_map() => {
            let composed = example_of(message.fields())?;
            Some(if field.is_list() { json!([composed]) } else { composed })
        }
        _ => None,
    }
}

/// An object made of the examples of `fields`; none when none has one.
pub(crate) fn example_of(fields: impl Iterator<Item = FieldDescriptor>) -> Option<serde_json::Value> {
    let examples = fields.filter(|field| !is_deprecated(field));
    let examples: Map<String, serde_json::Value> =
        examples.filter_map(|field| Some((field.json_name().to_owned(), example(&field)?))).collect();
    (!examples.is_empty()).then(|| examples.into())
}

/// Whether the schema keeps a field for old callers only.
pub(crate) fn is_deprecated(field: &FieldDescriptor) -> bool {
    field.field_descriptor_proto().options.as_ref().is_some_and(FieldOptions::deprecated)
}

/// Texts stand as they are, everything else as JSON. What 64 bits hold is a text in JSON.
fn read_example(field: &FieldDescriptor, text: &str) -> serde_json::Value {
    let is_text = !field.is_list() && matches!(field.kind(), Kind::String | Kind::Enum(_) | Kind::Uint64);
    let parsed = if is_text { None } else { serde_json::from_str(text).ok() };
    parsed.unwrap_or_else(|| json!(text))
}

fn declared(field: &FieldDescriptor) -> Option<DynamicMessage> {
    let extension = field.parent_message().parent_pool().get_extension_by_name(FIELD)?;
    let options = field.options();
    if !options.has_extension(&extension) {
        return None;
    }
    options.get_extension(&extension).as_message().cloned()
}

fn get<'a>(rule: &'a DynamicMessage, name: &str) -> Cow<'a, Value> {
    rule.get_field_by_name(name).unwrap_or_else(|| Cow::Owned(Value::Bool(false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    fn field(message: &str, name: &str) -> FieldDescriptor {
        let schema = Schema::load().unwrap();
        schema.pool.get_message_by_name(message).unwrap().get_field_by_name(name).unwrap()
    }

    #[test]
    fn a_rule_is_what_the_schema_declares() {
        let limit = FieldRule::of(&field("goat.market.v1.GetLatestRequest", "limit"));
        let verdict = FieldRule::of(&field("goat.trading.v1.ListDecisionsRequest", "verdict"));

        assert_eq!((limit.minimum, limit.maximum, limit.above), (Some(1.0), Some(1000.0), None));
        assert_eq!(verdict.one_of, ["enter", "reject"]);
        assert_eq!(
            FieldRule::of(&field("goat.trading.v1.ListPlaysRequest", "active_only")),
            FieldRule::default()
        );
    }

    #[test]
    fn an_example_of_a_message_is_made_of_those_inside() {
        let event = field("goat.market.v1.InsertBatchRequest", "events");
        let seq = field("goat.market.v1.SyncRequest", "since_id");

        let user = json!({"feed": "mood", "symbol": "SOL", "json": "{\"index\":0.7}"});
        assert_eq!(example(&event), Some(json!([{"user": user}])));
        assert_eq!(example(&seq), Some(json!("0")));
    }

    #[test]
    fn one_of_a_choice_is_required_where_the_schema_says_so() {
        let event = field("goat.market.v1.InsertRequest", "event");
        let start = field("goat.market.v1.SubscribeRequest", "after_seq");

        let Kind::Message(event) = event.kind() else { panic!("a message") };
        assert!(one_is_required(&event.oneofs().next().unwrap()));
        assert!(!one_is_required(&start.containing_oneof().unwrap()));
    }
}
