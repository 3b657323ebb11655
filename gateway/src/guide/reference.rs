//! What can be asked, and what messages hold, in Markdown from the descriptors and their comments.

use std::fmt::Write;

use goat::access;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ServiceDescriptor};

use super::page::anchor;
use crate::schema::{Comments, Operation, Schema};

/// Packages of our own begin so.
const OWN: &str = "goat.";

const CALLS: &str = "\
# Calls

Every call of the three services, with its paths over HTTP, the scope that a token needs for it, and its messages. JSON is
canonical proto3 JSON: integers of 64 bits are strings, enums are names, times are RFC 3339, and a field is known by its
snake_case and its camelCase name. This page is written from the schema of the program that shows it; `/openapi.json` has the
same for machines, and `grpcurl -plaintext 127.0.0.1:5050 describe` for the terminal. Metrics explain themselves: every line of
`/metrics` on 9050, 9052 and 9000 has its help.
";

const MESSAGES: &str = "\
# Messages

Every message and every enum of the schema, in its order. `repeated` is a list. Of the fields of a `oneof` one is set.
";

/// The services and their calls.
pub(super) fn calls(schema: &Schema) -> String {
    let comments = Comments::of(&schema.pool);
    let mut text = CALLS.to_owned();
    for service in schema.pool.services().filter(|service| service.full_name().starts_with(OWN)) {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "\n## {}\n", service.full_name());
        let _ = writeln!(text, "{}", comments.at(&service.parent_file(), service.path()));
        write_calls(&mut text, schema, &comments, &service);
    }
    text
}

fn write_calls(text: &mut String, schema: &Schema, comments: &Comments, service: &ServiceDescriptor) {
    for rpc in service.methods() {
        let bindings = schema.operations.iter().find(|operation| operation.rpc == rpc);
        let paths: Vec<String> = bindings.map(paths).unwrap_or_default();
        let answers = if rpc.is_server_streaming() { "answers a stream of" } else { "answers" };
        let _ = writeln!(text, "\n### {}\n\n{}\n", rpc.name(), comments.at(&rpc.parent_file(), rpc.path()));
        let _ = writeln!(text, "{}\n", paths.join(" · "));
        let _ = writeln!(
            text,
            "Scope `{}`; takes {}, {answers} {}.",
            access::scope(&rpc).as_str(),
            message_link(&rpc.input()),
            message_link(&rpc.output())
        );
    }
}

fn paths(operation: &Operation) -> Vec<String> {
    operation.bindings.iter().map(|binding| format!("`{} {}`", binding.verb, binding.template)).collect()
}

/// All messages and enums.
pub(super) fn messages(schema: &Schema) -> String {
    let comments = Comments::of(&schema.pool);
    let mut text = MESSAGES.to_owned();
    for message in schema.pool.all_messages().filter(|message| message.full_name().starts_with(OWN)) {
        if !message.is_map_entry() {
            write_message(&mut text, &comments, &message);
        }
    }
    for names in schema.pool.all_enums().filter(|names| names.full_name().starts_with(OWN)) {
        write_enum(&mut text, &comments, &names);
    }
    text
}

fn write_message(text: &mut String, comments: &Comments, message: &MessageDescriptor) {
    let file = message.parent_file();
    let _ = writeln!(text, "\n## {}\n\n{}\n", message.full_name(), comments.at(&file, message.path()));
    if message.fields().len() == 0 {
        return;
    }
    let _ = writeln!(text, "| field | type | what it is |\n|---|---|---|");
    for field in message.fields() {
        let alternatives = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        let alternatives =
            alternatives.map_or_else(String::new, |oneof| format!(" (oneof `{}`)", oneof.name()));
        let what = cell(comments.at(&file, field.path()));
        let _ = writeln!(text, "| `{}` | {}{alternatives} | {what} |", field.name(), kind(&field));
    }
}

fn write_enum(text: &mut String, comments: &Comments, names: &EnumDescriptor) {
    let file = names.parent_file();
    let _ = writeln!(text, "\n## {}\n\n{}\n", names.full_name(), comments.at(&file, names.path()));
    let _ = writeln!(text, "| value | what it is |\n|---|---|");
    for value in names.values() {
        let _ = writeln!(text, "| `{}` | {} |", value.name(), cell(comments.at(&file, value.path())));
    }
}

fn kind(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let (key, value) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
            format!("map of {} to {}", kind_name(&key), kind_name(&value))
        }
        kind if field.is_list() => format!("repeated {}", kind_name(&kind)),
        kind => kind_name(&kind),
    }
}

fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message_link(message),
        Kind::Enum(names) => link(names.full_name()),
        // A scalar is written as the schema writes it.
        scalar => format!("{scalar:?}"),
    }
}

fn message_link(message: &MessageDescriptor) -> String {
    link(message.full_name())
}

fn link(full_name: &str) -> String {
    if full_name.starts_with(OWN) {
        format!("[{full_name}](messages.md#{})", anchor(full_name))
    } else {
        format!("`{full_name}`")
    }
}

/// A comment on one line, without what would end the cell.
fn cell(comment: &str) -> String {
    comment.replace('\n', " ").replace('|', "\\|")
}
