//! One text from a path or a query as the value of one field.

use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value};
use serde::de::DeserializeSeed;
use serde_json::json;

/// How much of a refused value is repeated.
const QUOTED_CHARACTERS_MAX: usize = 80;

/// Reads `text` as one value of `field`; an item, when the field is repeated.
///
/// # Errors
///
/// When it is none: a sentence on what it must be, with the value.
pub(super) fn parse(field: &FieldDescriptor, text: &str) -> Result<Value, String> {
    let expected = |what: &str| format!("must be {what}, got {}", quoted(text));
    match field.kind() {
        Kind::String => Ok(Value::String(text.to_owned())),
        Kind::Bool => truth(text).map(Value::Bool).ok_or_else(|| expected("true or false")),
        Kind::Double => finite(text).map(Value::F64).ok_or_else(|| expected("a finite number")),
        Kind::Float => text
            .parse()
            .ok()
            .filter(|number: &f32| number.is_finite())
            .map(Value::F32)
            .ok_or_else(|| expected("a finite number")),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            text.parse().map(Value::I32).map_err(|_| expected("a whole number of 32 bits"))
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            text.parse().map(Value::I64).map_err(|_| expected("a whole number of 64 bits"))
        }
        Kind::Uint32 | Kind::Fixed32 => {
            text.parse().map(Value::U32).map_err(|_| expected("a whole number from 0 to 4294967295"))
        }
        Kind::Uint64 | Kind::Fixed64 => {
            text.parse().map(Value::U64).map_err(|_| expected("a whole number of 64 bits, zero or more"))
        }
        Kind::Enum(names) => {
            enum_number(&names, text).map(Value::EnumNumber).ok_or_else(|| expected(&one_of(&names)))
        }
        Kind::Bytes => from_json(field, text).ok_or_else(|| expected("base64")),
        Kind::Message(message) if is_marker(&message) => match text {
            "" | "true" | "{}" => Ok(Value::Message(DynamicMessage::new(message))),
            _ => Err(expected("empty or true")),
        },
        Kind::Message(message) => match scalar_form(&message) {
            Some(what) => from_json(field, text).ok_or_else(|| expected(what)),
            None => Err(format!("is a message: its fields are given as {0}.<field>", field.name())),
        },
    }
}

/// Whether a field of this kind is one parameter; a message that is none is given by its own fields.
pub(crate) fn is_one_parameter(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(message) => !field.is_map() && (is_marker(&message) || scalar_form(&message).is_some()),
        _ => true,
    }
}

/// A value of a refusal, shortened and in quotes.
pub(super) fn quoted(text: &str) -> String {
    if text.chars().count() <= QUOTED_CHARACTERS_MAX {
        return format!("{text:?}");
    }
    let beginning: String = text.chars().take(QUOTED_CHARACTERS_MAX).collect();
    format!("{beginning:?}…")
}

/// A message without fields says all there is to say by being there.
fn is_marker(message: &MessageDescriptor) -> bool {
    message.fields().len() == 0
}

/// What a message that JSON writes as one string is called in a refusal.
fn scalar_form(message: &MessageDescriptor) -> Option<&'static str> {
    match message.full_name() {
        "google.protobuf.Timestamp" => Some("a time such as 2026-01-31T12:00:00Z"),
        "google.protobuf.Duration" => Some("a duration such as 1.5s"),
        "google.protobuf.FieldMask" => Some("names of fields, separated by commas"),
        _ => None,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn enum_number(names: &EnumDescriptor, text: &str) -> Option<i32> {
    let by_number = || text.parse().ok().and_then(|number| names.get_value(number));
    names.get_value_by_name(text).or_else(by_number).map(|value| value.number())
}

fn one_of(names: &EnumDescriptor) -> String {
    let names: Vec<String> = names.values().map(|value| value.name().to_owned()).collect();
    format!("one of {}", names.join(", "))
}

/// Reads a text as the field reads it in canonical JSON.
fn from_json(field: &FieldDescriptor, text: &str) -> Option<Value> {
    let value = if field.is_list() { json!([text]) } else { json!(text) };
    let message = field.parent_message().clone().deserialize(json!({field.json_name(): value})).ok()?;
    match message.get_field(field).into_owned() {
        Value::List(items) => items.into_iter().next(),
        value => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::Schema;

    fn field(message: &str, name: &str) -> FieldDescriptor {
        let schema = Schema::load().unwrap();
        schema.pool.get_message_by_name(message).unwrap().get_field_by_name(name).unwrap()
    }

    fn threshold() -> FieldDescriptor {
        field("goat.trading.v1.ListCyclesRequest", "threshold")
    }

    #[test]
    fn a_refusal_names_what_was_expected_and_what_came() {
        assert_eq!(parse(&threshold(), "abc").unwrap_err(), r#"must be a finite number, got "abc""#);
        assert_eq!(parse(&threshold(), "NaN").unwrap_err(), r#"must be a finite number, got "NaN""#);
        assert_eq!(
            parse(&field("goat.trading.v1.ListCyclesRequest", "limit"), "-1").unwrap_err(),
            r#"must be a whole number from 0 to 4294967295, got "-1""#
        );
    }

    #[test]
    fn an_enum_is_read_by_name_or_by_number_and_an_unknown_one_is_told_the_names() {
        let side = field("goat.market.v1.WalletTrade", "side");

        assert_eq!(parse(&side, "SIDE_SELL").unwrap(), Value::EnumNumber(2));
        assert_eq!(parse(&side, "2").unwrap(), Value::EnumNumber(2));
        assert_eq!(
            parse(&side, "9").unwrap_err(),
            r#"must be one of SIDE_UNSPECIFIED, SIDE_BUY, SIDE_SELL, got "9""#
        );
    }

    #[test]
    fn a_time_is_read_as_rfc_3339() {
        let since = field("goat.market.v1.SubscribeRequest", "since");

        let time = parse(&since, "2023-11-14T22:13:20.5Z").unwrap();

        let part = |name| time.as_message().unwrap().get_field_by_name(name).unwrap().into_owned();
        assert_eq!((part("seconds"), part("nanos")), (Value::I64(1_700_000_000), Value::I32(500_000_000)));
        assert!(parse(&since, "yesterday").unwrap_err().contains("a time such as"));
    }

    #[test]
    fn a_message_without_fields_is_given_by_its_name_alone() {
        let latest = field("goat.market.v1.SubscribeRequest", "latest");

        assert!(parse(&latest, "").is_ok());
        assert_eq!(parse(&latest, "no").unwrap_err(), r#"must be empty or true, got "no""#);
    }

    #[test]
    fn a_long_value_is_repeated_in_part_only() {
        let refusal = parse(&threshold(), &"é".repeat(5000)).unwrap_err();

        assert!(refusal.chars().count() < 200);
    }

    proptest! {
        /// A number survives the way through its text.
        #[test]
        fn a_finite_number_is_read_as_it_was_written(number in prop::num::f64::NORMAL | prop::num::f64::ZERO) {
            prop_assert_eq!(parse(&threshold(), &number.to_string()), Ok(Value::F64(number)));
        }

        /// No text makes a field panic, whatever its kind.
        #[test]
        fn any_text_is_a_value_or_refused(text in "\\PC{0,40}", at in 0_usize..64) {
            let schema = Schema::load().unwrap();
            let messages = schema.operations.iter().map(|operation| operation.rpc.input());
            let fields: Vec<FieldDescriptor> =
                messages.flat_map(|message| message.fields().collect::<Vec<_>>()).collect();

            let _ = parse(&fields[at % fields.len()], &text);
        }
    }
}
