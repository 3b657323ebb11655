use std::collections::BTreeSet;

use goat::prost_types::FileDescriptorSet;
use goat::wire::DESCRIPTORS;
use prost::Message;

use super::*;
use crate::tests::compile;

fn ours() -> Value {
    document(&Schema::load().unwrap(), true)
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
    assert!(all(&document(&Schema::load().unwrap(), false), false));
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

    let schemas = &document["components"]["schemas"];
    let dangling: Vec<_> = references
        .into_iter()
        .filter(|reference| !schemas[reference.trim_start_matches("#/components/schemas/")].is_object())
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
    let document = document(&schema.unwrap(), true);

    let operation = &document["paths"]["/plays/{play.id}"]["put"];

    let names: Vec<_> = operation["parameters"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["play.id", "dry_run"]);
    let play = json!({"$ref": "#/components/schemas/test.v1.Play"});
    assert_eq!(operation["requestBody"]["content"]["application/json"]["schema"], play);
    let others = &document["components"]["schemas"]["test.v1.Play"]["properties"]["others"];
    assert_eq!(others["additionalProperties"], play);
}
