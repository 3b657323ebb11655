//! The bounds that are described are those that the services enforce: one step beyond is refused by the field's name, and
//! the bound itself is not.

use goat::tonic::Code;
use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::rest::{Answer, Rest};

/// Bounds of types lie here and beyond, and follow from no rule.
const RULES_BEGIN: f64 = -2_147_483_648.0;
const RULES_END: f64 = 4_294_967_295.0;

/// Values at the bounds of a schema, and values one step beyond them.
#[derive(Debug, Default)]
struct Bounds {
    within: Vec<Value>,
    beyond: Vec<Value>,
}

impl Bounds {
    fn of(schema: &Value) -> Self {
        let is_whole = schema["type"] == "integer" || schema["type"][0] == "integer";
        let whole = |value: f64| format!("{value:.0}").parse::<i64>().unwrap();
        let number = |value: f64| if is_whole { json!(whole(value)) } else { json!(value) };
        let mut bounds = Self::default();
        if let Some(least) = schema["minimum"].as_f64().filter(|least| *least > RULES_BEGIN) {
            bounds.add(number(least), number(least - 1.0));
        }
        if let Some(most) = schema["maximum"].as_f64().filter(|most| *most < RULES_END) {
            bounds.add(number(most), number(most + 1.0));
        }
        if let Some(above) = schema["exclusiveMinimum"].as_f64() {
            bounds.add(json!(above + 0.5), json!(above));
        }
        if let Some(most) = schema["maxLength"].as_u64() {
            let text = |length: u64| json!("a".repeat(usize::try_from(length).unwrap()));
            bounds.add(text(most), text(most + 1));
        }
        bounds
    }

    fn add(&mut self, within: Value, beyond: Value) {
        self.within.push(within);
        self.beyond.push(beyond);
    }
}

/// Whether the answer refuses the value of this field.
fn refuses(answer: &Answer, field: &str) -> bool {
    let invalid = answer.status == 400 && answer.json()["code"] == i32::from(Code::InvalidArgument);
    let camel = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    let mut parts = field.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    let json_name: String = std::iter::once(first).chain(parts.filter_map(camel)).collect();
    let snake_name: String =
        field
            .chars()
            .flat_map(|letter| {
                if letter.is_uppercase() { vec!['_', letter.to_ascii_lowercase()] } else { vec![letter] }
            })
            .collect();
    invalid && [json_name, snake_name].iter().any(|name| answer.message().contains(name.as_str()))
}

/// The path with the examples of what it captures.
fn filled(path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().unwrap();
    let captured = parameters.iter().filter(|parameter| parameter["in"] == "path");
    captured.fold(path.to_owned(), |path, parameter| {
        let name = parameter["name"].as_str().unwrap();
        path.replace(&format!("{{{name}}}"), parameter["example"].as_str().unwrap())
    })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn try_parameters(rest: &Rest, path: &str, operation: &Value) -> usize {
    let mut tried = 0;
    for parameter in operation["parameters"].as_array().unwrap() {
        if parameter["in"] != "query" {
            continue;
        }
        let name = parameter["name"].as_str().unwrap();
        let mut bounds = Bounds::of(&parameter["schema"]);
        if parameter["schema"]["enum"].is_array() {
            bounds.beyond.push(json!("77"));
        }
        let url = |value: &Value| format!("{}?{name}={}", filled(path, operation), text(value));
        for value in &bounds.beyond {
            let answer = rest.get(&url(value)).await;
            assert!(refuses(&answer, name), "{path}: {name}={value}: {} {}", answer.status, answer.text);
        }
        for value in &bounds.within {
            let answer = rest.get(&url(value)).await;
            assert!(!refuses(&answer, name), "{path}: {name}={value}: {}", answer.text);
        }
        tried += bounds.beyond.len() + bounds.within.len();
    }
    tried
}

async fn try_body(rest: &Rest, description: &Value, verb: &str, path: &str, operation: &Value) -> usize {
    let content = &operation["requestBody"]["content"]["application/json"];
    let (mut schema, example) = (&content["schema"], &content["example"]);
    if let Some(reference) = schema["$ref"].as_str() {
        schema = description.pointer(reference.trim_start_matches('#')).unwrap();
    }
    let method: Method = verb.to_uppercase().parse().unwrap();
    let mut tried = 0;
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        // The original's fields exclude the clear ones; the same id cannot be two commands'.
        if property["deprecated"] == true || name == "requestId" {
            continue;
        }
        let bounds = Bounds::of(property);
        for (values, is_refused) in [(&bounds.beyond, true), (&bounds.within, false)] {
            for value in values {
                let mut body = example.clone();
                body[name] = value.clone();
                let answer = rest.send(method.clone(), &filled(path, operation), &body.to_string()).await;
                // What is not there, or not so, may be said first; a statement of the right length may be none.
                let is_said_first = answer.status == 404 || answer.json()["code"] == 9;
                if is_said_first || (name == "sql" && !is_refused) {
                    continue;
                }
                let told = format!("{verb} {path}: {name}: {} {}", answer.status, answer.text);
                assert_eq!(refuses(&answer, name), is_refused, "{told}");
                tried += 1;
            }
        }
    }
    tried
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_described_bound_is_the_services_own() {
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;
    let rest = cluster.rest();

    let description = rest.json("/openapi.json").await;
    let (mut parameters, mut properties) = (0, 0);
    for (path, verbs) in description["paths"].as_object().unwrap() {
        // Other paths of an RPC are the same to the services; streams do not end.
        let is_stream = path.contains("/stream/") || path.ends_with("/subscribe");
        if !path.starts_with("/api/v1/") || is_stream {
            continue;
        }
        for (verb, operation) in verbs.as_object().unwrap() {
            if verb == "get" {
                parameters += try_parameters(&rest, path, operation).await;
            }
            properties += try_body(&rest, &description, verb, path, operation).await;
        }
    }

    println!("{parameters} values of parameters and {properties} of bodies were tried");
    assert!(parameters > 80 && properties > 20, "{parameters} {properties}");
}
