use std::collections::BTreeSet;

use goat::prost_types::FileDescriptorSet;
use goat::wire::DESCRIPTORS;
use prost::Message;

use super::*;
use crate::tests::compile;

fn settings() -> Value {
    serde_json::to_value(goat::settings::Settings::default()).unwrap()
}

fn ours() -> Value {
    document(&Schema::load().unwrap(), &settings(), true)
}

#[test]
fn a_token_is_described_where_one_is_asked_for() {
    let all = |document: &Value, has: bool| {
        let paths = document["paths"].as_object().unwrap().values();
        paths
            .flat_map(|verbs| verbs.as_object().unwrap().values())
            .all(|one| one.get("security").is_some() == has)
    };

    assert!(all(&ours(), true));
    assert!(all(&document(&Schema::load().unwrap(), &settings(), false), false));
}

fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap();
    let verbs = |(path, verbs): (&String, &Value)| {
        verbs.as_object().unwrap().keys().map(|verb| format!("{verb} {path}")).collect::<Vec<_>>()
    };
    paths.iter().flat_map(verbs).collect()
}

/// Every annotation of the schema, read from its encoded options without the code under test: a path is
/// a string that begins with a slash, after the field that names its verb.
fn annotated_paths() -> BTreeSet<String> {
    let set = prost_reflect::DescriptorPool::decode(DESCRIPTORS).unwrap();
    let extension = set.get_extension_by_name("google.api.http").unwrap();
    let mut paths = BTreeSet::new();
    for method in set.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let text = method.options().get_extension(&extension).to_string();
        let parts: Vec<_> = text.split('"').collect();
        for pair in parts.windows(2).filter(|pair| pair[1].starts_with('/')) {
            // The field before the path is its verb.
            let verb = pair[0].trim_end_matches([' ', ':']);
            let verb = verb.rsplit(|letter: char| !letter.is_ascii_lowercase()).next().unwrap();
            paths.insert(format!("{verb} {}", pair[1]));
        }
    }
    paths
}

#[test]
fn every_annotation_of_the_schema_appears_and_nothing_else() {
    let mut expected = annotated_paths();
    assert!(expected.len() > 20, "{expected:?}");
    expected.insert("get /health".to_owned());

    assert_eq!(operations(&ours()), expected);
}

#[test]
fn every_rpc_of_the_schema_is_annotated() {
    let set = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
    let goat = set.file.iter().filter(|file| file.package().starts_with("goat."));
    let declared: usize = goat.flat_map(|file| &file.service).map(|service| service.method.len()).sum();

    assert_eq!(Schema::load().unwrap().operations.len(), declared);
}

#[test]
fn the_document_is_always_the_same() {
    assert_eq!(ours().to_string(), ours().to_string());
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_id() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>, key: &str) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get(key).and_then(Value::as_str));
                fields.values().for_each(|inner| walk(inner, found, key));
            }
            Value::Array(items) => items.iter().for_each(|inner| walk(inner, found, key)),
            _ => {}
        }
    }
    let document = ours();
    let (mut references, mut ids) = (Vec::new(), Vec::new());

    walk(&document, &mut references, "$ref");
    walk(&document["paths"], &mut ids, "operationId");

    let target = |reference: &str| document.pointer(reference.trim_start_matches('#')).cloned();
    let dangling: Vec<_> = references
        .into_iter()
        .filter(|reference| !target(reference).is_some_and(|target| target.is_object()))
        .collect();
    assert_eq!(dangling, Vec::<&str>::new());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn an_operation_tells_what_its_comment_tells() {
    let operation = ours()["paths"]["/price/{token}/history"]["get"].clone();

    assert_eq!(operation["summary"], "The prices of a token over time, thinned to what a chart can show");
    assert_eq!(operation["operationId"], "MarketDataService_GetPriceHistory_2");
    let names: Vec<_> = operation["parameters"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["token", "hours", "max_points"]);
    assert_eq!(operation["parameters"][0]["in"], "path");
    assert_eq!(
        operation["parameters"][1]["description"],
        "How far back from the newest event; 2 when absent, 168 at most."
    );
}

#[test]
fn a_schema_is_what_canonical_json_writes() {
    let schemas = ours()["components"]["schemas"].clone();

    let price = &schemas["goat.market.v1.GetPriceResponse"]["properties"];
    assert_eq!(price["seq"], json!({"type": "string", "format": "uint64"}));
    assert_eq!(price["eventTime"], json!({"type": "string", "format": "date-time"}));
    assert_eq!(price["source"], json!({"$ref": "#/components/schemas/goat.market.v1.Source"}));
    let rows = &schemas["goat.market.v1.GetLatestResponse"]["properties"]["rows"];
    assert_eq!(rows["items"]["type"], "object");
}

#[test]
fn a_stream_is_described_as_events_and_as_lines() {
    let operation = ours()["paths"]["/stream/{kinds}"]["get"].clone();

    let content = operation["responses"]["200"]["content"].as_object().unwrap();
    assert_eq!(content.keys().collect::<BTreeSet<_>>().len(), 2);
    assert!(content.contains_key("text/event-stream") && content.contains_key("application/x-ndjson"));
    let parameters = operation["parameters"].as_array().unwrap();
    assert!(parameters.iter().any(|parameter| parameter["name"] == "Last-Event-ID"));
}

#[test]
fn a_body_and_what_it_leaves_to_the_query_are_described() {
    let schema = Schema::read(&compile(
        r#"service S {
             rpc Put(In) returns (Play) { option (google.api.http) = {put: "/plays/{play.id}" body: "play"}; }
           }
           message In { Play play = 1; bool dry_run = 2; }
           message Play { string id = 1; map<string, Play> others = 2; }"#,
    ));
    let document = document(&schema.unwrap(), &settings(), true);

    let operation = &document["paths"]["/plays/{play.id}"]["put"];

    let names: Vec<_> = operation["parameters"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["play.id", "dry_run"]);
    let play = json!({"$ref": "#/components/schemas/test.v1.Play.given"});
    assert_eq!(operation["requestBody"]["content"]["application/json"]["schema"], play);
    let others = &document["components"]["schemas"]["test.v1.Play.given"]["properties"]["others"];
    assert_eq!(others["additionalProperties"], play);
}

#[test]
fn a_parameter_is_described_with_what_the_schema_asks_of_it() {
    let document = ours();
    let schema = |path: &str, name: &str| {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap().clone();
        parameters.into_iter().find(|parameter| parameter["name"] == name).unwrap()["schema"].clone()
    };

    let limit = json!({"type": "integer", "format": "uint32", "minimum": 1, "maximum": 1000});
    assert_eq!(schema("/latest/{table}", "limit"), limit);
    let hours = schema("/funnel", "hours");
    assert_eq!((&hours["exclusiveMinimum"], &hours["maximum"]), (&json!(0.0), &json!(72.0)));
    assert_eq!(schema("/price/{token}", "token")["pattern"], "^[A-Za-z0-9._-]{1,20}$");
    assert_eq!(schema("/decisions", "verdict")["enum"], json!(["enter", "reject", ""]));
    let thresholds = json!([0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]);
    assert_eq!(schema("/cycles", "threshold")["enum"], thresholds);
}

#[test]
fn every_setting_that_a_rule_names_lists_values() {
    let (schema, settings) = (Schema::load().unwrap(), settings());
    let fields = schema.pool.all_messages().flat_map(|message| message.fields().collect::<Vec<_>>());
    let keys: BTreeSet<String> = fields.map(|field| FieldRule::of(&field).one_of_setting).collect();

    assert!(keys.len() > 1, "{keys:?}");
    for key in keys.iter().filter(|key| !key.is_empty()) {
        assert!(given::listed(&settings, key).is_some(), "{key}");
    }
}

#[test]
fn what_a_body_gives_is_narrower_than_what_an_answer_has() {
    let schemas = ours()["components"]["schemas"].clone();
    let (play, answered) = (&schemas["goat.trading.v1.Play.given"], &schemas["goat.trading.v1.Play"]);

    assert_eq!(play["additionalProperties"], false);
    assert_eq!(play["required"], json!(["name"]));
    assert!(answered["required"].as_array().unwrap().contains(&json!("autoUpdate")));
    let size = &play["properties"]["sizeUsd"];
    assert_eq!((&size["type"], &size["minimum"]), (&json!(["number", "null"]), &json!(1.0)));
    let direction = &schemas["goat.trading.v1.Timing.given"]["properties"]["direction"];
    assert_eq!(direction["enum"], json!(["DIRECTION_INCREASE", "DIRECTION_DECREASE", 1, 2]));
    let event = schemas["goat.market.v1.NewEvent.given"]["oneOf"].as_array().unwrap();
    assert_eq!(event.len(), 6);
    assert!(event.iter().all(|form| form["required"].as_array().unwrap().len() == 1));
}

#[test]
fn a_failure_is_described_once_and_referred_to() {
    let document = ours();
    let responses = &document["paths"]["/plays"]["post"]["responses"];

    assert_eq!(responses["415"], json!({"$ref": "#/components/responses/NotJson"}));
    assert!(document["components"]["responses"]["NotJson"]["content"].is_object());
    assert!(document["paths"]["/plays"]["get"]["responses"].get("415").is_none());
}
