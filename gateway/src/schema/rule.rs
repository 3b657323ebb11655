//! `google.api.http`, read from the options of an RPC.

use axum::http::Method;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, Value};

use super::{Binding, BodyRule, Template};

const EXTENSION: &str = "google.api.http";
const VERBS: [(&str, Method); 5] = [
    ("get", Method::GET),
    ("put", Method::PUT),
    ("post", Method::POST),
    ("delete", Method::DELETE),
    ("patch", Method::PATCH),
];

/// The bindings of an RPC, the canonical one first; none when it is not annotated.
///
/// # Errors
///
/// When the annotation is not understood; says what.
pub(super) fn bindings(pool: &DescriptorPool, rpc: &MethodDescriptor) -> Result<Vec<Binding>, String> {
    let Some(extension) = pool.get_extension_by_name(EXTENSION) else {
        return Ok(Vec::new());
    };
    let options = rpc.options();
    if !options.has_extension(&extension) {
        return Ok(Vec::new());
    }
    let annotation = options.get_extension(&extension);
    let rule = annotation.as_message().ok_or("its annotation is not a message")?;

    let mut bindings = vec![binding(rule, &rpc.input())?];
    if let Some(Value::List(additional)) = rule.get_field_by_name("additional_bindings").as_deref() {
        for rule in additional.iter().filter_map(Value::as_message) {
            bindings.push(binding(rule, &rpc.input())?);
        }
    }
    Ok(bindings)
}

fn binding(rule: &DynamicMessage, request: &MessageDescriptor) -> Result<Binding, String> {
    let (verb, path) = VERBS
        .into_iter()
        .find(|(name, _)| rule.has_field_by_name(name))
        .map(|(name, verb)| (verb, text(rule, name)))
        .ok_or("its annotation has no path")?;
    let template = Template::parse(&path, request)?;
    let body =
        match text(rule, "body").as_str() {
            "" => BodyRule::Nothing,
            "*" => BodyRule::Whole,
            name => BodyRule::Field(request.get_field_by_name(name).ok_or_else(|| {
                format!("the body fills {name}, which {} does not have", request.full_name())
            })?),
        };
    Ok(Binding { verb, template, body })
}

fn text(rule: &DynamicMessage, field: &str) -> String {
    rule.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
