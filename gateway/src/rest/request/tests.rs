use proptest::prelude::*;

use super::*;
use crate::schema::Schema;
use crate::tests::compile;

const PLAYS: &str = r#"
    service S {
      rpc Put(PutPlay) returns (Play) { option (google.api.http) = {put: "/plays/{play.id}" body: "play"}; }
      rpc Add(PutPlay) returns (Play) { option (google.api.http) = {post: "/plays" body: "*"}; }
      rpc Find(PutPlay) returns (Play) { option (google.api.http) = {get: "/plays"}; }
    }
    message PutPlay { Play play = 1; bool dry_run = 2; repeated string tags = 3; }
    message Play { string id = 1; uint32 max_buys = 2; map<string, string> notes = 3; }
"#;

fn given(path: &[(&str, &str)], query: &[(&str, &str)], body: &str) -> Given {
    let owned = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    Given { path: owned(path), query: owned(query), body: Bytes::copy_from_slice(body.as_bytes()) }
}

fn built(schema: &Schema, rpc: &str, given: &Given) -> Result<serde_json::Value, String> {
    let operation = schema.operations.iter().find(|operation| operation.rpc.name() == rpc).unwrap();
    let message =
        build(&operation.bindings[0], operation.rpc.input(), given).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(&message).unwrap())
}

fn ours(rpc: &str, path: &[(&str, &str)], query: &[(&str, &str)]) -> Result<serde_json::Value, String> {
    built(&Schema::load().unwrap(), rpc, &given(path, query, ""))
}

fn play(rpc: &str, path: &[(&str, &str)], query: &[(&str, &str)], body: &str) -> Result<String, String> {
    let schema = Schema::read(&compile(PLAYS)).unwrap();
    built(&schema, rpc, &given(path, query, body)).map(|json| json.to_string())
}

#[test]
fn a_parameter_is_known_by_both_of_its_names() {
    let snake = ours("ListCycles", &[], &[("active_only", "true"), ("threshold", "0.3")]);
    let camel = ours("ListCycles", &[], &[("activeOnly", "true"), ("threshold", "0.3")]);

    assert_eq!(snake.unwrap(), serde_json::json!({"activeOnly": true, "threshold": 0.3}));
    assert_eq!(camel.unwrap(), serde_json::json!({"activeOnly": true, "threshold": 0.3}));
}

#[test]
fn a_repeated_parameter_is_given_by_repetition() {
    let request = ours("StreamPrices", &[], &[("symbols", "SOL"), ("symbols", "BTC")]);

    assert_eq!(request.unwrap(), serde_json::json!({"symbols": ["SOL", "BTC"]}));
}

#[test]
fn an_unknown_parameter_is_named_beside_the_known_ones() {
    let refusal = ours("ListCycles", &[], &[("treshold", "0.3")]).unwrap_err();

    assert_eq!(refusal, r#"unknown parameter "treshold"; known here: threshold, active_only, limit"#);
}

#[test]
fn a_wrong_value_is_refused_with_the_name_of_its_field() {
    let refusal = ours("GetPriceHistory", &[("token", "SOL")], &[("maxPoints", "many")]).unwrap_err();

    assert_eq!(refusal, r#"max_points must be a whole number from 0 to 4294967295, got "many""#);
}

#[test]
fn a_parameter_given_twice_is_refused_also_under_its_other_name() {
    let refusal = ours("GetPriceHistory", &[("token", "SOL")], &[("max_points", "1"), ("maxPoints", "2")]);
    let against_path = ours("GetPrice", &[("token", "SOL")], &[("token", "BTC")]);

    assert_eq!(refusal.unwrap_err(), "max_points is given twice");
    assert_eq!(against_path.unwrap_err(), "token is given twice");
}

#[test]
fn two_members_of_a_choice_are_refused_with_both_names() {
    let refusal = ours("Subscribe", &[], &[("after_seq", "5"), ("lookback_seconds", "60")]).unwrap_err();

    assert_eq!(refusal, "after_seq and lookback_seconds are both given, and only one of them can be");
}

#[test]
fn a_zero_that_has_presence_is_kept() {
    assert_eq!(ours("ListCycles", &[], &[("limit", "0")]).unwrap(), serde_json::json!({"limit": 0}));
}

#[test]
fn a_body_fills_its_field_and_the_path_fills_into_it() {
    let request = play("Put", &[("play.id", "7")], &[("dryRun", "1")], r#"{"maxBuys": 3}"#);

    assert_eq!(request.unwrap(), r#"{"dryRun":true,"play":{"id":"7","maxBuys":3}}"#);
}

#[test]
fn what_the_path_names_cannot_be_something_else_in_the_body() {
    let request = |id: &str| play("Put", &[("play.id", "7")], &[], &format!(r#"{{"id": "{id}"}}"#));
    let whole = built(
        &Schema::load().unwrap(),
        "DuplicatePlay",
        &given(&[("id", "one")], &[], r#"{"id": "other", "name": "copy"}"#),
    );

    assert_eq!(request("7").unwrap(), r#"{"play":{"id":"7"}}"#);
    assert_eq!(request("8").unwrap_err(), "play.id is another in the body than in the path");
    assert_eq!(whole.unwrap_err(), "id is another in the body than in the path");
}

#[test]
fn every_example_of_the_description_can_be_read() {
    let schema = Schema::load().unwrap();
    let settings = serde_json::to_value(goat::settings::Settings::default()).unwrap();
    let description = crate::openapi::document(&schema, &settings, true);
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);

    for (operation, binding) in schema.bindings() {
        let verb = binding.verb.as_str().to_ascii_lowercase();
        let path = binding.template.to_string();
        let described = &description["paths"][&path][&verb];
        let mut given = Given::default();
        for parameter in described["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap().to_owned();
            let example = parameter.get("example");
            assert!(example.is_some() || parameter["required"] == false, "{verb} {path}: {name}");
            let Some(example) = example else { continue };
            let place = if parameter["in"] == "path" { &mut given.path } else { &mut given.query };
            place.push((name, text(example)));
        }
        if let Some(body) = described.get("requestBody") {
            given.body = body["content"]["application/json"]["example"].to_string().into();
        }

        let message = build(binding, operation.rpc.input(), &given);

        assert!(message.is_ok(), "{verb} {path}: {message:?}");
    }
}

#[test]
fn a_nested_field_has_a_dotted_name_in_the_query() {
    let request = play("Find", &[], &[("play.max_buys", "3"), ("play.id", "7")], "");

    assert_eq!(request.unwrap(), r#"{"play":{"id":"7","maxBuys":3}}"#);
}

#[test]
fn a_message_and_a_map_cannot_be_one_parameter() {
    let message = play("Find", &[], &[("play", "{}")], "").unwrap_err();
    let map = play("Find", &[], &[("play.notes", "x")], "").unwrap_err();

    assert_eq!(message, "play is a message: its fields are given as play.<field>");
    assert_eq!(map, "play.notes is a map, which cannot stand in a path or a query");
}

#[test]
fn what_belongs_in_the_body_is_refused_in_the_query() {
    let whole = play("Add", &[], &[("dry_run", "1")], "{}").unwrap_err();
    let field = play("Put", &[("play.id", "7")], &[("play.max_buys", "1")], "{}").unwrap_err();

    assert_eq!(whole, "dry_run belongs in the body, not in the query");
    assert_eq!(field, "play.max_buys belongs in the body, not in the query");
}

#[test]
fn a_wrong_body_is_refused_with_the_field_and_its_value() {
    let broken = play("Add", &[], &[], "{").unwrap_err();
    let wrong = play("Add", &[], &[], r#"{"dryRun": true, "tags": "one"}"#).unwrap_err();
    let unknown = play("Add", &[], &[], r#"{"dry": true}"#).unwrap_err();
    let no_object = play("Add", &[], &[], "[]").unwrap_err();

    assert!(broken.starts_with("the body is not JSON: EOF"), "{broken}");
    assert!(wrong.starts_with(r#"tags in the body is "\"one\"": invalid type"#), "{wrong}");
    assert!(unknown.starts_with(r#"dry in the body is "true": unrecognized field name"#), "{unknown}");
    assert!(no_object.starts_with("the body is no PutPlay: "), "{no_object}");
}

#[tokio::test]
async fn a_body_that_is_not_json_by_its_type_is_refused() {
    let refusal = read_body(&HeaderMap::new(), Body::from("{}"), 64 * 1024).await.unwrap_err();

    assert_eq!(refusal.message(), r#"the body must be application/json, got """#);
}

#[tokio::test]
async fn a_long_body_is_refused_though_its_length_was_not_announced() {
    let pieces = (0..1024).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1024])));
    let body = Body::from_stream(futures_util::stream::iter(pieces));

    let refusal = read_body(&HeaderMap::new(), body, 64 * 1024).await.unwrap_err();

    assert_eq!(refusal, body_too_large(64 * 1024));
}

proptest! {
    /// Whatever the names and texts of a query, the answer is a message or a refusal.
    #[test]
    fn any_query_is_a_message_or_refused(pairs in prop::collection::vec(("[a-z_.A-Z]{0,12}|after_seq|latest|since|kinds", "\\PC{0,12}"), 0..5)) {
        let schema = Schema::load().unwrap();
        for operation in &schema.operations {
            let given = Given { query: pairs.clone(), ..Given::default() };

            let _ = build(&operation.bindings[0], operation.rpc.input(), &given);
        }
    }

    /// Any position that is a number reaches the engine as that number.
    #[test]
    fn a_position_survives_the_query(seq in any::<u64>()) {
        let request = ours("StreamPrices", &[], &[("after_seq", &seq.to_string())]).unwrap();

        prop_assert_eq!(request, serde_json::json!({"afterSeq": seq.to_string()}));
    }
}
