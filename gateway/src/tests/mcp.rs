//! The Model Context Protocol over real HTTP.

use goat::settings::{Access, Settings};
use reqwest::Response;
use serde_json::{Value, json};

use super::engine;
use super::serving::Served;

const VERSION: &str = "2025-11-25";

/// What a client of the protocol says of itself.
const HEADERS: [(&str, &str); 3] = [
    ("accept", "application/json, text/event-stream"),
    ("content-type", "application/json"),
    ("mcp-protocol-version", VERSION),
];

async fn post(gateway: &Served, body: String, more: &[(&str, &str)]) -> Response {
    let mut request = gateway.client.post(format!("http://{}/mcp", gateway.address)).body(body);
    for (name, value) in HEADERS.iter().chain(more) {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// One request of the protocol, answered.
async fn ask(gateway: &Served, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let answer = post(gateway, request.to_string(), &[]).await;
    assert_eq!(answer.status(), 200, "{method}");
    assert_eq!(answer.headers()["content-type"], "application/json", "{method}");
    answer.json().await.unwrap()
}

async fn call(gateway: &Served, tool: &str, arguments: Value) -> Value {
    ask(gateway, "tools/call", json!({"name": tool, "arguments": arguments})).await
}

/// The sentence that a tool answers instead of what was asked for.
fn sentence(answer: &Value) -> &str {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    answer["result"]["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_client_is_greeted_without_a_session_and_told_what_there_is() {
    let gateway = Served::start().await;
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    }});

    let greeted = post(&gateway, hello.to_string(), &[]).await;
    let has_session = greeted.headers().contains_key("mcp-session-id");
    let greeted: Value = greeted.json().await.unwrap();
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let noted = post(&gateway, ready.to_string(), &[]).await;
    let listed = ask(&gateway, "tools/list", json!({})).await;

    assert!(!has_session);
    assert_eq!(greeted["result"]["protocolVersion"], VERSION);
    assert_eq!(greeted["result"]["serverInfo"]["name"], "follow-the-goat");
    assert!(greeted["result"]["capabilities"]["tools"].is_object());
    assert_eq!(noted.status(), 202);
    let tools = listed["result"]["tools"].as_array().unwrap();
    let price = tools.iter().find(|tool| tool["name"] == "get_price").unwrap();
    assert_eq!(price["annotations"]["readOnlyHint"], true);
    assert_eq!(price["inputSchema"]["required"], json!(["token"]));
    assert_eq!(price["inputSchema"]["properties"]["token"]["description"], "SOL, BTC or ETH.");
    assert_eq!(price["outputSchema"]["properties"]["price"]["type"], "number");
    assert!(tools.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true));
}

#[tokio::test]
async fn a_tool_answers_what_its_rpc_answers() {
    let gateway = Served::start().await;

    let price = call(&gateway, "get_price", json!({"token": "SOL"})).await;
    let history =
        call(&gateway, "get_price_history", json!({"token": "SOL", "hours": 0.5, "max_points": 2})).await;

    let expected = json!({
        "token": "SOL", "price": 150.5, "ageMs": 0, "stale": false, "source": "SOURCE_UNSPECIFIED", "seq": "7",
    });
    assert_eq!(price["result"]["structuredContent"], expected);
    assert_eq!(price["result"]["isError"], false);
    let text: Value = serde_json::from_str(price["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, expected);
    assert_eq!(history["result"]["structuredContent"]["points"], json!([{"price": 0.5}, {"price": 0.5}]));
}

#[tokio::test]
async fn what_cannot_be_right_names_the_field_and_the_value() {
    let gateway = Served::start().await;

    let negative = call(&gateway, "get_price_history", json!({"token": "SOL", "max_points": -1})).await;
    let unknown = call(&gateway, "get_price", json!({"token": "SOL", "colour": "red"})).await;
    let refused = call(&gateway, "get_price", json!({"token": "DOGE"})).await;
    let nobody = call(&gateway, "list_cycles", json!({})).await;

    let negative = sentence(&negative);
    assert!(negative.starts_with(r#"max_points in the arguments is "-1": "#), "{negative}");
    let unknown = sentence(&unknown);
    assert!(unknown.starts_with(r#"colour in the arguments is "\"red\"": "#), "{unknown}");
    assert_eq!(sentence(&refused), "no price of DOGE has been recorded");
    let nobody = sentence(&nobody);
    assert!(nobody.starts_with("the trading-engine does not answer at "), "{nobody}");
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_refused_with_those_that_are() {
    let gateway = Served::start().await;

    let answer = call(&gateway, "close_position", json!({})).await;

    assert_eq!(answer["error"]["code"], -32602);
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with(r#"there is no tool "close_position"; known here: compare_stats, "#),
        "{message}"
    );
}

#[tokio::test]
async fn nobody_asks_without_a_token_where_there_are_tokens() {
    let access: Access = toml::from_str(
        "service_token = 'viewer'\n[tokens.viewer]\nsecret = 'viewer-secret-0123'\nscope = 'read'",
    )
    .unwrap();
    let settings = Settings { access, ..Settings::default() };
    let gateway = Served::with(engine::start().await, settings).await;
    let list = || json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let price = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "get_price", "arguments": {"token": "SOL"},
    }});

    let refused = post(&gateway, list(), &[]).await;
    let wrong = post(&gateway, list(), &[("authorization", "Bearer nobody-knows-this")]).await;
    let known = post(&gateway, price.to_string(), &[("authorization", "Bearer viewer-secret-0123")]).await;

    assert_eq!((refused.status().as_u16(), wrong.status().as_u16()), (401, 401));
    assert!(refused.headers().contains_key("www-authenticate"));
    let known: Value = known.json().await.unwrap();
    assert_eq!(known["result"]["structuredContent"]["token"], "SOL");
}

#[tokio::test]
async fn what_is_no_request_of_the_protocol_is_refused() {
    let gateway = Served::start().await;

    let looked = gateway.client.get(format!("http://{}/mcp", gateway.address)).send().await.unwrap();
    let long = post(&gateway, " ".repeat(64 * 1024 + 1), &[]).await;
    let broken = post(&gateway, "{".to_owned(), &[]).await;
    let foreign = post(&gateway, "{}".to_owned(), &[("origin", "https://evil.example")]).await;

    assert_eq!((looked.status().as_u16(), looked.headers()["allow"].to_str().unwrap()), (405, "POST"));
    assert_eq!(long.status(), 413);
    assert!(broken.status().is_client_error(), "{}", broken.status());
    assert_eq!(foreign.status(), 403);
}
